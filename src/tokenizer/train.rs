//! Training: pieces are counted once, then the most frequent pair is merged again and again.

use dary_heap::OctonaryHeap;
use rustc_hash::FxHashMap;

use super::distinct_pieces::DistinctPieces;
use super::merge_tree::Merged;
use super::pre_tokenizer::{Pattern, Splitter};
use super::{Tokenizer, alphabet};
use crate::{Error, Result};

/// Which of two equally frequent pairs is merged first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Ties {
    /// The smallest pair of ids, the bytes being ids 0 to 255.
    #[default]
    Rank,
    /// The smallest pair of ids as Hugging Face's `tokenizers` numbers the bytes: by their printable characters.
    Hf,
}

impl std::str::FromStr for Ties {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "rank" => Ok(Ties::Rank),
            "hf" => Ok(Ties::Hf),
            _ => Err(Error::Usage(format!("there is no rule for ties {name:?}: choose rank or hf"))),
        }
    }
}

impl std::fmt::Display for Ties {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Ties::Rank => "rank",
            Ties::Hf => "hf",
        })
    }
}

/// What a tokenizer is to be.
#[derive(Clone, Debug)]
pub struct TrainOptions {
    /// How many tokens in all: the 256 bytes, one a merge, and the special tokens.
    pub vocab_size: usize,
    /// How documents are split before they are counted.
    pub pattern: Pattern,
    /// Which of two equally frequent pairs goes first.
    pub ties: Ties,
    /// The special tokens, which take the last ids in this order.
    pub special: Vec<String>,
}

impl TrainOptions {
    /// `vocab_size` tokens with GPT-4's pattern, no special token, ties to the smallest pair of ids.
    pub fn new(vocab_size: usize) -> Self {
        TrainOptions { vocab_size, pattern: Pattern::Cl100k, ties: Ties::Rank, special: Vec::new() }
    }
}

/// How far a training is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TrainProgress {
    /// Tokens so far, the bytes and the special tokens included.
    pub vocab_size: usize,
    /// Tokens asked for.
    pub target: usize,
    /// Nothing is left to do: the target is reached, or no pair is left to merge.
    pub finished: bool,
}

/// A training in slices: [`feed`](BpeTrainer::feed) every document, [`step`](BpeTrainer::step) until it is finished,
/// [`finish`](BpeTrainer::finish). How it is sliced never changes the result.
pub struct BpeTrainer {
    options: TrainOptions,
    splitter: Splitter,
    pieces: DistinctPieces,
    /// How many were fed.
    bytes: u64,
    merging: Option<Merging>,
}

impl BpeTrainer {
    /// Checks the options: an error where the vocabulary has no room for the 256 bytes and the special tokens,
    /// or where a special token is empty, a single byte, or named twice.
    pub fn new(options: TrainOptions) -> Result<Self> {
        let least = 256 + options.special.len();
        if options.vocab_size < least {
            let special = match options.special.len() {
                0 => String::new(),
                count => format!(" and {count} special"),
            };
            return Err(Error::Usage(format!(
                "a vocabulary of {} is too small: the 256 bytes{special} need {least} at least",
                options.vocab_size
            )));
        }
        if options.vocab_size >= u32::MAX as usize / 2 {
            return Err(Error::Usage(format!("a vocabulary of {} is too large", options.vocab_size)));
        }
        for (index, token) in options.special.iter().enumerate() {
            if token.len() < 2 {
                return Err(Error::Usage(format!("a special token needs two bytes or more, got {token:?}")));
            }
            if options.special[..index].contains(token) {
                return Err(Error::Usage(format!("the special token {token:?} is named twice")));
            }
        }
        let splitter = Splitter::new(options.pattern);
        Ok(BpeTrainer { options, splitter, pieces: DistinctPieces::default(), bytes: 0, merging: None })
    }

    /// As [`BpeTrainer::new`], but documents are split at the matches of `regex`, whatever the options' pattern is: what
    /// lies between two matches is a piece, too.
    ///
    /// # Errors
    /// Also where this build cannot run the expression.
    pub fn with_regex(options: TrainOptions, regex: &str) -> Result<Self> {
        let splitter = Splitter::regex(regex).map_err(|error| match error {
            Error::Format { message, .. } => Error::Usage(message),
            other => other,
        })?;
        Ok(BpeTrainer { splitter, ..BpeTrainer::new(options)? })
    }

