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

use crate::device::{Device, Element, View};
use crate::tape::SCALARS;

/// A buffer of step scalars, all zero.
pub(crate) fn record_scalars(device: &Device) -> View {
    device.allocate(Element::Float, SCALARS).view()
}
