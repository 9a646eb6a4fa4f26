"""Holds the filter of addresses to datatrove's, with datatrove's own lists, over addresses made up around them, and the hosts
to tldextract's.

Run by `make check-corpus`, or after `scripts/setup.sh datatrove`: build/datatrove/bin/python tests/parity/corpus_url.py
The lists are datatrove's, out of its package into build/: nothing of them is printed.
"""

import collections
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import tldextract
from datatrove.data import Document
from datatrove.pipeline.filters import URLFilter
from datatrove.utils._import_utils import ASSETS_PATH

ROOT = Path(__file__).resolve().parent.parent.parent
GLASSHOUSE = Path(os.environ.get("GLASSHOUSE", ROOT / "target" / "release" / "glasshouse"))
LISTS = ROOT / "build" / "block-lists"
WORDS = ["banned_words.txt", "soft_banned_words.txt", "banned_subwords.txt"]
# The share of addresses of which both must say the same; the lists of suffixes are of different days.
SAME, ADDRESSES = 0.999, 20_000


def lists():
    """datatrove's lists as a folder of files."""
    if not LISTS.exists():
        temporary = LISTS.with_suffix(".tmp")
        shutil.rmtree(temporary, ignore_errors=True)
        (temporary / "adult").mkdir(parents=True)
        with tarfile.open(Path(ASSETS_PATH) / "url_filterblacklistsv0_3_0.tar.gz") as archive:
            archive.extractall(temporary / "adult", filter="data")
        for name in WORDS:
            shutil.copy(Path(ASSETS_PATH) / name, temporary / name)
        temporary.rename(LISTS)
    return LISTS


def entries(path):
    with open(path) as lines:
        return [line.strip() for line in lines if not line.startswith("#")]


def sample(draw, path, count):
    """So many lines of a file, drawn without reading all of them."""
    size = path.stat().st_size
    with open(path, "rb") as file:
        for _ in range(count):
            file.seek(draw.randrange(size))
            file.readline()
            yield (file.readline() or b"x.org").decode().strip()


def addresses():
    draw = random.Random(6)
    hosts = list(sample(draw, LISTS / "adult" / "domains", 4000))
    urls = list(sample(draw, LISTS / "adult" / "urls", 1000))
    hard, soft, parts = (entries(LISTS / name) for name in WORDS)
    plain = """river winter kettle market teacher bridge garden letter engine harbour village doctor window mountain season news
        blog shop index page about contact archive photo video travel recipe history science school museum""".split()
    suffixes = """com org net co.uk com.au de fr io github.io blogspot.com amazonaws.com s3.amazonaws.com co.jp kawasaki.jp ck
        www.ck xn--p1ai xn--55qx5d.cn 公司.cn com.cn local dcom invalid uk gov.uk edu info""".split()
    scheme = lambda: draw.choice(["http://", "https://", "https://", "//", "", "ftp://", "HTTP://"])
    word = lambda: draw.choice(plain)
    tail = lambda: draw.choice(["", "/", f"/{word()}", f"/{word()}/{word()}.html", f"?{word()}={word()}", f"#{word()}", ":8080/", f"/{word()}@x"])
    change = lambda text: draw.choice([text, text, text.upper(), text.title(), f"{text}s", f"{text}-{word()}", f"{word()}{text}"])
    join = lambda parts: draw.choice(["-", "/", "_", "%20", "", "."]).join(parts)
    found = []
    for host in hosts:
        found.append(scheme() + draw.choice(["", "", "www.", "a.", "user:pw@"]) + draw.choice([host, host, host, host.upper(), host + "."]) + tail())
    for url in urls:
        found.append(draw.choice(["", "http://", "https://"]) + url + draw.choice(["", "", "/"]))
    for _ in range(16_000):
        labels = [word() for _ in range(draw.randint(0, 3))]
        host = ".".join([*labels, draw.choice(suffixes)])
        words = [word() for _ in range(draw.randint(0, 2))]
        words += [change(draw.choice(soft)) for _ in range(draw.choice([0, 0, 1, 2, 3]))]
        words += [change(draw.choice(hard)) for _ in range(draw.choice([0, 0, 0, 1]))]
        words += [change(draw.choice(parts)) for _ in range(draw.choice([0, 0, 0, 1]))]
        draw.shuffle(words)
        found.append(scheme() + host + "/" + join(words))
    found += [f"{scheme()}{draw.randrange(300)}.{draw.randrange(256)}.1.{draw.randrange(256)}/{word()}" for _ in range(300)]
    found += ["http://[::1]/x", "http://[1:2]/", "http://localhost/", "no address", "http:///x", "http://.com", "a@b.com", "http://x..com/"]
    return [url for url in dict.fromkeys(found) if url]


def ours(folder, urls):
    path = folder / "input.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": "", "url": url}) + "\n" for n, url in enumerate(urls)))
    done = subprocess.run([GLASSHOUSE, "corpus", "explain", "--input", path, "--block-lists", LISTS], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"glasshouse corpus explain: {done.stderr}")
    if done.stderr:
        raise SystemExit(f"datatrove's lists have no errors, and we say: {done.stderr}")
    return [json.loads(line)["url"] for line in done.stdout.splitlines()]


def peers(urls):
    filter = URLFilter()
    # Its own looks for a newer list of suffixes on the net.
    filter.tldextractor = tldextract.TLDExtract(suffix_list_urls=(), cache_dir=None)
    said = (filter.filter(Document(text="", id="", metadata={"url": url})) for url in urls)
    return [None if word is True else word[1] for word in said], filter


def main():
    lists()
    urls = addresses()
    theirs, filter = peers(urls)
    with tempfile.TemporaryDirectory() as name:
        mine = ours(Path(name), urls)
    further, different = collections.Counter(), collections.Counter()
    for url, our, their in zip(urls, mine, theirs, strict=True):
        bare = url.split("//", 1)[-1]
        host = re.split("[/?#:]", bare.rpartition("@")[-1])[0].rstrip(".")
        # Where ours reaches further on purpose: addresses without a scheme, and four numbers.
        if our == "url" and bare in filter.block_listed_url:
            further[our] += our != their
        elif our == "subdomain" and re.fullmatch(r"[\d.]+", host) and host in filter.block_listed_domains:
            further[our] += our != their
        elif our != their:
            different[our, their] += 1
    same = 1 - sum(different.values()) / len(urls)
    print(f"{len(urls):,} addresses, {same:.3%} judged alike; ours reaches further for {sum(further.values()):,}: {dict(further)}")
    for reason, count in sorted(collections.Counter(map(str, theirs)).items()):
        print(f"    datatrove's {reason}: {count:,}")
    for (our, their), count in sorted(different.items(), key=str):
        print(f"    ours {our}, datatrove's {their}: {count}")
    if same < SAME or len(urls) < ADDRESSES:
        sys.exit("below what it must reach")


if __name__ == "__main__":
    main()
