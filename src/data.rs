//! Tokens become batches: one stream of documents, cut into windows, ordered by a pure function of seed and number.

mod split;

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

pub use split::{Source, Split};

use crate::{Error, Result, random};

/// B windows of T tokens, row by row. Weight 0 means that the position does not count.
#[derive(Debug, Clone, PartialEq)]
pub struct Batch {
    /// The tokens that are seen, (B, T).
    pub inputs: Vec<u32>,
    /// The token after each, (B, T).
    pub targets: Vec<u32>,
    /// What each position counts, (B, T).
    pub weights: Vec<f32>,
}

/// A stream of tokens to train on, and one to measure with that is never trained on.
#[derive(Debug, Clone)]
pub struct Dataset {
    /// The tokens to train on.
    pub train: Arc<[u32]>,
    /// What is kept for validation, at most a million tokens; none when it is shorter than one window.
    pub validation: Option<Windows>,
    /// Tokens of a window, T.
    pub context: usize,
    /// Whether the stream is rows of T + 1 tokens that are taken as they stand, over and over.
    pub rows: bool,
    /// Whether the validation was given, or taken from the text.
    pub split: Split,
}

impl Dataset {
    /// Rows of `context` tokens and a last target each, to be taken in their order: what a benchmark compares on.
    pub fn rows(tokens: Vec<u32>, context: usize) -> Self {
        let whole = !tokens.is_empty() && tokens.len().is_multiple_of(context + 1);
        assert!(whole, "Dataset: expected rows of {} tokens, got {} tokens", context + 1, tokens.len());
        Dataset { train: tokens.into(), validation: None, context, rows: true, split: Split::Stream }
    }

    /// Windows of an epoch. Their first starts at an offset that changes with the epoch, so all epochs have as many.
    pub fn windows(&self) -> u64 {
        ((self.train.len() - self.context) / self.context).max(1) as u64
    }

    /// Batch `n` of `batch` windows: a pure function of `seed` and `n`, so a run goes on from a number. Each epoch
    /// visits all of its windows once, in an order of its own, and a batch may begin in one epoch and end in the next.
    pub fn batch(&self, seed: u64, n: u64, batch: usize) -> Batch {
        let mut result = Batch::with_capacity(batch * self.context);
        for row in 0..batch as u64 {
            let start = self.start(seed, u128::from(n) * batch as u128 + u128::from(row));
            result.push_window(&self.train[start..=start + self.context], self.context);
        }
        result
    }

    /// What the tokens to train on give away by how often they occur: nats a token, of a guess by the frequencies of single
    /// tokens and of one by those behind the token before. No guess that knows no more is cheaper on these tokens. Of those
    /// that are predicted: all but the first.
    pub fn entropies(&self) -> (f64, f64) {
        let pairs = || self.train.windows(2).map(|pair| (pair[0] as usize, pair[1]));
        let vocab = self.train.iter().max().map_or(0, |id| *id as usize + 1);
        // The tokens behind each token, side by side.
        let mut ends = vec![0; vocab + 1];
        pairs().for_each(|(before, _)| ends[before + 1] += 1);
        (0..vocab).for_each(|id| ends[id + 1] += ends[id]);
        let mut behind = vec![0; self.train.len().saturating_sub(1)];
        for (before, id) in pairs() {
            behind[ends[before]] = id;
            ends[before] += 1;
        }
        let mut counts = vec![0_u32; vocab];
        let predicted = behind.len().max(1) as f64;
        let single = nats(&behind, &mut counts);
        let starts = std::iter::once(0).chain(ends.iter().copied());
        let given: f64 = starts.zip(&ends).map(|(start, end)| nats(&behind[start..*end], &mut counts)).sum();
        (single / predicted, given / predicted)
    }

