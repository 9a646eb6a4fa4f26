"""A training step on the CPU device against PyTorch float32 eager on the same two cores; see bench/README.md."""

import argparse
import itertools
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

os.environ.setdefault("OMP_NUM_THREADS", "2")
import safetensors.torch
import torch
from torch import nn
from torch.nn import functional

GLASSHOUSE = Path(__file__).resolve().parent.parent / "target" / "release" / "glasshouse"
TOLERANCE = 1e-3
BATCHES = 4
SHAPES = {
    "baby": dict(layers=6, heads=6, channels=384, vocab=1024, batch=12, context=256, compared=5, goal=1.0),
    "gpt2": dict(layers=12, heads=12, channels=768, vocab=50257, batch=4, context=64, compared=3, goal=1.0),
    "mini": dict(layers=4, heads=4, channels=64, vocab=512, batch=8, context=64, compared=20, goal=2.0),
}


class Block(nn.Module):
    def __init__(self, channels, heads):
        super().__init__()
        self.heads = heads
        self.ln_1, self.ln_2 = nn.LayerNorm(channels), nn.LayerNorm(channels)
        self.attn = nn.ModuleDict({"c_attn": nn.Linear(channels, 3 * channels), "c_proj": nn.Linear(channels, channels)})
        self.mlp = nn.ModuleDict({"c_fc": nn.Linear(channels, 4 * channels), "c_proj": nn.Linear(4 * channels, channels)})

    def attention(self, x, fused):
        batch, length, channels = x.shape
        q, k, v = (t.view(batch, length, self.heads, -1).transpose(1, 2) for t in self.attn["c_attn"](x).split(channels, -1))
        if fused:
            mixed = functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        else:
            scores = (q @ k.transpose(-1, -2)) * (1 / math.sqrt(q.shape[-1]))
            mixed = torch.softmax(scores + self.mask[:length, :length], -1) @ v
        return self.attn["c_proj"](mixed.transpose(1, 2).reshape(batch, length, channels))

    def forward(self, x, fused):
        x = x + self.attention(self.ln_1(x), fused)
        return x + self.mlp["c_proj"](functional.gelu(self.mlp["c_fc"](self.ln_2(x)), approximate="tanh"))


class Transformer(nn.Module):
    def __init__(self, shape):
        super().__init__()
        channels = shape["channels"]
        self.wte, self.wpe = nn.Embedding(shape["vocab"], channels), nn.Embedding(shape["context"], channels)
        self.h = nn.ModuleList(Block(channels, shape["heads"]) for _ in range(shape["layers"]))
        self.ln_f = nn.LayerNorm(channels)
        for block in self.h:
            block.register_buffer("mask", torch.full((shape["context"],) * 2, -math.inf).triu(1), persistent=False)
        for name, p in self.named_parameters():
            if p.dim() == 2:
                residual = name.endswith("c_proj.weight")
                nn.init.normal_(p, 0.0, 0.02 / math.sqrt(2 * shape["layers"]) if residual else 0.02)
            elif name.endswith("bias"):
                nn.init.zeros_(p)

    def loss(self, tokens, targets, fused):
        x = self.wte(tokens) + self.wpe(torch.arange(tokens.shape[1]))
        for block in self.h:
            x = block(x, fused)
        return functional.cross_entropy(functional.linear(self.ln_f(x), self.wte.weight).flatten(0, 1), targets.flatten())


class PyTorch:
    """The peer: the model with its optimiser, taken back to the initial weights at will."""

    def __init__(self, shape, model, batches, attention, adamw):
        self.shape, self.batches, self.fused_attention = shape, batches, attention == "fused"
        self.model = model
        matrices = [p for p in model.parameters() if p.dim() == 2]
        vectors = [p for p in model.parameters() if p.dim() == 1]
        groups = [{"params": matrices, "weight_decay": 0.1}, {"params": vectors, "weight_decay": 0.0}]
        self.optimizer = torch.optim.AdamW(groups, lr=1e-3, betas=(0.9, 0.95), eps=1e-8, fused=adamw == "fused", foreach=adamw == "foreach")
        self.taken = 0

    def step(self):
        rows = self.batches[self.taken % len(self.batches)]
        self.taken += 1
        loss = self.model.loss(rows[:, :-1], rows[:, 1:], self.fused_attention)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0, foreach=True)
        self.optimizer.step()
        return loss.item()

    def sample(self, steps):
        """Tokens a second over `steps` steps."""
        self.step()
        start = time.perf_counter()
        for _ in range(steps):
            self.step()
        return steps * self.shape["batch"] * self.shape["context"] / (time.perf_counter() - start)


def glasshouse(shape, folder, warmup, steps):
    command = [GLASSHOUSE, "bench", "step", "--device", "cpu", "--json", "--warmup", warmup, "--steps", steps]
    command += ["--weights", folder / "model.safetensors", "--tokens", folder / "tokens.bin"]
    for option in ("layers", "heads", "channels", "batch", "context"):
        command += [f"--{option}", shape[option]]
    command += ["--vocab-size", shape["vocab"]]
    environment = {**os.environ, "RAYON_NUM_THREADS": "2"}
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, env=environment)
    if done.returncode:
        sys.exit(f"glasshouse bench step failed: {done.stderr.strip() or done.stdout.strip()}")
    return json.loads(done.stdout)


def calibrate():
    """GFLOP/s of a 512×512×512 product: what the machine gives at this moment. The median of five."""
    a, b = torch.rand(512, 512), torch.rand(512, 512)
    out = torch.empty(512, 512)
    figures = []
    for _ in range(5):
        start = time.perf_counter()
        for _ in range(8):
            torch.mm(a, b, out=out)
        figures.append(8 * 2 * 512**3 / (time.perf_counter() - start) / 1e9)
    return statistics.median(figures)


