//! The time line of a run: snapshots of its weights, thick at first and thinner later.

use std::collections::BTreeMap;
use std::rc::Rc;

use super::protocol::Event;
use crate::device::Reading;
use crate::{Error, Result};

/// A time line has at most this many snapshots, however small they are.
const MAX_SNAPSHOTS: usize = 64;
/// With room for fewer than this many there is no time line.
const MIN_SNAPSHOTS: usize = 4;

/// The weights after a step, exactly.
#[derive(Clone)]
pub struct Snapshot {
    /// The steps that the weights had seen.
    pub step: u64,
    /// The whole arena of the weights.
    pub weights: Rc<[f32]>,
}

#[derive(Clone)]
struct Entry {
    snapshot: Snapshot,
    pinned: bool,
}

/// What a run keeps of its past.
#[derive(Default)]
pub struct Timeline {
    /// Snapshots that fit.
    room: usize,
    /// The step where the run was begun or opened.
    first: u64,
    /// Steps between two snapshots.
    spacing: u64,
    entries: BTreeMap<u64, Entry>,
    /// The snapshot that is being read back.
    taking: Option<(u64, bool, Reading)>,
    /// Whether the list has changed since it was reported.
    changed: bool,
}

impl Timeline {
    /// A time line from step `first` on, of snapshots of `bytes` each within `budget` bytes.
    pub fn new(budget: u64, bytes: u64, first: u64) -> Timeline {
        let room = usize::try_from(budget / bytes.max(1)).unwrap_or(MAX_SNAPSHOTS).min(MAX_SNAPSHOTS);
        Timeline { room: if room < MIN_SNAPSHOTS { 0 } else { room }, first, spacing: 1, ..Timeline::default() }
    }

    /// The same snapshots, for a run that goes on with this one; they are reported again.
    pub fn handed_on(&self) -> Timeline {
        let Timeline { room, first, spacing, ref entries, .. } = *self;
        Timeline { room, first, spacing, entries: entries.clone(), taking: None, changed: true }
    }

    /// Whether it keeps anything.
    pub fn keeps(&self) -> bool {
        self.room > 0
    }

    /// Whether something is on its way, or not yet reported.
    pub fn busy(&self) -> bool {
        self.taking.is_some() || self.changed
    }

    /// Whether a snapshot is due after `step`: at the powers of two, and at the multiples of the spacing.
    pub fn due(&self, step: u64) -> bool {
        let since = step.saturating_sub(self.first);
        self.keeps() && (since.is_multiple_of(self.spacing) || since.is_power_of_two())
    }

    /// Takes a snapshot of `step`, which `begin` begins to read; says whether it could: one is read at a time.
    pub fn take(&mut self, step: u64, pinned: bool, begin: impl FnOnce() -> Reading) -> bool {
        if let Some(entry) = self.entries.get_mut(&step) {
            self.changed |= entry.pinned != (entry.pinned || pinned);
            entry.pinned |= pinned;
            return true;
        }
        if self.taking.is_some() {
            return false;
        }
        self.taking = Some((step, pinned, begin()));
        true
    }

    /// Takes in the snapshot that has arrived, and reports the list where it has changed.
    pub fn advance(&mut self, events: &mut Vec<Event>) -> Result<()> {
        if let Some((step, pinned, reading)) = &mut self.taking
            && let Some(numbers) = reading.poll()
        {
            let snapshot = Snapshot { step: *step, weights: numbers?.f32().into() };
            self.entries.insert(*step, Entry { snapshot, pinned: *pinned });
            (self.taking, self.changed) = (None, true);
            self.thin();
        }
        if std::mem::take(&mut self.changed) {
            let pinned = self.entries.iter().filter(|(_, entry)| entry.pinned).map(|(step, _)| *step).collect();
            events.push(Event::Snapshots { steps: self.entries.keys().copied().collect(), pinned });
        }
        Ok(())
    }

    /// Doubles the spacing until what is left fits: every second snapshot goes, but for the first and those that are pinned.
    fn thin(&mut self) {
        while self.entries.len() > self.room {
            let newest = self.entries.keys().next_back().copied().unwrap_or(self.first);
            if self.spacing > newest - self.first {
                // Powers of two alone are too many: the oldest of them goes.
                let free = |(step, entry): &(&u64, &Entry)| !entry.pinned && **step != self.first && **step != newest;
                let Some(step) = self.entries.iter().find(free).map(|(step, _)| *step) else { return };
                self.entries.remove(&step);
                continue;
            }
            self.spacing *= 2;
            let (first, spacing) = (self.first, self.spacing);
            self.entries.retain(|step, entry| {
                entry.pinned || (step - first).is_multiple_of(spacing) || (step - first).is_power_of_two()
            });
        }
    }

