//! `glasshouse corpus dedup`: of near copies one is kept, across the folders of several runs.

use std::collections::HashMap;
use std::io::Read;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};
use glasshouse::corpus::minhash::in_memory::{self, Keys};
use glasshouse::corpus::minhash::{BUCKETS, Clusters, REASON, STAGE, Signer};
use glasshouse::corpus::readers::Reading;
use glasshouse::corpus::words::Words;
use glasshouse::corpus::{Counter, Removal, Removed, Report, Shard};
use glasshouse::{Error, Result};
use indicatif::ProgressBar;
use serde_json::json;

use super::batches::{DocumentBatch, DocumentBatches, Item};
use super::files::{self, Format};
use super::folder::{self, CorpusFolder, Taken};
use super::funnel;
use super::inputs::{self, InputFile};
use super::output::{BatchResult, JsonLines, Output, OutputArgs, PersonalData};
use crate::cli::{input, progress};

/// Signatures take at most this much memory; what is more is sorted on disk.
const MAX_SIGNATURE_BYTES: usize = 1 << 30;

/// The name under which it is noted that a file is signed.
const SIGNED: &str = "signed";

/// A document's number and its keys.
const RECORD_NUMBERS: usize = 1 + 2 * BUCKETS;
const RECORD_BYTES: usize = 8 * RECORD_NUMBERS;

/// Of documents that are near copies of each other, keep the first, and replace personal data in what is left: across the
/// folders that `corpus run --shard` wrote.
#[derive(Args, Debug)]
pub struct DedupArgs {
    /// Folders that `corpus run` wrote.
    #[arg(long, required = true, num_args = 1.., value_name = "DIR")]
    input: Vec<PathBuf>,
    /// A new folder for documents/, removed/ and report.json.
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
    #[command(flatten)]
    output: OutputArgs,
}

/// How the documents that are left are written.
#[derive(Clone)]
pub struct Options {
    pub format: Format,
    pub keep_removed: bool,
    /// Personal data is replaced in what is left.
    pub masks: Option<PersonalData>,
    /// How much a text is.
    pub counter: Counter,
    /// How what came by no stage before it is read.
    pub reading: Reading,
}

/// Runs the stage over the documents of all folders and prints the funnel.
pub fn run(args: DedupArgs) -> Result<()> {
    let mut report = Report { tokens: args.output.count.name(), ..Report::default() };
    let (mut documents, mut shards, mut calls) = (Vec::new(), Vec::new(), Vec::new());
    for (number, dir) in args.input.iter().enumerate() {
        let before = funnel::report(dir)?;
        if args.input[..number].iter().any(|other| is_same(dir, other)) {
            return Err(Error::Usage(format!("{} was given twice: give each folder once", dir.display())));
        }
        if before.stages.iter().any(|stage| stage.name == STAGE) {
            return Err(Error::Config(format!(
                "{} holds no copies any more: give folders that `corpus run --shard I/N` wrote, or `corpus run` with an \
                 --only that leaves dedup out",
                dir.display()
            )));
        }
        if before.tokens != args.output.count.name() {
            return Err(Error::Config(format!(
                "{} counts its tokens as {}, and this call as {}: give --tokenizer as to the run before",
                dir.display(),
                before.tokens,
                args.output.count.name()
            )));
        }
        report.add(&before);
        calls.push(before.call);
        shards.extend(before.shard);
        let folder = dir.join("documents");
        let fail = |error| Error::io(&folder, "read", error);
        // A shard may have got no file.
        if std::fs::read_dir(&folder).map_err(fail)?.next().is_some() {
            documents.extend(inputs::inputs(&[folder], &Reading::default())?.0);
        }
    }
    missing(&shards);
    // All shards of one call are that call.
    report.call = calls.first().filter(|first| calls.iter().all(|call| call == *first)).cloned().flatten();
    // The files of shards are numbered through.
    documents.sort_by(|one, other| one.name().cmp(other.name()));
    // What was asked of the shards holds for all that follows.
    let masks = Some(PersonalData { phones: args.output.phones || shards.iter().any(|shard| shard.phones) });
    let requested = shards.first().and_then(|shard| Format::from_str(&shard.format, false).ok());
    let format = args.output.format.or(requested).unwrap_or(Format::Gzip);
    let options = Options {
        format,
        keep_removed: args.output.keep_removed,
        masks,
        counter: args.output.count.counter()?,
        reading: Reading::default(),
    };
    let settings = format!("{:?}", (format, args.output.keep_removed, masks, args.output.count.name()));
    let call = folder::call(json!([settings]), &args.input, documents.iter().flat_map(InputFile::paths))?;
    let Taken::Open(folder) = CorpusFolder::take(&args.out, call, None)? else {
        return Err(Error::Config(format!("{} holds a corpus already: give another --out", args.out.display())));
    };
    report.add(&dedup(&documents, &folder, &options)?);
    if args.output.keep_removed {
        give_removed(&args.input, &documents, &folder)?;
    }
    funnel::conclude(&folder.finish(report)?, &args.out, false, args.output.json)
}

