//! Block lists, read line by line: names of hosts, addresses, and words.

use std::collections::HashSet;
use std::hash::Hasher;
use std::io::{self, BufRead, Read};

use hashbrown::HashTable;
use rustc_hash::FxHasher;

use crate::corpus::python_str;

/// Longer lines are left out of a list.
const MAX_LINE_BYTES: usize = 1 << 16;

/// What a file lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListKind {
    /// Names of domains and hosts.
    Domains,
    /// Whole addresses, with or without a scheme.
    Urls,
    /// Words of which one is too many.
    Words,
    /// Words of which some are too many.
    SoftWords,
    /// Letters that may stand nowhere, not in the middle of a word.
    Subwords,
}

impl ListKind {
    /// What a file of this name lists: UT1's names, and datatrove's.
    pub fn of(file_name: &str) -> Option<ListKind> {
        match file_name {
            "domains" => Some(ListKind::Domains),
            "urls" => Some(ListKind::Urls),
            "banned_words.txt" => Some(ListKind::Words),
            "soft_banned_words.txt" => Some(ListKind::SoftWords),
            "banned_subwords.txt" => Some(ListKind::Subwords),
            _ => None,
        }
    }
}

/// Why a line was left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ListFault {
    /// It is more than 64 KiB.
    TooLong,
    /// It is no UTF-8.
    NotUtf8,
    /// It is to be a name or an address, and has white space or a control character in it.
    Space,
    /// It is to be the name of a host, and has a slash.
    NoHost,
    /// It is to be a word, and has no letter and no digit.
    NoWord,
}

impl std::fmt::Display for ListFault {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(match self {
            ListFault::TooLong => "expected at most 64 KiB, found more",
            ListFault::NotUtf8 => "expected UTF-8, found other bytes",
            ListFault::Space => "expected no white space, found some",
            ListFault::NoHost => "expected the name of a host, found a slash",
            ListFault::NoWord => "expected letters or digits of ASCII, found none",
        })
    }
}

/// All that is blocked.
#[derive(Default)]
pub struct Lists {
    pub(super) domains: Names,
    pub(super) urls: Names,
    pub(super) words: HashSet<String>,
    pub(super) soft_words: HashSet<String>,
    pub(super) subwords: HashSet<String>,
}

impl Lists {
    /// Adds the lines of a file. Blank lines and comments are passed over; lines with a fault, too, which `say` is told of
    /// with their number. Fails as the reader does.
    pub fn add(
        &mut self,
        kind: ListKind,
        mut reader: impl BufRead,
        mut say: impl FnMut(u64, ListFault),
    ) -> io::Result<()> {
        let (mut line, mut number) = (Vec::new(), 0);
        loop {
            line.clear();
            number += 1;
            if (&mut reader).take(MAX_LINE_BYTES as u64 + 1).read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            if line.len() > MAX_LINE_BYTES && line.last() != Some(&b'\n') {
                pass_over(&mut reader)?;
                say(number, ListFault::TooLong);
            } else if let Err(fault) = self.add_line(kind, &line) {
                say(number, fault);
            }
        }
    }

    fn add_line(&mut self, kind: ListKind, line: &[u8]) -> Result<(), ListFault> {
        if line.starts_with(b"#") {
            return Ok(());
        }
        let entry = python_str::strip(std::str::from_utf8(line).map_err(|_| ListFault::NotUtf8)?);
        if entry.is_empty() {
            return Ok(());
        }
        let is_name = matches!(kind, ListKind::Domains | ListKind::Urls);
        if is_name && has_space(entry) {
            return Err(ListFault::Space);
        }
        if kind == ListKind::Domains && entry.contains('/') {
            return Err(ListFault::NoHost);
        }
        let word = if is_name { String::new() } else { super::letters(entry) };
        if !is_name && word.is_empty() {
            return Err(ListFault::NoWord);
        }
        match kind {
            ListKind::Domains => self.domains.insert(entry),
            ListKind::Urls => self.urls.insert(entry),
            ListKind::Words => self.words.extend([word]),
            ListKind::SoftWords => self.soft_words.extend([word]),
            ListKind::Subwords => self.subwords.extend([word]),
        }
        Ok(())
    }

    /// How much is blocked, by what it is.
    pub fn counts(&self) -> [(&'static str, usize); 5] {
        [
            ("domains", self.domains.len()),
            ("addresses", self.urls.len()),
            ("words", self.words.len()),
            ("soft words", self.soft_words.len()),
            ("parts of words", self.subwords.len()),
        ]
    }
}

/// Whether there is white space or a control character in it.
fn has_space(entry: &str) -> bool {
    if entry.is_ascii() {
        return entry.bytes().any(|byte| byte <= b' ' || byte == 0x7f);
    }
    entry.contains(|c: char| python_str::is_space(c) || c.is_control())
}

/// Passes over the rest of a line.
fn pass_over(reader: &mut impl BufRead) -> io::Result<()> {
    loop {
        let buffer = reader.fill_buf()?;
        let end = buffer.iter().position(|&byte| byte == b'\n');
        let (length, ended) = (end.map_or(buffer.len(), |end| end + 1), end.is_some() || buffer.is_empty());
        reader.consume(length);
        if ended {
            return Ok(());
        }
    }
}

/// A set of millions of names in little more memory than their letters take.
#[derive(Default)]
pub(super) struct Names {
    /// Each with a newline behind it.
    letters: Vec<u8>,
    /// Where each begins.
    places: HashTable<usize>,
}

fn hash(name: &[u8]) -> u64 {
    let mut hasher = FxHasher::default();
    hasher.write(name);
    hasher.finish()
}

/// The name at a place.
fn at(letters: &[u8], place: usize) -> &[u8] {
    let rest = &letters[place..];
    &rest[..rest.iter().position(|&byte| byte == b'\n').unwrap_or(rest.len())]
}

/// Whether the name at a place is this.
fn is_at(letters: &[u8], place: usize, name: &[u8]) -> bool {
    letters[place..].strip_prefix(name).is_some_and(|rest| rest.first() == Some(&b'\n'))
}

impl Names {
    /// Adds a name without a newline in it.
    fn insert(&mut self, name: &str) {
        let (letters, name) = (&mut self.letters, name.as_bytes());
        let place = letters.len();
        let hashed = hash(name);
        if self.places.find(hashed, |&known| is_at(letters, known, name)).is_none() {
            letters.extend_from_slice(name);
            letters.push(b'\n');
            self.places.insert_unique(hashed, place, |&known| hash(at(letters, known)));
        }
    }

    pub(super) fn contains(&self, name: &str) -> bool {
        let name = name.as_bytes();
        self.places.find(hash(name), |&known| is_at(&self.letters, known, name)).is_some()
    }

    fn len(&self) -> usize {
        self.places.len()
    }
}
