//! What `/v1/status` says. The market's thread makes a market's part a few times a second; asking stops nothing.

use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use utoipa::ToSchema;

/// The node.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct NodeStatus {
    /// The venue's name.
    pub venue: String,
    /// The node's name.
    pub node: String,
    /// Its region.
    pub region: String,
    /// The program's version.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// Now, nanoseconds since the epoch.
    pub time_ns: u64,
    /// Seconds since the start.
    pub uptime_s: f64,
    /// Free space of the data directory's disk.
    pub disk_free_bytes: u64,
    /// Its markets by name.
    pub markets: BTreeMap<String, MarketStatus>,
}

/// A market.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct MarketStatus {
    /// What the replica is: `leader` (it takes orders), `follower`, `candidate` or `learner`.
    pub role: String,
    /// The replica's place among the others.
    pub replication: ReplicationStatus,
    /// `zone` or `region`.
    pub durability: String,
    /// When this was true, nanoseconds since the epoch.
    pub time_ns: u64,
    /// The trading day, open or closed last; null before the first.
    pub trading_day: Option<TradingDayStatus>,
    /// Positions in the journal.
    pub journal: JournalStatus,
    /// The last checkpoint; null before the first.
    pub checkpoint: Option<CheckpointStatus>,
    /// Connections by port.
    pub connections: ConnectionStatus,
    /// Order sessions.
    pub sessions: Vec<SessionStatus>,
    /// Orders resting.
    pub orders_resting: u64,
    /// Counts since the start of the process.
    pub counters: Counters,
    /// Orders accepted a second, over the last five seconds.
    pub orders_per_second: f64,
    /// Client messages sequenced a second, over the last five seconds.
    pub messages_per_second: f64,
    /// From a message's arrival until its answer is handed to the socket, over the last ten seconds; null without any.
    pub acknowledge: Option<Quantiles>,
    /// Instruments, in the order of their numbers.
    pub instruments: Vec<InstrumentStatus>,
    /// What waits where, with its bound.
    pub queues: Vec<QueueStatus>,
}

/// A replica among the others of its market.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct ReplicationStatus {
    /// This replica's number.
    pub id: u64,
    /// The market's lineage.
    pub incarnation: u8,
    /// The highest leadership heard of.
    pub epoch: EpochStatus,
    /// Who leads; null where nobody is known to.
    pub leader: Option<LeaderStatus>,
    /// Every voter, as the configuration declares it.
    pub voters: Vec<VoterReport>,
    /// The last position in this replica's log.
    pub last: u64,
    /// The last position known to be committed.
    pub committed: u64,
    /// The last position given to the market.
    pub applied: u64,
    /// Milliseconds since the leader was heard; null at the leader, and where none was.
    pub heard_from_leader_ms: Option<f64>,
    /// Elections this replica began since its start.
    pub elections: u64,
    /// Times it suspected a leader of having died since its start.
    pub suspicions: u64,
}

/// A leadership.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct EpochStatus {
    /// The election's number.
    pub term: u64,
    /// The replica elected.
    pub node: u64,
}

/// The leader.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct LeaderStatus {
    /// Its number.
    pub id: u64,
    /// Its node.
    pub node: String,
    /// Its region.
    pub region: String,
}

/// A voter.
#[derive(Clone, Debug, Default, Serialize, ToSchema)]
pub struct VoterReport {
    /// Its number.
    pub id: u64,
    /// Its node.
    pub node: String,
    /// Its region.
    pub region: String,
    /// Where its replication port is.
    pub address: String,
    /// Up to where it holds the log; known to the leader alone.
    pub matched: Option<u64>,
    /// Entries it lacks; known to the leader alone.
    pub lag: Option<u64>,
    /// Milliseconds since it answered; known to the leader alone.
    pub heard_ms: Option<f64>,
}

/// A trading day.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TradingDayStatus {
    /// yyyymmdd.
    pub date: u32,
    /// Which opening of that date, from 1.
    pub opening: u8,
    /// The market's lineage, from 1.
    pub incarnation: u8,
    /// The SoupBinTCP session name of its streams.
    pub session: String,
    /// Whether it is open.
    pub open: bool,
}

