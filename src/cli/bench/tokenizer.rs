//! `glasshouse bench tokenizer`: how fast a tokenizer trains, and how fast it encodes on one thread.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use glasshouse::corpus::{self, Builtin};
use glasshouse::tokenizer::{Pattern, TrainOptions, Trainer};
use glasshouse::{Error, Result};

use super::median;
use crate::cli::{input, output, tokenizer};

/// Time training and encoding on one thread.
#[derive(Args, Debug)]
pub struct TokenizerArgs {
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
pub fn run(args: TokenizerArgs) -> Result<()> {
    let documents = match args.input[..] {
        [] => corpus::documents(Builtin::English.file())?,
        ref paths => input::documents(paths)?,
    };
    let bytes: usize = documents.iter().map(Vec::len).sum();
    let (tokenizer, train) = match &args.tokenizer {
        Some(path) => (tokenizer::load(path, args.pattern)?, None),
        None => {
            let pattern = args.pattern.unwrap_or(Pattern::Cl100k);
            let (tokenizer, seconds) = timed(args.rounds, || {
                let mut trainer = Trainer::new(TrainOptions { pattern, ..TrainOptions::new(args.vocab_size) })?;
                documents.iter().try_for_each(|document| trainer.feed(document))?;
                trainer.finish()
            })?;
            (tokenizer, Some(seconds))
        }
    };
    let (tokens, encode) =
        timed(args.rounds, || Ok(documents.iter().map(|document| tokenizer.encode(document).len()).sum::<usize>()))?;
    let megabytes = |seconds: f64| bytes as f64 / 1e6 / seconds;
    let text = if args.json {
        let mut report = serde_json::json!({
            "bytes": bytes,
            "tokens": tokens,
            "vocab_size": tokenizer.vocab_size(),
            "encode_ms": 1e3 * median(encode.clone()),
            "encode_megabytes_per_second": megabytes(median(encode.clone())),
            "encode_seconds": encode,
        });
        if let Some(train) = train {
            report["train_ms"] = (1e3 * median(train.clone())).into();
            report["train_seconds"] = train.into();
        }
        format!("{report}\n")
    } else {
        let line = |what: &str, seconds: &[f64]| {
            let all = |f: fn(f64, f64) -> f64| 1e3 * seconds.iter().copied().reduce(f).unwrap_or(f64::NAN);
            let (least, most) = (all(f64::min), all(f64::max));
            let (median, rate) = (1e3 * median(seconds.to_vec()), megabytes(median(seconds.to_vec())));
            format!("{what:<7} {median:8.1} ms ({least:.1} to {most:.1}), {rate:.1} MB/s\n")
        };
        let train = train.map(|seconds| line("train", &seconds)).unwrap_or_default();
        let shape = format!(
            "{bytes} bytes, {tokens} tokens of {}; one thread, {} rounds\n",
            tokenizer.vocab_size(),
            args.rounds
        );
        [shape, train, line("encode", &encode)].concat()
    };
    tokenizer::print(text.as_bytes())
}

/// What `work` gave the last time, and the seconds of each time.
fn timed<T>(rounds: u64, work: impl Fn() -> Result<T>) -> Result<(T, Vec<f64>)> {
    let mut seconds = Vec::new();
    let mut last = Err(Error::Usage("--rounds must be at least 1".into()));
    for _ in 0..rounds {
        let start = Instant::now();
        last = Ok(work()?);
        seconds.push(start.elapsed().as_secs_f64());
    }
    Ok((last?, seconds))
}
