//! y = softmax(q · kᵀ / sqrt(D), causal) · v for each head, by the online softmax (Dao, arXiv:2307.08691).

use super::cpu::{exponentiate, sum_of};
use super::{Forms, Op, call, forms, kernel, operations, params, size, strided};
use crate::device::cpu::Bindings;
use crate::device::float::Float;
use crate::device::gemm::{Strides, multiply};
use crate::device::rows::{add_outer, gather, row_times_matrix, transpose};
use crate::device::{Dispatch, Kernel, read, write};
use crate::parallel;
use crate::tape::{Accumulate, Scalar, Tape, Tensor};

params! {
    batch: u32,
    context: u32,
    heads: u32,
    /// D.
    size: u32,
    /// Rows of the cache.
    capacity: u32,
}

static FORWARD: Forms = forms!("attention", forward);
static BACKWARD_DELTA: Kernel = kernel!("attention", backward_delta);
static BACKWARD_QUERY: Forms = forms!("attention", backward_query);
static BACKWARD_KEY_VALUE: Forms = forms!("attention", backward_key_value);
static APPEND: Kernel = kernel!("attention", append);
static CACHED: Kernel = kernel!("attention", cached);

pub(super) const OP: Op = Op {
    name: "attention",
    fields: FIELDS,
    kernels: &[
        &FORWARD.hardware,
        &FORWARD.emulated,
        &BACKWARD_DELTA,
        &BACKWARD_QUERY.hardware,
        &BACKWARD_QUERY.emulated,
        &BACKWARD_KEY_VALUE.hardware,
        &BACKWARD_KEY_VALUE.emulated,
        &APPEND,
        &CACHED,
    ],
    constants: &[("HEAD", &[1, 2, 3, 4, 5, 8, 16, 32, 33, 48, 64, 80, 96, 128, 129, 192, 255, 256])],
};

/// Query rows that one workgroup (or one block on the CPU) computes; attention.wgsl has the same number.
const ROWS: usize = 64;
/// The same in its kernels for emulated adapters: there BLOCK rows an invocation, BLOCKS invocations.
const EMULATED_ROWS: usize = 32;
/// The largest head that those take: they compile slowly where more channels of 4 rows are summed at once.
const EMULATED_HEAD: usize = 128;

fn dispatch(
    kernel: &'static Kernel,
    params: Params,
    groups: [usize; 3],
    work: u64,
    bindings: Vec<crate::device::Binding>,
) -> Dispatch {
    Dispatch { constants: vec![("HEAD", params.size)], ..call(kernel, params, groups, work, bindings) }
}

/// Causal attention of all heads: `qkv` (B · T, 3 C) holds queries, keys and values side by side, head by head:
/// (B · T, C). A head has 1 to 256 channels.
pub fn attention(tape: &mut Tape, qkv: &Tensor, context: usize, heads: usize) -> Tensor {
    let [rows, width] = qkv.matrix("attention");
    assert!(
        width % (3 * heads) == 0 && rows % context == 0,
        "attention: {:?} for {heads} heads, context {context}",
        qkv.shape()
    );
    let (batch, channels) = (rows / context, width / 3);
    let head_size = channels / heads;
    assert!((1..=256).contains(&head_size), "attention: expected a head size of 1 to 256, got {head_size}");
    let y = tape.tensor(&[rows, channels]);
    let lse = tape.tensor(&[batch * heads, context]);
    let params =
        Params { batch: size(batch), context: size(context), heads: size(heads), size: size(head_size), capacity: 0 };
    let work = operations([2, rows, context, channels]);
    let emulated = tape.device().is_emulated() && head_size <= EMULATED_HEAD;
    let form = move |forms: &'static Forms| if emulated { &forms.emulated } else { &forms.hardware };
    let groups = [context.div_ceil(if emulated { EMULATED_ROWS } else { ROWS }), heads, batch];
    let kernel = form(&FORWARD);
    tape.dispatch(dispatch(kernel, params, groups, work, vec![read(qkv.view()), write(lse.view()), write(y.view())]));
    let (qkv, output) = (qkv.clone(), y.clone());
    tape.backward(move |tape| {
        let Some(dy) = tape.gradient(&output) else { return };
        let Some((dqkv, how)) = tape.gradient_mut(&qkv) else { return };
        assert!(how == Accumulate::Overwrite, "attention: expected to be the only op that reads its input");
        let delta = tape.tensor(&[batch * heads, context]);
        let bindings = vec![read(output.view()), read(dy.view()), write(delta.view())];
        tape.dispatch(dispatch(
            &BACKWARD_DELTA,
            params,
            strided(rows * heads, super::WORKGROUP),
            (rows * channels) as u64,
            bindings,
        ));
        for (forms, work) in [(&BACKWARD_QUERY, work * 3 / 2), (&BACKWARD_KEY_VALUE, work * 2)] {
            let bindings = vec![read(qkv.view()), read(dy.view()), read(lse.view()), read(delta.view()), write(dqkv)];
            tape.dispatch(dispatch(form(forms), params, groups, work, bindings));
        }
    });
    y
}

