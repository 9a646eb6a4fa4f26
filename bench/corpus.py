"""The corpus filters and MinHash against datatrove on the same documents, one core each; see bench/README.md."""

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
import corpus_copies
import corpus_documents
import timing

GOAL = 10.0


def peers(texts, folder):
    """Seconds that datatrove's four filters take and its signatures of what they keep, and how many documents pass."""
    start = time.perf_counter()
    left = [corpus.peers(text) for text in texts]
    kept = [text for stage, _, text in left if stage is None]
    middle = time.perf_counter()
    block = corpus_copies.MinhashDedupSignature(str(folder / "unused"), config=corpus_copies.CONFIG)
    for text in kept:
        corpus_copies.sign(block, text)
    return (middle - start, time.perf_counter() - middle), len(kept)


def ours(path):
    command = [corpus.GLASSHOUSE, "bench", "corpus", "--input", path, "--rounds", "1", "--json"]
    measured = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    return (measured["filters_seconds"][0], measured["minhash_seconds"][0]), measured["kept"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--every", type=int, default=4, help="take every such document of those that are fetched")
    options = parser.parse_args()
    texts = corpus_documents.pieces("en") + corpus_documents.fetched()[::options.every]
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:1])
    calibration, seconds = [], [[], []]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        path = corpus.write(folder, texts)
        # Once before on either side; and both do the same work.
        kept = ours(path)[1]
        assert kept == peers(texts, folder)[1], "the filters do not agree: run make check-corpus"
        for number in range(options.rounds):
            for side in [0, 1] if number % 2 == 0 else [1, 0]:
                calibration.append(timing.calibrate(corpus.GLASSHOUSE))
                seconds[side].append((ours(path) if side == 0 else peers(texts, folder))[0])
    size = sum(len(text.encode()) for text in texts)
    print(f"{date.today()}, {len(texts):,} documents, {size:,} bytes, {kept:,} pass, {options.rounds} rounds, one core\n")
    print("| what | glasshouse, documents/s | datatrove | ratio, median (least to most) | goal |\n|---|---|---|---|---|")
    missed = []
    for stage, (what, count) in enumerate([("filters", len(texts)), ("MinHash", kept)]):
        rates = [[count / sample[stage] for sample in side] for side in seconds]
        ratios = [our / peer for our, peer in zip(*rates)]
        ratio = statistics.median(ratios)
        print(f"| {what} | {timing.spread(rates[0])} | {timing.spread(rates[1])} | {ratio:.0f} ({min(ratios):.0f} to {max(ratios):.0f}) | {GOAL:.0f} |")
        missed += [what] * (ratio < GOAL)
    print(timing.calibrated(calibration))
    if missed:
        raise SystemExit(f"below its goal: {', '.join(missed)}")


if __name__ == "__main__":
    main()
