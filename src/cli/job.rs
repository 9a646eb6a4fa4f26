//! A run under way: drives the engine, shows its events, logs, saves, and goes on where a device was lost.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use glasshouse::engine::{Changes, Command, Engine, Event, Session, State, Store};
use glasshouse::{Error, Result};

use super::device::DeviceArg;
use super::output::{duration, grouped};
use super::progress::Display;
use super::run_folder::{FolderStore, Patience};
use super::signals;

/// Work between two looks at signals.
pub const SLICE: Duration = Duration::from_millis(30);

/// The device may be lost so often between two saves.
const LOSSES: u32 = 3;

/// What a call says about a run beside its settings.
#[derive(Clone)]
pub struct RunArgs {
    /// Where to train.
    pub device: DeviceArg,
    /// What changes when the run goes on.
    pub changes: Changes,
    /// Where the text is; empty where nothing was said.
    pub data: Vec<PathBuf>,
    /// How long it waits where the disk is full.
    pub wait_for_disk: Duration,
}

/// A run under way.
pub struct Job<'a> {
    session: Session<FolderStore>,
    args: RunArgs,
    folder: &'a Path,
    display: &'a mut Display,
    /// Work of one tick of an engine that is opened anew.
    slice: Duration,
    /// Whether a signal ends the run.
    stopping: bool,
}

impl<'a> Job<'a> {
    /// The run that `engine` prepares, in `folder`, which holds it as it was after step `saved`.
    pub fn new(
        engine: Engine,
        args: RunArgs,
        folder: &'a Path,
        saved: Option<u64>,
        display: &'a mut Display,
    ) -> Result<Job<'a>> {
        let interrupted = || signals::ending().is_some();
        let patience = Patience { limit: args.wait_for_disk, interrupted };
        let store = FolderStore::open(folder, saved, args.data.clone(), patience)?;
        let session = Session::new(engine, store, args.changes.clone());
        Ok(Job { session, args, folder, display, slice: SLICE, stopping: false })
    }

    /// Whether the folder holds the run.
    pub fn is_saved(&self) -> bool {
        self.saved().is_some()
    }

    /// The step that the folder holds; none of a run that was never saved.
    fn saved(&self) -> Option<u64> {
        self.session.store().step()
    }

    /// Trains until all steps are taken or a signal ends the run, and returns what the process exits with. `watch` sees
    /// each event before it is dealt with.
    pub fn drive(&mut self, watch: &mut dyn FnMut(&Engine, &Event)) -> Result<ExitCode> {
        loop {
            let preparing = self.session.state() == State::Preparing;
            if let Some(code) = signals::ending().filter(|_| !self.stopping) {
                if preparing {
                    self.display.note("stopped before the first step: there is nothing to save")?;
                    return Ok(code.into());
                }
                self.display.note("saving after this step; Ctrl-C again leaves at once")?;
                // Where it cannot stop it has failed, and the next tick says why.
                self.stopping = self.session.stop().is_ok();
            }
            if !preparing && signals::take_save() && !self.stopping && self.session.send(Command::Save).is_ok() {
                self.display.note("saving after this step, as asked")?;
            }
            match self.session.tick() {
                Ok(events) => {
                    for event in &events {
                        watch(self.session.engine(), event);
                        if let Event::Ready { .. } = event {
                            self.introduce(event)?;
                        }
                        self.display.show(event)?;
                    }
                    if events.is_empty() && self.session.engine().device().adapter().is_some() {
                        // The GPU is at work: asking it again at once would take a core from its driver.
                        std::thread::sleep(Duration::from_micros(100));
                    }
                }
                Err(Error::DeviceLost(message)) => self.recover(message)?,
                Err(error) => {
                    let keeps = matches!(error, Error::NotFinite { .. }) || error.is_disk_full();
                    if let Some(saved) = self.saved().filter(|_| keeps) {
                        let folder = self.folder.display();
                        self.display.note(format!("{folder} holds the run as it was after step {saved}"))?;
                    }
                    return Err(error);
                }
            }
            let ends = self.stopping || self.session.state() == State::Finished;
            if ends && !self.session.busy() {
                // Whatever came meanwhile, a run that has taken all its steps is whole.
                let code = signals::ending().filter(|_| self.session.state() != State::Finished);
                self.conclude()?;
                return Ok(code.map_or(ExitCode::SUCCESS, ExitCode::from));
            }
        }
    }

    /// Says what is about to be trained.
    fn introduce(&mut self, event: &Event) -> Result<()> {
        let Event::Ready { model, train, parameters, train_tokens, validation_tokens, step, notices, .. } = event
        else {
            return Ok(());
        };
        let (tokens, end) = ((train.batch * train.accumulate * model.context) as u64, self.session.end());
        let shape = format!("{} layers, {} heads, {} channels", model.layers, model.heads, model.channels);
        let rest = format!("context {}, vocabulary {}", model.context, grouped(model.vocab as u64));
        let counts = [*train_tokens, *validation_tokens, *parameters, step + 1, end, train.steps].map(grouped);
        let [for_training, for_validation, parameters, first, last, steps] = counts;
        let display = &mut *self.display;
        display.fact("tokens", format!("{for_training} to train on, {for_validation} to validate with"))?;
        display.fact("model", format!("{shape}, {rest}: {parameters} parameters"))?;
        match *step < end {
            true => display.fact("steps", format!("{first} to {last} of {steps}, {} tokens each", grouped(tokens)))?,
            false if *step < train.steps => {
                display.fact("steps", format!("none in this call: {} of {steps} are taken", grouped(*step)))?;
            }
            false => display
                .fact("steps", format!("none: {} of {steps} are taken, a larger --steps goes on", grouped(*step)))?,
        }
        display.fact("folder", self.folder.display())?;
        for notice in notices {
            display.fact("note", notice)?;
        }
        display.ready(train, tokens, *step, end);
        Ok(())
    }

    /// Opens the device again and goes on from the last save.
    fn recover(&mut self, message: String) -> Result<()> {
        let Some(saved) = self.saved().filter(|_| self.session.losses() <= LOSSES) else {
            return Err(Error::DeviceLost(message));
        };
        self.display.note(format!("the device was lost ({message}): going on from the save of step {saved}"))?;
        let opened = self.args.device.open()?;
        self.display.fact("device", opened.device.name())?;
        self.session.recover(Engine::new(opened.device, self.slice, opened.memory), true)
    }

    /// Says where the model is, and what to do with it.
    fn conclude(&mut self) -> Result<()> {
        let display = &*self.display;
        display.close();
        if let Some(report) = &display.last {
            let mut text = format!("loss {:.4}", report.loss);
            if let Some(validation) = display.validation {
                text += &format!(", validation loss {validation:.4}");
            }
            display.note(format!("step {}: {text}, after {}", grouped(report.step), duration(report.seconds)))?;
        }
        let program = std::env::args_os().next().map_or_else(|| "glasshouse".into(), |name| shell(Path::new(&name)));
        let folder = shell(self.folder);
        display.note(format!("the model is in {}", self.folder.display()))?;
        if self.stopping || self.args.changes.stop_after.is_some() {
            display.note(format!("go on with  {program} train --resume {folder}"))?;
        }
        display.note(format!("try         {program} sample --model {folder}"))
    }
}

