//! The hand-written splitters give exactly the pieces that the regular expressions give.

use glasshouse::tokenizer::{BpeTrainer, Pattern, Tokenizer, TrainOptions};
use proptest::prelude::*;

/// A character, with weight on those where the patterns differ from each other and from what one would guess.
fn character() -> impl Strategy<Value = char> {
    prop_oneof![
        4 => prop::sample::select(vec![' ', ' ', ' ', '\n', '\r', '\t', '\u{85}', '\u{a0}', '\u{2028}', '\u{3000}', '\u{b}']),
        3 => prop::sample::select("'’'stmdSTMDſKlLvVeErR/".chars().collect::<Vec<_>>()),
        2 => prop::char::range('0', '9'),
        2 => prop::sample::select("²Ⅷ٣߁𝟘½〇".chars().collect::<Vec<_>>()),
        3 => prop::sample::select("abzABZéÉßſK".chars().collect::<Vec<_>>()),
        2 => prop::sample::select("ǅǈʰˮॱªºΣςԱ".chars().collect::<Vec<_>>()),
        2 => prop::sample::select("中文的がカー한ไदאا".chars().collect::<Vec<_>>()),
        2 => prop::sample::select("\u{301}\u{308}\u{20dd}\u{93f}\u{fe0f}\u{200d}\u{e0100}".chars().collect::<Vec<_>>()),
        2 => prop::sample::select("!\"#$%&()*+,-.:;<=>?@[\\]^_`{|}~«»…—€©🎉👍\u{1f1e9}".chars().collect::<Vec<_>>()),
        1 => prop::sample::select("\0\u{7f}\u{ad}\u{200b}\u{feff}\u{e000}\u{378}\u{10ffff}".chars().collect::<Vec<_>>()),
        1 => any::<char>(),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop::collection::vec(character(), 0..40).prop_map(|characters| characters.into_iter().collect())
}

fn pieces(pattern: Pattern, text: &str) -> Vec<String> {
    let mut pieces = Vec::new();
    pattern.split(text.as_bytes(), |piece| pieces.push(String::from_utf8(piece.to_vec()).unwrap()));
    pieces
}

/// The matches of `regex`, and what lies between them.
fn reference(regex: &fancy_regex::Regex, text: &str) -> Vec<String> {
    let (mut pieces, mut start) = (Vec::new(), 0);
    for found in regex.find_iter(text).map(|found| found.unwrap()) {
        if found.start() > start {
            pieces.push(text[start..found.start()].to_owned());
        }
        pieces.push(found.as_str().to_owned());
        start = found.end();
    }
    if start < text.len() {
        pieces.push(text[start..].to_owned());
    }
    pieces
}

/// The patterns as their authors published them, each with the name of ours.
const PUBLISHED: [(Pattern, &str); 6] = [
    (Pattern::Gpt2, r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"),
    (Pattern::Gpt2, r"'(?:[sdmt]|ll|ve|re)| ?\p{L}++| ?\p{N}++| ?[^\s\p{L}\p{N}]++|\s++$|\s+(?!\S)|\s"),
    (
        Pattern::Cl100k,
        r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    (
        Pattern::Cl100k,
        r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
    ),
    (
        Pattern::O200k,
        r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
    (
        Pattern::O200k,
        r"[^\r\n\p{L}\p{N}]?+[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+",
    ),
];

fn regexes() -> &'static [(Pattern, fancy_regex::Regex)] {
    static REGEXES: std::sync::OnceLock<Vec<(Pattern, fancy_regex::Regex)>> = std::sync::OnceLock::new();
    REGEXES.get_or_init(|| {
        PUBLISHED.iter().map(|&(pattern, regex)| (pattern, fancy_regex::Regex::new(regex).unwrap())).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20_000))]

    #[test]
    fn splitters_equal_the_regular_expressions(text in text()) {
        for (pattern, regex) in regexes() {
            prop_assert_eq!(pieces(*pattern, &text), reference(regex, &text), "{}", pattern);
        }
    }
}

proptest! {
    #[test]
    fn pieces_together_are_the_document(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        for pattern in Pattern::ALL {
            let mut joined = Vec::new();
            pattern.split(&bytes, |piece| {
                assert!(!piece.is_empty());
                joined.extend_from_slice(piece);
            });
            prop_assert_eq!(&joined, &bytes);
        }
    }
}

#[test]
fn every_character_beside_letters_spaces_and_itself() {
    for character in '\0'..=char::MAX {
        let text = format!("{character}a{character}b {character}{character}A '{character}");
        for (pattern, regex) in regexes().iter().step_by(2) {
            assert_eq!(pieces(*pattern, &text), reference(regex, &text), "{pattern} on {text:?}");
        }
    }
}

#[test]
fn invalid_bytes_are_pieces_of_their_own() {
    let cut = |pattern: Pattern, bytes: &'static [u8]| {
        let mut pieces = Vec::new();
        pattern.split(bytes, |piece| pieces.push(piece));
        pieces
    };
    let bytes = b"ab \xff\xe4\xb8cd\xc3";
    for pattern in [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k] {
        assert_eq!(cut(pattern, bytes), [&b"ab"[..], b" ", b"\xff", b"\xe4", b"\xb8", b"cd", b"\xc3"], "{pattern}");
    }
    assert_eq!(cut(Pattern::None, bytes), [&bytes[..]]);
}

#[test]
fn names_are_those_of_the_command_line() {
    for pattern in Pattern::ALL {
        assert_eq!(pattern.to_string().parse::<Pattern>().unwrap(), pattern);
    }
    let error = "gpt4".parse::<Pattern>().unwrap_err().to_string();
    assert!(error.contains("gpt2, cl100k, o200k or none"), "{error}");
}

/// Patterns of other models, each as the sequence of splits in its file.
const FOREIGN: [(&str, &[&str]); 8] = [
    (
        "tiktoken's cl100k",
        &[
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}++|\p{N}{1,3}+| ?[^\s\p{L}\p{N}]++[\r\n]*+|\s++$|\s*[\r\n]|\s+(?!\S)|\s",
        ],
    ),
    (
        "nanochat",
        &[
            r"'(?i:[sdmt]|ll|ve|re)|[^\r\n\p{L}\p{N}]?+\p{L}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]++[\r\n]*|\s*[\r\n]|\s+(?!\S)|\s+",
        ],
    ),
    (
        "Qwen",
        &[
            r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+",
        ],
    ),
    (
        "DeepSeek",
        &[
            r"\p{N}{1,3}",
            "[一-龥\u{3040}-ゟ゠-ヿ]+",
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
        ],
    ),
    // Its third step alone, which then meets numbers and Chinese characters too.
    (
        "DeepSeek's last",
        &[
            "[!\"#$%&'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\r\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\r\n]*|\\s*[\r\n]+|\\s+(?!\\S)|\\s+",
        ],
    ),
    ("single digits", &[r"\p{N}", r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"]),
    ("numbers", &[r"\p{N}+"]),
    ("no hand-written one", &[r"\p{Lu}\p{Ll}*|[^\p{Lu}\s]{2,}|\s(?=\S)"]),
];

fn trained() -> Tokenizer {
    let mut trainer = BpeTrainer::new(TrainOptions::new(300)).unwrap();
    trainer.feed("It's 12345 o'clock.\n\n  DON'T panic, naïve ÉCLAIRS!  ".repeat(3).as_bytes()).unwrap();
    trainer.finish_within().unwrap()
}

/// A tokenizer from a file with these splits.
fn with_splits(regexes: &[&str]) -> Tokenizer {
    let mut file: serde_json::Value = serde_json::from_slice(&trained().to_json()).unwrap();
    let steps = file["pre_tokenizer"]["pretokenizers"].as_array_mut().unwrap();
    let (split, byte_level) = (steps[0].clone(), steps[1].clone());
    steps.clear();
    for regex in regexes {
        steps.push(split.clone());
        steps.last_mut().unwrap()["pattern"]["Regex"] = (*regex).into();
    }
    steps.push(byte_level);
    Tokenizer::from_json(file.to_string().as_bytes()).unwrap()
}

type Foreign = (&'static str, Tokenizer, Vec<fancy_regex::Regex>);

fn foreign() -> &'static [Foreign] {
    static ALL: std::sync::OnceLock<Vec<Foreign>> = std::sync::OnceLock::new();
    ALL.get_or_init(|| {
        let regexes = |all: &[&str]| all.iter().map(|regex| fancy_regex::Regex::new(regex).unwrap()).collect();
        FOREIGN.iter().map(|&(name, splits)| (name, with_splits(splits), regexes(splits))).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(5_000))]

    #[test]
    fn splits_of_other_models_equal_their_regular_expressions(text in text()) {
        for (name, tokenizer, regexes) in foreign() {
            let mut got = Vec::new();
            tokenizer.split(text.as_bytes(), |piece| got.push(String::from_utf8(piece.to_vec()).unwrap()));
            let expected = regexes.iter().fold(vec![text.clone()], |pieces, regex| {
                pieces.iter().flat_map(|piece| reference(regex, piece)).collect()
            });
            let expected: Vec<String> = expected.into_iter().filter(|piece| !piece.is_empty()).collect();
            prop_assert_eq!(got, expected, "{}", name);
        }
    }
}

/// The patterns of a file are recognised by their text, whichever way they are written.
#[test]
fn a_file_with_a_published_pattern_splits_as_that_pattern() {
    for (pattern, regex) in PUBLISHED.iter().take(5) {
        assert_eq!(with_splits(&[regex]).pattern(), Some(*pattern), "{regex}");
    }
    assert_eq!(with_splits(&[FOREIGN[0].1[0]]).pattern(), Some(Pattern::Cl100k));
    assert_eq!(with_splits(&[FOREIGN[2].1[0]]).pattern(), None);
}
