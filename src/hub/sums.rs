//! Sums over the files of a run, so that a bit that turns on the disk is found when it is loaded.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{MODEL, OPTIMIZER};
use crate::numerals::hexadecimal;
use crate::{Error, Result};

/// SHA-256 of files, in hexadecimal; none of one that is not there, or that an older version wrote.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Sums {
    #[serde(rename = "model.safetensors")]
    model: Option<String>,
    #[serde(rename = "optimizer.safetensors")]
    optimizer: Option<String>,
}

impl Sums {
    /// Whether the file `name` is one of those.
    pub fn holds(name: &str) -> bool {
        [MODEL, OPTIMIZER].contains(&name)
    }

    /// Takes the sum of the file `name`.
    pub fn set(&mut self, name: &str, sum: String) {
        let place = if name == MODEL { &mut self.model } else { &mut self.optimizer };
        *place = Some(sum);
    }

    /// A reader of the file `name` that is summed where its sum is known.
    pub fn reader<'a>(&'a self, name: &str, reader: Box<dyn Read + 'a>) -> SumReader<'a> {
        let expected = if name == MODEL { &self.model } else { &self.optimizer };
        SumReader { reader, sum: expected.as_deref().map(|expected| (expected, Sha256::new())) }
    }
}

/// Sums what is written.
pub(super) struct SumWriter<'a> {
    writer: &'a mut dyn Write,
    hash: Sha256,
}

impl<'a> SumWriter<'a> {
    pub fn new(writer: &'a mut dyn Write) -> SumWriter<'a> {
        SumWriter { writer, hash: Sha256::new() }
    }

    /// The sum of all that was written.
    pub fn sum(self) -> String {
        hexadecimal(&self.hash.finalize())
    }
}

impl Write for SumWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer.write(bytes)?;
        self.hash.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

/// Sums what is read, where there is a sum to hold it against.
pub(super) struct SumReader<'a> {
    reader: Box<dyn Read + 'a>,
    sum: Option<(&'a str, Sha256)>,
}

impl SumReader<'_> {
    /// Whether there is a sum to hold it against.
    pub fn is_compared(&self) -> bool {
        self.sum.is_some()
    }

    /// Refuses a file that was read to its end, and is not the one that was saved.
    pub fn check(self, place: &str) -> Result<()> {
        let Some((expected, hash)) = self.sum else { return Ok(()) };
        let found = hexadecimal(&hash.finalize());
        if found == expected {
            return Ok(());
        }
        let message = format!(
            "it is damaged: its SHA-256 is {found}, and it was saved with {expected}; restore all files of one save from a copy"
        );
        Err(Error::format(place, message))
    }
}

impl Read for SumReader<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(buffer)?;
        if let Some((_, hash)) = &mut self.sum {
            hash.update(&buffer[..read]);
        }
        Ok(read)
    }
}
