//! What makes attention visible: its two ops by their formulas, and the probe held to the forward pass of training.

use glasshouse::device::Device;
use glasshouse::ops;
use glasshouse::tape::{Tape, Tensor};

use super::cases::{Devices, TOLERANCE, numbers, with_oracle};
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
