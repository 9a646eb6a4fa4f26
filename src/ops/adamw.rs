//! m = β1 m + (1-β1) g; v = β2 v + (1-β2) g²; p -= lr (m̂ / (sqrt(v̂) + ε) + decay p) (Loshchilov and Hutter, arXiv:1711.05101).

use super::{GradientNorm, Op, WORKGROUP, call, kernel, operations, params, size, strided};
use crate::device::cpu::Bindings;
use crate::device::float::Float;
use crate::device::{Kernel, View, read, write};
use crate::parallel;
use crate::tape::{Scalar, Tape};

params! { len: u32, beta1: f32, beta2: f32, epsilon: f32, decay: f32 }

static UPDATE: Kernel = kernel!("adamw", update);

pub(super) const OP: Op = Op { name: "adamw", fields: FIELDS, kernels: &[&UPDATE], constants: &[] };

/// The optimiser's constants.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rates {
    /// Of the first moment.
    pub beta1: f32,
    /// Of the second moment.
    pub beta2: f32,
    /// Added to the root of the second moment.
    pub epsilon: f32,
    /// Decoupled weight decay.
    pub decay: f32,
}

/// One update of `parameters` from `gradients`, scaled by the clip's factor; the learning rate and the bias corrections
/// are step scalars. Nothing changes once a norm was not finite.
pub fn adamw(
    tape: &mut Tape,
    parameters: View,
    gradients: View,
    moments: [View; 2],
    norm: &GradientNorm,
    rates: Rates,
) {
    let Rates { beta1, beta2, epsilon, decay } = rates;
    let window = (tape.device().max_binding() / 64 * 64).min(parameters.len);
    for start in (0..parameters.len).step_by(window) {
        let part = |view: View| view.slice(start..view.len.min(start + window));
        let len = part(parameters).len;
        let params = Params { len: size(len), beta1, beta2, epsilon, decay };
        let bindings = vec![
            read(part(gradients)),
            read(norm.norm.view()),
            read(tape.scalars()),
            write(part(parameters)),
            write(part(moments[0])),
            write(part(moments[1])),
        ];
        tape.dispatch(call(&UPDATE, params, strided(len, WORKGROUP * 4), operations([16, len]), bindings));
    }
}

fn update<F: Float>(params: &Params, mut b: Bindings<F>) {
    let (g, norm, scalars) = (b.read(), b.read(), b.read()); // (len), (3), step scalars
    let (p, m, v) = (b.write(), b.write(), b.write()); // (len) each
    if norm[2] != F::ZERO {
        return;
    }
    let of = |x: f32| F::of(f64::from(x));
    let [beta1, beta2, epsilon, decay] = [params.beta1, params.beta2, params.epsilon, params.decay].map(of);
    let scale = norm[1];
    let rate = scalars[Scalar::LearningRate as usize];
    let (correction1, correction2) = (scalars[Scalar::Correction1 as usize], scalars[Scalar::Correction2 as usize]);
    let keep = F::ONE - rate * decay;
    let grain = parallel::grain(1);
    let blocks = p.chunks_mut(grain).zip(m.chunks_mut(grain)).zip(v.chunks_mut(grain)).collect();
    parallel::each(blocks, |i, ((p, m), v)| {
        let g = &g[i * grain..][..p.len()];
        F::vectorised(
            #[inline(always)]
            || {
                let (m, v) = (&mut m[..p.len()], &mut v[..p.len()]);
                for i in 0..p.len() {
                    let g = g[i] * scale;
                    m[i] = beta1 * m[i] + (F::ONE - beta1) * g;
                    v[i] = beta2 * v[i] + (F::ONE - beta2) * g * g;
                    let root = (v[i] * correction2).sqrt() + epsilon;
                    p[i] = p[i] * keep - rate * (m[i] * correction1) / root;
                }
            },
        );
    });
}
