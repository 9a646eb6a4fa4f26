//! The trainer: replays the recorded step over batch after batch, slice by slice, and reads each loss some steps late.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use web_time::Instant;

use super::TrainConfig;
use super::step_part::{Part, PartEnds};
use crate::data::{Batch, Dataset};
use crate::device::{Device, Reading, View};
use crate::model::{Attend, Gpt, ModelConfig};
use crate::ops::{self, GradientNorm, Head, MAX_GROUPS, Rates, Tokens};
use crate::tape::{Recording, SCALARS, Scalar, Tape, Tensor, step_scalars};
use crate::{Error, Result};

/// Steps that may be under way at once: the loss of the oldest is awaited before another begins.
pub const IN_FLIGHT: usize = 3;

/// One finished step, as `log.jsonl` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct StepReport {
    /// Counted from 1.
    pub step: u64,
    /// Tokens seen so far.
    pub tokens: u64,
    /// Nats a token, before this step's update.
    pub loss: f64,
    /// The learning rate.
    pub lr: f64,
    /// The global norm of the gradient, before it is clipped.
    pub grad_norm: f64,
    /// Over the last steps.
    pub tokens_per_second: f64,
    /// Spent on steps since the run began.
    pub seconds: f64,
    /// Nats a token on the validation tokens, after this step's update.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation_loss: Option<f64>,
}

/// Training under way: a model, its data, and the recorded step.
pub struct Trainer {
    pub(super) device: Device,
    /// The model that is trained.
    pub model: Gpt,
    /// How it is trained.
    pub config: TrainConfig,
    /// What it is trained on.
    pub dataset: Arc<Dataset>,
    pub(super) recording: Recording,
    pub(super) update: Recording,
    parts: PartEnds,
    scalars: View,
    tokens: Tokens,
    targets: Tensor,
    weights: Tensor,
    pub(super) head: Head,
    pub(super) norm: GradientNorm,
    /// Steps whose dispatches have all been issued.
    step: u64,
    /// Updates that the weights have seen beside the steps.
    pub extra: u64,
    /// The micro-batch and dispatch to run next; the update is micro-batch `accumulate`.
    at: (usize, usize),
    pending: VecDeque<StepInFlight>,
    clock: Clock,
}

struct StepInFlight {
    step: u64,
    lr: f64,
    loss: Reading,
    norm: Reading,
    arrived: (Option<f64>, Option<Vec<f64>>),
}

/// Time spent on steps, and the speed over the last ones.
struct Clock {
    seconds: f64,
    recent: VecDeque<f64>,
    since: Option<Instant>,
    step_seconds: f64,
}

impl Drop for Trainer {
    fn drop(&mut self) {
        self.device.free(self.scalars.buffer);
    }
}

impl Trainer {
    /// Records the step of `model` under `config`. The model has its weights, and its moments when it is resumed.
    pub fn new(model: Gpt, device: &Device, config: TrainConfig, dataset: Arc<Dataset>) -> Result<Trainer> {
        config.validate()?;
        check_sizes(&model.config, config.batch)?;
        assert_eq!(dataset.context, model.config.context, "trainer: data and model have one context");
        let ModelConfig { context, vocab, .. } = model.config;
        let scalars = step_scalars(device);
        let mut tape = Tape::new(device, scalars, true);
        let rows = config.batch * context;
        let tokens = Tokens::new(&mut tape, config.batch, context, vocab);
        let (targets, weights) = (tape.indices(&[rows]), tape.tensor(&[rows]));
        let bound = model.bind(&tape);
        let hidden = bound.forward(&mut tape, &tokens, &Attend::Windows(context));
        let behind_blocks = tape.recorded();
        let head = ops::cross_entropy(&mut tape, &hidden, bound.get("wte.weight"), &targets, &weights);
        drop((bound, hidden));
        let recording = tape.finish()?;
        let mut tape = Tape::new(device, scalars, false);
        let TrainConfig { beta1, beta2, eps, weight_decay, clip, .. } = config;
        let rates = Rates { beta1: beta1 as f32, beta2: beta2 as f32, epsilon: eps as f32, decay: weight_decay as f32 };
        let norm = model.clip(&mut tape, clip as f32);
        let behind_norm = tape.recorded();
        model.update(&mut tape, &norm, rates);
        let update = tape.finish()?;
        let parts = PartEnds {
            pass: [(Part::Forward, behind_blocks), (Part::Loss, recording.forward), (Part::Backward, recording.len())],
            update: [(Part::Clip, behind_norm), (Part::Update, update.len())],
        };
        Ok(Trainer {
            device: device.clone(),
            model,
            config,
            dataset,
            recording,
            update,
            parts,
            scalars,
            tokens,
            targets,
            weights,
            head,
            norm,
            step: 0,
            extra: 0,
            at: (0, 0),
            pending: VecDeque::new(),
            clock: Clock { seconds: 0.0, recent: VecDeque::new(), since: None, step_seconds: 0.0 },
        })
    }

