"""Holds the corpus rules and MinHash to datatrove's and the words to spaCy's, over the same documents, and prints how far
they agree.

Run by `make check-corpus`, or after `scripts/setup.sh datatrove`:
  build/datatrove/bin/python tests/parity/corpus.py [--golden] [--every N] [--fuzz N]
With --golden it takes the documents alone that need no network, and writes tests/golden/corpus: those that are made up, and
what datatrove says of all of them, by the first 16 hexadecimal digits of the SHA-256 of their text.
"""

import argparse
import collections
import gzip
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import unicodedata
from pathlib import Path

import spacy
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.pipeline.formatters import PIIFormatter

import corpus_copies
import corpus_documents

ROOT = Path(__file__).resolve().parent.parent.parent
GLASSHOUSE = Path(os.environ.get("GLASSHOUSE", ROOT / "target" / "release" / "glasshouse"))
GOLDEN = ROOT / "tests" / "golden" / "corpus"
FILTERS = {
    "gopher_repetition": GopherRepetitionFilter(),
    "gopher_quality": GopherQualityFilter(),
    "c4": C4QualityFilter(filter_no_terminal_punct=False),
    "fineweb": FineWebQualityFilter(),
}
# What the comparison must reach.
DECISIONS, KEPT, WORDS, SIGNATURES, PERSONAL, DOCUMENTS = 0.99, 0.95, 0.999, 0.999, 0.999, 1000


def glasshouse(*arguments):
    done = subprocess.run([GLASSHOUSE, "corpus", *map(str, arguments)], capture_output=True)
    if done.returncode:
        raise SystemExit(f"glasshouse corpus {' '.join(map(str, arguments))}: {done.stderr.decode()}")
    return done.stdout.decode()


def write(folder, texts):
    path = folder / "input.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts)))
    return path


def read(folder):
    """The documents of the files of a folder, if it is there."""
    lines = (line for path in sorted(folder.glob("*.jsonl.gz")) for line in gzip.open(path, "rt", newline="\n"))
    return [json.loads(line) for line in lines]


def ask(name, text):
    """What datatrove's filter says: None and the text that is left, or the reason."""
    document = Document(text=text, id="")
    try:
        word = FILTERS[name].filter(document)
    except ZeroDivisionError:
        # Where there is nothing to divide by, datatrove falls over and the document is lost.
        return "error", None
    return (None, document.text) if word is True else (word[1], None)


def peers(text):
    """What datatrove says of a text: the stage and the reason that take it out, or neither and what is left of it."""
    for name in FILTERS:
        reason, left = ask(name, text)
        if reason:
            return name, reason, None
        text = left
    return None, None, text


def run(folder, input):
    """The same of ours, in the order of the documents."""
    glasshouse("run", "--input", input, "--out", folder / "out", "--only", "filters", "--keep-removed")
    found = {int(d["id"]): (None, None, d["text"]) for d in read(folder / "out" / "documents")}
    for name in FILTERS:
        for d in read(folder / "out" / "removed" / name):
            start, end = d["span"]
            assert d["stage"] == name and 0 <= start <= end <= len(d["text"]), d
            found[int(d["id"])] = (name, d["reason"], None)
    return [found[n] for n in range(len(found))]


def noise(draw, rules, characters):
    """A text on which splitters differ: words with rules, punctuation, numbers, addresses, odd characters."""
    special = """Mr U S US km http https ftp www example com org co.uk foo_bar 1 22 127 192.168.1.1 10.0.0.1 8.8.8.8 255 3.14
        USD A$ C$ US$ … …… — – -- --- —— ’ ‘ “ ” « » 、 。 ！ ？ । ° °C °F µg ² ³ ½ Ⅷ 𝟘 ٣ 中文 字 の カ 한국 É été ΑΒΓ αβγ я Ю 𐐀 𠀀
        🎉 👍🏽 © ® I.E E.g e.g p.m a.m Ph.D and/or n't 's 'S ’s ’S 'll 've n’t @ :// mailto: @host.com :8080 /path?q=1#f .html
        10am 5km 100% $5 5$ €5 5€ m/s km/h 5km/h""".split()
    spaces = [" "] * 12 + ["  ", "\n", "\t", "\xa0", "\u3000", "\x1c", "\x85", "\u2028", "\r\n", " \n ", "\x1f", "\u200b"]
    punctuation = "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
    kinds = [
        lambda: draw.choice(special),
        lambda: draw.choice(punctuation) * draw.choice([1, 1, 1, 2, 3]),
        lambda: draw.choice(rules),
        lambda: "".join(draw.choice("abcABCxyz") for _ in range(draw.randint(1, 6))),
        lambda: str(draw.randint(0, 300)),
        lambda: draw.choice(characters),
        lambda: draw.choice(".,:;-/()'\""),
    ]
    dense = draw.choice([0.1, 0.5, 0.9])
    pieces = (draw.choice(kinds)() + (draw.choice(spaces) if draw.random() < dense else "") for _ in range(draw.randint(1, 25)))
    return "".join(pieces)


def compare_filters(texts, explained):
    """Each filter alone, on the documents as they are."""
    failed = []
    print(f"{'':20}{'documents':>10}{'same':>9}{'kept by both':>14}{'of either':>10}")
    for name in FILTERS:
        ours = [line[name] and line[name]["reason"] for line in explained]
        theirs = [ask(name, text)[0] for text in texts]
        failed += table(name, ours, theirs)
    return failed


