//! A document in the funnel: what was measured, and what was decided.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::Tools;
use crate::corpus::filters::{Drops, Measured, NO_RULES, Rule, Size, Stage};
use crate::corpus::minhash::{self, in_memory};
use crate::corpus::page::{self, Input};
use crate::corpus::personal::{self, Replaced};
use crate::corpus::words::Words;
use crate::corpus::{Document, Report, language};

/// Why a document was rejected.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rejection {
    /// The stage that takes it out.
    pub stage: &'static str,
    /// The rule, by datatrove's name.
    pub reason: &'static str,
    /// What was measured.
    pub value: f64,
    /// Of a copy, the document that is kept.
    pub of: Option<usize>,
}

/// A document with what is known of it.
pub struct JudgedDocument {
    /// As it came, or as it was taken out of its HTML.
    pub document: Document,
    /// Whether it is kept whatever the stages say.
    pub kept: bool,
    /// Which copy it is, if it is one.
    pub copy: Option<in_memory::Copy>,
    html: Option<Html>,
    /// How sure its language is, once that was found.
    sure: Option<f64>,
    /// Which table of rules it is judged by, and the filters that are in that.
    table: usize,
    stages: &'static [Stage],
    /// How much the text is, if that was counted.
    size: Option<Size>,
    /// By the filters, in their order.
    measured: [Option<Measured>; Stage::ALL.len()],
    /// What C4's rules of lines leave of it.
    filtered: Option<FilteredText>,
    /// What C4's rules of documents say of it, if one fires.
    c4_rejection: Option<C4Rejection>,
    /// The first stage before the copies that takes it out.
    rejection: Option<Rejection>,
}

/// A page in HTML.
enum Html {
    /// As it was fetched.
    Fetched(page::Page),
    /// Its text was extracted: the size of the HTML in bytes, and the size of the text before its language was known.
    Extracted(u64, Option<Size>),
    /// It has no text.
    Rejected(u64, Rejection),
}

/// A text without some of its lines, and what stands behind the filters that it passes.
struct FilteredText {
    /// None where it is as it came.
    text: Option<String>,
    size: Option<Size>,
    lines: BTreeMap<&'static str, u64>,
    after: Option<AfterFilters>,
}

struct AfterFilters {
    /// What it is compared by with others; none of a text that is too short.
    keys: Option<in_memory::Keys>,
    /// Its size without personal data, and what of that was replaced.
    masked: Option<Size>,
    replaced: Replaced,
}

struct C4Rejection {
    reason: &'static str,
    value: f64,
    lines: BTreeMap<&'static str, u64>,
}

impl JudgedDocument {
    pub fn new(input: Input) -> Self {
        let (document, html) = match input {
            Input::Text(document) => (document, None),
            Input::Page(page) => (page.document.clone(), Some(Html::Fetched(page))),
        };
        JudgedDocument {
            document,
            kept: false,
            copy: None,
            html,
            sure: None,
            table: 0,
            stages: &[],
            size: None,
            measured: [const { None }; Stage::ALL.len()],
            filtered: None,
            c4_rejection: None,
            rejection: None,
        }
    }

    /// Whether its text is still to be taken out of its HTML.
    pub fn is_fetched(&self) -> bool {
        matches!(self.html, Some(Html::Fetched(_)))
    }

    /// Whether it is a page without a text.
    pub fn is_rejected(&self) -> bool {
        matches!(self.html, Some(Html::Rejected(..)))
    }

    /// Asks the stages before the copies, and measures what was not measured yet.
    pub fn decide(&mut self, tools: &mut Tools) {
        self.rejection = None;
        self.extract();
        if let Some(Html::Rejected(_, fall)) = self.html {
            self.rejection = Some(fall);
            return;
        }
        self.judge(tools);
        self.weigh(tools);
    }

    fn extract(&mut self) {
        let Some(Html::Fetched(fetched)) = self.html.take_if(|html| matches!(html, Html::Fetched(_))) else { return };
        let bytes = fetched.bytes.len() as u64;
        match fetched.document(|html| page::text(&html)) {
            Ok(document) => {
                self.document = document;
                self.html = Some(Html::Extracted(bytes, None));
            }
            Err(refused) => {
                let (document, removal) = *refused;
                let Cow::Borrowed(reason) = removal.reason else { unreachable!("the stage names its own reasons") };
                let fall = Rejection { stage: page::STAGE, reason, value: removal.value, of: None };
                self.document = document;
                self.html = Some(Html::Rejected(bytes, fall));
            }
        }
    }

