//! What connections, edges and the admin API share: the links, and who has to look again when one changes.

use crate::config::Config;
use crate::links::Links;
use crate::random::Random;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use tokio::sync::Notify;

/// The state behind the lock.
pub struct State {
    /// The links.
    pub links: Links,
    /// Chance.
    pub random: Random,
    /// What each edge counts, in the order of the regions.
    pub edges: Vec<EdgeFigures>,
    waiting: BTreeMap<u64, Waker>,
    next: u64,
}

/// What an edge counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Serialize)]
pub struct EdgeFigures {
    /// Connections now.
    pub connections: usize,
    /// Connections taken since the start.
    pub accepted: u64,
    /// Connections closed at once because there were too many.
    pub over_limit: u64,
    /// Connections that spoke no SOCKS5, or none that is served, or nothing in time.
    pub malformed: u64,
    /// Targets that are in no region.
    pub unknown_targets: u64,
    /// Targets that could not be connected.
    pub failed_targets: u64,
}

/// Shared by everything on the runtime.
pub struct Shared {
    state: Mutex<State>,
    /// The faults' ends may have changed.
    pub leases: Notify,
}

impl Shared {
    /// The links of a configuration, as declared.
    #[must_use]
    pub fn new(config: &Config, seed: u64) -> Self {
        Self {
            state: Mutex::new(State {
                links: Links::new(config),
                random: Random::new(seed),
                edges: vec![EdgeFigures::default(); config.regions.len()],
                waiting: BTreeMap::new(),
                next: 0,
            }),
            leases: Notify::new(),
        }
    }

    /// The state; nothing waits while it is held.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes links, and lets every connection look again.
    pub fn change<T>(&self, change: impl FnOnce(&mut Links) -> T) -> T {
        let mut state = self.lock();
        let result = change(&mut state.links);
        state.wake_all();
        drop(state);
        self.leases.notify_one();
        result
    }
}

impl State {
    /// A number for a connection.
    pub const fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// A connection's task, to be woken by [`State::wake_all`].
    pub fn watch(&mut self, number: u64, waker: &Waker) {
        let known = self.waiting.entry(number);
        known
            .and_modify(|known| known.clone_from(waker))
            .or_insert_with(|| waker.clone());
    }

    /// The connection has ended.
    pub fn forget(&mut self, number: u64) {
        self.waiting.remove(&number);
    }

    /// Lets every connection look again.
    pub fn wake_all(&self) {
        for waker in self.waiting.values() {
            waker.wake_by_ref();
        }
    }
}
