//! A forward pass to look into: the attention of every head and the logits of every position of one prompt, with heads
//! switched off, alone or up at will, or every stop of one layer. Training has a tape of its own, and the weights are the
//! live ones.

use std::cell::RefCell;

use serde::{Deserialize, Serialize};
use web_time::Instant;

use super::trace::{Notes, READ, Stop, Traced};
use super::{Attend, Gpt, ModelConfig, Weights};
use crate::device::{Device, Reading, View};
use crate::ops::{self, Tokens};
use crate::tape::{Recording, Tape, Tensor, step_scalars};
use crate::{Error, Result};

/// What a pass scales and what it leaves behind, a layer each.
pub struct Observer {
    /// Factors of the heads' outputs, (H).
    factors: Vec<Tensor>,
    /// Attention probabilities, (H, T, T), in the order in which layers are recorded.
    attention: RefCell<Vec<Tensor>>,
    /// Tokens of the window, T.
    context: usize,
}

impl Observer {
    /// Attention as training computes it, its probabilities kept and its heads scaled: (T, C).
    pub(super) fn attention(&self, tape: &mut Tape, qkv: &Tensor, layer: usize, heads: usize) -> Tensor {
        self.attention.borrow_mut().push(ops::attention_weights(tape, qkv, self.context, heads));
        let y = ops::attention(tape, qkv, self.context, heads);
        ops::scale_heads(tape, &y, &self.factors[layer])
    }
}

/// The recorded pass, over one model.
pub struct Probe {
    device: Device,
    config: ModelConfig,
    /// Tokens of the longest prompt.
    pub longest: usize,
    recording: Recording,
    scalars: View,
    tokens: Tokens,
    observer: Observer,
    /// The tokens' rows of the token table, and what was added to them: zeros.
    rows: [Tensor; 2],
    /// The position table.
    positions: View,
    notes: Notes,
    logits: Tensor,
}

impl Drop for Probe {
    fn drop(&mut self) {
        self.device.free(self.scalars.buffer);
    }
}

/// A pass under way.
pub struct Probing {
    tokens: Vec<u32>,
    factors: Vec<f32>,
    at: usize,
    /// What is read, each once so many dispatches have run.
    plan: Vec<(usize, View)>,
    readings: Vec<Reading>,
    arrived: Vec<Vec<f32>>,
}

/// A pass under way that records one layer and head.
pub struct Tracing {
    probing: Probing,
    layer: usize,
    head: usize,
}

/// What a pass showed of a prompt of T tokens.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Probed {
    /// The prompt.
    pub tokens: Vec<u32>,
    /// L and H.
    pub layers: usize,
    /// Heads of a layer.
    pub heads: usize,
    /// Attention probabilities (L, H, T, T), a query each row: zeros above the diagonal. Also of heads that are off.
    pub attention: Vec<f32>,
    /// Logits (T, V): each position's, of the token after it.
    pub logits: Vec<f32>,
}

impl Probed {
    /// The probabilities (T, T) of one head.
    pub fn head(&self, layer: usize, head: usize) -> &[f32] {
        assert!(layer < self.layers && head < self.heads, "head: {layer}.{head} of {}.{}", self.layers, self.heads);
        let square = self.tokens.len() * self.tokens.len();
        &self.attention[(layer * self.heads + head) * square..][..square]
    }

    /// The logits of the token after the one at `position`.
    pub fn logits_after(&self, position: usize) -> &[f32] {
        let vocab = self.logits.len() / self.tokens.len();
        &self.logits[position * vocab..][..vocab]
    }
}

