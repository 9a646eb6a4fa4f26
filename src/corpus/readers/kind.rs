//! What a file is, by how it begins once it is unpacked.

use super::json_kind::json_kind;
use super::{As, encoding, signatures};
use crate::corpus::warc;

/// So much of a file is looked at to say what it is.
pub const HEAD_BYTES: usize = 64 << 10;

/// What a file holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Kind {
    /// Text, Markdown among it.
    Text,
    /// An object of JSON each line.
    Lines,
    /// JSON over several lines: one array, or objects one after another.
    Json,
    /// A page in HTML.
    Html,
    /// A web archive, WARC or WET.
    Archive,
    /// Parquet.
    Parquet,
    /// No text: what it is.
    Other(String),
}

impl Kind {
    /// Its name in what a person is told.
    pub fn name(&self) -> &str {
        match self {
            Kind::Text => "text",
            Kind::Lines => "JSONL",
            Kind::Json => "JSON",
            Kind::Html => "HTML",
            Kind::Archive => "a web archive",
            Kind::Parquet => "Parquet",
            Kind::Other(what) => what,
        }
    }
}

/// What a file is that begins with `head`, at least [`HEAD_BYTES`] of it or, where `whole`, all of it. `taken_as` says it against
/// what it looks like; what holds no text at all stays what it is.
pub fn head_kind(head: &[u8], whole: bool, taken_as: Option<As>) -> Kind {
    match taken_as {
        Some(As::Text) => return Kind::Text,
        Some(As::Html) => return Kind::Html,
        Some(As::Jsonl) | None => {}
    }
    if head.starts_with(b"PAR1") {
        return Kind::Parquet;
    }
    if taken_as.is_none() && warc::begins(head) {
        return Kind::Archive;
    }
    if let Some(what) = signatures::known(head) {
        return Kind::Other(what.into());
    }
    let utf16 = encoding::utf16_head(head, whole);
    let text = utf16.as_ref().map_or(head, String::as_bytes);
    if let Some(at) = text.iter().position(|&byte| byte == 0) {
        return Kind::Other(format!("a zero byte at {at}: it is a binary file"));
    }
    match taken_as {
        Some(_) => json_kind(text, whole).unwrap_or(Kind::Lines),
        None if begins_html(text) => Kind::Html,
        None => json_kind(text, whole).unwrap_or(Kind::Text),
    }
}

/// Whether a text begins as a page does: with its doctype, or the tag `html`, `head` or `body`, whatever comments stand before.
fn begins_html(text: &[u8]) -> bool {
    let mut rest = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(text).trim_ascii_start();
    loop {
        let end: &[u8] = match rest {
            [b'<', b'!', b'-', b'-', ..] => b"-->",
            [b'<', b'?', b'x', b'm', b'l', ..] => b"?>",
            _ => break,
        };
        let Some(at) = rest.windows(end.len()).position(|window| window == end) else { return false };
        rest = rest[at + end.len()..].trim_ascii_start();
    }
    ["<!doctype html", "<html", "<head", "<body"].iter().any(|tag| {
        let (name, behind) = rest.split_at(rest.len().min(tag.len()));
        let ends = |byte: &u8| byte.is_ascii_whitespace() || matches!(byte, b'>' | b'/');
        name.eq_ignore_ascii_case(tag.as_bytes()) && behind.first().is_none_or(ends)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_says_what_a_file_is() {
        for (text, kind) in [
            ("", Kind::Text),
            ("# A heading\n", Kind::Text),
            ("{\"text\": \"a\"}\n{", Kind::Lines),
            ("{\"body\": 1}", Kind::Lines),
            ("\n{\"text\":\"\"}", Kind::Lines),
            ("{\"text\": NaN}", Kind::Lines),
            ("{\"text\": \"cut", Kind::Lines),
            ("{\"text\": \"cut\n{\"text\": \"a\"}\n{\"text\": \"b\"}\n", Kind::Lines),
            ("no JSON\n{\"text\": \"a\"}\n{\"text\": \"b\"}\n", Kind::Lines),
            ("{\n \"text\": \"a\"\n}\n", Kind::Json),
            ("[{\"text\": \"a\"}]", Kind::Json),
            ("[\n  {\"text\": \"a\"},\n  ]", Kind::Json),
            ("[\"a\", \"b\"]\n", Kind::Json),
            ("[\"Go,\" said he.", Kind::Text),
            ("[1] A footnote", Kind::Text),
            ("[1, 2]", Kind::Text),
            ("[link](to)", Kind::Text),
            ("{ a poem }", Kind::Text),
            ("{{template}}\n", Kind::Text),
            ("<!DOCTYPE html>\n<p>", Kind::Html),
            ("\u{feff} <HTML lang=en>", Kind::Html),
            ("<?xml version='1.0'?><!-- a -->\n<html>", Kind::Html),
            ("<head>", Kind::Html),
            ("<body\n>", Kind::Html),
            ("<header>", Kind::Text),
            ("<p>A paragraph</p>", Kind::Text),
            ("WARC/1.0\r\nWARC-Type: warcinfo\r\n", Kind::Archive),
            ("PAR1", Kind::Parquet),
        ] {
            assert_eq!(head_kind(text.as_bytes(), true, None), kind, "{text}");
        }
        for head in [&b"\x89PNG\r\n\x1a\n"[..], b"%PDF-1.4", b"a\0b", b"GIF89a", b"RIFF\0\0\0\0WEBP"] {
            assert!(matches!(head_kind(head, true, None), Kind::Other(_)), "{head:?}");
        }
        assert_eq!(head_kind(b"ID3 tags are a pity", true, None), Kind::Text);
    }

    #[test]
    fn a_value_that_goes_on_behind_the_head_is_told_by_its_beginning() {
        let long = format!("{{\"text\": \"{}", "a".repeat(HEAD_BYTES));
        assert_eq!(head_kind(&long.as_bytes()[..HEAD_BYTES], false, None), Kind::Lines);
        let list = format!("[{long}");
        assert_eq!(head_kind(&list.as_bytes()[..HEAD_BYTES], false, None), Kind::Json);
        let pretty = format!("{{\n\"text\": \"{}", "a".repeat(HEAD_BYTES));
        assert_eq!(head_kind(&pretty.as_bytes()[..HEAD_BYTES], false, None), Kind::Json);
    }
}
