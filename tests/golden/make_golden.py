"""Makes the golden values: small GPT-2s in PyTorch float64, held against transformers, written beside this file."""

import json
import math
import platform
from pathlib import Path

import numpy
import safetensors
import safetensors.numpy
import torch
import transformers
from torch.nn import functional

HERE = Path(__file__).resolve().parent
STEPS = 10


def f32(x):
    """The nearest single-precision number: what both element types of the program start from."""
    return float(numpy.float32(x))


HYPERPARAMETERS = {
    "learning_rate": f32(1e-3),
    "beta1": f32(0.9),
    "beta2": f32(0.95),
    "epsilon": f32(1e-8),
    "weight_decay": f32(0.1),
    "clip": f32(1.0),
    # torch.nn.utils.clip_grad_norm_ scales by min(1, clip / (norm + 1e-6)).
    "clip_epsilon": 1e-6,
    "layer_norm_epsilon": f32(1e-5),
}

# The spread of the drawn weights is far above GPT-2's 0.02 where that makes a term visible: with nearly uniform attention
# and nearly linear GELU a wrong derivative would hide below the tolerance.
MODELS = {
    "plain": dict(seed=1, layers=2, heads=2, channels=24, vocab=61, context=11, batch=3, weight=0.15, attention=0.15, embedding=0.2),
    "attention": dict(seed=2, layers=2, heads=3, channels=15, vocab=37, context=17, batch=2, weight=0.2, attention=0.7, embedding=0.5),
}


def parameter_list(shape):
    """(name, shape, mean, standard deviation) of every parameter, in Hugging Face's names and [in, out] layout."""
    channels, weight, attention, embedding = (shape[k] for k in ("channels", "weight", "attention", "embedding"))
    rows = [
        ("transformer.wte.weight", (shape["vocab"], channels), 0.0, embedding),
        ("transformer.wpe.weight", (shape["context"], channels), 0.0, embedding),
    ]
    for layer in range(shape["layers"]):
        h = f"transformer.h.{layer}."
        rows += [
            (h + "ln_1.weight", (channels,), 1.0, 0.2),
            (h + "ln_1.bias", (channels,), 0.0, 0.1),
            (h + "attn.c_attn.weight", (channels, 3 * channels), 0.0, attention),
            (h + "attn.c_attn.bias", (3 * channels,), 0.0, 0.1),
            (h + "attn.c_proj.weight", (channels, channels), 0.0, weight),
            (h + "attn.c_proj.bias", (channels,), 0.0, 0.1),
            (h + "ln_2.weight", (channels,), 1.0, 0.2),
            (h + "ln_2.bias", (channels,), 0.0, 0.1),
            (h + "mlp.c_fc.weight", (channels, 4 * channels), 0.0, weight),
            (h + "mlp.c_fc.bias", (4 * channels,), 0.0, 0.1),
            (h + "mlp.c_proj.weight", (4 * channels, channels), 0.0, weight),
            (h + "mlp.c_proj.bias", (channels,), 0.0, 0.1),
        ]
    return rows + [("transformer.ln_f.weight", (channels,), 1.0, 0.2), ("transformer.ln_f.bias", (channels,), 0.0, 0.1)]


def draw(shape):
    """Initial parameters: float64 tensors whose values are all exact in float32."""
    generator = torch.Generator().manual_seed(shape["seed"])
    return {
        name: (mean + deviation * torch.randn(size, generator=generator, dtype=torch.float64)).float().double()
        for name, size, mean, deviation in parameter_list(shape)
    }


def layer_norm(x, p, name):
    mean = x.mean(-1, keepdim=True)
    variance = ((x - mean) ** 2).mean(-1, keepdim=True)
    scaled = (x - mean) / torch.sqrt(variance + HYPERPARAMETERS["layer_norm_epsilon"])
    return scaled * p[name + ".weight"] + p[name + ".bias"]


def linear(x, p, name):
    return x @ p[name + ".weight"] + p[name + ".bias"]


def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))


def attention(x, p, name, heads):
    batch, length, channels = x.shape
    size = channels // heads
    q, k, v = (t.view(batch, length, heads, size).transpose(1, 2) for t in linear(x, p, name + ".c_attn").split(channels, -1))
    scores = q @ k.transpose(-1, -2) / math.sqrt(size)
    future = torch.ones(length, length, dtype=torch.bool).triu(1)
    mixed = torch.softmax(scores.masked_fill(future, -math.inf), -1) @ v
    return linear(mixed.transpose(1, 2).reshape(batch, length, channels), p, name + ".c_proj")


