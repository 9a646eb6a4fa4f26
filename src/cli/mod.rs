//! The subcommands, one file each.

mod input;
mod tokenizer;

use clap::{Parser, Subcommand};
use glasshouse::Result;

/// Grows a language model where you can see it.
#[derive(Parser, Debug)]
#[command(name = "glasshouse", version)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Tokenizer(tokenizer::TokenizerArgs),
}

/// Runs the subcommand.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        Command::Tokenizer(args) => tokenizer::run(args),
    }
}
