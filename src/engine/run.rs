//! A run: a trainer, and what happens between its steps: evaluation, samples, saves.

use std::collections::VecDeque;

use web_time::Instant;

use super::known_words::KnownWords;
use super::prepare::Prepared;
use super::protocol::{Changes, Event, Settings, Undone};
use super::questions::generate::Generate;
use super::questions::look::Look;
use super::questions::trace::Trace;
use super::readback::{Saving, cut, load_weights};
use super::slow_motion::SlowMotion;
use super::timeline::{Snapshot, SnapshotModel, Tapes, Timeline};
use super::update::{Trial, Update};
use crate::device::Device;
use crate::generate::Sampling;
use crate::hub::{Save, TrainerState};
use crate::model::Gpt;
use crate::tokenizer::Tokenizer;
use crate::train::{Evaluation, Evaluator, StepReport, Trainer};
use crate::{Error, Result};
use std::sync::Arc;

/// Tokens of the samples that a run shows of itself.
pub const SAMPLE_TOKENS: usize = 120;

/// One run, prepared, with its step recorded.
pub struct Run {
    pub(super) device: Device,
    pub(super) trainer: Trainer,
    evaluator: Option<Evaluator>,
    pub(super) tapes: Tapes,
    pub(super) timeline: Timeline,
    /// Made when somebody asks for a step that is past.
    pub(super) past: Option<SnapshotModel>,
    pub(super) slow: SlowMotion,
    pub(super) tokenizer: Tokenizer,
    pub(super) end_of_text: u32,
    tokenizer_json: Vec<u8>,
    state: TrainerState,
    documents: Option<Vec<Vec<u8>>>,
    pub(super) words: KnownWords,
    /// Of the tokens to train on: see [`crate::data::Dataset::entropies`].
    entropies: (f64, f64),
    notices: Vec<String>,
    /// Lines of the log so far.
    log: Vec<u8>,
    /// The step at which this call stops.
    last: u64,
    /// What is to be done before the next step, in order.
    pub(super) actions: VecDeque<Action>,
    /// Updates that were tried and are neither kept nor undone.
    pub(super) trial: Option<Trial>,
    /// The last step's line, held back until its evaluation is done.
    held: Option<StepReport>,
    /// The save that was asked for last.
    pub saved: Option<Save>,
    /// The step that the last save holds.
    pub(super) saved_step: Option<u64>,
    /// Whether the run has been found finished.
    complete: bool,
    /// The step whose loss was not finite; the run ends when the one before it is saved.
    pub(super) failed: Option<u64>,
}

pub(super) enum Action {
    /// Until no loss is awaited.
    Drain,
    Evaluate(Option<Evaluation>),
    Write(Box<Generate>),
    Look(Box<Look>),
    Trace(Box<Trace>),
    Update(Box<Update>),
    Keep,
    Undo(Undone),
    /// Whether it is pinned.
    Snapshot(bool),
    Save(Saving),
}

impl Run {
    /// A run from its first step.
    pub fn new(device: &Device, prepared: Prepared, settings: &Settings) -> Result<Run> {
        let (mut model, train) = settings.resolve(&prepared.text.name);
        model.vocab = prepared.tokenizer.vocab_size();
        let dataset = Arc::new(prepared.dataset(model.context)?);
        let gpt = Gpt::new(device, model, true)?;
        gpt.initialise(train.seed);
        let state = TrainerState {
            step: 0,
            extra: 0,
            position: 0,
            preset: Some(settings.preset.unwrap_or(crate::model::Preset::Tiny)),
            train: train.clone(),
            corpus: prepared.corpus.clone(),
            kept: Default::default(),
        };
        let trainer = Trainer::new(gpt, device, train, dataset)?;
        Run::assemble(device, prepared, trainer, state, Vec::new(), &settings.changes)
    }

