//! `glasshouse corpus run`: documents through the stages, on all cores.

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use flate2::{Compression, write::GzEncoder};
use glasshouse::Result;
use glasshouse::corpus::filters::{Filters, Rules, Stage};
use glasshouse::corpus::{Removed, Report, jsonl};
use rayon::prelude::*;
use serde::Serialize;

use super::files::{self, Folder, Part};
use crate::cli::output::{self, grouped, size};

/// So many documents, or bytes of them, are one piece of work, and one member of the gzip file.
const PIECE: (usize, usize) = (256, 4 << 20);

/// Put documents through the stages: write what is left, and what was taken out and why.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// JSONL files with a text field, plain or gzip, or folders of these.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    input: Vec<PathBuf>,
    /// A new folder for documents/, removed/ and report.json.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only these stages.
    #[arg(long, value_name = "STAGE")]
    only: Vec<Only>,
    /// Set a rule, by its name in the report: char_dup_ratio=0.1, curly_bracket=off. May be given several times.
    #[arg(long, value_name = "RULE=VALUE")]
    set: Vec<String>,
    /// Write the documents that were taken out, too, with the rule, what it measured, and the place in the text.
    #[arg(long)]
    keep_removed: bool,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

/// The stages that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Gopher's repetition and quality, C4's and FineWeb's rules.
    Filters,
}

/// Runs the stages and prints the funnel.
pub fn run(args: RunArgs) -> Result<()> {
    let mut rules = Rules::english();
    args.set.iter().try_for_each(|setting| rules.set(setting))?;
    let inputs = files::inputs(&args.input)?;
    let folder = Folder::take(&args.out)?;
    let mut report = Report::new(Stage::ALL.map(Stage::name));
    for (number, input) in inputs.iter().enumerate() {
        report.add(&file(input, number, &folder, &rules, args.keep_removed)?);
    }
    let mut part = folder.begin("report.json")?;
    part.write(&serde_json::to_vec_pretty(&report).expect("a report is plain data"))?;
    part.write(b"\n")?;
    part.finish()?;
    if args.json { output::json(&report) } else { print(&report, &args.out) }
}

/// One file of input becomes one of output, and one a stage of what that took out.
fn file(input: &Path, number: usize, folder: &Folder, rules: &Rules, keep_removed: bool) -> Result<Report> {
    let name = format!("{number:05}.jsonl.gz");
    let mut documents = folder.begin(&format!("documents/{name}"))?;
    let mut removed: Vec<(Stage, Option<Part>)> = Stage::ALL.map(|stage| (stage, None)).into();
    let mut report = Report::default();
    let id = input.file_name().unwrap_or_default().to_string_lossy();
    let mut lines = jsonl::Lines::new(files::open(input)?);
    loop {
        let mut work = Vec::new();
        for _ in 0..rayon::current_num_threads() * 2 {
            let piece = piece(&mut lines, input)?;
            if piece.is_empty() {
                break;
            }
            work.push(piece);
        }
        if work.is_empty() {
            break;
        }
        let done: Vec<Done> = work.into_par_iter().map(|lines| through(lines, &id, rules, keep_removed)).collect();
        for done in done {
            report.add(&done.report);
            documents.write(&done.documents)?;
            for ((stage, part), bytes) in removed.iter_mut().zip(done.removed) {
                if !bytes.is_empty() {
                    let part = match part {
                        Some(part) => part,
                        None => part.insert(folder.begin(&format!("removed/{}/{name}", stage.name()))?),
                    };
                    part.write(&bytes)?;
                }
            }
        }
    }
    removed.into_iter().filter_map(|(_, part)| part).try_for_each(Part::finish)?;
    if report.stages.last().is_none_or(|stage| stage.documents_out == 0) {
        // No document at all: a gzip file still, of nothing.
        documents.write(&GzEncoder::new(Vec::new(), Compression::default()).finish().expect("memory takes all"))?;
    }
    documents.finish()?;
    Ok(report)
}

/// The next lines that are one piece of work; none at the end.
fn piece(lines: &mut jsonl::Lines<impl std::io::BufRead>, input: &Path) -> Result<Vec<jsonl::Line>> {
    let (mut piece, mut bytes) = (Vec::new(), 0);
    while piece.len() < PIECE.0 && bytes < PIECE.1 {
        let Some(line) = lines.next() else { break };
        let line = line.map_err(|error| files::unreadable(input, error))?;
        bytes += line.1.as_ref().map_or(0, Vec::len);
        piece.push(line);
    }
    Ok(piece)
}

/// What became of a piece: packed JSONL, and the counts.
struct Done {
    documents: Vec<u8>,
    /// One for each stage.
    removed: Vec<Vec<u8>>,
    report: Report,
}

fn through(lines: Vec<jsonl::Line>, name: &str, rules: &Rules, keep_removed: bool) -> Done {
    let mut filters = Filters::new(rules.clone());
    let mut report = Report::default();
    let mut documents = Packed::default();
    let mut removed = Stage::ALL.map(|stage| (stage.name(), Packed::default()));
    for (number, line) in lines {
        let document = line.and_then(|line| jsonl::document(&line, || format!("{name}/{number}")));
        let mut document = match document {
            Ok(document) => document,
            Err(skip) => {
                *report.skipped.entry(skip.name().into()).or_default() += 1;
                continue;
            }
        };
        match filters.run(&mut document, &mut report) {
            Ok(()) => documents.push(&document),
            Err(removal) if keep_removed => {
                let stage = removed.iter_mut().find(|(name, _)| *name == removal.stage);
                let (_, packed) = stage.expect("a filter is one of the stages");
                packed.push(&Removed::new(document, removal));
            }
            Err(_) => {}
        }
    }
    let removed = removed.into_iter().map(|(_, packed)| packed.finish()).collect();
    Done { documents: documents.finish(), removed, report }
}

/// Lines of JSON in one member of gzip.
#[derive(Default)]
struct Packed(Option<GzEncoder<Vec<u8>>>);

impl Packed {
    fn push(&mut self, value: &impl Serialize) {
        let encoder = self.0.get_or_insert_with(|| GzEncoder::new(Vec::new(), Compression::default()));
        let line = serde_json::to_vec(value).expect("a document is plain data");
        encoder.write_all(&line).and_then(|()| encoder.write_all(b"\n")).expect("memory takes all");
    }

    /// Nothing if nothing was pushed.
    fn finish(self) -> Vec<u8> {
        self.0.map_or_else(Vec::new, |encoder| encoder.finish().expect("memory takes all"))
    }
}

/// The funnel for people.
fn print(report: &Report, out: &Path) -> Result<()> {
    for stage in &report.stages {
        output::line(format!(
            "{:<18} {:>12} documents in, {:>12} out, {:>10} in, {:>10} out",
            stage.name,
            grouped(stage.documents_in),
            grouped(stage.documents_out),
            size(stage.bytes_in),
            size(stage.bytes_out)
        ))?;
        let mut reasons: Vec<(&String, &u64)> = stage.reasons.iter().collect();
        reasons.sort_by_key(|&(reason, count)| (std::cmp::Reverse(*count), reason));
        for (reason, count) in reasons {
            output::line(format!("  {:>12} {reason}", grouped(*count)))?;
        }
    }
    for (reason, count) in &report.skipped {
        output::line(format!("passed over: {} {reason}", grouped(*count)))?;
    }
    output::line(format!("written to {}", out.display()))
}
