//! The funnel in memory, which the page shows, against `corpus run`: the same counts, the same documents taken out and left,
//! whatever the thresholds, and whatever they were before.

use std::collections::BTreeMap;
use std::path::Path;

use glasshouse::corpus::cleaning::{Cleaning, STAGES};
use glasshouse::corpus::{Document, incoming};
use serde_json::{Value, json};

use crate::Place;
use crate::corpus::read;

/// Settings in turn: those before stand, as where somebody moves one slider after the other.
const SETTINGS: [&str; 13] = [
    "gopher_short_doc=20",
    "top_2_gram=0.05",
    "curly_bracket=1",
    "lorem_ipsum=off",
    "too_few_sentences=2",
    "javascript=off",
    "too_few_words=6",
    "no_terminal_punc=0",
    "short_line_length=60",
    "char_dup_ratio=off",
    "duplicated_5_n_grams=0.02",
    "no_terminal_punc=off",
    "gopher_enough_stop_words=off",
];

/// The stages that the funnel in memory has.
const ONLY: &str = "corpus run --only filters --only dedup --only pii";

fn root(file: &str) -> String {
    format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))
}

fn cleaning(file: &str) -> Cleaning {
    let mut skipped = BTreeMap::new();
    let name = Path::new(file).file_name().unwrap().to_str().unwrap();
    let documents = incoming(name, &std::fs::read(file).unwrap(), &mut skipped).unwrap();
    Cleaning::new(documents, skipped)
}

/// What the command line makes of a file by these rules, against the funnel.
fn agrees(place: &Place, file: &str, set: &[&str], cleaning: &mut Cleaning) {
    let out = format!("out{}", set.len());
    let set: String = set.iter().map(|rule| format!(" --set {rule}")).collect();
    let want = place.json(&format!("{ONLY} --input {file} --out {out} --keep-removed --json{set}"));
    // In small slices: what one leaves undone the next does.
    let mut slices = 0;
    while !cleaning.work(|| {
        slices += 1;
        slices % 100 == 0
    }) {}
    assert_eq!(serde_json::to_value(cleaning.report()).unwrap(), want, "{set}");
    let kept: Vec<Value> = cleaning.survivors().map(|document| serde_json::to_value(document).unwrap()).collect();
    assert_eq!(kept, read(&place.path(&format!("{out}/documents/00000.jsonl.gz"))), "{set}");
    for stage in STAGES {
        let path = place.path(&format!("{out}/removed/{stage}/00000.jsonl.gz"));
        let want = if path.exists() { read(&path) } else { Vec::new() };
        let found: Vec<(usize, Value)> = cleaning
            .dropped(stage)
            .map(|it| (it.document, json!([it.fall.stage, it.fall.reason, it.fall.value])))
            .collect();
        let wanted: Vec<Value> = want.iter().map(|it| json!([it["stage"], it["reason"], it["value"]])).collect();
        assert_eq!(found.iter().map(|(_, it)| it.clone()).collect::<Vec<_>>(), wanted, "{set} {stage}");
        for ((document, _), want) in found.into_iter().zip(want) {
            let excerpt = cleaning.excerpt(document, 1 << 30).unwrap();
            let place = [0, 1].map(|end| want["span"][end].as_u64().unwrap() as usize);
            assert_eq!(json!(excerpt.before.clone() + &excerpt.inside + &excerpt.after), want["text"], "{set} {stage}");
            let start = excerpt.before.chars().count();
            assert_eq!([start, start + excerpt.inside.chars().count()], place, "{set} {stage} {}", want["reason"]);
        }
    }
}

#[test]
fn the_funnel_in_memory_is_that_of_the_command_line() {
    let place = Place::new();
    for file in [root("corpora/pages.jsonl"), root("tests/golden/corpus/hostile.jsonl.gz")] {
        let place = if file.ends_with("gz") { &place } else { &Place::new() };
        let mut cleaning = cleaning(&file);
        agrees(place, &file, &[], &mut cleaning);
        for count in 1..=SETTINGS.len() {
            cleaning.set(SETTINGS[count - 1]).unwrap();
            agrees(place, &file, &SETTINGS[..count], &mut cleaning);
        }
    }
}

