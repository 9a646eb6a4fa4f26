//! Every op's cases: its f64 gradients equal finite differences of its forward pass, and every device agrees with f64.
//! One line a case. The native tests and those in a browser make a test of each.

use glasshouse::device::{Device, Element, View};
use glasshouse::ops::{self, Rates};
use glasshouse::tape::{SCALARS, Scalar, Tape, Tensor};

pub use super::probe::{attention_weights, scale_heads};
use super::{Build, close, gradient_fault, noise, norm, run, scalars};

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
        $test!(attention_weights);
        $test!(scale_heads);
        $test!(embedding);
        $test!(cross_entropy);
        $test!(logits);
        $test!(cached_attention);
        $test!(gradient_norm);
        $test!(adamw);
        $test!(windows);
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
            let fault = gradient_fault(build, &inputs, &dy, i, gradient).await;
            assert!(fault.is_none(), "{name} {shapes:?}: gradient of input {i} {}", fault.unwrap_or_default());
        }
    }
    for (device_name, device) in devices {
        let got = run(device, build, &inputs, &dy).await;
        close(&format!("{device_name} {name} {shapes:?} output"), &got.output, &want.output, TOLERANCE, 0.0);
        for (i, (got, want)) in got.gradients.iter().zip(&want.gradients).enumerate() {
            close(&format!("{device_name} {name} {shapes:?} gradient {i}"), got, want, tolerance, floor);
        }
    }
}

pub const TOLERANCE: f64 = 1e-5;

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
    for [batch, context, heads, size] in
        [[1, 1, 1, 1], [2, 7, 3, 5], [1, 65, 2, 3], [1, 130, 1, 64], [2, 33, 2, 256], [1, 67, 2, 78], [1, 70, 1, 32]]
    {
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
    let mut values = [0.0; SCALARS];
    values[Scalar::WeightScale as usize] = 1.0 / rows as f32;
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

/// The devices, and the oracle with them.
pub fn with_oracle<'a>(devices: &Devices<'a>) -> Vec<(&'a str, Device, f64)> {
    let mut all = vec![("oracle", Device::oracle(), 1e-9)];
    all.extend(devices.iter().map(|(name, device)| (*name, device.clone(), TOLERANCE)));
    all
}

/// A buffer that holds these numbers.
fn buffer(device: &Device, numbers: &[f64]) -> View {
    let view = device.allocate(Element::Float, numbers.len()).view();
    device.write_f64(view, numbers);
    view
}

pub async fn numbers(device: &Device, view: View) -> Vec<f64> {
    device.read(view).numbers().await.expect("a buffer is read").f64()
}

pub async fn logits(devices: &Devices<'_>) {
    for [rows, channels, vocab] in [[1, 1, 1], [5, 7, 11], [70, 16, 1025]] {
        let (hidden, weight) = (noise(1, rows * channels), noise(2, vocab * channels));
        let place = |i: usize| {
            let (row, v) = (i / vocab, i % vocab);
            (0..channels).map(|c| hidden[row * channels + c] * weight[v * channels + c]).sum()
        };
        let want: Vec<f64> = (0..rows * vocab).map(place).collect();
        for (name, device, tolerance) in with_oracle(devices) {
            let mut tape = Tape::new(&device, scalars(&device), false);
            let (x, w) = (tape.tensor(&[rows, channels]), tape.tensor(&[vocab, channels]));
            let y = ops::logits(&mut tape, &x, &w);
            let recording = tape.finish().expect("the op records");
            device.write_f64(x.view(), &hidden);
            device.write_f64(w.view(), &weight);
            recording.replay().expect("the op runs");
            let what = format!("{name} logits {rows} {channels} {vocab}");
            close(&what, &numbers(&device, y.view()).await, &want, tolerance, 0.0);
        }
    }
}

