//! The funnel in memory: the stages of `corpus run`, but the one by address, over a few documents, so that
//! the effect of a threshold shows at once. The counts are those of the command line with `--languages each`.
//!
//! What a stage measures of a text is measured once. A threshold that moves only decides anew; the rules of lines change the
//! text, so that what stands behind them is measured again.

mod page;

use std::collections::BTreeMap;

use super::filters::{Drops, Filters, Fires, RULES, Rule, Stage, Tables};
use super::language::{self, Identifier, LanguageFilter, Languages};
use super::minhash::{self, Signer, in_memory};
use super::page::Input;
use super::{Counter, Document, Excerpt, Report, personal, words};
use crate::Result;
use page::JudgedDocument;
pub use page::Rejection;

/// The stages, in the order of `corpus run`; the one by address, which needs lists, is not here.
pub const STAGES: [&str; 8] = [
    super::page::STAGE,
    language::STAGE,
    Stage::GopherRepetition.name(),
    Stage::GopherQuality.name(),
    Stage::C4.name(),
    Stage::FineWeb.name(),
    minhash::STAGE,
    personal::STAGE,
];

/// The language whose table also has thresholds that are its own.
pub const OTHER: &str = "zh";

/// Documents on their way through the stages.
pub struct Cleaning {
    tools: Tools,
    pages: Vec<JudgedDocument>,
    skipped: BTreeMap<String, u64>,
    /// What the tokens are that are counted.
    tokens: String,
    /// Those before this one are decided.
    next: usize,
}

/// What the stages need, and use again for each document.
struct Tools {
    language: LanguageFilter,
    tables: Tables,
    /// Of each table.
    filters: Vec<Filters>,
    signer: Signer,
    words: Vec<words::Token>,
    counter: Counter,
}

/// A rule as it stands, and between which values its threshold changes anything.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// Its name.
    pub name: &'static str,
    /// What it drops.
    pub drops: Drops,
    /// When.
    pub fires: Fires,
    /// Its threshold; infinite where it never fires.
    pub threshold: f64,
    /// The threshold that FineWeb has.
    pub default: f64,
    /// By the table of [`OTHER`] its threshold and that of FineWeb-2, where these are others.
    pub other: Option<(f64, f64)>,
    /// The least and the most that were measured, and that FineWeb's threshold is.
    pub range: (f64, f64),
}

/// A document that a stage took out, or would have if it were not kept after all.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped<'a> {
    /// Its number, from 0.
    pub document: usize,
    /// Why.
    pub fall: Rejection,
    /// Whether it is kept after all.
    pub kept: bool,
    /// What is known of it, with its text as it came; of a page without a text that is its HTML.
    pub known: &'a Document,
}

impl Cleaning {
    /// Of these documents and pages; `skipped` counts what was neither, by the reason.
    pub fn new(inputs: Vec<Input>, skipped: BTreeMap<String, u64>) -> Self {
        let tables = Tables::new(Languages::Each, []).expect("nothing is set that could be wrong");
        let mut tools = Tools {
            language: LanguageFilter::new(Identifier::Whatlang, Languages::Each),
            tables,
            filters: Vec::new(),
            signer: Signer::default(),
            words: Vec::new(),
            counter: Counter::default(),
        };
        tools.take_rules();
        let tokens = Report::default().tokens;
        Cleaning { tools, pages: inputs.into_iter().map(JudgedDocument::new).collect(), skipped, tokens, next: 0 }
    }

    /// Counts the tokens that `counter` says, which are called so, and not words: all is to be counted anew.
    pub fn count_by(&mut self, counter: Counter, tokens: String) {
        self.tools.filters.iter_mut().for_each(|filters| filters.count_by(counter.clone()));
        self.tools.counter = counter;
        self.tokens = tokens;
        self.pages.iter_mut().for_each(JudgedDocument::recount);
        self.next = 0;
    }

    /// How many of how many documents the filters have decided.
    pub fn progress(&self) -> (usize, usize) {
        (self.next, self.pages.len())
    }

    /// Whether there are pages whose text is to be taken out still.
    pub fn extracts(&self) -> bool {
        self.pages.iter().any(JudgedDocument::is_fetched)
    }

    /// Decides documents until all are or `enough` says so; whether all are. Only then the rest makes sense.
    pub fn work(&mut self, mut enough: impl FnMut() -> bool) -> bool {
        while self.next < self.pages.len() && !enough() {
            self.pages[self.next].decide(&mut self.tools);
            self.next += 1;
        }
        if self.next < self.pages.len() {
            return false;
        }
        // What was decided before stands, but for copies: each depends on all others.
        let signed = self.pages.iter().enumerate().filter_map(|(n, page)| Some((n, page.keys()?)));
        let copies = in_memory::copies(signed);
        self.pages.iter_mut().for_each(|page| page.copy = None);
        copies.iter().for_each(|copy| self.pages[copy.document].copy = Some(*copy));
        true
    }

