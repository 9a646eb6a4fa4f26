//! `glasshouse corpus run`: documents through the stages, on all cores.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, ValueEnum};
use glasshouse::corpus::filters::{Filters, Size, Stage, Tables};
use glasshouse::corpus::page::{self, Input, Rejected};
use glasshouse::corpus::readers::{Reading, Tally};
use glasshouse::corpus::words::Token;
use glasshouse::corpus::{Counter, Document, Removed, Report, language, url};
use glasshouse::{Error, Result, corpus};
use serde_json::json;

use super::batches::{DamageLog, DocumentBatch, DocumentBatches, Item, NOT_ASKED};
use super::files::Format;
use super::folder::{self, CorpusFolder, Taken};
use super::inputs::{self, InputFile};
use super::output::{BatchResult, JsonLines, Output, OutputArgs, PersonalData};
use super::url_and_language::{UrlAndLanguage, UrlAndLanguageArgs};
use super::{dedup, extraction, funnel};
use crate::cli::reader_args::ReaderArgs;
use crate::cli::{input, progress};

/// Put documents through the stages: write what is left, and what was taken out and why.
#[derive(Args, Debug)]
pub struct CorpusRunArgs {
    /// Text, JSONL, JSON and Parquet with their texts in a field, HTML, web archives (WARC, WET), plain or packed by gzip, zstd, bzip2
    /// or xz; or folders of these. A file's content says what it is.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    input: Vec<PathBuf>,
    /// A folder for documents/, removed/ and report.json: a new one, or that of the same run where it was killed, which then
    /// goes on after the last file that was finished.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    /// Only these stages; without it all of them.
    #[arg(long, value_name = "STAGE")]
    only: Vec<Only>,
    #[command(flatten)]
    front: UrlAndLanguageArgs,
    /// Take every N-th file of the input from the I-th on, counted from 0, and stop before copies are looked for: `corpus
    /// dedup` does that, and what follows, over the folders of all shards.
    #[arg(long, value_name = "I/N")]
    shard: Option<ShardNumber>,
    /// Set a rule, by its name in the report: char_dup_ratio=0.1, curly_bracket=off, language_score=0.5, soft_blacklisted=3. May
    /// be given several times, and counts for all languages.
    #[arg(long, value_name = "RULE=VALUE")]
    set: Vec<String>,
    #[command(flatten)]
    reader: ReaderArgs,
    #[command(flatten)]
    output: OutputArgs,
}

/// The stages that can be chosen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Only {
    /// Block lists of addresses.
    Url,
    /// The main text of pages in HTML.
    Extract,
    /// The language.
    Language,
    /// Gopher's repetition and quality, C4's and FineWeb's rules.
    Filters,
    /// Near copies, by MinHash.
    Dedup,
    /// Personal data.
    Pii,
}

/// One shard of several.
#[derive(Clone, Copy, Debug)]
struct ShardNumber {
    number: usize,
    of: usize,
}

impl FromStr for ShardNumber {
    type Err = String;

    fn from_str(text: &str) -> std::result::Result<Self, String> {
        let numbers = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        let fits = numbers.filter(|&(number, of)| number < of);
        let (number, of) = fits.ok_or("expected I/N, I from 0 to N - 1: 0/4 is the first of four")?;
        Ok(ShardNumber { number, of })
    }
}

