//! A forward pass stop by stop, against the formulas in plain loops of f64, and each number against what it is made of.

use std::collections::HashMap;
use std::time::Duration;

use glasshouse::device::Device;
use glasshouse::model::parts::{Needed, Parts};
use glasshouse::model::trace::{CANDIDATES, Stop};
use glasshouse::model::{Gpt, Probe, Traced};
use web_time::Instant;

use super::cases::{Devices, with_oracle};
use super::probe::{CONFIG, model, prompt};
use super::{close, noise};

const LAYERS: usize = CONFIG.layers;
const HEADS: usize = CONFIG.heads;
const CHANNELS: usize = CONFIG.channels;
const SIZE: usize = CHANNELS / HEADS;

/// The numbers of each parameter, by its name without `transformer.`.
fn parameters() -> HashMap<String, Vec<f64>> {
    let model = Gpt::new(&Device::cpu(), CONFIG, false).expect("a small model");
    let named = model.list.iter().enumerate().map(|(i, parameter)| {
        (parameter.name.trim_start_matches("transformer.").to_owned(), noise(i as u64 + 1, parameter.len()))
    });
    named.collect()
}

type Matrix = Vec<Vec<f64>>;

fn normalised(x: &Matrix, weight: &[f64], bias: &[f64]) -> Matrix {
    let row = |row: &Vec<f64>| {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        let variance = row.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / row.len() as f64;
        let scaled = row.iter().map(|x| (x - mean) / (variance + f64::from(1e-5_f32)).sqrt());
        scaled.zip(weight.iter().zip(bias)).map(|(x, (weight, bias))| x * weight + bias).collect()
    };
    x.iter().map(row).collect()
}

fn linear(x: &Matrix, weight: &[f64], bias: &[f64]) -> Matrix {
    let out = bias.len();
    let number =
        |row: &[f64], j: usize| row.iter().enumerate().map(|(i, x)| x * weight[i * out + j]).sum::<f64>() + bias[j];
    x.iter().map(|row| (0..out).map(|j| number(row, j)).collect()).collect()
}

fn sum(a: &Matrix, b: &Matrix) -> Matrix {
    a.iter().zip(b).map(|(a, b)| a.iter().zip(b).map(|(a, b)| a + b).collect()).collect()
}

fn softmax(row: &[f64]) -> Vec<f64> {
    let most = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let exponents: Vec<f64> = row.iter().map(|x| (x - most).exp()).collect();
    let all: f64 = exponents.iter().sum();
    exponents.iter().map(|e| e / all).collect()
}

/// The columns `from` to `to`.
fn columns(x: &Matrix, from: usize, to: usize) -> Matrix {
    x.iter().map(|row| row[from..to].to_vec()).collect()
}

