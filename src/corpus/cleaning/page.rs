//! A document in the funnel: what was measured of it, and what is decided.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;

use super::Tools;
use crate::corpus::filters::{Drops, Measured, Rule, Size, Stage};
use crate::corpus::minhash::{self, within};
use crate::corpus::personal::{self, Replaced};
use crate::corpus::{Document, Report};

/// Why a document falls.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fall {
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
pub struct Page {
    /// As it came.
    pub document: Document,
    /// Whether it is kept whatever the stages say.
    pub kept: bool,
    /// Which copy it is, if it is one.
    pub copy: Option<within::Copy>,
    size: Size,
    /// By the filters, in their order.
    measured: [Option<Measured>; Stage::ALL.len()],
    /// What C4's rules of lines leave of it.
    cut: Option<Cut>,
    /// What C4's rules of documents say of it, if one fires.
    refused: Option<Refused>,
    /// The first filter that takes it out.
    fallen: Option<Fall>,
}

/// A text without some of its lines, and what stands behind the filters that it passes.
struct Cut {
    /// None where it is as it came.
    text: Option<String>,
    size: Size,
    lines: BTreeMap<&'static str, u64>,
    rest: Option<Rest>,
}

struct Rest {
    /// What it is compared by with others; none of a text that is too short.
    keys: Option<within::Keys>,
    /// Its size without personal data, and what of that was replaced.
    masked: Size,
    replaced: Replaced,
}

struct Refused {
    reason: &'static str,
    value: f64,
    lines: BTreeMap<&'static str, u64>,
}

impl Page {
    pub fn new(document: Document) -> Self {
        Page {
            document,
            kept: false,
            copy: None,
            size: Size::default(),
            measured: [const { None }; Stage::ALL.len()],
            cut: None,
            refused: None,
            fallen: None,
        }
    }

    /// Asks the filters, and measures what was not measured yet.
    pub fn decide(&mut self, tools: &mut Tools) {
        self.fallen = None;
        for stage in Stage::ALL {
            if self.measured[stage as usize].is_none() {
                self.measure(stage, tools);
            }
            let Some((reason, value)) = self.fired(stage, tools) else { continue };
            self.fallen.get_or_insert(Fall { stage: stage.name(), reason, value, of: None });
            if !self.kept {
                return;
            }
        }
        let Some(cut) = self.cut.as_mut().filter(|cut| cut.rest.is_none()) else { return };
        let text = cut.text.as_ref().unwrap_or(&self.document.text);
        let keys = tools.signer.sign_words(text, tools.rules.words).map(|signature| within::keys(&signature));
        let (mut bare, mut masked) = (text.clone(), cut.size);
        let replaced = personal::replace(&mut bare, false);
        if replaced != Replaced::default() {
            tools.rules.words.cut(&bare, &mut tools.words);
            masked = Size { bytes: bare.len() as u64, tokens: tools.words.len() as u64 };
        }
        cut.rest = Some(Rest { keys, masked, replaced });
    }

    /// What a filter measures of the text that comes to it.
    fn measure(&mut self, stage: Stage, tools: &mut Tools) {
        let mut document = self.before(stage);
        tools.filters.read(&document);
        if stage == Stage::ALL[0] {
            self.size = tools.filters.size_of(&document);
        }
        self.measured[stage as usize] = Some(tools.filters.measure(stage, &mut document));
        if stage != Stage::C4 {
            return;
        }
        let text = Some(document.text.clone()).filter(|text| *text != self.document.text);
        let (size, lines) = (tools.filters.size_of(&document), tools.filters.dropped().clone());
        // What was measured of the same text before still holds.
        let rest = self.cut.take().filter(|cut| cut.text == text).and_then(|cut| cut.rest);
        if rest.is_none() {
            self.measured[Stage::FineWeb as usize] = None;
        }
        self.cut = Some(Cut { text, size, lines, rest });
    }

    /// The rule of a filter that fires, and what it measured.
    fn fired(&mut self, stage: Stage, tools: &mut Tools) -> Option<(&'static str, f64)> {
        let fired = self.measured[stage as usize].as_ref()?.fired(&tools.rules)?;
        if stage != Stage::C4 {
            return Some(fired);
        }
        // Which of its rules fires first depends on where in the text: that is not measured.
        if self.refused.is_none() {
            let removal = tools.filters.alone(stage, &mut self.document.clone()).err()?;
            let Cow::Borrowed(reason) = removal.reason else { unreachable!("filters name their own rules") };
            let lines = tools.filters.dropped().clone();
            self.refused = Some(Refused { reason, value: removal.value, lines });
        }
        self.refused.as_ref().map(|refused| (refused.reason, refused.value))
    }