    /// Counts the pieces of one more document. No merge crosses from one document to another.
    ///
    /// # Errors
    /// Where the distinct pieces pass 4 GiB, the most that a training holds.
    ///
    /// # Panics
    /// After the first [`step`](BpeTrainer::step).
    pub fn feed(&mut self, document: &[u8]) -> Result<()> {
        self.feed_part(document, 0, usize::MAX).map(|_| ())
    }

    /// Counts the pieces of a document from `from` on, and stops after about `most` bytes. Gives where to go on, the
    /// document's length in the end. Begin at 0 and go on only from what this gave: then nothing changes by it.
    ///
    /// # Errors
    /// As [`feed`](BpeTrainer::feed).
    ///
    /// # Panics
    /// As [`feed`](BpeTrainer::feed).
    pub fn feed_part(&mut self, document: &[u8], from: usize, most: usize) -> Result<usize> {
        assert!(self.merging.is_none(), "tokenizer: feed after step");
        let mut full = false;
        let pieces = &mut self.pieces;
        let done =
            self.splitter.for_each(document, from, from.saturating_add(most), |piece| full |= !pieces.add(piece));
        self.bytes += (done - from) as u64;
        match full {
            true => Err(Error::Config(
                "the distinct pieces of the text pass 4 GiB, the most that a training holds: train on a part of it"
                    .into(),
            )),
            false => Ok(done),
        }
    }

    /// Merges up to `budget` times.
    pub fn step(&mut self, budget: usize) -> TrainProgress {
        let (target, special) = (self.options.vocab_size, self.options.special.len());
        let merges = target - 256 - special;
        let merging = self.merging();
        for _ in 0..budget {
            if merging.tokens.len() - 256 >= merges || !merging.merge() {
                break;
            }
        }
        let finished = merging.tokens.len() - 256 >= merges || merging.exhausted;
        TrainProgress { vocab_size: merging.tokens.len() + special, target, finished }
    }

    fn merging(&mut self) -> &mut Merging {
        let (pieces, ties, bytes) = (&mut self.pieces, self.options.ties, self.bytes);
        self.merging.get_or_insert_with(|| Merging::new(std::mem::take(pieces), ties, bytes))
    }

    /// How many bytes were fed, which is how many tokens there are before the first merge.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The merges so far, in order.
    pub fn history(&self) -> &[Merged] {
        self.merging.as_ref().map_or(&[], |merging| &merging.merges)
    }

    /// The `count` most frequent pairs as they stand, with how often, in the order in which they would be merged. Ends
    /// the feeding as [`step`](BpeTrainer::step) does.
    pub fn top_pairs(&mut self, count: usize) -> Vec<(u32, u32, u64)> {
        self.merging().top_pairs(count)
    }

    /// The bytes of a token learnt so far; none before the first [`step`](BpeTrainer::step).
    pub fn token_bytes(&self, id: u32) -> Option<&[u8]> {
        self.merging.as_ref()?.tokens.get(id as usize).map(Vec::as_slice)
    }

    /// Runs to the end and gives the tokenizer.
    ///
    /// # Errors
    /// Where the text does not allow the vocabulary asked for, with the largest that it allows; where a special
    /// token is also a learnt one.
    pub fn finish(mut self) -> Result<Tokenizer> {
        let reached = self.step(usize::MAX).vocab_size;
        if reached < self.options.vocab_size {
            return Err(Error::Config(format!(
                "the text is too short for a vocabulary of {}: it allows at most {reached}; give more text or a smaller vocabulary",
                self.options.vocab_size
            )));
        }
        self.finish_within()
    }

    /// Runs to the end and gives the tokenizer, with a smaller vocabulary where the text does not allow the one
    /// asked for: the largest that it allows.
    ///
    /// # Errors
    /// Where a special token is also a learnt one.
    pub fn finish_within(mut self) -> Result<Tokenizer> {
        self.step(usize::MAX);
        let merging = self.merging.expect("a step begins the merging");
        Tokenizer::trained(merging.tokens, &merging.merges, self.splitter, self.options.special)
    }
}

