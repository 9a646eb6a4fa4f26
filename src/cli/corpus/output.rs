//! The results of a batch, and the files that they are written to.

use std::path::PathBuf;

use clap::Args;
use glasshouse::Result;
use glasshouse::corpus::personal::{self, Replaced};
use glasshouse::corpus::words::Token;
use glasshouse::corpus::{Counter, Document, Report};
use glasshouse::files::NewFile;
use serde::Serialize;

use super::files::Format;
use super::folder::CorpusFolder;

/// Lines of JSON.
#[derive(Default)]
pub struct JsonLines(Vec<u8>);

impl JsonLines {
    /// Puts a value on a line of its own.
    pub fn push(&mut self, value: &impl Serialize) {
        serde_json::to_writer(&mut self.0, value).expect("a document is plain data");
        self.0.push(b'\n');
    }

    /// Nothing if nothing was pushed.
    pub fn packed(self, format: Format) -> Vec<u8> {
        if self.0.is_empty() { self.0 } else { format.pack(&self.0) }
    }
}

/// What tokens are in the report.
#[derive(Args, Clone, Debug)]
pub struct CountArgs {
    /// Count the tokens of this tokenizer (GPT-2's vocab.bpe, say) in the report, and not the words.
    #[arg(long, value_name = "FILE")]
    tokenizer: Option<PathBuf>,
}

impl CountArgs {
    /// What the report calls its tokens.
    pub fn name(&self) -> String {
        self.tokenizer.as_ref().map_or_else(|| Report::default().tokens, |path| path.display().to_string())
    }

    /// How they are counted.
    pub fn counter(&self) -> Result<Counter> {
        let Some(path) = &self.tokenizer else { return Ok(Counter::default()) };
        let tokenizer = crate::cli::tokenizer::load(path, None)?;
        Ok(Counter::new(move |text| tokenizer.encode(text.as_bytes()).len() as u64))
    }
}

/// How the documents that are left are written, and what is printed about them.
#[derive(Args, Debug)]
pub struct OutputArgs {
    /// How the documents are written: as jsonl.gz where nothing is said; `corpus dedup` writes as its shards were asked to.
    #[arg(long, value_name = "FORMAT")]
    pub format: Option<Format>,
    /// Write the documents that were taken out, too, with the rule, what it measured, and the place in the text.
    #[arg(long)]
    pub keep_removed: bool,
    /// Mask telephone numbers, too, and not only addresses of mail and public IP addresses.
    #[arg(long)]
    pub phones: bool,
    #[command(flatten)]
    pub count: CountArgs,
    /// Print the report as one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The last thing that is done to a document: personal data is replaced.
#[derive(Clone, Copy)]
pub struct PersonalData {
    /// Telephone numbers, too.
    pub phones: bool,
}

/// As the settings of unfinished runs have it, by which they are known again.
impl std::fmt::Debug for PersonalData {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        f.debug_struct("Masks").field("phones", &self.phones).finish()
    }
}

impl PersonalData {
    /// The stage's name.
    pub const STAGE: &str = personal::STAGE;

    /// Replaces, and counts; `tokens` is used again for each document.
    pub fn put(self, document: &mut Document, report: &mut Report, counter: &Counter, tokens: &mut Vec<Token>) {
        let before = counter.size(document, tokens);
        let replaced = personal::replace(&mut document.text, self.phones);
        let stage = report.stage(PersonalData::STAGE);
        let after = if replaced == Replaced::default() { before } else { counter.size(document, tokens) };
        stage.count(before, Ok(after));
        for (kind, count) in replaced.kinds() {
            *stage.replaced.entry(kind.into()).or_default() += count;
        }
    }
}

/// What became of a piece: packed lines for the documents and for what each stage took out, and the counts.
pub struct BatchResult {
    pub documents: Vec<u8>,
    pub removed: Vec<Vec<u8>>,
    pub report: Report,
}

/// The files that one file of input becomes: one of documents, and one a stage of what that took out.
pub struct Output<'a> {
    folder: &'a CorpusFolder,
    name: String,
    format: Format,
    documents: NewFile,
    empty: bool,
    removed: Vec<(&'static str, Option<NewFile>)>,
    pub report: Report,
}

impl<'a> Output<'a> {
    /// Begins the file of this number.
    pub fn begin(folder: &'a CorpusFolder, number: usize, format: Format, stages: &[&'static str]) -> Result<Self> {
        let name = format!("{number:05}.{format}");
        let documents = folder.begin(&format!("documents/{name}"))?;
        let removed = stages.iter().map(|&stage| (stage, None)).collect();
        Ok(Output { folder, name, format, documents, empty: true, removed, report: Report::default() })
    }

    /// Writes what became of a piece.
    pub fn write(&mut self, done: BatchResult) -> Result<()> {
        self.report.add(&done.report);
        self.documents.push(&done.documents)?;
        self.empty &= done.documents.is_empty();
        for ((stage, part), bytes) in self.removed.iter_mut().zip(done.removed) {
            if !bytes.is_empty() {
                let part = match part {
                    Some(part) => part,
                    None => part.insert(self.folder.begin(&format!("removed/{stage}/{}", self.name))?),
                };
                part.push(&bytes)?;
            }
        }
        Ok(())
    }

    /// Puts all files in their places. Where no document is left there is a packed file still, of nothing.
    pub fn finish(mut self) -> Result<Report> {
        if self.empty {
            self.documents.push(&self.format.pack(b""))?;
        }
        self.removed.into_iter().filter_map(|(_, part)| part).try_for_each(NewFile::finish)?;
        self.documents.finish()?;
        Ok(self.report)
    }
}
