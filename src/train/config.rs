//! The configuration of a training run, besides the shape of the model.

use serde::{Deserialize, Serialize};

use super::schedule::{Schedule, learning_rate};
use crate::{Error, Result, model::config::Preset};

/// The numbers of a training run. All of them are the same when the run is resumed, but for `steps`, `lr` and the `_every`s.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct TrainConfig {
    /// What every random draw of the run follows from.
    pub seed: u64,
    /// Updates of the weights in the whole run.
    pub steps: u64,
    /// Windows in one pass through the model.
    pub batch: usize,
    /// Passes whose gradients are added up before one update.
    pub accumulate: usize,
    /// The highest learning rate.
    pub lr: f64,
    /// Where the schedule ends; 0 in runs that were saved before it could be said.
    #[serde(default)]
    pub min_lr: f64,
    /// Steps in which the learning rate rises; 0 means none.
    pub warmup: u64,
    /// How it falls.
    pub schedule: Schedule,
    /// AdamW's decoupled decay of matrices and embeddings.
    pub weight_decay: f64,
    /// The first moment's decay.
    pub beta1: f64,
    /// The second moment's decay.
    pub beta2: f64,
    /// What keeps AdamW from dividing by zero.
    pub eps: f64,
    /// The largest global norm of a gradient; 0 means any.
    pub clip: f64,
    /// Steps between evaluations; 0 means none.
    pub eval_every: u64,
    /// Steps between saves; 0 means one at the end.
    pub save_every: u64,
    /// Steps between samples; 0 means none.
    pub sample_every: u64,
}

/// Tokens of one update of the preset `gpt2`.
const GPT2_STEP_TOKENS: usize = 524_288;

impl TrainConfig {
    /// A preset's defaults, with seed 0.
    pub fn preset(preset: Preset) -> Self {
        let (batch, accumulate, lr, warmup, steps, eval_every, save_every, sample_every) = match preset {
            Preset::Tiny => (16, 1, 2e-3, 20, 1_100, 200, 400, 200),
            Preset::Small => (16, 1, 1e-3, 100, 2_000, 250, 500, 500),
            Preset::Baby => (12, 1, 1e-3, 100, 5_000, 250, 500, 500),
            Preset::Gpt2 => (4, GPT2_STEP_TOKENS / (4 * 1_024), 6e-4, 700, 19_560, 250, 250, 250),
        };
        TrainConfig {
            seed: 0,
            steps,
            batch,
            accumulate,
            lr,
            min_lr: 0.0,
            warmup,
            schedule: Schedule::Cosine,
            weight_decay: 0.1,
            beta1: 0.9,
            beta2: 0.95,
            eps: 1e-8,
            clip: 1.0,
            eval_every,
            save_every,
            sample_every,
        }
    }

    /// The preset's passes before an update, where one pass has `batch` windows of `context` tokens.
    pub fn accumulate_for(&self, preset: Preset, batch: usize, context: usize) -> usize {
        let pass = batch.saturating_mul(context).max(1);
        if preset == Preset::Gpt2 { (GPT2_STEP_TOKENS / pass).max(1) } else { self.accumulate }
    }

    /// Refuses what cannot be trained with, naming the option.
    pub fn validate(&self) -> Result<()> {
        let counts = [("--batch", self.batch), ("--accumulate", self.accumulate)];
        for (option, found) in counts {
            if !(1..=1 << 24).contains(&found) {
                return Err(Error::Usage(format!("{option} is to lie between 1 and 16,777,216, not {found}")));
            }
        }
        // 2^53 steps are counted exactly by the floating-point numbers of log and page.
        if self.steps > 1 << 53 {
            return Err(Error::Usage(format!("--steps is to be at most 2^53, not {}", self.steps)));
        }
        let numbers = [
            ("--lr", self.lr, 0.0, 1e3),
            ("--weight-decay", self.weight_decay, 0.0, 1e3),
            ("--clip", self.clip, 0.0, 1e9),
            ("--beta1", self.beta1, 0.0, 1.0 - f64::EPSILON),
            ("--beta2", self.beta2, 0.0, 1.0 - f64::EPSILON),
            ("eps", self.eps, f64::from(f32::MIN_POSITIVE), 1.0),
        ];
        for (option, found, low, high) in numbers {
            // Written so that NaN is refused.
            if !(low..=high).contains(&found) {
                return Err(Error::Usage(format!("{option} is to lie between {low} and {high}, not {found}")));
            }
        }
        if !(0.0..=self.lr).contains(&self.min_lr) {
            let (least, most) = (self.min_lr, self.lr);
            return Err(Error::Usage(format!("--min-lr is to lie between 0 and --lr, {most}, not {least}")));
        }
        Ok(())
    }

