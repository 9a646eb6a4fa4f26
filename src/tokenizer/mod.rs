//! Documents to tokens: byte-level byte-pair encoding, trained, read, written, encoded and decoded.

mod added;
mod alphabet;
mod bpe;
mod distinct_pieces;
mod json;
mod merge_tree;
mod pre_tokenizer;
mod ranks;
mod segments;
mod split;
mod train;
mod unicode;

use std::collections::HashSet;
use std::sync::Arc;

use added::{AddedToken, AddedTokens, TextOrToken};
use bpe::{Bpe, Rule, Scratch, Vocabulary, Whole};
use pre_tokenizer::Splitter;

pub use merge_tree::{Halves, Merged, TreeNode};
pub use pre_tokenizer::Pattern;
pub use segments::{Segment, visible};
pub use train::{BpeTrainer, Ties, TrainOptions, TrainProgress};

use crate::parallel;
use crate::{Error, Result};

/// What becomes of a special token's text in the text that is encoded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum SpecialHandling {
    /// It is text like any other.
    #[default]
    Text,
    /// It becomes the token.
    Token,
}

impl std::str::FromStr for SpecialHandling {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "text" => Ok(SpecialHandling::Text),
            "token" => Ok(SpecialHandling::Token),
            _ => Err(Error::Usage(format!("special tokens are taken as text or as token, not as {name:?}"))),
        }
    }
}

impl std::fmt::Display for SpecialHandling {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            SpecialHandling::Text => "text",
            SpecialHandling::Token => "token",
        })
    }
}

/// A byte-level BPE tokenizer. Cheap to clone; may be shared between threads.
#[derive(Clone, Debug)]
pub struct Tokenizer(Arc<TokenizerInner>);

#[derive(Clone, Debug)]
struct TokenizerInner {
    bpe: Bpe,
    added: AddedTokens,
    splitter: Splitter,
    /// Put a space before each text that does not begin with one, as some files ask.
    prefix_space: bool,
    /// A token is taken whole before any merge, as `tokenizer.json` calls it.
    ignore_merges: bool,
    /// The parts of the file it was read from that do not concern the ids, to be written as they were.
    foreign: Option<json::Foreign>,
    /// Ids whose token is not spelt in the byte alphabet, to be written as they were.
    unspelt: HashSet<u32>,
}

/// A tokenizer before its tables are built.
struct TokenizerParts {
    vocabulary: Vocabulary,
    /// In order of rank.
    rules: Vec<Rule>,
    added: Vec<AddedToken>,
    splitter: Splitter,
    prefix_space: bool,
    ignore_merges: bool,
    foreign: Option<json::Foreign>,
    /// Ids whose token is not spelt in the byte alphabet, so that no merge makes it.
    unspelt: HashSet<u32>,
}

impl TokenizerParts {
    /// Builds the tables; an error, blamed on `place`, if a byte has no token.
    fn build(self, place: &str) -> Result<Tokenizer> {
        let mut byte_ids = [u32::MAX; 256];
        let mut learnt = Vec::new();
        for id in 0..self.vocabulary.len() as u32 {
            let Some(token) = self.vocabulary.get(id).filter(|_| !self.unspelt.contains(&id)) else { continue };
            if let [byte] = token {
                byte_ids[*byte as usize] = id;
            } else {
                learnt.push(id);
            }
        }
        let missing = byte_ids.iter().filter(|&&id| id == u32::MAX).count();
        if missing > 0 {
            return Err(Error::format(
                place,
                format!("a byte-level vocabulary has a token for each of the 256 bytes, this one lacks {missing}"),
            ));
        }
        let mut vocabulary = self.vocabulary;
        for token in &self.added {
            if vocabulary.get(token.id).is_none() {
                vocabulary.set(token.id, token.content.as_bytes());
            }
        }
        let whole = if self.ignore_merges { Whole::All } else { Whole::Reachable };
        Ok(Tokenizer(Arc::new(TokenizerInner {
            bpe: Bpe::new(vocabulary, byte_ids, self.rules, &learnt, whole),
            added: AddedTokens::new(self.added),
            splitter: self.splitter,
            prefix_space: self.prefix_space,
            ignore_merges: self.ignore_merges,
            foreign: self.foreign,
            unspelt: self.unspelt,
        })))
    }
}