def forward(p, tokens, shape):
    """Logits (B, T, V) of tokens (B, T)."""
    x = p["transformer.wte.weight"][tokens] + p["transformer.wpe.weight"][: tokens.shape[1]]
    for layer in range(shape["layers"]):
        h = f"transformer.h.{layer}."
        x = x + attention(layer_norm(x, p, h + "ln_1"), p, h + "attn", shape["heads"])
        x = x + linear(gelu(linear(layer_norm(x, p, h + "ln_2"), p, h + "mlp.c_fc")), p, h + "mlp.c_proj")
    return layer_norm(x, p, "transformer.ln_f") @ p["transformer.wte.weight"].T


def nats(logits, targets):
    """Cross-entropy of each position, in the shape of targets."""
    return functional.cross_entropy(logits.flatten(0, -2), targets.flatten(), reduction="none").view(targets.shape)


def weighted_loss(logits, targets, weights):
    return (nats(logits, targets) * weights).sum() / weights.sum()


def hugging_face(p, shape):
    config = transformers.GPT2Config(
        vocab_size=shape["vocab"], n_positions=shape["context"], n_embd=shape["channels"], n_layer=shape["layers"],
        n_head=shape["heads"], layer_norm_epsilon=HYPERPARAMETERS["layer_norm_epsilon"], activation_function="gelu_new",
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, bos_token_id=0, eos_token_id=0, attn_implementation="eager",
    )
    model = transformers.GPT2LMHeadModel(config).double().eval()
    missing, unexpected = model.load_state_dict(p, strict=False)
    assert missing == ["lm_head.weight"] and not unexpected, (missing, unexpected)
    model.tie_weights()
    return model


def agree(name, got, want, tolerance):
    error = (got - want).abs().max().item() / max(1.0, want.abs().max().item())
    assert error <= tolerance, f"{name}: differs from transformers by {error:.2e}, more than {tolerance:.0e}"
    return error


def check_against_hugging_face(p, batch, shape, logits, loss, gradients):
    model = hugging_face(p, shape)
    theirs = model(batch["tokens"]).logits
    weighted = weighted_loss(theirs, batch["targets"], batch["weights"])
    weighted.backward()
    errors = [agree("logits", logits, theirs, 1e-12), agree("loss", loss, weighted, 1e-12)]
    theirs = dict(model.named_parameters())
    errors += [agree(name, gradient, theirs[name].grad, 1e-12) for name, gradient in gradients.items()]
    return max(errors)