/// Attention of `qkv` (T, 3 C), the tokens after those that `cache` (capacity, 2 C) holds, to these and to each other;
/// their keys and values are appended to it. How many it holds is [`Scalar::CacheLength`]: (T, C).
pub fn cached_attention(tape: &mut Tape, qkv: &Tensor, cache: &Tensor, heads: usize) -> Tensor {
    let ([rows, width], [capacity, cache_width]) = (qkv.matrix("cached_attention"), cache.matrix("cached_attention"));
    assert!(
        width % (3 * heads) == 0 && cache_width * 3 == width * 2,
        "cached_attention: {:?} over {:?}",
        qkv.shape(),
        cache.shape()
    );
    let channels = width / 3;
    let params = Params {
        batch: 1,
        context: size(rows),
        heads: size(heads),
        size: size(channels / heads),
        capacity: size(capacity),
    };
    let bindings = vec![read(qkv.view()), read(tape.scalars()), write(cache.view())];
    tape.dispatch(dispatch(
        &APPEND,
        params,
        strided(rows * cache_width, super::WORKGROUP),
        (rows * cache_width) as u64,
        bindings,
    ));
    let y = tape.tensor(&[rows, channels]);
    let bindings = vec![read(qkv.view()), read(cache.view()), read(tape.scalars()), write(y.view())];
    tape.dispatch(dispatch(&CACHED, params, [rows, heads, 1], operations([4, rows, capacity, channels]), bindings));
    y
}

/// The sizes as usize: batch, context, heads, head size.
fn sizes(p: &Params) -> [usize; 4] {
    [p.batch, p.context, p.heads, p.size].map(|n| n as usize)
}

fn scale<F: Float>(p: &Params) -> F {
    F::of(1.0 / f64::from(p.size).sqrt())
}

/// Whether a head's keys and values lie in the first cache, where rows are multiplied one by one.
fn is_small(context: usize, head_size: usize) -> bool {
    context * head_size <= 8192
}

/// Blocks of query rows with the keys that they see.
fn blocks(context: usize) -> impl Iterator<Item = (usize, usize)> {
    (0..context).step_by(ROWS).map(move |first| (first, ROWS.min(context - first)))
}

fn forward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (qkv, lse, y) = (b.read(), b.write(), b.write()); // (B·T, 3C), (B·H, T), (B·T, C)
    let [_, context, heads, head_size] = sizes(p);
    let channels = heads * head_size;
    let outputs = split_heads(y, context, channels, heads, head_size);
    parallel::each(outputs.into_iter().zip(lse.chunks_mut(context)).collect(), |i, (mut rows, lse)| {
        let qkv = &qkv[i / heads * context * 3 * channels..][..context * 3 * channels];
        let strides = Strides::rows(3 * channels).at(i % heads * head_size);
        if is_small(context, head_size) {
            return forward_small(p, &qkv[i % heads * head_size..], &mut rows, lse);
        }
        let transposed = Strides { row: strides.column, column: strides.row, ..strides };
        let mut scores = vec![F::ZERO; ROWS * context];
        let mut out = vec![F::ZERO; ROWS * head_size];
        for (first, count) in blocks(context) {
            let keys = first + count;
            let shape = [count, head_size, keys];
            let (queries, keys_at) = (strides.at(first * 3 * channels), transposed.at(channels));
            multiply(shape, (qkv, queries), (qkv, keys_at), (&mut scores, Strides::rows(keys)), scale(p), false);
            F::vectorised(
                #[inline(always)]
                || {
                    for r in 0..count {
                        let (seen, unseen) = scores[r * keys..][..keys].split_at_mut(first + r + 1);
                        let (max, sum) = exponentiate(seen);
                        lse[first + r] = max + sum.ln();
                        let scale = F::ONE / sum;
                        seen.iter_mut().for_each(|p| *p *= scale);
                        unseen.fill(F::ZERO);
                    }
                },
            );
            let values = strides.at(2 * channels);
            multiply(
                [count, keys, head_size],
                (&scores, Strides::rows(keys)),
                (qkv, values),
                (&mut out, Strides::rows(head_size)),
                F::ONE,
                false,
            );
            for r in 0..count {
                rows[first + r].copy_from_slice(&out[r * head_size..][..head_size]);
            }
        }
    });
}

