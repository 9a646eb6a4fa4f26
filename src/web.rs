//! Door one: the engine in a worker of the page. It parses what the page sends, calls the engine, and hands out plain objects.

mod cleaning;
mod keeping;
mod machine;
mod sampler;
mod stream;
mod tokens;
mod viewing;

use std::collections::BTreeMap;
use std::time::Duration;

use js_sys::{Array, Float32Array, Object, Reflect, Uint8Array};
use serde::{Serialize, de::DeserializeOwned};
use wasm_bindgen::prelude::*;

use crate::corpus::readers::Tally;
use crate::corpus::{self, Builtin};
use crate::data::Source;
use crate::engine::{
    self, Changes, Command, Event, MemoryStore, Progress, SAMPLE_TOKENS, Settings, State, Text, read_log,
};
use crate::generate::Sampling;
use crate::hub::{Save, from_zip, to_zip};
use crate::model::Preset;
use crate::reading::Reading;
use crate::train::{StepReport, TrainConfig};
use crate::{Error, Result};

pub use cleaning::Cleaning;
use machine::Opened;
pub use sampler::distribution;
pub use tokens::{Merges, TokenizerView};
pub use viewing::Viewing;

/// What one tick may take, so that messages are heard between two frames of a screen.
const SLICE: Duration = Duration::from_millis(16);

/// What the snapshots of a run may take: some thirty of the preset `tiny`.
const SNAPSHOTS: u64 = 128 << 20;

/// What the page gets: an error is thrown there.
type Answer<T> = std::result::Result<T, JsError>;

/// The engine with its run, and the text that the next one is to be trained on.
#[wasm_bindgen]
pub struct Session {
    run: engine::Session<MemoryStore>,
    device: Opened,
    /// The text that the next run is trained on.
    text: Option<Text>,
    /// The run that was opened and waits for its text.
    opened: Option<Save>,
    archive_requested: bool,
    progress: Progress,
    /// Events for the next tick.
    events: Vec<JsValue>,
}

#[wasm_bindgen]
impl Session {
    /// What there is to choose from, and what is chosen where nothing is said: `{presets: [{name, model, train, vocab, merges}],
    /// generate: {max_tokens, temperature, ...}}`.
    pub fn defaults() -> JsValue {
        #[derive(Serialize)]
        struct Described {
            name: Preset,
            model: crate::model::ModelConfig,
            train: TrainConfig,
            vocab: BTreeMap<&'static str, usize>,
            /// Merges of that vocabulary: all but the bytes and the end-of-text token.
            merges: BTreeMap<&'static str, usize>,
        }
        #[derive(Serialize)]
        struct GenerateDefaults {
            max_tokens: usize,
            #[serde(flatten)]
            sampling: Sampling,
        }
        #[derive(Serialize)]
        struct Defaults {
            presets: Vec<Described>,
            generate: GenerateDefaults,
        }
        let presets = Preset::ALL.into_iter().map(|preset| {
            let vocab = Builtin::ALL.map(|corpus| (corpus.name(), preset.vocab(corpus.name())));
            Described {
                name: preset,
                model: preset.model(),
                train: TrainConfig::preset(preset),
                vocab: vocab.into(),
                merges: vocab.map(|(corpus, vocab)| (corpus, vocab - 256 - 1)).into(),
            }
        });
        let generate = GenerateDefaults { max_tokens: SAMPLE_TOKENS, sampling: Sampling::default() };
        to_js(&Defaults { presets: presets.collect(), generate })
    }

    /// A session on the `requested` device: `auto`, `cpu` or `gpu`.
    pub async fn open(requested: String) -> Answer<Session> {
        console_error_panic_hook::set_once();
        let device = Opened::open(&requested).await?;
        Ok(Session {
            run: engine::Session::new(device.engine(), MemoryStore::default(), Changes::default()),
            device,
            text: None,
            opened: None,
            archive_requested: false,
            progress: Progress::default(),
            events: Vec::new(),
        })
    }

    /// Takes the file of a built-in corpus as the text of the next run.
    pub fn set_corpus(&mut self, name: &str, file: &[u8]) -> Answer<()> {
        let name: Builtin = name.parse()?;
        self.text = Some(Text {
            name: name.name().into(),
            documents: corpus::documents(file)?,
            keep: false,
            ..Text::default()
        });
        Ok(())
    }