/// Runs the stages and prints the funnel.
pub fn run(args: CorpusRunArgs) -> Result<()> {
    let all = args.only.is_empty();
    let chosen = |stage| all || args.only.contains(&stage);
    let tables = args.front.tables(&args.set)?;
    let whole = args.shard.is_none();
    let dedup = chosen(Only::Dedup) && whole;
    if !whole && !all && args.only.iter().all(|stage| matches!(stage, Only::Dedup | Only::Pii)) {
        return Err(Error::Usage(
            "--shard stops before copies are looked for, and --only leaves nothing before that: leave one of them out, or \
             call `corpus dedup`"
                .into(),
        ));
    }
    let format = args.output.format.unwrap_or(Format::Gzip);
    let masks = (chosen(Only::Pii) && whole).then_some(PersonalData { phones: args.output.phones });
    let counter = args.output.count.counter()?;
    let reading = args.reader.reading()?;
    let mut stages = Stages {
        front: args.front.stages(chosen(Only::Url), chosen(Only::Language), all, &args.set)?,
        extract: chosen(Only::Extract),
        tables: chosen(Only::Filters).then_some(tables),
        masks: None,
        keep_removed: args.output.keep_removed,
        format,
        counter: counter.clone(),
        reading: reading.clone(),
    };
    let (inputs, notes) = inputs::inputs(&args.input, &reading)?;
    notes.iter().for_each(|note| input::tell(note));
    let settings = format!(
        "{:?}",
        (
            &args.only,
            &args.set,
            format,
            args.output.keep_removed,
            args.output.phones,
            args.output.count.name(),
            &reading
        )
    );
    let options = json!([settings, args.front.settings()?]);
    let call = folder::call(options, &args.input, inputs.iter().flat_map(InputFile::paths))?;
    // What follows over all shards is done as was asked for here.
    let part = |ShardNumber { number, of }| corpus::Shard {
        number,
        of,
        phones: args.output.phones,
        format: format.to_string(),
    };
    let shard = args.shard.map(part);
    let folder = match CorpusFolder::take(&args.out, call.clone(), shard.as_ref())? {
        Taken::Open(folder) => folder,
        Taken::Done(report) => return funnel::conclude(&report, &args.out, true, args.output.json),
    };
    let options = dedup::Options { format, keep_removed: args.output.keep_removed, masks, counter, reading };
    let mut report = Report { tokens: args.output.count.name(), shard, call: Some(call), ..Report::default() };
    if dedup && !stages.removing().is_empty() {
        // What still has copies in it is not the corpus yet.
        let filtered = folder.within_work("filtered")?;
        let written = dedup::Options { reading: Reading::default(), ..options };
        report.add(&before(&inputs, &folder, &filtered, &stages, args.shard)?);
        report.add(&dedup::dedup(&inputs::inputs(&[filtered.documents()?], &written.reading)?.0, &folder, &written)?);
        filtered.give_removed(&folder)?;
    } else if dedup {
        report.add(&dedup::dedup(&inputs, &folder, &options)?);
    } else {
        stages.masks = masks;
        report.add(&before(&inputs, &folder, &folder, &stages, args.shard)?);
    }
    funnel::conclude(&folder.finish(report)?, &args.out, false, args.output.json)
}

/// What each document goes through on its own.
struct Stages {
    front: UrlAndLanguage,
    extract: bool,
    tables: Option<Tables>,
    masks: Option<PersonalData>,
    keep_removed: bool,
    format: Format,
    counter: Counter,
    reading: Reading,
}

/// Puts all files, or those of the shard, through the stages that need no other document. What is finished is noted in
/// `folder`.
fn before(
    inputs: &[InputFile],
    folder: &CorpusFolder,
    into: &CorpusFolder,
    stages: &Stages,
    shard: Option<ShardNumber>,
) -> Result<Report> {
    let names = stages.removing();
    let ours = |number: usize| shard.is_none_or(|shard| number % shard.of == shard.number);
    let inputs: Vec<(usize, &InputFile)> = inputs.iter().enumerate().filter(|(number, _)| ours(*number)).collect();
    let bytes = inputs.iter().map(|(_, input)| input.bytes()).sum();
    let bar = progress::bar("documents: {bytes}/{total_bytes} [{bar:24}] {binary_bytes_per_sec}, {eta} left", 0, bytes);
    into.documents()?;
    let mut report = stages.report();
    let mut tally = Tally::default();
    for (name, by) in stages.front.names() {
        report.stage(name).by = Some(by);
    }
    for (number, input) in inputs {
        if let Some(done) = folder.noted("filters", number)? {
            report.add(&done);
            bar.inc(input.bytes());
            continue;
        }
        let mut output = Output::begin(into, number, stages.format, &names)?;
        let name = input.name();
        let work = |batch: DocumentBatch, ()| stages.through(batch, name);
        let mut log = DamageLog::new(&bar);
        let take = |(done, lines): (BatchResult, Lines)| {
            (lines.damaged.len() as u64..lines.count).for_each(|_| tally.take());
            for (line, why) in lines.damaged {
                log.say(&input.paths()[0], &format!("line {line}: {why}: it is left out"));
                tally.leave(|| format!("{}, line {line}", input.paths()[0].display()), &why);
            }
            output.write(done)
        };
        DocumentBatches::open(input, &stages.reading, 0, &bar)?.each(|_| Ok(()), work, take)?;
        let done = output.finish()?;
        folder.note("filters", number, &done)?;
        report.add(&done);
    }
    bar.finish_and_clear();
    tally.notes().iter().for_each(|note| input::tell(note));
    if let Some(first) = tally.first().filter(|_| report.stages.iter().all(|stage| stage.documents_in == 0)) {
        let field = &stages.reading.text_field;
        return Err(Error::Config(format!(
            "expected documents with a string `{field}`, found none in {} lines ({first}): name the field with --text-field",
            tally.left_out()
        )));
    }
    // Where no page came there is nothing to say of it beside the filters.
    let said = |documents: u64| documents > 0 || stages.tables.is_none();
    report.stages.retain(|stage| stage.name != page::STAGE || said(stage.documents_in));
    extraction::warn(&report);
    Ok(report)
}

/// What is used again for each document of a batch: the filters of each language, and words.
struct FilterScratch {
    filters: Vec<Option<Filters>>,
    tokens: Vec<Token>,
}

