//! What a model is asked between two steps, one file a question.

pub mod generate;
pub mod look;
pub mod trace;
