//! What views show: tokens and their chances, the stops of a forward pass, what updates changed.

use serde::{Deserialize, Serialize};

use crate::model::parts::Parts;
use crate::model::trace::{Stop, TensorSource};

/// A token, and its text: bytes that are no UTF-8 by themselves are written `<0xE4>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Piece {
    /// Its number.
    pub id: u32,
    /// What it stands for.
    pub text: String,
}

/// A token that may come next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Candidate {
    /// The token.
    #[serde(flatten)]
    pub piece: Piece,
    /// Its place by logit, from 0.
    pub rank: u32,
    /// The model's score.
    pub logit: f32,
    /// At temperature 1, before top-k and top-p.
    pub probability: f64,
    /// Its natural logarithm.
    pub log_probability: f64,
    /// After the temperature.
    pub tempered: f64,
    /// The sum of that up to this token by rank, over the whole vocabulary: what top-p is held against.
    pub reached: f64,
    /// After top-k and top-p: what a draw chooses from.
    pub share: f64,
}

/// How the numbers of a stop lie; of those that are numbers, and not infinite.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Spread {
    /// Their mean.
    pub mean: f64,
    /// How far they lie from it: the root of the mean square.
    pub deviation: f64,
    /// The smallest.
    pub least: f64,
    /// The largest.
    pub most: f64,
}

/// A stop of the pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields = nullable))]
pub struct Station {
    /// Which one.
    pub name: Stop,
    /// Its place among all stops, those that this layer does not have counted too.
    pub number: usize,
    /// Where it comes from.
    #[serde(flatten)]
    pub source: TensorSource,
    /// Its rows.
    pub rows: usize,
    /// Its columns.
    pub columns: usize,
    /// How its numbers lie; for the table only where its rows are sent.
    pub spread: Option<Spread>,
}

/// One number of a stop.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields = nullable))]
pub struct Cell {
    /// Its row.
    pub row: usize,
    /// Its column.
    pub column: usize,
    /// The number.
    pub value: f64,
    /// What it is made of.
    pub parts: Parts,
}

/// How likely a token is.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Standing {
    /// Its place among all tokens, from 0.
    pub rank: u32,
    /// At temperature 1.
    pub probability: f64,
    /// Its natural logarithm.
    pub log_probability: f64,
}

/// What updates did to one token's chances.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Shift {
    /// The token.
    #[serde(flatten)]
    pub piece: Piece,
    /// Before them.
    pub before: Standing,
    /// Behind them.
    pub after: Standing,
    /// How much its log-probability rose, in nats.
    pub log_change: f64,
}

/// What updates did to the chances of all tokens that are not listed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Rest {
    /// How many they are.
    pub tokens: usize,
    /// The sum of their probabilities before.
    pub before: f64,
    /// The sum behind the updates.
    pub after: f64,
    /// How much the logarithm of the sum rose, in nats; 0 where there is none.
    pub log_change: f64,
}

/// What updates did to the loss on a window of other text.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Elsewhere {
    /// How the window begins.
    pub name: String,
    /// Nats a token.
    pub loss_before: f64,
    /// Behind them.
    pub loss_after: f64,
}

/// How updates changed where one head looks, in what it may look at: each token at itself and at those before it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct HeadShift {
    /// Its layer, from 0.
    pub layer: usize,
    /// Its place in the layer, from 0.
    pub head: usize,
    /// The mean of |after - before|.
    pub mean: f64,
    /// The change that is largest, whatever its sign.
    pub largest: f64,
    /// The token that looks there.
    pub from: usize,
    /// The token that it looks at.
    pub to: usize,
}

/// What a run of some settings takes, by a measurement.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Estimate {
    /// Tokens trained on in a second.
    pub tokens_per_second: f64,
    /// Seconds of a step.
    pub seconds_a_step: f64,
    /// Steps of the run.
    pub steps: u64,
    /// Seconds of all its steps: evaluations, samples and saves come on top.
    pub seconds: f64,
}

/// What a run of some settings would be, or why there would be none.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields = nullable))]
pub struct Description {
    /// Weights of the model.
    pub parameters: Option<u64>,
    /// Bytes that it takes on the device.
    pub memory: Option<u64>,
    /// What it takes, where steps of this shape were measured.
    pub estimate: Option<Estimate>,
    /// Why there would be none.
    pub refused: Option<String>,
}
