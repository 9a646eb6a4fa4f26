//! The peer: the same GPT-2 and the same AdamW step in burn, autodiff and fusion on.

use std::collections::HashMap;

use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::nn::{Embedding, LayerNorm, LayerNormConfig, Linear};
use burn::optim::{AdamWConfig, GradientsParams, ModuleOptimizer};
use burn::tensor::activation::gelu_approximate;
use burn::tensor::module::attention;
use burn::tensor::ops::AttentionModuleOptions;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::{Shape, Weights};

#[derive(Module, Debug)]
struct Block {
    ln_1: LayerNorm,
    c_attn: Linear,
    attention_c_proj: Linear,
    ln_2: LayerNorm,
    c_fc: Linear,
    mlp_c_proj: Linear,
    #[module(skip)]
    heads: usize,
}

#[derive(Module, Debug)]
struct Transformer {
    wte: Embedding,
    wpe: Embedding,
    blocks: Vec<Block>,
    ln_f: LayerNorm,
}

impl Block {
    fn attention(&self, x: Tensor<3>) -> Tensor<3> {
        let [batch, context, channels] = x.dims();
        let mut thirds = self
            .c_attn
            .forward(x)
            .split(channels, 2)
            .into_iter()
            .map(|third| third.reshape([batch, context, self.heads, channels / self.heads]).swap_dims(1, 2));
        let [query, key, value] = std::array::from_fn(|_| thirds.next().expect("c_attn gives three equal parts"));
        let options = AttentionModuleOptions { is_causal: true, ..Default::default() };
        let mixed = attention(query, key, value, None, None, options);
        self.attention_c_proj.forward(mixed.swap_dims(1, 2).reshape([batch, context, channels]))
    }

    fn forward(&self, x: Tensor<3>) -> Tensor<3> {
        let x = x.clone() + self.attention(self.ln_1.forward(x));
        x.clone() + self.mlp_c_proj.forward(gelu_approximate(self.c_fc.forward(self.ln_2.forward(x))))
    }
}

impl Transformer {
    fn load(shape: &Shape, weights: &Weights, device: &Device) -> Self {
        let parameter = |name: String| {
            let (size, values) = &weights[&format!("transformer.{name}")];
            TensorData::new(values.clone(), size.clone())
        };
        let matrix = |name: String| Param::from_tensor(Tensor::<2>::from_data(parameter(name), device));
        let vector = |name: String| Param::from_tensor(Tensor::<1>::from_data(parameter(name), device));
        let linear = |name: String| Linear {
            weight: matrix(format!("{name}.weight")),
            bias: Some(vector(format!("{name}.bias"))),
        };
        let layer_norm = |name: String| {
            let mut norm = LayerNormConfig::new(shape.channels).with_epsilon(1e-5).init(device);
            norm.gamma = vector(format!("{name}.weight"));
            norm.beta = Some(vector(format!("{name}.bias")));
            norm
        };
        let block = |layer: usize| Block {
            ln_1: layer_norm(format!("h.{layer}.ln_1")),
            c_attn: linear(format!("h.{layer}.attn.c_attn")),
            attention_c_proj: linear(format!("h.{layer}.attn.c_proj")),
            ln_2: layer_norm(format!("h.{layer}.ln_2")),
            c_fc: linear(format!("h.{layer}.mlp.c_fc")),
            mlp_c_proj: linear(format!("h.{layer}.mlp.c_proj")),
            heads: shape.heads,
        };
        Self {
            wte: Embedding { weight: matrix("wte.weight".into()) },
            wpe: Embedding { weight: matrix("wpe.weight".into()) },
            blocks: (0..shape.layers).map(block).collect(),
            ln_f: layer_norm("ln_f".into()),
        }
    }

    fn logits(&self, tokens: Tensor<2, Int>) -> Tensor<2> {
        let [batch, context] = tokens.dims();
        let positions = self.wpe.weight.val().slice([0..context]).unsqueeze::<3>();
        let x = self.blocks.iter().fold(self.wte.forward(tokens) + positions, |x, block| block.forward(x));
        let x = self.ln_f.forward(x);
        let channels = x.dims()[2];
        x.reshape([batch * context, channels]).matmul(self.wte.weight.val().transpose())
    }
}

