//! Words and sentences are spaCy's: examples by hand here, whole corpora and noise in tests/parity/corpus.py.

use glasshouse::corpus::words::{Token, sentences, tokens, words};
use proptest::prelude::*;

fn cut(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    words(text, &mut found);
    found.into_iter().map(|token| token.text(text)).collect()
}

#[test]
fn words_are_spacys() {
    for (text, want) in [
        (
            "Don't stop—it's 3.5% off (U.S.A.)... e-mail: a@b.com http://x.y/z?q=1 can't well-known isn’t",
            "Do n't stop — it 's 3.5 % off ( U.S.A. ) ... e - mail : a@b.com http://x.y / z?q=1 ca n't well - known is n’t",
        ),
        ("", ""),
        (" \n\t", ""),
        ("Mr. Smith, 5km/h at 10a.m.:", "Mr. Smith , 5 km/h at 10 a.m. :"),
        ("(Mr.) x/Mr. Mr .", "( Mr. ) x / Mr. Mr ."),
        ("...and so on.... No!!", "... and so on .... No ! !"),
        ("US$5 A$5 $5 5€ +5 5+ + a+b 3-4 a-b", "US$ 5 A$ 5 $ 5 5 € +5 5 + + a+b 3 - 4 a - b"),
        ("one.Two A.B. x.y a,b 1,000 c:d e=f", "one . Two A.B. x.y a , b 1,000 c : d e = f"),
        (
            "www.example.com/a,b (http://10.0.0.1/) http://8.8.8.8:80?",
            "www.example.com/a,b ( http://10.0.0.1/ ) http://8.8.8.8:80 ?",
        ),
        ("user@host.example.org, mailto:a@b.co", "user@host.example.org , mailto:a@b.co"),
        (":-) :) ;-) (: x:) ¯\\(ツ)/¯ <3", ":-) :) ;-) (: x :) ¯\\(ツ)/¯ <3"),
        ("“We’ll,” he’d said: ‘tis y'all's", "“ We ’ll , ” he ’d said : ‘ tis y' all 's"),
        ("25°C. 20°c. 5%. a%. AB. Ab. É. ab.", "25 ° C . 20 ° c . 5 % . a% . AB . Ab . É. ab ."),
        ("中文，字。カタカナ！", "中文，字。カタカナ ！"),
        ("co-op--then——so~x", "co - op -- then —— so ~ x"),
        ("©2024 🎉🎉 a™b", "© 2024 🎉 🎉 a ™ b"),
        ("JOHN'S dogs' Ann’S ’s.", "JOHN 'S dogs ' Ann ’S ’ s."),
        ("gonna cannot Ill ill its it's Its'", "gon na can not Ill ill its it 's Its '"),
    ] {
        assert_eq!(cut(text).join(" "), want, "{text}");
    }
}

#[test]
fn white_space_counts_where_it_is_more_than_a_blank() {
    let mut found = Vec::new();
    let mut of = |text: &str| {
        tokens(text, &mut found);
        found.iter().map(|token| token.text(text).to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(of(" a  b \n c "), [" ", "a", " ", "b", "\n ", "c"]);
    assert_eq!(of("\u{a0}a\u{3000}b"), ["\u{a0}", "a", "\u{3000}", "b"]);
    assert_eq!(of("  "), ["  "]);
}

#[test]
fn sentences_are_spacys() {
    let mut found = Vec::new();
    for (text, want) in [
        ("", 0),
        ("no end", 1),
        ("One. Two! Three? Four", 4),
        ("“One.” Two… Three.", 2),
        ("Mr. Smith went. He came...", 2),
        ("One.  \" ) two", 2),
        ("Wait. . . no", 2),
        ("一。二！", 1),
        ("一。 二 ！ 三", 3),
    ] {
        tokens(text, &mut found);
        assert_eq!(sentences(text, &found), want, "{text}");
    }
}

/// What the rules look at, in any order.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        prop::sample::select(vec![
            "Mr", "a", "U", "km", "5", "http://", "www.", "x.y", "com", "I", "é", "中", "°", "'", "’s", "n't", "Ph.D"
        ])
        .prop_map(String::from),
        prop::sample::select(".,:;-–—/()[]<>'\"’…+*^~@#$%€!? \n\t\u{a0}".chars().map(String::from).collect::<Vec<_>>()),
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 4000 } else { 40_000 }))]

    /// Tokens stand in order, none overlap, only blanks lie between, and a text's sentences are no more than its tokens.
    #[test]
    fn tokens_are_the_text(text in text()) {
        let mut found = vec![Token { start: 7, end: 9 }];
        tokens(&text, &mut found);
        let mut end = 0;
        for token in &found {
            prop_assert!(token.start as usize >= end && token.end > token.start);
            prop_assert!(text[end..token.start as usize].chars().all(|c| c == ' '));
            prop_assert!(!token.text(&text).is_empty());
            end = token.end as usize;
        }
        prop_assert!(text[end..].chars().all(|c| c == ' '));
        prop_assert!(sentences(&text, &found) <= found.len());
    }
}

/// A run of a million characters takes no longer a character than a short one.
#[test]
fn long_runs_are_cut() {
    let mut found = Vec::new();
    for piece in ["(", ".", "a", "a.", "a@", "'", ":", "-", "a-", "Mr.", "1.", "…", "http://", "n't"] {
        let text = piece.repeat((1 << 20) / piece.len());
        tokens(&text, &mut found);
        assert_eq!(found.last().unwrap().end as usize, text.len(), "{piece}");
    }
}
