"""The comparisons of the corpus stages with datatrove, spaCy, warcio and trafilatura, as tests: each script says how far both
sides agree, and fails where it is too little. Run by the stage `parity` of scripts/test.sh.
"""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent


@pytest.mark.parametrize("arguments", [["corpus.py", "--fuzz", "5000"], ["warc.py"], ["extract.py"]], ids=lambda a: a[0])
def test_agrees(arguments):
    done = subprocess.run([sys.executable, FOLDER / arguments[0], *arguments[1:]], text=True, capture_output=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
