//! Every op's cases: its f64 gradients equal finite differences of its forward pass, and every device agrees with f64.
//! One line a case. The native tests and those in a browser make a test of each.

use glasshouse::device::Device;
use glasshouse::ops;
use glasshouse::tape::{Tape, Tensor};

use super::{Build, close, finite_differences, noise, norm, run};

/// Makes a test of every op's cases: `$test!(name)` for each.
#[macro_export]
macro_rules! every_op {
    ($test:ident) => {
        $test!(layer_norm);
        $test!(matmul);
        $test!(gelu);
        $test!(add);
        $test!(softmax);
        $test!(attention);
        $test!(embedding);
        $test!(cross_entropy);
    };
}

/// The devices that are held to the oracle, with their names.
pub type Devices<'a> = [(&'a str, Device)];

/// Holds an op on inputs of `shapes` to finite differences (f64, small shapes) and all devices to f64.
async fn check(devices: &Devices<'_>, name: &str, shapes: &[&[usize]], tolerance: f64, build: &Build<'_>) {
    check_with(devices, name, shapes, tolerance, false, build).await;
}

/// The same; where the exact gradient `cancels`, errors are relative to the incoming gradient.
async fn check_with(
    devices: &Devices<'_>,
    name: &str,
    shapes: &[&[usize]],
    tolerance: f64,
    cancels: bool,
    build: &Build<'_>,
) {
    let inputs: Vec<(Vec<usize>, Vec<f64>)> = shapes
        .iter()
        .enumerate()
        .map(|(i, shape)| (shape.to_vec(), noise(i as u64 + 1, shape.iter().product())))
        .collect();
    let dy = |len: usize| noise(99, len);
    let want = run(&Device::oracle(), build, &inputs, &dy).await;
    let floor = if cancels { norm(&dy(want.output.len())) } else { 0.0 };
    for (i, gradient) in want.gradients.iter().enumerate() {
        if gradient.len() <= 600 {
            let numeric = finite_differences(build, &inputs, &dy, i).await;
            let largest = numeric.iter().fold(1e-3_f64, |max, x| max.max(x.abs()));
            for (at, (got, want)) in gradient.iter().zip(&numeric).enumerate() {
                let difference = (got - want).abs() / largest;
                assert!(
                    difference <= 1e-6,
                    "{name} {shapes:?}: gradient of input {i} at [{at}]: got {got}, finite differences {want}"
                );
            }
        }
    }
    for (device_name, device) in devices {
        let got = run(device, build, &inputs, &dy).await;
        close(&format!("{device_name} {name} {shapes:?} output"), &got.output, &want.output, tolerance, 0.0);
        for (i, (got, want)) in got.gradients.iter().zip(&want.gradients).enumerate() {
            close(&format!("{device_name} {name} {shapes:?} gradient {i}"), got, want, tolerance, floor);
        }
    }
}

const TOLERANCE: f64 = 1e-5;

pub async fn layer_norm(devices: &Devices<'_>) {
    for [rows, channels] in [[1, 1], [3, 2], [5, 7], [7, 300], [300, 64]] {
        let cancels = channels <= 2;
        check_with(
            devices,
            "layer_norm",
            &[&[rows, channels], &[channels], &[channels]],
            TOLERANCE,
            cancels,
            &|tape, x| ops::layer_norm(tape, &x[0], &x[1], &x[2]),
        )
        .await;
    }
}

pub async fn matmul(devices: &Devices<'_>) {
    for [rows, inner, columns] in [[1, 1, 1], [7, 5, 3], [65, 7, 130], [64, 300, 64], [33, 128, 257]] {
        check(devices, "matmul", &[&[rows, inner], &[inner, columns], &[columns]], TOLERANCE, &|tape, x| {
            ops::matmul(tape, &x[0], &x[1], Some(&x[2]))
        })
        .await;
        check(devices, "matmul without bias", &[&[rows, inner], &[inner, columns]], TOLERANCE, &|tape, x| {
            ops::matmul(tape, &x[0], &x[1], None)
        })
        .await;
    }
    // Each of the three products once so large that it takes the larger tiles.
    for [rows, inner, columns] in [[2049, 5, 1030], [5, 2049, 1030], [2049, 1028, 5]] {
        check(devices, "matmul", &[&[rows, inner], &[inner, columns], &[columns]], TOLERANCE, &|tape, x| {
            ops::matmul(tape, &x[0], &x[1], Some(&x[2]))
        })
        .await;
    }
}

