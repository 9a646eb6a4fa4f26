//! How much a text is: in bytes, and in words or in the tokens of a tokenizer.

use std::sync::Arc;

use super::Document;
use super::filters::Size;
use super::words::{Token, Words};

/// Says how many tokens a text is.
type Tokens = dyn Fn(&str) -> u64 + Send + Sync;

/// Counts the tokens of texts; by default its words.
#[derive(Clone, Default)]
pub struct Counter(Option<Arc<Tokens>>);

impl Counter {
    /// Counts by this function.
    pub fn new(tokens: impl Fn(&str) -> u64 + Send + Sync + 'static) -> Self {
        Counter(Some(Arc::new(tokens)))
    }

    /// How much a text of so many words is.
    pub fn of_words(&self, text: &str, words: usize) -> Size {
        let tokens = self.0.as_ref().map_or(words as u64, |count| count(text));
        Size { bytes: text.len() as u64, tokens }
    }

    /// How much a document's text is; `words` is used again for each.
    pub fn size(&self, document: &Document, words: &mut Vec<Token>) -> Size {
        self.size_in(&document.text, Words::of(document.language.as_deref()), words)
    }

    /// How much a text is whose words are cut so.
    pub fn size_in(&self, text: &str, words: Words, tokens: &mut Vec<Token>) -> Size {
        if self.0.is_none() {
            words.cut(text, tokens);
        }
        self.of_words(text, tokens.len())
    }
}
