"""What Hugging Face's datasets makes of files of JSON: `python tests/parity/readers.py > tests/golden/readers/datasets.json`.

Needs `pip install datasets`. Each case is a file, the field of its texts, and the texts that `load_dataset("json")` gives, rows
without a text left out; none where it refuses the file.
"""

import base64
import json
import sys
import tempfile
from pathlib import Path

import datasets

CASES = [
    ("text", b'{"text": "a"}\n{"text": "b"}\n'),
    ("text", b'{"text": "a"}\n\n{"text": "b"}'),
    ("text", b'{"text": "a"}\r\n{"text": "b"}\r\n'),
    ("text", b'[{"text": "a"}, {"text": "b"}]'),
    ("text", b'[\n  {"text": "a"},\n  {"text": "b"}\n]\n'),
    ("text", b'{"text": "a"}\n{"text": null}\n{"text": "b"}\n'),
    ("text", b'{"text": "a"}\n{"other": 1}\n{"text": "b"}\n'),
    ("text", b'{"text": "a", "score": NaN}\n'),
    ("text", b'[{"text": "a", "score": NaN}, {"text": "b", "score": 1}]'),
    ("content", b'{"content": "a", "text": "no"}\n'),
    ("text", '{"text": "\\u5b8b\\u8bcd \\ud83d\\ude00"}\n{"text": "宋词"}\n'.encode()),
    ("text", b'{"text": ""}\n{"text": "b"}\n'),
    ("text", b'{"text": "a"}\n{"text": "cut'),
    ("text", b'{"text": "a"}\n{"text": "\\ud800"}\n'),
    ("text", b'{\n  "text": "a"\n}\n'),
]


def texts(field, data, folder):
    path = Path(folder, "case.json")
    path.write_bytes(data)
    try:
        rows = datasets.load_dataset("json", data_files=str(path), split="train", cache_dir=tempfile.mkdtemp(dir=folder))
        return [text for text in rows[field] if text is not None]
    except Exception:  # It has an error of its own for each of its readers.
        return None


datasets.disable_progress_bars()
with tempfile.TemporaryDirectory() as folder:
    found = [[field, base64.b64encode(data).decode(), texts(field, data, folder)] for field, data in CASES]
json.dump({"datasets": datasets.__version__, "cases": found}, sys.stdout, indent=1)
sys.stdout.write("\n")
