//! `glasshouse bench matmul` and `glasshouse bench attention`: single ops, forward and backward.

use clap::Args;
use glasshouse::device::{Device, Element};
use glasshouse::ops::{self, MAX_GROUPS};
use glasshouse::parallel;
use glasshouse::tape::{Recording, SCALARS, Tape, Tensor};
use glasshouse::{Error, Result};
use serde_json::json;

use super::super::device::{DeviceArg, OpenedDevice};
use super::super::output;
use super::{fill, medians, name};

/// Measure the matrix product y = x · w with x (m, k) and w (k, n), and the two of its backward pass.
#[derive(Args, Debug)]
pub struct MatmulArgs {
    /// Square products of these sizes.
    #[arg(long, value_name = "N,N,...", value_delimiter = ',', default_value = "256,512,1024")]
    sizes: Vec<usize>,
    /// Rows of x, for one product of any shape.
    #[arg(short, value_name = "N", requires_all = ["k", "n"])]
    m: Option<usize>,
    /// Columns of x and rows of w.
    #[arg(short, value_name = "N", requires_all = ["m", "n"])]
    k: Option<usize>,
    /// Columns of w.
    #[arg(short, value_name = "N", requires_all = ["m", "k"])]
    n: Option<usize>,
    /// Samples of each, in turn; the median counts.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// auto takes real hardware, else the CPU; gpu the best adapter, software included; gpu:N the one `doctor` calls N.
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N", default_value = "auto", hide_default_value = true)]
    device: DeviceArg,
    /// Print one JSON object: device, threads, and for each shape m, k, n and three times ms and gflops.
    #[arg(long)]
    json: bool,
}

/// Measure causal attention over batch · heads sequences of `context` positions.
#[derive(Args, Debug)]
pub struct AttentionArgs {
    /// Sequences.
    #[arg(long, value_name = "N", default_value_t = 12)]
    batch: usize,
    /// Positions of a sequence.
    #[arg(long, value_name = "N", default_value_t = 256)]
    context: usize,
    /// Heads.
    #[arg(long, value_name = "N", default_value_t = 6)]
    heads: usize,
    /// Channels of a head.
    #[arg(long, value_name = "N", default_value_t = 64)]
    head_size: usize,
    /// Samples of each, in turn; the median counts.
    #[arg(long, value_name = "N", default_value_t = 7, value_parser = clap::value_parser!(u16).range(1..=1000))]
    rounds: u16,
    /// auto takes real hardware, else the CPU; gpu the best adapter, software included; gpu:N the one `doctor` calls N.
    #[arg(long, value_name = "auto|cpu|gpu|gpu:N", default_value = "auto", hide_default_value = true)]
    device: DeviceArg,
    /// Print one JSON object: the shape, device, threads, and forward and backward with ms and gflops each.
    #[arg(long)]
    json: bool,
}

/// Runs `bench matmul`.
pub fn matmul(args: MatmulArgs) -> Result<()> {
    let shapes: Vec<[usize; 3]> = match (args.m, args.k, args.n) {
        (Some(m), Some(k), Some(n)) => vec![[m, k, n]],
        _ => args.sizes.iter().map(|&size| [size; 3]).collect(),
    };
    let opened = args.device.open()?;
    for [m, k, n] in &shapes {
        check(&opened, &[*m, *k, *n], MAX_GROUPS * 32, &[[*m, *k], [*k, *n], [*m, *n]])?;
    }
    let device = &opened.device;
    let mut results = Vec::new();
    for [m, k, n] in shapes {
        let recording =
            record(device, &[&[m, k], &[k, n]], |tape, inputs| ops::matmul(tape, &inputs[0], &inputs[1], None))?;
        assert_eq!((recording.forward, recording.len()), (1, 3), "matmul is three dispatches");
        let run = |i: usize| device.run(&recording.program, i..i + 1);
        let seconds = medians(device, args.rounds.into(), &[&|| run(0), &|| run(2), &|| run(1)])?;
        let operations = 2.0 * m as f64 * k as f64 * n as f64;
        let figures = seconds.iter().map(|s| json!({ "ms": s * 1e3, "gflops": operations / s / 1e9 }));
        let names = ["forward", "times_transpose", "transpose_times"].map(String::from);
        let mut result = serde_json::Map::from_iter([("m", m), ("k", k), ("n", n)].map(|(k, v)| (k.into(), v.into())));
        result.extend(names.into_iter().zip(figures));
        results.push(result);
    }
    if args.json {
        let object = json!({ "device": name(device), "threads": parallel::threads(), "results": results });
        return output::json(&object);
    }
    output::line(format!("{}, GFLOP/s, median of {} rounds", device.name(), args.rounds))?;
    output::line("      m       k       n     y = x·w   dx = dy·wᵀ   dw = xᵀ·dy")?;
    for result in results {
        let figure = |name: &str| result[name]["gflops"].as_f64().unwrap_or(f64::NAN);
        output::line(format!(
            "{:>7} {:>7} {:>7} {:>11.1} {:>12.1} {:>12.1}",
            result["m"],
            result["k"],
            result["n"],
            figure("forward"),
            figure("times_transpose"),
            figure("transpose_times")
        ))?;
    }
    Ok(())
}