    /// A run from where a save stands.
    pub fn resume(device: &Device, prepared: Prepared, save: Save, changes: &Changes) -> Result<Run> {
        let mut state = save.trainer.clone().expect("the engine checked that the save holds a run");
        changes.apply(&mut state.train);
        if state.train.steps < state.step {
            return Err(Error::Usage(format!(
                "--steps {} is the total, and this run has taken {} already: give a larger total",
                state.train.steps, state.step
            )));
        }
        let dataset = Arc::new(prepared.dataset(save.config.context)?);
        let gpt = load_weights(device, &save, true)?;
        let mut trainer = Trainer::new(gpt, device, state.train.clone(), dataset)?;
        // A run that was killed has logged steps that its last save does not hold.
        let (log, seconds) = cut(&save.log, state.step);
        trainer.resume_at(state.step, seconds);
        trainer.extra = state.extra;
        Run::assemble(device, prepared, trainer, state, log, changes)
    }

    fn assemble(
        device: &Device,
        prepared: Prepared,
        trainer: Trainer,
        state: TrainerState,
        log: Vec<u8>,
        changes: &Changes,
    ) -> Result<Run> {
        let step = state.step;
        let last =
            changes.stop_after.map_or(trainer.config.steps, |n| trainer.config.steps.min(step.saturating_add(n)));
        let evaluator = match &trainer.dataset.validation {
            Some(_) if trainer.config.eval_every > 0 => {
                Some(Evaluator::new(device, &trainer.model, trainer.config.batch)?)
            }
            _ => None,
        };
        // Recorded with the step, so that nothing is compiled while it runs; else when somebody asks.
        let mut tapes = Tapes::default();
        if trainer.config.sample_every > 0 {
            tapes.generator(device, &trainer.model)?;
        }
        let mut notices = prepared.notices;
        notices.extend(trainer.dataset.notice());
        let entropies = trainer.dataset.entropies();
        let mut run = Run {
            device: device.clone(),
            trainer,
            evaluator,
            tapes,
            timeline: Timeline::default(),
            past: None,
            slow: SlowMotion::default(),
            tokenizer_json: prepared.tokenizer.to_json(),
            tokenizer: prepared.tokenizer,
            end_of_text: prepared.end_of_text,
            state,
            words: KnownWords::of(&prepared.text.documents),
            entropies,
            documents: prepared.text.keep.then_some(prepared.text.documents),
            notices,
            log,
            last,
            actions: VecDeque::new(),
            trial: None,
            held: None,
            saved: None,
            saved_step: None,
            complete: false,
            failed: None,
        };
        // A run that has nothing left to do still leaves a folder.
        if step >= run.last {
            run.save();
        }
        Ok(run)
    }

    /// What the run is.
    pub fn ready(&self) -> Event {
        let validation = self.trainer.dataset.validation.as_ref();
        Event::Ready {
            model: self.trainer.model.config,
            train: self.trainer.config.clone(),
            parameters: self.trainer.model.config.parameter_count(),
            train_tokens: self.trainer.dataset.train.len() as u64,
            validation_tokens: validation.map_or(0, |windows| windows.tokens.len() as u64),
            unigram_loss: self.entropies.0,
            bigram_loss: self.entropies.1,
            step: self.trainer.step(),
            notices: self.notices.clone(),
        }
    }

    /// Whether all steps of this call are taken and all that follows them is done. It stays so when more is asked of the
    /// model, a sample or a save.
    pub fn finished(&self) -> bool {
        self.complete || self.trainer.step() >= self.last && !self.busy()
    }

    /// Notes whether the run is finished.
    pub fn settle(&mut self) {
        self.complete = self.finished();
    }

    /// Whether a step is under way, or not yet told.
    pub fn stepping(&self) -> bool {
        self.trainer.within_step() || self.trainer.in_flight() > 0 || self.held.is_some()
    }

    /// Whether something is under way that a pause lets finish: a step, an evaluation, a sample, a save.
    pub fn busy(&self) -> bool {
        self.stepping()
            || self.slow.tells()
            || !self.actions.is_empty()
            || self.failed.is_some()
            || self.timeline.busy()
    }

    /// Stops the clock of the run.
    pub fn pause(&mut self) {
        self.slow.waits = false;
        self.trainer.pause_clock();
    }

