//! Door two: the command line.

mod cli;

use std::process::ExitCode;

use clap::Parser;

fn main() -> ExitCode {
    glasshouse::device::parallel::enlist();
    match cli::run(cli::Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::from(if matches!(error, glasshouse::Error::Usage(_)) { 2 } else { 1 })
        }
    }
}
