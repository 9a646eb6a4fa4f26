//! What one number of a forward pass is made of: the real numbers that stand in its formula, in f64.

use serde::{Deserialize, Serialize};

use super::trace::{Formula, Stop, Traced, exponents, wide};
use crate::ops::LAYER_NORM_EPSILON;

/// At most this many terms of a sum of products are listed, the largest.
const TERMS: usize = 4;

/// A product in a sum of them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Term {
    /// Its place in the sum: a channel, or a token where values are mixed.
    pub index: usize,
    /// From the row: an input, a query, an attention's weight.
    pub left: f64,
    /// From the column: a weight, a key, a value.
    pub right: f64,
}

/// What stands in the formula of one number y.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(tag = "formula", rename_all = "snake_case")]
pub enum Parts {
    /// y is read from a table.
    Lookup {
        /// Its row: the token's number, or the position.
        index: usize,
    },
    /// y = a + b.
    Sum {
        /// The first.
        a: f64,
        /// The second; of a stream that several layers have added to, all that they added.
        b: f64,
    },
    /// y = (x - mean) / deviation · weight + bias.
    LayerNorm {
        /// The number that is normalised.
        x: f64,
        /// Of its row.
        mean: f64,
        /// Of its row: √(variance + ε).
        deviation: f64,
        /// What scales it.
        weight: f64,
        /// What is added.
        bias: f64,
    },
    /// y = (Σ left · right) / divisor + bias.
    Product {
        /// The largest terms by magnitude, the largest first.
        terms: Vec<Term>,
        /// The sum of all others.
        rest: f64,
        /// How many these are.
        others: usize,
        /// √D in scores, else 1.
        divisor: f64,
        /// Where one is added.
        bias: Option<f64>,
    },
    /// y = x, or -∞ for what comes later.
    Mask {
        /// The score.
        x: f64,
        /// Whether the token sees the other one.
        seen: bool,
    },
    /// y = exp(x - most) / sum.
    Softmax {
        /// The score or logit.
        x: f64,
        /// The largest of the row.
        most: f64,
        /// Σ exp(· - most) over the row.
        sum: f64,
    },
    /// y stands in the output of one of the heads.
    Join {
        /// The head, from 0.
        head: usize,
        /// The place in its output.
        index: usize,
    },
    /// y = x / 2 · (1 + tanh inner).
    Gelu {
        /// The input.
        x: f64,
        /// √(2/π) (x + 0.044715 x³).
        inner: f64,
    },
}

/// Parameters that the parts of a number need, in order: all of one by its name without `transformer.`, or a row of the
/// token table.
#[derive(Clone, Debug, PartialEq)]
pub enum Needed {
    /// All of it.
    Whole(String),
    /// The row of that token.
    Row(u32),
}

/// A sum of products of two rows.
fn product(left: &[f32], right: impl Fn(usize) -> f64, divisor: f64, bias: Option<f64>) -> Parts {
    let mut terms: Vec<Term> =
        wide(left).enumerate().map(|(index, left)| Term { index, left, right: right(index) }).collect();
    let size = |term: &Term| (term.left * term.right).abs();
    terms.sort_by(|a, b| size(b).total_cmp(&size(a)));
    let others = terms.split_off(terms.len().min(TERMS));
    let rest = others.iter().map(|term| term.left * term.right).sum();
    Parts::Product { terms, rest, others: others.len(), divisor, bias }
}

impl Traced {
    /// What has to be read for the parts of a number of `stop` in `column`, or for the numbers of the table; `candidates`
    /// name its rows.
    pub fn needs(&self, stop: Stop, cell: Option<[usize; 2]>, candidates: &[u32]) -> Vec<Needed> {
        match (stop, cell) {
            (Stop::Table, _) => candidates.iter().map(|id| Needed::Row(*id)).collect(),
            (Stop::Logits, Some([_, column])) => vec![Needed::Row(candidates[column])],
            (_, Some(_)) => {
                let module = self.module(stop);
                let both = |module: String| ["weight", "bias"].map(|kind| Needed::Whole(format!("{module}.{kind}")));
                module.into_iter().flat_map(both).collect()
            }
            _ => Vec::new(),
        }
    }

    /// What the number of `stop` at `row` and `column` is made of, with what it needs `read`.
    ///
    /// # Panics
    /// When there is no such number.
    pub fn parts(&self, stop: Stop, [row, column]: [usize; 2], candidates: &[u32], read: &[Vec<f32>]) -> Parts {
        let [_, width] = self.shape(stop, candidates.len());
        let (head_size, channels) = (self.config.head_size(), self.config.channels);
        let inputs = self.inputs(stop);
        let line = |stop: Stop, row: usize| {
            let matrix = self.matrix(stop);
            let width = matrix.len() / self.tokens.len();
            &matrix[row * width..][..width]
        };
        let own = |stop: Stop| f64::from(line(stop, row)[column]);
        match self.source(stop).formula {
            Formula::Lookup => Parts::Lookup {
                index: match stop {
                    Stop::TokenEmbedding => self.tokens[row] as usize,
                    Stop::Table => candidates[row] as usize,
                    _ => row,
                },
            },
            Formula::Sum => {
                let a = own(inputs[0]);
                Parts::Sum { a, b: inputs.get(1).map_or_else(|| own(stop) - a, |second| own(*second)) }
            }
            Formula::LayerNorm => {
                let x = line(inputs[0], row);
                let mean = wide(x).sum::<f64>() / x.len() as f64;
                let variance = wide(x).map(|x| (x - mean) * (x - mean)).sum::<f64>() / x.len() as f64;
                let deviation = libm::sqrt(variance + f64::from(LAYER_NORM_EPSILON));
                let [weight, bias] = [0, 1].map(|i| f64::from(read[i][column]));
                Parts::LayerNorm { x: f64::from(x[column]), mean, deviation, weight, bias }
            }
            Formula::Linear => {
                let (first, all) = match stop {
                    Stop::Query => (self.head * head_size, 3 * channels),
                    Stop::Key => (channels + self.head * head_size, 3 * channels),
                    Stop::Value => (2 * channels + self.head * head_size, 3 * channels),
                    _ => (0, width),
                };
                let at = first + column;
                product(line(inputs[0], row), |i| f64::from(read[0][i * all + at]), 1.0, Some(f64::from(read[1][at])))
            }
            Formula::Scores => {
                let key = line(Stop::Key, column);
                product(line(Stop::Query, row), |i| f64::from(key[i]), libm::sqrt(head_size as f64), None)
            }
            Formula::Mask => Parts::Mask { x: own(Stop::Scores), seen: column <= row },
            Formula::Softmax => {
                let all = if stop == Stop::Weights { &line(Stop::Scores, row)[..=row] } else { self.logits_after(row) };
                let x =
                    if stop == Stop::Weights { own(Stop::Masked) } else { f64::from(all[candidates[column] as usize]) };
                let [most, sum] = exponents(all);
                Parts::Softmax { x, most, sum }
            }
            // What comes later has no weight, and no term.
            Formula::Mix => {
                product(&line(Stop::Weights, row)[..=row], |i| f64::from(line(Stop::Value, i)[column]), 1.0, None)
            }
            Formula::Join => Parts::Join { head: column / head_size, index: column % head_size },
            Formula::Gelu => {
                let x = own(inputs[0]);
                let inner = libm::sqrt(std::f64::consts::FRAC_2_PI) * (x + 0.044_715 * x * x * x);
                Parts::Gelu { x, inner }
            }
            Formula::Logits => product(line(Stop::NormF, row), |i| f64::from(read[0][i]), 1.0, None),
        }
    }
}
