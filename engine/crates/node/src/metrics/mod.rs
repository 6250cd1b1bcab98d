//! What the node counts. The values live here; [`catalogue`] says what each is called.

pub mod catalogue;
pub mod exposition;
mod histogram;

pub use histogram::{Histogram, Recent};

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// A number that only grows.
#[derive(Debug, Default)]
pub struct Counter(AtomicU64);

impl Counter {
    /// Adds `n`.
    pub fn add(&self, n: u64) {
        if n != 0 {
            self.0.fetch_add(n, Relaxed);
        }
    }

    /// Sets it to a sum kept elsewhere, which only grows too.
    pub fn follow(&self, sum: u64) {
        self.0.store(sum, Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// A number that goes up and down.
#[derive(Debug, Default)]
pub struct Gauge(AtomicU64);

impl Gauge {
    /// Sets it.
    pub fn set(&self, n: u64) {
        self.0.store(n, Relaxed);
    }

    /// Sets it to a size.
    pub fn set_len(&self, n: usize) {
        self.set(n as u64);
    }

    /// One more.
    pub fn up(&self) {
        self.0.fetch_add(1, Relaxed);
    }

    /// One less.
    pub fn down(&self) {
        self.0.fetch_sub(1, Relaxed);
    }

    /// Its value.
    pub fn get(&self) -> u64 {
        self.0.load(Relaxed)
    }
}

/// The listeners of a market.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Port {
    /// Order sessions.
    Orders = 0,
    /// The feed.
    Feed = 1,
    /// Snapshots.
    Snapshot = 2,
}

/// The label values of [`Port`].
pub const PORTS: [&str; 3] = ["orders", "feed", "snapshot"];

impl Port {
    /// Its label value.
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => "orders",
            Self::Feed => "feed",
            Self::Snapshot => "snapshot",
        }
    }
}

/// The label values of why connections ended: the session's `CloseReason::name`, then what happens outside the protocol.
pub const ENDED: [&str; 17] = [
    "logout",
    "disconnected",
    "end_of_session",
    "login_rejected",
    "login_timeout",
    "silent",
    "stalled",
    "malformed",
    "bad_message",
    "not_logged_in",
    "second_login",
    "read_only",
    "displaced",
    "shutdown",
    "leadership_moved",
    FULL,
    OTHER,
];
/// The listener had as many connections as it may have.
pub const FULL: &str = "full";
/// Anything else.
pub const OTHER: &str = "other";

/// The label values of `RejectReason`, in its order.
pub const REJECTS: [&str; 18] = [
    "market_closed",
    "halted",
    "unknown_symbol",
    "invalid_quantity",
    "odd_lot",
    "invalid_price",
    "off_tick",
    "collar",
    "max_order_quantity",
    "max_order_value",
    "max_open_orders",
    "post_only_would_match",
    "invalid_min_quantity",
    "invalid_time_in_force",
    "order_entry_disabled",
    "order_not_found",
    "nothing_left",
    "market_full",
];

/// The stages of an order's way, in its order.
pub const STAGES: [&str; 4] = ["sequence", "durable", "apply", "send"];

