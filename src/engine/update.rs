//! One update on a copy: what it changes of the distribution in front of a token, and elsewhere; to be kept or undone.
//!
//! The run's own weights and moments are set aside on the device, the recorded step runs over the tokens to try, and they
//! are put back before anything else happens. So whatever lies between two actions sees the run alone.

use web_time::Instant;

use super::attention_change::attention_change;
use super::memory::required_bytes;
use super::protocol::{Elsewhere, Event, Rest, Shift, Standing, Undone};
use super::questions::look::{MAX_PROMPT, piece};
use super::run::{Action, Run};
use crate::data::{Batch, Windows};
use crate::generate::Sampling;
use crate::model::{Backup, Probe, Probing};
use crate::sampling::{Distribution, log_softmax};
use crate::tokenizer::Tokenizer;
use crate::train::{Pass, Passed, Trainer};
use crate::{Error, Result};

/// Other windows whose loss is measured before and after.
const ELSEWHERE: usize = 6;

/// Characters of a window that name it.
const NAME: usize = 32;

/// The likeliest tokens, before and after, that are told of.
const LIKELIEST: usize = 10;

/// Updates of one command.
const MAX_UPDATES: u32 = 100;

/// Updates tried on a copy and neither kept nor undone.
pub struct Trial {
    /// Weights and moments behind them; none before the first.
    tried: Option<Backup>,
    updates: u64,
}

/// Updates under way.
pub struct Update {
    text: Option<String>,
    /// What is shown, T tokens: all but the last are seen.
    tokens: Vec<u32>,
    left_out: usize,
    position: usize,
    count: u32,
    rows: usize,
    /// What the updates are made on; the run's next step where that is not known yet.
    batches: Vec<Batch>,
    elsewhere: Vec<Vec<u32>>,
    /// The run, while the copy is in its place.
    run: Option<Backup>,
    before: Measuring,
    pass: Option<Pass>,
    /// Of the first update.
    norm: Option<f64>,
    taken: u32,
    /// Whether what was tried stands in the run's place, where no update is asked for.
    shows: bool,
    after: Measuring,
}

/// A measurement under way: the chances of the tokens shown, the loss on what the update is made on, and elsewhere.
#[derive(Default)]
struct Measuring {
    probing: Option<Probing>,
    /// (T - 1) rows of V.
    logits: Vec<f32>,
    /// (L, H, T - 1, T - 1).
    attention: Vec<f32>,
    log_probabilities: Vec<f64>,
    pass: Option<Pass>,
    loss: Option<f64>,
    elsewhere: Vec<f64>,
}

impl Run {
    /// Asks for updates on a copy, after the step under way. Refuses what cannot be learnt from, and a copy for which
    /// the device's `memory` does not do.
    pub fn update(
        &mut self,
        text: Option<String>,
        position: Option<usize>,
        count: u32,
        memory: Option<u64>,
    ) -> Result<()> {
        let (config, device) = (&self.trainer.model.config, &self.device);
        if count > MAX_UPDATES {
            return Err(Error::Usage(format!("the updates to try are to be at most {MAX_UPDATES}, not {count}")));
        }
        // The copy, and the run that is set aside meanwhile.
        let needed = required_bytes(config, self.trainer.config.batch)? + 2 * self.trainer.model.aside_bytes();
        if let Some(memory) = memory.filter(|memory| needed > *memory) {
            return Err(Error::Config(format!(
                "a copy of the run to try an update on needs {} MiB, and {} has {} MiB to give",
                needed.div_ceil(1 << 20),
                device.name(),
                memory >> 20
            )));
        }
        let longest = MAX_PROMPT.min(Probe::most(device, config)) + 1;
        let (mut tokens, mut left_out) = (Vec::new(), 0);
        if let Some(text) = &text {
            tokens = self.tokenizer.encode(text.as_bytes());
            if tokens.len() < 2 {
                return Err(Error::Usage(
                    "an update needs two tokens at least, one to predict the other from: type more".into(),
                ));
            }
            left_out = tokens.len().saturating_sub(longest);
            tokens.truncate(longest);
        }
        let len = if text.is_some() { tokens.len() } else { longest };
        let position = position.unwrap_or(len - 1);
        if !(1..len).contains(&position) {
            return Err(Error::Usage(format!(
                "the token to predict is to stand between 1 and {} of what is shown, not at {position}",
                len - 1
            )));
        }
        let trained = Windows { tokens: self.trainer.dataset.train.clone(), context: config.context };
        let windows = self.trainer.dataset.validation.as_ref().unwrap_or(&trained);
        let update = Update {
            text,
            tokens,
            left_out,
            position,
            count,
            rows: 1,
            batches: Vec::new(),
            elsewhere: spread(windows),
            run: None,
            before: Measuring::default(),
            pass: None,
            norm: None,
            taken: 0,
            shows: false,
            after: Measuring::default(),
        };
        self.actions.extend([Action::Drain, Action::Update(Box::new(update))]);
        Ok(())
    }

