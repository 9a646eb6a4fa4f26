//! The subcommands, one file each: they parse, call the library and print.

mod arguments;
mod bench;
mod check;
mod corpus;
mod device;
mod doctor;
mod eval;
mod foreign_names;
mod input;
mod job;
mod optimiser;
mod option_file;
pub mod output;
mod progress;
mod reader_args;
mod run_folder;
mod sample;
mod signals;
mod stop_strings;
mod tokenizer;
mod train;

use std::process::ExitCode;

pub use arguments::parse;
use clap::{Parser, Subcommand};
use glasshouse::Result;

/// Grows a language model where you can see it: trains a byte-level BPE tokenizer and a GPT on real text, on the GPU or
/// the CPU, and samples from it.
#[derive(Parser, Debug)]
#[command(name = "glasshouse", version, after_help = EXAMPLES)]
pub struct Cli {
    /// Threads to compute with; as many as the machine runs at once where none is given.
    #[arg(long, global = true, value_name = "N", display_order = 900, allow_negative_numbers = true, value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
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
wrongly; the reason is on standard error. A run of `train` that a signal ends
is saved first and exits with 128 + signal: 130 after Ctrl-C.";

#[derive(Subcommand, Debug)]
enum CliCommand {
    /// Show the devices to train on, and which one is taken by itself.
    Doctor(doctor::DoctorArgs),
    Corpus(corpus::CorpusArgs),
    Tokenizer(tokenizer::TokenizerArgs),
    Train(Box<train::TrainArgs>),
    Sample(sample::SampleArgs),
    Eval(eval::EvalArgs),
    Check(check::CheckArgs),
    Bench(bench::BenchArgs),
}

/// Runs the subcommand; the code is that of a run which a signal has ended, else 0.
pub fn run(cli: Cli) -> Result<ExitCode> {
    glasshouse::parallel::enlist(cli.threads.map(usize::from));
    let done = match cli.command {
        CliCommand::Train(args) => return train::run(*args),
        CliCommand::Doctor(args) => doctor::run(args),
        CliCommand::Corpus(args) => corpus::run(args),
        CliCommand::Tokenizer(args) => tokenizer::run(args),
        CliCommand::Sample(args) => sample::run(args),
        CliCommand::Eval(args) => eval::run(args),
        CliCommand::Check(args) => check::run(args),
        CliCommand::Bench(args) => bench::run(args),
    };
    done.map(|()| ExitCode::SUCCESS)
}
