//! The vocabulary and the merges of a byte-pair encoding, and the encoding of one piece with them.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use rustc_hash::FxHashMap;

/// No token: the byte between two tokens is gone, or the pair does not merge.
const NONE: u32 = u32::MAX;
/// Up to this many bytes a piece is merged by looking for the least rank again and again.
const MAX_SHORT_PIECE_BYTES: usize = 64;

/// Tokens as bytes in one arena; ids may have holes.
#[derive(Clone, Debug, Default)]
pub(super) struct Vocabulary {
    bytes: Vec<u8>,
    spans: Vec<(u32, u32)>,
}

impl Vocabulary {
    /// Gives the id `id` to `token`; ids without a token in between are holes. The token must not be empty.
    pub(super) fn set(&mut self, id: u32, token: &[u8]) {
        if self.spans.len() <= id as usize {
            self.spans.resize(id as usize + 1, (0, 0));
        }
        let start = self.bytes.len();
        assert!(start + token.len() < NONE as usize, "vocabulary: all tokens together must be shorter than 4 GiB");
        self.bytes.extend_from_slice(token);
        self.spans[id as usize] = (start as u32, token.len() as u32);
    }

    /// The bytes of the token `id`.
    #[inline]
    pub(super) fn get(&self, id: u32) -> Option<&[u8]> {
        let &(start, length) = self.spans.get(id as usize)?;
        (length > 0).then(|| &self.bytes[start as usize..(start + length) as usize])
    }

    /// The highest id and one.
    pub(super) fn len(&self) -> usize {
        self.spans.len()
    }
}

/// What a pair of neighbours becomes: the lower `rank` goes first.
#[derive(Clone, Copy, Debug)]
struct MergeEntry {
    pair: u64,
    rank: u32,
    id: u32,
}

/// Pairs of ids to merges: open addressing in one array, since this is the lookup that long pieces wait for.
#[derive(Clone, Debug)]
struct MergeTable {
    slots: Vec<MergeEntry>,
    shift: u32,
}

const EMPTY: MergeEntry = MergeEntry { pair: u64::MAX, rank: NONE, id: NONE };

impl MergeTable {
    fn with_capacity(count: usize) -> Self {
        let bits = (2 * count.max(8)).next_power_of_two().trailing_zeros();
        MergeTable { slots: vec![EMPTY; 1 << bits], shift: 64 - bits }
    }

    #[inline(always)]
    fn slot(&self, pair: u64) -> usize {
        let mut at = (pair.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> self.shift) as usize;
        while self.slots[at].pair != pair && self.slots[at].pair != u64::MAX {
            at = (at + 1) & (self.slots.len() - 1);
        }
        at
    }

    #[inline(always)]
    fn get(&self, left: u32, right: u32) -> MergeEntry {
        self.slots[self.slot((left as u64) << 32 | right as u64)]
    }

    fn insert(&mut self, left: u32, right: u32, rank: u32, id: u32) {
        let pair = (left as u64) << 32 | right as u64;
        let at = self.slot(pair);
        self.slots[at] = MergeEntry { pair, rank, id };
    }
}

/// Pieces that are tokens as a whole, by their bytes.
#[derive(Clone, Debug)]
struct WholePieces {
    slots: Vec<(u32, u32)>,
}

impl WholePieces {
    fn with_capacity(count: usize) -> Self {
        WholePieces { slots: vec![(0, NONE); (2 * count.max(8)).next_power_of_two()] }
    }

    #[inline(always)]
    fn get(&self, piece: &[u8], hash: u64, vocabulary: &Vocabulary) -> Option<u32> {
        let mask = self.slots.len() - 1;
        let (mut at, tag) = (hash as usize & mask, (hash >> 32) as u32);
        loop {
            let (stored, id) = self.slots[at];
            if id == NONE {
                return None;
            }
            if stored == tag && vocabulary.get(id) == Some(piece) {
                return Some(id);
            }
            at = (at + 1) & mask;
        }
    }

    fn insert(&mut self, hash: u64, id: u32) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at].1 != NONE {
            at = (at + 1) & mask;
        }
        self.slots[at] = ((hash >> 32) as u32, id);
    }
}

