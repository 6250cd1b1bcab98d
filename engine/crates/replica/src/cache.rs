//! The newest entries of the log in memory, so that fresh entries are replicated and applied without reading the disk.

use std::collections::VecDeque;

use openraft::EntryPayload;

use crate::types::{Entry, LogId};

/// About how much an entry costs beside its batch, in bytes.
const OVERHEAD: usize = 128;

/// What an entry counts, in bytes.
pub(crate) fn weight(entry: &Entry) -> usize {
    match &entry.payload {
        EntryPayload::Normal(batch) => batch.0.len() + OVERHEAD,
        EntryPayload::Blank | EntryPayload::Membership(_) => OVERHEAD,
    }
}

/// A run of entries without a gap that ends with the log. Entries that are not durable yet stay whatever the bound.
pub(crate) struct Cache {
    entries: VecDeque<Entry>,
    bytes: usize,
    limit: usize,
}

impl Cache {
    pub(crate) fn new(limit: usize) -> Cache {
        Cache {
            entries: VecDeque::new(),
            bytes: 0,
            limit,
        }
    }

    /// The index of the first entry held; `None` while empty.
    pub(crate) fn first(&self) -> Option<u64> {
        self.entries.front().map(|entry| entry.log_id.index)
    }

    /// The log id of the entry at `index`, if it is held.
    pub(crate) fn log_id(&self, index: u64) -> Option<LogId> {
        let at = usize::try_from(index.checked_sub(self.first()?)?).ok()?;
        self.entries.get(at).map(|entry| entry.log_id)
    }

    /// Adds the entry that follows.
    pub(crate) fn push(&mut self, entry: Entry) {
        self.bytes += weight(&entry);
        self.entries.push_back(entry);
    }

    /// Gives up the oldest entries below `durable` (an index) until the bound is kept.
    pub(crate) fn shrink(&mut self, durable: u64) {
        while self.bytes > self.limit {
            match self.entries.front() {
                Some(entry) if entry.log_id.index < durable => self.drop_front(),
                _ => return,
            }
        }
    }

    /// Whether the bound is exceeded so far that entries must have been waiting long to become durable.
    pub(crate) fn is_overfull(&self) -> bool {
        self.bytes > self.limit.saturating_mul(2)
    }

    /// Gives up everything below `index`.
    pub(crate) fn purge(&mut self, index: u64) {
        while self.first().is_some_and(|first| first < index) {
            self.drop_front();
        }
    }

    /// Drops `index` and everything after it.
    pub(crate) fn truncate(&mut self, index: u64) {
        while self
            .entries
            .back()
            .is_some_and(|entry| entry.log_id.index >= index)
        {
            if let Some(entry) = self.entries.pop_back() {
                self.bytes -= weight(&entry);
            }
        }
    }

    /// Entries from `start` to before `end` while they stay under `max_bytes`; at least one if the first is here.
    pub(crate) fn read(&self, start: u64, end: u64, max_bytes: usize, out: &mut Vec<Entry>) {
        let Some(first) = self.first() else { return };
        if start < first {
            return;
        }
        let mut bytes = 0;
        for entry in self
            .entries
            .range(((start - first) as usize).min(self.entries.len())..)
        {
            bytes += weight(entry);
            if entry.log_id.index >= end || (!out.is_empty() && bytes > max_bytes) {
                return;
            }
            out.push(entry.clone());
        }
    }

    fn drop_front(&mut self) {
        if let Some(entry) = self.entries.pop_front() {
            self.bytes -= weight(&entry);
        }
    }
}