    /// Goes on after `step` steps and `seconds` of an earlier process.
    pub fn resume_at(&mut self, step: u64, seconds: f64) {
        self.step = step;
        self.clock.seconds = seconds;
    }

    /// The device that it runs on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// Steps issued so far.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Seconds spent on steps.
    pub fn seconds(&self) -> f64 {
        self.clock.seconds
    }

    /// Steps whose loss has not been read yet.
    pub fn in_flight(&self) -> usize {
        self.pending.len()
    }

    /// Whether a step has begun that is not wholly issued.
    pub fn within_step(&self) -> bool {
        self.at != (0, 0)
    }

    /// Tokens of one step.
    pub fn tokens_a_step(&self) -> u64 {
        (self.config.batch * self.config.accumulate * self.model.config.context) as u64
    }

    /// Floating-point operations of a step, roughly: of all of it, and of what is issued of the one under way.
    pub fn work(&self) -> (u64, u64) {
        let (passes, update) = (self.config.accumulate, &self.update);
        let pass = self.recording.work(self.recording.len());
        let all = passes as u64 * pass + update.work(update.len());
        let (micro_batch, at) = self.at;
        let begun = if micro_batch < passes { &self.recording } else { update };
        (all, micro_batch as u64 * pass + begun.work(at))
    }

    /// Begins to read the loss as it is behind all that was issued so far.
    pub(super) fn last_loss(&self) -> Reading {
        self.device.read(self.head.loss.view())
    }

    /// The learning rate of step `step`, counted from 0.
    pub fn learning_rate(&self, step: u64) -> f64 {
        self.config.learning_rate(step)
    }

    /// The learning rate of the next update. One that is tried behind the last step has the highest rate of the run: the
    /// schedule has come to its end there, mostly at 0, and nothing would change.
    pub fn next_rate(&self) -> f64 {
        if self.step < self.config.steps { self.learning_rate(self.step) } else { self.config.lr }
    }

    /// The micro-batch that runs next.
    pub fn micro_batch(&self) -> usize {
        self.at.0
    }

    /// Begins to read what there is behind a part: where it is the clipping the norm of the gradients and the factor that
    /// clips them, else the loss, which is summed over the micro-batches so far.
    pub fn left_by(&self, part: Part) -> Reading {
        if part == Part::Clip { self.device.read(self.norm.norm.view()) } else { self.last_loss() }
    }

    /// Runs on until `deadline`, or one submission; says whether the step is wholly issued. A step that is begun while
    /// [`IN_FLIGHT`] others wait for their loss waits as well.
    pub fn advance(&mut self, deadline: Instant) -> Result<bool> {
        Ok(self.go_on(deadline, false)? == Some(Part::Update))
    }

    /// As [`Trainer::advance`], but no further than to the end of a part: which, once it is wholly issued.
    pub fn advance_part(&mut self, deadline: Instant) -> Result<Option<Part>> {
        self.go_on(deadline, true)
    }

    fn go_on(&mut self, deadline: Instant, by_parts: bool) -> Result<Option<Part>> {
        let now = Instant::now();
        if self.clock.since.is_none() {
            self.clock.since = Some(now);
        }
        if !self.within_step() && self.pending.len() >= IN_FLIGHT {
            return Ok(None);
        }
        loop {
            let (micro_batch, at) = self.at;
            let pass = micro_batch < self.config.accumulate;
            if pass && at == 0 {
                self.write_batch(micro_batch);
            }
            let recording = if pass { &self.recording } else { &self.update };
            let (part, part_ends) = self.parts.of(pass, at);
            let end = recording.advance_to(if by_parts { part_ends } else { recording.len() }, at, deadline)?;
            let whole = end == recording.len();
            self.at = if pass && whole { (micro_batch + 1, 0) } else { (micro_batch, end) };
            if whole && !pass {
                self.finish_step();
                return Ok(Some(Part::Update));
            }
            if by_parts && end == part_ends {
                return Ok(Some(part));
            }
            if self.device.submission_budget().is_some() || Instant::now() >= deadline {
                return Ok(None);
            }
        }
    }

    fn finish_step(&mut self) {
        let lr = self.learning_rate(self.step);
        self.at = (0, 0);
        self.step += 1;
        self.pending.push_back(StepInFlight {
            step: self.step,
            lr,
            loss: self.device.read(self.head.loss.view()),
            norm: self.device.read(self.norm.norm.view()),
            arrived: (None, None),
        });
    }

    /// Gives up the steps after `step`, which changed nothing because a norm was not finite.
    pub fn halt(&mut self, step: u64) {
        self.pending.clear();
        (self.step, self.at) = (step, (0, 0));
        self.pause_clock();
    }

    /// Stops the clock: what follows is no training.
    pub fn pause_clock(&mut self) {
        if let Some(since) = self.clock.since.take() {
            self.clock.step_seconds += since.elapsed().as_secs_f64();
        }
    }

