//! The loss over windows that do not overlap: recorded once, without a backward pass, summed in f64.

use web_time::Instant;

use crate::Result;
use crate::data::{Batch, Windows};
use crate::device::{Device, Reading, View};
use crate::model::{Attend, Gpt};
use crate::ops::{self, Head, Tokens};
use crate::tape::{Recording, Tape, Tensor, step_scalars};

/// A model's loss on text.
pub struct Evaluator {
    device: Device,
    recording: Recording,
    scalars: View,
    tokens: Tokens,
    targets: Tensor,
    head: Head,
    batch: usize,
}

impl Drop for Evaluator {
    fn drop(&mut self) {
        self.device.free(self.scalars.buffer);
    }
}

/// An evaluation under way.
pub struct Evaluation {
    next: usize,
    at: usize,
    reading: Option<(Reading, Batch)>,
    found: Evaluated,
}

impl Evaluation {
    /// Batches that are counted already.
    pub fn done(&self) -> usize {
        self.next
    }
}

/// What an evaluation found.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Evaluated {
    /// Summed over the predicted tokens.
    pub nats: f64,
    /// Summed over those that stand for a text: without the token between documents.
    pub text_nats: f64,
    /// How many were predicted.
    pub tokens: u64,
}

impl Evaluated {
    /// Nats a token.
    pub fn loss(&self) -> f64 {
        self.nats / self.tokens.max(1) as f64
    }

    /// Adds the `losses` of a batch, at the positions that count.
    fn add(&mut self, losses: &[f64], targets: &[u32], weights: &[f32], end_of_text: Option<u32>) {
        for ((&loss, &target), _) in losses.iter().zip(targets).zip(weights).filter(|(_, weight)| **weight != 0.0) {
            self.nats += loss;
            self.tokens += 1;
            if end_of_text != Some(target) {
                self.text_nats += loss;
            }
        }
    }
}

impl Evaluator {
    /// Records the evaluation of `batch` windows of the model's context at once.
    pub fn new(device: &Device, model: &Gpt, batch: usize) -> Result<Evaluator> {
        let scalars = step_scalars(device);
        let mut tape = Tape::new(device, scalars, false);
        let (context, vocab) = (model.config.context, model.config.vocab);
        let tokens = Tokens::new(&mut tape, batch, context, vocab);
        let (targets, weights) = (tape.indices(&[batch * context]), tape.tensor(&[batch * context]));
        let bound = model.bind(&tape);
        let hidden = bound.forward(&mut tape, &tokens, &Attend::Windows(context));
        let head = ops::cross_entropy(&mut tape, &hidden, bound.get("wte.weight"), &targets, &weights);
        Ok(Evaluator { device: device.clone(), recording: tape.finish()?, scalars, tokens, targets, head, batch })
    }

    /// Begins an evaluation.
    pub fn begin(&self) -> Evaluation {
        Evaluation { next: 0, at: 0, reading: None, found: Evaluated::default() }
    }

    /// Goes on with an evaluation of `windows` until `deadline`; the result once all of them are counted.
    pub fn advance(
        &self,
        evaluation: &mut Evaluation,
        windows: &Windows,
        deadline: Instant,
    ) -> Result<Option<Evaluated>> {
        let e = evaluation;
        loop {
            if let Some((reading, Batch { targets, weights, .. })) = &mut e.reading {
                let Some(losses) = reading.poll() else { return Ok(None) };
                e.found.add(&losses?.f64(), targets, weights, windows.end_of_text);
                e.reading = None;
                e.next += 1;
            }
            if e.at == 0 {
                if e.next >= windows.count(self.batch) {
                    return Ok(Some(e.found));
                }
                let Batch { inputs, targets, .. } = windows.batch(e.next, self.batch);
                self.tokens.write(&self.device, &inputs);
                self.device.write_index(self.targets.view(), &targets);
            }
            e.at = self.recording.advance(e.at, deadline)?;
            if e.at == self.recording.len() {
                e.at = 0;
                let batch = windows.batch(e.next, self.batch);
                e.reading = Some((self.device.read(self.head.losses.view()), batch));
            }
            if Instant::now() >= deadline && e.reading.is_none() {
                return Ok(None);
            }
        }
    }

    /// The whole evaluation at once.
    pub async fn evaluate(&self, windows: &Windows) -> Result<Evaluated> {
        let mut found = Evaluated::default();
        for Batch { inputs, targets, weights } in windows.batches(self.batch) {
            self.tokens.write(&self.device, &inputs);
            self.device.write_index(self.targets.view(), &targets);
            let mut at = 0;
            while at < self.recording.len() {
                at = self.recording.advance(at, Instant::now())?;
            }
            let losses = self.device.read(self.head.losses.view()).numbers().await?.f64();
            found.add(&losses, &targets, &weights, windows.end_of_text);
        }
        Ok(found)
    }
}
