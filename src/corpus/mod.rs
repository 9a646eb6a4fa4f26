//! Web pages become documents: the rules of the FineWeb pipeline as datatrove 0.10.1 has them, and the built-in corpora.

mod builtin;
mod characters;
mod document;
pub mod filters;
pub mod jsonl;
pub mod minhash;
pub mod personal;
mod python;
mod report;
mod tables;
pub mod warc;
pub mod words;

pub use builtin::{Builtin, documents, of_file};
pub use document::{Document, Removal, Removed};
pub use report::{Report, StageReport};