/// Parameters of one dimension: those that do not decay.
#[derive(Default)]
struct Vectors(Vec<ParamId>);

impl ModuleVisitor for Vectors {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D == 1 {
            self.0.push(param.id);
        }
    }
}

/// The sum of squares of all gradients: burn's own clipping knows only the norm of one tensor at a time.
struct Squares<'a>(&'a GradientsParams, Option<Tensor<1>>);

impl ModuleVisitor for Squares<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.0.get::<D>(param.id).expect("every parameter has a gradient");
        let sum = gradient.square().sum();
        self.1 = Some(match self.1.take() {
            Some(so_far) => so_far + sum,
            None => sum,
        });
    }
}

struct Scale<'a>(&'a mut GradientsParams, Tensor<1>);

impl ModuleVisitor for Scale<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = self.0.remove::<D>(param.id).expect("every parameter has a gradient");
        self.0.register(param.id, gradient * self.1.clone().unsqueeze::<D>());
    }
}

/// A model with its optimiser and its place in the batches.
pub struct Peer {
    transformer: Option<Transformer>,
    optimizer: ModuleOptimizer,
    device: Device,
    batches: Vec<Vec<i32>>,
    batch: usize,
    context: usize,
    taken: usize,
}

impl Peer {
    /// `batches` hold B rows of T + 1 tokens each.
    pub fn new(shape: &Shape, weights: &Weights, batches: &[Vec<u32>], device: &Device) -> Self {
        let device = device.clone().autodiff();
        let transformer = Transformer::load(shape, weights, &device);
        let mut vectors = Vectors::default();
        transformer.visit(&mut vectors);
        let adamw = AdamWConfig::new().with_beta_1(0.9).with_beta_2(0.95).with_epsilon(1e-8);
        let optimizer = adamw.clone().with_weight_decay(0.1).init().with_group(
            ParamGroup::from_ids(vectors.0),
            adamw.with_weight_decay(0.0).build(),
            None,
        );
        let batches = batches.iter().map(|batch| batch.iter().map(|&token| token as i32).collect()).collect();
        Self {
            transformer: Some(transformer),
            optimizer,
            device,
            batches,
            batch: shape.batch,
            context: shape.context,
            taken: 0,
        }
    }

    /// One step; the loss stays on the device.
    fn step(&mut self) -> Tensor<1> {
        let rows =
            TensorData::new(self.batches[self.taken % self.batches.len()].clone(), [self.batch, self.context + 1]);
        self.taken += 1;
        let rows = Tensor::<2, Int>::from_data(rows, &self.device);
        let tokens = rows.clone().slice([0..self.batch, 0..self.context]);
        let targets = rows.slice([0..self.batch, 1..self.context + 1]).reshape([self.batch * self.context]);

        let transformer = self.transformer.take().expect("a step puts the model back");
        let loss = CrossEntropyLossConfig::new().init(&self.device).forward(transformer.logits(tokens), targets);
        let mut gradients = GradientsParams::from_grads(loss.backward(), &transformer);

        let mut squares = Squares(&gradients, None);
        transformer.visit(&mut squares);
        let norm = squares.1.expect("the model has parameters").sqrt();
        let factor = ((norm + 1e-6).recip() * 1.0).clamp_max(1.0);
        transformer.visit(&mut Scale(&mut gradients, factor));
        self.transformer = Some(self.optimizer.step(1e-3, transformer, gradients));
        loss.inner()
    }

    /// The losses of the next `steps` steps. They are read after the last, so that the queue never drains.
    pub fn losses(&mut self, steps: usize) -> Vec<f64> {
        let losses: Vec<Tensor<1>> = (0..steps).map(|_| self.step()).collect();
        let losses = losses.into_iter().map(|loss| f64::from(loss.into_scalar::<f32>())).collect();
        self.device.sync().expect("burn finishes its queue");
        losses
    }
}

/// Named tensors, as (shape, values).
pub type Named = HashMap<String, (Vec<usize>, Vec<f32>)>;
