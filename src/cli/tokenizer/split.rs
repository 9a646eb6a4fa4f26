//! What `--pattern` of `tokenizer train` says: a split that has a name, or a regular expression.

use std::str::FromStr;

use glasshouse::tokenizer::{BpeTrainer, Pattern, TrainOptions};
use glasshouse::{Error, Result};

/// How text is split before merges.
#[derive(Clone, Debug)]
pub enum Split {
    /// By a pattern with a name.
    Named(Pattern),
    /// By this regular expression.
    Regex(String),
}

impl FromStr for Split {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
        match text.parse() {
            Ok(pattern) => Ok(Split::Named(pattern)),
            // A name with a slip in it would split by that word alone, and nobody would be told.
            Err(_) if text.chars().all(plain) => Err(Error::Usage(format!(
                "there is no split pattern {text:?}: choose gpt2, cl100k, o200k or none, or write a regular expression"
            ))),
            Err(_) => Ok(Split::Regex(text.into())),
        }
    }
}

impl Split {
    /// A training with this split.
    pub fn trainer(self, options: TrainOptions) -> Result<BpeTrainer> {
        match self {
            Split::Named(pattern) => BpeTrainer::new(TrainOptions { pattern, ..options }),
            Split::Regex(regex) => BpeTrainer::with_regex(options, &regex),
        }
    }
}
