//! How fast a device trains: measured on request with real steps, and what follows from it for runs to come.

use std::collections::VecDeque;

use web_time::Instant;

use super::memory::fits;
use super::protocol::{Changes, Estimate, Settings};
use crate::device::Device;
use crate::model::{ModelConfig, Preset};
use crate::train::{Calibration, TrainConfig};
use crate::{Error, Result};

/// Seconds that a run "within a minute" may take in all.
const MINUTE: f64 = 60.0;
/// Of these its steps may take so many; evaluations, samples and saves have the rest.
const STEPS: f64 = 50.0;
/// A larger preset is measured where it would be done within a minute on a device that is so much faster at it than at
/// the one before: GPUs are faster at larger models.
const FASTER: f64 = 4.0;

/// What the time of a step follows from.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Shape {
    model: ModelConfig,
    batch: usize,
    accumulate: usize,
}

impl Shape {
    fn new(model: &ModelConfig, train: &TrainConfig) -> Shape {
        Shape { model: *model, batch: train.batch, accumulate: train.accumulate }
    }

    fn tokens(&self) -> f64 {
        self.batch as f64 * self.accumulate as f64 * self.model.context as f64
    }
}

/// The measurements on one device.
pub struct Speeds {
    device: Device,
    memory: Option<u64>,
    measured: Vec<(Shape, f64)>,
    under_way: Option<UnderWay>,
}

struct UnderWay {
    shape: Shape,
    calibration: Calibration,
    choice: Option<PresetSearch>,
}

/// The search for a preset.
struct PresetSearch {
    corpus: String,
    /// Presets that are to be measured, the smallest first.
    left: VecDeque<Preset>,
    preset: Preset,
    best: Settings,
}

/// What has been found.
#[derive(Clone, Debug, PartialEq)]
pub enum Measurement {
    /// How fast what was asked about is.
    Speed,
    /// Settings of a run that is done within a minute.
    Settings(Settings),
}

impl Speeds {
    /// Nothing measured yet on `device`, of which a run may take `memory` bytes where that is known.
    pub fn new(device: Device, memory: Option<u64>) -> Speeds {
        Speeds { device, memory, measured: Vec::new(), under_way: None }
    }

    /// What a run takes whose shape was measured.
    pub fn estimate(&self, model: &ModelConfig, train: &TrainConfig) -> Option<Estimate> {
        let shape = Shape::new(model, train);
        let (_, seconds) = self.measured.iter().find(|(known, _)| *known == shape)?;
        Some(Estimate {
            tokens_per_second: shape.tokens() / seconds,
            seconds_a_step: *seconds,
            steps: train.steps,
            seconds: seconds * train.steps as f64,
        })
    }

    /// Begins to measure steps of `settings` on the text named `corpus`. Refuses what would not fit the device.
    pub fn measure(&mut self, settings: &Settings, corpus: &str) -> Result<()> {
        self.begin(settings, corpus, None)
    }

    /// Begins to look for the largest preset that is trained on the text named `corpus` within a minute; where none is,
    /// for the number of steps that the smallest one takes in it.
    pub fn choose(&mut self, corpus: &str) -> Result<()> {
        let [preset, left @ ..] = Preset::ALL;
        let choice = PresetSearch { corpus: corpus.into(), left: left.into(), preset, best: of(preset) };
        self.begin(&of(preset), corpus, Some(choice))
    }

    /// Gives up what is being measured.
    pub fn stop(&mut self) {
        self.under_way = None;
    }

    /// Whether something is being measured.
    pub fn busy(&self) -> bool {
        self.under_way.is_some()
    }

    /// Works until `deadline`; what was found once it is.
    pub fn advance(&mut self, deadline: Instant) -> Result<Option<Measurement>> {
        let Some(mut under_way) = self.under_way.take() else { return Ok(None) };
        let Some(seconds) = under_way.calibration.advance(deadline)? else {
            self.under_way = Some(under_way);
            return Ok(None);
        };
        let UnderWay { shape, choice, .. } = under_way;
        self.measured.retain(|(known, _)| *known != shape);
        self.measured.push((shape, seconds));
        match choice {
            None => Ok(Some(Measurement::Speed)),
            Some(choice) => self.go_on(choice, shape, seconds),
        }
    }

    fn begin(&mut self, settings: &Settings, corpus: &str, choice: Option<PresetSearch>) -> Result<()> {
        let (model, train) = settings.resolve(corpus);
        model.validate()?;
        train.validate()?;
        fits(&model, train.batch, &self.device, self.memory)?;
        let calibration = Calibration::new(&self.device, model, &train)?;
        self.under_way = Some(UnderWay { shape: Shape::new(&model, &train), calibration, choice });
        Ok(())
    }

