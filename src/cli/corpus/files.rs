//! The files of a corpus: how they are packed, and reading them unpacked.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::Path;

use clap::ValueEnum;
use flate2::{Compression, bufread::MultiGzDecoder, write::GzEncoder};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use ruzstd::decoding::{FrameDecoder, StreamingDecoder};
use ruzstd::encoding::CompressionLevel;

/// What a file packed by Zstandard begins with.
pub const ZSTANDARD: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];

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

/// The text of a file, unpacked if it is gzip or Zstandard.
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
    let mut reader = open_raw(path, bar)?;
    let start = reader.fill_buf().map_err(|error| Error::io(path, "read", error))?;
    let unpacked: Box<dyn Read> = if start.starts_with(&[0x1f, 0x8b]) {
        Box::new(MultiGzDecoder::new(reader))
    } else if start.starts_with(&ZSTANDARD) {
        Box::new(Frames::Between(reader))
    } else {
        return Ok(reader);
    };
    Ok(Box::new(BufReader::with_capacity(1 << 18, unpacked)))
}

/// Zstandard, frame after frame.
enum Frames<R: BufRead> {
    Between(R),
    Within(StreamingDecoder<R, FrameDecoder>),
    Damaged,
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let damage = |error: String| io::Error::new(io::ErrorKind::InvalidData, error);
        loop {
            match std::mem::replace(self, Frames::Damaged) {
                Frames::Between(mut reader) => {
                    if reader.fill_buf()?.is_empty() {
                        *self = Frames::Between(reader);
                        return Ok(0);
                    }
                    *self = Frames::Within(StreamingDecoder::new(reader).map_err(|error| damage(error.to_string()))?);
                }
                Frames::Within(mut decoder) => {
                    let read = decoder.read(buffer).map_err(|error| damage(error.to_string()))?;
                    let goes_on = read > 0 || buffer.is_empty();
                    *self = if goes_on { Frames::Within(decoder) } else { Frames::Between(decoder.into_inner()) };
                    if goes_on {
                        return Ok(read);
                    }
                }
                Frames::Damaged => return Err(damage("the frame is damaged".into())),
            }
        }
    }
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