    fn judge(&mut self, tools: &mut Tools) {
        let sure = match self.sure {
            Some(sure) => sure,
            None => {
                let sure = tools.language.find(&mut self.document);
                self.table = tools.tables.number(&self.document);
                *self.sure.insert(sure)
            }
        };
        self.stages = tools.filters[self.table].stages();
        if let Some(reason) = tools.language.refuses(&self.document, sure) {
            self.rejection = Some(Rejection { stage: language::STAGE, reason, value: sure, of: None });
            if !self.kept {
                return;
            }
        }
        for stage in Stage::ALL {
            if self.measured[stage as usize].is_none() {
                self.measure(stage, tools);
            }
            let Some((reason, value)) = self.fired(stage, tools) else { continue };
            self.rejection.get_or_insert(Rejection { stage: stage.name(), reason, value, of: None });
            if !self.kept {
                return;
            }
        }
        let words = self.words();
        let Some(filtered) = self.filtered.as_mut().filter(|filtered| filtered.after.is_none()) else { return };
        let text = filtered.text.as_ref().unwrap_or(&self.document.text);
        let keys = tools.signer.sign_words(text, words).map(|signature| in_memory::keys(&signature));
        let replaced = personal::replace(&mut text.clone(), false);
        filtered.after = Some(AfterFilters { keys, masked: None, replaced });
    }

    /// How its text is cut into words.
    fn words(&self) -> Words {
        Words::of(self.document.language.as_deref())
    }

    /// Counts what was not counted yet.
    fn weigh(&mut self, tools: &mut Tools) {
        let (words, counter, tokens) = (self.words(), &tools.counter, &mut tools.words);
        let mut count = |text: &str, words| counter.size_in(text, words, tokens);
        let text = &self.document.text;
        let size = *self.size.get_or_insert_with(|| count(text, words));
        if let Some(Html::Extracted(_, bare)) = &mut self.html {
            bare.get_or_insert_with(|| if words == Words::English { size } else { count(text, Words::English) });
        }
        let Some(filtered) = &mut self.filtered else { return };
        let text = filtered.text.as_ref().unwrap_or(text);
        let size =
            *filtered.size.get_or_insert_with(|| if filtered.text.is_none() { size } else { count(text, words) });
        let Some(rest) = &mut filtered.after else { return };
        rest.masked.get_or_insert_with(|| {
            if rest.replaced == Replaced::default() {
                return size;
            }
            let mut bare = text.clone();
            personal::replace(&mut bare, false);
            count(&bare, words)
        });
    }

    /// Forgets how much it is.
    pub fn recount(&mut self) {
        self.size = None;
        if let Some(Html::Extracted(_, bare)) = &mut self.html {
            *bare = None;
        }
        if let Some(filtered) = &mut self.filtered {
            filtered.size = None;
            filtered.after.iter_mut().for_each(|rest| rest.masked = None);
        }
    }

    /// What a filter measures of the text that comes to it.
    fn measure(&mut self, stage: Stage, tools: &mut Tools) {
        let mut document = self.before(stage);
        let filters = &mut tools.filters[self.table];
        filters.read(&document);
        if self.size.is_none() && stage != Stage::FineWeb {
            // The words are cut here anyway.
            self.size = Some(filters.size_of(&document));
        }
        self.measured[stage as usize] = Some(filters.measure(stage, &mut document));
        if stage != Stage::C4 {
            return;
        }
        let text = Some(document.text.clone()).filter(|text| *text != self.document.text);
        let (size, lines) = (Some(filters.size_of(&document)), filters.dropped().clone());
        // What was measured of the same text before still holds.
        let after = self.filtered.take().filter(|filtered| filtered.text == text).and_then(|filtered| filtered.after);
        if after.is_none() {
            self.measured[Stage::FineWeb as usize] = None;
        }
        self.filtered = Some(FilteredText { text, size, lines, after });
    }

    /// The rule of a filter that fires, and what it measured.
    fn fired(&mut self, stage: Stage, tools: &mut Tools) -> Option<(&'static str, f64)> {
        let filters = &mut tools.filters[self.table];
        let fired = self.measured[stage as usize].as_ref()?.fired(tools.tables.rules(self.table))?;
        if stage != Stage::C4 {
            return Some(fired);
        }
        // Which of its rules fires first depends on where in the text: that is not measured.
        if self.c4_rejection.is_none() {
            let removal = filters.alone(stage, &mut self.document.clone()).err()?;
            let Cow::Borrowed(reason) = removal.reason else { unreachable!("filters name their own rules") };
            let lines = filters.dropped().clone();
            self.c4_rejection = Some(C4Rejection { reason, value: removal.value, lines });
        }
        self.c4_rejection.as_ref().map(|refused| (refused.reason, refused.value))
    }

    /// The document as it comes to a stage.
    fn before(&self, stage: Stage) -> Document {
        let filtered =
            self.filtered.as_ref().filter(|_| stage == Stage::FineWeb).and_then(|filtered| filtered.text.as_ref());
        Document { text: filtered.unwrap_or(&self.document.text).clone(), ..self.document.clone() }
    }

