//! A replica's journal, read beside its owner or after it.

use rialto_journal::entry::{self, LeaderEpoch};
use rialto_journal::{
    Disk, DiskFile, DiskLock, FileDisk, JournalError, LockMode, LogId, Reader, Until,
};
use std::io;
use std::path::Path;

/// Bytes read at once.
const READ_BYTES: usize = 4 << 20;

/// Why a journal can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The journal says so.
    #[error("{0}")]
    Journal(#[from] JournalError),
    /// The disk says so.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// An entry is none.
    #[error("position {position}: {source}")]
    Entry {
        /// Where.
        position: u64,
        /// The cause.
        source: entry::EntryError,
    },
    /// A position is missing.
    #[error("the journal goes on at position {found}, {expected} is the next one")]
    Gap {
        /// The next position.
        expected: u64,
        /// The one found.
        found: u64,
    },
}

/// A journal's directory that takes no lock: whoever reads so has been told that nothing below the position it wants
/// changes any more, and finds the end as recovery does.
struct Unlocked(FileDisk);

struct NoLock;

impl DiskLock for NoLock {}

impl Disk for Unlocked {
    fn place(&self) -> String {
        self.0.place()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Err(read_only(name))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.0.open(name)
    }

    fn list(&self) -> io::Result<Vec<String>> {
        self.0.list()
    }

    fn rename(&self, from: &str, _: &str) -> io::Result<()> {
        Err(read_only(from))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        Err(read_only(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        Ok(())
    }

    fn lock(&self, _: &str, _: LockMode) -> io::Result<Result<Box<dyn DiskLock>, Option<u32>>> {
        Ok(Ok(Box::new(NoLock)))
    }
}

fn read_only(name: &str) -> io::Error {
    io::Error::new(
        io::ErrorKind::PermissionDenied,
        format!("{name}: the journal is only read"),
    )
}

/// A run of entries of one leadership: the first position and the last.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Run {
    pub(crate) epoch: LeaderEpoch,
    pub(crate) first: u64,
    pub(crate) last: u64,
}

/// One market's log in a journal.
pub(crate) struct Log {
    reader: Reader,
    log: LogId,
    /// The first position that can be read; the next one while there is none.
    pub(crate) first: u64,
}

impl Log {
    /// Opens the log of market `id` in the journal at `dir`.
    pub(crate) fn open(dir: &Path, id: u32) -> Result<Self, LogError> {
        let disk = Unlocked(FileDisk::existing(dir)?);
        let mut reader = Reader::open(disk, Until::ValidEnd)?;
        let log = LogId(id);
        let first = match reader.read(log, 1, 1) {
            Ok(_) => 1,
            Err(JournalError::Purged { first, .. }) => first,
            Err(error) => return Err(error.into()),
        };
        Ok(Self { reader, log, first })
    }

    /// Shows each entry from `from` up to and with `last`, in order.
    pub(crate) fn each(
        &mut self,
        from: u64,
        last: u64,
        mut show: impl FnMut(u64, &entry::LogEntry<'_>) -> Result<(), LogError>,
    ) -> Result<(), LogError> {
        let mut next = from;
        while next <= last {
            let entries = self.reader.read(self.log, next, READ_BYTES)?;
            if entries.is_empty() {
                break;
            }
            for found in entries {
                if found.index > last {
                    return Ok(());
                }
                if found.index != next {
                    return Err(LogError::Gap {
                        expected: next,
                        found: found.index,
                    });
                }
                let entry = entry::decode(&found.payload).map_err(|source| LogError::Entry {
                    position: next,
                    source,
                })?;
                show(next, &entry)?;
                next += 1;
            }
        }
        Ok(())
    }

    /// The leaderships up to and with `last`.
    pub(crate) fn runs(&mut self, last: u64) -> Result<Vec<Run>, LogError> {
        let mut runs: Vec<Run> = Vec::new();
        self.each(self.first, last, |position, entry| {
            match runs.last_mut() {
                Some(run) if run.epoch == entry.epoch => run.last = position,
                _ => runs.push(Run {
                    epoch: entry.epoch,
                    first: position,
                    last: position,
                }),
            }
            Ok(())
        })?;
        Ok(runs)
    }
}

/// The last position up to which two logs agree: the last that is of one leadership in both. What is before is then equal
/// too, so one that is given up at its beginning counts as agreeing there.
pub(crate) fn agreed(a: &[Run], b: &[Run]) -> u64 {
    for run in a.iter().rev() {
        for other in b.iter().rev() {
            let last = run.last.min(other.last);
            if run.epoch == other.epoch && last >= run.first.max(other.first) {
                return last;
            }
        }
    }
    let end = |runs: &[Run]| runs.last().map_or(0, |run| run.last);
    let begin = |runs: &[Run]| runs.first().map_or(1, |run| run.first);
    // No leadership in common: one ends where the other begins, or they have nothing to do with each other.
    if end(a) < begin(b) {
        end(a)
    } else if end(b) < begin(a) {
        end(b)
    } else {
        begin(a).max(begin(b)) - 1
    }
}

/// How far each log is held by a majority: what is beyond was never committed, or not yet.
pub(crate) fn committed(logs: &[Vec<Run>]) -> Vec<u64> {
    let majority = logs.len() / 2 + 1;
    logs.iter()
        .map(|log| {
            let mut held: Vec<u64> = logs.iter().map(|other| agreed(log, other)).collect();
            held.sort_unstable_by(|a, b| b.cmp(a));
            held.get(majority - 1).copied().unwrap_or(0)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn runs(list: &[(u64, u64, u64)]) -> Vec<Run> {
        let run = |&(term, first, last)| Run {
            epoch: LeaderEpoch { term, node: 1 },
            first,
            last,
        };
        list.iter().map(run).collect()
    }

    #[test]
    fn what_a_majority_holds_is_committed() {
        let all = runs(&[(1, 1, 10), (2, 11, 20)]);
        let behind = runs(&[(1, 1, 10), (2, 11, 15)]);
        let leftover = runs(&[(1, 1, 13)]);
        let purged = runs(&[(2, 14, 20)]);
        assert_eq!(committed(std::slice::from_ref(&all)), [20]);
        assert_eq!(
            committed(&[all.clone(), all.clone(), behind.clone()]),
            [20, 20, 15]
        );
        assert_eq!(
            committed(&[all.clone(), all.clone(), leftover.clone()]),
            [20, 20, 10]
        );
        assert_eq!(
            committed(&[all.clone(), behind.clone(), leftover]),
            [15, 15, 10]
        );
        assert_eq!(committed(&[all.clone(), purged, behind]), [20, 20, 15]);
        assert_eq!(committed(&[all, Vec::new(), Vec::new()]), [0, 0, 0]);
    }
}
