//! A model without a run: opened to be looked into and to generate from, never to be trained.

use std::collections::VecDeque;
use std::time::Duration;

use web_time::Instant;

use super::prepare::end_of_text;
use super::protocol::{Command, Event};
use super::questions::generate::Generate;
use super::questions::look::Look;
use super::questions::trace::{self, Trace, check_place};
use super::readback::load_weights;
use super::timeline::Tapes;
use crate::device::Device;
use crate::hub::Save;
use crate::model::Gpt;
use crate::tokenizer::Tokenizer;
use crate::{Error, Result};

/// A model that answers [`Command::Look`], [`Command::Trace`], [`Command::Generate`] and [`Command::Pieces`].
pub struct Viewer {
    device: Device,
    model: Gpt,
    tapes: Tapes,
    tokenizer: Tokenizer,
    end_of_text: u32,
    /// The steps that the model has seen.
    step: u64,
    asked: VecDeque<Asked>,
}

enum Asked {
    Look(Box<Look>),
    Trace(Box<Trace>),
    Write(Box<Generate>),
    Pieces,
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
        Ok(Viewer {
            device: device.clone(),
            model: load_weights(device, save, false)?,
            tapes: Tapes::default(),
            end_of_text: save.end_of_text.map_or_else(|| end_of_text(&tokenizer), Ok)?,
            tokenizer,
            step,
            asked: VecDeque::new(),
        })
    }

    /// Takes a command: a look, a pass stop by stop, a text, or the end of one. Refuses all others.
    pub fn send(&mut self, command: Command) -> Result<()> {
        match command {
            Command::Look { prompt, factors, sampling, draw, at: None } => {
                sampling.validate()?;
                super::questions::look::check_factors(&self.model.config, &factors)?;
                self.asked.push_back(Asked::Look(Box::new(Look::new(prompt, factors, sampling, draw, None))));
            }
            Command::Trace { prompt, layer, head, position, at: None, stop, cell } => {
                let asked = trace::Request { prompt, place: [layer, head], position, stop, cell };
                check_place(&self.model.config, asked.place)?;
                self.asked.push_back(Asked::Trace(Box::new(Trace::new(asked, None))));
            }
            Command::Generate { prompt, max_tokens, sampling, ignore_end, given, at: None } => {
                sampling.validate()?;
                super::questions::generate::check_tokens(&self.model.config, &given)?;
                let writing = Generate::requested(prompt, given, max_tokens, sampling, ignore_end, None);
                self.asked.push_back(Asked::Write(Box::new(writing)));
            }
            Command::Pieces => self.asked.push_back(Asked::Pieces),
            Command::StopGenerating => {
                for asked in &mut self.asked {
                    if let Asked::Write(writing) = asked {
                        writing.stop();
                    }
                }
            }
            _ => return Err(Error::Usage("this is a model alone: it is looked into and it writes, no more".into())),
        }
        Ok(())
    }

    /// Whether something that was asked for is still to be done.
    pub fn busy(&self) -> bool {
        !self.asked.is_empty()
    }

    /// Works for `slice` at most and tells what happened.
    pub fn tick(&mut self, slice: Duration) -> Result<Vec<Event>> {
        let deadline = Instant::now() + slice;
        let mut events = Vec::new();
        let Viewer { device, model, tapes, tokenizer, step, .. } = self;
        let ends = (&*tokenizer, self.end_of_text);
        while let Some(asked) = self.asked.front_mut() {
            let done = match asked {
                Asked::Look(look) => {
                    let seen = look.advance(tapes.probe(device, model)?, model, ends, *step, deadline)?;
                    let done = seen.is_some();
                    events.extend(seen);
                    done
                }
                Asked::Pieces => {
                    events.push(super::questions::look::pieces(tokenizer, model.config.vocab));
                    true
                }
                Asked::Trace(trace) => {
                    let found = trace.advance((device, model, tapes), ends, [*step, 0], deadline)?;
                    let done = found.is_some();
                    events.extend(found);
                    done
                }
                Asked::Write(writing) => {
                    writing.advance(tapes.generator(device, model)?, ends, *step, deadline, &mut events)?
                }
            };
            if done {
                self.asked.pop_front();
            }
            if !done || Instant::now() >= deadline {
                break;
            }
        }
        Ok(events)
    }
}
