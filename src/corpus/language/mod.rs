//! The language of a document, and whether it is one that is wanted: datatrove's rule over fastText's classifier, or over
//! whatlang where no model is given.

mod bytes;
mod dictionary;
mod fasttext;
mod matrix;
mod whatlang;

use std::str::FromStr;

pub use fasttext::FastTextModel;

use super::{Document, Removal};
use crate::{Error, Result};

/// The stage's name.
pub const STAGE: &str = "language";
/// The rule about how sure the language must be; datatrove has no name for it.
pub const SCORE: &str = "language_score";
/// The rule about which language it is.
pub const OTHER: &str = "other_language";
/// FineWeb keeps a document if its language's score is above this.
pub const MIN_SCORE: f64 = 0.65;

/// The languages of a corpus.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Languages {
    /// All that are known, each judged by the English rules: what datatrove does.
    Any,
    /// All that are known, each judged by its own rules.
    Each,
    /// These, each judged by its own rules.
    These(Vec<String>),
}

impl FromStr for Languages {
    type Err = String;

    /// `any`, `each`, or codes with commas between.
    fn from_str(text: &str) -> std::result::Result<Self, String> {
        match text {
            "any" => return Ok(Languages::Any),
            "each" => return Ok(Languages::Each),
            _ => {}
        }
        let is_code = |code: &str| (2..=8).contains(&code.len()) && code.bytes().all(|byte| byte.is_ascii_lowercase());
        let codes: Vec<String> = text.split(',').map(str::to_owned).collect();
        match codes.iter().find(|code| !is_code(code)) {
            Some(code) => Err(format!("expected any, each, or codes of languages such as en,zh, found '{code}'")),
            None => Ok(Languages::These(codes)),
        }
    }
}

impl Languages {
    /// The language by whose rules a document is judged: its own, or where that is not known the only one there is.
    pub fn rules<'a>(&'a self, document: &'a Document) -> &'a str {
        match (self, &document.language) {
            (Languages::Any, _) => "en",
            (Languages::Each, language) => language.as_deref().unwrap_or(""),
            (Languages::These(_), Some(language)) => language,
            (Languages::These(codes), None) => codes.first().filter(|_| codes.len() == 1).map_or("", |code| code),
        }
    }

    /// Whether a language is wanted.
    fn have(&self, language: &str) -> bool {
        match self {
            Languages::Any | Languages::Each => true,
            Languages::These(codes) => codes.iter().any(|code| code == language),
        }
    }
}

/// Identifies languages.
pub enum Identifier {
    /// A model in fastText's format, and what to call it.
    FastText(FastTextModel, String),
    /// The crate of this name, which knows 70 languages by runs of three letters.
    Whatlang,
}

impl Identifier {
    /// What it is called in reports.
    pub fn name(&self) -> String {
        match self {
            Identifier::FastText(_, name) => name.clone(),
            Identifier::Whatlang => "whatlang".into(),
        }
    }

    /// Whether it knows a language, by fastText's code.
    pub fn tells(&self, language: &str) -> bool {
        match self {
            Identifier::FastText(model, _) => model.tells(language),
            Identifier::Whatlang => whatlang::codes().any(|code| code == language),
        }
    }

    /// The languages that a text may be in, by fastText's codes, each with how sure that is; the surest first.
    fn languages(&self, text: &str) -> Vec<(String, f64)> {
        match self {
            Identifier::FastText(model, _) => {
                let labels = model.labels(text).into_iter();
                labels.map(|(label, score)| (label.to_owned(), score.into())).collect()
            }
            Identifier::Whatlang => whatlang::language(text).into_iter().collect(),
        }
    }
}

/// Finds out the languages of documents, and lets those pass that are wanted.
pub struct LanguageFilter {
    identifier: Identifier,
    languages: Languages,
    least: f64,
}

impl LanguageFilter {
    /// A filter for these languages, by FineWeb's threshold.
    pub fn new(identifier: Identifier, languages: Languages) -> Self {
        LanguageFilter { identifier, languages, least: MIN_SCORE }
    }

    /// Sets how sure a language must be more than.
    pub fn set_least(&mut self, least: f64) {
        self.least = least;
    }

    /// How sure a language must be more than.
    pub fn least(&self) -> f64 {
        self.least
    }

    /// The identifier.
    pub fn identifier(&self) -> &Identifier {
        &self.identifier
    }

    /// Notes the surest language and its score, and asks whether it is sure enough that the document is in a language that is
    /// wanted: in the surest one if all are, in any of those otherwise.
    pub fn judge(&self, document: &mut Document) -> std::result::Result<(), Removal> {
        let value = self.find(document);
        self.refuses(document, value).map_or(Ok(()), |reason| {
            Err(Removal { stage: STAGE.into(), reason: reason.into(), value, span: 0..document.text.len() })
        })
    }

    /// Notes the surest language and its score. Gives how sure it is that the document is in a language that is wanted.
    pub fn find(&self, document: &mut Document) -> f64 {
        let found = self.identifier.languages(&document.text);
        let surest = found.first();
        document.language = surest.map(|(language, _)| language.clone());
        document.language_score = surest.map(|&(_, score)| score);
        found.iter().find(|(language, _)| self.languages.have(language)).map_or(0.0, |&(_, score)| score)
    }

    /// Why a document whose language was found may not pass, if it may not.
    pub fn refuses(&self, document: &Document, value: f64) -> Option<&'static str> {
        if value > self.least {
            return None;
        }
        let wanted = document.language.as_ref().is_none_or(|language| self.languages.have(language));
        Some(if wanted { SCORE } else { OTHER })
    }
}

/// The threshold that `value` of `--set language_score=value` is.
pub fn threshold(value: &str) -> Result<f64> {
    match value.parse::<f64>() {
        Ok(least) if least.is_finite() => Ok(least),
        _ if value == "off" => Ok(f64::NEG_INFINITY),
        _ => Err(Error::Usage(format!("--set {SCORE}={value}: '{value}' is neither a number nor off"))),
    }
}