/// The forward pass of a head whose `qkv` begins with its first query.
fn forward_small<F: Float>(p: &Params, qkv: &[F], rows: &mut [&mut [F]], lse: &mut [F]) {
    let [_, context, heads, head_size] = sizes(p);
    let (channels, stride, padded) = (heads * head_size, 3 * heads * head_size, context.next_multiple_of(16));
    F::vectorised(
        #[inline(always)]
        || {
            let keys = transpose(&qkv[channels..], context, head_size, stride, padded);
            let values = gather(&qkv[2 * channels..], context, head_size, stride);
            let (mut query, mut scores) = (vec![F::ZERO; head_size], vec![F::ZERO; padded]);
            for r in 0..context {
                for (scaled, q) in query.iter_mut().zip(&qkv[r * stride..]) {
                    *scaled = *q * scale(p);
                }
                // Whole vectors: what is not seen has no share.
                let width = (r + 1).next_multiple_of(16);
                row_times_matrix(&mut scores[..width], &query, &keys, padded);
                scores[r + 1..width].fill(F::LOWEST);
                let (max, sum) = exponentiate(&mut scores[..width]);
                lse[r] = max + sum.ln();
                row_times_matrix(rows[r], &scores[..=r], &values, head_size);
                let share = F::ONE / sum;
                rows[r].iter_mut().for_each(|y| *y *= share);
            }
        },
    );
}

fn backward_delta<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (y, dy, delta) = (b.read(), b.read(), b.write()); // (B·T, C), (B·T, C), (B·H, T)
    let [_, context, heads, head_size] = sizes(p);
    parallel::each(delta.chunks_mut(context).collect(), |i, delta| {
        for (t, delta) in delta.iter_mut().enumerate() {
            let at = ((i / heads * context + t) * heads + i % heads) * head_size;
            *delta = sum_of(head_size, |d| y[at + d] * dy[at + d]);
        }
    });
}

/// Recomputes the probabilities of a block of query rows, and from them the gradient of the scaled scores.
#[inline(always)]
fn score_gradients<F: Float>(
    p: &Params,
    (qkv, strides): (&[F], Strides),
    (dy, dy_strides): (&[F], Strides),
    (lse, delta): (&[F], &[F]),
    (first, count): (usize, usize),
    (probabilities, dscores): (&mut [F], &mut [F]),
) {
    let [_, _, heads, head_size] = sizes(p);
    let channels = heads * head_size;
    let keys = first + count;
    let transposed = Strides { row: strides.column, column: strides.row, ..strides };
    let shape = [count, head_size, keys];
    let rows = Strides::rows(keys);
    multiply(
        shape,
        (qkv, strides.at(first * 3 * channels)),
        (qkv, transposed.at(channels)),
        (probabilities, rows),
        scale(p),
        false,
    );
    multiply(
        shape,
        (dy, dy_strides.at(first * channels)),
        (qkv, transposed.at(2 * channels)),
        (dscores, rows),
        F::ONE,
        false,
    );
    let scale: F = scale(p);
    F::vectorised(
        #[inline(always)]
        || {
            for r in 0..count {
                let row = r * keys;
                let (p, d) = (&mut probabilities[row..][..keys], &mut dscores[row..][..keys]);
                let (lse, delta) = (lse[first + r], delta[first + r]);
                let seen = first + r + 1;
                for (p, d) in p[..seen].iter_mut().zip(&mut d[..seen]) {
                    let e = (*p - lse).exp();
                    *p = if e < F::FLUSH { F::ZERO } else { e };
                    *d = *p * (*d - delta) * scale;
                }
                p[seen..].fill(F::ZERO);
                d[seen..].fill(F::ZERO);
            }
        },
    );
}

