//! y = x · factor of the head that the channel belongs to.

use super::cpu::blocks;
use super::{Op, WORKGROUP, call, kernel, params, size, strided};
use crate::device::cpu::Bindings;
use crate::device::float::Float;
use crate::device::{Kernel, read, write};
use crate::tape::{Tape, Tensor};

params! {
    len: u32,
    channels: u32,
    /// D.
    size: u32,
}

static FORWARD: Kernel = kernel!("scale_heads", forward);

pub(super) const OP: Op = Op { name: "scale_heads", fields: FIELDS, kernels: &[&FORWARD], constants: &[] };

/// What the heads give, `x` (N, C), times `factors` (H) that the host writes: with 0 a head is off, with 1 as it was, to
/// the bit. Without a backward pass.
pub fn scale_heads(tape: &mut Tape, x: &Tensor, factors: &Tensor) -> Tensor {
    let [rows, channels] = x.matrix("scale_heads");
    let heads = factors.view().len;
    assert!(channels.is_multiple_of(heads), "scale_heads: {:?} for {heads} factors", x.shape());
    assert!(!tape.training(), "scale_heads: expected a tape that is not training");
    let y = tape.tensor(x.shape());
    let len = rows * channels;
    let params = Params { len: size(len), channels: size(channels), size: size(channels / heads) };
    let bindings = vec![read(x.view()), read(factors.view()), write(y.view())];
    tape.dispatch(call(&FORWARD, params, strided(len, WORKGROUP), len as u64, bindings));
    y
}

fn forward<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (x, factors, y) = (b.read(), b.read(), b.write()); // (N, C), (H), (N, C)
    let (channels, head_size) = (p.channels as usize, p.size as usize);
    blocks(
        y,
        #[inline(always)]
        |start, y| {
            let x = &x[start..][..y.len()];
            for i in 0..y.len() {
                y[i] = x[i] * factors[(start + i) % channels / head_size];
            }
        },
    );
}