pub async fn gelu(devices: &Devices<'_>) {
    for len in [1, 7, 300, 70_000] {
        check(devices, "gelu", &[&[1, len]], TOLERANCE, &|tape, x| ops::gelu(tape, &x[0])).await;
    }
}

pub async fn add(devices: &Devices<'_>) {
    for len in [1, 7, 300, 70_000] {
        check(devices, "add", &[&[1, len], &[1, len]], TOLERANCE, &|tape, x| ops::add(tape, &x[0], &x[1])).await;
    }
}

pub async fn softmax(devices: &Devices<'_>) {
    for [rows, columns] in [[1, 1], [5, 7], [3, 300], [70, 1025]] {
        check_with(devices, "softmax", &[&[rows, columns]], TOLERANCE, columns == 1, &|tape, x| {
            ops::softmax(tape, &x[0])
        })
        .await;
    }
}

pub async fn attention(devices: &Devices<'_>) {
    for [batch, context, heads, size] in [
        [1, 1, 1, 1],
        [2, 7, 3, 5],
        [1, 65, 2, 3],
        [1, 130, 1, 64],
        [2, 33, 2, 256],
        [1, 70, 1, 32],
        [1, 67, 2, 78],
        [1, 70, 1, 32],
    ] {
        check_with(devices, "attention", &[&[batch * context, 3 * heads * size]], 2e-5, context == 1, &|tape, x| {
            ops::attention(tape, &x[0], context, heads)
        })
        .await;
    }
}

/// Tokens of a vocabulary, some of them several times, some never.
fn ids(count: usize, vocab: usize) -> Vec<u32> {
    noise(7, count).iter().map(|x| ((x + 1.0) / 2.0 * vocab as f64 * 0.7) as u32).collect()
}

pub async fn embedding(devices: &Devices<'_>) {
    for [batch, context, vocab, channels, positions] in [[1, 1, 1, 1, 1], [3, 7, 11, 5, 9], [2, 33, 300, 64, 33]] {
        check(devices, "embedding", &[&[vocab, channels], &[positions, channels]], TOLERANCE, &|tape, x| {
            let tokens = ops::Tokens::new(tape, batch, context, vocab);
            tokens.write(&tape.device().clone(), &ids(batch * context, vocab));
            ops::embedding(tape, &tokens, &x[0], &x[1])
        })
        .await;
    }
}

/// The head's loss with weights, one of them 0.
fn head(tape: &mut Tape, hidden: &Tensor, weight: &Tensor) -> Tensor {
    let (rows, vocab) = (hidden.shape()[0], weight.shape()[0]);
    let targets = tape.indices(&[rows]);
    let weights = tape.tensor(&[rows]);
    let device = tape.device().clone();
    device.write_index(targets.view(), &ids(rows, vocab));
    device.write(
        weights.view(),
        &(0..rows).map(|i| if i == 1 { 0.0 } else { 0.5 + i as f32 / rows as f32 }).collect::<Vec<_>>(),
    );
    let scalars = tape.scalars();
    let mut values = [0.0; glasshouse::tape::SCALARS];
    values[glasshouse::tape::Scalar::WeightScale as usize] = 1.0 / rows as f32;
    device.write(scalars, &values);
    let head = ops::cross_entropy(tape, hidden, weight, &targets, &weights);
    // The inputs written above must outlive the recording's use of them.
    std::mem::forget((targets, weights, head.losses));
    head.loss
}

pub async fn cross_entropy(devices: &Devices<'_>) {
    for [rows, channels, vocab] in [[1, 1, 2], [7, 5, 11], [70, 8, 300], [130, 16, 1025]] {
        check(devices, "cross_entropy", &[&[rows, channels], &[vocab, channels]], 2e-5, &|tape, x| {
            head(tape, &x[0], &x[1])
        })
        .await;
    }
}
