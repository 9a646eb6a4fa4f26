//! `glasshouse bench step`: whole training steps; bench/README.md has the protocol.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use clap::Args;
use glasshouse::data::Dataset;
use glasshouse::engine::{Settings, fits};
use glasshouse::model::{Gpt, ModelConfig, Preset};
use glasshouse::parallel;
use glasshouse::train::schedule::Schedule;
use glasshouse::train::{TrainConfig, Trainer};
use glasshouse::{Error, Result, random};
use safetensors::{Dtype, SafeTensors};
use serde_json::json;

use super::super::device::DeviceArg;
use super::super::{input, output};
use super::{idle, name};

/// Measure whole training steps: forward, backward, clip and AdamW.
#[derive(Args, Debug)]
pub struct StepArgs {
    /// The shape to begin with; tiny where none is named.
    #[arg(long, value_name = "tiny|small|baby|gpt2")]
    preset: Option<Preset>,
    /// Windows of a step.
    #[arg(long, value_name = "N")]
    batch: Option<usize>,
    /// Tokens of a window.
    #[arg(long, value_name = "N")]
    context: Option<usize>,
    /// Blocks.
    #[arg(long, value_name = "N")]
    layers: Option<usize>,
    /// Attention heads of a block.
    #[arg(long, value_name = "N")]
    heads: Option<usize>,
    /// Width of the residual stream.
    #[arg(long, value_name = "N")]
    channels: Option<usize>,
    /// The size of the vocabulary.
    #[arg(long, value_name = "N")]
    vocab_size: Option<usize>,
    /// auto takes real hardware, else the CPU; gpu the best adapter, software included; gpu:N the one `doctor` calls N.
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N", default_value = "auto", hide_default_value = true)]
    device: DeviceArg,
    /// Print one JSON object: tokens_per_second, ms, gflops, losses, parameters, device, threads.
    #[arg(long)]
    json: bool,
    /// Weights to begin with, a safetensors file with GPT-2's names; random ones without it.
    #[arg(long, value_name = "FILE", help_heading = "For comparisons")]
    weights: Option<PathBuf>,
    /// Batches one after another, each a row of T + 1 tokens a window, as 32-bit little-endian; random ones without it.
    #[arg(long, value_name = "FILE", help_heading = "For comparisons")]
    tokens: Option<PathBuf>,
    /// Steps that are not timed.
    #[arg(long, value_name = "N", default_value_t = 3, help_heading = "For comparisons")]
    warmup: u32,
    /// Steps that are timed.
    #[arg(long, value_name = "N", default_value_t = 10, help_heading = "For comparisons",
          value_parser = clap::value_parser!(u32).range(1..))]
    steps: u32,
}

