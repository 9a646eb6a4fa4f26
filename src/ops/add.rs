//! y = a + b: the residual connection.

use super::cpu::blocks;
use super::{Op, WORKGROUP, call, kernel, params, size, strided};
use crate::device::cpu::Bindings;
use crate::device::float::{Float, put};
use crate::device::{Kernel, read, write};
use crate::tape::{Accumulate, Tape, Tensor};

params! { len: u32, accumulate: u32 }

static FORWARD: Kernel = kernel!("add", forward);
static BACKWARD: Kernel = kernel!("add", backward);

pub(super) const OP: Op = Op { name: "add", fields: FIELDS, kernels: &[&FORWARD, &BACKWARD], constants: &[] };

/// `a` + `b`, of one shape.
pub fn add(tape: &mut Tape, a: &Tensor, b: &Tensor) -> Tensor {
    assert_eq!(a.shape(), b.shape(), "add: expected two tensors of one shape");
    assert!(a.view() != b.view(), "add: expected two tensors, got one twice");
    let len = a.view().len;
    let y = tape.tensor(a.shape());
    let params = Params { len: size(len), accumulate: 0 };
    let groups = strided(len, WORKGROUP * 4);
    tape.dispatch(call(&FORWARD, params, groups, len as u64, vec![read(a.view()), read(b.view()), write(y.view())]));
    let (a, b, output) = (a.clone(), b.clone(), y.clone());
    tape.backward(move |tape| {
        let Some(dy) = tape.gradient(&output) else { return };
        // Both inputs have the gradient of the output: where it is their first, they use its memory, with no copy.
        for x in [&b, &a] {
            if tape.share_gradient(&dy, x) {
                continue;
            }
            if let Some((dx, how)) = tape.gradient_mut(x) {
                let params = Params { accumulate: how as u32, ..params };
                tape.dispatch(call(&BACKWARD, params, groups, len as u64, vec![read(dy.view()), write(dx)]));
            }
        }
    });
    y
}

fn forward<F: Float>(_: &Params, mut b: Bindings<F>) {
    let (x, z, y) = (b.read(), b.read(), b.write());
    blocks(
        y,
        #[inline(always)]
        |start, y| {
            let (x, z) = (&x[start..][..y.len()], &z[start..][..y.len()]);
            for i in 0..y.len() {
                y[i] = x[i] + z[i];
            }
        },
    );
}

fn backward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (dy, dx) = (b.read(), b.write());
    let add = p.accumulate == Accumulate::Add as u32;
    blocks(
        dx,
        #[inline(always)]
        |start, dx| {
            put(dx, add, dy[start..].iter().copied());
        },
    );
}
