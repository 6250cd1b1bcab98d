//! One way of a link: what it does to what crosses it, and what was done to it.

use crate::random::Random;
use serde::Serialize;

/// The bytes of a TCP segment, of which each may be lost.
pub const SEGMENT: usize = 1_460;
/// The least time until a lost segment is sent again (RFC 6298 as Linux has it).
pub const RETRANSMISSION_NS: u64 = 200_000_000;
/// How long a piece may occupy the line where it need not be shorter than a segment: so finely is bandwidth shared out.
const PIECE_NS: u64 = 1_000_000;

/// How a link is, one way.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
pub struct Conditions {
    /// The time a byte takes.
    pub latency_us: u64,
    /// What chance adds to it at most, uniformly.
    pub jitter_us: u64,
    /// What all connections share; 0 for no limit.
    pub bandwidth_bps: u64,
    /// Lost segments in a million.
    pub loss_ppm: u32,
}

/// A moment, on both clocks.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Now {
    /// Nanoseconds of the monotonic clock.
    pub mono_ns: u64,
    /// Nanoseconds since the epoch, UTC.
    pub wall_ns: u64,
}

impl Now {
    /// So much later.
    #[must_use]
    pub const fn after_ns(self, ns: u64) -> Self {
        Self {
            mono_ns: self.mono_ns.saturating_add(ns),
            wall_ns: self.wall_ns.saturating_add(ns),
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Cut {
    since_ns: u64,
    until: Option<Now>,
}

/// What went over one way of a link.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Figures {
    /// Connections whose route it is on.
    pub connections: u64,
    /// Bytes that wait or are on their way.
    pub queued_bytes: u64,
    /// Bytes that came out of it.
    pub passed_bytes: u64,
    /// Segments that arrived late because they were lost.
    pub lost_segments: u64,
}

/// One way of a link.
#[derive(Clone, Debug)]
pub struct Direction {
    /// As the venue file has it.
    pub declared: Conditions,
    /// As it is.
    pub conditions: Conditions,
    /// What went over it.
    pub figures: Figures,
    cut: Option<Cut>,
    changed_until: Option<Now>,
    cuts: u64,
    changes: u64,
    healed_ns: u64,
    free_ns: u64,
}

impl Direction {
    /// As declared, uncut, empty.
    pub fn new(declared: Conditions) -> Self {
        Self {
            declared,
            conditions: declared,
            figures: Figures::default(),
            cut: None,
            changed_until: None,
            cuts: 0,
            changes: 0,
            healed_ns: 0,
            free_ns: 0,
        }
    }

    /// Whether nothing crosses.
    pub const fn is_cut(&self) -> bool {
        self.cut.is_some()
    }

    /// How often it was cut: what was on its way when this was another number is lost and has to be sent again.
    pub const fn cuts(&self) -> u64 {
        self.cuts
    }

    /// How often its conditions changed: what is on its way since this was another number may arrive earlier.
    pub const fn changes(&self) -> u64 {
        self.changes
    }

    /// When the last cut ended, on the monotonic clock; 0 before.
    pub const fn healed_ns(&self) -> u64 {
        self.healed_ns
    }

    /// Since when it is cut, since the epoch.
    pub fn cut_since_ns(&self) -> Option<u64> {
        self.cut.map(|cut| cut.since_ns)
    }

    /// When its first fault heals by itself.
    pub fn heals_at(&self) -> Option<Now> {
        let cut = self.cut.and_then(|cut| cut.until);
        let ends = [cut, self.changed_until];
        ends.into_iter().flatten().min_by_key(|end| end.mono_ns)
    }

    /// Lets nothing cross from now on, for a time or until it is healed. A cut that is there gets the new end.
    pub fn cut(&mut self, now: Now, for_ns: Option<u64>) {
        let until = for_ns.map(|ns| now.after_ns(ns));
        match &mut self.cut {
            Some(cut) => cut.until = until,
            None => {
                let since_ns = now.wall_ns;
                self.cut = Some(Cut { since_ns, until });
                self.cuts += 1;
            }
        }
    }

    /// Changes the conditions, for a time (then they are as declared again) or until they are changed again.
    pub fn change(&mut self, now: Now, conditions: Conditions, for_ns: Option<u64>) {
        self.changed_until = for_ns.map(|ns| now.after_ns(ns));
        self.set_to(now, conditions);
    }

    /// Uncut, and as declared.
    pub fn heal(&mut self, now: Now) {
        self.uncut(now);
        self.restore(now);
    }

    /// Ends the faults whose time is over; says whether there was one.
    pub fn expire(&mut self, now: Now) -> bool {
        let over = |end: Option<Now>| end.is_some_and(|end| end.mono_ns <= now.mono_ns);
        let cut_over = over(self.cut.and_then(|cut| cut.until));
        let change_over = over(self.changed_until);
        if cut_over {
            self.uncut(now);
        }
        if change_over {
            self.restore(now);
        }
        cut_over || change_over
    }

    fn uncut(&mut self, now: Now) {
        if self.cut.take().is_some() {
            self.healed_ns = now.mono_ns;
            // What occupied the line was lost with the cut.
            self.free_ns = self.free_ns.min(now.mono_ns);
        }
    }

    fn restore(&mut self, now: Now) {
        self.changed_until = None;
        self.set_to(now, self.declared);
    }

    fn set_to(&mut self, now: Now, conditions: Conditions) {
        if self.conditions != conditions {
            if self.conditions.bandwidth_bps != conditions.bandwidth_bps {
                self.free_ns = self.free_ns.min(now.mono_ns);
            }
            self.conditions = conditions;
            self.changes += 1;
        }
    }

    /// The declared part of what a byte takes.
    pub const fn latency_ns(&self) -> u64 {
        self.conditions.latency_us * 1_000
    }

    /// When the line is free for what comes next.
    pub const fn free_ns(&self) -> u64 {
        self.free_ns
    }

    /// How many bytes the line takes in a time.
    pub fn bytes_in(&self, ns: u64) -> usize {
        match self.conditions.bandwidth_bps {
            0 => usize::MAX,
            bps => {
                let bytes = u128::from(bps) * u128::from(ns) / 8_000_000_000;
                usize::try_from(bytes).unwrap_or(usize::MAX)
            }
        }
    }

    /// Occupies the line with so many bytes from now, or from when it is free; when they arrive if neither chance nor loss
    /// adds to it.
    pub fn occupy(&mut self, now_ns: u64, bytes: usize) -> u64 {
        let bits = bytes as u128 * 8_000_000_000;
        let takes = match self.conditions.bandwidth_bps {
            0 => 0,
            bps => u64::try_from(bits / u128::from(bps)).unwrap_or(u64::MAX),
        };
        let departs = self.free_ns.max(now_ns).saturating_add(takes);
        self.free_ns = departs;
        departs.saturating_add(self.latency_ns())
    }

    /// Sends so many bytes; none stand for one segment without any. `piece` is told what arrives together, and when: a
    /// lost segment, and what is behind it of these bytes, comes `timeout_ns` later. Keeping the order of what was sent
    /// before is for the caller to do.
    pub fn send(
        &mut self,
        now_ns: u64,
        bytes: usize,
        timeout_ns: u64,
        random: &mut Random,
        mut piece: impl FnMut(usize, u64),
    ) {
        let most = (self.bytes_in(PIECE_NS) / SEGMENT * SEGMENT).max(SEGMENT);
        let mut left = bytes;
        loop {
            let size = left.min(most);
            left -= size;
            let jitter_ns = random.up_to(self.conditions.jitter_us * 1_000);
            let on_time = self.lose(size, random);
            if let Some(first) = on_time {
                if first > 0 {
                    piece(first, self.occupy(now_ns, first).saturating_add(jitter_ns));
                }
                let late = self.occupy(now_ns, size - first).saturating_add(jitter_ns);
                piece(size - first, late.saturating_add(timeout_ns));
            } else {
                piece(size, self.occupy(now_ns, size).saturating_add(jitter_ns));
            }
            if left == 0 {
                return;
            }
        }
    }

    /// Lets chance lose segments of so many bytes; the bytes before the first that is lost.
    fn lose(&mut self, bytes: usize, random: &mut Random) -> Option<usize> {
        if self.conditions.loss_ppm == 0 {
            return None;
        }
        let mut first = None;
        for segment in 0..bytes.div_ceil(SEGMENT).max(1) {
            if random.per_million(self.conditions.loss_ppm) {
                self.figures.lost_segments += 1;
                first = first.or(Some(segment * SEGMENT));
            }
        }
        first
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn way(conditions: Conditions) -> Direction {
        Direction::new(conditions)
    }

    proptest! {
        /// However a sender cuts its bytes up, the line takes no more than it has.
        #[test]
        fn a_line_is_never_faster_than_its_bandwidth(
            bandwidth_bps in 10_000_u64..10_000_000_000,
            sends in proptest::collection::vec((0_usize..100_000, 0_u64..10_000_000), 1..50),
        ) {
            let mut way = way(Conditions { latency_us: 0, jitter_us: 0, bandwidth_bps, loss_ppm: 0 });
            let mut random = Random::new(1);
            let (mut now_ns, mut bytes, mut last_ns) = (0, 0_u128, 0);
            for (size, pause_ns) in sends {
                now_ns += pause_ns;
                let mut pieces = 0;
                way.send(now_ns, size, 0, &mut random, |piece, at_ns| {
                    pieces += piece;
                    bytes += piece as u128;
                    assert!(at_ns >= last_ns, "pieces in order");
                    last_ns = at_ns;
                    // Rounded down once a piece.
                    let least = bytes * 8_000_000_000 / u128::from(bandwidth_bps);
                    assert!(u128::from(at_ns) + 4_000 >= least, "{bytes} bytes at {at_ns}");
                });
                prop_assert_eq!(pieces, size);
            }
        }
    }

    #[test]
    fn as_many_segments_are_lost_as_chance_says() {
        let lossy = Conditions {
            latency_us: 0,
            jitter_us: 0,
            bandwidth_bps: 0,
            loss_ppm: 10_000,
        };
        let mut way = way(lossy);
        let mut random = Random::new(3);
        let mut late = 0;
        for _ in 0..10_000 {
            way.send(0, 10 * SEGMENT, 5, &mut random, |_, at_ns| {
                late += usize::from(at_ns == 5)
            });
        }
        // One in a hundred of a hundred thousand, within five standard deviations.
        assert!(
            (842..1_158).contains(&way.figures.lost_segments),
            "{}",
            way.figures.lost_segments
        );
        assert!(late > 800, "each is late, {late}");
    }

    #[test]
    fn jitter_reaches_from_nothing_to_all_of_it() {
        let mut way = way(Conditions {
            latency_us: 10,
            jitter_us: 10,
            bandwidth_bps: 0,
            loss_ppm: 0,
        });
        let mut random = Random::new(3);
        let (mut least, mut most) = (u64::MAX, 0);
        for _ in 0..10_000 {
            way.send(0, 1, 0, &mut random, |_, at_ns| {
                least = least.min(at_ns);
                most = most.max(at_ns);
            });
        }
        assert!((10_000..10_100).contains(&least), "{least}");
        assert!((19_900..=20_000).contains(&most), "{most}");
    }
}
