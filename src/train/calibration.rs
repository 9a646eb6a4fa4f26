//! How long a device takes for a run's step: some of them, taken by a model of their own that is dropped afterwards.

use std::collections::VecDeque;
use std::sync::Arc;

use web_time::Instant;

use super::{TrainConfig, Trainer};
use crate::Result;
use crate::data::{Dataset, Split};
use crate::device::{Device, Reading};
use crate::model::{Gpt, ModelConfig};

/// Seconds of steps before the clock starts, at most: memory is taken, kernels are compiled.
const WARM_UP: f64 = 0.25;
/// Seconds that are measured, up to the end of a step; where that takes twice as long, what was done by then counts.
const MEASURED: f64 = 0.4;
/// Submissions that may be under way.
const UNDER_WAY: usize = 3;

/// Steps that are measured, in slices.
pub struct Calibration {
    trainer: Trainer,
    /// Work of the steps before the one under way.
    finished: u64,
    /// What was done when the clock started; none while it warms up.
    measured_from: Option<u64>,
    /// When this phase began: its first slice.
    began: Option<Instant>,
    /// Whether this phase issues no more, and waits for what is under way.
    ending: bool,
    under_way: VecDeque<Reading>,
}

impl Calibration {
    /// Records the step of a model of this shape with random weights. Its learning rate is 0: no loss can grow.
    pub fn new(device: &Device, model: ModelConfig, config: &TrainConfig) -> Result<Calibration> {
        let gpt = Gpt::new(device, model, true)?;
        gpt.initialise(config.seed);
        // Some windows of tokens that are all different: which they are decides nothing about the time.
        let tokens: Vec<u32> =
            (0..(8 * model.context + 1) as u64).map(|i| (i * 7919 % model.vocab as u64) as u32).collect();
        let data = Dataset {
            train: tokens.into(),
            validation: None,
            context: model.context,
            rows: false,
            split: Split::Stream,
        };
        let trainer = Trainer::new(gpt, device, TrainConfig { lr: 0.0, ..config.clone() }, Arc::new(data))?;
        Ok(Calibration {
            trainer,
            finished: 0,
            measured_from: None,
            began: None,
            ending: false,
            under_way: VecDeque::new(),
        })
    }

    /// Goes on until `deadline`, or for one submission; the seconds that a step takes once they are known.
    pub fn advance(&mut self, deadline: Instant) -> Result<Option<f64>> {
        while self.trainer.poll()?.is_some() {}
        while let Some(arrived) = self.under_way.front_mut().and_then(Reading::poll) {
            arrived?;
            self.under_way.pop_front();
        }
        let began = *self.began.get_or_insert_with(Instant::now);
        if self.ending {
            return Ok(if self.under_way.is_empty() { self.end_phase(began) } else { None });
        }
        if self.under_way.len() >= UNDER_WAY {
            return Ok(None);
        }
        let (all, before) = self.trainer.work();
        let stepped = self.trainer.advance(deadline)?;
        self.finished += if stepped { all } else { 0 };
        if stepped || self.trainer.work().1 > before {
            self.under_way.push_back(self.trainer.last_loss());
        }
        let elapsed = began.elapsed().as_secs_f64();
        self.ending = match self.measured_from {
            None => stepped || elapsed >= WARM_UP,
            Some(_) => stepped && elapsed >= MEASURED || elapsed >= 2.0 * MEASURED,
        };
        Ok(None)
    }

    /// Starts the clock, or reads it: what was asked for is done.
    fn end_phase(&mut self, began: Instant) -> Option<f64> {
        let (all, begun) = self.trainer.work();
        let done = self.finished + begun;
        let measured = self.measured_from.map(|from| began.elapsed().as_secs_f64() * all as f64 / (done - from) as f64);
        (self.measured_from, self.began, self.ending) = (Some(done), None, false);
        measured
    }
}
