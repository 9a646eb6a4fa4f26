//! A folder that a corpus is written to: who writes to it, what of it is finished, and what it was made with.

use std::fs::{self, File};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use glasshouse::corpus::{Call, FileSum, InputSum, Report, Shard};
use glasshouse::files::{self, FolderLock, NewFile};
use glasshouse::numerals::hexadecimal;
use glasshouse::{Error, Result};
use serde::{Serialize, de::DeserializeOwned};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::funnel;
use crate::cli::input;

/// Of a longer input these bytes at its beginning and at its end are hashed.
const HASHED_ENDS: u64 = 4 << 20;

/// A run that is not finished leaves a folder `work` in it and no report, and the same run goes on from there.
pub struct CorpusFolder {
    path: PathBuf,
    /// Held as long as the run goes on.
    _lock: Option<FolderLock>,
}

/// What a folder is to a run.
pub enum Taken {
    /// Empty, or of the same run, which goes on.
    Open(CorpusFolder),
    /// The same run has finished it.
    Done(Box<Report>),
}

impl CorpusFolder {
    /// Takes a folder for a run of this `call`, or for its part `shard`. It holds no corpus, or that of the same run.
    pub fn take(out: &Path, call: Call, shard: Option<&Shard>) -> Result<Taken> {
        let refuse = |message: &str| Err(Error::Config(format!("{} {message}", out.display())));
        if out.join("report.json").exists() {
            let Ok(report) = funnel::report(out) else {
                return refuse("holds a report.json that `corpus` did not write: give another --out");
            };
            return match &report.call {
                Some(before) if *before == call && report.shard.as_ref() == shard => {
                    // The machine may have stopped between the report and this.
                    files::remove_folder(&out.join("work"))?;
                    Ok(Taken::Done(Box::new(report)))
                }
                Some(_) => refuse("holds a corpus of other options or other input: give another --out"),
                None => refuse("holds a corpus already: give another --out"),
            };
        }
        let settings = out.join("work/settings.json");
        if !settings.exists() && ["documents", "removed"].iter().any(|name| out.join(name).exists()) {
            return refuse("holds documents, and none of a run that could go on: give another --out");
        }
        files::create_folder(&out.join("work"))?;
        let lock = FolderLock::take(&out.join("work"), "wait for it, or give another --out")?;
        let now = json!([env!("CARGO_PKG_VERSION"), call, shard]);
        match noted::<Value>(&settings)? {
            None => files::write(&settings, now.to_string().as_bytes())?,
            Some(before) if before == now => {}
            Some(_) => {
                return refuse(
                    "holds a run of other options or other input: call it as before, with the files as they were, to go on, \
                     or give another --out",
                );
            }
        }
        Ok(Taken::Open(CorpusFolder { path: out.to_owned(), _lock: Some(lock) }))
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
        noted(&self.path.join(format!("work/{stage}-{number:05}.json")))
    }

    /// Notes that a file is finished.
    pub fn note(&self, stage: &str, number: usize, what: &impl Serialize) -> Result<()> {
        let path = self.path.join(format!("work/{stage}-{number:05}.json"));
        files::write(&path, &serde_json::to_vec(what).expect("counts are plain data"))
    }

    /// The folder for what is needed on the way.
    pub fn work(&self) -> Result<PathBuf> {
        let work = self.path.join("work");
        files::create_folder(&work)?;
        Ok(work)
    }

    /// A folder in there that is written like a corpus.
    pub fn within_work(&self, name: &str) -> Result<CorpusFolder> {
        Ok(CorpusFolder { path: self.work()?.join(name), _lock: None })
    }

    /// Where the documents are, though there be none.
    pub fn documents(&self) -> Result<PathBuf> {
        let documents = self.path.join("documents");
        files::create_folder(&documents)?;
        Ok(documents)
    }

    /// Moves what was removed into another folder of the same disk.
    pub fn give_removed(&self, other: &CorpusFolder) -> Result<()> {
        let from = self.path.join("removed");
        if !from.is_dir() {
            return Ok(());
        }
        let into = other.path.join("removed");
        files::create_folder(&into)?;
        let fail = |error| Error::io(&from, "move", error);
        for stage in fs::read_dir(&from).map_err(fail)? {
            let stage = stage.map_err(fail)?;
            files::move_folder(&stage.path(), &into.join(stage.file_name()))?;
        }
        Ok(())
    }

