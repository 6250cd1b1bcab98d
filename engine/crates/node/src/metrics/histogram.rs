//! Latency histograms: one for Prometheus with fixed bounds, one for percentiles of the last seconds.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Upper bounds of the buckets, nanoseconds; the last bucket has none.
const BOUNDS_NS: [u64; 22] = [
    1_000,
    2_000,
    5_000,
    10_000,
    20_000,
    50_000,
    100_000,
    200_000,
    500_000,
    1_000_000,
    2_000_000,
    5_000_000,
    10_000_000,
    20_000_000,
    50_000_000,
    100_000_000,
    200_000_000,
    500_000_000,
    1_000_000_000,
    2_000_000_000,
    5_000_000_000,
    10_000_000_000,
];

/// Counts of durations; written by one thread, read by any.
#[derive(Debug, Default)]
pub struct Histogram {
    counts: [AtomicU64; BOUNDS_NS.len() + 1],
    sum_ns: AtomicU64,
}

impl Histogram {
    /// Counts `times` durations of `ns` nanoseconds.
    pub fn observe(&self, ns: u64, times: u64) {
        let bucket = BOUNDS_NS.partition_point(|bound| *bound < ns);
        if let Some(count) = self.counts.get(bucket) {
            count.fetch_add(times, Relaxed);
        }
        self.sum_ns.fetch_add(ns.saturating_mul(times), Relaxed);
    }

    /// (sum in seconds, count, (upper bound in seconds, count in the bucket) of each bucket).
    #[allow(clippy::cast_precision_loss)]
    pub fn read(&self) -> (f64, u64, Vec<(f64, u64)>) {
        let bounds = BOUNDS_NS.iter().map(|ns| *ns as f64 / 1e9);
        let buckets: Vec<(f64, u64)> = bounds
            .chain(std::iter::once(f64::MAX))
            .zip(self.counts.iter().map(|c| c.load(Relaxed)))
            .collect();
        let count = buckets.iter().map(|(_, c)| c).sum();
        (self.sum_ns.load(Relaxed) as f64 / 1e9, count, buckets)
    }
}

/// Sixteen steps in each power of two: percentiles are at most 6 % too high.
const STEPS: usize = 16;
const SIZE: usize = STEPS * 41;
const SECONDS: usize = 10;

/// Durations of the last ten seconds.
pub struct Recent {
    slots: Vec<[u32; SIZE]>,
    now: u64,
}

impl Default for Recent {
    fn default() -> Self {
        Self {
            slots: vec![[0; SIZE]; SECONDS],
            now: 0,
        }
    }
}

impl Recent {
    /// Moves to the given second, forgetting what is older than ten.
    pub fn advance(&mut self, second: u64) {
        if second <= self.now {
            return;
        }
        let steps = (second - self.now).min(SECONDS as u64);
        for step in 0..steps {
            let slot = usize::try_from((second - step) % SECONDS as u64).unwrap_or(0);
            if let Some(slot) = self.slots.get_mut(slot) {
                slot.fill(0);
            }
        }
        self.now = second;
    }

    /// Counts `times` durations of `ns` in the current second.
    pub fn observe(&mut self, ns: u64, times: u32) {
        let slot = usize::try_from(self.now % SECONDS as u64).unwrap_or(0);
        if let Some(count) = self
            .slots
            .get_mut(slot)
            .and_then(|slot| slot.get_mut(bucket(ns)))
        {
            *count = count.saturating_add(times);
        }
    }

    /// The durations, in nanoseconds, that the given shares of all lie below; `None` where there are none.
    pub fn quantiles<const N: usize>(&self, shares: [f64; N]) -> Option<[u64; N]> {
        let mut sums = [0u64; SIZE];
        for slot in &self.slots {
            for (sum, count) in sums.iter_mut().zip(slot) {
                *sum += u64::from(*count);
            }
        }
        let total: u64 = sums.iter().sum();
        if total == 0 {
            return None;
        }
        Some(shares.map(|share| {
            #[allow(
                clippy::cast_precision_loss,
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss
            )]
            let rank = ((share * total as f64).ceil() as u64).max(1);
            let mut seen = 0;
            for (i, sum) in sums.iter().enumerate() {
                seen += sum;
                if seen >= rank {
                    return upper(i);
                }
            }
            upper(SIZE - 1)
        }))
    }
}

fn bucket(ns: u64) -> usize {
    if ns < STEPS as u64 {
        return usize::try_from(ns).unwrap_or(0);
    }
    let power = ns.ilog2() - 4;
    let step = (ns >> power) & 15;
    (usize::try_from(power).unwrap_or(0) * STEPS + STEPS + usize::try_from(step).unwrap_or(0))
        .min(SIZE - 1)
}

fn upper(bucket: usize) -> u64 {
    if bucket < STEPS {
        return bucket as u64;
    }
    let power = (bucket - STEPS) / STEPS;
    let step = ((bucket - STEPS) % STEPS) as u64;
    ((STEPS as u64 + step + 1) << power) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_duration_lies_in_the_bucket_that_ends_at_or_above_it() {
        for ns in (0..5_000).chain((0..36).map(|p| (1 << p) + 1)) {
            let b = bucket(ns);
            assert!(
                upper(b) >= ns,
                "{ns} above the end {} of its bucket",
                upper(b)
            );
            assert!(
                b == 0 || upper(b - 1) < ns,
                "{ns} belongs into an earlier bucket"
            );
        }
    }

    #[test]
    fn old_seconds_are_forgotten() {
        let mut recent = Recent::default();
        recent.advance(100);
        recent.observe(1_000, 99);
        recent.observe(1_000_000, 1);
        let [p50, p100] = recent.quantiles([0.5, 1.0]).unwrap();
        assert!((1_000..1_070).contains(&p50) && (1_000_000..1_070_000).contains(&p100));
        recent.advance(109);
        assert!(recent.quantiles([0.5]).is_some());
        recent.advance(110);
        assert!(recent.quantiles([0.5]).is_none());
    }
}
