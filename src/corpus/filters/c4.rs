//! C4's rules: lines that are no text are left out, and a document of which too little is left is dropped.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::Fired;
use super::rules::{Id, Judge};
use crate::corpus::characters::{Characters, DECIMAL};
use crate::corpus::python_str;
use crate::corpus::words::{self, Token};

/// What a line may not speak of, in lower case: the letter that is rarest in English, where in the phrase it stands, the
/// phrase.
const PHRASES: [(u8, usize, &str, Phrase); 8] = [
    (b'm', 4, "lorem ipsum", Phrase::LoremIpsum),
    (b'j', 0, "javascript", Phrase::Javascript),
    (b'm', 3, "terms of use", Phrase::Policy),
    (b'v', 3, "privacy policy", Phrase::Policy),
    (b'k', 3, "cookie policy", Phrase::Policy),
    (b'k', 8, "uses cookies", Phrase::Policy),
    (b'k', 10, "use of cookies", Phrase::Policy),
    (b'k', 7, "use cookies", Phrase::Policy),
];

/// A bit each.
#[derive(Clone, Copy)]
enum Phrase {
    LoremIpsum = 1,
    Javascript = 2,
    Policy = 4,
}

/// The lines that are left, joined; or the first rule that fires. `tokens` is used again for each line, and `dropped` counts
/// the lines that are left out.
pub(super) fn cleaned(
    text: &str,
    rules: &dyn Judge,
    tokens: &mut Vec<Token>,
    dropped: &mut BTreeMap<&'static str, u64>,
) -> Result<String, Fired> {
    let (mut sentences, mut lorem, mut brackets) = (0, 0, 0);
    let mut kept = String::with_capacity(text.len());
    let mut first = true;
    for line in python_str::lines(text) {
        let line = python_str::strip(line);
        let span = python_str::place(text, line);
        let mut drop = |id: Id, value: f64| {
            let fires = rules.fires(id, value);
            if fires {
                *dropped.entry(id.rule().name).or_default() += 1;
            }
            fires
        };
        let (mut words, mut longest) = (0, 0);
        for word in python_str::split(line) {
            words += 1;
            longest = longest.max(word.len());
        }
        // Bytes are no fewer than characters, and few lines have so many of them in a word.
        if rules.fires(Id::LongWord, longest as f64) {
            longest = python_str::split(line).map(python_str::length).max().unwrap_or(0);
        }
        if drop(Id::LongWord, longest as f64) {
            continue;
        }
        let line = without_citations(line);
        let ends_well = line.ends_with(['.', '?', '!', '"', '\'']) && !line.ends_with("...");
        if drop(Id::NoTerminal, !ends_well as u8 as f64) || drop(Id::FewWords, words as f64) {
            continue;
        }
        let phrases = phrases(&line);
        let speaks = |phrase: Phrase| (phrases & phrase as u8 != 0) as u8;
        lorem += speaks(Phrase::LoremIpsum) as usize;
        if rules.fires(Id::LoremIpsum, lorem as f64) {
            return Err(Fired::new(Id::LoremIpsum, lorem as f64, span));
        }
        if drop(Id::Javascript, speaks(Phrase::Javascript) as f64) {
            continue;
        }
        brackets += line.contains('{') as usize;
        if rules.fires(Id::CurlyBracket, brackets as f64) {
            let at = text[span.clone()].find('{').map_or(span.clone(), |at| span.start + at..span.start + at + 1);
            return Err(Fired::new(Id::CurlyBracket, brackets as f64, at));
        }
        if drop(Id::Policy, speaks(Phrase::Policy) as f64) {
            continue;
        }
        words::tokens(&line, tokens);
        // Of no words at all datatrove makes one sentence.
        sentences += words::sentences(&line, tokens).max(1);
        if !std::mem::take(&mut first) {
            kept.push('\n');
        }
        kept.push_str(&line);
    }
    if rules.fires(Id::FewSentences, sentences as f64) {
        return Err(Fired::new(Id::FewSentences, sentences as f64, 0..text.len()));
    }
    Ok(python_str::strip(&kept).to_owned())
}

/// `re.sub(r"\[\d*]|\[edit]|\[citation needed]", "", line)`
fn without_citations(line: &str) -> Cow<'_, str> {
    if !line.contains('[') {
        return Cow::Borrowed(line);
    }
    let mut kept = String::new();
    let mut rest = line;
    while let Some(open) = rest.find('[') {
        let (before, tail) = rest.split_at(open);
        kept.push_str(before);
        let length = citation(tail).max(1);
        kept.push_str(if length == 1 { "[" } else { "" });
        rest = &tail[length..];
    }
    kept.push_str(rest);
    Cow::Owned(kept)
}

/// The length of the citation at the beginning of `text`, or 0.
fn citation(text: &str) -> usize {
    for mark in ["[edit]", "[citation needed]"] {
        if text.starts_with(mark) {
            return mark.len();
        }
    }
    let (characters, mut at) = (Characters::get(), 1);
    loop {
        let (class, length) = characters.at(text.as_bytes(), at);
        if class & DECIMAL == 0 {
            return if text.as_bytes().get(at) == Some(&b']') { at + 1 } else { 0 };
        }
        at += length;
    }
}

/// Which phrases stand in the line, in any case, as bits.
fn phrases(line: &str) -> u8 {
    // The one character that Python's lower() makes a letter of a phrase of.
    if line.contains('\u{212a}') {
        return phrases(&line.replace('\u{212a}', "k"));
    }
    let mut found = 0;
    for (at, byte) in line.bytes().enumerate() {
        if !matches!(byte | 0x20, b'j' | b'k' | b'm' | b'v') {
            continue;
        }
        for (letter, offset, phrase, bit) in PHRASES {
            let start = at.wrapping_sub(offset);
            let there = || line.as_bytes().get(start..start + phrase.len());
            if letter == byte | 0x20
                && offset <= at
                && there().is_some_and(|it| it.eq_ignore_ascii_case(phrase.as_bytes()))
            {
                found |= bit as u8;
            }
        }
    }
    found
}
