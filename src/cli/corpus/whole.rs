//! Files of a corpus that are read whole: text, arrays of JSON, and what is not written in UTF-8.

use std::io::Read;
use std::path::Path;

use glasshouse::corpus::readers::{self, Entries, Kind, Reading, Tally, Unread, Value};
use glasshouse::corpus::{Document, jsonl};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;

use super::batches::{BatchSource, Item};
use super::files;
use crate::cli::input;

/// The documents of a file of this kind, and of what is none the name under which it is counted.
pub fn items(path: &Path, name: &str, kind: &Kind, reading: &Reading, bar: &ProgressBar) -> Result<BatchSource> {
    let mut bytes = Vec::new();
    let read = files::open_counted(path, bar)
        .and_then(|mut reader| reader.read_to_end(&mut bytes).map_err(|error| files::unreadable(path, error)));
    match read {
        Err(Error::Format { message, .. }) => return Ok(BatchSource::Damaged(message)),
        read => read?,
    };
    let mut tally = Tally::default();
    let items = match kind {
        Kind::Text => texts(path, name, bytes, reading, &mut tally)?,
        kind => objects(path, name, bytes, kind, reading, &mut tally)?,
    };
    let notes = tally.notes();
    bar.suspend(|| notes.iter().for_each(|note| input::tell(note)));
    Ok(BatchSource::Items(items.into_iter()))
}

fn texts(path: &Path, name: &str, bytes: Vec<u8>, reading: &Reading, tally: &mut Tally) -> Result<Vec<Item>> {
    let place = path.display().to_string();
    let found = readers::documents(&place, bytes, reading, tally).map_err(|unread: Unread| unread.error(&place))?;
    let many = found.documents.len() > 1;
    let document = |(text, number): (Vec<u8>, usize)| {
        let id = if many { format!("{name}/{number}") } else { name.to_owned() };
        let text = String::from_utf8_lossy(&text).into_owned();
        Item::Document(Document { id, text, ..Document::default() })
    };
    Ok(found.documents.into_iter().zip(1..).map(document).collect())
}

fn objects(
    path: &Path,
    name: &str,
    bytes: Vec<u8>,
    kind: &Kind,
    reading: &Reading,
    tally: &mut Tally,
) -> Result<Vec<Item>> {
    let place = path.display().to_string();
    let decoded = readers::decode(bytes, reading.encoding.as_deref())
        .map_err(|what| Error::format(&place, format!("expected text, found {what}")))?;
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
