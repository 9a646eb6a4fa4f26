//! Words and sentences of English, cut as spaCy's blank English pipeline with its sentencizer cuts them: the rules of
//! datatrove count these. Words of Chinese, cut by a dictionary.
//!
//! A text is cut at white space; each run between is cut at its beginning and its end as long as a rule applies, and what is
//! left in its middle. Words with a rule of their own, and addresses, stay as they are. Every word is a slice of the text.

mod affixes;
pub mod chinese;
mod special;
mod url;

use super::characters::{Characters, INFIX, PLAIN, PUNCTUATION, SENTENCE, SPACE};
use special::Specials;

/// A word, or white space that is more than one blank: spaCy counts that too, and datatrove leaves it out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its first byte in the text.
    pub start: u32,
    /// The byte after its last.
    pub end: u32,
}

impl Token {
    #[inline]
    fn of(self, text: &[u8]) -> &[u8] {
        &text[self.start as usize..self.end as usize]
    }

    /// The token as a part of the text that it was cut from.
    #[inline]
    pub fn text(self, text: &str) -> &str {
        &text[self.start as usize..self.end as usize]
    }
}

/// How a text is cut into words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Words {
    /// As spaCy's blank English pipeline does it.
    English,
    /// As a dictionary has them: see [`chinese`].
    Chinese,
}

impl Words {
    /// The words of a document whose language was found to be this: of all but Chinese they are cut as if it were English.
    pub fn of(language: Option<&str>) -> Words {
        match language {
            Some("zh") => Words::Chinese,
            _ => Words::English,
        }
    }

    /// Cuts `text`, which is below 4 GiB, and puts its words, no white space among them, into `into` in place of what is there.
    pub fn cut(self, text: &str, into: &mut Vec<Token>) {
        match self {
            Words::English => words(text, into),
            Words::Chinese => chinese::words(text, into),
        }
    }
}

/// Cuts `text`, which is below 4 GiB, and puts its tokens into `tokens` in place of what is there.
pub fn tokens(text: &str, tokens: &mut Vec<Token>) {
    assert!(text.len() < u32::MAX as usize, "words: expected a text below 4 GiB, got {} bytes", text.len());
    tokens.clear();
    let mut cutter = Cutter {
        text: text.as_bytes(),
        characters: Characters::get(),
        specials: Specials::get(),
        tokens,
        suffixes: Vec::new(),
        sequence: false,
    };
    cutter.cut();
    if cutter.sequence {
        cutter.specials.restore(text.as_bytes(), tokens);
    }
}

/// The words of `text` alone, without white space.
pub fn words(text: &str, into: &mut Vec<Token>) {
    tokens(text, into);
    let characters = Characters::get();
    into.retain(|token| characters.at(text.as_bytes(), token.start as usize).0 & SPACE == 0);
}

/// How many sentences `tokens` of `text` are. One ends before the first token that is no punctuation after a mark that
/// ends sentences.
pub fn sentences(text: &str, tokens: &[Token]) -> usize {
    let characters = Characters::get();
    let mut count = !tokens.is_empty() as usize;
    let mut ended = false;
    for token in tokens {
        let (class, length) = characters.at(text.as_bytes(), token.start as usize);
        let ends = class & SENTENCE != 0 && length == (token.end - token.start) as usize;
        if ends {
            ended = true;
        } else if ended && !characters.of(token.text(text)).all(|class| class & PUNCTUATION != 0) {
            count += 1;
            ended = false;
        }
    }
    count
}

struct Cutter<'a> {
    text: &'a [u8],
    characters: &'static Characters,
    specials: &'static Specials,
    tokens: &'a mut Vec<Token>,
    /// The end of a run, and then where the words that were cut off there begin, the last first.
    suffixes: Vec<usize>,
    /// Whether some run was cut into what may be a special.
    sequence: bool,
}

