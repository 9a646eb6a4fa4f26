//! How a document is cut into pieces before any merge: a sequence of splits, each applied to the pieces of the one before.

use std::str::FromStr;

use super::split::{self, Matcher};
use crate::{Error, Result};

/// The split pattern of a tokenizer that is trained here, or that a file without one is read with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Pattern {
    /// GPT-2's: words with the space before them, runs of numbers, runs of symbols.
    Gpt2,
    /// GPT-4's: contractions in any case, numbers by three, symbols with the line ends after them.
    Cl100k,
    /// GPT-4o's: words also split where the case changes from lower to upper.
    O200k,
    /// No split: a document is one piece, and merges cross word borders.
    None,
}

impl Pattern {
    /// Every pattern, in the order in which they are listed to a person.
    pub const ALL: [Pattern; 4] = [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k, Pattern::None];

    /// The name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Pattern::Gpt2 => "gpt2",
            Pattern::Cl100k => "cl100k",
            Pattern::O200k => "o200k",
            Pattern::None => "none",
        }
    }

    /// The regular expression in the plain form that a `tokenizer.json` carries; `None` splits nothing.
    pub fn regex(self) -> Option<&'static str> {
        match self {
            Pattern::Gpt2 => Some(split::GPT2),
            Pattern::Cl100k => Some(split::CL100K),
            Pattern::O200k => Some(split::O200K),
            Pattern::None => None,
        }
    }

    /// Calls `piece` with each piece of `document`, in order; together they are the document.
    pub fn split<'a>(self, document: &'a [u8], piece: impl FnMut(&'a [u8])) {
        Splitter::new(self).for_each(document, 0, usize::MAX, piece);
    }
}

impl std::fmt::Display for Pattern {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Pattern {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Pattern::ALL.into_iter().find(|pattern| pattern.name() == name).ok_or_else(|| {
            Error::Usage(format!("there is no split pattern {name:?}: choose gpt2, cl100k, o200k or none"))
        })
    }
}

/// One split, which keeps every byte: what it matches and what lies between are pieces.
#[derive(Clone, Debug)]
pub(super) enum SplitStep {
    /// A regular expression with a hand-written equal.
    Matcher(Matcher),
    /// Any other regular expression.
    #[cfg(feature = "regex")]
    Regex(Box<fancy_regex::Regex>),
    /// A fixed text, wherever it occurs.
    Literal(String),
}

impl SplitStep {
    /// The split at the matches of `regex`, an error if this build cannot run it.
    pub(super) fn regex(regex: &str) -> Result<SplitStep> {
        match Matcher::of(regex) {
            Some(matcher) => Ok(SplitStep::Matcher(matcher)),
            None => SplitStep::other(regex),
        }
    }

    #[cfg(feature = "regex")]
    fn other(regex: &str) -> Result<SplitStep> {
        // A file decides what is compiled: both limits keep a hostile pattern from taking memory or time without bound.
        let built =
            fancy_regex::RegexBuilder::new(regex).delegate_size_limit(10 << 20).backtrack_limit(1_000_000).build();
        built.map(|regex| SplitStep::Regex(Box::new(regex))).map_err(|error| {
            // The engine draws the place of the fault over several lines; its last says what it is.
            let error = error.to_string();
            let reason = error.lines().last().unwrap_or_default().trim();
            let message = format!("the split pattern {regex:?} cannot be read: {reason}");
            Error::format("tokenizer.json, pre_tokenizer", message)
        })
    }

    #[cfg(not(feature = "regex"))]
    fn other(regex: &str) -> Result<SplitStep> {
        Err(Error::format(
            "tokenizer.json, pre_tokenizer",
            format!("the split pattern {regex:?} is none of those built in, and this build has no regular expressions"),
        ))
    }

    fn for_each<'a>(&self, text: &'a str, mut piece: impl FnMut(&'a str)) {
        match self {
            SplitStep::Matcher(matcher) => drop(matcher.for_each(text, 0, usize::MAX, piece)),
            #[cfg(feature = "regex")]
            SplitStep::Regex(regex) => {
                between(text, regex.find_iter(text).map_while(|m| m.ok()).map(|m| m.range()), piece)
            }
            SplitStep::Literal(literal) => {
                between(text, text.match_indices(literal.as_str()).map(|(at, m)| at..at + m.len()), &mut piece)
            }
        }
    }
}