    /// The learning rate of step `step`, counted from 0.
    pub fn learning_rate(&self, step: u64) -> f64 {
        learning_rate(self.schedule, (self.lr, self.min_lr), self.warmup, self.steps, step)
    }

    /// Says where the warm-up does not end within the run: the highest rate is never reached.
    pub fn warmup_notice(&self) -> Option<String> {
        let reached = self.learning_rate(self.steps.checked_sub(1)?);
        (self.warmup > self.steps).then(|| {
            format!(
                "a warm-up of {} steps is longer than the run of {}: the learning rate gets to {reached:.2e}, not to \
                 {:.2e}: give a smaller --warmup",
                self.warmup, self.steps, self.lr
            )
        })
    }

    /// Says where the learning rate of a run that goes on after `step` steps, as it was under `before`, jumps.
    pub fn jump_notice(&self, before: &TrainConfig, step: u64) -> Option<String> {
        let last = before.learning_rate(step.checked_sub(1)?);
        let (next, expected) = (self.learning_rate(step), before.learning_rate(step));
        let near = 0.9 * last.min(expected)..=1.1 * last.max(expected);
        (step < self.steps && !near.contains(&next)).then(|| {
            format!(
                "the learning rate jumps from {last:.2e} at step {step} to {next:.2e} at step {}, as its schedule is one of \
                 {} steps with {:.2e} at most: another --lr changes that",
                step + 1,
                self.steps,
                self.lr
            )
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_are_valid_and_gpt2_sees_half_a_million_tokens_a_step() {
        for preset in Preset::ALL {
            TrainConfig::preset(preset).validate().unwrap();
        }
        let gpt2 = TrainConfig::preset(Preset::Gpt2);
        assert_eq!(gpt2.batch * gpt2.accumulate * Preset::Gpt2.model().context, 524_288);
        for (batch, context, want) in [(4, 1024, 128), (8, 1024, 64), (4, 512, 256), (1024, 1024, 1)] {
            assert_eq!(gpt2.accumulate_for(Preset::Gpt2, batch, context), want, "{batch} windows of {context}");
            assert_eq!(gpt2.accumulate_for(Preset::Tiny, batch, context), gpt2.accumulate);
        }
    }

    #[test]
    fn what_cannot_be_trained_with_is_refused() {
        let tiny = TrainConfig::preset(Preset::Tiny);
        let refused = [
            ("--batch", TrainConfig { batch: 0, ..tiny.clone() }),
            ("--accumulate", TrainConfig { accumulate: usize::MAX, ..tiny.clone() }),
            ("--lr", TrainConfig { lr: f64::NAN, ..tiny.clone() }),
            ("--lr", TrainConfig { lr: -1e-3, ..tiny.clone() }),
            ("--min-lr", TrainConfig { min_lr: 3e-3, ..tiny.clone() }),
            ("--min-lr", TrainConfig { min_lr: f64::NAN, ..tiny.clone() }),
            ("--beta2", TrainConfig { beta2: 1.0, ..tiny.clone() }),
            ("--steps", TrainConfig { steps: u64::MAX, ..tiny.clone() }),
        ];
        for (option, config) in refused {
            assert!(config.validate().unwrap_err().to_string().starts_with(option), "{option}");
        }
    }

    #[test]
    fn a_warm_up_that_does_not_end_and_a_rate_that_jumps_are_said() {
        let config = TrainConfig { steps: 30, warmup: 100, lr: 1e-3, ..TrainConfig::preset(Preset::Small) };
        assert!(
            config
                .warmup_notice()
                .unwrap()
                .contains("100 steps is longer than the run of 30: the learning rate gets to 3.00e-4")
        );
        assert_eq!(TrainConfig { warmup: 30, ..config.clone() }.warmup_notice(), None);
        assert_eq!(TrainConfig { steps: 0, ..config.clone() }.warmup_notice(), None, "nothing is trained");
        let run = TrainConfig { steps: 400, warmup: 20, ..config };
        let jump = |steps, lr, step| TrainConfig { steps, lr, ..run.clone() }.jump_notice(&run, step);
        assert!(jump(1600, 1e-3, 400).unwrap().contains("at step 400 to 8.6"), "{:?}", jump(1600, 1e-3, 400));
        assert!(jump(1600, 1e-3, 200).is_some() && jump(400, 1e-4, 100).is_some() && jump(400, 3e-3, 100).is_some());
        for step in 0..=400 {
            assert_eq!(jump(400, 1e-3, step), None, "nothing was changed, step {step}");
        }
        assert_eq!(jump(1600, 1e-3, 21), None, "so early the two schedules agree");
        assert_eq!(jump(1600, 1e-3, 0), None, "there was no rate before");
    }
}
