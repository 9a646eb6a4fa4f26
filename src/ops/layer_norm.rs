//! y = (x - mean) · rstd · weight + bias over each row, with mean and rstd of the row (Ba et al., arXiv:1607.06450).

use super::cpu::{partial_sums, store, sum, sum_of};
use super::{Forms, Op, call, forms, operations, params, size};
use crate::device::cpu::Bindings;
use crate::device::float::{Float, put};
use crate::device::{read, write};
use crate::parallel;
use crate::tape::{Accumulate, Tape, Tensor};

params! { rows: u32, channels: u32, accumulate: u32, accumulate_bias: u32, epsilon: f32 }

static FORWARD: Forms = forms!("layer_norm", forward);
static BACKWARD: Forms = forms!("layer_norm", backward);
static BACKWARD_WEIGHT: Forms = forms!("layer_norm", backward_weight);

pub(super) const OP: Op = Op {
    name: "layer_norm",
    fields: FIELDS,
    kernels: &[
        &FORWARD.hardware,
        &FORWARD.emulated,
        &BACKWARD.hardware,
        &BACKWARD.emulated,
        &BACKWARD_WEIGHT.hardware,
        &BACKWARD_WEIGHT.emulated,
    ],
    constants: &[],
};

/// Added to the variance.
pub const EPSILON: f32 = 1e-5;

/// Normalises the rows of `x` (N, C), then scales and shifts by `weight` and `bias` (C): (N, C).
pub fn layer_norm(tape: &mut Tape, x: &Tensor, weight: &Tensor, bias: &Tensor) -> Tensor {
    let [rows, channels] = x.matrix("layer_norm");
    assert!(
        weight.shape() == [channels] && bias.shape() == [channels],
        "layer_norm: expected weight and bias ({channels}), got {:?} and {:?}",
        weight.shape(),
        bias.shape()
    );
    let y = tape.tensor(&[rows, channels]);
    let stats = tape.tensor(&[rows, 2]);
    let params =
        Params { rows: size(rows), channels: size(channels), accumulate: 0, accumulate_bias: 0, epsilon: EPSILON };
    let work = operations([rows, channels, 8]);
    let bindings = vec![read(x.view()), read(weight.view()), read(bias.view()), write(stats.view()), write(y.view())];
    let (kernel, groups) = FORWARD.strided(tape.device(), rows, 8);
    tape.dispatch(call(kernel, params, groups, work, bindings));
    let (x, weight, bias, output) = (x.clone(), weight.clone(), bias.clone(), y.clone());
    tape.backward(move |tape| {
        let Some(dy) = tape.gradient(&output) else { return };
        let saved = || vec![read(x.view()), read(stats.view()), read(dy.view())];
        if let (Some((dw, how)), Some((db, how_bias))) = (tape.gradient_mut(&weight), tape.gradient_mut(&bias)) {
            let params = Params { accumulate: how as u32, accumulate_bias: how_bias as u32, ..params };
            let mut bindings = saved();
            bindings.extend([read(tape.scalars()), write(dw), write(db)]);
            let (kernel, groups) = BACKWARD_WEIGHT.strided(tape.device(), channels, 16);
            tape.dispatch(call(kernel, params, groups, work, bindings));
        }
        if let Some((dx, how)) = tape.gradient_mut(&x) {
            let mut bindings = saved();
            bindings.extend([read(weight.view()), write(dx)]);
            let params = Params { accumulate: how as u32, ..params };
            let (kernel, groups) = BACKWARD.strided(tape.device(), rows, 8);
            tape.dispatch(call(kernel, params, groups, work, bindings));
        }
    });
    y
}

fn forward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (x, weight, bias) = (b.read(), b.read(), b.read()); // (N, C), (C), (C)
    let (stats, y) = (b.write(), b.write()); // (N, 2), (N, C)
    let channels = p.channels as usize;
    let grain = parallel::grain(channels);
    let blocks = y.chunks_mut(grain * channels).zip(stats.chunks_mut(grain * 2)).collect();
    parallel::each(blocks, |i, (y, stats)| {
        let x = &x[i * grain * channels..];
        F::vectorised(
            #[inline(always)]
            || {
                for (row, (y, stats)) in y.chunks_exact_mut(channels).zip(stats.chunks_exact_mut(2)).enumerate() {
                    let x = &x[row * channels..][..channels];
                    let mean = sum(x, |x| x) / F::of(channels as f64);
                    let variance = sum(x, |x| (x - mean) * (x - mean)) / F::of(channels as f64);
                    let rstd = F::ONE / (variance + F::of(f64::from(p.epsilon))).sqrt();
                    (stats[0], stats[1]) = (mean, rstd);
                    for c in 0..channels {
                        y[c] = (x[c] - mean) * rstd * weight[c] + bias[c];
                    }
                }
            },
        );
    });
}

fn backward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (x, stats, dy, weight) = (b.read(), b.read(), b.read(), b.read()); // (N, C), (N, 2), (N, C), (C)
    let dx = b.write(); // (N, C)
    let channels = p.channels as usize;
    let grain = parallel::grain(channels);
    parallel::each(dx.chunks_mut(grain * channels).collect(), |i, dx| {
        F::vectorised(
            #[inline(always)]
            || {
                for (row, dx) in dx.chunks_exact_mut(channels).enumerate() {
                    let row = i * grain + row;
                    let (x, dy) = (&x[row * channels..][..channels], &dy[row * channels..][..channels]);
                    let (mean, rstd) = (stats[2 * row], stats[2 * row + 1]);
                    let of_c = F::ONE / F::of(channels as f64);
                    let mean_g = sum_of(channels, |c| dy[c] * weight[c]) * of_c;
                    let mean_gx = sum_of(channels, |c| dy[c] * weight[c] * ((x[c] - mean) * rstd)) * of_c;
                    let values = x.iter().zip(dy).zip(weight).map(
                        #[inline(always)]
                        |((&x, &dy), &weight)| rstd * (dy * weight - mean_g - (x - mean) * rstd * mean_gx),
                    );
                    put(dx, p.accumulate == Accumulate::Add as u32, values);
                }
            },
        );
    });
}

fn backward_weight<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (x, stats, dy, scalars) = (b.read(), b.read(), b.read(), b.read()); // (N, C), (N, 2), (N, C), step scalars
    let (dw, db) = (b.write(), b.write()); // (C), (C)
    let (rows, channels) = (p.rows as usize, p.channels as usize);
    let partial = partial_sums(rows, 2 * channels, |row, sums: &mut [F]| {
        let (x, dy) = (&x[row * channels..][..channels], &dy[row * channels..][..channels]);
        let (mean, rstd) = (stats[2 * row], stats[2 * row + 1]);
        let (dw, db) = sums.split_at_mut(channels);
        for c in 0..channels {
            dw[c] += dy[c] * ((x[c] - mean) * rstd);
            db[c] += dy[c];
        }
    });
    store(dw, &partial[..channels], p.accumulate, scalars);
    store(db, &partial[channels..], p.accumulate_bias, scalars);
}
