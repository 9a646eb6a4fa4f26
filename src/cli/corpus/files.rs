//! The files of a corpus: what is read, and what is written beside its place and renamed when it is whole.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};

use flate2::bufread::MultiGzDecoder;
use glasshouse::{Error, Result};

/// The files at `paths`: those given, and all JSONL in a folder, however deep, in the order of their paths.
pub fn inputs(paths: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for path in paths {
        if !fs::metadata(path).map_err(|error| Error::io(path, "read", error))?.is_dir() {
            files.push(path.clone());
            continue;
        }
        let before = files.len();
        crate::cli::input::list(path, &mut files)?;
        let mut tail = files.split_off(before);
        tail.retain(|file| is_jsonl(file));
        if tail.is_empty() {
            return Err(Error::format(path.display(), "expected .jsonl or .jsonl.gz files in it, found none"));
        }
        files.append(&mut tail);
    }
    Ok(files)
}

fn is_jsonl(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    [".jsonl", ".ndjson", ".jsonl.gz", ".ndjson.gz"].iter().any(|ending| name.ends_with(ending))
}

/// The text of a file, unpacked if it is gzip.
pub fn open(path: &Path) -> Result<Box<dyn BufRead>> {
    let fail = |error| Error::io(path, "read", error);
    let mut reader = BufReader::with_capacity(1 << 18, File::open(path).map_err(fail)?);
    let gzip = reader.fill_buf().map_err(fail)?.starts_with(&[0x1f, 0x8b]);
    Ok(if gzip { Box::new(BufReader::with_capacity(1 << 18, MultiGzDecoder::new(reader))) } else { Box::new(reader) })
}

/// What a reader says: of damage to a packed file, or of the system.
pub fn unreadable(path: &Path, error: io::Error) -> Error {
    match error.kind() {
        io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::UnexpectedEof => {
            Error::format(path.display(), format!("it does not unpack ({error}): fetch it again"))
        }
        _ => Error::io(path, "read", error),
    }
}

/// A folder that a corpus is written to.
pub struct Folder(PathBuf);

impl Folder {
    /// Takes a folder that holds no corpus yet.
    pub fn take(out: &Path) -> Result<Folder> {
        if ["documents", "removed", "report.json"].iter().any(|name| out.join(name).exists()) {
            return Err(Error::Config(format!("{} holds a corpus already: give another --out", out.display())));
        }
        Ok(Folder(out.to_owned()))
    }

    /// Begins the file of this name.
    pub fn begin(&self, name: &str) -> Result<Part> {
        let path = self.0.join(name);
        let folder = path.parent().unwrap_or(&self.0);
        fs::create_dir_all(folder).map_err(|error| Error::io(folder, "create", error))?;
        let temporary = PathBuf::from(format!("{}.tmp", path.display()));
        let file = File::create(&temporary).map_err(|error| Error::io(&temporary, "create", error))?;
        Ok(Part { file: BufWriter::new(file), temporary, path, whole: false })
    }
}

/// A file on its way; what is not finished leaves nothing.
pub struct Part {
    file: BufWriter<File>,
    temporary: PathBuf,
    path: PathBuf,
    whole: bool,
}

impl Part {
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

impl Drop for Part {
    fn drop(&mut self) {
        if !self.whole {
            // The rest of a failed write is of no use; that it cannot be removed is not the error to report.
            let _ = fs::remove_file(&self.temporary);
        }
    }
}
