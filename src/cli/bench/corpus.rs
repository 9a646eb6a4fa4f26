//! `glasshouse bench corpus`: how fast the corpus stages are, on one thread.

use std::path::PathBuf;
use std::time::Instant;

use clap::Args;
use glasshouse::corpus::filters::{Filters, Rules};
use glasshouse::corpus::minhash::{Clusters, Signer, in_memory};
use glasshouse::corpus::{Document, Report, jsonl};
use glasshouse::{Error, Result};
use serde::Serialize;

use super::median;
use crate::cli::corpus::{files, inputs};
use crate::cli::output;

/// Time the filters, and MinHash on what passes them, or the extraction, on one thread; reading and writing do not count.
#[derive(Args, Debug)]
pub struct BenchCorpusArgs {
    /// JSONL files with a text field, plain, gzip or zstd.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    input: Vec<PathBuf>,
    /// The texts are pages in HTML: time the extraction of their main texts alone.
    #[cfg(feature = "extraction")]
    #[arg(long)]
    html: bool,
    /// How often each is timed; medians are printed.
    #[arg(long, default_value_t = 7, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    rounds: u64,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct CorpusTimes {
    documents: usize,
    bytes: usize,
    /// Documents that pass the filters.
    kept: usize,
    filters_seconds: Vec<f64>,
    /// Signatures and clusters of these.
    minhash_seconds: Vec<f64>,
}

/// Runs the measurement and prints it.
pub fn run(args: BenchCorpusArgs) -> Result<()> {
    let mut documents: Vec<Document> = Vec::new();
    for file in inputs::files(&args.input)? {
        for line in jsonl::Lines::new(files::open(&file)?) {
            let (number, line) = line.map_err(|error| files::unreadable(&file, error))?;
            documents.extend(line.and_then(|line| jsonl::document(&line, "text", || number.to_string())).ok());
        }
    }
    if documents.is_empty() {
        return Err(Error::Config("expected documents in --input, found none".into()));
    }
    #[cfg(feature = "extraction")]
    if args.html {
        return extraction(&documents, &args);
    }
    let mut filters = Filters::new(Rules::english());
    let mut filter = || {
        let mut report = Report::default();
        let mut kept = documents.clone();
        let start = Instant::now();
        kept.retain_mut(|document| filters.run(document, &mut report).is_ok());
        (kept, start.elapsed().as_secs_f64())
    };
    let mut signer = Signer::default();
    let mut sign = |documents: &[Document]| -> Result<f64> {
        let start = Instant::now();
        let mut clusters = Clusters::new(&std::env::temp_dir(), 1 << 30);
        for (number, document) in documents.iter().enumerate() {
            signer
                .sign(&document.text)
                .iter()
                .try_for_each(|signature| clusters.push(number as u64, &in_memory::keys(signature)))?;
        }
        clusters.copies()?.try_for_each(|copy| copy.map(|_| ()))?;
        Ok(start.elapsed().as_secs_f64())
    };
    // Once before, so that the tables are there.
    let (kept, _) = filter();
    sign(&kept)?;
    let (mut filters_seconds, mut minhash_seconds) = (Vec::new(), Vec::new());
    for _ in 0..args.rounds {
        filters_seconds.push(filter().1);
        minhash_seconds.push(sign(&kept)?);
    }
    let bytes = documents.iter().map(|document| document.text.len()).sum();
    let measured =
        CorpusTimes { documents: documents.len(), bytes, kept: kept.len(), filters_seconds, minhash_seconds };
    if args.json {
        return output::json(&measured);
    }
    let rate = |count: usize, seconds: Vec<f64>| output::grouped((count as f64 / median(seconds)) as u64);
    output::line(format!(
        "documents a second, median of {} rounds on one thread: filters {}, minhash {} of the {} of {} that pass",
        args.rounds,
        rate(measured.documents, measured.filters_seconds),
        rate(measured.kept, measured.minhash_seconds),
        measured.kept,
        measured.documents
    ))
}

/// Times the extraction.
#[cfg(feature = "extraction")]
fn extraction(pages: &[Document], args: &BenchCorpusArgs) -> Result<()> {
    let extract = || {
        let start = Instant::now();
        let kept = pages.iter().filter(|page| glasshouse::corpus::extract::text(&page.text).is_ok()).count();
        (kept, start.elapsed().as_secs_f64())
    };
    let (kept, _) = extract();
    let seconds: Vec<f64> = (0..args.rounds).map(|_| extract().1).collect();
    let bytes: usize = pages.iter().map(|page| page.text.len()).sum();
    if args.json {
        let pages = pages.len();
        return output::json(&serde_json::json!({ "pages": pages, "bytes": bytes, "kept": kept, "seconds": seconds }));
    }
    output::line(format!(
        "pages a second, median of {} rounds on one thread: {:.0}; {kept} of {} have a text",
        args.rounds,
        pages.len() as f64 / median(seconds),
        pages.len()
    ))
}
