//! Slow motion: after each part of a step it reports what the part found, and waits to be continued.

use web_time::Instant;

use super::protocol::Event;
use crate::Result;
use crate::device::Reading;
use crate::train::{Part, Trainer};

/// Where a run stands between two parts.
#[derive(Default)]
pub struct SlowMotion {
    /// Whether steps are taken part by part.
    on: bool,
    /// Whether the last part is issued and the next is not begun.
    pub between: bool,
    /// Whether the next part waits to be let go on.
    pub waits: bool,
    telling: Option<Telling>,
}

/// A part that is done: its micro-batch, and what is read of it.
struct Telling {
    part: Part,
    micro_batch: usize,
    reading: Reading,
}

impl SlowMotion {
    /// Takes steps in slow motion, or no longer.
    pub fn set(&mut self, on: bool) {
        self.on = on;
        self.waits &= on;
    }

    /// Goes on with the step until `deadline`, in slow motion to the end of a part at most; says whether the step is wholly
    /// issued. With `waits` the next part waits behind it.
    pub fn advance(&mut self, trainer: &mut Trainer, deadline: Instant, waits: bool) -> Result<bool> {
        self.between = false;
        if !self.on {
            return trainer.advance(deadline);
        }
        let micro_batch = trainer.micro_batch();
        let Some(part) = trainer.advance_part(deadline)? else { return Ok(false) };
        self.telling = Some(Telling { part, micro_batch, reading: trainer.left_by(part) });
        (self.between, self.waits) = (true, waits);
        Ok(part == Part::Update)
    }

    /// Whether a part is done and not reported yet: the next one is not begun before.
    pub fn tells(&self) -> bool {
        self.telling.is_some()
    }

    /// Whether the next part is not to be begun yet.
    pub fn holds(&self) -> bool {
        self.tells() || self.waits
    }

    /// Tells of a part as soon as the device is through with it. What is waited then is no time of the step.
    pub fn tell(&mut self, trainer: &mut Trainer, events: &mut Vec<Event>) -> Result<()> {
        let Some(Telling { part, micro_batch, reading }) = &mut self.telling else { return Ok(()) };
        let (part, micro_batch) = (*part, *micro_batch);
        let Some(numbers) = reading.poll() else { return Ok(()) };
        let numbers = numbers?.f64();
        let config = &trainer.config;
        let number = |of: Part, i: usize| (part == of).then(|| numbers[i]);
        // The update ends the step.
        let step = trainer.step() + u64::from(part != Part::Update);
        // The loss is a sum over all micro-batches of the step; the mean over those so far is reported.
        let share = config.accumulate as f64 / (micro_batch + 1) as f64;
        events.push(Event::Part {
            step,
            part,
            micro_batch: (micro_batch + 1).min(config.accumulate),
            micro_batches: config.accumulate,
            tokens: (config.batch * trainer.model.config.context) as u64,
            parameters: trainer.model.config.parameter_count(),
            loss: number(Part::Loss, 0).map(|loss| loss * share),
            gradient_norm: number(Part::Clip, 0),
            clip_factor: number(Part::Clip, 1),
            learning_rate: (part == Part::Update).then(|| trainer.learning_rate(step - 1)),
        });
        self.telling = None;
        if self.waits {
            trainer.pause_clock();
        }
        Ok(())
    }

    /// Forgets the part that was reached: there is no step any more.
    pub fn forget(&mut self) {
        *self = SlowMotion { on: self.on, ..SlowMotion::default() };
    }
}