    /// Keeps or undoes what was tried, after what is under way. Refuses it where nothing was.
    pub fn settle_trial(&mut self, action: Action) -> Result<()> {
        if !self.tries() {
            return Err(Error::Usage("there is no update to keep or to undo: try one first".into()));
        }
        self.actions.push_back(action);
        Ok(())
    }

    /// Gives up what was tried, where there is something, because training goes on.
    pub fn give_up_trial(&mut self) {
        if self.tries() {
            self.actions.push_back(Action::Undo(Undone::WentOn));
        }
    }

    /// Whether there will be something to keep or to undo when all that was asked for is done.
    fn tries(&self) -> bool {
        self.actions.iter().fold(self.trial.is_some(), |open, action| match action {
            Action::Update(update) => open || update.count > 0,
            Action::Keep | Action::Undo(_) => false,
            _ => open,
        })
    }

    /// Goes on with updates until `deadline`; says whether they are done.
    pub(super) fn try_update(
        &mut self,
        update: &mut Update,
        deadline: Instant,
        events: &mut Vec<Event>,
    ) -> Result<bool> {
        let (trainer, u) = (&self.trainer, update);
        let probe = self.tapes.probe(&self.device, &trainer.model)?;
        let trial = self.trial.get_or_insert(Trial { tried: None, updates: 0 });
        // What comes before is what was tried so far, but where that itself is to be shown.
        let goes_on = u.count > 0;
        if u.run.is_none() {
            u.run = Some(trainer.model.set_aside());
            trial.tried.iter().filter(|_| goes_on).for_each(|tried| trainer.model.put_back(tried));
            u.gather(trainer);
        }
        let run = u.run.as_ref().expect("set aside above");
        if !u.before.advance(trainer, probe, (&u.tokens, &u.batches, &u.elsewhere), deadline)? {
            return Ok(false);
        }
        while u.taken < u.count {
            let pass = u.pass.get_or_insert_with(|| Pass::new(u.batches.clone(), Some(trial.updates)));
            let Some(passed) = trainer.pass(pass, deadline)? else { return Ok(false) };
            let Passed { gradient_norm, finite, .. } = passed;
            if !finite {
                trainer.model.put_back(run);
                return Ok(self.undo(Undone::NotFinite, events));
            }
            u.norm = u.norm.or(gradient_norm);
            u.pass = None;
            u.taken += 1;
            trial.updates += 1;
        }
        if !goes_on && !std::mem::replace(&mut u.shows, true) {
            trial.tried.iter().for_each(|tried| trainer.model.put_back(tried));
        }
        if !u.after.advance(trainer, probe, (&u.tokens, &u.batches, &u.elsewhere), deadline)? {
            return Ok(false);
        }
        if goes_on {
            trial.tried = Some(trainer.model.set_aside());
        }
        trainer.model.put_back(run);
        let updates = trial.updates;
        events.push(u.tell(trainer, &self.tokenizer, updates)?);
        if updates == 0 {
            self.trial = None;
        }
        Ok(true)
    }

