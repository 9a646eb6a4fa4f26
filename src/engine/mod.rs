//! The one protocol: commands in, events out. Both doors drive it by [`Engine::tick`]; nothing here knows which one is open.

mod actions;
mod attention_change;
mod known_words;
mod memory;
mod prepare;
mod progress;
mod protocol;
mod questions;
mod readback;
mod run;
mod session;
mod slow_motion;
mod speed;
mod store;
mod timeline;
mod update;
mod viewer;

pub use memory::{fits, required_bytes};
pub use prepare::{END_OF_TEXT, end_of_text};
pub use progress::{Progress, read_log};
pub use protocol::{
    Candidate, Cell, Changes, Command, Description, Elsewhere, Estimate, Event, HeadShift, Piece, Rest, Settings,
    Shift, Spread, Standing, State, Station, Text, Undone,
};
pub use readback::load_weights;
pub use run::SAMPLE_TOKENS;
pub use session::Session;
pub use speed::{Measurement, Speeds};
pub use store::{MemoryStore, Recalled, Store};
pub use viewer::Viewer;

use std::time::Duration;

use web_time::Instant;

use crate::device::Device;
use crate::hub::Save;
use crate::model::Gpt;
use crate::tokenizer::Tokenizer;
use crate::{Error, Result};
use prepare::{Preparation, Prepared};
use run::Run;
use timeline::Timeline;

/// A laboratory with room for one run.
pub struct Engine {
    device: Device,
    slice: Duration,
    memory: Option<u64>,
    /// Bytes that snapshots of a run may take.
    snapshots: u64,
    work: Work,
    running: bool,
    /// Whether runs are in slow motion.
    slow: bool,
    /// Steps that a `Step` command has left to take.
    steps_left: Option<u64>,
    events: Vec<Event>,
    /// The save that was announced last, until it is taken.
    saved: Option<Save>,
    /// What ended the run, reported after the events that came before it, and what the engine was doing.
    failure: Option<(Error, State)>,
}

enum Work {
    None,
    Prepare {
        preparation: Box<Preparation>,
        settings: Settings,
        /// The run that it goes on with, or the model that it begins with.
        resume: Option<Box<Save>>,
        /// The time line of the run that this one goes on with, if that is here.
        past: Timeline,
    },
    Run(Box<Run>),
}

impl Engine {
    /// An engine on `device` that works for `slice` at most a tick (natively 30 ms, in a tab 16 ms) and may use `memory`
    /// bytes of the device, where that is known.
    pub fn new(device: Device, slice: Duration, memory: Option<u64>) -> Engine {
        Engine {
            device,
            slice,
            memory,
            snapshots: 0,
            work: Work::None,
            running: false,
            slow: false,
            steps_left: None,
            events: Vec::new(),
            saved: None,
            failure: None,
        }
    }

    /// Keeps snapshots of the runs to come, in `bytes` of host memory.
    pub fn keep_snapshots(&mut self, bytes: u64) {
        self.snapshots = bytes;
    }

    /// The device that it runs on.
    pub fn device(&self) -> &Device {
        &self.device
    }

    /// The bytes of the device that it may use, where that is known.
    pub fn memory(&self) -> Option<u64> {
        self.memory
    }

    /// The work of one tick at most.
    pub fn slice(&self) -> Duration {
        self.slice
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        if let Some((_, state)) = &self.failure {
            return *state;
        }
        match &self.work {
            Work::None => State::Idle,
            Work::Prepare { .. } => State::Preparing,
            Work::Run(run) if run.finished() => State::Finished,
            // A step that is under way when a pause is asked for is finished first.
            Work::Run(run) if self.running || run.stepping() => State::Running,
            Work::Run(_) => State::Paused,
        }
    }

    /// Whether a tick would find something to do.
    pub fn busy(&self) -> bool {
        match &self.work {
            Work::None => self.failure.is_some(),
            Work::Prepare { .. } => true,
            Work::Run(run) if self.running && run.rests() => false,
            Work::Run(run) => run.busy() || self.running && !run.finished(),
        }
    }

