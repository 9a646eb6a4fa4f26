//! `trainer.json`: what a run needs, besides weights and moments, to go on as if it had never stopped.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::Sums;
use crate::{
    Error, Result,
    data::Corpus,
    model::config::{ModelConfig, Preset},
    train::TrainConfig,
};

/// The format that this program writes, and the highest that it reads. Format 1 has no sums of weights and moments.
const FORMAT: u64 = 2;

/// Where a run stands.
#[derive(Debug, Clone, PartialEq)]
pub struct TrainerState {
    /// Updates of the weights so far.
    pub step: u64,
    /// Updates that the weights have seen beside the steps: those that somebody tried and kept. AdamW's corrections count them.
    pub extra: u64,
    /// The number of the batch to go on with.
    pub position: u64,
    /// The preset that the run began with.
    pub preset: Option<Preset>,
    /// The numbers of the run.
    pub train: TrainConfig,
    /// The text it is trained on.
    pub corpus: Corpus,
    /// The whole file as it was read: what a later version has added to it is written again. Empty for a new run.
    pub as_read: Map<String, Value>,
}

/// The fields that this version knows.
#[derive(Serialize, Deserialize)]
struct Stored {
    format: u64,
    version: String,
    save: String,
    step: u64,
    #[serde(default, skip_serializing_if = "is_none")]
    extra: u64,
    position: u64,
    preset: Option<Preset>,
    model: ModelConfig,
    train: TrainConfig,
    corpus: Corpus,
    tokenizer_sha256: String,
    #[serde(default)]
    sha256: Sums,
}

/// What stands in the file for others than the trainer to check.
pub(super) struct Stamp {
    /// The id of the save.
    pub save: String,
    /// The shape of the model.
    pub model: ModelConfig,
    /// SHA-256 of `tokenizer.json`, in hexadecimal.
    pub tokenizer_sha256: String,
    /// Sums of weights and moments.
    pub sums: Sums,
}

impl TrainerState {
    pub(super) fn to_json(&self, stamp: Stamp) -> Value {
        let stored = Stored {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").into(),
            save: stamp.save,
            step: self.step,
            extra: self.extra,
            position: self.position,
            preset: self.preset,
            model: stamp.model,
            train: self.train.clone(),
            corpus: self.corpus.clone(),
            tokenizer_sha256: stamp.tokenizer_sha256,
            sha256: stamp.sums,
        };
        let mut merged = Value::Object(self.as_read.clone());
        merge(&mut merged, serde_json::to_value(stored).expect("the fields are plain data"));
        merged
    }

    pub(super) fn from_json(place: &str, bytes: &[u8]) -> Result<(Self, Stamp)> {
        let damaged = |error: &dyn std::fmt::Display| {
            Error::format(
                place,
                format!("expected where a run of format 1 or {FORMAT} stands, but {error}: it is damaged"),
            )
        };
        let as_read: Map<String, Value> = serde_json::from_slice(bytes).map_err(|error| damaged(&error))?;
        match as_read.get("format").and_then(Value::as_u64) {
            Some(format) if format > FORMAT => {
                let version = as_read.get("version").and_then(Value::as_str).unwrap_or("that wrote it");
                return Err(Error::format(
                    place,
                    format!("it has format {format} and this program reads up to {FORMAT}: use Glasshouse {version}"),
                ));
            }
            Some(1..=FORMAT) => {}
            _ => return Err(damaged(&"it has no known `format`")),
        }
        let stored: Stored = serde_json::from_value(Value::Object(as_read.clone())).map_err(|error| damaged(&error))?;
        stored.model.validate().and(stored.train.validate()).map_err(|error| damaged(&error))?;
        let Stored { save, step, extra, position, preset, model, train, corpus, tokenizer_sha256, sha256, .. } = stored;
        let stamp = Stamp { save, model, tokenizer_sha256, sums: sha256 };
        Ok((TrainerState { step, extra, position, preset, train, corpus, as_read }, stamp))
    }

    /// What to say of fields in the file as it was read that this version does not know, if there are any: they are written
    /// again as they are.
    pub fn unknown_fields(&self) -> Option<String> {
        let stamp = Stamp {
            save: String::new(),
            model: ModelConfig { layers: 0, heads: 0, channels: 0, context: 0, vocab: 0 },
            tokenizer_sha256: String::new(),
            sums: Sums::default(),
        };
        // An `extra` of 0 is left out of the file.
        let known = TrainerState { as_read: Map::new(), extra: 1, ..self.clone() }.to_json(stamp);
        let mut unknown = Vec::new();
        strangers("", &Value::Object(self.as_read.clone()), &known, &mut unknown);
        let names = unknown.join(", ");
        (!unknown.is_empty())
            .then(|| format!("trainer.json has fields that this version does not know, and keeps: {names}"))
    }
}

/// Collects the paths of fields that `found` has and `known` has not.
fn strangers(path: &str, found: &Value, known: &Value, strange: &mut Vec<String>) {
    let Value::Object(found) = found else { return };
    for (name, value) in found {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        match known.get(name) {
            Some(known) => strangers(&path, value, known, strange),
            None => strange.push(path),
        }
    }
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

/// Puts `new` into `old`, field by field, leaving alone the fields that only `old` has.
fn merge(old: &mut Value, new: Value) {
    match (old, new) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, value) in new {
                merge(old.entry(name).or_insert(Value::Null), value);
            }
        }
        (old, new) => *old = new,
    }
}