/// Runs the subcommand.
pub fn run(args: StepArgs) -> Result<()> {
    let settings = Settings {
        preset: args.preset,
        batch: args.batch,
        context: args.context,
        layers: args.layers,
        heads: args.heads,
        channels: args.channels,
        vocab_size: args.vocab_size,
        ..Settings::default()
    };
    let (model, train) = settings.resolve("en");
    let total = u64::from(args.warmup) + u64::from(args.steps);
    let config =
        TrainConfig { accumulate: 1, lr: 1e-3, warmup: 0, schedule: Schedule::Constant, steps: total, ..train };
    model.validate()?;
    config.validate()?;
    let opened = args.device.open()?;
    let device = opened.device;
    Gpt::check_fit(&device, &model)?;
    fits(&model, config.batch, &device, opened.memory)?;
    let tokens = match &args.tokens {
        Some(path) => read_tokens(path, &model, config.batch)?,
        None => {
            let batches = total.min(8);
            let count = batches * (config.batch * (model.context + 1)) as u64;
            (0..count).map(|i| random::below(config.seed, 1, i, model.vocab as u64) as u32).collect()
        }
    };
    let gpt = Gpt::new(&device, model, true)?;
    gpt.initialise(config.seed);
    if let Some(path) = &args.weights {
        read_weights(path, &gpt)?;
    }
    let dataset = Arc::new(Dataset::rows(tokens, model.context));
    let tokens_a_step = (config.batch * model.context) as f64;
    let mut trainer = Trainer::new(gpt, &device, config, dataset)?;
    let mut losses = Vec::new();
    let mut train_to = |step: u64| -> Result<()> {
        while trainer.step() < step || trainer.in_flight() > 0 {
            if trainer.step() < step {
                trainer.advance(Instant::now() + std::time::Duration::from_secs(3600))?;
            }
            match trainer.poll()? {
                Some(report) => losses.push(report.loss),
                None if device.submission_budget().is_some() => {
                    std::thread::sleep(std::time::Duration::from_micros(50))
                }
                None => {}
            }
        }
        idle(&device)
    };
    train_to(args.warmup.into())?;
    let start = Instant::now();
    train_to(total)?;
    let seconds = start.elapsed().as_secs_f64() / f64::from(args.steps);
    let parameters = model.parameter_count();
    let tokens_per_second = tokens_a_step / seconds;
    let attention = model.layers as f64 * model.channels as f64 * model.context as f64;
    let gflops = 6.0 * (parameters as f64 + attention) * tokens_per_second / 1e9;
    if args.json {
        return output::json(&json!({
            "tokens_per_second": tokens_per_second, "ms": seconds * 1e3, "gflops": gflops, "losses": losses,
            "parameters": parameters, "device": name(&device), "threads": parallel::threads(),
        }));
    }
    output::line(format!("device      {}", device.name()))?;
    output::line(format!("parameters  {}", output::grouped(parameters)))?;
    output::line(format!("step        {:.3} ms, mean of {}", seconds * 1e3, args.steps))?;
    output::line(format!("speed       {} tokens/s, {gflops:.1} GFLOP/s", output::grouped(tokens_per_second as u64)))?;
    let ends = (losses.first().copied().unwrap_or(f64::NAN), losses.last().copied().unwrap_or(f64::NAN));
    output::line(format!("loss        {:.4} at step 1, {:.4} at step {total}", ends.0, ends.1))
}

fn read_tokens(path: &Path, model: &ModelConfig, batch: usize) -> Result<Vec<u32>> {
    let bytes = input::read(path)?;
    let unit = 4 * batch * (model.context + 1);
    if bytes.is_empty() || bytes.len() % unit != 0 {
        return Err(Error::format(
            path.display(),
            format!(
                "expected batches of {unit} bytes ({batch} windows of {} + 1 tokens), found {} bytes",
                model.context,
                bytes.len()
            ),
        ));
    }
    let tokens: Vec<u32> = bytes.chunks_exact(4).map(|b| u32::from_le_bytes([b[0], b[1], b[2], b[3]])).collect();
    match tokens.iter().find(|token| **token as usize >= model.vocab) {
        Some(token) => {
            let message = format!("expected tokens below {}, found {token}: give another --vocab-size", model.vocab);
            Err(Error::format(path.display(), message))
        }
        None => Ok(tokens),
    }
}

fn read_weights(path: &Path, model: &Gpt) -> Result<()> {
    let bytes = input::read(path)?;
    let refuse = |message: String| Err(Error::format(path.display(), message));
    let tensors = match SafeTensors::deserialize(&bytes) {
        Ok(tensors) => tensors,
        Err(error) => return refuse(format!("expected a safetensors file, but {error}")),
    };
    for parameter in &model.list {
        let name = &parameter.name;
        let found = tensors.tensor(name).or_else(|_| tensors.tensor(name.trim_start_matches("transformer.")));
        let Ok(tensor) = found else { return refuse(format!("it has no tensor {name}")) };
        if tensor.dtype() != Dtype::F32 || tensor.shape() != parameter.shape {
            let (dtype, shape) = (tensor.dtype(), tensor.shape());
            return refuse(format!("{name}: expected F32 {:?}, found {dtype:?} {shape:?}", parameter.shape));
        }
        let values = tensor.data().chunks_exact(4).map(|b| f32::from_le_bytes([b[0], b[1], b[2], b[3]]));
        model.write(name, &values.collect::<Vec<_>>());
    }
    Ok(())
}
