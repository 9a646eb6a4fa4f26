//! The tables of rules by language: English, and Chinese. datatrove puts the English one to every document.

use super::rules::{Id, RULES, Rule, Rules, Stage};
use crate::Result;
use crate::corpus::Document;
use crate::corpus::language::Languages;
use crate::corpus::words::Words;

/// What FineWeb-2 sets in its configuration for Chinese in Chinese characters, configs/cmn_Hani.yml of its repository as of
/// October 2025 (Apache-2.0), and for all languages in its pipeline. What stands in neither is the English threshold.
#[rustfmt::skip]
const CHINESE: [(Id, f64); 20] = [
    (Id::DupParaFrac, f64::INFINITY),
    (Id::DupParaCharFrac, f64::INFINITY),
    (Id::DupLineFrac, 0.287),
    (Id::DupLineCharFrac, f64::INFINITY),
    (Id::Top2Gram, 0.256),
    (Id::Top3Gram, 0.201),
    (Id::Top4Gram, 0.171),
    (Id::Duplicated5Grams, 0.198),
    (Id::Duplicated6Grams, 0.182),
    (Id::Duplicated7Grams, 0.167),
    (Id::Duplicated8Grams, 0.154),
    (Id::Duplicated9Grams, 0.14),
    (Id::Duplicated10Grams, 0.127),
    (Id::BelowAverage, 1.0),
    (Id::AboveAverage, 5.0),
    (Id::Alpha, 0.735),
    (Id::LinePunctuation, 0.106),
    (Id::ShortLines, f64::INFINITY),
    (Id::DuplicateLines, 0.1),
    (Id::List, 0.178),
];

const CHINESE_STOP_WORDS: &[&str] = &[
    "的", "年", "在", "月", "是", "和", "日", "了", "於", "·", "為", "有", "被", "人", "中", "为", "他", "與", "後",
    "也", "而", "由",
];

impl Rules {
    /// FineWeb's rules of English, which datatrove puts to any language.
    pub fn english() -> Self {
        Rules {
            thresholds: std::array::from_fn(|n| RULES[n].threshold),
            stop_words: &["the", "be", "to", "of", "and", "that", "have", "with"],
            stages: &Stage::ALL,
            words: Words::English,
        }
    }

    /// FineWeb-2's rules of Chinese, which leave C4's out.
    pub fn chinese() -> Self {
        let mut thresholds = std::array::from_fn(|n| RULES[n].threshold);
        CHINESE.iter().for_each(|&(id, threshold)| thresholds[id as usize] = threshold);
        let stages = &[Stage::GopherRepetition, Stage::GopherQuality, Stage::FineWeb];
        Rules { thresholds, stop_words: CHINESE_STOP_WORDS, stages, words: Words::Chinese }
    }

    /// No rules: what a language without a table has.
    pub fn none() -> Self {
        Rules { stages: &[], ..Rules::english() }
    }
}

/// The tables of all languages that have one.
pub struct Tables {
    languages: Languages,
    /// By the language; the last stands for those that have none.
    tables: [(&'static str, Rules); 3],
}

/// The tables as they are before anything is set.
fn published() -> [(&'static str, Rules); 3] {
    [("en", Rules::english()), ("zh", Rules::chinese()), ("", Rules::none())]
}

impl Tables {
    /// The tables for a corpus of these languages, each set as `NAME=VALUE` says.
    pub fn new<'a>(languages: Languages, settings: impl IntoIterator<Item = &'a String>) -> Result<Self> {
        let mut tables = Tables { languages, tables: published() };
        settings.into_iter().try_for_each(|setting| tables.set(setting))?;
        Ok(tables)
    }

    /// Sets a rule of all of them as `NAME=VALUE` says.
    pub fn set(&mut self, setting: &str) -> Result<()> {
        self.tables.iter_mut().try_for_each(|(_, rules)| rules.set(setting))
    }

    /// Sets a rule of all of them as it was at first.
    pub fn reset(&mut self, rule: &Rule) {
        for ((_, rules), (_, first)) in self.tables.iter_mut().zip(published()) {
            rules.thresholds[rule.id as usize] = first.threshold(rule.id);
        }
    }

    /// The threshold of a rule by the table of a language, and what it was at first, if the language has such a rule.
    pub fn threshold(&self, language: &str, rule: &Rule) -> Option<(f64, f64)> {
        let number = self.tables.iter().position(|(known, _)| *known == language)?;
        let (rules, first) = (self.rules(number), &published()[number].1);
        rules.stages.contains(&rule.stage).then(|| (rules.threshold(rule.id), first.threshold(rule.id)))
    }

    /// The number of the table for a document.
    pub fn number(&self, document: &Document) -> usize {
        let language = self.languages.rules(document);
        self.tables.iter().position(|(known, _)| *known == language).unwrap_or(self.tables.len() - 1)
    }

    /// The table of this number, if there is one.
    pub fn rules(&self, number: usize) -> &Rules {
        &self.tables[number].1
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.tables.len()
    }
}
