//! `glasshouse corpus explain`: what each rule says of each document, to compare with datatrove and spaCy.

use std::path::PathBuf;

use clap::Args;
use glasshouse::Result;
use glasshouse::corpus::filters::{Filters, Size, Stage};
use glasshouse::corpus::minhash::{self, Signer};
use glasshouse::corpus::words::{self, Words};
use glasshouse::corpus::{Counter, Report, jsonl, language, personal, url};
use serde_json::{Map, json};

use super::url_and_language::UrlAndLanguageArgs;
use super::{files, inputs};
use crate::cli::output;

/// Print what each filter, asked alone, says of each document: the rule that fires, and what it measured.
#[derive(Args, Debug)]
pub struct ExplainArgs {
    /// JSONL files with a text field, plain, gzip or zstd.
    #[arg(long, required = true, num_args = 1.., value_name = "PATH")]
    input: Vec<PathBuf>,
    /// Set a rule, by its name in the report.
    #[arg(long, value_name = "RULE=VALUE")]
    set: Vec<String>,
    /// Print what the filter of addresses says, where there are block lists, and the language, where there is a model.
    #[command(flatten)]
    front: UrlAndLanguageArgs,
    /// Print the words, too, white space included, and how many sentences they are.
    #[arg(long)]
    words: bool,
    /// Print the plain form, too, and the MinHash signature: 14 buckets of 8 hashes, or null.
    #[arg(long)]
    signature: bool,
    /// Print the text without personal data, too.
    #[arg(long)]
    personal: bool,
}

/// Prints one JSON object a document.
pub fn run(args: ExplainArgs) -> Result<()> {
    let tables = args.front.tables(&args.set)?;
    let mut filters: Vec<Filters> =
        (0..tables.count()).map(|number| Filters::new(tables.rules(number).clone())).collect();
    let front = args.front.given(&args.set)?;
    let mut report = Report::default();
    let mut tokens = Vec::new();
    let mut signer = Signer::default();
    for file in inputs::files(&args.input)? {
        let name = file.display().to_string();
        for line in jsonl::Lines::new(files::open(&file)?) {
            let (number, line) = line.map_err(|error| files::unreadable(&file, error))?;
            let document = line.and_then(|line| jsonl::document(&line, "text", || format!("{name}/{number}")));
            let Ok(mut document) = document else { continue };
            let mut object = Map::from_iter([("id".into(), json!(document.id))]);
            let names: Vec<&str> = front.names().into_iter().map(|(name, _)| name).collect();
            if names.contains(&url::STAGE) {
                let said = front.address(&document, |_| Size::default(), &mut report).err();
                object.insert(url::STAGE.into(), json!(said.map(|removal| removal.reason)));
            }
            if names.contains(&language::STAGE) {
                let said = front.language(&mut document, &Counter::default(), &mut report, &mut tokens).err();
                let known = json!({
                    "code": document.language,
                    "score": document.language_score,
                    "reason": said.map(|removal| removal.reason),
                });
                object.insert(language::STAGE.into(), known);
            }
            let filters = &mut filters[tables.number(&document)];
            for stage in Stage::ALL {
                let mut document = document.clone();
                let said = match filters.alone(stage, &mut document) {
                    Ok(()) => json!(null),
                    Err(removal) => json!({ "reason": removal.reason, "value": removal.value }),
                };
                object.insert(stage.name().into(), said);
            }
            if args.words {
                match Words::of(document.language.as_deref()) {
                    Words::English => words::tokens(&document.text, &mut tokens),
                    words => words.cut(&document.text, &mut tokens),
                }
                let words: Vec<&str> = tokens.iter().map(|token| token.text(&document.text)).collect();
                object.insert("words".into(), json!(words));
                object.insert("sentences".into(), json!(words::sentences(&document.text, &tokens)));
            }
            if args.signature {
                object.insert("plain".into(), json!(minhash::normalise(&document.text)));
                object.insert("signature".into(), json!(signer.sign(&document.text)));
            }
            if args.personal {
                let mut text = document.text;
                personal::replace(&mut text, false);
                object.insert("personal".into(), json!(text));
            }
            output::json(&object)?;
        }
    }
    Ok(())
}
