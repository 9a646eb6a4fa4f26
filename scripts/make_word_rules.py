#!/usr/bin/env python3
"""Makes src/corpus/tables.rs: spaCy's English word rules and datatrove's sets of characters, as tables.

After `scripts/setup.sh datatrove`: `build/datatrove/bin/python scripts/make_word_rules.py`.
Rules of one character become sets of characters, as runs: so many code points are not in the set, so many are, and so on.
The other rules are asserted to be those that src/corpus/words/affixes.rs has by hand: when a new spaCy has others, this stops.
"""
import importlib.metadata
import re
import textwrap
from pathlib import Path

import spacy
from datatrove.utils.text import PUNCTUATION, PUNCTUATION_SET, TERMINAL_PUNCTUATION
from spacy.lang import char_classes as classes
from spacy.pipeline.sentencizer import Sentencizer
from spacy.symbols import ORTH

OUT = Path(__file__).resolve().parent.parent / "src" / "corpus" / "tables.rs"

# What affixes.rs has by hand, in its order: each rule of more than a character, or with something to look at around it.
PREFIXES = [r"\+(?![0-9])", "……", r"\.\.+", r"US\$", r"C\$", r"A\$"]
SUFFIXES = ["……", r"\.\.+", "'s", "'S", "’s", "’S", r"(?<=[0-9])\+", r"(?<=°[FfCcKk])\."]
HYPHENS = "-|–|—|--|---|——|~"


def characters(matches):
    """The characters of which `matches` says yes, as runs: so many are not among them, so many are, and so on."""
    runs, inside = [0], False
    for code in range(0x110000):
        # Surrogates are no characters of a Rust string.
        if (not 0xD800 <= code < 0xE000 and bool(matches(chr(code)))) != inside:
            inside = not inside
            runs.append(0)
        runs[-1] += 1
    return runs[:len(runs) // 2 * 2]


def within(expression):
    """The characters that a class of the `re` module holds."""
    return characters(re.compile(f"[{expression}]").fullmatch)


def single(rules):
    """The rules that are one character each, as that set of characters, and the rest."""
    rules = [rule for rule in rules if rule.strip()]
    found = {rule: characters(re.compile(rule).fullmatch) for rule in rules if "(?" not in rule}
    whole = [rule for rule, runs in found.items() if runs]
    union = re.compile("|".join(whole))
    assert all(len(rule) == 1 or rule[0] in "[\\" for rule in whole), whole
    return characters(union.fullmatch), [rule for rule in rules if rule not in whole]


def rows(text):
    return textwrap.fill(text, 116, initial_indent="    ", subsequent_indent="    ", break_on_hyphens=False)


def table(name, what, runs):
    numbers = ", ".join(map(str, runs))
    return f"/// {what}\n#[rustfmt::skip]\npub(super) const {name}: &[u32] = &[\n{rows(numbers)},\n];\n"


def strings(name, what, items):
    quoted = ", ".join('"' + item.replace("\\", "\\\\").replace('"', '\\"').replace(" ", "\0") + '"' for item in items)
    return f"/// {what}\n#[rustfmt::skip]\npub(super) const {name}: &[&str] = &[\n{rows(quoted)},\n];\n".replace("\0", " ")


def main():
    nlp = spacy.blank("en")
    rules, tokenizer = nlp.Defaults, nlp.tokenizer
    prefixes, rest = single(rules.prefixes)
    assert rest == PREFIXES, rest
    suffixes, rest = single(rules.suffixes)
    *rest, currency, units, stop, initials = rest
    assert rest == SUFFIXES, rest
    assert currency == f"(?<=[0-9])(?:{classes.CURRENCY})" and units == f"(?<=[0-9])(?:{classes.UNITS})"
    assert initials == f"(?<=[{classes.ALPHA_UPPER}][{classes.ALPHA_UPPER}])\\."
    before_stop = re.fullmatch(r"\(\?<=\[(.*)]\)\\\.", stop)[1]
    alpha, quotes = classes.ALPHA, classes.CONCAT_QUOTES
    around = f"(?<=[{classes.ALPHA_LOWER}{quotes}])\\.(?=[{classes.ALPHA_UPPER}{quotes}])"
    assert classes.HYPHENS == HYPHENS and list(rules.infixes) == [
        r"\.\.+", "…", f"[{classes.CONCAT_ICONS}]", r"(?<=[0-9])[+\-\*^](?=[0-9-])", around,
        f"(?<=[{alpha}]),(?=[{alpha}])", f"(?<=[{alpha}0-9])(?:{HYPHENS})(?=[{alpha}])",
        f"(?<=[{alpha}0-9])[:<>=/](?=[{alpha}])",
    ]
    assert tokenizer.token_match is None and PUNCTUATION_SET == set(PUNCTUATION) | TERMINAL_PUNCTUATION
    measures = (classes.CURRENCY.replace("\\", "") + "|" + classes.UNITS).split("|")

    # White space alone is left out: it is no word, whatever a rule makes of it.
    special = {text: [part[ORTH] for part in parts] for text, parts in sorted(tokenizer.rules.items()) if text.strip()}
    affixed = [text for text in special
               if tokenizer.find_prefix(text) or tokenizer.find_infix(text) or tokenizer.find_suffix(text)]
    bare = spacy.blank("en").tokenizer
    bare.rules = {}
    sequences = {text: [token.text for token in bare(text)] for text in affixed}

    parts = [
        table("ALPHA", "spaCy's letters.", within(alpha)),
        table("LOWER", "Its lower case, and what has no case.", within(classes.ALPHA_LOWER)),
        table("UPPER", "Its upper case, and what has no case.", within(classes.ALPHA_UPPER)),
        table("QUOTE", "Its quotation marks and brackets.", within(quotes)),
        table("ICON", "Its symbols, which are words wherever they stand, and the ellipsis.",
              within(classes.CONCAT_ICONS + "…")),
        table("PREFIX", "What is cut off at the beginning of a word.", prefixes),
        table("SUFFIX", "What is cut off at its end.", suffixes),
        table("BEFORE_STOP", "After what a full stop is cut off.", within(before_stop)),
        table("SENTENCE", "What ends a sentence for spaCy's sentencizer.",
              characters(set(Sentencizer.default_punct_chars).__contains__)),
        table("TERMINAL", "What ends a sentence for datatrove.", characters(TERMINAL_PUNCTUATION.__contains__)),
        table("MARK", "What is punctuation for datatrove, controls among it.", characters(PUNCTUATION.__contains__)),
        strings("MEASURES", "What is cut off after a digit: currencies and units.", sorted(set(measures))),
        strings("SPECIAL", "Words that have a rule of their own, with a space where they are cut.",
                map(" ".join, special.values())),
        strings("SEQUENCES", "Those of them that the other rules would cut, as these cut them.",
                map(" ".join, sequences.values())),
    ]
    licence = importlib.metadata.distribution("spacy").read_text("licenses/LICENSE")
    head = f"""//! English word rules as tables. Made by scripts/make_word_rules.py: change that, not this.
//!
//! The rules are those of spaCy {spacy.__version__}; TERMINAL and MARK are datatrove {importlib.metadata.version('datatrove')}'s. spaCy's notice:
//!
"""
    notice = "".join(f"//! {line}".rstrip() + "\n" for line in licence.strip().splitlines())
    OUT.write_text(head + notice + "\n" + "\n".join(parts))


if __name__ == "__main__":
    main()
