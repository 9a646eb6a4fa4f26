"""nanochat's rule for bits a byte on the tokens of tests/golden/plain, in plain Python:
`python3 tests/parity/bits_per_byte.py > tests/golden/readers/bits_per_byte.json`.

Its `evaluate_bpb` sums the nats of the tokens whose text has bytes, and those bytes; a special token counts in neither sum. The
forward pass is GPT-2's in float64, over windows that do not overlap, and its nats are held to PyTorch's.
"""

import json
import math
import struct
import sys
from pathlib import Path

HERE = Path(__file__).parent.parent / "golden" / "plain"


def read_safetensors(path):
    data = path.read_bytes()
    (length,) = struct.unpack("<Q", data[:8])
    header, body = json.loads(data[8 : 8 + length]), data[8 + length :]
    tensors = {}
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            numbers = struct.unpack(f"<{(end - start) // 4}f", body[start:end])
            tensors[name.removeprefix("transformer.")] = (entry["shape"], numbers)
    return tensors


def norm(row, weight, bias):
    mean = sum(row) / len(row)
    scale = 1 / math.sqrt(sum((x - mean) ** 2 for x in row) / len(row) + 1e-5)
    return [(x - mean) * scale * w + b for x, w, b in zip(row, weight, bias)]


def linear(row, tensors, name):
    (_, columns), weight = tensors[f"{name}.weight"]
    bias = tensors[f"{name}.bias"][1]
    return [b + sum(x * weight[i * columns + j] for i, x in enumerate(row)) for j, b in enumerate(bias)]


def gelu(x):
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def log_probabilities(logits):
    most = max(logits)
    total = most + math.log(sum(math.exp(x - most) for x in logits))
    return [x - total for x in logits]


def attend(queries, keys, values, heads):
    size = len(queries[0]) // heads
    mixed = []
    for t, query in enumerate(queries):
        row = []
        for h in range(heads):
            part = slice(h * size, (h + 1) * size)
            scores = [sum(q * k for q, k in zip(query[part], keys[s][part])) / math.sqrt(size) for s in range(t + 1)]
            weights = [math.exp(x) for x in log_probabilities(scores)]
            row += [sum(w * values[s][h * size + i] for s, w in enumerate(weights)) for i in range(size)]
        mixed.append(row)
    return mixed


def nats(tensors, config, tokens, targets):
    channels, vocabulary = config["channels"], config["vocab"]
    row_of = lambda name, i: tensors[name][1][i * channels : (i + 1) * channels]
    normed = lambda rows, name: [norm(row, tensors[f"{name}.weight"][1], tensors[f"{name}.bias"][1]) for row in rows]
    add = lambda rows, more: [[x + y for x, y in zip(a, b)] for a, b in zip(rows, more)]
    rows = [[x + y for x, y in zip(row_of("wte.weight", id), row_of("wpe.weight", t))] for t, id in enumerate(tokens)]
    for layer in range(config["layers"]):
        block = f"h.{layer}"
        together = [linear(row, tensors, f"{block}.attn.c_attn") for row in normed(rows, f"{block}.ln_1")]
        parts = [[row[i * channels : (i + 1) * channels] for row in together] for i in range(3)]
        mixed = attend(*parts, config["heads"])
        rows = add(rows, [linear(row, tensors, f"{block}.attn.c_proj") for row in mixed])
        inner = [linear(row, tensors, f"{block}.mlp.c_fc") for row in normed(rows, f"{block}.ln_2")]
        inner = [linear([gelu(x) for x in row], tensors, f"{block}.mlp.c_proj") for row in inner]
        rows = add(rows, inner)
    found = []
    for row, target in zip(normed(rows, "ln_f"), targets):
        logits = [sum(x * w for x, w in zip(row, row_of("wte.weight", id))) for id in range(vocabulary)]
        found.append(-log_probabilities(logits)[target])
    return found


golden = json.loads((HERE / "golden.json").read_text())
want, config = golden["evaluation"], golden["config"]
tensors, tokens, lengths = read_safetensors(HERE / "model.safetensors"), want["tokens"], want["byte_lengths"]
losses = []
for start in range(0, len(tokens) - 1, config["context"]):
    window = tokens[start : start + config["context"] + 1]
    losses += nats(tensors, config, window[:-1], window[1:])
assert abs(sum(losses) / want["nats"] - 1) < 1e-9, (sum(losses), want["nats"])

counted = [(loss, lengths[token]) for loss, token in zip(losses, tokens[1:]) if lengths[token] > 0]
text_nats, text_bytes = sum(loss for loss, _ in counted), sum(length for _, length in counted)
json.dump({"nats": text_nats, "bytes": text_bytes, "bits_per_byte": text_nats / (math.log(2) * text_bytes)}, sys.stdout)
sys.stdout.write("\n")
