//! Web archives, WARC and WET, packed or plain, read as a stream in memory that does not grow with them.
//!
//! What is damaged is said with its place and passed over: a member of gzip that does not unpack, a record that ends too
//! early, whose length is wrong, or that is too long. What is there of a record that was cut off is given.

mod http;
mod members;

use std::collections::VecDeque;
use std::io::{self, BufRead};

use members::{Filled, Members};

use super::Document;

/// Records with longer content, packed or unpacked, are skipped.
pub const MAX_RECORD_BYTES: usize = 64 << 20;

/// Records with a longer line in their head, or with more lines, are skipped too.
const MAX_HEAD_LINE_BYTES: usize = 64 << 10;
const MAX_HEAD_LINES: usize = 1000;

/// A record of an archive.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Record {
    /// The place in the file of the record, or of the member of gzip that it stands in.
    pub place: u64,
    /// The fields of its head, as they are.
    pub fields: Vec<(String, String)>,
    /// What was answered: the fields of the answer's head, if it is one of HTTP.
    pub http: Option<Vec<(String, String)>>,
    /// The content: a page as the server meant it, in one piece and unpacked.
    pub content: Vec<u8>,
}

impl Record {
    /// The value of a field, whatever the case of its name.
    pub fn field(&self, name: &str) -> Option<&str> {
        field(&self.fields, name)
    }

    /// The address that it is of. Some write it between < and >, some with spaces.
    pub fn url(&self) -> Option<String> {
        let url = self.field("WARC-Target-URI")?;
        let bare = url.strip_prefix('<').and_then(|url| url.strip_suffix('>')).unwrap_or(url);
        Some(bare.replace(' ', "%20"))
    }

    /// What is known of its page, without a text.
    pub fn described(&self) -> Document {
        let field = |name| self.field(name).map(str::to_owned);
        Document {
            id: field("WARC-Record-ID").unwrap_or_default(),
            url: self.url(),
            date: field("WARC-Date"),
            ..Document::default()
        }
    }
}

/// Whether a file that begins so is an archive: blank lines may stand before the first record, and the mark of UTF-8.
pub fn begins(start: &[u8]) -> bool {
    without_mark(start).trim_ascii_start().starts_with(b"WARC/")
}

fn without_mark(bytes: &[u8]) -> &[u8] {
    bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes)
}

/// Whether records of this type hold pages, or the texts of pages.
pub fn holds_page(kind: &str) -> bool {
    kind == "response" || kind == "conversion"
}

fn field<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(found, _)| found.eq_ignore_ascii_case(name)).map(|(_, value)| &**value)
}

/// What is wrong at a place of the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Damage {
    /// A member of gzip does not unpack, or what follows the last one is not gzip.
    Packed,
    /// A record ends before its length.
    Truncated,
    /// There is something else where a record should begin.
    Misframed,
    /// A record is longer than [`MAX_RECORD_BYTES`].
    TooLong,
}

impl Damage {
    /// The name under which it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Damage::Packed => "record_damaged",
            Damage::Truncated => "record_truncated",
            Damage::Misframed => "record_misframed",
            Damage::TooLong => "record_too_long",
        }
    }
}

/// What an archive holds.
#[derive(Debug, PartialEq)]
pub enum Entry {
    /// A record.
    Record(Record),
    /// Damage, at a place of the file.
    Damage(u64, Damage),
}

/// Reads an archive record by record.
pub struct Reader<R: BufRead> {
    members: Members<R>,
    wanted: fn(&str) -> bool,
    /// What is found and not given yet.
    found: VecDeque<Entry>,
    /// Whether it was said that there is no record here.
    astray: bool,
    ended: bool,
}

/// What stands where a record may begin.
enum RecordStart {
    /// A record, at this place.
    Record(u64),
    /// Nothing, or damage that was already reported.
    Nothing,
    /// The end of the file.
    End,
}

/// A line, with its end.
enum HeadLine {
    Line(Vec<u8>),
    TooLong,
    End,
}

impl<R: BufRead> Reader<R> {
    /// Reads the records of the types, the values of WARC-Type, of which `wanted` says yes.
    pub fn new(reader: R, wanted: fn(&str) -> bool) -> io::Result<Self> {
        let mut members = Members::new(reader)?;
        members.next()?;
        Ok(Reader { members, wanted, found: VecDeque::new(), astray: false, ended: false })
    }

    fn tell(&mut self, place: u64, damage: Damage) {
        self.found.push_back(Entry::Damage(place, damage));
    }

    /// Unpacks more; reports damage.
    fn fill(&mut self) -> io::Result<bool> {
        let place = self.members.place();
        let filled = self.members.fill()?;
        if filled == Filled::Damaged {
            self.tell(place, Damage::Packed);
        }
        Ok(filled == Filled::Some)
    }

    /// The next line of the member.
    fn line(&mut self) -> io::Result<HeadLine> {
        let mut searched = 0;
        loop {
            let bytes = self.members.bytes();
            if let Some(end) = bytes[searched..].iter().position(|&byte| byte == b'\n') {
                let line = bytes[..=searched + end].to_vec();
                self.members.consume(line.len());
                return Ok(if line.len() > MAX_HEAD_LINE_BYTES { HeadLine::TooLong } else { HeadLine::Line(line) });
            }
            searched = bytes.len();
            if searched > MAX_HEAD_LINE_BYTES {
                self.members.consume(searched);
                return Ok(HeadLine::TooLong);
            }
            if !self.fill()? {
                let line = self.members.bytes().to_vec();
                self.members.consume(line.len());
                return Ok(if line.is_empty() { HeadLine::End } else { HeadLine::Line(line) });
            }
        }
    }

