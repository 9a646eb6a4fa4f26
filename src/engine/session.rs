//! A run that survives: it goes on from its last save where its device was lost, where it was stopped, and where it is to
//! take more steps. Where saves stay is a store's business: a folder, or the memory of a tab.

use web_time::Instant;

use super::Engine;
use super::memory::{fits, required_bytes};
use super::protocol::{Changes, Command, Description, Event, Settings, State, Text};
use super::speed::{Measurement, Speeds};
use super::store::{Recalled, Store};
use crate::hub::{Save, from_zip};
use crate::{Error, Result};

/// An engine whose run survives it.
pub struct Session<S: Store> {
    engine: Engine,
    store: S,
    speeds: Speeds,
    /// The number that the measurement under way was asked for with.
    measuring: Option<u64>,
    /// What was changed for the run under way.
    changes: Changes,
    /// The step at which it ends.
    end: u64,
    /// The log of its earlier life.
    history: Vec<u8>,
    /// How often the device was lost since the last save.
    losses: u32,
    /// Whether the first step waits for a save.
    waits: bool,
    /// Events for the next tick.
    events: Vec<Event>,
    /// What ended the last tick, reported after its events.
    failure: Option<Error>,
}

impl<S: Store> Session<S> {
    /// The run that `engine` has begun with `changes`, where it has, and those to come.
    pub fn new(engine: Engine, store: S, changes: Changes) -> Session<S> {
        Session {
            speeds: Speeds::new(engine.device().clone(), engine.memory()),
            engine,
            store,
            measuring: None,
            changes,
            end: 0,
            history: Vec::new(),
            losses: 0,
            waits: false,
            events: Vec::new(),
            failure: None,
        }
    }

    /// The engine.
    pub fn engine(&self) -> &Engine {
        &self.engine
    }

    /// The store.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// What it is doing.
    pub fn state(&self) -> State {
        self.engine.state()
    }

    /// The step at which the run under way ends.
    pub fn end(&self) -> u64 {
        self.end
    }

    /// How often the device was lost since the last save.
    pub fn losses(&self) -> u32 {
        self.losses
    }

    /// The lines of the log that the run under way had before it went on, once.
    pub fn take_history(&mut self) -> Vec<u8> {
        std::mem::take(&mut self.history)
    }

    /// Whether a tick would find something to do.
    pub fn busy(&self) -> bool {
        self.engine.busy() || self.speeds.busy() || !self.events.is_empty() || self.failure.is_some()
    }

