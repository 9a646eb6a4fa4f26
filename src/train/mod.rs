//! Training: the configuration of a run, the schedule of its learning rate, the step, the evaluation.

pub mod calibration;
pub mod config;
pub mod evaluate;
pub mod part;
pub mod schedule;
pub mod trainer;
pub mod trial;

pub use calibration::Calibration;
pub use config::TrainConfig;
pub use evaluate::{Evaluated, Evaluation, Evaluator};
pub use part::Part;
pub use trainer::{StepReport, Trainer};
pub use trial::{Pass, Passed};
