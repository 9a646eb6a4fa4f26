//! The options that say how a text is read, the same for every command that reads one.

use clap::Args;
use glasshouse::Result;
use glasshouse::corpus::readers::{As, Reading, Units, check_encoding};

/// How a text is read.
#[derive(Args, Clone, Debug, Default)]
pub struct ReaderArgs {
    /// Take every file for this, whatever its content says that it is.
    #[arg(long = "as", value_name = "text|jsonl|html", help_heading = "Text")]
    pub taken_as: Option<As>,
    /// The field of JSON, or the column of Parquet, that holds a document's text; `text` where none is named.
    #[arg(long, value_name = "NAME", help_heading = "Text")]
    pub text_field: Option<String>,
    /// Cut a text file into documents where this stands; \n in it is a line end, \t a tab.
    #[arg(long, value_name = "STRING", allow_hyphen_values = true, help_heading = "Text")]
    pub split_on: Option<String>,
    /// What of a text file is a document: the file, or each line that is not blank.
    #[arg(long, value_name = "files|lines", help_heading = "Text")]
    pub documents: Option<Units>,
    /// What all texts are written in: utf-8, utf-16le, gb18030, big5, shift_jis, windows-1252 and the like, or bytes to take them as
    /// they are. Each text says it itself where none is named.
    #[arg(long, value_name = "NAME|bytes", help_heading = "Text")]
    pub encoding: Option<String>,
}

impl ReaderArgs {
    /// The reading that they ask for.
    pub fn reading(&self) -> Result<Reading> {
        let otherwise = Reading::default();
        let reading = Reading {
            reader: Reading::NEWEST,
            taken_as: self.taken_as,
            text_field: self.text_field.clone().unwrap_or(otherwise.text_field),
            split_on: self.split_on.as_deref().map(unescaped),
            documents: self.documents.unwrap_or_default(),
            encoding: self.encoding.clone(),
        };
        reading.check()?;
        reading.encoding.as_deref().map(check_encoding).transpose()?;
        Ok(reading)
    }

    /// The first of these options that was given, for a command that cannot take it now.
    pub fn given(&self) -> Option<&'static str> {
        let given = [
            ("--as", self.taken_as.is_some()),
            ("--text-field", self.text_field.is_some()),
            ("--split-on", self.split_on.is_some()),
            ("--documents", self.documents.is_some()),
            ("--encoding", self.encoding.is_some()),
        ];
        given.into_iter().find(|(_, given)| *given).map(|(name, _)| name)
    }
}

/// A text with the escapes that a shell leaves: `\n`, `\r`, `\t` and `\\`.
fn unescaped(text: &str) -> String {
    let mut found = String::new();
    let mut rest = text.chars();
    while let Some(c) = rest.next() {
        let escaped = match (c, rest.clone().next()) {
            ('\\', Some('n')) => '\n',
            ('\\', Some('r')) => '\r',
            ('\\', Some('t')) => '\t',
            ('\\', Some('\\')) => '\\',
            _ => {
                found.push(c);
                continue;
            }
        };
        rest.next();
        found.push(escaped);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::unescaped;

    #[test]
    fn escapes_that_a_shell_leaves_are_read() {
        assert_eq!(unescaped(r"\n\n"), "\n\n");
        assert_eq!(unescaped(r"<|e|>\\n\d"), "<|e|>\\n\\d");
    }
}