    /// Takes the user's files, `[{name, bytes}]`, as the text of the next run. The tab is the only place that has it,
    /// so saves bring it along.
    pub fn set_own_text(&mut self, files: &Array) -> Answer<()> {
        let reading = Reading::default();
        let (name, documents, notes) = own_documents(files, &reading)?;
        let source = Source::new(reading);
        self.text = Some(Text { name, documents, keep: true, source, notes, ..Text::default() });
        Ok(())
    }

    /// Begins a run of `settings` on the text that was set, instead of the run that stands.
    pub fn train(&mut self, settings: JsValue) -> Answer<()> {
        let settings: Settings = from_js(settings)?;
        let text = self.text.clone().ok_or_else(|| Error::Usage("no text was set".into()))?;
        Ok(self.run.send(Command::Train { settings, text, tokenizer: None })?)
    }

    /// Sends a command of the engine's as a plain object: `{command: "pause"}`.
    pub fn send(&mut self, command: JsValue) -> Answer<()> {
        let command: Command = from_js(command)?;
        if matches!(command, Command::Reset) {
            (self.opened, self.archive_requested) = (None, false);
        }
        Ok(self.run.send(command)?)
    }

    /// Asks for the run as a zip: the event `archive` brings it. Where an error has ended the run, it is the last save.
    pub fn request_archive(&mut self) -> Answer<()> {
        if matches!(self.run.state(), State::Idle | State::Preparing)
            && let Some(save) = self.run.store().save()
        {
            let archive = archive(save);
            self.events.push(archive);
            return Ok(());
        }
        self.run.send(Command::Save)?;
        self.archive_requested = true;
        Ok(())
    }

    /// Opens a zipped run. Returns whose text it needs: a built-in corpus's name, `own`, or nothing where the zip has it.
    pub fn open_run(&mut self, zip: &[u8]) -> Answer<Option<String>> {
        let mut save = from_zip(zip)?;
        let name = save.trainer.as_ref().map_or(String::new(), |trainer| trainer.corpus.name.clone());
        let carried = save.corpus.take();
        // A model alone is refused when it is to go on, whatever its text.
        let needed = match (&carried, save.trainer.is_some()) {
            (None, true) => Some(name.parse::<Builtin>().map_or("own", Builtin::name).to_owned()),
            _ => None,
        };
        self.text = Some(Text { name, documents: carried.unwrap_or_default(), keep: true, ..Text::default() });
        self.opened = Some(save);
        Ok(needed)
    }

    /// Goes on with the run that was opened, paused, on the text that it came with or that was set since.
    pub fn resume(&mut self) -> Answer<()> {
        let save = self.opened.take().ok_or_else(|| Error::Usage("no run was opened".into()))?;
        let text = self.text.clone().expect("opening a run sets a text");
        Ok(self.run.resume(save, Changes::default(), text, false)?)
    }

    /// Lets a finished run go on until it has taken `steps` steps in all.
    pub fn extend(&mut self, steps: f64) -> Answer<()> {
        Ok(self.run.send(Command::Extend { steps: steps as u64 })?)
    }

    /// Whether a tick would find something to do.
    pub fn busy(&self) -> bool {
        self.run.busy() || !self.events.is_empty()
    }

    /// Works for one slice and returns what happened: an array of plain objects, each with its `event`.
    pub fn tick(&mut self) -> Array {
        let running = self.run.state() == State::Running;
        let events = match self.run.tick() {
            Ok(events) => events,
            Err(error) => self.run.tell(error, running),
        };
        for event in events {
            self.tell(event);
        }
        self.events.drain(..).collect()
    }

    /// Why the device is gone, where it is: what failed may be no fault of its own.
    pub fn lost(&self) -> Option<String> {
        self.run.engine().device().lost()
    }

    /// After the device was lost: opens it again and goes on from the last save, or from the beginning where there is
    /// none. Where the adapter does not come back, an `auto` session goes on on the CPU.
    pub async fn recover(&mut self, run: bool) -> Answer<()> {
        self.device = Opened::open(&self.device.requested.clone()).await?;
        Ok(self.run.recover(self.device.engine(), run)?)
    }
}

