//! Normalises a text: two that differ only in case, numbers, punctuation or accents become the same.

use unicode_normalization::UnicodeNormalization;

use crate::corpus::characters::{ACCENT, Characters, DECIMAL, MARK, SPACE};
use crate::corpus::python_str;

/// In lower case, each number 0, punctuation and white space one blank, accents off: as datatrove writes a text before it
/// hashes it.
pub fn normalise(text: &str) -> String {
    let characters = Characters::get();
    // Python and Rust lower the same characters, a sigma at the end of a word among them.
    let text = text.to_lowercase();
    let bytes = text.as_bytes();
    let mut plain = String::with_capacity(text.len());
    let (mut at, mut blank) = (0, false);
    while at < bytes.len() {
        let (class, length) = characters.at(bytes, at);
        let start = at;
        at += length;
        let number = class & DECIMAL != 0;
        if number {
            at = digits(characters, bytes, at);
            let separator = separator(&text[at..]);
            if separator > 0 && characters.at(bytes, at + separator).0 & DECIMAL != 0 {
                at = digits(characters, bytes, at + separator);
            }
        } else if class & (MARK | SPACE) != 0 {
            blank = true;
            continue;
        }
        if std::mem::take(&mut blank) && !plain.is_empty() {
            plain.push(' ');
        }
        plain.push_str(if number { "0" } else { &text[start..at] });
    }
    if plain.is_ascii() {
        return plain;
    }
    let mut buffer = [0; 4];
    let without_accents: String =
        plain.nfd().filter(|c| characters.at(c.encode_utf8(&mut buffer).as_bytes(), 0).0 & ACCENT == 0).collect();
    python_str::strip(&without_accents).to_owned()
}

/// The end of the digits from `at` on.
fn digits(characters: &Characters, text: &[u8], mut at: usize) -> usize {
    loop {
        let (class, length) = characters.at(text, at);
        if class & DECIMAL == 0 {
            return at;
        }
        at += length;
    }
}

/// The length of what stands between a number and its decimals, if `text` begins with it.
fn separator(text: &str) -> usize {
    text.chars().next().filter(|c| ".,،٫⎖⎗⎘".contains(*c)).map_or(0, char::len_utf8)
}
