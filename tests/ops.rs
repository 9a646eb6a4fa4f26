//! Every op on every device of this machine: tests/common/cases.rs has the cases.
//! `cargo test --test ops layer_norm` runs one op.

mod common;

use common::cases;
use glasshouse::device::Device;

/// The devices that are held to the oracle, with their names.
fn devices() -> Vec<(&'static str, Device)> {
    vec![("cpu", Device::cpu())]
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
