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
import timing
from trafilatura.utils import decode_file

GOAL = 3.0
# Packages whose source comes with pages of the world.
SOURCES = [extract.SOURCE, "newspaper4k==0.9.6", "html_text==0.7.1"]


def ours(path):
    command = [extract.GLASSHOUSE, "bench", "corpus", "--input", path, "--html", "--rounds", "1", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["seconds"][0]


def peers(pages):
    start = time.perf_counter()
    for page in pages:
        extract.extract(page, favor_precision=True, include_comments=False, deduplicate=True)
    return time.perf_counter() - start


def measure(pages, rounds):
    """Seconds of either side, and of a calibrating product beside each."""
    calibration, seconds = [], [[], []]
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "pages.jsonl"
        path.write_text("".join(json.dumps({"id": str(n), "text": page}) + "\n" for n, page in enumerate(pages)))
        # Once before on either side.
        ours(path), peers(pages)
        for number in range(rounds):
            for side in [0, 1] if number % 2 == 0 else [1, 0]:
                calibration.append(timing.calibrate(extract.GLASSHOUSE))
                seconds[side].append(ours(path) if side == 0 else peers(pages))
    return calibration, seconds


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--pages", type=Path, metavar="FOLDER", help="pages in HTML, in place of those that are fetched")
    options = parser.parse_args()
    draw = random.Random(4)
    if options.pages:
        world = [path.read_bytes() for path in sorted(options.pages.rglob("*.htm*"))]
    else:
        world = [page for source in SOURCES for page in extract.fetched(source)]
    kinds = [("pages of the world", world, GOAL), ("made-up pages", [extract.made_up(draw)[0] for _ in range(100)], None)]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    print(f"{date.today()}, {options.rounds} rounds, one core\n")
    print("| what | pages | bytes | glasshouse, pages/s | trafilatura | ratio, median (least to most) | goal |\n|---|---|---|---|---|---|---|")
    calibration, missed = [], []
    for what, raw, goal in kinds:
        pages = [decode_file(page) for page in raw]
        products, seconds = measure(pages, options.rounds)
        calibration += products
        rates = [[len(pages) / sample for sample in side] for side in seconds]
        ratios = [our / peer for our, peer in zip(*rates)]
        ratio = statistics.median(ratios)
        cells = [what, f"{len(pages):,}", f"{sum(map(len, raw)):,}", *map(timing.spread, rates), f"{ratio:.1f} ({min(ratios):.1f} to {max(ratios):.1f})", f"{goal:.0f}" if goal else ""]
        print(f"| {' | '.join(cells)} |", flush=True)
        missed += [what] * (goal is not None and ratio < goal)
    print(timing.calibrated(calibration))
    if missed:
        raise SystemExit(f"below its goal: {', '.join(missed)}")


if __name__ == "__main__":
    main()
