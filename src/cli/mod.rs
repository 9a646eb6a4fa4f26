//! The subcommands, one file each: they parse, call the library and print.

mod bench;
mod corpus;
mod device;
mod doctor;
mod eval;
mod input;
mod job;
mod output;
mod progress;
mod reader_args;
mod run_folder;
mod sample;
mod tokenizer;
mod train;

use clap::{Parser, Subcommand};
use glasshouse::Result;

/// Grows a language model where you can see it: trains a byte-level BPE tokenizer and a GPT on real text, on the GPU or
/// the CPU, and samples from it.
#[derive(Parser, Debug)]
#[command(name = "glasshouse", version, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: CliCommand,
}

const EXAMPLES: &str = "\
Examples:
  glasshouse train                               a small model of Shakespeare
  glasshouse train --preset small --data notes/  a model of your own text
  glasshouse train --resume runs/tiny-1 --steps 5000
  glasshouse sample --model runs/tiny-1 --prompt \"To be\"
  glasshouse eval --model runs/tiny-1 --data other.txt

It exits with 0, with 1 when something failed, with 2 when it was called
wrongly; the reason is on standard error.";

#[derive(Subcommand, Debug)]
enum CliCommand {
    /// Show the devices to train on, and which one is taken by itself.
    Doctor(doctor::DoctorArgs),
    Corpus(corpus::CorpusArgs),
    Tokenizer(tokenizer::TokenizerArgs),
    Train(Box<train::TrainArgs>),
    Sample(sample::SampleArgs),
    Eval(eval::EvalArgs),
    Bench(bench::BenchArgs),
}

/// Runs the subcommand.
pub fn run(cli: Cli) -> Result<()> {
    match cli.command {
        CliCommand::Doctor(args) => doctor::run(args),
        CliCommand::Corpus(args) => corpus::run(args),
        CliCommand::Tokenizer(args) => tokenizer::run(args),
        CliCommand::Train(args) => train::run(*args),
        CliCommand::Sample(args) => sample::run(args),
        CliCommand::Eval(args) => eval::run(args),
        CliCommand::Bench(args) => bench::run(args),
    }
}
