//! What packed a file, told by its first bytes, and the file unpacked: part after part, as packing in parallel leaves it.

use std::io::{self, BufRead, BufReader, Cursor, Read};

use flate2::bufread::MultiGzDecoder;

#[cfg(feature = "cli")]
mod bzip2;
#[cfg(feature = "zstandard")]
mod zstandard;

/// What is packed more than so often within itself is not looked into.
const MAX_LAYERS: usize = 4;

/// So many bytes tell.
const MAGIC_BYTES: usize = 10;

/// How a file is packed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// gzip.
    Gzip,
    /// Zstandard.
    Zstandard,
    /// bzip2.
    Bzip2,
    /// xz.
    Xz,
}

impl Packing {
    /// What packed a file that begins so; none where nothing did.
    pub fn of(head: &[u8]) -> Option<Packing> {
        match head {
            [0x1f, 0x8b, 8, ..] | [0x1f, 0x8b] => Some(Packing::Gzip),
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Packing::Zstandard),
            [b'B', b'Z', b'h', b'1'..=b'9', b'1', b'A', b'Y', b'&', b'S', b'Y', ..]
            | [b'B', b'Z', b'h', b'1'..=b'9', 0x17, 0x72, 0x45, 0x38, 0x50, 0x90, ..] => Some(Packing::Bzip2),
            [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => Some(Packing::Xz),
            _ => None,
        }
    }

    fn unpack<'a>(self, reader: impl BufRead + 'a) -> io::Result<Box<dyn Read + 'a>> {
        Ok(match self {
            Packing::Gzip => Box::new(MultiGzDecoder::new(reader)),
            #[cfg(feature = "zstandard")]
            Packing::Zstandard => Box::new(zstandard::Frames::new(reader)),
            #[cfg(feature = "cli")]
            Packing::Bzip2 => Box::new(bzip2::Streams::new(reader)),
            #[cfg(feature = "cli")]
            Packing::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(reader, true, MAX_XZ_KIB)),
            #[cfg(not(all(feature = "cli", feature = "zstandard")))]
            _ => {
                let message = "it is packed in a way that is not read here: unpack it, or pack it by gzip";
                return Err(io::Error::new(io::ErrorKind::Unsupported, message));
            }
        })
    }
}

/// The memory that unpacking xz may take: its strongest setting takes a sixteenth of it.
#[cfg(feature = "cli")]
const MAX_XZ_KIB: u32 = 1 << 20;

/// What `reader` gives, unpacked as often as it is packed. Damage is met where it is read.
///
/// # Errors
/// The reader's own, and where this build does not unpack the like.
pub fn unpacked<'a>(reader: Box<dyn BufRead + 'a>) -> io::Result<Box<dyn BufRead + 'a>> {
    let mut reader = reader;
    for layer in 0..MAX_LAYERS {
        let mut head = Vec::new();
        match reader.by_ref().take(MAGIC_BYTES as u64).read_to_end(&mut head) {
            Err(error) if layer > 0 => {
                return Ok(Box::new(Cursor::new(head).chain(BufReader::new(Damage(Some(error))))));
            }
            read => read?,
        };
        let packing = Packing::of(&head);
        let whole = Cursor::new(head).chain(reader);
        reader = match packing {
            None => return Ok(Box::new(whole)),
            Some(packing) => Box::new(BufReader::with_capacity(1 << 18, packing.unpack(whole)?)),
        };
    }
    Ok(reader)
}

/// A reader that says what is wrong, once.
struct Damage(Option<io::Error>);

impl Read for Damage {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        self.0.take().map_or(Ok(0), Err)
    }
}

#[cfg(all(test, feature = "cli"))]
mod tests {
    use super::*;
    use std::io::Write;

    fn unpack(bytes: &[u8]) -> io::Result<Vec<u8>> {
        let mut text = Vec::new();
        unpacked(Box::new(bytes))?.read_to_end(&mut text)?;
        Ok(text)
    }

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).and_then(|()| encoder.finish()).unwrap()
    }

    /// `printf 'one line\n' | bzip2`, and the same of `two lines\n`.
    const ONE_BZ2: &[u8] = include_bytes!("packing/one.bz2");
    const TWO_BZ2: &[u8] = include_bytes!("packing/two.bz2");
    /// `printf 'one line\n' | xz`.
    const ONE_XZ: &[u8] = include_bytes!("packing/one.xz");

    #[test]
    fn every_packing_is_read_part_after_part() {
        let one = b"one line\n";
        let zstd = ruzstd::encoding::compress_to_vec(&one[..], ruzstd::encoding::CompressionLevel::Fastest);
        let skippable = [&[0x51, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
        for packed in [gzip(one), zstd.clone(), ONE_BZ2.to_vec(), ONE_XZ.to_vec()] {
            assert_eq!(unpack(&packed).unwrap(), one);
            assert_eq!(unpack(&[&packed[..], &packed].concat()).unwrap(), one.repeat(2), "two parts");
            assert_eq!(unpack(&gzip(&packed)).unwrap(), one, "packed twice");
            let cut = unpack(&packed[..packed.len() - 5]);
            assert!(cut.is_err(), "{cut:?} of a packed file that is cut off");
        }
        assert_eq!(unpack(&[&skippable[..], &zstd, &skippable].concat()).unwrap(), one);
        assert_eq!(unpack(&[ONE_BZ2, TWO_BZ2].concat()).unwrap(), b"one line\ntwo lines\n");
        assert_eq!(unpack(b"BZh9 is a beginning").unwrap(), b"BZh9 is a beginning");
        assert_eq!(unpack(b"").unwrap(), b"");
    }
}
