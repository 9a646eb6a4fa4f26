//! Logits -> the next token: temperature, top-k, top-p and the draw, in f64, and all of it to look at.

use serde::{Deserialize, Serialize};

use crate::{Error, Result, random};

/// How the next token is chosen from its distribution.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(default)]
pub struct Sampling {
    /// Divides the logits; 0 takes the most probable token.
    pub temperature: f64,
    /// Keeps the tokens whose logit is at least the k-th largest; `None` keeps all.
    pub top_k: Option<usize>,
    /// Keeps the most probable tokens up to this share of the whole distribution; 1 keeps all.
    pub top_p: f64,
    /// Keeps the tokens with at least this share of the most probable one's probability; `None` keeps all.
    #[cfg_attr(test, ts(optional = nullable))]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub min_p: Option<f64>,
    /// Fixes the draws.
    pub seed: u64,
}

impl Default for Sampling {
    fn default() -> Self {
        Sampling { temperature: 0.8, top_k: None, top_p: 1.0, min_p: None, seed: 0 }
    }
}

impl Sampling {
    /// Refuses what no distribution can be made of.
    pub fn validate(&self) -> Result<()> {
        if !(0.0..=1e6).contains(&self.temperature) {
            return Err(Error::Usage(format!("--temperature is to lie between 0 and 1e6, not {}", self.temperature)));
        }
        if self.top_k == Some(0) {
            return Err(Error::Usage("--top-k is to be at least 1".into()));
        }
        if !(self.top_p > 0.0 && self.top_p <= 1.0) {
            return Err(Error::Usage(format!("--top-p is to lie above 0 and at most at 1, not {}", self.top_p)));
        }
        if let Some(share) = self.min_p.filter(|share| !(0.0..=1.0).contains(share)) {
            return Err(Error::Usage(format!("--min-p is to lie between 0 and 1, not {share}")));
        }
        Ok(())
    }

    /// The uniform draw number `n`: the same everywhere.
    pub fn draw(&self, n: u64) -> f64 {
        random::uniform(self.seed, random::SAMPLING, n)
    }

    /// The probability of every token after temperature, top-k, top-p and min-p; they sum to 1.
    pub fn probabilities(&self, logits: &[f32]) -> Vec<f64> {
        self.cut(logits, &ranked(logits)).shares
    }

    /// The logits over the temperature. One so low that a quotient is not finite leaves the differences from the highest,
    /// which the probabilities are made of.
    fn temper(&self, logits: &[f32]) -> Vec<f64> {
        let over = |from: f64| logits.iter().map(|x| (f64::from(*x) - from) / self.temperature).collect::<Vec<_>>();
        let tempered = over(0.0);
        if tempered.iter().all(|x| x.is_finite()) {
            return tempered;
        }
        over(logits.iter().copied().fold(f32::NEG_INFINITY, f32::max).into())
    }

    /// Cuts the distribution over tokens in the order `ranked`.
    fn cut(&self, logits: &[f32], ranked: &[u32]) -> Cut {
        let tempered = if self.temperature == 0.0 {
            let mut first = vec![0.0; logits.len()];
            first[ranked[0] as usize] = 1.0;
            first
        } else {
            softmax(&self.temper(logits))
        };
        let reached = cumulate(ranked.iter().map(|&id| tempered[id as usize]));
        let by_k = self.top_k.map_or(ranked.len(), |k| {
            let smallest = logits[ranked[k.min(ranked.len()) - 1] as usize];
            ranked.partition_point(|&id| logits[id as usize] >= smallest).max(1)
        });
        // Rounding may leave all sums below a share that only the last one reaches.
        let by_p = match self.top_p < 1.0 {
            true => (reached.partition_point(|sum| *sum < self.top_p) + 1).min(ranked.len()),
            false => ranked.len(),
        };
        let by_m = self.min_p.map_or(ranked.len(), |share| {
            let least = share * tempered[ranked[0] as usize];
            ranked.partition_point(|&id| tempered[id as usize] >= least).max(1)
        });
        let kept = if self.temperature == 0.0 { 1 } else { by_k.min(by_p).min(by_m) };
        let mut shares = vec![0.0; logits.len()];
        ranked[..kept].iter().for_each(|&id| shares[id as usize] = tempered[id as usize] / reached[kept - 1]);
        Cut { tempered, reached, by_k, by_p, kept, shares }
    }