#[test]
fn a_document_is_kept_after_all_and_no_longer() {
    let mut cleaning = cleaning(&root("corpora/pages.jsonl"));
    cleaning.work(|| false);
    let before = cleaning.report();
    assert!(cleaning.set("no_such_rule=1").is_err());
    for stage in STAGES.into_iter().filter(|stage| *stage != "pii") {
        let fallen: Vec<usize> = cleaning.dropped(stage).map(|dropped| dropped.document).collect();
        let &document = fallen.first().unwrap_or_else(|| panic!("the sample has a document that {stage} takes out"));
        cleaning.keep(document, true);
        cleaning.work(|| false);
        let (report, dropped) = (cleaning.report(), cleaning.dropped(stage).next().unwrap());
        assert!(dropped.kept && dropped.document == document, "it stands in the list still");
        assert_eq!(cleaning.kept(), 1);
        // One is left more, if it is not the one that others are copies of.
        let left = |report: &glasshouse::corpus::Report| report.stages.last().unwrap().documents_out;
        assert_eq!(left(&report), left(&before) + 1, "{stage}");
        assert_eq!(cleaning.survivors().count() as u64, left(&report));
        let known: Document = cleaning.document(document).unwrap().clone();
        assert!(cleaning.survivors().any(|survivor| survivor.id == known.id));
        cleaning.keep(document, false);
        cleaning.work(|| false);
        assert_eq!(cleaning.report(), before);
    }
}

/// Where each bad page of the sample falls: it is called after what is wrong with it.
const FALLS: [(&str, &str, &str); 22] = [
    ("gopher_repetition", "keywords", "top_2_gram"),
    ("gopher_repetition", "zh-teahouse", "top_2_gram"),
    ("gopher_repetition", "same-paragraph", "dup_para_frac"),
    ("gopher_repetition", "refrain", "dup_line_frac"),
    ("gopher_repetition", "zh-kite", "top_2_gram"),
    ("gopher_repetition", "zh-train", "top_3_gram"),
    ("gopher_quality", "short", "gopher_short_doc"),
    ("gopher_quality", "link-farm", "gopher_below_alpha_threshold"),
    ("gopher_quality", "bullets", "gopher_too_many_bullets"),
    ("gopher_quality", "ellipsis", "gopher_too_many_end_ellipsis"),
    ("gopher_quality", "numbers", "gopher_below_alpha_threshold"),
    ("gopher_quality", "hashtags", "gopher_too_many_hashes"),
    ("gopher_quality", "glued", "gopher_above_avg_threshold"),
    ("c4", "lorem", "lorem_ipsum"),
    ("c4", "code", "curly_bracket"),
    ("c4", "javascript", "too_few_sentences"),
    ("fineweb", "menu", "line_punct_ratio"),
    ("fineweb", "poem", "short_line_ratio"),
    ("fineweb", "recipe", "line_punct_ratio"),
    ("minhash", "lighthouse-1-changed", "near_copy"),
    ("minhash", "lighthouse-4-changed", "near_copy"),
    ("minhash", "bread-again", "near_copy"),
];

#[test]
fn the_sample_falls_where_its_names_say() {
    let mut cleaning = cleaning(&root("corpora/pages.jsonl"));
    cleaning.work(|| false);
    let mut found = Vec::new();
    for stage in STAGES {
        for dropped in cleaning.dropped(stage) {
            let id = cleaning.document(dropped.document).unwrap().id.clone();
            found.push((stage, id, dropped.fall.reason));
        }
    }
    let found: Vec<(&str, &str, &str)> = found.iter().map(|(stage, id, reason)| (*stage, &**id, *reason)).collect();
    assert_eq!(found, FALLS);
    let golden: Value = serde_json::from_str(include_str!("../golden/corpus/pages.json")).unwrap();
    assert_eq!(
        serde_json::to_value(cleaning.report()).unwrap(),
        golden,
        "tests/golden/README.md says how it is made anew"
    );
    let personal = cleaning.survivors().find(|survivor| survivor.id == "personal").unwrap();
    assert!(personal.text.contains("email@example.com") && !personal.text.contains("helen"), "{}", personal.text);
}

#[test]
fn thresholds_change_between_what_was_measured() {
    let mut cleaning = cleaning(&root("corpora/pages.jsonl"));
    cleaning.work(|| false);
    for stage in STAGES {
        for setting in cleaning.settings(stage) {
            let ((low, high), rule) = (setting.range, setting.rule);
            assert!(low <= high && low.is_finite() && high.is_finite(), "{}: {low} to {high}", rule.name);
            assert_eq!(setting.threshold, rule.threshold);
            if rule.threshold.is_finite() {
                assert!((low..=high).contains(&rule.threshold), "{}: {low} to {high}", rule.name);
            }
        }
    }
    let top = |cleaning: &Cleaning| {
        cleaning.settings("gopher_repetition").into_iter().find(|it| it.rule.name == "top_2_gram").unwrap()
    };
    let keywords = cleaning.dropped("gopher_repetition").find(|it| it.fall.reason == "top_2_gram").unwrap().fall.value;
    assert!(top(&cleaning).range.1 >= keywords);
    cleaning.set("top_2_gram=1").unwrap();
    cleaning.work(|| false);
    assert_eq!(top(&cleaning).threshold, 1.0);
    assert!(cleaning.dropped("gopher_repetition").all(|it| it.fall.reason != "top_2_gram"));
}
