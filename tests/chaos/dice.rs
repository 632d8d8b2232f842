// SPDX-License-Identifier: AGPL-3.0-or-later
//! Numbers that are the same for the same seed.

/// A generator (xorshift64*).
pub struct Dice(u64);

impl Dice {
    /// Begins with `seed`.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 11) % bound.max(1)
    }

    /// One of several things.
    pub fn one<'a, T>(&mut self, of: &'a [T]) -> Option<&'a T> {
        let at = self.below(u64::try_from(of.len()).unwrap_or(u64::MAX));
        usize::try_from(at).ok().and_then(|at| of.get(at))
    }
}
