//! Tokens out of a model: prefill in chunks, then one token at a time over a cache of keys and values.

use serde::{Deserialize, Serialize};
use web_time::Instant;

use crate::device::{Device, Element, Reading, View};
use crate::model::{Attend, Gpt, ModelConfig};
use crate::ops::{self, Tokens};
pub use crate::sampling::{Sampling, softmax};
use crate::tape::{Recording, SCALARS, Scalar, Tape, Tensor, step_scalars};
use crate::tokenizer::Tokenizer;
use crate::{Error, Result};

/// Tokens of the prompt that one call encodes.
const CHUNK: usize = 64;

/// The tokens that a model goes on from: those of the prompt, with special tokens in it as text and nothing in front; where
/// it is empty, `end_of_text` alone, as in front of every document.
pub fn prompt_ids(tokenizer: &Tokenizer, prompt: &str, end_of_text: u32) -> Vec<u32> {
    match prompt {
        "" => vec![end_of_text],
        _ => tokenizer.encode(prompt.as_bytes()),
    }
}

/// One new token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Choice {
    /// The token.
    pub id: u32,
    /// What the model gives it at temperature 1, before top-k and top-p.
    pub probability: f64,
}

/// The recorded passes of generation, over one model.
pub struct Generator {
    device: Device,
    config: ModelConfig,
    prefill: TokenPass,
    decode: TokenPass,
    logits: Tensor,
    scalars: View,
    caches: Vec<View>,
}

struct TokenPass {
    recording: Recording,
    tokens: Tokens,
    size: usize,
}

impl Drop for Generator {
    fn drop(&mut self) {
        self.caches.iter().chain([&self.scalars]).for_each(|view| self.device.free(view.buffer));
    }
}

/// A sequence under way.
pub struct Generation {
    /// The prompt and what has been generated.
    pub ids: Vec<u32>,
    /// Tokens that are taken before any is drawn, the last one first.
    given: Vec<u32>,
    sampling: Sampling,
    drawn: u64,
    /// Tokens of the current window that the cache holds, and where in `ids` that window starts.
    cached: usize,
    start: usize,
    at: usize,
    reading: Option<Reading>,
}

impl Generation {
    /// Begins with a prompt of at least one token.
    pub fn new(prompt: &[u32], sampling: Sampling) -> Generation {
        Generation::with(prompt, &[], sampling)
    }

    /// Begins with a prompt of at least one token, and takes the tokens `given` behind it before it draws. Each of them
    /// counts as a draw, so that what is drawn behind those that would have been drawn is the same.
    pub fn with(prompt: &[u32], given: &[u32], sampling: Sampling) -> Generation {
        assert!(!prompt.is_empty(), "generation: expected a prompt of at least one token");
        let given = given.iter().rev().copied().collect();
        Generation { ids: prompt.to_vec(), given, sampling, drawn: 0, cached: 0, start: 0, at: 0, reading: None }
    }

    /// The pass to run next: its tokens, and whether it is the one that gives logits.
    fn next(&self) -> (std::ops::Range<usize>, bool) {
        let first = self.start + self.cached;
        let left = self.ids.len() - first;
        if left > 1 { (first..first + (left - 1).min(CHUNK), false) } else { (first..first + 1, true) }
    }
}

impl Generator {
    /// Records prefill and decoding for one sequence.
    pub fn new(device: &Device, model: &Gpt) -> Result<Generator> {
        let config = model.config;
        let scalars = step_scalars(device);
        let shape = [config.context, 2 * config.channels];
        let caches: Vec<View> =
            (0..config.layers).map(|_| device.allocate(Element::Float, shape[0] * shape[1]).view()).collect();
        let record = |size: usize, head: bool| {
            let mut tape = Tape::new(device, scalars, false);
            let tokens = Tokens::new(&mut tape, 1, size, config.vocab);
            let bound = model.bind(&tape);
            let caches: Vec<Tensor> = caches.iter().map(|view| Tensor::parameter(&shape, *view, None)).collect();
            let hidden = bound.forward(&mut tape, &tokens, &Attend::Cached(&caches));
            let logits = head.then(|| ops::logits(&mut tape, &hidden, bound.get("wte.weight")));
            Ok::<_, Error>((TokenPass { recording: tape.finish()?, tokens, size }, logits))
        };
        let (prefill, _) = record(CHUNK.min(config.context), false)?;
        let (decode, logits) = record(1, true)?;
        let logits = logits.expect("the decoding pass has a head");
        Ok(Generator { device: device.clone(), config, prefill, decode, logits, scalars, caches })
    }

    /// Goes on until `deadline`; the next token once its logits have arrived, and those.
    pub fn advance(&self, generation: &mut Generation, deadline: Instant) -> Result<Option<(Choice, Vec<f32>)>> {
        let g = generation;
        loop {
            if let Some(reading) = &mut g.reading {
                let Some(logits) = reading.poll() else { return Ok(None) };
                let logits = logits?.f32();
                g.reading = None;
                return Ok(Some(self.choose(g, logits)?));
            }
            if g.at == 0 && g.ids.len() - g.start > self.config.context {
                // Past the context every token has a new position: the last `context` of them are encoded again.
                (g.start, g.cached) = (g.ids.len() - self.config.context, 0);
            }
            let (range, decodes) = g.next();
            let pass = if decodes { &self.decode } else { &self.prefill };
            if g.at == 0 {
                self.write(pass, &g.ids[range.clone()], g.cached);
            }
            g.at = pass.recording.advance(g.at, deadline)?;
            if g.at == pass.recording.len() {
                g.at = 0;
                g.cached += range.len();
                if decodes {
                    g.reading = Some(self.device.read(self.logits.view()));
                    continue;
                }
            }
            if Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }

    fn write(&self, pass: &TokenPass, ids: &[u32], cached: usize) {
        let mut padded = ids[..ids.len().min(pass.size)].to_vec();
        padded.resize(pass.size, 0);
        pass.tokens.write(&self.device, &padded);
        let mut scalars = [0.0; SCALARS];
        scalars[Scalar::CacheLength as usize] = cached as f64;
        self.device.write_f64(self.scalars, &scalars);
    }

    fn choose(&self, g: &mut Generation, logits: Vec<f32>) -> Result<(Choice, Vec<f32>)> {
        if logits.iter().any(|x| !x.is_finite()) {
            return Err(Error::format(
                "model.safetensors",
                "the model's logits are not finite: its weights are damaged",
            ));
        }
        let id = g.given.pop().unwrap_or_else(|| g.sampling.choose(&logits, g.sampling.draw(g.drawn)));
        g.drawn += 1;
        g.ids.push(id);
        let probabilities = softmax(&logits.iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
        Ok((Choice { id, probability: probabilities[id as usize] }, logits))
    }

    /// The next token at once.
    pub async fn next(&self, generation: &mut Generation) -> Result<(Choice, Vec<f32>)> {
        loop {
            if let Some(reading) = generation.reading.take() {
                let logits = reading.numbers().await?.f32();
                return self.choose(generation, logits);
            }
            // A deadline that has passed: one slice, and no polling of the reading that it begins.
            if let Some(result) = self.advance(generation, Instant::now())? {
                return Ok(result);
            }
        }
    }
}
