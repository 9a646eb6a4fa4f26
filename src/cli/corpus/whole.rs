//! Files of a corpus that are read whole: text, arrays of JSON, and what is not written in UTF-8.

use std::io::Read;
use std::path::Path;

use glasshouse::corpus::readers::{self, Entries, Kind, Reading, Tally, Value};
use glasshouse::corpus::{Document, jsonl};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;

use super::batches::{BatchSource, Item};
use super::files;
use crate::cli::input;

/// What is longer is not read.
const MAX_BYTES: u64 = 4 << 30;

/// The documents of a file of this kind, and of what is none the name under which it is counted.
pub fn items(path: &Path, name: &str, kind: &Kind, reading: &Reading, bar: &ProgressBar) -> Result<BatchSource> {
    let mut bytes = Vec::new();
    let read = files::open_counted(path, bar).and_then(|reader| {
        let read = reader.take(MAX_BYTES + 1).read_to_end(&mut bytes);
        read.map_err(|error| files::unreadable(path, error))
    });
    if bytes.len() as u64 > MAX_BYTES {
        return Ok(BatchSource::Damaged(format!(
            "it unpacks to more than {} GiB, which is read as a whole",
            MAX_BYTES >> 30
        )));
    }
    match read {
        Err(Error::Format { message, .. }) => return Ok(BatchSource::Damaged(message)),
        read => read?,
    };
    let mut tally = Tally::default();
    let items = match kind {
        Kind::Text => texts(path, name, bytes, reading, &mut tally),
        kind => objects(path, name, bytes, kind, reading, &mut tally),
    };
    let items = match items {
        Ok(items) => items,
        Err(what) => return Ok(BatchSource::Damaged(what)),
    };
    let notes = tally.notes();
    bar.suspend(|| notes.iter().for_each(|note| input::tell(note)));
    Ok(BatchSource::Items(items.into_iter()))
}

/// The documents of a text file; or why it is none.
fn texts(
    path: &Path,
    name: &str,
    bytes: Vec<u8>,
    reading: &Reading,
    tally: &mut Tally,
) -> std::result::Result<Vec<Item>, String> {
    let place = path.display().to_string();
    let found = readers::documents(&place, bytes, reading, tally).map_err(|unread| unread.reason())?;
    let many = found.documents.len() > 1;
    let document = |(text, number): (Vec<u8>, usize)| {
        let id = if many { format!("{name}/{number}") } else { name.to_owned() };
        let text = String::from_utf8_lossy(&text).into_owned();
        Item::Document(Document { id, text, ..Document::default() })
    };
    Ok(found.documents.into_iter().zip(1..).map(document).collect())
}

/// The entries of JSON; or why it cannot be read.
fn objects(
    path: &Path,
    name: &str,
    bytes: Vec<u8>,
    kind: &Kind,
    reading: &Reading,
    tally: &mut Tally,
) -> std::result::Result<Vec<Item>, String> {
    let place = path.display().to_string();
    let decoded =
        readers::decode(bytes, reading.encoding.as_deref()).map_err(|what| format!("expected text, found {what}"))?;
    if let Some(said) = decoded.said {
        tally.say_of(&place, said);
    }
    let mut items = Vec::new();
    for (entry, number) in Entries::new(&decoded.bytes, kind).zip(1..) {
        let id = || format!("{name}/{number}");
        let document = match entry.value {
            Ok((Value::Text(text), _)) if *kind == Kind::Json => {
                Ok(Document { id: id(), text: String::from_utf8_lossy(&text).into_owned(), ..Document::default() })
            }
            Ok((value, _)) => jsonl::document_of(value, &reading.text_field, id),
            Err(why) => Err(why),
        };
        match document {
            Ok(document) => {
                tally.take();
                items.push(Item::Document(document));
            }
            Err(why) => {
                tally.leave(|| format!("{place}, line {}", entry.line), &why);
                items.push(Item::Skipped("line_damaged"));
            }
        }
    }
    Ok(items)
}
