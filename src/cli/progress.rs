//! What a training run shows of itself: a bar on a terminal, a line now and then elsewhere, JSON for scripts.

use std::io::IsTerminal;

use glasshouse::Result;
use glasshouse::engine::Event;
use glasshouse::train::{StepReport, TrainConfig};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::output::{self, duration, grouped, harmless};

/// Without a progress bar a run prints about this many lines.
const MAX_LOG_LINES: u64 = 30;

/// Where progress goes. With `--json` standard output has the steps alone, and what people read goes to standard error.
pub struct Display {
    json: bool,
    terminal: bool,
    bar: Option<ProgressBar>,
    stage: Option<String>,
    steps: Steps,
    /// The last step that was shown.
    pub last: Option<StepReport>,
    /// The last validation loss.
    pub validation: Option<f64>,
}

/// What the lines of steps need to know of the run.
#[derive(Default)]
struct Steps {
    total: u64,
    /// Where this call ends.
    end: u64,
    tokens: u64,
    /// Steps between two lines.
    every: u64,
}

impl Display {
    /// A display for steps as JSON, or for people.
    pub fn new(json: bool) -> Display {
        let terminal = !json && std::io::stderr().is_terminal();
        Display { json, terminal, bar: None, stage: None, steps: Steps::default(), last: None, validation: None }
    }

    /// A line for people.
    pub fn note(&self, text: impl AsRef<str>) -> Result<()> {
        match &self.bar {
            _ if self.json => {
                output::note(text);
                Ok(())
            }
            Some(bar) => bar.suspend(|| output::progress(text)),
            None => output::progress(text),
        }
    }

    /// A fact about the run: its name in a column, and what it is.
    pub fn fact(&self, name: &str, value: impl std::fmt::Display) -> Result<()> {
        self.note(format!("{name:<10} {value}"))
    }

    /// A stage before training.
    pub fn preparing(&mut self, stage: &str, done: u64, total: u64) -> Result<()> {
        let (title, unit) = match stage {
            "tokenizer" => ("training the tokenizer", "tokens"),
            _ => ("encoding the text", "bytes"),
        };
        let new = self.stage.as_deref() != Some(stage);
        self.stage = Some(stage.into());
        if new && self.terminal {
            self.begin("{prefix} [{bar:24}] {human_pos}/{human_len} {msg}", done, total);
        } else if new {
            self.note(format!("{title} ..."))?;
        }
        if let Some(bar) = &self.bar {
            bar.set_prefix(title);
            bar.set_message(unit);
            bar.set_position(done);
        }
        Ok(())
    }

    /// Puts a bar in place of the last one.
    fn begin(&mut self, template: &str, done: u64, total: u64) {
        self.close();
        self.bar = Some(bar(template, done, total));
    }

    /// The run is ready at `step`, and this call goes on to `end`, with `tokens` tokens a step.
    pub fn ready(&mut self, train: &TrainConfig, tokens: u64, step: u64, end: u64) {
        let every = nice((end - step.min(end)).div_ceil(MAX_LOG_LINES).max(1));
        self.steps = Steps { total: train.steps, end, tokens, every };
        if self.terminal {
            self.begin("{human_pos}/{human_len} [{bar:12}] {wide_msg}", step, train.steps);
        }
    }

    /// A finished step.
    pub fn step(&mut self, report: &StepReport) -> Result<()> {
        let first = self.last.is_none();
        self.last = Some(report.clone());
        self.validation = report.validation_loss.or(self.validation);
        if self.json {
            return output::progress(output::in_json(report));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(report.step);
            bar.set_message(self.summarise(report));
        }
        let due = match self.bar {
            Some(_) => report.validation_loss.is_some(),
            None => {
                let regular = report.step.is_multiple_of(self.steps.every) || report.step == self.steps.end;
                first || regular || report.validation_loss.is_some()
            }
        };
        if due {
            let width = self.steps.total.to_string().len();
            let line = self.describe(report);
            self.note(format!("step {:>width$}/{}  {line}", report.step, self.steps.total))?;
        }
        Ok(())
    }

    /// What a line says of a step.
    fn describe(&self, report: &StepReport) -> String {
        let mut text = format!("loss {:.4}", report.loss);
        if let Some(validation) = report.validation_loss {
            text += &format!("  validation {validation:.4}");
        }
        text += &format!("  lr {:.2e}  {} tokens/s", report.lr, grouped(report.tokens_per_second as u64));
        if let Some(left) = self.left(report) {
            text += &format!("  {left} left");
        }
        text
    }

    /// What the bar says: the same in less room.
    fn summarise(&self, report: &StepReport) -> String {
        let mut text = format!("loss {:.3}", report.loss);
        if let Some(validation) = self.validation {
            text += &format!(", validation {validation:.3}");
        }
        text += &format!(", {} tokens/s", grouped(report.tokens_per_second as u64));
        if let Some(left) = self.left(report) {
            text += &format!(", {left} left");
        }
        text
    }

    /// How long the steps that are left will take.
    fn left(&self, report: &StepReport) -> Option<String> {
        let tokens = self.steps.end.saturating_sub(report.step) * self.steps.tokens;
        (tokens > 0).then(|| duration(tokens as f64 / report.tokens_per_second))
    }

    /// What the model wrote after `step`.
    pub fn sample(&self, step: u64, text: &str) -> Result<()> {
        let mut shown = format!("sample after step {step}:");
        for line in harmless(text).lines() {
            shown += "\n  | ";
            shown += line;
        }
        self.note(shown)
    }

    /// Takes the bar away.
    pub fn close(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }

    /// Shows an event that needs nothing else done.
    pub fn show(&mut self, event: &Event) -> Result<()> {
        match event {
            Event::Preparing { stage, done, total } => self.preparing(stage, *done, *total),
            Event::Step { report } => self.step(report),
            Event::Sample { step, text, .. } => self.sample(*step, text),
            _ => Ok(()),
        }
    }
}

/// A bar on standard error.
pub fn bar(template: &str, done: u64, total: u64) -> ProgressBar {
    let style = ProgressStyle::with_template(template).expect("the templates are written here");
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    bar.with_style(style.progress_chars("=> ")).with_position(done)
}

/// The first of 1, 2, 5, 10, 20, 50, … that is not below `number`.
fn nice(number: u64) -> u64 {
    let mut power = 1;
    loop {
        for factor in [1, 2, 5] {
            if factor * power >= number {
                return factor * power;
            }
        }
        power *= 10;
    }
}

#[cfg(test)]
mod tests {
    use super::nice;

    #[test]
    fn lines_come_at_round_steps() {
        assert_eq!([1, 2, 3, 40, 51, 652].map(nice), [1, 2, 5, 50, 100, 1000]);
    }
}
