//! What a run is made from: its settings, what may change when it is resumed, its text.

use serde::{Deserialize, Serialize};

use crate::data::{Corpus, Source};
use crate::model::{ModelConfig, Preset};
use crate::train::TrainConfig;
use crate::train::schedule::Schedule;
use crate::{Error, Result};

/// The settings of a run; what is `None` is the preset's.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields = nullable))]
#[serde(default, deny_unknown_fields)]
pub struct Settings {
    /// `tiny` where none is named.
    pub preset: Option<Preset>,
    /// Blocks.
    pub layers: Option<usize>,
    /// Attention heads of a block.
    pub heads: Option<usize>,
    /// Width of the residual stream.
    pub channels: Option<usize>,
    /// Tokens that the model sees at once.
    pub context: Option<usize>,
    /// The size of the vocabulary, special tokens included.
    pub vocab_size: Option<usize>,
    /// Windows in one pass.
    pub batch: Option<usize>,
    /// Passes before one update.
    pub accumulate: Option<usize>,
    /// Where the learning rate ends.
    pub min_lr: Option<f64>,
    /// Steps in which it rises.
    pub warmup: Option<u64>,
    /// How it falls.
    pub schedule: Option<Schedule>,
    /// AdamW's decay.
    pub weight_decay: Option<f64>,
    /// The first moment's decay.
    pub beta1: Option<f64>,
    /// The second moment's decay.
    pub beta2: Option<f64>,
    /// The largest norm of a gradient.
    pub clip: Option<f64>,
    /// What every draw follows from.
    pub seed: Option<u64>,
    /// What may change when a run is resumed.
    #[serde(flatten)]
    pub changes: Changes,
}

/// What may change when a run is resumed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields = nullable))]
#[serde(default)]
pub struct Changes {
    /// Updates of the whole run.
    pub steps: Option<u64>,
    /// The highest learning rate.
    pub lr: Option<f64>,
    /// Updates after which this call saves and stops.
    pub stop_after: Option<u64>,
    /// Steps between evaluations; 0 for none.
    pub eval_every: Option<u64>,
    /// Steps between saves; 0 for one at the end.
    pub save_every: Option<u64>,
    /// Steps between samples; 0 for none.
    pub sample_every: Option<u64>,
}

impl Settings {
    /// The shape and the numbers of the run. The vocabulary is the one asked for, or the preset's for text named `corpus`.
    pub fn resolve(&self, corpus: &str) -> (ModelConfig, TrainConfig) {
        let preset = self.preset.unwrap_or(Preset::Tiny);
        let (model, train) = (preset.model(), TrainConfig::preset(preset));
        let model = ModelConfig {
            layers: self.layers.unwrap_or(model.layers),
            heads: self.heads.unwrap_or(model.heads),
            channels: self.channels.unwrap_or(model.channels),
            context: self.context.unwrap_or(model.context),
            vocab: self.vocab_size.unwrap_or(preset.vocab(corpus)),
        };
        let batch = self.batch.unwrap_or(train.batch);
        let mut train = TrainConfig {
            seed: self.seed.unwrap_or(train.seed),
            batch,
            accumulate: self.accumulate.unwrap_or(train.accumulate_for(preset, batch, model.context)),
            min_lr: self.min_lr.unwrap_or(train.min_lr),
            warmup: self.warmup.unwrap_or(train.warmup),
            schedule: self.schedule.unwrap_or(train.schedule),
            weight_decay: self.weight_decay.unwrap_or(train.weight_decay),
            beta1: self.beta1.unwrap_or(train.beta1),
            beta2: self.beta2.unwrap_or(train.beta2),
            clip: self.clip.unwrap_or(train.clip),
            ..train
        };
        self.changes.apply(&mut train);
        (model, train)
    }
}

impl Settings {
    /// The settings of a run that begins with the weights of a model of this shape, which is then the run's.
    ///
    /// # Errors
    /// Where another shape was asked for.
    pub fn with_shape(mut self, model: &ModelConfig) -> Result<Settings> {
        let shape = [
            ("--layers", &mut self.layers, model.layers),
            ("--heads", &mut self.heads, model.heads),
            ("--channels", &mut self.channels, model.channels),
            ("--context", &mut self.context, model.context),
            ("--vocab-size", &mut self.vocab_size, model.vocab),
        ];
        for (option, asked, found) in shape {
            if let Some(asked) = asked.filter(|asked| *asked != found) {
                return Err(Error::Usage(format!(
                    "{option} {asked} contradicts the model to begin with, which has {found}: leave it out"
                )));
            }
            *asked = Some(found);
        }
        // The tokenizer comes with the model, which may have rows beyond its tokens.
        self.vocab_size = None;
        Ok(self)
    }
}

impl Changes {
    /// Changes a run that goes on after `step` steps; says where its learning rate jumps by that.
    pub fn apply_after(&self, step: u64, train: &mut TrainConfig) -> Option<String> {
        let before = train.clone();
        self.apply(train);
        train.jump_notice(&before, step)
    }

    /// Changes what a run that goes on may change.
    pub fn apply(&self, train: &mut TrainConfig) {
        train.steps = self.steps.unwrap_or(train.steps);
        train.lr = self.lr.unwrap_or(train.lr);
        train.eval_every = self.eval_every.unwrap_or(train.eval_every);
        train.save_every = self.save_every.unwrap_or(train.save_every);
        train.sample_every = self.sample_every.unwrap_or(train.sample_every);
    }
}

/// The text of a run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
pub struct Text {
    /// `en`, `zh`, or what the user's text is called.
    pub name: String,
    /// Its documents.
    pub documents: Vec<Vec<u8>>,
    /// Whether a save brings the text along: it has no other place.
    pub keep: bool,
    /// How it was read and is split. A run that goes on does as its save says.
    #[serde(default)]
    #[cfg_attr(test, ts(skip))]
    pub source: Source,
    /// Documents to measure with and not to train on; none where a part of the text is kept for that.
    #[serde(default)]
    #[cfg_attr(test, ts(skip))]
    pub validation: Vec<Vec<u8>>,
    /// What a person should know of how it was read, and was not told yet.
    #[serde(default)]
    #[cfg_attr(test, ts(skip))]
    pub notes: Vec<String>,
}

impl Text {
    /// What is remembered of it, to know it again and to read and split it so again.
    pub fn corpus(&self) -> Corpus {
        Corpus { source: self.source.clone(), ..Corpus::describe(&self.name, &self.documents) }
    }
}