impl Probe {
    /// Records the pass for prompts of up to `longest` tokens, over the weights that `model` has whenever it runs.
    /// Refuses a length that the model or the device does not take.
    pub fn new(device: &Device, model: &Gpt, longest: usize) -> Result<Probe> {
        let config = model.config;
        let most = Probe::most(device, &config);
        if !(1..=most).contains(&longest) {
            return Err(Error::Config(format!(
                "a prompt of {longest} tokens was to be looked into, and {} takes 1 to {most} of this model",
                device.name()
            )));
        }
        let scalars = step_scalars(device);
        let mut tape = Tape::new(device, scalars, false);
        let tokens = Tokens::new(&mut tape, 1, longest, config.vocab);
        let factors = (0..config.layers).map(|_| tape.tensor(&[config.heads])).collect();
        let observer = Observer { factors, attention: RefCell::default(), context: longest };
        let notes = RefCell::new(Notes::default());
        let bound = Weights { notes: Some(&notes), ..model.bind(&tape) };
        let (table, positions) = (bound.get("wte.weight"), bound.get("wpe.weight").view());
        // Nothing ever writes to the zeros, which is why they are kept.
        let zeros = tape.tensor(&[longest, config.channels]);
        let rows = [ops::embedding(&mut tape, &tokens, table, &zeros), zeros];
        let hidden = bound.forward(&mut tape, &tokens, &Attend::Observed(&observer));
        let logits = ops::logits(&mut tape, &hidden, table);
        bound.release(&tape);
        drop(bound);
        let (recording, notes) = (tape.finish()?, notes.into_inner());
        let device = device.clone();
        Ok(Probe { device, config, longest, recording, scalars, tokens, observer, rows, positions, notes, logits })
    }

    /// Tokens of the longest prompt of which the device binds attention and logits: at most the model's context.
    pub fn most(device: &Device, config: &ModelConfig) -> usize {
        // Kernels count elements in 32 bits.
        let binding = device.max_binding().min(u32::MAX as usize);
        config.context.min(binding / config.vocab).min((binding / config.heads).isqrt())
    }

    /// Bytes that a probe takes on a device in f32 beside the model, the copies that are read among them.
    pub fn required_bytes(config: &ModelConfig, longest: usize) -> Result<u64> {
        // A CPU device takes memory when it is first used, so recording on one only counts.
        let planner = Device::cpu();
        let model = Gpt::new(&planner, *config, false)?;
        let before = planner.bytes();
        let probe = Probe::new(&planner, &model, longest)?;
        let read: u64 = probe.shown().map(|view| 4 * view.len as u64).sum();
        Ok(planner.bytes() - before + read)
    }

    /// What is read: each layer's attention, then the logits.
    fn shown(&self) -> impl Iterator<Item = View> {
        let attention: Vec<View> = self.observer.attention.borrow().iter().map(Tensor::view).collect();
        attention.into_iter().chain([self.logits.view()])
    }

    /// Begins a pass over `tokens`. `factors` (L, H) multiply what each head gives: 1 leaves it, 0 switches it off.
    /// Refuses a prompt that is empty, too long, or of other tokens than the model's.
    ///
    /// # Panics
    /// When there is not one factor a head.
    pub fn begin(&self, tokens: &[u32], factors: &[f32]) -> Result<Probing> {
        let ModelConfig { layers, heads, vocab, .. } = self.config;
        assert_eq!(factors.len(), layers * heads, "probe: expected a factor for each of {layers} x {heads} heads");
        if !(1..=self.longest).contains(&tokens.len()) {
            let (found, most) = (tokens.len(), self.longest);
            return Err(Error::Usage(format!("expected a prompt of 1 to {most} tokens, found {found}")));
        }
        if let Some(id) = tokens.iter().find(|id| **id as usize >= vocab) {
            return Err(Error::Usage(format!("the prompt has token {id}, and the model knows those below {vocab}")));
        }
        // Each layer's attention, then the logits: of these, those of the prompt's positions.
        let all = self.recording.len();
        let cut = |(i, view): (usize, View)| if i < layers { view } else { self.rows_of(view, tokens.len()) };
        let plan = self.shown().enumerate().map(|view| (all, cut(view))).collect();
        let (tokens, factors) = (tokens.to_vec(), factors.to_vec());
        Ok(Probing { tokens, factors, at: 0, plan, readings: Vec::new(), arrived: Vec::new() })
    }