def train(p, batch, shape):
    """Ten steps of AdamW on one batch: the loss before each step, and the parameters after the last."""
    p = {name: x.clone().requires_grad_() for name, x in p.items()}
    h = HYPERPARAMETERS
    groups = [
        {"params": [x for x in p.values() if x.dim() == 2], "weight_decay": h["weight_decay"]},
        {"params": [x for x in p.values() if x.dim() == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=h["learning_rate"], betas=(h["beta1"], h["beta2"]), eps=h["epsilon"], foreach=False)
    losses, norms = [], []
    for _ in range(STEPS):
        loss = weighted_loss(forward(p, batch["tokens"], shape), batch["targets"], batch["weights"])
        optimizer.zero_grad()
        loss.backward()
        norms.append(torch.nn.utils.clip_grad_norm_(p.values(), h["clip"], foreach=False).item())
        optimizer.step()
        losses.append(loss.item())
    assert max(norms) > h["clip"], "the clip is never active"
    return losses, norms, {name: x.detach() for name, x in p.items()}


def evaluate(p, shape):
    """Loss and bits per byte over a list of tokens, in windows that do not overlap; token 0 is special."""
    generator = torch.Generator().manual_seed(100 + shape["seed"])
    context = shape["context"]
    tokens = torch.randint(0, shape["vocab"], (3 * context + context // 2 + 2,), generator=generator)
    tokens[[0, 7, context + 3]] = 0
    byte_lengths = torch.randint(1, 6, (shape["vocab"],), generator=generator)
    byte_lengths[0] = 0
    total, count = 0.0, 0
    for start in range(0, len(tokens) - 1, context):
        window = tokens[start : start + context + 1]
        total += nats(forward(p, window[None, :-1], shape), window[None, 1:]).sum().item()
        count += len(window) - 1
    loss, predicted_bytes = total / count, byte_lengths[tokens[1:]].sum().item()
    return {
        "tokens": tokens.tolist(), "byte_lengths": byte_lengths.tolist(), "predicted_tokens": count, "predicted_bytes": predicted_bytes,
        "nats": total, "loss": loss, "perplexity": math.exp(loss), "bits_per_byte": total / math.log(2) / predicted_bytes,
    }


def generate(p, shape):
    """Greedy continuation past the context, each token from the last `context` tokens encoded anew."""
    ids, probabilities, gap = [1, 5, 3], [], math.inf
    prompt = list(ids)
    for _ in range(2 * shape["context"]):
        row = torch.softmax(forward(p, torch.tensor([ids[-shape["context"] :]]), shape)[0, -1], -1)
        best = row.topk(2).values
        gap = min(gap, (best[0] - best[1]).item())
        ids.append(row.argmax().item())
        probabilities.append(row.max().item())
    assert gap > 1e-4, f"a greedy choice hangs on {gap:.1e}: take another seed"
    return {"prompt": prompt, "ids": ids[len(prompt) :], "probabilities": probabilities}


def draw_batch(shape):
    """Tokens, targets and weights (B, T): some tokens repeat, many never occur, some positions count 0, some 0.5."""
    generator = torch.Generator().manual_seed(200 + shape["seed"])
    rows = torch.randint(0, shape["vocab"] - 1, (shape["batch"], shape["context"] + 1), generator=generator)
    rows[:, 2] = rows[0, 0]
    weights = torch.randint(0, 4, (shape["batch"], shape["context"]), generator=generator).double() / 2
    weights[0, :2] = 0.0
    return {"tokens": rows[:, :-1].contiguous(), "targets": rows[:, 1:].contiguous(), "weights": weights}


def save(path, tensors, dtype):
    arrays = {name: numpy.ascontiguousarray(x.detach().numpy().astype(dtype)) for name, x in tensors.items()}
    safetensors.numpy.save_file(arrays, path, metadata={"format": "pt"})


def make(name, shape):
    initial = draw(shape)
    batch = draw_batch(shape)
    p = {key: x.clone().requires_grad_() for key, x in initial.items()}
    logits = forward(p, batch["tokens"], shape)
    loss = weighted_loss(logits, batch["targets"], batch["weights"])
    loss.backward()
    gradients = {key: x.grad for key, x in p.items()}
    error = check_against_hugging_face(initial, batch, shape, logits, loss, gradients)
    with torch.no_grad():
        evaluation, greedy = evaluate(initial, shape), generate(initial, shape)
    losses, norms, trained = train(initial, batch, shape)
    assert losses[0] == loss.item() and losses[-1] < losses[0]

    folder = HERE / name
    folder.mkdir(exist_ok=True)
    save(folder / "model.safetensors", initial, numpy.float32)
    save(folder / "gradients.safetensors", gradients, numpy.float64)
    save(folder / "trained.safetensors", trained, numpy.float64)
    save(folder / "logits.safetensors", {"logits": logits}, numpy.float64)
    golden = {
        "made_with": {
            "python": platform.python_version(), "torch": torch.__version__, "transformers": transformers.__version__,
            "numpy": numpy.__version__, "safetensors": safetensors.__version__,
        },
        "config": {key: shape[key] for key in ("layers", "heads", "channels", "context", "vocab", "batch")},
        "hyperparameters": HYPERPARAMETERS,
        **{key: x.tolist() for key, x in batch.items()},
        "loss": loss.item(),
        "gradient_norm": norms[0],
        "losses": losses,
        "gradient_norms": norms,
        "evaluation": evaluation,
        "greedy": greedy,
    }
    lines = ",\n".join(f"  {json.dumps(key)}: {json.dumps(value)}" for key, value in golden.items())
    (folder / "golden.json").write_text("{\n" + lines + "\n}\n")
    print(f"{name}: loss {loss.item():.12f}, gradient norm {norms[0]:.6f}, last loss {losses[-1]:.12f}, from transformers {error:.1e}")


if __name__ == "__main__":
    # One thread: sums then have one order, and the files come out the same.
    torch.set_num_threads(1)
    for model, shape in MODELS.items():
        make(model, shape)