    /// Takes a command. An error leaves the run that stands as it is.
    pub fn send(&mut self, command: Command) -> Result<()> {
        let before = self.state();
        match command {
            Command::Train { settings, text, tokenizer } => {
                let tokenizer = tokenizer.map(|bytes| Tokenizer::from_json(&bytes)).transpose()?;
                self.check_memory(&settings, &text, tokenizer.as_ref())?;
                let preparation = Box::new(Preparation::new(&settings, text, tokenizer, None)?);
                self.work = Work::Prepare { preparation, settings, resume: None, past: Timeline::default() };
                (self.failure, self.saved) = (None, None);
                (self.running, self.steps_left) = (true, None);
            }
            Command::Run => {
                self.go_on();
                (self.running, self.steps_left) = (true, None);
            }
            Command::Pause => self.running = false,
            Command::Step => {
                self.go_on();
                let left = self.steps_left.filter(|_| self.running).unwrap_or(0);
                (self.running, self.steps_left) = (true, Some(left + 1));
            }
            Command::Slow { on } => {
                self.slow = on;
                if let Work::Run(run) = &mut self.work {
                    run.slow(on);
                }
            }
            Command::Part => {
                if let Work::Run(run) = &mut self.work {
                    run.go_on_with_part();
                }
            }
            Command::Reset => {
                (self.work, self.running) = (Work::None, false);
                (self.failure, self.saved) = (None, None);
            }
            Command::Save => self.run()?.save(),
            Command::StopGenerating => self.run()?.stop_generating(),
            Command::Pin { step, pinned } => self.run()?.pin(step, pinned)?,
            Command::Update { text, position, count, id } => {
                let memory = self.memory;
                self.run()?.update((text, position, count), id, memory)?;
                self.running &= count == 0;
            }
            Command::KeepUpdate => self.run()?.settle_trial(true)?,
            Command::UndoUpdate => self.run()?.settle_trial(false)?,
            question => {
                question.validate()?;
                match &mut self.work {
                    Work::Run(run) => run.ask(question, &mut self.events)?,
                    _ => return Err(no_run()),
                }
            }
        }
        if !self.running
            && let Work::Run(run) = &mut self.work
        {
            run.pause();
        }
        self.tell_state(before);
        Ok(())
    }

    /// Begins a run with the weights and the tokenizer of a model, instead of the one that stands: its moments and its count
    /// of steps begin anew.
    pub fn begin_with(&mut self, save: Save, settings: Settings, text: Text) -> Result<()> {
        let before = self.state();
        let settings = settings.with_shape(&save.config)?;
        let (_, train) = settings.resolve(&text.name);
        train.validate()?;
        fits(&save.config, train.batch, &self.device, self.memory)?;
        let tokenizer = Tokenizer::from_json(&save.tokenizer_json)?;
        let preparation = Box::new(Preparation::new(&settings, text, Some(tokenizer), save.end_of_text)?);
        // What the model has seen before is another run's.
        let model = Save { moments: None, trainer: None, log: Vec::new(), corpus: None, ..save };
        self.work = Work::Prepare { preparation, settings, resume: Some(Box::new(model)), past: Timeline::default() };
        (self.failure, self.saved) = (None, None);
        (self.running, self.steps_left) = (true, None);
        self.tell_state(before);
        Ok(())
    }

    /// Goes on with a saved run: its text is encoded anew. `run` says whether it runs at once or waits.
    pub fn resume(&mut self, save: Save, changes: Changes, text: Text, run: bool) -> Result<()> {
        self.go_on_with(save, changes, text, run, Timeline::default())
    }

    /// Goes on with the run that is here, as it was saved last, for more steps: it keeps its time line.
    pub fn extend(&mut self, save: Save, changes: Changes, text: Text) -> Result<()> {
        let past = if let Work::Run(run) = &self.work { run.timeline() } else { Timeline::default() };
        self.go_on_with(save, changes, text, true, past)
    }

    fn go_on_with(&mut self, save: Save, changes: Changes, mut text: Text, run: bool, past: Timeline) -> Result<()> {
        let before = self.state();
        let state = save.trainer.as_ref().ok_or_else(|| {
            Error::format(
                "trainer.json",
                "this is a model alone, with no run to go on with: only sampling and evaluation work",
            )
        })?;
        fits(&save.config, state.train.batch, &self.device, self.memory)?;
        text.source = state.corpus.source.clone();
        state.corpus.check(&text.corpus())?;
        if let Some(known) = &text.source.validation {
            known.check(&crate::data::Corpus::describe(&known.name, &text.validation))?;
        }
        let tokenizer = Tokenizer::from_json(&save.tokenizer_json)?;
        let settings = Settings { preset: state.preset, changes, ..Settings::default() };
        let preparation = Box::new(Preparation::new(&settings, text, Some(tokenizer), save.end_of_text)?);
        self.work = Work::Prepare { preparation, settings, resume: Some(Box::new(save)), past };
        (self.failure, self.saved) = (None, None);
        (self.running, self.steps_left) = (run, None);
        self.tell_state(before);
        Ok(())
    }