    /// The token that the draw `uniform` in [0, 1) picks: the first whose cumulative probability, in the order of ids,
    /// passes it.
    pub fn choose(&self, logits: &[f32], uniform: f64) -> u32 {
        pick(&cumulate(self.probabilities(logits)), uniform)
    }

    /// All that leads from a row of logits to the next token, to look at.
    ///
    /// # Panics
    /// When there are no logits.
    pub fn distribution(&self, logits: &[f32]) -> Distribution {
        let ranked = ranked(logits);
        let wide: Vec<f64> = logits.iter().map(|x| f64::from(*x)).collect();
        let mut ranks = vec![0; ranked.len()];
        ranked.iter().enumerate().for_each(|(rank, &id)| ranks[id as usize] = rank as u32);
        let Cut { tempered, reached, by_k, by_p, kept, shares } = self.cut(logits, &ranked);
        Distribution {
            probabilities: softmax(&wide),
            log_probabilities: log_softmax(&wide),
            ranks,
            ranked,
            tempered,
            reached,
            kept_by_k: by_k,
            kept_by_p: by_p,
            kept,
            cumulative: cumulate(shares.iter().copied()),
            shares,
        }
    }
}

/// What temperature, top-k and top-p make of logits: see [`Distribution`].
struct Cut {
    tempered: Vec<f64>,
    reached: Vec<f64>,
    by_k: usize,
    by_p: usize,
    kept: usize,
    shares: Vec<f64>,
}

/// A row of logits on its way to the next token: as the model gives it, after the temperature, and what top-k and top-p
/// leave of it. Lists are by token where they do not say otherwise.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Distribution {
    /// At temperature 1, before top-k and top-p.
    pub probabilities: Vec<f64>,
    /// Their natural logarithms, also of those that are 0.
    pub log_probabilities: Vec<f64>,
    /// Each token's rank by logit: 0 is the most probable one, and of equals the one with the smaller id comes first.
    pub ranks: Vec<u32>,
    /// The tokens by rank.
    pub ranked: Vec<u32>,
    /// After the temperature, before top-k and top-p.
    pub tempered: Vec<f64>,
    /// By rank: the sum of `tempered` up to this one. Top-p cuts behind the first that reaches it.
    pub reached: Vec<f64>,
    /// How many tokens top-k alone would keep.
    pub kept_by_k: usize,
    /// How many tokens top-p alone would keep: the fewest whose sum over the whole vocabulary reaches it.
    pub kept_by_p: usize,
    /// How many tokens are kept, the first of `ranked`: the fewer of both, and at temperature 0 one.
    pub kept: usize,
    /// What a draw chooses from: `tempered` over the sum of what is kept; 0 for all others.
    pub shares: Vec<f64>,
    /// The sum of `shares` up to each token, in the order of ids: a draw picks the first that passes it.
    pub cumulative: Vec<f64>,
}

impl Distribution {
    /// The token that the draw `uniform` in [0, 1) picks, as [`Sampling::choose`] does.
    pub fn pick(&self, uniform: f64) -> u32 {
        pick(&self.cumulative, uniform)
    }
}

/// Ids from the largest logit to the smallest, equals in order.
pub fn ranked(logits: &[f32]) -> Vec<u32> {
    let mut order: Vec<u32> = (0..logits.len() as u32).collect();
    order.sort_by(|&a, &b| logits[b as usize].total_cmp(&logits[a as usize]).then(a.cmp(&b)));
    order
}

/// The sums up to each number.
fn cumulate(numbers: impl IntoIterator<Item = f64>) -> Vec<f64> {
    let mut sum = 0.0;
    numbers
        .into_iter()
        .map(|x| {
            sum += x;
            sum
        })
        .collect()
}

/// The first place whose sum passes `uniform`; where rounding left all of them below it, the last that adds something.
fn pick(cumulative: &[f64], uniform: f64) -> u32 {
    let last = cumulative.last().copied().unwrap_or(0.0);
    cumulative.partition_point(|sum| *sum <= uniform.min(last.next_down())) as u32
}

/// Probabilities of logits, in f64.
pub fn softmax(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exps: Vec<f64> = logits.iter().map(|x| libm::exp(x - max)).collect();
    let sum: f64 = exps.iter().sum();
    exps.into_iter().map(|e| e / sum).collect()
}

/// Their natural logarithms: finite also where a probability is too small to be a number.
pub fn log_softmax(logits: &[f64]) -> Vec<f64> {
    let max = logits.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let log_sum = libm::log(logits.iter().map(|x| libm::exp(x - max)).sum::<f64>());
    logits.iter().map(|x| x - max - log_sum).collect()
}
