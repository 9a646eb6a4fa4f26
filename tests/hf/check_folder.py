"""Holds a model folder to Hugging Face transformers, and a folder that transformers wrote to glasshouse."""

import argparse
import json
import math
import subprocess
import sys
import tempfile
from pathlib import Path

import tokenizers
import torch
import transformers
from torch.nn import functional

ROOT = Path(__file__).resolve().parent.parent.parent
GLASSHOUSE = ROOT / "target" / "release" / "glasshouse"
TOLERANCE = 1e-4
END = "<|endoftext|>"
TEXTS = [
    "To be, or not to be, that is the question:\nWhether 'tis nobler in the mind to suffer",
    "  leading and trailing spaces  \n\n\tand\ttabs \r\n",
    "It's 1234567 o'clock; they'LL've 3.14159 reasons (or more)...",
    "春眠不觉晓，处处闻啼鸟。夜来风雨声，花落知多少。",
    "naïve café Ünïcödé 👍🏽 \u200d\u00a0\u3000 ſ\u0130",
    f"one document{END}another{END}",
    "",
]
PROMPTS = ["The king ", "明月"]


def output(*words):
    """What a command prints, as bytes."""
    done = subprocess.run([str(GLASSHOUSE), *map(str, words)], capture_output=True)
    if done.returncode:
        sys.exit(f"glasshouse {' '.join(map(str, words))}: exit code {done.returncode}: {done.stderr.decode().strip()}")
    return done.stdout


def run(*words):
    return json.loads(output(*words, "--json"))


def require(condition, message):
    if not condition:
        sys.exit(f"FAILED: {message}")


def check_ids(folder, tokenizer):
    for text in TEXTS:
        ours = run("tokenizer", "encode", "--tokenizer", folder / "tokenizer.json", "--special", "token", "--text", text)["ids"]
        theirs = tokenizer.encode(text, add_special_tokens=False)
        require(ours == theirs, f"{text!r} has ids {ours} here and {theirs} in transformers")
        plain = output("tokenizer", "decode", "--tokenizer", folder / "tokenizer.json", *ours) if ours else b""
        require(plain == text.encode(), f"{text!r} decodes to {plain!r}")


@torch.no_grad()
def check_probabilities(folder, model, tokenizer):
    """Each greedy token and its probability, within the context and beyond it, against a forward pass of its own."""
    context = model.config.n_positions
    worst = 0.0
    for prompt in PROMPTS:
        ids = tokenizer.encode(prompt, add_special_tokens=False)
        count = min(context, 256) + 8
        ours = run("sample", "--model", folder, "--prompt", prompt, "--max-tokens", count, "--temperature", 0, "--ignore-eos", "--device", "cpu")
        require(len(ours["ids"]) == len(ours["probabilities"]) == count, f"asked for {count} tokens, got {len(ours['ids'])} ids and {len(ours['probabilities'])} probabilities")
        for index, (token, probability) in enumerate(zip(ours["ids"], ours["probabilities"])):
            logits = model(torch.tensor([ids[-context:]])).logits[0, -1]
            behind = (logits.max() - logits[token]).item()
            require(behind < TOLERANCE, f"{prompt!r}: new token {index} is {token}, {behind} behind transformers' choice {logits.argmax().item()}")
            # Relative: a young model's probabilities are so small that 1e-4 of 1 would hide an error.
            want = torch.softmax(logits.double(), -1)[token].item()
            error = abs(want - probability) / want
            require(error <= TOLERANCE, f"{prompt!r}: new token {index} has probability {probability} here and {want} in transformers")
            worst = max(worst, error)
            ids.append(token)
        require(tokenizer.decode(ours["ids"]) == ours["text"], f"{prompt!r}: the text {ours['text']!r} is not that of the ids")
    return worst


