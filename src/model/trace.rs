//! One forward pass stop by stop: every matrix between a prompt's tokens and their probabilities, in one layer and head, each
//! with its formula and what it is computed from. What the device computed is read from it; what it never keeps (scores,
//! mask, the table's rows) follows from that here, in f64.

use serde::{Deserialize, Serialize};

use super::ModelConfig;
use crate::device::View;
use crate::sampling::ranked;
use crate::tape::Tensor;

/// Of the vocabulary, the likeliest tokens have their logits shown.
pub const CANDIDATES: usize = 16;

/// Where it lies what a pass computes on the way. The memory of one layer is used again by the next, so it is read in between.
#[derive(Default)]
pub struct Notes {
    /// What may be read at one place: once so many dispatches have run, and before any other runs.
    groups: Vec<(usize, Vec<(String, View)>)>,
    open: Vec<(String, View)>,
    held: Vec<Tensor>,
}

impl Notes {
    /// Notes `x` as the output of `name`.
    pub(super) fn note(&mut self, name: &str, x: &Tensor) {
        self.open.push((name.to_owned(), x.view()));
        self.held.push(x.clone());
    }

    /// After so many dispatches: what was noted so far is to be read now.
    pub(super) fn release(&mut self, dispatches: usize) {
        self.groups.push((dispatches, std::mem::take(&mut self.open)));
        self.held.clear();
    }

    /// When the output of `name` is to be read, and where.
    pub(super) fn find(&self, name: &str) -> (usize, View) {
        let found = self.groups.iter().find_map(|(at, places)| {
            let (_, view) = places.iter().find(|(noted, _)| noted == name)?;
            Some((*at, *view))
        });
        found.unwrap_or_else(|| panic!("trace: nothing was noted as {name}"))
    }
}

/// A matrix on the way from tokens to probabilities, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(as = "String"))]
#[serde(try_from = "String", into = "&str")]
pub enum Stop {
    /// The tokens' rows of the token table, (T, C).
    TokenEmbedding,
    /// The rows of the position table, (T, C).
    PositionEmbedding,
    /// Their sum: the residual stream as it begins.
    Embedding,
    /// The stream in front of the layer; with the first layer the same as the embedding, and no stop then.
    Input,
    /// The stream normalised, for attention.
    Norm1,
    /// The head's queries, (T, D).
    Query,
    /// Its keys.
    Key,
    /// Its values.
    Value,
    /// q · k / √D, (T, T), also of what comes later.
    Scores,
    /// The scores, and -∞ for what comes later.
    Masked,
    /// The attention's probabilities.
    Weights,
    /// The head's output: values mixed by the weights, (T, D).
    Mixed,
    /// All heads side by side, (T, C).
    Heads,
    /// What attention adds to the stream.
    AttentionProjection,
    /// The stream behind attention.
    AttentionSum,
    /// The stream normalised, for the MLP.
    Norm2,
    /// The MLP's hidden layer, (T, 4 C).
    Hidden,
    /// The same through GELU.
    Gelu,
    /// What the MLP adds to the stream, (T, C).
    MlpProjection,
    /// The stream behind the layer.
    Output,
    /// The stream behind the last layer; of the last layer it is its output, and no stop.
    Last,
    /// The stream normalised for the last time.
    NormF,
    /// The likeliest tokens' rows of the token table, (16, C): the head's weights are the embedding's.
    Table,
    /// Their logits at every position, (T, 16).
    Logits,
    /// Their probabilities among all tokens.
    Probabilities,
}

/// Those that a device computes and that are read from it, in the order in which they are read.
pub(super) const READ: [Stop; 13] = [
    Stop::TokenEmbedding,
    Stop::PositionEmbedding,
    Stop::Embedding,
    Stop::Input,
    Stop::Norm1,
    Stop::Heads,
    Stop::AttentionProjection,
    Stop::AttentionSum,
    Stop::Norm2,
    Stop::Hidden,
    Stop::Gelu,
    Stop::MlpProjection,
    Stop::Output,
];

/// How a matrix is computed, or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Formula {
    /// Rows of a table.
    Lookup,
    /// a + b.
    Sum,
    /// (x - mean) / deviation · weight + bias, a row at a time.
    LayerNorm,
    /// x · W + b.
    Linear,
    /// q · k / √D.
    Scores,
    /// -∞ for what comes later.
    Mask,
    /// exp(x) over the row's sum of them.
    Softmax,
    /// Weights · values.
    Mix,
    /// Heads side by side.
    Join,
    /// x / 2 · (1 + tanh(√(2/π) (x + 0.044715 x³))).
    Gelu,
    /// x · table.
    Logits,
}

