//! From text to a dataset, slice by slice: a tokenizer is trained, then the text is encoded.

use web_time::Instant;

use super::protocol::{Event, Settings, Text};
use crate::data::{Corpus, Dataset, Split};
use crate::tokenizer::{BpeTrainer, Tokenizer, TrainOptions};
use crate::{Error, Result};

/// The token in front of every document, where the tokenizer is ours.
pub const END_OF_TEXT: &str = "<|endoftext|>";

/// What other byte-level tokenizers call the end of a document.
const OTHER_ENDS: [&str; 3] = ["<|end_of_text|>", "<｜end▁of▁sentence｜>", "</s>"];

/// Bytes counted or encoded between two looks at the clock.
const SLICE: usize = 64 * 1024;

/// Tokenizer and tokens in the making.
pub struct Preparation {
    text: Text,
    stage: Phase,
    /// The token between documents, where a model says it.
    end_of_text: Option<u32>,
    notices: Vec<String>,
}

enum Phase {
    /// Up to `at` in the document `next`.
    Count {
        trainer: Box<BpeTrainer>,
        next: usize,
        at: usize,
        requested: bool,
    },
    Merge {
        trainer: Box<BpeTrainer>,
        requested: bool,
    },
    /// Whole documents, and the next up to `at`, which is above 0 only in a long one.
    Encode {
        tokenizer: Tokenizer,
        encoded: Vec<Vec<u32>>,
        part: Vec<u32>,
        at: usize,
        done: u64,
    },
}

/// What a run needs of its text.
pub struct Prepared {
    /// The tokenizer.
    pub tokenizer: Tokenizer,
    /// The token between documents.
    pub end_of_text: u32,
    /// The text, encoded, document by document.
    pub encoded: Vec<Vec<u32>>,
    /// The text to measure with, encoded.
    pub validation: Vec<Vec<u32>>,
    /// The text as it came.
    pub text: Text,
    /// How to know it again.
    pub corpus: Corpus,
    /// What the person who trains should know.
    pub notices: Vec<String>,
}

impl Preparation {
    /// Begins: with the tokenizer given, or by training one of the size that `settings` ask for. `end_of_text` is what a
    /// model has between documents; where there is none, the tokenizer says it.
    pub fn new(
        settings: &Settings,
        mut text: Text,
        tokenizer: Option<Tokenizer>,
        end_of_text: Option<u32>,
    ) -> Result<Preparation> {
        if text.documents.iter().all(Vec::is_empty) {
            return Err(Error::Config("the text is empty: give a text to train on".into()));
        }
        let mut notices = std::mem::take(&mut text.notes);
        let stage = match tokenizer {
            Some(tokenizer) => {
                if let Some(size) = settings.vocab_size {
                    return Err(Error::Usage(format!(
                        "a vocabulary of {size} was asked for together with a tokenizer, which has {}: give one of the two",
                        tokenizer.vocab_size()
                    )));
                }
                let tokenizer = match end_of_text.map_or_else(|| self::end_of_text(&tokenizer), Ok) {
                    Ok(_) => tokenizer,
                    Err(_) => {
                        notices.push(format!(
                            "the tokenizer has no token to stand between documents: {END_OF_TEXT} is added"
                        ));
                        tokenizer.with_special(END_OF_TEXT)
                    }
                };
                Phase::Encode { tokenizer, encoded: Vec::new(), part: Vec::new(), at: 0, done: 0 }
            }
            None => {
                let vocab = settings.resolve(&text.name).0.vocab;
                let options = TrainOptions { special: vec![END_OF_TEXT.into()], ..TrainOptions::new(vocab) };
                Phase::Count {
                    trainer: Box::new(BpeTrainer::new(options)?),
                    next: 0,
                    at: 0,
                    requested: settings.vocab_size.is_some(),
                }
            }
        };
        Ok(Preparation { text, stage, end_of_text, notices })
    }

