//! The truncations and resets a reader knows of.

use std::collections::BTreeMap;

use crate::LogId;
use crate::format::{KIND_RESET, KIND_TRUNCATION, RecordHead};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Cut {
    /// Journal position of its record.
    at: u64,
    reset: bool,
    index: u64,
}

impl Cut {
    /// Whether it drops the entry `index` that stands before it.
    fn drops(&self, index: u64) -> bool {
        self.reset || self.index <= index
    }
}

/// All truncations and resets below a position, per log in the order they were made.
#[derive(Debug, Default)]
pub(crate) struct Cuts {
    logs: BTreeMap<LogId, Vec<Cut>>,
    /// Everything below this position was looked at.
    pub(crate) known_to: u64,
}

impl Cuts {
    pub(crate) fn learn(&mut self, head: &RecordHead, start: u64) {
        if head.kind == KIND_TRUNCATION || head.kind == KIND_RESET {
            self.logs.entry(head.log).or_default().push(Cut {
                at: start,
                reset: head.kind == KIND_RESET,
                index: head.index,
            });
        }
    }

    /// Forgets what stands below the oldest segment.
    pub(crate) fn forget_below(&mut self, oldest: u64) {
        for cuts in self.logs.values_mut() {
            cuts.retain(|cut| cut.at >= oldest);
        }
    }

    fn of(&self, log: LogId) -> &[Cut] {
        self.logs.get(&log).map_or(&[], Vec::as_slice)
    }

    /// Whether the entry whose record begins at `start` was dropped later.
    pub(crate) fn dropped(&self, log: LogId, start: u64, index: u64) -> bool {
        let cuts = self.of(log).iter().rev();
        cuts.take_while(|cut| cut.at > start)
            .any(|cut| cut.drops(index))
    }

    /// Where the last cut stands that dropped entry `index`: if there is one now, it stands behind that.
    pub(crate) fn last_drop(&self, log: LogId, index: u64) -> Option<u64> {
        let mut cuts = self.of(log).iter().rev();
        cuts.find(|cut| cut.drops(index)).map(|cut| cut.at)
    }

    /// The log's first index, from the one it went on with at the oldest segment's begin.
    pub(crate) fn first(&self, log: LogId, at_begin: Option<u64>) -> Option<u64> {
        self.of(log).iter().fold(at_begin, |first, cut| {
            if cut.reset {
                Some(cut.index)
            } else {
                first.map(|first| first.min(cut.index))
            }
        })
    }
}
