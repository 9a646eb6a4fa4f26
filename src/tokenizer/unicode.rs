//! The Unicode classes that the split patterns name.

use std::sync::OnceLock;

use crate::unicode::CharacterTable;

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

/// Which classes a code point is in, as the bits above.
pub(super) struct Classes(CharacterTable<u16>);

impl Classes {
    /// The one table of the process, built on first use in a few milliseconds.
    pub(super) fn get() -> &'static Classes {
        static TABLE: OnceLock<Classes> = OnceLock::new();
        TABLE.get_or_init(|| Classes(CharacterTable::new(&CLASSES, |_| {})))
    }

    /// The classes of the character that starts at `at` in the valid UTF-8 `text`, and its length in bytes;
    /// (`END`, 0) past the end.
    #[inline(always)]
    pub(super) fn at(&self, text: &[u8], at: usize) -> (u16, usize) {
        self.0.at(text, at, END)
    }
}
