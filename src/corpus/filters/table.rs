//! An open-addressing table of numbers that stand for something else, emptied and used again for each document.

/// Entries are numbers below 2^32 - 1; what they stand for the caller knows.
#[derive(Default)]
pub(super) struct Table {
    /// A part of the hash, and the number plus one; 0 where nothing is.
    slots: Vec<(u32, u32)>,
    mask: usize,
}

impl Table {
    /// Empties it and makes room for `entries`.
    pub(super) fn empty(&mut self, entries: usize) {
        let size = (entries * 2).next_power_of_two().max(16);
        self.mask = size - 1;
        self.slots.clear();
        self.slots.resize(size, (0, 0));
    }

    /// The number that is there and that `same` takes for the same thing, or puts `number` there.
    #[inline(always)]
    pub(super) fn find_or_put(&mut self, hash: u64, number: u32, same: impl Fn(u32) -> bool) -> Option<u32> {
        let tag = (hash >> 32) as u32;
        let mut at = hash as usize & self.mask;
        loop {
            let (found, entry) = self.slots[at];
            if entry == 0 {
                self.slots[at] = (tag, number + 1);
                return None;
            }
            if found == tag && same(entry - 1) {
                return Some(entry - 1);
            }
            at = (at + 1) & self.mask;
        }
    }
}

/// A hash of bytes whose bits are all good.
#[inline(always)]
pub(super) fn hash(bytes: &[u8]) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(bytes);
    mix(hasher.finish())
}

/// Spreads what differs in any bits over all of them.
#[inline(always)]
pub(super) fn mix(key: u64) -> u64 {
    let product = (key ^ 0x9E37_79B9_7F4A_7C15) as u128 * 0xD6E8_FEB8_6659_FD93;
    product as u64 ^ (product >> 64) as u64
}
