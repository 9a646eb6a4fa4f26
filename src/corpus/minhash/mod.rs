//! Near copies, found as datatrove finds them by MinHash: two documents are taken for copies where in one of 14 buckets the
//! least hashes of their runs of five words agree 8 times out of 8.
//!
//! A document's signature depends on its text alone. What agrees is found by sorting, out of memory where there is much of
//! it, and of each cluster of copies the first document is kept.

mod clusters;
pub mod in_memory;
mod normalise;
mod parameters;
pub mod sorted_runs;

use sha1::{Digest, Sha1};

pub use clusters::{Clusters, Copies};
pub use normalise::normalise;

use super::words::{Token, Words};

/// The stage's name.
pub const STAGE: &str = "minhash";
/// Its reason; datatrove has none.
pub const REASON: &str = "near_copy";

/// Words that are hashed together.
pub const WORDS: usize = 5;
/// Buckets of a signature.
pub const BUCKETS: usize = 14;
/// Hashes of a bucket.
pub const HASHES: usize = 8;

/// The modulus of the hashes, a Mersenne prime.
const PRIME: u64 = (1 << 61) - 1;

/// The least hashes of a document, bucket by bucket.
pub type Signature = [[u64; HASHES]; BUCKETS];

/// Makes signatures, with what it uses again for each.
pub struct Signer {
    /// Factors and summands.
    factors: Vec<u64>,
    summands: Vec<u64>,
    tokens: Vec<Token>,
    /// The words with a blank between, and where each starts and ends.
    joined: String,
    places: Vec<(u32, u32)>,
}

impl Default for Signer {
    fn default() -> Self {
        let (factors, summands) = parameters::parameters();
        Signer { factors, summands, tokens: Vec::new(), joined: String::new(), places: Vec::new() }
    }
}

impl Signer {
    /// The signature of a text in English words; none of one with fewer than five words, which is no copy of any.
    pub fn sign(&mut self, text: &str) -> Option<Signature> {
        self.sign_words(text, Words::English)
    }

    /// The same of a text in other words.
    pub fn sign_words(&mut self, text: &str, words: Words) -> Option<Signature> {
        let plain = normalise(text);
        words.cut(&plain, &mut self.tokens);
        self.joined.clear();
        self.places.clear();
        for token in &self.tokens {
            if !self.joined.is_empty() {
                self.joined.push(' ');
            }
            let start = self.joined.len() as u32;
            self.joined.push_str(token.text(&plain));
            self.places.push((start, self.joined.len() as u32));
        }
        let mut least = [PRIME; BUCKETS * HASHES];
        for run in self.places.windows(WORDS) {
            let (start, end) = (run[0].0 as usize, run[WORDS - 1].1 as usize);
            let hash = shingle(&self.joined.as_bytes()[start..end]);
            for ((least, factor), summand) in least.iter_mut().zip(&self.factors).zip(&self.summands) {
                // The product wraps at 64 bits before it is reduced: so does numpy's.
                let value = hash.wrapping_mul(*factor).wrapping_add(*summand);
                let folded = (value & PRIME) + (value >> 61);
                *least = (*least).min(if folded >= PRIME { folded - PRIME } else { folded });
            }
        }
        let signature = std::array::from_fn(|bucket| std::array::from_fn(|hash| least[bucket * HASHES + hash]));
        (self.places.len() >= WORDS).then_some(signature)
    }
}

/// The hash of a run of words: the first eight bytes of its SHA-1, the lowest first.
fn shingle(words: &[u8]) -> u64 {
    let digest = Sha1::digest(words);
    u64::from_le_bytes(digest[..8].try_into().expect("SHA-1 has twenty bytes"))
}

/// What stands for a bucket of a signature where it is compared with others: 128 bits of the SHA-1 of its number and hashes.
fn bucket_key(bucket: usize, hashes: &[u64; HASHES]) -> [u64; 2] {
    let mut hasher = Sha1::new();
    hasher.update([bucket as u8]);
    hashes.iter().for_each(|hash| hasher.update(hash.to_le_bytes()));
    let digest = hasher.finalize();
    [0, 8].map(|at| u64::from_be_bytes(digest[at..at + 8].try_into().expect("SHA-1 has twenty bytes")))
}
