//! One reader for all text: the same kinds in the same way for `train`, `tokenizer train`, `eval` and `corpus run`.

use std::io::Write;
use std::process::Stdio;

use serde_json::{Value, json};

use super::{Outcome, Place, SMALL, text};

/// So many bytes of text and documents a command says it took.
fn taken(place: &Place, arguments: &str) -> (u64, u64, String) {
    let outcome = place.run(&format!("tokenizer train --input {arguments} --vocab-size 257 --out t.json"));
    let said = outcome.ok();
    let count = |end: &str| -> u64 {
        let before = said.split(end).next().unwrap_or_default();
        before.split_whitespace().last().unwrap().replace(',', "").parse().unwrap_or_else(|_| panic!("{end} in {said}"))
    };
    (count(" B in"), count(" document"), outcome.stderr())
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap()
}

#[test]
fn content_says_what_a_file_is_and_not_its_name() {
    let place = Place::new();
    let lines = "{\"text\": \"one of two\"}\n{\"text\": \"two\"}\n";
    for (name, bytes, documents) in [
        ("lines.json", lines.as_bytes().to_vec(), 2),
        ("lines.txt", lines.as_bytes().to_vec(), 2),
        ("array.jsonl", b"[{\"text\": \"one of two\"},\n {\"text\": \"two\"}]".to_vec(), 2),
        ("pretty.json", b"[\n  {\n    \"text\": \"one of two\"\n  },\n  {\"text\": \"two\"}\n]\n".to_vec(), 2),
        ("strings.json", b"[\"one of two\", \"two\"]".to_vec(), 2),
        ("packed", gzip(lines.as_bytes()), 2),
        ("poem.jsonl", b"one of twotwo".to_vec(), 1),
        ("one.bz2", include_bytes!("../../../src/corpus/readers/packing/one.bz2").to_vec(), 1),
        ("one.xz", include_bytes!("../../../src/corpus/readers/packing/one.xz").to_vec(), 1),
    ] {
        place.write(name, bytes);
        let bytes = if name.starts_with("one.") { 9 } else { 13 };
        let (found_bytes, found, said) = taken(&place, name);
        assert_eq!((found_bytes, found), (bytes, documents), "{name}: {said}");
    }
    assert_eq!(taken(&place, "lines.json --as text").1, 1);
    let mut child = place.command("tokenizer train --input - --vocab-size 257 --out t.json", &[]);
    let mut child = child.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(b"[{\"text\": \"one\"}, {\"text\": \"two\"}]").unwrap();
    let said = Outcome(child.wait_with_output().unwrap()).ok();
    assert!(said.contains("6 B in 2 documents"), "{said}");
}

#[test]
fn pages_and_archives_are_for_another_command() {
    let place = Place::with_text();
    place.write("page.txt", "<!-- a page -->\n<!DOCTYPE html><p>text");
    place.write("archive", "WARC/1.0\r\nWARC-Type: warcinfo\r\nContent-Length: 0\r\n\r\n\r\n\r\n");
    place.train("--steps 0 --out model").ok();
    for file in ["page.txt", "archive"] {
        let parts = [file, "corpus run --input"];
        place.refuses(&format!("train --data {file} {SMALL} --out new"), 1, &parts);
        place.refuses(&format!("eval --model model --data {file} --device cpu"), 1, &parts);
        place.refuses(&format!("tokenizer train --input {file} --vocab-size 300 --out t.json"), 1, &parts);
    }
    assert_eq!(taken(&place, "page.txt --as text").1, 1);
    place.refuses("tokenizer train --input text.txt --as html --vocab-size 300 --out t.json", 1, &["corpus run"]);
    place.refuses(
        "tokenizer train --input text.txt --as page --vocab-size 300 --out t.json",
        2,
        &["text, jsonl or html"],
    );
}

