//! What changes a log other than appending to it.

use crate::error::JournalError;
use crate::journal::Journal;
use crate::{LogId, Position};

/// The most bytes of a log's note.
pub const MAX_NOTE_BYTES: usize = 256;

fn missing() -> JournalError {
    JournalError::Config("this build of the journal has appends alone".into())
}

impl Journal {
    /// Drops the entries of a log from `from` on; later appends go on at `from`. In memory, as [`append`](Self::append) is: durable
    /// once [`sync`](Self::sync) has given a position that is not below the one given here.
    ///
    /// # Errors
    /// `UnknownLog`; `OutOfOrder` when `from` lies beyond the log's next index; `DiskFull`, `Poisoned`.
    pub fn truncate(&mut self, _log: LogId, _from: u64) -> Result<Position, JournalError> {
        Err(missing())
    }

    /// Forgets all entries of a log, which goes on at `next`, before or after where it stood. A log the journal has not seen begins.
    ///
    /// # Errors
    /// `OutOfOrder` for `u64::MAX`, `BadLog`, `DiskFull`, `Poisoned`.
    pub fn reset(&mut self, _log: LogId, _next: u64) -> Result<Position, JournalError> {
        Err(missing())
    }

    /// Puts a log's one note, of at most [`MAX_NOTE_BYTES`], in place of the one before. It outlives the recycling of segments.
    ///
    /// # Errors
    /// `PayloadTooLarge`, `BadLog`, `DiskFull`, `Poisoned`.
    pub fn put_note(&mut self, _log: LogId, _bytes: &[u8]) -> Result<Position, JournalError> {
        Err(missing())
    }

    /// The log's note as last put, durable or not yet.
    pub fn note(&self, _log: LogId) -> Option<&[u8]> {
        None
    }
}