    /// The save that an [`Event::Saved`] announced.
    pub fn take_save(&mut self) -> Option<Save> {
        self.saved.take()
    }

    /// Works for one slice and returns what happened. After an error there is no run any more: what was saved is intact.
    pub fn tick(&mut self) -> Result<Vec<Event>> {
        if let Some((error, before)) = self.failure.take() {
            self.tell_state(before);
            return Err(error);
        }
        let deadline = Instant::now() + self.slice;
        let before = self.state();
        let result = self.advance(deadline);
        if let Err(error) = result {
            (self.work, self.running) = (Work::None, false);
            self.failure = Some((error, before));
        }
        self.tell_state(before);
        Ok(std::mem::take(&mut self.events))
    }

    fn advance(&mut self, deadline: Instant) -> Result<()> {
        match std::mem::replace(&mut self.work, Work::None) {
            Work::None => {}
            Work::Prepare { preparation, settings, resume, past } => {
                match preparation.advance(deadline, &mut self.events)? {
                    Err(preparation) => {
                        self.work = Work::Prepare { preparation: Box::new(preparation), settings, resume, past }
                    }
                    Ok(prepared) => {
                        let mut run = self.begin(prepared, &settings, resume)?;
                        run.hand_on(past);
                        self.work = Work::Run(Box::new(run));
                    }
                }
            }
            Work::Run(mut run) => {
                let steps = if self.running { self.steps_left.unwrap_or(u64::MAX) } else { 0 };
                let taken = run.advance(steps, deadline, &mut self.events);
                // A save outlives the run that it is of.
                self.saved = run.take_save().or(self.saved.take());
                let taken = taken?;
                run.settle();
                if let Some(left) = &mut self.steps_left {
                    *left -= taken.min(*left);
                    if *left == 0 && !run.busy() {
                        (self.running, self.steps_left) = (false, None);
                        run.pause();
                    }
                }
                self.work = Work::Run(run);
            }
        }
        Ok(())
    }

    fn begin(&mut self, prepared: Prepared, settings: &Settings, resume: Option<Box<Save>>) -> Result<Run> {
        let mut run = match resume {
            Some(save) if save.trainer.is_some() => Run::resume(&self.device, prepared, *save, &settings.changes)?,
            model => Run::new(&self.device, prepared, settings, model.as_deref())?,
        };
        run.keep_snapshots(self.snapshots);
        run.slow(self.slow);
        self.events.push(run.ready());
        Ok(run)
    }

    fn run(&mut self) -> Result<&mut Run> {
        match &mut self.work {
            Work::Run(run) => Ok(run),
            _ => Err(no_run()),
        }
    }

    /// Training on gives up what was tried and not kept.
    fn go_on(&mut self) {
        if let Work::Run(run) = &mut self.work
            && !run.finished()
        {
            run.go_on();
        }
    }

    fn tell_state(&mut self, before: State) {
        let state = self.state();
        if state != before {
            self.events.push(Event::State { state });
        }
    }

    /// Refuses a batch that does not fit the device, saying how much it needs and what would fit. A vocabulary that is
    /// still to be learnt counts as what the text may give at most.
    fn check_memory(&self, settings: &Settings, text: &Text, tokenizer: Option<&Tokenizer>) -> Result<()> {
        let (mut model, train) = settings.resolve(&text.name);
        model.validate()?;
        let bytes: usize = text.documents.iter().map(Vec::len).sum();
        model.vocab = tokenizer.map_or(model.vocab.min(bytes.saturating_add(257)), Tokenizer::vocab_size);
        train.validate()?;
        Gpt::check_fit(&self.device, &model)?;
        fits(&model, train.batch, &self.device, self.memory)
    }
}

/// Why a command is refused that only a run can follow.
fn no_run() -> Error {
    Error::Usage("there is no run yet: train first".into())
}
