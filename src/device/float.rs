//! The two precisions of the CPU device: numbers as they lie in its buffers, and the functions that kernels need in both.

/// What lies in one buffer.
pub enum Storage {
    /// Not used yet, or taken out while a kernel writes it.
    Absent,
    /// Numbers of the f32 device.
    F32(Vec<f32>),
    /// Numbers of the oracle.
    F64(Vec<f64>),
    /// Indices.
    U32(Vec<u32>),
}

/// f32, the device of machines without a GPU, or f64, the oracle.
pub trait Float:
    bytemuck::Pod
    + Send
    + Sync
    + PartialOrd
    + std::ops::Add<Output = Self>
    + std::ops::Sub<Output = Self>
    + std::ops::Mul<Output = Self>
    + std::ops::Div<Output = Self>
    + std::ops::Neg<Output = Self>
    + std::ops::AddAssign
    + std::ops::SubAssign
    + std::ops::MulAssign
    + std::iter::Sum
    + 'static
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// The most negative finite number.
    const LOWEST: Self;
    /// Probabilities below this become 0: denormals would make a step several times slower.
    const FLUSH: Self;

    /// Rounded to this precision.
    fn of(x: f64) -> Self;
    /// Exact.
    fn f64(self) -> f64;
    /// e to the power of self: within 2 units in the last place in f32, std's in f64.
    fn exp(self) -> Self;
    /// The square root.
    fn sqrt(self) -> Self;
    /// The natural logarithm.
    fn ln(self) -> Self;
    /// The larger one.
    fn max(self, other: Self) -> Self;
    /// Whether it is neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// `self * a + b`, in one rounding where that is fast.
    fn mul_add(self, a: Self, b: Self) -> Self;
    /// The numbers of a storage of this precision.
    fn slice(storage: &Storage) -> &[Self];
    /// The numbers of a storage of this precision, to write.
    fn slice_mut(storage: &mut Storage) -> &mut [Self];

    /// Runs `work` with the widest vector instructions that this processor has; everything it calls must be inlined.
    /// The oracle runs as it is compiled: nobody waits for it.
    fn vectorised<R>(work: impl FnOnce() -> R) -> R;

    /// 1 / (1 + e^-self).
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Self::ONE / (Self::ONE + (-self).exp())
    }
}

impl Float for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    const LOWEST: f32 = f32::MIN;
    const FLUSH: f32 = 1e-30;

    #[inline(always)]
    fn of(x: f64) -> f32 {
        x as f32
    }
    #[inline(always)]
    fn f64(self) -> f64 {
        f64::from(self)
    }
    /// Cody-Waite reduction to |r| <= ln(2)/2 and a polynomial of degree 6, without a branch, so that loops vectorise.
    #[inline(always)]
    fn exp(self) -> f32 {
        // Adding 1.5 * 2^23 leaves the nearest integer in the low bits of the sum.
        const ROUND: f32 = 12_582_912.0;
        // The comparison keeps NaN, which min and max would drop.
        let x = if self < -87.0 { -87.0 } else { self };
        let x = if x > 88.0 { 88.0 } else { x };
        let shifted = x.mul_add_fast(std::f32::consts::LOG2_E, ROUND);
        let n = shifted - ROUND;
        let r = n.mul_add_fast(-0.693_359_4, x);
        let r = n.mul_add_fast(2.121_944_4e-4, r);
        let p = r.mul_add_fast(1.987_569_1e-4, 1.398_199_9e-3);
        let p = p.mul_add_fast(r, 8.333_452e-3);
        let p = p.mul_add_fast(r, 4.166_579_6e-2);
        let p = p.mul_add_fast(r, 1.666_666_5e-1);
        let p = p.mul_add_fast(r, 0.5);
        let p = (p * r).mul_add_fast(r, r) + 1.0;
        p * f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000))
    }
    #[inline(always)]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn ln(self) -> f32 {
        f32::ln(self)
    }
    #[inline(always)]
    fn max(self, other: f32) -> f32 {
        if self > other { self } else { other }
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        f32::is_finite(self)
    }
    #[inline(always)]
    fn mul_add(self, a: f32, b: f32) -> f32 {
        self.mul_add_fast(a, b)
    }
    #[inline(always)]
    fn vectorised<R>(work: impl FnOnce() -> R) -> R {
        pulp::Arch::new().dispatch(work)
    }
    fn slice(storage: &Storage) -> &[f32] {
        match storage {
            Storage::F32(x) => x,
            _ => panic!("binding: expected numbers in f32"),
        }
    }
    fn slice_mut(storage: &mut Storage) -> &mut [f32] {
        match storage {
            Storage::F32(x) => x,
            _ => panic!("binding: expected numbers in f32"),
        }
    }
}

impl Float for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const LOWEST: f64 = f64::MIN;
    const FLUSH: f64 = 0.0;

    #[inline(always)]
    fn of(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    #[inline(always)]
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }
    #[inline(always)]
    fn ln(self) -> f64 {
        f64::ln(self)
    }
    #[inline(always)]
    fn max(self, other: f64) -> f64 {
        if self > other { self } else { other }
    }
    #[inline(always)]
    fn is_finite(self) -> bool {
        f64::is_finite(self)
    }
    #[inline(always)]
    fn mul_add(self, a: f64, b: f64) -> f64 {
        self * a + b
    }
    #[inline(always)]
    fn vectorised<R>(work: impl FnOnce() -> R) -> R {
        work()
    }
    fn slice(storage: &Storage) -> &[f64] {
        match storage {
            Storage::F64(x) => x,
            _ => panic!("binding: expected numbers in f64"),
        }
    }
    fn slice_mut(storage: &mut Storage) -> &mut [f64] {
        match storage {
            Storage::F64(x) => x,
            _ => panic!("binding: expected numbers in f64"),
        }
    }
}

/// `a · b + c`: fused on x86-64 and AArch64, whose vector units have an instruction for it; elsewhere, in wasm above all,
/// the fused one is a slow library call.
trait MulAddFast {
    fn mul_add_fast(self, a: Self, b: Self) -> Self;
}

impl MulAddFast for f32 {
    #[inline(always)]
    fn mul_add_fast(self, a: f32, b: f32) -> f32 {
        if cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) { f32::mul_add(self, a, b) } else { self * a + b }
    }
}

/// Writes values over `y`, or adds them: two loops, since a condition inside one keeps it from vectorising.
#[inline(always)]
pub fn put<F: Float>(y: &mut [F], add: bool, values: impl Iterator<Item = F>) {
    if add {
        y.iter_mut().zip(values).for_each(|(y, value)| *y += value);
    } else {
        y.iter_mut().zip(values).for_each(|(y, value)| *y = value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_within_two_units_in_the_last_place() {
        for i in -870_000..=880_000 {
            let x = i as f32 * 1e-4;
            let (got, want) = (Float::exp(x), f64::exp(f64::from(x)));
            assert!((f64::from(got) - want).abs() <= 2.5e-7 * want, "exp({x}): got {got}, want {want}");
        }
        assert!(Float::exp(f32::NAN).is_nan());
        assert!(Float::exp(f32::NEG_INFINITY) < 1e-37);
    }
}
