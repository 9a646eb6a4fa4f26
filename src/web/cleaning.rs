//! The funnel for the view of it: pages that somebody brings, what each stage takes out of them, and what is left.

use std::collections::BTreeMap;

use js_sys::{Array, Function, Reflect, Uint8Array};
use serde::Serialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use web_time::Instant;

use super::{Answer, SLICE, TokenizerView, object, property, to_js};
use crate::corpus::cleaning::{self, Dropped, OTHER, STAGES, Setting};
use crate::corpus::filters::{Drops, Fires};
use crate::corpus::words::chinese;
use crate::corpus::{Counter, Excerpt, Report, incoming, none, page};
use crate::stream::title;

/// At most this many of the documents that a stage drops are sent at once.
const MAX_DROPPED: usize = 200;
/// Characters of a text that are sent on either side of the place that made a rule fire.
const EXCERPT_CHARACTERS: usize = 600;

/// Documents in the funnel.
#[wasm_bindgen]
pub struct Cleaning {
    funnel: cleaning::Cleaning,
    settled: bool,
}

#[wasm_bindgen]
impl Cleaning {
    /// Of the user's files, `[{name, bytes}]`.
    pub fn from_files(files: &Array) -> Answer<Cleaning> {
        chinese::cut_by(chinese_words);
        let (mut names, mut given, mut skipped) = (Vec::new(), Vec::new(), BTreeMap::new());
        for file in files.iter() {
            let name = property(&file, "name").as_string().unwrap_or_default();
            let bytes = Uint8Array::new(&property(&file, "bytes")).to_vec();
            given.extend(incoming(&name, &bytes, &mut skipped)?);
            names.push(name);
        }
        if given.is_empty() {
            return Err(none(&names.join(", "), &skipped).into());
        }
        Ok(Cleaning { funnel: cleaning::Cleaning::new(given, skipped), settled: false })
    }

    /// Whether there are pages in HTML: their text needs the lists of words that lie beside the wasm.
    pub fn extracts(&self) -> bool {
        self.funnel.extracts()
    }

    /// Counts the tokens of a tokenizer, which the page calls so; or words, where there is none.
    pub fn count_tokens(&mut self, tokens: &TokenizerView, name: String) {
        let tokenizer = tokens.tokenizer();
        self.settled = false;
        self.funnel.count_by(Counter::new(move |text| tokenizer.encode(text.as_bytes()).len() as u64), name);
    }

    /// Counts words, as at first.
    pub fn count_words(&mut self) {
        self.settled = false;
        self.funnel.count_by(Counter::default(), Report::default().tokens);
    }

    /// Sets a rule as `NAME=VALUE` says.
    pub fn set(&mut self, setting: &str) -> Answer<()> {
        self.settled = false;
        Ok(self.funnel.set(setting)?)
    }

    /// Sets a rule as it was at first.
    pub fn reset(&mut self, name: &str) {
        self.settled = false;
        self.funnel.reset(name);
    }

    /// Keeps a document whatever the stages say, or no longer.
    pub fn keep(&mut self, document: usize, kept: bool) {
        self.settled = false;
        self.funnel.keep(document, kept);
    }

    /// Whether there is something to decide.
    pub fn busy(&self) -> bool {
        !self.settled
    }

    /// Decides for one slice. Gives `[done, of]`.
    pub fn work(&mut self) -> Array {
        let begun = Instant::now();
        self.settled = self.funnel.work(|| begun.elapsed() >= SLICE);
        let (done, of) = self.funnel.progress();
        [done, of].into_iter().map(JsValue::from).collect()
    }

