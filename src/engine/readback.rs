//! Weights and moments on their way from the device into a save, and from a save onto a device.

use std::collections::VecDeque;

use crate::Result;
use crate::device::{Device, Reading};
use crate::hub::{Moments, Save, Tensor, TrainerState};
use crate::model::{Gpt, ModelConfig};
use crate::train::{StepReport, Trainer};

/// Readings under way: one a tensor of weights, then of first, then of second moments.
#[derive(Default)]
pub struct Saving {
    readings: VecDeque<Reading>,
    tensors: Vec<Vec<f32>>,
}

impl Saving {
    /// Goes on; weights and moments of `model` once all of them have arrived.
    pub fn advance(&mut self, device: &Device, model: &Gpt) -> Result<Option<(Vec<Tensor>, Moments)>> {
        let count = model.list.len();
        if self.readings.is_empty() && self.tensors.is_empty() {
            let moments =
                |which: usize| (0..count).map(move |i| model.moments(i).expect("the model is for training")[which]);
            let views = (0..count).map(|i| model.view(i)).chain(moments(0)).chain(moments(1));
            self.readings.extend(views.map(|view| device.read(view)));
        }
        while let Some(reading) = self.readings.front_mut() {
            let Some(numbers) = reading.poll() else { return Ok(None) };
            self.tensors.push(numbers?.f32());
            self.readings.pop_front();
        }
        let mut values = std::mem::take(&mut self.tensors).into_iter();
        let weights = model.list.iter().map(|p| (p.name.clone(), p.shape.clone()));
        let weights =
            weights.map(|(name, shape)| (name, shape, values.next().expect("one reading a tensor"))).collect();
        Ok(Some((weights, Moments { first: values.by_ref().take(count).collect(), second: values.collect() })))
    }
}

/// The saves of a run: what each holds beside weights, moments and log, and the one that was made last.
pub struct Saves {
    /// The run's tokenizer.json.
    pub tokenizer_json: Vec<u8>,
    /// The token in front of every document.
    pub end_of_text: u32,
    /// The run, as it was when it began.
    pub state: TrainerState,
    /// The text, where it has no other place.
    pub documents: Option<Vec<Vec<u8>>>,
    last: Option<Save>,
    step: Option<u64>,
}

impl Saves {
    /// None is made yet.
    pub fn new(
        tokenizer_json: Vec<u8>,
        end_of_text: u32,
        state: TrainerState,
        documents: Option<Vec<Vec<u8>>>,
    ) -> Saves {
        Saves { tokenizer_json, end_of_text, state, documents, last: None, step: None }
    }

    /// Goes on with `saving`; the step of the save once it is made.
    pub fn advance(&mut self, saving: &mut Saving, trainer: &Trainer, log: &[u8]) -> Result<Option<u64>> {
        let Some((tensors, moments)) = saving.advance(trainer.device(), &trainer.model)? else { return Ok(None) };
        let step = trainer.step();
        let state = TrainerState {
            step,
            extra: trainer.extra,
            position: step * trainer.config.accumulate as u64,
            train: trainer.config.clone(),
            ..self.state.clone()
        };
        self.last = Some(Save {
            config: trainer.model.config,
            tensors,
            moments: Some(moments),
            tokenizer_json: self.tokenizer_json.clone(),
            end_of_text: Some(self.end_of_text),
            trainer: Some(state),
            log: log.to_vec(),
            corpus: self.documents.clone(),
        });
        self.step = Some(step);
        Ok(self.step)
    }

    /// The save that was made last, once.
    pub fn take(&mut self) -> Option<Save> {
        self.last.take()
    }

    /// Whether the last one holds the run as it is after `step`.
    pub fn hold(&self, step: u64) -> bool {
        self.step == Some(step)
    }

    /// The run is another since the last one.
    pub fn outdate(&mut self) {
        self.step = None;
    }
}

/// A model to train on `device`: of this shape with new weights, or `model` with its own.
pub fn first_weights(device: &Device, shape: ModelConfig, model: Option<&Save>, seed: u64) -> Result<Gpt> {
    if let Some(model) = model {
        return load_weights(device, model, true);
    }
    let gpt = Gpt::new(device, shape, true)?;
    gpt.initialise(seed);
    Ok(gpt)
}

/// A model on `device` with the weights of a save, and with its moments where it is to be trained.
pub fn load_weights(device: &Device, save: &Save, training: bool) -> Result<Gpt> {
    Gpt::check_fit(device, &save.config)?;
    let model = Gpt::new(device, save.config, training)?;
    for (name, _, values) in &save.tensors {
        model.write(name, values);
    }
    if let Some(moments) = save.moments.as_ref().filter(|_| training) {
        for ((name, _, _), (first, second)) in save.tensors.iter().zip(moments.first.iter().zip(&moments.second)) {
            model.write_moments(name, first, second);
        }
    }
    Ok(model)
}

/// The lines of a log up to `step`, and the seconds in the last of them.
pub fn cut(log: &[u8], step: u64) -> (Vec<u8>, f64) {
    let (mut lines, mut seconds) = (Vec::new(), 0.0);
    for line in log.split_inclusive(|byte| *byte == b'\n') {
        let Ok(report) = serde_json::from_slice::<StepReport>(line) else { continue };
        if report.step <= step {
            lines.extend_from_slice(line);
            seconds = report.seconds;
        }
    }
    (lines, seconds)
}
