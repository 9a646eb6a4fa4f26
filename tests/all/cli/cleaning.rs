//! The funnel in memory, which the page shows, against `corpus run`: the same counts, the same documents taken out and left,
//! whatever the thresholds, and whatever they were before.

use std::collections::BTreeMap;
use std::path::Path;

use glasshouse::corpus::cleaning::{Cleaning, STAGES};
use glasshouse::corpus::{Counter, Document, Report, incoming};
use glasshouse::tokenizer::Tokenizer;
use serde_json::{Value, json};

use super::Place;
use super::corpus::read;

/// Settings in turn: those before stand, as where somebody moves one slider after the other.
const SETTINGS: [&str; 15] = [
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
    "language_score=0.05",
    "language_score=off",
];

/// The stages that the funnel in memory has, and how it goes about languages.
const ONLY: &str = "corpus run --only extract --only language --only filters --only dedup --only pii --languages each";

fn root(file: &str) -> String {
    format!("{}/{file}", env!("CARGO_MANIFEST_DIR"))
}

/// The sample pages: as texts, and in HTML where the build takes texts out of it.
fn sample() -> Vec<String> {
    let files = if cfg!(feature = "extraction") { &["pages.jsonl", "html.warc"][..] } else { &["pages.jsonl"] };
    files.iter().map(|file| root(&format!("corpora/{file}"))).collect()
}

fn cleaning(files: &[String]) -> Cleaning {
    let (mut given, mut skipped) = (Vec::new(), BTreeMap::new());
    for file in files {
        let name = Path::new(file).file_name().unwrap().to_str().unwrap();
        given.extend(incoming(name, &std::fs::read(file).unwrap(), &mut skipped).unwrap());
    }
    Cleaning::new(given, skipped)
}

/// What the command line wrote into a folder of `out`, one file after the other.
fn written(place: &Place, folder: &str, files: usize) -> Vec<Value> {
    let path = |number: usize| place.path(&format!("{folder}/{number:05}.jsonl.gz"));
    (0..files).map(path).filter(|path| path.exists()).flat_map(|path| read(&path)).collect()
}

/// What the command line makes of files with these options, against the funnel.
fn agrees(place: &Place, files: &[String], options: &str, cleaning: &mut Cleaning) {
    let out = format!("out{}", options.len());
    let mut want =
        place.json(&format!("{ONLY} --input {} --out {out} --keep-removed --json{options}", files.join(" ")));
    // In memory there are no files, and nobody called it.
    for name in ["call", "files"] {
        want.as_object_mut().unwrap().remove(name).expect("a folder's report has it");
    }
    // In small slices: what one leaves undone the next does.
    let mut slices = 0;
    while !cleaning.work(|| {
        slices += 1;
        slices % 100 == 0
    }) {}
    assert_eq!(serde_json::to_value(cleaning.report()).unwrap(), want, "{options}");
    let kept: Vec<Value> = cleaning.survivors().map(|document| serde_json::to_value(document).unwrap()).collect();
    assert_eq!(kept, written(place, &format!("{out}/documents"), files.len()), "{options}");
    for stage in STAGES {
        let want = written(place, &format!("{out}/removed/{stage}"), files.len());
        let found: Vec<(usize, Value)> = cleaning
            .dropped(stage)
            .map(|it| (it.document, json!([it.fall.stage, it.fall.reason, it.fall.value])))
            .collect();
        let wanted: Vec<Value> = want.iter().map(|it| json!([it["stage"], it["reason"], it["value"]])).collect();
        assert_eq!(found.iter().map(|(_, it)| it.clone()).collect::<Vec<_>>(), wanted, "{options} {stage}");
        for ((document, _), want) in found.into_iter().zip(want) {
            let excerpt = cleaning.excerpt(document, 1 << 30).unwrap();
            let place = [0, 1].map(|end| want["span"][end].as_u64().unwrap() as usize);
            let text = excerpt.before.clone() + &excerpt.inside + &excerpt.after;
            assert_eq!(json!(text), want["text"], "{options} {stage}");
            let start = excerpt.before.chars().count();
            assert_eq!([start, start + excerpt.inside.chars().count()], place, "{options} {stage} {}", want["reason"]);
        }
    }
}

#[test]
fn the_funnel_in_memory_is_that_of_the_command_line() {
    for files in [sample(), vec![root("tests/golden/corpus/hostile.jsonl.gz")]] {
        let place = Place::new();
        let mut cleaning = cleaning(&files);
        agrees(&place, &files, "", &mut cleaning);
        let before = cleaning.report();
        let mut options = String::new();
        for setting in SETTINGS {
            cleaning.set(setting).unwrap();
            options += &format!(" --set {setting}");
            agrees(&place, &files, &options, &mut cleaning);
        }
        SETTINGS.iter().for_each(|setting| cleaning.reset(setting.split('=').next().unwrap()));
        cleaning.work(|| false);
        assert_eq!(cleaning.report(), before, "all languages have their own thresholds again");
    }
}