    /// The document as it comes to a stage.
    fn before(&self, stage: Stage) -> Document {
        let cut = self.cut.as_ref().filter(|_| stage == Stage::FineWeb).and_then(|cut| cut.text.as_ref());
        Document { text: cut.unwrap_or(&self.document.text).clone(), ..self.document.clone() }
    }

    /// Forgets what depends on a rule that was set.
    pub fn forget(&mut self, rule: &Rule) {
        if rule.stage == Stage::C4 {
            self.refused = None;
        }
        if rule.drops != Drops::Document {
            self.measured[rule.stage as usize] = None;
        }
    }

    /// What was measured for a rule, if it was.
    pub fn value(&self, rule: &Rule) -> Option<f64> {
        self.measured[rule.stage as usize].as_ref()?.value(rule.id)
    }

    /// Why the document falls, or would if it were not kept.
    pub fn fall(&self) -> Option<Fall> {
        let copied = |copy: within::Copy| Fall {
            stage: minhash::STAGE,
            reason: minhash::REASON,
            value: copy.nth as f64,
            of: Some(copy.of),
        };
        self.fallen.or(self.copy.map(copied))
    }

    /// What stands behind the filters, if it comes there.
    fn rest(&self) -> Option<(&Cut, &Rest)> {
        let cut = self.cut.as_ref().filter(|_| self.kept || self.fallen.is_none())?;
        Some((cut, cut.rest.as_ref()?))
    }

    /// What it is compared by with others, if it comes so far.
    pub fn keys(&self) -> Option<&within::Keys> {
        self.rest()?.1.keys.as_ref()
    }

    /// Counts it in every stage that it comes to.
    pub fn count(&self, report: &mut Report) {
        let mut size = self.size;
        for stage in Stage::ALL {
            let fallen = self.fallen.filter(|fall| fall.stage == stage.name() && !self.kept);
            let counts = report.stage(stage.name());
            let before = size;
            let mut lines = None;
            if stage == Stage::C4 {
                let cut = self.cut.as_ref().expect("what comes to C4 is cut");
                size = cut.size;
                lines = Some(if fallen.is_some() {
                    self.refused.as_ref().map_or(&cut.lines, |it| &it.lines)
                } else {
                    &cut.lines
                });
            }
            counts.count(before, fallen.map_or(Ok(size), |fall| Err(fall.reason)));
            for (&reason, count) in lines.into_iter().flatten() {
                *counts.lines.entry(reason.into()).or_default() += count;
            }
            if fallen.is_some() {
                return;
            }
        }
        let Some((_, rest)) = self.rest() else { return };
        let copy = self.copy.is_some() && !self.kept;
        report.stage(minhash::STAGE).count(size, if copy { Err(minhash::REASON) } else { Ok(size) });
        if copy {
            return;
        }
        let counts = report.stage(personal::STAGE);
        counts.count(size, Ok(rest.masked));
        for (kind, count) in rest.replaced.kinds() {
            *counts.replaced.entry(kind.into()).or_default() += count;
        }
    }

    /// The text as the stage saw it that takes the document out, and the bytes of it that did; all of it where there is none.
    pub fn place(&self, tools: &mut Tools) -> (String, Range<usize>) {
        let stage = Stage::ALL.into_iter().find(|stage| self.fallen.is_some_and(|fall| fall.stage == stage.name()));
        let mut document = self.before(stage.unwrap_or(Stage::FineWeb));
        let removal = stage.and_then(|stage| tools.filters.alone(stage, &mut document).err());
        let span = removal.map_or(0..document.text.len(), |removal| removal.span);
        (document.text, span)
    }

    /// The document as it is left at the end, if it is.
    pub fn survivor(&self) -> Option<Document> {
        let (cut, _) = self.rest().filter(|_| self.kept || self.copy.is_none())?;
        let mut document = self.document.clone();
        if let Some(text) = &cut.text {
            document.text.clone_from(text);
        }
        personal::replace(&mut document.text, false);
        Some(document)
    }
}
