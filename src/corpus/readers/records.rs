//! The entries of JSON, a line each or in one array, and the text that each holds.

use base64::{Engine, prelude::BASE64_STANDARD};

use super::Kind;
use super::python_json::{Fault, Value, parse, skip_space};

/// At most so many names of fields are told.
const NAMES: usize = 12;

/// One entry of a file.
#[derive(Debug)]
pub struct Entry {
    /// The line that it stands or begins in, counted from 1.
    pub line: usize,
    /// What it is, and whether half of a surrogate pair was mended in it; or why it is no JSON.
    pub value: Result<(Value, bool), String>,
}

/// The entries of a file, in their order. JSON over several lines ends with its first fault.
pub struct Entries<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Lines,
    /// Objects one after another.
    Values,
    /// Within an array, before its first entry or not.
    Array(bool),
    Ended,
}

impl<'a> Entries<'a> {
    /// The entries of a file of this kind.
    pub fn new(bytes: &'a [u8], kind: &Kind) -> Self {
        // Where bytes are taken as they are, a mark still stands in front of them.
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut entries = Entries { bytes, at: 0, line: 1, state: State::Lines };
        if *kind == Kind::Json {
            entries.space();
            entries.state = if bytes.get(entries.at) == Some(&b'[') { State::Array(true) } else { State::Values };
            if entries.state == State::Array(true) {
                entries.go_to(entries.at + 1);
            }
        }
        entries
    }

    fn go_to(&mut self, at: usize) {
        let at = at.min(self.bytes.len());
        self.line += self.bytes[self.at..at].iter().filter(|&&byte| byte == b'\n').count();
        self.at = at;
    }

    fn space(&mut self) {
        self.go_to(skip_space(self.bytes, self.at));
    }

    fn fault(&mut self, fault: &Fault) -> Option<Entry> {
        self.state = State::Ended;
        self.go_to(self.at + fault.at);
        Some(Entry { line: self.line, value: Err(fault.what.into()) })
    }

    fn next_line(&mut self) -> Option<Entry> {
        loop {
            let rest = &self.bytes[self.at..];
            if rest.is_empty() {
                return None;
            }
            let end = rest.iter().position(|&byte| byte == b'\n');
            let (text, number) = (&rest[..end.unwrap_or(rest.len())], self.line);
            self.at += end.map_or(rest.len(), |end| end + 1);
            self.line += 1;
            if !text.trim_ascii().is_empty() {
                return Some(Entry { line: number, value: line(text) });
            }
        }
    }

    fn next_value(&mut self) -> Option<Entry> {
        self.space();
        let number = self.line;
        match parse(&self.bytes[self.at..]) {
            Err(fault) => self.fault(&fault),
            Ok(parsed) => {
                self.go_to(self.at + parsed.end);
                Some(Entry { line: number, value: Ok((parsed.value, parsed.mended)) })
            }
        }
    }

    /// What stands before the next entry of an array; whether there is one.
    fn goes_on(&mut self, first: bool) -> Result<bool, Fault> {
        self.space();
        match self.bytes.get(self.at) {
            Some(b']') => {
                self.go_to(self.at + 1);
                self.space();
                let more = self.at < self.bytes.len();
                let fault = Fault { at: 0, what: "expected the end of the file behind the array", unfinished: false };
                if more { Err(fault) } else { Ok(false) }
            }
            Some(b',') if !first => {
                self.go_to(self.at + 1);
                Ok(true)
            }
            Some(_) if first => Ok(true),
            _ => Err(Fault { at: 0, what: "expected a comma or the end of the array", unfinished: false }),
        }
    }
}

impl Iterator for Entries<'_> {
    type Item = Entry;

    fn next(&mut self) -> Option<Entry> {
        match self.state {
            State::Ended => None,
            State::Lines => self.next_line(),
            State::Values => {
                self.space();
                if self.at == self.bytes.len() { None } else { self.next_value() }
            }
            State::Array(first) => match self.goes_on(first) {
                Err(fault) => self.fault(&fault),
                Ok(false) => {
                    self.state = State::Ended;
                    None
                }
                Ok(true) => {
                    self.state = State::Array(false);
                    self.next_value()
                }
            },
        }
    }
}

/// A line as a value, and whether something was mended in it; or why it is none.
pub(crate) fn line(text: &[u8]) -> Result<(Value, bool), String> {
    let told = |fault: Fault| format!("no JSON: {} at column {}", fault.what, fault.at + 1);
    let parsed = parse(text).map_err(told)?;
    let end = skip_space(text, parsed.end);
    if end < text.len() {
        return Err(told(Fault { at: end, what: "expected the end of the line", unfinished: false }));
    }
    Ok((parsed.value, parsed.mended))
}

/// The text of an entry, in its field `field`, or its bytes in `base64`; or why it has none. Where the field is missing, the names
/// that were found are told.
pub fn text_of(value: Value, field: &str) -> Result<Vec<u8>, String> {
    if let (None, Some(Value::Text(coded))) = (value.get(field), value.get("base64")) {
        return BASE64_STANDARD.decode(coded).map_err(|error| format!("its field `base64` is damaged: {error}"));
    }
    let Value::Object(fields) = value else { return Err(format!("it is {}, not an object", value.name())) };
    let names: Vec<String> =
        fields.iter().take(NAMES).map(|(name, _)| String::from_utf8_lossy(name).into_owned()).collect();
    let more = if fields.len() > NAMES { ", ..." } else { "" };
    let found = fields.into_iter().rev().find(|(name, _)| name == field.as_bytes());
    match found {
        Some((_, Value::Text(text))) => Ok(text),
        Some((_, Value::Null)) => Err(format!("its `{field}` is null")),
        Some((_, other)) => Err(format!("its `{field}` is {}, not a string", other.name())),
        None if names.is_empty() => Err(format!("it has no field `{field}`, and no other")),
        None => Err(format!("it has no field `{field}`, but {}{more}", names.join(", "))),
    }
}