/// The queries' part of `dqkv`.
fn backward_query<F: Float>(p: &Params, mut b: Bindings<F>) {
    // (B·T, 3C), (B·T, C), (B·H, T), (B·H, T), (B·T, 3C)
    let (qkv, dy, lse, delta, dqkv) = (b.read(), b.read(), b.read(), b.read(), b.write());
    let [_, context, heads, head_size] = sizes(p);
    let channels = heads * head_size;
    // The CPU computes all three gradients from one recomputation of the scores, here; the GPU cannot without atomics.
    let outputs = split_heads(dqkv, context, 3 * channels, 3 * heads, head_size);
    let outputs = group(outputs, heads);
    parallel::each(outputs, |i, [mut dq, mut dk, mut dv]| {
        let (batch, head) = (i / heads, i % heads);
        let qkv = &qkv[batch * context * 3 * channels..][..context * 3 * channels];
        let dy = &dy[batch * context * channels..][..context * channels];
        let strides = Strides::rows(3 * channels).at(head * head_size);
        let dy_strides = Strides::rows(channels).at(head * head_size);
        let saved = (&lse[i * context..][..context], &delta[i * context..][..context]);
        if is_small(context, head_size) {
            return backward_small(
                p,
                &qkv[head * head_size..],
                &dy[head * head_size..],
                saved,
                [&mut dq, &mut dk, &mut dv],
            );
        }
        let (mut probabilities, mut dscores) = (vec![F::ZERO; ROWS * context], vec![F::ZERO; ROWS * context]);
        let mut local = vec![F::ZERO; ROWS * head_size];
        let (mut keys_sum, mut values_sum) = (vec![F::ZERO; context * head_size], vec![F::ZERO; context * head_size]);
        let narrow = Strides::rows(head_size);
        for (first, count) in blocks(context) {
            score_gradients(
                p,
                (qkv, strides),
                (dy, dy_strides),
                saved,
                (first, count),
                (&mut probabilities, &mut dscores),
            );
            let keys = first + count;
            multiply(
                [count, keys, head_size],
                (&dscores, Strides::rows(keys)),
                (qkv, strides.at(channels)),
                (&mut local, narrow),
                F::ONE,
                false,
            );
            for r in 0..count {
                dq[first + r].copy_from_slice(&local[r * head_size..][..head_size]);
            }
            let shape = [keys, count, head_size];
            let queries = strides.at(first * 3 * channels);
            multiply(
                shape,
                (&dscores, Strides::transposed(keys)),
                (qkv, queries),
                (&mut keys_sum, narrow),
                F::ONE,
                true,
            );
            let upstream = dy_strides.at(first * channels);
            multiply(
                shape,
                (&probabilities, Strides::transposed(keys)),
                (dy, upstream),
                (&mut values_sum, narrow),
                F::ONE,
                true,
            );
        }
        for t in 0..context {
            dk[t].copy_from_slice(&keys_sum[t * head_size..][..head_size]);
            dv[t].copy_from_slice(&values_sum[t * head_size..][..head_size]);
        }
    });
}

/// The backward pass of a head whose `qkv` begins with its first query and `dy` with its first row.
fn backward_small<F: Float>(
    p: &Params,
    qkv: &[F],
    dy: &[F],
    (lse, delta): (&[F], &[F]),
    [dq, dk, dv]: [&mut [&mut [F]]; 3],
) {
    let [_, context, heads, head_size] = sizes(p);
    let (channels, stride, padded) = (heads * head_size, 3 * heads * head_size, context.next_multiple_of(16));
    F::vectorised(
        #[inline(always)]
        || {
            let keys = gather(&qkv[channels..], context, head_size, stride);
            let keys_transposed = transpose(&qkv[channels..], context, head_size, stride, padded);
            let values_transposed = transpose(&qkv[2 * channels..], context, head_size, stride, padded);
            let (mut dkeys, mut dvalues) = (vec![F::ZERO; context * head_size], vec![F::ZERO; context * head_size]);
            let (mut scores, mut dscores) = (vec![F::ZERO; padded], vec![F::ZERO; padded]);
            for r in 0..context {
                let (query, dy) = (&qkv[r * stride..][..head_size], &dy[r * channels..][..head_size]);
                let width = (r + 1).next_multiple_of(16);
                row_times_matrix(&mut scores[..width], query, &keys_transposed, padded);
                row_times_matrix(&mut dscores[..width], dy, &values_transposed, padded);
                let (lse, delta) = (lse[r], delta[r]);
                // Whole vectors, also of keys that are not seen; of those nothing is used.
                for (s, d) in scores[..width].iter_mut().zip(&mut dscores[..width]) {
                    let e = (*s * scale(p) - lse).exp();
                    *s = if e < F::FLUSH { F::ZERO } else { e };
                    *d = *s * (*d - delta) * scale(p);
                }
                let (scores, dscores) = (&scores[..=r], &dscores[..=r]);
                row_times_matrix(dq[r], dscores, &keys, head_size);
                add_outer(&mut dkeys, dscores, query);
                add_outer(&mut dvalues, scores, dy);
            }
            for t in 0..context {
                dk[t].copy_from_slice(&dkeys[t * head_size..][..head_size]);
                dv[t].copy_from_slice(&dvalues[t * head_size..][..head_size]);
            }
        },
    );
}