/// A hash of a piece: eight bytes at a time, folded by a widening multiplication.
#[inline(always)]
pub(super) fn hash(piece: &[u8]) -> u64 {
    const A: u64 = 0x2D35_8DCC_AA6C_78A5;
    const B: u64 = 0x8BB8_4B93_962E_ACC9;
    let fold = |x: u64, y: u64| {
        let product = x as u128 * y as u128;
        product as u64 ^ (product >> 64) as u64
    };
    let word = |bytes: &[u8]| u64::from_le_bytes(bytes.try_into().expect("eight bytes"));
    let half = |bytes: &[u8]| u32::from_le_bytes(bytes.try_into().expect("four bytes")) as u64;
    let n = piece.len();
    let mut state = A ^ n as u64;
    let (low, high) = if n >= 8 {
        let mut rest = piece;
        while rest.len() > 16 {
            state = fold(word(&rest[..8]) ^ state, word(&rest[8..16]) ^ B);
            rest = &rest[16..];
        }
        // The last eight bytes may overlap those read before: no loop over a tail.
        (if rest.len() >= 8 { word(&rest[..8]) } else { word(&piece[n - 16..n - 8]) }, word(&piece[n - 8..]))
    } else if n >= 4 {
        (half(&piece[..4]), half(&piece[n - 4..]))
    } else if n > 0 {
        ((piece[0] as u64) << 16 | (piece[n / 2] as u64) << 8 | piece[n - 1] as u64, 0)
    } else {
        (0, 0)
    };
    fold(fold(low ^ state, high ^ B), A ^ state)
}

/// One way to merge: the ids of the two neighbours, their rank, and the id they become. The ranks count from 0 without
/// a gap; those of one rank are one merge.
pub(super) type Rule = (u32, u32, u32, u32);

/// Everything that encodes one piece.
#[derive(Clone, Debug)]
pub(super) struct Bpe {
    pub(super) vocabulary: Vocabulary,
    /// In order of rank.
    pub(super) rules: Vec<Rule>,
    pub(super) byte_ids: [u32; 256],
    pairs: MergeTable,
    words: WholePieces,
}

/// Which tokens a piece may be as a whole, without looking at the merges.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Whole {
    /// Those that their own bytes merge to: a short cut that changes nothing.
    Reachable,
    /// All: `ignore_merges` in `tokenizer.json`, and what tiktoken does.
    All,
}

impl Bpe {
    /// The encoding with `vocabulary`, of which `byte_ids` are the single bytes and `learnt` the ids that text can
    /// become; `rules` in order of rank.
    pub(super) fn new(
        vocabulary: Vocabulary,
        byte_ids: [u32; 256],
        rules: Vec<Rule>,
        learnt: &[u32],
        whole: Whole,
    ) -> Self {
        let mut pairs = MergeTable::with_capacity(rules.len());
        for &(left, right, rank, id) in &rules {
            pairs.insert(left, right, rank, id);
        }
        let mut bpe = Bpe { vocabulary, rules, byte_ids, pairs, words: WholePieces::with_capacity(0) };
        let (mut words, mut scratch, mut ids) = (WholePieces::with_capacity(learnt.len()), Scratch::new(0), Vec::new());
        for &id in learnt {
            let token = bpe.vocabulary.get(id).expect("a learnt id has a token");
            if whole == Whole::Reachable {
                ids.clear();
                bpe.merge(token, &mut ids, &mut scratch);
            }
            if whole == Whole::All || ids == [id] {
                words.insert(hash(token), id);
            }
        }
        bpe.words = words;
        bpe
    }

    /// The rank of the merge of two neighbours and the id they become, where there is one.
    pub(super) fn merge_of(&self, left: u32, right: u32) -> Option<(u32, u32)> {
        let MergeEntry { rank, id, .. } = self.pairs.get(left, right);
        (rank != NONE).then_some((rank, id))
    }