/// Lines of JSON, and of those that are no document the number and why.
#[derive(Default)]
struct Lines {
    count: u64,
    damaged: Vec<(u64, String)>,
}

/// What becomes of an item that does not go on: a document removed, with the reason; or no document at all.
enum Outcome {
    Removed(Rejected),
    Skipped(&'static str),
}

impl Stages {
    /// The names of those that take documents out, in their order.
    fn removing(&self) -> Vec<&'static str> {
        let front: Vec<&str> = self.front.names().into_iter().map(|(name, _)| name).collect();
        let only = |stage| front.contains(&stage).then_some(stage);
        let extract = self.extract.then_some(page::STAGE);
        let filters = self.tables.iter().flat_map(|_| Stage::ALL.map(Stage::name));
        [only(url::STAGE), extract, only(language::STAGE)].into_iter().flatten().chain(filters).collect()
    }

    /// A report of all of them, in their order whatever documents come first.
    fn report(&self) -> Report {
        Report::new(self.removing().into_iter().chain(self.masks.map(|_| PersonalData::STAGE)))
    }

    /// A batch of the file of this name through all of them, and what became of its lines.
    fn through(&self, batch: DocumentBatch, name: &str) -> (BatchResult, Lines) {
        let languages = self.tables.as_ref().map_or(0, Tables::count);
        let mut scratch = FilterScratch { filters: (0..languages).map(|_| None).collect(), tokens: Vec::new() };
        let mut report = self.report();
        let mut documents = JsonLines::default();
        let mut removed: Vec<(&str, JsonLines)> =
            self.removing().into_iter().map(|stage| (stage, JsonLines::default())).collect();
        let mut lines = Lines::default();
        for item in batch.items {
            let line = if let Item::Line(number, _) = item { Some(number) } else { None };
            lines.count += u64::from(line.is_some());
            let result = item.input(name, &self.reading.text_field).map_err(|skipped| {
                lines.damaged.extend(line.map(|line| (line, skipped.why)));
                Outcome::Skipped(skipped.name)
            });
            match result.and_then(|input| self.judge(input, &mut report, &mut scratch)) {
                Ok(mut document) => {
                    if let Some(masks) = self.masks {
                        masks.put(&mut document, &mut report, &self.counter, &mut scratch.tokens);
                    }
                    documents.push(&document);
                }
                Err(Outcome::Skipped(reason)) => *report.skipped.entry(reason.into()).or_default() += 1,
                Err(Outcome::Removed(refused)) if self.keep_removed => {
                    let (document, removal) = *refused;
                    let stage = removed.iter_mut().find(|(name, _)| *name == removal.stage);
                    let (_, lines) = stage.expect("what takes documents out is one of the stages");
                    lines.push(&Removed::new(document, removal));
                }
                Err(Outcome::Removed(_)) => {}
            }
        }
        let removed = removed.into_iter().map(|(_, lines)| lines.packed(self.format)).collect();
        (BatchResult { documents: documents.packed(self.format), removed, report }, lines)
    }

    /// What may take a document out, in its order: its address, what it is as a page, its language, its text.
    fn judge(
        &self,
        input: Input,
        report: &mut Report,
        scratch: &mut FilterScratch,
    ) -> std::result::Result<Document, Outcome> {
        let FilterScratch { filters, tokens } = scratch;
        let mut document = match input {
            Input::Text(document) => {
                let size = |document: &Document| self.counter.size(document, tokens);
                if let Err(removal) = self.front.address(&document, size, report) {
                    return Err(Outcome::Removed(Box::new((document, removal))));
                }
                document
            }
            Input::Page(_) if !self.extract => return Err(Outcome::Skipped(NOT_ASKED)),
            Input::Page(mut fetched) => {
                let size = |_: &Document| Size { bytes: fetched.bytes.len() as u64, tokens: 0 };
                if let Err(removal) = self.front.address(&fetched.document, size, report) {
                    fetched.document.text = String::from_utf8_lossy(&fetched.bytes).into_owned();
                    return Err(Outcome::Removed(Box::new((fetched.document, removal))));
                }
                extraction::document(fetched, report, |document| self.counter.size(document, tokens))
                    .map_err(Outcome::Removed)?
            }
        };
        let result = self.front.language(&mut document, &self.counter, report, tokens).and_then(|()| {
            let Some(tables) = &self.tables else { return Ok(()) };
            let number = tables.number(&document);
            let filters = filters[number]
                .get_or_insert_with(|| Filters::new(tables.rules(number).clone()).counting(self.counter.clone()));
            filters.run(&mut document, report)
        });
        match result {
            Ok(()) => Ok(document),
            Err(removal) => Err(Outcome::Removed(Box::new((document, removal)))),
        }
    }
}