/// Runs `bench attention`.
pub fn attention(args: AttentionArgs) -> Result<()> {
    let AttentionArgs { batch, context, heads, head_size, .. } = args;
    let opened = args.device.open()?;
    if head_size > 256 {
        return Err(Error::Config(format!(
            "heads of {head_size} channels are not computed: --head-size is at most 256"
        )));
    }
    let rows = batch.saturating_mul(context);
    let width = heads.saturating_mul(head_size).saturating_mul(3);
    check(&opened, &[batch, context, heads, head_size], MAX_GROUPS, &[[rows, width], [rows, width]])?;
    let device = &opened.device;
    let recording = record(device, &[&[rows, width]], |tape, inputs| ops::attention(tape, &inputs[0], context, heads))?;
    let forward = || device.run(&recording.program, 0..recording.forward);
    let backward = || device.run(&recording.program, recording.forward..recording.len());
    let seconds = medians(device, args.rounds.into(), &[&forward, &backward])?;
    // Two products of (T, D) by (D, T) forward and five backward, each halved by the causal mask.
    let operations = (rows * context) as f64 * (heads * head_size) as f64;
    let figures = [2.0 * operations / seconds[0] / 1e9, 5.0 * operations / seconds[1] / 1e9];
    if args.json {
        return output::json(&json!({
            "batch": batch, "context": context, "heads": heads, "head_size": head_size,
            "device": name(device), "threads": parallel::threads(),
            "forward": { "ms": seconds[0] * 1e3, "gflops": figures[0] },
            "backward": { "ms": seconds[1] * 1e3, "gflops": figures[1] },
        }));
    }
    output::line(format!("{}, median of {} rounds", device.name(), args.rounds))?;
    for (name, i) in [("forward", 0), ("backward", 1)] {
        output::line(format!("{name:<9} {:>9.3} ms {:>9.1} GFLOP/s", seconds[i] * 1e3, figures[i]))?;
    }
    Ok(())
}

/// Records an op on random inputs of these shapes, forward and backward.
fn record(device: &Device, shapes: &[&[usize]], op: impl Fn(&mut Tape, &[Tensor]) -> Tensor) -> Result<Recording> {
    let scalars = device.allocate(Element::Float, SCALARS);
    let mut tape = Tape::new(device, scalars.view(), true);
    let inputs: Vec<Tensor> = shapes.iter().map(|shape| tape.tensor(shape)).collect();
    let output = op(&mut tape, &inputs);
    let upstream = tape.upstream(&output);
    for (seed, view) in inputs.iter().map(Tensor::view).chain([upstream]).enumerate() {
        fill(device, view.buffer, seed as u64);
    }
    tape.finish()
}

/// Refuses sizes of zero, and matrices that do not fit the device with a gradient each.
fn check(opened: &OpenedDevice, sizes: &[usize], most_of_each: usize, matrices: &[[usize; 2]]) -> Result<()> {
    if sizes.contains(&0) {
        return Err(Error::Usage("a size of 0 leaves nothing to measure: give sizes of at least 1".into()));
    }
    // Kernels have grids of at most that many workgroups a side.
    if let Some(size) = sizes.iter().find(|size| **size > most_of_each) {
        return Err(Error::Config(format!(
            "a size of {size} is more than the {most_of_each} that this kernel takes: take smaller sizes"
        )));
    }
    let elements = matrices.iter().map(|[rows, columns]| *rows as u128 * *columns as u128);
    let largest = elements.clone().max().unwrap_or(0);
    let bytes = elements.sum::<u128>() * 8;
    let most = opened.memory.unwrap_or(u64::MAX).min(u64::from(u32::MAX));
    let fits = largest < 1 << 31 && largest <= opened.device.max_binding() as u128 && bytes <= u128::from(most);
    if fits {
        return Ok(());
    }
    Err(Error::Config(format!(
        "matrices of these sizes take {bytes} bytes, the largest {largest} elements, and {} has no room for them: take \
         smaller sizes",
        opened.device.name()
    )))
}
