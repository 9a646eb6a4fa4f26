//! Gopher's rules of quality: how many words and how long, symbols, bullets, ellipses, and whether it reads like English.

use std::ops::Range;

use super::rules::{Id, Judge};
use super::{EMPTY, Fired, share};
use crate::corpus::characters::{Characters, LETTER, MARK, TERMINAL};
use crate::corpus::python_str;
use crate::corpus::words::Token;

/// The first rule that fires.
pub(super) fn fired(text: &str, words: &[Token], rules: &dyn Judge) -> Option<Fired> {
    let counts = Counts::of(text, words, rules);
    let of = |part: usize| share(part, words.len());
    let all = || 0..text.len();
    let sign = |sign: &str| text.find(sign).map_or(0..0, |at| at..at + sign.len());
    let ask = |id: Id, value: f64, span: &dyn Fn() -> Range<usize>| {
        rules.fires(id, value).then(|| Fired::new(id, value, span()))
    };
    ask(Id::ShortDoc, counts.proper as f64, &all)
        // Where that rule is off: there is nothing that the others could measure.
        .or_else(|| words.is_empty().then_some(EMPTY))
        .or_else(|| ask(Id::LongDoc, counts.proper as f64, &all))
        // Where all are mere symbols there is no mean, and neither rule fires.
        .or_else(|| ask(Id::BelowAverage, counts.characters as f64 / counts.proper as f64, &all))
        .or_else(|| ask(Id::AboveAverage, counts.characters as f64 / counts.proper as f64, &all))
        .or_else(|| ask(Id::Hashes, of(text.bytes().filter(|&byte| byte == b'#').count()), &|| sign("#")))
        .or_else(|| {
            let count = text.matches("...").count() + text.matches('…').count();
            ask(Id::Ellipses, of(count), &|| if text.contains("...") { sign("...") } else { sign("…") })
        })
        .or_else(|| {
            let (value, first) =
                lines(text, |line| line.trim_start_matches(python_str::is_space).starts_with(['•', '-']));
            ask(Id::Bullets, value, &|| first.clone())
        })
        .or_else(|| {
            let ends = |line: &str| ["...", "…"].iter().any(|end| line.ends_with(end));
            let (value, first) = lines(text, |line| ends(line.trim_end_matches(python_str::is_space)));
            ask(Id::EndEllipses, value, &|| first.clone())
        })
        .or_else(|| ask(Id::Alpha, of(counts.with_letter), &|| counts.first_without.clone()))
        .or_else(|| ask(Id::StopWords, counts.stop_words.count_ones() as f64, &all))
}

/// What is counted of words.
#[derive(Default)]
struct Counts {
    /// Those with a character that is no mere symbol.
    proper: usize,
    /// The characters of these.
    characters: usize,
    /// Those with a letter.
    with_letter: usize,
    /// Where the first without one stands.
    first_without: Range<usize>,
    /// Which of the stop words are there, a bit each.
    stop_words: u64,
}

impl Counts {
    fn of(text: &str, words: &[Token], rules: &dyn Judge) -> Counts {
        let stop_words = rules.rules().stop_words;
        let table = Characters::get();
        let mut counts = Counts::default();
        for token in words {
            let word = token.text(text);
            let (mut length, mut proper, mut any) = (0, false, 0);
            for class in table.of(word) {
                length += 1;
                proper |= class & (MARK | TERMINAL) == 0;
                any |= class;
            }
            if proper {
                counts.proper += 1;
                counts.characters += length;
            }
            if any & LETTER != 0 {
                counts.with_letter += 1;
            } else if counts.first_without.is_empty() {
                counts.first_without = token.start as usize..token.end as usize;
            }
            if let Some(stop) = stop_words.iter().position(|&stop| stop == word) {
                counts.stop_words |= 1 << stop;
            }
        }
        counts
    }
}

/// The share of the lines of which `holds` says yes, and where the first of them stands.
fn lines(text: &str, holds: impl Fn(&str) -> bool) -> (f64, Range<usize>) {
    let (mut count, mut all, mut first) = (0, 0, None);
    for line in python_str::lines(text) {
        all += 1;
        if holds(line) {
            count += 1;
            first.get_or_insert_with(|| python_str::place(text, line));
        }
    }
    (share(count, all), first.unwrap_or(0..0))
}
