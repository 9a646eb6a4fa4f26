//! What makes attention visible: its two ops by their formulas, and the probe held to the forward pass of training.

use std::time::Duration;

use glasshouse::device::Device;
use glasshouse::generate::{Generation, Generator};
use glasshouse::model::probe::entropies;
use glasshouse::model::{Gpt, ModelConfig, Probe};
use glasshouse::ops;
use glasshouse::sampling::Sampling;
use glasshouse::tape::{Tape, Tensor};
use web_time::Instant;

use super::cases::{Devices, TOLERANCE, numbers, with_oracle};
use super::generation::forward;
use super::{Build, close, noise, scalars};

/// An op without a backward pass on `inputs`: its output.
async fn output(device: &Device, inputs: &[(&[usize], &[f64])], build: &Build<'_>) -> Vec<f64> {
    let mut tape = Tape::new(device, scalars(device), false);
    let leaves: Vec<Tensor> = inputs.iter().map(|(shape, _)| tape.tensor(shape)).collect();
    let y = build(&mut tape, &leaves);
    let recording = tape.finish().expect("the op records");
    for (leaf, (_, values)) in leaves.iter().zip(inputs) {
        device.write_f64(leaf.view(), values);
    }
    recording.replay().expect("the op runs");
    numbers(device, y.view()).await
}

/// The probabilities by their formula, rows that sum to 1 and see nothing ahead, and those that attention itself uses.
pub async fn attention_weights(devices: &Devices<'_>) {
    // Scores are ln of 1, 2 and 5, over sqrt(D): shares are 1; 1/3, 2/3; 1/8, 2/8, 5/8. What follows a query counts nowhere.
    let row = |key: f64| [2.0, 0.0, 0.0, 9.0, key.ln(), 7.0, 3.0, 0.0, 0.1, 0.2, 0.3, 0.4];
    let planted: Vec<f64> = [1.0, 2.0, 5.0].into_iter().flat_map(row).collect();
    let exact = [1.0, 0.0, 0.0, 1.0 / 3.0, 2.0 / 3.0, 0.0, 0.125, 0.25, 0.625];
    for (name, device, tolerance) in with_oracle(devices) {
        let got = output(&device, &[(&[3, 12], &planted)], &|tape, x| ops::attention_weights(tape, &x[0], 3, 1)).await;
        close(&format!("{name} attention_weights planted"), &got, &exact, tolerance, 0.0);
    }
    for [batch, context, heads, size] in
        [[1, 1, 1, 1], [2, 5, 3, 5], [1, 33, 2, 12], [2, 64, 2, 32], [1, 300, 1, 3], [1, 33, 1, 1], [1, 7, 1, 256]]
    {
        let (width, channels) = (3 * heads * size, heads * size);
        let qkv: Vec<f64> = noise(3, batch * context * width).iter().map(|x| 2.0 * x).collect();
        let at =
            |b: usize, t: usize, kind: usize, h: usize| &qkv[((b * context + t) * 3 + kind) * channels + h * size..];
        let mut want = vec![0.0; batch * heads * context * context];
        for (row, want) in want.chunks_mut(context).enumerate() {
            let (b, h, t) = (row / context / heads, row / context % heads, row % context);
            let dot = |j| at(b, t, 0, h).iter().zip(&at(b, j, 1, h)[..size]).map(|(q, k)| q * k).sum::<f64>();
            want[..=t].iter_mut().enumerate().for_each(|(j, e)| *e = (dot(j) / (size as f64).sqrt()).exp());
            let sum: f64 = want.iter().sum();
            want.iter_mut().for_each(|e| *e /= sum);
        }
        for (name, device, tolerance) in with_oracle(devices) {
            let what = format!("{name} attention_weights {batch} {context} {heads} {size}");
            let shape: &[usize] = &[batch * context, width];
            let weights: &Build<'_> = &|tape, x| ops::attention_weights(tape, &x[0], context, heads);
            let got = output(&device, &[(shape, &qkv)], weights).await;
            close(&what, &got, &want, tolerance, 0.0);
            for (row, shares) in got.chunks(context).enumerate() {
                let (seen, unseen) = shares.split_at(row % context + 1);
                assert!((seen.iter().sum::<f64>() - 1.0).abs() < 1e-5, "{what}: row {row} is {shares:?}");
                assert!(unseen.iter().all(|share| *share == 0.0), "{what}: row {row} looks ahead: {shares:?}");
            }
            let mut mixed = vec![0.0; batch * context * channels];
            for (row, shares) in got.chunks(context).enumerate() {
                let (b, h, t) = (row / context / heads, row / context % heads, row % context);
                for (j, share) in shares.iter().enumerate() {
                    let y = &mut mixed[(b * context + t) * channels + h * size..][..size];
                    y.iter_mut().zip(at(b, j, 2, h)).for_each(|(y, v)| *y += share * v);
                }
            }
            let whole: &Build<'_> = &|tape, x| ops::attention(tape, &x[0], context, heads);
            close(&what, &mixed, &output(&device, &[(shape, &qkv)], whole).await, TOLERANCE, 0.0);
        }
    }
}

