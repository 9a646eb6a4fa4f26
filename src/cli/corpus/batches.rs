//! Files in batches, on all cores: the batches of a file are worked on at the same time and their results taken in order, so
//! that the same input gives the same bytes on any number of threads.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use flate2::read::GzDecoder;
use glasshouse::corpus::page::{Input, Page};
use glasshouse::corpus::{Document, MAX_PAGE_BYTES, jsonl, warc};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;

use super::files;
use super::inputs::{InputFile, is_archive};
#[cfg(feature = "parquet")]
use super::parquet;

/// A batch is full with this many documents, or with this many bytes of them; each is packed by itself.
const MAX_BATCH_ITEMS: usize = 256;
const MAX_BATCH_BYTES: usize = 4 << 20;

/// The name under which pages are counted whose text is not extracted.
pub const NOT_ASKED: &str = "not_extracted";

/// At most this many places of damage are printed for a file; all are counted.
const MAX_DAMAGE_LINES: usize = 10;

/// Items of a file, with the number of the first among those of all files.
pub struct DocumentBatch {
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
    pub fn input(self, file: &str) -> std::result::Result<Input, &'static str> {
        match self {
            Item::Line(number, line) => {
                let document = jsonl::document(&line, || format!("{file}/{number}"));
                document.map(Input::Text).map_err(|skip| skip.name())
            }
            Item::Record(record) => record.input(),
            Item::Page(path, bytes) => Ok(Input::Page(Page::of_file(path, bytes))),
            #[cfg(feature = "parquet")]
            Item::Document(document) => Ok(Input::Text(document)),
            Item::Skipped(name) => Err(name),
        }
    }

    /// The document that it is, where no text is taken out of pages.
    pub fn document(self, file: &str) -> std::result::Result<Document, &'static str> {
        match self.input(file)? {
            Input::Text(document) => Ok(document),
            Input::Page(_) => Err(NOT_ASKED),
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

/// The batches of a file, as far as it can be unpacked.
pub struct DocumentBatches<'a> {
    source: BatchSource,
    path: PathBuf,
    bar: &'a ProgressBar,
    next: u64,
    damage: DamageLog<'a>,
}

/// Says what is wrong with a file, but not too often.
pub struct DamageLog<'a> {
    bar: &'a ProgressBar,
    named: usize,
}

impl<'a> DamageLog<'a> {
    /// Nothing yet; what is said stands above `bar`.
    pub fn new(bar: &'a ProgressBar) -> Self {
        DamageLog { bar, named: 0 }
    }

    /// Says what is wrong at `path`.
    pub fn say(&mut self, path: &Path, what: &str) {
        self.named += 1;
        if self.named <= MAX_DAMAGE_LINES {
            self.bar.suspend(|| eprintln!("{}: {what}", path.display()));
        }
        if self.named == MAX_DAMAGE_LINES {
            self.bar.suspend(|| eprintln!("{}: what else is damaged is counted", path.display()));
        }
    }
}

enum BatchSource {
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
enum FileKind {
    Lines,
    Archive,
    Parquet,
    /// A web archive packed with Zstandard, which is not supported.
    Packed,
}

impl<'a> DocumentBatches<'a> {
    /// Opens a file whose first item has the number `first`.
    pub fn open(input: &InputFile, first: u64, bar: &'a ProgressBar) -> Result<Self> {
        let path = input.paths()[0].clone();
        let fail = |error| Error::io(&path, "read", error);
        let source = match input {
            InputFile::Pages(paths) => BatchSource::Pages(paths.clone().into_iter()),
            InputFile::File(path, _) => match kind(path).map_err(fail)? {
                FileKind::Archive => BatchSource::Archive(
                    warc::Reader::new(files::open_raw(path, bar)?, warc::holds_page).map_err(fail)?,
                ),
                #[cfg(feature = "parquet")]
                FileKind::Parquet => match parquet::Rows::open(path, input.name(), bar)? {
                    Ok(rows) => BatchSource::Rows(rows),
                    Err(damage) => BatchSource::Damaged(damage),
                },
                #[cfg(not(feature = "parquet"))]
                FileKind::Parquet => {
                    return Err(Error::Config(format!(
                        "{} is Parquet, which this build does not read: build it with `--features full`",
                        path.display()
                    )));
                }
                FileKind::Packed => {
                    return Err(Error::format(
                        path.display(),
                        "expected a web archive as it is or packed by gzip, found Zstandard: unpack it first, or pack it by gzip",
                    ));
                }
                FileKind::Lines => BatchSource::Lines(jsonl::Lines::new(files::open_counted(path, bar)?)),
            },
        };
        Ok(DocumentBatches { source, path, bar, next: first, damage: DamageLog::new(bar) })
    }

