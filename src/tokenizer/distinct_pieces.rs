//! The distinct pieces of a text, counted.

use super::bpe;

/// Distinct pieces in one arena, with how often each was met.
#[derive(Default)]
pub(super) struct DistinctPieces {
    pub(super) arena: Vec<u8>,
    pub(super) entries: Vec<DistinctPiece>,
    /// Open addressing: the upper half of the hash, and the entry and one, 0 where the slot is free.
    slots: Vec<(u32, u32)>,
}

pub(super) struct DistinctPiece {
    pub(super) start: usize,
    pub(super) length: usize,
    hash: u64,
    pub(super) count: u64,
}

impl DistinctPieces {
    /// Counts `piece`; false if it does not fit any more.
    #[inline]
    pub(super) fn add(&mut self, piece: &[u8]) -> bool {
        if 2 * self.entries.len() >= self.slots.len() {
            self.grow();
        }
        let hash = bpe::hash(piece);
        let mask = self.slots.len() - 1;
        let (mut at, tag) = (hash as usize & mask, (hash >> 32) as u32);
        loop {
            let (stored, entry) = self.slots[at];
            if entry == 0 {
                break;
            }
            let known = &mut self.entries[entry as usize - 1];
            if stored == tag && self.arena[known.start..known.start + known.length] == *piece {
                known.count += 1;
                return true;
            }
            at = (at + 1) & mask;
        }
        // Merging lays the pieces out with one more position for each; positions are u32.
        if self.arena.len() + piece.len() + self.entries.len() + 4 >= u32::MAX as usize {
            return false;
        }
        self.entries.push(DistinctPiece { start: self.arena.len(), length: piece.len(), hash, count: 1 });
        self.arena.extend_from_slice(piece);
        self.slots[at] = (tag, self.entries.len() as u32);
        true
    }

    fn grow(&mut self) {
        self.slots = vec![(0, 0); (4 * self.entries.len()).next_power_of_two().max(1024)];
        let mask = self.slots.len() - 1;
        for (index, piece) in self.entries.iter().enumerate() {
            let mut at = piece.hash as usize & mask;
            while self.slots[at].1 != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = ((piece.hash >> 32) as u32, index as u32 + 1);
        }
    }
}
