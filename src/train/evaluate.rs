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

    /// Adds `losses`, each of its target. `end_of_text` is the token between documents, which stands for no text.
    pub fn add(&mut self, losses: &[f64], targets: &[u32], end_of_text: Option<u32>) {
        for (&loss, &target) in losses.iter().zip(targets) {
            self.nats += loss;
            self.tokens += 1;
            if end_of_text != Some(target) {
                self.text_nats += loss;
            }
        }
    }

    /// Adds the `losses` of a batch, at the positions that count.
    fn add_batch(&mut self, losses: &[f64], batch: &Batch, end_of_text: Option<u32>) {
        for (at, _) in batch.weights.iter().enumerate().filter(|(_, weight)| **weight != 0.0) {
            self.add(&losses[at..=at], &batch.targets[at..=at], end_of_text);
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
            if let Some((reading, batch)) = &mut e.reading {
                let Some(losses) = reading.poll() else { return Ok(None) };
                e.found.add_batch(&losses?.f64(), batch, windows.end_of_text);
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
        for batch in windows.batches(self.batch) {
            let losses = self.losses(&batch).await?;
            found.add_batch(&losses, &batch, windows.end_of_text);
        }
        Ok(found)
    }

    /// The loss at each position of a batch, row by row, in nats; of those that do not count, too.
    pub async fn losses(&self, batch: &Batch) -> Result<Vec<f64>> {
        self.tokens.write(&self.device, &batch.inputs);
        self.device.write_index(self.targets.view(), &batch.targets);
        let mut at = 0;
        while at < self.recording.len() {
            at = self.recording.advance(at, Instant::now())?;
        }
        Ok(self.device.read(self.head.losses.view()).numbers().await?.f64())
    }
}
