//! What others ask of a market's thread.

use crate::streams::Extents;
use rialto_market::event::RefuseReason;
use rialto_market::types::Symbol;
use rialto_replica::{CheckpointMeta, LeaderEpoch, NotLeader, ReplicaId, TransferRefused};
use std::fs::File;
use std::sync::Arc;
use tokio::sync::oneshot;

/// An operator's verb.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// Stop trading of one instrument, or of all.
    Halt(Option<Symbol>),
    /// Start trading of one instrument, or of all.
    Resume(Option<Symbol>),
    /// Open a trading day; today's UTC date without one.
    OpenDay(Option<u32>),
    /// Close the trading day.
    CloseDay,
}

/// Why a verb was not carried out.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refusal {
    /// The market refused it.
    #[error("the market refused it: {}", reason(*.0))]
    Market(RefuseReason),
    /// No such symbol.
    #[error("there is no such instrument")]
    UnknownInstrument,
    /// The node stops.
    #[error("the node is stopping")]
    Stopping,
    /// Another replica leads, so nothing was done.
    #[error("this replica does not lead the market")]
    Elsewhere {
        /// Who leads, where known.
        leader: Option<ReplicaId>,
    },
    /// Leadership moved before it was known to be durable: it may have been carried out or not.
    #[error("leadership moved before this was durable, so it may have been carried out or not")]
    Moved {
        /// Who leads now, where known.
        leader: Option<ReplicaId>,
    },
}

/// A refusal in words.
pub fn reason(reason: RefuseReason) -> &'static str {
    match reason {
        RefuseReason::RepeatedKey => "this key was used before, and it was carried out then",
        RefuseReason::DayIsOpen => "a trading day is open already",
        RefuseReason::DayIsClosed => "no trading day is open",
        RefuseReason::BadDate => "the date is none, or lies before the last day opened",
        RefuseReason::UnknownInstrument => "there is no such instrument",
        RefuseReason::UnknownAccount => "there is no such account",
        RefuseReason::InvalidDefinition => "a value is out of range or in use elsewhere",
        RefuseReason::OrdersResting => "orders rest, and the change would alter what they mean",
        RefuseReason::UnknownSession => "there is no such session",
    }
}

/// A position with the stream files that reach at least as far.
pub struct Flushed {
    /// The last entry applied; `None` before the first.
    pub meta: Option<CheckpointMeta>,
    /// How far the streams have come there.
    pub extents: Extents,
    /// The files; their content is written but not synced.
    pub files: Vec<Arc<File>>,
}

/// Answers whoever asked. They may have gone; what was asked stands all the same.
pub fn reply<T>(to: oneshot::Sender<T>, answer: T) {
    if to.send(answer).is_err() {
        tracing::debug!(event = "nobody_waits");
    }
}

/// What a market's thread is asked.
pub enum Ask {
    /// Carry out a verb and say the position it was carried out at.
    Operate {
        /// The idempotency key.
        key: u64,
        /// The verb.
        verb: Verb,
        /// The answer, once it is durable.
        reply: oneshot::Sender<Result<u64, Refusal>>,
    },
    /// Write all streams to their files.
    Flush(oneshot::Sender<Flushed>),
    /// A checkpoint is durable, and nobody needs what lies before `keep_from`.
    Checkpointed {
        /// What it is a checkpoint of.
        made: CheckpointMeta,
        /// The oldest position needed.
        keep_from: u64,
    },
    /// Hand leadership to a voter, or to the best one.
    Transfer {
        /// To whom.
        to: Option<ReplicaId>,
        /// The new leadership.
        reply: oneshot::Sender<Result<LeaderEpoch, TransferRefused>>,
    },
    /// Hand leadership on if this replica leads and there is another voter; answers when that is done or can't be.
    Leave(oneshot::Sender<()>),
    /// The state's hash, at the leader's position or at this replica's own.
    State {
        /// Whether it must be the leader's.
        leader: bool,
        /// The answer.
        reply: oneshot::Sender<Result<StateReport, NotLeader>>,
    },
    /// Take nothing more from clients, finish what was taken, and let the connections end; answers when done.
    Quiesce(oneshot::Sender<()>),
    /// End the thread.
    End,
}

/// The state of a replica at a position.
#[derive(Clone, Debug)]
pub struct StateReport {
    /// The last position applied.
    pub position: u64,
    /// BLAKE3 of the state.
    pub state_hash: [u8; 32],
    /// How old it may be, in ns: the time since the leader was heard, or since a leader's majority answered it; 0 where
    /// leadership was just confirmed, `None` where nobody was heard.
    pub age_ns: Option<u64>,
    /// What the replica is.
    pub role: &'static str,
}
