//! `glasshouse eval`: a model's loss on a text.

use std::io::IsTerminal;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use clap::Args;
use glasshouse::data::{Windows, bits_per_byte};
use glasshouse::tokenizer::Tokenizer;
use glasshouse::train::spans::{Span, batch_of, spans};
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
/// Each document is preceded by <|endoftext|> and the whole cut into windows that do not overlap, unless --stride says
/// otherwise. Every token but the first counts; bits a byte count the nats of those that stand for bytes, over these bytes.
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
    /// Let windows overlap: each begins N tokens behind the one before and scores what that has not, so that a token has at
    /// least the context less N before it. As in Hugging Face's guide to perplexity; slower the smaller N is.
    #[arg(long, value_name = "N")]
    stride: Option<usize>,
    /// Measure each document by itself, no window reaching over two: a line, or a JSON object, a document, then all
    /// together.
    #[arg(long)]
    per_document: bool,
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
    let length = |id: u32| match tokenizer.is_special(id) {
        true => 0,
        false => tokenizer.token_bytes(id).map_or(0, |bytes| bytes.len() as u32),
    };
    let lengths: Vec<u32> = (0..save.config.vocab as u32).map(length).collect();
    let batch = (PASS_TOKENS / save.config.context).clamp(1, windows.count(1));
    let evaluator = Evaluator::new(&device, &model, batch)?;
    if !args.per_document && args.stride.is_none() {
        let found = evaluate(&evaluator, &windows, batch, args.json)?;
        return args.tell(&found, bits_per_byte(found.text_nats, windows.predicted(), &lengths));
    }
    let streams: Vec<Vec<u32>> = match args.per_document {
        true => encoded.iter().map(|ids| [&[end_of_text], ids.as_slice()].concat()).collect(),
        false => vec![windows.tokens.to_vec()],
    };
    let found = evaluate_streams(&evaluator, &streams, batch, (save.config.context, end_of_text), args.stride)?;
    if args.per_document {
        for (number, (found, stream)) in found.iter().zip(&streams).enumerate() {
            let bits = bits_per_byte(found.text_nats, &stream[1..], &lengths);
            args.tell_document(number + 1, found, bits)?;
        }
    }
    let all = Evaluated {
        nats: found.iter().map(|found| found.nats).sum(),
        text_nats: found.iter().map(|found| found.text_nats).sum(),
        tokens: found.iter().map(|found| found.tokens).sum(),
    };
    let predicted: Vec<u32> = streams.iter().flat_map(|stream| stream[1..].iter().copied()).collect();
    args.tell(&all, bits_per_byte(all.text_nats, &predicted, &lengths))
}

impl EvalArgs {
    /// Prints what was found of all.
    fn tell(&self, found: &Evaluated, bits: Option<f64>) -> Result<()> {
        if !found.nats.is_finite() {
            let message = "the model's loss is not finite: its weights are damaged";
            return Err(Error::format(self.model.display(), message));
        }
        let (loss, perplexity) = (found.loss(), found.loss().exp());
        if self.json {
            return output::json(&json!({
                "loss": loss, "perplexity": perplexity, "bits_per_byte": bits, "tokens": found.tokens,
            }));
        }
        output::line(format!("loss           {loss:.4} nats a token"))?;
        output::line(format!("perplexity     {perplexity:.2}"))?;
        output::line(format!("bits per byte  {}", bits.map_or("none".into(), |bits| format!("{bits:.4}"))))?;
        output::line(format!("tokens         {}", output::grouped(found.tokens)))
    }

    /// Prints what was found of a document; there is no loss where it has no token.
    fn tell_document(&self, number: usize, found: &Evaluated, bits: Option<f64>) -> Result<()> {
        let loss = (found.tokens > 0).then(|| found.loss());
        if self.json {
            return output::json(&json!({
                "document": number, "loss": loss, "perplexity": loss.map(f64::exp), "bits_per_byte": bits,
                "tokens": found.tokens,
            }));
        }
        let shown = |number: Option<f64>| number.map_or("none".into(), |number| format!("{number:.4}"));
        let (loss, bits, tokens) = (shown(loss), shown(bits), output::grouped(found.tokens));
        output::line(format!("document {number:>6}  loss {loss:>8}  bits per byte {bits:>8}  tokens {tokens}"))
    }
}

/// Evaluates streams, each by itself, in windows that overlap by all but `stride`.
fn evaluate_streams(
    evaluator: &Evaluator,
    streams: &[Vec<u32>],
    batch: usize,
    (context, end_of_text): (usize, u32),
    stride: Option<usize>,
) -> Result<Vec<Evaluated>> {
    let mut windows = Vec::new();
    for (number, stream) in streams.iter().enumerate() {
        windows.extend(spans(stream.len(), context, stride)?.into_iter().map(|span| (number, span)));
    }
    let mut found = vec![Evaluated::default(); streams.len()];
    for windows in windows.chunks(batch) {
        let rows: Vec<(&[u32], &Span)> =
            windows.iter().map(|(number, span)| (streams[*number].as_slice(), span)).collect();
        let rows = batch_of(&rows, batch, context);
        let losses = pollster::block_on(evaluator.losses(&rows))?;
        for (row, (number, span)) in windows.iter().enumerate() {
            let scored = span.known..span.known + span.scored().len();
            let (losses, targets) = (&losses[row * context..][scored.clone()], &rows.targets[row * context..][scored]);
            found[*number].add(losses, targets, Some(end_of_text));
        }
    }
    Ok(found)
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
