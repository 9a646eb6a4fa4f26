//! How a text is read, as plain data: a run notes it, so that it reads the same documents when it goes on.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// What a file is taken for, whatever it looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum As {
    /// Text as it stands.
    Text,
    /// Objects of JSON, a line each or in one array.
    Jsonl,
    /// A web page.
    Html,
}

/// What of a text file is a document.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Units {
    /// The file.
    #[default]
    Files,
    /// Each line that is not blank.
    Lines,
}

/// How a text is read. A run notes it beside its text: the same files read in the same way give the same documents.
///
/// `reader` 1 is what runs were read by before there was a choice: a file's name says what it is, every line of JSON has its text
/// in `text`, a damaged line ends the reading, and bytes are taken as they are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// The version of the reader, [`Reading::NEWEST`] for what is read now.
    pub reader: u32,
    /// What every file is taken for; none where its content says what it is.
    #[serde(rename = "as", default, skip_serializing_if = "Option::is_none")]
    pub taken_as: Option<As>,
    /// The field of JSON, or the column of Parquet, that holds a document's text.
    #[serde(default = "text")]
    pub text_field: String,
    /// What stands between two documents of a text file; none where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_on: Option<String>,
    /// What of a text file is a document.
    #[serde(default)]
    pub documents: Units,
    /// The encoding of every text, by its name, or `bytes`; none where the text says it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
}

fn text() -> String {
    "text".into()
}

impl Reading {
    /// The version of the reader that reads by content.
    pub const NEWEST: u32 = 2;

    /// How texts were read before there was a choice.
    pub fn first() -> Self {
        Reading { reader: 1, ..Reading::default() }
    }

    /// Refuses what contradicts itself, and a reader that this program does not have. Of encodings [`corpus::readers`] knows the names.
    ///
    /// [`corpus::readers`]: ../corpus/readers/index.html
    pub fn check(&self) -> Result<()> {
        let usage = |message: String| Err(Error::Usage(message));
        if !(1..=Self::NEWEST).contains(&self.reader) {
            return usage(format!(
                "the text was read by reader {}, and this program has up to {}: use a newer Glasshouse",
                self.reader,
                Self::NEWEST
            ));
        }
        if self.split_on.is_some() && self.documents == Units::Lines {
            return usage(
                "--split-on and --documents lines both say where a document ends: give one of the two".into(),
            );
        }
        if self.split_on.as_ref().is_some_and(String::is_empty) {
            return usage("--split-on is empty: give the text that stands between two documents".into());
        }
        Ok(())
    }
}

impl Default for Reading {
    fn default() -> Self {
        Reading {
            reader: Self::NEWEST,
            taken_as: None,
            text_field: text(),
            split_on: None,
            documents: Units::Files,
            encoding: None,
        }
    }
}

impl FromStr for As {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "text" => Ok(As::Text),
            "jsonl" => Ok(As::Jsonl),
            "html" => Ok(As::Html),
            _ => Err(Error::Usage(format!("a file is taken as text, jsonl or html, not as {name:?}"))),
        }
    }
}

impl FromStr for Units {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        match name {
            "files" => Ok(Units::Files),
            "lines" => Ok(Units::Lines),
            _ => Err(Error::Usage(format!("the documents of a text are files or lines, not {name:?}"))),
        }
    }
}
