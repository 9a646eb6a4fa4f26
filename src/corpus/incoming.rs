//! Files given in memory, the page's uploads: HTML, JSONL, web archives and plain text.

use std::collections::BTreeMap;
use std::io::{BufRead, Read};

use super::page::{Input, Page};
use super::readers::{self, HEAD_BYTES, Kind, Packing, Reading, Tally, Unread, head_kind};
use super::{Document, MAX_PAGE_BYTES, jsonl, warc};
use crate::{Error, Result};

/// Files with more bytes of text are refused: they do not fit a tab.
const MAX_TEXT_BYTES: usize = 256 << 20;

/// Endings of pages that do not begin as pages do.
const HTML: [&str; 3] = [".html", ".htm", ".xhtml"];

/// The documents and pages of a file; what in it is neither is counted in `skipped` by the reason. What it is its content says.
pub fn incoming(name: &str, bytes: &[u8], skipped: &mut BTreeMap<String, u64>) -> Result<Vec<Input>> {
    let unpacked = || readers::unpacked(Box::new(bytes)).map_err(|_| not_here(name));
    let mut head = Vec::new();
    // What does not unpack is found out where it is read.
    let _ = unpacked()?.take(HEAD_BYTES as u64).read_to_end(&mut head);
    let mut found = Incoming { name, inputs: Vec::new(), bytes: 0, skipped };
    match head_kind(&head, head.len() < HEAD_BYTES, None) {
        _ if named(name, &[".warc", ".wet"]) => found.archive(bytes)?,
        Kind::Archive if Packing::of(bytes).is_some_and(|packing| packing != Packing::Gzip) => {
            found.archive(unpacked()?)?;
        }
        Kind::Archive => found.archive(bytes)?,
        Kind::Lines => found.lines(unpacked()?)?,
        Kind::Html => found.page(unpacked()?)?,
        Kind::Text if named(name, &HTML) => found.page(unpacked()?)?,
        Kind::Text | Kind::Json => found.text(unpacked()?)?,
        Kind::Other(what) if what.contains("zero byte") => found.take(Err("not_utf8"))?,
        Kind::Parquet | Kind::Other(_) => return Err(not_here(name)),
    }
    Ok(found.inputs)
}

/// Whether the name of a file ends so, packed by gzip or not.
fn named(name: &str, endings: &[&str]) -> bool {
    let name = name.to_ascii_lowercase();
    let bare = name.strip_suffix(".gz").unwrap_or(&name);
    endings.iter().any(|ending| bare.ends_with(ending))
}

fn not_here(name: &str) -> Error {
    Error::Config(format!(
        "{name}: files of this kind are not read here: bring HTML, JSON, JSONL, WARC, WET or plain text, or these as gzip"
    ))
}

/// Why there is nothing to read in the files of these names.
pub fn none(names: &str, skipped: &BTreeMap<String, u64>) -> Error {
    let reasons: Vec<&str> = skipped.keys().map(String::as_str).collect();
    let reasons = reasons.join(", ");
    Error::Config(format!("{names}: there is no text in it ({reasons}): bring HTML, JSONL, WARC, WET or plain text"))
}

/// What was found in a file so far.
struct Incoming<'a> {
    name: &'a str,
    inputs: Vec<Input>,
    bytes: usize,
    skipped: &'a mut BTreeMap<String, u64>,
}