    /// Begins a pass over `tokens` that records every stop in one layer and head. Refuses what [`Probe::begin`]
    /// refuses.
    ///
    /// # Panics
    /// When there is no such head.
    pub fn begin_trace(&self, tokens: &[u32], layer: usize, head: usize) -> Result<Tracing> {
        let ModelConfig { layers, heads, .. } = self.config;
        assert!(layer < layers && head < heads, "trace: {layer}.{head} of {layers}.{heads}");
        let mut probing = self.begin(tokens, &vec![1.0; layers * heads])?;
        let len = tokens.len();
        let attention = self.observer.attention.borrow()[layer].view();
        let square = self.longest * self.longest;
        let attention = attention.slice(head * square..head * square + len * self.longest);
        let (first, embedding) = self.notes.find("embedding");
        let stream = |behind: usize| match behind {
            0 => (first, embedding),
            _ => self.notes.find(&format!("h.{}", behind - 1)),
        };
        let here = |name: &str| self.notes.find(&format!("h.{layer}{name}"));
        let read = READ.map(|stop| match stop {
            Stop::TokenEmbedding => (first, self.rows[0].view()),
            Stop::PositionEmbedding => (first, self.positions),
            Stop::Embedding => (first, embedding),
            Stop::Input => stream(layer),
            Stop::Norm1 => here(".ln_1"),
            Stop::Heads => here(".attn.heads"),
            Stop::AttentionProjection => here(".attn.c_proj"),
            Stop::AttentionSum => here(".attn"),
            Stop::Norm2 => here(".ln_2"),
            Stop::Hidden => here(".mlp.c_fc"),
            Stop::Gelu => here(".mlp.act"),
            Stop::MlpProjection => here(".mlp.c_proj"),
            _ => stream(layer + 1),
        });
        let last = [stream(layers), self.notes.find("ln_f"), (self.recording.len(), self.logits.view())];
        let rows = |(at, view): (usize, View)| {
            let rows = if view == self.positions { self.config.context } else { self.longest };
            (at, view.slice(0..len * (view.len / rows)))
        };
        let block = here("").0;
        probing.plan = read.into_iter().chain([here(".attn.c_attn")]).map(rows).collect();
        probing.plan.push((block, attention));
        probing.plan.extend(last.map(rows));
        Ok(Tracing { probing, layer, head })
    }

    /// Goes on until `deadline`; the result once all of it has arrived. Between its first and its last call no other
    /// pass of this probe runs, and nothing changes the weights.
    pub fn advance(&self, probing: &mut Probing, deadline: Instant) -> Result<Option<Probed>> {
        Ok(self.go_on(probing, deadline)?.then(|| self.cut(probing)))
    }

    /// The same for a pass that records every stop.
    pub fn advance_trace(&self, tracing: &mut Tracing, deadline: Instant) -> Result<Option<Traced>> {
        if !self.go_on(&mut tracing.probing, deadline)? {
            return Ok(None);
        }
        let Tracing { probing, layer, head } = tracing;
        let (tokens, mut read) = (std::mem::take(&mut probing.tokens), std::mem::take(&mut probing.arrived));
        let rest = read.split_off(READ.len());
        let [qkv, attention, last, norm, logits] = rest.try_into().expect("five more are read");
        let weights = attention.chunks(self.longest).flat_map(|row| row[..tokens.len()].to_vec()).collect();
        let rest = [qkv, weights, last, norm, logits];
        Ok(Some(Traced::new(self.config, tokens, [*layer, *head], read, rest)))
    }

    /// Runs and reads until `deadline`; says whether all has arrived.
    fn go_on(&self, p: &mut Probing, deadline: Instant) -> Result<bool> {
        if p.at == 0 && p.readings.is_empty() {
            self.write(p);
        }
        while let Some((at, view)) = p.plan.get(p.readings.len()) {
            if p.at >= *at {
                p.readings.push(self.device.read(*view));
                continue;
            }
            p.at = self.recording.advance_to(*at, p.at, deadline)?;
            if p.at < *at && Instant::now() >= deadline {
                return Ok(false);
            }
        }
        while let Some(reading) = p.readings.get_mut(p.arrived.len()) {
            let Some(numbers) = reading.poll() else { return Ok(false) };
            p.arrived.push(numbers?.f32());
        }
        Ok(true)
    }

    /// The whole pass at once.
    pub async fn run(&self, tokens: &[u32], factors: &[f32]) -> Result<Probed> {
        let mut probing = self.begin(tokens, factors)?;
        self.write(&probing);
        self.recording.replay()?;
        for (_, view) in &probing.plan {
            probing.arrived.push(self.device.read(*view).numbers().await?.f32());
        }
        Ok(self.cut(&mut probing))
    }

