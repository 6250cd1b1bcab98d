//! The node's clocks.

use crate::market_loop::Now;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

/// Wall time for stamps, monotonic time for everything else.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    start: Instant,
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock {
    /// A clock whose monotonic time begins now.
    pub fn new() -> Self {
        Self {
            start: Instant::now(),
        }
    }

    /// Nanoseconds since the epoch, UTC.
    pub fn wall_ns(self) -> u64 {
        SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .map_or(0, nanoseconds)
    }

    /// Nanoseconds since the clock was made.
    pub fn mono_ns(self) -> u64 {
        nanoseconds(self.start.elapsed())
    }

    /// Both times.
    pub fn now(self) -> Now {
        Now {
            mono_ns: self.mono_ns(),
            wall_ns: self.wall_ns(),
        }
    }

    /// A moment in nanoseconds since the clock was made.
    pub fn at(self, moment: Instant) -> u64 {
        nanoseconds(moment.saturating_duration_since(self.start))
    }
}

/// A duration in nanoseconds; 584 years are enough.
pub fn nanoseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The UTC date of a time, as yyyymmdd.
pub fn date(wall_ns: u64) -> u32 {
    // Days since 1970-01-01 to a date of the Gregorian calendar, by eras of 400 years that begin on the first of March.
    let days = wall_ns / 86_400_000_000_000 + 719_468;
    let era = days / 146_097;
    let day_of_era = days % 146_097;
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    u32::try_from(year * 10_000 + month * 100 + day).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, date) in [
            (0, 19_700_101),
            (951_782_399, 20_000_228),
            (951_782_400, 20_000_229),
            (951_868_800, 20_000_301),
            (1_795_219_200, 20_261_121),
            (1_798_761_599, 20_261_231),
            (1_798_761_600, 20_270_101),
        ] {
            assert_eq!(super::date(seconds * 1_000_000_000), date, "{seconds}");
        }
    }
}
