//! What a run does before its next step, in order.

use std::collections::VecDeque;

use super::protocol::Undone;
use super::questions::Pending;
use super::readback::Saving;
use super::update::Update;
use crate::train::Evaluation;

/// One of these things.
pub enum Action {
    /// Waits until no loss is awaited.
    Drain,
    /// Measures the loss on the validation tokens.
    Evaluate(Option<Evaluation>),
    /// Answers a question to the model.
    Answer(Pending),
    /// Tries updates on a copy.
    Update(Box<Update>),
    /// Goes on from what was tried.
    Keep,
    /// Forgets what was tried.
    Undo(Undone),
    /// Takes a snapshot, which may be pinned.
    Snapshot {
        /// Whether it is.
        pinned: bool,
    },
    /// Makes a save.
    Save(Saving),
}

/// All of them, the next one first.
#[derive(Default)]
pub struct Actions(VecDeque<Action>);

impl Actions {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Puts an action behind all others.
    pub fn push(&mut self, action: Action) {
        self.0.push_back(action);
    }

    /// Puts an action in front of all others.
    pub fn push_front(&mut self, action: Action) {
        self.0.push_front(action);
    }

    /// Takes the next action out.
    pub fn pop(&mut self) -> Option<Action> {
        self.0.pop_front()
    }

    /// Forgets all of them.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Puts a save behind all others.
    pub fn save(&mut self) {
        self.push(Action::Drain);
        self.push(Action::Save(Saving::default()));
    }

    /// Ends the texts that were asked for.
    pub fn stop_generating(&mut self) {
        for action in &mut self.0 {
            if let Action::Answer(pending) = action {
                pending.question.stop_generating();
            }
        }
    }

    /// Whether an evaluation is to come.
    pub fn evaluates(&self) -> bool {
        self.0.iter().any(|action| matches!(action, Action::Evaluate(_)))
    }

    /// Whether the next action only reads, so that it may come between two parts of a step.
    pub fn reads(&self) -> bool {
        matches!(self.0.front(), Some(Action::Answer(_)))
    }

    /// Whether there will be updates to keep or to undo when all of this is done, where `open` says whether there are now.
    pub fn leaves_trial(&self, open: bool) -> bool {
        self.0.iter().fold(open, |open, action| match action {
            Action::Update(update) => open || update.tries(),
            Action::Keep | Action::Undo(_) => false,
            _ => open,
        })
    }
}
