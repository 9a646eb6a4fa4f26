"""Makes plain/sliding.json: losses over windows that overlap, as Hugging Face's guide to perplexity has them, in float64.

Plain Python over the golden model `plain`. Before it writes anything it holds its own forward pass to PyTorch's sum in
golden.json, over the same tokens in windows that do not overlap.
"""

import json
import math
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent / "plain"
GOLDEN = json.loads((HERE / "golden.json").read_text())
LAYERS, HEADS, CHANNELS, CONTEXT = (GOLDEN["config"][key] for key in ("layers", "heads", "channels", "context"))
EPSILON = GOLDEN["hyperparameters"]["layer_norm_epsilon"]


def weights():
    """The tensors of model.safetensors: a list of rows, or of numbers."""
    data = (HERE / "model.safetensors").read_bytes()
    (size,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8 : 8 + size])
    found = {}
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        begin, end = (8 + size + offset for offset in tensor["data_offsets"])
        numbers = list(struct.unpack(f"<{(end - begin) // 4}f", data[begin:end]))
        if len(tensor["shape"]) == 2:
            width = tensor["shape"][1]
            numbers = [numbers[i : i + width] for i in range(0, len(numbers), width)]
        found[name] = numbers
    return found


W = weights()


def dot(a, b):
    return math.fsum(x * y for x, y in zip(a, b))


def linear(rows, name):
    """Hugging Face's Conv1D: a weight [in, out] and a bias."""
    columns, bias = list(zip(*W[name + ".weight"])), W[name + ".bias"]
    return [[dot(row, column) + b for column, b in zip(columns, bias)] for row in rows]


def layer_norm(rows, name):
    result = []
    for row in rows:
        mean = math.fsum(row) / len(row)
        variance = math.fsum((x - mean) ** 2 for x in row) / len(row)
        scale = 1 / math.sqrt(variance + EPSILON)
        result.append([(x - mean) * scale * w + b for x, w, b in zip(row, W[name + ".weight"], W[name + ".bias"])])
    return result


def softmax(row):
    most = max(row)
    parts = [math.exp(x - most) for x in row]
    return [x / math.fsum(parts) for x in parts]


def gelu(x):
    return 0.5 * x * (1 + math.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def add(a, b):
    return [[x + y for x, y in zip(*rows)] for rows in zip(a, b)]


def attention(rows, name):
    size, mixed = CHANNELS // HEADS, linear(rows, name + ".c_attn")
    out = []
    for i in range(len(rows)):
        row = []
        for head in range(HEADS):
            part = lambda which, j: mixed[j][which * CHANNELS + head * size :][:size]
            chances = softmax([dot(part(0, i), part(1, j)) / math.sqrt(size) for j in range(i + 1)])
            row += [math.fsum(p * part(2, j)[c] for j, p in enumerate(chances)) for c in range(size)]
        out.append(row)
    return linear(out, name + ".c_proj")


def losses(tokens):
    """What each token but the first costs in nats, given those before it."""
    embeddings, positions = W["transformer.wte.weight"], W["transformer.wpe.weight"]
    # The last token is a target alone.
    rows = add([embeddings[id] for id in tokens[:-1]], positions)
    for layer in range(LAYERS):
        h = f"transformer.h.{layer}."
        rows = add(rows, attention(layer_norm(rows, h + "ln_1"), h + "attn"))
        hidden = linear(layer_norm(rows, h + "ln_2"), h + "mlp.c_fc")
        rows = add(rows, linear([[gelu(x) for x in row] for row in hidden], h + "mlp.c_proj"))
    rows = layer_norm(rows, "transformer.ln_f")
    chances = [softmax([dot(row, token) for token in embeddings]) for row in rows]
    return [-math.log(row[id]) for row, id in zip(chances, tokens[1:])]


def guide(tokens, max_length, stride):
    """The loop of the guide: a window's last `trg_len` tokens are its labels, and labels are shifted by one within it."""
    nats, counted, previous = [], 0, 0
    for begin in range(0, len(tokens), stride):
        end = min(begin + max_length, len(tokens))
        trg_len = end - previous
        labels = losses(tokens[begin:end])[-trg_len:] if trg_len else []
        nats += labels
        counted += len(labels)
        previous = end
        if end == len(tokens):
            break
    return {"nats": math.fsum(nats), "tokens": counted}


def main():
    evaluation = GOLDEN["evaluation"]
    tokens = evaluation["tokens"]
    windows = [tokens[i : i + CONTEXT + 1] for i in range(0, len(tokens) - 1, CONTEXT)]
    own = math.fsum(x for window in windows for x in losses(window))
    assert abs(own / evaluation["nats"] - 1) < 1e-12, (own, evaluation["nats"])
    strides = {str(stride): guide(tokens, CONTEXT, stride) for stride in range(1, CONTEXT)}
    assert all(found["tokens"] == len(tokens) - 1 for found in strides.values())
    (HERE / "sliding.json").write_text(json.dumps({"max_length": CONTEXT, "strides": strides}, indent=1) + "\n")


if __name__ == "__main__":
    main()