    /// Asks for a save, after the step under way.
    pub fn save(&mut self) {
        self.actions.extend([Action::Drain, Action::Save(Saving::default())]);
    }

    /// Keeps snapshots from here on, in `budget` bytes at most; the first is of the model as it is.
    pub fn keep_snapshots(&mut self, budget: u64) {
        let bytes = self.trainer.model.arena().len as u64 * 4;
        self.timeline = Timeline::new(budget, bytes, self.trainer.step());
        if self.timeline.keeps() {
            self.actions.push_front(Action::Snapshot(false));
        }
    }

    /// Goes on with the time line of the run before, of which this one is the next part.
    pub fn hand_on(&mut self, timeline: Timeline) {
        if self.timeline.keeps() && timeline.keeps() {
            self.timeline = timeline;
        }
    }

    /// The snapshot of a step, where one is asked for. That of the step where the run stands is the model as it is when its
    /// turn comes: an update that is kept before then is in it.
    pub fn snapshot(&self, step: Option<u64>) -> Result<Option<Snapshot>> {
        let stands = !self.trainer.within_step() && self.timeline.keeps();
        let past = step.filter(|step| !(stands && *step == self.trainer.step()));
        past.map(|step| self.timeline.find(step)).transpose()
    }

    /// Pins the snapshot of a step or lets it go; of the model as it is one is taken.
    pub fn pin(&mut self, step: Option<u64>, pinned: bool) -> Result<()> {
        let now = self.trainer.step();
        let live = step.is_none() || step == Some(now) && !self.trainer.within_step();
        if !pinned || !live {
            return self.timeline.pin(step.unwrap_or(now), pinned);
        }
        self.timeline.check_room(now)?;
        self.actions.push_back(Action::Snapshot(true));
        Ok(())
    }

    /// Works until `deadline` and begins at most `steps` new steps; returns how many steps it finished issuing.
    pub fn advance(&mut self, steps: u64, deadline: Instant, events: &mut Vec<Event>) -> Result<u64> {
        let mut taken = 0;
        loop {
            self.arrivals(events)?;
            self.slow.tell(&mut self.trainer, events)?;
            if let Some(step) = self.failed.filter(|_| self.actions.is_empty()) {
                return Err(Error::NotFinite { step });
            }
            let waiting = if self.acts() {
                !self.act(deadline, events)?
            } else if self.slow.holds() {
                true
            } else {
                let begins = taken < steps && self.trainer.step() < self.last;
                if !self.trainer.within_step() && !begins {
                    return Ok(taken);
                }
                let before = self.trainer.within_step();
                let finished = self.slow.advance(&mut self.trainer, deadline, steps > 0)?;
                if finished {
                    taken += 1;
                    self.plan();
                }
                !finished && !before && !self.trainer.within_step()
            };
            if waiting || Instant::now() >= deadline {
                return Ok(taken);
            }
        }
    }

    /// Takes in the losses that have arrived. After one that is not finite the step before it is saved, and no other
    /// is begun.
    fn arrivals(&mut self, events: &mut Vec<Event>) -> Result<()> {
        self.timeline.advance(events)?;
        loop {
            let report = match self.trainer.poll() {
                Ok(Some(report)) => report,
                Ok(None) => break,
                Err(Error::NotFinite { step }) => {
                    self.trainer.halt(step - 1);
                    self.timeline.halt(step - 1);
                    self.slow.forget();
                    self.held = None;
                    self.actions.clear();
                    if self.saved_step != Some(step - 1) {
                        self.actions.push_back(Action::Save(Saving::default()));
                    }
                    self.failed = Some(step);
                    break;
                }
                Err(error) => return Err(error),
            };
            let evaluates = self.actions.iter().any(|action| matches!(action, Action::Evaluate(_)));
            if evaluates && report.step == self.trainer.step() {
                self.held = Some(report);
            } else {
                self.tell(report, events);
            }
        }
        Ok(())
    }