#[test]
fn its_tokens_are_those_that_are_asked_for() {
    let place = Place::with_text();
    place.ok("tokenizer train --input text.txt --vocab-size 300 --out t.json");
    let file = "t.json";
    let tokenizer = Tokenizer::from_json(&std::fs::read(place.path(file)).unwrap()).unwrap();
    let files = sample();
    let mut cleaning = cleaning(&files);
    agrees(&place, &files, "", &mut cleaning);
    let words = cleaning.report();
    let counter = Counter::new(move |text| tokenizer.encode(text.as_bytes()).len() as u64);
    cleaning.count_by(counter, file.into());
    agrees(&place, &files, &format!(" --tokenizer {file}"), &mut cleaning);
    let last = |report: &Report| report.stages.last().unwrap().tokens_out;
    assert!(last(&cleaning.report()) > last(&words));
    // A threshold that moves counts anew what it changes.
    cleaning.set("too_few_words=6").unwrap();
    agrees(&place, &files, &format!(" --tokenizer {file} --set too_few_words=6"), &mut cleaning);
    cleaning.count_by(Counter::default(), words.tokens.clone());
    cleaning.reset("too_few_words");
    cleaning.work(|| false);
    assert_eq!(cleaning.report(), words);
}

/// Pages as a crawl brings them: good ones in three languages, and some that are none.
#[cfg(feature = "extraction")]
#[test]
fn pages_in_html_become_the_texts_of_the_command_line() {
    use super::corpus::page;
    use super::pages::{html, response};

    let place = Place::new();
    let head = "Content-Type: text/html; charset=utf-8";
    let chinese = "这条河很宽，从来没有人渡过。村里的老人说，它比任何一座桥都要古老，谁也不知道是谁挖的。".repeat(4);
    let script = format!("<script>alert('{{')</script>{}<img src=x onerror=alert(1)>", html(&page(2)));
    let records = [
        response(1, head, html(&page(1)).as_bytes()),
        response(2, head, script.as_bytes()),
        response(3, "Content-Type: image/png", b"\x89PNG"),
        response(4, head, "<div>".repeat(100_000).as_bytes()),
        response(5, head, &[0xff, 0, 1].repeat(100)),
        response(6, head, b"<html><body><nav>menu</nav></body></html>"),
        response(7, head, html(&chinese).as_bytes()),
        response(8, head, html(&page(1)).as_bytes()),
        response(9, head, b"<html>cut off")[..40].to_vec(),
    ];
    place.write("crawl.warc.gz", records.concat());
    let files = vec![place.path("crawl.warc.gz").display().to_string()];
    let mut cleaning = cleaning(&files);
    assert!(cleaning.extracts());
    agrees(&place, &files, "", &mut cleaning);
    assert!(!cleaning.extracts());
    let report = cleaning.report();
    assert_eq!((&*report.stages[0].name, report.stages[0].documents_in), ("extract", 7));
    assert_eq!(json!(report.stages[0].reasons), json!({ "too_deep": 1, "no_encoding": 1, "empty": 1 }));
    assert_eq!(json!(report.skipped), json!({ "not_html": 1, "record_damaged": 1 }));
    // What has no text cannot be kept.
    let deep = cleaning.dropped("extract").next().unwrap().document;
    cleaning.keep(deep, true);
    cleaning.work(|| false);
    assert_eq!(cleaning.report(), report);
    // A file of its own is called after its name.
    let mut skipped = BTreeMap::new();
    let given = incoming("one.html", html(&page(3)).as_bytes(), &mut skipped).unwrap();
    let mut alone = Cleaning::new(given, skipped);
    alone.work(|| false);
    let left: Vec<Document> = alone.survivors().collect();
    assert_eq!((&*left[0].id, &*left[0].text), ("one.html", &*page(3)));
}

