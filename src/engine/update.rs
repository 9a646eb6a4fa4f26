//! One update on a copy: what it changes of the distribution in front of a token, and elsewhere; to be kept or undone.
//!
//! The run's own weights and moments are set aside on the device, the recorded step runs over the tokens to try, and they
//! are put back before anything else happens. So whatever lies between two actions sees the run alone.

use web_time::Instant;

use super::attention_change::attention_change;
use super::memory::required_bytes;
use super::protocol::{Elsewhere, Event, Rest, Shift, Standing, Undone};
use super::questions::{MAX_PROMPT, ModelView, piece};
use crate::data::{Batch, Windows};
use crate::generate::Sampling;
use crate::model::{Backup, Gpt, Probe, Probing};
use crate::sampling::{Distribution, log_softmax};
use crate::tokenizer::Tokenizer;
use crate::train::{Pass, Passed, Trainer};
use crate::{Error, Result};

/// Other windows whose loss is measured before and after.
const ELSEWHERE: usize = 6;

/// Characters of a window that name it.
const NAME: usize = 32;

/// The likeliest tokens, before and after, that are shown.
const LIKELIEST: usize = 10;

/// Updates of one command.
const MAX_UPDATES: u32 = 100;

/// Updates tried on a copy and neither kept nor undone.
pub struct Trial {
    /// Weights and moments behind them; none before the first.
    tried: Option<Backup>,
    updates: u64,
}

impl Trial {
    /// Writes what was tried over the weights and moments of `model`; how many updates these are.
    pub fn keep(&self, model: &Gpt) -> Option<u64> {
        let tried = self.tried.as_ref()?;
        model.put_back(tried);
        Some(self.updates)
    }
}

/// Forgets what was tried and reports `why`, where there was something. `id` is that of the question that ends with it.
pub fn undo(trial: &mut Option<Trial>, why: Undone, id: Option<u64>, events: &mut Vec<Event>) {
    if trial.take().is_some() {
        events.push(Event::UpdateUndone { why, id });
    }
}

/// Updates under way.
pub struct Update {
    id: Option<u64>,
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
    /// `count` updates on a copy of the run of `trainer`. Refuses what cannot be learnt from, and a copy for which the
    /// device's `memory` does not do. The event carries `id`.
    pub fn new(
        trainer: &Trainer,
        tokenizer: &Tokenizer,
        (text, position, count): (Option<String>, Option<usize>, u32),
        id: Option<u64>,
        memory: Option<u64>,
    ) -> Result<Update> {
        let (config, device) = (&trainer.model.config, trainer.device());
        if count > MAX_UPDATES {
            return Err(Error::Usage(format!("the updates to try are to be at most {MAX_UPDATES}, not {count}")));
        }
        // The copy, and the run that is set aside meanwhile.
        let needed = required_bytes(config, trainer.config.batch)? + 2 * trainer.model.aside_bytes();
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
            tokens = tokenizer.encode(text.as_bytes());
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
        let trained = Windows { tokens: trainer.dataset.train.clone(), context: config.context, end_of_text: None };
        let windows = trainer.dataset.validation.as_ref().unwrap_or(&trained);
        Ok(Update {
            id,
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
        })
    }

    /// Whether it leaves something to keep or to undo.
    pub fn tries(&self) -> bool {
        self.count > 0
    }

    /// Goes on until `deadline` over what was tried so far, `trial`; says whether it is done.
    pub fn advance(
        &mut self,
        trainer: &Trainer,
        view: &mut ModelView,
        trial: &mut Option<Trial>,
        deadline: Instant,
        events: &mut Vec<Event>,
    ) -> Result<bool> {
        let probe = view.tapes.probe(view.device, view.model)?;
        let tried = trial.get_or_insert(Trial { tried: None, updates: 0 });
        // What comes before is what was tried so far, but where that itself is to be shown.
        let goes_on = self.tries();
        if self.run.is_none() {
            self.run = Some(trainer.model.set_aside());
            tried.tried.iter().filter(|_| goes_on).for_each(|tried| trainer.model.put_back(tried));
            self.gather(trainer);
        }
        let run = self.run.as_ref().expect("set aside above");
        if !self.before.advance(trainer, probe, (&self.tokens, &self.batches, &self.elsewhere), deadline)? {
            return Ok(false);
        }
        while self.taken < self.count {
            let pass = self.pass.get_or_insert_with(|| Pass::new(self.batches.clone(), Some(tried.updates)));
            let Some(passed) = trainer.pass(pass, deadline)? else { return Ok(false) };
            let Passed { gradient_norm, finite, .. } = passed;
            if !finite {
                trainer.model.put_back(run);
                undo(trial, Undone::NotFinite, self.id, events);
                return Ok(true);
            }
            self.norm = self.norm.or(gradient_norm);
            self.pass = None;
            self.taken += 1;
            tried.updates += 1;
        }
        if !goes_on && !std::mem::replace(&mut self.shows, true) {
            tried.tried.iter().for_each(|tried| trainer.model.put_back(tried));
        }
        if !self.after.advance(trainer, probe, (&self.tokens, &self.batches, &self.elsewhere), deadline)? {
            return Ok(false);
        }
        if goes_on {
            tried.tried = Some(trainer.model.set_aside());
        }
        trainer.model.put_back(run);
        let updates = tried.updates;
        events.push(self.tell(trainer, view.tokenizer, updates)?);
        if updates == 0 {
            *trial = None;
        }
        Ok(true)
    }

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
        let mut shown: Vec<u32> = after.ranked.iter().copied().take(LIKELIEST).collect();
        for id in before.ranked.iter().copied().take(LIKELIEST).chain([target]) {
            if !shown.contains(&id) {
                shown.push(id);
            }
        }
        shown.sort_by_key(|id| after.ranks[*id as usize]);
        let [rest_before, rest_after] = [&before, &after].map(|found| {
            let others = found.ranked.iter().rev().filter(|id| !shown.contains(id));
            others.map(|id| found.probabilities[*id as usize]).sum::<f64>()
        });
        let tokens = before.ranked.len() - shown.len();
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
            candidates: shown.into_iter().map(shift).collect(),
            rest,
            vocab: before.ranked.len(),
            log_probabilities_before: self.before.log_probabilities.clone(),
            log_probabilities_after: self.after.log_probabilities.clone(),
            attention_change,
            most_changed: (!heads.is_empty()).then_some(most),
            heads,
            elsewhere: elsewhere.collect::<Result<_>>()?,
            held_out: trainer.dataset.validation.is_some(),
            id: self.id,
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
