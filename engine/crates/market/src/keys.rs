//! Idempotency keys of operators' commands.

use std::collections::VecDeque;

use crate::table::Table;

/// How many keys are remembered: a command whose key is one of the last 1,024 that were carried out is refused.
pub const REMEMBERED_KEYS: usize = 1024;

/// The keys of the last commands carried out.
#[derive(Debug)]
pub(crate) struct Keys {
    /// Oldest first.
    order: VecDeque<u64>,
    known: Table,
}

impl Keys {
    pub(crate) fn new() -> Self {
        Self {
            order: VecDeque::with_capacity(REMEMBERED_KEYS),
            known: Table::with_capacity(REMEMBERED_KEYS),
        }
    }

    pub(crate) fn contains(&self, key: u64) -> bool {
        key != 0 && self.known.get(key).is_some()
    }

    /// Remembers a key that is not there; 0 is none.
    pub(crate) fn insert(&mut self, key: u64) {
        if key == 0 {
            return;
        }
        if self.order.len() == REMEMBERED_KEYS
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(oldest);
        }
        self.order.push_back(key);
        self.known.insert(key, 0);
    }

    /// Oldest first.
    pub(crate) fn iter(&self) -> impl ExactSizeIterator<Item = u64> + '_ {
        self.order.iter().copied()
    }
}
