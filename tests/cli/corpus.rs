//! `corpus run`: what it writes, what it counts, what it says of bad input.

use std::io::{Read, Write};
use std::path::Path;

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use serde_json::{Value, json};

use crate::{Place, SMALL};

/// A page that passes all filters.
fn page(seed: usize) -> String {
    let words =
        "winter village garden harbour captain morning window station orchard lantern blanket kettle".split(' ');
    let words: Vec<&str> = words.collect();
    let word = |n: usize| words[(seed + n * 5) % words.len()];
    [
        format!("Nobody in the {} remembered when the first {} had been put up there.", word(0), word(1)),
        format!("It was said to be older than any {}, and {} people believed it.", word(2), seed + 3),
        format!("Each year a few strangers came with the {} to look at what was left of it.", word(3)),
        format!("They asked questions that only the {} could have answered.", word(4)),
        "Then they drank their tea, paid for the bread and went home before dark.".to_owned(),
        format!("One of them, however, stayed behind and bought a small {}.", word(5)),
        format!("She repaired whatever was broken and painted number {seed} on the door.",),
    ]
    .join("\n")
}

fn line(id: &str, text: &str) -> String {
    json!({ "id": id, "text": text, "url": format!("http://x.org/{id}"), "language_score": 0.5 }).to_string() + "\n"
}

fn read(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["id"].as_str().unwrap()).collect()
}

#[test]
fn a_run_writes_what_is_left_what_is_not_and_why() {
    let place = Place::new();
    let good: Vec<String> = (0..600).map(|n| line(&format!("good {n}"), &page(n))).collect();
    let brackets = line("code", &(page(700) + "\nif this { then that }"));
    let lines = good.concat() + "not JSON\n\n" + &line("short", page(650).split_at(160).0) + &brackets;
    place.write("pages/a.jsonl", lines);
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(line("last", &page(800)).as_bytes()).unwrap();
    place.write("pages/b.JSONL.GZ", packed.finish().unwrap());
    place.write("pages/notes.txt", "no page");

    let report = place.json("corpus run --input pages --out out --only filters --keep-removed --json");
    assert_eq!(report, serde_json::from_str::<Value>(&place.read("out/report.json")).unwrap());
    assert_eq!(report["skipped"], json!({ "line_damaged": 1 }));
    let stages = report["stages"].as_array().unwrap();
    let names: Vec<&str> = stages.iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["gopher_repetition", "gopher_quality", "c4", "fineweb"]);
    assert_eq!(stages[0]["documents_in"], 603);
    assert_eq!(stages[3]["documents_out"], 601);
    assert_eq!(stages[1]["reasons"], json!({ "gopher_short_doc": 1 }));
    assert_eq!(stages[2]["reasons"], json!({ "curly_bracket": 1 }));

    let kept = read(&place.path("out/documents/00000.jsonl.gz"));
    assert_eq!(ids(&kept), (0..600).map(|n| format!("good {n}")).collect::<Vec<_>>(), "the order is that of the input");
    let first = json!({ "id": "good 0", "url": "http://x.org/good 0", "date": null, "language": null, "language_score": 0.5, "text": page(0) });
    assert_eq!(kept[0], first);
    assert_eq!(ids(&read(&place.path("out/documents/00001.jsonl.gz"))), ["last"]);
    let code = &read(&place.path("out/removed/c4/00000.jsonl.gz"))[0];
    assert_eq!((&code["stage"], &code["reason"], &code["value"]), (&json!("c4"), &json!("curly_bracket"), &json!(1.0)));
    let text: Vec<char> = code["text"].as_str().unwrap().chars().collect();
    assert_eq!(text[code["span"][0].as_u64().unwrap() as usize], '{');
    assert_eq!(ids(&read(&place.path("out/removed/gopher_quality/00000.jsonl.gz"))), ["short"]);
    assert!(!place.path("out/removed/fineweb").exists());

    // The corpus is what the next commands read; rules are set by name; the same input gives the same bytes.
    place.ok("tokenizer train --input out --vocab-size 300 --out tokenizer.json");
    place.ok(&format!("train --data out {SMALL} --steps 1 --out model"));
    let printed = place.ok("corpus run --input pages --out loose --set curly_bracket=off --set gopher_short_doc=3");
    assert!(printed.contains("603 documents in"), "{printed}");
    assert_eq!(read(&place.path("loose/documents/00000.jsonl.gz")).len(), 601);
    assert!(!place.path("loose/removed").exists());
    let mut command = place.command("corpus run --input pages --out again --keep-removed", &[]);
    assert!(command.env("RAYON_NUM_THREADS", "1").status().unwrap().success());
    for file in ["documents/00000.jsonl.gz", "removed/c4/00000.jsonl.gz", "report.json"] {
        let [one, other] =
            ["out", "again"].map(|folder| std::fs::read(place.path(&format!("{folder}/{file}"))).unwrap());
        assert!(one == other, "{file} differs with the number of threads");
    }
}

#[test]
fn what_is_no_corpus_is_refused() {
    let place = Place::new();
    place.write("empty.jsonl", "");
    place.write("damaged.jsonl.gz", [0x1f, 0x8b, 8, 0, 0]);
    place.write("texts/a.txt", "text");
    place.write("taken/report.json", "{}");
    for (arguments, code, parts) in [
        ("--input missing --out new", 1, ["missing", "check the path"]),
        ("--input texts --out new", 1, ["texts", ".jsonl"]),
        ("--input damaged.jsonl.gz --out new", 1, ["damaged.jsonl.gz", "does not unpack"]),
        ("--input empty.jsonl --out taken", 1, ["taken", "give another --out"]),
        ("--input empty.jsonl --out new --set policy=maybe", 2, ["policy=maybe", "neither a number nor off"]),
        ("--input empty.jsonl --out new --set x=1", 2, ["no rule 'x'", "list_ratio"]),
    ] {
        place.refuses(&format!("corpus run {arguments}"), code, &parts);
        assert!(!place.path("new/report.json").exists(), "{arguments}");
    }
    place.ok("corpus run --input empty.jsonl --out none");
    assert!(read(&place.path("none/documents/00000.jsonl.gz")).is_empty());
    place.refuses("train --data none --out model", 1, &["none", "found none"]);
}

#[test]
fn each_filter_explains_itself() {
    let place = Place::new();
    place.write("pages.jsonl", line("a", &page(1)) + &line("b", "Too little { to read."));
    let lines = place.lines("corpus explain --input pages.jsonl --words");
    assert_eq!(lines[0]["c4"], Value::Null);
    assert_eq!(lines[1]["gopher_quality"], json!({ "reason": "gopher_short_doc", "value": 4.0 }));
    assert_eq!(lines[1]["c4"]["reason"], "curly_bracket");
    assert_eq!(lines[1]["words"], json!(["Too", "little", "{", "to", "read", "."]));
    assert_eq!(lines[1]["sentences"], 1);
    assert_eq!(
        place.lines("corpus explain --input pages.jsonl --set curly_bracket=off")[1]["c4"]["reason"],
        "too_few_sentences"
    );
}
