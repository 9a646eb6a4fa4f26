//! What goes into the engine and what comes out: plain values that travel by `postMessage` or over a socket.

use serde::{Deserialize, Serialize};

use crate::engine::attention_change::HeadShift;
use crate::engine::protocol::{Settings, Text};
use crate::engine::questions::trace::{Cell, Station};
use crate::engine::update::{Elsewhere, Rest, Shift, Undone};
use crate::generate::Sampling;
use crate::model::ModelConfig;
use crate::model::trace::Stop;
use crate::train::{Part, StepReport, TrainConfig};

/// What the outside asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    /// Goes on after a pause.
    Run,
    /// Stops between two steps.
    Pause,
    /// Runs one step and pauses; asked for again meanwhile, one more.
    Step,
    /// Takes steps in slow motion from here on, in this run and in those to come, or no longer: behind each part of a step
    /// comes [`Event::Part`], and a run that is not paused waits for [`Command::Part`].
    Slow {
        /// Whether it does.
        on: bool,
    },
    /// Lets a run in slow motion go on with the next part of a step. A pause lets it go on to the end of the step.
    Part,
    /// Forgets the run.
    Reset,
    /// Asks for a save of where the run stands; it comes as [`Event::Saved`].
    Save,
    /// Generates between two steps; each token comes as [`Event::Token`], and the text as [`Event::Sample`].
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
    /// Looks into the model, between two steps; it comes as [`Event::Looked`].
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
    },
    /// Makes one forward pass, between two steps, and tells every stop of it; it comes as [`Event::Traced`].
    Trace {
        /// Empty: the beginning of a document. Of a long one the end is taken.
        prompt: String,
        /// The layer whose stops are told, from 0.
        layer: usize,
        /// The head.
        head: usize,
        /// The token after which the likeliest tokens are named; none: the last.
        #[serde(default)]
        position: Option<usize>,
        /// The step of the snapshot that it is made with; none: the model as it is.
        #[serde(default)]
        at: Option<u64>,
        /// The stop whose numbers are told.
        stop: Stop,
        /// Row and column of the number among them that is told with all that it is made of.
        #[serde(default)]
        cell: Option<[usize; 2]>,
    },
    /// Tries updates on a copy of the run, which pauses; what they change comes as [`Event::Updated`]. Where some have been
    /// tried and neither kept nor undone, it goes on from there.
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
    },
    /// Lets the run go on from what was tried; it comes as [`Event::UpdateKept`], and with a save.
    KeepUpdate,
    /// Forgets what was tried; it comes as [`Event::UpdateUndone`].
    UndoUpdate,
    /// Asks what every token stands for; it comes as [`Event::Pieces`].
    Pieces,
}

/// A token, and its text: bytes that are no UTF-8 by themselves are written `<0xE4>`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Piece {
    /// Its number.
    pub id: u32,
    /// What it stands for.
    pub text: String,
}

/// A token that may come next.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The token.
    #[serde(flatten)]
    pub piece: Piece,
    /// Its place by logit, from 0.
    pub rank: u32,
    /// The model's score.
    pub logit: f32,
    /// At temperature 1, before top-k and top-p.
    pub probability: f64,
    /// Its natural logarithm.
    pub log_probability: f64,
    /// After the temperature.
    pub tempered: f64,
    /// The sum of that up to this token by rank, over the whole vocabulary: what top-p is held against.
    pub reached: f64,
    /// After top-k and top-p: what a draw chooses from.
    pub share: f64,
}

/// What the engine is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
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

/// What the engine tells.
#[derive(Clone, Debug, Serialize, Deserialize)]
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
    },
    /// The tokens of the model.
    Pieces {
        /// What each stands for, by its number.
        texts: Vec<String>,
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
        /// The one whose numbers are told.
        stop: Stop,
        /// Its numbers, a row after the other.
        values: Vec<f32>,
        /// The number that was asked for, where there is such a one.
        cell: Option<Cell>,
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
    },
    /// A save is there to be taken: see [`crate::engine::Engine::take_save`].
    Saved {
        /// The step it holds.
        step: u64,
    },
}
