//! `glasshouse bench tokenizer`: how fast a tokenizer trains, and how fast it encodes on one thread.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use glasshouse::Result;
use glasshouse::corpus::readers::Reading;
use glasshouse::corpus::{self, Builtin};
use glasshouse::tokenizer::{BpeTrainer, Pattern, TrainOptions};
use serde::Serialize;

use super::median;
use crate::cli::{input, output, tokenizer};

/// Time training and encoding on one thread.
#[derive(Args, Debug)]
pub struct BenchTokenizerArgs {
    /// Text to train on and encode; the built-in English corpus without it.
    #[arg(long, num_args = 1.., value_name = "PATH")]
    input: Vec<PathBuf>,
    /// Encode with this tokenizer instead of training one.
    #[arg(long, value_name = "FILE", conflicts_with = "vocab_size")]
    tokenizer: Option<PathBuf>,
    /// The split of the training, or of a .tiktoken file.
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<Pattern>,
    /// Tokens of the tokenizer that is trained.
    #[arg(long, default_value_t = 4096, value_name = "N")]
    vocab_size: usize,
    /// How often each is timed; medians are printed.
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

/// Runs the measurement and prints it.
pub fn run(args: BenchTokenizerArgs) -> Result<()> {
    let documents = match args.input[..] {
        [] => corpus::documents(Builtin::English.file())?,
        ref paths => input::documents(paths, &Reading::default())?,
    };
    let bytes: usize = documents.iter().map(Vec::len).sum();
    let (tokenizer, train_seconds) = match &args.tokenizer {
        Some(path) => (tokenizer::load(path, args.pattern)?, None),
        None => {
            let pattern = args.pattern.unwrap_or(Pattern::Cl100k);
            let (tokenizer, seconds) = timed(args.rounds, || {
                let mut trainer = BpeTrainer::new(TrainOptions { pattern, ..TrainOptions::new(args.vocab_size) })?;
                documents.iter().try_for_each(|document| trainer.feed(document))?;
                trainer.finish()
            })?;
            (tokenizer, Some(seconds))
        }
    };
    let encode = || Ok(documents.iter().map(|document| tokenizer.encode(document).len()).sum::<usize>());
    // Once before, so that the tables are as near as they are to a process that has encoded before.
    encode()?;
    let (tokens, encode_seconds) = timed(args.rounds, encode)?;
    let encode = median(encode_seconds.clone());
    let report = TokenizerTimes {
        bytes,
        tokens,
        vocab_size: tokenizer.vocab_size(),
        train_ms: train_seconds.clone().map(|seconds| 1e3 * median(seconds)),
        train_seconds,
        encode_ms: 1e3 * encode,
        encode_megabytes_per_second: bytes as f64 / 1e6 / encode,
        encode_seconds,
    };
    if args.json { output::json(&report) } else { output::line(report.to_string()) }
}

/// What is printed: medians over the rounds, and each round's seconds.
#[derive(Serialize)]
struct TokenizerTimes {
    bytes: usize,
    tokens: usize,
    vocab_size: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    train_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    train_seconds: Option<Vec<f64>>,
    encode_ms: f64,
    encode_megabytes_per_second: f64,
    encode_seconds: Vec<f64>,
}

impl std::fmt::Display for TokenizerTimes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let TokenizerTimes { bytes, tokens, vocab_size, .. } = self;
        let (bytes, tokens, vocab_size) = (*bytes as u64, *tokens as u64, *vocab_size as u64);
        let [bytes, tokens, vocab_size] = [bytes, tokens, vocab_size].map(output::grouped);
        let rounds = self.encode_seconds.len();
        writeln!(f, "{bytes} bytes, {tokens} tokens of a vocabulary of {vocab_size}; one thread, {rounds} rounds")?;
        let mut line = |what: &str, seconds: &[f64]| {
            let limit = |pick: fn(f64, f64) -> f64| 1e3 * seconds.iter().copied().reduce(pick).unwrap_or(f64::NAN);
            let (least, most, middle) = (limit(f64::min), limit(f64::max), median(seconds.to_vec()));
            let rate = self.bytes as f64 / 1e6 / middle;
            write!(f, "{what} {:8.1} ms ({least:.1} to {most:.1}), {rate:.1} MB/s", 1e3 * middle)
        };
        if let Some(seconds) = &self.train_seconds {
            line("train ", seconds)?;
            line("\nencode", &self.encode_seconds)
        } else {
            line("encode", &self.encode_seconds)
        }
    }
}

/// What `work` gave the last time, and the seconds of each time.
fn timed<T>(rounds: u64, work: impl Fn() -> Result<T>) -> Result<(T, Vec<f64>)> {
    let time = || {
        let start = Instant::now();
        work().map(|result| (result, start.elapsed().as_secs_f64()))
    };
    let (mut last, first) = time()?;
    let mut seconds = vec![first];
    for _ in 1..rounds {
        let (result, elapsed) = time()?;
        last = result;
        seconds.push(elapsed);
    }
    Ok((last, seconds))
}