/// What the rows or the columns of a matrix stand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Axis {
    /// The prompt's tokens.
    Tokens,
    /// Numbers of a vector.
    Channels,
    /// The likeliest next tokens.
    Candidates,
}

/// Weights, or what is computed with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum TensorKind {
    /// Trained.
    Parameter,
    /// Computed anew for each prompt.
    Activation,
}

/// Where a matrix comes from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TensorSource {
    /// Its name, in the manner of the parameters': `h.2.attn scores[1]` is of layer 2, head 1, both from 0.
    pub tensor: String,
    /// Whether it is trained.
    pub kind: TensorKind,
    /// How it is computed.
    pub formula: Formula,
    /// What of, in the formula's order: stops, and parameters by their names.
    pub sources: Vec<String>,
    /// What its rows are.
    pub down: Axis,
    /// What its columns are.
    pub across: Axis,
}

/// The numbers of one pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Traced {
    /// The model's shape.
    pub config: ModelConfig,
    /// The prompt, T tokens.
    pub tokens: Vec<u32>,
    /// The layer, from 0.
    pub layer: usize,
    /// The head.
    pub head: usize,
    /// Logits (T, V).
    pub logits: Vec<f32>,
    /// All stops but the last three; empty where a layer has no such stop.
    pub(super) matrices: Vec<Vec<f32>>,
}

/// Plain numbers in f64, exactly.
pub(super) fn wide(numbers: &[f32]) -> impl Iterator<Item = f64> + '_ {
    numbers.iter().map(|x| f64::from(*x))
}

/// The largest of a row, and the sum of exp(x - largest) over it.
pub(super) fn exponents(row: &[f32]) -> [f64; 2] {
    let most = wide(row).fold(f64::NEG_INFINITY, f64::max);
    [most, wide(row).map(|x| libm::exp(x - most)).sum()]
}

/// Σ a · b.
pub(super) fn dot(a: &[f32], b: &[f32]) -> f64 {
    wide(a).zip(wide(b)).map(|(a, b)| a * b).sum()
}

impl Stop {
    /// All of them by their names, in order.
    pub const ALL: [(Stop, &'static str); 25] = [
        (Stop::TokenEmbedding, "token_embedding"),
        (Stop::PositionEmbedding, "position_embedding"),
        (Stop::Embedding, "embedding"),
        (Stop::Input, "input"),
        (Stop::Norm1, "ln_1"),
        (Stop::Query, "query"),
        (Stop::Key, "key"),
        (Stop::Value, "value"),
        (Stop::Scores, "scores"),
        (Stop::Masked, "masked"),
        (Stop::Weights, "weights"),
        (Stop::Mixed, "mixed"),
        (Stop::Heads, "heads"),
        (Stop::AttentionProjection, "attn_projection"),
        (Stop::AttentionSum, "attn_sum"),
        (Stop::Norm2, "ln_2"),
        (Stop::Hidden, "hidden"),
        (Stop::Gelu, "gelu"),
        (Stop::MlpProjection, "mlp_projection"),
        (Stop::Output, "output"),
        (Stop::Last, "last"),
        (Stop::NormF, "ln_f"),
        (Stop::Table, "table"),
        (Stop::Logits, "logits"),
        (Stop::Probabilities, "probabilities"),
    ];

    /// Its name.
    pub fn name(self) -> &'static str {
        Stop::ALL[self as usize].1
    }
}

impl From<Stop> for &str {
    fn from(stop: Stop) -> Self {
        stop.name()
    }
}

impl TryFrom<String> for Stop {
    type Error = String;

    fn try_from(name: String) -> Result<Stop, String> {
        let found = Stop::ALL.iter().find(|(_, known)| *known == name);
        found.map(|(stop, _)| *stop).ok_or_else(|| format!("a forward pass has no stop called {name}"))
    }
}

