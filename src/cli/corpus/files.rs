//! The files of a corpus: reading them unpacked, and writing each beside its place, to be renamed when it is whole.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use flate2::{Compression, write::GzEncoder};
use glasshouse::corpus::{Report, readers};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use ruzstd::encoding::CompressionLevel;
use serde::{Serialize, de::DeserializeOwned};

/// How documents are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Lines of JSON, packed by gzip.
    #[value(name = "jsonl.gz")]
    Gzip,
    /// The same, packed by Zstandard.
    #[value(name = "jsonl.zst")]
    Zstandard,
}

impl Format {
    /// Bytes as a whole file, or as a part of one: packed parts that follow each other are the whole packed.
    pub fn pack(self, bytes: &[u8]) -> Vec<u8> {
        match self {
            Format::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
                encoder.write_all(bytes).and_then(|()| encoder.finish()).expect("memory takes all")
            }
            Format::Zstandard => ruzstd::encoding::compress_to_vec(bytes, CompressionLevel::Fastest),
        }
    }
}

/// The ending of its files.
impl std::fmt::Display for Format {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.write_str(if *self == Format::Gzip { "jsonl.gz" } else { "jsonl.zst" })
    }
}

/// The text of a file, unpacked if it is packed.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    open_counted(path, &ProgressBar::hidden())
}

/// The bytes of a file as they are; `bar` goes on by those that are read.
pub fn open_raw(path: &Path, bar: &ProgressBar) -> Result<Box<dyn BufRead>> {
    let file = File::open(path).map_err(|error| Error::io(path, "read", error))?;
    Ok(Box::new(BufReader::with_capacity(1 << 18, bar.wrap_read(file))))
}

/// The text of a file as by [`open`]; `bar` goes on by the bytes of the file that are read.
pub fn open_counted(path: &Path, bar: &ProgressBar) -> Result<Box<dyn BufRead>> {
    readers::unpacked(open_raw(path, bar)?).map_err(|error| unreadable(path, error))
}

/// What a reader says: of damage to a packed file, or of the system.
pub fn unreadable(path: &Path, error: io::Error) -> Error {
    if is_damage(&error) {
        Error::format(path.display(), format!("it does not unpack ({error}): fetch it again"))
    } else {
        Error::io(path, "read", error)
    }
}

/// Whether a packed file is at fault, and not the system.
pub fn is_damage(error: &io::Error) -> bool {
    use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
    matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
}

/// A folder that a corpus is written to. A run that is not finished leaves a folder `work` in it and no report, and the same
/// run goes on from there.
pub struct CorpusFolder {
    path: PathBuf,
    /// What the run was called with; it is locked as long as the run goes on.
    _settings: Option<File>,
}

impl CorpusFolder {
    /// Takes a folder that holds no corpus, or an unfinished one with the same settings.
    pub fn take(out: &Path, settings: &serde_json::Value) -> Result<CorpusFolder> {
        let refuse = |message: &str| Err(Error::Config(format!("{} {message}", out.display())));
        if out.join("report.json").exists() {
            return refuse("holds a corpus already: give another --out");
        }
        let folder = CorpusFolder { path: out.to_owned(), _settings: None };
        let path = out.join("work").join("settings.json");
        if !path.exists() && ["documents", "removed"].iter().any(|name| out.join(name).exists()) {
            return refuse("holds documents, and none of a run that could go on: give another --out");
        }
        folder.work()?;
        let fail = |error| Error::io(&path, "write", error);
        let mut file = File::options().read(true).write(true).create(true).truncate(false).open(&path).map_err(fail)?;
        if file.try_lock().is_err() {
            return refuse("is being written by another run: wait for it, or give another --out");
        }
        let (mut before, now) = (Vec::new(), settings.to_string().into_bytes());
        file.read_to_end(&mut before).map_err(fail)?;
        if before.is_empty() {
            file.write_all(&now).map_err(fail)?;
        } else if before != now {
            return refuse(
                "holds a run of other options or other input: call it as before, with the files as they were, to go on, or \
                 give another --out",
            );
        }
        Ok(CorpusFolder { _settings: Some(file), ..folder })
    }

    /// Whether a folder holds a run that was not finished.
    pub fn is_unfinished(folder: &Path) -> bool {
        !folder.join("report.json").exists() && folder.join("work").join("settings.json").exists()
    }

