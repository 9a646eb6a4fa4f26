//! A run: a trainer, and what happens between its steps: evaluation, samples, saves.

use std::collections::VecDeque;

use web_time::Instant;

use super::look::{self, Look};
use super::prepare::Prepared;
use super::protocol::{Changes, Event, Settings};
use super::update::{Trial, Undone, Update};
use crate::device::{Device, Reading};
use crate::generate::{Choice, Generation, Generator, Sampling, prompt_ids};
use crate::hub::{Moments, Save, TrainerState};
use crate::model::{Gpt, Probe};
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
    generator: Option<Generator>,
    /// Recorded when somebody looks into the model first.
    pub(super) probe: Option<Probe>,
    pub(super) tokenizer: Tokenizer,
    end_of_text: u32,
    tokenizer_json: Vec<u8>,
    state: TrainerState,
    documents: Option<Vec<Vec<u8>>>,
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
    failed: Option<u64>,
}

pub(super) enum Action {
    /// Until no loss is awaited.
    Drain,
    Evaluate(Option<Evaluation>),
    Generate(Box<Sample>),
    Look(Box<Look>),
    Update(Box<Update>),
    Keep,
    Undo(Undone),
    /// The readings of weights and moments, one a tensor.
    Save(VecDeque<Reading>, Vec<Vec<f32>>),
}

pub(super) struct Sample {
    prompt: String,
    generation: Option<Generation>,
    choices: Vec<Choice>,
    max_tokens: usize,
    sampling: Sampling,
    ignore_end: bool,
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
        let samples = trainer.config.sample_every > 0;
        let generator = samples.then(|| Generator::new(device, &trainer.model)).transpose()?;
        let mut notices = prepared.notices;
        notices.extend(trainer.dataset.notice());
        let mut run = Run {
            device: device.clone(),
            trainer,
            evaluator,
            generator,
            probe: None,
            tokenizer_json: prepared.tokenizer.to_json(),
            tokenizer: prepared.tokenizer,
            end_of_text: prepared.end_of_text,
            state,
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
        self.stepping() || !self.actions.is_empty() || self.failed.is_some()
    }

    /// Stops the clock of the run.
    pub fn pause(&mut self) {
        self.trainer.pause_clock();
    }

    /// Asks for a save, after the step under way.
    pub fn save(&mut self) {
        self.actions.extend([Action::Drain, Action::Save(VecDeque::new(), Vec::new())]);
    }

    /// Asks for a sample, after the step under way.
    pub fn generate(&mut self, prompt: String, max_tokens: usize, sampling: Sampling, ignore_end: bool) {
        let sample = Sample { prompt, generation: None, choices: Vec::new(), max_tokens, sampling, ignore_end };
        self.actions.push_back(Action::Generate(Box::new(sample)));
    }

    /// Asks for a look into the model, after the step under way.
    pub fn look(&mut self, prompt: String, factors: Vec<f32>, sampling: Sampling, draw: u64) -> Result<()> {
        let model = &self.trainer.model.config;
        let heads = model.layers * model.heads;
        if !factors.is_empty() && factors.len() != heads {
            let found = factors.len();
            return Err(Error::Usage(format!("expected a factor for each of {heads} heads, or none; found {found}")));
        }
        self.actions.push_back(Action::Look(Box::new(Look::new(prompt, factors, sampling, draw))));
        Ok(())
    }

    /// Works until `deadline` and begins at most `steps` new steps; returns how many steps it finished issuing.
    pub fn advance(&mut self, steps: u64, deadline: Instant, events: &mut Vec<Event>) -> Result<u64> {
        let mut taken = 0;
        loop {
            self.arrivals(events)?;
            if let Some(step) = self.failed.filter(|_| self.actions.is_empty()) {
                return Err(Error::NotFinite { step });
            }
            let waiting = if self.trainer.within_step() || self.actions.is_empty() {
                let begins = taken < steps && self.trainer.step() < self.last;
                if !self.trainer.within_step() && !begins {
                    return Ok(taken);
                }
                let before = self.trainer.within_step();
                let finished = self.trainer.advance(deadline)?;
                if finished {
                    taken += 1;
                    self.plan();
                }
                !finished && !before && !self.trainer.within_step()
            } else {
                !self.act(deadline, events)?
            };
            if waiting || Instant::now() >= deadline {
                return Ok(taken);
            }
        }
    }