def write_inputs(folder, model, batches):
    """The weights and tokens of both sides. PyTorch's Linear is [out, in], the file [in, out]."""
    tensors = {
        "transformer." + name: (p.T if p.dim() == 2 and ".h." in "." + name else p).detach().clone().contiguous()
        for name, p in model.named_parameters()
    }
    safetensors.torch.save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    (folder / "tokens.bin").write_bytes(batches.numpy().astype("<u4").tobytes())


def spread(values):
    low, _, high = statistics.quantiles(values, n=4)
    return f"{statistics.median(values):10,.0f}  [{low:,.0f} to {high:,.0f}]"


def compare(name, shape, rounds, seconds):
    torch.manual_seed(1337)
    model = Transformer(shape)
    initial = {key: value.clone() for key, value in model.state_dict().items()}
    batches = torch.randint(0, shape["vocab"], (BATCHES, shape["batch"], shape["context"] + 1))
    parameters = sum(p.numel() for p in model.parameters())
    flops = 6 * parameters + 6 * shape["layers"] * shape["channels"] * shape["context"]
    with tempfile.TemporaryDirectory(prefix="glasshouse-bench-") as folder:
        folder = Path(folder)
        write_inputs(folder, model, batches)

        peer = PyTorch(shape, model, batches, "fused", "fused")
        theirs = [peer.step() for _ in range(shape["compared"])]
        ours = glasshouse(shape, folder, 0, shape["compared"])
        if ours["parameters"] != parameters:
            sys.exit(f"{name}: {ours['parameters']} parameters against PyTorch's {parameters}")
        gap = max(abs(a - b) for a, b in zip(ours["losses"], theirs, strict=True))
        if not gap <= TOLERANCE:
            sys.exit(f"{name}: the losses differ by {gap:.2e}, more than {TOLERANCE}: {ours['losses']} against {theirs}")

        def variant(attention, adamw):
            model.load_state_dict(initial)
            return PyTorch(shape, model, batches, attention, adamw)

        tokens = shape["batch"] * shape["context"]
        trial = max(2, round(0.1 * seconds * peer.sample(2) / tokens))
        rates = {}
        for _, choice in itertools.product(range(3), itertools.product(("fused", "explicit"), ("fused", "foreach"))):
            rates[choice] = max(rates.get(choice, 0.0), variant(*choice).sample(trial))
        choice = max(rates, key=rates.get)
        peer = variant(*choice)
        steps = max(3, round(seconds * rates[choice] / tokens))

        samples, calibrations = {"ours": [], "PyTorch": []}, []
        for round_ in range(rounds):
            for side in ("ours", "PyTorch") if round_ % 2 else ("PyTorch", "ours"):
                calibrations.append(calibrate())
                rate = peer.sample(steps) if side == "PyTorch" else glasshouse(shape, folder, 2, steps)["tokens_per_second"]
                samples[side].append(rate)
                calibrations.append(calibrate())

    ratios = [a / b for a, b in zip(samples["ours"], samples["PyTorch"])]
    ratio = statistics.median(samples["ours"]) / statistics.median(samples["PyTorch"])
    shape_text = f"L{shape['layers']} H{shape['heads']} C{shape['channels']} V{shape['vocab']} B{shape['batch']} T{shape['context']}"
    print(f"\n{name}: {shape_text}, {parameters:,} parameters, {rounds} rounds of {steps} steps; first {shape['compared']} losses within {gap:.1e}")
    for side, label in (("ours", "glasshouse cpu"), ("PyTorch", f"PyTorch ({choice[0]} attention, {choice[1]} AdamW)")):
        median = statistics.median(samples[side])
        print(f"  {label:44} {spread(samples[side])} tokens/s  {median * flops / 1e9:7.1f} GFLOP/s")
    print(f"  ratio {ratio:.2f} of the medians (goal {shape['goal']}); by round {min(ratios):.2f} to {max(ratios):.2f}")
    low, high = min(calibrations), max(calibrations)
    steady = "steady" if high <= 1.1 * low else "NOT STEADY: other work disturbed this run"
    print(f"  calibration {statistics.median(calibrations):.0f} GFLOP/s, {low:.0f} to {high:.0f}: {steady}")
    return {
        "shape": name, "ratio": ratio, "tokens_per_second": samples, "calibration_gflops": calibrations, "loss_gap": gap,
        "pytorch": dict(zip(("attention", "adamw"), choice)),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("shapes", nargs="*", help=f"of {', '.join(SHAPES)}; all without an argument")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--seconds", type=float, default=3.0, help="the length of a sample")
    parser.add_argument("--json", type=Path, help="also write every sample to this file")
    options = parser.parse_args()
    unknown = set(options.shapes) - set(SHAPES)
    if unknown:
        parser.error(f"no such shape: {', '.join(sorted(unknown))}; there are {', '.join(SHAPES)}")
    if options.rounds < 2:
        parser.error("--rounds must be 2 or more")
    if not GLASSHOUSE.exists():
        sys.exit(f"{GLASSHOUSE} is missing: run cargo build --release")
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:2])
    torch.set_num_threads(2)
    print(f"{date.today()}, PyTorch {torch.__version__}, {torch.get_num_threads()} threads, CPU {torch.backends.cpu.get_cpu_capability()}")
    results = [compare(name, SHAPES[name], options.rounds, options.seconds) for name in options.shapes or SHAPES]
    if options.json:
        options.json.write_text(json.dumps(results, indent=1) + "\n")


if __name__ == "__main__":
    main()
