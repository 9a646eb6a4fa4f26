"""The ids of a text, read from the input, by OpenAI's tiktoken and Hugging Face's tokenizers, as JSON by vocabulary."""

import base64
import json
import sys
from pathlib import Path

import tiktoken
import tiktoken_ext.openai_public
from tokenizers import Tokenizer

VOCABULARIES = Path(__file__).resolve().parent.parent.parent / "build" / "vocabularies"
text = sys.stdin.buffer.read().decode()
ids = {}
for name, encoding in [("gpt2", "r50k_base"), ("gpt4", "cl100k_base"), ("gpt4o", "o200k_base")]:
    lines = (VOCABULARIES / f"{encoding}.tiktoken").read_bytes().splitlines()
    ranks = {base64.b64decode(token): int(rank) for token, rank in map(bytes.split, lines)}
    tiktoken_ext.openai_public.load_tiktoken_bpe = lambda *_, ranks=ranks, **__: ranks
    peer = tiktoken.Encoding(**getattr(tiktoken_ext.openai_public, encoding)())
    ids[name] = peer.encode_ordinary(text)
peer = Tokenizer.from_file(str(VOCABULARIES / "deepseek.json"))
peer.encode_special_tokens = True
ids["deepseek"] = peer.encode(text, add_special_tokens=False).ids
json.dump(ids, sys.stdout)
