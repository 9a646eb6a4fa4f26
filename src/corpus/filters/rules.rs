//! The rules of the four filters in their order: names, thresholds, and what each measures. Everything that shows or sets
//! a rule reads this table.

use std::cell::RefCell;

use crate::corpus::words::Words;
use crate::{Error, Result};

/// The filters, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    /// Gopher's rules against repetition.
    GopherRepetition,
    /// Gopher's rules of quality.
    GopherQuality,
    /// C4's rules, which also drop lines.
    C4,
    /// FineWeb's own rules.
    FineWeb,
}

impl Stage {
    /// All, in their order.
    pub const ALL: [Stage; 4] = [Stage::GopherRepetition, Stage::GopherQuality, Stage::C4, Stage::FineWeb];

    /// The name in reports and of folders.
    pub const fn name(self) -> &'static str {
        match self {
            Stage::GopherRepetition => "gopher_repetition",
            Stage::GopherQuality => "gopher_quality",
            Stage::C4 => "c4",
            Stage::FineWeb => "fineweb",
        }
    }
}

/// When a rule fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fires {
    /// Where the value is above the threshold.
    Above,
    /// Where it is below.
    Below,
}

/// What a rule drops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Drops {
    /// The document.
    Document,
    /// The line.
    Line,
    /// Nothing: it is a number that another rule needs.
    Nothing,
}

/// A rule that can be set.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Its place in [`RULES`].
    pub id: Id,
    /// datatrove's reason.
    pub name: &'static str,
    /// The filter that it belongs to.
    pub stage: Stage,
    /// What it drops.
    pub drops: Drops,
    /// When.
    pub fires: Fires,
    /// The threshold that FineWeb has; infinite where FineWeb leaves the rule out.
    pub threshold: f64,
    /// What it measures.
    pub measures: &'static str,
}

/// Makes the enum and the table out of one list.
macro_rules! rules {
    ($(($id:ident, $name:literal, $stage:ident, $drops:ident, $fires:ident, $threshold:expr, $measures:literal),)*) => {
        /// A rule's place in the table.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Id {
            $(#[doc = $measures] $id,)*
        }

        /// The rules, in the order in which a document is asked, those of lines in the order in which a line is asked.
        pub const RULES: &[Rule] = &[$(Rule {
            id: Id::$id,
            name: $name,
            stage: Stage::$stage,
            drops: Drops::$drops,
            fires: Fires::$fires,
            threshold: $threshold,
            measures: $measures,
        },)*];
    };
}

#[rustfmt::skip]
rules! {
    (DupParaFrac, "dup_para_frac", GopherRepetition, Document, Above, 0.30, "share of paragraphs that stood before"),
    (DupParaCharFrac, "dup_para_char_frac", GopherRepetition, Document, Above, 0.20, "share of the text in paragraphs that stood before"),
    (DupLineFrac, "dup_line_frac", GopherRepetition, Document, Above, 0.30, "share of lines that stood before"),
    (DupLineCharFrac, "dup_line_char_frac", GopherRepetition, Document, Above, 0.20, "share of the text in lines that stood before"),
    (Top2Gram, "top_2_gram", GopherRepetition, Document, Above, 0.20, "share of the text that the most frequent two words in a row take"),
    (Top3Gram, "top_3_gram", GopherRepetition, Document, Above, 0.18, "share of the text that the most frequent three words in a row take"),
    (Top4Gram, "top_4_gram", GopherRepetition, Document, Above, 0.16, "share of the text that the most frequent four words in a row take"),
    (Duplicated5Grams, "duplicated_5_n_grams", GopherRepetition, Document, Above, 0.15, "share of the text in five words in a row that stood before"),
    (Duplicated6Grams, "duplicated_6_n_grams", GopherRepetition, Document, Above, 0.14, "share of the text in six words in a row that stood before"),
    (Duplicated7Grams, "duplicated_7_n_grams", GopherRepetition, Document, Above, 0.13, "share of the text in seven words in a row that stood before"),
    (Duplicated8Grams, "duplicated_8_n_grams", GopherRepetition, Document, Above, 0.12, "share of the text in eight words in a row that stood before"),
    (Duplicated9Grams, "duplicated_9_n_grams", GopherRepetition, Document, Above, 0.11, "share of the text in nine words in a row that stood before"),
    (Duplicated10Grams, "duplicated_10_n_grams", GopherRepetition, Document, Above, 0.10, "share of the text in ten words in a row that stood before"),
    (ShortDoc, "gopher_short_doc", GopherQuality, Document, Below, 50.0, "words that are no mere symbols"),
    (LongDoc, "gopher_long_doc", GopherQuality, Document, Above, 100_000.0, "words that are no mere symbols"),
    (BelowAverage, "gopher_below_avg_threshold", GopherQuality, Document, Below, 3.0, "mean length of these words"),
    (AboveAverage, "gopher_above_avg_threshold", GopherQuality, Document, Above, 10.0, "mean length of these words"),
    (Hashes, "gopher_too_many_hashes", GopherQuality, Document, Above, 0.1, "signs # a word"),
    (Ellipses, "gopher_too_many_ellipsis", GopherQuality, Document, Above, 0.1, "ellipses a word"),
    (Bullets, "gopher_too_many_bullets", GopherQuality, Document, Above, 0.9, "share of lines that begin with a bullet"),
    (EndEllipses, "gopher_too_many_end_ellipsis", GopherQuality, Document, Above, 0.3, "share of lines that end with an ellipsis"),
    (Alpha, "gopher_below_alpha_threshold", GopherQuality, Document, Below, 0.8, "share of words with a letter"),
    (StopWords, "gopher_enough_stop_words", GopherQuality, Document, Below, 2.0, "different words of the most common ones"),
    (LongWord, "too_long_word", C4, Line, Above, 1000.0, "length of the longest word of a line"),
    (NoTerminal, "no_terminal_punc", C4, Line, Above, f64::INFINITY, "1 where a line does not end as sentences do"),
    (FewWords, "too_few_words", C4, Line, Below, 3.0, "words of a line"),
    (LoremIpsum, "lorem_ipsum", C4, Document, Above, 0.0, "lines with the words lorem ipsum"),
    (Javascript, "javascript", C4, Line, Above, 0.0, "1 where a line speaks of javascript"),
    (CurlyBracket, "curly_bracket", C4, Document, Above, 0.0, "lines with the bracket {"),
    (Policy, "policy", C4, Line, Above, 0.0, "1 where a line speaks of cookies, privacy or terms of use"),
    (FewSentences, "too_few_sentences", C4, Document, Below, 5.0, "sentences in the lines that are left"),
    (LinePunctuation, "line_punct_ratio", FineWeb, Document, Below, 0.12, "share of lines that end as sentences do"),
    (ShortLines, "short_line_ratio", FineWeb, Document, Above, 0.67, "share of short lines"),
    (ShortLineLength, "short_line_length", FineWeb, Nothing, Above, 30.0, "the most characters of a short line"),
    (DuplicateLines, "char_dup_ratio", FineWeb, Document, Above, 0.01, "share of the text in lines that stood before"),
    (List, "list_ratio", FineWeb, Document, Above, 0.3, "line ends a word"),
}