    /// Forgets what depends on a rule that was set.
    pub fn forget(&mut self, rule: &Rule) {
        if rule.stage == Stage::C4 {
            self.c4_rejection = None;
        }
        if rule.drops != Drops::Document {
            self.measured[rule.stage as usize] = None;
        }
    }

    /// What was measured for a rule, if it was.
    pub fn value(&self, rule: &Rule) -> Option<f64> {
        self.measured[rule.stage as usize].as_ref()?.value(rule.id)
    }

    /// Why the document was rejected, or would be if it were not kept.
    pub fn rejection(&self) -> Option<Rejection> {
        let copied = |copy: in_memory::Copy| Rejection {
            stage: minhash::STAGE,
            reason: minhash::REASON,
            value: copy.nth as f64,
            of: Some(copy.of),
        };
        self.rejection.or(self.copy.map(copied))
    }

    /// What stands behind the filters, if it comes there.
    fn after_filters(&self) -> Option<(&FilteredText, &AfterFilters)> {
        let filtered = self.filtered.as_ref().filter(|_| self.kept || self.rejection.is_none())?;
        Some((filtered, filtered.after.as_ref()?))
    }

    /// What it is compared by with others, if it comes so far.
    pub fn keys(&self) -> Option<&in_memory::Keys> {
        self.after_filters()?.1.keys.as_ref()
    }

    /// Counts it in every stage that it comes to.
    pub fn count(&self, report: &mut Report) {
        let fallen =
            |stage: &str| self.rejection.filter(|fall| fall.stage == stage && !self.kept).map(|fall| fall.reason);
        if let Some(Html::Extracted(bytes, _) | Html::Rejected(bytes, _)) = self.html {
            let after = match self.html {
                Some(Html::Extracted(_, bare)) => Ok(bare.unwrap_or_default()),
                _ => Err(fallen(page::STAGE).unwrap_or_default()),
            };
            report.stage(page::STAGE).count(Size { bytes, tokens: 0 }, after);
            if after.is_err() {
                return;
            }
        }
        let mut size = self.size.unwrap_or_default();
        let refused = fallen(language::STAGE);
        report.stage(language::STAGE).count(size, refused.map_or(Ok(size), Err));
        if refused.is_some() {
            return;
        }
        for stage in Stage::ALL {
            let fallen = fallen(stage.name());
            let counts = report.stage(stage.name());
            let before = size;
            let mut lines = None;
            if stage == Stage::C4 {
                let filtered = self.filtered.as_ref().expect("what comes to C4 is cut");
                size = filtered.size.unwrap_or_default();
                let refused = self.c4_rejection.as_ref().filter(|_| fallen.is_some());
                lines = Some(refused.map_or(&filtered.lines, |refused| &refused.lines));
            }
            counts.count(before, fallen.map_or(Ok(size), Err));
            for (&reason, count) in lines.into_iter().flatten() {
                *counts.lines.entry(reason.into()).or_default() += count;
            }
            if !self.stages.contains(&stage) {
                *counts.unjudged.entry(NO_RULES.into()).or_default() += 1;
            }
            if fallen.is_some() {
                return;
            }
        }
        let Some((_, rest)) = self.after_filters() else { return };
        let copy = self.copy.is_some() && !self.kept;
        report.stage(minhash::STAGE).count(size, if copy { Err(minhash::REASON) } else { Ok(size) });
        if copy {
            return;
        }
        let counts = report.stage(personal::STAGE);
        counts.count(size, Ok(rest.masked.unwrap_or_default()));
        for (kind, count) in rest.replaced.kinds() {
            *counts.replaced.entry(kind.into()).or_default() += count;
        }
    }

    /// The text as the stage saw it that takes the document out, and the bytes of it that did; all of it where there is none.
    pub fn place(&self, tools: &mut Tools) -> (String, Range<usize>) {
        let stage = Stage::ALL.into_iter().find(|stage| self.rejection.is_some_and(|fall| fall.stage == stage.name()));
        let mut document = self.before(stage.unwrap_or(Stage::FineWeb));
        let filters = &mut tools.filters[self.table];
        let removal = stage.and_then(|stage| filters.alone(stage, &mut document).err());
        let span = removal.map_or(0..document.text.len(), |removal| removal.span);
        (document.text, span)
    }

    /// The document as it is left at the end, if it is.
    pub fn survivor(&self) -> Option<Document> {
        let (filtered, _) = self.after_filters().filter(|_| self.kept || self.copy.is_none())?;
        let mut document = self.document.clone();
        if let Some(text) = &filtered.text {
            document.text.clone_from(text);
        }
        personal::replace(&mut document.text, false);
        Some(document)
    }
}
