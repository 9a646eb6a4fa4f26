"""The corpus filters against datatrove on the same documents, one core each; see bench/README.md."""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "tests" / "parity"))
import corpus
import corpus_documents

GOAL = 10.0


def peers(texts):
    """Seconds that datatrove's four filters take, and how many documents pass."""
    start = time.perf_counter()
    kept = sum(corpus.peers(text)[0] is None for text in texts)
    return time.perf_counter() - start, kept


def ours(path):
    command = [corpus.GLASSHOUSE, "bench", "corpus", "--input", path, "--rounds", "1", "--json"]
    measured = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return measured["filters_seconds"][0], measured["kept"]


def calibrate():
    """Milliseconds of a 512 x 512 x 512 product of ours."""
    command = [corpus.GLASSHOUSE, "bench", "matmul", "--sizes", "512", "--rounds", "1", "--device", "cpu", "--json"]
    return json.loads(subprocess.run(command, check=True, capture_output=True).stdout)["results"][0]["forward"]["ms"]


def spread(values):
    return f"{statistics.median(values):,.0f} ({min(values):,.0f} to {max(values):,.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--every", type=int, default=4, help="take every such document of those that are fetched")
    options = parser.parse_args()
    texts = corpus_documents.pieces("en") + corpus_documents.fetched()[::options.every]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    rates, calibration = ([], []), []
    with tempfile.TemporaryDirectory() as folder:
        path = corpus.write(Path(folder), texts)
        # Once before on either side; and both do the same work.
        kept = ours(path)[1]
        assert kept == peers(texts)[1], "the filters do not agree: run make check-corpus"
        for number in range(options.rounds):
            for side in [0, 1] if number % 2 == 0 else [1, 0]:
                calibration.append(calibrate())
                seconds = ours(path)[0] if side == 0 else peers(texts)[0]
                rates[side].append(len(texts) / seconds)
    size = sum(len(text.encode()) for text in texts)
    ratios = [our / peer for our, peer in zip(*rates)]
    print(f"{date.today()}, {len(texts):,} documents, {size:,} bytes, {kept:,} pass, {options.rounds} rounds, one core\n")
    print("| what | glasshouse, documents/s | datatrove | ratio, median (least to most) | goal |\n|---|---|---|---|---|")
    ratio = statistics.median(ratios)
    print(f"| filters | {spread(rates[0])} | {spread(rates[1])} | {ratio:.0f} ({min(ratios):.0f} to {max(ratios):.0f}) | {GOAL:.0f} |")
    disturbed = ", so other work disturbed this run" if max(calibration) > 1.1 * min(calibration) else ""
    print(f"\nCalibration: a 512 x 512 x 512 product took {min(calibration):.2f} to {max(calibration):.2f} ms{disturbed}.")
    if ratio < GOAL:
        raise SystemExit("below its goal: filters")


if __name__ == "__main__":
    main()