    /// Reads the first line of a record, or what stands in its place: blank lines do, others do not belong there.
    fn head(&mut self) -> io::Result<RecordStart> {
        let place = self.members.place();
        match self.line()? {
            HeadLine::Line(line) if is_version(&line) => return Ok(RecordStart::Record(place)),
            HeadLine::Line(line) if line.trim_ascii().is_empty() => {}
            HeadLine::Line(_) | HeadLine::TooLong => {
                if !std::mem::replace(&mut self.astray, true) {
                    self.tell(place, Damage::Misframed);
                }
            }
            HeadLine::End => {
                if !self.members.next()? {
                    return Ok(RecordStart::End);
                }
            }
        }
        Ok(RecordStart::Nothing)
    }

    /// Reads one record, or what stands in its place; whether the file goes on.
    fn step(&mut self) -> io::Result<bool> {
        let place = match self.head()? {
            RecordStart::Record(place) => place,
            RecordStart::Nothing => return Ok(true),
            RecordStart::End => return Ok(false),
        };
        self.astray = false;
        let fields = self.fields()?;
        let length = fields.as_ref().and_then(|fields| field(fields, "Content-Length")?.trim().parse::<u64>().ok());
        let (Some(fields), Some(length)) = (fields, length) else {
            self.astray = true;
            self.tell(place, Damage::Misframed);
            return Ok(true);
        };
        let wanted = field(&fields, "WARC-Type").is_some_and(self.wanted);
        let too_long = length > MAX_RECORD_BYTES as u64;
        let keep = wanted && !too_long;
        if too_long {
            if !self.pass_over(length)? || wanted {
                self.tell(place, Damage::TooLong);
            }
            return Ok(true);
        }
        let (content, whole) = self.content(length, keep)?;
        // Where it does not unpack to its end, that was reported.
        if !whole && !matches!(self.found.back(), Some(Entry::Damage(_, Damage::Packed))) {
            self.tell(place, Damage::Truncated);
        }
        if keep {
            let mut record = Record { place, fields, http: None, content };
            if answer(&mut record) {
                self.found.push_back(Entry::Record(record));
                return Ok(true);
            }
        }
        if wanted {
            self.tell(place, Damage::TooLong);
        }
        Ok(true)
    }

    /// The fields up to a blank line; none where they have no end.
    fn fields(&mut self) -> io::Result<Option<Vec<(String, String)>>> {
        let mut head = Vec::new();
        for _ in 0..MAX_HEAD_LINES {
            match self.line()? {
                HeadLine::Line(line) if line.trim_ascii().is_empty() => return Ok(Some(http::fields(&head))),
                HeadLine::Line(line) => head.extend_from_slice(&line),
                HeadLine::TooLong | HeadLine::End => return Ok(None),
            }
        }
        Ok(None)
    }

    /// Passes over a content of this length, which is too much to be kept; or over what there is before the next record, where the
    /// length is more than that. Whether it was as long.
    fn pass_over(&mut self, length: u64) -> io::Result<bool> {
        const NEXT: &[u8] = b"\r\n\r\nWARC/";
        let mut left = length;
        while left > 0 {
            let bytes = self.members.bytes();
            let known = bytes.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            if let Some(at) = bytes[..known].windows(NEXT.len()).position(|bytes| bytes == NEXT) {
                self.members.consume(at);
                return Ok(false);
            }
            // The next record may begin with the last bytes that are known.
            let part = if known as u64 == left { known } else { known.saturating_sub(NEXT.len() - 1) };
            self.members.consume(part);
            left -= part as u64;
            if left > 0 && !self.fill()? {
                let rest = self.members.bytes().len();
                self.members.consume(rest);
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The content of this length, if it is to be kept, or what there is of it; and whether all of it is there.
    fn content(&mut self, length: u64, keep: bool) -> io::Result<(Vec<u8>, bool)> {
        let (mut content, mut left) = (Vec::new(), length);
        while left > 0 {
            if self.members.bytes().is_empty() && !self.fill()? {
                return Ok((content, false));
            }
            let bytes = self.members.bytes();
            let part = bytes.len().min(left.min(1 << 30) as usize);
            if keep {
                content.extend_from_slice(&bytes[..part]);
            }
            self.members.consume(part);
            left -= part as u64;
        }
        Ok((content, true))
    }
}

/// Takes the head of HTTP off the content of what was asked or answered, and undoes what was done to the page on its way. Whether the page is
/// not too long.
fn answer(record: &mut Record) -> bool {
    let over_http = record.url().is_some_and(|url| url.starts_with("http:") || url.starts_with("https:"));
    let exchanged = matches!(record.field("WARC-Type"), Some("response" | "request" | "revisit"));
    if !exchanged || !over_http || record.content.is_empty() {
        return true;
    }
    let (head, body) = http::split(&record.content);
    let fields = http::fields(head);
    let body = http::body(&fields, body, MAX_RECORD_BYTES);
    record.http = Some(fields);
    body.map(|body| record.content = body).is_some()
}

/// Whether a line begins a record.
fn is_version(line: &[u8]) -> bool {
    let line = without_mark(line).trim_ascii_end();
    line.starts_with(b"WARC/") && line.len() < 20
}

impl<R: BufRead> Iterator for Reader<R> {
    type Item = io::Result<Entry>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some(found) = self.found.pop_front() {
                return Some(Ok(found));
            }
            if self.ended {
                return None;
            }
            match self.step() {
                Ok(goes_on) => self.ended = !goes_on,
                Err(error) => {
                    self.ended = true;
                    return Some(Err(error));
                }
            }
        }
    }
}
