//! What tests share, in a browser too: cases that run on any device, and the helper that runs an op on it.
#![allow(dead_code, unused_imports)]

#[cfg(not(target_arch = "wasm32"))]
mod adapter;
pub mod cases;
pub mod curve;
pub mod generation;
pub mod golden;
pub mod probe;
pub mod trace;
#[cfg(not(target_arch = "wasm32"))]
pub mod trial;

#[cfg(not(target_arch = "wasm32"))]
pub use adapter::{on_each, on_gpu};
use glasshouse::device::{Device, Element, View};
use glasshouse::tape::{SCALARS, Scalar, Tape, Tensor};

/// Numbers in (-1, 1), the same for the same seed.
pub fn noise(seed: u64, len: usize) -> Vec<f64> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        // Rounded to f32, so that every device starts from the same numbers.
        f64::from(((state >> 40) as f64 / (1_u64 << 23) as f64 - 1.0) as f32)
    };
    (0..len).map(|_| next()).collect()
}

#[cfg(target_arch = "wasm32")]
thread_local! {
    // Leaked: wgpu needs thread-locals of its own to take a device down, and they are gone when these are dropped.
    static GPU: std::cell::Cell<Option<&'static Device>> = const { std::cell::Cell::new(None) };
}

/// The browser's adapter, opened once: compiling shaders is what takes time.
///
/// # Panics
/// Where there is none: GPU tests are never skipped.
#[cfg(target_arch = "wasm32")]
pub async fn adapter() -> Device {
    if GPU.get().is_none() {
        let device = Device::gpu(None).await.expect("the GPU tests need an adapter, if only SwiftShader");
        GPU.set(Some(Box::leak(Box::new(device))));
    }
    GPU.get().expect("opened above").clone()
}

/// What an op gave: its output, and the gradient of every input.
pub struct Outcome {
    pub output: Vec<f64>,
    pub gradients: Vec<Vec<f64>>,
}

/// An op under test: builds its output from its inputs.
pub type Build<'a> = dyn Fn(&mut Tape, &[Tensor]) -> Tensor + 'a;

/// Writes the step scalars that ops may read: micro-batch 0, no keys in the cache.
pub fn scalars(device: &Device) -> View {
    let view = device.allocate(Element::Float, SCALARS).view();
    let mut values = [0.0; SCALARS];
    values[Scalar::WeightScale as usize] = 1.0;
    device.write(view, &values);
    view
}

/// Runs an op on `inputs` and, for the upstream gradient `dy` (one of the output's length), its backward pass.
pub async fn run(
    device: &Device,
    build: &Build<'_>,
    inputs: &[(Vec<usize>, Vec<f64>)],
    dy: &dyn Fn(usize) -> Vec<f64>,
) -> Outcome {
    let mut tape = Tape::new(device, scalars(device), true);
    let leaves: Vec<Tensor> = inputs.iter().map(|(shape, _)| tape.tensor(shape)).collect();
    let output = build(&mut tape, &leaves);
    // An output that has its own backward pass (a loss) has written the gradients of its inputs already.
    let upstream = (output.shape() != [1]).then(|| tape.upstream(&output));
    let (view, len) = (output.view(), output.view().len);
    let recording = tape.finish().expect("the op records");
    for (leaf, (_, values)) in leaves.iter().zip(inputs) {
        device.write_f64(leaf.view(), values);
    }
    if let Some(upstream) = upstream {
        device.write_f64(upstream, &dy(len));
    }
    recording.replay().expect("the op runs");
    let output = device.read(view).numbers().await.expect("the output is read").f64();
    let mut gradients = Vec::new();
    for leaf in &leaves {
        let gradient =
            leaf.gradient().unwrap_or_else(|| panic!("no gradient for an input of shape {:?}", leaf.shape()));
        gradients.push(device.read(gradient).numbers().await.expect("a gradient is read").f64());
    }
    Outcome { output, gradients }
}

/// ‖got - want‖₂ / scale.
pub fn error(got: &[f64], want: &[f64], scale: f64) -> f64 {
    assert_eq!(got.len(), want.len());
    let difference: f64 = got.iter().zip(want).map(|(g, w)| (g - w) * (g - w)).sum();
    if difference.is_nan() { f64::INFINITY } else { difference.sqrt() / scale }
}

/// The norm of `x`.
pub fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// Panics with tensor, index, got and want where `got` is further from `want` than `tolerance` of its norm, or of `floor`
/// where that is larger: the scale of the incoming gradient, for tensors whose exact value is zero or cancels.
pub fn close(what: &str, got: &[f64], want: &[f64], tolerance: f64, floor: f64) {
    let scale = norm(want).max(floor);
    let found = error(got, want, scale);
    if found > tolerance {
        let worst =
            (0..got.len()).max_by(|&a, &b| (got[a] - want[a]).abs().total_cmp(&(got[b] - want[b]).abs())).unwrap_or(0);
        panic!("{what}: error {found:.3e} > {tolerance:.0e}; at [{worst}] got {}, want {}", got[worst], want[worst]);
    }
}

/// Central differences of the weighted sum of an op's output, in f64: an input's gradient without any backward code.
pub async fn finite_differences(
    build: &Build<'_>,
    inputs: &[(Vec<usize>, Vec<f64>)],
    dy: &dyn Fn(usize) -> Vec<f64>,
    which: usize,
) -> Vec<f64> {
    let device = Device::oracle();
    let mut tape = Tape::new(&device, scalars(&device), true);
    let leaves: Vec<Tensor> = inputs.iter().map(|(shape, _)| tape.tensor(shape)).collect();
    let output = build(&mut tape, &leaves);
    let len = output.view().len;
    let weights = if output.shape() == [1] { vec![1.0] } else { dy(len) };
    let recording = tape.finish().expect("the op records");
    for (leaf, (_, values)) in leaves.iter().zip(inputs) {
        device.write_f64(leaf.view(), values);
    }
    let mut values = inputs[which].1.clone();
    let mut gradient = Vec::with_capacity(values.len());
    for i in 0..values.len() {
        let at = values[i];
        let step = 1e-5;
        let mut sums = [0.0; 2];
        for (sum, x) in sums.iter_mut().zip([at + step, at - step]) {
            values[i] = x;
            device.write_f64(leaves[which].view(), &values);
            device.run(&recording.program, 0..recording.forward).expect("the op runs");
            let y = device.read(output.view()).numbers().await.expect("the output is read").f64();
            *sum = y.iter().zip(&weights).map(|(y, w)| y * w).sum();
        }
        values[i] = at;
        device.write_f64(leaves[which].view(), &values);
        gradient.push((sums[0] - sums[1]) / (2.0 * step));
    }
    gradient
}

/// Holds the gradient of input `which` to finite differences: what is wrong with it, or nothing.
pub async fn gradient_fault(
    build: &Build<'_>,
    inputs: &[(Vec<usize>, Vec<f64>)],
    dy: &dyn Fn(usize) -> Vec<f64>,
    which: usize,
    gradient: &[f64],
) -> Option<String> {
    let numeric = finite_differences(build, inputs, dy, which).await;
    let largest = numeric.iter().fold(1e-3_f64, |max, x| max.max(x.abs()));
    let wrong = |&(_, (got, want)): &(usize, (&f64, &f64))| {
        let error = (got - want).abs() / largest;
        error.is_nan() || error > 1e-6
    };
    let fault = gradient.iter().zip(&numeric).enumerate().find(wrong);
    fault.map(|(at, (got, want))| format!("at [{at}]: got {got}, finite differences {want}"))
}
