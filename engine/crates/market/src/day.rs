//! The trading day.

use crate::event::RefuseReason;
use crate::types::TradingDay;

/// Openings of one date that have a stream name of their own: it has two digits for them.
pub(crate) const MAX_OPENINGS: u8 = 99;

/// The current trading day, or the last one.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Day {
    /// The day last opened; `None` before the first.
    pub(crate) last: Option<TradingDay>,
    /// Whether it is open.
    pub(crate) open: bool,
}

impl Day {
    /// The open trading day.
    pub(crate) fn current(&self) -> Option<TradingDay> {
        self.last.filter(|_| self.open)
    }

    /// Opens a trading day.
    pub(crate) fn open(&mut self, date: u32, incarnation: u8) -> Result<TradingDay, RefuseReason> {
        if self.open {
            return Err(RefuseReason::DayIsOpen);
        }
        if !is_date(date) {
            return Err(RefuseReason::BadDate);
        }
        let opening = match self.last {
            Some(last) if date < last.date => return Err(RefuseReason::BadDate),
            // A hundredth opening would be given the stream names of an earlier one.
            Some(last) if date == last.date && last.opening >= MAX_OPENINGS => {
                return Err(RefuseReason::BadDate);
            }
            Some(last) if date == last.date => last.opening + 1,
            _ => 1,
        };
        let day = TradingDay {
            date,
            opening,
            incarnation,
        };
        self.last = Some(day);
        self.open = true;
        Ok(day)
    }

    /// Closes the trading day.
    pub(crate) fn close(&mut self) -> Result<TradingDay, RefuseReason> {
        let day = self.current().ok_or(RefuseReason::DayIsClosed)?;
        self.open = false;
        Ok(day)
    }
}

/// Whether `yyyymmdd` is a date of the Gregorian calendar in this century: stream names have two digits for the year.
pub(crate) fn is_date(yyyymmdd: u32) -> bool {
    let (year, month, day) = (yyyymmdd / 10_000, yyyymmdd / 100 % 100, yyyymmdd % 100);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 0,
    };
    (2000..=2099).contains(&year) && (1..=days).contains(&day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for good in [20000229, 20240229, 20261121, 20991231] {
            assert!(is_date(good), "{good}");
        }
        for bad in [
            0,
            19991231,
            21000101,
            20230229,
            20260431,
            20261301,
            20260100,
            20260132,
            u32::MAX,
        ] {
            assert!(!is_date(bad), "{bad}");
        }
    }

    #[test]
    fn a_date_opens_again_under_its_next_number_and_never_earlier() {
        let mut day = Day::default();
        assert_eq!(day.close(), Err(RefuseReason::DayIsClosed));
        assert_eq!(day.open(20261121, 1).map(|d| d.opening), Ok(1));
        assert_eq!(day.open(20261122, 1), Err(RefuseReason::DayIsOpen));
        assert!(day.close().is_ok());
        assert_eq!(day.open(20261121, 1).map(|d| d.opening), Ok(2));
        assert!(day.close().is_ok());
        assert_eq!(day.open(20261120, 1), Err(RefuseReason::BadDate));
        assert_eq!(day.open(20261122, 1).map(|d| d.opening), Ok(1));
        assert!(day.close().is_ok());
        for opening in 2..=MAX_OPENINGS {
            assert_eq!(day.open(20261122, 1).map(|d| d.opening), Ok(opening));
            assert!(day.close().is_ok());
        }
        assert_eq!(day.open(20261122, 1), Err(RefuseReason::BadDate));
    }
}
