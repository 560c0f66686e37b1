//! Pseudo-random numbers, the same in each run.

/// A linear congruential generator with Knuth's MMIX constants. The seed makes failures reproducible.
#[derive(Debug, Clone)]
pub struct Random(pub u64);

impl Random {
    /// From 0 to below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).expect("31 bits") % n
    }

    /// True once in `n` times.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == 0
    }

    /// A random element.
    pub fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len())]
    }
}
