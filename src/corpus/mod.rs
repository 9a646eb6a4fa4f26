//! Web pages become documents: the rules of the FineWeb pipeline as datatrove 0.10.1 has them, and the built-in corpora.

mod builtin;
mod characters;
pub mod cleaning;
mod counter;
mod document;
mod excerpt;
#[cfg(feature = "extraction")]
pub mod extract;
pub mod filters;
mod incoming;
pub mod jsonl;
pub mod language;
pub mod minhash;
pub mod page;
pub mod personal;
mod python_str;
pub mod readers;
mod report;
mod tables;
mod texts;
#[cfg(feature = "addresses")]
pub mod url;
pub mod warc;
pub mod words;

pub use builtin::{Builtin, documents, of_file};
pub use counter::Counter;
pub use document::{Document, Removal, Removed};
pub use excerpt::Excerpt;
pub use incoming::{incoming, none};
pub use report::{Call, FileSum, InputSum, Report, Shard, StageReport};
pub use texts::{read_jsonl, write_jsonl};

/// No page in HTML of more bytes is read: Common Crawl cuts pages off far below.
pub const MAX_PAGE_BYTES: usize = 8 << 20;
