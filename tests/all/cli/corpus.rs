//! `corpus run`: what it writes, what it counts, what it says of bad input.

use std::io::{Read, Write};
use std::path::Path;

use flate2::{Compression, read::MultiGzDecoder, write::GzEncoder};
use serde_json::{Value, json};

use super::{Place, SMALL, text};

/// A page that passes all filters.
pub fn page(seed: usize) -> String {
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

pub fn line(id: &str, text: &str) -> String {
    json!({ "id": id, "text": text, "url": format!("http://x.org/{id}"), "language_score": 0.5 }).to_string() + "\n"
}

pub fn read(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(path).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

pub fn ids(documents: &[Value]) -> Vec<&str> {
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
    place.write("pages/notes.txt", "%PDF-1.4 no page");

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
    let printed = place
        .ok("corpus run --input pages --out loose --only filters --set curly_bracket=off --set gopher_short_doc=3");
    let first = printed.lines().find(|line| line.starts_with("gopher_repetition")).unwrap_or(&printed);
    assert_eq!(first.split_whitespace().nth(1), Some("603"), "{printed}");
    assert_eq!(read(&place.path("loose/documents/00000.jsonl.gz")).len(), 601);
    assert!(!place.path("loose/removed").exists());
    let mut command = place.command("corpus run --input pages --out again --only filters --keep-removed", &[]);
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
    place.write("texts/a.txt", "%PDF-1.4");
    place.write("taken/report.json", "{}");
    place.write("foreign/documents/00000.jsonl.gz", "");
    place.write("otherwise/work/settings.json", "[]");
    place.write("a.warc.zst", [0x28, 0xb5, 0x2f, 0xfd, 0, 0]);
    place.write("parent/otherwise/work/settings.json", "[]");
    for (arguments, code, parts) in [
        ("--input missing --out new", 1, ["missing", "check the path"]),
        ("--input texts --out new", 1, ["texts", "a.txt (a PDF)"]),
        ("--input empty.jsonl --out taken", 1, ["taken", "give another --out"]),
        ("--input empty.jsonl --out foreign", 1, ["foreign", "give another --out"]),
        ("--input empty.jsonl --out otherwise", 1, ["otherwise", "call it as before"]),
        ("--input empty.jsonl --out new --set policy=maybe", 2, ["policy=maybe", "neither a number nor off"]),
        ("--input empty.jsonl --out new --set x=1", 2, ["no rule 'x'", "list_ratio"]),
        ("--input empty.jsonl --out new --languages xx", 2, ["whatlang tells no language 'xx'", "such as en"]),
        ("--input empty.jsonl --out new --only dedup --shard 0/2", 2, ["--shard", "corpus dedup"]),
        ("--input otherwise --out new", 1, ["otherwise", "not finished"]),
        ("--input a.warc.zst --out new", 1, ["a.warc.zst", "does not unpack"]),
        ("--input parent --out new", 1, ["otherwise", "not finished"]),
    ] {
        place.refuses(&format!("corpus run {arguments}"), code, &parts);
        assert!(!place.path("new/report.json").exists(), "{arguments}");
    }
    place.ok("corpus run --input empty.jsonl --out none");
    assert!(read(&place.path("none/documents/00000.jsonl.gz")).is_empty());
    place.refuses("train --data none --out model", 1, &["none", "found none"]);
    for command in [
        "tokenizer train --input otherwise --vocab-size 300 --out t.json",
        "train --data otherwise --out m",
        "corpus stats otherwise",
    ] {
        place.refuses(command, 1, &["otherwise", "not finished"]);
    }
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

#[test]
fn zstandard_goes_in_and_out() {
    let place = Place::new();
    place.write("pages.jsonl", (0..300).map(|n| line(&n.to_string(), &page(n))).collect::<String>());
    place.ok("corpus run --input pages.jsonl --out packed --only filters --format jsonl.zst");
    let report = place.json("corpus run --input packed/documents --out again --only filters --json");
    assert_eq!(report["stages"][3]["documents_out"], 300, "all frames are read");
    assert_eq!(read(&place.path("again/documents/00000.jsonl.gz"))[299]["text"], page(299));
}

#[test]
fn damage_costs_what_stands_behind_it() {
    let place = Place::new();
    let lines: String = (0..2000).map(|n| line(&n.to_string(), &page(n))).collect();
    for format in ["jsonl.gz", "jsonl.zst"] {
        place.write("pages.jsonl", &lines);
        place.ok(&format!("corpus run --input pages.jsonl --out {format} --only filters --format {format}"));
        let mut packed = std::fs::read(place.path(&format!("{format}/documents/00000.{format}"))).unwrap();
        packed.truncate(packed.len() / 2);
        place.write(&format!("{format}/documents/00000.{format}"), packed);
        place.write(&format!("{format}/documents/00001.jsonl"), line("last", &page(9)));
        place.write(&format!("{format}/documents/00002.{format}"), [0x28, 0xb5, 0x2f, 0xfd, 0xff, 0xff]);
        let outcome =
            place.run(&format!("corpus run --input {format}/documents --out half-{format} --only filters --json"));
        let report: Value = serde_json::from_str(&outcome.ok()).unwrap();
        let kept = report["stages"][3]["documents_out"].as_u64().unwrap();
        assert!((500..2000).contains(&kept), "{kept}");
        assert_eq!(report["skipped"]["file_damaged"], 2, "{report}");
        assert!(outcome.stderr().contains("what stands before the damage is taken"), "{}", outcome.stderr());
    }
}

#[test]
fn a_corpus_shows_its_funnel_and_what_it_dropped() {
    let place = Place::new();
    let brackets = |n: usize| line(&format!("code {n}"), &(page(n) + "\nIt was written: {\u{1b}[2J} and no more."));
    let lines: String = (0..30).map(brackets).collect();
    place.write("pages.jsonl", lines + &line("short", page(650).split_at(160).0));
    let report = place.json("corpus run --input pages.jsonl --out out --only filters --keep-removed --json");
    assert_eq!(place.json("corpus stats out --json"), report);
    let printed = place.ok("corpus stats out");
    for part in ["gopher_quality", "1  gopher_short_doc", "30  curly_bracket"] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let shown = place.ok("corpus show out --stage c4 --sample 5");
    assert_eq!(shown.matches("c4: curly_bracket at 1").count(), 5, "{shown}");
    assert!(shown.contains("It was written: ⟦{⟧\u{fffd}[2J}") && shown.contains("http://x.org/code"), "{shown}");
    assert_eq!(shown, place.ok("corpus show out --stage c4 --sample 5"), "the same ones each time");
    assert_eq!(place.ok("corpus show out").matches("── ").count(), 10);
    let short = place.ok("corpus show out --reason gopher_short_doc");
    assert!(short.contains("── short") && short.matches("── ").count() == 1, "{short}");
    let none = place.ok("corpus show out --reason list_ratio");
    assert!(none.contains("nothing") && none.contains("gopher_short_doc, curly_bracket"), "{none}");

    place.refuses("corpus show out --stage url", 2, &["no stage 'url'", "fineweb"]);
    place.ok("corpus run --input pages.jsonl --out bare");
    place.refuses("corpus show bare", 1, &["bare", "--keep-removed"]);
    place.refuses("corpus stats .", 1, &["report.json", "check the path"]);
    place.write("report.json", "[]");
    place.refuses("corpus stats .", 1, &["report.json", "expected the report"]);
}

/// Pages that pass the filters, every third of them a copy of one before with a word changed.
pub fn pages(count: usize) -> Vec<String> {
    let fresh = |n: usize| -> String {
        let words: Vec<String> =
            text(4000).split_whitespace().skip(n * 31 % 3000).take(160).map(String::from).collect();
        let lines = words
            .chunks(16)
            .enumerate()
            .map(|(at, line)| format!("Of {} and {n} that {at} {}.", line[0], line.join(" ")));
        lines.collect::<Vec<_>>().join("\n")
    };
    let copy = |n: usize| fresh(n / 3 * 3).replacen("river", "lake", 1);
    (0..count).map(|n| line(&n.to_string(), &if n % 3 == 2 { copy(n) } else { fresh(n) })).collect()
}

#[test]
fn of_near_copies_the_first_is_kept_and_shards_agree() {
    let place = Place::new();
    let pages = pages(60);
    for (n, part) in pages.chunks(15).enumerate() {
        place.write(&format!("pages/{n}.jsonl"), part.concat());
    }
    // What the shards take out is in what is joined, too.
    let code = |n: usize| line(&format!("code {n}"), &(page(n) + "\nif this { then that }"));
    place.write("pages/1.jsonl", place.read("pages/1.jsonl") + &code(700) + &code(701));
    let off = "--set top_2_gram=off --set top_3_gram=off --set top_4_gram=off --set duplicated_5_n_grams=off \
               --only filters --only dedup --only pii";
    let report = place.json(&format!("corpus run --input pages --out whole {off} --keep-removed --json"));
    let stages = report["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 6);
    assert_eq!((&stages[5]["name"], &stages[5]["documents_out"]), (&json!("pii"), &json!(40)));
    assert_eq!(stages[4]["name"], "minhash");
    assert_eq!((&stages[4]["documents_in"], &stages[4]["documents_out"]), (&json!(60), &json!(40)), "{report}");
    assert_eq!(stages[4]["reasons"], json!({ "near_copy": 20 }));
    assert_eq!(stages[3]["tokens_out"], stages[4]["tokens_in"]);
    let mut kept = Vec::new();
    for n in 0..4 {
        kept.extend(read(&place.path(&format!("whole/documents/0000{n}.jsonl.gz"))));
    }
    assert_eq!(ids(&kept), (0..60).filter(|n| n % 3 < 2).map(|n| n.to_string()).collect::<Vec<_>>());
    let copy = &read(&place.path("whole/removed/minhash/00000.jsonl.gz"))[0];
    assert_eq!((&copy["id"], &copy["reason"], &copy["value"]), (&json!("2"), &json!("near_copy"), &json!(1.0)));
    assert!(!place.path("whole/work").exists());

    for shard in 0..3 {
        place.ok(&format!("corpus run --input pages --out shard{shard} --shard {shard}/3 {off} --keep-removed"));
    }
    assert!(
        place.path("shard1/documents/00001.jsonl.gz").exists()
            && !place.path("shard1/documents/00000.jsonl.gz").exists()
    );
    place.ok("corpus dedup --input shard2 shard0 shard1 --out joined --keep-removed");
    let names = (0..4)
        .map(|n| format!("documents/0000{n}.jsonl.gz"))
        .chain((0..4).map(|n| format!("removed/minhash/0000{n}.jsonl.gz")))
        .chain(["removed/c4/00001.jsonl.gz".into()]);
    for name in names {
        let [one, other] =
            ["whole", "joined"].map(|folder| std::fs::read(place.path(&format!("{folder}/{name}"))).unwrap());
        assert!(one == other, "{name} is not that of one run");
    }
    assert_eq!(place.read("whole/report.json"), place.read("joined/report.json"));

    assert_eq!(place.ok("corpus show joined --stage c4").matches("curly_bracket at 1").count(), 2);
    assert!(!place.path("joined/removed/c4/00000.jsonl.gz").exists());

    place.refuses("corpus dedup --input shard0 shard1 ./shard0 --out again", 2, &["./shard0", "twice"]);
    let some = place.run("corpus dedup --input shard0 shard2 --out some");
    some.ok();
    assert!(some.stderr().contains("shard 1/3"), "{}", some.stderr());
    place.refuses("corpus dedup --input whole --out again", 1, &["whole", "no copies any more", "--shard"]);
    place.refuses("corpus dedup --input pages --out again", 1, &["report.json", "check the path"]);
    place.refuses("corpus dedup --input shard0 --out joined", 1, &["joined", "give another --out"]);
    place.refuses("corpus run --input pages --out new --shard 3/3", 2, &["3/3", "I/N"]);
    let only = place.json("corpus run --input pages --out copies --only dedup --json");
    assert_eq!(only["stages"].as_array().unwrap().len(), 1);
    assert_eq!(only["stages"][0]["documents_out"], 42, "nothing else is taken out");
}

/// What is asked of the shards about what follows holds over all of them, and a shard may have got no file.
#[test]
fn shards_hand_on_what_was_asked_for() {
    let place = Place::new();
    for (n, part) in pages(6).chunks(3).enumerate() {
        place.write(&format!("pages/{n}.jsonl"), part.concat().replace("river", "(202) 555-0147"));
    }
    let asked = "--only dedup --only pii --only filters --phones --format jsonl.zst --set gopher_below_alpha_threshold=off \
                 --set top_2_gram=off --set top_3_gram=off --set top_4_gram=off --set duplicated_5_n_grams=off";
    place.ok(&format!("corpus run --input pages --out whole {asked}"));
    for shard in 0..3 {
        place.ok(&format!("corpus run --input pages --out shard{shard} --shard {shard}/3 {asked}"));
    }
    assert_eq!(std::fs::read_dir(place.path("shard2/documents")).unwrap().count(), 0);
    place.ok("corpus dedup --input shard0 shard1 shard2 --out joined");
    for file in ["documents/00000.jsonl.zst", "documents/00001.jsonl.zst"] {
        let [one, other] =
            ["whole", "joined"].map(|folder| std::fs::read(place.path(&format!("{folder}/{file}"))).unwrap());
        assert!(one == other, "{file} is not that of one run");
    }
    assert_eq!(place.read("whole/report.json"), place.read("joined/report.json"));
    let masked = place.json("corpus stats joined --json");
    assert!(masked["stages"][5]["replaced"]["phone"].as_u64().unwrap() > 0, "{masked}");
    // None of the shards need have a file.
    place.ok("corpus dedup --input shard2 --out nothing");
    assert_eq!(std::fs::read_dir(place.path("nothing/documents")).unwrap().count(), 0);
}

/// A corpus, and a folder with corpora in it, is read without what it removed; files without ids are told apart.
#[test]
fn a_corpus_goes_in_again() {
    let place = Place::new();
    let code = line("code", &(page(1) + "\nif this { then that }"));
    place.write("pages/a/x.jsonl", json!({ "text": page(2) }).to_string() + "\n" + &code);
    place.write("pages/b/x.jsonl", json!({ "text": page(3) }).to_string());
    place.ok("corpus run --input pages --out all/one --only filters --keep-removed");
    let kept = |folder: &str| -> Vec<String> {
        let documents = read(&place.path(&format!("{folder}/documents/00000.jsonl.gz")));
        let more = read(&place.path(&format!("{folder}/documents/00001.jsonl.gz")));
        ids(&[documents, more].concat()).into_iter().map(String::from).collect()
    };
    assert_eq!(kept("all/one"), ["a/x.jsonl/1", "b/x.jsonl/1"]);
    for input in ["all/one", "all"] {
        let out = input.replace('/', "-") + "-again";
        place.ok(&format!("corpus run --input {input} --out {out} --only pii"));
        assert_eq!(kept(&out), kept("all/one"));
    }
}

/// What is of no use is said with its place and what was expected.
#[test]
fn damaged_lines_are_named() {
    let place = Place::new();
    place.write("pages.jsonl", line("a", &page(1)) + "{\"content\": 1}\n\n" + &"x\n".repeat(20));
    let outcome = place.run("corpus run --input pages.jsonl --out out");
    outcome.ok();
    for part in [
        "pages.jsonl: line 2: it has no field `text`, but content",
        "line 4: no JSON",
        "what else is damaged is counted",
    ] {
        assert!(outcome.stderr().contains(part), "{part}: {}", outcome.stderr());
    }
    assert_eq!(outcome.stderr().matches("it is left out").count(), 10);
    assert!(outcome.stderr().contains("21 of 22 lines left out: pages.jsonl, line 2"), "{}", outcome.stderr());
}

#[test]
fn personal_data_goes_last() {
    let place = Place::new();
    let pages = pages(6).concat().replace("river", "a.b@mail.org of 8.8.8.8 (202) 555-0147");
    place.write("pages.jsonl", pages);
    let texts = |folder: &str| -> Vec<String> {
        let documents = read(&place.path(&format!("{folder}/documents/00000.jsonl.gz")));
        documents.iter().map(|document| document["text"].as_str().unwrap().to_owned()).collect()
    };
    let report = place.json("corpus run --input pages.jsonl --out masked --only pii --json");
    let stages = report["stages"].as_array().unwrap();
    assert_eq!(stages.len(), 1, "{report}");
    assert_eq!((&stages[0]["name"], &stages[0]["documents_out"]), (&json!("pii"), &json!(6)));
    assert_eq!(stages[0]["replaced"]["email"], stages[0]["replaced"]["ip_address"]);
    assert!(stages[0]["replaced"]["email"].as_u64().unwrap() > 20 && stages[0]["replaced"]["phone"].is_null());
    for text in texts("masked") {
        assert!(!text.contains("mail.org") && !text.contains("8.8.8.8") && text.contains("(202) 555-0147"));
        let first = text.find("email@example.com").unwrap();
        assert!(first < text.find("firstname.lastname@example.org").unwrap(), "each document begins with the first");
    }
    place.ok("corpus run --input pages.jsonl --out phones --only pii --phones");
    assert!(texts("phones").iter().all(|text| text.contains("202-555-0100") && !text.contains("0147")));
    place.ok("corpus run --input pages.jsonl --out both --only dedup --only pii");
    assert_eq!(
        texts("both"),
        texts("masked").into_iter().enumerate().filter(|(n, _)| n % 3 < 2).map(|(_, text)| text).collect::<Vec<_>>()
    );
    place.ok("corpus run --input pages.jsonl --out neither --only dedup");
    assert!(texts("neither")[0].contains("mail.org"));
    let shown = place.ok("corpus stats masked");
    assert!(shown.contains("email (replaced)"), "{shown}");
}

#[test]
fn texts_of_web_archives_go_in() {
    let place = Place::new();
    let record = |kind: &str, n: usize, text: &str| {
        format!(
            "WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: http://x.org/{n}\r\nWARC-Date: 2024-05-21T00:00:00Z\r\n\
             WARC-Record-ID: <urn:uuid:{n}>\r\nContent-Type: text/plain\r\nContent-Length: {}\r\n\r\n{text}\r\n\r\n",
            text.len()
        )
    };
    let mut packed = Vec::new();
    for record in [
        record("warcinfo", 0, "x"),
        record("conversion", 1, &page(1)),
        record("response", 2, "<p>"),
        record("conversion", 3, &page(3)),
    ] {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(record.as_bytes()).unwrap();
        packed.extend(encoder.finish().unwrap());
    }
    packed.truncate(packed.len() - 9);
    place.write("crawl/part.warc.wet.gz", packed);
    place.write("crawl/plain.wet", record("conversion", 4, &page(4)) + "no record\r\n");
    let outcome = place.run("corpus run --input crawl --out out --only filters --json");
    let report: Value = serde_json::from_str(&outcome.ok()).unwrap();
    assert_eq!(report["skipped"], json!({ "not_html": 1, "record_damaged": 1, "record_misframed": 1 }));
    assert!(outcome.stderr().contains("part.warc.wet.gz: record_damaged at byte"), "{}", outcome.stderr());
    let documents = [0, 1].map(|n| read(&place.path(&format!("out/documents/0000{n}.jsonl.gz")))).concat();
    assert_eq!(ids(&documents), ["<urn:uuid:1>", "<urn:uuid:3>", "<urn:uuid:4>"]);
    assert_eq!(
        (&documents[0]["url"], &documents[0]["date"]),
        (&json!("http://x.org/1"), &json!("2024-05-21T00:00:00Z"))
    );
    assert_eq!(documents[1]["text"], page(3), "the end of the member is missing, not that of the text");
    assert_eq!(place.lines("corpus records crawl/plain.wet").len(), 2);
    // One whose beginning is damaged is known by its name.
    let whole = [record("conversion", 5, &page(5)), record("conversion", 6, &page(6))].concat();
    place.write("damaged/a.warc", whole.replacen("WARC", "????", 1));
    let report = place.json("corpus run --input damaged --out after --only filters --json");
    assert_eq!(report["skipped"], json!({ "record_misframed": 1 }));
    assert_eq!(ids(&read(&place.path("after/documents/00000.jsonl.gz"))), ["<urn:uuid:6>"]);
}
