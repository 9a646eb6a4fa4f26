"""The extraction of main texts against trafilatura on the same pages, one core each; see bench/README.md."""

import argparse
import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "parity"))
import extract
from trafilatura.utils import decode_file

GOAL = 3.0


def ours(path):
    command = [extract.GLASSHOUSE, "bench", "corpus", "--input", path, "--html", "--rounds", "1", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["seconds"][0]


def peers(pages):
    start = time.perf_counter()
    for page in pages:
        extract.extract(page, favor_precision=True, include_comments=False, deduplicate=True)
    return time.perf_counter() - start


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="pages in HTML, in place of made-up ones and trafilatura's")
    options = parser.parse_args()
    draw = random.Random(4)
    if options.pages:
        raw = [path.read_bytes() for path in sorted(options.pages.rglob("*.htm*"))]
    else:
        raw = extract.fetched() + [extract.made_up(draw)[0] for _ in range(100)]
    pages = [decode_file(page) for page in raw]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    seconds = [[], []]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "pages.jsonl"
        path.write_text("".join(json.dumps({"id": str(n), "text": page}) + "\n" for n, page in enumerate(pages)))
        # Once before on either side.
        ours(path), peers(pages)
        for number in range(options.rounds):
            for side in [0, 1] if number % 2 == 0 else [1, 0]:
                seconds[side].append(ours(path) if side == 0 else peers(pages))
    rates = [[len(pages) / sample for sample in side] for side in seconds]
    ratios = [our / peer for our, peer in zip(*rates)]
    ratio = statistics.median(ratios)
    spread = lambda values: f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"
    size = sum(map(len, raw))
    print(f"{date.today()}, {len(pages):,} pages, {size:,} bytes, {options.rounds} rounds, one core\n")
    print("| what | glasshouse, pages/s | trafilatura | ratio, median (least to most) | goal |\n|---|---|---|---|---|")
    print(f"| extraction | {spread(rates[0])} | {spread(rates[1])} | {ratio:.1f} ({min(ratios):.1f} to {max(ratios):.1f}) | {GOAL:.0f} |")
    if ratio < GOAL:
        raise SystemExit("below its goal: extraction")


if __name__ == "__main__":
    main()
