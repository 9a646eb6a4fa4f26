//! What a run takes of a device, and what would fit.

use std::sync::Arc;

use super::questions;
use crate::data::{Dataset, Split};
use crate::device::Device;
use crate::generate::Generator;
use crate::model::{Gpt, ModelConfig, Preset};
use crate::train::trainer::check_sizes;
use crate::train::{Evaluator, TrainConfig, Trainer};
use crate::{Error, Result};

/// Bytes that a run takes on a device in f32: parameters, gradients, moments, the activations of one batch, the buffers
/// of evaluation, sampling and looks into the model, and the copy that a save makes.
pub fn required_bytes(model: &ModelConfig, batch: usize) -> Result<u64> {
    check_sizes(model, batch)?;
    // A CPU device takes memory when it is first used, so recording on one only counts.
    let planner = Device::cpu();
    let gpt = Gpt::new(&planner, *model, true)?;
    let dataset = Dataset {
        train: vec![0; model.context + 1].into(),
        validation: None,
        context: model.context,
        rows: false,
        split: Split::Stream,
    };
    let config = TrainConfig { batch, ..TrainConfig::preset(Preset::Tiny) };
    let trainer = Trainer::new(gpt, &planner, config, Arc::new(dataset))?;
    let _evaluator = Evaluator::new(&planner, &trainer.model, batch)?;
    let _generator = Generator::new(&planner, &trainer.model)?;
    let _probe = questions::probe(&planner, &trainer.model)?;
    // Weights and both moments.
    Ok(planner.bytes() + 3 * 4 * model.parameter_count())
}

/// Refuses a batch that a device cannot bind, or for which the `memory` bytes that it has to give do not do.
pub fn fits(model: &ModelConfig, batch: usize, device: &Device, memory: Option<u64>) -> Result<()> {
    // The hidden layer of the MLP is the widest tensor that is bound whole.
    let widest = model.context * 4 * model.channels;
    let most = device.max_binding() / widest;
    if batch > most {
        let bytes = |elements: usize| mebibytes(elements as u64 * 4);
        return Err(Error::Config(format!(
            "a batch of {batch} needs a tensor of {}, and {} binds at most {}: {}",
            mebibytes((widest as u64).saturating_mul(batch as u64).saturating_mul(4)),
            device.name(),
            bytes(device.max_binding()),
            advice(most)
        )));
    }
    let needed = required_bytes(model, batch)?;
    let Some(memory) = memory.filter(|memory| needed > *memory) else { return Ok(()) };
    let (mut fitting, mut too_large) = (0, batch);
    while too_large - fitting > 1 {
        let middle = fitting + (too_large - fitting) / 2;
        if required_bytes(model, middle)? <= memory { fitting = middle } else { too_large = middle }
    }
    Err(Error::Config(format!(
        "a batch of {batch} needs {}, and {} has {} to give: {}",
        mebibytes(needed),
        device.name(),
        mebibytes(memory),
        advice(fitting)
    )))
}

/// What to do where at most `batch` windows fit.
fn advice(batch: usize) -> String {
    match batch {
        0 => "no batch of this shape fits: take fewer layers or channels, or a smaller context or vocabulary".into(),
        _ => format!("a batch of {batch} would fit: take --batch {batch} and more --accumulate"),
    }
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1 << 20))
}
