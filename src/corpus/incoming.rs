//! Files given in memory, the page's uploads: HTML, JSONL, web archives and plain text.

use std::collections::BTreeMap;
use std::io::{BufReader, Read};

use flate2::read::MultiGzDecoder;

use super::page::{Input, Page};
use super::{Document, MAX_PAGE_BYTES, jsonl, warc};
use crate::{Error, Result};

/// Files with more bytes of text are refused: they do not fit a tab.
const MAX_TEXT_BYTES: usize = 256 << 20;

/// Endings of what is no text as it is.
const PACKED: [&str; 6] = [".zst", ".xz", ".bz2", ".zip", ".parquet", ".pdf"];
const HTML: [&str; 3] = [".html", ".htm", ".xhtml"];

/// The documents and pages of a file; what in it is neither is counted in `skipped` by the reason. That it is packed by gzip or is a web
/// archive its content says, the rest its name.
pub fn incoming(name: &str, bytes: &[u8], skipped: &mut BTreeMap<String, u64>) -> Result<Vec<Input>> {
    let packed = bytes.starts_with(&[0x1f, 0x8b]);
    let bare = name.to_ascii_lowercase();
    let bare = bare.strip_suffix(".gz").unwrap_or(&bare);
    let ends = |endings: &[&str]| endings.iter().any(|ending| bare.ends_with(ending));
    let unpacked =
        || -> Box<dyn Read + '_> { if packed { Box::new(MultiGzDecoder::new(bytes)) } else { Box::new(bytes) } };
    let mut found = Incoming { name, inputs: Vec::new(), bytes: 0, skipped };
    let mut start = Vec::new();
    // What does not unpack is found out where it is read.
    let _ = unpacked().take(64).read_to_end(&mut start);
    if warc::begins(&start) || ends(&[".warc", ".wet"]) {
        let reading = |error| Error::io(name, "read", error);
        for item in warc::Reader::new(bytes, warc::holds_page).map_err(reading)? {
            found.take(match item.map_err(reading)? {
                warc::Entry::Record(record) => record.input(),
                warc::Entry::Damage(_, damage) => Err(damage.name()),
            })?;
        }
    } else if ends(&[".jsonl", ".ndjson"]) {
        for line in jsonl::Lines::new(BufReader::new(unpacked())) {
            let Ok((number, line)) = line else {
                found.take(Err("file_damaged"))?;
                break;
            };
            let document = line.and_then(|line| jsonl::document(&line, || format!("{name}/{number}")));
            found.take(document.map(Input::Text).map_err(|skip| skip.name()))?;
        }
    } else if ends(&HTML) {
        let mut page = Vec::new();
        // What is longer is refused where its text is taken out.
        let read = unpacked().take(MAX_PAGE_BYTES as u64 + 1).read_to_end(&mut page);
        found.take(read.map(|_| Input::Page(Page::of_file(name.to_owned(), page))).map_err(|_| "file_damaged"))?;
    } else if ends(&PACKED) {
        return Err(Error::Config(format!(
            "{name}: files of this kind are not read here: bring HTML, JSONL, WARC, WET or plain text, or these as gzip"
        )));
    } else {
        let mut text = Vec::new();
        if unpacked().take(MAX_TEXT_BYTES as u64 + 1).read_to_end(&mut text).is_err() {
            found.take(Err("file_damaged"))?;
        }
        match String::from_utf8(text) {
            Ok(text) if text.contains('\0') => found.take(Err("not_utf8"))?,
            Ok(text) if text.trim().is_empty() => {}
            Ok(text) => {
                found.take(Ok(Input::Text(Document { id: name.to_owned(), text, ..Document::default() })))?;
            }
            Err(_) => found.take(Err("not_utf8"))?,
        }
    }
    Ok(found.inputs)
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
        assert_eq!(read("b", b"\xff"), (Vec::new(), vec![("not_utf8".into(), 1)]));
        assert_eq!(read("b", b"a\0b").1, [("not_utf8".into(), 1)]);
        assert_eq!(read("b", b" \n"), (Vec::new(), Vec::new()));
    }

    #[test]
    fn what_is_not_taken_is_told() {
        let refused = |name: &str, bytes: &[u8]| incoming(name, bytes, &mut BTreeMap::new()).unwrap_err().to_string();
        assert!(refused("a.jsonl.zst", b"").contains("not read here"));
        let skipped = BTreeMap::from([("not_utf8".to_owned(), 1)]);
        assert!(none("a.bin", &skipped).to_string().contains("(not_utf8)"));
        let bomb = gzip(&vec![b'a'; MAX_TEXT_BYTES + 1]);
        assert!(bomb.len() < 4 << 20);
        assert!(refused("a.txt.gz", &bomb).contains("256 MiB"));
    }
}