    /// Takes a command. An error leaves the run that stands as it is.
    pub fn send(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Train { settings, text, tokenizer } => {
                self.begin(settings, text, tokenizer)?;
                self.events.push(Event::Begun);
            }
            Command::Resume { zip, text, changes, run } => {
                let mut save = from_zip(&zip)?;
                let carried = save.corpus.take();
                let name = save.trainer.as_ref().map_or_else(String::new, |trainer| trainer.corpus.name.clone());
                let text =
                    text.or_else(|| carried.map(|documents| Text { name, documents, keep: true, ..Text::default() }));
                let text = text.ok_or_else(|| Error::Usage("no text was set".into()))?;
                self.resume(save, changes, text, run)?;
            }
            Command::Extend { steps } => self.extend(steps)?,
            Command::Reset => {
                self.store.forget();
                self.events.push(Event::Forgotten);
                self.engine.send(Command::Reset)?;
            }
            Command::Describe { settings, corpus } => {
                let description = self.describe(&settings, &corpus);
                self.events.push(Event::Described { description });
            }
            Command::Measure { settings, corpus, id } => {
                self.begin_measuring(id, |speeds| speeds.measure(&settings, &corpus))?;
            }
            Command::Choose { corpus, id } => self.begin_measuring(id, |speeds| speeds.choose(&corpus))?,
            command => self.engine.send(command)?,
        }
        Ok(())
    }

    /// Goes on with a saved run on its text. `run` says whether it runs at once or waits.
    pub fn resume(&mut self, save: Save, changes: Changes, text: Text, run: bool) -> Result<()> {
        self.go_on(save, changes, text, run, true)?;
        self.events.push(Event::Begun);
        Ok(())
    }

    /// Saves the run after the step under way and ends there.
    pub fn stop(&mut self) -> Result<()> {
        self.engine.send(Command::Pause)?;
        self.engine.send(Command::Save)?;
        self.waits = false;
        Ok(())
    }

    /// After the device was lost: goes on with `engine` from the last save, or from the beginning where there is none and
    /// the store knows it. `run` says whether it runs at once or waits.
    pub fn recover(&mut self, engine: Engine, run: bool) -> Result<()> {
        self.speeds = Speeds::new(engine.device().clone(), engine.memory());
        self.engine = engine;
        match self.store.recall()? {
            Recalled::Nothing => return Ok(()),
            Recalled::Beginning(settings, text) => self.begin(settings, text, None)?,
            Recalled::Save(save, text) => {
                let taken = self.store.step().unwrap_or(0);
                let stop_after = self.changes.stop_after.map(|_| self.end.saturating_sub(taken));
                let changes = Changes { stop_after, ..self.changes.clone() };
                self.go_on(*save, changes, text, run, false)?;
            }
        }
        if !run {
            self.engine.send(Command::Pause)?;
        }
        Ok(())
    }

    /// Works for one slice and returns what happened; what it returns is in the store. After an error there is no run any more.
    pub fn tick(&mut self) -> Result<Vec<Event>> {
        if let Some(error) = self.failure.take() {
            return Err(error);
        }
        if self.speeds.busy() && !self.engine.busy() {
            self.go_on_measuring();
        }
        let ticked = self.engine.tick();
        if let Err(Error::DeviceLost(_)) = ticked {
            self.losses += 1;
        }
        for event in ticked? {
            if let Err(error) = self.take_in(&event) {
                self.failure = Some(error);
                break;
            }
            self.events.push(event);
        }
        if self.failure.is_none() {
            self.failure = self.save().err();
        }
        Ok(std::mem::take(&mut self.events))
    }

    /// The events that say why a tick has failed. `running` says whether the run ran.
    pub fn tell(&mut self, error: Error, running: bool) -> Vec<Event> {
        let mut events = std::mem::take(&mut self.events);
        // The engine would say next that it is idle; the events here say more.
        let _ = self.engine.tick();
        match error {
            Error::DeviceLost(message) => events.push(Event::DeviceLost { message, running: Some(running) }),
            error => {
                events.push(Event::Error { message: error.to_string(), saved: self.store.step() });
                events.push(Event::Stopped);
            }
        }
        events
    }

    /// What a run of `settings` on the text named `corpus` would be, or why there would be none.
    pub fn describe(&self, settings: &Settings, corpus: &str) -> Description {
        let described = (|| {
            let (model, train) = settings.resolve(corpus);
            model.validate()?;
            train.validate()?;
            fits(&model, train.batch, self.engine.device(), self.engine.memory())?;
            Ok(Description {
                parameters: Some(model.parameter_count()),
                memory: Some(required_bytes(&model, train.batch)?),
                estimate: self.speeds.estimate(&model, &train),
                refused: None,
            })
        })();
        described
            .unwrap_or_else(|error: Error| Description { refused: Some(error.to_string()), ..Description::default() })
    }

    fn begin(&mut self, settings: Settings, text: Text, tokenizer: Option<Vec<u8>>) -> Result<()> {
        self.stop_measuring();
        let (changes, beginning) = (settings.changes.clone(), S::IN_MEMORY.then(|| (settings.clone(), text.clone())));
        self.engine.send(Command::Train { settings, text, tokenizer })?;
        if let Some((settings, text)) = beginning {
            self.store.begin(settings, text);
        }
        (self.changes, self.history) = (changes, Vec::new());
        Ok(())
    }

    /// Goes on with a save, which is a `new` one to the store, or its own.
    fn go_on(&mut self, save: Save, changes: Changes, text: Text, run: bool, new: bool) -> Result<()> {
        self.stop_measuring();
        let copy = (new && S::IN_MEMORY).then(|| (save.clone(), text.clone()));
        let log = save.log.clone();
        self.engine.resume(save, changes.clone(), text, run)?;
        if let Some((save, text)) = copy {
            self.store.go_on(save, text);
        }
        (self.changes, self.history) = (changes, log);
        Ok(())
    }

    /// Lets a finished run go on until it has taken `steps` steps in all.
    fn extend(&mut self, steps: u64) -> Result<()> {
        let Recalled::Save(save, text) = self.store.recall()? else {
            return Err(Error::Usage("there is no finished run: train first".into()));
        };
        self.stop_measuring();
        let changes = Changes { steps: Some(steps), ..Changes::default() };
        let log = save.log.clone();
        self.engine.extend(*save, changes.clone(), text)?;
        (self.changes, self.history) = (changes, log);
        Ok(())
    }

    /// What an event means for the store.
    fn take_in(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Ready { step, train, .. } => {
                let left = self.changes.stop_after;
                self.end = left.map_or(train.steps, |n| train.steps.min(step.saturating_add(n)));
                // A full disk is met now and not in an hour, and a lost device finds something to go on from.
                if !S::IN_MEMORY && self.store.step().is_none() && train.save_every > 0 {
                    self.engine.send(Command::Pause)?;
                    self.engine.send(Command::Save)?;
                    self.waits = true;
                }
                Ok(())
            }
            Event::Step { report } => self.store.log(report),
            _ => Ok(()),
        }
    }

    /// Puts what the engine has to save into the store, whose log has all steps of it by now.
    fn save(&mut self) -> Result<()> {
        let Some(save) = self.engine.take_save() else { return Ok(()) };
        self.store.put(save)?;
        self.losses = 0;
        if std::mem::take(&mut self.waits) {
            self.engine.send(Command::Run)?;
        }
        Ok(())
    }

    /// Begins a measurement that was asked for with `id`; the one under way is given up for it.
    fn begin_measuring(&mut self, id: Option<u64>, begin: impl FnOnce(&mut Speeds) -> Result<()>) -> Result<()> {
        if self.engine.state() != State::Idle {
            return Err(Error::Usage("the speed is measured where there is no run: reset this one first".into()));
        }
        let busy = self.speeds.busy();
        begin(&mut self.speeds)?;
        if busy {
            self.tell_measured(None, true);
        }
        self.measuring = id;
        Ok(())
    }

    /// Gives up a measurement, because a run begins.
    fn stop_measuring(&mut self) {
        if self.speeds.busy() {
            self.speeds.stop();
            self.tell_measured(None, true);
        }
    }

    fn tell_measured(&mut self, settings: Option<Settings>, given_up: bool) {
        self.events.push(Event::Measured { settings, given_up, id: self.measuring.take() });
    }

    /// Measures for one slice. Where the device goes away, recovery begins with the message.
    fn go_on_measuring(&mut self) {
        match self.speeds.advance(Instant::now() + self.engine.slice()) {
            Ok(None) => {}
            Ok(Some(found)) => {
                let settings = if let Measurement::Settings(settings) = found { Some(settings) } else { None };
                self.tell_measured(settings, false);
            }
            Err(error) => {
                self.speeds.stop();
                self.tell_measured(None, true);
                self.events.push(match error {
                    Error::DeviceLost(message) => Event::DeviceLost { message, running: None },
                    error => Event::Error { message: error.to_string(), saved: None },
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::store::MemoryStore;
    use super::*;
    use crate::device::Device;

    /// Its ticks are as short as can be, so that however fast the machine is a run can be left between two steps.
    fn engine() -> Engine {
        Engine::new(Device::cpu(), Duration::ZERO, None)
    }

    fn train(steps: u64, save_every: u64) -> Command {
        let changes = Changes {
            steps: Some(steps),
            save_every: Some(save_every),
            eval_every: Some(0),
            sample_every: Some(0),
            ..Changes::default()
        };
        let settings = Settings {
            layers: Some(1),
            heads: Some(2),
            channels: Some(16),
            context: Some(8),
            vocab_size: Some(260),
            batch: Some(2),
            changes,
            ..Settings::default()
        };
        let text = Text {
            name: "moon".into(),
            documents: vec![b"the moon is bright ".repeat(40)],
            keep: true,
            ..Text::default()
        };
        Command::Train { settings, text, tokenizer: None }
    }

    /// Drives a session until it rests or has taken `step` steps; returns their losses.
    fn drive(session: &mut Session<MemoryStore>, until: u64) -> Vec<(u64, f64)> {
        let mut losses = Vec::new();
        while session.busy() {
            for event in session.tick().unwrap() {
                if let Event::Step { report } = event {
                    losses.push((report.step, report.loss));
                }
            }
            if losses.last().is_some_and(|(step, _)| *step >= until) {
                break;
            }
        }
        losses
    }

    fn whole() -> Vec<(u64, f64)> {
        let mut session = Session::new(engine(), MemoryStore::default(), Changes::default());
        session.send(train(12, 5)).unwrap();
        drive(&mut session, u64::MAX)
    }

    #[test]
    fn a_session_goes_on_from_its_last_save_and_from_the_beginning_where_there_is_none() {
        let whole = whole();
        assert_eq!(whole.len(), 12);
        let mut session = Session::new(engine(), MemoryStore::default(), Changes::default());
        session.recover(engine(), true).unwrap();
        assert!(!session.busy(), "there is nothing to go on with");
        session.send(train(12, 5)).unwrap();
        drive(&mut session, 2);
        session.recover(engine(), true).unwrap();
        assert_eq!(drive(&mut session, 8)[..2], whole[..2], "from the beginning");
        assert_eq!(session.store().step(), Some(5));
        session.recover(engine(), true).unwrap();
        assert!(!session.take_history().is_empty());
        assert_eq!(drive(&mut session, u64::MAX), whole[5..], "from the save");
        assert_eq!(session.store().step(), Some(12));
    }

    #[test]
    fn a_finished_run_is_extended_and_stays_so_on_another_device() {
        let mut session = Session::new(engine(), MemoryStore::default(), Changes::default());
        assert!(session.send(Command::Extend { steps: 12 }).is_err());
        session.send(train(6, 0)).unwrap();
        drive(&mut session, u64::MAX);
        session.send(Command::Extend { steps: 9 }).unwrap();
        drive(&mut session, 7);
        session.recover(engine(), true).unwrap();
        let last = *drive(&mut session, u64::MAX).last().unwrap();
        assert_eq!((last.0, session.end(), session.store().step()), (9, 9, Some(9)));
        session.send(Command::Reset).unwrap();
        assert!(session.store().save().is_none());
    }

    #[test]
    fn a_description_and_a_measurement_are_events() {
        let mut session = Session::new(engine(), MemoryStore::default(), Changes::default());
        let Command::Train { settings, .. } = train(6, 0) else { unreachable!() };
        session.send(Command::Describe { settings: settings.clone(), corpus: "en".into() }).unwrap();
        session.send(Command::Measure { settings, corpus: "en".into(), id: Some(1) }).unwrap();
        let too_large = Settings { channels: Some(1 << 20), ..Settings::default() };
        let refused = Command::Measure { settings: too_large, corpus: "en".into(), id: Some(2) };
        assert!(session.send(refused).is_err(), "what is under way goes on");
        session.send(Command::Choose { corpus: "en".into(), id: Some(3) }).unwrap();
        session.send(train(6, 0)).unwrap();
        let events = session.tick().unwrap();
        let json = serde_json::to_value(&events).unwrap();
        assert_eq!(json[0]["event"], "described");
        assert!(json[0]["parameters"].as_u64().is_some_and(|parameters| parameters > 0), "{json}");
        assert_eq!(json[1], serde_json::json!({ "event": "measured", "given_up": true, "id": 1 }));
        assert_eq!(json[2], serde_json::json!({ "event": "measured", "given_up": true, "id": 3 }));
        assert_eq!(json[3], serde_json::json!({ "event": "begun" }));
    }
}
