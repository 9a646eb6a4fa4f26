//! Properties of characters, as one two-stage table: a look-up a character instead of a search in ranges.

use std::collections::HashMap;
use std::hash::Hash;
use std::ops::BitOrAssign;

use regex_syntax::hir::{Class, HirKind};

/// Code points in a block; equal blocks are kept once.
const BLOCK: usize = 128;

/// Bits `T` for each code point; which bit means what says the room that has made the table.
pub(crate) struct CharacterTable<T> {
    ascii: [T; 128],
    blocks: Vec<u16>,
    entries: Vec<T>,
}

impl<T: Copy + Default + Eq + Hash + BitOrAssign> CharacterTable<T> {
    /// A table of the bits of the Unicode `classes`, each a regular expression for one character, and of those that
    /// `more` adds: it is given an entry for each code point. Takes a few milliseconds.
    pub(crate) fn new(classes: &[(&str, T)], more: impl FnOnce(&mut [T])) -> CharacterTable<T> {
        let mut flat = vec![T::default(); 0x11_0000];
        for &(pattern, bits) in classes {
            let hir = regex_syntax::parse(pattern).expect("a class of the list parses");
            let HirKind::Class(Class::Unicode(class)) = hir.kind() else {
                unreachable!("{pattern} is a Unicode class")
            };
            for range in class.iter() {
                flat[range.start() as usize..=range.end() as usize].iter_mut().for_each(|entry| *entry |= bits);
            }
        }
        more(&mut flat);
        let mut ascii = [T::default(); 128];
        ascii.copy_from_slice(&flat[..128]);
        let mut seen = HashMap::new();
        let (mut blocks, mut entries) = (Vec::new(), Vec::new());
        for block in flat.chunks_exact(BLOCK) {
            let index = *seen.entry(block).or_insert_with(|| {
                entries.extend_from_slice(block);
                (entries.len() / BLOCK - 1) as u16
            });
            blocks.push(index);
        }
        CharacterTable { ascii, blocks, entries }
    }
}

impl<T: Copy> CharacterTable<T> {
    /// The bits of the character that starts at `at` in the valid UTF-8 `text`, and its length in bytes; (`end`, 0) past
    /// the end.
    #[inline(always)]
    pub(crate) fn at(&self, text: &[u8], at: usize, end: T) -> (T, usize) {
        match text.get(at) {
            None => (end, 0),
            Some(&byte) if byte < 0x80 => (self.ascii[byte as usize], 1),
            Some(&byte) => {
                let (code, length) = decode(text, at, byte);
                let block = self.blocks[code as usize / BLOCK] as usize;
                (self.entries[block * BLOCK + code as usize % BLOCK], length)
            }
        }
    }
}

/// The code point of the character of two to four bytes that starts at `at` with the byte `first`, and its length.
#[inline(always)]
pub(crate) fn decode(text: &[u8], at: usize, first: u8) -> (u32, usize) {
    let tail = |i: usize| (text[at + i] & 0x3F) as u32;
    if first < 0xE0 {
        (((first & 0x1F) as u32) << 6 | tail(1), 2)
    } else if first < 0xF0 {
        (((first & 0x0F) as u32) << 12 | tail(1) << 6 | tail(2), 3)
    } else {
        (((first & 0x07) as u32) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4)
    }
}
