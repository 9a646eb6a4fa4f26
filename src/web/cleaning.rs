//! The funnel for the view of it: pages that somebody brings, what each stage takes out of them, and what is left.

use std::collections::BTreeMap;

use js_sys::{Array, Uint8Array};
use serde::Serialize;
use serde_json::{Value, json};
use wasm_bindgen::prelude::*;
use web_time::Instant;

use super::{Answer, SLICE, property, to_js};
use crate::corpus::cleaning::{self, Dropped, STAGES, Setting};
use crate::corpus::filters::{Drops, Fires};
use crate::corpus::{Excerpt, Report, incoming, none};
use crate::stream::title;

/// So many of the documents that a stage takes out are told at once.
const MOST: usize = 200;
/// So many characters of a text are told on either side of the place that made a rule fire.
const AROUND: usize = 600;

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
        let (mut names, mut documents, mut skipped) = (Vec::new(), Vec::new(), BTreeMap::new());
        for file in files.iter() {
            let name = property(&file, "name").as_string().unwrap_or_default();
            let bytes = Uint8Array::new(&property(&file, "bytes")).to_vec();
            documents.extend(incoming(&name, &bytes, &mut skipped)?);
            names.push(name);
        }
        if documents.is_empty() {
            return Err(none(&names.join(", "), &skipped).into());
        }
        Ok(Cleaning { funnel: cleaning::Cleaning::new(documents, skipped), settled: false })
    }

    /// Sets a rule as `NAME=VALUE` says.
    pub fn set(&mut self, setting: &str) -> Answer<()> {
        self.settled = false;
        Ok(self.funnel.set(setting)?)
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
    /// `{documents, kept, skipped, stages, stage, settings: [{name, threshold, default, low, high, fires, documents}], dropped:
    /// [{document, title, reason, value, kept}], excerpt}`.
    pub fn told(&mut self, stage: &str, document: Option<usize>) -> JsValue {
        #[derive(Serialize)]
        struct Told<'a> {
            documents: usize,
            kept: usize,
            #[serde(flatten)]
            report: Report,
            stage: &'a str,
            settings: Vec<Value>,
            dropped: Vec<Value>,
            excerpt: Option<Value>,
        }
        let stage = STAGES.into_iter().find(|name| *name == stage).unwrap_or(STAGES[0]);
        let excerpt = document.and_then(|document| self.excerpt(document));
        let report = self.funnel.report();
        let reasons = &report.stages.iter().find(|counts| counts.name == stage).expect("it is one of them").reasons;
        let settings = self.funnel.settings(stage).into_iter().map(|Setting { rule, threshold, range }| {
            json!({
                "name": rule.name,
                // JSON has no infinity: where a rule never fires there is no threshold.
                "threshold": threshold,
                "default": rule.threshold,
                "low": range.0,
                "high": range.1,
                "fires": match (rule.drops, rule.fires) {
                    (Drops::Nothing, _) => "needed",
                    (_, Fires::Above) => "above",
                    (_, Fires::Below) => "below",
                },
                "documents": (rule.drops == Drops::Document).then(|| reasons.get(rule.name).copied().unwrap_or(0)),
            })
        });
        let told = Told {
            documents: self.funnel.progress().1,
            kept: self.funnel.kept(),
            settings: settings.collect(),
            dropped: self.funnel.dropped(stage).take(MOST).map(|dropped| self.dropped(dropped)).collect(),
            stage,
            report: report.clone(),
            excerpt,
        };
        to_js(&told)
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
    fn dropped(&self, Dropped { document, fall, kept, text }: Dropped) -> Value {
        let of = fall.of.and_then(|of| self.funnel.document(of)).map(|document| title(document.text.as_bytes()));
        json!({
            "document": document, "title": title(text.as_bytes()), "reason": fall.reason, "value": fall.value, "kept": kept, "of": of,
        })
    }

    fn excerpt(&mut self, document: usize) -> Option<Value> {
        let Excerpt { before, inside, after } = self.funnel.excerpt(document, AROUND)?;
        let known = self.funnel.document(document)?;
        Some(json!({
            "document": document, "id": known.id, "url": known.url, "before": before, "inside": inside, "after": after,
        }))
    }
}