    /// The run goes on from what was tried, and is saved there.
    pub(super) fn keep(&mut self, events: &mut Vec<Event>) -> bool {
        if let Some(Trial { tried: Some(tried), updates }) = self.trial.take() {
            self.trainer.model.put_back(&tried);
            self.trainer.extra += updates;
            events.push(Event::UpdateKept { step: self.trainer.step(), updates });
            self.saved_step = None;
            if let Some(pinned) = self.timeline.remove(self.trainer.step()) {
                self.actions.push_back(Action::Snapshot(pinned));
            }
            self.save();
        }
        true
    }

    /// What was tried is gone.
    pub(super) fn undo(&mut self, why: Undone, events: &mut Vec<Event>) -> bool {
        if self.trial.take().is_some() {
            events.push(Event::UpdateUndone { why });
        }
        true
    }
}

/// Some windows, far from each other.
fn spread(windows: &Windows) -> Vec<Vec<u32>> {
    let all = windows.count(1);
    let some = ELSEWHERE.min(all);
    (0..some)
        .map(|i| {
            let start = i * all / some * windows.context;
            windows.tokens[start..windows.tokens.len().min(start + windows.context + 1)].to_vec()
        })
        .collect()
}

impl Update {
    /// What the updates are made on: the rows that were typed, or those of the step to come.
    fn gather(&mut self, trainer: &Trainer) {
        let (batch, context) = (trainer.config.batch, trainer.dataset.context);
        if self.text.is_some() {
            self.batches = vec![Batch::of(&[&self.tokens], batch, context)];
            return;
        }
        self.batches = trainer.next_batches();
        self.rows = batch * self.batches.len();
        let Batch { inputs, targets, .. } = &self.batches[0];
        let shown = MAX_PROMPT.min(Probe::most(trainer.device(), &trainer.model.config));
        self.tokens = inputs[..shown].to_vec();
        self.tokens.push(targets[shown - 1]);
        self.left_out = context - shown;
    }

    /// What was found, with the tokens' texts.
    fn tell(&mut self, trainer: &Trainer, tokenizer: &Tokenizer, updates: u64) -> Result<Event> {
        let [before, after] = [&self.before, &self.after].map(|found| found.distribution(self.position));
        let shift = |id: u32| {
            let [before, after] = [&before, &after].map(|found| Standing {
                rank: found.ranks[id as usize],
                probability: found.probabilities[id as usize],
                log_probability: found.log_probabilities[id as usize],
            });
            let log_change = after.log_probability - before.log_probability;
            Shift { piece: piece(tokenizer, id), before, after, log_change }
        };
        let target = self.tokens[self.position];
        let mut told: Vec<u32> = after.ranked.iter().copied().take(LIKELIEST).collect();
        for id in before.ranked.iter().copied().take(LIKELIEST).chain([target]) {
            if !told.contains(&id) {
                told.push(id);
            }
        }
        told.sort_by_key(|id| after.ranks[*id as usize]);
        let [rest_before, rest_after] = [&before, &after].map(|found| {
            let others = found.ranked.iter().rev().filter(|id| !told.contains(id));
            others.map(|id| found.probabilities[*id as usize]).sum::<f64>()
        });
        let tokens = before.ranked.len() - told.len();
        let log_change = if rest_before > 0.0 { libm::log(rest_after / rest_before) } else { 0.0 };
        let rest = Rest { tokens, before: rest_before, after: rest_after, log_change };
        // Before anything is tried nothing has changed, and nothing is sent.
        let (attention_change, heads, most) = if updates == 0 {
            (Vec::new(), Vec::new(), 0)
        } else {
            let heads = trainer.model.config.heads;
            attention_change(&self.before.attention, &self.after.attention, heads, self.tokens.len() - 1)
        };
        let losses = self.before.elsewhere.iter().zip(&self.after.elsewhere);
        let elsewhere = self.elsewhere.iter().zip(losses).map(|(window, (before, after))| {
            let bytes = tokenizer.decode(window)?;
            let name: String = String::from_utf8_lossy(&bytes).trim_matches('\u{fffd}').chars().take(NAME).collect();
            Ok(Elsewhere { name, loss_before: *before, loss_after: *after })
        });
        Ok(Event::Updated {
            step: trainer.step(),
            updates,
            count: self.count,
            text: self.text.take(),
            tokens: self.tokens.iter().map(|id| piece(tokenizer, *id)).collect(),
            left_out: self.left_out,
            rows: self.rows,
            position: self.position,
            loss_before: self.before.loss.expect("measured"),
            loss_after: self.after.loss.expect("measured"),
            learning_rate: trainer.next_rate(),
            gradient_norm: self.norm,
            target: shift(target),
            candidates: told.into_iter().map(shift).collect(),
            rest,
            vocab: before.ranked.len(),
            log_probabilities_before: self.before.log_probabilities.clone(),
            log_probabilities_after: self.after.log_probabilities.clone(),
            attention_change,
            most_changed: (!heads.is_empty()).then_some(most),
            heads,
            elsewhere: elsewhere.collect::<Result<_>>()?,
            held_out: trainer.dataset.validation.is_some(),
        })
    }
}

