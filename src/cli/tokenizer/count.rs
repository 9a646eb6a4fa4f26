//! `glasshouse tokenizer count`: how many tokens a text is.

use std::path::PathBuf;

use clap::Args;
use glasshouse::Result;
use glasshouse::tokenizer::SpecialHandling;
use serde_json::json;

use super::{TokenizerFileArgs, load};
use crate::cli::reader_args::ReaderArgs;
use crate::cli::{input, output};

#[derive(Args, Debug)]
pub struct CountArgs {
    #[command(flatten)]
    source: TokenizerFileArgs,
    /// The text to count.
    #[arg(
        long,
        value_name = "TEXT",
        conflicts_with = "input",
        required_unless_present = "input",
        allow_hyphen_values = true
    )]
    text: Option<String>,
    /// Text files, JSONL with a text field, folders of these, or - for standard input.
    #[arg(long, num_args = 1.., value_name = "PATH")]
    input: Vec<PathBuf>,
    /// Whether a special token in the text is text or becomes the token.
    #[arg(long, default_value = "text", value_name = "text|token")]
    special: SpecialHandling,
    /// Print one JSON object: tokens, bytes, documents, bytes_per_token.
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    reader: ReaderArgs,
}

/// Runs the subcommand.
pub fn run(args: CountArgs) -> Result<()> {
    let tokenizer = load(&args.source.tokenizer, args.source.pattern)?;
    let documents = match args.text {
        Some(text) => vec![text.into_bytes()],
        None => input::documents(&args.input, &args.reader.reading()?)?,
    };
    let tokens: usize = match args.special {
        SpecialHandling::Text => {
            let documents: Vec<&[u8]> = documents.iter().map(Vec::as_slice).collect();
            tokenizer.encode_documents(&documents).iter().map(Vec::len).sum()
        }
        special => documents.iter().map(|document| tokenizer.encode_with(document, special).len()).sum(),
    };
    let bytes: usize = documents.iter().map(Vec::len).sum();
    let ratio = (tokens > 0).then(|| bytes as f64 / tokens as f64);
    if args.json {
        return output::json(&json!({
            "tokens": tokens, "bytes": bytes, "documents": documents.len(), "bytes_per_token": ratio,
        }));
    }
    output::line(format!("tokens           {}", output::grouped(tokens as u64)))?;
    output::line(format!("bytes            {}", output::grouped(bytes as u64)))?;
    output::line(format!("documents        {}", output::grouped(documents.len() as u64)))?;
    output::line(format!("bytes per token  {}", ratio.map_or("none".into(), |ratio| format!("{ratio:.3}"))))
}
