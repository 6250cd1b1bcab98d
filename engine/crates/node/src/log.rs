//! The border to the replicated log. A market loop proposes batches and applies what comes back committed, in order; it
//! does not know whether one journal or a majority of regions made a batch durable.

use std::task::{Context, Poll};
use std::time::Instant;

/// A batch that is durable: every replica applies the same ones in the same order.
#[derive(Debug)]
pub struct Committed {
    /// Its position in the log, from 1, without a gap.
    pub position: u64,
    /// The batch, as it was proposed.
    pub payload: Vec<u8>,
    /// When it was proposed here; `None` for a batch of another replica.
    pub proposed: Option<Instant>,
    /// When it became durable.
    pub durable: Instant,
}

/// Why nothing was proposed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotProposed {
    /// As much is in flight as may be; propose again after the next commit.
    #[error("as much is in flight as may be")]
    Full,
    /// The log stops; nothing more will be committed.
    #[error("the log has stopped")]
    Stopped,
}

/// A market's log, as its leader sees it.
pub trait Log {
    /// Offers a batch for the next position. It comes back by [`Log::poll_committed`] once it is durable, and batches come
    /// back in the order they were offered.
    ///
    /// # Errors
    /// The batch comes back unchanged with the reason.
    fn propose(&mut self, batch: Vec<u8>) -> Result<(), (Vec<u8>, NotProposed)>;

    /// The batches that became durable since the last call, in order; `None` once the log has stopped.
    fn poll_committed(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<Committed>>>;

    /// The position that the first batch offered gets.
    fn next(&self) -> u64;

    /// Says that a checkpoint covers everything up to and with `position`: the log may forget it.
    fn covered(&mut self, position: u64);

    /// A reader of what is durable, for recovery and checkpoints.
    ///
    /// # Errors
    /// The log can't be opened for reading.
    fn history(&self) -> Result<Box<dyn History>, LogError>;
}

/// Reads a log from its past up to what is durable.
pub trait History: Send {
    /// Durable batches from `position` on, as (position, batch); at least one if there is one, about `max_bytes` in all;
    /// empty at the end.
    ///
    /// # Errors
    /// The position was given up, or the log is damaged or unreadable.
    fn read(&mut self, position: u64, max_bytes: usize) -> Result<Vec<(u64, Vec<u8>)>, LogError>;

    /// The first position that can be read; `None` while there is none.
    ///
    /// # Errors
    /// The log is unreadable.
    fn first(&mut self) -> Result<Option<u64>, LogError>;
}

/// What a log reports.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LogError(pub String);