def check_generation(folder, model, tokenizer):
    """`generate` with the folder's own generation_config.json stops where glasshouse does."""
    ids = tokenizer(PROMPTS[0], add_special_tokens=False, return_tensors="pt")
    count = min(16, model.config.n_positions - ids["input_ids"].shape[1])
    theirs = model.generate(**ids, do_sample=False, max_new_tokens=count)[0, ids["input_ids"].shape[1] :].tolist()
    end = tokenizer.convert_tokens_to_ids(END)
    theirs = theirs[: theirs.index(end)] if end in theirs else theirs
    ours = run("sample", "--model", folder, "--prompt", PROMPTS[0], "--max-tokens", count, "--temperature", 0, "--device", "cpu")["ids"]
    ours = ours[: ours.index(end)] if end in ours else ours
    require(ours == theirs, f"generate gives {theirs}, glasshouse {ours}")


@torch.no_grad()
def check_evaluation(folder, model, tokenizer, file):
    """Loss and bits per byte of a text file that is one document, in windows that do not overlap."""
    text = file.read_text()
    ids = [tokenizer.convert_tokens_to_ids(END), *tokenizer.encode(text, add_special_tokens=False)]
    context, nats = model.config.n_positions, 0.0
    for start in range(0, len(ids) - 1, context):
        window = torch.tensor(ids[start : start + context + 1])
        nats += functional.cross_entropy(model(window[None, :-1]).logits[0].double(), window[1:], reduction="sum").item()
    want = {
        "tokens": len(ids) - 1, "loss": nats / (len(ids) - 1), "perplexity": math.exp(nats / (len(ids) - 1)),
        "bits_per_byte": nats / math.log(2) / len(text.encode()),
    }
    ours = run("eval", "--model", folder, "--data", file, "--device", "cpu")
    for key, value in want.items():
        require(math.isclose(ours[key], value, rel_tol=TOLERANCE), f"eval: {key} is {ours[key]} here and {value} in transformers")


def check(folder, file):
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    require(type(model).__name__ == "GPT2LMHeadModel", f"AutoModelForCausalLM made a {type(model).__name__}")
    require(model.config.eos_token_id == tokenizer.eos_token_id == tokenizer.convert_tokens_to_ids(END), "the end-of-text ids of model and tokenizer differ")
    require(len(tokenizer) <= model.config.vocab_size, f"{len(tokenizer)} tokens, but a vocabulary of {model.config.vocab_size}")
    check_ids(folder, tokenizer)
    worst = check_probabilities(folder, model, tokenizer)
    check_generation(folder, model, tokenizer)
    check_evaluation(folder, model, tokenizer, file)
    print(f"{folder}: ids, greedy text, evaluation agree with transformers {transformers.__version__}; probabilities within {worst:.1e} of theirs")


def write_folder(folder, text):
    """A folder made by transformers alone: random weights, every bias drawn, a byte-level BPE trained on the text."""
    bpe = tokenizers.ByteLevelBPETokenizer()
    bpe.train_from_iterator([text], vocab_size=600, special_tokens=[END], show_progress=False)
    fast = transformers.PreTrainedTokenizerFast(tokenizer_object=bpe._tokenizer, bos_token=END, eos_token=END, unk_token=END)
    fast.save_pretrained(folder)
    end = fast.convert_tokens_to_ids(END)
    config = transformers.GPT2Config(vocab_size=len(fast), n_positions=32, n_embd=40, n_layer=2, n_head=5, bos_token_id=end, eos_token_id=end)
    torch.manual_seed(1)
    model = transformers.GPT2LMHeadModel(config)
    for parameter in model.parameters():
        torch.nn.init.normal_(parameter, 1.0 if parameter.dim() == 1 else 0.0, 0.2)
    model.save_pretrained(folder)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="*", type=Path, help="model folders that glasshouse wrote")
    options = parser.parse_args()
    require(GLASSHOUSE.exists(), f"{GLASSHOUSE} is missing: run cargo build --release")
    text = "\n".join(TEXTS[:5] * 4)
    with tempfile.TemporaryDirectory(prefix="glasshouse-hf-") as scratch:
        scratch = Path(scratch)
        file = scratch / "text.txt"
        file.write_text("".join(TEXTS[:1] * 9))
        for folder in options.folder:
            check(folder, file)
        write_folder(scratch / "theirs", text)
        check(scratch / "theirs", file)


if __name__ == "__main__":
    main()