/// Whether two paths lead to one folder.
fn is_same(one: &Path, other: &Path) -> bool {
    matches!((one.canonicalize(), other.canonicalize()), (Ok(one), Ok(other)) if one == other)
}

/// Says which shards of a corpus are not there.
fn missing(shards: &[Shard]) {
    let Some(&Shard { of, .. }) = shards.first() else { return };
    let missing: Vec<String> = (0..of)
        .filter(|number| !shards.iter().any(|shard| shard.of == of && shard.number == *number))
        .map(|number| format!("{number}/{of}"))
        .collect();
    if !missing.is_empty() {
        crate::cli::output::note(format!(
            "no folder of shard {} was given: the corpus will be without it",
            missing.join(", ")
        ));
    }
}

/// Copies what the runs before took out to where one run would have written it, each file under the number of its documents.
fn give_removed(dirs: &[PathBuf], documents: &[InputFile], folder: &CorpusFolder) -> Result<()> {
    let numbers: HashMap<&PathBuf, usize> =
        documents.iter().enumerate().map(|(number, input)| (&input.paths()[0], number)).collect();
    for removed in dirs.iter().map(|dir| dir.join("removed")).filter(|removed| removed.is_dir()) {
        let mut files = Vec::new();
        input::list(&removed, &mut files)?;
        for file in files {
            let (Some(stage), Some(name)) = (file.parent().and_then(Path::file_name), file.file_name()) else {
                continue;
            };
            let of = removed.with_file_name("documents").join(name);
            let Some(number) = numbers.get(&of) else { continue };
            let (stage, name) = (stage.to_string_lossy(), name.to_string_lossy());
            let ending = name.split_once('.').map_or("", |(_, ending)| ending);
            folder.copy(&file, &format!("removed/{stage}/{number:05}.{ending}"))?;
        }
    }
    Ok(())
}

/// Puts all documents of `inputs` but copies into `folder`: signs them, finds what agrees, reads them again.
pub fn dedup(inputs: &[InputFile], folder: &CorpusFolder, options: &Options) -> Result<Report> {
    let bytes: u64 = inputs.iter().map(InputFile::bytes).sum();
    let bar =
        progress::bar("copies: {bytes}/{total_bytes} [{bar:24}] {binary_bytes_per_sec}, {eta} left", 0, 2 * bytes);
    folder.documents()?;
    let mut clusters = Clusters::new(&folder.work()?, MAX_SIGNATURE_BYTES);
    sign_all(inputs, &options.reading, folder, &mut clusters, &bar)?;
    let mut copies = clusters.copies()?;
    let mut copy = copies.next().transpose()?;
    let mut report = Report::new([STAGE].into_iter().chain(options.masks.map(|_| PersonalData::STAGE)));
    let mut next = 0;
    for (number, input) in inputs.iter().enumerate() {
        if let Some((last, done)) = folder.noted::<(u64, Report)>(STAGE, number)? {
            next = last;
            while copy.is_some_and(|found| found.0 < next) {
                copy = copies.next().transpose()?;
            }
            report.add(&done);
            bar.inc(input.bytes());
            continue;
        }
        let mut output = Output::begin(folder, number, options.format, &[STAGE])?;
        let of_batch = |batch: &DocumentBatch| {
            let mut known = Vec::new();
            while let Some(found) = copy.filter(|found| found.0 < batch.first + batch.items.len() as u64) {
                known.push(found);
                copy = copies.next().transpose()?;
            }
            Ok(known)
        };
        let name = input.name();
        let work = |batch: DocumentBatch, copies: Vec<(u64, u64)>| through(batch, name, &copies, options);
        next = DocumentBatches::open(input, &options.reading, next, &bar)?
            .each(of_batch, work, |done| output.write(done))?;
        let done = output.finish()?;
        folder.note(STAGE, number, &(next, &done))?;
        report.add(&done);
    }
    bar.finish_and_clear();
    Ok(report)
}