    /// The funnel, with the rules of `stage` and what it takes out, and with the text of `document` where one is asked for:
    /// `{documents, kept, skipped, tokens, stages, stage, settings: [{name, threshold, default, low, high, fires, documents, other}],
    /// dropped: [{document, title, reason, value, kept, of}], excerpt}`.
    pub fn describe(&mut self, stage: &str, document: Option<usize>) -> JsValue {
        #[derive(Serialize)]
        struct CleaningReport<'a> {
            documents: usize,
            kept: usize,
            #[serde(flatten)]
            report: Report,
            stage: &'a str,
            settings: Vec<Value>,
            dropped: Vec<Value>,
            excerpt: Option<Value>,
        }
        let report = self.funnel.report();
        let found = report.stages.iter().find(|counts| counts.name == stage).unwrap_or(&report.stages[0]);
        let stage = STAGES.into_iter().find(|name| *name == found.name).expect("it is one of them");
        let excerpt = document.and_then(|document| self.excerpt(document));
        let reasons = &found.reasons;
        let settings = self.funnel.settings(stage).into_iter().map(|setting| {
            let Setting { name, drops, fires, threshold, default, other, range } = setting;
            json!({
                "name": name,
                // JSON has no infinity: where a rule never fires there is no threshold.
                "threshold": threshold,
                "default": default,
                "low": range.0,
                "high": range.1,
                "fires": match (drops, fires) {
                    (Drops::Nothing, _) => "needed",
                    (_, Fires::Above) => "above",
                    (_, Fires::Below) => "below",
                },
                "documents": (drops == Drops::Document).then(|| reasons.get(name).copied().unwrap_or(0)),
                "other": other.map(|(threshold, default)| json!({ "language": OTHER, "threshold": threshold, "default": default })),
            })
        });
        let report = CleaningReport {
            documents: self.funnel.progress().1,
            kept: self.funnel.kept(),
            settings: settings.collect(),
            dropped: self.funnel.dropped(stage).take(MAX_DROPPED).map(|dropped| self.dropped(dropped)).collect(),
            stage,
            report: report.clone(),
            excerpt,
        };
        to_js(&report)
    }

    /// What is left, as lines of JSON: the documents of `corpus run`.
    pub fn survivors(&self) -> Uint8Array {
        let mut lines = Vec::new();
        for document in self.funnel.survivors() {
            serde_json::to_writer(&mut lines, &document).expect("a document is plain data");
            lines.push(b'\n');
        }
        Uint8Array::from(&lines[..])
    }
}

impl Cleaning {
    fn dropped(&self, Dropped { document, fall, kept, known }: Dropped) -> Value {
        let of = fall.of.and_then(|of| self.funnel.document(of)).map(|document| title(document.text.as_bytes()));
        // What a page in HTML begins with says nothing of it.
        let title = match &known.url {
            _ if fall.stage != page::STAGE => title(known.text.as_bytes()),
            Some(url) => url.clone(),
            None => known.id.clone(),
        };
        json!({
            "document": document, "title": title, "reason": fall.reason, "value": fall.value, "kept": kept, "of": of,
        })
    }

    fn excerpt(&mut self, document: usize) -> Option<Value> {
        let Excerpt { before, inside, after } = self.funnel.excerpt(document, EXCERPT_CHARACTERS)?;
        let known = self.funnel.document(document)?;
        Some(json!({
            "document": document, "id": known.id, "url": known.url, "before": before, "inside": inside, "after": after,
        }))
    }
}

/// Where the words of a Chinese text end, by the dictionary of the browser: it is asked for them line by line, since its answers
/// are objects of which a long text has many. Each thread makes its segmenter once.
fn chinese_words(text: &str, ends: &mut Vec<usize>) {
    thread_local! {
        static SEGMENTER: (JsValue, Function) = segmenter().expect("every browser that runs this wasm has Intl.Segmenter");
    }
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        SEGMENTER.with(|(segmenter, segment)| {
            let segments = segment.call1(segmenter, &line.into()).expect("every string has segments");
            let iterator = js_sys::try_iter(&segments).expect("segments are a list").expect("segments are a list");
            let mut end = start;
            for found in iterator {
                let word = property(&found.expect("a list of segments has an end"), "segment");
                end += word.as_string().map_or(0, |word| word.len());
                ends.push(end);
            }
        });
        start += line.len();
    }
}

/// The browser's segmenter of Chinese words, and its method.
fn segmenter() -> Result<(JsValue, Function), JsValue> {
    let intl = Reflect::get(&js_sys::global(), &"Intl".into())?;
    let constructor: Function = Reflect::get(&intl, &"Segmenter".into())?.dyn_into()?;
    let arguments = [JsValue::from("zh"), object(&[("granularity", "word".into())])];
    let segmenter = Reflect::construct(&constructor, &arguments.into_iter().collect())?;
    let segment = Reflect::get(&segmenter, &"segment".into())?.dyn_into()?;
    Ok((segmenter, segment))
}