    /// The validation tokens as batches, always the same; none when there is no validation.
    pub fn evaluation_batches(&self, batch: usize) -> impl Iterator<Item = Batch> + '_ {
        self.validation.iter().flat_map(move |windows| windows.batches(batch))
    }

    /// Where the window at `position` of the endless row of epochs starts.
    fn start(&self, seed: u64, position: u128) -> usize {
        if self.rows {
            let row = self.context + 1;
            return (position % (self.train.len() / row) as u128) as usize * row;
        }
        let windows = self.windows();
        let (epoch, index) = ((position / u128::from(windows)) as u64, (position % u128::from(windows)) as u64);
        let stream = random::WINDOWS.wrapping_add(epoch.wrapping_mul(2));
        let slack = self.train.len() as u64 - 1 - windows * self.context as u64;
        let offset = random::below(seed, stream + 1, 0, slack.min(self.context as u64 - 1) + 1);
        let window = random::permute(seed, stream, windows, index);
        (offset + window * self.context as u64) as usize
    }
}

/// What guessing `ids` by their own frequencies costs, Σ ln(all / count). `counts` is all zero, before and after.
fn nats(ids: &[u32], counts: &mut [u32]) -> f64 {
    ids.iter().for_each(|id| counts[*id as usize] += 1);
    let weighed = |count: f64| if count > 0.0 { count * count.ln() } else { 0.0 };
    let sum: f64 = ids.iter().map(|id| weighed(f64::from(std::mem::take(&mut counts[*id as usize])))).sum();
    (weighed(ids.len() as f64) - sum).max(0.0)
}

/// Tokens cut into windows that do not overlap, to measure a loss over each token but the first.
#[derive(Debug, Clone)]
pub struct Windows {
    /// The stream.
    pub tokens: Arc<[u32]>,
    /// Tokens of a window, T.
    pub context: usize,
    /// The token between documents, which stands for no text.
    pub end_of_text: Option<u32>,
}

impl Windows {
    /// Cuts up documents, each preceded by `end_of_text`. Refuses less than two tokens, where nothing is predicted.
    pub fn new(documents: &[Vec<u32>], end_of_text: u32, context: usize) -> Result<Self> {
        let tokens = stream(documents, end_of_text);
        if tokens.len() < 2 {
            return Err(Error::Config("the text is empty, so there is nothing to predict: give some text".into()));
        }
        Ok(Windows { tokens: tokens.into(), context, end_of_text: Some(end_of_text) })
    }

    /// Batches of `batch` windows; positions past the end of the stream have weight 0.
    pub fn batches(&self, batch: usize) -> impl Iterator<Item = Batch> + '_ {
        (0..self.count(batch)).map(move |n| self.batch(n, batch))
    }

    /// How many batches of `batch` windows there are.
    pub fn count(&self, batch: usize) -> usize {
        (self.tokens.len() - 1).div_ceil(self.context).div_ceil(batch)
    }

    /// The tokens that are predicted: all but the first.
    pub fn predicted(&self) -> &[u32] {
        &self.tokens[1..]
    }

    /// Batch `n` of [`Windows::batches`].
    pub fn batch(&self, n: usize, batch: usize) -> Batch {
        let mut result = Batch::with_capacity(batch * self.context);
        for row in 0..batch {
            let start = (n * batch + row) * self.context;
            let end = (start + self.context + 1).min(self.tokens.len());
            result.push_window(self.tokens.get(start..end).unwrap_or_default(), self.context);
        }
        result
    }
}

impl Batch {
    /// `rows` of tokens of their own, in a batch of `batch` windows of `context`: each predicts all its tokens but the
    /// first, and what is left over has weight 0.
    ///
    /// # Panics
    /// When they are more than the batch holds, or one is longer than a window and its last target.
    pub fn of(rows: &[&[u32]], batch: usize, context: usize) -> Self {
        assert!(
            rows.len() <= batch && rows.iter().all(|row| row.len() <= context + 1),
            "Batch: expected at most {batch} rows of at most {} tokens",
            context + 1
        );
        let mut result = Batch::with_capacity(batch * context);
        for i in 0..batch {
            result.push_window(rows.get(i).copied().unwrap_or_default(), context);
        }
        result
    }

