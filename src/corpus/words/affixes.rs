//! What spaCy's English rules cut off at the beginning and the end of a run of characters, and where they cut its middle.
//!
//! Each function is one of its regular expressions, written by hand over the table of characters.

use std::sync::OnceLock;

use rustc_hash::FxHashSet;

use crate::corpus::characters::{
    ALPHA, BEFORE_STOP, Characters, DIGIT, ICON, INFIX, LOWER, PREFIX, QUOTE, SUFFIX, UPPER,
};
use crate::corpus::tables;

/// The bytes of the longest currency or unit.
const MAX_MEASURE_LENGTH: usize = 10;

/// The bytes of `run` that its first word takes; 0 where no rule applies.
#[inline]
pub(super) fn prefix(characters: &Characters, run: &[u8]) -> usize {
    match *run {
        [b'.', ..] => dots(run),
        [b'+', next, ..] if next.is_ascii_digit() => 0,
        [b'+', ..] => 1,
        [b'U', b'S', b'$', ..] => 3,
        [b'C' | b'A', b'$', ..] => 2,
        _ => match characters.at(run, 0) {
            (class, length) if class & PREFIX != 0 => length,
            _ => 0,
        },
    }
}

/// The length of the dots at the beginning, if they are two or more.
fn dots(run: &[u8]) -> usize {
    let count = run.iter().take_while(|&&byte| byte == b'.').count();
    if count > 1 { count } else { 0 }
}

/// The bytes of `run` that its last word takes; 0 where no rule applies. Of several rules the longest match counts.
#[inline]
pub(super) fn suffix(characters: &Characters, run: &[u8]) -> usize {
    let (class, last) = characters.before(run, run.len());
    let mut longest = if class & SUFFIX != 0 { last } else { 0 };
    match *run {
        [.., b'.'] => longest = stop(characters, run),
        [.., digit, b'+'] if digit.is_ascii_digit() => longest = 1,
        [.., b'\'', b's' | b'S'] => longest = 2,
        // ’s, and ……
        [.., 0xE2, 0x80, 0x99, b's' | b'S'] => longest = 4,
        [.., 0xE2, 0x80, 0xA6, 0xE2, 0x80, 0xA6] => longest = 6,
        _ => {}
    }
    longest.max(measure(run))
}

/// Of full stops at the end two or more go together; one stays with an abbreviation.
fn stop(characters: &Characters, run: &[u8]) -> usize {
    let count = run.iter().rev().take_while(|&&byte| byte == b'.').count();
    if count > 1 {
        return count;
    }
    let end = run.len() - 1;
    let (last, length) = characters.before(run, end);
    let initials = || last & UPPER != 0 && characters.before(run, end - length).0 & UPPER != 0;
    let degrees = || matches!(run[..end], [.., 0xC2, 0xB0, b'F' | b'f' | b'C' | b'c' | b'K' | b'k']);
    (last & BEFORE_STOP != 0 || initials() || degrees()) as usize
}

/// The length of the currency or unit at the end, if a digit stands before it.
fn measure(run: &[u8]) -> usize {
    static MEASURES: OnceLock<FxHashSet<&'static [u8]>> = OnceLock::new();
    let tail = &run[run.len().saturating_sub(MAX_MEASURE_LENGTH + 1)..];
    match tail.iter().rposition(u8::is_ascii_digit) {
        Some(digit) if digit + 1 < tail.len() => {
            let unit = &tail[digit + 1..];
            let measures = MEASURES.get_or_init(|| tables::MEASURES.iter().map(|text| text.as_bytes()).collect());
            if measures.contains(unit) { unit.len() } else { 0 }
        }
        _ => 0,
    }
}

/// Calls `cut` with the start and the end of each word that the rules find within `run`, in order.
#[inline]
pub(super) fn infixes(characters: &Characters, run: &[u8], mut cut: impl FnMut(usize, usize)) {
    let (mut at, mut before) = (0, 0);
    while at < run.len() {
        let (class, length) = characters.at(run, at);
        let found = if class & INFIX != 0 { infix(characters, run, at, before, class, length) } else { 0 };
        if found > 0 {
            cut(at, at + found);
            at += found;
            before = characters.before(run, at).0;
        } else {
            at += length;
            before = class;
        }
    }
}

/// The length of the word at `at`, 0 where none starts; `before` is what holds of the character before it.
fn infix(characters: &Characters, run: &[u8], at: usize, before: u32, class: u32, length: usize) -> usize {
    let after = |length: usize| characters.at(run, at + length).0;
    let between = |left: u32, right: u32| before & left != 0 && after(1) & right != 0;
    // A run of up to `most` hyphens between two letters, or after a digit.
    let hyphens = |hyphen: &str, most: usize| {
        let chunks = run[at..].chunks(hyphen.len()).take(most);
        let length = chunks.take_while(|&chunk| chunk == hyphen.as_bytes()).count() * hyphen.len();
        if before & (ALPHA | DIGIT) != 0 && after(length) & ALPHA != 0 { length } else { 0 }
    };
    let calculates = || before & DIGIT != 0 && (after(1) & DIGIT != 0 || run.get(at + 1) == Some(&b'-'));
    match run[at] {
        b'.' => match dots(&run[at..]) {
            0 => between(LOWER | QUOTE, UPPER | QUOTE) as usize,
            several => several,
        },
        b'+' | b'*' | b'^' => calculates() as usize,
        b'-' if calculates() => 1,
        b'-' => hyphens("-", 3),
        b'~' => hyphens("~", 1),
        b',' => between(ALPHA, ALPHA) as usize,
        b':' | b'<' | b'>' | b'=' | b'/' => between(ALPHA | DIGIT, ALPHA) as usize,
        _ if class & ICON != 0 => length,
        _ if run[at..].starts_with("–".as_bytes()) => hyphens("–", 1),
        _ => hyphens("—", 2),
    }
}
