"""What Python's json makes of lines: `python3 tests/parity/json_lines.py > tests/golden/readers/json_lines.json`.

Each line is read as `json.loads` reads it, and its text is that of the field `text` where that is a string. Half of a surrogate
pair, which Python keeps and cannot write, stands as U+FFFD; bytes that are not UTF-8 stay as they are.
"""

import base64
import json
import sys

LINES = [
    rb'{"text": "a"}',
    b'  {"text": "a"}\t\r',
    b'{"text": "a", "text": "b"}',
    b'{"text": "a", "text": null}',
    b'{"text": null, "text": "b"}',
    b'{"a": NaN, "b": [Infinity, -Infinity], "text": "a"}',
    b'{"text": NaN}',
    b'{"text": nan}',
    b'{"a": -NaN, "text": "a"}',
    b'{"a": +1, "text": "a"}',
    b'{"a": 01, "text": "a"}',
    b'{"a": 1., "text": "a"}',
    b'{"a": .5, "text": "a"}',
    b'{"a": -0.0e-7, "b": 1E+9, "c": 1e999, "text": "a"}',
    b'{"a": 1e, "text": "a"}',
    b'{"a": - 1, "text": "a"}',
    b'{"a": ' + b'9' * 4300 + b', "text": "a"}',
    b'{"a": ' + b'9' * 4301 + b', "text": "a"}',
    b'{"a": ' + b'9' * 4301 + b'.5, "text": "a"}',
    rb'{"text": "\ud83d\ude00"}',
    rb'{"text": "\ud83d"}',
    rb'{"text": "\ude00\ud83d"}',
    rb'{"text": "\ud83d\ud83d\ude00"}',
    rb'{"text": "\ud83dA"}',
    rb'{"text": "\ud83d\n"}',
    rb'{"a": "\ud800", "text": "a"}',
    rb'{"text": "\u0000\u001f\/\b\f\n\r\t\"\\"}',
    rb'{"text": "\u00E9\u4e00"}',
    rb'{"text": "\u12"}',
    rb'{"text": "\x41"}',
    b'{"text": "a\tb"}',
    b'{"text": "a\x7fb"}',
    '{"text": "宋词 \u2028 é"}'.encode(),
    b'{"text": "caf\xe9"}',
    b'{"text": ""}',
    b'{"text": 3}',
    b'{"text": ["a"]}',
    b'{"text": {"text": "a"}}',
    b'{"a": {"text": "b"}}',
    b'{"Text": "a"}',
    b'{}',
    b'[]',
    b'"text"',
    b'null',
    b'true',
    b'12',
    b'{"text": "a"} ',
    b'{"text": "a"} x',
    b'{"text": "a"},',
    b'{"text": "a"}{"text": "b"}',
    b'{"text": "a",}',
    b'{"text" "a"}',
    b"{'text': 'a'}",
    b'{text: "a"}',
    b'{"text": "a"',
    b'{"text": "a',
    b'{"text": "a" // no comment\n}',
    b'{"a": [1, 2,], "text": "a"}',
    b'{"a": [,], "text": "a"}',
    b'{"a": tru, "text": "a"}',
    b'{"a": True, "text": "a"}',
    b'{"": "a", "text": "b"}',
    b'{"a":\x0c1, "text": "a"}',
    b'{"a":\xc2\xa01, "text": "a"}',
    b'{"a": ' + b'[' * 900 + b']' * 900 + b', "text": "a"}',
]


def text_of(line):
    try:
        value = json.loads(line.decode("utf-8", "surrogateescape"))
    except (ValueError, RecursionError):
        return None
    text = value.get("text") if isinstance(value, dict) else None
    if not isinstance(text, str):
        return None
    # Bytes that are no UTF-8 came in as U+DC80 to U+DCFF; what else is half of a pair came as an escape.
    kept = [c if not 0xD800 <= ord(c) <= 0xDFFF or 0xDC80 <= ord(c) <= 0xDCFF else "\ufffd" for c in text]
    return "".join(kept).encode("utf-8", "surrogateescape")


def coded(data):
    return None if data is None else base64.b64encode(data).decode()


json.dump([[coded(line), coded(text_of(line))] for line in LINES], sys.stdout, indent=0)
sys.stdout.write("\n")
