//! Training: the configuration of a run, the schedule of its learning rate, the step, the evaluation.

pub mod calibration;
pub mod config;
pub mod evaluate;
pub mod schedule;
pub mod spans;
pub mod step_part;
pub mod trainer;
pub mod what_if;

pub use calibration::Calibration;
pub use config::TrainConfig;
pub use evaluate::{Evaluated, Evaluation, Evaluator};
pub use step_part::Part;
pub use trainer::{StepReport, Trainer};
pub use what_if::{Pass, Passed};
