"""Holds the reader of fastText's models to the PyPI package: labels and scores of lid.176.ftz, and of small models of every
kind that is read, over sentences of many languages and lines of noise.

Run by `make check-corpus`, or after `scripts/setup.sh datatrove languages`:
  build/datatrove/bin/python tests/parity/corpus_language.py
"""

import json
import os
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import fasttext

ROOT = Path(__file__).resolve().parent.parent.parent
GLASSHOUSE = Path(os.environ.get("GLASSHOUSE", ROOT / "target" / "release" / "glasshouse"))
LID = ROOT / "build" / "vocabularies" / "lid.176.ftz"
# Scores are single precision in both, and are written alike where the arithmetic is the same.
NEAR = 1e-5

# A line a language, ours.
SENTENCES = """The ferry leaves the island at six in the morning.
Das Boot fährt um sechs Uhr morgens von der Insel ab.
Le bateau quitte l'île à six heures du matin.
El barco sale de la isla a las seis de la mañana.
O barco parte da ilha às seis da manhã.
Il traghetto lascia l'isola alle sei del mattino.
De boot vertrekt om zes uur 's ochtends van het eiland.
Båten lämnar ön klockan sex på morgonen.
Båden forlader øen klokken seks om morgenen.
Båten forlater øya klokka seks om morgenen.
Lautta lähtee saarelta kuudelta aamulla.
Prom odpływa z wyspy o szóstej rano.
Loď odplouvá z ostrova v šest hodin ráno.
Hajó indul a szigetről reggel hat órakor.
Feribotul pleacă de pe insulă la ora șase dimineața.
Vapur sabah saat altıda adadan ayrılıyor.
Паром уходит с острова в шесть часов утра.
Пором відходить від острова о шостій ранку.
Фериботът тръгва от острова в шест сутринта.
Το πλοίο φεύγει από το νησί στις έξι το πρωί.
המעבורת יוצאת מהאי בשש בבוקר.
تغادر العبارة الجزيرة في السادسة صباحا.
کشتی ساعت شش صبح جزیره را ترک می‌کند.
नाव सुबह छह बजे द्वीप से निकलती है।
ফেরি সকাল ছয়টায় দ্বীপ ছেড়ে যায়।
தீவிலிருந்து படகு காலை ஆறு மணிக்குப் புறப்படும்.
เรือออกจากเกาะตอนหกโมงเช้า
Chuyến phà rời đảo lúc sáu giờ sáng.
Kapal itu meninggalkan pulau pada pukul enam pagi.
渡轮早上六点离开小岛。
渡輪早上六點離開小島。
フェリーは朝六時に島を出ます。
배는 아침 여섯 시에 섬을 떠난다.
La pramo forlasas la insulon je la sesa matene.
Feri inaondoka kisiwani saa kumi na mbili asubuhi.
Navis insulam hora sexta mane relinquit.""".split("\n")


def lines():
    """Some hundred lines: the sentences, parts and mixtures of them, what fastText treats apart, and noise."""
    draw = random.Random(176)
    found = [*SENTENCES, "", " ", "\t", "12345 67890", "a", "</s>", "one </s> zwei drei", "__label__en Das ist es", "__label__none",
             "tab\tand\x0bother\x0cwhite\rspace\x00here", "\ufeffmark", "é" * 500, "x" * 5000, "中" * 2000, "🎉🎉 👍🏽", "<b>bold</b>", "< >"]
    for _ in range(300):
        words = " ".join(draw.sample(SENTENCES, 2)).split()
        draw.shuffle(words)
        found.append(" ".join(words[:draw.randint(1, len(words))]))
    alphabets = ["abcdefghij klmno", "абвгд еж", "éßñ üø", "0123456789 ", "的一是不了人 ", "かなカナ ", "\u0301\u200b\u00a0\u3000 ", "<>_/"]
    for _ in range(200):
        found.append("".join(draw.choice(draw.choice(alphabets)) for _ in range(draw.randint(1, 80))))
    return found + ["\n".join(draw.sample(SENTENCES, 3)) for _ in range(50)]


