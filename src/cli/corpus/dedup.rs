//! `glasshouse corpus dedup`: of near copies one is kept, across the folders of several runs.

use std::path::PathBuf;

use clap::Args;
use glasshouse::corpus::minhash::{Clusters, REASON, STAGE, Signature, Signer};
use glasshouse::corpus::words::Words;
use glasshouse::corpus::{Counter, Removal, Removed, Report};
use glasshouse::{Error, Result};
use serde_json::json;

use super::files::{Folder, Format};
use super::funnel;
use super::inputs::{self, Input};
use super::pieces::{Item, Piece, Pieces};
use super::stages::{Done, Lines, Masks, Output, Written};
use crate::cli::{output, progress};

/// What signatures may take in memory; what is more is sorted on the disk.
const MEMORY: usize = 1 << 30;

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
    written: Written,
}

/// How the documents that are left are written.
#[derive(Clone)]
pub struct Options {
    pub format: Format,
    pub keep_removed: bool,
    /// Personal data is replaced in what is left.
    pub masks: Option<Masks>,
    /// How much a text is.
    pub counter: Counter,
}

/// Runs the stage over the documents of all folders and prints the funnel.
pub fn run(args: DedupArgs) -> Result<()> {
    let mut report = Report { tokens: args.written.count.name(), ..Report::default() };
    let mut documents = Vec::new();
    for dir in &args.input {
        let before = funnel::report(dir)?;
        if before.stages.iter().any(|stage| stage.name == STAGE) {
            return Err(Error::Config(format!("{} holds no copies any more: give what stood before", dir.display())));
        }
        if before.tokens != args.written.count.name() {
            return Err(Error::Config(format!(
                "{} counts its tokens as {}, and this call as {}: give --tokenizer as to the run before",
                dir.display(),
                before.tokens,
                args.written.count.name()
            )));
        }
        report.add(&before);
        documents.extend(inputs::inputs(&[dir.join("documents")])?);
    }
    // The files of shards are numbered through.
    documents.sort_by_key(Input::name);
    let masks = Some(Masks { phones: args.written.phones });
    let options = Options {
        format: args.written.format,
        keep_removed: args.written.keep_removed,
        masks,
        counter: args.written.count.counter()?,
    };
    let settings = format!("{:?}", (args.written.format, args.written.keep_removed, masks, args.written.count.name()));
    let folder = Folder::take(
        &args.out,
        &json!([env!("CARGO_PKG_VERSION"), settings, inputs::sizes(documents.iter().flat_map(Input::paths))]),
    )?;
    report.add(&dedup(&documents, &folder, &options)?);
    folder.finish(&report)?;
    if args.written.json {
        return output::json(&report);
    }
    funnel::print(&report)?;
    output::line(format!("written to {}", args.out.display()))
}

/// Puts all documents of `inputs` but copies into `folder`: signs them, finds what agrees, reads them again.
pub fn dedup(inputs: &[Input], folder: &Folder, options: &Options) -> Result<Report> {
    let bytes: u64 = inputs.iter().map(Input::bytes).sum();
    let bar =
        progress::bar("copies: {bytes}/{total_bytes} [{bar:24}] {binary_bytes_per_sec}, {eta} left", 0, 2 * bytes);
    let mut clusters = Clusters::new(&folder.work()?, MEMORY);
    let mut next = 0;
    for input in inputs {
        let take = |signed: Vec<(u64, Signature)>| {
            signed.iter().try_for_each(|(number, signature)| clusters.push(*number, signature))
        };
        next = Pieces::open(input, next, &bar)?.each(|_| Ok(()), |piece, ()| sign(piece), take)?;
    }
    let mut copies = clusters.copies()?;
    let mut copy = copies.next().transpose()?;
    let mut report = Report::new([STAGE].into_iter().chain(options.masks.map(|_| Masks::STAGE)));
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
        let of_piece = |piece: &Piece| {
            let mut known = Vec::new();
            while let Some(found) = copy.filter(|found| found.0 < piece.first + piece.items.len() as u64) {
                known.push(found);
                copy = copies.next().transpose()?;
            }
            Ok(known)
        };
        let name = input.name();
        let work = |piece: Piece, copies: Vec<(u64, u64)>| through(piece, &name, &copies, options);
        next = Pieces::open(input, next, &bar)?.each(of_piece, work, |done| output.write(done))?;
        let done = output.finish()?;
        folder.note(STAGE, number, &(next, &done))?;
        report.add(&done);
    }
    bar.finish_and_clear();
    Ok(report)
}

fn sign(piece: Piece) -> Vec<(u64, Signature)> {
    let mut signer = Signer::default();
    let numbered = (piece.first..).zip(piece.items);
    let mut sign = |item: Item| {
        let document = item.document("").ok()?;
        signer.sign_words(&document.text, Words::of(document.language.as_deref()))
    };
    numbered.filter_map(|(number, item)| Some((number, sign(item)?))).collect()
}

/// Takes copies, by their numbers, out of a piece of the file of this name.
fn through(piece: Piece, name: &str, copies: &[(u64, u64)], options: &Options) -> Done {
    let mut copies = copies.iter().peekable();
    let mut tokens = Vec::new();
    let mut report = Report::default();
    let (mut kept, mut removed) = (Lines::default(), Lines::default());
    for (number, item) in (piece.first..).zip(piece.items) {
        let mut document = match item.document(name) {
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
    Done { documents: kept.packed(options.format), removed: vec![removed.packed(options.format)], report }
}
