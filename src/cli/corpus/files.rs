//! The files of a corpus: how they are packed, and reading them unpacked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};
use std::path::Path;

use clap::ValueEnum;
use flate2::{Compression, write::GzEncoder};
use glasshouse::corpus::readers;
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use ruzstd::encoding::CompressionLevel;

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