    /// Sets a rule as `NAME=VALUE` says: all is to be decided anew.
    pub fn set(&mut self, setting: &str) -> Result<()> {
        let name = setting.split('=').next().unwrap_or_default();
        if name == language::SCORE {
            self.tools.language.set_least(language::threshold(setting.split_once('=').unwrap_or_default().1)?);
        } else {
            self.tools.tables.set(setting)?;
        }
        self.changed(name);
        Ok(())
    }

    /// Sets a rule as it is in FineWeb, and for other languages in FineWeb-2.
    pub fn reset(&mut self, name: &str) {
        if name == language::SCORE {
            self.tools.language.set_least(language::MIN_SCORE);
        } else if let Some(rule) = RULES.iter().find(|rule| rule.name == name) {
            self.tools.tables.reset(rule);
        }
        self.changed(name);
    }

    fn changed(&mut self, name: &str) {
        self.tools.take_rules();
        if let Some(rule) = RULES.iter().find(|rule| rule.name == name) {
            self.pages.iter_mut().for_each(|page| page.forget(rule));
        }
        self.next = 0;
    }

    /// Keeps a document whatever the stages say, or no longer. A page without a text cannot be kept.
    pub fn keep(&mut self, document: usize, kept: bool) {
        if let Some(page) = self.pages.get_mut(document).filter(|page| !page.is_rejected()) {
            page.kept = kept;
            self.next = 0;
        }
    }

    /// The rules of a stage as they stand.
    pub fn settings(&self, stage: &str) -> Vec<Setting> {
        if stage == language::STAGE {
            return vec![self.language_setting()];
        }
        let of_stage = RULES.iter().filter(|rule| rule.stage.name() == stage);
        of_stage.map(|rule| self.setting(rule)).collect()
    }

    fn setting(&self, rule: &'static Rule) -> Setting {
        let (low, high) = range(self.pages.iter().filter_map(|page| page.value(rule)), rule.threshold);
        let tables = &self.tools.tables;
        let (threshold, default) = tables.threshold("en", rule).expect("English has all rules");
        Setting {
            name: rule.name,
            drops: rule.drops,
            fires: rule.fires,
            threshold,
            default,
            other: tables.threshold(OTHER, rule).filter(|other| *other != (threshold, default)),
            range: match rule.drops {
                Drops::Document => (low, high),
                Drops::Line => (0.0, high.max(1.0)),
                Drops::Nothing => (0.0, 4.0 * high),
            },
        }
    }

    fn language_setting(&self) -> Setting {
        Setting {
            name: language::SCORE,
            drops: Drops::Document,
            fires: Fires::Below,
            threshold: self.tools.language.least(),
            default: language::MIN_SCORE,
            other: None,
            range: (0.0, 1.0),
        }
    }

    /// The funnel. Where no page in HTML came there is nothing to say of their text.
    pub fn report(&self) -> Report {
        let mut report = Report::new(STAGES);
        report.skipped = self.skipped.clone();
        report.tokens.clone_from(&self.tokens);
        report.stage(language::STAGE).by = Some(self.tools.language.identifier().name());
        self.pages.iter().for_each(|page| page.count(&mut report));
        report.stages.retain(|stage| stage.name != super::page::STAGE || stage.documents_in > 0);
        report
    }

    /// How many documents are kept that a stage would take out.
    pub fn kept(&self) -> usize {
        self.pages.iter().filter(|page| page.kept && page.rejection().is_some()).count()
    }

    /// What a stage takes out, in order.
    pub fn dropped(&self, stage: &str) -> impl Iterator<Item = Dropped<'_>> {
        let pages = self.pages.iter().enumerate();
        pages.filter_map(move |(document, page)| {
            let fall = page.rejection().filter(|fall| fall.stage == stage)?;
            Some(Dropped { document, fall, kept: page.kept, known: &page.document })
        })
    }

    /// The text of a document as the stage saw it that takes it out, with the place that did it marked; all of it where none does.
    pub fn excerpt(&mut self, document: usize, around: usize) -> Option<Excerpt> {
        let page = self.pages.get(document)?;
        let (text, span) = page.place(&mut self.tools);
        Some(Excerpt::new(&text, span, around))
    }

    /// What is known of a document.
    pub fn document(&self, document: usize) -> Option<&Document> {
        self.pages.get(document).map(|page| &page.document)
    }

    /// What is left, in order.
    pub fn survivors(&self) -> impl Iterator<Item = Document> {
        self.pages.iter().filter_map(JudgedDocument::survivor)
    }
}

impl Tools {
    /// Makes the filters anew, by the rules as they stand.
    fn take_rules(&mut self) {
        let filters = |number| Filters::new(self.tables.rules(number).clone()).counting(self.counter.clone());
        self.filters = (0..self.tables.count()).map(filters).collect();
    }
}

/// The least and the most of what was measured and of a threshold.
fn range(values: impl Iterator<Item = f64>, threshold: f64) -> (f64, f64) {
    let values = values.chain([threshold]).filter(|value| value.is_finite());
    values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)))
}
