//! y = exp(x - max) / Σ exp(x - max) over each row.

use super::cpu::{exponentiate, sum_of};
use super::{Forms, Op, call, forms, operations, params, size};
use crate::device::cpu::Bindings;
use crate::device::float::{Float, put};
use crate::device::{read, write};
use crate::parallel;
use crate::tape::{Accumulate, Tape, Tensor};

params! { rows: u32, columns: u32, accumulate: u32 }

static FORWARD: Forms = forms!("softmax", forward);
static BACKWARD: Forms = forms!("softmax", backward);

pub(super) const OP: Op = Op {
    name: "softmax",
    fields: FIELDS,
    kernels: &[&FORWARD.hardware, &FORWARD.emulated, &BACKWARD.hardware, &BACKWARD.emulated],
    constants: &[],
};

/// Probabilities over the columns of each row of `x` (N, V): (N, V).
pub fn softmax(tape: &mut Tape, x: &Tensor) -> Tensor {
    let [rows, columns] = x.matrix("softmax");
    let y = tape.tensor(x.shape());
    let params = Params { rows: size(rows), columns: size(columns), accumulate: 0 };
    let work = operations([rows, columns, 10]);
    let (kernel, groups) = FORWARD.strided(tape.device(), rows, 1);
    tape.dispatch(call(kernel, params, groups, work, vec![read(x.view()), write(y.view())]));
    let (x, output) = (x.clone(), y.clone());
    tape.backward(move |tape| {
        let Some(dy) = tape.gradient(&output) else { return };
        if let Some((dx, how)) = tape.gradient_mut(&x) {
            let params = Params { accumulate: how as u32, ..params };
            let bindings = vec![read(output.view()), read(dy.view()), write(dx)];
            let (kernel, groups) = BACKWARD.strided(tape.device(), rows, 1);
            tape.dispatch(call(kernel, params, groups, work, bindings));
        }
    });
    y
}

fn forward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (x, y) = (b.read(), b.write()); // (N, V), (N, V)
    let columns = p.columns as usize;
    let grain = parallel::grain(columns);
    parallel::each(y.chunks_mut(grain * columns).collect(), |i, block| {
        F::vectorised(
            #[inline(always)]
            || {
                block.copy_from_slice(&x[i * grain * columns..][..block.len()]);
                for row in block.chunks_exact_mut(columns) {
                    let scale = F::ONE / exponentiate(row).1;
                    row.iter_mut().for_each(|y| *y *= scale);
                }
            },
        );
    });
}

fn backward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (y, dy, dx) = (b.read(), b.read(), b.write()); // (N, V) each
    let columns = p.columns as usize;
    let add = p.accumulate == Accumulate::Add as u32;
    let grain = parallel::grain(columns);
    parallel::each(dx.chunks_mut(grain * columns).collect(), |i, block| {
        for (row, dx) in block.chunks_exact_mut(columns).enumerate() {
            let start = (i * grain + row) * columns;
            let (y, dy) = (&y[start..][..columns], &dy[start..][..columns]);
            let dot = sum_of(columns, |c| y[c] * dy[c]);
            put(dx, add, y.iter().zip(dy).map(|(&y, &dy)| y * (dy - dot)));
        }
    });
}
