//! Weights and moments set aside on the device, to be put back bit for bit.

use super::Gpt;
use crate::device::{Device, View};

/// A copy of a model's weights and, where it is for training, of its moments.
pub struct Backup {
    device: Device,
    arenas: Vec<View>,
}

impl Drop for Backup {
    fn drop(&mut self) {
        self.arenas.iter().for_each(|arena| self.device.free(arena.buffer));
    }
}

impl Gpt {
    /// Copies weights and moments as they are after everything run so far.
    pub fn set_aside(&self) -> Backup {
        let copied = self.arenas().into_iter().map(|arena| {
            let copy = self.device.allocate(arena.buffer.element, arena.len).view();
            self.device.copy(arena, copy);
            copy
        });
        Backup { arenas: copied.collect(), device: self.device.clone() }
    }

    /// Writes weights and moments back.
    ///
    /// # Panics
    /// When they are those of a model of another shape.
    pub fn put_back(&self, aside: &Backup) {
        let arenas = self.arenas();
        assert_eq!(arenas.len(), aside.arenas.len(), "put_back: one of the two is not for training");
        arenas.into_iter().zip(&aside.arenas).for_each(|(arena, copy)| self.device.copy(*copy, arena));
    }

    /// Bytes of one such copy on a device in f32.
    pub fn aside_bytes(&self) -> u64 {
        self.arenas().iter().map(|arena| 4 * arena.len as u64).sum()
    }

    /// What makes up where training stands.
    fn arenas(&self) -> Vec<View> {
        [self.weights].into_iter().chain(self.training.iter().flat_map(|training| training.moments)).collect()
    }
}
