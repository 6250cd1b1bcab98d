//! The last trades of an instrument.

use crate::books::Execution;
use rialto_wire::itch::Side;
use std::collections::VecDeque;

const DAY_NS: u64 = 86_400_000_000_000;

/// A trade, as time and sales show it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Trade {
    /// Nanoseconds since the epoch, UTC.
    pub time_ns: u64,
    /// Price in units of 1e-4.
    pub price_e4: u32,
    /// Its quantity.
    pub quantity: u32,
    /// The side of the order that came in and took it.
    pub aggressor: Side,
}

/// The last trades of an instrument, as many as it keeps.
#[derive(Clone, Debug)]
pub struct Tape {
    trades: VecDeque<Trade>,
    keeps: usize,
}

impl Tape {
    /// An empty one that keeps the last `keeps` trades.
    pub const fn new(keeps: usize) -> Self {
        Self {
            trades: VecDeque::new(),
            keeps,
        }
    }

    /// Notes an execution, unless it is one that does not count; `now_ns` is the reader's clock, see [`dated`].
    pub fn note(&mut self, execution: &Execution, now_ns: u64) {
        if !execution.printable || self.keeps == 0 {
            return;
        }
        if self.trades.len() == self.keeps {
            self.trades.pop_front();
        }
        self.trades.push_back(Trade {
            time_ns: dated(execution.time_of_day_ns, now_ns),
            price_e4: execution.price_e4,
            quantity: execution.quantity,
            aggressor: execution.aggressor,
        });
    }

    /// The trades, newest first.
    pub fn newest(&self) -> impl ExactSizeIterator<Item = &Trade> + '_ {
        self.trades.iter().rev()
    }
}

/// A time of the day with its date: of all days, the one that brings it nearest to `now_ns`. Both in nanoseconds, since
/// midnight and since the epoch, UTC.
pub const fn dated(time_of_day_ns: u64, now_ns: u64) -> u64 {
    let of_day = time_of_day_ns % DAY_NS;
    let now_of_day = now_ns % DAY_NS;
    let today = now_ns - now_of_day + of_day;
    if of_day > now_of_day + DAY_NS / 2 && now_ns >= DAY_NS {
        today - DAY_NS
    } else if of_day + DAY_NS / 2 < now_of_day {
        today + DAY_NS
    } else {
        today
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2026-11-21T00:00:00Z.
    const MIDNIGHT_NS: u64 = 1_795_219_200_000_000_000;

    fn execution(quantity: u32, printable: bool) -> Execution {
        Execution {
            instrument: 0,
            time_of_day_ns: 5,
            price_e4: 10_000,
            quantity,
            aggressor: Side::Sell,
            match_number: 1,
            printable,
        }
    }

    #[test]
    fn the_newest_are_kept() {
        let mut tape = Tape::new(3);
        for quantity in 1..=5 {
            tape.note(&execution(quantity, true), MIDNIGHT_NS + 9);
        }
        tape.note(&execution(6, false), MIDNIGHT_NS + 9);
        let quantities: Vec<u32> = tape.newest().map(|trade| trade.quantity).collect();
        assert_eq!(quantities, [5, 4, 3]);
        let trade = tape.newest().next().copied();
        assert_eq!(
            trade,
            Some(Trade {
                time_ns: MIDNIGHT_NS + 5,
                price_e4: 10_000,
                quantity: 5,
                aggressor: Side::Sell,
            })
        );
        let mut none = Tape::new(0);
        none.note(&execution(1, true), MIDNIGHT_NS);
        assert_eq!(none.newest().len(), 0);
    }

    #[test]
    fn a_trade_before_midnight_read_after_it_is_of_the_day_before() {
        assert_eq!(dated(DAY_NS - 1, MIDNIGHT_NS + 3), MIDNIGHT_NS - 1);
        // The leader's clock may be ahead of the reader's.
        assert_eq!(dated(2, MIDNIGHT_NS - 5), MIDNIGHT_NS + 2);
        assert_eq!(dated(2, 0), 2);
    }

    proptest! {
        #[test]
        fn a_date_is_found_back(at in DAY_NS..u64::MAX / 2, ahead in 0..DAY_NS / 2, behind in 0..DAY_NS / 2) {
            prop_assert_eq!(dated(at % DAY_NS, at + ahead), at);
            prop_assert_eq!(dated(at % DAY_NS, at - behind), at);
        }
    }
}
