//! The one source of chance: a seeded stream, forked by name so that one part's draws never move another's.

use std::time::Duration;

/// SplitMix64.
#[derive(Clone, Debug)]
pub struct Random(u64);

impl Random {
    /// A stream of its own.
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The stream of a part of the simulation: it depends on the seed and the part alone.
    pub fn fork(&self, part: &str, number: u64) -> Self {
        let mut hash = Hash::default();
        hash.add(&self.0.to_le_bytes());
        hash.add(part.as_bytes());
        hash.add(&number.to_le_bytes());
        Self(hash.value())
    }

    /// The next 64 bits.
    pub const fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number from 0 to `bound - 1`; 0 for a bound of 0.
    pub const fn below(&mut self, bound: u64) -> u64 {
        if bound == 0 { 0 } else { self.bits() % bound }
    }

    /// A number from `low` to `high`, both included.
    pub const fn between(&mut self, low: u64, high: u64) -> u64 {
        low + self.below(high.saturating_sub(low) + 1)
    }

    /// `true` in so many of a thousand cases.
    pub const fn per_mille(&mut self, cases: u64) -> bool {
        self.below(1000) < cases
    }

    /// A time between two, both included, to the microsecond.
    pub fn time(&mut self, low: Duration, high: Duration) -> Duration {
        let micros = |d: Duration| u64::try_from(d.as_micros()).unwrap_or(u64::MAX);
        Duration::from_micros(self.between(micros(low), micros(high)))
    }

    /// A time whose mean is `mean`, memoryless, at most eight times the mean.
    pub fn about(&mut self, mean: Duration) -> Duration {
        // The top 53 bits as a number above 0 and at most 1.
        let unit = ((self.bits() >> 11) + 1) as f64 / (1_u64 << 53) as f64;
        mean.mul_f64((-unit.ln()).min(8.0))
    }

    /// One of several; `None` of none.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let at = self.below(from.len() as u64);
        from.get(usize::try_from(at).unwrap_or(0))
    }
}

const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// A hash that is the same in every run and on every machine. It finds differences; it proves nothing against an enemy.
#[derive(Clone, Copy, Debug)]
pub struct Hash(u64);

impl Default for Hash {
    fn default() -> Self {
        Self(0xCBF2_9CE4_8422_2325)
    }
}

impl Hash {
    /// Adds bytes, with their count, so that no two sequences of additions look alike.
    pub fn add(&mut self, bytes: &[u8]) {
        self.0 = mix(self.0 ^ bytes.len() as u64);
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.0 = mix(self.0.rotate_left(5) ^ u64::from_le_bytes(word));
        }
    }

    /// The hash of all that was added.
    pub const fn value(&self) -> u64 {
        self.0
    }
}

/// The hash of some bytes.
pub fn hash(bytes: &[u8]) -> u64 {
    let mut hash = Hash::default();
    hash.add(bytes);
    hash.value()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forks_do_not_move_each_other() {
        let root = Random::new(7);
        let mut a = root.fork("a", 1);
        let first = a.bits();
        assert_eq!(root.fork("a", 1).bits(), first);
        assert_ne!(root.fork("a", 2).bits(), first);
        assert_ne!(root.fork("b", 1).bits(), first);
        assert_ne!(Random::new(8).fork("a", 1).bits(), first);
    }

    #[test]
    fn times_have_about_their_mean() {
        let mut random = Random::new(1);
        let sum: Duration = (0..10_000)
            .map(|_| random.about(Duration::from_millis(10)))
            .sum();
        assert!(sum > Duration::from_secs(90) && sum < Duration::from_secs(110));
    }

    #[test]
    fn the_hash_tells_cuts_apart() {
        let of = |parts: &[&[u8]]| {
            let mut hash = Hash::default();
            for part in parts {
                hash.add(part);
            }
            hash.value()
        };
        assert_ne!(of(&[b"ab", b"c"]), of(&[b"a", b"bc"]));
        assert_ne!(of(&[b"abc"]), of(&[b"abd"]));
        assert_eq!(of(&[b"abc"]), hash(b"abc"));
    }
}
