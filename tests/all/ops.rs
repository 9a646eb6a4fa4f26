//! Every op on every device of this machine: tests/common/cases.rs has the cases.
//! `cargo test --test all ops::layer_norm` runs one op.

use crate::common::{cases, gradient_fault, noise, on_gpu, run};
use glasshouse::device::cpu::Bindings;
use glasshouse::device::float::Float;
use glasshouse::device::{Device, Dispatch, Kernel, read, write};
use glasshouse::tape::{Tape, Tensor};

macro_rules! test {
    ($op:ident) => {
        #[test]
        fn $op() {
            // Both are held to the oracle, which is asked once. A missing adapter fails the test.
            on_gpu(|gpu| pollster::block_on(cases::$op(&[("cpu", Device::cpu()), ("gpu", gpu)])));
        }
    };
}

crate::every_op!(test);

/// On an emulated adapter the ops above ran in the kernels for emulated ones: here the others run.
mod in_the_other_form {
    use super::*;

    macro_rules! test {
        ($op:ident) => {
            #[test]
            fn $op() {
                on_gpu(|gpu| {
                    gpu.set_emulated(!gpu.is_emulated());
                    pollster::block_on(cases::$op(&[("gpu", gpu)]));
                });
            }
        };
    }

    crate::every_op!(test);
}

fn square<F: Float>(mut bindings: Bindings<F>) {
    let (x, y) = (bindings.read(), bindings.write());
    y.iter_mut().zip(x).for_each(|(y, x)| *y = *x * *x + *x);
}

fn square_backward<F: Float>(mut bindings: Bindings<F>) {
    let (x, dy, dx) = (bindings.read(), bindings.read(), bindings.write());
    (0..dx.len()).for_each(|i| dx[i] = dy[i] * (x[i] + x[i] + F::ONE));
}

/// The backward pass of x² + x without the term of x.
fn square_backward_wrong<F: Float>(mut bindings: Bindings<F>) {
    let (x, dy, dx) = (bindings.read(), bindings.read(), bindings.write());
    (0..dx.len()).for_each(|i| dx[i] = dy[i] * (x[i] + x[i]));
}

macro_rules! cpu_kernel {
    ($function:ident) => {
        Kernel {
            name: "square",
            entry: stringify!($function),
            source: "",
            f32: |_, bindings| $function::<f32>(bindings),
            f64: |_, bindings| $function::<f64>(bindings),
        }
    };
}

static SQUARE: Kernel = cpu_kernel!(square);
static SQUARE_BACKWARD: Kernel = cpu_kernel!(square_backward);
static SQUARE_BACKWARD_WRONG: Kernel = cpu_kernel!(square_backward_wrong);

/// y = x² + x, with one of the two backward passes above.
fn record_square(tape: &mut Tape, x: &Tensor, backward: &'static Kernel) -> Tensor {
    let dispatch = |kernel, bindings| Dispatch {
        kernel,
        params: Box::new([]),
        constants: Vec::new(),
        groups: [1; 3],
        bindings,
        work: 0,
    };
    let y = tape.tensor(x.shape());
    tape.dispatch(dispatch(&SQUARE, vec![read(x.view()), write(y.view())]));
    let (x, output) = (x.clone(), y.clone());
    tape.backward(move |tape| {
        let Some(dy) = tape.gradient(&output) else { return };
        let (dx, _) = tape.gradient_mut(&x).expect("the input wants one");
        tape.dispatch(dispatch(backward, vec![read(x.view()), read(dy.view()), write(dx)]));
    });
    y
}

#[test]
fn a_dropped_term_fails_the_check() {
    let inputs = [(vec![3, 5], noise(1, 15))];
    let dy = |len: usize| noise(99, len);
    let fault = |backward: &'static Kernel| {
        let build = move |tape: &mut Tape, x: &[Tensor]| record_square(tape, &x[0], backward);
        pollster::block_on(async {
            let found = run(&Device::oracle(), &build, &inputs, &dy).await;
            gradient_fault(&build, &inputs, &dy, 0, &found.gradients[0]).await
        })
    };
    assert_eq!(fault(&SQUARE_BACKWARD), None);
    let found = fault(&SQUARE_BACKWARD_WRONG).expect("the check finds the dropped term");
    assert!(found.contains("at [0]"), "{found}");
}
