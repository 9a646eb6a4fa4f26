//! The options of `train` that say how the weights are updated.

use clap::Args;
use glasshouse::engine::Settings;
use glasshouse::train::schedule::Schedule;

/// How the weights are updated; what is not given is the preset's.
#[derive(Args, Debug)]
pub struct OptimiserArgs {
    /// Passes whose gradients are added up before one update.
    #[arg(long, value_name = "N", help_heading = "Optimiser")]
    accumulate: Option<usize>,
    /// The highest learning rate.
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Optimiser")]
    pub lr: Option<f64>,
    /// The learning rate that the schedule falls to; 0 where none is given.
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Optimiser")]
    min_lr: Option<f64>,
    /// Steps in which the learning rate rises; 0 for none.
    #[arg(long, value_name = "N", help_heading = "Optimiser")]
    warmup: Option<u64>,
    /// How the learning rate falls; cosine where none is named.
    #[arg(long, value_name = "cosine|linear|constant|wsd", help_heading = "Optimiser")]
    schedule: Option<Schedule>,
    /// AdamW's decay of matrices and embeddings; 0.1 where none is given.
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Optimiser")]
    weight_decay: Option<f64>,
    /// The decay of AdamW's mean of gradients; 0.9 where none is given.
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Optimiser")]
    beta1: Option<f64>,
    /// The decay of AdamW's mean of their squares; 0.95 where none is given.
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Optimiser")]
    beta2: Option<f64>,
    /// The largest global norm of a gradient, 0 for any; 1 where none is given.
    #[arg(long, value_name = "X", allow_negative_numbers = true, help_heading = "Optimiser")]
    clip: Option<f64>,
}

impl OptimiserArgs {
    /// Puts what was given into the settings of a run.
    pub fn apply(&self, settings: Settings) -> Settings {
        Settings {
            accumulate: self.accumulate,
            min_lr: self.min_lr,
            warmup: self.warmup,
            schedule: self.schedule,
            weight_decay: self.weight_decay,
            beta1: self.beta1,
            beta2: self.beta2,
            clip: self.clip,
            ..settings
        }
    }

    /// What stays as it was when a run goes on, and whether it was given.
    pub fn lasting(&self) -> [(&'static str, bool); 8] {
        [
            ("--accumulate", self.accumulate.is_some()),
            ("--min-lr", self.min_lr.is_some()),
            ("--warmup", self.warmup.is_some()),
            ("--schedule", self.schedule.is_some()),
            ("--weight-decay", self.weight_decay.is_some()),
            ("--beta1", self.beta1.is_some()),
            ("--beta2", self.beta2.is_some()),
            ("--clip", self.clip.is_some()),
        ]
    }
}
