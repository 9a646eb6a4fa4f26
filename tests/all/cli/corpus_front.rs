//! `corpus run`: documents by their address and by their language, each judged by the rules of its own.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

use super::Place;

/// fastText's model of languages; scripts/setup.sh languages fetches it.
const LID: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/build/vocabularies/lid.176.ftz");

const ENGLISH: &str = "Nobody in the village remembered when the first lantern had been put up there.\n\
    It was said to be older than any garden, and seven people believed it.\n\
    Each year a few strangers came with the captain to look at what was left of it.\n\
    They asked questions that only the doctor could have answered.\n\
    Then they drank their tea, paid for the bread and went home before dark.\n\
    One of them, however, stayed behind and bought a small kettle.\n\
    She repaired whatever was broken and painted the number on the door.";
const GERMAN: &str = "Niemand im Dorf wusste noch, wann die erste Laterne dort aufgehängt worden war.";
const FRENCH: &str = "Personne au village ne se souvenait du jour où l'on avait accroché la première lanterne.";
const CHINESE: &str = "我们住的小镇在河的北岸，每年春天都有很多人来看花。镇上有一座石桥，是两百年前修的，桥上的石头已经被磨得很光滑。\n\
    桥的南边有一家茶馆，老板姓李，他在这里卖茶已经三十年了。早上六点，他就打开门，把桌子和椅子搬到外面。\n\
    下雨的时候，客人们坐在屋里，一边喝茶一边谈天气和收成。孩子们在门口看雨，等雨停了就跑到河边去。\n\
    去年秋天，河水涨得很高，桥也被淹了两天。大家一起把沙袋搬到岸边，没有人受伤，只是几家的地下室进了水。";

fn line(id: &str, url: Option<&str>, text: &str) -> String {
    json!({ "id": id, "url": url, "text": text }).to_string() + "\n"
}

fn read(place: &Place, name: &str) -> Vec<Value> {
    let mut text = String::new();
    MultiGzDecoder::new(std::fs::File::open(place.path(name)).unwrap()).read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn ids(documents: &[Value]) -> Vec<&str> {
    documents.iter().map(|document| document["id"].as_str().unwrap()).collect()
}

/// Pages in four languages from good places and bad ones, and block lists with errors in UT1's layout.
fn place() -> Place {
    let place = Place::new();
    let pages = [
        line("english", Some("http://x.org/page"), ENGLISH),
        line("blocked", Some("https://www.blocked.org/"), ENGLISH),
        line("listed", Some("https://y.org/page?a"), ENGLISH),
        line("soft", Some("https://y.org/rum/and/gin"), ENGLISH),
        line("nowhere", None, ENGLISH),
        line("german", Some("http://x.org/de"), GERMAN),
        line("french", Some("http://x.org/fr"), FRENCH),
        line("chinese", Some("http://x.org/zh"), CHINESE),
        line("numbers", Some("http://x.org/1"), "12345 67890"),
    ];
    place.write("pages.jsonl", pages.concat());
    place.write("lists/adult/domains", "blocked.org\nno host/\n\nother.org\n");
    place.write("lists/adult/usage", "black\n");
    place.write("lists/agressif/urls", b"y.org/page?a\n\xff\xff\n");
    place.write("lists/soft_banned_words.txt", "#words\nrum\ngin\n");
    place
}

fn stage<'a>(report: &'a Value, name: &str) -> &'a Value {
    report["stages"].as_array().unwrap().iter().find(|stage| stage["name"] == name).unwrap()
}

#[test]
fn addresses_and_languages_come_first() {
    let place = place();
    let arguments = "corpus run --input pages.jsonl --block-lists lists --languages en,de,zh --keep-removed";
    let outcome = place.run(&format!("{arguments} --language-model {LID} --out out --json"));
    let report: Value = serde_json::from_str(&outcome.ok()).unwrap();
    let names: Vec<&str> =
        report["stages"].as_array().unwrap().iter().map(|stage| stage["name"].as_str().unwrap()).collect();
    let want = ["url", "language", "gopher_repetition", "gopher_quality", "c4", "fineweb", "minhash", "pii"];
    assert_eq!(names, want);

    let addresses = stage(&report, "url");
    assert_eq!(addresses["reasons"], json!({ "domain": 1, "soft_blacklisted": 1, "url": 1 }));
    assert_eq!(addresses["unjudged"], json!({ "no url": 1 }));
    assert_eq!(addresses["by"], "block lists (domains: 2; addresses: 1; soft words: 2; lines left out: 2)");
    for part in ["domains, line 2: expected no white space", "urls, line 2: expected UTF-8"] {
        assert!(outcome.stderr().contains(part), "{part}: {}", outcome.stderr());
    }
    let languages = stage(&report, "language");
    assert_eq!(languages["reasons"], json!({ "language_score": 1, "other_language": 1 }));
    assert_eq!(languages["by"], "lid.176.ftz (fastText, SHA-256 8f3472cfe8738a7b…)");
    assert_eq!((&addresses["documents_out"], &languages["documents_in"]), (&json!(6), &json!(6)));
    // Of German there are no rules, of Chinese none of C4's.
    assert_eq!(stage(&report, "fineweb")["unjudged"], json!({ "no rules": 1 }));
    assert_eq!(stage(&report, "c4")["unjudged"], json!({ "no rules": 2 }));

    let kept = read(&place, "out/documents/00000.jsonl.gz");
    assert_eq!(ids(&kept), ["english", "german", "chinese"], "of two pages that are alike the first is left");
    assert_eq!(kept.iter().map(|page| page["language"].as_str().unwrap()).collect::<Vec<_>>(), ["en", "de", "zh"]);
    assert!(kept.iter().all(|page| page["language_score"].as_f64().unwrap() > 0.65));
    assert_eq!(kept[2]["text"], CHINESE);
    assert_eq!(ids(&read(&place, "out/removed/url/00000.jsonl.gz")), ["blocked", "listed", "soft"]);
    let other = read(&place, "out/removed/language/00000.jsonl.gz");
    assert_eq!(ids(&other), ["french", "numbers"]);
    assert_eq!((&other[0]["language"], &other[0]["reason"]), (&json!("fr"), &json!("other_language")));
    let shown = place.ok("corpus show out --stage url --reason domain");
    assert!(shown.contains("https://www.blocked.org/") && shown.contains("url: domain at 1"), "{shown}");

    // The lists, the model and the languages are part of what a run is called with.
    place.write("half/work/settings.json", "[]");
    place.refuses(&format!("{arguments} --out half"), 1, &["half", "call it as before"]);
}

