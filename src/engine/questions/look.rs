//! A look into the model between two steps: one prompt's attention, and what comes next of it.

use web_time::Instant;

use super::pieces::{candidates, piece};
use super::{ModelView, Question};
use crate::device::Device;
use crate::engine::protocol::Event;
use crate::engine::timeline::Snapshot;
use crate::generate::{Sampling, prompt_ids};
use crate::model::probe::{bits, entropies};
use crate::model::{Gpt, ModelConfig, Probe, Probing};
use crate::{Error, Result};

/// Tokens of the longest prompt that is looked at, where model and device take so many.
pub const MAX_PROMPT: usize = 256;

/// Tokens that are shown with their numbers: the likeliest, and the one that was drawn.
const MAX_LIKELIEST: usize = 64;

/// A requested look.
pub struct Look {
    prompt: String,
    /// Factors of the heads (L, H); empty for all at 1.
    factors: Vec<f32>,
    sampling: Sampling,
    /// The number of the uniform draw.
    draw: u64,
    /// The weights that are looked into; none: the live ones.
    at: Option<Snapshot>,
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
}

impl Question for Look {
    /// Of a prompt that is too long the end is looked at.
    fn advance(&mut self, view: &mut ModelView, deadline: Instant, events: &mut Vec<Event>) -> Result<bool> {
        let (model, tokenizer) = (view.model, view.tokenizer);
        let probe = view.tapes.probe(view.device, model)?;
        if self.probing.is_none() {
            let ids = prompt_ids(tokenizer, &self.prompt, view.end_of_text);
            let all = vec![1.0; model.config.layers * model.config.heads];
            let factors = if self.factors.is_empty() { &all } else { &self.factors };
            self.probing = Some(probe.begin(&ids[ids.len().saturating_sub(probe.longest)..], factors)?);
        }
        let probing = self.probing.as_mut().expect("begun above");
        let Some(seen) = probe.advance(probing, deadline)? else { return Ok(false) };
        let logits = seen.logits_after(seen.tokens.len() - 1);
        let found = self.sampling.distribution(logits);
        let uniform = self.sampling.draw(self.draw);
        let picked = found.pick(uniform);
        let beyond = (found.ranks[picked as usize] as usize >= MAX_LIKELIEST).then_some(&picked);
        let shown = found.ranked.iter().take(MAX_LIKELIEST).chain(beyond);
        events.push(Event::Looked {
            step: view.step,
            prompt: std::mem::take(&mut self.prompt),
            tokens: seen.tokens.iter().map(|id| piece(tokenizer, *id)).collect(),
            layers: seen.layers,
            heads: seen.heads,
            entropy: entropies(&seen.attention, seen.tokens.len()).heads.into_iter().map(bits).collect(),
            candidates: candidates(tokenizer, &found, logits, shown),
            vocab: found.ranked.len(),
            kept: found.kept,
            uniform,
            picked,
            logits: logits.to_vec(),
            attention: seen.attention,
            id: view.id,
        });
        Ok(true)
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        self.at.as_ref()
    }
}
