//! What views show beside a run's reports: the average of the loss so far, and the time that is left.

use crate::train::StepReport;

/// How much of the average a step keeps: it looks back over about 10 steps.
const SMOOTHING: f64 = 0.9;

/// The reports of one run, taken in order.
#[derive(Clone, Copy, Debug, Default)]
pub struct Progress {
    last: u64,
    sum: f64,
    weight: f64,
}

impl Progress {
    /// A run that ends with step `last`.
    pub fn new(last: u64) -> Progress {
        Progress { last, sum: 0.0, weight: 0.0 }
    }

    /// Takes in the next report. Returns the exponential average of the losses, in which the first steps do not count
    /// more than later ones, and the seconds until the last step at the speed of this one.
    pub fn add(&mut self, report: &StepReport) -> (f64, f64) {
        self.sum = SMOOTHING * self.sum + (1.0 - SMOOTHING) * report.loss;
        self.weight = SMOOTHING * self.weight + (1.0 - SMOOTHING);
        let tokens_a_step = report.tokens as f64 / report.step.max(1) as f64;
        let seconds_left = self.last.saturating_sub(report.step) as f64 * tokens_a_step / report.tokens_per_second;
        (self.sum / self.weight, seconds_left)
    }
}

/// The reports in a log, one a line. What was cut short by a crash is no report.
pub fn read_log(log: &[u8]) -> Vec<StepReport> {
    log.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(step: u64, loss: f64) -> StepReport {
        StepReport {
            step,
            tokens: step * 100,
            loss,
            lr: 0.0,
            grad_norm: 0.0,
            tokens_per_second: 50.0,
            seconds: 0.0,
            validation_loss: None,
        }
    }

    #[test]
    fn the_average_of_equal_losses_is_that_loss_from_the_first_step_on() {
        let mut progress = Progress::new(10);
        for step in 1..=10 {
            let (average, seconds_left) = progress.add(&report(step, 3.5));
            assert!((average - 3.5).abs() < 1e-12, "step {step}: {average}");
            assert_eq!(seconds_left, (10 - step) as f64 * 2.0);
        }
    }

    #[test]
    fn the_average_weighs_each_step_by_its_age() {
        let mut progress = Progress::new(2);
        assert_eq!(progress.add(&report(1, 4.0)).0, 4.0);
        let want = (4.0 * SMOOTHING + 2.0) / (SMOOTHING + 1.0);
        assert!((progress.add(&report(2, 2.0)).0 - want).abs() < 1e-12);
    }

    /// Losses that go up and down as those of a run do.
    fn losses(count: u64) -> Vec<f64> {
        (1..=count).map(|step| 2.0 + 5.0 / step as f64 + crate::random::uniform(7, 1, step)).collect()
    }

    fn averages(losses: &[f64]) -> Vec<f64> {
        let mut progress = Progress::new(losses.len() as u64);
        losses.iter().zip(1..).map(|(loss, step)| progress.add(&report(step, *loss)).0).collect()
    }

    #[test]
    fn a_constant_series_stays_constant() {
        for loss in [1e-9, 0.1, 1.0 / 3.0, 6.238, 1e6] {
            for (i, average) in averages(&[loss; 3_000]).into_iter().enumerate() {
                assert!((average / loss - 1.0).abs() < 1e-12, "{loss}: {average} at step {}", i + 1);
            }
        }
        assert_eq!(averages(&[0.0; 10]), [0.0; 10]);
    }

    /// However few of the steps a view shows: the average at each is the weighted sum over all steps up to it.
    #[test]
    fn the_average_is_of_all_steps_however_few_are_shown() {
        let losses = losses(700);
        let all = averages(&losses);
        for every in [1, 2, 3, 7, 64, 699] {
            for shown in (0..losses.len()).step_by(every) {
                let (mut sum, mut weight) = (0.0, 0.0);
                for (age, loss) in losses[..=shown].iter().rev().enumerate() {
                    let share = SMOOTHING.powi(age as i32);
                    (sum, weight) = (sum + share * loss, weight + share);
                }
                assert!((all[shown] - sum / weight).abs() < 1e-9, "step {}: {}", shown + 1, all[shown]);
            }
        }
        // Steps to come do not change it, and it stays within what was seen.
        for shown in [1, 2, 10, 333] {
            assert_eq!(averages(&losses[..shown]), all[..shown]);
            let [low, high] = [f64::min, f64::max].map(|f| losses[..shown].iter().copied().reduce(f).unwrap());
            assert!((low..=high).contains(&all[shown - 1]));
        }
    }

    /// A run that goes on has the averages of one that never stopped: those of its log first.
    #[test]
    fn a_run_that_goes_on_goes_on_with_its_average() {
        let losses = losses(120);
        let want = averages(&losses);
        let mut log = Vec::new();
        for (loss, step) in losses.iter().take(80).zip(1..) {
            serde_json::to_writer(&mut log, &report(step, *loss)).unwrap();
            log.push(b'\n');
        }
        let mut progress = Progress::new(120);
        let later = losses.iter().zip(1..).skip(80).map(|(loss, step)| report(step, *loss));
        let got: Vec<f64> = read_log(&log).into_iter().chain(later).map(|report| progress.add(&report).0).collect();
        assert_eq!(got, want);
    }

    #[test]
    fn a_log_is_read_line_by_line_and_its_broken_end_is_no_report() {
        let mut log = serde_json::to_vec(&report(1, 2.0)).unwrap();
        log.extend(b"\n{\"step\":2,\"tok");
        assert_eq!(read_log(&log), [report(1, 2.0)]);
        assert_eq!(read_log(b""), []);
    }
}
