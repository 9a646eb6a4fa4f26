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
    /// Words that came.
    pub tokens_in: u64,
    /// Words that left.
    pub tokens_out: u64,
    /// Documents taken out, by the reason.
    pub reasons: BTreeMap<String, u64>,
    /// Lines left out of the documents that came, by the reason.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lines: BTreeMap<String, u64>,
    /// What was replaced in the documents that came, by its kind.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub replaced: BTreeMap<String, u64>,
}

/// What a run did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Records of the input that are no documents, by the reason.
    pub skipped: BTreeMap<String, u64>,
    /// The stages, in their order.
    pub stages: Vec<StageReport>,
}

impl Report {
    /// An empty report of these stages.
    pub fn new<'a>(stages: impl IntoIterator<Item = &'a str>) -> Self {
        let stages = stages.into_iter().map(|name| StageReport { name: name.into(), ..StageReport::default() });
        Report { skipped: BTreeMap::new(), stages: stages.collect() }
    }

    /// The stage of this name, new at the end if there is none.
    pub fn stage(&mut self, name: &str) -> &mut StageReport {
        let at = self.stages.iter().position(|stage| stage.name == name).unwrap_or_else(|| {
            self.stages.push(StageReport { name: name.into(), ..StageReport::default() });
            self.stages.len() - 1
        });
        &mut self.stages[at]
    }

    /// Adds what another part of the run did.
    pub fn add(&mut self, other: &Report) {
        add(&mut self.skipped, &other.skipped);
        for from in &other.stages {
            let into = self.stage(&from.name);
            into.documents_in += from.documents_in;
            into.documents_out += from.documents_out;
            into.bytes_in += from.bytes_in;
            into.bytes_out += from.bytes_out;
            into.tokens_in += from.tokens_in;
            into.tokens_out += from.tokens_out;
            add(&mut into.reasons, &from.reasons);
            add(&mut into.lines, &from.lines);
            add(&mut into.replaced, &from.replaced);
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