impl Tokenizer {
    /// What a training gives: `tokens` by id, the bytes first, then one a merge; the merges in order; and the special
    /// tokens, which take the last ids.
    fn trained(tokens: Vec<Vec<u8>>, merges: &[Merged], splitter: Splitter, special: Vec<String>) -> Result<Self> {
        let mut vocabulary = Vocabulary::default();
        let spelt: HashSet<String> = tokens.iter().map(|token| alphabet::spell(token)).collect();
        if let Some(token) = special.iter().find(|&token| spelt.contains(token)) {
            return Err(Error::Config(format!(
                "the special token {token:?} is also a token learnt from the text: choose one that the text does not hold"
            )));
        }
        for (id, token) in tokens.iter().enumerate() {
            vocabulary.set(id as u32, token);
        }
        let first = tokens.len() as u32;
        let parts = TokenizerParts {
            vocabulary,
            rules: (0..).zip(merges).map(|(rank, merge)| (merge.left, merge.right, rank, merge.id)).collect(),
            added: (first..).zip(special).map(|(id, content)| AddedToken::special(id, content)).collect(),
            splitter,
            prefix_space: false,
            ignore_merges: false,
            foreign: None,
            unspelt: HashSet::new(),
        };
        parts.build("the trained tokenizer")
    }

    /// This tokenizer with one more special token, which takes the next id.
    pub fn with_special(&self, content: &str) -> Tokenizer {
        let mut inner = (*self.0).clone();
        let id = inner.bpe.vocabulary.len() as u32;
        inner.bpe.vocabulary.set(id, content.as_bytes());
        let added = inner.added.iter().cloned().chain([AddedToken::special(id, content.into())]);
        inner.added = AddedTokens::new(added.collect());
        Tokenizer(Arc::new(inner))
    }

    /// Reads a `tokenizer.json` of a byte-level BPE.
    ///
    /// # Errors
    /// One sentence where the file is damaged, of another kind, or asks for a step that is not supported.
    pub fn from_json(bytes: &[u8]) -> Result<Self> {
        json::read(bytes)
    }

    /// The `tokenizer.json` that Hugging Face's `tokenizers` opens and that gives the same ids there.
    pub fn to_json(&self) -> Vec<u8> {
        json::write(&self.0)
    }

    /// Reads a `.tiktoken` file, which holds tokens and ranks but no pattern and no special tokens.
    ///
    /// # Errors
    /// Where a line is not a token in base64 and a rank, or two lines disagree.
    pub fn from_tiktoken(bytes: &[u8], pattern: Pattern) -> Result<Self> {
        ranks::read_tiktoken(bytes, pattern)
    }

    /// The pattern that a `.tiktoken` file was made with: that of OpenAI's encoding with as many ranks, if there is one.
    pub fn tiktoken_pattern(bytes: &[u8]) -> Option<Pattern> {
        ranks::known_pattern(bytes)
    }

    /// Reads GPT-2's `vocab.bpe` (the merges) and `encoder.json` (the ids).
    ///
    /// # Errors
    /// Where either is damaged or the two do not belong together.
    pub fn from_gpt2(vocab_bpe: &[u8], encoder_json: &[u8]) -> Result<Self> {
        ranks::read_gpt2(vocab_bpe, encoder_json)
    }

    /// The ids of `bytes`, one document; special tokens in it are text.
    pub fn encode(&self, bytes: &[u8]) -> Vec<u32> {
        self.encode_with(bytes, SpecialHandling::Text)
    }

    /// The ids of `bytes`, one document.
    pub fn encode_with(&self, bytes: &[u8], special: SpecialHandling) -> Vec<u32> {
        let mut ids = Vec::with_capacity(bytes.len() / 4 + 4);
        self.encode_into(bytes, special, &mut ids, &mut Scratch::new(bytes.len()));
        ids
    }

    /// Appends the ids of a document from `from` on, special tokens as text, and stops after about `most` bytes. Gives
    /// where to go on, the document's length in the end. Begin at 0 and go on only from what this gave: then the ids
    /// are those of [`encode`](Tokenizer::encode).
    pub fn encode_part(&self, document: &[u8], from: usize, most: usize, ids: &mut Vec<u32>) -> usize {
        let TokenizerInner { bpe, added, splitter, prefix_space, .. } = &*self.0;
        let scratch = &mut Scratch::new(document.len().min(most));
        if *prefix_space || added.iter().any(|token| !token.special) {
            // What is looked for in the whole document, or put in front of it, is not done in parts.
            self.encode_into(document, SpecialHandling::Text, ids, scratch);
            return document.len();
        }
        splitter.for_each(document, from, from.saturating_add(most), |piece| bpe.encode(piece, ids, scratch))
    }

