//! The bytes of a web archive, unpacked member by member: an archive is many small gzip files one after another, so that
//! damage to one costs that one alone.

use std::io::{self, BufRead, Read};

use flate2::bufread::GzDecoder;

const MAGIC: [u8; 3] = [0x1f, 0x8b, 8];

/// At most this many bytes of a member are kept, to look for the next member in them.
const MAX_REWIND_BYTES: usize = 16 << 20;

/// A source that can go back to the beginning of a member.
struct Rewindable<R> {
    inner: R,
    /// What was gone back over, and how much of it is read again.
    again: Vec<u8>,
    at: usize,
    /// What was read since the beginning of the member, if that is not too much.
    seen: Vec<u8>,
    whole: bool,
    /// The place in the file.
    position: u64,
    /// How much was gone back over in all.
    back: u64,
}

impl<R: BufRead> Read for Rewindable<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.fill_buf()?.read(buffer)?;
        self.consume(read);
        Ok(read)
    }
}

impl<R: BufRead> BufRead for Rewindable<R> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.at < self.again.len() {
            return Ok(&self.again[self.at..]);
        }
        self.inner.fill_buf()
    }

    fn consume(&mut self, amount: usize) {
        self.position += amount as u64;
        self.whole &= self.seen.len() + amount <= MAX_REWIND_BYTES;
        if self.at < self.again.len() {
            if self.whole {
                self.seen.extend_from_slice(&self.again[self.at..self.at + amount]);
            }
            self.at += amount;
        } else if amount > 0 {
            if self.whole {
                // What is consumed is still there to be had.
                let bytes = self.inner.fill_buf().unwrap_or_default();
                self.seen.extend_from_slice(&bytes[..amount]);
            }
            self.inner.consume(amount);
        }
    }
}

impl<R: BufRead> Rewindable<R> {
    /// Begins a member here.
    fn begin(&mut self) {
        self.seen.clear();
        self.whole = true;
    }

    /// Goes back to the second byte of the member, where another may begin in it; not where it was too much, nor for ever.
    fn go_back(&mut self) {
        if self.whole && !self.seen.is_empty() && self.back <= self.position + (64 << 20) {
            let mut again = self.seen.split_off(1);
            self.position -= again.len() as u64;
            self.back += again.len() as u64;
            again.extend_from_slice(&self.again[self.at..]);
            (self.again, self.at) = (again, 0);
        }
        self.begin();
    }

    /// Goes on to the next place where a member may begin; whether there is one.
    fn seek_member(&mut self) -> io::Result<bool> {
        let mut matched = 0;
        loop {
            let Some(&byte) = self.fill_buf()?.first() else { return Ok(false) };
            matched = if byte == MAGIC[matched] { matched + 1 } else { (byte == MAGIC[0]) as usize };
            self.consume(1);
            if matched == MAGIC.len() {
                // It is read from its first byte on.
                let mut again = MAGIC.to_vec();
                again.extend_from_slice(&self.again[self.at..]);
                (self.again, self.at) = (again, 0);
                self.position -= MAGIC.len() as u64;
                self.begin();
                return Ok(true);
            }
        }
    }
}

/// What is unpacked, from one member to the next.
pub(super) struct Members<R: BufRead> {
    state: Unpacking<R>,
    /// What is unpacked and not read.
    buffer: Vec<u8>,
    at: usize,
    /// The place in the file where the member begins, or of the buffer where nothing is packed.
    begin: u64,
    /// After damage a member counts only if it is a record's.
    careful: bool,
}

enum Unpacking<R: BufRead> {
    Plain(Rewindable<R>),
    Member(GzDecoder<Rewindable<R>>),
    /// Between two members.
    Between(Rewindable<R>),
    Gone,
}

/// What comes next.
#[derive(Debug, PartialEq)]
pub(super) enum Filled {
    /// Bytes.
    Some,
    /// The end of a member; or of all, if nothing is packed.
    End,
    /// The member is damaged here.
    Damaged,
}

impl<R: BufRead> Members<R> {
    pub(super) fn new(inner: R) -> io::Result<Self> {
        let mut source =
            Rewindable { inner, again: Vec::new(), at: 0, seen: Vec::new(), whole: true, position: 0, back: 0 };
        let packed = source.fill_buf()?.starts_with(&MAGIC[..2]);
        let state = if packed { Unpacking::Between(source) } else { Unpacking::Plain(source) };
        Ok(Members { state, buffer: Vec::new(), at: 0, begin: 0, careful: false })
    }

    /// Where in the file the member begins, or the bytes that are not read yet.
    pub(super) fn place(&self) -> u64 {
        match &self.state {
            Unpacking::Plain(source) => source.position - (self.buffer.len() - self.at) as u64,
            _ => self.begin,
        }
    }

    /// The bytes that are unpacked and not read.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.buffer[self.at..]
    }

    pub(super) fn consume(&mut self, amount: usize) {
        self.at += amount;
    }

    /// Unpacks more, behind what is not read.
    pub(super) fn fill(&mut self) -> io::Result<Filled> {
        const READ_BYTES: usize = 64 << 10;
        self.buffer.drain(..self.at);
        self.at = 0;
        let start = self.buffer.len();
        self.buffer.resize(start + READ_BYTES, 0);
        let read = loop {
            let buffer = &mut self.buffer[start..];
            let read = match &mut self.state {
                Unpacking::Plain(source) => {
                    source.begin();
                    source.read(buffer)
                }
                Unpacking::Member(member) => member.read(buffer),
                Unpacking::Between(_) | Unpacking::Gone => Ok(0),
            };
            match read {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => break read,
            }
        };
        let damage = |error: &io::Error| {
            use io::ErrorKind::{InvalidData, InvalidInput, UnexpectedEof};
            matches!(error.kind(), InvalidData | InvalidInput | UnexpectedEof)
        };
        self.buffer.truncate(start + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => {
                self.leave(false);
                Ok(Filled::End)
            }
            Ok(_) => Ok(Filled::Some),
            Err(error) if damage(&error) => {
                self.leave(true);
                self.careful = true;
                Ok(Filled::Damaged)
            }
            Err(error) => Err(error),
        }
    }

    /// Leaves the member, where it ends or for the second byte of it.
    fn leave(&mut self, back: bool) {
        self.state = match std::mem::replace(&mut self.state, Unpacking::Gone) {
            Unpacking::Member(member) => {
                let mut source = member.into_inner();
                if back {
                    source.go_back();
                }
                Unpacking::Between(source)
            }
            other => other,
        };
    }

    /// Goes on to the next member; whether there is one. What was not read of the last is dropped.
    pub(super) fn next(&mut self) -> io::Result<bool> {
        (self.buffer, self.at) = (Vec::new(), 0);
        loop {
            self.leave(false);
            let mut source = match std::mem::replace(&mut self.state, Unpacking::Gone) {
                Unpacking::Between(source) => source,
                other => {
                    self.state = other;
                    return Ok(false);
                }
            };
            if self.careful {
                if !source.seek_member()? {
                    self.state = Unpacking::Between(source);
                    return Ok(false);
                }
            } else if source.fill_buf()?.is_empty() {
                self.state = Unpacking::Between(source);
                return Ok(false);
            }
            source.begin();
            self.begin = source.position;
            self.state = Unpacking::Member(GzDecoder::new(source));
            if !self.careful {
                return Ok(true);
            }
            while self.bytes().len() < 5 && self.fill()? == Filled::Some {}
            if self.bytes().starts_with(b"WARC/") {
                self.careful = false;
                return Ok(true);
            }
            self.leave(true);
            (self.buffer, self.at) = (Vec::new(), 0);
        }
    }
}
