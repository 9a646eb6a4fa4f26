//! The filter of addresses: block lists of domains, hosts and addresses, and words that stand in an address, in datatrove's
//! order.

mod host;
mod lists;

use std::ops::Range;

use aho_corasick::AhoCorasick;
use host::Host;
pub use lists::{ListFault, ListKind, Lists};

use super::{Document, Removal};
use crate::{Error, Result};

/// The stage's name.
pub const STAGE: &str = "url";
/// The rule that counts words, which can be set.
pub const SOFT: &str = "soft_blacklisted";
/// Why a document was not asked about.
pub const NO_URL: &str = "no url";

/// Takes out documents by where they are from.
pub struct UrlFilter {
    lists: Lists,
    subwords: AhoCorasick,
    soft_words: f64,
}

impl UrlFilter {
    /// A filter by these lists, with datatrove's threshold. Fails where there are more parts of words than can be looked for.
    pub fn new(lists: Lists) -> Result<Self> {
        let subwords = AhoCorasick::new(&lists.subwords)
            .map_err(|error| Error::Config(format!("the parts of words that are blocked are too many: {error}")))?;
        Ok(UrlFilter { lists, subwords, soft_words: 2.0 })
    }

    /// Sets how many different soft words are too many.
    pub fn set_soft_words(&mut self, count: f64) {
        self.soft_words = count;
    }

    /// The lists.
    pub fn lists(&self) -> &Lists {
        &self.lists
    }

    /// Why an address is blocked, by datatrove's name, with what was counted, if it is.
    ///
    /// Two lines of lists reach further here than with datatrove, where they reach nothing: addresses in a list may stand
    /// without their scheme, as UT1's do, and a host may be four numbers.
    pub fn blocks(&self, url: &str) -> Option<(&'static str, f64)> {
        let (host, lists) = (Host::of(url), &self.lists);
        if host.domain().is_some_and(|domain| lists.domains.contains(domain)) {
            return Some(("domain", 1.0));
        }
        if host.name().is_some_and(|name| lists.domains.contains(name)) {
            return Some(("subdomain", 1.0));
        }
        if lists.urls.contains(url) || lists.urls.contains(host::without_scheme(url)) {
            return Some(("url", 1.0));
        }
        let mut words: Vec<&str> = words(url).collect();
        words.sort_unstable();
        words.dedup();
        if words.iter().any(|&word| lists.words.contains(word)) {
            return Some(("hard_blacklisted", 1.0));
        }
        let soft = words.iter().filter(|&&word| lists.soft_words.contains(word)).count() as f64;
        if soft >= self.soft_words {
            return Some((SOFT, soft));
        }
        // No parts at all would be found everywhere.
        let found = !lists.subwords.is_empty() && self.subwords.is_match(&letters(url));
        found.then_some(("blacklisted_subword", 1.0))
    }

    /// Whether a document may pass. One without an address may.
    pub fn judge(&self, document: &Document) -> std::result::Result<(), Removal> {
        let Some((reason, value)) = document.url.as_deref().and_then(|url| self.blocks(url)) else { return Ok(()) };
        // Nothing of the text did it.
        const NOWHERE: Range<usize> = 0..0;
        Err(Removal { stage: STAGE.into(), reason: reason.into(), value, span: NOWHERE })
    }
}

/// The threshold that `value` of `--set soft_blacklisted=value` is.
pub fn threshold(value: &str) -> Result<f64> {
    match value.parse::<f64>() {
        Ok(count) if count.is_finite() => Ok(count),
        _ if value == "off" => Ok(f64::INFINITY),
        _ => Err(Error::Usage(format!("--set {SOFT}={value}: '{value}' is neither a number nor off"))),
    }
}

/// What stands between all that is neither a letter nor a digit of ASCII.
fn words(url: &str) -> impl Iterator<Item = &str> {
    url.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty())
}

/// The letters and digits of ASCII, in lower case.
fn letters(text: &str) -> String {
    text.chars().filter(char::is_ascii_alphanumeric).map(|c| c.to_ascii_lowercase()).collect()
}