#[test]
fn lines_without_a_text_are_left_out_and_told() {
    let place = Place::new();
    let lines = [
        r#"{"text": "kept"}"#,
        r#"{"text": null}"#,
        r#"{"text": "kept", "score": NaN, "deep": [Infinity, -Infinity]}"#,
        r#"{"body": "not kept", "id": 1}"#,
        r#"{"text": "first", "text": "last"}"#,
        r#"{"text": "\ud800"}"#,
        r#"{"text": "cut"#,
        r#"{"text": 3}"#,
    ];
    place.write("lines.jsonl", lines.join("\n"));
    let (bytes, documents, said) = taken(&place, "lines.jsonl");
    assert_eq!((bytes, documents), (4 + 4 + 4 + 3, 4), "{said}");
    for part in [
        "4 of 8 lines left out: lines.jsonl, line 2: its `text` is null; lines.jsonl, line 4: it has no field `text`, but body, id; \
         lines.jsonl, line 7: ",
        "1 line with half of a surrogate pair",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    assert_eq!(taken(&place, "lines.jsonl --text-field body").1, 1);
    let parts = ["lines.jsonl, line 1", "no field `content`, but text", "all 8", "--text-field"];
    place.refuses("tokenizer train --input lines.jsonl --text-field content --vocab-size 300 --out t.json", 1, &parts);
    place.ok("corpus run --input lines.jsonl --only dedup --out dedup");
    let outcome = place.run("corpus run --input lines.jsonl --only language --out clean");
    outcome.ok();
    assert!(outcome.stderr().contains("4 of 8 lines left out: lines.jsonl, line 2"), "{}", outcome.stderr());
    place.refuses(
        "corpus run --input lines.jsonl --text-field content --only language --out none",
        1,
        &["line 1", "--text-field"],
    );
    let report: Value = serde_json::from_str(&place.read("clean/report.json")).unwrap();
    assert_eq!(report["skipped"], json!({ "line_damaged": 4 }));
}

#[test]
fn a_folder_lists_what_it_took_and_what_it_left() {
    let place = Place::new();
    place.write("texts/a.md", "# A");
    place.write("texts/b/c.json", "[{\"text\": \"c\"}]");
    place.write("texts/picture.txt", b"\x89PNG\r\n\x1a\n\0\0");
    place.write("texts/paper.txt", "%PDF-1.7");
    place.write("texts/page.txt", "<html>");
    place.write("texts/settings.json", "{\"indent\": 2}");
    place.write("texts/damaged.gz", b"\x1f\x8b\x08");
    #[cfg(unix)]
    for (target, link) in [("nowhere", "lost"), ("..", "b/up"), ("../outside", "linked")] {
        std::os::unix::fs::symlink(target, place.path("texts").join(link)).unwrap();
    }
    place.write("outside/d.txt", "d");
    let (_, documents, said) = taken(&place, "texts");
    let linked = if cfg!(unix) { 1 } else { 0 };
    assert_eq!(documents, 2 + linked, "{said}");
    for part in [
        "a.md",
        "c.json",
        "picture.txt (a picture (PNG))",
        "paper.txt (a PDF)",
        "page.txt (HTML: `corpus run` reads it)",
        "settings.json (",
        "damaged.gz (it does not unpack",
    ] {
        assert!(said.contains(part), "{part} in {said}");
    }
    if cfg!(unix) {
        assert!(said.contains("lost (a link that leads nowhere)"), "{said}");
        assert!(said.contains("linked/d.txt"), "{said}");
    }
    place.write("pictures/a.png", b"\x89PNG\r\n\x1a\n");
    place.refuses(
        "tokenizer train --input pictures --vocab-size 300 --out t.json",
        1,
        &["found none", "a.png (a picture"],
    );
    let outcome = place.run("corpus run --input texts --only language --out clean");
    outcome.ok();
    assert!(outcome.stderr().contains("paper.txt (a PDF)"), "{}", outcome.stderr());
}

#[test]
fn a_text_is_cut_into_documents_where_it_is_asked_for() {
    let place = Place::new();
    place.write("stories.txt", "one\n<|endoftext|>\ntwo\n<|endoftext|>\n");
    place.write("names.txt", "Emma\nOlivia\n\nAva\n");
    let (_, documents, said) = taken(&place, "stories.txt");
    assert_eq!(documents, 1);
    assert!(said.contains("stories.txt: 2 lines end with <|endoftext|>") && said.contains("--split-on"), "{said}");
    assert_eq!(taken(&place, "stories.txt --split-on <|endoftext|>").1, 2);
    assert_eq!(taken(&place, "names.txt --documents lines").1, 3);
    assert_eq!(taken(&place, "names.txt --split-on \\n\\n").1, 2);
    let both = "tokenizer train --input names.txt --documents lines --split-on x --vocab-size 300 --out t.json";
    place.refuses(both, 2, &["give one of the two"]);
    let report = place.json("corpus run --input names.txt --documents lines --only pii --json --out clean");
    assert_eq!(report["stages"][0]["documents_in"], 3, "{report}");
}

#[test]
fn other_encodings_are_decoded_and_that_is_said() {
    let place = Place::new();
    let line = "这条河很宽，从来没有人渡过。\n村里的老人说，它比任何一座桥都要古老。\n";
    place.write("gbk.txt", encoding_rs::GB18030.encode(line).0);
    let units: Vec<u8> = line.encode_utf16().flat_map(u16::to_le_bytes).collect();
    place.write("utf16.txt", &units);
    for (file, name) in [("gbk.txt", "read as GBK"), ("utf16.txt", "read as UTF-16LE")] {
        let (bytes, _, said) = taken(&place, file);
        assert_eq!(bytes as usize, line.len(), "{said}");
        assert!(said.contains(&format!("{file}: {name}")), "{said}");
    }
    let bytes = encoding_rs::GB18030.encode(line).0.len() as u64;
    assert_eq!(taken(&place, "gbk.txt --encoding bytes").0, bytes);
    assert_eq!(taken(&place, "utf16.txt --encoding bytes").0, units.len() as u64);
    assert_eq!(taken(&place, "gbk.txt --encoding gb18030").0 as usize, line.len());
    place.refuses("tokenizer train --input gbk.txt --encoding klingon --vocab-size 300 --out t.json", 2, &["klingon"]);
    let mut stray = "The old bird sang. ".repeat(80).into_bytes();
    stray[100] = 0xff;
    place.write("stray.txt", &stray);
    let said = place.run("tokenizer train --input stray.txt --vocab-size 257 --out t.json").stderr();
    assert!(said.contains("stray.txt: UTF-8 but for 1 of 1520 bytes, which are kept as they are"), "{said}");
}

/// A run that was begun by the first reader goes on with it: what its text was then, and the split of then.
#[test]
fn a_run_goes_on_reading_as_it_began() {
    let place = Place::new();
    let lines: String = (0..150).map(|n| format!("{{\"text\": \"{n} {}\"}}\n", text(40).replace('\n', " "))).collect();
    place.write("lines.json", &lines);
    place.ok(&format!("train --data lines.json {SMALL} --steps 2 --eval-every 1 --out new"));
    let trainer: Value = serde_json::from_str(&place.read("new/trainer.json")).unwrap();
    assert_eq!(trainer["corpus"]["documents"], 150);
    assert_eq!(trainer["corpus"]["source"]["reading"]["reader"], 2);
    assert_eq!(trainer["corpus"]["source"]["split"], "documents");
    place.ok("train --resume new --steps 3");
    place.refuses("train --resume new --text-field body", 2, &["--text-field cannot change"]);
    place.ok(&format!("train --data lines.json --as text {SMALL} --steps 2 --out old"));
    // What the first reader knew: the braces and all, as one text, split at its last tenth.
    let mut trainer: Value = serde_json::from_str(&place.read("old/trainer.json")).unwrap();
    assert_eq!(trainer["corpus"]["documents"], 1);
    trainer["corpus"].as_object_mut().unwrap().remove("source");
    place.write("old/trainer.json", trainer.to_string());
    place.ok("train --resume old --steps 4");
    let after: Value = serde_json::from_str(&place.read("old/trainer.json")).unwrap();
    assert_eq!((after["step"].clone(), after["corpus"]["source"].clone()), (json!(4), Value::Null));
}

#[test]
fn a_text_to_measure_with_is_given_or_drawn() {
    let place = Place::with_text();
    place.write("other.txt", text(900));
    place.ok(&format!("train --data text.txt --val-data other.txt {SMALL} --steps 2 --eval-every 1 --out run"));
    let measured = place.json("eval --model run --data other.txt --device cpu --json");
    let log = place.log("run");
    let (validation, loss) = (log[1]["validation_loss"].as_f64().unwrap(), measured["loss"].as_f64().unwrap());
    assert!((validation - loss).abs() < 1e-4, "{validation} {loss}");
    place.ok("train --resume run --steps 3");
    std::fs::rename(place.path("other.txt"), place.path("moved.txt")).unwrap();
    place.refuses("train --resume run --steps 4", 1, &["other.txt", "--val-data"]);
    place.ok("train --resume run --steps 4 --val-data moved.txt");
    place.write("moved.txt", "another text");
    place.refuses("train --resume run --steps 5 --val-data moved.txt", 1, &["give the same text"]);
    place.refuses(&format!("train --data text.txt --val-data - {SMALL}"), 2, &["standard input"]);
}

/// nanochat's rule: what the token between documents costs is no text's.
#[test]
fn bits_per_byte_are_those_of_the_text_alone() {
    let place = Place::with_text();
    place.train("--steps 3 --out model").ok();
    let short: String = (0..400).map(|n| format!("{{\"text\": \"the {n}th bird\"}}\n")).collect();
    place.write("short.jsonl", &short);
    let found = place.json("eval --model model --data short.jsonl --device cpu --json");
    let bytes: usize = (0..400).map(|n| format!("the {n}th bird").len()).sum();
    let all = found["loss"].as_f64().unwrap() * found["tokens"].as_f64().unwrap();
    let bits = found["bits_per_byte"].as_f64().unwrap();
    // All tokens cost about as much here, and of some twelve one is the token between.
    let with_all = all / std::f64::consts::LN_2 / bytes as f64;
    assert!(bits < with_all * 0.96 && bits > with_all * 0.8, "{bits} {with_all}");
}
