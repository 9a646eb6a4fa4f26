//! A look into the model between two steps: one prompt's attention, and what comes next of it.

use web_time::Instant;

use crate::device::Device;
use crate::engine::protocol::{Candidate, Event, Piece};
use crate::engine::timeline::Snapshot;
use crate::generate::{Sampling, prompt_ids};
use crate::model::probe::{bits, entropies};
use crate::model::{Gpt, ModelConfig, Probe, Probing};
use crate::sampling::Distribution;
use crate::tokenizer::Tokenizer;
use crate::{Error, Result};

/// Tokens of the longest prompt that is looked at, where model and device take so many.
pub const MAX_PROMPT: usize = 256;

/// Tokens that are told of with their numbers: the likeliest, and the one that was drawn.
const MAX_LIKELIEST: usize = 64;

/// A look that was asked for.
pub struct Look {
    prompt: String,
    /// Factors of the heads (L, H); empty for all at 1.
    factors: Vec<f32>,
    sampling: Sampling,
    /// The number of the uniform draw.
    draw: u64,
    /// The weights that are looked into; none: the live ones.
    pub at: Option<Snapshot>,
    probing: Option<Probing>,
}

/// A probe for looks at `model`.
pub fn probe(device: &Device, model: &Gpt) -> Result<Probe> {
    Probe::new(device, model, MAX_PROMPT.min(Probe::most(device, &model.config)))
}

/// Refuses factors that are not one for each head of the model.
pub fn check_factors(model: &ModelConfig, factors: &[f32]) -> Result<()> {
    let heads = model.layers * model.heads;
    if !factors.is_empty() && factors.len() != heads {
        let found = factors.len();
        return Err(Error::Usage(format!("expected a factor for each of {heads} heads, or none; found {found}")));
    }
    Ok(())
}

impl Look {
    /// A look at `prompt`, with the heads scaled by `factors`.
    pub fn new(prompt: String, factors: Vec<f32>, sampling: Sampling, draw: u64, at: Option<Snapshot>) -> Look {
        Look { prompt, factors, sampling, draw, at, probing: None }
    }

    /// Goes on until `deadline`; what was seen, once it is there. Of a prompt that is too long the end is looked at.
    pub fn advance(
        &mut self,
        probe: &Probe,
        model: &Gpt,
        (tokenizer, end_of_text): (&Tokenizer, u32),
        step: u64,
        deadline: Instant,
    ) -> Result<Option<Event>> {
        if self.probing.is_none() {
            let ids = prompt_ids(tokenizer, &self.prompt, end_of_text);
            let all = vec![1.0; model.config.layers * model.config.heads];
            let factors = if self.factors.is_empty() { &all } else { &self.factors };
            self.probing = Some(probe.begin(&ids[ids.len().saturating_sub(probe.longest)..], factors)?);
        }
        let probing = self.probing.as_mut().expect("begun above");
        let Some(seen) = probe.advance(probing, deadline)? else { return Ok(None) };
        let logits = seen.logits_after(seen.tokens.len() - 1);
        let found = self.sampling.distribution(logits);
        let uniform = self.sampling.draw(self.draw);
        let picked = found.pick(uniform);
        let beyond = (found.ranks[picked as usize] as usize >= MAX_LIKELIEST).then_some(&picked);
        let told = found.ranked.iter().take(MAX_LIKELIEST).chain(beyond);
        Ok(Some(Event::Looked {
            step,
            prompt: std::mem::take(&mut self.prompt),
            tokens: seen.tokens.iter().map(|id| piece(tokenizer, *id)).collect(),
            layers: seen.layers,
            heads: seen.heads,
            entropy: entropies(&seen.attention, seen.tokens.len()).heads.into_iter().map(bits).collect(),
            candidates: candidates(tokenizer, &found, logits, told),
            vocab: found.ranked.len(),
            kept: found.kept,
            uniform,
            picked,
            logits: logits.to_vec(),
            attention: seen.attention,
        }))
    }
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

/// All tokens of a tokenizer for a model of `vocab`, which may know of more.
pub fn pieces(tokenizer: &Tokenizer, vocab: usize) -> Event {
    Event::Pieces { texts: (0..vocab as u32).map(|id| piece(tokenizer, id).text).collect() }
}

/// A token with its text.
pub fn piece(tokenizer: &Tokenizer, id: u32) -> Piece {
    let text = tokenizer.token_bytes(id).map(crate::tokenizer::visible);
    let special = || tokenizer.special_tokens().find(|(_, other)| *other == id).map(|(name, _)| name.to_owned());
    Piece { id, text: special().or(text).unwrap_or_default() }
}
