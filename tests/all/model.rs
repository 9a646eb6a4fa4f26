//! The whole model against PyTorch float64 (tests/common/golden.rs), and its own gradients against finite differences.

use crate::common::golden::{FOLDERS, agrees};
use crate::common::{generation, golden, on_each, on_gpu, probe, trace};
use glasshouse::data::{Dataset, Split};
use glasshouse::device::Device;
use glasshouse::model::{Attend, Gpt, ModelConfig};
use glasshouse::ops::{self, Tokens};
use glasshouse::tape::Tape;

#[test]
fn pytorch_oracle() {
    for name in FOLDERS {
        pollster::block_on(agrees(&Device::oracle(), name, 1e-9));
    }
}

#[test]
fn pytorch_cpu() {
    for name in FOLDERS {
        pollster::block_on(agrees(&Device::cpu(), name, 1e-4));
    }
}

#[test]
fn pytorch_gpu() {
    on_gpu(|device| {
        for name in FOLDERS {
            pollster::block_on(agrees(&device, name, 1e-4));
        }
    });
}

#[test]
fn evaluation() {
    pollster::block_on(golden::evaluation());
}

#[test]
fn sliding_windows() {
    pollster::block_on(golden::sliding());
}

#[test]
fn greedy_generation() {
    on_each(|device| pollster::block_on(golden::greedy_generation(&device)));
}

#[test]
fn generation_by_chunks_is_the_naive_one() {
    on_each(|device| pollster::block_on(generation::prefill(&device)));
}

#[test]
fn draws_and_distributions() {
    pollster::block_on(generation::draws());
    generation::distributions();
    generation::distributions_hold();
}

/// Holds both devices to the oracle, which is asked once.
fn with_both(check: impl AsyncFnOnce(&[(&'static str, Device)]) + Send + 'static) {
    on_gpu(|gpu| pollster::block_on(check(&[("cpu", Device::cpu()), ("gpu", gpu)])));
}

#[test]
fn a_probe_is_the_forward_pass() {
    with_both(probe::probe_is_the_forward_pass);
}

#[test]
fn heads_are_switched_off() {
    with_both(probe::heads_are_switched_off);
}

#[test]
fn a_probe_in_slices_makes_nothing_new() {
    with_both(probe::probing_in_slices);
}

#[test]
fn what_cannot_be_probed_is_refused() {
    probe::prompts_are_refused();
}

#[test]
fn every_stop_is_its_formula() {
    with_both(trace::stops_are_their_formulas);
}

#[test]
fn every_number_is_made_of_its_parts() {
    with_both(trace::numbers_are_made_of_their_parts);
}

#[test]
fn a_trace_in_slices_makes_nothing_new() {
    with_both(trace::tracing_in_slices);
}

#[test]
fn what_is_shown_is_what_is_drawn() {
    on_each(|device| pollster::block_on(probe::distributions_are_those_of_generation(&device)));
}

/// Gradients of a whole 2-layer model against central differences of its loss.
#[test]
fn finite_differences() {
    let device = Device::oracle();
    let config = ModelConfig { layers: 2, heads: 2, channels: 8, context: 5, vocab: 13 };
    let model = Gpt::new(&device, config, true).unwrap();
    for (i, parameter) in model.list.iter().enumerate() {
        device.write_f64(
            model.view(i),
            &crate::common::noise(i as u64 + 1, parameter.len()).iter().map(|x| 0.5 * x).collect::<Vec<_>>(),
        );
    }
    let scalars = crate::common::scalars(&device);
    let mut tape = Tape::new(&device, scalars, true);
    let tokens = Tokens::new(&mut tape, 2, 5, 13);
    let (targets, weights) = (tape.indices(&[10]), tape.tensor(&[10]));
    let bound = model.bind(&tape);
    let hidden = bound.forward(&mut tape, &tokens, &Attend::Windows(5));
    let head = ops::cross_entropy(&mut tape, &hidden, bound.get("wte.weight"), &targets, &weights);
    drop((bound, hidden));
    let recording = tape.finish().unwrap();
    let train: Vec<u32> = (0..40).map(|i| i * 7 % 13).collect();
    let dataset = Dataset { train: train.into(), validation: None, context: 5, rows: false, split: Split::Stream };
    let batch = dataset.batch(1, 0, 2);
    tokens.write(&device, &batch.inputs);
    device.write_index(targets.view(), &batch.targets);
    device.write(weights.view(), &[1.0; 10]);
    let loss = || {
        recording.replay().unwrap();
        pollster::block_on(device.read(head.loss.view()).numbers()).unwrap().f64()[0]
    };
    loss();
    let read = |view| pollster::block_on(device.read(view).numbers()).unwrap().f64();
    let gradients: Vec<Vec<f64>> = (0..model.list.len()).map(|i| read(model.gradient(i).unwrap())).collect();
    for (i, parameter) in model.list.iter().enumerate() {
        let mut values = read(model.view(i));
        let numeric: Vec<f64> = (0..values.len())
            .map(|j| {
                let at = values[j];
                let step = 1e-5;
                let ends = [at + step, at - step].map(|x| {
                    values[j] = x;
                    device.write_f64(model.view(i), &values);
                    loss()
                });
                values[j] = at;
                device.write_f64(model.view(i), &values);
                (ends[0] - ends[1]) / (2.0 * step)
            })
            .collect();
        let largest = numeric.iter().fold(1e-3_f64, |max, x| max.max(x.abs()));
        let worst = gradients[i].iter().zip(&numeric).map(|(g, n)| (g - n).abs() / largest).fold(0.0, f64::max);
        assert!(worst <= 1e-6, "{}: {worst:e} of its largest", parameter.name);
    }
}
