//! A training step through wgpu: glasshouse against burn, in turn, on the same adapter. See bench/README.md.

mod peer;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};
use std::time::Instant;

use burn::tensor::{Device, DeviceKind};
use peer::{Named as Weights, Peer};

const ROUNDS: usize = 7;
const SECONDS: f64 = 4.0;
const COMPARED: usize = 10;
const TOLERANCE: f64 = 1e-3;
const BATCHES: usize = 4;
const WARMUP: usize = 3;

/// The shape of a model and its batch.
pub struct Shape {
    layers: usize,
    heads: usize,
    channels: usize,
    vocab: usize,
    batch: usize,
    context: usize,
}

const SHAPES: [Shape; 2] = [
    Shape { layers: 2, heads: 2, channels: 64, vocab: 256, batch: 4, context: 64 },
    Shape { layers: 4, heads: 4, channels: 64, vocab: 512, batch: 8, context: 64 },
];

/// A SplitMix64 stream: the inputs must be the same on every run, not good randomness.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn uniform(&mut self) -> f64 {
        ((self.next() >> 11) as f64 + 0.5) / (1u64 << 53) as f64
    }

    fn normal(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}

fn draw_weights(shape: &Shape, random: &mut Random) -> Weights {
    let c = shape.channels;
    let mut weights = HashMap::new();
    let mut add = |name: String, size: &[usize], deviation: f64, mean: f32| {
        let values = (0..size.iter().product()).map(|_| mean + (deviation * random.normal()) as f32).collect();
        weights.insert(format!("transformer.{name}"), (size.to_vec(), values));
    };
    let residual = 0.02 / (2.0 * shape.layers as f64).sqrt();
    add("wte.weight".into(), &[shape.vocab, c], 0.02, 0.0);
    add("wpe.weight".into(), &[shape.context, c], 0.02, 0.0);
    for layer in 0..shape.layers {
        for norm in ["ln_1", "ln_2"] {
            add(format!("h.{layer}.{norm}.weight"), &[c], 0.0, 1.0);
            add(format!("h.{layer}.{norm}.bias"), &[c], 0.0, 0.0);
        }
        let linears = [
            ("attn.c_attn", c, 3 * c, 0.02),
            ("attn.c_proj", c, c, residual),
            ("mlp.c_fc", c, 4 * c, 0.02),
            ("mlp.c_proj", 4 * c, c, residual),
        ];
        for (name, inputs, outputs, deviation) in linears {
            add(format!("h.{layer}.{name}.weight"), &[inputs, outputs], deviation, 0.0);
            add(format!("h.{layer}.{name}.bias"), &[outputs], 0.0, 0.0);
        }
    }
    add("ln_f.weight".into(), &[c], 0.0, 1.0);
    add("ln_f.bias".into(), &[c], 0.0, 0.0);
    weights
}

fn draw_batches(shape: &Shape, random: &mut Random) -> Vec<Vec<u32>> {
    let length = shape.batch * (shape.context + 1);
    let token = |random: &mut Random| (random.next() % shape.vocab as u64) as u32;
    (0..BATCHES).map(|_| (0..length).map(|_| token(random)).collect()).collect()
}

fn write_inputs(folder: &Path, weights: &Weights, batches: &[Vec<u32>]) -> Result<(), String> {
    let bytes: Vec<(&String, &Vec<usize>, Vec<u8>)> = weights
        .iter()
        .map(|(name, (size, values))| (name, size, values.iter().flat_map(|value| value.to_le_bytes()).collect()))
        .collect();
    let views = bytes.iter().map(|(name, size, data)| {
        let view = safetensors::tensor::TensorView::new(safetensors::Dtype::F32, (*size).clone(), data);
        (name.as_str(), view.expect("shape and data agree"))
    });
    safetensors::serialize_to_file(views, None, &folder.join("model.safetensors"))
        .map_err(|error| error.to_string())?;
    let tokens: Vec<u8> = batches.iter().flatten().flat_map(|token| token.to_le_bytes()).collect();
    std::fs::write(folder.join("tokens.bin"), tokens).map_err(|error| error.to_string())
}

/// One run of `glasshouse bench step`: tokens a second, the losses, the adapter.
fn glasshouse(program: &Path, shape: &Shape, folder: &Path, steps: usize) -> Result<(f64, Vec<f64>, String), String> {
    let mut command = Command::new(program);
    command.args(["bench", "step", "--device", "gpu", "--json"]);
    for (option, value) in [
        ("--layers", shape.layers),
        ("--heads", shape.heads),
        ("--channels", shape.channels),
        ("--vocab-size", shape.vocab),
        ("--batch", shape.batch),
        ("--context", shape.context),
        ("--warmup", WARMUP),
        ("--steps", steps),
    ] {
        command.arg(option).arg(value.to_string());
    }
    command.arg("--weights").arg(folder.join("model.safetensors")).arg("--tokens").arg(folder.join("tokens.bin"));
    let output = command.output().map_err(|error| format!("cannot run {}: {error}", program.display()))?;
    if !output.status.success() {
        return Err(format!("glasshouse bench step failed: {}", String::from_utf8_lossy(&output.stderr)));
    }
    let report: serde_json::Value = serde_json::from_slice(&output.stdout).map_err(|error| error.to_string())?;
    let rate = report["tokens_per_second"].as_f64().ok_or("the report has no tokens_per_second")?;
    let losses = report["losses"].as_array().ok_or("the report has no losses")?;
    let losses = losses.iter().map(|loss| loss.as_f64().unwrap_or(f64::NAN)).collect();
    Ok((rate, losses, report["device"].as_str().unwrap_or("?").to_string()))
}

