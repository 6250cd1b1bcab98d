//! One log in memory: its bounds, and sparsely where its entries stand.

use std::collections::VecDeque;

/// How much journal lies between two places of a log's index; a read scans at most this much in vain (within a segment).
const SPARSE_BYTES: u64 = 64 << 10;

/// Where an entry's record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Place {
    pub index: u64,
    /// Journal position of the record's first byte.
    pub position: u64,
    /// Whether it is the first after a truncation: between the entry before and this one stand dropped ones.
    pub jump: bool,
}

/// Where a log's entries stand. Every first entry in a segment and every first one after a truncation has a place, so the oldest
/// place is in the same segment as the oldest entry, and no dropped entry stands between two places unless the second is a jump.
#[derive(Clone, Debug, Default)]
pub(crate) struct LogState {
    /// First index that can be read.
    pub first: u64,
    /// The index the next append must have.
    pub next: u64,
    places: VecDeque<Place>,
    truncated: bool,
}

impl LogState {
    pub(crate) fn starting_at(index: u64) -> Self {
        Self {
            first: index,
            next: index,
            places: VecDeque::new(),
            truncated: false,
        }
    }

    /// Takes note of the record of `next` at `position`, in the segment that begins at `base`.
    pub(crate) fn push(&mut self, position: u64, base: u64) {
        let jump = std::mem::take(&mut self.truncated);
        let far = |place: &Place| {
            place.position < base || position >= place.position + SPARSE_BYTES || jump
        };
        if self.places.back().is_none_or(far) {
            self.places.push_back(Place {
                index: self.next,
                position,
                jump,
            });
        }
        self.next += 1;
    }

    /// Where to begin scanning for `index`.
    pub(crate) fn place_of(&self, index: u64) -> Option<u64> {
        let after = self.places.partition_point(|place| place.index <= index);
        self.places
            .get(after.checked_sub(1)?)
            .map(|place| place.position)
    }

    /// The first place after `index` before which dropped entries stand.
    pub(crate) fn jump_after(&self, index: u64) -> Option<Place> {
        let after = self.places.partition_point(|place| place.index <= index);
        self.places.range(after..).find(|place| place.jump).copied()
    }

    /// A position in the segment of the oldest entry, not after it; `None` without entries.
    pub(crate) fn oldest(&self) -> Option<u64> {
        self.places.front().map(|place| place.position)
    }

    /// Forgets everything below `first`.
    pub(crate) fn purge(&mut self, first: u64) {
        self.first = self.first.max(first);
        if self.first == self.next {
            self.places.clear();
        }
        while self
            .places
            .get(1)
            .is_some_and(|place| place.index <= self.first)
        {
            self.places.pop_front();
        }
    }

    /// Drops `from` and everything after it. Where `from` lies below the first index, nothing is left and the log goes on at `from`.
    pub(crate) fn truncate(&mut self, from: u64) {
        self.next = from;
        self.first = self.first.min(from);
        while self.places.back().is_some_and(|place| place.index >= from) {
            self.places.pop_back();
        }
        if self.first == self.next {
            self.places.clear();
        }
        self.truncated = true;
    }

    /// Forgets everything; the log goes on at `next`.
    pub(crate) fn reset(&mut self, next: u64) {
        *self = Self::starting_at(next);
    }
}
