//! What is asked of the engine.

use serde::{Deserialize, Serialize};

use super::settings::{Changes, Settings, Text};
use crate::Result;
use crate::generate::Sampling;
use crate::model::trace::Stop;

/// What the outside asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields = nullable))]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// Begins a run, instead of the one that stands.
    Train {
        /// The run.
        settings: Settings,
        /// What it is trained on.
        text: Text,
        /// A tokenizer.json; without one a tokenizer is trained.
        #[serde(default)]
        tokenizer: Option<Vec<u8>>,
    },
    /// Goes on with a saved run, instead of the one that stands. This and the four below, a [`Session`](crate::engine::Session)
    /// follows: the engine alone has no saves and no measurements.
    Resume {
        /// The run's folder, zipped.
        zip: Vec<u8>,
        /// What it was trained on, where the save does not bring it along.
        #[serde(default)]
        text: Option<Text>,
        /// What changes.
        #[serde(default)]
        changes: Changes,
        /// Whether it runs at once, or waits.
        #[serde(default)]
        run: bool,
    },
    /// Lets a finished run go on.
    Extend {
        /// Its steps in all.
        steps: u64,
    },
    /// Asks what a run would be; it comes as [`Event::Described`](super::Event::Described).
    Describe {
        /// The run.
        settings: Settings,
        /// What its text is called.
        corpus: String,
    },
    /// Measures steps of a model of its own, where there is no run; [`Event::Measured`](super::Event::Measured) says when
    /// it is done.
    Measure {
        /// The run.
        settings: Settings,
        /// What its text is called.
        corpus: String,
        /// A number that the answer carries back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Looks for settings of a run that is done within a minute; [`Event::Measured`](super::Event::Measured) brings them.
    Choose {
        /// What its text is called.
        corpus: String,
        /// A number that the answer carries back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Goes on after a pause.
    Run,
    /// Stops between two steps.
    Pause,
    /// Runs one step and pauses; asked for again meanwhile, one more.
    Step,
    /// Takes steps in slow motion from here on, in this run and in those to come, or no longer: behind each part of a step
    /// comes [`Event::Part`](super::Event::Part), and a run that is not paused waits for [`Command::Part`].
    Slow {
        /// Whether it does.
        on: bool,
    },
    /// Lets a run in slow motion go on with the next part of a step. A pause lets it go on to the end of the step.
    Part,
    /// Forgets the run.
    Reset,
    /// Asks for a save of where the run stands; it comes as [`Event::Saved`](super::Event::Saved).
    Save,
    /// Generates between two steps; each token comes as [`Event::Token`](super::Event::Token), and the text as
    /// [`Event::Sample`](super::Event::Sample).
    Generate {
        /// Empty: the beginning of a document.
        prompt: String,
        /// At most so many tokens.
        max_tokens: usize,
        /// How they are chosen.
        sampling: Sampling,
        /// Whether the end of a document does not end it.
        ignore_end: bool,
        /// Tokens that it begins with behind the prompt, before any is drawn; they count among `max_tokens`.
        #[serde(default)]
        given: Vec<u32>,
        /// The step of the snapshot that generates; none: the model as it is.
        #[serde(default)]
        at: Option<u64>,
        /// A number that the answer carries back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Ends what `Generate` has asked for with the text that there is.
    StopGenerating,
    /// Pins a snapshot, so that it is kept however long the run becomes, or lets it go.
    Pin {
        /// Its step; none: the model as it is after the step under way, of which one is taken.
        #[serde(default)]
        step: Option<u64>,
        /// Whether it is kept.
        pinned: bool,
    },
    /// Looks into the model, between two steps; it comes as [`Event::Looked`](super::Event::Looked).
    Look {
        /// Empty: the beginning of a document. Of a long one the end is looked at.
        prompt: String,
        /// What each head's output is multiplied by, (L, H): 0 switches it off. Empty: nothing is changed.
        #[serde(default)]
        factors: Vec<f32>,
        /// How the next token would be chosen.
        #[serde(default)]
        sampling: Sampling,
        /// The number of the draw that chooses it.
        #[serde(default)]
        draw: u64,
        /// The step of the snapshot that is looked into; none: the model as it is.
        #[serde(default)]
        at: Option<u64>,
        /// A number that the answer carries back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Makes one forward pass, between two steps, and reports every stop; it comes as [`Event::Traced`](super::Event::Traced).
    Trace {
        /// Empty: the beginning of a document. Of a long one the end is taken.
        prompt: String,
        /// The layer whose stops are reported, from 0.
        layer: usize,
        /// The head.
        head: usize,
        /// The token after which the likeliest tokens are named; none: the last.
        #[serde(default)]
        position: Option<usize>,
        /// The step of the snapshot that it is made with; none: the model as it is.
        #[serde(default)]
        at: Option<u64>,
        /// The stop whose numbers are sent.
        stop: Stop,
        /// Row and column of the number among them that is sent with all that it is made of.
        #[serde(default)]
        cell: Option<[usize; 2]>,
        /// A number that the answer carries back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Tries updates on a copy of the run, which pauses; what they change comes as
    /// [`Event::Updated`](super::Event::Updated). Where some have been tried and neither kept nor undone, it goes on from
    /// there.
    Update {
        /// What the model is shown; the run's next batch where there is none. Of a long one the beginning is taken.
        #[serde(default)]
        text: Option<String>,
        /// The token, counted from 0, whose chances are shown; the last where none is named.
        #[serde(default)]
        position: Option<usize>,
        /// How many updates, all on the same tokens. With 0 nothing is tried and the run does not pause: what was tried so far
        /// is held against the run.
        count: u32,
        /// A number that the answer carries back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// Lets the run go on from what was tried; it comes as [`Event::UpdateKept`](super::Event::UpdateKept), and with a save.
    KeepUpdate,
    /// Forgets what was tried; it comes as [`Event::UpdateUndone`](super::Event::UpdateUndone).
    UndoUpdate,
    /// Asks what every token stands for; it comes as [`Event::Pieces`](super::Event::Pieces).
    Pieces {
        /// A number that the answer carries back.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
}

impl Command {
    /// The number that a question's answer carries back.
    pub fn id(&self) -> Option<u64> {
        match self {
            Command::Generate { id, .. }
            | Command::Look { id, .. }
            | Command::Trace { id, .. }
            | Command::Update { id, .. }
            | Command::Measure { id, .. }
            | Command::Choose { id, .. }
            | Command::Pieces { id } => *id,
            _ => None,
        }
    }

    /// Refuses numbers that mean nothing to any model.
    pub fn validate(&self) -> Result<()> {
        match self {
            Command::Look { sampling, .. } | Command::Generate { sampling, .. } => sampling.validate(),
            _ => Ok(()),
        }
    }
}