    /// Appends the ids of `piece` to `ids`.
    #[inline]
    pub(super) fn encode(&self, piece: &[u8], ids: &mut Vec<u32>, scratch: &mut Scratch) {
        if let [byte] = piece {
            ids.push(self.byte_ids[*byte as usize]);
            return;
        }
        let hash = hash(piece);
        if let Some(id) = self.words.get(piece, hash, &self.vocabulary) {
            ids.push(id);
        } else if piece.len() > Cache::MAX_PIECE_BYTES {
            self.merge(piece, ids, scratch);
        } else if let Some(known) = scratch.cache.get(piece, hash) {
            ids.extend_from_slice(known);
        } else {
            let start = ids.len();
            self.merge(piece, ids, scratch);
            scratch.cache.insert(piece, hash, &ids[start..]);
        }
    }

    fn merge(&self, piece: &[u8], ids: &mut Vec<u32>, scratch: &mut Scratch) {
        if piece.len() <= MAX_SHORT_PIECE_BYTES {
            self.merge_short(piece, ids)
        } else {
            self.merge_long(piece, ids, &mut scratch.long)
        }
    }

    fn merge_short(&self, piece: &[u8], ids: &mut Vec<u32>) {
        let (mut tokens, mut ranks, mut merged) =
            ([0u32; MAX_SHORT_PIECE_BYTES], [NONE; MAX_SHORT_PIECE_BYTES], [NONE; MAX_SHORT_PIECE_BYTES]);
        let mut count = piece.len();
        for (token, &byte) in tokens.iter_mut().zip(piece) {
            *token = self.byte_ids[byte as usize];
        }
        for at in 1..count {
            let merge = self.pairs.get(tokens[at - 1], tokens[at]);
            (ranks[at - 1], merged[at - 1]) = (merge.rank, merge.id);
        }
        while count > 1 {
            let (mut at, mut least) = (0, NONE);
            for (i, &rank) in ranks[..count - 1].iter().enumerate() {
                if rank < least {
                    (at, least) = (i, rank);
                }
            }
            if least == NONE {
                break;
            }
            tokens[at] = merged[at];
            tokens.copy_within(at + 2..count, at + 1);
            ranks.copy_within(at + 1..count, at);
            merged.copy_within(at + 1..count, at);
            count -= 1;
            for i in at.saturating_sub(1)..=at {
                if i + 1 < count {
                    let merge = self.pairs.get(tokens[i], tokens[i + 1]);
                    (ranks[i], merged[i]) = (merge.rank, merge.id);
                }
            }
        }
        ids.extend_from_slice(&tokens[..count]);
    }

    /// The same order of merges, by rank and then from the left, in O(n log n): a queue of ranks, and for each
    /// rank the positions where it may apply.
    fn merge_long(&self, piece: &[u8], ids: &mut Vec<u32>, long: &mut Long) {
        let n = piece.len();
        assert!(n < NONE as usize, "encode: a piece must be shorter than 4 GiB, got {n} bytes");
        long.reset(piece, &self.byte_ids);
        for at in 0..n - 1 {
            long.push(at, self.pairs.get(long.tokens[at], long.tokens[at + 1]).rank);
        }
        while let Some(Reverse(rank)) = long.queue.pop() {
            let Some(mut positions) = long.positions.remove(&rank) else { continue };
            if !positions.is_sorted() {
                positions.sort_unstable();
            }
            for (done, &at) in positions.iter().enumerate() {
                // A merge may make room for one that goes first, or for one of its own rank further left.
                if long.queue.peek().is_some_and(|&Reverse(first)| first <= rank) {
                    let waiting = long.positions.entry(rank).or_default();
                    waiting.extend_from_slice(&positions[done..]);
                    long.queue.push(Reverse(rank));
                    break;
                }
                let at = at as usize;
                let right = long.next[at] as usize;
                if long.tokens[at] == NONE || right == n {
                    continue;
                }
                let merge = self.pairs.get(long.tokens[at], long.tokens[right]);
                if merge.rank != rank {
                    continue;
                }
                let after = long.next[right];
                long.tokens[at] = merge.id;
                long.tokens[right] = NONE;
                long.next[at] = after;
                if (after as usize) < n {
                    long.previous[after as usize] = at as u32;
                    long.push(at, self.pairs.get(merge.id, long.tokens[after as usize]).rank);
                }
                if at > 0 {
                    let before = long.previous[at] as usize;
                    long.push(before, self.pairs.get(long.tokens[before], merge.id).rank);
                }
            }
            positions.clear();
            long.spare.push(positions);
        }
        ids.extend(long.tokens.iter().filter(|&&token| token != NONE));
    }
}

