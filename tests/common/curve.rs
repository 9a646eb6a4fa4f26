//! One small run on any device: the losses by which devices are compared.

use std::sync::Arc;
use std::time::Duration;

use glasshouse::corpus;
use glasshouse::data::Dataset;
use glasshouse::device::Device;
use glasshouse::model::{Gpt, ModelConfig, Preset};
use glasshouse::tokenizer::{BpeTrainer, TrainOptions};
use glasshouse::train::{TrainConfig, Trainer};
use web_time::Instant;

/// The losses of the first steps on the native CPU device: `cargo test --test all curve::print -- --ignored --nocapture` prints them.
pub const NATIVE: &str = include_str!("../golden/curve.json");

/// The first `steps` losses at lr 1e-3 and L4 H4 C64 T64 B8, on the first works of the English corpus.
pub async fn losses(device: &Device, steps: usize) -> Vec<f64> {
    let documents = corpus::documents(include_bytes!("../../corpora/en.txt.gz")).expect("the corpus is whole");
    let documents = &documents[..2];
    let mut trainer = BpeTrainer::new(TrainOptions { special: vec!["<|endoftext|>".into()], ..TrainOptions::new(512) })
        .expect("the size is one that can be");
    documents.iter().for_each(|document| trainer.feed(document).expect("a document is counted"));
    let tokenizer = trainer.finish().expect("the text allows 512 tokens");
    let encoded: Vec<Vec<u32>> = documents.iter().map(|document| tokenizer.encode(document)).collect();
    let dataset = Arc::new(Dataset::new(&encoded, 511, 64).expect("the text is long enough"));
    let config = ModelConfig { layers: 4, heads: 4, channels: 64, context: 64, vocab: 512 };
    let train = TrainConfig { batch: 8, lr: 1e-3, steps: 1_000, ..TrainConfig::preset(Preset::Tiny) };
    let model = Gpt::new(device, config, true).expect("the model fits");
    model.initialise(train.seed);
    let mut trainer = Trainer::new(model, device, train, dataset).expect("the step is recorded");
    let mut losses = Vec::new();
    while losses.len() < steps {
        trainer.advance(Instant::now() + Duration::from_millis(100)).expect("the step runs");
        device.idle().await.expect("the device is there");
        while let Some(report) = trainer.poll().expect("the loss is finite") {
            losses.push(report.loss);
        }
    }
    losses.truncate(steps);
    losses
}

/// Panics where a loss is further than 1e-3 from the native CPU device's.
pub fn agrees(what: &str, got: &[f64]) {
    let want: Vec<f64> = serde_json::from_str(NATIVE).expect("tests/golden/curve.json is a list of numbers");
    assert!(got.len() <= want.len(), "{} losses, and {} to compare with", got.len(), want.len());
    for (step, (got, want)) in got.iter().zip(&want).enumerate() {
        assert!((got - want).abs() <= 1e-3, "{what}: step {}: got {got}, natively {want}", step + 1);
    }
}
