"""Holds what `tokenizer` trains by an expression, converts, counts and decodes to Hugging Face's tokenizers and tiktoken.

Run by `scripts/test.sh parity`, or: build/venv/bin/python -m pytest tests/parity/tokenizer_commands.py
"""

import json

import pytest
from tokenizers import Regex, Tokenizer, models, pre_tokenizers, trainers

from tokenizer import END, ODD, TEXTS, documents, encode, merges, noise, openai, run, unspell, vocabulary

# Splits of one's own: an odd one, digits one by one, words that keep what is behind them.
EXPRESSIONS = [ODD, r"\d|[^\d]+", r"\S+\s*|\s+"]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_training_by_an_expression_is_hugging_faces(tmp_path, expression):
    text = "\n".join(documents("zh")[:3] + documents("en")[:1])[:60_000] + noise(3, 8_000).replace("\0", "")
    (tmp_path / "text.txt").write_text(text, newline="")
    out = tmp_path / "ours.json"
    run("train", "--input", tmp_path / "text.txt", "--vocab-size", 600, "--ties", "hf", "--pattern", expression, "--out", out)
    theirs = Tokenizer(models.BPE())
    theirs.pre_tokenizer = pre_tokenizers.Sequence([
        pre_tokenizers.Split(Regex(expression), "isolated"),
        pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
    ])
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=600, initial_alphabet=alphabet, show_progress=False, max_token_length=None)
    theirs.train_from_iterator([text], trainer)
    wanted = [tuple(map(unspell, merge)) for merge in json.loads(theirs.to_str())["model"]["merges"]]
    assert merges(out.read_bytes()) == wanted
    opened = Tokenizer.from_file(str(out))
    for sample in TEXTS[-12:]:
        assert encode(out, sample) == opened.encode(sample).ids, repr(sample)


@pytest.mark.parametrize("pattern, file", [("gpt2", "r50k_base"), ("cl100k", "cl100k_base"), ("o200k", "o200k_base")])
def test_a_converted_file_gives_tiktokens_ids(tmp_path, openai, pattern, file):
    out = tmp_path / "converted.json"
    run("convert", "--tokenizer", vocabulary(f"{file}.tiktoken"), "--out", out)
    opened = Tokenizer.from_file(str(out))
    special = json.loads(run("show", "--tokenizer", out, "--json"))["special"]
    assert {token["token"]: token["id"] for token in special} == openai[pattern]._special_tokens
    # A call reads the whole vocabulary: few texts do, and each is written in another way.
    for turn, text in enumerate([*TEXTS[8::3], noise(5, 3000)]):
        # Between cl100k and tokenizers lies white space at the end, which tiktoken splits in its own way since 0.8.
        if text != text.rstrip() and pattern == "cl100k":
            continue
        ids = openai[pattern].encode_ordinary(text)
        assert encode(out, text) == ids, repr(text)
        assert opened.encode(text.replace(END, "")).ids == openai[pattern].encode_ordinary(text.replace(END, "")), repr(text)
        counted = json.loads(run("count", "--tokenizer", out, "--text", text, "--json")) if "\0" not in text else None
        assert counted is None or counted["tokens"] == len(ids)
        written = [str(ids), ",".join(map(str, ids)), "\n".join(map(str, ids))][turn % 3]
        assert run("decode", "--tokenizer", out, "--input", "-", stdin=written.encode()) == text.encode()


def test_gpt2s_two_files_become_one(tmp_path, openai):
    out = tmp_path / "gpt2.json"
    run("convert", "--tokenizer", vocabulary("vocab.bpe"), "--out", out)
    opened = Tokenizer.from_file(str(out))
    for text in [*TEXTS[8::3], noise(7, 3000)]:
        text = text.replace(END, "")
        assert encode(out, text) == opened.encode(text).ids == openai["gpt2"].encode_ordinary(text), repr(text)
