"""Holds the reader of web archives to warcio's: the same records of whole archives, and of broken ones no fewer.

Run by `make check-corpus`, or after `scripts/setup.sh datatrove`: build/datatrove/bin/python tests/parity/warc.py
"""

import contextlib
import gzip
import hashlib
import io
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import zlib
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

ROOT = Path(__file__).resolve().parent.parent.parent
GLASSHOUSE = Path(os.environ.get("GLASSHOUSE", ROOT / "target" / "release" / "glasshouse"))
PAGE = ("<html><head><title>Of rivers</title></head><body>" + "<p>The river was wide, and nobody had crossed it.</p>" * 40).encode()


def chunks(body, size=100, end=b"0\r\n\r\n"):
    parts = [body[at:at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + end


def deflate(body):
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


# What servers answer: the fields of HTTP, and what follows them.
ANSWERS = [
    ("Content-Type: text/html", PAGE),
    ("Content-Type: text/html", b""),
    ("Transfer-Encoding: chunked", chunks(PAGE)),
    ("Transfer-Encoding: chunked\r\nContent-Encoding: gzip", chunks(gzip.compress(PAGE))),
    ("content-encoding:  GZIP", gzip.compress(PAGE)),
    ("Content-Encoding: gzip", gzip.compress(PAGE)[:-30]),
    ("Content-Encoding: gzip", PAGE),
    ("Content-Encoding: deflate", zlib.compress(PAGE)),
    ("Content-Encoding: deflate", deflate(PAGE)),
    ("Content-Encoding: unheard-of", PAGE),
    ("Transfer-Encoding: chunked", PAGE),
    ("Transfer-Encoding: chunked", chunks(PAGE, end=b"")),
    ("Transfer-Encoding: chunked", chunks(PAGE, end=b"0\r\n")),
    ("Transfer-Encoding: chunked", chunks(PAGE)[:-300]),
    ("Transfer-Encoding: chunked", chunks(PAGE[:500]) + b"behind"),
    ("Transfer-Encoding: chunked", chunks(PAGE[:300]).replace(b"\r\n64\r\n", b"64\r\n", 1)),
    ("Transfer-Encoding: chunked", b"5;name=value\r\nwhole\r\n0\r\n\r\n"),
    ("Transfer-Encoding: chunked", b"ffffffff\r\n" + PAGE),
    ("Transfer-Encoding: Chunked", chunks(PAGE)),
    ("X-Long: one\r\n two\r\n\tthree\r\nNo colon\r\nX-Latin: caf\xe9", PAGE),
]


def record(kind, uri, block, number, extra=""):
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Record-ID: <urn:uuid:{number:08}>\r\nWARC-Date: 2024-05-21T00:00:{number % 60:02}Z\r\n"
    head += f"WARC-Target-URI: {uri}\r\n" if uri else ""
    return (head + f"{extra}Content-Length: {len(block)}\r\n\r\n").encode() + block + b"\r\n\r\n"


def records():
    found = [record("warcinfo", None, b"software: none\r\n", 0)]
    for fields, body in ANSWERS:
        block = b"HTTP/1.1 200 OK\r\n" + fields.encode("latin-1") + b"\r\n\r\n" + body
        number = len(found)
        found.append(record("request", f"http://x.org/{number}", b"GET / HTTP/1.1\r\nHost: x.org\r\n\r\n", number))
        found.append(record("response", f"http://x.org/{number}", block, number + 1, "WARC-Identified-Payload-Type: text/html\r\n"))
    number = len(found)
    found += [
        record("response", "<http://x.org/wget>", b"HTTP/1.0 404 Not Found\r\n\r\n" + PAGE, number),
        record("response", "http://x.org/with spaces", b"HTTP/1.0 200 OK\r\nA: b\r\n", number + 1),
        record("response", "dns:x.org", b"20240521\r\nx.org. 60 IN A 1.2.3.4\r\n", number + 2),
        record("conversion", "http://x.org/text", "Text of a page: é, 中文.\n".encode() * 50, number + 3),
        record("metadata", "http://x.org/", b"fetchTimeMs: 7\r\n", number + 4),
        record("resource", "file://x", PAGE, number + 5),
    ]
    return found


def theirs(data):
    """warcio's records, until it gives up."""
    found = []
    with contextlib.redirect_stderr(io.StringIO()), contextlib.suppress(ArchiveLoadFailed, EOFError, Exception):
        for one in ArchiveIterator(io.BytesIO(data)):
            content = one.content_stream().read()
            headers = one.rec_headers
            found.append((one.rec_type, headers.get_header("WARC-Target-URI"), headers.get_header("WARC-Date"),
                          headers.get_header("WARC-Record-ID"), hashlib.sha256(content).hexdigest()))
    return found


def ours(folder, data):
    """Ours, and the places of damage."""
    path = folder / "archive"
    path.write_bytes(data)
    done = subprocess.run([GLASSHOUSE, "corpus", "records", path], capture_output=True)
    if done.returncode:
        raise SystemExit(f"glasshouse corpus records: {done.stderr.decode()}")
    lines = [json.loads(line) for line in done.stdout.decode().split("\n")[:-1]]
    fields = ("type", "url", "date", "id", "sha256")
    return [tuple(line[name] for name in fields) for line in lines if "damage" not in line], [line for line in lines if "damage" in line]


def main():
    parts = records()
    packed = [gzip.compress(part, mtime=0) for part in parts]
    failed = []

    def same(what, data, reference=None, damage=()):
        got, places = ours(folder, data)
        # Of requests and of what has no HTTP in it the reading of the block is warcio's own affair.
        want = theirs(data if reference is None else reference)
        got, want = ([one for one in found if one[0] in ("response", "conversion", "resource")] for found in (got, want))
        named = tuple(sorted({place["damage"] for place in places}))
        print(f"{what:50} {len(got):3} records, warcio {len(want):3}, damage {', '.join(named) or 'none'}")
        if got != want or named != tuple(sorted(damage)):
            failed.append(what)
            for one, other in zip(got, want):
                if one != other:
                    print("   ", one, other)

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        plain, archive = b"".join(parts), b"".join(packed)
        same("plain", plain)
        same("packed, a record a member", archive)
        same("packed as a whole", gzip.compress(plain), plain)
        same("blank lines between", b"\r\n\r\n\r\n".join(parts))
        same("heads with LF alone", b"".join(part.replace(b"\r\n", b"\n", part.split(b"\r\n\r\n")[0].count(b"\r\n") + 2) for part in parts))
        same("plain, cut off in the last record", plain[:-700], damage=["record_truncated"])
        same("packed, cut off in the last member", archive[:-20], damage=["record_damaged"])
        same("bytes between", b"".join([*parts[:4], b"nothing of use\r\n", *parts[4:]]), plain, damage=["record_misframed"])
        broken = bytearray(packed[6])
        broken[len(broken) // 2] ^= 0xFF
        short = re.sub(rb"(?<=Content-Length: )\d+", b"40", parts[6])
        for what, data in [
            ("a damaged member", [*packed[:6], bytes(broken), *packed[7:]]),
            ("a member cut off in the middle", [*packed[:6], packed[6][:50], *packed[7:]]),
            ("a member without its end", [*packed[:6], packed[6][:-9], *packed[7:]]),
            ("bytes between members", [*packed[:6], b"\x1f\x8b\x08 of no use", *packed[6:]]),
            ("a length that is too small", [*parts[:6], short, *parts[7:]]),
            ("a length that is none", [*parts[:6], short.replace(b": 40", b": many"), *parts[7:]]),
        ]:
            got, places = ours(folder, b"".join(data))
            others = {f"<urn:uuid:{number:08}>" for number in range(len(parts)) if number != 6}
            lost = others - {one[3] for one in got}
            print(f"{what:50} {len(others) - len(lost)} of {len(others)} others, damage at {[place['place'] for place in places]}")
            failed += [what] * (bool(lost) or not places)
        draw = random.Random(1)
        for number in range(300):
            data = bytearray(archive if number % 2 else plain)
            for _ in range(draw.choice([1, 1, 3, 10])):
                at = draw.randrange(len(data))
                what = draw.choice(["flip", "cut", "insert", "repeat"])
                if what == "flip":
                    data[at] ^= 1 << draw.randrange(8)
                elif what == "cut":
                    del data[at:at + draw.choice([1, 10, 1000])]
                elif what == "insert":
                    data[at:at] = bytes(draw.randrange(256) for _ in range(draw.choice([1, 100])))
                else:
                    data[at:at] = data[at:at + 500]
            got, want = ours(folder, bytes(data))[0], theirs(bytes(data))
            lost = {one[3] for one in want} - {one[3] for one in got}
            if len(lost) > 1:
                failed.append(f"mutation {number}")
                print(f"mutation {number}: ours {len(got)}, warcio's {len(want)}, lost {lost}")
    if failed:
        sys.exit(f"differs from warcio: {', '.join(failed)}")


if __name__ == "__main__":
    main()