/// Between two pieces, and where a token was merged into the one before it.
const NONE: u32 = u32::MAX;

/// All distinct pieces in one row, each position a token or nothing, and where each pair stands.
struct Merging {
    symbols: Vec<u32>,
    next: Vec<u32>,
    previous: Vec<u32>,
    /// The piece that a position belongs to.
    piece: Vec<u32>,
    counts: Vec<u64>,
    pairs: FxHashMap<u64, PairPlaces>,
    heap: OctonaryHeap<QueuedPair>,
    /// The pairs that the present merge makes, to be queued when their counts are complete.
    made: Vec<u64>,
    /// How ids compare where counts are equal: the bytes' places, and back.
    place: [u8; 256],
    byte_at: [u8; 256],
    tokens: Vec<Vec<u8>>,
    merges: Vec<Merged>,
    /// How many tokens the whole text has.
    length: u64,
    exhausted: bool,
}

#[derive(Default)]
struct PairPlaces {
    count: u64,
    /// Where the pair was when it was made, possibly no more, in ascending order.
    positions: Vec<u32>,
}

/// A pair with the count it had when it was queued. Counts only fall between a pair's making and its merge, so the
/// first in the heap whose count is still true is the most frequent of all.
#[derive(PartialEq, Eq)]
struct QueuedPair {
    count: u64,
    /// The two ids with the bytes in the order that decides ties.
    key: u64,
}

impl Ord for QueuedPair {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.count.cmp(&other.count).then_with(|| other.key.cmp(&self.key))
    }
}

impl PartialOrd for QueuedPair {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

fn pack(left: u32, right: u32) -> u64 {
    (left as u64) << 32 | right as u64
}

impl Merging {
    fn new(pieces: DistinctPieces, ties: Ties, bytes: u64) -> Self {
        let byte_at = match ties {
            Ties::Rank => std::array::from_fn(|byte| byte as u8),
            Ties::Hf => alphabet::order(),
        };
        let mut place = [0; 256];
        for (index, &byte) in byte_at.iter().enumerate() {
            place[byte as usize] = index as u8;
        }
        let length = 1 + pieces.entries.iter().filter(|p| p.length > 1).map(|p| p.length + 1).sum::<usize>();
        let (mut symbols, mut piece, mut counts) = (Vec::with_capacity(length), vec![0], Vec::new());
        symbols.push(NONE);
        for entry in pieces.entries.iter().filter(|p| p.length > 1) {
            symbols.extend(pieces.arena[entry.start..entry.start + entry.length].iter().map(|&byte| byte as u32));
            symbols.push(NONE);
            piece.resize(symbols.len(), counts.len() as u32);
            counts.push(entry.count);
        }
        drop(pieces);
        let last = symbols.len() as u32;
        let mut merging = Merging {
            next: (1..=last).collect(),
            previous: (0..last).map(|at| at.saturating_sub(1)).collect(),
            symbols,
            piece,
            counts,
            pairs: FxHashMap::default(),
            heap: OctonaryHeap::new(),
            made: Vec::new(),
            place,
            byte_at,
            tokens: (0..=255).map(|byte| vec![byte]).collect(),
            merges: Vec::new(),
            length: bytes,
            exhausted: false,
        };
        merging.count_bytes();
        merging
    }

    /// Counts the pairs of bytes, which need no hashing.
    fn count_bytes(&mut self) {
        let mut table: Vec<PairPlaces> = std::iter::repeat_with(PairPlaces::default).take(1 << 16).collect();
        for (at, both) in self.symbols.windows(2).enumerate() {
            if both[0] != NONE && both[1] != NONE {
                let pair = &mut table[(both[0] << 8 | both[1]) as usize];
                pair.count += self.counts[self.piece[at] as usize];
                pair.positions.push(at as u32);
            }
        }
        for (index, pair) in table.into_iter().enumerate() {
            if pair.count > 0 {
                let key = pack(index as u32 >> 8, index as u32 & 255);
                self.made.push(key);
                self.pairs.insert(key, pair);
            }
        }
        self.queue_made();
    }

