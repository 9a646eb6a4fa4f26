//! What the engine reports.

use serde::{Deserialize, Serialize};

use super::settings::Settings;
use super::views::{Candidate, Cell, Description, Elsewhere, HeadShift, Piece, Rest, Shift, Station};
use crate::model::ModelConfig;
use crate::model::trace::Stop;
use crate::train::{Part, StepReport, TrainConfig};

/// What the engine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// No run.
    Idle,
    /// Tokenizer and tokens are being made.
    Preparing,
    /// Steps are being taken.
    Running,
    /// Between two steps.
    Paused,
    /// All steps are taken, or `stop_after` of them.
    Finished,
}

/// Why updates that were tried are gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Undone {
    /// Somebody asked.
    Asked,
    /// The run went on training.
    WentOn,
    /// The loss or the gradient was not finite.
    NotFinite,
}

/// What the engine reports.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[cfg_attr(test, ts(optional_fields = nullable))]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// What it does from here on.
    State {
        /// The new state.
        state: State,
    },
    /// A stage before training: `tokenizer` or `tokens`.
    Preparing {
        /// Its name.
        stage: String,
        /// Merges, or bytes.
        done: u64,
        /// Of so many.
        total: u64,
    },
    /// The run is ready.
    Ready {
        /// Its shape.
        model: ModelConfig,
        /// Its numbers.
        train: TrainConfig,
        /// Weights of the model.
        parameters: u64,
        /// Tokens to train on.
        train_tokens: u64,
        /// Tokens to measure with.
        validation_tokens: u64,
        /// The entropy of the tokens to train on, in nats: what guessing each by how frequent it is costs at least.
        #[serde(default)]
        unigram_loss: f64,
        /// The same of a token given the one before it.
        #[serde(default)]
        bigram_loss: f64,
        /// Steps taken already.
        step: u64,
        /// What the person who trains should know: a smaller vocabulary, no validation.
        notices: Vec<String>,
    },
    /// A finished step.
    Step {
        /// As the log has it.
        #[serde(flatten)]
        report: StepReport,
    },
    /// A part of a step in slow motion is done; slicing never changes a bit of the step.
    Part {
        /// The step that it is of, counted from 1.
        step: u64,
        /// The part.
        part: Part,
        /// The micro-batch that it was of, counted from 1.
        micro_batch: usize,
        /// Of so many.
        micro_batches: usize,
        /// Tokens of a micro-batch.
        tokens: u64,
        /// Weights of the model.
        parameters: u64,
        /// Behind the loss: nats a token, over the micro-batches of the step so far.
        loss: Option<f64>,
        /// Behind the clipping: the norm of all gradients before it.
        gradient_norm: Option<f64>,
        /// And the factor that they are multiplied by.
        clip_factor: Option<f64>,
        /// Behind the update: its learning rate.
        learning_rate: Option<f64>,
    },
    /// The steps of which weights are kept, after each change.
    Snapshots {
        /// In order.
        steps: Vec<u64>,
        /// Those among them that are pinned.
        pinned: Vec<u64>,
    },
    /// A token of the text that was asked for.
    Token {
        /// The steps that the model had seen.
        step: u64,
        /// Its place behind the prompt, from 0.
        index: usize,
        /// The token.
        piece: Piece,
        /// What can be read since the token before: bytes of a character wait until it is whole.
        text: String,
        /// What the model gave it, at temperature 1.
        probability: f64,
        /// Its place by logit, from 0.
        rank: u32,
        /// The likeliest tokens at its place, by rank.
        candidates: Vec<Candidate>,
        /// The number that the question came with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// A generated text.
    Sample {
        /// The steps that the model had seen.
        step: u64,
        /// The prompt.
        prompt: String,
        /// The continuation alone; bytes that are no UTF-8 are replaced, and a character that is not whole in the end is
        /// left out.
        text: String,
        /// Its tokens.
        ids: Vec<u32>,
        /// What the model gave each, at temperature 1.
        probabilities: Vec<f64>,
        /// Whether somebody asked for it; else the run shows it of itself.
        asked: bool,
        /// Its whole words, in a script without spaces its pairs of neighbours. None are counted where the text that was
        /// trained on is not at hand, or is very long.
        #[serde(default)]
        words: usize,
        /// Those of them that occur in the text that was trained on.
        #[serde(default)]
        known_words: usize,
        /// The number that the question came with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// What a look into the model showed.
    Looked {
        /// The steps that the model had seen.
        step: u64,
        /// The prompt.
        prompt: String,
        /// Its tokens, T.
        tokens: Vec<Piece>,
        /// L.
        layers: usize,
        /// H.
        heads: usize,
        /// Attention probabilities (L, H, T, T), a query each row.
        attention: Vec<f32>,
        /// The mean entropy of each head's rows, in bits, (L, H).
        entropy: Vec<f64>,
        /// The likeliest next tokens by rank, and behind them the one that was drawn where it is not among these.
        candidates: Vec<Candidate>,
        /// Tokens that the model chooses among.
        vocab: usize,
        /// Tokens that top-k and top-p keep.
        kept: usize,
        /// The draw, in [0, 1).
        uniform: f64,
        /// The token that it picks.
        picked: u32,
        /// The scores behind the last token, of all V tokens.
        logits: Vec<f32>,
        /// The number that the question came with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// The tokens of the model.
    Pieces {
        /// What each stands for, by its number.
        texts: Vec<String>,
        /// The number that the question came with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// What one forward pass computed, from the tokens to the probabilities.
    Traced {
        /// The steps that the model had seen.
        step: u64,
        /// The prompt.
        prompt: String,
        /// Its tokens, T.
        tokens: Vec<Piece>,
        /// L.
        layers: usize,
        /// H.
        heads: usize,
        /// The layer whose stops these are, from 0.
        layer: usize,
        /// The head.
        head: usize,
        /// The token after which the candidates are the likeliest, from 0.
        position: usize,
        /// The likeliest next tokens by rank: columns of the logits, rows of the table.
        candidates: Vec<Piece>,
        /// Tokens that the model chooses among.
        vocab: usize,
        /// The stops, in order, each with what it is computed from.
        stops: Vec<Station>,
        /// The one whose numbers are sent.
        stop: Stop,
        /// Its numbers, a row after the other.
        values: Vec<f32>,
        /// The number that was asked for, where there is such a one.
        cell: Option<Cell>,
        /// The number that the question came with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// What updates on a copy of the run changed. Before is where this command began, after is behind its last update;
    /// where it asked for none, before is the run and after is what was tried so far.
    Updated {
        /// The steps that the run has taken.
        step: u64,
        /// Updates tried so far on this copy.
        updates: u64,
        /// Updates of this command.
        count: u32,
        /// What was typed; none where it was the run's next batch.
        text: Option<String>,
        /// Its tokens, or those of the batch's first window, T: all but the last are seen, all but the first predicted.
        tokens: Vec<Piece>,
        /// Tokens at the end that were left out, because the model does not take so many at once.
        left_out: usize,
        /// Rows that the update is made on.
        rows: usize,
        /// Where the target stands among the tokens, from 1.
        position: usize,
        /// Nats a token over all rows.
        loss_before: f64,
        /// The same behind the updates.
        loss_after: f64,
        /// The learning rate of each update: that of the run's next step, and behind the last one the run's highest.
        learning_rate: f64,
        /// The global norm of the first update's gradient, before it is clipped.
        gradient_norm: Option<f64>,
        /// The token at that place.
        target: Shift,
        /// The likeliest tokens at that place, before or after, and the target: by probability, the likeliest after first.
        candidates: Vec<Shift>,
        /// All other tokens.
        rest: Rest,
        /// Tokens that the model chooses among.
        vocab: usize,
        /// Of each token but the first, (T - 1), given those before it.
        log_probabilities_before: Vec<f64>,
        /// The same behind the updates.
        log_probabilities_after: Vec<f64>,
        /// Attention probabilities after - before (L, H, T - 1, T - 1), of the tokens that are seen, a query each row. Empty
        /// where nothing is tried.
        attention_change: Vec<f32>,
        /// How far each head has moved (L, H); empty where nothing is tried.
        heads: Vec<HeadShift>,
        /// The place among them of the one that has changed most.
        most_changed: Option<usize>,
        /// The loss on some other windows.
        elsewhere: Vec<Elsewhere>,
        /// Whether those are of text that is never trained on.
        held_out: bool,
        /// The number that the question came with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// The run goes on from what was tried.
    UpdateKept {
        /// The steps that it has taken: no more than before.
        step: u64,
        /// Updates that were kept.
        updates: u64,
    },
    /// What was tried is forgotten: the run is what it was.
    UpdateUndone {
        /// Why.
        why: Undone,
        /// The number of the question that came to nothing by it, where it came with one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// A save is there to be taken: see [`crate::engine::Engine::take_save`].
    Saved {
        /// The step it holds.
        step: u64,
    },
    /// A run begins, or goes on from a save.
    Begun,
    /// The run is forgotten, with its saves.
    Forgotten,
    /// What a run would be.
    Described {
        /// That.
        #[serde(flatten)]
        description: Description,
    },
    /// A measurement is done.
    Measured {
        /// The settings that were looked for.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        settings: Option<Settings>,
        /// Whether it was given up.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        given_up: bool,
        /// The number that the question came with.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        id: Option<u64>,
    },
    /// The device is gone; what was saved is intact.
    DeviceLost {
        /// What the device said.
        message: String,
        /// Whether a run ran on it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        running: Option<bool>,
    },
    /// Something failed.
    Error {
        /// What, and what to do.
        message: String,
        /// The step of the last save, where there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        saved: Option<u64>,
    },
    /// An error has ended the run.
    Stopped,
}
