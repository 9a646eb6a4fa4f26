//! A run: a trainer, and what happens between its steps: evaluation, samples, saves.

use std::sync::Arc;

use web_time::Instant;

use super::actions::{Action, Actions};
use super::known_words::KnownWords;
use super::prepare::Prepared;
use super::protocol::{Changes, Command, Event, Settings, Undone};
use super::questions::{Desk, Generate};
use super::readback::{Saves, Saving, cut, first_weights, load_weights};
use super::slow_motion::SlowMotion;
use super::timeline::{Snapshot, Timeline};
use super::update::{Trial, Update, undo};
use crate::device::Device;
use crate::generate::Sampling;
use crate::hub::{Save, TrainerState};
use crate::train::{Evaluation, Evaluator, StepReport, Trainer};
use crate::{Error, Result};

/// Tokens of the samples that a run shows of itself.
pub const SAMPLE_TOKENS: usize = 120;

/// Why a command is refused that asks nothing of the model. What the page sends goes to a session, which follows it.
const SESSION_ONLY: &str =
    "this command is for a session, which has saves and measurements: an engine alone has neither";

/// One run, prepared, with its step recorded.
pub struct Run {
    trainer: Trainer,
    evaluator: Option<Evaluator>,
    desk: Desk,
    timeline: Timeline,
    slow_motion: SlowMotion,
    /// Of the tokens to train on: see [`crate::data::Dataset::entropies`].
    entropies: (f64, f64),
    notices: Vec<String>,
    /// Lines of the log so far.
    log: Vec<u8>,
    /// The step at which this call stops.
    last: u64,
    /// What is to be done before the next step.
    actions: Actions,
    /// Updates that were tried and are neither kept nor undone.
    trial: Option<Trial>,
    /// The last step's line, held back until its evaluation is done.
    held: Option<StepReport>,
    saves: Saves,
    /// Whether the run has been found finished.
    complete: bool,
    /// The step whose loss was not finite; the run ends when the one before it is saved.
    failed: Option<u64>,
}

impl Run {
    /// A run from its first step, with new weights or with those of `model`.
    pub fn new(device: &Device, prepared: Prepared, settings: &Settings, model: Option<&Save>) -> Result<Run> {
        let (mut shape, train) = settings.resolve(&prepared.text.name);
        shape.vocab = model.map_or(prepared.tokenizer.vocab_size(), |model| model.config.vocab);
        prepared.check_ids(shape.vocab)?;
        let dataset = Arc::new(prepared.dataset(shape.context)?);
        let gpt = first_weights(device, shape, model, train.seed)?;
        let state = TrainerState {
            step: 0,
            extra: 0,
            position: 0,
            preset: Some(settings.preset.unwrap_or(crate::model::Preset::Tiny)),
            train: train.clone(),
            corpus: prepared.corpus.clone(),
            as_read: Default::default(),
        };
        let trainer = Trainer::new(gpt, device, train, dataset)?;
        Run::assemble(device, prepared, trainer, state, Vec::new(), &settings.changes)
    }