/// Every stop of one layer and head.
fn reference(tokens: &[u32], layer: usize, head: usize, candidates: &[u32]) -> HashMap<Stop, Matrix> {
    let parameters = parameters();
    let p = |name: &str| parameters[name].as_slice();
    let mut stops = HashMap::new();
    let wte = |id: &u32| p("wte.weight")[*id as usize * CHANNELS..][..CHANNELS].to_vec();
    let rows: Matrix = tokens.iter().map(wte).collect();
    let positions: Matrix = p("wpe.weight").chunks(CHANNELS).take(tokens.len()).map(<[f64]>::to_vec).collect();
    let mut x = sum(&rows, &positions);
    stops.extend([(Stop::TokenEmbedding, rows), (Stop::PositionEmbedding, positions), (Stop::Embedding, x.clone())]);
    for l in 0..LAYERS {
        let p = |name: &str| p(&format!("h.{l}.{name}"));
        let norm = normalised(&x, p("ln_1.weight"), p("ln_1.bias"));
        let qkv = linear(&norm, p("attn.c_attn.weight"), p("attn.c_attn.bias"));
        let mut joined = vec![Vec::new(); tokens.len()];
        for h in 0..HEADS {
            let [q, k, v] = [0, 1, 2].map(|i| columns(&qkv, i * CHANNELS + h * SIZE, i * CHANNELS + (h + 1) * SIZE));
            let dot = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
            let scores: Matrix =
                q.iter().map(|q| k.iter().map(|k| dot(q, k) / (SIZE as f64).sqrt()).collect()).collect();
            let mut masked = scores.clone();
            masked.iter_mut().enumerate().for_each(|(t, row)| row[t + 1..].fill(f64::NEG_INFINITY));
            let weights: Matrix = masked.iter().map(|row| softmax(row)).collect();
            let value = |row: &[f64], d: usize| row.iter().zip(&v).map(|(w, v)| w * v[d]).sum::<f64>();
            let mixed: Matrix = weights.iter().map(|row| (0..SIZE).map(|d| value(row, d)).collect()).collect();
            joined.iter_mut().zip(&mixed).for_each(|(joined, mixed): (&mut Vec<f64>, _)| joined.extend(mixed));
            if (l, h) == (layer, head) {
                stops.extend([(Stop::Query, q), (Stop::Key, k), (Stop::Value, v), (Stop::Scores, scores)]);
                stops.extend([(Stop::Masked, masked), (Stop::Weights, weights), (Stop::Mixed, mixed)]);
            }
        }
        let projected = linear(&joined, p("attn.c_proj.weight"), p("attn.c_proj.bias"));
        let between = sum(&x, &projected);
        let norm_2 = normalised(&between, p("ln_2.weight"), p("ln_2.bias"));
        let hidden = linear(&norm_2, p("mlp.c_fc.weight"), p("mlp.c_fc.bias"));
        let gelu =
            |x: &f64| 0.5 * x * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh());
        let curved: Matrix = hidden.iter().map(|row| row.iter().map(gelu).collect()).collect();
        let added = linear(&curved, p("mlp.c_proj.weight"), p("mlp.c_proj.bias"));
        let output = sum(&between, &added);
        if l == layer {
            stops.extend([(Stop::Input, x), (Stop::Norm1, norm), (Stop::Heads, joined)]);
            stops.extend([(Stop::AttentionProjection, projected), (Stop::AttentionSum, between)]);
            stops.extend([(Stop::Norm2, norm_2), (Stop::Hidden, hidden), (Stop::Gelu, curved)]);
            stops.extend([(Stop::MlpProjection, added), (Stop::Output, output.clone())]);
        }
        x = output;
    }
    let last = normalised(&x, p("ln_f.weight"), p("ln_f.bias"));
    let table: Matrix = p("wte.weight").chunks(CHANNELS).map(<[f64]>::to_vec).collect();
    let logit = |row: &Vec<f64>, table: &Vec<f64>| row.iter().zip(table).map(|(x, w)| x * w).sum::<f64>();
    let logits: Matrix = last.iter().map(|row| table.iter().map(|table| logit(row, table)).collect()).collect();
    let picked =
        |rows: Matrix| rows.iter().map(|row| candidates.iter().map(|id| row[*id as usize]).collect()).collect();
    let likely = logits.iter().map(|row| softmax(row)).collect();
    stops.extend([(Stop::Last, x), (Stop::NormF, last), (Stop::Table, candidates.iter().map(wte).collect())]);
    stops.extend([(Stop::Logits, picked(logits)), (Stop::Probabilities, picked(likely))]);
    stops
}

/// A whole pass, in slices that end at `deadline`.
async fn traced(device: &Device, probe: &Probe, [len, layer, head]: [usize; 3], deadline: Instant) -> Traced {
    let mut tracing = probe.begin_trace(&prompt(len), layer, head).expect("a prompt");
    loop {
        if let Some(found) = probe.advance_trace(&mut tracing, deadline).expect("the pass runs") {
            break found;
        }
        device.idle().await.expect("the device stands");
    }
}

fn far() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn narrow(numbers: &[f64]) -> Vec<f32> {
    numbers.iter().map(|x| *x as f32).collect()
}

/// What a number needs, as it would be read.
fn read(needs: Vec<Needed>, parameters: &HashMap<String, Vec<f64>>) -> Vec<Vec<f32>> {
    let read = |needed| match needed {
        Needed::Whole(name) => narrow(&parameters[&name]),
        Needed::Row(id) => narrow(&parameters["wte.weight"][id as usize * CHANNELS..][..CHANNELS]),
    };
    needs.into_iter().map(read).collect()
}

/// Each stop of each layer and head by its formula, for prompts of several lengths; and where the pass of a look stands
/// beside it, both say the same to the bit.
pub async fn stops_are_their_formulas(devices: &Devices<'_>) {
    let parameters = parameters();
    for (name, device, tolerance) in with_oracle(devices) {
        let model = model(&device, false);
        let probe = Probe::new(&device, &model, CONFIG.context).expect("the pass records");
        for [len, layer, head] in [[1, 0, 0], [5, 0, 1], [12, 1, 0], [33, 2, 1]] {
            let found = traced(&device, &probe, [len, layer, head], far()).await;
            let candidates = found.candidates(len - 1);
            assert_eq!(candidates.len(), CANDIDATES);
            let want = reference(&prompt(len), layer, head, &candidates);
            let stops: Vec<Stop> = found.stops().collect();
            assert_eq!(stops.len(), 25 - usize::from(layer == 0) - usize::from(layer == 2), "{stops:?}");
            let table = read(found.needs(Stop::Table, None, &candidates), &parameters).concat();
            for (stop, _) in Stop::ALL {
                let what = format!("{name}, {len} tokens, layer {layer}, head {head}: {stop:?}");
                let values = found.values(stop, &candidates, &table);
                let want = &want[&stop];
                assert_eq!(found.shape(stop, candidates.len()), [want.len(), want[0].len()], "{what}");
                let want: Vec<f64> = want.concat();
                assert_eq!(values.len(), want.len(), "{what}");
                let infinite = |x: f64| if x == f64::NEG_INFINITY { 1e3 } else { x };
                let got: Vec<f64> = values.iter().map(|x| infinite(f64::from(*x))).collect();
                let want: Vec<f64> = want.into_iter().map(infinite).collect();
                close(&what, &got, &want, tolerance.max(1e-6), 0.0);
            }
            let looked = probe.run(&prompt(len), &[1.0; LAYERS * HEADS]).await.expect("the pass runs");
            assert_eq!(found.logits, looked.logits, "{name}: a look's logits");
            assert_eq!(found.values(Stop::Weights, &[], &[]), looked.head(layer, head), "{name}: a look's attention");
        }
    }
}

