//! Files in pieces, on all cores: the pieces of a file are worked on at the same time and what comes of them is taken in their
//! order, so that the same input gives the same bytes on any number of threads.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use glasshouse::corpus::page::{Given, Page};
use glasshouse::corpus::{Document, LONGEST_PAGE, jsonl, warc};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;

use super::files;
use super::inputs::{Input, is_archive};
#[cfg(feature = "parquet")]
use super::parquet;

/// So many documents, or bytes of them, are one piece of work, and packed by themselves.
const PIECE: (usize, usize) = (256, 4 << 20);

/// Under what pages are counted of which nobody asked for the text.
pub const NOT_ASKED: &str = "not_extracted";

/// So many places of damage are named a file; all are counted.
const NAMED: usize = 10;

/// Documents of a file, or what is none, with the number of the first among those of all files.
pub struct Piece {
    pub first: u64,
    pub items: Vec<Item>,
    bytes: usize,
}

/// What a file holds.
pub enum Item {
    /// A line of JSON, and its number.
    Line(u64, Vec<u8>),
    /// A record of an archive.
    Record(warc::Record),
    /// A file of HTML, by its path.
    Page(String, Vec<u8>),
    /// A document.
    #[cfg(feature = "parquet")]
    Document(Document),
    /// No document, by the name under which it is counted.
    Skipped(&'static str),
}

impl Item {
    /// What it is; a document without an `id` is called after the file. Or why it is nothing.
    pub fn given(self, file: &str) -> std::result::Result<Given, &'static str> {
        match self {
            Item::Line(number, line) => {
                let document = jsonl::document(&line, || format!("{file}/{number}"));
                document.map(Given::Text).map_err(|skip| skip.name())
            }
            Item::Record(record) => record.given(),
            Item::Page(path, bytes) => Ok(Given::Page(Page::of_file(path, bytes))),
            #[cfg(feature = "parquet")]
            Item::Document(document) => Ok(Given::Text(document)),
            Item::Skipped(name) => Err(name),
        }
    }

    /// The document that it is, where no text is taken out of pages.
    pub fn document(self, file: &str) -> std::result::Result<Document, &'static str> {
        match self.given(file)? {
            Given::Text(document) => Ok(document),
            Given::Page(_) => Err(NOT_ASKED),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Item::Line(_, line) => line.len(),
            Item::Record(record) => record.content.len(),
            Item::Page(_, bytes) => bytes.len(),
            #[cfg(feature = "parquet")]
            Item::Document(document) => document.text.len(),
            Item::Skipped(_) => 0,
        }
    }
}

/// The pieces of a file, as far as it can be unpacked.
pub struct Pieces<'a> {
    source: Source,
    path: PathBuf,
    bar: &'a ProgressBar,
    next: u64,
    faults: Faults<'a>,
}

/// Says what is wrong with a file, but not too often.
pub struct Faults<'a> {
    bar: &'a ProgressBar,
    named: usize,
}

impl<'a> Faults<'a> {
    /// Nothing yet; what is said stands above `bar`.
    pub fn new(bar: &'a ProgressBar) -> Self {
        Faults { bar, named: 0 }
    }

    /// Says what is wrong at `path`.
    pub fn say(&mut self, path: &Path, what: &str) {
        self.named += 1;
        if self.named <= NAMED {
            self.bar.suspend(|| eprintln!("{}: {what}", path.display()));
        }
        if self.named == NAMED {
            self.bar.suspend(|| eprintln!("{}: what else is damaged is counted", path.display()));
        }
    }
}

enum Source {
    Lines(jsonl::Lines<Box<dyn BufRead>>),
    Archive(warc::Reader<Box<dyn BufRead>>),
    Pages(std::vec::IntoIter<PathBuf>),
    #[cfg(feature = "parquet")]
    Rows(parquet::Rows),
    /// Nothing can be read of it, for this reason.
    #[cfg(feature = "parquet")]
    Damaged(String),
    Ended,
}

/// What a file is, by how it begins.
enum Kind {
    Lines,
    Archive,
    Parquet,
    /// A web archive as nobody packs them.
    Packed,
}

