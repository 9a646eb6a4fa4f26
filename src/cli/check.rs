//! `glasshouse check`: whether a run, a model or a corpus is as it was written.

use std::collections::BTreeMap;
use std::io::BufRead;
use std::path::{Path, PathBuf};

use clap::Args;
use glasshouse::corpus::FileSum;
use glasshouse::{Error, Result, hub};
use serde::Serialize;

use super::corpus::{files, folder, funnel};
use super::{input, output, run_folder};

/// Verify a run, a model or a corpus: each file against the sums that were written with it.
///
/// It exits with 0 where all is whole, and with 1 where something is damaged or missing, which it names.
#[derive(Args, Debug)]
pub struct CheckArgs {
    /// A folder that `train` or `corpus` wrote, a zip of a run, or a model folder.
    dir: PathBuf,
    /// Print what was found as one JSON object.
    #[arg(long)]
    json: bool,
}

/// What was found.
#[derive(Default, Serialize)]
struct Findings {
    /// What it is.
    kind: &'static str,
    /// What was compared with what, and what could not be.
    facts: Vec<String>,
    /// What is not as it was written.
    faults: Vec<String>,
}

/// Runs the subcommand.
pub fn run(args: CheckArgs) -> Result<()> {
    let corpus = args.dir.join("report.json").exists() || folder::CorpusFolder::is_unfinished(&args.dir);
    let findings = if corpus { check_corpus(&args.dir)? } else { check_run(&args.dir)? };
    if args.json {
        output::json(&findings)?;
    } else {
        let Findings { kind, facts, faults } = &findings;
        output::line(format!("{}: {kind}", args.dir.display()))?;
        for fact in facts {
            output::line(format!("  {fact}"))?;
        }
        for fault in faults {
            output::line(format!("  damaged: {fault}"))?;
        }
        output::line(if faults.is_empty() { "  whole" } else { "  not whole" })?;
    }
    match findings.faults.len() {
        0 => Ok(()),
        1 => Err(Error::format(args.dir.display(), "one file is not as it was written: see above")),
        n => Err(Error::format(args.dir.display(), format!("{n} files are not as they were written: see above"))),
    }
}

/// A run or a model.
fn check_run(path: &Path) -> Result<Findings> {
    let mut findings = Findings { kind: "a model", ..Findings::default() };
    let standard_input = path == Path::new("-");
    if !standard_input {
        let (facts, faults) = hub::check_sums(path)?;
        findings.facts = facts;
        findings.faults = faults.iter().map(Error::to_string).collect();
    }
    if !findings.faults.is_empty() {
        findings.kind = "a run";
        return Ok(findings);
    }
    match run_folder::load(path) {
        Ok(save) => {
            if let Some(trainer) = &save.trainer {
                findings.kind = "a run";
                findings.facts.push(format!("step {} of {}", trainer.step, trainer.train.steps));
                findings.facts.extend(trainer.unknown_fields());
            }
            findings.facts.push("every file can be read, and they are of one save".into());
        }
        // A path that leads nowhere is no damage.
        Err(error @ Error::Io { .. }) => return Err(error),
        Err(error) => findings.faults.push(error.to_string()),
    }
    Ok(findings)
}

/// A corpus.
fn check_corpus(dir: &Path) -> Result<Findings> {
    let report = funnel::report(dir)?;
    let mut findings = Findings { kind: "a corpus", ..Findings::default() };
    let left = report.stages.last().map_or(0, |stage| stage.documents_out);
    if report.files.is_empty() {
        return count_documents(dir, left, findings);
    }
    let by_name = |sums: Vec<FileSum>| -> BTreeMap<String, FileSum> {
        sums.into_iter().map(|sum| (sum.name.clone(), sum)).collect()
    };
    let (expected, found) = (by_name(report.files), by_name(folder::sums(dir)?));
    for (name, expected) in &expected {
        match found.get(name) {
            None => findings.faults.push(format!("{name}: it is missing")),
            Some(found) if found.bytes != expected.bytes => {
                findings
                    .faults
                    .push(format!("{name}: it has {} bytes, and was written with {}", found.bytes, expected.bytes));
            }
            Some(found) if found != expected => {
                let (found, expected) = (&found.sha256, &expected.sha256);
                findings.faults.push(format!("{name}: its SHA-256 is {found}, and it was written with {expected}"));
            }
            Some(_) => {}
        }
    }
    for name in found.keys().filter(|name| !expected.contains_key(*name)) {
        findings.faults.push(format!("{name}: the report does not know it"));
    }
    findings.facts.push(format!(
        "{} files of {} documents against their SHA-256",
        expected.len(),
        output::grouped(left)
    ));
    Ok(findings)
}

/// A corpus of an older version, whose report has no sums: whether all is there.
fn count_documents(dir: &Path, expected: u64, mut findings: Findings) -> Result<Findings> {
    let mut paths = Vec::new();
    input::list(&dir.join("documents"), &mut paths)?;
    let mut found = 0;
    for path in paths {
        let lines = files::open(&path)?.lines();
        match lines.map(|line| line.map(|line| u64::from(!line.is_empty()))).sum::<std::io::Result<u64>>() {
            Ok(lines) => found += lines,
            Err(error) => findings.faults.push(files::unreadable(&path, error).to_string()),
        }
    }
    if findings.faults.is_empty() && found != expected {
        findings.faults.push(format!("documents/: it has {found} documents, and its report tells of {expected}"));
    }
    findings.facts.push("an older version wrote it, without sums: its documents were unpacked and counted".into());
    Ok(findings)
}
