//! The text that the page shows before any training: its documents, and stretches of it as characters and bytes.

use js_sys::{Array, Uint8Array};
use serde::Serialize;
use wasm_bindgen::prelude::*;

use super::{Answer, own_documents, to_js};
use crate::corpus;
use crate::reading::Reading;
use crate::stream::{DocumentSpan, Stream};

/// A text in one line.
#[wasm_bindgen]
pub struct TextStream(Stream);

#[wasm_bindgen]
impl TextStream {
    /// The file of a built-in corpus.
    pub fn from_corpus(file: &[u8]) -> Answer<TextStream> {
        Ok(TextStream(Stream::new(&corpus::documents(file)?)))
    }

    /// The user's files, `[{name, bytes}]`.
    pub fn from_files(files: &Array) -> Answer<TextStream> {
        Ok(TextStream(Stream::new(&own_documents(files, &Reading::default())?.1)))
    }

    /// `{bytes, all}`: all documents are so many.
    pub fn describe(&self) -> JsValue {
        to_js(&serde_json::json!({ "bytes": self.0.bytes().len(), "all": self.0.count() }))
    }

    /// Up to `count` documents from the one at `first` on: `{first, documents: [{start, bytes, title}]}`.
    pub fn documents(&self, first: usize, count: usize) -> JsValue {
        #[derive(Serialize)]
        struct Documents {
            first: usize,
            documents: Vec<DocumentSpan>,
        }
        to_js(&Documents { first, documents: self.0.documents(first).take(count).collect() })
    }

    /// Up to `count` characters from byte `at` on: `{at, characters: [{text, bytes, begins}]}`. A byte that is no
    /// UTF-8 has no text.
    pub fn window(&self, at: usize, count: usize) -> JsValue {
        #[derive(Serialize)]
        struct Character<'a> {
            text: Option<&'a str>,
            bytes: &'a [u8],
            begins: bool,
        }
        #[derive(Serialize)]
        struct Window<'a> {
            at: usize,
            characters: Vec<Character<'a>>,
        }
        let found = self.0.characters(at, count);
        let characters = found.iter().map(|c| Character { text: c.text(), bytes: c.bytes, begins: c.begins }).collect();
        to_js(&Window { at: self.0.character_at(at.min(self.0.bytes().len())), characters })
    }

    /// The first `most` bytes, cut between two characters.
    pub fn head(&self, most: usize) -> Uint8Array {
        let bytes = self.0.bytes();
        let end = if most < bytes.len() { self.0.character_at(most) } else { bytes.len() };
        Uint8Array::from(&bytes[..end])
    }
}