impl Id {
    /// The rule of this name.
    pub fn rule(self) -> &'static Rule {
        &RULES[self as usize]
    }

    /// The rule that comes `further` down the table.
    pub(super) fn further(self, further: usize) -> Id {
        RULES[self as usize + further].id
    }
}

/// Says of what was measured whether a rule fires at it.
pub(super) trait Judge {
    /// The thresholds that it judges by.
    fn rules(&self) -> &Rules;
    /// Whether a rule fires at `value`.
    fn fires(&self, id: Id, value: f64) -> bool;
}

impl Judge for Rules {
    fn rules(&self) -> &Rules {
        self
    }

    fn fires(&self, id: Id, value: f64) -> bool {
        Rules::fires(self, id, value)
    }
}

/// Lets every document pass and writes down what was measured of it; lines it judges by the rules.
pub(super) struct Recorder<'a> {
    rules: &'a Rules,
    values: RefCell<Vec<(Id, f64)>>,
}

impl<'a> Recorder<'a> {
    pub(super) fn new(rules: &'a Rules) -> Self {
        Recorder { rules, values: RefCell::default() }
    }

    /// Each rule that was asked, in order, with its value; of several values, lines' or sums', the one nearest to firing.
    pub(super) fn values(self) -> Vec<(Id, f64)> {
        self.values.into_inner()
    }
}

impl Judge for Recorder<'_> {
    fn rules(&self) -> &Rules {
        self.rules
    }

    fn fires(&self, id: Id, value: f64) -> bool {
        let mut values = self.values.borrow_mut();
        match values.iter_mut().find(|(known, _)| *known == id) {
            Some((_, known)) if id.rule().fires == Fires::Above => *known = known.max(value),
            Some((_, known)) => *known = known.min(value),
            None => values.push((id, value)),
        }
        id.rule().drops == Drops::Line && self.rules.fires(id, value)
    }
}

/// The thresholds of a run, and the words that the rules name.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    pub(super) thresholds: [f64; RULES.len()],
    /// The most common words, of which a text has some.
    pub stop_words: &'static [&'static str],
    /// The filters that the language has; the others let its documents pass.
    pub stages: &'static [Stage],
    /// How its texts are cut into words.
    pub words: Words,
}

impl Rules {
    /// The threshold of a rule; infinite where it never fires.
    pub fn threshold(&self, id: Id) -> f64 {
        self.thresholds[id as usize]
    }

    /// Sets a rule as `NAME=VALUE` says; the value `off` means that it never fires.
    pub fn set(&mut self, setting: &str) -> Result<()> {
        let refuse = |message: String| Err(Error::Usage(format!("--set {setting}: {message}")));
        let Some((name, value)) = setting.split_once('=') else {
            return refuse("expected RULE=VALUE, such as char_dup_ratio=0.1 or curly_bracket=off".into());
        };
        let Some(rule) = RULES.iter().find(|rule| rule.name == name) else {
            let names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
            let before = "language_score or soft_blacklisted of the stages before";
            return refuse(format!("there is no rule '{name}': take one of {}, or {before}", names.join(", ")));
        };
        let value = match value.parse::<f64>() {
            Ok(value) if value.is_finite() => value,
            _ if value == "off" && rule.drops != Drops::Nothing => match rule.fires {
                Fires::Above => f64::INFINITY,
                Fires::Below => f64::NEG_INFINITY,
            },
            _ => return refuse(format!("'{value}' is neither a number nor off")),
        };
        self.thresholds[rule.id as usize] = value;
        Ok(())
    }

    /// Whether a rule fires at `value`.
    pub fn fires(&self, id: Id, value: f64) -> bool {
        match id.rule().fires {
            Fires::Above => value > self.threshold(id),
            Fires::Below => value < self.threshold(id),
        }
    }
}