pub async fn scale_heads(devices: &Devices<'_>) {
    for [rows, heads, size] in [[1, 1, 1], [7, 3, 5], [33, 4, 12], [300, 5, 64]] {
        let (x, factors) = (noise(1, rows * heads * size), noise(2, heads));
        let want: Vec<f64> = x.iter().enumerate().map(|(i, x)| x * factors[i / size % heads]).collect();
        for (name, device, tolerance) in with_oracle(devices) {
            let what = format!("{name} scale_heads {rows} {heads} {size}");
            let inputs: [(&[usize], &[f64]); 2] = [(&[rows, heads * size], &x), (&[heads], &factors)];
            let scale: &Build<'_> = &|tape, x| ops::scale_heads(tape, &x[0], &x[1]);
            close(&what, &output(&device, &inputs, scale).await, &want, tolerance, 0.0);
            let ones = vec![1.0; heads];
            assert_eq!(output(&device, &[inputs[0], (&[heads], &ones)], scale).await, x, "{what}: factors of 1");
        }
    }
}

pub const CONFIG: ModelConfig = ModelConfig { layers: 3, heads: 2, channels: 24, context: 33, vocab: 50 };
const HEADS: usize = CONFIG.layers * CONFIG.heads;

/// A model whose attention is far from even.
pub fn model(device: &Device, training: bool) -> Gpt {
    let model = Gpt::new(device, CONFIG, training).expect("a small model");
    for (i, parameter) in model.list.iter().enumerate() {
        device.write_f64(model.view(i), &noise(i as u64 + 1, parameter.len()));
    }
    model
}

pub fn prompt(len: usize) -> Vec<u32> {
    (0..len as u32).map(|i| (i * i * 7 + 3) % 50).collect()
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|x| f64::from(*x)).collect()
}

