//! The URL and language stages, which come before the text is judged.

use std::path::{Path, PathBuf};

use clap::Args;
use glasshouse::corpus::filters::{Size, Tables};
use glasshouse::corpus::language::{self, FastTextModel, Identifier, LanguageFilter, Languages};
use glasshouse::corpus::url::{self, ListKind, Lists, UrlFilter};
use glasshouse::corpus::words::Token;
use glasshouse::corpus::{Counter, Document, Removal, Report};
use glasshouse::numerals::hexadecimal;
use glasshouse::{Error, Result};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::files;
use super::folder::input_sum;
use crate::cli::input;
use crate::cli::output::grouped;

/// Larger files are refused as language models.
const MAX_MODEL_BYTES: u64 = 2 << 30;

/// At most this many faulty lines are printed; all are counted.
const MAX_FAULT_LINES: u64 = 10;

/// Options about addresses and languages.
#[derive(Args, Clone, Debug)]
pub struct UrlAndLanguageArgs {
    /// Keep documents in these languages, by codes such as en,zh, each judged by the rules of its own: English and Chinese have
    /// some, and what has none is passed on and counted. With `each` all languages are kept, each judged by its own rules; with
    /// `any` all are kept, and judged by the English rules, as datatrove does.
    #[arg(long, value_name = "L,...|each|any", default_value = "any")]
    languages: Languages,
    /// Tell languages by a classifier of fastText's, such as lid.176.ftz or lid.176.bin; without it whatlang tells them.
    #[arg(long, value_name = "FILE")]
    language_model: Option<PathBuf>,
    /// Take out documents by their address: a folder, however deep, of files called domains and urls, as UT1's block lists
    /// are, and banned_words.txt, soft_banned_words.txt and banned_subwords.txt, as datatrove's are.
    #[arg(long, value_name = "DIR")]
    block_lists: Option<PathBuf>,
}

impl UrlAndLanguageArgs {
    /// The rules of all languages; of `settings` those that are not about addresses or languages are theirs.
    pub fn tables(&self, settings: &[String]) -> Result<Tables> {
        let name = |setting: &str| setting.split('=').next().unwrap_or_default().to_owned();
        let others = settings.iter().filter(|setting| ![url::SOFT, language::SCORE].contains(&&*name(setting)));
        Tables::new(self.languages.clone(), others)
    }

    /// What the options come to, with the sums of the files that they name: what distinguishes one run from another.
    pub fn settings(&self) -> Result<Value> {
        let lists = self.block_lists.as_ref().map_or(Ok(Vec::new()), |dir| list_files(dir))?;
        let files: Vec<PathBuf> = lists.into_iter().map(|(path, _)| path).chain(self.language_model.clone()).collect();
        let given: Vec<PathBuf> = self.block_lists.iter().cloned().collect();
        let sums = files.iter().map(|path| input_sum(path, &given)).collect::<Result<Vec<_>>>()?;
        Ok(json!([format!("{:?}", self.languages), sums]))
    }

    /// The stages that are chosen. `all` where none was chosen by name.
    pub fn stages(&self, addresses: bool, languages: bool, all: bool, settings: &[String]) -> Result<UrlAndLanguage> {
        for (given, chosen, option, stage) in [
            (self.block_lists.is_some(), addresses, "--block-lists", url::STAGE),
            (self.language_model.is_some(), languages, "--language-model", language::STAGE),
        ] {
            if given && !chosen {
                let message = format!("{option} is for the stage {stage}, which --only leaves out: add --only {stage}");
                return Err(Error::Usage(message));
            }
        }
        if addresses && !all && self.block_lists.is_none() {
            return Err(Error::Usage("--only url needs --block-lists DIR: without lists no address is blocked".into()));
        }
        let mut front = UrlAndLanguage { addresses: None, languages: None };
        if let Some(dir) = self.block_lists.as_ref().filter(|_| addresses) {
            front.addresses = Some(address_filter(dir)?);
        }
        if languages {
            let identifier = self.identifier()?;
            if let Languages::These(codes) = &self.languages
                && let Some(code) = codes.iter().find(|code| !identifier.tells(code))
            {
                return Err(Error::Usage(format!(
                    "--languages: {} tells no language '{code}': expected codes such as en, de or zh, or any or each",
                    identifier.name()
                )));
            }
            front.languages = Some(LanguageFilter::new(identifier, self.languages.clone()));
        }
        for setting in settings {
            let (name, value) = setting.split_once('=').unwrap_or_default();
            if name == url::SOFT {
                let count = url::threshold(value)?;
                front.addresses.iter_mut().for_each(|(filter, _)| filter.set_soft_words(count));
            } else if name == language::SCORE {
                let least = language::threshold(value)?;
                front.languages.iter_mut().for_each(|filter| filter.set_least(least));
            }
        }
        Ok(front)
    }

