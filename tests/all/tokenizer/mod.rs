//! Evidence for the way from documents to tokens.

mod bpe;
mod cli;
mod formats;
mod split;
mod view;
mod vocabularies;
