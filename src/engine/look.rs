//! A look into the model between two steps: one prompt's attention, and what comes next of it.

use web_time::Instant;

use super::protocol::{Candidate, Event, Piece};
use crate::Result;
use crate::device::Device;
use crate::generate::{Sampling, prompt_ids};
use crate::model::probe::{bits, entropies};
use crate::model::{Gpt, Probe, Probing};
use crate::tokenizer::Tokenizer;

/// Tokens of the longest prompt that is looked at, where model and device take so many.
pub const LONGEST: usize = 256;

/// Tokens that are told of with their numbers: the likeliest, and the one that was drawn.
const CANDIDATES: usize = 64;

/// A look that was asked for.
pub struct Look {
    prompt: String,
    /// Factors of the heads (L, H); empty for all at 1.
    factors: Vec<f32>,
    sampling: Sampling,
    /// The number of the uniform draw.
    draw: u64,
    probing: Option<Probing>,
}

/// A probe for looks at `model`.
pub fn probe(device: &Device, model: &Gpt) -> Result<Probe> {
    Probe::new(device, model, LONGEST.min(Probe::most(device, &model.config)))
}

/// The probe for looks at `model`, made when it is first asked for.
pub fn ready<'a>(probe: &'a mut Option<Probe>, device: &Device, model: &Gpt) -> Result<&'a Probe> {
    if probe.is_none() {
        *probe = Some(self::probe(device, model)?);
    }
    Ok(probe.as_ref().expect("made above"))
}

impl Look {
    /// A look at `prompt`, with the heads scaled by `factors`.
    pub fn new(prompt: String, factors: Vec<f32>, sampling: Sampling, draw: u64) -> Look {
        Look { prompt, factors, sampling, draw, probing: None }
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
        let found = self.sampling.distribution(seen.logits_after(seen.tokens.len() - 1));
        let uniform = self.sampling.draw(self.draw);
        let picked = found.pick(uniform);
        let told = found.ranked.iter().take(CANDIDATES).copied();
        let beyond = (found.ranks[picked as usize] as usize >= CANDIDATES).then_some(picked);
        let logits = seen.logits_after(seen.tokens.len() - 1);
        let candidates = told.chain(beyond).map(|id| {
            let at = id as usize;
            Candidate {
                piece: piece(tokenizer, id),
                rank: found.ranks[at],
                logit: logits[at],
                probability: found.probabilities[at],
                log_probability: found.log_probabilities[at],
                tempered: found.tempered[at],
                share: found.shares[at],
            }
        });
        Ok(Some(Event::Looked {
            step,
            prompt: std::mem::take(&mut self.prompt),
            tokens: seen.tokens.iter().map(|id| piece(tokenizer, *id)).collect(),
            layers: seen.layers,
            heads: seen.heads,
            entropy: entropies(&seen.attention, seen.tokens.len()).heads.into_iter().map(bits).collect(),
            candidates: candidates.collect(),
            vocab: found.ranked.len(),
            kept: found.kept,
            uniform,
            picked,
            attention: seen.attention,
        }))
    }
}

/// A token and its text.
pub fn piece(tokenizer: &Tokenizer, id: u32) -> Piece {
    let text = tokenizer.token_bytes(id).map(crate::tokenizer::visible);
    let special = || tokenizer.special_tokens().find(|(_, other)| *other == id).map(|(name, _)| name.to_owned());
    Piece { id, text: special().or(text).unwrap_or_default() }
}
