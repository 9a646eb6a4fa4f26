//! Passes over given rows with the recorded step: to measure a loss, or to try an update.

use web_time::Instant;

use super::Trainer;
use crate::Result;
use crate::data::Batch;
use crate::device::Reading;

/// A pass under way.
pub struct Pass {
    batches: Vec<Batch>,
    /// Where it updates the weights: how many updates beyond the run's state came before it.
    update: Option<u64>,
    /// The micro-batch and dispatch to run next; the update comes behind the last micro-batch.
    at: (usize, usize),
    readings: Vec<Reading>,
    arrived: Vec<Vec<f64>>,
}

/// What a pass found.
#[derive(Clone, Debug, PartialEq)]
pub struct Passed {
    /// Nats a token over all that count, before an update.
    pub loss: f64,
    /// Of every position of the last micro-batch, (B, T), also of those that do not count.
    pub losses: Vec<f64>,
    /// The global norm of the gradient before it is clipped, where the weights were updated.
    pub gradient_norm: Option<f64>,
    /// Whether loss and norm are numbers. If not, the weights are what they were.
    pub finite: bool,
}

impl Pass {
    /// A pass over micro-batches of the trainer's shape. With `update` it changes weights and moments as a step would
    /// that comes behind so many other updates on the run's state.
    pub fn new(batches: Vec<Batch>, update: Option<u64>) -> Pass {
        Pass { batches, update, at: (0, 0), readings: Vec::new(), arrived: Vec::new() }
    }
}

impl Trainer {
    /// Goes on with a pass until `deadline`, or one submission; what it found, once it has arrived. No step is under way
    /// meanwhile, and no other pass.
    pub fn pass(&self, pass: &mut Pass, deadline: Instant) -> Result<Option<Passed>> {
        while pass.readings.is_empty() {
            let (micro_batch, at) = pass.at;
            if let Some(batch) = pass.batches.get(micro_batch) {
                if at == 0 {
                    let counted = pass.batches.iter().map(Batch::counted).sum::<usize>() as u64;
                    self.write(batch, micro_batch, counted, pass.update.unwrap_or(0));
                }
                let last = if pass.update.is_some() { self.recording.len() } else { self.recording.forward };
                let end = self.recording.advance_to(last, at, deadline)?;
                pass.at = if end == last { (micro_batch + 1, 0) } else { (micro_batch, end) };
            } else if pass.update.is_some() && at < self.update.len() {
                pass.at.1 = self.update.advance(at, deadline)?;
            } else {
                let norm = pass.update.map(|_| self.norm.norm.view());
                let views = [self.head.loss.view(), self.head.losses.view()].into_iter().chain(norm);
                pass.readings = views.map(|view| self.device.read(view)).collect();
                break;
            }
            if self.device.submission_budget().is_some() || Instant::now() >= deadline {
                return Ok(None);
            }
        }
        while let Some(reading) = pass.readings.get_mut(pass.arrived.len()) {
            let Some(numbers) = reading.poll() else { return Ok(None) };
            pass.arrived.push(numbers?.f64());
        }
        let mut arrived = std::mem::take(&mut pass.arrived).into_iter();
        let mut next = || arrived.next();
        let (loss, losses) = (next().expect("the loss is read")[0], next().expect("the losses are read"));
        let norm = next();
        let finite = loss.is_finite() && norm.as_ref().is_none_or(|norm| norm[2] == 0.0);
        if !finite {
            // The flag would stop every step from here on, and those of the run are not to blame.
            self.device.write(self.norm.norm.view(), &[0.0; 3]);
        }
        Ok(Some(Passed { loss, losses, gradient_norm: norm.map(|norm| norm[0]), finite }))
    }
}
