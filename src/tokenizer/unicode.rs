//! The Unicode classes that the split patterns name, as one two-stage table built from `regex-syntax`'s tables.

use std::sync::OnceLock;

use regex_syntax::hir::{Class, HirKind};

/// `\p{L}`
pub(super) const LETTER: u16 = 1;
/// `\p{N}`
pub(super) const NUMBER: u16 = 1 << 1;
/// `\s`
pub(super) const SPACE: u16 = 1 << 2;
/// `[\r\n]`
pub(super) const NEWLINE: u16 = 1 << 3;
/// `[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]`
pub(super) const UPPER: u16 = 1 << 4;
/// `[\p{Ll}\p{Lm}\p{Lo}\p{M}]`
pub(super) const LOWER: u16 = 1 << 5;
/// `\p{M}`
pub(super) const MARK: u16 = 1 << 6;
/// `[\p{P}\p{S}]`
pub(super) const SYMBOL: u16 = 1 << 7;
/// `\w`
pub(super) const WORD: u16 = 1 << 8;
/// Past the last character: in no class, and in no negated class either.
pub(super) const END: u16 = 1 << 15;

const CLASSES: [(&str, u16); 9] = [
    (r"\p{L}", LETTER),
    (r"\p{N}", NUMBER),
    (r"\s", SPACE),
    (r"[\r\n]", NEWLINE),
    (r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", UPPER),
    (r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]", LOWER),
    (r"\p{M}", MARK),
    (r"[\p{P}\p{S}]", SYMBOL),
    (r"\w", WORD),
];

const BLOCK: usize = 128;

/// Which classes a code point is in, as the bits above.
pub(super) struct Classes {
    ascii: [u16; 128],
    blocks: Vec<u16>,
    entries: Vec<u16>,
}

impl Classes {
    /// The one table of the process, built on first use in a few milliseconds.
    pub(super) fn get() -> &'static Classes {
        static TABLE: OnceLock<Classes> = OnceLock::new();
        TABLE.get_or_init(Classes::build)
    }

    fn build() -> Classes {
        let mut flat = vec![0u16; 0x11_0000];
        for (pattern, bit) in CLASSES {
            let hir = regex_syntax::parse(pattern).expect("a class of the list above parses");
            let HirKind::Class(Class::Unicode(class)) = hir.kind() else {
                unreachable!("{pattern} is a Unicode class")
            };
            for range in class.iter() {
                flat[range.start() as usize..=range.end() as usize].iter_mut().for_each(|bits| *bits |= bit);
            }
        }
        let mut ascii = [0; 128];
        ascii.copy_from_slice(&flat[..128]);
        let mut seen = std::collections::HashMap::new();
        let (mut blocks, mut entries) = (Vec::new(), Vec::new());
        for block in flat.chunks_exact(BLOCK) {
            let index = *seen.entry(block).or_insert_with(|| {
                entries.extend_from_slice(block);
                (entries.len() / BLOCK - 1) as u16
            });
            blocks.push(index);
        }
        Classes { ascii, blocks, entries }
    }

    /// The classes of the character that starts at `at` in the valid UTF-8 `text`, and its length in bytes;
    /// (`END`, 0) past the end.
    #[inline(always)]
    pub(super) fn at(&self, text: &[u8], at: usize) -> (u16, usize) {
        match text.get(at) {
            None => (END, 0),
            Some(&byte) if byte < 0x80 => (self.ascii[byte as usize], 1),
            Some(&byte) => {
                let (code, length) = decode(text, at, byte);
                let block = self.blocks[code as usize / BLOCK] as usize;
                (self.entries[block * BLOCK + code as usize % BLOCK], length)
            }
        }
    }
}

/// The code point of the character of two to four bytes that starts at `at`, and its length.
#[inline(always)]
pub(super) fn decode(text: &[u8], at: usize, first: u8) -> (u32, usize) {
    let tail = |i: usize| (text[at + i] & 0x3F) as u32;
    if first < 0xE0 {
        (((first & 0x1F) as u32) << 6 | tail(1), 2)
    } else if first < 0xF0 {
        (((first & 0x0F) as u32) << 12 | tail(1) << 6 | tail(2), 3)
    } else {
        (((first & 0x07) as u32) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
    }
}
