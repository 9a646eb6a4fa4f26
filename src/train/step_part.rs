//! The parts of a step, in the order in which they run, and where each ends among the recorded dispatches.

use serde::{Deserialize, Serialize};

/// A part of a step. The first three come once a micro-batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The tokens go through all blocks.
    Forward,
    /// The head: logits, the loss, and in the same chunks of rows its gradient at the head.
    Loss,
    /// The gradient goes back through all blocks.
    Backward,
    /// The norm of all gradients, and the factor that clips them.
    Clip,
    /// AdamW moves the weights.
    Update,
}

/// The parts of a pass over a micro-batch and those of the update, each with the dispatch in front of which it ends.
pub(super) struct PartEnds {
    pub pass: [(Part, usize); 3],
    pub update: [(Part, usize); 2],
}

impl PartEnds {
    /// The part that dispatch `at` belongs to, of a `pass` or else of the update, and where that ends.
    pub fn of(&self, pass: bool, at: usize) -> (Part, usize) {
        let parts = if pass { &self.pass[..] } else { &self.update };
        *parts.iter().find(|(_, end)| at < *end).expect("the dispatch is one of the step's")
    }
}
