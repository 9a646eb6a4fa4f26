//! Which tokens of a text are trained on, and which are kept to measure with.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::{Corpus, Dataset, Windows, stream};
use crate::reading::Reading;
use crate::{Error, Result};

/// At most so many tokens are kept for validation.
const VALIDATION: usize = 1_000_000;

/// With more documents than this, whole ones are kept for validation.
const FEW_DOCUMENTS: usize = 100;

/// Which part of a text is kept for validation, at most a million tokens.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// The last tenth of all tokens in one line: the built-in corpora, and runs that began before there was a choice.
    #[default]
    Stream,
    /// A tenth of the documents, drawn by a hash of what they hold, so that neither their order nor the seed matters; of 100
    /// documents or fewer the last tenth of each.
    Documents,
    /// Texts of their own, which nothing is trained on.
    Given,
}

/// How a text was read and is split: what a run notes of it beside its hash, to read and split it so again. What has no such note
/// was read by the first reader and split by [`Split::Stream`], which is the default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// How its documents were read.
    pub reading: Reading,
    /// What of it is kept for validation.
    pub split: Split,
    /// The texts to measure with, where they were given: their `name` is their paths.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Box<Corpus>>,
}

impl Source {
    /// A text that is read in this way now, and split by its documents.
    pub fn new(reading: Reading) -> Self {
        Source { reading, split: Split::Documents, validation: None }
    }

    /// Whether it says no more than its absence would.
    pub(super) fn is_first(&self) -> bool {
        *self == Source::default()
    }
}

impl Default for Source {
    fn default() -> Self {
        Source { reading: Reading::first(), split: Split::Stream, validation: None }
    }
}

impl Dataset {
    /// Joins documents into one stream, each preceded by `end_of_text`, and sets the last tenth of it aside.
    /// Refuses a stream that is shorter than one window and its last target.
    pub fn new(documents: &[Vec<u32>], end_of_text: u32, context: usize) -> Result<Self> {
        let mut tokens = stream(documents, end_of_text);
        let held_out = (tokens.len() / 10).min(VALIDATION);
        if held_out <= context {
            return Dataset::parted(tokens, Vec::new(), end_of_text, context);
        }
        let tail = tokens.split_off(tokens.len() - held_out);
        Dataset::parted(tokens, tail, end_of_text, context)
    }

    /// Sets aside a tenth of many documents, drawn by a hash of their `texts`, or the last tenth of each of few. `encoded` are the
    /// tokens of the same documents.
    pub fn by_documents(texts: &[Vec<u8>], encoded: &[Vec<u32>], end_of_text: u32, context: usize) -> Result<Self> {
        assert_eq!(texts.len(), encoded.len(), "Dataset: expected tokens of each document");
        let held_out = if texts.len() > FEW_DOCUMENTS { drawn(texts, encoded) } else { tails(encoded) };
        let (mut train, mut validation) = (Vec::new(), Vec::new());
        for (document, held_out) in encoded.iter().zip(held_out) {
            let (head, tail) = document.split_at(document.len() - held_out.unwrap_or(0));
            if held_out.is_none() || !head.is_empty() {
                train.push(head);
            }
            if held_out.is_some_and(|tokens| tokens > 0 || document.is_empty()) {
                validation.push(tail);
            }
        }
        let validation = stream(&validation, end_of_text);
        let train = stream(&train, end_of_text);
        if validation.len() <= context || train.len() <= context {
            return Dataset::parted(stream(encoded, end_of_text), Vec::new(), end_of_text, context);
        }
        Dataset::parted(train, validation, end_of_text, context)
    }

    /// Measures with documents of their own, as far as they fit in.
    pub fn with_validation(
        documents: &[Vec<u32>],
        validation: &[Vec<u32>],
        end_of_text: u32,
        context: usize,
    ) -> Result<Self> {
        let mut held_out = stream(validation, end_of_text);
        held_out.truncate(VALIDATION);
        let dataset = Dataset::parted(stream(documents, end_of_text), held_out, end_of_text, context)?;
        Ok(Dataset { split: Split::Given, ..dataset })
    }

    /// What is trained on, and what is measured with where it is at least one window and its last target.
    fn parted(train: Vec<u32>, validation: Vec<u32>, end_of_text: u32, context: usize) -> Result<Self> {
        assert!(context > 0, "Dataset: expected a context above 0");
        if train.len() <= context {
            return Err(Error::Config(format!(
                "the text gives {} tokens and a context of {context} needs {} or more: \
                 give more text, or a smaller --context",
                train.len(),
                context.saturating_add(1)
            )));
        }
        let windows = Windows { tokens: validation.into(), context, end_of_text: Some(end_of_text) };
        let validation = (windows.tokens.len() > context).then_some(windows);
        Ok(Dataset { train: train.into(), validation, context, rows: false, split: Split::Stream })
    }

    /// Where there is no validation: why, as a sentence for the person who trains.
    pub fn notice(&self) -> Option<String> {
        let (tokens, context) = (self.train.len(), self.context);
        match (&self.validation, self.split) {
            (Some(_), _) => None,
            (None, Split::Given) => Some(format!(
                "no validation: the text to measure with is less than one window of {context} and its last target"
            )),
            (None, _) => Some(format!(
                "no validation: a tenth of the text's {tokens} tokens is less than one window of {context} and its last target"
            )),
        }
    }
}

/// How many tokens of each document are kept: all of those whose hashes are the lowest tenth, in that order as long as they fit in.
fn drawn(texts: &[Vec<u8>], encoded: &[Vec<u32>]) -> Vec<Option<usize>> {
    let hash = |text: &Vec<u8>| <[u8; 32]>::from(Sha256::digest(text));
    let mut hashes: Vec<([u8; 32], usize)> = texts.iter().map(hash).zip(0..).collect();
    hashes.sort_unstable();
    // Documents that are alike stand on the same side.
    let last = hashes[texts.len() / 10 - 1].0;
    let mut held_out = vec![None; texts.len()];
    let mut room = VALIDATION;
    for (_, document) in hashes.into_iter().take_while(|(hash, _)| *hash <= last) {
        let tokens = encoded[document].len() + 1;
        if tokens <= room {
            room -= tokens;
            held_out[document] = Some(tokens - 1);
        }
    }
    held_out
}

/// How many tokens of each document are kept: its last tenth, or less of each where those are too many.
fn tails(encoded: &[Vec<u32>]) -> Vec<Option<usize>> {
    let all: usize = encoded.iter().map(|document| document.len() / 10 + 1).sum();
    let share = |tokens: usize| {
        if all > VALIDATION { (tokens as u128 * VALIDATION as u128 / all as u128) as usize } else { tokens }
    };
    encoded.iter().map(|document| Some(share(document.len() / 10)).filter(|tokens| *tokens > 0)).collect()
}
