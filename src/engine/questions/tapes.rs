//! The passes that answers are read from, each recorded when it is first asked for, over the model as it is and over the
//! weights of a snapshot.

use std::rc::Rc;

use super::look;
use super::trace::LastPass;
use crate::Result;
use crate::device::Device;
use crate::engine::timeline::Snapshot;
use crate::generate::Generator;
use crate::model::{Gpt, ModelConfig, Probe};

/// What is recorded over one model.
#[derive(Default)]
pub struct Tapes {
    generator: Option<Generator>,
    probe: Option<Probe>,
    /// The last pass that was traced stop by stop.
    pub last_pass: Option<LastPass>,
}

impl Tapes {
    /// The passes of generation.
    pub fn generator(&mut self, device: &Device, model: &Gpt) -> Result<&Generator> {
        if self.generator.is_none() {
            self.generator = Some(Generator::new(device, model)?);
        }
        Ok(self.generator.as_ref().expect("made above"))
    }

    /// The pass of a look.
    pub fn probe(&mut self, device: &Device, model: &Gpt) -> Result<&Probe> {
        if self.probe.is_none() {
            self.probe = Some(look::probe(device, model)?);
        }
        Ok(self.probe.as_ref().expect("made above"))
    }
}

/// A second model on the device, with the weights of the snapshot that was asked for last.
pub struct SnapshotModel {
    /// Its weights.
    pub model: Gpt,
    /// What was recorded over it.
    pub tapes: Tapes,
    /// Whose weights they are.
    snapshot: Snapshot,
}

impl SnapshotModel {
    /// The weights of `snapshot` in `place`, written only where they are not there yet.
    pub fn show<'a>(
        place: &'a mut Option<SnapshotModel>,
        device: &Device,
        config: ModelConfig,
        snapshot: &Snapshot,
    ) -> Result<&'a mut SnapshotModel> {
        let there = place.as_ref().is_some_and(|past| Rc::ptr_eq(&past.snapshot.weights, &snapshot.weights));
        if place.is_none() {
            let model = Gpt::new(device, config, false)?;
            *place = Some(SnapshotModel { model, tapes: Tapes::default(), snapshot: snapshot.clone() });
        }
        let past = place.as_mut().expect("made above");
        if !there {
            device.write(past.model.arena(), &snapshot.weights);
            past.tapes.last_pass = None;
            past.snapshot = snapshot.clone();
        }
        Ok(past)
    }
}
