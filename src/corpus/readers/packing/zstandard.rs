//! Zstandard, frame after frame; frames that hold nothing to unpack, such as tables to seek by, are passed over.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::{FrameDecoder, StreamingDecoder};

/// The frames of a file, unpacked.
pub(super) enum Frames<R: BufRead> {
    Between(Source<R>),
    Within(Box<StreamingDecoder<Source<R>, FrameDecoder>>),
    Damaged,
}

impl<R: BufRead> Frames<R> {
    pub(super) fn new(reader: R) -> Self {
        Frames::Between(Source { held: Vec::new(), reader })
    }
}

/// The packed bytes, with the first of a frame looked ahead at.
pub(super) struct Source<R> {
    held: Vec<u8>,
    reader: R,
}

impl<R: BufRead> Source<R> {
    /// The next `count` bytes, or as many as there are; they stay.
    fn look(&mut self, count: usize) -> io::Result<&[u8]> {
        let more = count.saturating_sub(self.held.len()) as u64;
        self.reader.by_ref().take(more).read_to_end(&mut self.held)?;
        Ok(&self.held)
    }

    /// Passes over a frame that holds nothing to unpack; whether there was one.
    fn skip(&mut self) -> io::Result<bool> {
        let &[0x50..=0x5f, 0x2a, 0x4d, 0x18, a, b, c, d] = self.look(8)? else { return Ok(false) };
        self.held.clear();
        io::copy(&mut self.reader.by_ref().take(u32::from_le_bytes([a, b, c, d]).into()), &mut io::sink())?;
        Ok(true)
    }
}

impl<R: BufRead> Read for Source<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.held.is_empty() {
            return self.reader.read(buffer);
        }
        let count = buffer.len().min(self.held.len());
        buffer[..count].copy_from_slice(&self.held[..count]);
        self.held.drain(..count);
        Ok(count)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let damage = |error: String| io::Error::new(io::ErrorKind::InvalidData, error);
        loop {
            match std::mem::replace(self, Frames::Damaged) {
                Frames::Between(mut source) => {
                    while source.skip()? {}
                    if source.look(1)?.is_empty() {
                        *self = Frames::Between(source);
                        return Ok(0);
                    }
                    let decoder = StreamingDecoder::new(source).map_err(|error| damage(error.to_string()))?;
                    *self = Frames::Within(Box::new(decoder));
                }
                Frames::Within(mut decoder) => {
                    let read = decoder.read(buffer).map_err(|error| damage(error.to_string()))?;
                    let goes_on = read > 0 || buffer.is_empty();
                    *self = if goes_on { Frames::Within(decoder) } else { Frames::Between(decoder.into_inner()) };
                    if goes_on {
                        return Ok(read);
                    }
                }
                Frames::Damaged => return Err(damage("the frame is damaged".into())),
            }
        }
    }
}
