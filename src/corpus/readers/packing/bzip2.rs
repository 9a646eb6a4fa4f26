//! bzip2, stream after stream: `pbzip2` and dumps of wikis write thousands of them into one file.

use std::cell::RefCell;
use std::io::{self, BufRead, Read};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;

use bzip2_rs::DecoderReader;

use super::Packing;

/// Bytes by which a stream is known to begin.
const HEADER: usize = 10;

/// So much is looked through at a time.
const CHUNK: usize = 64 << 10;

/// The streams of a file, unpacked. The decoder of one does not say where it ended, so the next one's header is looked for: ten
/// bytes that stand within a stream by chance once in some 10^20 bytes.
pub(super) struct Streams<R: BufRead> {
    source: Rc<RefCell<Source<R>>>,
    decoder: DecoderReader<Stream<R>>,
}

impl<R: BufRead> Streams<R> {
    pub(super) fn new(reader: R) -> Self {
        let source = Rc::new(RefCell::new(Source { reader, held: Vec::new(), at: 0, clear: 0, ended: false }));
        let decoder = DecoderReader::new(Stream { source: source.clone(), begun: false });
        Streams { source, decoder }
    }
}

impl<R: BufRead> Read for Streams<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            // Damage makes the decoder panic where it does not notice it otherwise.
            let read = catch_unwind(AssertUnwindSafe(|| self.decoder.read(buffer)))
                .unwrap_or_else(|_| Err(io::Error::other("the stream is damaged")));
            let read = read.map_err(|error| match error.kind() {
                // It says "other" of damage, and nothing else of its own.
                io::ErrorKind::Other => io::Error::new(io::ErrorKind::InvalidData, error.to_string()),
                _ => error,
            })?;
            if read > 0 || buffer.is_empty() || !self.source.borrow_mut().goes_on()? {
                return Ok(read);
            }
            self.decoder = DecoderReader::new(Stream { source: self.source.clone(), begun: false });
        }
    }
}

/// One stream of a source.
struct Stream<R> {
    source: Rc<RefCell<Source<R>>>,
    begun: bool,
}

impl<R: BufRead> Read for Stream<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.borrow_mut().give(buffer, !self.begun)?;
        self.begun |= read > 0;
        Ok(read)
    }
}

/// The packed bytes, with some looked ahead at.
struct Source<R> {
    reader: R,
    held: Vec<u8>,
    /// What of `held` was given out.
    at: usize,
    /// Up to here no stream begins.
    clear: usize,
    ended: bool,
}

impl<R: BufRead> Source<R> {
    /// Holds some more bytes, where there are.
    fn fill(&mut self) -> io::Result<()> {
        self.held.drain(..self.at);
        self.clear = self.clear.saturating_sub(self.at);
        self.at = 0;
        let more = self.reader.by_ref().take(CHUNK as u64).read_to_end(&mut self.held)?;
        self.ended = more == 0;
        Ok(())
    }

    /// Whether another stream begins where the last one ended. What else stands there is passed over, as bzip2 does.
    fn goes_on(&mut self) -> io::Result<bool> {
        while self.held.len() - self.at < HEADER && !self.ended {
            self.fill()?;
        }
        Ok(Packing::of(&self.held[self.at..]) == Some(Packing::Bzip2))
    }

    /// Bytes of one stream; none where the next begins. `first` says that its own header comes now.
    fn give(&mut self, buffer: &mut [u8], first: bool) -> io::Result<usize> {
        if first {
            self.clear = self.clear.max(self.at + 1);
        }
        while self.clear <= self.at {
            if self.look() {
                return Ok(0);
            }
            if self.clear <= self.at && self.ended {
                return Ok(0);
            }
            if self.clear <= self.at {
                self.fill()?;
            }
        }
        if self.clear > self.held.len() {
            self.fill()?;
        }
        let count = buffer.len().min(self.clear.min(self.held.len()) - self.at);
        buffer[..count].copy_from_slice(&self.held[self.at..self.at + count]);
        self.at += count;
        Ok(count)
    }

    /// Looks how far no stream begins; whether one begins at once.
    fn look(&mut self) -> bool {
        let rest = &self.held[self.at..];
        let header = |window: &[u8]| window.starts_with(b"BZh") && Packing::of(window) == Some(Packing::Bzip2);
        match rest.windows(HEADER).position(header) {
            Some(0) => return true,
            Some(found) => self.clear = self.at + found,
            None if self.ended => self.clear = self.held.len(),
            None => self.clear = self.at + rest.len().saturating_sub(HEADER - 1),
        }
        false
    }
}