    /// The stages for which there are files.
    pub fn given(&self, settings: &[String]) -> Result<UrlAndLanguage> {
        self.stages(self.block_lists.is_some(), self.language_model.is_some(), false, settings)
    }

    fn identifier(&self) -> Result<Identifier> {
        let Some(path) = &self.language_model else { return Ok(Identifier::Whatlang) };
        let fail = |error| Error::io(path, "read", error);
        let length = path.metadata().map_err(fail)?.len();
        if length > MAX_MODEL_BYTES {
            return Err(Error::format(
                path.display(),
                format!("expected at most 2 GiB of a model, found {length} bytes"),
            ));
        }
        let bytes = std::fs::read(path).map_err(fail)?;
        let model = FastTextModel::read(&path.display().to_string(), &bytes)?;
        let digest = hexadecimal(&Sha256::digest(&bytes)[..8]);
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Ok(Identifier::FastText(model, format!("{name} (fastText, SHA-256 {digest}…)")))
    }
}

/// The files of a folder that are block lists, in the order of their paths.
fn list_files(dir: &Path) -> Result<Vec<(PathBuf, ListKind)>> {
    let mut files = Vec::new();
    input::list(dir, &mut files)?;
    let kind = |path: &PathBuf| path.file_name().and_then(|name| ListKind::of(&name.to_string_lossy()));
    let lists: Vec<_> = files.into_iter().filter_map(|path| kind(&path).map(|kind| (path, kind))).collect();
    if lists.is_empty() {
        return Err(Error::format(
            dir.display(),
            "expected block lists in it, files called domains, urls, banned_words.txt, soft_banned_words.txt or \
             banned_subwords.txt, found none",
        ));
    }
    Ok(lists)
}

/// The filter by the lists in a folder, and what they came to.
fn address_filter(dir: &Path) -> Result<(UrlFilter, String)> {
    let (mut lists, mut faults) = (Lists::default(), 0);
    for (path, kind) in list_files(dir)? {
        let say = |number, fault| {
            faults += 1;
            if faults <= MAX_FAULT_LINES {
                crate::cli::output::note(format!("{}, line {number}: {fault}; the line is left out", path.display()));
            }
            if faults == MAX_FAULT_LINES {
                crate::cli::output::note(format!("{}: what else is wrong in the lists is counted", dir.display()));
            }
        };
        lists.add(kind, files::open(&path)?, say).map_err(|error| Error::io(&path, "read", error))?;
    }
    let counts: Vec<String> = lists
        .counts()
        .into_iter()
        .chain([("lines left out", faults as usize)])
        .filter(|&(_, count)| count > 0)
        .map(|(what, count)| format!("{what}: {}", grouped(count as u64)))
        .collect();
    Ok((UrlFilter::new(lists)?, format!("block lists ({})", counts.join("; "))))
}

/// The filters of addresses and of languages, where they are chosen.
pub struct UrlAndLanguage {
    addresses: Option<(UrlFilter, String)>,
    languages: Option<LanguageFilter>,
}

impl UrlAndLanguage {
    /// The names of the stages, each with what it judges by.
    pub fn names(&self) -> Vec<(&'static str, String)> {
        let addresses = self.addresses.iter().map(|(_, by)| (url::STAGE, by.clone()));
        let languages = self.languages.iter().map(|filter| (language::STAGE, filter.identifier().name()));
        addresses.chain(languages).collect()
    }

    /// Asks about the address of a document; `size` says how much that is. Without an address it passes.
    pub fn address(
        &self,
        document: &Document,
        size: impl FnOnce(&Document) -> Size,
        report: &mut Report,
    ) -> std::result::Result<(), Removal> {
        let Some((filter, _)) = &self.addresses else { return Ok(()) };
        let result = filter.judge(document);
        count(url::STAGE, size(document), &result, report);
        if document.url.is_none() {
            *report.stage(url::STAGE).unjudged.entry(url::NO_URL.into()).or_default() += 1;
        }
        result
    }

    /// Notes a document's language, and asks whether it is wanted.
    pub fn language(
        &self,
        document: &mut Document,
        counter: &Counter,
        report: &mut Report,
        tokens: &mut Vec<Token>,
    ) -> std::result::Result<(), Removal> {
        let Some(filter) = &self.languages else { return Ok(()) };
        let result = filter.judge(document);
        count(language::STAGE, counter.size(document, tokens), &result, report);
        result
    }
}

/// Counts a document that a stage let pass as it was, or took out.
fn count(stage: &str, size: Size, result: &std::result::Result<(), Removal>, report: &mut Report) {
    let after = result.as_ref().map(|()| size).map_err(|removal| &*removal.reason);
    report.stage(stage).count(size, after);
}