/// Calls `piece` with each of `matches` that is not empty and with what lies between them.
fn between<'a>(text: &'a str, matches: impl Iterator<Item = std::ops::Range<usize>>, mut piece: impl FnMut(&'a str)) {
    let mut start = 0;
    for range in matches.filter(|range| !range.is_empty()) {
        if start < range.start {
            piece(&text[start..range.start]);
        }
        start = range.end;
        piece(&text[range]);
    }
    if start < text.len() {
        piece(&text[start..]);
    }
}

/// What cuts documents into pieces. Bytes that are not UTF-8 are pieces of one byte, and the text on either side of
/// them is cut as if it stood alone; without any step the whole document is one piece, whatever it holds.
#[derive(Clone, Debug)]
pub(super) struct Splitter {
    steps: Vec<SplitStep>,
    /// The regular expression of the only step, where it is one without a name.
    regex: Option<String>,
}

impl Splitter {
    /// The split of `pattern`.
    pub(super) fn new(pattern: Pattern) -> Self {
        let matcher = match pattern {
            Pattern::Gpt2 => Matcher::Gpt2,
            Pattern::Cl100k => Matcher::Cl100k { digits: 3 },
            Pattern::O200k => Matcher::O200k,
            Pattern::None => return Splitter::from_steps(Vec::new()),
        };
        Splitter::from_steps(vec![SplitStep::Matcher(matcher)])
    }

    /// The splits of a file, in order.
    pub(super) fn from_steps(steps: Vec<SplitStep>) -> Self {
        Splitter { steps, regex: None }
    }

    /// The split at the matches of a regular expression.
    pub(super) fn regex(regex: &str) -> Result<Self> {
        Ok(Splitter { steps: vec![SplitStep::regex(regex)?], regex: Some(regex.into()) })
    }

    /// The regular expression that it splits by, where it is known as one.
    pub(super) fn expression(&self) -> Option<&str> {
        self.regex.as_deref().or_else(|| self.pattern().and_then(Pattern::regex))
    }

    /// As [`Splitter::new`], but white space at the end of a text as tiktoken splits it.
    pub(super) fn tiktoken(pattern: Pattern) -> Self {
        match pattern {
            Pattern::Cl100k => Splitter::from_steps(vec![SplitStep::Matcher(Matcher::Cl100kTiktoken)]),
            other => Splitter::new(other),
        }
    }

    /// The pattern that this is, if it is one with a name.
    pub(super) fn pattern(&self) -> Option<Pattern> {
        match self.steps[..] {
            [] => Some(Pattern::None),
            [SplitStep::Matcher(Matcher::Gpt2)] => Some(Pattern::Gpt2),
            [SplitStep::Matcher(Matcher::Cl100k { digits: 3 } | Matcher::Cl100kTiktoken)] => Some(Pattern::Cl100k),
            [SplitStep::Matcher(Matcher::O200k)] => Some(Pattern::O200k),
            _ => None,
        }
    }

    /// Calls `piece` with each piece of `document` from `from` on, in order, until they reach `limit` or it ends. Gives
    /// where the last ends: no pattern looks back, so going on from there gives what one go would have given. Without
    /// a step, or with several, more than up to `limit` may be done at once.
    #[inline]
    pub(super) fn for_each<'a>(
        &self,
        document: &'a [u8],
        from: usize,
        limit: usize,
        piece: impl FnMut(&'a [u8]),
    ) -> usize {
        self.each(document, from, limit, STRETCH, piece)
    }