def ours(folder, model, texts):
    path = folder / "input.jsonl"
    path.write_text("".join(json.dumps({"id": str(n), "text": text}) + "\n" for n, text in enumerate(texts)))
    done = subprocess.run([GLASSHOUSE, "corpus", "explain", "--input", path, "--language-model", model], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"glasshouse corpus explain: {done.stderr}")
    return [json.loads(line)["language"] for line in done.stdout.splitlines()]


def theirs(model, text):
    """What datatrove asks fastText for: the labels with their scores, the surest first."""
    labels, scores = model.predict(text.replace("\n", " "), k=-1)
    return {label.removeprefix("__label__"): float(score) for label, score in zip(labels, scores)}


def compare(folder, name, path, texts):
    model = fasttext.load_model(str(path))
    worst, different = 0.0, []
    for text, mine in zip(texts, ours(folder, path, texts), strict=True):
        scores = theirs(model, text)
        best = max(scores.values(), default=None)
        # Of labels that are as sure any may be named.
        if scores.get(mine["code"]) != best:
            different.append((text[:100], mine, best))
        elif best is not None:
            worst = max(worst, abs(mine["score"] - best))
    print(f"{name:40} {len(texts):4} texts, {len(different)} other labels, scores within {worst:.1e}")
    for case in different[:5]:
        print("   ", *case)
    return [name] if different or worst > NEAR else []


TRAIN = """
import json, sys, fasttext
data, path, settings, packing = sys.argv[1], sys.argv[2], json.loads(sys.argv[3]), json.loads(sys.argv[4])
model = fasttext.train_supervised(data, **settings)
if packing is not None:
    model.quantize(input=data, **packing)
model.save_model(path)
"""


def trained(data, path, settings, packing):
    """Trains a model, in a process whose new memory is zero: this package takes it for zero without asking."""
    arguments = [sys.executable, "-c", TRAIN, str(data), str(path), json.dumps(settings), json.dumps(packing)]
    subprocess.run(arguments, check=True, env=os.environ | {"MALLOC_PERTURB_": "255"})


def train(folder):
    """Small models of every kind that is read."""
    draw = random.Random(1)
    texts = []
    for number, sentence in enumerate(SENTENCES):
        # More than 256 labels: of fewer the rows can't be quantised.
        for n in range(36):
            words = sentence.split()
            texts.append(f"__label__l{number}_{n % 9} {' '.join(draw.sample(words, max(1, len(words) * 2 // 3)))}")
    draw.shuffle(texts)
    data = folder / "train.txt"
    data.write_text("\n".join(texts) + "\n")
    for name, settings, packing in [
        ("plain", {}, None),
        ("plain, two words in a row", {"wordNgrams": 2, "bucket": 5000}, None),
        ("plain, no parts of words", {"minn": 0, "maxn": 0, "wordNgrams": 3}, None),
        ("plain, words alone", {"minn": 0, "maxn": 0}, None),
        ("quantised", {}, {"dsub": 2}),
        ("quantised, with lengths", {}, {"dsub": 2, "qnorm": True}),
        ("quantised, parts of three", {"dim": 10}, {"dsub": 3, "qnorm": True}),
        ("quantised, some rows kept", {"wordNgrams": 2}, {"dsub": 2, "qnorm": True, "cutoff": 2000}),
        ("quantised, labels, too", {"dim": 12}, {"dsub": 4, "qnorm": True, "cutoff": 1500, "qout": True}),
    ]:
        settings = {"dim": 8, "minn": 2, "maxn": 4, "bucket": 20000, "loss": "hs", "epoch": 30, "lr": 0.5, "thread": 1, "verbose": 0} | settings
        path = folder / "small.bin"
        trained(data, path, settings, packing)
        yield name, path


def main():
    texts = lines()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        failed = compare(folder, "lid.176.ftz", LID, texts)
        for kind, path in train(folder):
            failed += compare(folder, kind, path, texts)
    if failed:
        sys.exit(f"differs from fastText: {', '.join(failed)}")


if __name__ == "__main__":
    main()
