//! Evidence for the way from web pages to documents.

mod builtin;
mod extract;
mod filters;
mod language;
mod minhash;
mod personal;
mod url;
mod warc;
mod words;