    /// As [`Splitter::for_each`], looking ahead by stretches of so many bytes.
    #[inline]
    fn each<'a>(
        &self,
        document: &'a [u8],
        from: usize,
        limit: usize,
        stretch: usize,
        mut piece: impl FnMut(&'a [u8]),
    ) -> usize {
        let mut at = from;
        while at < document.len().min(limit) {
            let mut rest = &document[at..];
            if self.steps.is_empty() {
                piece(rest);
                return document.len();
            }
            if let [SplitStep::Matcher(matcher)] = self.steps[..]
                && matcher.covers_all()
            {
                rest = &rest[..enough(rest, limit - at, stretch)];
            }
            let (text, invalid) = match std::str::from_utf8(rest) {
                Ok(text) => (text, 0),
                Err(error) => {
                    let (valid, _) = rest.split_at(error.valid_up_to());
                    let text = std::str::from_utf8(valid).expect("valid up to here");
                    (text, error.error_len().unwrap_or(rest.len() - valid.len()))
                }
            };
            let done = match &self.steps[..] {
                [SplitStep::Matcher(matcher)] => matcher.for_each(text, 0, limit - at, |part| piece(part.as_bytes())),
                steps => {
                    nested(steps, text, &mut |part: &'a str| piece(part.as_bytes()));
                    text.len()
                }
            };
            at += done;
            if done == text.len() {
                document[at..at + invalid].chunks(1).for_each(&mut piece);
                at += invalid;
            }
        }
        at
    }
}

/// A part of a long document is looked at with so much of what follows it, or a multiple.
const STRETCH: usize = 1 << 16;

/// How much of `rest` to look at for its pieces up to `wanted`, so that it costs no more to cut a part out of a longer document. It
/// ends where the pattern of every [`Matcher`] that covers all ends a piece whatever stands around: behind a letter or digit that a
/// space, the end of a line, a Chinese comma or full stop follows.
fn enough(rest: &[u8], wanted: usize, stretch: usize) -> usize {
    let mut least = wanted;
    loop {
        let most = least.saturating_add(stretch);
        if most >= rest.len() {
            return rest.len();
        }
        if let Some(end) = (least.max(1)..=most).rev().find(|&at| parts(rest, at)) {
            return end;
        }
        // As long as there is no such place, the more is looked at the more there is to do with it.
        least = most.saturating_mul(2);
    }
}

fn parts(text: &[u8], at: usize) -> bool {
    let (before, behind) = text.split_at(at);
    let ends = matches!(behind, [b' ' | b'\n' | b'\r' | b'\t', ..] | [0xef, 0xbc, 0x8c, ..] | [0xe3, 0x80, 0x82, ..]);
    let word = match before {
        [.., byte] if byte.is_ascii_alphanumeric() => true,
        // From U+5000 to U+9FFF all are ideographs.
        [.., 0xe5..=0xe9, 0x80..=0xbf, 0x80..=0xbf] => true,
        _ => false,
    };
    ends && word
}

fn nested<'a>(steps: &[SplitStep], text: &'a str, piece: &mut dyn FnMut(&'a str)) {
    match steps {
        [] => piece(text),
        [step, rest @ ..] => step.for_each(text, |part| nested(rest, part, piece)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The pieces of a document, a part of `most` bytes at a time.
    fn in_parts(splitter: &Splitter, document: &[u8], most: usize, stretch: usize) -> Vec<Vec<u8>> {
        let (mut pieces, mut at) = (Vec::new(), 0);
        while at < document.len() {
            at = splitter.each(document, at, at + most, stretch, |piece| pieces.push(piece.to_vec()));
        }
        pieces
    }

    proptest! {
        /// What a part is cut into does not depend on how far it is looked ahead.
        #[test]
        fn parts_are_cut_as_the_whole_is(
            parts in prop::collection::vec(prop::sample::select(vec![
                "a", "B", "é", "7", "'s", "'", "'L", "l", " ", "  ", "\n", "\r\n", "\t", ".", "!", "-", "好", "，", "。", "\u{300}", "\u{3000}",
            ]), 0..60),
            stray in 0..80_usize,
            most in 1..9_usize,
            stretch in 1..9_usize,
        ) {
            let mut document = parts.concat().into_bytes();
            if stray < document.len() {
                document[stray] = 0xff;
            }
            for splitter in [Pattern::Gpt2, Pattern::Cl100k, Pattern::O200k].into_iter().flat_map(|pattern| [Splitter::new(pattern), Splitter::tiktoken(pattern)]) {
                let mut whole = Vec::new();
                splitter.for_each(&document, 0, usize::MAX, |piece| whole.push(piece.to_vec()));
                prop_assert_eq!(in_parts(&splitter, &document, most, stretch), whole);
            }
        }
    }

    #[test]
    fn a_part_is_looked_at_and_not_all_that_follows() {
        let text = "The old bird sang of glass. ".repeat(100_000);
        assert!(enough(text.as_bytes(), 1000, STRETCH) <= 1000 + STRETCH);
        let chinese = "这条河很宽，从来没有人渡过。".repeat(100_000);
        assert!(enough(chinese.as_bytes(), 1000, STRETCH) <= 1000 + STRETCH);
        assert_eq!(enough(&[b'a'; 1000], 10, 10), 1000, "there is no place to end");
    }
}
