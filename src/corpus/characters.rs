//! What the rules say of a character.

use std::sync::OnceLock;

use super::{python_str, tables};
use crate::unicode::CharacterTable;

/// Python's white space.
pub(super) const SPACE: u32 = 1;
/// Python's `str.isalpha`: `\p{L}`.
pub(super) const LETTER: u32 = 1 << 1;
/// `\p{P}`
pub(super) const PUNCTUATION: u32 = 1 << 2;
/// Python's `\d`: `\p{Nd}`.
pub(super) const DECIMAL: u32 = 1 << 3;
/// Python's `\w`: letters, numbers and the underscore.
pub(super) const WORD: u32 = 1 << 4;
/// `[0-9]`
pub(super) const DIGIT: u32 = 1 << 5;
/// spaCy's letters.
pub(super) const ALPHA: u32 = 1 << 6;
/// Those in lower case, and those that have no case.
pub(super) const LOWER: u32 = 1 << 7;
/// Those in upper case, and those that have no case.
pub(super) const UPPER: u32 = 1 << 8;
/// Quotation marks and brackets.
pub(super) const QUOTE: u32 = 1 << 9;
/// A word wherever it stands.
pub(super) const ICON: u32 = 1 << 10;
/// A word at the beginning of a run of characters.
pub(super) const PREFIX: u32 = 1 << 11;
/// A word at its end.
pub(super) const SUFFIX: u32 = 1 << 12;
/// After it a full stop at the end is a word.
pub(super) const BEFORE_STOP: u32 = 1 << 13;
/// What some rule about the middle of a run begins with.
pub(super) const INFIX: u32 = 1 << 14;
/// No rule about the beginning, the middle or the end can apply to a run of such characters alone.
pub(super) const PLAIN: u32 = 1 << 15;
/// What ends a sentence for spaCy's sentencizer.
pub(super) const SENTENCE: u32 = 1 << 16;
/// What ends a line well for datatrove.
pub(super) const TERMINAL: u32 = 1 << 17;
/// What is punctuation for datatrove, controls among it; some of `TERMINAL` is not.
pub(super) const MARK: u32 = 1 << 18;
/// A character of a host name in spaCy's rule for addresses.
pub(super) const HOST: u32 = 1 << 19;
/// `\p{Mn}`
pub(super) const ACCENT: u32 = 1 << 20;

const SETS: [(&[u32], u32); 11] = [
    (tables::ALPHA, ALPHA),
    (tables::LOWER, LOWER),
    (tables::UPPER, UPPER),
    (tables::QUOTE, QUOTE),
    (tables::ICON, ICON | INFIX),
    (tables::PREFIX, PREFIX),
    (tables::SUFFIX, SUFFIX),
    (tables::BEFORE_STOP, BEFORE_STOP),
    (tables::SENTENCE, SENTENCE),
    (tables::TERMINAL, TERMINAL),
    (tables::MARK, MARK),
];
const CLASSES: [(&str, u32); 5] =
    [(r"\p{L}", LETTER), (r"\p{P}", PUNCTUATION), (r"\p{Nd}", DECIMAL), (r"[\p{L}\p{N}_]", WORD), (r"\p{Mn}", ACCENT)];

/// Which of the above hold of a code point.
pub(super) struct Characters(CharacterTable<u32>);

impl Characters {
    /// The one table of the process, built on first use in a few milliseconds.
    pub(super) fn get() -> &'static Characters {
        static TABLE: OnceLock<Characters> = OnceLock::new();
        TABLE.get_or_init(|| Characters(CharacterTable::new(&CLASSES, add_rules)))
    }

    /// What holds of the character that starts at `at` in the valid UTF-8 `text`, and its length in bytes; (0, 0) past
    /// the end.
    #[inline(always)]
    pub(super) fn at(&self, text: &[u8], at: usize) -> (u32, usize) {
        self.0.at(text, at, 0)
    }

    /// The same of the character that ends at `end`; (0, 0) before the beginning.
    #[inline(always)]
    pub(super) fn before(&self, text: &[u8], end: usize) -> (u32, usize) {
        let Some(mut start) = end.checked_sub(1) else { return (0, 0) };
        while text[start] & 0xC0 == 0x80 {
            start -= 1;
        }
        self.at(text, start)
    }

    /// What holds of each character of `text`.
    #[inline(always)]
    pub(super) fn of<'a>(&'a self, text: &'a str) -> impl Iterator<Item = u32> + 'a {
        let mut at = 0;
        std::iter::from_fn(move || {
            let (class, length) = self.at(text.as_bytes(), at);
            at += length;
            (length > 0).then_some(class)
        })
    }
}

/// Adds what no Unicode class says to the `entries` of all code points.
fn add_rules(entries: &mut [u32]) {
    for (runs, bits) in SETS {
        let mut at = 0;
        for run in runs.chunks_exact(2) {
            let start = at + run[0] as usize;
            at = start + run[1] as usize;
            entries[start..at].iter_mut().for_each(|entry| *entry |= bits);
        }
    }
    for (code, entry) in entries.iter_mut().enumerate() {
        let Some(c) = char::from_u32(code as u32) else { continue };
        for (holds, bit) in [
            (python_str::is_space(c), SPACE),
            (c.is_ascii_digit(), DIGIT),
            ("+-*^.,–—~:<>=/".contains(c), INFIX),
            (c.is_ascii_alphanumeric() || ('\u{a1}'..='\u{ffff}').contains(&c), HOST),
        ] {
            *entry |= if holds { bit } else { 0 };
        }
        // A digit may stand before a unit, an s after an apostrophe; addresses have a full stop, which is INFIX.
        if *entry & (SPACE | DIGIT | PREFIX | SUFFIX | INFIX) == 0 {
            *entry |= PLAIN;
        }
    }
}
