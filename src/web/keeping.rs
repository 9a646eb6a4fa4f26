//! The last save on its way into the browser's own storage, a tensor at a time: a large one is never there twice.

use std::io::{self, BufWriter, Seek, SeekFrom, Write};

use js_sys::{Function, Uint8Array};
use serde::Serialize;
use wasm_bindgen::JsCast;
use wasm_bindgen::prelude::*;

use super::{Session, object, property, to_js};
use crate::engine::read_log;
use crate::hub::write_zip;
use crate::model::Preset;

/// Bytes that go to the storage at once.
const PIECE: usize = 1 << 20;

/// An open file of the storage, a `FileSystemSyncAccessHandle`, as something to write to.
struct Handle<'a> {
    handle: &'a JsValue,
    write: Function,
    at: u64,
    end: u64,
    /// What JavaScript threw.
    thrown: Option<JsValue>,
}

impl Write for Handle<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let place = object(&[("at", (self.at as f64).into())]);
        let written = match self.write.call2(self.handle, &Uint8Array::from(bytes), &place) {
            Ok(written) => written.as_f64().unwrap_or_default() as usize,
            Err(thrown) => {
                self.thrown = Some(thrown);
                return Err(io::Error::other("the storage refused it"));
            }
        };
        self.at += written as u64;
        self.end = self.end.max(self.at);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for Handle<'_> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.end.checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(io::ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}

#[wasm_bindgen]
impl Session {
    /// What the last save holds: `{preset, corpus, step, steps, loss, parameters}`; nothing where there is none.
    pub fn last_save(&self) -> JsValue {
        #[derive(Serialize)]
        struct SaveDescription<'a> {
            preset: Option<Preset>,
            corpus: &'a str,
            step: u64,
            steps: u64,
            /// Of its last step, where it has taken one.
            loss: Option<f64>,
            parameters: u64,
        }
        let Some((save, trainer)) = self.run.store().save().and_then(|save| Some((save, save.trainer.as_ref()?)))
        else {
            return JsValue::UNDEFINED;
        };
        let step = trainer.step;
        to_js(&SaveDescription {
            preset: trainer.preset,
            corpus: &trainer.corpus.name,
            step,
            steps: trainer.train.steps,
            loss: read_log(&save.log).iter().rfind(|report| report.step <= step).map(|report| report.loss),
            parameters: save.config.parameter_count(),
        })
    }

    /// Writes the last save as a zip to an open file of the storage and returns its bytes. What the storage throws is
    /// thrown on; where it takes no more bytes, it is full.
    pub fn write_save(&self, handle: &JsValue) -> Result<f64, JsValue> {
        let save = self.run.store().save().ok_or_else(|| JsError::new("there is no save"))?;
        let write = property(handle, "write").dyn_into()?;
        let mut file = BufWriter::with_capacity(PIECE, Handle { handle, write, at: 0, end: 0, thrown: None });
        match write_zip(save, &mut file) {
            Ok(()) => Ok(file.get_ref().end as f64),
            Err(error) => Err(file.into_parts().0.thrown.unwrap_or_else(|| JsError::new(&error.to_string()).into())),
        }
    }
}