impl Cutter<'_> {
    /// Cuts at white space. A run of it gives up its first blank, and is a token if something is left.
    fn cut(&mut self) {
        let (mut at, mut start) = (0, 0);
        // What all characters of the run have in common, and what any of them has.
        let (mut all, mut any) = (u32::MAX, 0);
        let mut in_space = self.characters.at(self.text, 0).0 & SPACE;
        while at < self.text.len() {
            let (class, length) = self.characters.at(self.text, at);
            if class & SPACE != in_space {
                self.run(start, at, all, any);
                start = at + (self.text[at] == b' ') as usize;
                (all, any) = (u32::MAX, 0);
                in_space = class & SPACE;
            }
            all &= class;
            any |= class;
            at += length;
        }
        self.run(start, at, all, any);
    }

    #[inline]
    fn push(&mut self, start: usize, end: usize) {
        self.tokens.push(Token { start: start as u32, end: end as u32 });
    }

    /// Pushes the words of a special; whether it is one.
    #[inline]
    fn special(&mut self, start: usize, end: usize) -> bool {
        let Some(ends) = self.specials.rule(&self.text[start..end]) else { return false };
        let mut at = start;
        for &length in ends {
            self.push(at, start + length as usize);
            at = start + length as usize;
        }
        true
    }

    #[inline]
    fn is_special(&self, start: usize, end: usize) -> bool {
        self.specials.rule(&self.text[start..end]).is_some()
    }

    /// Cuts a run between white space, or takes white space whole.
    #[inline]
    fn run(&mut self, start: usize, end: usize, all: u32, any: u32) {
        if start >= end {
            return;
        }
        if any & SPACE != 0 {
            self.push(start, end);
        } else if !self.special(start, end) {
            if all & PLAIN != 0 {
                self.push(start, end);
            } else {
                self.affixed(start, end, any);
            }
        }
    }

    /// Cuts a run at both ends as long as a rule applies, then in its middle.
    fn affixed(&mut self, mut start: usize, mut end: usize, any: u32) {
        let first = self.tokens.len();
        self.suffixes.clear();
        self.suffixes.push(end);
        while start < end && !self.is_special(start, end) {
            let prefix = affixes::prefix(self.characters, &self.text[start..end]);
            if prefix > 0 && self.is_special(start + prefix, end) {
                self.push(start, start + prefix);
                start += prefix;
                break;
            }
            let rest = start + prefix;
            let suffix = if rest < end { affixes::suffix(self.characters, &self.text[rest..end]) } else { 0 };
            if suffix > 0 && self.is_special(start, end - suffix) {
                end -= suffix;
                self.suffixes.push(end);
                break;
            }
            if prefix + suffix == 0 {
                break;
            }
            if prefix > 0 {
                self.push(start, rest);
                start = rest;
            }
            if suffix > 0 {
                end -= suffix;
                self.suffixes.push(end);
            }
        }
        if start < end && !self.special(start, end) {
            self.middle(start, end, any);
        }
        for n in (1..self.suffixes.len()).rev() {
            self.push(self.suffixes[n], self.suffixes[n - 1]);
        }
        self.sequence |= self.tokens.len() > first + 1 && self.specials.has_sequence(self.text, &self.tokens[first..]);
    }

    /// Cuts what has nothing more to give at its ends.
    fn middle(&mut self, start: usize, end: usize, any: u32) {
        let run = &self.text[start..end];
        if any & INFIX == 0 || url::matches(self.characters, run) {
            return self.push(start, end);
        }
        let mut at = start;
        let tokens = &mut *self.tokens;
        let mut push = |start: usize, end: usize| tokens.push(Token { start: start as u32, end: end as u32 });
        affixes::infixes(self.characters, run, |from, to| {
            // What would be cut at the very beginning is left on.
            if from > 0 {
                if start + from > at {
                    push(at, start + from);
                }
                push(start + from, start + to);
                at = start + to;
            }
        });
        if at < end {
            push(at, end);
        }
    }
}