/// Gives `clusters` the keys of all documents; those of a file that was signed before are read again.
fn sign_all(
    inputs: &[InputFile],
    reading: &Reading,
    folder: &CorpusFolder,
    clusters: &mut Clusters,
    bar: &ProgressBar,
) -> Result<()> {
    let mut next = 0;
    for (number, input) in inputs.iter().enumerate() {
        if let Some((last, documents)) = folder.noted::<(u64, u64)>(SIGNED, number)? {
            let path = folder.work()?.join(signed(number));
            let mut file = files::open_raw(&path, &ProgressBar::hidden())?;
            let mut bytes = [0; RECORD_BYTES];
            for _ in 0..documents {
                file.read_exact(&mut bytes).map_err(|error| files::unreadable(&path, error))?;
                let [document, keys @ ..]: [u64; RECORD_NUMBERS] = bytemuck::cast(bytes);
                clusters.push(document, bytemuck::cast_ref(&keys))?;
            }
            next = last;
            bar.inc(input.bytes());
            continue;
        }
        let mut part = folder.begin(&format!("work/{}", signed(number)))?;
        let mut documents = 0;
        let take = |signed: Vec<(u64, Keys)>| {
            documents += signed.len() as u64;
            signed.iter().try_for_each(|(document, keys)| {
                part.push(bytemuck::bytes_of(document))?;
                part.push(bytemuck::bytes_of(keys))?;
                clusters.push(*document, keys)
            })
        };
        next = {
            let work = |batch: DocumentBatch, ()| sign(batch, &reading.text_field);
            DocumentBatches::open(input, reading, next, bar)?.each(|_| Ok(()), work, take)
        }?;
        part.finish()?;
        folder.note(SIGNED, number, &(next, documents))?;
    }
    Ok(())
}

/// The file with the keys of a file's documents.
fn signed(number: usize) -> String {
    format!("{SIGNED}-{number:05}.bin")
}

/// The keys of the documents of a batch that have some, each with its number.
fn sign(batch: DocumentBatch, field: &str) -> Vec<(u64, Keys)> {
    let mut signer = Signer::default();
    let numbered = (batch.first..).zip(batch.items);
    let mut sign = |item: Item| {
        let document = item.document("", field).ok()?;
        let signature = signer.sign_words(&document.text, Words::of(document.language.as_deref()))?;
        Some(in_memory::keys(&signature))
    };
    numbered.filter_map(|(number, item)| Some((number, sign(item)?))).collect()
}

/// Takes copies, by their numbers, out of a batch of the file of this name.
fn through(batch: DocumentBatch, name: &str, copies: &[(u64, u64)], options: &Options) -> BatchResult {
    let mut copies = copies.iter().peekable();
    let mut tokens = Vec::new();
    let mut report = Report::default();
    let (mut kept, mut removed) = (JsonLines::default(), JsonLines::default());
    for (number, item) in (batch.first..).zip(batch.items) {
        let mut document = match item.document(name, &options.reading.text_field) {
            Ok(document) => document,
            Err(skip) => {
                *report.skipped.entry(skip.into()).or_default() += 1;
                continue;
            }
        };
        let size = options.counter.size(&document, &mut tokens);
        let stage = report.stage(STAGE);
        let Some(&(_, nth)) = copies.next_if(|copy| copy.0 == number) else {
            stage.count(size, Ok(size));
            if let Some(masks) = options.masks {
                masks.put(&mut document, &mut report, &options.counter, &mut tokens);
            }
            kept.push(&document);
            continue;
        };
        stage.count(size, Err(REASON));
        if options.keep_removed {
            let span = 0..document.text.len();
            let removal = Removal { stage: STAGE.into(), reason: REASON.into(), value: nth as f64, span };
            removed.push(&Removed::new(document, removal));
        }
    }
    BatchResult { documents: kept.packed(options.format), removed: vec![removed.packed(options.format)], report }
}
