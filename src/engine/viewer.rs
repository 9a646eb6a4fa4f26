//! A model without a run: opened to be looked into and to generate from, never to be trained.

use std::collections::VecDeque;
use std::time::Duration;

use web_time::Instant;

use super::known_words::KnownWords;
use super::prepare::end_of_text;
use super::protocol::{Command, Event};
use super::questions::{Desk, Pending};
use super::readback::load_weights;
use crate::device::Device;
use crate::hub::Save;
use crate::model::Gpt;
use crate::tokenizer::Tokenizer;
use crate::{Error, Result};

/// A model that answers [`Command::Look`], [`Command::Trace`], [`Command::Generate`] and [`Command::Pieces`].
pub struct Viewer {
    model: Gpt,
    desk: Desk,
    /// The steps that the model has seen.
    step: u64,
    questions: VecDeque<Pending>,
}

impl Viewer {
    /// Opens the model of `save`, which has seen `step` steps, on `device`. Refuses one that does not fit the device or
    /// its tokenizer.
    pub fn open(device: &Device, save: &Save, step: u64) -> Result<Viewer> {
        let tokenizer = Tokenizer::from_json(&save.tokenizer_json)?;
        if tokenizer.vocab_size() > save.config.vocab {
            let (found, most) = (tokenizer.vocab_size(), save.config.vocab);
            return Err(Error::format(
                "tokenizer.json",
                format!("it has {found} tokens, and its model {most}: they are not of one model"),
            ));
        }
        let model = load_weights(device, save, false)?;
        let end_of_text = save.end_of_text.map_or_else(|| end_of_text(&tokenizer), Ok)?;
        Ok(Viewer {
            model,
            desk: Desk::new(device.clone(), tokenizer, end_of_text, KnownWords::default()),
            step,
            questions: VecDeque::new(),
        })
    }

    /// Takes a command: a question to the model as it is, or the end of a text. Refuses all others.
    pub fn send(&mut self, command: Command) -> Result<()> {
        if matches!(command, Command::StopGenerating) {
            self.questions.iter_mut().for_each(|pending| pending.question.stop_generating());
            return Ok(());
        }
        command.validate()?;
        let question = self.desk.ask(command, &self.model.config, &|at| match at {
            None => Ok(None),
            Some(_) => Err(not_a_run()),
        })?;
        self.questions.push_back(question.ok_or_else(not_a_run)?);
        Ok(())
    }

    /// Whether something that was asked for is still to be done.
    pub fn busy(&self) -> bool {
        !self.questions.is_empty()
    }

    /// Works for `slice` at most and returns what happened.
    pub fn tick(&mut self, slice: Duration) -> Result<Vec<Event>> {
        let deadline = Instant::now() + slice;
        let mut events = Vec::new();
        while let Some(pending) = self.questions.front_mut() {
            let done = self.desk.answer(pending, &self.model, [self.step, 0], deadline, &mut events)?;
            if done {
                self.questions.pop_front();
            }
            if !done || Instant::now() >= deadline {
                break;
            }
        }
        Ok(events)
    }
}

/// Why a command is refused that only a run can follow.
fn not_a_run() -> Error {
    Error::Usage("this is a model alone: it is looked into and it writes, no more".into())
}
