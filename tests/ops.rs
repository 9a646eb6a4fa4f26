//! Every op on every device of this machine: tests/common/cases.rs has the cases.
//! `cargo test --test ops layer_norm` runs one op.

mod common;

use common::{cases, gpu};
use glasshouse::device::Device;

/// The devices that are held to the oracle, with their names. A missing adapter fails the test.
fn devices() -> Vec<(&'static str, Device)> {
    vec![("cpu", Device::cpu()), ("gpu", gpu())]
}

macro_rules! test {
    ($op:ident) => {
        #[test]
        fn $op() {
            pollster::block_on(cases::$op(&devices()));
        }
    };
}

every_op!(test);

/// On an emulated adapter the products above ran in the kernels for emulated ones: here the others run.
#[test]
fn matmul_in_the_other_shape() {
    let device = gpu();
    let emulated = device.is_emulated();
    device.set_emulated(!emulated);
    pollster::block_on(cases::matmul(&[("gpu", device.clone())]));
    device.set_emulated(emulated);
}
