//! The GPT: its configuration, its parameters on a device, and its forward pass.

mod backup;
pub mod config;
pub mod parameters;
pub mod parts;
pub mod probe;
pub mod trace;

pub use backup::Backup;
pub use config::{ModelConfig, Preset};
pub use probe::{Probe, Probed, Probing};
pub use trace::Traced;

use std::cell::RefCell;
use std::collections::HashMap;

use crate::device::{Device, Element, View};
use crate::ops::{self, Tokens};
use crate::tape::{Tape, Tensor};
use crate::{Error, Result};
use parameters::{Parameter, initialise, parameters};

/// Elements that a parameter's place in its arena is aligned to: 256 bytes of f32, what every adapter can bind.
const ALIGNMENT: usize = 64;

/// A GPT-2 on a device: parameters in one arena, those with weight decay first; gradients and moments laid out alike.
pub struct Gpt {
    /// Its shape.
    pub config: ModelConfig,
    /// Its parameters, in the order of the list.
    pub list: Vec<Parameter>,
    device: Device,
    /// First element of each parameter in every arena.
    offsets: Vec<usize>,
    /// Elements of the part of an arena that decays.
    decaying: usize,
    len: usize,
    weights: View,
    training: Option<Training>,
}

/// The arenas that only training needs.
#[derive(Clone, Copy)]
struct Training {
    gradients: View,
    moments: [View; 2],
}

impl Drop for Gpt {
    fn drop(&mut self) {
        self.device.free(self.weights.buffer);
        if let Some(Training { gradients, moments: [first, second] }) = self.training {
            [gradients, first, second].iter().for_each(|view| self.device.free(view.buffer));
        }
    }
}

impl Gpt {
    /// A model of zeros, with gradients and moments where it is to be trained. Refuses a shape that cannot be built.
    pub fn new(device: &Device, config: ModelConfig, training: bool) -> Result<Gpt> {
        config.validate()?;
        let list = parameters(&config);
        let mut offsets = vec![0; list.len()];
        let (mut len, mut decaying) = (0, 0);
        for decay in [true, false] {
            for i in (0..list.len()).filter(|&i| list[i].decay == decay) {
                offsets[i] = len;
                len += list[i].len().next_multiple_of(ALIGNMENT);
            }
            if decay {
                decaying = len;
            }
        }
        let arena = || device.allocate(Element::Float, len).view();
        let weights = arena();
        let training = training.then(|| Training { gradients: arena(), moments: [arena(), arena()] });
        Ok(Gpt { config, list, device: device.clone(), offsets, decaying, len, weights, training })
    }

    /// Where parameter `i` of the list lies in an arena.
    fn part(&self, arena: View, i: usize) -> View {
        arena.slice(self.offsets[i]..self.offsets[i] + self.list[i].len())
    }

    /// Draws the first values of all parameters from `seed`: the same bits on every device.
    pub fn initialise(&self, seed: u64) {
        for (i, parameter) in self.list.iter().enumerate() {
            self.device.write(self.part(self.weights, i), &initialise(parameter, i, seed));
        }
    }

    /// Writes a parameter's numbers.
    ///
    /// # Panics
    /// When there is none of that name, or of another length.
    pub fn write(&self, name: &str, values: &[f32]) {
        self.device.write(self.whole(self.weights, name, values.len()), values);
    }

    /// Writes a parameter's first and second moment.
    ///
    /// # Panics
    /// When there is none of that name, or of another length, or the model is not for training.
    pub fn write_moments(&self, name: &str, first: &[f32], second: &[f32]) {
        let moments = self.training.expect("write_moments: the model is for training").moments;
        for (arena, values) in moments.into_iter().zip([first, second]) {
            self.device.write(self.whole(arena, name, values.len()), values);
        }
    }

    fn whole(&self, arena: View, name: &str, len: usize) -> View {
        let i = self.list.iter().position(|p| p.name == name).unwrap_or_else(|| panic!("no parameter {name}"));
        assert_eq!(self.list[i].len(), len, "{name}: expected {} values, got {len}", self.list[i].len());
        self.part(arena, i)
    }

    /// All parameters as they lie on the device, with the gaps between them.
    pub fn arena(&self) -> View {
        self.weights
    }

    /// Where the parameter of that name lies on the device.
    ///
    /// # Panics
    /// When there is none.
    pub fn named(&self, name: &str) -> View {
        let i = self.list.iter().position(|p| p.name == name).unwrap_or_else(|| panic!("no parameter {name}"));
        self.part(self.weights, i)
    }

    /// Where a parameter lies on the device, by its place in the list.
    pub fn view(&self, i: usize) -> View {
        self.part(self.weights, i)
    }

    /// Where a parameter's gradient lies.
    pub fn gradient(&self, i: usize) -> Option<View> {
        self.training.map(|training| self.part(training.gradients, i))
    }

    /// Where a parameter's moments lie.
    pub fn moments(&self, i: usize) -> Option<[View; 2]> {
        self.training.map(|training| training.moments.map(|arena| self.part(arena, i)))
    }

