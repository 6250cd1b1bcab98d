//! What can go wrong, where, and what to do next.

use std::io;

/// A place in the journal whose bytes contradict what is known to have been durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Corruption {
    /// The segment's file name.
    pub file: String,
    /// The byte in that file at which the contradiction stands.
    pub offset: u64,
    /// What should have stood there, and what was found.
    pub expected: String,
}

/// Every error of this crate. Clonable, since a poisoned journal gives the same error for ever.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum JournalError {
    /// Durable data is damaged. Nothing is applied and nothing is skipped.
    #[error(
        "the journal is corrupt: {} at byte {}: {}. Nothing was changed. Keep the directory for inspection, then restore this \
         segment from a backup or another replica; if there is none, start this node from its newest verified checkpoint",
        .0.file, .0.offset, .0.expected
    )]
    Corruption(Box<Corruption>),
    /// The journal is of another format version. Nothing was changed.
    #[error(
        "the journal in {place} is of format version {found} ({file}), this program reads and writes version {} alone. Nothing was \
         changed. Start anew with an empty directory (`rialto clean` gives up a local venue's journals and checkpoints), or go on \
         with the program that wrote it",
        crate::FORMAT_VERSION
    )]
    Version {
        /// The directory.
        place: String,
        /// The segment that says so.
        file: String,
        /// The version found.
        found: u32,
    },
    /// Another process (or another `Journal` of this one) holds the directory.
    #[error(
        "the journal in {place} is open in {}. Two writers would destroy it: stop that process first, or give this node a \
         directory of its own", pid.map_or("another process".to_string(), |p| format!("process {p}"))
    )]
    Locked {
        /// The directory.
        place: String,
        /// The holder, if its number could be read.
        pid: Option<u32>,
    },
    /// A write, a sync or a rename failed, so that what is on the disk is unknown. Every later call gives this error; the failed
    /// call is never repeated. Only a restart, which reads back what is really there, goes on.
    #[error(
        "the journal stopped for good: {action} of {file} failed: {message}. Nothing after the last durable position counts. \
         Look at the disk, then restart the node"
    )]
    Poisoned {
        /// What failed: `write`, `sync`, `rename`...
        action: &'static str,
        /// The file it failed on.
        file: String,
        /// What the system said.
        message: String,
    },
    /// There is no room to prepare the next segment. Nothing was changed: the journal goes on once there is room.
    #[error(
        "no space for the journal's next segment ({bytes} bytes) in {place}: free some space or purge the journal; nothing was lost"
    )]
    DiskFull {
        /// The directory.
        place: String,
        /// What a segment needs.
        bytes: u64,
    },
    /// A read or an open failed without harm to the journal.
    #[error(
        "{action} of {file} failed: {message}. Check the disk and the directory's rights, then try again"
    )]
    Io {
        /// What failed.
        action: &'static str,
        /// The file it failed on.
        file: String,
        /// The kind of failure.
        kind: io::ErrorKind,
        /// What the system said.
        message: String,
    },
    /// An index that is not the log's next one.
    #[error("log {log} expects index {expected}, not {got}: append entries one after the other")]
    OutOfOrder {
        /// The log.
        log: u32,
        /// Its next index.
        expected: u64,
        /// The index given.
        got: u64,
    },
    /// A payload above the bound.
    #[error("a payload of {bytes} bytes is above the bound of {max}: split it")]
    PayloadTooLarge {
        /// Its size.
        bytes: usize,
        /// The bound.
        max: usize,
    },
    /// Too much is waiting for a sync.
    #[error("{buffered} bytes wait for a sync, the bound is {max}: call sync first")]
    BufferFull {
        /// Bytes that wait.
        buffered: usize,
        /// The bound.
        max: usize,
    },
    /// A log beyond the number a segment header holds, or the reserved number.
    #[error("log {log} cannot be added: {reason}")]
    BadLog {
        /// The log.
        log: u32,
        /// Why.
        reason: &'static str,
    },
    /// A log the journal has never seen.
    #[error("the journal has no log {log}: append to it first")]
    UnknownLog {
        /// The log.
        log: u32,
    },
    /// Entries that were purged.
    #[error(
        "log {log} begins at index {first}; index {asked} was purged: start from a checkpoint at or after {first}"
    )]
    Purged {
        /// The log.
        log: u32,
        /// The index asked for.
        asked: u64,
        /// The first one that is still there.
        first: u64,
    },
    /// A segment that is no longer, or not yet, a sealed one.
    #[error("segment {number} is not among the sealed segments: list them again")]
    NoSuchSegment {
        /// The segment's number.
        number: u64,
    },
    /// A purge of what is not durable yet.
    #[error("log {log} can be purged up to index {last}, its last durable one, not {asked}")]
    PurgeBeyondEnd {
        /// The log.
        log: u32,
        /// The last durable index.
        last: u64,
        /// The index asked for.
        asked: u64,
    },
    /// A truncation of what is not there.
    #[error("log {log} goes on at index {next}: it cannot be truncated to go on at {asked}")]
    TruncateBeyondEnd {
        /// The log.
        log: u32,
        /// Its next index.
        next: u64,
        /// The index asked for.
        asked: u64,
    },
    /// A configuration that cannot work.
    #[error("the journal's configuration cannot work: {0}")]
    Config(String),
}

impl JournalError {
    pub(crate) fn corrupt(
        file: impl Into<String>,
        offset: u64,
        expected: impl Into<String>,
    ) -> Self {
        Self::Corruption(Box::new(Corruption {
            file: file.into(),
            offset,
            expected: expected.into(),
        }))
    }

    pub(crate) fn io(action: &'static str, file: impl Into<String>, error: &io::Error) -> Self {
        Self::Io {
            action,
            file: file.into(),
            kind: error.kind(),
            message: error.to_string(),
        }
    }

    pub(crate) fn poison(action: &'static str, file: impl Into<String>, error: &io::Error) -> Self {
        Self::Poisoned {
            action,
            file: file.into(),
            message: error.to_string(),
        }
    }
}