#[test]
fn without_a_model_whatlang_is_named() {
    let place = place();
    let report = place.json("corpus run --input pages.jsonl --out out --only language --languages fr,zh --json");
    assert_eq!(report["stages"].as_array().unwrap().len(), 1);
    assert_eq!(stage(&report, "language")["by"], "whatlang");
    assert_eq!(ids(&read(&place, "out/documents/00000.jsonl.gz")), ["french", "chinese"]);
    let printed = place.ok("corpus stats out");
    assert!(printed.contains("by whatlang") && printed.contains("other_language"), "{printed}");

    // As datatrove does it, any language may stay and is judged by the English rules.
    let report = place.json("corpus run --input pages.jsonl --out any --json");
    assert_eq!(stage(&report, "language")["reasons"], json!({ "language_score": 1 }));
    assert_eq!(stage(&report, "fineweb")["unjudged"], Value::Null);
    assert_eq!(ids(&read(&place, "any/documents/00000.jsonl.gz")), ["english"]);
    assert!(place.json("corpus stats any --json")["stages"][0]["name"] == "language", "without lists there is no url");
    // The only language there is is that of a document of which it is not known.
    place.ok("corpus run --input pages.jsonl --out zh --only filters --languages zh");
    assert_eq!(ids(&read(&place, "zh/documents/00000.jsonl.gz")), ["chinese"]);
}

#[test]
fn thresholds_of_both_are_set_by_name() {
    let place = place();
    let run = |out: &str, arguments: &str| {
        let report = place.json(&format!("corpus run --input pages.jsonl --out {out} --json {arguments}"));
        report["stages"][0]["reasons"].clone()
    };
    let urls = "--only url --block-lists lists";
    assert_eq!(run("a", &format!("{urls} --set soft_blacklisted=3")), json!({ "domain": 1, "url": 1 }));
    assert_eq!(run("b", &format!("{urls} --set soft_blacklisted=off")), json!({ "domain": 1, "url": 1 }));
    let languages = format!("--only language --language-model {LID} --set language_score");
    assert_eq!(run("c", &format!("{languages}=1.5")), json!({ "language_score": 9 }));
    assert_eq!(run("d", &format!("{languages}=off")), json!({}));
}

#[test]
fn near_copies_are_found_in_chinese() {
    let place = Place::new();
    let copy = CHINESE.replacen("春天", "夏天", 1);
    let other = CHINESE.split('\n').rev().collect::<Vec<_>>()[..2].join("\n");
    place.write("pages.jsonl", line("a", None, CHINESE) + &line("b", None, &copy) + &line("c", None, &other));
    let stages = "--only language --only dedup --languages zh";
    let report = place.json(&format!("corpus run --input pages.jsonl --out whole {stages} --json"));
    assert_eq!(stage(&report, "minhash")["reasons"], json!({ "near_copy": 1 }));
    assert_eq!(ids(&read(&place, "whole/documents/00000.jsonl.gz")), ["a", "c"]);
    assert_eq!(stage(&report, "language")["tokens_out"], stage(&report, "minhash")["tokens_in"]);
    place.ok(&format!("corpus run --input pages.jsonl --out shard --shard 0/1 {stages}"));
    place.ok("corpus dedup --input shard --out joined");
    assert_eq!(read(&place, "joined/documents/00000.jsonl.gz"), read(&place, "whole/documents/00000.jsonl.gz"));
}

#[test]
fn what_is_no_model_and_no_list_is_refused() {
    let place = place();
    place.write("model.ftz", "PK\x03\x04 no model at all");
    place.write("empty/readme", "");
    let lid = std::fs::read(LID).unwrap();
    place.write("half.ftz", &lid[..lid.len() / 2]);
    for (arguments, code, parts) in [
        ("--language-model model.ftz", 1, ["model.ftz", "fastText's mark"]),
        ("--language-model half.ftz", 1, ["half.ftz", "no whole fastText model"]),
        ("--language-model missing.ftz", 1, ["missing.ftz", "check the path"]),
        ("--block-lists missing", 1, ["missing", "check the path"]),
        ("--block-lists empty", 1, ["empty", "banned_words.txt"]),
        ("--languages English", 2, ["--languages", "en,zh"]),
        ("--only url", 2, ["--only url", "--block-lists"]),
        ("--only filters --block-lists lists", 2, ["--block-lists", "--only url"]),
        ("--only filters --language-model model.ftz", 2, ["--language-model", "--only language"]),
        ("--set language_score=high", 2, ["language_score=high", "neither a number nor off"]),
        ("--block-lists lists --set soft_blacklisted=", 2, ["soft_blacklisted=", "neither a number nor off"]),
    ] {
        place.refuses(&format!("corpus run --input pages.jsonl --out new {arguments}"), code, &parts);
        assert!(!place.path("new/report.json").exists(), "{arguments}");
    }
}
