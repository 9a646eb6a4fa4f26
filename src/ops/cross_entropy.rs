//! `loss = Σ weight · (log Σ exp(logits) - logits[target]) / Σ weight`, with the language-model head, in chunks of rows.

use super::cpu::{adds, exponentiate};
use super::matmul::Product;
use super::{Forms, Op, call, forms, kernel, operations, params, size, windows};
use crate::device::cpu::Bindings;
use crate::device::float::Float;
use crate::device::{Kernel, read, write};
use crate::parallel;
use crate::tape::{Accumulate, Scalar, Tape, Tensor};

params! { rows: u32, vocab: u32, accumulate: u32 }

static FORWARD: Forms = forms!("cross_entropy", forward);
static BACKWARD: Forms = forms!("cross_entropy", backward);
static REDUCE: Kernel = kernel!("cross_entropy", reduce);

pub(super) const OP: Op = Op {
    name: "cross_entropy",
    fields: FIELDS,
    kernels: &[&FORWARD.hardware, &FORWARD.emulated, &BACKWARD.hardware, &BACKWARD.emulated, &REDUCE],
    constants: &[],
};

/// Elements of the largest chunk of logits: 64 MiB in f32.
const CHUNK: usize = 16 << 20;

/// What the head leaves: the loss of every position, in nats, and their weighted mean.
#[derive(Clone)]
pub struct Head {
    /// (N): `log Σ exp(logits) - logits[target]`, whatever the weight.
    pub losses: Tensor,
    /// (1): Σ weight · loss · [`Scalar::WeightScale`], summed over a step's micro-batches.
    pub loss: Tensor,
}

/// The loss of predicting `targets` (N) from `hidden` (N, C) with the head `weight` (V, C), which the token table ties.
///
/// Logits never exist whole. While training, each chunk's gradients are computed right behind it, in the forward list:
/// the upstream gradient of a loss is 1. `weights` (N) count positions; 0 leaves one out.
pub fn cross_entropy(tape: &mut Tape, hidden: &Tensor, weight: &Tensor, targets: &Tensor, weights: &Tensor) -> Head {
    let ([rows, channels], [vocab, inner]) = (hidden.matrix("cross_entropy"), weight.matrix("cross_entropy"));
    assert_eq!(channels, inner, "cross_entropy: expected a weight (_, {channels}), got {:?}", weight.shape());
    assert!(
        targets.shape() == [rows] && weights.shape() == [rows],
        "cross_entropy: expected {rows} targets and weights"
    );
    let head = Head { losses: tape.tensor(&[rows]), loss: tape.tensor(&[1]) };
    let limit = tape.device().max_binding();
    let parts = windows(vocab, channels, limit);
    let chunk = (CHUNK.min(limit) / vocab / 64 * 64).clamp(64, rows.next_multiple_of(64)).min(rows);
    let logits = tape.tensor(&[chunk, vocab]);
    let gradients = tape.training().then(|| tape.gradient_mut(hidden)).flatten().map(|(dhidden, how)| {
        assert!(how == Accumulate::Overwrite, "cross_entropy: expected to be the last op that reads its input");
        dhidden
    });
    for start in (0..rows).step_by(chunk) {
        let count = chunk.min(rows - start);
        let logits = logits.view().slice(0..count * vocab);
        let input = hidden.view().slice(start * channels..(start + count) * channels);
        let table = |part: &std::ops::Range<usize>| weight.view().slice(part.start * channels..part.end * channels);
        for part in &parts {
            let product = Product { c: (vocab, part.start), ..Product::new(count, channels, part.len(), channels) };
            tape.dispatch(product.times_transpose(tape, input, table(part), logits, Accumulate::Overwrite));
        }
        let params = Params { rows: size(count), vocab: size(vocab), accumulate: 0 };
        let (targets, losses) =
            (targets.view().slice(start..start + count), head.losses.view().slice(start..start + count));
        let work = operations([count, vocab, 10]);
        let Some(dhidden) = gradients else {
            let bindings = vec![read(logits), read(targets), write(losses)];
            let (kernel, groups) = FORWARD.strided(tape.device(), count, 1);
            tape.dispatch(call(kernel, params, groups, work, bindings));
            continue;
        };
        let weights = weights.view().slice(start..start + count);
        let bindings = vec![read(targets), read(weights), read(tape.scalars()), write(losses), write(logits)];
        let (kernel, groups) = BACKWARD.strided(tape.device(), count, 1);
        tape.dispatch(call(kernel, params, groups, work, bindings));
        let dinput = dhidden.slice(start * channels..(start + count) * channels);
        for (i, part) in parts.iter().enumerate() {
            let product = Product { a: (vocab, part.start), ..Product::new(count, part.len(), channels, vocab) };
            let how = if i == 0 { Accumulate::Overwrite } else { Accumulate::Add };
            tape.dispatch(product.forward(tape, logits, table(part), None, dinput, how));
        }
        if let Some((dweight, how)) = tape.gradient_mut(weight) {
            for part in &parts {
                let product = Product { a: (vocab, part.start), ..Product::new(part.len(), count, channels, vocab) };
                let dpart = dweight.slice(part.start * channels..part.end * channels);
                tape.dispatch(product.transpose_times(tape, logits, input, dpart, how));
            }
        }
    }
    let params = Params { rows: size(rows), vocab: size(vocab), accumulate: Accumulate::AddAfterFirst as u32 };
    let bindings = vec![read(head.losses.view()), read(weights.view()), read(tape.scalars()), write(head.loss.view())];
    tape.dispatch(call(&REDUCE, params, [1, 1, 1], rows as u64, bindings));
    head
}

