"""The comparisons of the corpus stages with datatrove, spaCy, warcio, trafilatura and fastText, as tests: each script says how far both
sides agree, and fails where it is too little. Run by the stage `parity` of scripts/test.sh.
"""

import subprocess
import sys
from pathlib import Path

import pytest

FOLDER = Path(__file__).resolve().parent


SCRIPTS = [["corpus.py", "--every", "16", "--fuzz", "3000"], ["warc.py"], ["extract.py"], ["corpus_url.py"], ["corpus_language.py"]]


@pytest.mark.parametrize("arguments", SCRIPTS, ids=lambda arguments: arguments[0])
def test_agrees(arguments):
    done = subprocess.run([sys.executable, FOLDER / arguments[0], *arguments[1:]], text=True, capture_output=True)
    print(done.stdout)
    assert done.returncode == 0, done.stdout + done.stderr
