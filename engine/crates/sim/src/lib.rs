//! Whole clusters in one thread on a virtual clock, with seeded faults.
//!
//! A run is decided by its seed: the shape of the cluster, what clients ask, which faults come when. The replicas, the
//! journal, the market, its streams and the session machines are the product's own; the network, the disks, the clocks
//! and the supervisor are this crate's. After the faults everything is healed, and what clients were told is held
//! against what every replica has: see [`check`].

pub mod check;
pub mod checkpoints;
pub mod client;
pub mod cluster;
pub mod disk;
pub mod ledger;
pub mod life;
pub mod mutation;
pub mod nemesis;
pub mod net;
pub mod node;
pub mod random;
pub mod record;
pub mod run;
pub mod table;

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks what only one thread ever uses; a lock is there because the replicas' futures may move between threads.
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
