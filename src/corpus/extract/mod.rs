//! The main text of a web page.
//!
//! The extraction is the crate `trafilatura`, a port of the library that FineWeb's pipeline calls, asked as FineWeb asks it:
//! for precision, without comments. Of the crates there are it is the one that comes closest to the original. On the 990
//! pages of the original's own evaluation: the original F1 0.922, this module 0.917, `dom_smoothie` 0.890, `rs-trafilatura`
//! 0.891. `make bench-corpus` holds its speed to the original's.
//!
//! What a page may cost is limited as work, its bytes, its nodes, their depth and their attributes, and segments that repeat are looked for
//! within the page alone, so that a page gives the same text wherever and whenever it is read. (The original looks across
//! pages, and its text depends on those before.)

mod attributes;
mod decode;
mod lines;
mod prune;

use trafilatura::{ExtractionFocus, HtmlDateMode, Options};

use super::MAX_PAGE_BYTES;
pub use decode::decode;

/// No page of more nodes.
pub const MAX_NODES: usize = 200_000;
/// No page that nests elements deeper; browsers stop there, too.
pub const MAX_DEPTH: usize = 500;

/// No element has more attributes: they are looked through one by one.
pub const MAX_ATTRIBUTES: usize = 1000;

/// Why a page gives no text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It is longer than [`MAX_PAGE_BYTES`].
    TooLong,
    /// Its bytes are no text in any encoding.
    NoEncoding,
    /// It has more nodes than [`MAX_NODES`].
    TooManyNodes,
    /// It is deeper than [`MAX_DEPTH`].
    TooDeep,
    /// An element of it has more attributes than [`MAX_ATTRIBUTES`].
    TooManyAttributes,
    /// There is no main text in it.
    Empty,
}

impl Reason {
    /// The name under which it is counted.
    pub fn name(self) -> &'static str {
        match self {
            Reason::TooLong => "page_too_long",
            Reason::NoEncoding => "no_encoding",
            Reason::TooManyNodes => "too_many_nodes",
            Reason::TooDeep => "too_deep",
            Reason::TooManyAttributes => "too_many_attributes",
            Reason::Empty => "empty",
        }
    }
}

/// The main text of a page, paragraph by line; or why there is none, and what was measured.
pub fn text(html: &str) -> Result<String, (Reason, usize)> {
    if html.len() > MAX_PAGE_BYTES {
        return Err((Reason::TooLong, html.len()));
    }
    let most = attributes::most(html);
    if most > MAX_ATTRIBUTES {
        return Err((Reason::TooManyAttributes, most));
    }
    let pruned = prune::prune(html)?;
    let options = Options::default()
        .with_focus(ExtractionFocus::FavorPrecision)
        .with_fallback(true)
        .with_exclude_comments(true)
        .with_deduplicate(true)
        .with_html_date_mode(HtmlDateMode::Disabled);
    let found = trafilatura::extract(&pruned, &options).map_err(|_| (Reason::Empty, 0))?;
    let text = lines::lines(&found.content_html);
    if text.is_empty() { Err((Reason::Empty, 0)) } else { Ok(text) }
}
