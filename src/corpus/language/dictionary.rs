//! The words and labels that a model knows, and the rows that a text's words and parts of words have in its matrix.

use rustc_hash::FxHashMap;

use super::bytes::Bytes;
use crate::Result;

/// The word that stands for a line's end.
const END: &[u8] = b"</s>";
/// What labels begin with.
const LABEL: &[u8] = b"__label__";
/// fastText's separators of words.
const SPACES: &[u8] = b" \n\r\t\x0b\x0c\0";
/// Models with more labels, or more examples of a label, are refused as damaged.
const MAX_EXAMPLES: i64 = 1 << 48;

/// Which parts of words a model hashes, and into how many rows.
#[derive(Clone, Copy)]
pub(super) struct Subwords {
    /// The fewest and the most characters of a part; of none if the most is 0.
    pub(super) least: usize,
    pub(super) most: usize,
    /// Words in a row that are hashed together, if more than one.
    pub(super) words: usize,
    pub(super) buckets: u32,
}

/// Words, labels, and which hashes have a row.
pub(super) struct Dictionary {
    parts: Subwords,
    /// The number of each word; those from `words` on are labels.
    numbers: FxHashMap<Box<[u8]>, u32>,
    words: usize,
    /// The labels without what they begin with, and how many examples each had.
    pub(super) labels: Vec<(String, i64)>,
    rows: Hashed,
}

/// The rows of hashes behind those of words.
enum Hashed {
    /// Each hash has one.
    All,
    /// Those of these hashes were kept.
    Some(FxHashMap<u32, u32>),
}

impl Dictionary {
    pub(super) fn read(bytes: &mut Bytes, parts: Subwords) -> Result<Self> {
        let what = "the dictionary";
        let [size, words, labels] = [bytes.i32(what)?, bytes.i32(what)?, bytes.i32(what)?];
        let (_tokens, kept) = (bytes.i64(what)?, bytes.i64(what)?);
        // A word of no letters, its zero, its count and its kind.
        let words = bytes.count(words.into(), 0, 10, "words")?;
        let labels = bytes.count(labels.into(), 1, 10, "labels")?;
        if words + labels != size as usize {
            return bytes.fault(format_args!("expected {size} words and labels, found {words} and {labels}"));
        }
        let mut found =
            Dictionary { parts, numbers: FxHashMap::default(), words, labels: Vec::new(), rows: Hashed::All };
        let mut examples = 0;
        for number in 0..words + labels {
            let word = bytes.word("a word")?;
            let count = bytes.i64(what)?;
            if bytes.flag("the kind of a word")? != (number >= words) {
                return bytes.fault(format_args!("expected {words} words and then labels, found another order"));
            }
            found.numbers.insert(word.into(), number as u32);
            if number >= words {
                let name = word.strip_prefix(LABEL).and_then(|name| std::str::from_utf8(name).ok());
                examples += count.clamp(-1, MAX_EXAMPLES) as i128;
                let (Some(name), 0..=MAX_EXAMPLES) = (name, count) else {
                    return bytes.fault("expected a label and how many examples it had, found something else");
                };
                found.labels.push((name.to_owned(), count));
            }
        }
        if examples > MAX_EXAMPLES as i128 {
            return bytes.fault("the labels have more examples than there can be");
        }
        if kept >= 0 {
            let kept = bytes.count(kept, 0, 8, "hashes")?;
            let mut rows = FxHashMap::default();
            for _ in 0..kept {
                let [hash, row] = [bytes.i32("a hash")?, bytes.i32("its row")?];
                if hash < 0 || row < 0 || row as usize >= kept {
                    return bytes.fault(format_args!("expected one of {kept} rows for a hash, found {row} for {hash}"));
                }
                rows.insert(hash as u32, row as u32);
            }
            found.rows = Hashed::Some(rows);
        }
        Ok(found)
    }

    /// How many rows there must be.
    pub(super) fn rows(&self) -> usize {
        let hashed = match &self.rows {
            Hashed::Some(rows) => rows.values().max().map_or(0, |&row| row as usize + 1),
            Hashed::All if self.parts.most > 0 || self.parts.words > 1 => self.parts.buckets as usize,
            Hashed::All => 0,
        };
        self.words + hashed
    }

    /// Puts the rows of a line of text into `rows`: those of its words, of their parts, of words in a row, and of its end.
    pub(super) fn line(&self, text: &str, rows: &mut Vec<u32>) {
        rows.clear();
        let mut hashes = Vec::new();
        let words = text.as_bytes().split(|byte| SPACES.contains(byte)).filter(|word| !word.is_empty());
        for word in words.chain([END]) {
            let number = self.numbers.get(word).map(|&number| number as usize);
            let is_word = number.map_or(!word.starts_with(LABEL), |number| number < self.words);
            if is_word {
                rows.extend(number.map(|number| number as u32));
                if word != END {
                    self.parts(word, rows);
                }
                if self.parts.words > 1 {
                    hashes.push(hash(word));
                }
            }
            if word == END {
                break;
            }
        }
        // The hashes are signed where they are put together.
        for at in 0..hashes.len() {
            let mut hash = hashes[at] as i32 as u64;
            for &next in hashes.iter().take(at.saturating_add(self.parts.words)).skip(at + 1) {
                hash = hash.wrapping_mul(116_049_371).wrapping_add(next as i32 as u64);
                self.hashed((hash % self.parts.buckets as u64) as u32, rows);
            }
        }
    }

    /// The rows of the parts of a word between < and >, except these two alone.
    fn parts(&self, word: &[u8], rows: &mut Vec<u32>) {
        let end = word.len() + 2;
        let at = |place: usize| match place {
            0 => b'<',
            _ if place == end - 1 => b'>',
            _ => word[place - 1],
        };
        let goes_on = |place: usize| place < end && at(place) & 0xC0 == 0x80;
        for start in (0..end).filter(|&start| !goes_on(start)) {
            let (mut place, mut hash) = (start, OFFSET);
            for length in 1..=self.parts.most {
                if place == end {
                    break;
                }
                hash = step(hash, at(place));
                place += 1;
                while goes_on(place) {
                    hash = step(hash, at(place));
                    place += 1;
                }
                if length >= self.parts.least && !(length == 1 && (start == 0 || place == end)) {
                    self.hashed(hash % self.parts.buckets, rows);
                }
            }
        }
    }

    fn hashed(&self, hash: u32, rows: &mut Vec<u32>) {
        let row = match &self.rows {
            Hashed::All => Some(hash),
            Hashed::Some(rows) => rows.get(&hash).copied(),
        };
        rows.extend(row.map(|row| self.words as u32 + row));
    }
}

const OFFSET: u32 = 2_166_136_261;

/// FNV-1a, but that bytes are signed: fastText's models were made so.
fn step(hash: u32, byte: u8) -> u32 {
    (hash ^ byte as i8 as u32).wrapping_mul(16_777_619)
}

fn hash(word: &[u8]) -> u32 {
    word.iter().fold(OFFSET, |hash, &byte| step(hash, byte))
}