    /// Forgets what came after `step`.
    pub fn halt(&mut self, step: u64) {
        let before = self.entries.len();
        self.entries.retain(|at, _| *at <= step);
        self.taking.take_if(|(taken, ..)| *taken > step);
        self.changed |= self.entries.len() != before;
    }

    /// Forgets the snapshot of a step whose weights have changed since; says whether it was pinned, where there was one.
    pub fn remove(&mut self, step: u64) -> Option<bool> {
        let taken = self.taking.take_if(|(taken, ..)| *taken == step).map(|(_, pinned, _)| pinned);
        taken.or(self.entries.remove(&step).map(|entry| entry.pinned))
    }

    /// Pins a snapshot that there is, or lets it go. Refuses a step that there is none of.
    pub fn pin(&mut self, step: u64, pinned: bool) -> Result<()> {
        if pinned {
            self.check_room(step)?;
        }
        if let Some((taken, pin, _)) = &mut self.taking
            && *taken == step
        {
            *pin = pinned;
            return Ok(());
        }
        let Some(entry) = self.entries.get_mut(&step) else { return Err(self.unknown(step)) };
        self.changed |= entry.pinned != pinned;
        entry.pinned = pinned;
        Ok(())
    }

    /// Refuses one more pin where the others leave no room for the steps to come.
    pub fn check_room(&self, step: u64) -> Result<()> {
        if !self.keeps() {
            return Err(self.unknown(step));
        }
        let pinned = self.entries.iter().filter(|(other, entry)| entry.pinned && **other != step).count();
        // The first snapshot and the newest stay beside those that are pinned.
        let most = self.room - 2;
        if pinned >= most {
            return Err(Error::Usage(format!("{most} snapshots are pinned, and no more can be: let one go first")));
        }
        Ok(())
    }

    /// The snapshot of `step`. Refuses a step that there is none of.
    pub fn find(&self, step: u64) -> Result<Snapshot> {
        self.entries.get(&step).map(|entry| entry.snapshot.clone()).ok_or_else(|| self.unknown(step))
    }

    fn unknown(&self, step: u64) -> Error {
        if self.entries.is_empty() {
            return Error::Usage("this run keeps no snapshots of its earlier steps".into());
        }
        let list = self.entries.keys().map(u64::to_string).collect::<Vec<_>>().join(", ");
        Error::Usage(format!("there is no snapshot of step {step}, only of {list}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::device::Device;

    /// Takes the snapshots that are due after the steps from `from` to `to`.
    fn go(timeline: &mut Timeline, from: u64, to: u64) {
        let device = Device::cpu();
        let place = device.allocate(crate::device::Element::Float, 2).view();
        for step in from..=to {
            if timeline.due(step) {
                assert!(timeline.take(step, false, || device.read(place)));
                timeline.advance(&mut Vec::new()).unwrap();
            }
        }
    }

    fn steps(timeline: &Timeline) -> Vec<u64> {
        timeline.entries.keys().copied().collect()
    }

    #[test]
    fn thick_at_first_and_thinner_later() {
        let mut timeline = Timeline::new(100, 10, 0);
        go(&mut timeline, 0, 9);
        assert_eq!(steps(&timeline), (0..=9).collect::<Vec<_>>());
        go(&mut timeline, 10, 10);
        assert_eq!(steps(&timeline), [0, 1, 2, 4, 6, 8, 10]);
        go(&mut timeline, 11, 20);
        assert_eq!(steps(&timeline), [0, 1, 2, 4, 8, 12, 16, 20]);
        timeline.pin(12, true).unwrap();
        go(&mut timeline, 21, 1000);
        let found = steps(&timeline);
        assert!(found.len() <= 10 && found.starts_with(&[0]) && found.contains(&12), "{found:?}");
        assert!(*found.last().unwrap() >= 512, "{found:?}");
        timeline.halt(11);
        assert!(steps(&timeline).iter().all(|step| *step <= 11));
    }

    #[test]
    fn pins_leave_room_for_the_steps_to_come() {
        let mut timeline = Timeline::new(45, 10, 100);
        go(&mut timeline, 100, 103);
        assert_eq!(steps(&timeline), [100, 101, 102, 103]);
        timeline.pin(101, true).unwrap();
        timeline.pin(101, true).unwrap();
        timeline.pin(103, true).unwrap();
        let refused = timeline.pin(102, true).unwrap_err().to_string();
        assert_eq!(refused, "2 snapshots are pinned, and no more can be: let one go first");
        go(&mut timeline, 104, 104);
        assert_eq!(steps(&timeline), [100, 101, 103, 104]);
        go(&mut timeline, 105, 200);
        assert_eq!(steps(&timeline).len(), 4);
        let refused = timeline.find(7).err().unwrap().to_string();
        assert!(refused.starts_with("there is no snapshot of step 7, only of 100, 101, 103, "), "{refused}");
        assert!(!Timeline::new(39, 10, 0).keeps());
    }
}