    fn write(&self, probing: &Probing) {
        let mut padded = probing.tokens.clone();
        padded.resize(self.longest, 0);
        self.tokens.write(&self.device, &padded);
        for (factors, values) in self.observer.factors.iter().zip(probing.factors.chunks(self.config.heads)) {
            self.device.write(factors.view(), values);
        }
    }

    /// The first `len` rows of what has one for each token of the longest prompt.
    fn rows_of(&self, view: View, len: usize) -> View {
        view.slice(0..len * (view.len / self.longest))
    }

    /// What has arrived, without the padding.
    fn cut(&self, probing: &mut Probing) -> Probed {
        let ModelConfig { layers, heads, .. } = self.config;
        let tokens = std::mem::take(&mut probing.tokens);
        let mut arrived = std::mem::take(&mut probing.arrived).into_iter();
        let mut attention = Vec::with_capacity(layers * heads * tokens.len() * tokens.len());
        for layer in arrived.by_ref().take(layers) {
            for head in layer.chunks(self.longest * self.longest) {
                head.chunks(self.longest).take(tokens.len()).for_each(|row| attention.extend(&row[..tokens.len()]));
            }
        }
        let logits = arrived.next().expect("the logits are read last");
        Probed { tokens, layers, heads, attention, logits }
    }
}

/// How evenly a query attends, in nats: -Σ p ln p. 0 where it looks at one token alone, ln n where at n of them alike.
pub fn entropy(probabilities: &[f32]) -> f64 {
    let terms = probabilities.iter().map(|p| f64::from(*p)).filter(|p| *p > 0.0).map(|p| -p * libm::log(p));
    terms.sum::<f64>().max(0.0)
}

/// Nats as bits.
pub fn bits(nats: f64) -> f64 {
    nats / std::f64::consts::LN_2
}

/// The entropies of heads, in nats.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entropies {
    /// Of each row: (heads, T).
    pub rows: Vec<f64>,
    /// Each head's mean over its rows: (heads).
    pub heads: Vec<f64>,
}

/// The entropies of `attention` (heads, T, T) over a prompt of `len` tokens; heads may be those of all layers.
pub fn entropies(attention: &[f32], len: usize) -> Entropies {
    let rows: Vec<f64> = attention.chunks_exact(len).map(entropy).collect();
    let heads = rows.chunks_exact(len).map(|rows| rows.iter().sum::<f64>() / len as f64).collect();
    Entropies { rows, heads }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropies_by_hand() {
        assert_eq!((entropy(&[1.0, 0.0]), entropy(&[0.0])), (0.0, 0.0));
        let half = entropies(&[1.0, 0.0, 0.5, 0.5, 1.0, 0.0, 0.0, 1.0], 2);
        let ln2 = std::f64::consts::LN_2;
        assert_eq!(half.rows.iter().map(|nats| bits(*nats)).collect::<Vec<_>>(), [0.0, 1.0, 0.0, 0.0]);
        assert_eq!(half, Entropies { rows: vec![0.0, ln2, 0.0, 0.0], heads: vec![ln2 / 2.0, 0.0] });
        // 1/8 · 3 + 2/8 · 2 + 5/8 · log2(8/5) bits.
        let uneven = bits(entropy(&[0.125, 0.25, 0.625]));
        assert!((uneven - (0.875 + 0.625 * (1.6_f64).log2())).abs() < 1e-12, "{uneven}");
    }

    #[test]
    fn what_a_probe_takes() {
        let config = ModelConfig { layers: 2, heads: 2, channels: 16, context: 8, vocab: 50 };
        let [short, long] = [4, 8].map(|longest| Probe::required_bytes(&config, longest).unwrap());
        let shown = |len: usize| 2 * 4 * (2 * 2 * len * len + len * 50) as u64;
        assert!(shown(4) < short && short < long && shown(8) < long, "{short} {long}");
        assert!(Probe::required_bytes(&config, 9).is_err(), "more than the context");
        assert!(Probe::required_bytes(&config, 0).is_err());
    }
}
