"""One long text against the same text in many documents: `python3 bench/long_text.py [MB] [GLASSHOUSE]`.

Both are the built-in English corpus over and over. `train --steps 0` reads, trains a tokenizer on it and encodes it: what it does to
a text before the first step. The two are run in turn, and the ratio of the medians is printed: 1 where the time grows with the
length alone.
"""

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parent.parent
DOCUMENTS = 100_000
RUNS = 3


def main():
    megabytes = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    glasshouse = sys.argv[2] if len(sys.argv) > 2 else str(ROOT / "target/release/glasshouse")
    play = gzip.decompress((ROOT / "corpora/en.txt.gz").read_bytes()).replace(b"\x0c", b"").decode()
    text = (play * (megabytes * 1_000_000 // len(play) + 1))[: megabytes * 1_000_000]
    size = len(text) // DOCUMENTS + 1
    with tempfile.TemporaryDirectory() as folder:
        one, many = Path(folder, "one.txt"), Path(folder, "many.jsonl")
        one.write_text(text)
        parts = (text[start : start + size] for start in range(0, len(text), size))
        many.write_text("".join(json.dumps({"text": part}) + "\n" for part in parts))
        seconds = {one: [], many: []}
        for run in range(RUNS):
            for path, times in seconds.items():
                shape = "--layers 1 --heads 1 --channels 4 --context 8 --batch 1 --vocab-size 1024 --steps 0 --eval-every 0"
                command = [glasshouse, "train", "--data", str(path), *shape.split(), "--device", "cpu", "--out", f"{path}.{run}"]
                began = time.perf_counter()
                subprocess.run(command, check=True, capture_output=True)
                times.append(time.perf_counter() - began)
    for path, times in seconds.items():
        spread = f"{min(times):.1f} to {max(times):.1f}"
        print(f"{path.name:<10} {statistics.median(times):6.1f} s ({spread})")
    print(f"one text takes {statistics.median(seconds[one]) / statistics.median(seconds[many]):.2f} times the time of {DOCUMENTS:,} documents")


main()
