//! A training step over batches that the caller gives, for comparisons in a tab.

use std::collections::VecDeque;

use glasshouse::device::{Device, Element, Reading, View};
use glasshouse::model::{Attend, Gpt, ModelConfig};
use glasshouse::ops::{self, Head, Rates, Tokens};
use glasshouse::tape::{Recording, SCALARS, Scalar, Tape, Tensor};
use wasm_bindgen::JsError;
use wasm_bindgen::prelude::wasm_bindgen;

/// Steps whose loss has not been read, as in the trainer.
const IN_FLIGHT: usize = 3;

const LEARNING_RATE: f64 = 1e-3;
const RATES: Rates = Rates { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay: 0.1 };
const CLIP: f32 = 1.0;

/// A model, its recorded step, and its place in the batches.
#[wasm_bindgen]
pub struct TrainingStep {
    device: Device,
    model: Gpt,
    step: Recording,
    update: Recording,
    scalars: View,
    tokens: Tokens,
    targets: Tensor,
    head: Head,
    batch: usize,
    batches: Vec<Vec<u32>>,
    taken: u64,
}

#[wasm_bindgen]
impl TrainingStep {
    /// Records the step on the best WebGPU adapter, or on the CPU device. The weights are zero until they are written.
    pub async fn create(
        gpu: bool,
        layers: usize,
        heads: usize,
        channels: usize,
        vocab: usize,
        batch: usize,
        context: usize,
    ) -> Result<TrainingStep, JsError> {
        let device = if gpu { Device::gpu(None).await? } else { Device::cpu() };
        let config = ModelConfig { layers, heads, channels, context, vocab };
        let model = Gpt::new(&device, config, true)?;
        let scalars = device.allocate(Element::Float, SCALARS).view();
        let rows = batch * context;
        let mut tape = Tape::new(&device, scalars, true);
        let tokens = Tokens::new(&mut tape, batch, context, vocab);
        let (targets, weights) = (tape.indices(&[rows]), tape.tensor(&[rows]));
        let bound = model.bind(&tape);
        let hidden = bound.forward(&mut tape, &tokens, &Attend::Windows(context));
        let head = ops::cross_entropy(&mut tape, &hidden, bound.get("wte.weight"), &targets, &weights);
        drop((bound, hidden));
        device.write(weights.view(), &vec![1.0; rows]);
        let step = tape.finish()?;
        let mut tape = Tape::new(&device, scalars, false);
        model.update(&mut tape, CLIP, RATES);
        let update = tape.finish()?;
        Ok(TrainingStep {
            device,
            model,
            step,
            update,
            scalars,
            tokens,
            targets,
            head,
            batch,
            batches: Vec::new(),
            taken: 0,
        })
    }

    /// Writes a parameter by its Hugging Face name.
    pub fn write(&self, name: &str, values: &[f32]) {
        self.model.write(name, values);
    }

    /// B rows of T + 1 tokens; steps take the batches in turn.
    pub fn add_batch(&mut self, tokens: Vec<u32>) {
        self.batches.push(tokens);
    }

    /// The losses of the next `steps` steps.
    pub async fn losses(&mut self, steps: usize) -> Result<Vec<f64>, JsError> {
        let mut pending: VecDeque<Reading> = VecDeque::new();
        let mut losses = Vec::with_capacity(steps);
        for _ in 0..steps {
            if pending.len() == IN_FLIGHT {
                losses.push(loss(pending.pop_front()).await?);
            }
            self.write_batch();
            self.step.replay()?;
            self.update.replay()?;
            pending.push_back(self.device.read(self.head.loss.view()));
        }
        while !pending.is_empty() {
            losses.push(loss(pending.pop_front()).await?);
        }
        Ok(losses)
    }

    fn write_batch(&mut self) {
        let tokens = &self.batches[self.taken as usize % self.batches.len()];
        self.taken += 1;
        let rows = || tokens.chunks(tokens.len() / self.batch);
        let inputs: Vec<u32> = rows().flat_map(|row| &row[..row.len() - 1]).copied().collect();
        let targets: Vec<u32> = rows().flat_map(|row| &row[1..]).copied().collect();
        self.tokens.write(&self.device, &inputs);
        self.device.write_index(self.targets.view(), &targets);
        let mut scalars = [0.0; SCALARS];
        let correction = |beta: f32| 1.0 / (1.0 - f64::from(beta).powf(self.taken as f64));
        scalars[Scalar::LearningRate as usize] = LEARNING_RATE;
        scalars[Scalar::Correction1 as usize] = correction(RATES.beta1);
        scalars[Scalar::Correction2 as usize] = correction(RATES.beta2);
        scalars[Scalar::WeightScale as usize] = 1.0 / inputs.len() as f64;
        self.device.write_f64(self.scalars, &scalars);
    }
}

async fn loss(reading: Option<Reading>) -> Result<f64, JsError> {
    let reading = reading.expect("a step is pending");
    Ok(reading.numbers().await?.f64()[0])
}