    /// The parameters as tensors of one tape, by their names without `transformer.`.
    pub fn bind(&self, tape: &Tape) -> Weights<'_> {
        let tensors = self.list.iter().enumerate().map(|(i, parameter)| {
            let gradient = self.gradient(i).filter(|_| tape.training());
            let name = parameter.name.trim_start_matches("transformer.").to_string();
            (name, Tensor::parameter(&parameter.shape, self.view(i), gradient))
        });
        Weights { config: &self.config, tensors: tensors.collect(), notes: None }
    }

    /// Records the gradients' norm, and the factor that clips it.
    pub fn clip(&self, tape: &mut Tape, clip: f32) -> ops::GradientNorm {
        ops::gradient_norm(tape, self.training.expect("clip: the model is for training").gradients, clip)
    }

    /// Records AdamW over all parameters, by gradients that are clipped by `norm`.
    pub fn update(&self, tape: &mut Tape, norm: &ops::GradientNorm, rates: ops::Rates) {
        let Training { gradients, moments } = self.training.expect("update: the model is for training");
        for (range, decay) in [(0..self.decaying, rates.decay), (self.decaying..self.len, 0.0)] {
            let part = |arena: View| arena.slice(range.clone());
            let moments = moments.map(part);
            ops::adamw(tape, part(self.weights), part(gradients), moments, norm, ops::Rates { decay, ..rates });
        }
    }

    /// Refuses a device whose largest buffer is smaller than an arena.
    pub fn check_fit(device: &Device, config: &ModelConfig) -> Result<()> {
        let bytes = config.parameter_count() * 4;
        match device.max_buffer() {
            Some(most) if bytes > most => Err(Error::Device(format!(
                "{} parameters take {bytes} bytes in one buffer, and {} holds at most {most}: take fewer layers or \
                 channels, or --device cpu",
                config.parameter_count(),
                device.name()
            ))),
            _ => Ok(()),
        }
    }
}

/// The parameters of a model as one tape sees them.
pub struct Weights<'a> {
    config: &'a ModelConfig,
    tensors: HashMap<String, Tensor>,
    /// Where it is noted what is computed on the way; none where nobody looks.
    notes: Option<&'a RefCell<trace::Notes>>,
}

/// How a block attends: over a batch of windows, over one sequence and the keys and values cached before it, or seen.
pub enum Attend<'a> {
    /// Every window of T tokens for itself.
    Windows(usize),
    /// One cache (context, 2 C) a layer.
    Cached(&'a [Tensor]),
    /// One window, its attention kept and its heads scaled.
    Observed(&'a probe::Observer),
}

impl Weights<'_> {
    /// The parameter of that name, without `transformer.`.
    pub fn get(&self, name: &str) -> &Tensor {
        &self.tensors[name]
    }

    /// Notes `x` as the output of `name`.
    fn note(&self, name: &str, x: Tensor) -> Tensor {
        self.notes.iter().for_each(|notes| notes.borrow_mut().note(name, &x));
        x
    }

    /// Lets the memory of what was noted so far be used again.
    fn release(&self, tape: &Tape) {
        self.notes.iter().for_each(|notes| notes.borrow_mut().release(tape.recorded()));
    }

    fn layer_norm(&self, tape: &mut Tape, x: &Tensor, name: &str) -> Tensor {
        let y = ops::layer_norm(tape, x, self.get(&format!("{name}.weight")), self.get(&format!("{name}.bias")));
        self.note(name, y)
    }

    fn linear(&self, tape: &mut Tape, x: &Tensor, name: &str) -> Tensor {
        let y = ops::matmul(tape, x, self.get(&format!("{name}.weight")), Some(self.get(&format!("{name}.bias"))));
        self.note(name, y)
    }

    fn attention(&self, tape: &mut Tape, x: &Tensor, layer: usize, attend: &Attend) -> Tensor {
        let qkv = self.linear(tape, x, &format!("h.{layer}.attn.c_attn"));
        let heads = self.config.heads;
        let y = match attend {
            Attend::Windows(context) => ops::attention(tape, &qkv, *context, heads),
            Attend::Cached(caches) => ops::cached_attention(tape, &qkv, &caches[layer], heads),
            Attend::Observed(observer) => observer.attention(tape, &qkv, layer, heads),
        };
        let y = self.note(&format!("h.{layer}.attn.heads"), y);
        self.linear(tape, &y, &format!("h.{layer}.attn.c_proj"))
    }

    fn mlp(&self, tape: &mut Tape, x: &Tensor, layer: usize) -> Tensor {
        let x = self.linear(tape, x, &format!("h.{layer}.mlp.c_fc"));
        let x = self.note(&format!("h.{layer}.mlp.act"), ops::gelu(tape, &x));
        self.linear(tape, &x, &format!("h.{layer}.mlp.c_proj"))
    }

    /// The hidden states (B · T, C) behind the last normalisation, of which the tied table makes logits
    /// (Radford et al., "Language models are unsupervised multitask learners", 2019).
    pub fn forward(&self, tape: &mut Tape, tokens: &Tokens, attend: &Attend) -> Tensor {
        let mut x =
            self.note("embedding", ops::embedding(tape, tokens, self.get("wte.weight"), self.get("wpe.weight")));
        self.release(tape);
        for layer in 0..self.config.layers {
            let y = self.layer_norm(tape, &x, &format!("h.{layer}.ln_1"));
            let y = self.attention(tape, &y, layer, attend);
            x = self.note(&format!("h.{layer}.attn"), ops::add(tape, &x, &y));
            let y = self.layer_norm(tape, &x, &format!("h.{layer}.ln_2"));
            let y = self.mlp(tape, &y, layer);
            x = self.note(&format!("h.{layer}"), ops::add(tape, &x, &y));
            self.release(tape);
        }
        self.layer_norm(tape, &x, "ln_f")
    }
}
