//! `glasshouse corpus run`: documents through the stages, on all cores.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use glasshouse::Result;
use glasshouse::corpus::filters::{Filters, Rules, Stage};
use glasshouse::corpus::{Removed, Report};
use serde_json::json;

use super::files::{self, Folder, Format};
use super::pieces::{Piece, Pieces};
use super::stages::{Done, Lines, Masks, Output};
use super::{dedup, funnel};
use crate::cli::{output, progress};

/// Put documents through the stages: write what is left, and what was taken out and why.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// JSONL files with a text field, plain, gzip or zstd; WET archives, plain or gzip; or folders of these.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    input: Vec<PathBuf>,
    /// A folder for documents/, removed/ and report.json: a new one, or that of the same run where it was killed, which then
    /// goes on after the last file that was finished.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only these stages; without it all of them.
    #[arg(long, value_name = "STAGE")]
    only: Vec<Only>,
    /// Take every N-th file of the input from the I-th on, counted from 0, and stop before copies are looked for: `corpus
    /// dedup` does that, and what follows, over the folders of all shards.
    #[arg(long, value_name = "I/N")]
    shard: Option<Shard>,
    /// Set a rule, by its name in the report: char_dup_ratio=0.1, curly_bracket=off. May be given several times.
    #[arg(long, value_name = "RULE=VALUE")]
    set: Vec<String>,
    /// How the documents are written.
    #[arg(long, value_name = "FORMAT", default_value = "jsonl.gz")]
    format: Format,
    /// Write the documents that were taken out, too, with the rule, what it measured, and the place in the text.
    #[arg(long)]
    keep_removed: bool,
    /// Mask telephone numbers, too, and not only addresses of mail and public IP addresses.
    #[arg(long)]
    phones: bool,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

/// The stages that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Gopher's repetition and quality, C4's and FineWeb's rules.
    Filters,
    /// Near copies, by MinHash.
    Dedup,
    /// Personal data.
    Pii,
}

/// One shard of several.
#[derive(Clone, Copy, Debug)]
struct Shard {
    number: usize,
    of: usize,
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let fits = numbers.filter(|&(number, of)| number < of);
        let (number, of) = fits.ok_or("expected I/N, I from 0 to N - 1: 0/4 is the first of four")?;
        Ok(Shard { number, of })
    }
}

/// Runs the stages and prints the funnel.
pub fn run(args: RunArgs) -> Result<()> {
    let mut rules = Rules::english();
    args.set.iter().try_for_each(|setting| rules.set(setting))?;
    let chosen = |stage| args.only.is_empty() || args.only.contains(&stage);
    let whole = args.shard.is_none();
    let (filter, dedup) = (chosen(Only::Filters), chosen(Only::Dedup) && whole);
    let masks = (chosen(Only::Pii) && whole).then_some(Masks { phones: args.phones });
    let inputs = files::inputs(&args.input)?;
    let settings = format!("{:?}", (&args.only, args.shard, &args.set, args.format, args.keep_removed, args.phones));
    let folder = Folder::take(&args.out, &json!([env!("CARGO_PKG_VERSION"), settings, files::sizes(&inputs)]))?;
    let options = dedup::Options { format: args.format, keep_removed: args.keep_removed, masks };
    let mut report = Report::default();
    if dedup && filter {
        // What still has copies in it is not the corpus yet.
        let filtered = folder.within_work("filtered")?;
        report.add(&filters(&inputs, &folder, &filtered, &rules, &args, None)?);
        report.add(&dedup::dedup(&files::inputs(&[filtered.documents()])?, &folder, options)?);
        filtered.give_removed(&folder)?;
    } else if dedup {
        report.add(&dedup::dedup(&inputs, &folder, options)?);
    } else {
        report.add(&filters(&inputs, &folder, &folder, &rules, &args, masks)?);
    }
    folder.finish(&report)?;
    if args.json {
        return output::json(&report);
    }
    funnel::print(&report)?;
    output::line(format!("written to {}", args.out.display()))
}

/// Puts all files, or those of the shard, through the filters if these are chosen, and through `masks`. What is finished is
/// noted in `folder`.
fn filters(
    inputs: &[PathBuf],
    folder: &Folder,
    into: &Folder,
    rules: &Rules,
    args: &RunArgs,
    masks: Option<Masks>,
) -> Result<Report> {
    let filter = args.only.is_empty() || args.only.contains(&Only::Filters);
    let names = if filter { Stage::ALL.map(Stage::name).to_vec() } else { Vec::new() };
    let ours = |number: usize| args.shard.is_none_or(|shard| number % shard.of == shard.number);
    let inputs: Vec<(usize, &PathBuf)> = inputs.iter().enumerate().filter(|(number, _)| ours(*number)).collect();
    let bytes = inputs.iter().map(|(_, path)| path.metadata().map_or(0, |file| file.len())).sum();
    let bar = progress::bar("filters: {bytes}/{total_bytes} [{bar:24}] {binary_bytes_per_sec}, {eta} left", 0, bytes);
    let mut report = Report::new(names.iter().copied().chain(masks.map(|_| Masks::STAGE)));
    for (number, input) in inputs {
        if let Some(done) = folder.noted("filters", number)? {
            report.add(&done);
            bar.inc(input.metadata().map_or(0, |file| file.len()));
            continue;
        }
        let mut output = Output::begin(into, number, args.format, &names)?;
        let name = input.file_name().unwrap_or_default().to_string_lossy();
        let work = |piece: Piece, ()| through(piece, &name, filter.then_some(rules), args, masks);
        Pieces::open(input, 0, &bar)?.each(|_| Ok(()), work, |done| output.write(done))?;
        let done = output.finish()?;
        folder.note("filters", number, &done)?;
        report.add(&done);
    }
    bar.finish_and_clear();
    Ok(report)
}

/// A piece of the file of this name through the filters, if there are rules, and through the masks.
fn through(piece: Piece, name: &str, rules: Option<&Rules>, args: &RunArgs, masks: Option<Masks>) -> Done {
    let mut filters = rules.map(|rules| Filters::new(rules.clone()));
    let mut tokens = Vec::new();
    let mut report = Report::default();
    let mut documents = Lines::default();
    let mut removed = Stage::ALL.map(|stage| (stage.name(), Lines::default()));
    for item in piece.items {
        let mut document = match item.document(name) {
            Ok(document) => document,
            Err(skip) => {
                *report.skipped.entry(skip.into()).or_default() += 1;
                continue;
            }
        };
        let passed = filters.as_mut().map_or(Ok(()), |filters| filters.run(&mut document, &mut report));
        match passed {
            Ok(()) => {
                if let Some(masks) = masks {
                    masks.put(&mut document, &mut report, &mut tokens);
                }
                documents.push(&document);
            }
            Err(removal) if args.keep_removed => {
                let stage = removed.iter_mut().find(|(name, _)| *name == removal.stage);
                let (_, lines) = stage.expect("a filter is one of the stages");
                lines.push(&Removed::new(document, removal));
            }
            Err(_) => {}
        }
    }
    let removed = removed.into_iter().map(|(_, lines)| lines.packed(args.format)).collect();
    Done { documents: documents.packed(args.format), removed, report }
}