impl Measuring {
    /// Goes on until `deadline`; says whether all is measured.
    fn advance(
        &mut self,
        trainer: &Trainer,
        probe: &Probe,
        (tokens, batches, elsewhere): (&[u32], &[Batch], &[Vec<u32>]),
        deadline: Instant,
    ) -> Result<bool> {
        let (config, seen) = (&trainer.model.config, tokens.len() - 1);
        if self.logits.is_empty() {
            if self.probing.is_none() {
                self.probing = Some(probe.begin(&tokens[..seen], &vec![1.0; config.layers * config.heads])?);
            }
            let probing = self.probing.as_mut().expect("begun above");
            let Some(found) = probe.advance(probing, deadline)? else { return Ok(false) };
            (self.logits, self.attention) = (found.logits, found.attention);
        }
        while self.log_probabilities.len() < seen {
            let at = self.log_probabilities.len();
            let all = log_softmax(&self.row(at, seen).iter().map(|x| f64::from(*x)).collect::<Vec<_>>());
            self.log_probabilities.push(all[tokens[at + 1] as usize]);
            if Instant::now() >= deadline {
                return Ok(false);
            }
        }
        if self.loss.is_none() {
            let pass = self.pass.get_or_insert_with(|| Pass::new(batches.to_vec(), None));
            let Some(passed) = trainer.pass(pass, deadline)? else { return Ok(false) };
            (self.loss, self.pass) = (Some(passed.loss), None);
        }
        // A batch of windows at a time.
        let (rows, context) = (trainer.config.batch, config.context);
        while self.elsewhere.len() < elsewhere.len() {
            let part: Vec<&[u32]> = elsewhere.iter().skip(self.elsewhere.len()).take(rows).map(Vec::as_slice).collect();
            let pass = self.pass.get_or_insert_with(|| Pass::new(vec![Batch::of(&part, rows, context)], None));
            let Some(passed) = trainer.pass(pass, deadline)? else { return Ok(false) };
            self.pass = None;
            self.elsewhere.extend(part.iter().zip(passed.losses.chunks(context)).map(|(window, losses)| {
                let predicted = window.len() - 1;
                losses[..predicted].iter().sum::<f64>() / predicted as f64
            }));
        }
        Ok(true)
    }

    /// The logits of the token after the one at `at`, of `seen` tokens.
    fn row(&self, at: usize, seen: usize) -> &[f32] {
        let vocab = self.logits.len() / seen;
        &self.logits[at * vocab..][..vocab]
    }

    /// The distribution in front of the token at `position`.
    fn distribution(&self, position: usize) -> Distribution {
        Sampling::default().distribution(self.row(position - 1, self.log_probabilities.len()))
    }
}
