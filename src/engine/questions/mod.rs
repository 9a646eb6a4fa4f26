//! What a model is asked between two steps, one file a question: the answer to each is worked on slice by slice.

mod generate;
mod look;
mod pieces;
mod tapes;
mod trace;

pub use generate::Generate;
pub use look::{MAX_PROMPT, probe};
pub use pieces::piece;

use web_time::Instant;

use super::known_words::KnownWords;
use super::protocol::{Command, Event};
use super::timeline::Snapshot;
use crate::Result;
use crate::device::Device;
use crate::model::{Gpt, ModelConfig};
use crate::tokenizer::Tokenizer;
use look::Look;
use pieces::Pieces;
use tapes::{SnapshotModel, Tapes};
use trace::Trace;

/// A question to a model, on its way to an answer.
pub trait Question {
    /// Goes on until `deadline`; says whether it is answered.
    fn advance(&mut self, view: &mut ModelView, deadline: Instant, events: &mut Vec<Event>) -> Result<bool>;

    /// The weights that are asked; none: the live ones.
    fn snapshot(&self) -> Option<&Snapshot> {
        None
    }

    /// Whether nothing of the weights is asked, so that it need not wait for the end of a step.
    fn is_immediate(&self) -> bool {
        false
    }

    /// Ends a requested text with the tokens that it has; any other question goes on.
    fn stop_generating(&mut self) {}
}

/// A question that waits for its turn, or whose answer is under way.
pub struct Pending {
    /// The number that its answer carries back.
    pub id: Option<u64>,
    /// The question.
    pub question: Box<dyn Question>,
}

/// What questions are answered over: a model, and what was recorded over it.
pub struct ModelView<'a> {
    /// Where it runs.
    pub device: &'a Device,
    /// The model.
    pub model: &'a Gpt,
    /// The passes over it.
    pub tapes: &'a mut Tapes,
    /// Its tokenizer.
    pub tokenizer: &'a Tokenizer,
    /// The token in front of every document.
    pub end_of_text: u32,
    /// The words of what it was trained on.
    pub known_words: &'a KnownWords,
    /// The steps that its weights have seen.
    pub step: u64,
    /// The updates that were kept beside those steps: where both numbers are the same, so are the weights.
    pub extra: u64,
    /// The number that the answer carries back.
    pub id: Option<u64>,
}

/// Answers questions to one model, as it is and as it was.
pub struct Desk {
    device: Device,
    tokenizer: Tokenizer,
    end_of_text: u32,
    known_words: KnownWords,
    tapes: Tapes,
    /// Made when somebody asks for a step that is past.
    past: Option<SnapshotModel>,
}

impl Desk {
    /// Answers for a model on `device`, which knows `known_words`.
    pub fn new(device: Device, tokenizer: Tokenizer, end_of_text: u32, known_words: KnownWords) -> Desk {
        Desk { device, tokenizer, end_of_text, known_words, tapes: Tapes::default(), past: None }
    }

    /// The tokenizer of the model.
    pub fn tokenizer(&self) -> &Tokenizer {
        &self.tokenizer
    }

    /// The question that `command` asks of a model of the shape `config`, whose earlier weights `snapshot` finds; none where
    /// it is no question. Refuses what the model cannot answer.
    pub fn ask(
        &self,
        command: Command,
        config: &ModelConfig,
        snapshot: &dyn Fn(Option<u64>) -> Result<Option<Snapshot>>,
    ) -> Result<Option<Pending>> {
        let id = command.id();
        let question: Box<dyn Question> = match command {
            Command::Look { prompt, factors, sampling, draw, at, .. } => {
                look::check_factors(config, &factors)?;
                Box::new(Look::new(prompt, factors, sampling, draw, snapshot(at)?))
            }
            Command::Trace { prompt, layer, head, position, at, stop, cell, .. } => {
                let (at, place) = (snapshot(at)?, [layer, head]);
                trace::check_place(config, place)?;
                Box::new(Trace::new(trace::Request { prompt, place, position, stop, cell }, at))
            }
            Command::Generate { prompt, max_tokens, sampling, ignore_end, given, at, .. } => {
                generate::check_tokens(config, &given)?;
                Box::new(Generate::requested(prompt, given, max_tokens, sampling, ignore_end, snapshot(at)?))
            }
            Command::Pieces { .. } => Box::new(Pieces),
            _ => return Ok(None),
        };
        Ok(Some(Pending { id, question }))
    }

    /// Goes on with a question until `deadline`; says whether it is answered. `model` is as it is after `step` steps and
    /// `extra` updates beside them.
    pub fn answer(
        &mut self,
        Pending { id, question }: &mut Pending,
        model: &Gpt,
        [step, extra]: [u64; 2],
        deadline: Instant,
        events: &mut Vec<Event>,
    ) -> Result<bool> {
        let Desk { device, tokenizer, end_of_text, known_words, tapes, past } = self;
        let (model, tapes, step, extra) = match question.snapshot() {
            None => (model, tapes, step, extra),
            Some(snapshot) => {
                let past = SnapshotModel::show(past, device, model.config, snapshot)?;
                (&past.model, &mut past.tapes, snapshot.step, 0)
            }
        };
        let end_of_text = *end_of_text;
        let mut view = ModelView { device, model, tapes, tokenizer, end_of_text, known_words, step, extra, id: *id };
        question.advance(&mut view, deadline, events)
    }

    /// The model as it is.
    pub fn view<'a>(&'a mut self, model: &'a Gpt, [step, extra]: [u64; 2]) -> ModelView<'a> {
        ModelView {
            device: &self.device,
            model,
            tapes: &mut self.tapes,
            tokenizer: &self.tokenizer,
            end_of_text: self.end_of_text,
            known_words: &self.known_words,
            step,
            extra,
            id: None,
        }
    }
}
