//! What the network counts, and what it says only once.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::hello::Refusal;
use crate::ReplicaId;

/// Peers and reasons that are remembered as said; beyond them refusals are only counted.
const SAID: usize = 256;

/// How often what has happened on a replica's connections since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub struct TcpCounters {
    /// Connections accepted.
    pub accepted: u64,
    /// Accepts that failed (too many open files, for instance); the listener goes on.
    pub accept_failures: u64,
    /// Accepted connections refused, or that said no hello in time.
    pub refused: u64,
    /// Accepted connections closed because their peer made newer ones beyond its limit.
    pub displaced: u64,
    /// Connections made to peers.
    pub connected: u64,
    /// Connections that could not be made.
    pub connect_failures: u64,
    /// Connections that a peer refused by its answer to the hello.
    pub refused_by_peer: u64,
    /// Calls that got no answer in time.
    pub call_timeouts: u64,
    /// Frames with a wrong checksum or a length beyond the limit; each ends its connection.
    pub broken_frames: u64,
    /// Bytes of frames sent, and received.
    pub bytes_sent: u64,
    /// Bytes of frames received.
    pub bytes_received: u64,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub accepted: AtomicU64,
    pub accept_failures: AtomicU64,
    pub refused: AtomicU64,
    pub displaced: AtomicU64,
    pub connected: AtomicU64,
    pub connect_failures: AtomicU64,
    pub refused_by_peer: AtomicU64,
    pub call_timeouts: AtomicU64,
    pub broken_frames: AtomicU64,
    pub bytes_sent: AtomicU64,
    pub bytes_received: AtomicU64,
    said: Mutex<BTreeSet<(bool, ReplicaId, Refusal)>>,
}

pub(super) fn count(counter: &AtomicU64) {
    add(counter, 1);
}

pub(super) fn add(counter: &AtomicU64, more: usize) {
    counter.fetch_add(more as u64, Ordering::Relaxed);
}

impl Counts {
    pub(super) fn read(&self) -> TcpCounters {
        let of = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        TcpCounters {
            accepted: of(&self.accepted),
            accept_failures: of(&self.accept_failures),
            refused: of(&self.refused),
            displaced: of(&self.displaced),
            connected: of(&self.connected),
            connect_failures: of(&self.connect_failures),
            refused_by_peer: of(&self.refused_by_peer),
            call_timeouts: of(&self.call_timeouts),
            broken_frames: of(&self.broken_frames),
            bytes_sent: of(&self.bytes_sent),
            bytes_received: of(&self.bytes_received),
        }
    }

    /// Whether a refusal of (or by) this peer for this reason has not been told yet.
    pub(super) fn first(&self, by_peer: bool, peer: ReplicaId, reason: Refusal) -> bool {
        let mut said = self.said.lock().unwrap_or_else(PoisonError::into_inner);
        said.len() < SAID && said.insert((by_peer, peer, reason))
    }
}
