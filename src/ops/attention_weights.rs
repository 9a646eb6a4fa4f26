//! y = softmax(q · kᵀ / sqrt(D), causal) for each head: what attention multiplies with v and never keeps.

use super::cpu::exponentiate;
use super::{Forms, Op, call, forms, operations, params, size};
use crate::device::cpu::Bindings;
use crate::device::float::Float;
use crate::device::rows::{row_times_matrix, transpose};
use crate::device::{read, write};
use crate::parallel;
use crate::tape::{Tape, Tensor};

params! {
    batch: u32,
    context: u32,
    heads: u32,
    /// D.
    size: u32,
}

static FORWARD: Forms = forms!("attention_weights", forward);

pub(super) const OP: Op =
    Op { name: "attention_weights", fields: FIELDS, kernels: &[&FORWARD.hardware, &FORWARD.emulated], constants: &[] };

/// The causal attention of all heads to look at, for `qkv` (B · T, 3 C) laid out as the op `attention` takes it:
/// (B · H, T, T), a query's probabilities in each row and zeros above the diagonal. Without a backward pass.
pub fn attention_weights(tape: &mut Tape, qkv: &Tensor, context: usize, heads: usize) -> Tensor {
    let [rows, width] = qkv.matrix("attention_weights");
    assert!(
        width % (3 * heads) == 0 && rows % context == 0,
        "attention_weights: {:?} for {heads} heads, context {context}",
        qkv.shape()
    );
    assert!(!tape.training(), "attention_weights: expected a tape that is not training");
    let (batch, channels) = (rows / context, width / 3);
    let y = tape.tensor(&[batch * heads, context, context]);
    let params =
        Params { batch: size(batch), context: size(context), heads: size(heads), size: size(channels / heads) };
    let (kernel, groups) = FORWARD.strided(tape.device(), rows * heads, 1);
    let work = operations([rows, context, channels]);
    tape.dispatch(call(kernel, params, groups, work, vec![read(qkv.view()), write(y.view())]));
    y
}

fn forward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (qkv, y) = (b.read(), b.write()); // (B·T, 3C), (B·H, T, T)
    let [context, heads, head_size] = [p.context, p.heads, p.size].map(|n| n as usize);
    let stride = 3 * heads * head_size;
    parallel::each(y.chunks_mut(context * context).collect(), |i, block| {
        let qkv = &qkv[i / heads * context * stride + i % heads * head_size..];
        F::vectorised(
            #[inline(always)]
            || {
                let keys = transpose(&qkv[heads * head_size..], context, head_size, stride, context);
                let scale = F::of(1.0 / f64::from(p.size).sqrt());
                for (t, row) in block.chunks_exact_mut(context).enumerate() {
                    let (seen, unseen) = row.split_at_mut(t + 1);
                    row_times_matrix(seen, &qkv[t * stride..][..head_size], &keys, context);
                    seen.iter_mut().for_each(|score| *score *= scale);
                    let share = F::ONE / exponentiate(seen).1;
                    seen.iter_mut().for_each(|y| *y *= share);
                    unseen.fill(F::ZERO);
                }
            },
        );
    });
}