    /// The ids of each document, special tokens as text; on all cores where there are threads.
    pub fn encode_documents(&self, documents: &[&[u8]]) -> Vec<Vec<u32>> {
        // A task is consecutive documents of about this many bytes, so that it is worth a scratch of its own.
        const TASK_BYTES: usize = 1 << 15;
        let mut tasks: Vec<&[&[u8]]> = Vec::new();
        let (mut start, mut bytes) = (0, 0);
        for (index, document) in documents.iter().enumerate() {
            bytes += document.len();
            if bytes >= TASK_BYTES || index + 1 == documents.len() {
                tasks.push(&documents[start..=index]);
                (start, bytes) = (index + 1, 0);
            }
        }
        let encoded = parallel::map(tasks.len(), |task| {
            let scratch = &mut Scratch::new(tasks[task].iter().map(|document| document.len()).sum());
            let encode = |document: &&[u8]| {
                let mut ids = Vec::with_capacity(document.len() / 4 + 4);
                self.encode_into(document, SpecialHandling::Text, &mut ids, scratch);
                ids
            };
            tasks[task].iter().map(encode).collect()
        });
        encoded.into_iter().flat_map(|ids: Vec<_>| ids).collect()
    }

    fn encode_into(&self, bytes: &[u8], special: SpecialHandling, ids: &mut Vec<u32>, scratch: &mut Scratch) {
        let TokenizerInner { bpe, added, splitter, prefix_space, .. } = &*self.0;
        let mut encode = |text: &[u8], ids: &mut Vec<u32>| {
            splitter.for_each(text, 0, usize::MAX, |piece| bpe.encode(piece, ids, scratch));
        };
        added.for_each(bytes, special == SpecialHandling::Token, |part| match part {
            TextOrToken::Token(id) => ids.push(id),
            TextOrToken::Text(text) if *prefix_space && !text.starts_with(b" ") => encode(&[b" ", text].concat(), ids),
            TextOrToken::Text(text) => encode(text, ids),
        });
    }

    /// Calls `piece` with each piece that `text` is cut into before any merge, in order; added tokens are not looked for.
    pub fn split<'a>(&self, text: &'a [u8], piece: impl FnMut(&'a [u8])) {
        self.0.splitter.for_each(text, 0, usize::MAX, piece);
    }

    /// The bytes that `ids` stand for, special tokens as their text.
    ///
    /// # Errors
    /// Where an id is outside the vocabulary.
    pub fn decode(&self, ids: &[u32]) -> Result<Vec<u8>> {
        let mut bytes = Vec::with_capacity(ids.len() * 4);
        for &id in ids {
            bytes.extend_from_slice(self.token_bytes(id).ok_or_else(|| {
                Error::Config(format!(
                    "there is no token {id}: the vocabulary has the ids 0 to {}",
                    self.vocab_size() - 1
                ))
            })?);
        }
        Ok(bytes)
    }

    /// The bytes of a token, of a special one its text's; none outside the vocabulary.
    pub fn token_bytes(&self, id: u32) -> Option<&[u8]> {
        self.0.bpe.vocabulary.get(id)
    }

    /// Whether `id` is a special token.
    pub fn is_special(&self, id: u32) -> bool {
        self.0.added.by_id(id).is_some_and(|token| token.special)
    }

    /// The id of the special token with this text.
    pub fn special_id(&self, name: &str) -> Option<u32> {
        self.0.added.by_content(name).filter(|token| token.special).map(|token| token.id)
    }

    /// The special tokens with their ids, in order of ids.
    pub fn special_tokens(&self) -> impl Iterator<Item = (&str, u32)> {
        self.0.added.iter().filter(|token| token.special).map(|token| (token.content.as_str(), token.id))
    }

    /// The highest id and one: what a model's embedding must hold. Ids in between may be without a token.
    pub fn vocab_size(&self) -> usize {
        self.0.bpe.vocabulary.len()
    }

    /// The two halves of each merge as bytes, in order of rank.
    pub fn merges(&self) -> impl ExactSizeIterator<Item = (&[u8], &[u8])> {
        let token = |id| self.0.bpe.vocabulary.get(id).expect("a merge names tokens of the vocabulary");
        self.0.bpe.rules.iter().map(move |&(left, right, ..)| (token(left), token(right)))
    }

    /// The split pattern, where it is one with a name.
    pub fn pattern(&self) -> Option<Pattern> {
        self.0.splitter.pattern()
    }
}
