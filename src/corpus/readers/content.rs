//! The documents of a file that is read whole, and why there are none in it.

use super::{Entries, HEAD_BYTES, Kind, Reading, Tally, decode, head_kind, split, text_of};
use crate::Error;
use crate::corpus::readers::Value;

/// What was found in a file.
#[derive(Debug, PartialEq)]
pub struct Found {
    /// What it is.
    pub kind: Kind,
    /// Its documents.
    pub documents: Vec<Vec<u8>>,
}

/// Why no documents are taken from a file.
#[derive(Debug, PartialEq)]
pub enum Unread {
    /// It is of a kind that is read elsewhere: HTML, a web archive, Parquet.
    Elsewhere(Kind),
    /// It is no text: what it is.
    NoText(String),
    /// It is JSON without a text.
    Unusable {
        /// The file and the line.
        place: String,
        /// What is wrong there.
        why: String,
        /// The same as a sentence that says what was expected and what to do.
        message: String,
    },
}

impl Unread {
    /// The error where the file was given by name.
    pub fn error(self, name: &str) -> Error {
        match self {
            Unread::NoText(what) => Error::format(name, format!("expected text, found {what}")),
            Unread::Unusable { place, message, .. } => Error::format(place, message),
            Unread::Elsewhere(kind @ (Kind::Html | Kind::Archive)) => Error::format(
                name,
                format!(
                    "it is {}, whose text `glasshouse corpus run --input {name} --out DIR` takes out: give its DIR then, or \
                     --as text to take the file as it stands",
                    kind.name()
                ),
            ),
            Unread::Elsewhere(kind) => Error::format(
                name,
                format!("it is {}, which this build does not read: build it with `--features full`", kind.name()),
            ),
        }
    }

    /// Why the file was left, in a list of files.
    pub fn reason(&self) -> String {
        match self {
            Unread::NoText(what) => what.clone(),
            Unread::Unusable { why, .. } => why.clone(),
            Unread::Elsewhere(kind @ (Kind::Html | Kind::Archive)) => format!("{}: `corpus run` reads it", kind.name()),
            Unread::Elsewhere(kind) => format!("{}: a build with `--features full` reads it", kind.name()),
        }
    }
}

/// The documents of the file called `name`, whose bytes are unpacked. What is to be said of them goes into `tally`.
pub fn documents(name: &str, bytes: Vec<u8>, reading: &Reading, tally: &mut Tally) -> Result<Found, Unread> {
    let head = &bytes[..bytes.len().min(HEAD_BYTES)];
    let as_bytes = reading.encoding.as_deref().is_some_and(|name| name.eq_ignore_ascii_case("bytes"));
    let kind = match head_kind(head, head.len() == bytes.len(), reading.taken_as) {
        // Whoever asks for bytes gets them.
        Kind::Other(what) if as_bytes && what.contains("zero byte") => Kind::Text,
        Kind::Other(what) => return Err(Unread::NoText(what)),
        kind @ (Kind::Html | Kind::Archive | Kind::Parquet) => return Err(Unread::Elsewhere(kind)),
        kind => kind,
    };
    let decoded = decode(bytes, reading.encoding.as_deref()).map_err(Unread::NoText)?;
    let documents = match kind {
        Kind::Text => split::documents(name, decoded.bytes, reading, tally),
        _ => {
            let mut lines = Tally::default();
            let documents = entries(name, &decoded.bytes, &kind, &reading.text_field, &mut lines)?;
            tally.add(lines);
            documents
        }
    };
    if let Some(said) = decoded.said {
        tally.say_of(name, said);
    }
    Ok(Found { kind, documents })
}

fn entries(name: &str, bytes: &[u8], kind: &Kind, field: &str, tally: &mut Tally) -> Result<Vec<Vec<u8>>, Unread> {
    let mut documents = Vec::new();
    let mut first = None;
    for entry in Entries::new(bytes, kind) {
        let place = || format!("{name}, line {}", entry.line);
        let text = match entry.value {
            Err(why) if *kind == Kind::Json => {
                let message = format!("expected a whole file of JSON: {why}: get it again");
                return Err(Unread::Unusable { place: place(), why, message });
            }
            Err(why) => Err(why),
            // An array of strings is a list of documents.
            Ok((Value::Text(text), mended)) if *kind == Kind::Json => Ok((text, mended)),
            Ok((value, mended)) => text_of(value, field).map(|text| (text, mended)),
        };
        match text {
            Ok((text, mended)) => {
                tally.take();
                if mended {
                    tally.mend();
                }
                documents.push(text);
            }
            Err(why) => {
                tally.leave(place, &why);
                first.get_or_insert_with(|| (place(), why));
            }
        }
    }
    match first {
        Some((place, why)) if documents.is_empty() => Err(unusable(place, why, field, tally.left_out())),
        _ => Ok(documents),
    }
}

/// Why a file of lines without a single document is none.
fn unusable(place: String, why: String, field: &str, count: u64) -> Unread {
    let others = if count == 1 { String::new() } else { format!(", and of all {count} entries none has one") };
    let message = format!(
        "expected an object of JSON with the text of a document in its string field `{field}`: {why}{others}: name the field with \
         --text-field, or take the file as it stands with --as text"
    );
    Unread::Unusable { place, why, message }
}
