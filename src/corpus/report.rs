//! The funnel: how much went into each stage, how much came out, and why the rest did not.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::filters::Size;

/// One stage of the funnel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageReport {
    /// Its name.
    pub name: String,
    /// What came to it.
    pub documents_in: u64,
    /// What left it.
    pub documents_out: u64,
    /// Bytes of text that came.
    pub bytes_in: u64,
    /// Bytes of text that left.
    pub bytes_out: u64,
    /// Tokens that came; those of HTML are not counted.
    pub tokens_in: u64,
    /// Tokens that left.
    pub tokens_out: u64,
    /// Documents taken out, by the reason.
    pub reasons: BTreeMap<String, u64>,
    /// Lines left out of the documents that came, by the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lines: BTreeMap<String, u64>,
    /// What was replaced in the documents that came, by its kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced: BTreeMap<String, u64>,
    /// Documents that left it although it asked nothing about them, by why it did not.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub unjudged: BTreeMap<String, u64>,
    /// What it judged by, where that can be one thing or another.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
}

/// Which part of a corpus a run was, and what was asked for that is done later, over all of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shard {
    /// Its number, from 0 on.
    pub number: usize,
    /// How many there are.
    pub of: usize,
    /// Telephone numbers are to be masked.
    pub phones: bool,
    /// How documents are written.
    pub format: String,
}

/// A file of documents, by what is in it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FileSum {
    /// Its name within the folder.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of it, in hexadecimal.
    pub sha256: String,
}

/// An input, by what says that it is the same another time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct InputSum {
    /// Its name within what was given.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256, in hexadecimal: of all of it or, where it is long, of its beginning and its end.
    pub hash: String,
}

/// What a run was called with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Call {
    /// Whatever changes what comes out.
    pub options: serde_json::Value,
    /// Its inputs, in their order.
    pub inputs: Vec<InputSum>,
}

/// What a run did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Records of the input that are no documents, by the reason.
    pub skipped: BTreeMap<String, u64>,
    /// Documents that were taken out because a page took too long, by their `id`: another run may keep them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_reproducible: Vec<String>,
    /// What the tokens are: words by the rules of the language, or those of a tokenizer.
    #[serde(default = "words")]
    pub tokens: String,
    /// Of which part of a corpus it is, if it is of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<Shard>,
    /// The stages, in their order.
    pub stages: Vec<StageReport>,
    /// What the run was called with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub call: Option<Call>,
    /// The files of documents that it wrote.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<FileSum>,
}

impl Default for Report {
    fn default() -> Self {
        Report {
            skipped: BTreeMap::new(),
            not_reproducible: Vec::new(),
            tokens: words(),
            shard: None,
            stages: Vec::new(),
            call: None,
            files: Vec::new(),
        }
    }
}

fn words() -> String {
    "words".into()
}

impl Report {
    /// An empty report of these stages.
    pub fn new<'a>(stages: impl IntoIterator<Item = &'a str>) -> Self {
        let stages = stages.into_iter().map(|name| StageReport { name: name.into(), ..StageReport::default() });
        Report { stages: stages.collect(), ..Report::default() }
    }

    /// The stage of this name, new at the end if there is none.
    pub fn stage(&mut self, name: &str) -> &mut StageReport {
        let at = self.stages.iter().position(|stage| stage.name == name).unwrap_or_else(|| {
            self.stages.push(StageReport { name: name.into(), ..StageReport::default() });
            self.stages.len() - 1
        });
        &mut self.stages[at]
    }

    /// Adds what another part of the run did. A stage that only that one has comes to stand before the same
    /// one as there, or last.
    pub fn add(&mut self, other: &Report) {
        add(&mut self.skipped, &other.skipped);
        self.not_reproducible.extend_from_slice(&other.not_reproducible);
        for (number, from) in other.stages.iter().enumerate() {
            let place = |name: &str| self.stages.iter().position(|stage| stage.name == name);
            let (found, later) =
                (place(&from.name), other.stages[number..].iter().find_map(|later| place(&later.name)));
            let at = found.or(later).unwrap_or(self.stages.len());
            if found.is_none() {
                self.stages.insert(at, StageReport { name: from.name.clone(), ..StageReport::default() });
            }
            let into = &mut self.stages[at];
            into.documents_in += from.documents_in;
            into.documents_out += from.documents_out;
            into.bytes_in += from.bytes_in;
            into.bytes_out += from.bytes_out;
            into.tokens_in += from.tokens_in;
            into.tokens_out += from.tokens_out;
            add(&mut into.reasons, &from.reasons);
            add(&mut into.lines, &from.lines);
            add(&mut into.replaced, &from.replaced);
            add(&mut into.unjudged, &from.unjudged);
            if into.by.is_none() {
                into.by.clone_from(&from.by);
            }
        }
    }
}

impl StageReport {
    /// Counts a document that came to the stage, and left it as large as `after`, or was taken out for a reason.
    pub fn count(&mut self, before: Size, after: Result<Size, &str>) {
        self.documents_in += 1;
        self.bytes_in += before.bytes;
        self.tokens_in += before.tokens;
        match after {
            Ok(after) => {
                self.documents_out += 1;
                self.bytes_out += after.bytes;
                self.tokens_out += after.tokens;
            }
            Err(reason) => *self.reasons.entry(reason.into()).or_default() += 1,
        }
    }
}

fn add(into: &mut BTreeMap<String, u64>, from: &BTreeMap<String, u64>) {
    for (reason, count) in from {
        *into.entry(reason.clone()).or_default() += count;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_add_up_in_the_order_of_the_stages() {
        let mut all = Report::new(["filters", "pii"]);
        all.add(&Report::new(["extract", "filters"]));
        all.add(&Report::new(["language", "filters", "copies"]));
        let names: Vec<&str> = all.stages.iter().map(|stage| &*stage.name).collect();
        assert_eq!(names, ["extract", "language", "filters", "pii", "copies"]);
        all.stage("pii").documents_in = 2;
        all.add(&all.clone());
        assert_eq!((all.stages.len(), all.stages[3].documents_in), (5, 4));
    }
}
