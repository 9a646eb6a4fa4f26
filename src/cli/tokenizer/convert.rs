//! `glasshouse tokenizer convert`: any of the formats as a tokenizer.json, with the same ids.

use std::path::PathBuf;

use clap::Args;
use glasshouse::Result;
use glasshouse::tokenizer::{Pattern, Tokenizer};

use super::{Target, load_with};
use crate::cli::{input, output};

#[derive(Args, Debug)]
pub struct ConvertArgs {
    /// A .tiktoken file, a vocab.bpe with its encoder.json beside it, or whatever else the commands here read.
    #[arg(long, visible_alias = "input", value_name = "FILE")]
    tokenizer: PathBuf,
    /// The split pattern of a .tiktoken file, which carries none: gpt2, cl100k, o200k or none. Those of OpenAI's files
    /// are known.
    #[arg(long, value_name = "PATTERN")]
    pattern: Option<Pattern>,
    /// A special token to add; may be given several times. They take the ids behind the last, in this order.
    #[arg(long, value_name = "TOKEN")]
    special: Vec<String>,
    /// Where to write the tokenizer.json.
    #[arg(long, value_name = "FILE")]
    out: PathBuf,
}

/// Runs the subcommand.
pub fn run(args: ConvertArgs) -> Result<()> {
    let target = Target::open(&args.out)?;
    let known = if args.pattern.is_none() && args.tokenizer.is_file() {
        Tokenizer::tiktoken_pattern(&input::read(&args.tokenizer)?)
    } else {
        None
    };
    let mut tokenizer = load_with(&args.tokenizer, args.pattern, known)?;
    for token in &args.special {
        if tokenizer.special_id(token).is_none() {
            tokenizer = tokenizer.with_special(token);
        }
    }
    target.write(&args.out, &tokenizer.to_json())?;
    let (tokens, special) = (tokenizer.vocab_size(), tokenizer.special_tokens().count());
    output::line(format!(
        "{} tokens, {special} of them special: {}",
        output::grouped(tokens as u64),
        args.out.display()
    ))
}
