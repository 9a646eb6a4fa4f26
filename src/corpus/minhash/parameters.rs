//! The factors and summands of the hashes: the numbers that numpy's `RandomState(1)` draws, by MT19937.

use super::{BUCKETS, HASHES, PRIME};

const SIZE: usize = 624;

/// Matsumoto and Nishimura's Mersenne Twister ("Mersenne Twister: a 623-dimensionally equidistributed uniform pseudo-random
/// number generator", 1998).
struct Twister {
    state: [u32; SIZE],
    at: usize,
}

impl Twister {
    fn new(seed: u32) -> Self {
        let mut state = [seed; SIZE];
        for n in 1..SIZE {
            let last = state[n - 1];
            state[n] = 1_812_433_253_u32.wrapping_mul(last ^ last >> 30).wrapping_add(n as u32);
        }
        Twister { state, at: SIZE }
    }

    fn draw(&mut self) -> u32 {
        if self.at == SIZE {
            for n in 0..SIZE {
                let bits = self.state[n] & 0x8000_0000 | self.state[(n + 1) % SIZE] & 0x7FFF_FFFF;
                let odd = if bits & 1 == 1 { 0x9908_B0DF } else { 0 };
                self.state[n] = self.state[(n + 397) % SIZE] ^ bits >> 1 ^ odd;
            }
            self.at = 0;
        }
        let mut bits = self.state[self.at];
        self.at += 1;
        bits ^= bits >> 11;
        bits ^= bits << 7 & 0x9D2C_5680;
        bits ^= bits << 15 & 0xEFC6_0000;
        bits ^ bits >> 18
    }

    /// A number from `least` to `most`: numpy draws 64 bits, of which 61 count, until they fit.
    fn between(&mut self, least: u64, most: u64) -> u64 {
        loop {
            let high = (self.draw() as u64) << 32;
            let draw = (high | self.draw() as u64) & PRIME;
            if draw <= most - least {
                return least + draw;
            }
        }
    }
}

/// Factors from 1 on and summands from 0 on, all below the prime.
pub(super) fn parameters() -> (Vec<u64>, Vec<u64>) {
    let mut twister = Twister::new(1);
    let mut draw = |least| (0..BUCKETS * HASHES).map(|_| twister.between(least, PRIME - 1)).collect();
    (draw(1), draw(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parameters_are_numpys() {
        let (a, b) = parameters();
        assert_eq!(a[..4], [775169054918279404, 1758426461858698313, 2109959069025162, 965365488286768774]);
        assert_eq!(b[..4], [1062448801025099917, 1324811268927594100, 1217488311597731462, 100775521383383736]);
        assert_eq!((a[111], b[111], a.len(), b.len()), (223865076026037746, 1097409548522419201, 112, 112));
        let all = a.iter().chain(&b).fold(0_u64, |all, &number| all.wrapping_mul(31).wrapping_add(number));
        assert_eq!(all, 5349648638466693387);
    }
}
