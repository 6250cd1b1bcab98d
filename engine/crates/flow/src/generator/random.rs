//! Randomness: SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014), and the laws
//! drawn from it, all in integers.

/// A seeded source of numbers.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A source of its own for each seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// A number from 0 to below `bound`; 0 if that is 0. Its bias is below `bound` in 2^64.
    #[inline]
    pub fn below(&mut self, bound: u64) -> u64 {
        // The upper half of the product is below `bound`.
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// True in `part` of `whole` cases.
    #[inline]
    pub fn chance(&mut self, part: u64, whole: u64) -> bool {
        self.below(whole) < part
    }

    /// One of two with equal chance.
    #[inline]
    pub fn either<T>(&mut self, a: T, b: T) -> T {
        if self.bits() >> 63 == 0 { a } else { b }
    }
}

/// A law over 0, 1, 2, ...: each with a weight.
#[derive(Clone, Debug)]
pub(crate) struct Law {
    /// Sums of the weights up to and with each.
    sums: Vec<u64>,
}

impl Law {
    /// From weights whose sum fits 64 bits.
    fn new(weights: impl Iterator<Item = u64>) -> Self {
        let mut sum = 0_u64;
        let sums = weights
            .map(|weight| {
                sum += weight.max(1);
                sum
            })
            .collect();
        Self { sums }
    }

    /// Zipf's law over `n`: the k-th is chosen in proportion to 1/k.
    pub(crate) fn zipf(n: u32) -> Self {
        Self::new((1..=u64::from(n)).map(|rank| (1 << 40) / rank))
    }

    /// Distances less one: d of 1 to 1023 in proportion to d^-1.5.
    pub(crate) fn distances() -> Self {
        Self::new((1..=MAX_DISTANCE).map(|d| (1 << 50) / ((d * d * d) << 20).isqrt()))
    }

    /// A draw.
    #[inline]
    pub(crate) fn draw(&self, random: &mut Random) -> usize {
        let at = random.below(self.sums.last().copied().unwrap_or(0));
        self.sums.partition_point(|sum| *sum <= at)
    }
}

/// The farthest that a passive order lies from the walking price, in ticks.
pub(crate) const MAX_DISTANCE: u64 = 1023;
