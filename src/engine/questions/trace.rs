//! One forward pass of a prompt, stop by stop: what each is, the numbers of one, and what one of these is made of.

use web_time::Instant;

use super::look::MAX_PROMPT;
use super::pieces::piece;
use super::{ModelView, Question};
use crate::device::Reading;
use crate::engine::protocol::{Cell, Event, Spread, Station};
use crate::engine::timeline::Snapshot;
use crate::generate::prompt_ids;
use crate::model::ModelConfig;
use crate::model::parts::Needed;
use crate::model::probe::Tracing;
use crate::model::trace::{Stop, Traced};
use crate::{Error, Result};

/// What is asked about a pass.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// The prompt.
    pub prompt: String,
    /// The layer and the head, from 0.
    pub place: [usize; 2],
    /// The token after which the likeliest are named; the last where none is named, or where there is no such token.
    pub position: Option<usize>,
    /// The stop whose numbers are sent.
    pub stop: Stop,
    /// Row and column of the number that is sent with its parts.
    pub cell: Option<[usize; 2]>,
}

/// A requested pass.
pub struct Trace {
    request: Request,
    /// The weights that it is made with; none: the live ones.
    at: Option<Snapshot>,
    tracing: Option<Tracing>,
    /// What is read beside the pass, and what of that has arrived.
    reading: Option<(Vec<Reading>, Vec<Vec<f32>>)>,
}

/// The last pass over a model, as long as its weights are the same.
pub struct LastPass {
    traced: Traced,
    weights: [u64; 2],
    /// After which token the candidates are named, and all stops with how their numbers lie.
    stations: Option<(usize, Vec<Station>)>,
}

/// Refuses a layer or a head that the model does not have.
pub fn check_place(model: &ModelConfig, [layer, head]: [usize; 2]) -> Result<()> {
    if layer >= model.layers || head >= model.heads {
        let ModelConfig { layers, heads, .. } = model;
        return Err(Error::Usage(format!(
            "the model has {layers} layers of {heads} heads, and no head {head} in layer {layer}, both counted from 0"
        )));
    }
    Ok(())
}

/// How `values` lie.
fn spread(values: &[f32]) -> Spread {
    let (mut count, mut sum, mut least, mut most) = (0.0, 0.0, f64::INFINITY, f64::NEG_INFINITY);
    let finite = || values.iter().map(|x| f64::from(*x)).filter(|x| x.is_finite());
    for x in finite() {
        (count, sum) = (count + 1.0, sum + x);
        (least, most) = (least.min(x), most.max(x));
    }
    if count == 0.0 {
        return Spread { mean: 0.0, deviation: 0.0, least: 0.0, most: 0.0 };
    }
    let mean = sum / count;
    let squares: f64 = finite().map(|x| (x - mean) * (x - mean)).sum();
    Spread { mean, deviation: libm::sqrt(squares / count), least, most }
}

impl Trace {
    /// A pass over a prompt, that answers `request`.
    pub fn new(request: Request, at: Option<Snapshot>) -> Trace {
        Trace { request, at, tracing: None, reading: None }
    }
}

impl Question for Trace {
    /// Of a prompt that is too long the end is taken. The last pass over the same weights is not made anew.
    fn advance(&mut self, view: &mut ModelView, deadline: Instant, events: &mut Vec<Event>) -> Result<bool> {
        let (device, model, tokenizer) = (view.device, view.model, view.tokenizer);
        let (tapes, weights) = (&mut *view.tapes, [view.step, view.extra]);
        let Request { prompt, place, position, stop, cell } = &self.request;
        if self.reading.is_none() {
            let probe = tapes.probe(device, model)?;
            let ids = prompt_ids(tokenizer, prompt, view.end_of_text);
            let ids = &ids[ids.len().saturating_sub(probe.longest.min(MAX_PROMPT))..];
            let same = |last: &LastPass| {
                let Traced { tokens, layer, head, .. } = &last.traced;
                last.weights == weights && tokens == ids && [*layer, *head] == *place
            };
            if !tapes.last_pass.as_ref().is_some_and(same) {
                let probe = tapes.probe(device, model)?;
                if self.tracing.is_none() {
                    self.tracing = Some(probe.begin_trace(ids, place[0], place[1])?);
                }
                let tracing = self.tracing.as_mut().expect("begun above");
                let Some(traced) = probe.advance_trace(tracing, deadline)? else { return Ok(false) };
                tapes.last_pass = Some(LastPass { traced, weights, stations: None });
            }
        }
        let LastPass { traced, stations, .. } = tapes.last_pass.as_mut().expect("made above");
        let last = traced.tokens.len() - 1;
        let position = position.unwrap_or(last).min(last);
        let candidates = traced.candidates(position);
        let stop = traced.known(*stop);
        let [rows, columns] = traced.shape(stop, candidates.len());
        let cell = cell.filter(|[row, column]| *row < rows && *column < columns);
        let (readings, arrived) = self.reading.get_or_insert_with(|| {
            let read = |needed| {
                let view = match needed {
                    Needed::Whole(name) => model.named(&format!("transformer.{name}")),
                    Needed::Row(id) => {
                        let channels = model.config.channels;
                        model
                            .named("transformer.wte.weight")
                            .slice(id as usize * channels..(id as usize + 1) * channels)
                    }
                };
                device.read(view)
            };
            (traced.needs(stop, cell, &candidates).into_iter().map(read).collect(), Vec::new())
        });
        while let Some(reading) = readings.get_mut(arrived.len()) {
            let Some(numbers) = reading.poll() else { return Ok(false) };
            arrived.push(numbers?.f32());
        }
        let table = if stop == Stop::Table { arrived.concat() } else { Vec::new() };
        let values = traced.values(stop, &candidates, &table);
        if stations.as_ref().is_none_or(|(at, _)| *at != position) {
            let station = |name: Stop| {
                let [rows, columns] = traced.shape(name, candidates.len());
                let spread = (name != Stop::Table).then(|| spread(&traced.values(name, &candidates, &[])));
                Station { name, number: name as usize, source: traced.source(name), rows, columns, spread }
            };
            *stations = Some((position, traced.stops().map(station).collect()));
        }
        let mut stops = stations.as_ref().expect("made above").1.clone();
        if stop == Stop::Table {
            stops.iter_mut().filter(|other| other.name == stop).for_each(|other| other.spread = Some(spread(&values)));
        }
        let pieces = |ids: &[u32]| ids.iter().map(|id| piece(tokenizer, *id)).collect();
        events.push(Event::Traced {
            step: view.step,
            prompt: std::mem::take(&mut self.request.prompt),
            tokens: pieces(&traced.tokens),
            layers: traced.config.layers,
            heads: traced.config.heads,
            layer: traced.layer,
            head: traced.head,
            position,
            candidates: pieces(&candidates),
            vocab: traced.config.vocab,
            stops,
            stop,
            cell: cell.map(|[row, column]| Cell {
                row,
                column,
                value: f64::from(values[row * columns + column]),
                parts: traced.parts(stop, [row, column], &candidates, arrived),
            }),
            values,
            id: view.id,
        });
        Ok(true)
    }

    fn snapshot(&self) -> Option<&Snapshot> {
        self.at.as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_infinite_does_not_count() {
        let found = spread(&[1.0, 3.0, f32::NEG_INFINITY, f32::NAN]);
        assert_eq!(found, Spread { mean: 2.0, deviation: 1.0, least: 1.0, most: 3.0 });
        assert_eq!(spread(&[f32::NAN]), Spread { mean: 0.0, deviation: 0.0, least: 0.0, most: 0.0 });
    }
}
