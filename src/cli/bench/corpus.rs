//! `glasshouse bench corpus`: how fast the corpus stages are, on one thread.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use glasshouse::corpus::filters::{Filters, Rules};
use glasshouse::corpus::{Document, Report, jsonl};
use glasshouse::{Error, Result};
use serde::Serialize;

use super::median;
use crate::cli::corpus::files;
use crate::cli::output;

/// Time the filters on one thread; reading and writing do not count.
#[derive(Args, Debug)]
pub struct CorpusArgs {
    /// JSONL files with a text field, plain or gzip.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    input: Vec<PathBuf>,
    /// How often each is timed; medians are printed.
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Measured {
    documents: usize,
    bytes: usize,
    /// Documents that pass the filters.
    kept: usize,
    filters_seconds: Vec<f64>,
}

/// Runs the measurement and prints it.
pub fn run(args: CorpusArgs) -> Result<()> {
    let mut documents: Vec<Document> = Vec::new();
    for file in files::inputs(&args.input)? {
        for line in jsonl::Lines::new(files::open(&file)?) {
            let (number, line) = line.map_err(|error| files::unreadable(&file, error))?;
            documents.extend(line.and_then(|line| jsonl::document(&line, || number.to_string())).ok());
        }
    }
    if documents.is_empty() {
        return Err(Error::Config("expected documents in --input, found none".into()));
    }
    let mut filters = Filters::new(Rules::english());
    let mut filter = || {
        let mut report = Report::default();
        let mut documents = documents.clone();
        let start = Instant::now();
        let kept = documents.iter_mut().filter_map(|document| filters.run(document, &mut report).ok()).count();
        (kept, start.elapsed().as_secs_f64())
    };
    // Once before, so that the tables are there.
    let (kept, _) = filter();
    let filters_seconds: Vec<f64> = (0..args.rounds).map(|_| filter().1).collect();
    let bytes = documents.iter().map(|document| document.text.len()).sum();
    let measured = Measured { documents: documents.len(), bytes, kept, filters_seconds };
    if args.json {
        return output::json(&measured);
    }
    let seconds = median(measured.filters_seconds);
    output::line(format!(
        "filters: {} documents a second, {}/s, {kept} of {} pass; median of {} rounds on one thread",
        output::grouped((measured.documents as f64 / seconds) as u64),
        output::size((measured.bytes as f64 / seconds) as u64),
        measured.documents,
        args.rounds
    ))
}