    fn queue_made(&mut self) {
        for pair in self.made.drain(..) {
            if let Some(entry) = self.pairs.get(&pair) {
                let (left, right) = ((pair >> 32) as u32, pair as u32);
                let order = |id: u32| if id < 256 { self.place[id as usize] as u32 } else { id };
                self.heap.push(QueuedPair { count: entry.count, key: pack(order(left), order(right)) });
            }
        }
    }

    /// The pair of a candidate.
    fn pair(&self, candidate: &QueuedPair) -> (u32, u32) {
        let order = |id: u32| if id < 256 { self.byte_at[id as usize] as u32 } else { id };
        (order((candidate.key >> 32) as u32), order(candidate.key as u32))
    }

    /// Takes the most frequent pair from the heap.
    fn pop(&mut self) -> Option<QueuedPair> {
        while let Some(mut candidate) = self.heap.pop() {
            let (left, right) = self.pair(&candidate);
            match self.pairs.get(&pack(left, right)) {
                None => continue,
                Some(pair) if pair.count != candidate.count => {
                    candidate.count = pair.count;
                    self.heap.push(candidate);
                }
                Some(_) => return Some(candidate),
            }
        }
        None
    }

    /// Merges the most frequent pair; false if there is none.
    fn merge(&mut self) -> bool {
        match self.pop() {
            Some(candidate) => {
                let (left, right) = self.pair(&candidate);
                self.apply(left, right);
            }
            None => self.exhausted = true,
        }
        !self.exhausted
    }

    fn top_pairs(&mut self, count: usize) -> Vec<(u32, u32, u64)> {
        let mut top: Vec<QueuedPair> = Vec::new();
        while top.len() < count
            && let Some(candidate) = self.pop()
        {
            // A pair may be queued twice; equal candidates leave the heap one after the other.
            if top.last() != Some(&candidate) {
                top.push(candidate);
            }
        }
        let pairs = top.iter().map(|candidate| {
            let (left, right) = self.pair(candidate);
            (left, right, candidate.count)
        });
        let pairs = pairs.collect();
        self.heap.extend(top);
        pairs
    }

    fn apply(&mut self, left: u32, right: u32) {
        let pair = self.pairs.remove(&pack(left, right)).expect("the pair was just looked up");
        let token = [&self.tokens[left as usize][..], &self.tokens[right as usize]].concat();
        // No token is learnt twice. What lies between two borders of tokens is cut as it would be standing alone: a pair
        // of one token with itself merges from the left, so where a border stays, the count begins anew. The bytes of a
        // token alone became that token in its step and stayed so; no two other tokens spell them later.
        let new = self.tokens.len() as u32;
        self.tokens.push(token);
        for &at in &pair.positions {
            let at = at as usize;
            let second = self.next[at] as usize;
            if self.symbols[at] != left || self.symbols.get(second) != Some(&right) {
                continue;
            }
            let (before, after) = (self.previous[at] as usize, self.next[second] as usize);
            let count = self.counts[self.piece[at] as usize];
            if self.symbols[before] != NONE {
                self.forget(pack(self.symbols[before], left), count);
                self.remember(pack(self.symbols[before], new), count, before);
            }
            if self.symbols[after] != NONE {
                self.forget(pack(right, self.symbols[after]), count);
                self.remember(pack(new, self.symbols[after]), count, at);
            }
            self.symbols[at] = new;
            self.symbols[second] = NONE;
            self.next[at] = after as u32;
            self.previous[after] = at as u32;
            self.length -= count;
        }
        self.merges.push(Merged { left, right, id: new, count: pair.count, tokens: self.length });
        self.queue_made();
    }

    fn forget(&mut self, pair: u64, count: u64) {
        if let Some(entry) = self.pairs.get_mut(&pair) {
            entry.count -= count;
            if entry.count == 0 {
                self.pairs.remove(&pair);
            }
        }
    }

    /// Counts a pair that the present merge makes at `at`.
    fn remember(&mut self, pair: u64, count: u64, at: usize) {
        let entry = self.pairs.entry(pair).or_default();
        if entry.count == 0 {
            self.made.push(pair);
        }
        entry.count += count;
        entry.positions.push(at as u32);
    }
}
