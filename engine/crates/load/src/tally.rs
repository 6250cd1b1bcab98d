//! How many market data messages a session's commands have caused, told from the session's own reports. It holds while
//! nobody else trades the instruments: then the books of the feed after any command are known exactly.

use crate::orders::Report;
use std::collections::VecDeque;

/// The command whose reports are coming.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Open {
    None,
    Enter { left: u32, rests: bool },
    Replace { left: u32, filled: bool },
}

/// Commands are answered in the order they were sent; a command is over when the next one's answer begins.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Tally {
    open: Open,
    expected: u64,
    over: VecDeque<u64>,
    queries: u64,
}

impl Tally {
    pub(crate) const fn new() -> Self {
        Self {
            open: Open::None,
            expected: 0,
            over: VecDeque::new(),
            queries: 0,
        }
    }

    /// The number of messages on the feed after the next command that is over, if there is one: each command once.
    pub(crate) fn next_over(&mut self) -> Option<u64> {
        self.over.pop_front()
    }

    /// How many account queries were answered.
    pub(crate) const fn queries(&self) -> u64 {
        self.queries
    }

    /// Takes the next report.
    pub(crate) fn report(&mut self, report: &Report) {
        match *report {
            Report::Accepted { qty, ioc, dead, .. } => {
                self.close();
                self.open = Open::Enter {
                    left: qty,
                    rests: !ioc && !dead,
                };
            }
            Report::Replaced { left, .. } => {
                self.close();
                self.open = Open::Replace {
                    left,
                    filled: false,
                };
            }
            Report::Executed {
                qty, added: false, ..
            } => {
                // The maker's E.
                self.expected += 1;
                match &mut self.open {
                    Open::Enter { left, .. } => *left = left.saturating_sub(qty),
                    Open::Replace { left, filled } => {
                        *left = left.saturating_sub(qty);
                        *filled = true;
                    }
                    Open::None => {}
                }
            }
            Report::Canceled { asked: true, .. } => {
                self.close();
                // D or X.
                self.expected += 1;
                self.over.push_back(self.expected);
            }
            Report::Rejected { .. } | Report::CancelRejected { .. } => {
                self.close();
                self.over.push_back(self.expected);
            }
            Report::NextUserRef { .. } => {
                self.close();
                self.queries += 1;
            }
            Report::Executed { added: true, .. }
            | Report::Canceled { asked: false, .. }
            | Report::MassCanceled
            | Report::Other => {}
        }
    }

    fn close(&mut self) {
        self.expected += match std::mem::replace(&mut self.open, Open::None) {
            Open::None => return,
            Open::Enter { left, rests } => u64::from(rests && left > 0),
            // A replacement that met nothing is a U, any other a D and an A of what rests.
            Open::Replace { filled: false, .. } => 1,
            Open::Replace { left, filled: true } => 1 + u64::from(left > 0),
        };
        self.over.push_back(self.expected);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rialto_wire::ouch::RejectReason;

    fn accepted(qty: u32, ioc: bool) -> Report {
        Report::Accepted {
            user_ref: 1,
            order_ref: 1,
            qty,
            ioc,
            dead: false,
        }
    }

    fn executed(qty: u32, added: bool) -> Report {
        Report::Executed {
            user_ref: 1,
            qty,
            price_e4: 1,
            added,
            match_number: 1,
        }
    }

    fn replaced(left: u32) -> Report {
        Report::Replaced {
            orig: 1,
            user_ref: 2,
            order_ref: 2,
            left,
            price_e4: 1,
            dead: false,
        }
    }

    #[test]
    fn each_command_ends_with_its_messages_counted() {
        let mut tally = Tally::new();
        let canceled = |asked| Report::Canceled {
            user_ref: 1,
            qty: 1,
            asked,
        };
        for report in [
            accepted(10, false), // A
            accepted(10, false),
            executed(4, true),
            executed(4, false), // E A
            accepted(4, false),
            executed(4, true),
            executed(4, false), // E
            accepted(5, true),
            executed(2, true),
            executed(2, false),
            canceled(false), // E
            canceled(true),  // D
            replaced(5),     // U
            replaced(5),
            executed(2, true),
            executed(2, false), // D E A
            replaced(5),
            executed(5, true),
            executed(5, false), // D E
            Report::Rejected {
                user_ref: 1,
                reason: RejectReason::Halted,
            },
            Report::CancelRejected { user_ref: 1 },
            Report::NextUserRef { next: 1 },
        ] {
            tally.report(&report);
        }
        let mut over = Vec::new();
        while let Some(expected) = tally.next_over() {
            over.push(expected);
        }
        assert_eq!(over, [1, 3, 4, 5, 6, 7, 10, 12, 12, 12]);
        assert_eq!(tally.queries(), 1);
    }
}