    /// Why such a folder is not read.
    pub fn unfinished(folder: &Path) -> Error {
        Error::Config(format!(
            "{} holds a run of `corpus` that is not finished: call that as before to go on, or wait for it",
            folder.display()
        ))
    }

    /// What was noted of a file that a run before this one finished.
    pub fn noted<T: DeserializeOwned>(&self, stage: &str, number: usize) -> Result<Option<T>> {
        let path = self.path.join(format!("work/{stage}-{number:05}.json"));
        match fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)
                .map(Some)
                .map_err(|error| Error::format(path.display(), format!("it is damaged ({error}): give another --out"))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Error::io(path, "read", error)),
        }
    }

    /// Notes that a file is finished.
    pub fn note(&self, stage: &str, number: usize, what: &impl Serialize) -> Result<()> {
        let mut part = self.begin(&format!("work/{stage}-{number:05}.json"))?;
        part.write(&serde_json::to_vec(what).expect("counts are plain data"))?;
        part.finish()
    }

    /// The folder for what is needed on the way.
    pub fn work(&self) -> Result<PathBuf> {
        let work = self.path.join("work");
        fs::create_dir_all(&work).map_err(|error| Error::io(&work, "create", error))?;
        Ok(work)
    }

    /// A folder in there that is written like a corpus.
    pub fn within_work(&self, name: &str) -> Result<CorpusFolder> {
        Ok(CorpusFolder { path: self.work()?.join(name), _settings: None })
    }

    /// Where the documents are, though there be none.
    pub fn documents(&self) -> Result<PathBuf> {
        let documents = self.path.join("documents");
        fs::create_dir_all(&documents).map_err(|error| Error::io(&documents, "create", error))?;
        Ok(documents)
    }

    /// Moves what was removed into another folder of the same disk.
    pub fn give_removed(&self, other: &CorpusFolder) -> Result<()> {
        let from = self.path.join("removed");
        if !from.is_dir() {
            return Ok(());
        }
        let into = other.path.join("removed");
        fs::create_dir_all(&into).map_err(|error| Error::io(&into, "create", error))?;
        let fail = |error| Error::io(&from, "move", error);
        for stage in fs::read_dir(&from).map_err(fail)? {
            let stage = stage.map_err(fail)?;
            fs::rename(stage.path(), into.join(stage.file_name())).map_err(fail)?;
        }
        Ok(())
    }

    /// Copies a file of another folder to this name.
    pub fn copy(&self, from: &Path, name: &str) -> Result<()> {
        let mut part = self.begin(name)?;
        let mut file = File::open(from).map_err(|error| Error::io(from, "read", error))?;
        io::copy(&mut file, &mut part.file).map_err(|error| Error::io(from, "copy", error))?;
        part.finish()
    }

    /// Writes the report, and removes what was needed on the way.
    pub fn finish(&self, report: &Report) -> Result<()> {
        let mut part = self.begin("report.json")?;
        part.write(&serde_json::to_vec_pretty(report).expect("a report is plain data"))?;
        part.write(b"\n")?;
        part.finish()?;
        let work = self.path.join("work");
        if work.is_dir() {
            fs::remove_dir_all(&work).map_err(|error| Error::io(&work, "remove", error))?;
        }
        Ok(())
    }

    /// Begins the file of this name.
    pub fn begin(&self, name: &str) -> Result<PartialFile> {
        let path = self.path.join(name);
        let folder = path.parent().unwrap_or(&self.path);
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, "create", error))?;
        let temporary = PathBuf::from(format!("{}.tmp", path.display()));
        let file = File::create(&temporary).map_err(|error| Error::io(&temporary, "create", error))?;
        Ok(PartialFile { file: BufWriter::new(file), temporary, path, whole: false })
    }
}

/// A file on its way; what is not finished leaves nothing.
pub struct PartialFile {
    file: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
    whole: bool,
}

impl PartialFile {
    /// Writes on.
    pub fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file.write_all(bytes).map_err(|error| Error::io(&self.path, "write", error))
    }

    /// Puts the file in its place.
    pub fn finish(mut self) -> Result<()> {
        let result = self.file.flush().and_then(|()| fs::rename(&self.temporary, &self.path));
        self.whole = result.is_ok();
        result.map_err(|error| Error::io(&self.path, "write", error))
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.whole {
            // The rest of a failed write is of no use; that it cannot be removed is not the error to report.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}
