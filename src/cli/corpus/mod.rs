//! `glasshouse corpus`: from pages to a clean data set.

mod batches;
mod dedup;
mod explain;
mod extraction;
pub mod files;
pub mod folder;
pub mod funnel;
pub mod inputs;
mod output;
#[cfg(feature = "parquet")]
pub mod parquet;
mod records;
mod run;
mod url_and_language;
#[cfg(feature = "extraction")]
mod watchdog;
mod whole;

use clap::{Args, Subcommand};
use glasshouse::Result;

/// Clean web text the FineWeb way: filter it, keep one of near copies, see what was dropped and why.
#[derive(Args, Debug)]
pub struct CorpusArgs {
    #[command(subcommand)]
    command: CorpusCommand,
}

#[derive(Subcommand, Debug)]
enum CorpusCommand {
    Run(run::CorpusRunArgs),
    Dedup(dedup::DedupArgs),
    Stats(funnel::StatsArgs),
    Show(funnel::ShowArgs),
    #[command(hide = true)]
    Explain(explain::ExplainArgs),
    #[command(hide = true)]
    Records(records::RecordsArgs),
}

/// Runs the subcommand.
pub fn run(args: CorpusArgs) -> Result<()> {
    match args.command {
        CorpusCommand::Run(args) => run::run(args),
        CorpusCommand::Dedup(args) => dedup::run(args),
        CorpusCommand::Stats(args) => funnel::stats(args),
        CorpusCommand::Show(args) => funnel::show(args),
        CorpusCommand::Explain(args) => explain::run(args),
        CorpusCommand::Records(args) => records::run(args),
    }
}