impl Session {
    /// Turns an event of the engine's into an object, with what a view shows beside it.
    fn tell(&mut self, mut event: Event) {
        let object = event_to_js(&mut event);
        match &event {
            Event::Ready { model, train, .. } => {
                self.progress = Progress::new(train.steps);
                set(&object, "uniform_loss", (model.vocab as f64).ln().into());
                let history = read_log(&self.run.take_history());
                let history: Array = history.iter().map(|report| self.progressed(report)).collect();
                set(&object, "history", history.into());
            }
            Event::Step { report } => {
                let report = self.progressed(report);
                set(&report, "event", "step".into());
                self.events.push(report);
                return;
            }
            _ => {}
        }
        self.events.push(object);
        if matches!(event, Event::Saved { .. })
            && std::mem::take(&mut self.archive_requested)
            && let Some(save) = self.run.store().save()
        {
            let archive = archive(save);
            self.events.push(archive);
        }
    }

    /// A report with the average so far and the time that is left.
    fn progressed(&mut self, report: &StepReport) -> JsValue {
        let (smoothed, seconds_left) = self.progress.add(report);
        let object = to_js(report);
        set(&object, "smoothed", smoothed.into());
        set(&object, "seconds_left", seconds_left.into());
        object
    }
}

/// An event as an object. Many numbers travel as one buffer, and are gone from the event then.
fn event_to_js(event: &mut Event) -> JsValue {
    let numbers = match event {
        Event::Looked { attention, logits, .. } => {
            vec![("attention", std::mem::take(attention)), ("logits", std::mem::take(logits))]
        }
        Event::Updated { attention_change: change, .. } => vec![("attention_change", std::mem::take(change))],
        Event::Traced { values, .. } => vec![("values", std::mem::take(values))],
        _ => Vec::new(),
    };
    let object = to_js(event);
    for (name, values) in numbers {
        set(&object, name, Float32Array::from(&values[..]).into());
    }
    object
}

/// The user's files, `[{name, bytes}]`: their names, the documents in them, and what is to be said of these.
fn own_documents(files: &Array, reading: &Reading) -> Result<(String, Vec<Vec<u8>>, Vec<String>)> {
    let mut names = Vec::new();
    let mut tally = Tally::default();
    let mut documents = Vec::new();
    for file in files.iter() {
        let name = property(&file, "name").as_string().unwrap_or_default();
        let bytes = Uint8Array::new(&property(&file, "bytes")).to_vec();
        documents.extend(corpus::of_file(&name, bytes, reading, &mut tally)?);
        names.push(name);
    }
    if documents.iter().all(Vec::is_empty) {
        return Err(Error::Config("there is no text yet: paste some, or choose a file that holds some".into()));
    }
    Ok((names.join(", "), documents, tally.notes()))
}

/// The event that brings a save as a zip.
fn archive(save: &Save) -> JsValue {
    let preset = save.trainer.as_ref().and_then(|trainer| trainer.preset).map_or("run".into(), |p| p.to_string());
    let step = save.trainer.as_ref().map_or(0, |trainer| trainer.step);
    let name = format!("glasshouse-{preset}-{step}.zip");
    let event = object(&[("event", "archive".into()), ("name", name.into())]);
    set(&event, "bytes", Uint8Array::from(to_zip(save).as_slice()).into());
    event
}

fn object(properties: &[(&str, JsValue)]) -> JsValue {
    let object = JsValue::from(Object::new());
    properties.iter().for_each(|(name, value)| set(&object, name, value.clone()));
    object
}

fn set(object: &JsValue, name: &str, value: JsValue) {
    Reflect::set(object, &name.into(), &value).expect("a new object takes properties");
}

fn property(object: &JsValue, name: &str) -> JsValue {
    Reflect::get(object, &name.into()).unwrap_or(JsValue::UNDEFINED)
}

/// A seed may have more digits than JavaScript's numbers, which the serialiser refuses: by way of JSON it is rounded.
fn to_js(value: &impl Serialize) -> JsValue {
    value.serialize(&serde_wasm_bindgen::Serializer::new().serialize_maps_as_objects(true)).unwrap_or_else(|_| {
        let json = serde_json::to_string(value).expect("what the page is sent is plain data");
        js_sys::JSON::parse(&json).expect("what serde writes is JSON")
    })
}

fn from_js<T: DeserializeOwned>(value: JsValue) -> Result<T> {
    serde_wasm_bindgen::from_value(value).map_err(|error| Error::Usage(error.to_string()))
}