    /// Copies a file of another folder to this name.
    pub fn copy(&self, from: &Path, name: &str) -> Result<()> {
        let mut new = self.begin(name)?;
        let mut file = File::open(from).map_err(|error| Error::io(from, "read", error))?;
        io::copy(&mut file, &mut new).map_err(|error| Error::io(from, "copy", error))?;
        new.finish()
    }

    /// Writes the report, with sums of all files, and removes what was needed on the way.
    pub fn finish(&self, report: Report) -> Result<Report> {
        let report = Report { files: sums(&self.path)?, ..report };
        let mut bytes = serde_json::to_vec_pretty(&report).expect("a report is plain data");
        bytes.push(b'\n');
        files::write(&self.path.join("report.json"), &bytes)?;
        files::remove_folder(&self.path.join("work"))?;
        Ok(report)
    }

    /// Begins the file of this name.
    pub fn begin(&self, name: &str) -> Result<NewFile> {
        NewFile::begin(&self.path.join(name))
    }
}

/// What a note says. One that is not there, or empty or cut because the machine stopped, says nothing.
fn noted<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    match fs::read(path) {
        Ok(bytes) => match serde_json::from_slice(&bytes) {
            Ok(note) => Ok(Some(note)),
            Err(error) if error.is_eof() => Ok(None),
            Err(error) => {
                let message =
                    format!("expected a note of `corpus`, found something else ({error}): give another --out");
                Err(Error::format(path.display(), message))
            }
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Error::io(path, "read", error)),
    }
}

/// The call of a run with these `options` over these files, of which each is named within what was `given`.
pub fn call<'a>(options: Value, given: &[PathBuf], files: impl IntoIterator<Item = &'a PathBuf>) -> Result<Call> {
    let inputs = files.into_iter().map(|path| input_sum(path, given)).collect::<Result<_>>()?;
    Ok(Call { options, inputs })
}

/// What says that an input is the same: its name within what was given, its length and a hash, wherever it lies.
pub fn input_sum(path: &Path, given: &[PathBuf]) -> Result<InputSum> {
    let within =
        given.iter().find_map(|given| path.strip_prefix(given).ok().filter(|rest| !rest.as_os_str().is_empty()));
    let name = within.unwrap_or(Path::new(path.file_name().unwrap_or_default())).to_string_lossy().into_owned();
    let hashed = || -> io::Result<(u64, String)> {
        let mut file = File::open(path)?;
        let bytes = file.metadata()?.len();
        let mut hash = Sha256::new();
        if bytes <= 2 * HASHED_ENDS {
            io::copy(&mut file, &mut Hashing(&mut hash))?;
        } else {
            io::copy(&mut (&mut file).take(HASHED_ENDS), &mut Hashing(&mut hash))?;
            file.seek(SeekFrom::End(-(HASHED_ENDS as i64)))?;
            io::copy(&mut file, &mut Hashing(&mut hash))?;
        }
        Ok((bytes, hexadecimal(&hash.finalize())))
    };
    let (bytes, hash) = hashed().map_err(|error| Error::io(path, "read", error))?;
    Ok(InputSum { name, bytes, hash })
}

/// The sums of all files of documents in a corpus, of those that are left and of those that were taken out.
pub fn sums(corpus: &Path) -> Result<Vec<FileSum>> {
    let mut paths = Vec::new();
    for folder in ["documents", "removed"].map(|name| corpus.join(name)).iter().filter(|folder| folder.is_dir()) {
        input::list(folder, &mut paths)?;
    }
    let sum = |path: PathBuf| {
        let mut hash = Sha256::new();
        let copied = File::open(&path).and_then(|mut file| io::copy(&mut file, &mut Hashing(&mut hash)));
        let bytes = copied.map_err(|error| Error::io(&path, "read", error))?;
        let name = path.strip_prefix(corpus).unwrap_or(&path).to_string_lossy().replace('\\', "/");
        Ok(FileSum { name, bytes, sha256: hexadecimal(&hash.finalize()) })
    };
    paths.into_iter().map(sum).collect()
}

/// Hashes what is written.
struct Hashing<'a>(&'a mut Sha256);

impl Write for Hashing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
