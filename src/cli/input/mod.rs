//! Reads the texts given on the command line: files of every kind, folders, corpora, standard input.

mod first;
mod walk;

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use glasshouse::corpus::readers::{self, Found, HEAD_BYTES, Kind, Reading, Tally, Unread, head_kind};
use glasshouse::{Error, Result};

use super::corpus::files;
use super::corpus::folder::CorpusFolder;
#[cfg(feature = "parquet")]
use super::corpus::parquet;
use super::output;

pub use first::list;
pub use walk::{Walk, walk};

/// Text is held in memory, and its tokens beside it.
const MAX_TEXT_BYTES: u64 = 4 << 30;

/// Of a folder at most so many files that were taken are named, and so many that were left.
const MAX_NAMES: usize = 20;

/// The documents at `paths`, in their order, read in this way; what a person should know of them is said on standard error. `-` is
/// standard input. A folder gives all of its files, however deep, in the order of their paths, but for hidden ones, and one that
/// `corpus run` wrote its documents.
pub fn documents(paths: &[PathBuf], reading: &Reading) -> Result<Vec<Vec<u8>>> {
    if reading.reader == Reading::first().reader {
        return first::documents(paths);
    }
    let mut gathering = Gathering { reading, left: MAX_TEXT_BYTES, documents: Vec::new(), tally: Tally::default() };
    let gathered = paths.iter().try_for_each(|path| gathering.path(path));
    gathering.tally.notes().iter().for_each(|note| tell(note));
    gathered.map(|()| gathering.documents)
}

/// The bytes of a file as they are, or of standard input for `-`.
pub fn read(path: &Path) -> Result<Vec<u8>> {
    first::read(path)
}

/// Says something on standard error, where somebody listens.
pub fn tell(note: &str) {
    output::note(format!("note: {note}"));
}

/// How a path is called: standard input by its name.
pub fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".into() } else { path.display().to_string() }
}

/// What a folder's list says of its files: which were taken, and which were left and why.
pub fn listed(folder: &Path, took: &[PathBuf], left: &[(PathBuf, String)]) -> String {
    let name = |path: &PathBuf| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let shown = |names: Vec<String>, count: usize| {
        let more = if count > names.len() { format!(", and {} more", count - names.len()) } else { String::new() };
        format!("{}{more}", names.join(", "))
    };
    let files = |count: usize| if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    let mut said = format!("{}: took {}", folder.display(), files(took.len()));
    if !took.is_empty() {
        said += &format!(": {}", shown(took.iter().take(MAX_NAMES).map(name).collect(), took.len()));
    }
    if !left.is_empty() {
        let names = left.iter().take(MAX_NAMES).map(|(path, why)| format!("{} ({why})", name(path))).collect();
        said += &format!("; left {}: {}", files(left.len()), shown(names, left.len()));
    }
    said
}

/// Where the documents are in a folder: those that a corpus kept, not those that it removed, once it is finished.
fn finished_documents(folder: &Path) -> Result<PathBuf> {
    let documents = folder.join("documents");
    if folder.join("report.json").is_file() && documents.is_dir() {
        return Ok(documents);
    }
    if CorpusFolder::is_unfinished(folder) { Err(CorpusFolder::unfinished(folder)) } else { Ok(folder.to_owned()) }
}

/// The documents so far, and how many bytes of text may still come.
struct Gathering<'a> {
    reading: &'a Reading,
    left: u64,
    documents: Vec<Vec<u8>>,
    tally: Tally,
}

/// Why a file gives nothing: what it is, or the system's refusal or damage.
enum Refused {
    Unread(Unread),
    Error(Error),
    /// There is no room for it: the reading ends.
    TooMuch(Error),
}