    /// A run from where a save stands.
    pub fn resume(device: &Device, mut prepared: Prepared, save: Save, changes: &Changes) -> Result<Run> {
        let mut state = save.trainer.clone().expect("the engine checked that the save holds a run");
        prepared.notices.extend(changes.apply_after(state.step, &mut state.train));
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
        let known_words = KnownWords::of(&prepared.text.documents);
        let documents = prepared.text.keep.then_some(prepared.text.documents);
        let saves = Saves::new(prepared.tokenizer.to_json(), prepared.end_of_text, state, documents);
        let mut desk = Desk::new(device.clone(), prepared.tokenizer, prepared.end_of_text, known_words);
        // Recorded with the step, so that nothing is compiled while it runs; else when somebody asks.
        if trainer.config.sample_every > 0 {
            desk.view(&trainer.model, [step, 0]).tapes.generator(device, &trainer.model)?;
        }
        let mut notices = prepared.notices;
        notices.extend(trainer.dataset.notice());
        notices.extend(trainer.config.warmup_notice());
        let entropies = trainer.dataset.entropies();
        let mut run = Run {
            trainer,
            evaluator,
            desk,
            timeline: Timeline::default(),
            slow_motion: SlowMotion::default(),
            entropies,
            notices,
            log,
            last,
            actions: Actions::default(),
            trial: None,
            held: None,
            saves,
            complete: false,
            failed: None,
        };
        // A run that has nothing left to do still leaves a folder.
        if step >= run.last {
            run.actions.save();
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

    /// Whether a step is under way, or not yet reported.
    pub fn stepping(&self) -> bool {
        self.trainer.within_step() || self.trainer.in_flight() > 0 || self.held.is_some()
    }

    /// Whether something is under way that a pause lets finish: a step, an evaluation, a sample, a save.
    pub fn busy(&self) -> bool {
        self.stepping()
            || self.slow_motion.tells()
            || !self.actions.is_empty()
            || self.failed.is_some()
            || self.timeline.busy()
    }

    /// Stops the clock of the run.
    pub fn pause(&mut self) {
        self.slow_motion.waits = false;
        self.trainer.pause_clock();
    }

    /// Asks for a save, after the step under way.
    pub fn save(&mut self) {
        self.actions.save();
    }

    /// The save that was made last, once.
    pub fn take_save(&mut self) -> Option<Save> {
        self.saves.take()
    }

    /// Asks the model, after the step under way where the answer depends on its weights.
    pub fn ask(&mut self, command: Command, events: &mut Vec<Event>) -> Result<()> {
        let (model, at) = (&self.trainer.model, self.seen());
        let Some(mut pending) = self.desk.ask(command, &model.config, &|step| self.snapshot(step))? else {
            return Err(Error::Usage(SESSION_ONLY.into()));
        };
        if pending.question.is_immediate() {
            self.desk.answer(&mut pending, model, at, Instant::now(), events)?;
        } else {
            self.actions.push(Action::Answer(pending));
        }
        Ok(())
    }

    /// Ends the texts that were asked for.
    pub fn stop_generating(&mut self) {
        self.actions.stop_generating();
    }

    /// Asks for `count` updates on a copy, after the step under way. Refuses what cannot be learnt from, and a copy for
    /// which the device's `memory` does not do.
    pub fn update(
        &mut self,
        (text, position, count): (Option<String>, Option<usize>, u32),
        id: Option<u64>,
        memory: Option<u64>,
    ) -> Result<()> {
        let update = Update::new(&self.trainer, self.desk.tokenizer(), (text, position, count), id, memory)?;
        self.actions.push(Action::Drain);
        self.actions.push(Action::Update(Box::new(update)));
        Ok(())
    }

    /// Keeps or undoes what was tried, after what is under way. Refuses it where nothing was.
    pub fn settle_trial(&mut self, keeps: bool) -> Result<()> {
        if !self.actions.leaves_trial(self.trial.is_some()) {
            return Err(Error::Usage("there is no update to keep or to undo: try one first".into()));
        }
        self.actions.push(if keeps { Action::Keep } else { Action::Undo(Undone::Asked) });
        Ok(())
    }

    /// Trains on: gives up what was tried and not kept, and waits behind a part of a step no longer.
    pub fn go_on(&mut self) {
        if self.actions.leaves_trial(self.trial.is_some()) {
            self.actions.push(Action::Undo(Undone::WentOn));
        }
        self.slow_motion.waits = false;
    }

    /// Takes steps in slow motion, or no longer.
    pub fn slow(&mut self, on: bool) {
        self.slow_motion.set(on);
    }

    /// Lets the next part of a step in slow motion begin.
    pub fn go_on_with_part(&mut self) {
        self.slow_motion.waits = false;
    }

    /// Whether it waits behind a part of a step and has nothing to do meanwhile.
    pub fn rests(&self) -> bool {
        let under_way = self.slow_motion.tells() || self.trainer.in_flight() > 0 || self.timeline.busy();
        self.slow_motion.waits && !under_way && self.failed.is_none() && !self.acts()
    }

    /// Whether the first action can be done now: between two steps each, between two parts of one what only reads.
    fn acts(&self) -> bool {
        let between = self.slow_motion.between && self.actions.reads();
        !self.actions.is_empty() && (!self.trainer.within_step() || between)
    }

    /// The steps that the model has seen, and the updates that were kept beside them.
    fn seen(&self) -> [u64; 2] {
        [self.trainer.step(), self.trainer.extra]
    }

    /// Keeps snapshots from here on, in `budget` bytes at most; the first is of the model as it is.
    pub fn keep_snapshots(&mut self, budget: u64) {
        let bytes = self.trainer.model.arena().len as u64 * 4;
        self.timeline = Timeline::new(budget, bytes, self.trainer.step());
        if self.timeline.keeps() {
            self.actions.push_front(Action::Snapshot { pinned: false });
        }
    }

    /// The time line, for a run that goes on with this one.
    pub fn timeline(&self) -> Timeline {
        self.timeline.handed_on()
    }

    /// Goes on with the time line of the run before, of which this one is the next part.
    pub fn hand_on(&mut self, timeline: Timeline) {
        if self.timeline.keeps() && timeline.keeps() {
            self.timeline = timeline;
        }
    }

    /// The snapshot of a step, where one is asked for. That of the step where the run stands is the model as it is when its
    /// turn comes: an update that is kept before then is in it.
    fn snapshot(&self, step: Option<u64>) -> Result<Option<Snapshot>> {
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
        self.actions.push(Action::Snapshot { pinned: true });
        Ok(())
    }

    /// Works until `deadline` and begins at most `steps` new steps; returns how many steps it finished issuing.
    pub fn advance(&mut self, steps: u64, deadline: Instant, events: &mut Vec<Event>) -> Result<u64> {
        let mut taken = 0;
        loop {
            self.arrivals(events)?;
            self.slow_motion.tell(&mut self.trainer, events)?;
            if let Some(step) = self.failed.filter(|_| self.actions.is_empty()) {
                return Err(Error::NotFinite { step });
            }
            let waiting = if self.acts() {
                !self.act(deadline, events)?
            } else if self.slow_motion.holds() {
                true
            } else {
                let begins = taken < steps && self.trainer.step() < self.last;
                if !self.trainer.within_step() && !begins {
                    return Ok(taken);
                }
                let before = self.trainer.within_step();
                let finished = self.slow_motion.advance(&mut self.trainer, deadline, steps > 0)?;
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
                    self.slow_motion.forget();
                    self.held = None;
                    self.actions.clear();
                    if !self.saves.hold(step - 1) {
                        self.actions.push(Action::Save(Saving::default()));
                    }
                    self.failed = Some(step);
                    break;
                }
                Err(error) => return Err(error),
            };
            if self.actions.evaluates() && report.step == self.trainer.step() {
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
            self.actions.push(Action::Snapshot { pinned: false });
        }
        if evaluates || samples || saves {
            self.actions.push(Action::Drain);
        }
        if evaluates {
            self.actions.push(Action::Evaluate(None));
        }
        if samples {
            let sampling = Sampling { seed: seed.wrapping_add(step), ..Sampling::default() };
            self.actions.push(Action::Answer(Generate::sample(SAMPLE_TOKENS, sampling)));
        }
        if saves {
            self.actions.push(Action::Save(Saving::default()));
        }
    }

    /// Works on the first action until `deadline`; says whether it could do something.
    fn act(&mut self, deadline: Instant, events: &mut Vec<Event>) -> Result<bool> {
        let Some(mut action) = self.actions.pop() else { return Ok(false) };
        let done = match &mut action {
            Action::Drain => {
                let empty = self.trainer.in_flight() == 0;
                if empty {
                    self.trainer.pause_clock();
                }
                empty
            }
            Action::Evaluate(evaluation) => self.evaluate(evaluation, deadline, events)?,
            Action::Answer(pending) => {
                let at = self.seen();
                self.desk.answer(pending, &self.trainer.model, at, deadline, events)?
            }
            Action::Update(update) => {
                let at = self.seen();
                let mut view = self.desk.view(&self.trainer.model, at);
                update.advance(&self.trainer, &mut view, &mut self.trial, deadline, events)?
            }
            Action::Keep => {
                self.keep(events);
                true
            }
            Action::Undo(why) => {
                undo(&mut self.trial, *why, None, events);
                true
            }
            Action::Snapshot { pinned } => {
                let weights = self.trainer.model.arena();
                self.timeline.take(self.trainer.step(), *pinned, || self.trainer.device().read(weights))
            }
            Action::Save(saving) => self.read_save(saving, events)?,
        };
        if !done {
            self.actions.push_front(action);
        }
        Ok(done)
    }

    /// Goes on from what was tried, with a save.
    fn keep(&mut self, events: &mut Vec<Event>) {
        let updates = self.trial.take().and_then(|trial| trial.keep(&self.trainer.model));
        let Some(updates) = updates else { return };
        self.trainer.extra += updates;
        let step = self.trainer.step();
        events.push(Event::UpdateKept { step, updates });
        self.saves.outdate();
        if let Some(pinned) = self.timeline.remove(step) {
            self.actions.push(Action::Snapshot { pinned });
        }
        self.actions.save();
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
        let Some(step) = self.saves.advance(saving, &self.trainer, &self.log)? else { return Ok(false) };
        events.push(Event::Saved { step });
        Ok(true)
    }
}
