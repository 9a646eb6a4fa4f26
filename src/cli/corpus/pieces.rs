//! Files in pieces, on all cores: the pieces of a file are worked on at the same time and what comes of them is taken in their
//! order, so that the same input gives the same bytes on any number of threads.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use flate2::read::GzDecoder;
use glasshouse::corpus::{Document, jsonl, warc};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;

use super::files;

/// So many documents, or bytes of them, are one piece of work, and packed by themselves.
const PIECE: (usize, usize) = (256, 4 << 20);

/// So many places of damage are named a file; all are counted.
const NAMED: usize = 10;

/// Documents of a file, or what is none, with the number of the first among those of all files.
pub struct Piece {
    pub first: u64,
    pub items: Vec<Item>,
}

/// What a file holds.
pub enum Item {
    /// A line of JSON, and its number.
    Line(u64, Vec<u8>),
    /// A record of an archive.
    Record(warc::Record),
    /// No document, by the name under which it is counted.
    Skipped(&'static str),
}

impl Item {
    /// The document that it is; one without an `id` is called after the file. Or why it is none.
    pub fn document(self, file: &str) -> std::result::Result<Document, &'static str> {
        match self {
            Item::Line(number, line) => {
                jsonl::document(&line, || format!("{file}/{number}")).map_err(|skip| skip.name())
            }
            Item::Record(record) => archived(record),
            Item::Skipped(name) => Err(name),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Item::Line(_, line) => line.len(),
            Item::Record(record) => record.content.len(),
            Item::Skipped(_) => 0,
        }
    }
}

/// The text that a record of an archive is: pages in HTML are none yet.
fn archived(record: warc::Record) -> std::result::Result<Document, &'static str> {
    let kind = record.field("WARC-Identified-Payload-Type").or(record.field("Content-Type")).unwrap_or_default();
    if record.field("WARC-Type") != Some("conversion") || !kind.starts_with("text/plain") {
        return Err("not_extracted");
    }
    let field = |name| record.field(name).map(str::to_owned);
    Ok(Document {
        id: field("WARC-Record-ID").unwrap_or_default(),
        url: record.url(),
        date: field("WARC-Date"),
        text: String::from_utf8(record.content.clone()).map_err(|_| "not_utf8")?,
        ..Document::default()
    })
}

/// The pieces of a file, as far as it can be unpacked.
pub struct Pieces<'a> {
    source: Source,
    path: &'a Path,
    bar: &'a ProgressBar,
    next: u64,
    named: usize,
}

enum Source {
    Lines(jsonl::Lines<Box<dyn BufRead>>),
    Archive(warc::Reader<Box<dyn BufRead>>),
    Ended,
}

impl<'a> Pieces<'a> {
    /// Opens a file whose first item has the number `first`.
    pub fn open(path: &'a Path, first: u64, bar: &'a ProgressBar) -> Result<Self> {
        let mut pieces = Pieces { source: Source::Ended, path, bar, next: first, named: 0 };
        let fail = |error| Error::io(path, "read", error);
        pieces.source = if is_archive(path).map_err(fail)? {
            let wanted = |kind: &str| kind == "response" || kind == "conversion";
            Source::Archive(warc::Reader::new(files::open_raw(path, bar)?, wanted).map_err(fail)?)
        } else {
            Source::Lines(jsonl::Lines::new(files::open_counted(path, bar)?))
        };
        Ok(pieces)
    }

    /// The next item; none at the end.
    fn item(&mut self) -> Result<Option<Item>> {
        let fail = |error| Error::io(self.path, "read", error);
        Ok(match &mut self.source {
            Source::Ended => None,
            Source::Lines(lines) => match lines.next() {
                None => None,
                Some(Ok((number, Ok(line)))) => Some(Item::Line(number, line)),
                Some(Ok((_, Err(skip)))) => Some(Item::Skipped(skip.name())),
                Some(Err(error)) if files::is_damage(&error) => {
                    self.source = Source::Ended;
                    self.say(format!("it does not unpack ({error}); what stands before the damage is taken"));
                    Some(Item::Skipped("file_damaged"))
                }
                Some(Err(error)) => return Err(fail(error)),
            },
            Source::Archive(reader) => match reader.next().transpose().map_err(fail)? {
                None => None,
                Some(warc::Found::Record(record)) => Some(Item::Record(record)),
                Some(warc::Found::Damage(place, damage)) => {
                    self.say(format!("{} at byte {place}; the reading goes on behind it", damage.name()));
                    Some(Item::Skipped(damage.name()))
                }
            },
        })
    }

    /// Says what is wrong with the file, but not too often.
    fn say(&mut self, what: String) {
        self.named += 1;
        if self.named <= NAMED {
            self.bar.suspend(|| eprintln!("{}: {what}", self.path.display()));
        }
        if self.named == NAMED {
            self.bar.suspend(|| eprintln!("{}: what else is damaged is counted", self.path.display()));
        }
    }

    /// The next piece; none at the end.
    fn piece(&mut self) -> Result<Option<Piece>> {
        let (mut piece, mut bytes) = (Piece { first: self.next, items: Vec::new() }, 0);
        while piece.items.len() < PIECE.0 && bytes < PIECE.1 {
            let Some(item) = self.item()? else { break };
            bytes += item.bytes();
            piece.items.push(item);
        }
        self.next += piece.items.len() as u64;
        Ok((!piece.items.is_empty()).then_some(piece))
    }

    /// Works on all pieces on all cores, each with what is found out of it before, in order; and takes what comes of them, in
    /// order. Gives the number of the item after the last.
    pub fn each<P: Send, T: Send>(
        mut self,
        mut before: impl FnMut(&Piece) -> Result<P>,
        work: impl Fn(Piece, P) -> T + Sync,
        mut take: impl FnMut(T) -> Result<()>,
    ) -> Result<u64> {
        loop {
            let mut pieces = Vec::new();
            while pieces.len() < rayon::current_num_threads() * 2 {
                let Some(piece) = self.piece()? else { break };
                let known = before(&piece)?;
                pieces.push((piece, known));
            }
            if pieces.is_empty() {
                return Ok(self.next);
            }
            let done: Vec<T> =
                pieces.into_par_iter().with_max_len(1).map(|(piece, known)| work(piece, known)).collect();
            done.into_iter().try_for_each(&mut take)?;
        }
    }
}

/// Whether a file, unpacked if it is gzip, begins like a web archive.
fn is_archive(path: &Path) -> io::Result<bool> {
    let start = |reader: &mut dyn Read| {
        let mut start = Vec::new();
        // What does not unpack is found out where it is read.
        let _ = reader.take(5).read_to_end(&mut start);
        start == b"WARC/"
    };
    Ok(start(&mut File::open(path)?) || start(&mut GzDecoder::new(File::open(path)?)))
}