/// Tokens one after another, and several at once, through the cache give what attention over all of them gives.
pub async fn cached_attention(devices: &Devices<'_>) {
    for [context, heads, size, first] in [[1, 1, 1, 1], [7, 3, 5, 4], [40, 2, 64, 33], [600, 1, 3, 590]] {
        let width = 3 * heads * size;
        let qkv = noise(3, context * width);
        for (name, device, _) in with_oracle(devices) {
            let scalars = scalars(&device);
            let mut tape = Tape::new(&device, scalars, false);
            let x = tape.tensor(&[context, width]);
            let whole = ops::attention(&mut tape, &x, context, heads);
            let whole_recording = tape.finish().expect("the op records");
            device.write_f64(x.view(), &qkv);
            whole_recording.replay().expect("the op runs");
            let want = numbers(&device, whole.view()).await;

            let cache = Tensor::parameter(
                &[context + 1, width / 3 * 2],
                device.allocate(Element::Float, (context + 1) * width / 3 * 2).view(),
                None,
            );
            let mut got = Vec::new();
            let mut held = 0;
            for rows in std::iter::once(first).chain(std::iter::repeat_n(1, context - first)) {
                let mut tape = Tape::new(&device, scalars, false);
                let x = tape.tensor(&[rows, width]);
                let y = ops::cached_attention(&mut tape, &x, &cache, heads);
                let recording = tape.finish().expect("the op records");
                let mut values = [0.0; SCALARS];
                values[Scalar::CacheLength as usize] = held as f64;
                device.write_f64(scalars, &values);
                device.write_f64(x.view(), &qkv[held * width..(held + rows) * width]);
                recording.replay().expect("the op runs");
                got.extend(numbers(&device, y.view()).await);
                held += rows;
            }
            let what = format!("{name} cached attention {context} {heads} {size}");
            close(&what, &got, &want, TOLERANCE, 0.0);
        }
    }
}

pub async fn gradient_norm(devices: &Devices<'_>) {
    for len in [1, 7, 300, 70_000, 300_001] {
        let gradients: Vec<f64> = noise(4, len).iter().map(|x| x * 3.0).collect();
        let norm = norm(&gradients);
        for clip in [0.0_f32, 0.5, 1e6] {
            let factor = if clip > 0.0 { (f64::from(clip) / (norm + 1e-6)).min(1.0) } else { 1.0 };
            for (name, device, tolerance) in with_oracle(devices) {
                let mut tape = Tape::new(&device, scalars(&device), false);
                let found = ops::gradient_norm(&mut tape, buffer(&device, &gradients), clip);
                let recording = tape.finish().expect("the op records");
                recording.replay().expect("the op runs");
                let got = numbers(&device, found.norm.view()).await;
                for (what, got, want) in [("norm", got[0], norm), ("factor", got[1], factor)] {
                    close(&format!("{name} gradient_norm {len} {clip} {what}"), &[got], &[want], tolerance, 0.0);
                }
                assert!(got[2] == 0.0, "{name} gradient_norm {len} {clip}: the norm is finite");
            }
        }
    }
}

/// The arenas of an optimiser, and the rates of a step.
struct Update {
    parameters: Vec<f64>,
    gradients: Vec<f64>,
    moments: [Vec<f64>; 2],
}

const RATES: Rates = Rates { beta1: 0.9, beta2: 0.95, epsilon: 1e-8, decay: 0.1 };
const RATE: f64 = 0.015_625;
const CORRECTIONS: [f64; 2] = [4.0, 8.0];

impl Update {
    fn new(len: usize) -> Update {
        let second = noise(8, len).iter().map(|x| f64::from((x * x) as f32)).collect();
        Update { parameters: noise(5, len), gradients: noise(6, len), moments: [noise(7, len), second] }
    }

    /// Clips to `clip` and updates on a device: parameters, first and second moment.
    async fn run(&self, device: &Device, clip: f32) -> [Vec<f64>; 3] {
        self.run_after(device, clip, None).await
    }

    /// The same, after an update with the gradients `before`.
    async fn run_after(&self, device: &Device, clip: f32, before: Option<&[f64]>) -> [Vec<f64>; 3] {
        let scalars = scalars(device);
        let mut values = [0.0; SCALARS];
        values[Scalar::LearningRate as usize] = RATE;
        values[Scalar::Correction1 as usize] = CORRECTIONS[0];
        values[Scalar::Correction2 as usize] = CORRECTIONS[1];
        device.write_f64(scalars, &values);
        let gradients = buffer(device, &self.gradients);
        let [p, m, v] = [&self.parameters, &self.moments[0], &self.moments[1]].map(|x| buffer(device, x));
        let mut tape = Tape::new(device, scalars, false);
        let norm = ops::gradient_norm(&mut tape, gradients, clip);
        ops::adamw(&mut tape, p, gradients, [m, v], &norm, RATES);
        let recording = tape.finish().expect("the op records");
        if let Some(before) = before {
            device.write_f64(gradients, before);
            recording.replay().expect("the op runs");
            device.write_f64(gradients, &self.gradients);
        }
        recording.replay().expect("the op runs");
        [numbers(device, p).await, numbers(device, m).await, numbers(device, v).await]
    }