    fn with_capacity(positions: usize) -> Self {
        Batch {
            inputs: Vec::with_capacity(positions),
            targets: Vec::with_capacity(positions),
            weights: Vec::with_capacity(positions),
        }
    }

    /// Appends a row: `tokens` and, where they are fewer than `context` and a target, token 0 with weight 0.
    fn push_window(&mut self, tokens: &[u32], context: usize) {
        let counted = tokens.len().saturating_sub(1);
        let end = self.inputs.len() + context;
        self.inputs.extend(&tokens[..counted]);
        self.targets.extend(tokens.iter().skip(1));
        self.weights.extend(std::iter::repeat_n(1.0, counted));
        self.inputs.resize(end, 0);
        self.targets.resize(end, 0);
        self.weights.resize(end, 0.0);
    }

    /// How many positions count.
    pub fn counted(&self) -> usize {
        self.weights.iter().filter(|&&weight| weight != 0.0).count()
    }
}

/// Documents as one stream, each preceded by `end_of_text`.
pub fn stream(documents: &[impl AsRef<[u32]>], end_of_text: u32) -> Vec<u32> {
    let mut tokens = Vec::with_capacity(documents.iter().map(|document| document.as_ref().len() + 1).sum());
    for document in documents {
        tokens.push(end_of_text);
        tokens.extend(document.as_ref());
    }
    tokens
}

/// Bits a byte: the summed `nats` of the predicted tokens that have a text, over the bytes of it. `token_bytes` has the length
/// of each token's text in bytes, 0 for special tokens, whose nats are not to be in the sum. None where the tokens have no text.
pub fn bits_per_byte(nats: f64, predicted: &[u32], token_bytes: &[u32]) -> Option<f64> {
    let bytes: u64 = predicted.iter().map(|&token| u64::from(token_bytes[token as usize])).sum();
    (bytes > 0).then(|| nats / std::f64::consts::LN_2 / bytes as f64)
}

/// What is remembered of a text, to know it again.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Corpus {
    /// What people call it: `en`, or the path it came from.
    pub name: String,
    /// How many documents it has.
    pub documents: u64,
    /// Their bytes, together.
    pub bytes: u64,
    /// SHA-256 over each document's length (64 bits, little-endian) and bytes, in hexadecimal.
    pub sha256: String,
    /// How it was read and is split. Not a part of what it is: two corpora are equal that have the same documents.
    #[serde(default, skip_serializing_if = "Source::is_first")]
    pub source: Source,
}

impl PartialEq for Corpus {
    fn eq(&self, other: &Self) -> bool {
        let what = |corpus: &Corpus| (corpus.name.clone(), corpus.documents, corpus.bytes, corpus.sha256.clone());
        what(self) == what(other)
    }
}

impl Eq for Corpus {}

impl Corpus {
    /// Measures and hashes `documents`.
    pub fn describe(name: impl Into<String>, documents: &[Vec<u8>]) -> Self {
        let mut hash = Sha256::new();
        for document in documents {
            hash.update((document.len() as u64).to_le_bytes());
            hash.update(document);
        }
        Corpus {
            name: name.into(),
            documents: documents.len() as u64,
            bytes: documents.iter().map(|document| document.len() as u64).sum(),
            sha256: crate::numerals::hexadecimal(&hash.finalize()),
            source: Source::default(),
        }
    }

    /// Refuses another text than this one. Its name may be another.
    pub fn check(&self, other: &Corpus) -> Result<()> {
        if (self.documents, self.bytes, &self.sha256) == (other.documents, other.bytes, &other.sha256) {
            return Ok(());
        }
        Err(Error::Config(format!(
            "this run was trained on {} bytes (documents: {}, sha256 {}, named {}), and the text given has {} \
             bytes (documents: {}, sha256 {}): give the same text, or start a new run",
            self.bytes,
            self.documents,
            &self.sha256.get(..12).unwrap_or(&self.sha256),
            self.name,
            other.bytes,
            other.documents,
            &other.sha256[..12],
        )))
    }
}
