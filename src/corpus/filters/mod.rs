//! The filters, from Gopher's repetition to FineWeb's own, in datatrove's order: each lets a document pass, or takes it out
//! by the first rule that fires. C4's also leaves lines out of those that pass.

mod c4;
mod fineweb;
mod languages;
mod quality;
mod repetition;
mod rules;
mod table;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub use languages::Tables;
use repetition::Repetition;
pub use rules::{Drops, Fires, Id, RULES, Rule, Rules, Stage};
use rules::{Judge, Recorder};

use super::words::Token;
use super::{Counter, Document, Removal, Report};

/// How much a document is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Bytes of its text in UTF-8.
    pub bytes: u64,
    /// Words of its text by the rules of its language.
    pub tokens: u64,
}

/// A rule that fired: its reason, what it measured, and the bytes that did it.
#[derive(Debug)]
struct Fired {
    reason: &'static str,
    value: f64,
    span: Range<usize>,
}

/// Why a filter lets a document pass that it asked nothing about: the language has no such rules.
pub const NO_RULES: &str = "no rules";

/// The reason that has no threshold.
const EMPTY: Fired = Fired { reason: "empty", value: 0.0, span: 0..0 };

impl Fired {
    fn new(id: Id, value: f64, span: Range<usize>) -> Self {
        Fired { reason: id.rule().name, value, span }
    }
}

/// `part` of `whole`; none of nothing.
fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// What a filter measured of a document.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The rules that it asked, in order, each with what it found: of lines and of sums the value nearest to firing.
    values: Vec<(Id, f64)>,
    /// Why the document falls where none of these fires: there was nothing to measure.
    fixed: Option<&'static str>,
}

impl Measured {
    /// The first rule of documents that fires, by its name, and what was measured.
    pub fn fired(&self, rules: &Rules) -> Option<(&'static str, f64)> {
        let fires = |&&(id, value): &&(Id, f64)| id.rule().drops == Drops::Document && rules.fires(id, value);
        let found = self.values.iter().find(fires).map(|&(id, value)| (id.rule().name, value));
        found.or(self.fixed.map(|reason| (reason, 0.0)))
    }

    /// What was measured for a rule, if it was asked.
    pub fn value(&self, id: Id) -> Option<f64> {
        self.values.iter().find(|(known, _)| *known == id).map(|&(_, value)| value)
    }
}

/// The filters with their rules, and what they use again for each document.
pub struct Filters {
    rules: Arc<Rules>,
    repetition: Repetition,
    words: Vec<Token>,
    line: Vec<Token>,
    /// The lines that C4's rules left out of the document, by the reason.
    dropped: BTreeMap<&'static str, u64>,
    counter: Counter,
}

impl Filters {
    /// Filters by these rules.
    pub fn new(rules: Rules) -> Self {
        Filters {
            rules: Arc::new(rules),
            repetition: Repetition::default(),
            words: Vec::new(),
            line: Vec::new(),
            dropped: BTreeMap::new(),
            counter: Counter::default(),
        }
    }

    /// Counts by `counter` in the report.
    pub fn counting(self, counter: Counter) -> Self {
        Filters { counter, ..self }
    }

    /// Puts a document through all filters, and counts it in `report`. One that passes has the lines that C4's rules leave;
    /// one that does not has the text that the filter saw.
    pub fn run(&mut self, document: &mut Document, report: &mut Report) -> Result<(), Removal> {
        self.rules.words.cut(&document.text, &mut self.words);
        let mut size = self.counter.of_words(&document.text, self.words.len());
        for stage in Stage::ALL {
            let before = size;
            self.dropped.clear();
            let result = self.ask(stage, document);
            if document.text.len() as u64 != before.bytes {
                size = self.counter.of_words(&document.text, self.words.len());
            }
            let after = result.as_ref().map(|()| size).map_err(|removal| &*removal.reason);
            let unjudged = !self.rules.stages.contains(&stage);
            let stage = report.stage(stage.name());
            stage.count(before, after);
            if unjudged {
                *stage.unjudged.entry(NO_RULES.into()).or_default() += 1;
            }
            for (&reason, count) in &self.dropped {
                *stage.lines.entry(reason.into()).or_default() += count;
            }
            result?;
        }
        Ok(())
    }

    /// Counts by another counter from now on.
    pub fn count_by(&mut self, counter: Counter) {
        self.counter = counter;
    }

    /// The stages that the language has.
    pub fn stages(&self) -> &'static [Stage] {
        self.rules.stages
    }

    /// Asks one filter alone.
    pub fn alone(&mut self, stage: Stage, document: &mut Document) -> Result<(), Removal> {
        self.dropped.clear();
        self.read(document);
        self.ask(stage, document)
    }

    /// Cuts a document into words, so that it can be measured.
    pub fn read(&mut self, document: &Document) {
        self.rules.words.cut(&document.text, &mut self.words);
    }

    /// The size of the document that was read or measured last.
    pub fn size_of(&self, document: &Document) -> Size {
        self.counter.of_words(&document.text, self.words.len())
    }

    /// What one filter measures of the document that was read last, whichever of its rules fire. C4's rules of lines leave
    /// lines out of it all the same.
    pub fn measure(&mut self, stage: Stage, document: &mut Document) -> Measured {
        self.dropped.clear();
        let rules = Arc::clone(&self.rules);
        let recorder = Recorder::new(&rules);
        let fixed = self.judge(stage, document, &recorder).err().map(|fired| fired.reason);
        Measured { values: recorder.values(), fixed }
    }

    /// The lines that were left out of the document that was asked or measured last, by the reason.
    pub fn dropped(&self) -> &BTreeMap<&'static str, u64> {
        &self.dropped
    }

    /// One filter's word by the rules; the words are those of the document's text.
    fn ask(&mut self, stage: Stage, document: &mut Document) -> Result<(), Removal> {
        let rules = Arc::clone(&self.rules);
        self.judge(stage, document, &*rules).map_err(|Fired { reason, value, span }| Removal {
            stage: stage.name().into(),
            reason: reason.into(),
            value,
            span,
        })
    }

    /// One filter's word.
    fn judge(&mut self, stage: Stage, document: &mut Document, rules: &dyn Judge) -> Result<(), Fired> {
        if !rules.rules().stages.contains(&stage) {
            return Ok(());
        }
        let text = &document.text;
        let fired = match stage {
            Stage::GopherRepetition => self.repetition.fired(text, &self.words, rules),
            Stage::GopherQuality => quality::fired(text, &self.words, rules),
            Stage::C4 => match c4::cleaned(text, rules, &mut self.line, &mut self.dropped) {
                Ok(cleaned) => {
                    if cleaned != *text {
                        document.text = cleaned;
                        self.rules.words.cut(&document.text, &mut self.words);
                    }
                    None
                }
                Err(fired) => Some(fired),
            },
            Stage::FineWeb => fineweb::fired(text, &self.words, rules, &mut self.repetition),
        };
        fired.map_or(Ok(()), Err)
    }
}