/// The number that its parts make.
fn made(parts: &Parts) -> Option<f64> {
    Some(match parts {
        Parts::Lookup { .. } | Parts::Join { .. } => return None,
        Parts::Sum { a, b } => a + b,
        Parts::LayerNorm { x, mean, deviation, weight, bias } => (x - mean) / deviation * weight + bias,
        Parts::Product { terms, rest, divisor, bias, .. } => {
            let told: f64 = terms.iter().map(|term| term.left * term.right).sum();
            (told + rest) / divisor + bias.unwrap_or(0.0)
        }
        Parts::Mask { x, seen } => {
            if *seen {
                *x
            } else {
                f64::NEG_INFINITY
            }
        }
        Parts::Softmax { x, most, sum } => (x - most).exp() / sum,
        Parts::Gelu { x, inner } => x / 2.0 * (1.0 + inner.tanh()),
    })
}

/// What a number is made of makes that number, at every stop.
pub async fn numbers_are_made_of_their_parts(devices: &Devices<'_>) {
    let parameters = parameters();
    for (name, device, tolerance) in with_oracle(devices) {
        let model = model(&device, false);
        let probe = Probe::new(&device, &model, CONFIG.context).expect("the pass records");
        for [len, layer, head] in [[7, 0, 1], [9, 1, 0], [9, 2, 1]] {
            let found = traced(&device, &probe, [len, layer, head], far()).await;
            let candidates = found.candidates(3);
            let table = read(found.needs(Stop::Table, None, &candidates), &parameters).concat();
            for stop in found.stops().collect::<Vec<_>>() {
                let values = found.values(stop, &candidates, &table);
                let [rows, columns] = found.shape(stop, candidates.len());
                let scale = values.iter().filter(|x| x.is_finite()).fold(0.0, |most: f32, x| most.max(x.abs()));
                for at in (0..rows * columns).step_by(if columns > len { 5 } else { 1 }) {
                    let cell = [at / columns, at % columns];
                    let what = format!("{name}, layer {layer}, head {head}: {stop:?} at {cell:?}");
                    let read = read(found.needs(stop, Some(cell), &candidates), &parameters);
                    let parts = found.parts(stop, cell, &candidates, &read);
                    let value = f64::from(values[at]);
                    match (made(&parts), &parts) {
                        (None, Parts::Join { head: of, index }) => {
                            assert_eq!([*of, *index], [cell[1] / SIZE, cell[1] % SIZE], "{what}");
                        }
                        (None, Parts::Lookup { index }) => {
                            let table = if stop == Stop::PositionEmbedding { "wpe.weight" } else { "wte.weight" };
                            assert_eq!(parameters[table][index * CHANNELS + cell[1]], value, "{what}");
                        }
                        (Some(made), _) => {
                            // Against the row's scale: a sum of large terms may be small.
                            let near = (made - value).abs() <= 10.0 * tolerance.max(1e-6) * f64::from(scale);
                            assert!(near || made == value, "{what}: {parts:?} make {made}, and it is {value}");
                        }
                        _ => unreachable!("{what}"),
                    }
                    if let Parts::Product { terms, others, .. } = &parts {
                        let size = |i: usize| (terms[i].left * terms[i].right).abs();
                        assert!((1..terms.len()).all(|i| size(i - 1) >= size(i)), "{what}: {terms:?}");
                        let all = match stop {
                            Stop::Scores => SIZE,
                            Stop::Mixed => cell[0] + 1,
                            Stop::MlpProjection => 4 * CHANNELS,
                            _ => CHANNELS,
                        };
                        assert_eq!(terms.len() + others, all, "{what}");
                    }
                }
            }
        }
    }
}

/// In slices a pass gives what it gives at once, in whatever layer, and nothing is made on the device after the first.
pub async fn tracing_in_slices(devices: &Devices<'_>) {
    for (name, device) in devices {
        let model = model(device, false);
        let probe = Probe::new(device, &model, 12).expect("the pass records");
        let whole = traced(device, &probe, [9, 1, 1], far()).await;
        let before = device.counters();
        assert_eq!(traced(device, &probe, [9, 1, 1], Instant::now()).await, whole, "{name}");
        let other = traced(device, &probe, [9, 2, 0], Instant::now()).await;
        assert_eq!((&other.logits, other.layer, other.head), (&whole.logits, 2, 0), "{name}");
        assert_eq!(device.counters(), before, "{name}: a second pass makes nothing");
    }
}
