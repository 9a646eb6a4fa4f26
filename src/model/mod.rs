//! The GPT: its configuration and its parameters.

pub mod config;
pub mod parameters;