def table(name, ours, theirs):
    """Prints a line; gives what falls short."""
    same = sum(our == their for our, their in zip(ours, theirs, strict=True)) / len(ours)
    both = sum(our is None and their is None for our, their in zip(ours, theirs))
    either = sum(our is None or their is None for our, their in zip(ours, theirs))
    print(f"{name:20}{len(ours):>10,}{same:>9.2%}{both:>14,}{both / max(either, 1):>10.2%}")
    for our, their in sorted(collections.Counter(pair for pair in zip(ours, theirs) if pair[0] != pair[1]).items(), key=str):
        print(f"    ours {our[0]}, datatrove's {our[1]}: {their}")
    return [name] if same < DECISIONS or both < KEPT * either else []


def compare_words(texts, explained, nlp):
    """Word by word and sentence by sentence; the share of texts where all are the same."""
    same = words = 0
    for text, line in zip(texts, explained, strict=True):
        with nlp.memory_zone():
            document = nlp(text)
            theirs = [token.text for token in document], max(len(list(document.sents)), 0)
        words += len(theirs[0])
        same += theirs == (line["words"], line["sentences"])
        if theirs != (line["words"], line["sentences"]) and len(text) < 300:
            print(f"    {text!r}: ours {line['words']} {line['sentences']}, spaCy's {theirs}")
    print(f"{len(texts):,} texts, {words:,} words: {same / len(texts):.3%} of the texts are cut the same")
    return same / len(texts)


def explain(folder, texts, *options):
    lines = glasshouse("explain", "--input", write(folder, texts), *options).split("\n")[:-1]
    return [json.loads(line) for line in lines]


def write_golden(texts, theirs):
    """The made-up documents; and for each document its key, what each filter says alone, and what all say in turn."""
    GOLDEN.mkdir(exist_ok=True)
    lines = "".join(json.dumps({"text": text}, ensure_ascii=False) + "\n" for text in corpus_documents.hostile())
    (GOLDEN / "hostile.jsonl.gz").write_bytes(gzip.compress(lines.encode(), 9, mtime=0))
    rows = set()
    for text, (stage, reason, _) in zip(texts, theirs, strict=True):
        alone = [ask(name, text)[0] or "" for name in FILTERS]
        rows.add("\t".join([hashlib.sha256(text.encode()).hexdigest()[:16], *alone, f"{stage}/{reason}" if stage else ""]))
    (GOLDEN / "filters.tsv").write_text("".join(row + "\n" for row in sorted(rows)))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--golden", action="store_true", help="write the golden results, and compare on ours alone")
    parser.add_argument("--fuzz", type=int, default=40_000, help="texts of noise on which words are compared")
    parser.add_argument("--every", type=int, default=1, help="take every such document of those that are fetched")
    options = parser.parse_args()
    texts = list(dict.fromkeys(corpus_documents.ours()))
    if not options.golden:
        texts = list(dict.fromkeys(texts + corpus_documents.fetched()[::options.every]))
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.max_length = 1 << 30
    failed = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        explained = explain(folder, texts, "--words")
        failed += compare_filters(texts, explained)
        ours, theirs = run(folder, write(folder, texts)), [peers(text) for text in texts]
        failed += table("all in turn", [our[:2] if our[0] else None for our in ours],
                        [their[:2] if their[0] else None for their in theirs])
        different = sum(our[2] != their[2] for our, their in zip(ours, theirs) if our[0] is None and their[0] is None)
        print(f"{different:,} documents that both keep have different text after C4's rules\n")
        failed += ["text"] * (different > 0) + ["documents"] * (len(texts) < DOCUMENTS)

        failed += ["words"] * (compare_words(texts, explained, nlp) < WORDS)
        draw = random.Random(1)
        rules = list(nlp.tokenizer.rules)
        characters = [chr(c) for c in range(0x20, 0x30000) if unicodedata.category(chr(c)) not in ("Cn", "Cs", "Co")]
        fuzz = rules + [f"({rule})" for rule in rules] + [f"x/{rule}, {rule}." for rule in rules]
        fuzz += [noise(draw, rules, characters) for _ in range(options.fuzz)]
        failed += ["fuzz"] * (compare_words(fuzz, explain(folder, fuzz, "--words"), nlp) < WORDS)

        mails = corpus_documents.personal()
        masked = explain(folder, mails, "--personal")
        same = sum(PIIFormatter().format(text) == line["personal"] for text, line in zip(mails, masked, strict=True))
        print(f"{len(mails):,} texts: {same / len(mails):.3%} are the same without personal data")
        failed += ["personal data"] * (same < PERSONAL * len(mails))

        some = texts[::3] + fuzz[::3]
        same = corpus_copies.compare_signatures(folder, some, explain(folder, some, "--signature"))
        failed += ["signatures"] * (same < SIGNATURES)
        copies = corpus_documents.copies()
        glasshouse("run", "--input", write(folder, copies), "--out", folder / "copies", "--only", "dedup")
        kept = {int(document["id"]) for document in read(folder / "copies" / "documents")}
        agree = corpus_copies.compare_clusters(corpus_copies.clusters(folder, copies), kept, len(copies))
        failed += ["clusters"] * (not agree)
    if options.golden:
        write_golden(texts, theirs)
    if failed:
        sys.exit(f"below what it must reach: {', '.join(failed)}")


if __name__ == "__main__":
    main()
