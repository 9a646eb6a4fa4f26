//! The built-in corpora: which there are, and how their files become documents.

use std::io::Read;
use std::str::FromStr;

use super::readers::{self, Reading, Tally};
use crate::{Error, Result};

/// What stands between two documents: a line that holds a form feed and nothing else.
const SEPARATOR: &[u8] = b"\n\x0c\n";

/// No corpus file unpacks to more bytes than this: a damaged one must not fill the memory.
const MAX_TEXT_BYTES: u64 = 64 << 20;

/// No file of a user's unpacks to more: it must fit a tab.
const MAX_OWN_BYTES: u64 = 1 << 30;

/// A corpus that comes with the program; `corpora/` says what is in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Builtin {
    /// Twelve plays of Shakespeare and the sonnets, a work a document.
    English,
    /// 宋词 and 元曲 in simplified characters, a poem a document.
    Chinese,
}

impl Builtin {
    /// Both, in the order in which they are offered.
    pub const ALL: [Builtin; 2] = [Builtin::English, Builtin::Chinese];

    /// The name that `--corpus` takes, and that the files bear: `en` or `zh`.
    pub fn name(self) -> &'static str {
        match self {
            Builtin::English => "en",
            Builtin::Chinese => "zh",
        }
    }

    /// The corpus's file, compressed. The page fetches it instead, so that it is not a part of the wasm.
    #[cfg(feature = "cli")]
    pub fn file(self) -> &'static [u8] {
        match self {
            Builtin::English => include_bytes!("../../corpora/en.txt.gz"),
            Builtin::Chinese => include_bytes!("../../corpora/zh.txt.gz"),
        }
    }
}

impl FromStr for Builtin {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        Builtin::ALL.into_iter().find(|corpus| corpus.name() == name).ok_or_else(|| {
            Error::Usage(format!(
                "no built-in corpus is called '{name}': take en or zh, or give your own text with --data"
            ))
        })
    }
}

/// The documents of a built-in corpus, in order. `file` is gzip or the text itself: some hosts unpack what they serve.
pub fn documents(file: &[u8]) -> Result<Vec<Vec<u8>>> {
    if !file.starts_with(&[0x1f, 0x8b]) {
        return Ok(split(file));
    }
    let damaged = |message: String| Error::format("the corpus", format!("{message}; fetch or build it again"));
    let mut text = Vec::new();
    flate2::read::GzDecoder::new(file)
        .take(MAX_TEXT_BYTES + 1)
        .read_to_end(&mut text)
        .map_err(|error| damaged(format!("expected a whole gzip file, but it does not unpack ({error})")))?;
    if text.len() as u64 > MAX_TEXT_BYTES {
        return Err(damaged(format!("expected at most {} MiB of text, but it unpacks to more", MAX_TEXT_BYTES >> 20)));
    }
    Ok(split(&text))
}

/// The documents of a user's file, of any kind that is text, packed or not. What is to be said of them goes into `tally`.
pub fn of_file(name: &str, bytes: Vec<u8>, reading: &Reading, tally: &mut Tally) -> Result<Vec<Vec<u8>>> {
    let mut text = Vec::new();
    let read =
        readers::unpacked(Box::new(&bytes[..])).and_then(|file| file.take(MAX_OWN_BYTES + 1).read_to_end(&mut text));
    read.map_err(|error| Error::format(name, format!("it does not unpack ({error}): fetch it again")))?;
    if text.len() as u64 > MAX_OWN_BYTES {
        let message =
            format!("expected at most {} MiB of text in a file, found more: bring a part", MAX_OWN_BYTES >> 20);
        return Err(Error::format(name, message));
    }
    let found = readers::documents(name, text, reading, tally).map_err(|unread| unread.error(name))?;
    Ok(found.documents)
}

/// The text between the separators; each document keeps its last newline.
fn split(text: &[u8]) -> Vec<Vec<u8>> {
    let mut documents = Vec::new();
    let mut start = 0;
    for (at, window) in text.windows(SEPARATOR.len()).enumerate() {
        if window == SEPARATOR {
            documents.push(text[start..=at].to_vec());
            start = at + SEPARATOR.len();
        }
    }
    if start < text.len() {
        documents.push(text[start..].to_vec());
    }
    documents
}
