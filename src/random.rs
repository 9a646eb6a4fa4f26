//! Randomness as a pure function: the same seed, stream and counter give the same bits on every machine.
//!
//! The bits are Philox4x32-10's (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011):
//! the seed is its 64-bit key, stream and counter are its 128-bit counter. Nothing is carried from one draw to the
//! next, so a run resumes from a number alone.

/// The stream of parameter tensor `i` is `PARAMETERS + i`.
pub const PARAMETERS: u64 = 1 << 48;
/// The stream of epoch `e`'s order of windows is `WINDOWS + 2e`, that of its offset `WINDOWS + 2e + 1`.
pub const WINDOWS: u64 = 2 << 48;
/// The stream of the draws that choose the next token.
pub const SAMPLING: u64 = 3 << 48;

const ROUNDS: usize = 10;

/// The 128 bits at (seed, stream, counter).
pub fn block(seed: u64, stream: u64, counter: u64) -> [u64; 2] {
    let mut x = [counter as u32, (counter >> 32) as u32, stream as u32, (stream >> 32) as u32];
    let mut key = [seed as u32, (seed >> 32) as u32];
    for _ in 0..ROUNDS {
        let left = 0xD251_1F53 * u64::from(x[0]);
        let right = 0xCD9E_8D57 * u64::from(x[2]);
        x = [(right >> 32) as u32 ^ x[1] ^ key[0], right as u32, (left >> 32) as u32 ^ x[3] ^ key[1], left as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    [u64::from(x[0]) | u64::from(x[1]) << 32, u64::from(x[2]) | u64::from(x[3]) << 32]
}

/// The first 64 bits at (seed, stream, counter).
pub fn bits(seed: u64, stream: u64, counter: u64) -> u64 {
    block(seed, stream, counter)[0]
}

/// A multiple of 2⁻⁵³ in [0, 1), every one equally likely.
pub fn uniform(seed: u64, stream: u64, counter: u64) -> f64 {
    to_uniform(bits(seed, stream, counter))
}

/// An integer below `bound`, which is not zero; its bias is below `bound` / 2⁶⁴.
pub fn below(seed: u64, stream: u64, counter: u64, bound: u64) -> u64 {
    assert!(bound > 0, "below: expected a bound above 0");
    ((u128::from(bits(seed, stream, counter)) * u128::from(bound)) >> 64) as u64
}

/// Two independent draws from N(0, 1), by Box and Muller's transform of the block at (seed, stream, counter).
/// Logarithm, sine and cosine are the crate `libm`'s: a system's own differ in the last bit.
pub fn normals(seed: u64, stream: u64, counter: u64) -> [f64; 2] {
    let [first, second] = block(seed, stream, counter);
    // 1 - u lies in (0, 1], where the logarithm is finite.
    let radius = libm::sqrt(-2.0 * libm::log(1.0 - to_uniform(first)));
    let (sin, cos) = libm::sincos(std::f64::consts::TAU * to_uniform(second));
    [radius * cos, radius * sin]
}

/// Where a keyed permutation of 0..`len` sends `index`: each (seed, stream) is another order, and all positions are
/// independent of one another, so that no order is ever stored.
///
/// A balanced Feistel network over the next even power of two, with Philox as its round function; images outside
/// 0..`len` are sent on until they fall inside (Black and Rogaway, "Ciphers with arbitrary finite domains", 2002).
pub fn permute(seed: u64, stream: u64, len: u64, index: u64) -> u64 {
    assert!(index < len, "permute: expected an index below {len}, got {index}");
    let half = (64 - (len - 1).leading_zeros()).div_ceil(2).max(1);
    let mask = (1u64 << half) - 1;
    let mut image = index;
    loop {
        let (mut left, mut right) = (image >> half, image & mask);
        for round in 0..12 {
            (left, right) = (right, left ^ (block(seed, stream, right | round << 56)[1] & mask));
        }
        image = left << half | right;
        if image < len {
            return image;
        }
    }
}

fn to_uniform(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The known answers that the authors publish with Random123.
    #[test]
    fn philox_known_answers() {
        let words = |b: [u64; 2]| [b[0] as u32, (b[0] >> 32) as u32, b[1] as u32, (b[1] >> 32) as u32];
        assert_eq!(words(block(0, 0, 0)), [0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8]);
        assert_eq!(words(block(u64::MAX, u64::MAX, u64::MAX)), [0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd]);
        let pi = block(0x299f31d0_a4093822, 0x03707344_13198a2e, 0x85a308d3_243f6a88);
        assert_eq!(words(pi), [0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1]);
    }

    #[test]
    fn normals_have_their_moments() {
        let draws: Vec<f64> = (0..200_000).flat_map(|i| normals(1, 2, i)).collect();
        let moment = |power: i32| draws.iter().map(|x| x.powi(power)).sum::<f64>() / draws.len() as f64;
        // Four standard errors of each moment at 400,000 draws.
        for (power, want, error) in [(1, 0.0, 0.0064), (2, 1.0, 0.009), (3, 0.0, 0.025), (4, 3.0, 0.062)] {
            assert!((moment(power) - want).abs() < error, "moment {power}: {}", moment(power));
        }
    }

    /// The bits that a computation in Python's float64 gives too: a change of the library of mathematics is seen.
    #[test]
    fn normals_have_these_bits() {
        let [a, b] = normals(42, PARAMETERS, 7);
        assert_eq!((a.to_bits(), b.to_bits()), (0xbfc58c3309140c4f, 0x3fe21a95040c824f));
    }

    #[test]
    fn permute_is_a_permutation() {
        for len in (1..70).chain([1000, 4096, 4097]) {
            let mut images: Vec<u64> = (0..len).map(|i| permute(3, 4, len, i)).collect();
            images.sort_unstable();
            assert!(images.into_iter().eq(0..len), "length {len}");
        }
        assert!(permute(3, 4, u64::MAX >> 8, 12345) < u64::MAX >> 8);
    }

    /// Over 24,000 keys each of the 24 orders of four appears about 1,000 times (chi-squared below its 99.9th percentile).
    #[test]
    fn permute_favours_no_order() {
        let mut counts = std::collections::BTreeMap::<Vec<u64>, f64>::new();
        for seed in 0..24_000 {
            *counts.entry((0..4).map(|i| permute(seed, WINDOWS, 4, i)).collect()).or_default() += 1.0;
        }
        let chi_squared: f64 = counts.values().map(|count| (count - 1000.0).powi(2) / 1000.0).sum();
        assert!(counts.len() == 24 && chi_squared < 49.7, "{chi_squared} over {} orders", counts.len());
    }
}
