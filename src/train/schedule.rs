//! The learning rate as a pure function of the step.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{Error, Result};

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "lowercase")]
pub enum Schedule {
    /// Half a cosine, down to the least rate.
    #[default]
    Cosine,
    /// A straight line, down to it.
    Linear,
    /// It does not fall.
    Constant,
    /// Warm-up, stable, decay: constant, and over the last fifth of the steps 1 - √progress, down to it.
    Wsd,
}

impl Schedule {
    /// All of them, in the order in which they are listed to people.
    pub const ALL: [Schedule; 4] = [Schedule::Cosine, Schedule::Linear, Schedule::Constant, Schedule::Wsd];
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            Schedule::Cosine => "cosine",
            Schedule::Linear => "linear",
            Schedule::Constant => "constant",
            Schedule::Wsd => "wsd",
        })
    }
}

impl FromStr for Schedule {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self> {
        let known = Schedule::ALL.into_iter().find(|schedule| schedule.to_string() == name);
        known.ok_or_else(|| {
            Error::Usage(format!("there is no schedule `{name}`: choose cosine, linear, constant or wsd"))
        })
    }
}

/// The learning rate of `step`, counted from 0, of `steps` in all: (step + 1) / warmup of the highest in the first `warmup`
/// steps, then from the highest down to the least as the schedule says. A `warmup` of 0 means none. From `steps` on it
/// stays where it ended.
///
/// ```
/// use glasshouse::train::schedule::{Schedule::*, learning_rate};
/// // A warm-up of 2 steps, then 8 more: the first, the last of the warm-up, the first full one, half-way down.
/// let at = |schedule| [0, 1, 2, 6].map(|step| learning_rate(schedule, (1.0, 0.0), 2, 10, step));
/// assert_eq!(at(Constant), [0.5, 1.0, 1.0, 1.0]);
/// assert_eq!(at(Linear), [0.5, 1.0, 1.0, 0.5]);
/// let [first, second, third, half] = at(Cosine);
/// assert_eq!([first, second, third], [0.5, 1.0, 1.0]);
/// assert!((half - 0.5).abs() < 1e-15);
/// // The last fifth of 10 steps is steps 8 and 9.
/// assert_eq!([7, 8, 9, 10].map(|step| learning_rate(Wsd, (1.0, 0.0), 2, 10, step)), [1.0, 1.0, 1.0 - 0.5f64.sqrt(), 0.0]);
/// ```
pub fn learning_rate(schedule: Schedule, (highest, least): (f64, f64), warmup: u64, steps: u64, step: u64) -> f64 {
    if step < warmup {
        return highest * (step + 1) as f64 / warmup as f64;
    }
    let progress = |start: u64| {
        if step >= steps { 1.0 } else { step.saturating_sub(start) as f64 / (steps - start) as f64 }
    };
    let share = match schedule {
        Schedule::Constant => 1.0,
        Schedule::Linear => 1.0 - progress(warmup),
        // The crate libm's cosine, so that a resumed run has the same bits on another system.
        Schedule::Cosine => 0.5 * (1.0 + libm::cos(std::f64::consts::PI * progress(warmup))),
        Schedule::Wsd => 1.0 - progress(steps - steps.div_ceil(5)).sqrt(),
    };
    // Rounding must not lift it above the highest, which a schedule that does not fall keeps.
    (least + share * (highest - least)).min(highest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn schedules_stay_within_their_bounds() {
        for schedule in Schedule::ALL {
            assert_eq!(schedule.to_string().parse::<Schedule>().unwrap(), schedule);
            for (warmup, steps) in [(0, 0), (0, 1), (1, 1), (5, 3), (3, 3), (20, 1200), (0, 4), (u64::MAX, u64::MAX)] {
                let mut before = f64::INFINITY;
                for step in [0, 1, 2, 3, 4, 5, 100, 959, 960, 1199, 1200, 2000, u64::MAX - 1, u64::MAX] {
                    let rate = learning_rate(schedule, (1e-3, 0.0), warmup, steps, step);
                    assert!((0.0..=1e-3).contains(&rate), "{schedule} {warmup} {steps} {step}: {rate}");
                    if step >= warmup {
                        assert!(rate <= before, "{schedule} rises at {step}");
                        before = rate;
                    }
                }
            }
        }
        assert_eq!(learning_rate(Schedule::Cosine, (1.0, 0.0), 0, 10, 0), 1.0);
        assert!("Cosine".parse::<Schedule>().is_err());
    }

    /// nanoGPT's `get_lr` behind the warm-up, learning_rate = 1e-3, min_lr = 1e-4, warmup_iters = 100, lr_decay_iters = 1000:
    /// `python3 -c "import math; print([1e-4 + 0.5 * (1 + math.cos(math.pi * (i - 100) / 900)) * 9e-4 for i in (100, 250, 550, 900, 999)])"`.
    #[test]
    fn the_cosine_with_a_least_rate_is_nanogpts() {
        let wanted = [0.001, 0.0009397114317029975, 0.00055, 0.00012713832064634127, 0.00010000274155399433];
        for (step, wanted) in [100, 250, 550, 900, 999].into_iter().zip(wanted) {
            let found = learning_rate(Schedule::Cosine, (1e-3, 1e-4), 100, 1000, step);
            assert!((found / wanted - 1.0).abs() < 1e-13, "{step}: {found} and {wanted}");
        }
        for schedule in [Schedule::Cosine, Schedule::Linear, Schedule::Wsd] {
            assert_eq!(learning_rate(schedule, (1e-3, 1e-4), 100, 1000, 5000), 1e-4, "{schedule}");
        }
        assert_eq!(learning_rate(Schedule::Constant, (1e-3, 1e-4), 0, 1000, 500), 1e-3);
    }
}
