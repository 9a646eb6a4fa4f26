//! Where a run is kept, to go on from: a folder, or the memory of a tab.

use super::protocol::{Settings, Text};
use crate::Result;
use crate::hub::Save;
use crate::train::StepReport;

/// Where a run is kept between two devices.
pub trait Store {
    /// Whether it has the text of a run and the save that it goes on from only where it is handed them.
    const IN_MEMORY: bool;

    /// Takes the beginning of a run that has no save yet; only called on a store in memory.
    fn begin(&mut self, settings: Settings, text: Text);

    /// Takes in the save that a run goes on from, with its text; only called on a store in memory.
    fn go_on(&mut self, save: Save, text: Text);

    /// Adds a finished step to the log, where that is not a part of the saves.
    fn log(&mut self, report: &StepReport) -> Result<()>;

    /// Takes in a save, in place of the one before.
    fn put(&mut self, save: Save) -> Result<()>;

    /// The step of the last save.
    fn step(&self) -> Option<u64>;

    /// What the run goes on from; what was logged after that is forgotten.
    fn recall(&mut self) -> Result<Recalled>;

    /// Forgets the run.
    fn forget(&mut self);
}

/// What a store has of a run.
pub enum Recalled {
    /// Nothing to go on from.
    Nothing,
    /// How it began.
    Beginning(Settings, Text),
    /// Its last save.
    Save(Box<Save>, Text),
}

/// A store of what a tab has no other place for.
#[derive(Default)]
pub struct MemoryStore {
    begun: Option<(Settings, Text)>,
    save: Option<Save>,
}

impl MemoryStore {
    /// The last save.
    pub fn save(&self) -> Option<&Save> {
        self.save.as_ref()
    }
}

impl Store for MemoryStore {
    const IN_MEMORY: bool = true;

    fn begin(&mut self, settings: Settings, text: Text) {
        (self.begun, self.save) = (Some((settings, text)), None);
    }

    fn go_on(&mut self, save: Save, text: Text) {
        (self.begun, self.save) = (Some((Settings::default(), text)), Some(save));
    }

    fn log(&mut self, _: &StepReport) -> Result<()> {
        Ok(())
    }

    fn put(&mut self, save: Save) -> Result<()> {
        self.save = Some(save);
        Ok(())
    }

    fn step(&self) -> Option<u64> {
        self.save.as_ref().and_then(|save| save.trainer.as_ref()).map(|trainer| trainer.step)
    }

    fn recall(&mut self) -> Result<Recalled> {
        Ok(match (&self.save, &self.begun) {
            (_, None) => Recalled::Nothing,
            (None, Some((settings, text))) => Recalled::Beginning(settings.clone(), text.clone()),
            (Some(save), Some((_, text))) => Recalled::Save(Box::new(save.clone()), text.clone()),
        })
    }

    fn forget(&mut self) {
        (self.begun, self.save) = (None, None);
    }
}
