//! What was found, each thing once however many comparisons show it.

use crate::truth::Day;
use rialto_session::StreamId;
use std::collections::BTreeSet;

/// How many are told in words.
const TOLD: usize = 20;

/// A report: its day, stream and number.
pub(crate) type Report = (Day, StreamId, u64);
/// An order: its day, session and UserRefNum.
pub(crate) type Order = (Day, StreamId, u32);

/// All findings.
#[derive(Default, Debug)]
pub(crate) struct Findings {
    lost: BTreeSet<Order>,
    repeated: BTreeSet<Order>,
    /// Reports repeated that are about no order.
    repeated_reports: BTreeSet<Report>,
    altered: BTreeSet<Report>,
    gaps: BTreeSet<Report>,
    told: Vec<String>,
    more: u64,
}

impl Findings {
    fn tell(&mut self, new: bool, words: impl FnOnce() -> String) {
        if new && self.told.len() < TOLD {
            self.told.push(words());
        } else if new {
            self.more += 1;
        }
    }

    /// An acknowledged order is not there.
    pub(crate) fn lost(&mut self, order: Order, words: impl FnOnce() -> String) {
        let new = self.lost.insert(order);
        self.tell(new, words);
    }

    /// Whether an order is known to be lost.
    pub(crate) fn is_lost(&self, order: &Order) -> bool {
        self.lost.contains(order)
    }

    /// An order was accepted, or executed, more than once.
    pub(crate) fn repeated(&mut self, order: Order, words: impl FnOnce() -> String) {
        let new = self.repeated.insert(order);
        self.tell(new, words);
    }

    /// A report that is about no acknowledgement came more than once.
    pub(crate) fn repeated_report(&mut self, report: Report, words: impl FnOnce() -> String) {
        let new = self.repeated_reports.insert(report);
        self.tell(new, words);
    }

    /// A report is not what it was, or not what was asked.
    pub(crate) fn altered(&mut self, report: Report, words: impl FnOnce() -> String) {
        let new = self.altered.insert(report);
        self.tell(new, words);
    }

    /// A number is missing.
    pub(crate) fn gap(&mut self, report: Report, words: impl FnOnce() -> String) {
        let new = self.gaps.insert(report);
        self.tell(new, words);
    }

    /// Something that has no count of its own.
    pub(crate) fn other(&mut self, words: String) {
        self.tell(true, || words);
    }

    pub(crate) fn counts(&self) -> [u64; 4] {
        [
            self.lost.len() as u64,
            (self.repeated.len() + self.repeated_reports.len()) as u64,
            self.altered.len() as u64,
            self.gaps.len() as u64,
        ]
    }

    pub(crate) fn into_words(mut self) -> Vec<String> {
        if self.more > 0 {
            self.told.push(format!("and {} more", self.more));
        }
        self.told
    }
}

/// A stream in words.
pub(crate) fn name(day: &Day, stream: StreamId) -> String {
    let day = String::from_utf8_lossy(day);
    match stream {
        StreamId::Feed => format!("the feed of {day}"),
        StreamId::Session(id) => format!("session {id} of {day}"),
    }
}