/// With all heads on, logits are those of training's forward pass, for prompts of any length.
pub async fn probe_is_the_forward_pass(devices: &Devices<'_>) {
    for (name, device, tolerance) in with_oracle(devices) {
        let model = model(&device, true);
        let probe = Probe::new(&device, &model, CONFIG.context).expect("the pass records");
        for len in [1, 5, 32, 33] {
            let found = probe.run(&prompt(len), &[1.0; HEADS]).await.expect("the pass runs");
            let what = format!("{name} probe of {len}");
            assert_eq!((&found.tokens, found.attention.len()), (&prompt(len), HEADS * len * len), "{what}");
            let want = forward(&device, &model, &prompt(len)).await;
            // What the oracle gives is rounded to f32 on its way.
            close(&what, &wide(&found.logits), &wide(&want), tolerance.max(1e-7), 0.0);
            assert!(found.logits.iter().zip(&want).all(|(got, want)| (got - want).abs() < 1e-4), "{what}");
            for (row, shares) in found.attention.chunks(len).enumerate() {
                let (seen, unseen) = shares.split_at(row % len + 1);
                assert!((wide(seen).iter().sum::<f64>() - 1.0).abs() < 1e-5, "{what}: row {row} is {shares:?}");
                assert!(unseen.iter().all(|share| *share == 0.0), "{what}: row {row} looks ahead: {shares:?}");
            }
            let entropies = entropies(&found.attention, len);
            assert_eq!((entropies.heads.len(), entropies.rows.len()), (HEADS, HEADS * len), "{what}");
            assert!(entropies.rows.iter().enumerate().all(|(i, nats)| *nats <= ((i % len + 1) as f64).ln() + 1e-6));
        }
        // A prompt's beginning is seen alike with and without what follows it.
        let [short, long] = [5, 33].map(prompt);
        let [short, long] = [
            probe.run(&short, &[1.0; HEADS]).await.expect("the pass runs"),
            probe.run(&long, &[1.0; HEADS]).await.expect("the pass runs"),
        ];
        for i in 0..HEADS {
            let (short, long) = (short.head(i / 2, i % 2), long.head(i / 2, i % 2));
            (0..5).for_each(|t| assert_eq!(short[t * 5..][..5], long[t * 33..][..5], "{name} head {i} row {t}"));
        }
        assert_eq!(short.logits_after(4), long.logits_after(4), "{name}");
    }
}

/// One head off changes what comes after it; all of them off is a model whose projections are zero, to the bit.
pub async fn heads_are_switched_off(devices: &Devices<'_>) {
    for (name, device, _) in with_oracle(devices) {
        let model = model(&device, false);
        let probe = Probe::new(&device, &model, 12).expect("the pass records");
        let whole = probe.run(&prompt(9), &[1.0; HEADS]).await.expect("the pass runs");
        for off in 0..HEADS {
            let mut factors = [1.0; HEADS];
            factors[off] = 0.0;
            let found = probe.run(&prompt(9), &factors).await.expect("the pass runs");
            let moved = found.logits.iter().zip(&whole.logits).map(|(a, b)| (a - b).abs()).fold(0.0, f32::max);
            assert!(moved > 1e-3, "{name} without head {off}: {moved}");
            // What stands before the head and beside it stays; the head itself still shows where it would look.
            let kept = (off / CONFIG.heads + 1) * CONFIG.heads * 81;
            assert_eq!(found.attention[..kept], whole.attention[..kept], "{name} without head {off}");
        }
        let none = probe.run(&prompt(9), &[0.0; HEADS]).await.expect("the pass runs");
        // The weights are the live ones: the same probe sees them change.
        for layer in 0..CONFIG.layers {
            model.write(&format!("transformer.h.{layer}.attn.c_proj.weight"), &[0.0; 24 * 24]);
        }
        let bare = probe.run(&prompt(9), &[1.0; HEADS]).await.expect("the pass runs");
        assert_eq!(none.logits, bare.logits, "{name}");
        assert_ne!(none.logits, whole.logits, "{name}");
    }
}

/// Polled in slices, a pass gives what it gives at once, and nothing is allocated, compiled or bound after the first.
pub async fn probing_in_slices(devices: &Devices<'_>) {
    for (name, device) in devices {
        let model = model(device, false);
        let probe = Probe::new(device, &model, 12).expect("the pass records");
        let (tokens, factors) = (prompt(9), [0.5; HEADS]);
        let whole = probe.run(&tokens, &factors).await.expect("the pass runs");
        let before = device.counters();
        let mut slices = 1;
        let mut probing = probe.begin(&tokens, &factors).expect("a prompt");
        let found = loop {
            if let Some(found) = probe.advance(&mut probing, Instant::now()).expect("the pass runs") {
                break found;
            }
            slices += 1;
            device.idle().await.expect("the device stands");
        };
        assert_eq!(found, whole, "{name}");
        // On a GPU a pass as small as this is one submission, and what it gives may have arrived at once.
        assert!(slices > 1 || device.adapter().is_some(), "{name}: a deadline that has passed stops it");
        let mut probing = probe.begin(&tokens[..3], &factors).expect("a prompt");
        let deadline = Instant::now() + Duration::from_secs(60);
        let shorter = loop {
            if let Some(found) = probe.advance(&mut probing, deadline).expect("the pass runs") {
                break found;
            }
            device.idle().await.expect("the device stands");
        };
        assert_eq!(shorter.logits, whole.logits[..3 * CONFIG.vocab], "{name}");
        assert_eq!(device.counters(), before, "{name}: a second pass makes nothing");
    }
}

