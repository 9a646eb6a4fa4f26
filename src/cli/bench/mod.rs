//! `glasshouse bench`: how fast this machine trains, and the parts of a step.

mod corpus;
mod kernels;
mod step;
mod tokenizer;

use std::time::Instant;

use clap::{Args, Subcommand};
use glasshouse::device::{Buffer, Device, Element};
use glasshouse::{Result, random};

/// Measure speed on random data.
#[derive(Args, Debug)]
pub struct BenchArgs {
    #[command(subcommand)]
    command: BenchCommand,
}

#[derive(Subcommand, Debug)]
enum BenchCommand {
    Step(step::StepArgs),
    Matmul(kernels::MatmulArgs),
    Attention(kernels::AttentionArgs),
    Tokenizer(tokenizer::BenchTokenizerArgs),
    Corpus(corpus::BenchCorpusArgs),
}

/// Runs the subcommand.
pub fn run(args: BenchArgs) -> Result<()> {
    match args.command {
        BenchCommand::Step(args) => step::run(args),
        BenchCommand::Matmul(args) => kernels::matmul(args),
        BenchCommand::Attention(args) => kernels::attention(args),
        BenchCommand::Tokenizer(args) => tokenizer::run(args),
        BenchCommand::Corpus(args) => corpus::run(args),
    }
}

/// Seconds that one sample takes at least, so that clocks and submissions do not count.
const SAMPLE_SECONDS: f64 = 0.05;

/// Median seconds of each of `works`, over `rounds` in which they take turns. Each is run once before.
fn medians(device: &Device, rounds: usize, works: &[&dyn Fn() -> Result<()>]) -> Result<Vec<f64>> {
    let time = |work: &dyn Fn() -> Result<()>, repeats: usize| -> Result<f64> {
        let start = Instant::now();
        (0..repeats).try_for_each(|_| work())?;
        idle(device)?;
        Ok(start.elapsed().as_secs_f64() / repeats as f64)
    };
    let mut repeats = Vec::new();
    for work in works {
        time(*work, 1)?;
        repeats.push((SAMPLE_SECONDS / time(*work, 1)?.max(1e-9)).ceil().clamp(1.0, 1e6) as usize);
    }
    let mut samples = vec![Vec::new(); works.len()];
    for _ in 0..rounds {
        for ((work, repeats), samples) in works.iter().zip(&repeats).zip(&mut samples) {
            samples.push(time(*work, *repeats)?);
        }
    }
    Ok(samples.into_iter().map(median).collect())
}

/// The value in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// Waits until the device has done everything.
fn idle(device: &Device) -> Result<()> {
    pollster::block_on(device.idle())
}

/// Fills a buffer with numbers in (-1, 1): zeros would be faster than what is trained with.
fn fill(device: &Device, buffer: Buffer, seed: u64) {
    assert_eq!(buffer.element, Element::Float);
    let values: Vec<f32> = (0..buffer.len as u64).map(|i| (random::uniform(seed, 0, i) * 2.0 - 1.0) as f32).collect();
    device.write(buffer.view(), &values);
}

/// What a device is called in a report: the adapter's name, or `cpu`.
fn name(device: &Device) -> String {
    device.adapter().map_or_else(|| "cpu".into(), |adapter| adapter.name.clone())
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
    }
}