    /// Goes on until `deadline`; what was prepared once all of it is.
    pub fn advance(
        mut self,
        deadline: Instant,
        events: &mut Vec<Event>,
    ) -> Result<std::result::Result<Prepared, Preparation>> {
        let all = self.text.documents.iter().chain(&self.text.validation);
        let bytes: u64 = all.map(|document| document.len() as u64).sum();
        loop {
            self.stage = match self.stage {
                Phase::Count { mut trainer, next, at, requested } => match self.text.documents.get(next) {
                    Some(document) => {
                        let at = trainer.feed_part(document, at, SLICE)?;
                        let (next, at) = if at < document.len() { (next, at) } else { (next + 1, 0) };
                        Phase::Count { trainer, next, at, requested }
                    }
                    None => Phase::Merge { trainer, requested },
                },
                Phase::Merge { mut trainer, requested } => {
                    let progress = trainer.step(1);
                    let (done, total) = (progress.vocab_size as u64, progress.target as u64);
                    tell(events, "tokenizer", done, total);
                    if progress.finished {
                        let tokenizer = if requested { trainer.finish()? } else { trainer.finish_within()? };
                        if done < total {
                            self.notices
                                .push(format!("the text allows a vocabulary of {done}, not the preset's {total}"));
                        }
                        Phase::Encode { tokenizer, encoded: Vec::new(), part: Vec::new(), at: 0, done: 0 }
                    } else {
                        Phase::Merge { trainer, requested }
                    }
                }
                Phase::Encode { tokenizer, mut encoded, mut part, mut at, mut done } => {
                    // The texts to measure with come behind those to train on.
                    let Text { documents, validation, .. } = &self.text;
                    let rest = match documents.get(encoded.len()..) {
                        Some(rest) if !rest.is_empty() => rest,
                        _ => &validation[encoded.len() - documents.len()..],
                    };
                    let Some(first) = rest.first() else {
                        return Ok(Ok(Self::finish(self.text, tokenizer, encoded, self.end_of_text, self.notices)?));
                    };
                    if first.len() > SLICE {
                        let from = at;
                        at = tokenizer.encode_part(first, from, SLICE, &mut part);
                        done += (at - from) as u64;
                        if at == first.len() {
                            encoded.push(std::mem::take(&mut part));
                            at = 0;
                        }
                    } else {
                        let mut size = 0;
                        let fits = rest.iter().take_while(|document| {
                            size += document.len();
                            size <= SLICE
                        });
                        let batch: Vec<&[u8]> = fits.map(Vec::as_slice).collect();
                        done += batch.iter().map(|document| document.len() as u64).sum::<u64>();
                        encoded.extend(tokenizer.encode_documents(&batch));
                    }
                    tell(events, "tokens", done, bytes);
                    Phase::Encode { tokenizer, encoded, part, at, done }
                }
            };
            if Instant::now() >= deadline {
                return Ok(Err(self));
            }
        }
    }

    fn finish(
        text: Text,
        tokenizer: Tokenizer,
        mut encoded: Vec<Vec<u32>>,
        end_of_text: Option<u32>,
        notices: Vec<String>,
    ) -> Result<Prepared> {
        let end_of_text = end_of_text.map_or_else(|| self::end_of_text(&tokenizer), Ok)?;
        let corpus = text.corpus();
        let validation = encoded.split_off(text.documents.len());
        Ok(Prepared { tokenizer, end_of_text, encoded, validation, text, corpus, notices })
    }
}

/// Reports how far a stage is; replaces what this tick has reported of it.
fn tell(events: &mut Vec<Event>, now: &str, done: u64, total: u64) {
    events.retain(|event| !matches!(event, Event::Preparing { stage, .. } if stage == now));
    events.push(Event::Preparing { stage: now.into(), done, total });
}

impl Prepared {
    /// Refuses tokens for which a model of `vocab` has no row.
    pub fn check_ids(&self, vocab: usize) -> Result<()> {
        let ids = self.encoded.iter().flatten().chain([&self.end_of_text]);
        match ids.max().filter(|id| **id as usize >= vocab) {
            None => Ok(()),
            Some(id) => Err(Error::format(
                "tokenizer",
                format!("it gives token {id}, and the model has {vocab}: they are not of one model"),
            )),
        }
    }

    /// The tokens as windows of `context`.
    pub fn dataset(&self, context: usize) -> Result<Dataset> {
        let Prepared { encoded, end_of_text, .. } = self;
        match self.corpus.source.split {
            Split::Stream => Dataset::new(encoded, *end_of_text, context),
            Split::Documents => Dataset::by_documents(&self.text.documents, encoded, *end_of_text, context),
            Split::Given => Dataset::with_validation(encoded, &self.validation, *end_of_text, context),
        }
    }
}

/// The token that stands between documents.
pub fn end_of_text(tokenizer: &Tokenizer) -> Result<u32> {
    std::iter::once(END_OF_TEXT).chain(OTHER_ENDS).find_map(|name| tokenizer.special_id(name)).ok_or_else(|| {
        Error::format(
            "tokenizer",
            format!("expected a special token {END_OF_TEXT} to stand between documents, found none"),
        )
    })
}