/// A path as it is typed.
fn shell(path: &Path) -> String {
    let text = path.display().to_string();
    let plain = |c: char| c.is_alphanumeric() || "/\\._-+:".contains(c);
    if text.chars().all(plain) { text } else { format!("'{}'", text.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests {
    use glasshouse::engine::Settings;

    use super::super::run_folder::given;
    use super::*;

    /// A small run of 12 steps on the emulated or real GPU, which is lost as often as `losses` says, each time after
    /// step 6. Returns the log's lines without their times.
    fn run(folder: &Path, data: &Path, save_every: u64, losses: u32) -> Result<Vec<(u64, f64)>> {
        let data = vec![data.to_owned()];
        let changes = Changes { steps: Some(12), save_every: Some(save_every), ..Changes::default() };
        let settings = Settings {
            layers: Some(1),
            heads: Some(2),
            channels: Some(16),
            context: Some(8),
            vocab_size: Some(260),
            batch: Some(2),
            changes: changes.clone(),
            ..Settings::default()
        };
        let device =
            DeviceArg::Gpu(None).open().expect("this test needs a Vulkan adapter: `make test` installs one").device;
        // Ticks so short that a device is lost between a step and the save that follows.
        let slice = Duration::ZERO;
        let mut engine = Engine::new(device, slice, None);
        engine.send(Command::Train { settings, text: given(&data)?, tokenizer: None })?;
        std::fs::create_dir_all(folder).unwrap();
        let mut display = Display::new(true);
        let args = RunArgs { device: DeviceArg::Gpu(None), changes, data, wait_for_disk: Duration::ZERO };
        let mut job = Job::new(engine, args, folder, None, &mut display)?;
        job.slice = slice;
        let mut left = losses;
        job.drive(&mut |engine, event| {
            if let Event::Step { report } = event
                && report.step == 6
                && left > 0
            {
                left -= 1;
                engine.device().destroy();
            }
        })?;
        assert_eq!(left, 0, "the device was lost as often as was meant");
        let log = std::fs::read_to_string(folder.join("log.jsonl")).unwrap();
        let line = |line: &str| {
            let line: serde_json::Value = serde_json::from_str(line).unwrap();
            (line["step"].as_u64().unwrap(), line["loss"].as_f64().unwrap())
        };
        Ok(log.lines().map(line).collect())
    }

    /// The losses are those of a run that kept its device, bit for bit, and the log has each step once.
    #[test]
    fn a_run_whose_device_is_lost_goes_on_from_its_last_save() {
        let place = tempfile::tempdir().unwrap();
        let data = place.path().join("text.txt");
        std::fs::write(&data, "The play's the thing wherein I'll catch the conscience of the king. ".repeat(40))
            .unwrap();
        let whole = run(&place.path().join("whole"), &data, 4, 0).unwrap();
        assert_eq!(whole.iter().map(|(step, _)| *step).collect::<Vec<_>>(), (1..=12).collect::<Vec<_>>());
        for (name, losses) in [("once", 1), ("thrice", 3)] {
            assert_eq!(run(&place.path().join(name), &data, 4, losses).unwrap(), whole, "{name}");
        }
        let error = run(&place.path().join("forever"), &data, 100, 4).unwrap_err();
        assert!(matches!(error, Error::DeviceLost(_)), "a device that does not stay is given up: {error}");
        let error = run(&place.path().join("unsaved"), &data, 0, 1).unwrap_err();
        assert!(matches!(error, Error::DeviceLost(_)), "there is nothing to go on from: {error}");
    }
}
