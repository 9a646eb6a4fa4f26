//! The recorded model, to be looked into as long as the page has no run of its own.

use js_sys::Array;
use wasm_bindgen::prelude::*;

use super::{Answer, SLICE, Session, event_to_js, from_js, set};
use crate::engine::{Command, Viewer};
use crate::hub::from_zip;

/// A model without a run, on the session's device.
#[wasm_bindgen]
pub struct Viewing(Viewer);

#[wasm_bindgen]
impl Viewing {
    /// Opens a zipped model that has seen `step` steps.
    pub fn open(session: &Session, zip: &[u8], step: f64) -> Answer<Viewing> {
        Ok(Viewing(Viewer::open(session.run.engine().device(), &from_zip(zip)?, step as u64)?))
    }

    /// Sends a command of the engine's as a plain object: `{command: "look", prompt: ...}`.
    pub fn send(&mut self, command: JsValue) -> Answer<()> {
        let command: Command = from_js(command)?;
        Ok(self.0.send(command)?)
    }

    /// Whether a tick would find something to do.
    pub fn busy(&self) -> bool {
        self.0.busy()
    }

    /// Works for one slice and returns what happened: an array of plain objects, each with its `event`, and `run`, which
    /// is `derived`.
    pub fn tick(&mut self) -> Answer<Array> {
        let events = self.0.tick(SLICE)?;
        let derived = events.into_iter().map(|mut event| {
            let event = event_to_js(&mut event);
            set(&event, "run", "derived".into());
            event
        });
        Ok(derived.collect())
    }
}
