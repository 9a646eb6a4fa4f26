//! `glasshouse corpus`: from pages to a clean data set.

mod explain;
pub mod files;
mod run;

use clap::{Args, Subcommand};
use glasshouse::Result;

/// Clean web text the FineWeb way: filter it, and see what was dropped and why.
#[derive(Args, Debug)]
pub struct CorpusArgs {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Run(run::RunArgs),
    #[command(hide = true)]
    Explain(explain::ExplainArgs),
}

/// Runs the subcommand.
pub fn run(args: CorpusArgs) -> Result<()> {
    match args.command {
        Command::Run(args) => run::run(args),
        Command::Explain(args) => explain::run(args),
    }
}