fn forward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (logits, targets, losses) = (b.read(), b.index(), b.write()); // (N, V), (N), (N)
    let vocab = p.vocab as usize;
    parallel::each(losses.iter_mut().collect(), |row, loss| {
        let logits = &logits[row * vocab..][..vocab];
        F::vectorised(
            #[inline(always)]
            || {
                let (max, sum) = exponentiate(&mut logits.to_vec());
                *loss = max + sum.ln() - logits[targets[row] as usize];
            },
        );
    });
}

fn backward<F: Float>(p: &Params, mut b: Bindings<F>) {
    // (N), (N), step scalars, (N), (N, V): logits in, their gradient out
    let (targets, weights, scalars, losses, logits) = (b.index(), b.read(), b.read(), b.write(), b.write());
    let vocab = p.vocab as usize;
    let scale = scalars[Scalar::WeightScale as usize];
    let grain = parallel::grain(vocab);
    let blocks = logits[..p.rows as usize * vocab].chunks_mut(grain * vocab).zip(losses.chunks_mut(grain)).collect();
    parallel::each(blocks, |i, (block, losses)| {
        F::vectorised(
            #[inline(always)]
            || {
                for (row, (logits, loss)) in block.chunks_exact_mut(vocab).zip(losses).enumerate() {
                    let row = i * grain + row;
                    let target = targets[row] as usize;
                    let at_target = logits[target];
                    let (max, sum) = exponentiate(logits);
                    *loss = max + sum.ln() - at_target;
                    let weight = weights[row] * scale;
                    let factor = weight / sum;
                    logits.iter_mut().for_each(|x| *x *= factor);
                    logits[target] -= weight;
                }
            },
        );
    });
}

fn reduce<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (losses, weights, scalars, loss) = (b.read(), b.read(), b.read(), b.write()); // (N), (N), step scalars, (1)
    let sum: f64 = losses.iter().zip(weights).filter(|(_, w)| **w != F::ZERO).map(|(l, w)| l.f64() * w.f64()).sum();
    let value = sum * scalars[Scalar::WeightScale as usize].f64();
    loss[0] = F::of(value) + if adds(p.accumulate, scalars) { loss[0] } else { F::ZERO };
}