    /// Takes in the measurement of a preset, and measures the next one where it may be done in time as well.
    fn go_on(&mut self, mut choice: PresetSearch, shape: Shape, seconds: f64) -> Result<Option<Measurement>> {
        let steps = TrainConfig::preset(choice.preset).steps;
        let whole = steps as f64 * seconds <= STEPS;
        if whole {
            choice.best = of(choice.preset);
        } else if choice.preset == Preset::ALL[0] {
            choice.best = Settings {
                changes: Changes { steps: Some(steps_within(seconds)), ..Changes::default() },
                ..choice.best
            };
        }
        let next = choice.left.pop_front().filter(|_| whole);
        if let Some(next) = next {
            let (model, train) = of(next).resolve(&choice.corpus);
            let bigger = Shape::new(&model, &train);
            let work = |shape: &Shape| shape.model.parameter_count() as f64 * shape.tokens();
            let likely = train.steps as f64 * seconds * work(&bigger) / work(&shape);
            choice.preset = next;
            let corpus = choice.corpus.clone();
            let best = choice.best.clone();
            match (likely <= FASTER * MINUTE).then(|| self.begin(&of(next), &corpus, Some(choice))) {
                Some(Ok(())) => return Ok(None),
                // One that does not fit the device is no choice.
                Some(Err(Error::Config(_))) | None => return Ok(Some(Measurement::Settings(best))),
                Some(Err(error)) => return Err(error),
            }
        }
        Ok(Some(Measurement::Settings(choice.best)))
    }
}

/// A preset as it is.
fn of(preset: Preset) -> Settings {
    Settings { preset: Some(preset), ..Settings::default() }
}

/// The steps that fit, in a round number: two digits, and one at least.
fn steps_within(seconds_a_step: f64) -> u64 {
    let most = (STEPS / seconds_a_step).floor().clamp(1.0, 1e15) as u64;
    let mut unit = 1;
    while most / unit >= 100 {
        unit *= 10;
    }
    most / unit * unit
}

#[cfg(test)]
mod tests {
    use super::*;

    fn speeds() -> Speeds {
        Speeds::new(Device::cpu(), None)
    }

    /// What is chosen where a step of each preset takes so many seconds, in their order.
    fn chosen(seconds: &[f64]) -> Settings {
        let mut speeds = speeds();
        speeds.choose("en").unwrap();
        for seconds in seconds {
            let UnderWay { shape, choice, .. } = speeds.under_way.take().expect("another preset is measured");
            if let Some(Measurement::Settings(settings)) = speeds.go_on(choice.unwrap(), shape, *seconds).unwrap() {
                assert!(!speeds.busy());
                return settings;
            }
        }
        panic!("more was measured than {seconds:?}");
    }

    #[test]
    fn the_largest_preset_that_takes_under_a_minute_is_chosen() {
        // `tiny` has 1,100 steps, `small` 2,000: 50 seconds are 45 and 25 ms a step.
        assert_eq!(chosen(&[0.001, 0.002, 1.0]), of(Preset::Small));
        assert_eq!(chosen(&[0.002, 0.03]), of(Preset::Tiny));
        // `small` has over six times the work of `tiny` and twice the steps: it is not even tried.
        assert_eq!(chosen(&[0.04]), of(Preset::Tiny));
    }

    #[test]
    fn where_no_preset_is_done_in_time_the_smallest_takes_fewer_steps() {
        for (seconds, want) in [(0.1, 500), (0.0461, 1_000), (0.3, 160), (7.0, 7), (100.0, 1)] {
            let settings = chosen(&[seconds]);
            assert_eq!((settings.preset, settings.changes.steps), (Some(Preset::Tiny), Some(want)), "{seconds}");
        }
    }

    #[test]
    fn an_estimate_is_of_the_shape_that_was_measured_and_follows_the_steps() {
        let mut speeds = speeds();
        let settings =
            Settings { layers: Some(1), channels: Some(8), heads: Some(1), context: Some(8), ..Settings::default() };
        let (model, train) = settings.resolve("en");
        speeds.measured.push((Shape::new(&model, &train), 0.5));
        let estimate = speeds.estimate(&model, &TrainConfig { steps: 30, ..train.clone() }).unwrap();
        let tokens = (train.batch * model.context) as f64;
        assert_eq!(
            estimate,
            Estimate { tokens_per_second: tokens / 0.5, seconds_a_step: 0.5, steps: 30, seconds: 15.0 }
        );
        assert_eq!(speeds.estimate(&ModelConfig { layers: 2, ..model }, &train), None);
        assert_eq!(speeds.estimate(&model, &TrainConfig { batch: 1, ..train }), None);
    }
}