    /// The next item; none at the end.
    fn item(&mut self) -> Result<Option<Item>> {
        let fail = |error| Error::io(&self.path, "read", error);
        Ok(match &mut self.source {
            BatchSource::Ended => None,
            BatchSource::Lines(lines) => match lines.next() {
                None => None,
                Some(Ok((number, Ok(line)))) => Some(Item::Line(number, line)),
                Some(Ok((number, Err(skip)))) => {
                    self.say(format!(
                        "line {number} is longer than {} MiB, and is left out",
                        jsonl::MAX_LINE_BYTES >> 20
                    ));
                    Some(Item::Skipped(skip.name()))
                }
                Some(Err(error)) if files::is_damage(&error) => {
                    self.source = BatchSource::Ended;
                    self.say(format!("it does not unpack ({error}); what stands before the damage is taken"));
                    Some(Item::Skipped("file_damaged"))
                }
                Some(Err(error)) => return Err(fail(error)),
            },
            BatchSource::Archive(reader) => match reader.next().transpose().map_err(fail)? {
                None => None,
                Some(warc::Entry::Record(record)) => Some(Item::Record(record)),
                Some(warc::Entry::Damage(place, damage)) => {
                    self.say(format!("{} at byte {place}; the reading goes on behind it", damage.name()));
                    Some(Item::Skipped(damage.name()))
                }
            },
            BatchSource::Pages(paths) => match paths.next() {
                None => None,
                Some(path) => {
                    self.path = path;
                    Some(self.page()?)
                }
            },
            #[cfg(feature = "parquet")]
            BatchSource::Damaged(what) => {
                let what = format!("{what}; nothing of it is read");
                self.source = BatchSource::Ended;
                self.bar.inc(self.path.metadata().map_or(0, |file| file.len()));
                self.say(what);
                Some(Item::Skipped("file_damaged"))
            }
            #[cfg(feature = "parquet")]
            BatchSource::Rows(rows) => match rows.next()? {
                None => None,
                Some((_, parquet::RowContent::Document(document))) => Some(Item::Document(document)),
                Some((_, parquet::RowContent::Nothing)) => Some(Item::Skipped("row_without_text")),
                Some((row, parquet::RowContent::Damage(what))) => {
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
        match reader.take(MAX_PAGE_BYTES as u64 + 1).read_to_end(&mut bytes) {
            Ok(_) => Ok(Item::Page(self.path.display().to_string(), bytes)),
            Err(error) if files::is_damage(&error) => {
                self.say(format!("it does not unpack ({error})"));
                Ok(Item::Skipped("file_damaged"))
            }
            Err(error) => Err(Error::io(&self.path, "read", error)),
        }
    }

    fn say(&mut self, what: String) {
        self.damage.say(&self.path, &what);
    }

    /// The next batch; none at the end.
    fn batch(&mut self) -> Result<Option<DocumentBatch>> {
        let mut batch = DocumentBatch { first: self.next, items: Vec::new(), bytes: 0 };
        while batch.items.len() < MAX_BATCH_ITEMS && batch.bytes < MAX_BATCH_BYTES {
            let Some(item) = self.item()? else { break };
            batch.bytes += item.bytes();
            batch.items.push(item);
        }
        self.next += batch.items.len() as u64;
        Ok((!batch.items.is_empty()).then_some(batch))
    }

    /// Works on all batches on all cores. `before` is called for each in order, `work` with its result on any core, `take` with
    /// the results in order. Gives the number of the item after the last.
    pub fn each<P: Send, T: Send>(
        mut self,
        mut before: impl FnMut(&DocumentBatch) -> Result<P>,
        work: impl Fn(DocumentBatch, P) -> T + Sync,
        mut take: impl FnMut(T) -> Result<()>,
    ) -> Result<u64> {
        let most = rayon::current_num_threads() * 2;
        loop {
            let (mut batches, mut bytes) = (Vec::new(), 0);
            // However long single documents are, few of the longest are held at a time.
            while batches.len() < most && bytes < most * MAX_BATCH_BYTES {
                let Some(batch) = self.batch()? else { break };
                bytes += batch.bytes;
                let known = before(&batch)?;
                batches.push((batch, known));
            }
            if batches.is_empty() {
                return Ok(self.next);
            }
            let done: Vec<T> =
                batches.into_par_iter().with_max_len(1).map(|(batch, known)| work(batch, known)).collect();
            done.into_iter().try_for_each(&mut take)?;
        }
    }
}

/// What a file is: as it begins, unpacked if it is gzip, or where that is damaged by its name.
fn kind(path: &Path) -> io::Result<FileKind> {
    let start = |reader: &mut dyn Read| {
        let mut start = Vec::new();
        // What does not unpack is found out where it is read.
        let _ = reader.take(64).read_to_end(&mut start);
        start
    };
    let (plain, unpacked) = (start(&mut File::open(path)?), start(&mut GzDecoder::new(File::open(path)?)));
    Ok(match () {
        () if warc::begins(&plain) || warc::begins(&unpacked) => FileKind::Archive,
        () if plain.starts_with(b"PAR1") => FileKind::Parquet,
        () if is_archive(path) && plain.starts_with(&files::ZSTANDARD) => FileKind::Packed,
        () if is_archive(path) => FileKind::Archive,
        () => FileKind::Lines,
    })
}