impl Traced {
    /// A pass over `tokens` in one layer and head, of what was read: the stops of [`READ`], all heads' queries, keys and
    /// values (T, 3 C), the head's attention (T, T), the stream behind the last layer and behind its normalisation, and
    /// the logits.
    pub(super) fn new(
        config: ModelConfig,
        tokens: Vec<u32>,
        [layer, head]: [usize; 2],
        read: Vec<Vec<f32>>,
        [qkv, weights, last, norm, logits]: [Vec<f32>; 5],
    ) -> Traced {
        let (len, size, channels) = (tokens.len(), config.head_size(), config.channels);
        let mut matrices = vec![Vec::new(); Stop::Table as usize];
        let mut set = |stop: Stop, values| matrices[stop as usize] = values;
        READ.into_iter().zip(read).for_each(|(stop, values)| set(stop, values));
        let part = |which: usize| -> Vec<f32> {
            qkv.chunks(3 * channels).flat_map(|row| row[which * channels + head * size..][..size].to_vec()).collect()
        };
        let [query, key, value] = [0, 1, 2].map(part);
        let scale = libm::sqrt(size as f64);
        let scores: Vec<f32> = query
            .chunks(size)
            .flat_map(|query| key.chunks(size).map(move |key| (dot(query, key) / scale) as f32))
            .collect();
        let masked = |(at, score): (usize, &f32)| if at % len > at / len { f32::NEG_INFINITY } else { *score };
        set(Stop::Masked, scores.iter().enumerate().map(masked).collect());
        for (stop, values) in [
            (Stop::Query, query),
            (Stop::Key, key),
            (Stop::Value, value),
            (Stop::Scores, scores),
            (Stop::Weights, weights),
            (Stop::Last, last),
            (Stop::NormF, norm),
        ] {
            set(stop, values);
        }
        let heads = &matrices[Stop::Heads as usize];
        let mixed = heads.chunks(channels).flat_map(|row| row[head * size..][..size].to_vec()).collect();
        matrices[Stop::Mixed as usize] = mixed;
        Traced { config, tokens, layer, head, logits, matrices }
    }