    /// The same by the formula.
    fn want(&self, clip: f64) -> [Vec<f64>; 3] {
        let scale = (clip / (norm(&self.gradients) + 1e-6)).min(1.0);
        let [beta1, beta2, epsilon, decay] = [RATES.beta1, RATES.beta2, RATES.epsilon, RATES.decay].map(f64::from);
        let mut out = [self.parameters.clone(), self.moments[0].clone(), self.moments[1].clone()];
        for i in 0..self.gradients.len() {
            let g = self.gradients[i] * scale;
            out[1][i] = beta1 * out[1][i] + (1.0 - beta1) * g;
            out[2][i] = beta2 * out[2][i] + (1.0 - beta2) * g * g;
            let root = (out[2][i] * CORRECTIONS[1]).sqrt() + epsilon;
            out[0][i] -= RATE * (out[1][i] * CORRECTIONS[0] / root + decay * out[0][i]);
        }
        out
    }
}

pub async fn adamw(devices: &Devices<'_>) {
    for len in [1, 7, 300, 70_000] {
        let update = Update::new(len);
        let want = update.want(0.5);
        for (name, device, tolerance) in with_oracle(devices) {
            let got = update.run(&device, 0.5).await;
            for (what, (got, want)) in ["parameters", "first moment", "second moment"].iter().zip(got.iter().zip(&want))
            {
                close(&format!("{name} adamw {len} {what}"), got, want, tolerance, 0.0);
            }
            // One gradient that is no number, or infinite, and nothing changes, in no step that follows either.
            for poison in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let mut poisoned = Update::new(len);
                poisoned.gradients[len / 2] = poison;
                let alone = poisoned.run(&device, 0.5).await;
                let followed = update.run_after(&device, 0.5, Some(&poisoned.gradients)).await;
                let want = [&update.parameters, &update.moments[0], &update.moments[1]];
                for ((alone, followed), want) in alone.iter().zip(&followed).zip(want) {
                    assert!(alone == want, "{name} adamw {len}: a gradient of {poison} changed something");
                    assert!(
                        followed == want,
                        "{name} adamw {len}: a step after a gradient of {poison} changed something"
                    );
                }
            }
        }
    }
}

/// Tensors too large for one binding are bound in windows, and nothing comes out otherwise.
pub async fn windows(devices: &Devices<'_>) {
    let (vocab, channels, batch, context) = (300, 16, 3, 7);
    for (name, device) in devices {
        let whole = device.max_binding();
        let mut outcomes = Vec::new();
        for limit in [whole, 64 * channels, 3 * 64 * channels] {
            device.limit_binding(limit);
            let rows = batch * context;
            let inputs =
                [(vec![vocab, channels], noise(1, vocab * channels)), (vec![context, channels], noise(2, 7 * 16))];
            let embedded = run(
                device,
                &|tape, x| {
                    let tokens = ops::Tokens::new(tape, batch, context, vocab);
                    tokens.write(&tape.device().clone(), &ids(rows, vocab));
                    ops::embedding(tape, &tokens, &x[0], &x[1])
                },
                &inputs,
                &|len| noise(99, len),
            )
            .await;
            let inputs = [(vec![rows, channels], noise(3, rows * channels)), inputs[0].clone()];
            let lost = run(device, &|tape, x| head(tape, &x[0], &x[1]), &inputs, &|len| noise(99, len)).await;
            // Of several windows the last one is cut short.
            let updated = Update::new(5 * 64 * channels - 7).run(device, 0.5).await;
            outcomes.push((embedded, lost, updated));
        }
        device.limit_binding(whole);
        let (embedded, lost, updated) = &outcomes[0];
        for (other_embedded, other_lost, other_updated) in &outcomes[1..] {
            let pairs = [
                ("embedding", &embedded.output, &other_embedded.output),
                ("token table's gradient", &embedded.gradients[0], &other_embedded.gradients[0]),
                ("position table's gradient", &embedded.gradients[1], &other_embedded.gradients[1]),
                ("loss", &lost.output, &other_lost.output),
                ("hidden states' gradient", &lost.gradients[0], &other_lost.gradients[0]),
                ("head's gradient", &lost.gradients[1], &other_lost.gradients[1]),
                ("parameters", &updated[0], &other_updated[0]),
                ("first moment", &updated[1], &other_updated[1]),
                ("second moment", &updated[2], &other_updated[2]),
            ];
            for (what, whole, windowed) in pairs {
                close(&format!("{name} in windows: {what}"), windowed, whole, 1e-6, 0.0);
            }
        }
    }
}
