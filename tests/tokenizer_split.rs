//! The hand-written splitters give exactly the pieces that the regular expressions give.
#![cfg(not(target_arch = "wasm32"))]

use glasshouse::tokenizer::{Pattern, Tokenizer, TrainOptions, Trainer};
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
fn every_character_alone_and_between_letters() {
    for character in '\0'..=char::MAX {
        for text in [format!("{character}"), format!("a{character}b"), format!(" {character}{character}A 1")] {
            for (pattern, regex) in regexes().iter().step_by(2) {
                assert_eq!(pieces(*pattern, &text), reference(regex, &text), "{pattern} on {text:?}");
            }
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

/// The patterns of a file are recognised by their text, whichever way they are written.
#[test]
fn a_file_with_a_published_pattern_splits_as_that_pattern() {
    let mut trainer = Trainer::new(TrainOptions::new(300)).unwrap();
    trainer.feed("It's 12345 o'clock.\n\n  DON'T panic, naïve ÉCLAIRS!  ".repeat(3).as_bytes()).unwrap();
    let json = String::from_utf8(trainer.finish_within().unwrap().to_json()).unwrap();
    let own = serde_json::to_string(Pattern::Cl100k.regex().unwrap()).unwrap();
    assert!(json.contains(&own));
    for (pattern, regex) in PUBLISHED.iter().take(5) {
        let file = json.replace(&own, &serde_json::to_string(regex).unwrap());
        assert_eq!(Tokenizer::from_json(file.as_bytes()).unwrap().pattern(), Some(*pattern), "{regex}");
    }
}