#[test]
fn a_language_is_judged_by_its_own_rules_or_by_none() {
    let german = "Der alte Leuchtturm steht heute mitten im Land, weil sich das Meer immer weiter zurückgezogen hat. "
        .repeat(2)
        + "Trotzdem wird das Licht noch jeden Abend angezündet { und der Bauer sagt, er habe es versprochen.";
    let chinese = "村口的石桥已经有三百年了。桥上没有栏杆，只有两排石墩，被一代又一代人坐得发亮。夏天的晚上，老人们拿着扇子到桥上乘凉，\
                   孩子们在桥下捉螃蟹，谁也不觉得这座桥有什么特别。直到有一年发大水，新修的水泥桥被冲走了，石桥还在那里。";
    let document = |id: &str, text: &str| json!({ "id": id, "text": text }).to_string() + "\n";
    let lines = document("de", &german) + &document("zh", chinese) + &document("none", "1 2 3");
    let mut skipped = BTreeMap::new();
    let given = incoming("a.jsonl", lines.as_bytes(), &mut skipped).unwrap();
    let mut cleaning = Cleaning::new(given, skipped);
    cleaning.work(|| false);
    let report = cleaning.report();
    let stage = |name: &str| report.stages.iter().find(|stage| stage.name == name).unwrap();
    assert_eq!(stage("language").by.as_deref(), Some("whatlang"));
    assert_eq!(json!(stage("language").reasons), json!({ "language_score": 1 }));
    assert_eq!(json!(stage("gopher_quality").unjudged), json!({ "no rules": 1 }), "those of German");
    assert_eq!(json!(stage("c4").unjudged), json!({ "no rules": 2 }), "Chinese has these neither");
    let left: Vec<String> = cleaning.survivors().map(|document| document.id).collect();
    assert_eq!(left, ["de", "zh"]);
    // The slider shows the English threshold, and says what the Chinese one is where that is another.
    let alpha = |cleaning: &Cleaning| {
        let settings = cleaning.settings("gopher_quality").into_iter();
        settings.map(|it| (it.name, it)).find(|(name, _)| *name == "gopher_below_alpha_threshold").unwrap().1
    };
    assert_eq!((alpha(&cleaning).threshold, alpha(&cleaning).other), (0.8, Some((0.735, 0.735))));
    cleaning.set("gopher_below_alpha_threshold=0.9").unwrap();
    assert_eq!((alpha(&cleaning).threshold, alpha(&cleaning).other), (0.9, Some((0.9, 0.735))));
    cleaning.reset("gopher_below_alpha_threshold");
    assert_eq!((alpha(&cleaning).threshold, alpha(&cleaning).other), (0.8, Some((0.735, 0.735))));
}

#[test]
fn a_document_is_kept_after_all_and_no_longer() {
    let mut cleaning = cleaning(&sample());
    cleaning.work(|| false);
    let before = cleaning.report();
    assert!(cleaning.set("no_such_rule=1").is_err());
    for stage in STAGES.into_iter().filter(|stage| !["extract", "pii"].contains(stage)) {
        let fallen: Vec<usize> = cleaning.dropped(stage).map(|dropped| dropped.document).collect();
        let &document = fallen.first().unwrap_or_else(|| panic!("the sample has a document that {stage} takes out"));
        cleaning.keep(document, true);
        cleaning.work(|| false);
        let (report, dropped) = (cleaning.report(), cleaning.dropped(stage).next().unwrap());
        assert!(dropped.kept && dropped.document == document, "it stands in the list still");
        assert_eq!(cleaning.kept(), 1);
        // One is left more, if it is not the one that others are copies of.
        let left = |report: &Report| report.stages.last().unwrap().documents_out;
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
#[cfg(feature = "extraction")]
const FALLS: [(&str, &str, &str); 22] = [
    ("extract", "<html-app>", "empty"),
    ("language", "link-farm", "language_score"),
    ("language", "<html-links>", "language_score"),
    ("gopher_repetition", "keywords", "top_2_gram"),
    ("gopher_repetition", "same-paragraph", "dup_para_frac"),
    ("gopher_repetition", "refrain", "dup_line_frac"),
    ("gopher_quality", "short", "gopher_short_doc"),
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
    ("minhash", "<html-bread>", "near_copy"),
];

#[cfg(feature = "extraction")]
#[test]
fn the_sample_falls_where_its_names_say() {
    let mut cleaning = cleaning(&sample());
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
    let golden: Value = serde_json::from_str(include_str!("../../golden/corpus/pages.json")).unwrap();
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
    let mut cleaning = cleaning(&sample());
    cleaning.work(|| false);
    for stage in STAGES {
        for setting in cleaning.settings(stage) {
            let (low, high) = setting.range;
            assert!(low <= high && low.is_finite() && high.is_finite(), "{}: {low} to {high}", setting.name);
            assert_eq!(setting.threshold, setting.default);
            if setting.threshold.is_finite() {
                assert!((low..=high).contains(&setting.threshold), "{}: {low} to {high}", setting.name);
            }
        }
    }
    let top = |cleaning: &Cleaning| {
        cleaning.settings("gopher_repetition").into_iter().find(|it| it.name == "top_2_gram").unwrap()
    };
    let keywords = cleaning.dropped("gopher_repetition").find(|it| it.fall.reason == "top_2_gram").unwrap().fall.value;
    assert!(top(&cleaning).range.1 >= keywords);
    cleaning.set("top_2_gram=1").unwrap();
    cleaning.work(|| false);
    assert_eq!(top(&cleaning).threshold, 1.0);
    assert!(cleaning.dropped("gopher_repetition").all(|it| it.fall.reason != "top_2_gram"));
}