/// What one market counts.
#[derive(Debug, Default)]
pub struct MarketMetrics {
    /// The market's name.
    pub name: String,
    /// Commands applied.
    pub commands: Counter,
    /// Batches proposed.
    pub batches: Counter,
    /// Orders accepted (replacements included).
    pub accepted: Counter,
    /// Executions.
    pub executions: Counter,
    /// Executed quantity.
    pub executed_quantity: Counter,
    /// Cancels and reductions.
    pub cancels: Counter,
    /// Rejects by reason.
    pub rejects: [Counter; REJECTS.len()],
    /// Cancels and modifies that named nothing that could be changed.
    pub cancel_rejects: Counter,
    /// Messages that changed nothing.
    pub ignored: Counter,
    /// Times a client's reading paused because the inbound queue was full.
    pub inbound_full: Counter,
    /// Connections that ended, by port and cause.
    pub ended: [[Counter; ENDED.len()]; PORTS.len()],
    /// Logins accepted, by port.
    pub logins: [Counter; PORTS.len()],
    /// Connections, by port.
    pub connections: [Gauge; PORTS.len()],
    /// Bytes received from clients.
    pub received_bytes: Counter,
    /// Bytes sent to clients.
    pub sent_bytes: Counter,
    /// Messages appended to streams: feed, sessions.
    pub stream_messages: [Counter; 2],
    /// Bytes appended to streams: feed, sessions.
    pub stream_bytes: [Counter; 2],
    /// Bytes of streams not yet in their files.
    pub stream_pending_bytes: Gauge,
    /// Orders resting.
    pub resting: Gauge,
    /// Messages waiting to be sequenced.
    pub inbound: Gauge,
    /// Batches on their way to durability.
    pub in_flight_batches: Gauge,
    /// Bytes on their way to durability.
    pub in_flight_bytes: Gauge,
    /// The last position applied.
    pub applied: Gauge,
    /// The last durable position.
    pub durable: Gauge,
    /// The first position that is kept.
    pub first: Gauge,
    /// 1 while this replica leads and takes orders.
    pub leads: Gauge,
    /// Leaderships this replica gained.
    pub led: Counter,
    /// The number of the highest leadership heard of.
    pub term: Gauge,
    /// Elections this replica began.
    pub elections: Counter,
    /// Leaders it suspected of having died.
    pub suspicions: Counter,
    /// Entries each voter lacks, by node; known to the leader alone.
    pub lags: Vec<(String, Gauge)>,
    /// Nanoseconds since the leader was heard.
    pub heard_from_leader_ns: Gauge,
    /// Checkpoints that set out to another replica.
    pub checkpoints_shipped: Counter,
    /// Checkpoints of another replica installed.
    pub checkpoints_installed: Counter,
    /// The last checkpoint's position.
    pub checkpoint_position: Gauge,
    /// When it was made.
    pub checkpoint_time_s: Gauge,
    /// Its size.
    pub checkpoint_bytes: Gauge,
    /// Checkpoints made.
    pub checkpoints: Counter,
    /// Checkpoints that failed.
    pub checkpoint_failures: Counter,
    /// How long checkpoints took.
    pub checkpoint_duration: Histogram,
    /// Whether a trading day is open.
    pub day_open: Gauge,
    /// Instruments halted.
    pub halted: Gauge,
    /// The stages' latencies.
    pub stages: [Histogram; STAGES.len()],
    /// From a message's arrival to its answer's last byte handed to the socket.
    pub acknowledge: Histogram,
}

impl MarketMetrics {
    /// Counts the end of a connection.
    pub fn connection_ended(&self, port: Port, cause: &str) {
        let known = ENDED.iter().position(|name| *name == cause);
        let cause = known.unwrap_or(ENDED.len() - 1);
        if let Some(counter) = self.ended[port as usize].get(cause) {
            counter.add(1);
        }
    }
}

/// What the whole node counts.
#[derive(Debug, Default)]
pub struct NodeMetrics {
    /// Venue, node, region.
    pub identity: [String; 3],
    /// When it started, seconds since the epoch.
    pub start_time_s: Gauge,
    /// How long writes with their fdatasync took.
    pub journal_sync: Histogram,
    /// Bytes appended to the journal.
    pub journal_bytes: Counter,
    /// Records appended to the journal.
    pub journal_records: Counter,
    /// Segments in use.
    pub journal_segments: Gauge,
    /// Empty segments kept ready.
    pub journal_spares: Gauge,
    /// Requests waiting for the journal thread.
    pub journal_queue: Gauge,
    /// Times an append found no room on the disk and waited.
    pub journal_disk_full: Counter,
    /// Requests held because the disk has no room for them.
    pub journal_held: Gauge,
    /// Free space of the data directory's disk.
    pub disk_free_bytes: Gauge,
    /// Its markets.
    pub markets: Vec<Arc<MarketMetrics>>,
}
