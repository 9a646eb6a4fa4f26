//! `glasshouse eval`: a model's loss on a text.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use glasshouse::data::{Windows, bits_per_byte};
use glasshouse::tokenizer::Tokenizer;
use glasshouse::train::{Evaluated, Evaluator};
use glasshouse::{Error, Result, engine};
use serde_json::json;

use super::device::DeviceArg;
use super::reader_args::ReaderArgs;
use super::run_folder::load_model;
use super::{input, output, progress};

/// Tokens that one pass measures, about.
const PASS_TOKENS: usize = 4096;

/// Measure a model's loss on a text.
///
/// Each document is preceded by <|endoftext|> and the whole cut into windows that do not overlap. Every token but the
/// first counts; bits a byte count the nats of those that stand for bytes, over these bytes.
#[derive(Args, Debug)]
pub struct EvalArgs {
    /// A model folder, or a zip of one; - for a zip on standard input.
    #[arg(long, value_name = "DIR")]
    model: PathBuf,
    /// The text: files of text, Markdown, JSONL, JSON or Parquet, plain or packed, folders, or - for standard input.
    #[arg(long, value_name = "PATH", required = true, num_args = 1..)]
    data: Vec<PathBuf>,
    /// auto takes real hardware, else the CPU; gpu the best adapter, software included; gpu:N the one `doctor` calls N.
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N", default_value = "auto", hide_default_value = true)]
    device: DeviceArg,
    /// Print one JSON object: loss (nats a token), perplexity, bits_per_byte, tokens.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reader: ReaderArgs,
}

/// Runs the subcommand.
pub fn run(args: EvalArgs) -> Result<()> {
    let save = load_model(&args.model)?;
    let tokenizer = Tokenizer::from_json(&save.tokenizer_json)?;
    let end_of_text = match save.end_of_text {
        Some(id) => id,
        None => engine::end_of_text(&tokenizer)?,
    };
    let documents = input::documents(&args.data, &args.reader.reading()?)?;
    let documents: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
    let encoded = tokenizer.encode_documents(&documents);
    let windows = Windows::new(&encoded, end_of_text, save.config.context)?;
    if let Some(id) = windows.tokens.iter().find(|id| **id as usize >= save.config.vocab) {
        return Err(Error::format(
            args.model.display(),
            format!(
                "its tokenizer gives token {id}, and its model has {}: they are not of one model",
                save.config.vocab
            ),
        ));
    }
    let device = args.device.open()?.device;
    let model = engine::load_weights(&device, &save, false)?;
    let batch = (PASS_TOKENS / save.config.context).clamp(1, windows.count(1));
    let evaluator = Evaluator::new(&device, &model, batch)?;
    let found = evaluate(&evaluator, &windows, batch, args.json)?;
    if !found.nats.is_finite() {
        return Err(Error::format(args.model.display(), "the model's loss is not finite: its weights are damaged"));
    }
    let length = |id: u32| match tokenizer.is_special(id) {
        true => 0,
        false => tokenizer.token_bytes(id).map_or(0, |bytes| bytes.len() as u32),
    };
    let lengths: Vec<u32> = (0..save.config.vocab as u32).map(length).collect();
    let bits = bits_per_byte(found.text_nats, windows.predicted(), &lengths);
    let (loss, perplexity) = (found.loss(), found.loss().exp());
    if args.json {
        return output::json(&json!({
            "loss": loss, "perplexity": perplexity, "bits_per_byte": bits, "tokens": found.tokens,
        }));
    }
    output::line(format!("loss           {loss:.4} nats a token"))?;
    output::line(format!("perplexity     {perplexity:.2}"))?;
    output::line(format!("bits per byte  {}", bits.map_or("none".into(), |bits| format!("{bits:.4}"))))?;
    output::line(format!("tokens         {}", output::grouped(found.tokens)))
}

/// Evaluates, with a bar on a terminal.
fn evaluate(evaluator: &Evaluator, windows: &Windows, batch: usize, json: bool) -> Result<Evaluated> {
    if json || !std::io::stderr().is_terminal() {
        return pollster::block_on(evaluator.evaluate(windows));
    }
    let bar = progress::bar(
        "evaluating [{bar:24}] {human_pos}/{human_len} batches, {eta} left",
        0,
        windows.count(batch) as u64,
    );
    let mut evaluation = evaluator.begin();
    loop {
        if let Some(found) = evaluator.advance(&mut evaluation, windows, Instant::now() + Duration::from_millis(30))? {
            bar.finish_and_clear();
            return Ok(found);
        }
        bar.set_position(evaluation.done() as u64);
        // The GPU is at work, or the slice is over: this much longer makes no difference.
        std::thread::sleep(Duration::from_micros(100));
    }
}
