//! The filters say what datatrove says, rule by rule, and point at what made them say it.

use std::collections::HashMap;
use std::io::Read;

use flate2::read::GzDecoder;
use glasshouse::corpus::filters::{Drops, Filters, RULES, Rules, Stage};
use glasshouse::corpus::{Document, Removal, Removed, Report, jsonl};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn filters(settings: &[&str]) -> Filters {
    let mut rules = Rules::english();
    settings.iter().for_each(|setting| rules.set(setting).unwrap());
    Filters::new(rules)
}

fn document(text: impl Into<String>) -> Document {
    Document { text: text.into(), ..Document::default() }
}

/// What one filter says of a text: why it is taken out, or what is left of it.
fn alone(stage: Stage, settings: &[&str], text: impl Into<String>) -> Result<String, Removal> {
    let mut document = document(text);
    filters(settings).alone(stage, &mut document).map(|()| document.text)
}

/// The reason, the value, and the text that made the rule fire.
fn removed(stage: Stage, settings: &[&str], text: &str) -> (String, f64, String) {
    let removal = alone(stage, settings, text).expect_err(text);
    assert_eq!(removal.stage, stage.name());
    (removal.reason.into(), removal.value, text[removal.span].to_owned())
}

fn unpacked(name: &str) -> String {
    let packed = std::fs::read(format!("{}/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let mut text = String::new();
    GzDecoder::new(&packed[..]).read_to_string(&mut text).unwrap();
    text
}

/// A built-in corpus in pieces that end with a line and have at least so many bytes, in turn; as tests/parity cuts them.
fn pieces(name: &str) -> Vec<String> {
    let (mut found, mut piece, mut length) = (Vec::new(), Vec::new(), 0);
    let text = unpacked(&format!("corpora/{name}.txt.gz"));
    for line in text.split('\n') {
        piece.push(line);
        length += line.len() + 1;
        if length >= [500, 1000, 1500, 2500, 4000, 8000][found.len() % 6] {
            found.push(std::mem::take(&mut piece).join("\n"));
            length = 0;
        }
    }
    found.push(piece.join("\n"));
    found
}

/// datatrove's word on the documents that are here, by the first digits of the SHA-256 of their text: what each filter says
/// alone, and what all say in turn. tests/parity/corpus.py wrote it.
#[test]
fn datatrove_says_the_same_of_a_thousand_documents() {
    let golden =
        std::fs::read_to_string(format!("{}/tests/golden/corpus/filters.tsv", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let golden: HashMap<&str, Vec<&str>> = golden
        .lines()
        .map(|line| {
            let mut columns = line.split('\t');
            (columns.next().unwrap(), columns.collect())
        })
        .collect();
    let hostile = unpacked("tests/golden/corpus/hostile.jsonl.gz");
    let lines = jsonl::Lines::new(hostile.as_bytes()).map(|line| line.unwrap().1.unwrap());
    let mut texts: Vec<String> = lines.map(|line| jsonl::document(&line, "text", String::new).unwrap().text).collect();
    texts.extend(["en", "zh"].into_iter().flat_map(pieces));
    let mut filters = filters(&[]);
    let mut same = 0;
    for text in texts {
        let key: String = Sha256::digest(&text).iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        let Some(want) = golden.get(&*key) else { continue };
        let mut got: Vec<String> = Stage::ALL
            .map(|stage| {
                filters.alone(stage, &mut document(&*text)).map_or_else(|removal| removal.reason.into(), |()| "".into())
            })
            .into();
        let all = filters.run(&mut document(&*text), &mut Report::default());
        got.push(all.map_or_else(|removal| format!("{}/{}", removal.stage, removal.reason), |()| String::new()));
        assert_eq!(got, *want, "{:.300}", text);
        same += 1;
    }
    assert!(same >= 1000, "only {same} of the documents have a golden result: run tests/parity/corpus.py --golden");
}

const PROSE: &str = "It was a long winter, and the people of the valley had little to eat that they had not put away \
                     themselves. When the snow was gone they went to the river with their nets.";

/// The cases of datatrove's own tests of these filters, with its settings.
#[test]
fn datatroves_own_cases_hold() {
    let repetition = |text: &str| removed(Stage::GopherRepetition, &[], text).0;
    let line = "I am your father.";
    assert_eq!(repetition(&format!("{line}\n").repeat(4)), "dup_line_frac");
    assert_eq!(repetition(&format!("{line}\n\n").repeat(4)), "dup_para_frac");
    let head = ["I am groot.", "You are a wizard.", line];
    let twice = |long: usize, end: &str| head.join(end) + end + &format!("{}.{end}", "x".repeat(long)).repeat(2);
    assert_eq!(repetition(&twice(30, "\n\n")), "dup_para_char_frac");
    assert_eq!(repetition(&twice(40, "\n")), "dup_line_char_frac");
    assert_eq!(repetition("I am Frank, I am Frank, I am Frank"), "top_2_gram");
    assert_eq!(repetition("I am Frank, you are Jhon. I am Frank. I am Frank you are Jhon"), "top_3_gram");
    assert_eq!(
        repetition(&("I am a solo traveller ".repeat(4) + PROSE + PROSE.split_at(80).0)),
        "duplicated_5_n_grams"
    );
    assert_eq!(repetition(""), "empty");

    let settings = ["gopher_short_doc=10", "gopher_long_doc=1000"];
    for (text, reason) in [
        ("I am too small...".into(), "gopher_short_doc"),
        ("I am ".repeat(20), "gopher_below_avg_threshold"),
        ("interconnection ".repeat(20), "gopher_above_avg_threshold"),
        ("# comment ".repeat(20), "gopher_too_many_hashes"),
        ("... comment ".repeat(20), "gopher_too_many_ellipsis"),
        (
            "the ./!*?<><> apple <?////> orange  ++ interconnection !<>??? have".repeat(20),
            "gopher_below_alpha_threshold",
        ),
    ] {
        assert_eq!(removed(Stage::GopherQuality, &settings, &text).0, reason);
    }
    assert_eq!(alone(Stage::GopherQuality, &settings, PROSE).unwrap(), PROSE);
    for text in ["", "   \n  \n"] {
        assert_eq!(removed(Stage::GopherQuality, &["gopher_short_doc=off"], text).0, "empty");
    }

    let c4 = ["no_terminal_punc=0"];
    let lines = |first: &str| first.to_owned() + &"\nA line of the page that is long enough.".repeat(5);
    assert_eq!(alone(Stage::C4, &c4, lines("It is well written.")).unwrap(), lines("It is well written."));
    assert_eq!(removed(Stage::C4, &c4, &lines("A line with lorem ipsum dolor sit amet.")).0, "lorem_ipsum");
    assert_eq!(removed(Stage::C4, &c4, &lines("A line of code with a { bracket.")).0, "curly_bracket");
    assert_eq!(removed(Stage::C4, &c4, "Just one sentence.").0, "too_few_sentences");
    let few = ["no_terminal_punc=0", "too_few_sentences=off", "too_few_words=off"];
    let left = alone(Stage::C4, &few, "This site uses cookies for tracking.\nAnother valid line here today.");
    assert_eq!(left.unwrap(), "Another valid line here today.");

    let fineweb = |settings: &[&str], text: &str| removed(Stage::FineWeb, settings, text).0;
    assert_eq!(fineweb(&[], ""), "empty");
    assert_eq!(
        fineweb(&["line_punct_ratio=0.5"], "No mark here\nAnother line without\nStill nothing"),
        "line_punct_ratio"
    );
    let short = ["short_line_ratio=0.5", "line_punct_ratio=0"];
    assert_eq!(fineweb(&short, "hi.\nbye.\nok.\nno.\nyes."), "short_line_ratio");
    let off = ["line_punct_ratio=off", "short_line_ratio=off", "char_dup_ratio=off", "list_ratio=0.1"];
    assert_eq!(fineweb(&off, &["a"; 50].join("\n")), "list_ratio");
    let good = PROSE.replace(". ", ".\n");
    assert_eq!(alone(Stage::FineWeb, &[], good.clone()).unwrap(), good);
}

/// Each rule: what it measures, and the place that it points at.
#[test]
fn a_removal_says_what_was_measured_and_where() {
    use Stage::*;
    let fifty = |text: &str| format!("{text} ").repeat(50);
    let lines = |count: usize, line: &str| vec![line.to_owned(); count];
    let bullets =
        [lines(10, "- there is a list that goes over there with more"), lines(1, "the end")].concat().join("\n");
    let ends = [lines(4, "this is where that line ends"), lines(3, "there is more ...")].concat().join("\n");
    type Case<'a> = (Stage, &'a [&'a str], String, &'a str, f64, &'a str);
    let cases: Vec<Case> = vec![
        (GopherRepetition, &[], "a\n\nb\n\na\n\na".into(), "dup_para_frac", 0.5, "a"),
        (GopherRepetition, &[], "a\n\nbbbb\n\nc\n\nd\n\nbbbb".into(), "dup_para_char_frac", 4.0 / 19.0, "bbbb"),
        (GopherRepetition, &[], "x\nab\nx\nx".into(), "dup_line_frac", 0.5, "x"),
        (GopherRepetition, &[], "a\nbbbb\nc\nd\nbbbb".into(), "dup_line_char_frac", 4.0 / 15.0, "bbbb"),
        (GopherRepetition, &["top_2_gram=0"], "é a b é a".into(), "top_2_gram", 6.0 / 9.0, "é a"),
        (
            GopherRepetition,
            &["top_2_gram=off", "top_3_gram=0.3"],
            "a b c a b c".into(),
            "top_3_gram",
            10.0 / 11.0,
            "a b c",
        ),
        (GopherQuality, &[], "one two - ‼ three".into(), "gopher_short_doc", 3.0, "all"),
        (
            GopherQuality,
            &["gopher_short_doc=0", "gopher_long_doc=1"],
            "one two".into(),
            "gopher_long_doc",
            2.0,
            "one two",
        ),
        (GopherQuality, &[], fifty("é"), "gopher_below_avg_threshold", 1.0, "all"),
        (
            GopherQuality,
            &[],
            fifty("éééééééééé é ééééééééééé ééééééééééééééééééé"),
            "gopher_above_avg_threshold",
            10.25,
            "all",
        ),
        (GopherQuality, &[], fifty("with # that have"), "gopher_too_many_hashes", 0.25, "#"),
        (GopherQuality, &[], fifty("with … that have"), "gopher_too_many_ellipsis", 0.25, "…"),
        (
            GopherQuality,
            &["gopher_below_alpha_threshold=off"],
            bullets,
            "gopher_too_many_bullets",
            10.0 / 11.0,
            "- there is a list that goes over there with more",
        ),
        (GopherQuality, &["gopher_short_doc=5"], ends, "gopher_too_many_end_ellipsis", 3.0 / 7.0, "there is more ..."),
        (GopherQuality, &[], fifty("100 200 of the 5000"), "gopher_below_alpha_threshold", 0.4, "100"),
        (GopherQuality, &[], fifty("nobody knows anything the"), "gopher_enough_stop_words", 1.0, "all"),
        (C4, &[], "a b c\nSome LOREM ipsum here\n{".into(), "lorem_ipsum", 1.0, "Some LOREM ipsum here"),
        (C4, &[], "a b c\n\u{3000}é a { b\n".into(), "curly_bracket", 1.0, "{"),
        (C4, &[], "One is here. Two is there.\nno".into(), "too_few_sentences", 2.0, "all"),
        (FineWeb, &[], "a\n\u{3000}\nb".into(), "line_punct_ratio", 0.0, "a"),
        (FineWeb, &[], "a。".into(), "short_line_ratio", 1.0, "a。"),
        (FineWeb, &["short_line_ratio=off"], "aa.\nb.\naa.".into(), "char_dup_ratio", 3.0 / 8.0, "aa."),
        (FineWeb, &["short_line_ratio=off"], "aa.\nb.\nccc.".into(), "list_ratio", 2.0 / 5.0, "all"),
    ];
    for (stage, settings, text, reason, value, place) in cases {
        let place = if place == "all" { &text } else { place };
        assert_eq!(removed(stage, settings, &text), (reason.into(), value, place.into()), "{text:?} {settings:?}");
    }
    // Five words that come four times in a row: the second time they are passed over whole.
    let text = "a b c d e ".repeat(4);
    let off = ["top_2_gram=off", "top_3_gram=off", "top_4_gram=off"];
    assert_eq!(
        removed(GopherRepetition, &off, &text),
        ("duplicated_5_n_grams".into(), 15.0 / 40.0, "a b c d e".into())
    );
    let removal = alone(GopherRepetition, &off, text).unwrap_err();
    assert_eq!(removal.span, 10..19);
}

#[test]
fn c4_leaves_lines_out_and_says_how_many() {
    let text = format!(
        "A line that stays, [1] as it is.[citation needed]\n{} is a long word\nTwo words\nTurn on JAVAscript to read\n\
         Read the Privacy Policy of it\nUSE COO\u{212a}IES as you like\n  [edit][2] and more is left [x] \r\n{}",
        "x".repeat(1001),
        "One. Two. Three. Four. Five. ".repeat(3)
    );
    let mut document = document(text);
    let mut report = Report::default();
    let off =
        ["top_2_gram", "top_3_gram", "top_4_gram", "gopher_short_doc", "short_line_ratio", "duplicated_5_n_grams"];
    let mut settings: Vec<String> = RULES
        .iter()
        .filter(|rule| rule.stage != Stage::C4 && rule.drops != Drops::Nothing)
        .map(|rule| format!("{}=off", rule.name))
        .collect();
    settings.extend(off.map(|name| format!("{name}=off")));
    filters(&settings.iter().map(String::as_str).collect::<Vec<_>>()).run(&mut document, &mut report).unwrap();
    let left = "A line that stays,  as it is.\n and more is left [x]\nOne. Two. Three. Four. Five. One. Two. Three. Four. Five. One. Two. Three. Four. Five.";
    assert_eq!(document.text, left);
    let stage = report.stage("c4");
    let lines: Vec<(&str, u64)> = stage.lines.iter().map(|(reason, &count)| (&**reason, count)).collect();
    assert_eq!(lines, [("javascript", 1), ("policy", 2), ("too_few_words", 1), ("too_long_word", 1)]);
    assert_eq!((stage.documents_in, stage.documents_out, stage.bytes_out), (1, 1, left.len() as u64));
    assert!(stage.tokens_out < stage.tokens_in && stage.bytes_out < stage.bytes_in);
}

#[test]
fn the_funnel_adds_up() {
    let mut filters = filters(&[]);
    let mut report = Report::new(Stage::ALL.map(Stage::name));
    let texts = pieces("en");
    let kept = texts.iter().filter(|text| filters.run(&mut document(&***text), &mut report).is_ok()).count() as u64;
    assert_eq!(report.stages.iter().map(|stage| &*stage.name).collect::<Vec<_>>(), Stage::ALL.map(Stage::name));
    assert_eq!(report.stages[0].documents_in, texts.len() as u64);
    assert_eq!(report.stages[0].bytes_in, texts.iter().map(|text| text.len() as u64).sum::<u64>());
    for pair in report.stages.windows(2) {
        assert_eq!(
            (pair[0].documents_out, pair[0].bytes_out, pair[0].tokens_out),
            (pair[1].documents_in, pair[1].bytes_in, pair[1].tokens_in)
        );
    }
    for stage in &report.stages {
        assert_eq!(stage.documents_in - stage.documents_out, stage.reasons.values().sum::<u64>(), "{}", stage.name);
    }
    assert_eq!(report.stages[3].documents_out, kept);
    let mut twice = report.clone();
    twice.add(&report);
    assert_eq!(twice.stages[1].documents_in, 2 * report.stages[1].documents_in);
    assert_eq!(twice.stages[0].reasons.values().sum::<u64>(), 2 * report.stages[0].reasons.values().sum::<u64>());
}

#[test]
fn rules_are_set_by_name() {
    for (n, rule) in RULES.iter().enumerate() {
        assert_eq!(
            (rule.id as usize, RULES.iter().filter(|other| other.name == rule.name).count()),
            (n, 1),
            "{}",
            rule.name
        );
        let mut rules = Rules::english();
        rules.set(&format!("{}=7.5", rule.name)).unwrap();
        assert_eq!(rules.threshold(rule.id), 7.5);
        let off = rules.set(&format!("{}=off", rule.name));
        assert_eq!(off.is_ok(), rule.drops != Drops::Nothing);
        assert!(off.is_err() || [-1e300, 0.0, 1e300].into_iter().all(|value| !rules.fires(rule.id, value)));
    }
    for (setting, what) in [
        ("x", "RULE=VALUE"),
        ("x=1", "no rule 'x'"),
        ("policy=on", "'on' is neither"),
        ("policy=nan", "'nan' is neither"),
    ] {
        let error = Rules::english().set(setting).unwrap_err().to_string();
        assert!(error.contains(what), "{error}");
    }
}

#[test]
fn a_removed_document_is_written_with_its_span_in_code_points() {
    let removal = Removal { stage: "c4".into(), reason: "curly_bracket".into(), value: 1.0, span: 4..7 };
    let removed = Removed::new(document("aé中文{}"), Removal { span: 3..9, ..removal });
    let json = serde_json::to_string(&removed).unwrap();
    let want = r#"{"id":"","url":null,"date":null,"language":null,"language_score":null,"text":"aé中文{}","stage":"c4","reason":"curly_bracket","value":1.0,"span":[2,4]}"#;
    assert_eq!(json, want);
    assert_eq!(serde_json::from_str::<Removed>(&json).unwrap(), removed);
}

/// Text with what the rules look for, in any order.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select("the of and to a ab abc it is said".split(' ').map(String::from).collect::<Vec<_>>()),
        3 => prop::sample::select(vec![" ", "\n", "\n\n", "\r\n", "\u{85}", "\u{2028}", "\x0b", "\x1f", "\u{3000}"]).prop_map(String::from),
        2 => prop::sample::select(vec!["[1]", "[edit]", "[", "lorem ipsum", "JavaScript", "cookie policy", "USE COO\u{212a}IES", "…", "...", "#"]).prop_map(String::from),
        2 => prop::sample::select(vec!["- ", "•", ". ", "?", "。", "'s", "Mr. ", "http://a.b.co/x", "\u{301}", "🎉"]).prop_map(String::from),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 2000 } else { 20_000 }))]

    /// Nothing panics, values are numbers, and spans lie within the text and between characters.
    #[test]
    fn any_text_is_judged(text in text()) {
        for settings in [&[][..], &["gopher_short_doc=0", "too_few_sentences=0", "top_2_gram=off", "dup_line_frac=off", "line_punct_ratio=off"]] {
            let mut filters = filters(settings);
            for stage in Stage::ALL {
                if let Err(removal) = filters.alone(stage, &mut document(&*text)) {
                    prop_assert!(text.get(removal.span.clone()).is_some(), "{:?}", removal);
                    prop_assert!(removal.value.is_finite());
                }
            }
            let mut whole = document(&*text);
            let mut report = Report::default();
            if let Err(removal) = filters.run(&mut whole, &mut report) {
                let length = whole.text.chars().count();
                let removed = Removed::new(whole, removal);
                prop_assert!(removed.span.0 <= removed.span.1 && removed.span.1 <= length);
            }
        }
    }

    /// C4 leaves lines out or citations, and nothing of what it has left a second time, but for citations that come to be
    /// where one was taken out of another.
    #[test]
    fn c4_has_said_all_at_once(text in text().prop_filter("no brackets", |text| !text.contains('['))) {
        let settings = ["too_few_sentences=off", "lorem_ipsum=off", "curly_bracket=off"];
        let once = alone(Stage::C4, &settings, &*text).unwrap();
        let twice = alone(Stage::C4, &settings, &*once).unwrap();
        prop_assert_eq!(&once, &twice);
        let lines: Vec<&str> = once.split('\n').collect();
        prop_assert!(lines.iter().all(|line| text.contains(line)));
    }
}
