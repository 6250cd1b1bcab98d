//! One market on one thread: what its connections and its sequencer share.

pub mod asks;
mod core;
pub mod desk;
pub mod presence;
pub mod report;
mod sequencer;
mod snapshots;

pub use self::core::{Core, Link};
pub use asks::{Ask, Flushed, Refusal, StateReport, Verb};
pub use desk::{Bounds, Desk, Now, Standing};
pub use sequencer::{Sequencer, run};

use crate::clock::Clock;
use crate::config::{Limits, MarketConfig, TradingDayPolicy};
use crate::credentials::Credentials;
use crate::metrics::{MarketMetrics, NodeMetrics};
use crate::recovery::Places;
use crate::status::Board;
use rialto_replica::NotLeader;
use std::cell::{Cell, RefCell};
use std::sync::Arc;
use tokio::sync::{Notify, oneshot};

/// Told whether this replica leads, and the position at which a read is current.
pub type Confirm = oneshot::Sender<Result<u64, NotLeader>>;

/// What the tasks of a market's thread share. Nothing in here is held across an await.
pub struct Shared {
    /// The market's configuration.
    pub config: MarketConfig,
    /// When a trading day opens.
    pub trading_day: TradingDayPolicy,
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
    /// Where its files are.
    pub places: Places,
    /// The market and its queues.
    pub core: RefCell<Core>,
    /// Something waits to be sequenced or confirmed.
    pub waiting: Notify,
    /// The inbound queue has room again.
    pub room: Notify,
    /// The node stops: no more is read from clients.
    pub stopping: Cell<bool>,
    /// How often the state was replaced by another replica's checkpoint: readers of streams from before it end.
    pub replaced: Cell<u64>,
    /// Wakes everybody when one of the above changes, or leadership.
    pub heed: Notify,
    /// Who waits to hear whether this replica leads.
    pub confirms: RefCell<Vec<Confirm>>,
    /// Where bytes from sockets go first.
    pub scratch: RefCell<Vec<u8>>,
}
