//! Glasshouse grows a language model where you can see it.
//!
//! One crate trains a byte-level BPE tokenizer and a GPT, natively from the command line and in a browser tab.
//! The modules stand in the order in which data flows: text becomes tokens, tokens become batches, batches run
//! through a recorded step on a device, and what comes out is a loss, a sample, a model folder.

pub mod error;
pub mod files;
pub mod numerals;
pub mod parallel;
pub mod random;
pub mod reading;
mod unicode;

pub mod corpus;
pub mod stream;
pub mod tokenizer;

pub mod data;
pub mod device;
pub mod ops;
pub mod tape;

pub mod model;
pub mod sampling;
pub mod train;

pub mod engine;
pub mod generate;
pub mod hub;

#[cfg(target_arch = "wasm32")]
pub mod web;

pub use error::{Error, Result};