/// On the CPU [`backward_query`] has written the keys' and values' parts already.
fn backward_key_value<F: Float>(_: &Params, _: Bindings<F>) {}

/// Rows of `heads` parts of `size` elements, as the rows of each (batch, head) in turn.
fn split_heads<F>(y: &mut [F], context: usize, width: usize, heads: usize, size: usize) -> Vec<Vec<&mut [F]>> {
    let batch = y.len() / width / context;
    let mut parts: Vec<Vec<&mut [F]>> = (0..batch * heads).map(|_| Vec::with_capacity(context)).collect();
    for (row, y) in y.chunks_exact_mut(width).enumerate() {
        for (head, part) in y.chunks_exact_mut(size).enumerate() {
            parts[row / context * heads + head].push(part);
        }
    }
    parts
}

/// Of the 3 H parts of every batch element, the query, key and value part of each head.
fn group<T: Default>(parts: Vec<T>, heads: usize) -> Vec<[T; 3]> {
    let mut groups: Vec<[T; 3]> = (0..parts.len() / 3).map(|_| Default::default()).collect();
    for (i, part) in parts.into_iter().enumerate() {
        let (batch, place) = (i / (3 * heads), i % (3 * heads));
        groups[batch * heads + place % heads][place / heads] = part;
    }
    groups
}

fn append<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (qkv, scalars, cache) = (b.read(), b.read(), b.write()); // (T, 3C), step scalars, (capacity, 2C)
    let [_, context, heads, head_size] = sizes(p);
    let channels = heads * head_size;
    let cached = scalars[Scalar::CacheLength as usize].f64() as usize;
    for t in 0..context.min(p.capacity as usize - cached) {
        let row = &qkv[t * 3 * channels + channels..][..2 * channels];
        cache[(cached + t) * 2 * channels..][..2 * channels].copy_from_slice(row);
    }
}

fn cached<F: Float>(p: &Params, mut b: Bindings<F>) {
    // (T, 3C), (capacity, 2C), step scalars, (T, C)
    let (qkv, cache, scalars, y) = (b.read(), b.read(), b.read(), b.write());
    let [_, context, heads, head_size] = sizes(p);
    let channels = heads * head_size;
    let held = scalars[Scalar::CacheLength as usize].f64() as usize;
    parallel::each(y.chunks_mut(head_size).collect(), |i, y| {
        let (t, head) = (i / heads, i % heads);
        assert!(t < context);
        let query = &qkv[t * 3 * channels + head * head_size..][..head_size];
        let keys = (held + t + 1).min(p.capacity as usize);
        F::vectorised(
            #[inline(always)]
            || {
                let key = |j: usize| &cache[j * 2 * channels + head * head_size..][..head_size];
                let mut scores: Vec<F> =
                    (0..keys).map(|j| sum_of(head_size, |d| query[d] * key(j)[d]) * scale(p)).collect();
                let total = exponentiate(&mut scores).1;
                y.fill(F::ZERO);
                for (j, score) in scores.iter().enumerate() {
                    let value = &cache[j * 2 * channels + channels + head * head_size..][..head_size];
                    y.iter_mut().zip(value).for_each(|(y, v)| *y += *score / total * *v);
                }
            },
        );
    });
}