/// What cannot be looked into is refused in a sentence.
pub fn prompts_are_refused() {
    let device = Device::cpu();
    let model = model(&device, false);
    let refusal = |error: glasshouse::Error| error.to_string();
    let error = Probe::new(&device, &model, 34).map(|_| ()).map_err(refusal).expect_err("more than the context");
    assert!(error.contains("34 tokens") && error.contains("1 to 33"), "{error}");
    let probe = Probe::new(&device, &model, 8).expect("the pass records");
    for (tokens, message) in [
        (vec![], "expected a prompt of 1 to 8 tokens, found 0"),
        (prompt(9), "expected a prompt of 1 to 8 tokens, found 9"),
        (vec![1, 50], "token 50"),
    ] {
        let error = probe.begin(&tokens, &[1.0; HEADS]).map(|_| ()).map_err(refusal).expect_err("a bad prompt");
        assert!(error.contains(message), "{error}");
    }
    device.limit_binding(10 * 50);
    assert_eq!(Probe::most(&device, &CONFIG), 10, "the logits are bound whole");
    device.limit_binding(2 * 7 * 7 + 1);
    assert_eq!(Probe::most(&device, &ModelConfig { vocab: 2, ..CONFIG }), 7, "a layer's attention too");
}

/// What generation draws is what the distribution of the probe's logits shows.
pub async fn distributions_are_those_of_generation(device: &Device) {
    let model = model(device, false);
    let generator = Generator::new(device, &model).expect("the passes record");
    let plain = Sampling { temperature: 1.0, seed: 3, ..Sampling::default() };
    for sampling in [
        plain,
        Sampling { temperature: 0.0, ..plain },
        Sampling { temperature: 1.7, top_k: Some(5), ..plain },
        Sampling { temperature: 2.5, top_p: 0.9, seed: 4, ..plain },
        Sampling { temperature: 3.0, top_k: Some(9), top_p: 0.7, seed: 5, ..plain },
    ] {
        let mut generation = Generation::new(&prompt(4), sampling);
        for n in 0..8 {
            let (choice, logits) = generator.next(&mut generation).await.expect("a token");
            let shown = sampling.distribution(&logits);
            let what = format!("{sampling:?} token {n}");
            assert_eq!(shown.pick(sampling.draw(n)), choice.id, "{what}");
            assert_eq!(shown.probabilities[choice.id as usize], choice.probability, "{what}");
            assert_eq!(shown.shares, sampling.probabilities(&logits), "{what}");
            for i in 0..200 {
                let uniform = f64::from(i) / 200.0;
                assert_eq!(shown.pick(uniform), sampling.choose(&logits, uniform), "{what} at {uniform}");
            }
            assert!(shown.ranked[..shown.kept].contains(&choice.id), "{what}");
            assert!(shown.ranked.iter().enumerate().all(|(rank, id)| shown.ranks[*id as usize] == rank as u32));
            assert!(
                shown
                    .ranked
                    .iter()
                    .enumerate()
                    .all(|(rank, id)| (rank < shown.kept) == (shown.shares[*id as usize] > 0.0))
            );
            for (p, log) in shown.probabilities.iter().zip(&shown.log_probabilities) {
                assert!((log.exp() - p).abs() < 1e-12, "{what}: ln of {p} is {log}");
            }
            assert!((shown.cumulative[49] - 1.0).abs() < 1e-12 && (shown.reached[49] - 1.0).abs() < 1e-12, "{what}");
        }
    }
}