/// GFLOP/s of a 512×512×512 product on two threads: what the machine gives at this moment. The median of five.
fn calibrate() -> f64 {
    const N: usize = 512;
    let (a, b, mut c) = (vec![0.5f32; N * N], vec![0.25f32; N * N], vec![0f32; N * N]);
    let n = N as isize;
    let mut figures: Vec<f64> = (0..5)
        .map(|_| {
            let start = Instant::now();
            for _ in 0..8 {
                // SAFETY: the three matrices hold N·N elements each, row-major.
                unsafe {
                    gemm::gemm(
                        N,
                        N,
                        N,
                        c.as_mut_ptr(),
                        1,
                        n,
                        false,
                        a.as_ptr(),
                        1,
                        n,
                        b.as_ptr(),
                        1,
                        n,
                        0.0,
                        1.0,
                        false,
                        false,
                        false,
                        gemm::Parallelism::Rayon(2),
                    );
                }
            }
            8.0 * 2.0 * (N * N * N) as f64 / start.elapsed().as_secs_f64() / 1e9
        })
        .collect();
    quantile(&mut figures, 0.5)
}

fn quantile(values: &mut [f64], q: f64) -> f64 {
    values.sort_by(f64::total_cmp);
    let place = q * (values.len() - 1) as f64;
    let low = values[place.floor() as usize];
    low + (values[place.ceil() as usize] - low) * place.fract()
}

fn compare(program: &Path, shape: &Shape, device: &Device) -> Result<(), String> {
    let mut random = Random(1337);
    let (weights, batches) = (draw_weights(shape, &mut random), draw_batches(shape, &mut random));
    let parameters: usize = weights.values().map(|(_, values)| values.len()).sum();
    let folder = tempfile::tempdir().map_err(|error| error.to_string())?;
    write_inputs(folder.path(), &weights, &batches)?;

    let mut peer = Peer::new(shape, &weights, &batches, device);
    let theirs = peer.losses(COMPARED);
    let (_, ours, adapter) = glasshouse(program, shape, folder.path(), COMPARED - WARMUP)?;
    let gap = ours
        .iter()
        .zip(&theirs)
        .map(|(a, b)| (a - b).abs())
        .fold(0.0, |worst, gap| if gap <= worst { worst } else { gap });
    if !(gap <= TOLERANCE && ours.len() == theirs.len()) {
        return Err(format!("the losses differ by {gap:.1e}, more than {TOLERANCE}: {ours:?} against {theirs:?}"));
    }

    let tokens = (shape.batch * shape.context) as f64;
    let sample = |peer: &mut Peer, steps: usize| {
        let start = Instant::now();
        peer.losses(steps);
        steps as f64 * tokens / start.elapsed().as_secs_f64()
    };
    let steps = |rate: f64| ((SECONDS * rate / tokens).round() as usize).max(3);
    let their_steps = steps(sample(&mut peer, 5));
    let our_steps = steps(glasshouse(program, shape, folder.path(), 5)?.0);

    let (mut ours, mut theirs, mut calibrations) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        for turn in 0..2 {
            calibrations.push(calibrate());
            if (round + turn) % 2 == 0 {
                theirs.push(sample(&mut peer, their_steps));
            } else {
                ours.push(glasshouse(program, shape, folder.path(), our_steps)?.0);
            }
            calibrations.push(calibrate());
        }
    }

    let Shape { layers, heads, channels, vocab, batch, context } = shape;
    println!(
        "\nL{layers} H{heads} C{channels} V{vocab} B{batch} T{context}, {parameters} parameters, {ROUNDS} rounds on {adapter}; \
         first {COMPARED} losses within {gap:.1e}"
    );
    let mut ratios: Vec<f64> = ours.iter().zip(&theirs).map(|(a, b)| a / b).collect();
    let ratio = quantile(&mut ours, 0.5) / quantile(&mut theirs, 0.5);
    let road = if cfg!(feature = "spirv") { "burn (SPIR-V)" } else { "burn (WGSL)" };
    for (name, values) in [("glasshouse gpu", &mut ours), (road, &mut theirs)] {
        let [low, median, high] = [0.25, 0.5, 0.75].map(|q| quantile(values, q));
        println!("  {name:16} {median:10.0}  [{low:.0} to {high:.0}] tokens/s");
    }
    let [low, high] = [0.0, 1.0].map(|q| quantile(&mut ratios, q));
    println!("  ratio {ratio:.2} of the medians (goal 2.0); by round {low:.2} to {high:.2}");
    let [low, median, high] = [0.0, 0.5, 1.0].map(|q| quantile(&mut calibrations, q));
    let steady = if high <= 1.1 * low { "steady" } else { "NOT STEADY: other work disturbed this run" };
    println!("  calibration {median:.0} GFLOP/s, {low:.0} to {high:.0}: {steady}");
    Ok(())
}

fn main() -> ExitCode {
    let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/release/glasshouse");
    let program = std::env::args_os().nth(1).map_or(built, PathBuf::from);
    let device = Device::wgpu(DeviceKind::DefaultDevice);
    for shape in &SHAPES {
        if let Err(message) = compare(&program, shape, &device) {
            eprintln!("bench-burn: {message}");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
