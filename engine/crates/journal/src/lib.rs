//! The one write-ahead journal of a node, shared by all its markets.
//!
//! A journal is a directory of segments, each preallocated and recycled rather than deleted. Records of many logs (one a
//! market) stand in it in the order they were appended; one [`Journal::sync`] makes all of them durable with one write and one
//! `fdatasync`. Recovery tells a torn tail, which is dropped, from corruption, which is an error: see `FORMAT.md` for every byte
//! and for the rule.
//!
//! * [`Journal`] is the only writer: append, sync, read, purge, seal.
//! * [`Reader`] follows the same directory from another thread, or reads a stopped journal or a copy of one, and never shows a
//!   record before it is durable.
//! * [`entry`] is what a replicated market keeps in an entry; the journal never looks inside.
//! * [`Disk`] is the injected disk: [`FileDisk`] for real files, [`MemDisk`] with faults for tests and simulation.

mod change;
mod config;
mod cuts;
mod disk;
pub mod entry;
mod error;
mod file_disk;
mod format;
mod journal;
mod log_state;
mod mem_disk;
mod names;
mod open;
mod pool;
mod read;
mod reader;
mod recover;
mod recycle;
mod scan;
mod segment;
mod survey;

pub use config::Config;
pub use disk::{Disk, DiskFile, DiskLock, LockMode};
pub use error::{Corruption, JournalError};
pub use file_disk::FileDisk;
pub use format::{FORMAT_VERSION, MAX_LOGS, MAX_NOTE_BYTES, MAX_PAYLOAD_BYTES};
pub use journal::Journal;
pub use mem_disk::{Loss, MemDisk};
pub use pool::{Spare, SpareRequest};
pub use reader::{Reader, Until};
pub use recover::{LogRange, Recovery};
pub use segment::SealedSegment;

/// The number of a log in the journal; a node gives each market one. `u32::MAX` is reserved.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(pub u32);

/// A byte position in the journal's whole life: it only grows, over all segments and restarts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position(pub u64);

/// One entry read back from a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its index in its log; indexes of a log follow each other without a gap.
    pub index: u64,
    /// Where its record ends: it is durable once the journal's durable position is not below this.
    pub end: Position,
    /// The bytes given to [`Journal::append`].
    pub payload: Vec<u8>,
}
