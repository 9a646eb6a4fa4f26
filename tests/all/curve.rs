//! A hundred steps of one run: every device of this machine, and every browser (tests/web.rs), gives the same losses.

use crate::common::{curve, on_gpu};
use glasshouse::device::Device;

#[test]
fn the_cpu_gives_the_committed_losses() {
    curve::agrees("cpu", &pollster::block_on(curve::losses(&Device::cpu(), 100)));
}

#[test]
fn the_adapter_gives_the_same_losses() {
    curve::agrees("gpu", &on_gpu(|device| pollster::block_on(curve::losses(&device, 100))));
}

#[test]
#[ignore = "prints what tests/golden/curve.json holds"]
fn print() {
    println!("{:?}", pollster::block_on(curve::losses(&Device::cpu(), 100)));
}
