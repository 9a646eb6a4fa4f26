//! Training: the configuration of a run, the schedule of its learning rate.

pub mod config;
pub mod schedule;

pub use config::TrainConfig;
