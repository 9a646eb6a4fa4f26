//! Reads JSONL as a stream, a document a line. A line that holds no document is counted and skipped.

use std::io::{self, BufRead};

use super::Document;
use super::readers::{self, Value};

/// Longer lines are skipped unread.
pub const MAX_LINE_BYTES: usize = 64 << 20;

/// Why a line is no document.
#[derive(Clone, Debug, PartialEq)]
pub enum Skip {
    /// It is more than [`MAX_LINE_BYTES`] bytes.
    TooLong,
    /// It is no object of JSON with a text: why.
    Damaged(String),
}

impl Skip {
    /// The name under which it is counted.
    pub fn name(&self) -> &'static str {
        match self {
            Skip::TooLong => "line_too_long",
            Skip::Damaged(_) => "line_damaged",
        }
    }

    /// Why, in words.
    pub fn why(self) -> String {
        match self {
            Skip::TooLong => format!("it is longer than {} MiB", MAX_LINE_BYTES >> 20),
            Skip::Damaged(why) => why,
        }
    }
}

/// The lines of a file that are not blank, in order, in memory that does not depend on the file's length.
pub struct Lines<R> {
    reader: R,
    number: u64,
}

/// A line: its number from 1 on, and its bytes if they are not too many.
pub type Line = (u64, Result<Vec<u8>, Skip>);

impl<R: BufRead> Lines<R> {
    /// Reads from `reader`.
    pub fn new(reader: R) -> Self {
        Lines { reader, number: 0 }
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let mut line = Ok(Vec::new());
        let mut some = false;
        loop {
            let buffer = match self.reader.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                result => result?,
            };
            let end = buffer.iter().position(|&byte| byte == b'\n');
            let part = &buffer[..end.unwrap_or(buffer.len())];
            if line.as_ref().is_ok_and(|line| line.len() + part.len() > MAX_LINE_BYTES) {
                line = Err(Skip::TooLong);
            }
            if let Ok(line) = &mut line {
                line.extend_from_slice(part);
            }
            let used = part.len() + end.is_some() as usize;
            some |= used > 0;
            self.reader.consume(used);
            if end.is_some() || used == 0 {
                self.number += some as u64;
                return Ok(some.then_some((self.number, line)));
            }
        }
    }
}

impl<R: BufRead> Iterator for Lines<R> {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            match self.read().transpose()? {
                Ok((_, Ok(line))) if line.trim_ascii().is_empty() => {}
                line => return Some(line),
            }
        }
    }
}

/// The document that a line is, its text in `field`. `otherwise` names one that has no `id`.
pub fn document(line: &[u8], field: &str, otherwise: impl FnOnce() -> String) -> Result<Document, Skip> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let (value, _) = readers::line(line).map_err(Skip::Damaged)?;
    document_of(value, field, otherwise).map_err(Skip::Damaged)
}

/// The document that an object of JSON is: as FineWeb's files have it, with what is known of it beside its text, or as datatrove
/// writes it, in `metadata`. Or why it is none.
pub fn document_of(value: Value, field: &str, otherwise: impl FnOnce() -> String) -> Result<Document, String> {
    let known = |name: &str| {
        let places = [value.get(name), value.get("metadata").and_then(|metadata| metadata.get(name))];
        places.into_iter().flatten().find_map(|value| match value {
            Value::Text(text) => Some(lossy(text)),
            Value::Number(number) => Some(number.clone()),
            _ => None,
        })
    };
    let document = Document {
        id: known("id").unwrap_or_else(otherwise),
        url: known("url"),
        date: known("date"),
        language: known("language"),
        language_score: known("language_score").and_then(|score| score.parse().ok()),
        text: String::new(),
    };
    Ok(Document { text: lossy(&readers::text_of(value, field)?), ..document })
}

fn lossy(text: &[u8]) -> String {
    String::from_utf8_lossy(text).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Vec<(u64, Result<Document, Skip>)> {
        let lines = Lines::new(bytes).map(Result::unwrap);
        lines.map(|(n, line)| (n, line.and_then(|line| document(&line, "text", || format!("file/{n}"))))).collect()
    }

    #[test]
    fn what_is_known_of_a_document_stands_beside_its_text_or_in_metadata() {
        let lines = read(
            b"\xef\xbb\xbf{\"text\": \"a\", \"id\": \"x\", \"url\": \"u\", \"date\": \"d\", \"language\": \"en\", \
              \"language_score\": 0.5, \"dump\": [1]}\n\r\n\
              {\"text\": \"b\", \"id\": 7, \"metadata\": {\"url\": \"v\", \"language_score\": 1, \"dump\": {}}}\n\
              {\"text\": \"c\", \"url\": null, \"metadata\": null}",
        );
        let document = |id: &str, text: &str| Document { id: id.into(), text: text.into(), ..Document::default() };
        let some = |text: &str| Some(text.to_owned());
        let first = Document {
            url: some("u"),
            date: some("d"),
            language: some("en"),
            language_score: Some(0.5),
            ..document("x", "a")
        };
        let second = Document { url: some("v"), language_score: Some(1.0), ..document("7", "b") };
        assert_eq!(lines, [(1, Ok(first)), (3, Ok(second)), (4, Ok(document("file/4", "c")))]);
    }

    #[test]
    fn a_line_that_is_no_document_says_why() {
        for line in ["{\"text\": 1}", "{\"text\"", "[]", "{\"body\": \"\"}", "\0"] {
            assert!(matches!(&read(line.as_bytes())[..], [(1, Err(Skip::Damaged(_)))]), "{line}");
        }
    }

    #[test]
    fn a_line_without_end_takes_no_memory() {
        let long = io::Read::take(io::repeat(b'x'), MAX_LINE_BYTES as u64 + 1);
        let reader = io::BufReader::new(io::Read::chain(long, &b"\na"[..]));
        let lines: Vec<Line> = Lines::new(reader).map(Result::unwrap).collect();
        assert_eq!(lines, [(1, Err(Skip::TooLong)), (2, Ok(b"a".to_vec()))]);
    }
}
