//! `glasshouse corpus stats` and `corpus show`: the funnel of a corpus, and what it dropped and why.

use std::path::{Path, PathBuf};

use clap::Args;
use glasshouse::corpus::{Excerpt, Removed, Report, jsonl};
use glasshouse::{Error, Result, random};

use super::folder::CorpusFolder;
use super::{files, inputs};
use crate::cli::output::{self, grouped, harmless, size};

/// Characters shown on either side of the place that made a rule fire.
const CONTEXT_CHARACTERS: usize = 300;

/// Show the funnel: how many documents, bytes and tokens went into each stage and came out, and why the rest did not.
#[derive(Args, Debug)]
pub struct StatsArgs {
    /// A folder that `corpus run` wrote.
    dir: PathBuf,
    /// Print the report as one JSON object.
    #[arg(long)]
    json: bool,
}

/// Show documents that were taken out, with what was measured and the place in the text that did it.
#[derive(Args, Debug)]
pub struct ShowArgs {
    /// A folder that `corpus run --keep-removed` wrote.
    dir: PathBuf,
    /// Only what this stage took out.
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// Only what was taken out for this reason.
    #[arg(long, value_name = "REASON")]
    reason: Option<String>,
    /// How many, drawn from all; the same ones each time.
    #[arg(long, value_name = "N", default_value_t = 10)]
    sample: usize,
}

/// Prints the report of a folder.
pub fn stats(args: StatsArgs) -> Result<()> {
    let report = report(&args.dir)?;
    if args.json { output::json(&report) } else { print(&report) }
}

/// The report of a folder.
pub fn report(dir: &Path) -> Result<Report> {
    let path = dir.join("report.json");
    if CorpusFolder::is_unfinished(dir) {
        return Err(CorpusFolder::unfinished(dir));
    }
    if dir.is_dir() && !path.exists() {
        return Err(Error::format(
            dir.display(),
            "expected a folder that `corpus run` wrote, found no report.json in it: check the path",
        ));
    }
    let bytes = std::fs::read(&path).map_err(|error| Error::io(&path, "read", error))?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Error::format(path.display(), format!("expected the report of `corpus run`, found another: {error}"))
    })
}

/// The last words of a run that has written `out`, or had done so `already`.
pub fn conclude(report: &Report, out: &Path, already: bool, json: bool) -> Result<()> {
    let said = format!("{} {}", if already { "done already:" } else { "written to" }, out.display());
    if json {
        return output::json(report);
    }
    print(report)?;
    output::line(said)
}

/// The funnel for people.
pub fn print(report: &Report) -> Result<()> {
    output::line(format!(
        "{:<18}{:>14}{:>14}{:>11}{:>11}{:>16}{:>16}",
        "", "documents in", "out", "bytes in", "out", "tokens in", "out"
    ))?;
    for stage in &report.stages {
        output::line(format!(
            "{:<18}{:>14}{:>14}{:>11}{:>11}{:>16}{:>16}",
            stage.name,
            grouped(stage.documents_in),
            grouped(stage.documents_out),
            size(stage.bytes_in),
            size(stage.bytes_out),
            grouped(stage.tokens_in),
            grouped(stage.tokens_out)
        ))?;
        if let Some(by) = &stage.by {
            output::line(format!("  by {by}"))?;
        }
        for (counts, what) in [
            (&stage.reasons, ""),
            (&stage.lines, " (lines)"),
            (&stage.replaced, " (replaced)"),
            (&stage.unjudged, " (passed on unjudged)"),
        ] {
            let mut counts: Vec<(&String, &u64)> = counts.iter().collect();
            counts.sort_by_key(|&(reason, count)| (std::cmp::Reverse(*count), reason));
            for (reason, count) in counts {
                output::line(format!("{:>32}  {reason}{what}", grouped(*count)))?;
            }
        }
    }
    output::line(format!("tokens are {}", report.tokens))?;
    if !report.not_reproducible.is_empty() {
        let some: Vec<&str> = report.not_reproducible.iter().map(String::as_str).take(10).collect();
        output::line(format!("not reproducible, as they took too long: {}", some.join(", ")))?;
    }
    for (reason, count) in &report.skipped {
        output::line(format!("passed over: {} {reason}", grouped(*count)))?;
    }
    Ok(())
}

/// Prints a sample of what was taken out.
pub fn show(args: ShowArgs) -> Result<()> {
    let report = report(&args.dir)?;
    let stages: Vec<String> = report.stages.iter().map(|stage| stage.name.clone()).collect();
    if let Some(stage) = args.stage.as_ref().filter(|stage| !stages.contains(stage)) {
        return Err(Error::Usage(format!("there is no stage '{stage}' in it: take one of {}", stages.join(", "))));
    }
    let wanted = |name: &str| args.stage.as_ref().is_none_or(|stage| stage == name);
    let removed = args.dir.join("removed");
    if !removed.is_dir() {
        return Err(Error::Config(format!(
            "{} holds no removed documents: run `corpus run` with --keep-removed",
            args.dir.display()
        )));
    }
    // The smallest numbers of a fixed draw: each document has one, whatever else is asked for.
    let mut drawn: Vec<(u64, Removed)> = Vec::new();
    let mut number = 0;
    for stage in stages.iter().filter(|stage| wanted(stage)) {
        let folder = removed.join(stage);
        if !folder.is_dir() {
            continue;
        }
        for file in inputs::files(&[folder])? {
            for line in jsonl::Lines::new(files::open(&file)?) {
                let (at, line) = line.map_err(|error| files::unreadable(&file, error))?;
                let parsed = line.ok().and_then(|line| serde_json::from_slice::<Removed>(&line).ok());
                let document = parsed.ok_or_else(|| {
                    Error::format(
                        format!("{}, line {at}", file.display()),
                        "expected a removed document, found something else",
                    )
                })?;
                number += 1;
                let draw = random::bits(0, 0, number);
                if args.reason.as_ref().is_some_and(|reason| *reason != document.reason) {
                    continue;
                }
                drawn.push((draw, document));
                if drawn.len() > 2 * args.sample.max(16) {
                    drawn.sort_by_key(|(draw, _)| *draw);
                    drawn.truncate(args.sample);
                }
            }
        }
    }
    drawn.sort_by_key(|(draw, _)| *draw);
    drawn.truncate(args.sample);
    if drawn.is_empty() {
        let of_stages = report.stages.iter().filter(|stage| wanted(&stage.name));
        let reasons: Vec<&str> = of_stages.flat_map(|stage| stage.reasons.keys()).map(String::as_str).collect();
        let reasons = if reasons.is_empty() { "none".into() } else { reasons.join(", ") };
        return output::line(format!("nothing was taken out for that; the reasons there are: {reasons}"));
    }
    drawn.iter().try_for_each(|(_, document)| output::line(card(document)))
}

/// One document for people: where it is from, why it was taken out, and the place, between ⟦ and ⟧.
fn card(removed: &Removed) -> String {
    let document = &removed.document;
    let mut head = format!("── {}", document.id);
    for known in [&document.url, &document.date].into_iter().flatten() {
        head += &format!("  {known}");
    }
    let (start, end) = removed.span;
    let text = &document.text;
    let byte = |character: usize| text.char_indices().nth(character).map_or(text.len(), |(at, _)| at);
    let Excerpt { before, inside, after } = Excerpt::new(text, byte(start)..byte(end.max(start)), CONTEXT_CHARACTERS);
    let text = format!("{before}⟦{inside}⟧{after}");
    let head = format!("{head}\n   {}: {} at {}\n\n{text}\n", removed.stage, removed.reason, removed.value);
    harmless(&head)
}
