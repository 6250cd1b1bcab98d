//! Chance: a seeded stream, passed in.

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// The stream of a seed.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut bits = self.0;
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^ (bits >> 31)
    }

    /// A number from 0 to `high`, both included; 0 costs no draw.
    pub const fn up_to(&mut self, high: u64) -> u64 {
        match high {
            0 => 0,
            u64::MAX => self.bits(),
            _ => self.bits() % (high + 1),
        }
    }

    /// `true` in so many of a million cases.
    pub const fn per_million(&mut self, cases: u32) -> bool {
        cases > 0 && self.up_to(999_999) < cases as u64
    }
}