impl Incoming<'_> {
    fn archive(&mut self, reader: impl BufRead) -> Result<()> {
        let name = self.name;
        let reading = |error| Error::io(name, "read", error);
        for item in warc::Reader::new(reader, warc::holds_page).map_err(reading)? {
            self.take(match item.map_err(reading)? {
                warc::Entry::Record(record) => record.input(),
                warc::Entry::Damage(_, damage) => Err(damage.name()),
            })?;
        }
        Ok(())
    }

    fn lines(&mut self, reader: impl BufRead) -> Result<()> {
        let name = self.name;
        for line in jsonl::Lines::new(reader) {
            let Ok((number, line)) = line else { return self.take(Err("file_damaged")) };
            let document = line.and_then(|line| jsonl::document(&line, "text", || format!("{name}/{number}")));
            self.take(document.map(Input::Text).map_err(|skip| skip.name()))?;
        }
        Ok(())
    }

    fn page(&mut self, reader: impl BufRead) -> Result<()> {
        let mut page = Vec::new();
        // What is longer is refused where its text is taken out.
        let read = reader.take(MAX_PAGE_BYTES as u64 + 1).read_to_end(&mut page);
        self.take(read.map(|_| Input::Page(Page::of_file(self.name.to_owned(), page))).map_err(|_| "file_damaged"))
    }

    /// A text, or the entries of an array of JSON.
    fn text(&mut self, reader: impl BufRead) -> Result<()> {
        let mut bytes = Vec::new();
        if reader.take(MAX_TEXT_BYTES as u64 + 1).read_to_end(&mut bytes).is_err() {
            self.take(Err("file_damaged"))?;
        }
        let mut tally = Tally::default();
        let found = match readers::documents(self.name, bytes, &Reading::default(), &mut tally) {
            Ok(found) => found,
            Err(Unread::Unusable { .. }) => return self.take(Err("line_damaged")),
            Err(_) => return self.take(Err("not_utf8")),
        };
        for _ in 0..tally.left_out() {
            self.take(Err("line_damaged"))?;
        }
        let count = found.documents.len();
        for (number, text) in found.documents.into_iter().enumerate() {
            let text = String::from_utf8_lossy(&text).into_owned();
            let id = if count == 1 { self.name.to_owned() } else { format!("{}/{}", self.name, number + 1) };
            if !text.trim().is_empty() {
                self.take(Ok(Input::Text(Document { id, text, ..Document::default() })))?;
            }
        }
        Ok(())
    }

    fn take(&mut self, item: std::result::Result<Input, &'static str>) -> Result<()> {
        match item {
            Err(reason) => *self.skipped.entry(reason.to_owned()).or_default() += 1,
            Ok(input) => {
                self.bytes += match &input {
                    Input::Text(document) => document.text.len(),
                    Input::Page(page) => page.bytes.len(),
                };
                self.inputs.push(input);
            }
        }
        if self.bytes <= MAX_TEXT_BYTES {
            return Ok(());
        }
        Err(Error::Config(format!(
            "{}: it holds more than {} MiB of text, which is too much for a tab: bring a part of it",
            self.name,
            MAX_TEXT_BYTES >> 20
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::io::Write;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap()
    }

    fn read(name: &str, bytes: &[u8]) -> (Vec<String>, Vec<(String, u64)>) {
        let mut skipped = BTreeMap::new();
        let given = incoming(name, bytes, &mut skipped).unwrap().into_iter().map(|given| match given {
            Input::Text(document) => format!("{}: {}", document.id, document.text),
            Input::Page(page) => format!("{} in HTML: {}", page.document.id, String::from_utf8_lossy(&page.bytes)),
        });
        (given.collect(), skipped.into_iter().collect())
    }

    #[test]
    fn a_file_is_what_its_content_or_its_name_says() {
        let lines = b"{\"text\": \"a\", \"id\": \"x\"}\nno JSON\n{\"text\": \"b\"}\n";
        let want = (vec!["x: a".into(), "f.jsonl/3: b".into()], vec![("line_damaged".into(), 1)]);
        assert_eq!(read("f.jsonl", lines), want);
        let packed = gzip(lines);
        assert_eq!(read("f.JSONL.gz", &packed).1, want.1);
        let cut = &packed[..packed.len() - 9];
        assert!(read("f.jsonl.gz", cut).1.contains(&("file_damaged".into(), 1)));
        let wet = b"WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Record-ID: <1>\r\nContent-Type: text/plain\r\nContent-Length: 4\r\n\r\ntext\r\n\r\n\
            WARC/1.0\r\nWARC-Type: response\r\nWARC-Record-ID: <2>\r\nContent-Length: 6\r\n\r\n<html>\r\n\r\n\
            WARC/1.0\r\nWARC-Type: response\r\nContent-Length: 3\r\n\r\nPNG\r\n\r\n";
        let want = (vec!["<1>: text".to_owned(), "<2> in HTML: <html>".into()], vec![("not_html".to_owned(), 1)]);
        assert_eq!(read("a", wet), want);
        assert_eq!(read("a.warc.gz", &gzip(wet)), want);
        assert_eq!(read("c.html", b"<p>\xff"), (vec!["c.html in HTML: <p>\u{fffd}".into()], Vec::new()));
        assert_eq!(read("c.HTM.gz", &gzip(b"<p>")).0, ["c.HTM.gz in HTML: <p>"]);
        assert_eq!(read("c.xhtml.gz", &gzip(b"<p>")[..15]).1, [("file_damaged".into(), 1)]);
        assert_eq!(read("b.txt", "宋词\n".as_bytes()), (vec!["b.txt: 宋词\n".into()], Vec::new()));
        assert_eq!(read("b", b"a\0b").1, [("not_utf8".into(), 1)]);
        assert_eq!(read("b", b" \n"), (Vec::new(), Vec::new()));
    }

    #[test]
    fn what_is_not_taken_is_told() {
        let refused = |name: &str, bytes: &[u8]| incoming(name, bytes, &mut BTreeMap::new()).unwrap_err().to_string();
        assert!(refused("a.pdf", b"%PDF-1.4").contains("not read here"));
        let skipped = BTreeMap::from([("not_utf8".to_owned(), 1)]);
        assert!(none("a.bin", &skipped).to_string().contains("(not_utf8)"));
        let bomb = gzip(&vec![b'a'; MAX_TEXT_BYTES + 1]);
        assert!(bomb.len() < 4 << 20);
        assert!(refused("a.txt.gz", &bomb).contains("256 MiB"));
    }
}
