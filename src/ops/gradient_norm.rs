//! norm = sqrt(Σ g²) over all gradients, and the scale that clips it (Pascanu et al., arXiv:1211.5063).

use super::cpu::sum;
use super::{Forms, Op, call, forms, kernel, operations, params, size};
use crate::device::cpu::Bindings;
use crate::device::float::Float;
use crate::device::{Kernel, View, read, write};
use crate::parallel;
use crate::tape::{Tape, Tensor};

params! {
    len: u32,
    /// The first of the partial sums that this call writes, or how many there are to add.
    partials: u32,
    clip: f32,
}

static PARTIAL: Forms = forms!("gradient_norm", partial);
static TOTAL: Kernel = kernel!("gradient_norm", total);

pub(super) const OP: Op = Op {
    name: "gradient_norm",
    fields: FIELDS,
    kernels: &[&PARTIAL.hardware, &PARTIAL.emulated, &TOTAL],
    constants: &[],
};

/// Partial sums of one bound window, and workgroups that make them; gradient_norm.wgsl has the same number.
const PARTIALS: usize = 256;

/// What the optimiser needs of the gradients.
#[derive(Clone)]
pub struct GradientNorm {
    /// (3): the norm, the factor min(1, clip / (norm + 1e-6)), and 1 once a norm was not finite, else 0. It stays 1, so
    /// that no step that is under way behind that one changes anything.
    pub norm: Tensor,
}

/// The norm of all `gradients`, and the factor that clips it to `clip` (0 for no clipping).
pub fn gradient_norm(tape: &mut Tape, gradients: View, clip: f32) -> GradientNorm {
    let window = tape.device().max_binding() / 64 * 64;
    let windows: Vec<_> = (0..gradients.len).step_by(window.min(gradients.len)).collect();
    let partials = tape.tensor(&[windows.len() * PARTIALS]);
    for (i, &start) in windows.iter().enumerate() {
        let part = gradients.slice(start..gradients.len.min(start.saturating_add(window)));
        let params = Params { len: size(part.len), partials: size(i * PARTIALS), clip };
        let (kernel, groups) = PARTIAL.strided(tape.device(), PARTIALS, 1);
        tape.dispatch(call(
            kernel,
            params,
            groups,
            operations([2, part.len]),
            vec![read(part), write(partials.view())],
        ));
    }
    let norm = tape.tensor(&[3]);
    let params = Params { len: 0, partials: size(windows.len() * PARTIALS), clip };
    tape.dispatch(call(&TOTAL, params, [1, 1, 1], 0, vec![read(partials.view()), write(norm.view())]));
    GradientNorm { norm }
}

fn partial<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (gradients, partials) = (b.read(), b.write()); // (len), (windows · 256)
    let share = gradients.len().div_ceil(PARTIALS).max(1);
    parallel::each(partials[p.partials as usize..][..PARTIALS].iter_mut().collect(), |i, partial| {
        let part = &gradients[(i * share).min(gradients.len())..((i + 1) * share).min(gradients.len())];
        *partial = F::vectorised(
            #[inline(always)]
            || sum(part, |g| g * g),
        );
    });
}

fn total<F: Float>(p: &Params, mut b: Bindings<F>) {
    let (partials, norm) = (b.read(), b.write()); // (windows · 256), (3)
    let total = partials[..p.partials as usize].iter().map(|x| x.f64()).sum::<f64>().sqrt();
    let scale = if p.clip > 0.0 { (f64::from(p.clip) / (total + 1e-6)).min(1.0) } else { 1.0 };
    norm[0] = F::of(total);
    norm[1] = F::of(scale);
    if !norm[0].is_finite() {
        norm[2] = F::ONE;
    }
}