/// Positions in a market's journal.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct JournalStatus {
    /// The last position applied.
    pub applied: u64,
    /// The last durable position.
    pub durable: u64,
    /// The first position kept.
    pub first: u64,
}

/// A checkpoint.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CheckpointStatus {
    /// The last position in it.
    pub position: u64,
    /// BLAKE3 of the state, in hex.
    pub state_hash: String,
    /// When it was made, nanoseconds since the epoch.
    pub time_ns: u64,
    /// Its age in seconds when this status was made.
    pub age_s: f64,
    /// Its size.
    pub bytes: u64,
}

/// Connections.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct ConnectionStatus {
    /// Of the order port.
    pub orders: u64,
    /// Of the feed port.
    pub feed: u64,
    /// Of the snapshot port.
    pub snapshot: u64,
}

/// An order session.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SessionStatus {
    /// Its login name.
    pub username: String,
    /// Its number.
    pub id: u32,
    /// Whether it is logged in.
    pub connected: bool,
    /// Its orders that rest.
    pub orders_resting: u64,
    /// Messages in its stream today.
    pub stream_messages: u64,
}

/// Counts since the start of the process.
#[derive(Clone, Copy, Debug, Default, Serialize, ToSchema)]
pub struct Counters {
    /// Commands applied.
    pub commands: u64,
    /// Orders accepted, replacements included.
    pub orders: u64,
    /// Executions.
    pub executions: u64,
    /// Executed quantity.
    pub executed_quantity: u64,
    /// Orders refused.
    pub rejects: u64,
    /// Cancels and reductions.
    pub cancels: u64,
    /// Messages that changed nothing.
    pub ignored: u64,
}

/// Latencies.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct Quantiles {
    /// Half are faster.
    pub p50_ns: u64,
    /// Of a hundred, 99 are faster.
    pub p99_ns: u64,
}

/// An instrument.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InstrumentStatus {
    /// Its symbol.
    pub symbol: String,
    /// Its number.
    pub id: u16,
    /// `trading` or `halted`.
    pub state: String,
    /// The best bid; null without one.
    pub bid: Option<LevelStatus>,
    /// The best ask; null without one.
    pub ask: Option<LevelStatus>,
    /// The last price in 1e-4; null before the first trade.
    pub last_price_e4: Option<u64>,
    /// Quantity executed in the trading day.
    pub volume: u64,
    /// Executions in the trading day.
    pub trades: u64,
}

/// A price level.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct LevelStatus {
    /// Price in 1e-4.
    pub price_e4: u64,
    /// Quantity there.
    pub quantity: u64,
}

/// A queue.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct QueueStatus {
    /// Its name, as in the metrics.
    pub name: String,
    /// What is in it.
    pub depth: u64,
    /// Its bound.
    pub bound: u64,
}

/// The place where a market's thread leaves its status, and the checkpointer what it made last.
#[derive(Clone, Default)]
pub struct Board(Arc<Mutex<(MarketStatus, Option<CheckpointStatus>)>>);

impl Board {
    /// Leaves a new status.
    pub fn put(&self, status: MarketStatus) {
        self.lock().0 = status;
    }

    /// Leaves the last checkpoint.
    pub fn put_checkpoint(&self, checkpoint: CheckpointStatus) {
        self.lock().1 = Some(checkpoint);
    }

    /// The last status, with the last checkpoint in it.
    pub fn get(&self, now_ns: u64) -> MarketStatus {
        let (mut status, checkpoint) = self.lock().clone();
        status.checkpoint = checkpoint.map(|mut checkpoint| {
            #[allow(clippy::cast_precision_loss)]
            let age_s = now_ns.saturating_sub(checkpoint.time_ns) as f64 / 1e9;
            checkpoint.age_s = age_s;
            checkpoint
        });
        status
    }

    fn lock(&self) -> MutexGuard<'_, (MarketStatus, Option<CheckpointStatus>)> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
