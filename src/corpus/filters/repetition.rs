//! Gopher's rules against repetition: paragraphs and lines that stood before, and runs of words that come again and again.

use std::ops::Range;

use super::rules::{Id, Judge};
use super::table::{Table, hash, mix};
use super::{EMPTY, Fired, share};
use crate::corpus::python_str;
use crate::corpus::words::Token;

/// How often some parts of a text stood before.
#[derive(Default)]
pub(super) struct Duplicates {
    /// The parts.
    pub(super) parts: usize,
    /// Those that stood before.
    pub(super) again: usize,
    /// Their characters.
    pub(super) characters: usize,
    /// Where the first of them stands.
    pub(super) first: Range<usize>,
}

/// What is used again for each document.
#[derive(Default)]
pub(super) struct Repetition {
    table: Table,
    parts: Vec<(u32, u32)>,
    grams: Grams,
}

impl Repetition {
    /// The first rule that fires.
    pub(super) fn fired(&mut self, text: &str, words: &[Token], rules: &dyn Judge) -> Option<Fired> {
        if text.is_empty() {
            return Some(EMPTY);
        }
        let length = python_str::length(text);
        let paragraphs = self.duplicates(text, python_str::split_newlines(python_str::strip(text), 2));
        let lines = self.duplicates(text, python_str::split_newlines(text, 1));
        for (id, found, value) in [
            (Id::DupParaFrac, &paragraphs, share(paragraphs.again, paragraphs.parts)),
            (Id::DupParaCharFrac, &paragraphs, share(paragraphs.characters, length)),
            (Id::DupLineFrac, &lines, share(lines.again, lines.parts)),
            (Id::DupLineCharFrac, &lines, share(lines.characters, length)),
        ] {
            if rules.fires(id, value) {
                return Some(Fired::new(id, value, found.first.clone()));
            }
        }
        self.grams.read(text, words, &mut self.table);
        for n in 2..=4 {
            let id = Id::Top2Gram.further(n - 2);
            let Some((characters, first)) = self.grams.top(n, &mut self.table) else { continue };
            let value = share(characters, length);
            if rules.fires(id, value) {
                return Some(Fired::new(id, value, span(words, first, n)));
            }
        }
        for n in 5..=10 {
            let id = Id::Duplicated5Grams.further(n - 5);
            let (characters, first) = self.grams.duplicated(n, &mut self.table);
            let value = share(characters, length);
            if rules.fires(id, value) {
                return Some(Fired::new(id, value, span(words, first, n)));
            }
        }
        None
    }

    /// Counts those of `parts`, slices of `text`, that stood before.
    pub(super) fn duplicates<'a>(&mut self, text: &'a str, parts: impl Iterator<Item = &'a str>) -> Duplicates {
        self.parts.clear();
        self.parts.extend(parts.map(|part| {
            let place = python_str::place(text, part);
            (place.start as u32, place.end as u32)
        }));
        let of = |(start, end): (u32, u32)| &text[start as usize..end as usize];
        let mut found = Duplicates { parts: self.parts.len(), ..Duplicates::default() };
        self.table.empty(self.parts.len());
        for (n, &place) in self.parts.iter().enumerate() {
            let part = of(place);
            let before =
                self.table.find_or_put(hash(part.as_bytes()), n as u32, |n| of(self.parts[n as usize]) == part);
            if before.is_some() {
                if found.again == 0 {
                    found.first = place.0 as usize..place.1 as usize;
                }
                found.again += 1;
                found.characters += python_str::length(part);
            }
        }
        found
    }
}

/// Where `n` words from the one numbered `first` on stand.
fn span(words: &[Token], first: usize, n: usize) -> Range<usize> {
    words.get(first..first + n).map_or(0..0, |words| words[0].start as usize..words[n - 1].end as usize)
}

/// Runs of n words.
#[derive(Default)]
struct Grams {
    /// All words, with nothing between.
    joined: Vec<u8>,
    /// Where in `joined` each word starts, and where the last ends.
    starts: Vec<u32>,
    /// How many characters stand before it.
    characters: Vec<u32>,
    /// A number for each different word, and one for each different run of n words at the word with which it begins.
    words: Vec<u32>,
    runs: Vec<u32>,
    /// For each different run: the run of n - 1 words and the word that it is, where it stands first, how often it stands.
    different: Vec<(u64, u32, u32)>,
}

impl Grams {
    fn read(&mut self, text: &str, words: &[Token], table: &mut Table) {
        self.joined.clear();
        self.starts.clear();
        self.characters.clear();
        self.words.clear();
        let mut characters = 0;
        table.empty(words.len());
        for (n, token) in words.iter().enumerate() {
            let word = token.text(text);
            let same = |other: u32| words[other as usize].text(text) == word;
            self.words.push(table.find_or_put(hash(word.as_bytes()), n as u32, same).unwrap_or(n as u32));
            self.starts.push(self.joined.len() as u32);
            self.characters.push(characters);
            self.joined.extend_from_slice(word.as_bytes());
            characters += python_str::length(word) as u32;
        }
        self.starts.push(self.joined.len() as u32);
        self.characters.push(characters);
        self.runs.clone_from(&self.words);
    }

    /// The characters that the most frequent run of `n` words takes, a blank between two words, and the word at which it
    /// stands first; of several as frequent the one that stands first. To be asked with n = 2, 3, 4 in turn.
    fn top(&mut self, n: usize, table: &mut Table) -> Option<(usize, usize)> {
        let count = (self.words.len() + 1).saturating_sub(n);
        table.empty(count);
        self.different.clear();
        for at in 0..count {
            let key = (self.runs[at] as u64) << 32 | self.words[at + n - 1] as u64;
            let new = self.different.len() as u32;
            let run = table.find_or_put(mix(key), new, |run| self.different[run as usize].0 == key).unwrap_or(new);
            if run == new {
                self.different.push((key, at as u32, 0));
            }
            self.different[run as usize].2 += 1;
            self.runs[at] = run;
        }
        let most = self.different.iter().map(|run| run.2).max()?;
        let &(_, first, _) = self.different.iter().find(|run| run.2 == most)?;
        let first = first as usize;
        let characters = self.characters[first + n] - self.characters[first] + (n - 1) as u32;
        Some((characters as usize * most as usize, first))
    }

    /// The characters in runs of `n` words that stood before, and the word at which the first such run stands. From the
    /// beginning on: a run that stood before is counted and passed over, of one that did not the first word is. Runs are
    /// compared with nothing between their words.
    fn duplicated(&self, n: usize, table: &mut Table) -> (usize, usize) {
        let count = (self.words.len() + 1).saturating_sub(n);
        table.empty(count);
        let run = |at: usize| &self.joined[self.starts[at] as usize..self.starts[at + n] as usize];
        let (mut at, mut characters, mut first) = (0, 0, None);
        while at < count {
            let here = run(at);
            if table.find_or_put(hash(here), at as u32, |other| run(other as usize) == here).is_some() {
                characters += (self.characters[at + n] - self.characters[at]) as usize;
                first.get_or_insert(at);
                at += n;
            } else {
                at += 1;
            }
        }
        (characters, first.unwrap_or(0))
    }
}
