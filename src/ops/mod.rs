//! The ops: one file each with Params, launcher and CPU kernels, the twin of `shaders/<op>.wgsl`.
//!
//! Letters in shape comments: B batch, T context, C channels, H heads, D head size, L layers, V vocabulary.

mod adamw;
mod add;
mod attention;
mod attention_weights;
mod cpu;
mod cross_entropy;
mod embedding;
mod gelu;
mod gradient_norm;
mod layer_norm;
mod matmul;
mod scale_heads;
mod softmax;

pub use adamw::{Rates, adamw};
pub use add::add;
pub use attention::{attention, cached_attention};
pub use attention_weights::attention_weights;
pub use cross_entropy::{Head, cross_entropy};
pub use embedding::{Tokens, embedding};
pub use gelu::gelu;
pub use gradient_norm::{GradientNorm, gradient_norm};
pub use layer_norm::{EPSILON as LAYER_NORM_EPSILON, layer_norm};
pub use matmul::{logits, matmul};
pub use scale_heads::scale_heads;
pub use softmax::softmax;

use crate::device::{Binding, Device, Dispatch, Kernel};

/// Invocations of a workgroup in every kernel that does not say otherwise; common.wgsl has the same number.
pub const WORKGROUP: usize = 256;

/// The same in kernels for emulated adapters.
const EMULATED: usize = 16;

/// Groups along one dimension that every adapter takes.
pub const MAX_GROUPS: usize = 65_535;

/// An op as the tests see it: its name, the layout of its Params, its kernels.
pub struct Op {
    /// `shaders/<name>.wgsl`.
    pub name: &'static str,
    /// Names and byte offsets of the fields of Params.
    pub fields: &'static [(&'static str, usize)],
    /// All entry points.
    pub kernels: &'static [&'static Kernel],
    /// The `const` lines that its launchers put in front, with values to test.
    pub constants: &'static [(&'static str, &'static [u32])],
}

/// Every op there is.
pub const OPS: &[Op] = &[
    adamw::OP,
    add::OP,
    attention::OP,
    attention_weights::OP,
    cross_entropy::OP,
    embedding::OP,
    gelu::OP,
    gradient_norm::OP,
    layer_norm::OP,
    matmul::OP,
    scale_heads::OP,
    softmax::OP,
];

/// Declares Params: flat u32 and f32, so that `repr(C)` is the WGSL layout.
macro_rules! params {
    ($($(#[$meta:meta])* $field:ident: $type:ty),* $(,)?) => {
        #[repr(C)]
        #[derive(Clone, Copy, Debug, bytemuck::Pod, bytemuck::Zeroable)]
        pub(crate) struct Params { $($(#[$meta])* pub $field: $type),* }
        const FIELDS: &[(&str, usize)] = &[$((stringify!($field), std::mem::offset_of!(Params, $field))),*];
    };
}

/// The kernel of an entry point: `kernel!("layer_norm", forward)` is `fn forward<F: Float>(&Params, Bindings<F>)` and
/// the entry point of that name in shaders/layer_norm.wgsl; a third argument names the function where it is another.
macro_rules! kernel {
    ($op:literal, $entry:ident) => {
        $crate::ops::kernel!($op, $entry, $entry)
    };
    ($op:literal, $entry:ident, $function:ident) => {
        $crate::ops::kernel!(@ $op, stringify!($entry), $function)
    };
    (@ $op:literal, $entry:expr, $function:ident) => {
        $crate::device::Kernel {
            name: $op,
            entry: $entry,
            source: concat!(
                include_str!("../../shaders/common.wgsl"),
                "\n",
                include_str!(concat!("../../shaders/", $op, ".wgsl"))
            ),
            f32: |words, bindings| $function::<f32>(bytemuck::from_bytes(bytemuck::cast_slice(words)), bindings),
            f64: |words, bindings| $function::<f64>(bytemuck::from_bytes(bytemuck::cast_slice(words)), bindings),
        }
    };
}

/// A kernel in both its forms: the entry point of that name, and the one with `_emulated` behind it.
macro_rules! forms {
    ($op:literal, $entry:ident) => {
        $crate::ops::Forms {
            hardware: $crate::ops::kernel!($op, $entry),
            emulated: $crate::ops::kernel!(@ $op, concat!(stringify!($entry), "_emulated"), $entry),
        }
    };
}

pub(crate) use {forms, kernel, params};

/// A kernel for hardware, where invocations share what they load, and its form for adapters that a CPU emulates, where a
/// barrier costs more than everything else in a kernel and each invocation works for itself.
pub(crate) struct Forms {
    pub hardware: Kernel,
    pub emulated: Kernel,
}

impl Forms {
    /// The form for `device`.
    pub fn on(&'static self, device: &Device) -> &'static Kernel {
        if device.is_emulated() { &self.emulated } else { &self.hardware }
    }

    /// That form, and groups for `count` rows or columns, `each` a group on hardware.
    pub fn strided(&'static self, device: &Device, count: usize, each: usize) -> (&'static Kernel, [usize; 3]) {
        (self.on(device), strided(count, if device.is_emulated() { EMULATED } else { each }))
    }
}

/// A product in 64 bits: operations of one dispatch are more than a tab's usize counts.
pub(crate) fn operations<const N: usize>(factors: [usize; N]) -> u64 {
    factors.iter().fold(1, |product: u64, factor| product.saturating_mul(*factor as u64))
}

/// A dispatch of `kernel`; `work` is its floating-point operations, roughly.
pub(crate) fn call<P: bytemuck::Pod>(
    kernel: &'static Kernel,
    params: P,
    groups: [usize; 3],
    work: u64,
    bindings: Vec<Binding>,
) -> Dispatch {
    assert!(
        groups.iter().all(|&n| (1..=MAX_GROUPS).contains(&n)),
        "{}.{}: {groups:?} groups",
        kernel.name,
        kernel.entry
    );
    Dispatch {
        kernel,
        params: bytemuck::cast_slice(&[params]).into(),
        constants: Vec::new(),
        groups: groups.map(|n| n as u32),
        bindings,
        work,
    }
}

/// Groups for `count` independent pieces of work over which a kernel loops grid-stride, `each` a group.
pub(crate) fn strided(count: usize, each: usize) -> [usize; 3] {
    [count.div_ceil(each).clamp(1, MAX_GROUPS), 1, 1]
}

/// A size as a Params field.
pub(crate) fn size(n: usize) -> u32 {
    u32::try_from(n).expect("sizes were checked against u32 with the configuration")
}

/// Ranges of rows of a table, each small enough for one binding and begun on a multiple of 64 rows.
pub(crate) fn windows(rows: usize, width: usize, max_binding: usize) -> Vec<std::ops::Range<usize>> {
    let fitting = if rows * width <= max_binding { rows } else { max_binding / width / 64 * 64 };
    assert!(fitting > 0, "windows: 64 rows of {width} elements pass the limit of {max_binding} a binding");
    (0..rows).step_by(fitting).map(|start| start..(start + fitting).min(rows)).collect()
}
