//! Files in batches, on all cores: the batches of a file are worked on at the same time and their results taken in order, so
//! that the same input gives the same bytes on any number of threads.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use glasshouse::corpus::page::{Input, Page};
use glasshouse::corpus::readers::{HEAD_BYTES, Kind, Packing, Reading, decode};
use glasshouse::corpus::{Document, MAX_PAGE_BYTES, jsonl, warc};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use rayon::prelude::*;

use super::files;
use super::inputs::InputFile;
#[cfg(feature = "parquet")]
use super::parquet;
use super::whole;

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
    Document(Document),
    /// No document, by the name under which it is counted.
    Skipped(&'static str),
}

/// What is no document: the name under which it is counted, and of a line why.
pub struct Skipped {
    pub name: &'static str,
    pub why: String,
}

impl From<&'static str> for Skipped {
    fn from(name: &'static str) -> Self {
        Skipped { name, why: String::new() }
    }
}

impl Item {
    /// What it is; a document without an `id` is called after the file. Or why it is nothing.
    pub fn input(self, file: &str, field: &str) -> std::result::Result<Input, Skipped> {
        match self {
            Item::Line(number, line) => {
                let document = jsonl::document(&line, field, || format!("{file}/{number}"));
                document.map(Input::Text).map_err(|skip| Skipped { name: skip.name(), why: skip.why() })
            }
            Item::Record(record) => record.input().map_err(Skipped::from),
            Item::Page(path, bytes) => Ok(Input::Page(Page::of_file(path, bytes))),
            Item::Document(document) => Ok(Input::Text(document)),
            Item::Skipped(name) => Err(name.into()),
        }
    }

    /// The document that it is, where no text is taken out of pages.
    pub fn document(self, file: &str, field: &str) -> std::result::Result<Document, &'static str> {
        match self.input(file, field).map_err(|skipped| skipped.name)? {
            Input::Text(document) => Ok(document),
            Input::Page(_) => Err(NOT_ASKED),
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Item::Line(_, line) => line.len(),
            Item::Record(record) => record.content.len(),
            Item::Page(_, bytes) => bytes.len(),
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
            self.bar.suspend(|| crate::cli::output::note(format!("{}: {what}", path.display())));
        }
        if self.named == MAX_DAMAGE_LINES {
            self.bar
                .suspend(|| crate::cli::output::note(format!("{}: what else is damaged is counted", path.display())));
        }
    }
}

pub enum BatchSource {
    Lines(jsonl::Lines<Box<dyn BufRead>>),
    Archive(warc::Reader<Box<dyn BufRead>>),
    Pages(std::vec::IntoIter<PathBuf>),
    #[cfg(feature = "parquet")]
    Rows(parquet::Rows),
    /// What was read at once.
    Items(std::vec::IntoIter<Item>),
    /// Nothing can be read of it, for this reason.
    Damaged(String),
    Ended,
}

impl<'a> DocumentBatches<'a> {
    /// Opens a file, read in this way, whose first item has the number `first`.
    pub fn open(input: &InputFile, reading: &Reading, first: u64, bar: &'a ProgressBar) -> Result<Self> {
        let path = input.paths()[0].clone();
        let fail = |error| Error::io(&path, "read", error);
        let source = match input {
            InputFile::Pages(paths) => BatchSource::Pages(paths.clone().into_iter()),
            InputFile::File(path, name, kind) => match kind {
                // The reader unpacks gzip itself, member by member.
                Kind::Archive if is_gzip_or_plain(path).map_err(fail)? => BatchSource::Archive(
                    warc::Reader::new(files::open_raw(path, bar)?, warc::holds_page).map_err(fail)?,
                ),
                Kind::Archive => BatchSource::Archive(
                    warc::Reader::new(files::open_counted(path, bar)?, warc::holds_page)
                        .map_err(|error| files::unreadable(path, error))?,
                ),
                Kind::Lines if reading.encoding.is_none() && is_utf8(path)? => {
                    BatchSource::Lines(jsonl::Lines::new(files::open_counted(path, bar)?))
                }
                Kind::Parquet => rows(path, name, reading, bar)?,
                kind => whole::items(path, name, kind, reading, bar)?,
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
            BatchSource::Archive(reader) => match reader.next() {
                None => None,
                Some(Err(error)) if files::is_damage(&error) => {
                    self.source = BatchSource::Ended;
                    self.say(format!("it does not unpack ({error}); what stands before the damage is taken"));
                    Some(Item::Skipped("file_damaged"))
                }
                Some(Err(error)) => return Err(fail(error)),
                Some(Ok(warc::Entry::Record(record))) => Some(Item::Record(record)),
                Some(Ok(warc::Entry::Damage(place, damage))) => {
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
            BatchSource::Items(items) => items.next(),
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

/// Whether a file is packed by nothing but gzip, as web archives are.
fn is_gzip_or_plain(path: &Path) -> io::Result<bool> {
    let mut head = Vec::new();
    File::open(path)?.take(16).read_to_end(&mut head)?;
    Ok(matches!(Packing::of(&head), None | Some(Packing::Gzip)))
}

/// Whether a file begins as UTF-8 does, so that it can be read line by line.
fn is_utf8(path: &Path) -> Result<bool> {
    let mut head = Vec::new();
    // What does not unpack is found out where it is read.
    let _ = files::open(path)?.take(HEAD_BYTES as u64).read_to_end(&mut head);
    Ok(decode(head.clone(), None)
        .is_ok_and(|decoded| decoded.bytes.len() + 3 >= head.len() && head.ends_with(&decoded.bytes)))
}

/// The rows of a table.
#[cfg(feature = "parquet")]
fn rows(path: &Path, name: &str, reading: &Reading, bar: &ProgressBar) -> Result<BatchSource> {
    let mut bytes = None;
    let mut head = Vec::new();
    let fail = |error| files::unreadable(path, error);
    files::open_raw(path, &ProgressBar::hidden())?.take(4).read_to_end(&mut head).map_err(fail)?;
    if head != b"PAR1" {
        let mut unpacked = Vec::new();
        files::open(path)?.read_to_end(&mut unpacked).map_err(fail)?;
        bytes = Some(unpacked);
    }
    Ok(match parquet::Rows::open(path, bytes, name, &reading.text_field, bar)? {
        Ok(rows) => BatchSource::Rows(rows),
        Err(damage) => BatchSource::Damaged(damage),
    })
}

/// This build has no reader of tables.
#[cfg(not(feature = "parquet"))]
fn rows(path: &Path, _: &str, _: &Reading, _: &ProgressBar) -> Result<BatchSource> {
    Err(Error::Config(format!(
        "{} is Parquet, which this build does not read: build it with `--features full`",
        path.display()
    )))
}
