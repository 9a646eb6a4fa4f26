//! y = x / 2 · (1 + tanh(sqrt(2/π) · (x + 0.044715 x³))) (Hendrycks and Gimpel, arXiv:1606.08415, the form of GPT-2).

use super::cpu::blocks;
use super::{Op, WORKGROUP, call, kernel, operations, params, size, strided};
use crate::device::cpu::Bindings;
use crate::device::float::{Float, put};
use crate::device::{Kernel, read, write};
use crate::tape::{Accumulate, Tape, Tensor};

params! { len: u32, accumulate: u32 }

static FORWARD: Kernel = kernel!("gelu", forward);
static BACKWARD: Kernel = kernel!("gelu", backward);

pub(super) const OP: Op = Op { name: "gelu", fields: FIELDS, kernels: &[&FORWARD, &BACKWARD], constants: &[] };

/// The tanh form of GELU of every element of `x`, of the same shape.
pub fn gelu(tape: &mut Tape, x: &Tensor) -> Tensor {
    let len = x.view().len;
    let y = tape.tensor(x.shape());
    let params = Params { len: size(len), accumulate: 0 };
    let groups = strided(len, WORKGROUP * 4);
    tape.dispatch(call(&FORWARD, params, groups, operations([len, 16]), vec![read(x.view()), write(y.view())]));
    let (x, output) = (x.clone(), y.clone());
    tape.backward(move |tape| {
        let Some(dy) = tape.gradient(&output) else { return };
        if let Some((dx, how)) = tape.gradient_mut(&x) {
            let params = Params { accumulate: how as u32, ..params };
            tape.dispatch(call(
                &BACKWARD,
                params,
                groups,
                operations([len, 24]),
                vec![read(x.view()), read(dy.view()), write(dx)],
            ));
        }
    });
    y
}

/// 2 · sqrt(2/π): GELU is x · sigmoid(2u), since (1 + tanh u) / 2 = sigmoid(2u).
const SCALE: f64 = 1.595_769_121_605_730_7;
const CUBIC: f64 = 0.044715;

fn forward<F: Float>(_: &Params, mut b: Bindings<F>) {
    let (x, y) = (b.read(), b.write());
    blocks(
        y,
        #[inline(always)]
        |start, y| {
            let x = &x[start..][..y.len()];
            for i in 0..y.len() {
                let u = F::of(SCALE) * (x[i] + F::of(CUBIC) * x[i] * x[i] * x[i]);
                y[i] = x[i] * u.sigmoid();
            }
        },
    );
}

fn backward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (x, dy, dx) = (b.read(), b.read(), b.write());
    let add = p.accumulate == Accumulate::Add as u32;
    blocks(
        dx,
        #[inline(always)]
        |start, dx| {
            let slopes = x[start..].iter().zip(&dy[start..]).map(
                #[inline(always)]
                |(&x, &dy)| {
                    let s = (F::of(SCALE) * (x + F::of(CUBIC) * x * x * x)).sigmoid();
                    let slope = F::of(SCALE) * (F::ONE + F::of(3.0 * CUBIC) * x * x);
                    dy * (s + x * s * (F::ONE - s) * slope)
                },
            );
            put(dx, add, slopes);
        },
    );
}