/// What encoding re-uses from piece to piece. One for each thread.
pub(super) struct Scratch {
    cache: Cache,
    long: Long,
}

impl Scratch {
    /// For a text of about `bytes`.
    pub(super) fn new(bytes: usize) -> Self {
        // A slot for every 16 bytes: a cache that the text could not fill would cost more than it saves.
        let slots = (bytes / 16).clamp(1, Cache::MAX_SLOTS).next_power_of_two();
        Scratch { cache: Cache { slots: Vec::new(), shift: 63 - slots.trailing_zeros() }, long: Long::default() }
    }
}

/// The state of a long piece: a linked list over its bytes and the merges that wait.
#[derive(Default)]
struct Long {
    tokens: Vec<u32>,
    next: Vec<u32>,
    previous: Vec<u32>,
    queue: BinaryHeap<Reverse<u32>>,
    positions: FxHashMap<u32, Vec<u32>>,
    spare: Vec<Vec<u32>>,
}

impl Long {
    fn reset(&mut self, piece: &[u8], byte_ids: &[u32; 256]) {
        let n = piece.len() as u32;
        self.tokens.clear();
        self.tokens.extend(piece.iter().map(|&byte| byte_ids[byte as usize]));
        self.next.clear();
        self.next.extend(1..=n);
        self.previous.clear();
        self.previous.extend((0..n).map(|at| at.wrapping_sub(1)));
    }

    #[inline(always)]
    fn push(&mut self, at: usize, rank: u32) {
        if rank == NONE {
            return;
        }
        let (queue, spare) = (&mut self.queue, &mut self.spare);
        let positions = self.positions.entry(rank).or_insert_with(|| {
            queue.push(Reverse(rank));
            spare.pop().unwrap_or_default()
        });
        positions.push(at as u32);
    }
}

/// Pieces met before and their ids, one a slot: a collision replaces.
struct Cache {
    /// None before the first piece is stored, then 2^(63 - shift).
    slots: Vec<CacheSlot>,
    shift: u32,
}

#[derive(Clone, Copy)]
struct CacheSlot {
    length: u8,
    count: u8,
    piece: [u8; Cache::MAX_PIECE_BYTES],
    ids: [u32; Cache::MAX_IDS],
}

impl Cache {
    const MAX_PIECE_BYTES: usize = 22;
    const MAX_IDS: usize = 10;
    const MAX_SLOTS: usize = 1 << 13;

    /// The slot of a hash: its upper bits, of which one is left out so that the shift is never the whole width.
    #[inline(always)]
    fn at(&self, hash: u64) -> usize {
        ((hash >> 1) >> self.shift) as usize
    }

    #[inline(always)]
    fn get(&self, piece: &[u8], hash: u64) -> Option<&[u32]> {
        let slot = self.slots.get(self.at(hash))?;
        (slot.piece[..slot.length as usize] == *piece).then(|| &slot.ids[..slot.count as usize])
    }

    #[inline]
    fn insert(&mut self, piece: &[u8], hash: u64, ids: &[u32]) {
        if ids.len() > Cache::MAX_IDS {
            return;
        }
        if self.slots.is_empty() {
            let empty = CacheSlot { length: 0, count: 0, piece: [0; Cache::MAX_PIECE_BYTES], ids: [0; Cache::MAX_IDS] };
            self.slots = vec![empty; 1 << (63 - self.shift)];
        }
        let at = self.at(hash);
        let slot = &mut self.slots[at];
        (slot.length, slot.count) = (piece.len() as u8, ids.len() as u8);
        slot.piece[..piece.len()].copy_from_slice(piece);
        slot.ids[..ids.len()].copy_from_slice(ids);
    }
}
