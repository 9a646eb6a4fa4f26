//! `glasshouse tokenizer show`: what a tokenizer holds.

use clap::Args;
use glasshouse::{Error, Result};
use serde_json::json;

use super::{TokenizerFileArgs, load, readable};
use crate::cli::output;

/// Tokens that are shown as the longest.
const LONGEST: usize = 10;

#[derive(Args, Debug)]
pub struct ShowArgs {
    #[command(flatten)]
    source: TokenizerFileArgs,
    /// Tokens to show, by id; without any the tokenizer as a whole.
    #[arg(value_name = "ID")]
    ids: Vec<u32>,
    /// Print JSON: one object of the whole, or one a token; bytes that are not UTF-8 appear as \xNN.
    #[arg(long)]
    json: bool,
}

/// Runs the subcommand.
pub fn run(args: ShowArgs) -> Result<()> {
    let tokenizer = load(&args.source.tokenizer, args.source.pattern)?;
    for &id in &args.ids {
        let bytes = tokenizer.token_bytes(id).ok_or_else(|| {
            let most = tokenizer.vocab_size();
            Error::Usage(format!("{id} is no token of {}, which has {most}", args.source.tokenizer.display()))
        })?;
        let (text, special) = (readable(bytes), tokenizer.is_special(id));
        if args.json {
            output::json(&json!({ "id": id, "token": text, "bytes": bytes, "special": special }))?;
        } else {
            output::line(format!("{id:>7}  {text:?}{}", if special { "  special" } else { "" }))?;
        }
    }
    if !args.ids.is_empty() {
        return Ok(());
    }
    let mut ids: Vec<u32> = (0..tokenizer.vocab_size() as u32).filter(|&id| !tokenizer.is_special(id)).collect();
    ids.sort_by_key(|&id| std::cmp::Reverse(tokenizer.token_bytes(id).map_or(0, <[u8]>::len)));
    let longest: Vec<String> =
        ids.iter().take(LONGEST).map(|&id| readable(tokenizer.token_bytes(id).unwrap_or_default())).collect();
    let special: Vec<(&str, u32)> = tokenizer.special_tokens().collect();
    let pattern = tokenizer.pattern().map(|pattern| pattern.name());
    let (tokens, merges) = (tokenizer.vocab_size(), tokenizer.merges().len());
    if args.json {
        let special: Vec<_> = special.iter().map(|(token, id)| json!({ "token": token, "id": id })).collect();
        return output::json(&json!({
            "tokens": tokens, "merges": merges, "pattern": pattern, "special": special, "longest": longest,
        }));
    }
    output::line(format!("tokens   {}", output::grouped(tokens as u64)))?;
    output::line(format!("merges   {}", output::grouped(merges as u64)))?;
    output::line(format!("pattern  {}", pattern.unwrap_or("one of its own")))?;
    for (token, id) in special {
        output::line(format!("special  {id} {token}"))?;
    }
    output::line(format!("longest  {}", longest.iter().map(|token| format!("{token:?}")).collect::<Vec<_>>().join(" ")))
}