impl Gathering<'_> {
    fn path(&mut self, path: &Path) -> Result<()> {
        let before = self.documents.len();
        let is_folder =
            path != Path::new("-") && fs::metadata(path).map_err(|error| Error::io(path, "read", error))?.is_dir();
        let left = if is_folder {
            self.folder(path)?
        } else {
            let found = self.file(path).map_err(|refused| refused.error(path))?;
            self.documents.extend(found.documents);
            Vec::new()
        };
        if self.documents[before..].iter().any(|document| !document.is_empty()) {
            return Ok(());
        }
        let other = if is_folder { "give another folder" } else { "give another file" };
        let left = if left.is_empty() { String::new() } else { format!(" ({})", listed(path, &[], &left)) };
        Err(Error::format(name(path), format!("expected some text, found none: {other}{left}")))
    }

    /// Takes what a folder holds; gives what was left of it, and why.
    fn folder(&mut self, path: &Path) -> Result<Vec<(PathBuf, String)>> {
        let Walk { files, mut left, .. } = walk(path)?;
        let mut took = Vec::new();
        for file in files {
            match self.file(&file) {
                Ok(found) if found.documents.is_empty() => left.push((file, "empty".into())),
                Ok(found) => {
                    self.documents.extend(found.documents);
                    took.push(file);
                }
                Err(Refused::TooMuch(error)) => return Err(error),
                Err(Refused::Unread(unread)) => left.push((file, unread.reason())),
                Err(Refused::Error(error)) => {
                    let error = error.to_string();
                    let why = error.strip_prefix(&format!("{}: ", file.display())).unwrap_or(&error).to_owned();
                    left.push((file, why));
                }
            }
        }
        left.sort();
        if !took.is_empty() {
            self.tally.say(listed(path, &took, &left));
        }
        Ok(left)
    }

    /// What is in one file.
    fn file(&mut self, path: &Path) -> std::result::Result<Found, Refused> {
        let fail = |error| Refused::Error(files::unreadable(path, error));
        #[cfg_attr(not(feature = "parquet"), expect(unused_mut))]
        let (mut raw, length): (Box<dyn BufRead>, u64) = if path == Path::new("-") {
            (Box::new(io::stdin().lock()), 0)
        } else {
            let file = File::open(path).map_err(|error| Refused::Error(Error::io(path, "read", error)))?;
            let length = file.metadata().map_or(0, |file| file.len());
            (Box::new(BufReader::with_capacity(1 << 18, file)), length)
        };
        #[cfg(feature = "parquet")]
        let packed = !raw.fill_buf().map_err(fail)?.starts_with(b"PAR1");
        let mut reader = readers::unpacked(raw).map_err(fail)?;
        let mut bytes = Vec::new();
        reader.by_ref().take(HEAD_BYTES as u64 + 1).read_to_end(&mut bytes).map_err(fail)?;
        let whole = bytes.len() <= HEAD_BYTES;
        let kind = head_kind(&bytes[..bytes.len().min(HEAD_BYTES)], whole, self.reading.taken_as);
        // What is no text is not read on, however long it is.
        let bytewise = self.reading.encoding.as_deref() == Some("bytes");
        match kind {
            Kind::Other(what) if !bytewise => return Err(Refused::Unread(Unread::NoText(what))),
            Kind::Html | Kind::Archive => return Err(Refused::Unread(Unread::Elsewhere(kind))),
            Kind::Parquet if cfg!(not(feature = "parquet")) => return Err(Refused::Unread(Unread::Elsewhere(kind))),
            _ => {}
        }
        if length > self.left && kind != Kind::Parquet {
            return Err(Refused::TooMuch(too_much(path)));
        }
        #[cfg(feature = "parquet")]
        if kind == Kind::Parquet && !packed && path != Path::new("-") {
            return self.table(path, None).map_err(Refused::Error);
        }
        let room = (self.left + 1).saturating_sub(bytes.len() as u64);
        reader.take(room).read_to_end(&mut bytes).map_err(fail)?;
        if bytes.len() as u64 > self.left {
            return Err(Refused::TooMuch(too_much(path)));
        }
        self.left -= bytes.len() as u64;
        #[cfg(feature = "parquet")]
        if kind == Kind::Parquet {
            return self.table(path, Some(bytes)).map_err(Refused::Error);
        }
        readers::documents(&name(path), bytes, self.reading, &mut self.tally).map_err(Refused::Unread)
    }

    /// The rows of a table.
    #[cfg(feature = "parquet")]
    fn table(&mut self, path: &Path, bytes: Option<Vec<u8>>) -> Result<Found> {
        let place = name(path);
        let damaged = |what: String| Error::format(&place, format!("{what}: fetch it again"));
        let bar = indicatif::ProgressBar::hidden();
        let rows = parquet::Rows::open(path, bytes, &place, &self.reading.text_field, &bar)?;
        let mut rows = rows.map_err(damaged)?;
        let mut documents = Vec::new();
        while let Some((row, content)) = rows.next()? {
            match content {
                parquet::RowContent::Document(document) => {
                    self.tally.take();
                    let room = self.left.checked_sub(document.text.len() as u64);
                    self.left = room.ok_or_else(|| too_much(path))?;
                    documents.push(document.text.into_bytes());
                }
                parquet::RowContent::Nothing => {
                    self.tally.leave(|| format!("{place}, row {row}"), "it has no text");
                }
                parquet::RowContent::Damage(what) => return Err(damaged(what)),
            }
        }
        Ok(Found { kind: Kind::Parquet, documents })
    }
}

impl Refused {
    fn error(self, path: &Path) -> Error {
        match self {
            Refused::Unread(unread) => unread.error(&name(path)),
            Refused::Error(error) | Refused::TooMuch(error) => error,
        }
    }
}

fn too_much(path: &Path) -> Error {
    let message = format!("expected at most {} GiB of text in all, found more: give a part", MAX_TEXT_BYTES >> 30);
    Error::format(name(path), message)
}
