//! A document on its way through the stages, and why it was taken out.

use std::borrow::Cow;
use std::ops::Range;

use serde::{Deserialize, Serialize};

use super::python_str;

/// A page's text and what is known of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Document {
    /// Unique in its crawl.
    pub id: String,
    /// Where it was found.
    pub url: Option<String>,
    /// When it was fetched, as the crawl says it.
    pub date: Option<String>,
    /// The language that it was found to be in.
    pub language: Option<String>,
    /// How sure that is, from 0 to 1.
    pub language_score: Option<f64>,
    /// The text.
    pub text: String,
}

/// Why a document was taken out.
#[derive(Clone, Debug, PartialEq)]
pub struct Removal {
    /// The stage that did it.
    pub stage: Cow<'static, str>,
    /// The rule that fired, by datatrove's name.
    pub reason: Cow<'static, str>,
    /// What was measured.
    pub value: f64,
    /// The bytes of the text that made it fire: the first such place, or all of the text where the rule is about all of it.
    pub span: Range<usize>,
}

/// A document that was taken out, as it is written. The span counts code points, as Python's slices do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Removed {
    /// The document, with the text that the stage saw.
    #[serde(flatten)]
    pub document: Document,
    /// The stage that took it out.
    pub stage: Cow<'static, str>,
    /// The rule that fired, by datatrove's name.
    pub reason: Cow<'static, str>,
    /// What was measured.
    pub value: f64,
    /// The first and the last but one code point of what made it fire.
    pub span: (usize, usize),
}

impl Removed {
    /// Puts the two together.
    pub fn new(document: Document, removal: Removal) -> Self {
        let Removal { stage, reason, value, span } = removal;
        let start = python_str::length(&document.text[..span.start]);
        let span = (start, start + python_str::length(&document.text[span]));
        Removed { document, stage, reason, value, span }
    }
}