    /// The stop itself, or the one that it is the same as in this layer.
    pub fn known(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Input if self.layer == 0 => Stop::Embedding,
            Stop::Last if self.layer + 1 == self.config.layers => Stop::Output,
            _ => stop,
        }
    }

    /// The stops of this layer, in order.
    pub fn stops(&self) -> impl Iterator<Item = Stop> + '_ {
        Stop::ALL.into_iter().map(|(stop, _)| stop).filter(|stop| self.known(*stop) == *stop)
    }

    /// The likeliest tokens after the one at `position`, whose logits are shown: by rank.
    pub fn candidates(&self, position: usize) -> Vec<u32> {
        let mut ranked = ranked(self.logits_after(position));
        ranked.truncate(CANDIDATES);
        ranked
    }

    /// The logits of the token after the one at `position`.
    pub fn logits_after(&self, position: usize) -> &[f32] {
        &self.logits[position * self.config.vocab..][..self.config.vocab]
    }

    /// Rows and columns of a stop, where there are so many candidates.
    pub fn shape(&self, stop: Stop, candidates: usize) -> [usize; 2] {
        let TensorSource { down, across, .. } = self.source(stop);
        let length = |axis: Axis| match axis {
            Axis::Tokens => self.tokens.len(),
            Axis::Candidates => candidates,
            Axis::Channels => match stop {
                Stop::Query | Stop::Key | Stop::Value | Stop::Mixed => self.config.head_size(),
                Stop::Hidden | Stop::Gelu => 4 * self.config.channels,
                _ => self.config.channels,
            },
        };
        [length(down), length(across)]
    }

    /// The numbers of a stop, a row after the other; of the table, the rows of `candidates` that were read from it.
    pub fn values(&self, stop: Stop, candidates: &[u32], table: &[f32]) -> Vec<f32> {
        let rows = self.logits.chunks(self.config.vocab);
        match stop {
            Stop::Table => table.to_vec(),
            Stop::Logits => rows.flat_map(|row| candidates.iter().map(|id| row[*id as usize])).collect(),
            Stop::Probabilities => rows
                .flat_map(|row| {
                    let [most, sum] = exponents(row);
                    candidates.iter().map(move |id| (libm::exp(f64::from(row[*id as usize]) - most) / sum) as f32)
                })
                .collect(),
            _ => self.matrix(stop).to_vec(),
        }
    }

    /// A stop that does not depend on a position.
    pub(super) fn matrix(&self, stop: Stop) -> &[f32] {
        &self.matrices[self.known(stop) as usize]
    }

    /// What a stop is, and what it is computed from.
    pub fn source(&self, stop: Stop) -> TensorSource {
        use Stop::*;
        let (layer, head) = (self.layer, self.head);
        let block = |rest: &str| format!("h.{layer}{rest}");
        let weights = |module: &str| [format!("{module}.weight"), format!("{module}.bias")];
        let mut sources = Vec::new();
        let (tensor, formula) = match stop {
            TokenEmbedding => {
                sources.push("wte.weight".into());
                ("wte".into(), Formula::Lookup)
            }
            PositionEmbedding => {
                sources.push("wpe.weight".into());
                ("wpe".into(), Formula::Lookup)
            }
            Embedding => ("embedding".into(), Formula::Sum),
            Input => (format!("h.{}", layer.saturating_sub(1)), Formula::Sum),
            Norm1 => (block(".ln_1"), Formula::LayerNorm),
            Query => (block(&format!(".attn q[{head}]")), Formula::Linear),
            Key => (block(&format!(".attn k[{head}]")), Formula::Linear),
            Value => (block(&format!(".attn v[{head}]")), Formula::Linear),
            Scores => (block(&format!(".attn scores[{head}]")), Formula::Scores),
            Masked => (block(&format!(".attn masked[{head}]")), Formula::Mask),
            Weights => (block(&format!(".attn weights[{head}]")), Formula::Softmax),
            Mixed => (block(&format!(".attn head[{head}]")), Formula::Mix),
            Heads => (block(".attn heads"), Formula::Join),
            AttentionProjection => (block(".attn.c_proj"), Formula::Linear),
            AttentionSum => (block(".attn sum"), Formula::Sum),
            Norm2 => (block(".ln_2"), Formula::LayerNorm),
            Hidden => (block(".mlp.c_fc"), Formula::Linear),
            Gelu => (block(".mlp.act"), Formula::Gelu),
            MlpProjection => (block(".mlp.c_proj"), Formula::Linear),
            Output => (block(""), Formula::Sum),
            Last => (format!("h.{}", self.config.layers - 1), Formula::Sum),
            NormF => ("ln_f".into(), Formula::LayerNorm),
            Table => {
                sources.push("wte.weight".into());
                ("wte.weight".into(), Formula::Lookup)
            }
            Logits => ("lm_head".into(), Formula::Logits),
            Probabilities => ("lm_head softmax".into(), Formula::Softmax),
        };
        sources.extend(self.inputs(stop).iter().map(|input| self.known(*input).name().to_owned()));
        sources.extend(self.module(stop).iter().flat_map(|module| weights(module)));
        let kind = if matches!(stop, TokenEmbedding | PositionEmbedding | Table) {
            TensorKind::Parameter
        } else {
            TensorKind::Activation
        };
        let (down, across) = match stop {
            Scores | Masked | Weights => (Axis::Tokens, Axis::Tokens),
            Logits | Probabilities => (Axis::Tokens, Axis::Candidates),
            Table => (Axis::Candidates, Axis::Channels),
            _ => (Axis::Tokens, Axis::Channels),
        };
        TensorSource { tensor, kind, formula, sources, down, across }
    }

    /// The stops that a stop is computed from.
    pub(super) fn inputs(&self, stop: Stop) -> &'static [Stop] {
        use Stop::*;
        match stop {
            TokenEmbedding | PositionEmbedding | Table => &[],
            Embedding => &[TokenEmbedding, PositionEmbedding],
            Input => &[Embedding],
            Norm1 => &[Input],
            Query | Key | Value => &[Norm1],
            Scores => &[Query, Key],
            Masked => &[Scores],
            Weights => &[Masked],
            Mixed => &[Weights, Value],
            Heads => &[Mixed],
            AttentionProjection => &[Heads],
            AttentionSum => &[Input, AttentionProjection],
            Norm2 => &[AttentionSum],
            Hidden => &[Norm2],
            Gelu => &[Hidden],
            MlpProjection => &[Gelu],
            Output => &[AttentionSum, MlpProjection],
            Last => &[Output],
            NormF => &[Last],
            Logits => &[NormF, Table],
            Probabilities => &[Logits],
        }
    }

    /// The module whose weight and bias a stop is computed with, by its name without `transformer.`.
    pub(super) fn module(&self, stop: Stop) -> Option<String> {
        let module = match stop {
            Stop::Norm1 => "ln_1",
            Stop::Query | Stop::Key | Stop::Value => "attn.c_attn",
            Stop::AttentionProjection => "attn.c_proj",
            Stop::Norm2 => "ln_2",
            Stop::Hidden => "mlp.c_fc",
            Stop::MlpProjection => "mlp.c_proj",
            Stop::NormF => return Some("ln_f".into()),
            _ => return None,
        };
        Some(format!("h.{}.{module}", self.layer))
    }
}
