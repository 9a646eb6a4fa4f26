//! What the tokens of a model stand for.

use web_time::Instant;

use super::{ModelView, Question};
use crate::Result;
use crate::engine::protocol::{Candidate, Event, Piece};
use crate::sampling::Distribution;
use crate::tokenizer::Tokenizer;

/// Asks for all tokens of the model, which may know of more than its tokenizer.
pub struct Pieces;

impl Question for Pieces {
    fn advance(&mut self, view: &mut ModelView, _: Instant, events: &mut Vec<Event>) -> Result<bool> {
        let vocab = view.model.config.vocab as u32;
        events
            .push(Event::Pieces { texts: (0..vocab).map(|id| piece(view.tokenizer, id).text).collect(), id: view.id });
        Ok(true)
    }

    fn is_immediate(&self) -> bool {
        true
    }
}

/// A token with its text.
pub fn piece(tokenizer: &Tokenizer, id: u32) -> Piece {
    let text = tokenizer.token_bytes(id).map(crate::tokenizer::visible);
    let special = || tokenizer.special_tokens().find(|(_, other)| *other == id).map(|(name, _)| name.to_owned());
    Piece { id, text: special().or(text).unwrap_or_default() }
}

/// Tokens with their numbers in a distribution over `logits`.
pub fn candidates<'a>(
    tokenizer: &Tokenizer,
    found: &Distribution,
    logits: &[f32],
    ids: impl Iterator<Item = &'a u32>,
) -> Vec<Candidate> {
    let candidate = |id: &u32| {
        let at = *id as usize;
        Candidate {
            piece: piece(tokenizer, *id),
            rank: found.ranks[at],
            logit: logits[at],
            probability: found.probabilities[at],
            log_probability: found.log_probabilities[at],
            tempered: found.tempered[at],
            reached: found.reached[found.ranks[at] as usize],
            share: found.shares[at],
        }
    };
    ids.map(candidate).collect()
}
