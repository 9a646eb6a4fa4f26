"""Makes of a zipped run its model alone, the weights in half precision. Usage: halve.py RUN.zip MODEL.zip"""

import json
import struct
import sys
import zipfile

KEPT = ["config.json", "generation_config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"]


def halved(data: bytes) -> bytes:
    """A safetensors file of 32-bit floats with 16-bit ones instead, rounded to the nearest."""
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + length])
    start, body, end = 8 + length, [], 0
    for name, info in header.items():
        if name == "__metadata__":
            continue
        if info["dtype"] != "F32":
            sys.exit(f"halve: {name}: expected numbers of type F32, found {info['dtype']}")
        first, last = info["data_offsets"]
        count = (last - first) // 4
        values = struct.unpack(f"<{count}f", data[start + first : start + last])
        body.append(struct.pack(f"<{count}e", *values))
        info.update(dtype="F16", data_offsets=[end, end + 2 * count])
        end += 2 * count
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + b"".join(body)


def main() -> None:
    source, target = sys.argv[1:]
    with zipfile.ZipFile(source) as run, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as model:
        for name in KEPT:
            data = run.read(name)
            # A fixed date: the same run gives the same bytes.
            entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            model.writestr(entry, halved(data) if name == "model.safetensors" else data)


main()
