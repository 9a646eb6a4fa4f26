//! What a run is asked between two steps, and how it goes on with that: texts, looks, tapes stop by stop.

use web_time::Instant;

use super::protocol::Event;
use super::questions::generate::Generate;
use super::questions::look::Look;
use super::questions::trace::{Trace, check_place};
use super::run::{Action, Run};
use super::timeline::{Snapshot, SnapshotModel, Tapes};
use crate::Result;
use crate::device::Device;
use crate::model::Gpt;

impl Run {
    /// Asks for a text, after the step under way.
    pub fn write(&mut self, writing: Generate) {
        self.actions.push_back(Action::Write(Box::new(writing)));
    }

    /// Ends the texts that were asked for.
    pub fn stop_writing(&mut self) {
        for action in &mut self.actions {
            if let Action::Write(writing) = action
                && writing.requested
            {
                writing.stop();
            }
        }
    }

    /// Refuses tokens that the model does not know.
    pub fn check_tokens(&self, ids: &[u32]) -> Result<()> {
        super::questions::generate::check_tokens(&self.trainer.model.config, ids)
    }

    /// Asks for a look into the model, after the step under way.
    pub fn look(&mut self, look: Look) {
        self.actions.push_back(Action::Look(Box::new(look)));
    }

    /// Asks for a pass stop by stop, after the step under way. Refuses a head that there is not.
    pub fn trace(&mut self, trace: Trace) -> Result<()> {
        check_place(&self.trainer.model.config, trace.request.place)?;
        self.actions.push_back(Action::Trace(Box::new(trace)));
        Ok(())
    }

    /// Refuses factors that are not one for each head.
    pub fn check_factors(&self, factors: &[f32]) -> Result<()> {
        super::questions::look::check_factors(&self.trainer.model.config, factors)
    }

    pub(super) fn go_on_writing(
        &mut self,
        writing: &mut Generate,
        deadline: Instant,
        events: &mut Vec<Event>,
    ) -> Result<bool> {
        let ends = (&self.tokenizer.clone(), self.end_of_text);
        let (device, model, tapes, step) = self.shown(writing.at.as_ref())?;
        let done = writing.advance(tapes.generator(device, model)?, ends, step, deadline, events)?;
        if let Some(Event::Sample { prompt, text, words, known_words, .. }) = events.last_mut().filter(|_| done) {
            (*known_words, *words) = self.words.count(text, !prompt.is_empty());
        }
        Ok(done)
    }

    pub(super) fn see(&mut self, look: &mut Look, deadline: Instant, events: &mut Vec<Event>) -> Result<bool> {
        let ends = (&self.tokenizer.clone(), self.end_of_text);
        let (device, model, tapes, step) = self.shown(look.at.as_ref())?;
        let seen = look.advance(tapes.probe(device, model)?, model, ends, step, deadline)?;
        let done = seen.is_some();
        events.extend(seen);
        Ok(done)
    }

    pub(super) fn follow(&mut self, trace: &mut Trace, deadline: Instant, events: &mut Vec<Event>) -> Result<bool> {
        let ends = (&self.tokenizer.clone(), self.end_of_text);
        let extra = if trace.at.is_none() { self.trainer.extra } else { 0 };
        let (device, model, tapes, step) = self.shown(trace.at.as_ref())?;
        let found = trace.advance((device, model, tapes), ends, [step, extra], deadline)?;
        let done = found.is_some();
        events.extend(found);
        Ok(done)
    }

    /// The model to look into, what is recorded over it, and the steps that it has seen: the live one, or that of a snapshot.
    fn shown(&mut self, at: Option<&Snapshot>) -> Result<(&Device, &Gpt, &mut Tapes, u64)> {
        match at {
            None => Ok((&self.device, &self.trainer.model, &mut self.tapes, self.trainer.step())),
            Some(snapshot) => {
                let past = SnapshotModel::show(&mut self.past, &self.device, self.trainer.model.config, snapshot)?;
                Ok((&self.device, &past.model, &mut past.tapes, snapshot.step))
            }
        }
    }
}
