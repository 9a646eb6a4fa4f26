//! What the CPU kernels of several ops share: blocks over all cores, sums in one fixed order, how a gradient is written.

use crate::device::float::Float;
use crate::parallel;
use crate::tape::{Accumulate, Scalar};

/// Runs `work(start, block)` over blocks of an array on all cores.
#[inline(always)]
pub(super) fn blocks<F: Float>(y: &mut [F], work: impl Fn(usize, &mut [F]) + Sync + Send) {
    let grain = parallel::grain(1);
    parallel::each(y.chunks_mut(grain).collect(), |i, block| {
        F::vectorised(
            #[inline(always)]
            || work(i * grain, block),
        )
    });
}

/// The sum of `f(x)` over a row, in 16 lanes that are added in a fixed order.
#[inline(always)]
pub(super) fn sum<F: Float>(x: &[F], f: impl Fn(F) -> F) -> F {
    let mut lanes = [F::ZERO; 16];
    let chunks = x.chunks_exact(16);
    let rest = chunks.remainder();
    for chunk in chunks {
        for l in 0..16 {
            lanes[l] += f(chunk[l]);
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += f(*x);
    }
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            lanes[l] += lanes[l + half];
        }
    }
    lanes[0]
}

/// The sum of `f(i)` for 0 to `count`, in 16 lanes that are added in a fixed order.
#[inline(always)]
pub(super) fn sum_of<F: Float>(count: usize, f: impl Fn(usize) -> F) -> F {
    let mut lanes = [F::ZERO; 16];
    let whole = count / 16 * 16;
    for i in (0..whole).step_by(16) {
        for l in 0..16 {
            lanes[l] += f(i + l);
        }
    }
    for i in whole..count {
        lanes[i - whole] += f(i);
    }
    for half in [8, 4, 2, 1] {
        for l in 0..half {
            lanes[l] += lanes[l + half];
        }
    }
    lanes[0]
}

/// Replaces a row by exp(x - max), flushed to 0 where the probability would be a denormal; returns max and the sum.
#[inline(always)]
pub(super) fn exponentiate<F: Float>(row: &mut [F]) -> (F, F) {
    let mut lanes = [F::LOWEST; 16];
    let whole = row.len() / 16 * 16;
    for i in (0..whole).step_by(16) {
        for l in 0..16 {
            lanes[l] = lanes[l].max(row[i + l]);
        }
    }
    for i in whole..row.len() {
        lanes[i - whole] = lanes[i - whole].max(row[i]);
    }
    let max = lanes.iter().fold(F::LOWEST, |max, x| Float::max(max, *x));
    for x in row.iter_mut() {
        let e = (*x - max).exp();
        *x = if e < F::FLUSH { F::ZERO } else { e };
    }
    (max, sum(row, |x| x))
}

/// Sums over rows: `add` adds a row's terms to `width` sums; blocks of 64 rows at once, then their sums in order.
#[inline(always)]
pub(super) fn partial_sums<F: Float>(rows: usize, width: usize, add: impl Fn(usize, &mut [F]) + Sync + Send) -> Vec<F> {
    let block = (16 * parallel::grain(width)).clamp(16, 1024);
    let parts = parallel::map(rows.div_ceil(block), |i| {
        let mut sums = vec![F::ZERO; width];
        F::vectorised(
            #[inline(always)]
            || {
                for row in i * block..rows.min((i + 1) * block) {
                    add(row, &mut sums);
                }
            },
        );
        sums
    });
    let mut parts = parts.into_iter();
    let mut total = parts.next().expect("an op has rows");
    for part in parts {
        total.iter_mut().zip(part).for_each(|(total, part)| *total += part);
    }
    total
}

/// Writes a gradient as `accumulate` says.
pub(super) fn store<F: Float>(gradient: &mut [F], values: &[F], accumulate: u32, scalars: &[F]) {
    if adds(accumulate, scalars) {
        gradient.iter_mut().zip(values).for_each(|(gradient, value)| *gradient += *value);
    } else {
        gradient[..values.len()].copy_from_slice(values);
    }
}

/// Whether a gradient is added to what is there: always, or in every micro-batch but the first.
pub(super) fn adds<F: Float>(accumulate: u32, scalars: &[F]) -> bool {
    accumulate == Accumulate::Add as u32
        || accumulate == Accumulate::AddAfterFirst as u32 && scalars[Scalar::MicroBatch as usize] > F::ZERO
}