    /// Takes in the losses that have arrived. After one that is not finite the step before it is saved, and no other
    /// is begun.
    fn arrivals(&mut self, events: &mut Vec<Event>) -> Result<()> {
        loop {
            let report = match self.trainer.poll() {
                Ok(Some(report)) => report,
                Ok(None) => break,
                Err(Error::NotFinite { step }) => {
                    self.trainer.halt(step - 1);
                    self.held = None;
                    self.actions.clear();
                    if self.saved_step != Some(step - 1) {
                        self.actions.push_back(Action::Save(VecDeque::new(), Vec::new()));
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
        if evaluates || samples || saves {
            self.actions.push_back(Action::Drain);
        }
        if evaluates {
            self.actions.push_back(Action::Evaluate(None));
        }
        if samples {
            self.generate(
                String::new(),
                SAMPLE_TOKENS,
                Sampling { seed: seed.wrapping_add(step), ..Sampling::default() },
                true,
            );
        }
        if saves {
            self.actions.push_back(Action::Save(VecDeque::new(), Vec::new()));
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
            Action::Generate(sample) => self.sample(sample, deadline, events)?,
            Action::Look(look) => self.see(look, deadline, events)?,
            Action::Update(update) => self.try_update(update, deadline, events)?,
            Action::Keep => self.keep(events),
            Action::Undo(why) => self.undo(*why, events),
            Action::Save(readings, tensors) => self.read_save(readings, tensors, events)?,
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

    fn sample(&mut self, sample: &mut Sample, deadline: Instant, events: &mut Vec<Event>) -> Result<bool> {
        if self.generator.is_none() {
            self.generator = Some(Generator::new(&self.device, &self.trainer.model)?);
        }
        let generator = self.generator.as_ref().expect("made above");
        if sample.generation.is_none() {
            let ids = prompt_ids(&self.tokenizer, &sample.prompt, self.end_of_text);
            sample.generation = Some(Generation::new(&ids, sample.sampling));
        }
        let generation = sample.generation.as_mut().expect("made above");
        while sample.choices.len() < sample.max_tokens {
            let Some((choice, _)) = generator.advance(generation, deadline)? else { return Ok(false) };
            if choice.id == self.end_of_text && !sample.ignore_end {
                break;
            }
            sample.choices.push(choice);
        }
        let ids: Vec<u32> = sample.choices.iter().map(|choice| choice.id).collect();
        events.push(Event::Sample {
            step: self.trainer.step(),
            prompt: std::mem::take(&mut sample.prompt),
            text: String::from_utf8_lossy(&self.tokenizer.decode(&ids)?).into_owned(),
            ids,
            probabilities: sample.choices.iter().map(|choice| choice.probability).collect(),
        });
        Ok(true)
    }

    fn see(&mut self, look: &mut Look, deadline: Instant, events: &mut Vec<Event>) -> Result<bool> {
        let model = &self.trainer.model;
        let probe = look::ready(&mut self.probe, &self.device, model)?;
        let seen = look.advance(probe, model, (&self.tokenizer, self.end_of_text), self.trainer.step(), deadline)?;
        let done = seen.is_some();
        events.extend(seen);
        Ok(done)
    }

    /// Reads weights and moments back, and makes the save of them.
    fn read_save(
        &mut self,
        readings: &mut VecDeque<Reading>,
        tensors: &mut Vec<Vec<f32>>,
        events: &mut Vec<Event>,
    ) -> Result<bool> {
        let model = &self.trainer.model;
        let count = model.list.len();
        if readings.is_empty() && tensors.is_empty() {
            let moments =
                |which: usize| (0..count).map(move |i| model.moments(i).expect("the model is for training")[which]);
            let views = (0..count).map(|i| model.view(i)).chain(moments(0)).chain(moments(1));
            readings.extend(views.map(|view| self.device.read(view)));
        }
        while let Some(reading) = readings.front_mut() {
            let Some(numbers) = reading.poll() else { return Ok(false) };
            tensors.push(numbers?.f32());
            readings.pop_front();
        }
        let mut values = std::mem::take(tensors).into_iter();
        let step = self.trainer.step();
        let state = TrainerState {
            step,
            extra: self.trainer.extra,
            position: step * self.trainer.config.accumulate as u64,
            train: self.trainer.config.clone(),
            ..self.state.clone()
        };
        let weights = model.list.iter().map(|p| (p.name.clone(), p.shape.clone()));
        self.saved = Some(Save {
            config: model.config,
            tensors: weights.map(|(name, shape)| (name, shape, values.next().expect("one reading a tensor"))).collect(),
            moments: Some(Moments { first: values.by_ref().take(count).collect(), second: values.collect() }),
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

/// A model on `device` with the weights of a save, and with its moments where it is to be trained.
pub fn load_weights(device: &Device, save: &Save, training: bool) -> Result<Gpt> {
    Gpt::check_fit(device, &save.config)?;
    let model = Gpt::new(device, save.config, training)?;
    for (name, _, values) in &save.tensors {
        model.write(name, values);
    }
    if let Some(moments) = save.moments.as_ref().filter(|_| training) {
        for ((name, _, _), (first, second)) in save.tensors.iter().zip(moments.first.iter().zip(&moments.second)) {
            model.write_moments(name, first, second);
        }
    }
    Ok(model)
}

/// The lines of a log up to `step`, and the seconds that the last of them tells.
fn cut(log: &[u8], step: u64) -> (Vec<u8>, f64) {
    let (mut kept, mut seconds) = (Vec::new(), 0.0);
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        let Ok(report) = serde_json::from_slice::<StepReport>(line) else { continue };
        if report.step <= step {
            kept.extend_from_slice(line);
            seconds = report.seconds;
        }
    }
    (kept, seconds)
}
