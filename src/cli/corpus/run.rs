//! `glasshouse corpus run`: documents through the stages, on all cores.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use glasshouse::Result;
use glasshouse::corpus::filters::{Filters, Rules, Stage};
use glasshouse::corpus::{Counter, Document, Removal, Removed, Report};
use serde_json::json;

use super::files::{Folder, Format};
use super::inputs::{self, Input};
use super::pieces::{Given, Piece, Pieces};
use super::stages::{Count, Done, Lines, Masks, Output};
use super::{dedup, extraction, funnel};
use crate::cli::{output, progress};

/// Put documents through the stages: write what is left, and what was taken out and why.
#[derive(Args, Debug)]
pub struct RunArgs {
    /// Web archives, WARC or WET, plain or gzip; HTML; JSONL with a text field, plain, gzip or zstd; Parquet with a column
    /// text; or folders of these.
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
    #[command(flatten)]
    count: Count,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

/// The stages that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// The main text of pages in HTML.
    Extract,
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
    let dedup = chosen(Only::Dedup) && whole;
    let masks = (chosen(Only::Pii) && whole).then_some(Masks { phones: args.phones });
    let counter = args.count.counter()?;
    let mut stages = Stages {
        extract: chosen(Only::Extract),
        rules: chosen(Only::Filters).then_some(rules),
        masks: None,
        keep_removed: args.keep_removed,
        format: args.format,
        counter: counter.clone(),
    };
    let inputs = inputs::inputs(&args.input)?;
    let settings = format!(
        "{:?}",
        (&args.only, args.shard, &args.set, args.format, args.keep_removed, args.phones, args.count.name())
    );
    let folder = Folder::take(&args.out, &json!([env!("CARGO_PKG_VERSION"), settings, inputs::sizes(&inputs)]))?;
    let options = dedup::Options { format: args.format, keep_removed: args.keep_removed, masks, counter };
    let mut report = Report { tokens: args.count.name(), ..Report::default() };
    if dedup && (stages.extract || stages.rules.is_some()) {
        // What still has copies in it is not the corpus yet.
        let filtered = folder.within_work("filtered")?;
        report.add(&before(&inputs, &folder, &filtered, &stages, args.shard)?);
        report.add(&dedup::dedup(&inputs::inputs(&[filtered.documents()])?, &folder, &options)?);
        filtered.give_removed(&folder)?;
    } else if dedup {
        report.add(&dedup::dedup(&inputs, &folder, &options)?);
    } else {
        stages.masks = masks;
        report.add(&before(&inputs, &folder, &folder, &stages, args.shard)?);
    }
    folder.finish(&report)?;
    if args.json {
        return output::json(&report);
    }
    funnel::print(&report)?;
    output::line(format!("written to {}", args.out.display()))
}

/// What each document goes through on its own, in this order.
struct Stages {
    extract: bool,
    rules: Option<Rules>,
    masks: Option<Masks>,
    keep_removed: bool,
    format: Format,
    counter: Counter,
}

/// Puts all files, or those of the shard, through the stages that need no other document. What is finished is noted in
/// `folder`.
fn before(inputs: &[Input], folder: &Folder, into: &Folder, stages: &Stages, shard: Option<Shard>) -> Result<Report> {
    let names = stages.removing();
    let ours = |number: usize| shard.is_none_or(|shard| number % shard.of == shard.number);
    let inputs: Vec<(usize, &Input)> = inputs.iter().enumerate().filter(|(number, _)| ours(*number)).collect();
    let bytes = inputs.iter().map(|(_, input)| input.bytes()).sum();
    let bar = progress::bar("documents: {bytes}/{total_bytes} [{bar:24}] {binary_bytes_per_sec}, {eta} left", 0, bytes);
    let mut report = Report::new(stages.shown());
    for (number, input) in inputs {
        if let Some(done) = folder.noted("filters", number)? {
            report.add(&done);
            bar.inc(input.bytes());
            continue;
        }
        let mut output = Output::begin(into, number, stages.format, &names)?;
        let name = input.name();
        let work = |piece: Piece, ()| stages.through(piece, &name);
        Pieces::open(input, 0, &bar)?.each(|_| Ok(()), work, |done| output.write(done))?;
        let done = output.finish()?;
        folder.note("filters", number, &done)?;
        report.add(&done);
    }
    bar.finish_and_clear();
    // Where no page came there is nothing to say of it beside the filters.
    let said = |documents: u64| documents > 0 || stages.rules.is_none();
    report.stages.retain(|stage| stage.name != extraction::STAGE || said(stage.documents_in));
    extraction::warn(&report);
    Ok(report)
}

impl Stages {
    /// The names of those that take documents out, in their order.
    fn removing(&self) -> Vec<&'static str> {
        let extract = self.extract.then_some(extraction::STAGE);
        let filters = self.rules.iter().flat_map(|_| Stage::ALL.map(Stage::name));
        extract.into_iter().chain(filters).collect()
    }

    /// The names of all of them.
    fn shown(&self) -> impl Iterator<Item = &'static str> {
        self.removing().into_iter().chain(self.masks.map(|_| Masks::STAGE))
    }

    /// A piece of the file of this name through all of them.
    fn through(&self, piece: Piece, name: &str) -> Done {
        let mut filters = self.rules.as_ref().map(|rules| Filters::new(rules.clone()).counting(self.counter.clone()));
        let mut tokens = Vec::new();
        // The order of the stages, whatever documents come first.
        let mut report = Report::new(self.shown());
        let mut documents = Lines::default();
        let mut removed: Vec<(&str, Lines)> =
            self.removing().into_iter().map(|stage| (stage, Lines::default())).collect();
        let mut remove = |document: Document, removal: Removal| {
            if self.keep_removed {
                let stage = removed.iter_mut().find(|(name, _)| *name == removal.stage);
                let (_, lines) = stage.expect("what takes documents out is one of the stages");
                lines.push(&Removed::new(document, removal));
            }
        };
        for item in piece.items {
            let mut skip = |reason: &str| *report.skipped.entry(reason.into()).or_default() += 1;
            let mut document = match item.given(name) {
                Ok(Given::Text(document)) => document,
                Ok(Given::Page(page)) if self.extract => {
                    let mut count = |text: &str| self.counter.size(text, &mut tokens).tokens;
                    match extraction::document(page, &mut report, &mut count) {
                        Ok(document) => document,
                        Err((document, removal)) => {
                            remove(document, removal);
                            continue;
                        }
                    }
                }
                Ok(Given::Page(_)) => {
                    skip("not_extracted");
                    continue;
                }
                Err(reason) => {
                    skip(reason);
                    continue;
                }
            };
            match filters.as_mut().map_or(Ok(()), |filters| filters.run(&mut document, &mut report)) {
                Ok(()) => {
                    if let Some(masks) = self.masks {
                        masks.put(&mut document, &mut report, &self.counter, &mut tokens);
                    }
                    documents.push(&document);
                }
                Err(removal) => remove(document, removal),
            }
        }
        let removed = removed.into_iter().map(|(_, lines)| lines.packed(self.format)).collect();
        Done { documents: documents.packed(self.format), removed, report }
    }
}