    fn tell(&mut self, report: StepReport, events: &mut Vec<Event>) {
        serde_json::to_writer(&mut self.log, &report).expect("a report is plain numbers");
        self.log.push(b'\n');
        events.push(Event::Step { report });
    }

    /// What follows the step that was just issued.
    fn plan(&mut self) {
        let step = self.trainer.step();
        let config = &self.trainer.config;
        // A stop on the way leaves the log that a run without it would leave.
        let due = |every: u64| every > 0 && (step.is_multiple_of(every) || step >= config.steps);
        let (evaluates, samples) = (due(config.eval_every) && self.evaluator.is_some(), due(config.sample_every));
        let saves = step >= self.last || due(config.save_every);
        let seed = config.seed;
        if self.timeline.due(step) {
            self.actions.push_back(Action::Snapshot(false));
        }
        if evaluates || samples || saves {
            self.actions.push_back(Action::Drain);
        }
        if evaluates {
            self.actions.push_back(Action::Evaluate(None));
        }
        if samples {
            let sampling = Sampling { seed: seed.wrapping_add(step), ..Sampling::default() };
            self.write(Generate::sample(SAMPLE_TOKENS, sampling));
        }
        if saves {
            self.actions.push_back(Action::Save(Saving::default()));
        }
    }

    /// Works on the first action until `deadline`; says whether it could do something.
    fn act(&mut self, deadline: Instant, events: &mut Vec<Event>) -> Result<bool> {
        let Some(mut action) = self.actions.pop_front() else { return Ok(false) };
        let done = match &mut action {
            Action::Drain => {
                let empty = self.trainer.in_flight() == 0;
                if empty {
                    self.trainer.pause_clock();
                }
                empty
            }
            Action::Evaluate(evaluation) => self.evaluate(evaluation, deadline, events)?,
            Action::Write(writing) => self.go_on_writing(writing, deadline, events)?,
            Action::Look(look) => self.see(look, deadline, events)?,
            Action::Trace(trace) => self.follow(trace, deadline, events)?,
            Action::Update(update) => self.try_update(update, deadline, events)?,
            Action::Keep => self.keep(events),
            Action::Undo(why) => self.undo(*why, events),
            Action::Snapshot(pinned) => {
                let weights = self.trainer.model.arena();
                self.timeline.take(self.trainer.step(), *pinned, || self.device.read(weights))
            }
            Action::Save(saving) => self.read_save(saving, events)?,
        };
        if !done {
            self.actions.push_front(action);
        }
        Ok(done)
    }

    fn evaluate(
        &mut self,
        evaluation: &mut Option<Evaluation>,
        deadline: Instant,
        events: &mut Vec<Event>,
    ) -> Result<bool> {
        let (Some(evaluator), Some(windows)) = (&self.evaluator, &self.trainer.dataset.validation) else {
            return Ok(true);
        };
        let evaluation = evaluation.get_or_insert_with(|| evaluator.begin());
        let Some(found) = evaluator.advance(evaluation, windows, deadline)? else { return Ok(false) };
        let mut report = self.held.take().expect("the evaluated step's report was held back");
        report.validation_loss = Some(found.loss());
        self.tell(report, events);
        Ok(true)
    }

    /// Reads weights and moments back, and makes the save of them.
    fn read_save(&mut self, saving: &mut Saving, events: &mut Vec<Event>) -> Result<bool> {
        let Some((tensors, moments)) = saving.advance(&self.device, &self.trainer.model)? else { return Ok(false) };
        let step = self.trainer.step();
        let state = TrainerState {
            step,
            extra: self.trainer.extra,
            position: step * self.trainer.config.accumulate as u64,
            train: self.trainer.config.clone(),
            ..self.state.clone()
        };
        self.saved = Some(Save {
            config: self.trainer.model.config,
            tensors,
            moments: Some(moments),
            tokenizer_json: self.tokenizer_json.clone(),
            end_of_text: Some(self.end_of_text),
            trainer: Some(state),
            log: self.log.clone(),
            corpus: self.documents.clone(),
        });
        self.saved_step = Some(step);
        events.push(Event::Saved { step });
        Ok(true)
    }
}