    /// The oldest step whose loss has arrived. A loss or a norm that is not finite is an error, and the weights are
    /// those of the step before.
    pub fn poll(&mut self) -> Result<Option<StepReport>> {
        let Some(oldest) = self.pending.front_mut() else { return Ok(None) };
        let (loss, norm) = &mut oldest.arrived;
        if loss.is_none() {
            *loss = oldest.loss.poll().transpose()?.map(|numbers| numbers.f64()[0]);
        }
        if norm.is_none() {
            *norm = oldest.norm.poll().transpose()?.map(|numbers| numbers.f64());
        }
        let (Some(loss), Some(norm)) = (*loss, norm.clone()) else { return Ok(None) };
        let (step, lr) = (oldest.step, oldest.lr);
        self.pending.pop_front();
        if !loss.is_finite() || norm[2] != 0.0 {
            return Err(Error::NotFinite { step });
        }
        let tokens_a_step = self.tokens_a_step();
        let tokens_per_second = tokens_a_step as f64 / self.clock.lap();
        Ok(Some(StepReport {
            step,
            tokens: step * tokens_a_step,
            loss,
            lr,
            grad_norm: norm[0],
            tokens_per_second,
            seconds: self.clock.seconds,
            validation_loss: None,
        }))
    }

    /// The batches of the step to come, a micro-batch each.
    pub fn next_batches(&self) -> Vec<Batch> {
        (0..self.config.accumulate).map(|micro_batch| self.batch(micro_batch)).collect()
    }

    fn batch(&self, micro_batch: usize) -> Batch {
        let TrainConfig { seed, batch, accumulate, .. } = self.config;
        self.dataset.batch(seed, self.step * accumulate as u64 + micro_batch as u64, batch)
    }

    /// Writes the tokens of a micro-batch and the step's scalars.
    fn write_batch(&mut self, micro_batch: usize) {
        // Every position of a window counts 1, and all windows of a step are full.
        let counted = self.tokens_a_step();
        self.write(&self.batch(micro_batch), micro_batch, counted, 0);
    }

    /// Writes a micro-batch of an update that counts `counted` tokens and comes `ahead` updates behind where the run
    /// stands.
    pub(super) fn write(&self, batch: &Batch, micro_batch: usize, counted: u64, ahead: u64) {
        let TrainConfig { beta1, beta2, .. } = self.config;
        self.tokens.write(&self.device, &batch.inputs);
        self.device.write_index(self.targets.view(), &batch.targets);
        self.device.write(self.weights.view(), &batch.weights);
        let mut scalars = [0.0; SCALARS];
        let time = (self.step + self.extra + ahead + 1) as f64;
        let correction = |beta: f64| 1.0 / (1.0 - libm::pow(f64::from(beta as f32), time));
        // The learning rate is a hyperparameter: rounded to f32, as every device holds it.
        scalars[Scalar::LearningRate as usize] = f64::from(self.next_rate() as f32);
        scalars[Scalar::Correction1 as usize] = correction(beta1);
        scalars[Scalar::Correction2 as usize] = correction(beta2);
        scalars[Scalar::MicroBatch as usize] = micro_batch as f64;
        scalars[Scalar::WeightScale as usize] = 1.0 / counted as f64;
        self.device.write_f64(self.scalars, &scalars);
    }
}

impl Clock {
    /// Seconds a step over the last 20, this one included.
    fn lap(&mut self) -> f64 {
        let now = Instant::now();
        let since = self.since.replace(now).unwrap_or(now);
        let lap = self.step_seconds + (now - since).as_secs_f64();
        self.step_seconds = 0.0;
        self.seconds += lap;
        self.recent.push_back(lap);
        if self.recent.len() > 20 {
            self.recent.pop_front();
        }
        (self.recent.iter().sum::<f64>() / self.recent.len() as f64).max(1e-9)
    }
}

/// Refuses shapes whose largest tensor has more elements than kernels count, 2^31.
pub fn check_sizes(model: &ModelConfig, batch: usize) -> Result<()> {
    model.validate()?;
    let widest = (4 * model.channels).max(model.heads) as u128;
    let elements = batch as u128 * model.context as u128 * widest;
    let most = (1_u128 << 31) / (model.context as u128 * widest);
    let table = model.vocab as u128 * model.channels as u128;
    // The grid of a kernel has at most that many workgroups a side; attention has one for each window and head.
    if batch > MAX_GROUPS {
        return Err(Error::Config(format!(
            "a batch of {batch} windows is more than the {MAX_GROUPS} that kernels count: take --batch {MAX_GROUPS} or \
             less, and more --accumulate"
        )));
    }
    if table >= 1 << 31 {
        return Err(Error::Config(format!(
            "a table of {} tokens by {} channels has over 2^31 elements: take a smaller vocabulary or fewer channels",
            model.vocab, model.channels
        )));
    }
    if elements >= 1 << 31 {
        return Err(Error::Config(format!(
            "a batch of {batch} windows of {} tokens makes tensors of {elements} elements, and at most 2^31 are counted: \
             take --batch {} and more --accumulate",
            model.context,
            most.saturating_sub(1).max(1)
        )));
    }
    Ok(())
}
