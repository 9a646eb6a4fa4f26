//! Files through a stage, on all cores: pieces of a file are worked on at the same time and written in their order, so that
//! the same input gives the same bytes on any number of threads.

use std::io::BufRead;
use std::path::Path;

use glasshouse::corpus::filters::Size;
use glasshouse::corpus::words::{self, Token};
use glasshouse::corpus::{Document, Report, jsonl, personal};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;
use serde::Serialize;

use super::files::{self, Folder, Format, Part};

/// So many documents, or bytes of them, are one piece of work, and packed by themselves.
const PIECE: (usize, usize) = (256, 4 << 20);

/// Lines of a file, with the number of the first among all lines of all files.
pub struct Piece {
    pub first: u64,
    pub lines: Vec<jsonl::Line>,
}

/// The pieces of a file, as far as it can be unpacked.
pub struct Pieces<'a> {
    lines: Option<jsonl::Lines<Box<dyn BufRead>>>,
    path: &'a Path,
    next: u64,
    damage: Option<Error>,
}

impl<'a> Pieces<'a> {
    /// Opens a file whose first line has the number `first`.
    pub fn open(path: &'a Path, first: u64, bar: &ProgressBar) -> Result<Self> {
        match files::open_counted(path, bar) {
            Ok(reader) => Ok(Pieces { lines: Some(jsonl::Lines::new(reader)), path, next: first, damage: None }),
            Err(error @ Error::Format { .. }) => Ok(Pieces { lines: None, path, next: first, damage: Some(error) }),
            Err(error) => Err(error),
        }
    }

    /// The next piece; none at the end.
    fn piece(&mut self) -> Result<Option<Piece>> {
        let (mut piece, mut bytes) = (Piece { first: self.next, lines: Vec::new() }, 0);
        while piece.lines.len() < PIECE.0 && bytes < PIECE.1 {
            match self.lines.as_mut().and_then(Iterator::next) {
                None => break,
                Some(Ok(line)) => {
                    bytes += line.1.as_ref().map_or(0, Vec::len);
                    piece.lines.push(line);
                }
                Some(Err(error)) if files::is_damage(&error) => {
                    self.damage = Some(files::unreadable(self.path, error));
                    self.lines = None;
                }
                Some(Err(error)) => return Err(files::unreadable(self.path, error)),
            }
        }
        self.next += piece.lines.len() as u64;
        Ok((!piece.lines.is_empty()).then_some(piece))
    }

    /// Works on all pieces on all cores, each with what is found out of it before, in order; and takes what comes of them, in
    /// order. Gives the number of the line after the last, and what damage there was.
    pub fn each<P: Send, T: Send>(
        mut self,
        mut before: impl FnMut(&Piece) -> Result<P>,
        work: impl Fn(Piece, P) -> T + Sync,
        mut take: impl FnMut(T) -> Result<()>,
    ) -> Result<(u64, Option<Error>)> {
        loop {
            let mut pieces = Vec::new();
            while pieces.len() < rayon::current_num_threads() * 2 {
                let Some(piece) = self.piece()? else { break };
                let known = before(&piece)?;
                pieces.push((piece, known));
            }
            if pieces.is_empty() {
                return Ok((self.next, self.damage));
            }
            let done: Vec<T> =
                pieces.into_par_iter().with_max_len(1).map(|(piece, known)| work(piece, known)).collect();
            done.into_iter().try_for_each(&mut take)?;
        }
    }
}

/// Lines of JSON.
#[derive(Default)]
pub struct Lines(Vec<u8>);

impl Lines {
    /// Puts a value on a line of its own.
    pub fn push(&mut self, value: &impl Serialize) {
        serde_json::to_writer(&mut self.0, value).expect("a document is plain data");
        self.0.push(b'\n');
    }

    /// Nothing if nothing was pushed.
    pub fn packed(self, format: Format) -> Vec<u8> {
        if self.0.is_empty() { self.0 } else { format.pack(&self.0) }
    }
}

/// The last thing that is done to a document: personal data is replaced.
#[derive(Clone, Copy, Debug)]
pub struct Masks {
    /// Telephone numbers, too.
    pub phones: bool,
}

impl Masks {
    /// The stage's name.
    pub const STAGE: &str = "pii";

    /// Replaces, and counts; `tokens` is used again for each document.
    pub fn put(self, document: &mut Document, report: &mut Report, tokens: &mut Vec<Token>) {
        let mut size = |text: &str| {
            words::words(text, tokens);
            Size { bytes: text.len() as u64, tokens: tokens.len() as u64 }
        };
        let before = size(&document.text);
        let replaced = personal::replace(&mut document.text, self.phones);
        let stage = report.stage(Masks::STAGE);
        let counts = [("email", replaced.mail), ("ip_address", replaced.addresses), ("phone", replaced.telephones)];
        let after = if counts.iter().any(|&(_, count)| count > 0) { size(&document.text) } else { before };
        stage.count(before, Ok(after));
        for (kind, count) in counts.into_iter().filter(|&(_, count)| count > 0) {
            *stage.replaced.entry(kind.into()).or_default() += count;
        }
    }
}

/// What became of a piece: packed lines for the documents and for what each stage took out, and the counts.
pub struct Done {
    pub documents: Vec<u8>,
    pub removed: Vec<Vec<u8>>,
    pub report: Report,
}

/// The files that one file of input becomes: one of documents, and one a stage of what that took out.
pub struct Output<'a> {
    folder: &'a Folder,
    name: String,
    format: Format,
    documents: Part,
    empty: bool,
    removed: Vec<(&'static str, Option<Part>)>,
    pub report: Report,
}

impl<'a> Output<'a> {
    /// Begins the file of this number.
    pub fn begin(folder: &'a Folder, number: usize, format: Format, stages: &[&'static str]) -> Result<Self> {
        let name = format!("{number:05}.{format}");
        let documents = folder.begin(&format!("documents/{name}"))?;
        let removed = stages.iter().map(|&stage| (stage, None)).collect();
        Ok(Output { folder, name, format, documents, empty: true, removed, report: Report::default() })
    }

    /// Writes what became of a piece.
    pub fn write(&mut self, done: Done) -> Result<()> {
        self.report.add(&done.report);
        self.documents.write(&done.documents)?;
        self.empty &= done.documents.is_empty();
        for ((stage, part), bytes) in self.removed.iter_mut().zip(done.removed) {
            if !bytes.is_empty() {
                let part = match part {
                    Some(part) => part,
                    None => part.insert(self.folder.begin(&format!("removed/{stage}/{}", self.name))?),
                };
                part.write(&bytes)?;
            }
        }
        Ok(())
    }

    /// Puts all files in their places. Where no document is left there is a packed file still, of nothing.
    pub fn finish(mut self) -> Result<Report> {
        if self.empty {
            self.documents.write(&self.format.pack(b""))?;
        }
        self.removed.into_iter().filter_map(|(_, part)| part).try_for_each(Part::finish)?;
        self.documents.finish()?;
        Ok(self.report)
    }
}
