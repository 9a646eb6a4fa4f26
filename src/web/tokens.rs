//! The tokenizer alone, for the view that shows how text becomes tokens: merges as they happen, and what they do to a text.

use js_sys::{Array, Uint32Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{Answer, object, set, to_js};
use crate::engine::END_OF_TEXT;
use crate::tokenizer::{BpeTrainer, Pattern, SpecialHandling, Tokenizer, TrainOptions, visible};
use crate::{Error, Result};

/// How many of the most frequent pairs are shown.
const TOP_PAIRS: usize = 8;
/// More merges than any text allows.
const MAX_MERGES: usize = 1 << 30;

/// A training on one text, merge by merge.
#[wasm_bindgen]
pub struct Merges {
    trainer: BpeTrainer,
    total: usize,
}

#[wasm_bindgen]
impl Merges {
    /// A training of `merges` merges, fewer where `text` allows fewer, split by `pattern`: `gpt2`, `cl100k`, `o200k` or
    /// `none`.
    pub fn begin(text: &[u8], merges: f64, pattern: &str) -> Answer<Merges> {
        let total = (merges as usize).min(MAX_MERGES);
        let options = TrainOptions { pattern: pattern.parse()?, ..TrainOptions::new(256 + total) };
        let mut trainer = BpeTrainer::new(options)?;
        trainer.feed(text)?;
        Ok(Merges { trainer, total })
    }

    /// Merges up to `budget` times. Gives `{done, total, finished, tokens, bytes, merges, top}`: how many merges there
    /// are, of how many that were asked for; how many tokens the text has now and how many bytes; the new merges,
    /// `{k, left, right, id, left_text, right_text, text, count, tokens}`, k from 1; and the most frequent pairs as they
    /// stand, `{left, right, left_text, right_text, count}`.
    pub fn advance(&mut self, budget: f64) -> JsValue {
        #[derive(Serialize)]
        struct Merge {
            k: usize,
            left: u32,
            right: u32,
            id: u32,
            left_text: String,
            right_text: String,
            text: String,
            count: u64,
            tokens: u64,
        }
        #[derive(Serialize)]
        struct Pair {
            left: u32,
            right: u32,
            left_text: String,
            right_text: String,
            count: u64,
        }
        #[derive(Serialize)]
        struct MergeState {
            done: usize,
            total: usize,
            finished: bool,
            tokens: u64,
            bytes: u64,
            merges: Vec<Merge>,
            top: Vec<Pair>,
        }
        let before = self.trainer.history().len();
        let finished = self.trainer.step(budget as usize).finished;
        let top = self.trainer.top_pairs(TOP_PAIRS);
        let text = |id| visible(self.trainer.token_bytes(id).unwrap_or_default());
        let history = self.trainer.history();
        let bytes = self.trainer.bytes();
        let merges = history.iter().enumerate().skip(before).map(|(index, merge)| Merge {
            k: index + 1,
            left: merge.left,
            right: merge.right,
            id: merge.id,
            left_text: text(merge.left),
            right_text: text(merge.right),
            text: text(merge.id),
            count: merge.count,
            tokens: merge.tokens,
        });
        let top = top.into_iter().map(|(left, right, count)| Pair {
            left,
            right,
            left_text: text(left),
            right_text: text(right),
            count,
        });
        to_js(&MergeState {
            done: history.len(),
            total: self.total,
            finished,
            tokens: history.last().map_or(bytes, |merge| merge.tokens),
            bytes,
            merges: merges.collect(),
            top: top.collect(),
        })
    }

    /// Runs to the end and gives the tokenizer, with the token that stands between the documents of a run. The training is
    /// gone then.
    pub fn finish(self) -> Answer<TokenizerView> {
        Ok(TokenizerView::new(self.trainer.finish_within()?.with_special(END_OF_TEXT)))
    }
}

/// A tokenizer.
#[wasm_bindgen]
pub struct TokenizerView {
    tokenizer: Tokenizer,
    /// The same after its first merges, as it was last asked for.
    early: Option<(usize, Tokenizer)>,
}

impl TokenizerView {
    fn new(tokenizer: Tokenizer) -> Self {
        TokenizerView { tokenizer, early: None }
    }

    /// The tokenizer with all its merges.
    pub(super) fn tokenizer(&self) -> Tokenizer {
        self.tokenizer.clone()
    }

    /// The tokenizer after `merges` merges.
    fn after(&mut self, merges: usize) -> &Tokenizer {
        if merges >= self.tokenizer.merge_count() {
            return &self.tokenizer;
        }
        if self.early.as_ref().is_none_or(|(known, _)| *known != merges) {
            self.early = Some((merges, self.tokenizer.with_merges(merges)));
        }
        self.early.as_ref().map_or(&self.tokenizer, |(_, early)| early)
    }
}

#[wasm_bindgen]
impl TokenizerView {
    /// Reads a `tokenizer.json` or a `.tiktoken` file, the latter with the pattern that its size speaks for: GPT-4's
    /// where it speaks for none.
    pub fn from_file(name: &str, bytes: &[u8]) -> Answer<TokenizerView> {
        let json = bytes.trim_ascii_start().starts_with(b"{") || name.to_ascii_lowercase().ends_with(".json");
        let read = || -> Result<Tokenizer> {
            if json {
                return Tokenizer::from_json(bytes);
            }
            let pattern = Tokenizer::tiktoken_pattern(bytes).unwrap_or(Pattern::Cl100k);
            Tokenizer::from_tiktoken(bytes, pattern)
        };
        let tokenizer = read().map_err(|error| match error {
            Error::Format { message, .. } => Error::format(name, message),
            other => other,
        })?;
        Ok(TokenizerView::new(tokenizer))
    }

    /// The 256 bytes and no merge.
    pub fn bytes() -> Answer<TokenizerView> {
        Ok(TokenizerView::new(BpeTrainer::new(TrainOptions::new(256))?.finish_within()?))
    }

    /// The tokens of `text` with the first `merges` merges, `special` tokens taken as `text` or as `token`: `{ids, starts,
    /// segments}`. The starts are offsets in the bytes that the ids stand for, those of `text` unless the tokenizer adds
    /// or drops spaces, with their end at last. Segments are `{first, count, text}`, tokens that are whole characters.
    pub fn encode(&mut self, text: &[u8], merges: f64, special: &str) -> Answer<JsValue> {
        let special: SpecialHandling = special.parse()?;
        let tokenizer = self.after(merges as usize);
        let ids = tokenizer.encode_with(text, special);
        let mut starts = vec![0];
        for &id in &ids {
            let length = tokenizer.token_bytes(id).map_or(0, <[u8]>::len);
            starts.push(starts[starts.len() - 1] + length as u32);
        }
        let segments = tokenizer.segments(&ids)?;
        Ok(object(&[
            ("ids", Uint32Array::from(&ids[..]).into()),
            ("starts", Uint32Array::from(&starts[..]).into()),
            ("segments", to_js(&segments)),
        ]))
    }

    /// How the token `id` comes about: `{id, text, bytes, rank, left, right}`, left and right of the same shape. The rank
    /// is which merge it is, from 0; rank, left and right are null where no merge makes the token.
    pub fn tree(&self, id: u32) -> Answer<JsValue> {
        let nodes = self.tokenizer.merge_tree(id).ok_or_else(|| {
            Error::Usage(format!("there is no token {id}: the vocabulary has {} ids", self.tokenizer.vocab_size()))
        })?;
        // Halves stand before what they become, so no depth can be too deep.
        let mut shown_nodes: Vec<JsValue> = Vec::with_capacity(nodes.len());
        for node in nodes {
            let token = self.tokenizer.token_bytes(node.id).unwrap_or_default();
            let bytes: Array = token.iter().map(|&byte| JsValue::from(byte)).collect();
            let [rank, left, right] = match node.halves {
                Some(halves) => {
                    [halves.rank.into(), shown_nodes[halves.left].clone(), shown_nodes[halves.right].clone()]
                }
                None => [JsValue::NULL, JsValue::NULL, JsValue::NULL],
            };
            let shown = object(&[("id", node.id.into()), ("text", visible(token).into()), ("bytes", bytes.into())]);
            set(&shown, "rank", rank);
            set(&shown, "left", left);
            set(&shown, "right", right);
            shown_nodes.push(shown);
        }
        Ok(shown_nodes.pop().expect("a tree has a root"))
    }

    /// The highest id and one.
    #[wasm_bindgen(getter)]
    pub fn vocab_size(&self) -> usize {
        self.tokenizer.vocab_size()
    }

    /// How many merges there are.
    #[wasm_bindgen(getter)]
    pub fn merge_count(&self) -> usize {
        self.tokenizer.merge_count()
    }
}
