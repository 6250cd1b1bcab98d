//! One market on one thread: what its connections and its sequencer share.

pub mod asks;
mod core;
pub mod report;
mod sequencer;
mod snapshots;

pub use self::core::{Core, Link};
pub use asks::{Ask, Flushed, Refusal, Verb};
pub use sequencer::run;

use crate::clock::Clock;
use crate::config::{Limits, MarketConfig};
use crate::credentials::Credentials;
use crate::metrics::{MarketMetrics, NodeMetrics};
use crate::status::Board;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use tokio::sync::Notify;

/// What the tasks of a market's thread share. Nothing in here is held across an await.
pub struct Shared {
    /// The market's configuration.
    pub config: MarketConfig,
    /// The node's bounds.
    pub limits: Limits,
    /// Passwords.
    pub credentials: Arc<Credentials>,
    /// What the market counts.
    pub metrics: Arc<MarketMetrics>,
    /// What the node counts.
    pub node: Arc<NodeMetrics>,
    /// Clocks.
    pub clock: Clock,
    /// Where the status is left.
    pub board: Board,
    /// The market and its queues.
    pub core: RefCell<Core>,
    /// Something waits to be sequenced.
    pub waiting: Notify,
    /// The inbound queue has room again.
    pub room: Notify,
    /// The node stops: no more is read from clients.
    pub stopping: Cell<bool>,
    /// Wakes everybody when `stopping` is set.
    pub stop: Notify,
    /// Where bytes from sockets go first.
    pub scratch: RefCell<Vec<u8>>,
}