impl<'a> Pieces<'a> {
    /// Opens a file whose first item has the number `first`.
    pub fn open(input: &Input, first: u64, bar: &'a ProgressBar) -> Result<Self> {
        let path = input.paths()[0].clone();
        let fail = |error| Error::io(&path, "read", error);
        let source = match input {
            Input::Pages(paths) => Source::Pages(paths.clone().into_iter()),
            Input::File(path, _) => match kind(path).map_err(fail)? {
                Kind::Archive => {
                    Source::Archive(warc::Reader::new(files::open_raw(path, bar)?, warc::holds_page).map_err(fail)?)
                }
                #[cfg(feature = "parquet")]
                Kind::Parquet => match parquet::Rows::open(path, input.name(), bar)? {
                    Ok(rows) => Source::Rows(rows),
                    Err(damage) => Source::Damaged(damage),
                },
                #[cfg(not(feature = "parquet"))]
                Kind::Parquet => {
                    return Err(Error::Config(format!(
                        "{} is Parquet, which this build does not read: build it with `--features full`",
                        path.display()
                    )));
                }
                Kind::Packed => {
                    return Err(Error::format(
                        path.display(),
                        "expected a web archive as it is or packed by gzip, found Zstandard: unpack it first, or pack it by gzip",
                    ));
                }
                Kind::Lines => Source::Lines(jsonl::Lines::new(files::open_counted(path, bar)?)),
            },
        };
        Ok(Pieces { source, path, bar, next: first, faults: Faults::new(bar) })
    }

    /// The next item; none at the end.
    fn item(&mut self) -> Result<Option<Item>> {
        let fail = |error| Error::io(&self.path, "read", error);
        Ok(match &mut self.source {
            Source::Ended => None,
            Source::Lines(lines) => match lines.next() {
                None => None,
                Some(Ok((number, Ok(line)))) => Some(Item::Line(number, line)),
                Some(Ok((number, Err(skip)))) => {
                    self.say(format!("line {number} is longer than {} MiB, and is left out", jsonl::LONGEST >> 20));
                    Some(Item::Skipped(skip.name()))
                }
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
            Source::Pages(paths) => match paths.next() {
                None => None,
                Some(path) => {
                    self.path = path;
                    Some(self.page()?)
                }
            },
            #[cfg(feature = "parquet")]
            Source::Damaged(what) => {
                let what = format!("{what}; nothing of it is read");
                self.source = Source::Ended;
                self.bar.inc(self.path.metadata().map_or(0, |file| file.len()));
                self.say(what);
                Some(Item::Skipped("file_damaged"))
            }
            #[cfg(feature = "parquet")]
            Source::Rows(rows) => match rows.next()? {
                None => None,
                Some((_, parquet::Found::Document(document))) => Some(Item::Document(document)),
                Some((_, parquet::Found::Nothing)) => Some(Item::Skipped("row_without_text")),
                Some((row, parquet::Found::Damage(what))) => {
                    self.say(format!("damaged at row {row} ({what}); the reading goes on with the next group of rows"));
                    Some(Item::Skipped("rows_damaged"))
                }
            },
        })
    }

    /// The file of HTML at the path.
    fn page(&mut self) -> Result<Item> {
        let mut bytes = Vec::new();
        let reader = files::open_counted(&self.path, self.bar)?;
        match reader.take(LONGEST_PAGE as u64 + 1).read_to_end(&mut bytes) {
            Ok(_) => Ok(Item::Page(self.path.display().to_string(), bytes)),
            Err(error) if files::is_damage(&error) => {
                self.say(format!("it does not unpack ({error})"));
                Ok(Item::Skipped("file_damaged"))
            }
            Err(error) => Err(Error::io(&self.path, "read", error)),
        }
    }

    fn say(&mut self, what: String) {
        self.faults.say(&self.path, &what);
    }

    /// The next piece; none at the end.
    fn piece(&mut self) -> Result<Option<Piece>> {
        let mut piece = Piece { first: self.next, items: Vec::new(), bytes: 0 };
        while piece.items.len() < PIECE.0 && piece.bytes < PIECE.1 {
            let Some(item) = self.item()? else { break };
            piece.bytes += item.bytes();
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
        let most = rayon::current_num_threads() * 2;
        loop {
            let (mut pieces, mut bytes) = (Vec::new(), 0);
            // However long single documents are, few of the longest are held at a time.
            while pieces.len() < most && bytes < most * PIECE.1 {
                let Some(piece) = self.piece()? else { break };
                bytes += piece.bytes;
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

/// What a file is: as it begins, unpacked if it is gzip, or where that is damaged by its name.
fn kind(path: &Path) -> io::Result<Kind> {
    let start = |reader: &mut dyn Read| {
        let mut start = Vec::new();
        // What does not unpack is found out where it is read.
        let _ = reader.take(64).read_to_end(&mut start);
        start
    };
    let (plain, unpacked) = (start(&mut File::open(path)?), start(&mut GzDecoder::new(File::open(path)?)));
    Ok(match () {
        () if warc::begins(&plain) || warc::begins(&unpacked) => Kind::Archive,
        () if plain.starts_with(b"PAR1") => Kind::Parquet,
        () if is_archive(path) && plain.starts_with(&files::ZSTANDARD) => Kind::Packed,
        () if is_archive(path) => Kind::Archive,
        () => Kind::Lines,
    })
}
