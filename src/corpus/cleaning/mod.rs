//! The funnel in memory: the filters of `corpus run`, and what stands behind them, over a few documents, for whoever moves
//! thresholds and looks at once what becomes of it. The counts are those of the command line.
//!
//! What a stage measures of a text is measured once. A threshold that moves only decides anew; the rules of lines change the
//! text, so that what stands behind them is measured again.

mod page;

use std::collections::BTreeMap;

use super::filters::{Drops, Filters, RULES, Rule, Rules, Stage};
use super::minhash::{self, Signer, within};
use super::{Document, Excerpt, Report, personal, words};
use crate::Result;
pub use page::Fall;
use page::Page;

/// The stages, in the order of `corpus run`; those by address and by language, which need data of their own, are not here.
pub const STAGES: [&str; 6] = [
    Stage::GopherRepetition.name(),
    Stage::GopherQuality.name(),
    Stage::C4.name(),
    Stage::FineWeb.name(),
    minhash::STAGE,
    personal::STAGE,
];

/// Documents on their way through the stages.
pub struct Cleaning {
    tools: Tools,
    pages: Vec<Page>,
    skipped: BTreeMap<String, u64>,
    /// Those before this one are decided.
    next: usize,
}

/// What the stages need, and use again for each document.
struct Tools {
    rules: Rules,
    filters: Filters,
    signer: Signer,
    words: Vec<words::Token>,
}

/// A rule as it stands, and between which values its threshold changes anything.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    /// The rule.
    pub rule: &'static Rule,
    /// Its threshold; infinite where it never fires.
    pub threshold: f64,
    /// The least and the most that were measured, and that FineWeb's threshold is.
    pub range: (f64, f64),
}

/// A document that a stage took out, or would have if it were not kept after all.
#[derive(Clone, Debug, PartialEq)]
pub struct Dropped<'a> {
    /// Its number, from 0.
    pub document: usize,
    /// Why.
    pub fall: Fall,
    /// Whether it is kept after all.
    pub kept: bool,
    /// Its text, as it came.
    pub text: &'a str,
}

impl Cleaning {
    /// Of these documents; `skipped` counts what was none, by the reason.
    pub fn new(documents: Vec<Document>, skipped: BTreeMap<String, u64>) -> Self {
        let rules = Rules::english();
        let filters = Filters::new(rules.clone());
        let tools = Tools { rules, filters, signer: Signer::default(), words: Vec::new() };
        Cleaning { tools, pages: documents.into_iter().map(Page::new).collect(), skipped, next: 0 }
    }

    /// How many of how many documents the filters have decided.
    pub fn progress(&self) -> (usize, usize) {
        (self.next, self.pages.len())
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
        let copies = within::copies(signed);
        self.pages.iter_mut().for_each(|page| page.copy = None);
        copies.iter().for_each(|copy| self.pages[copy.document].copy = Some(*copy));
        true
    }

    /// Sets a rule as `NAME=VALUE` says: all is to be decided anew.
    pub fn set(&mut self, setting: &str) -> Result<()> {
        self.tools.rules.set(setting)?;
        self.tools.filters = Filters::new(self.tools.rules.clone());
        let rule = RULES.iter().find(|rule| setting.split('=').next() == Some(rule.name)).expect("it was set");
        self.pages.iter_mut().for_each(|page| page.forget(rule));
        self.next = 0;
        Ok(())
    }

    /// Keeps a document whatever the stages say, or no longer.
    pub fn keep(&mut self, document: usize, kept: bool) {
        if let Some(page) = self.pages.get_mut(document) {
            page.kept = kept;
            self.next = 0;
        }
    }

    /// The rules of a stage as they stand.
    pub fn settings(&self, stage: &str) -> Vec<Setting> {
        let of_stage = RULES.iter().filter(|rule| rule.stage.name() == stage);
        of_stage.map(|rule| self.setting(rule)).collect()
    }

    fn setting(&self, rule: &'static Rule) -> Setting {
        let values = self.pages.iter().filter_map(|page| page.value(rule)).chain([rule.threshold]);
        let values = values.filter(|value| value.is_finite());
        let (low, high) =
            values.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), value| (low.min(value), high.max(value)));
        let range = match rule.drops {
            Drops::Document => (low, high),
            Drops::Line => (0.0, high.max(1.0)),
            Drops::Nothing => (0.0, 4.0 * high),
        };
        Setting { rule, threshold: self.tools.rules.threshold(rule.id), range }
    }

    /// The funnel.
    pub fn report(&self) -> Report {
        let mut report = Report::new(STAGES);
        report.skipped = self.skipped.clone();
        self.pages.iter().for_each(|page| page.count(&mut report));
        report
    }

    /// How many documents are kept that a stage would take out.
    pub fn kept(&self) -> usize {
        self.pages.iter().filter(|page| page.kept && page.fall().is_some()).count()
    }

    /// What a stage takes out, in order.
    pub fn dropped(&self, stage: &str) -> impl Iterator<Item = Dropped<'_>> {
        let pages = self.pages.iter().enumerate();
        pages.filter_map(move |(document, page)| {
            let fall = page.fall().filter(|fall| fall.stage == stage)?;
            Some(Dropped { document, fall, kept: page.kept, text: &page.document.text })
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
        self.pages.iter().filter_map(Page::survivor)
    }
}
