//! The journal as a group sees it.

use std::io;

/// Called once with the outcome. On success what was asked is durable.
pub type Done<T> = Box<dyn FnOnce(io::Result<T>) + Send>;

/// A market's part of the journal. The node's journal thread implements it, and so does the simulation.
pub trait JournalPort: Clone + Send + Sync + 'static {
    /// Hands an operation over without waiting. Operations are carried out in the order they were submitted; the `done` of
    /// each is called once its effect is durable, from any thread, and in the same order among writes.
    fn submit(&self, op: JournalOp);
}

/// What a group asks of the journal. Positions begin at 1.
pub enum JournalOp {
    /// Writes entries at the given positions, which follow what is there without a gap.
    Append {
        /// (position, entry) in order.
        entries: Vec<(u64, Vec<u8>)>,
        /// Called when all of them are durable.
        done: Done<()>,
    },
    /// Drops `from` and everything after it.
    Truncate {
        /// The first position dropped; the next append goes there.
        from: u64,
        /// Called when that is durable.
        done: Done<()>,
    },
    /// Forgets all entries; the log goes on at `next`, after a checkpoint took their place.
    Reset {
        /// The position of the next append.
        next: u64,
        /// Called when that is durable.
        done: Done<()>,
    },
    /// Entries up to and with this position are needed no more: their room may be used again.
    Purge {
        /// The last position given up.
        up_to: u64,
    },
    /// Replaces the log's one note.
    Note {
        /// The note, at most 256 bytes.
        bytes: Vec<u8>,
        /// Called when it is durable.
        done: Done<()>,
    },
    /// Reads entries, durable or still on their way.
    Read {
        /// The first position.
        from: u64,
        /// The position after the last one.
        to: u64,
        /// About how much to give in all; at least one entry is given if there is one.
        max_bytes: usize,
        /// Called with (position, entry) in order.
        done: Done<Vec<(u64, Vec<u8>)>>,
    },
}

impl std::fmt::Debug for JournalOp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            JournalOp::Append { entries, .. } => write!(
                f,
                "Append({} entries from {})",
                entries.len(),
                entries.first().map_or(0, |(position, _)| *position)
            ),
            JournalOp::Truncate { from, .. } => write!(f, "Truncate(from {from})"),
            JournalOp::Reset { next, .. } => write!(f, "Reset(next {next})"),
            JournalOp::Purge { up_to } => write!(f, "Purge(up to {up_to})"),
            JournalOp::Note { bytes, .. } => write!(f, "Note({} bytes)", bytes.len()),
            JournalOp::Read { from, to, .. } => write!(f, "Read({from}..{to})"),
        }
    }
}

/// What the journal holds for a group when it starts.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct JournalState {
    /// The first position held; equal to `next` while none is.
    pub first: u64,
    /// The position of the next append; 1 in a fresh journal.
    pub next: u64,
    /// The log's note, if one was ever put.
    pub note: Option<Vec<u8>>,
}

impl Default for JournalState {
    fn default() -> JournalState {
        JournalState {
            first: 1,
            next: 1,
            note: None,
        }
    }
}
