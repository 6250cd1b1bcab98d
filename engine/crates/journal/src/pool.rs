//! The empty segments, and how one becomes part of the journal.

use std::collections::VecDeque;
use std::io;

use crate::Config;
use crate::disk::{Disk, DiskFile, write_all};
use crate::error::JournalError;
use crate::format::SegmentHeader;
use crate::names;

/// What failed on which file.
pub(crate) type Broken = (&'static str, String, io::Error);
/// A file from the pool, about to become a segment.
pub(crate) struct Fresh {
    pub name: String,
    pub file: Box<dyn DiskFile>,
}

pub(crate) fn disk_full(place: &str, config: &Config) -> JournalError {
    JournalError::DiskFull {
        place: place.to_string(),
        bytes: config.segment_bytes,
    }
}

/// While a journal is being opened there is nothing to poison yet: the caller has none.
pub(crate) fn harmless((action, file, error): Broken) -> JournalError {
    JournalError::io(action, file, &error)
}

/// Makes a pool file the segment of this header.
pub(crate) fn begin_segment(
    disk: &dyn Disk,
    fresh: Fresh,
    header: &SegmentHeader,
) -> Result<Box<dyn DiskFile>, Broken> {
    let Fresh { name, file } = fresh;
    write_all(file.as_ref(), 0, &header.encode()).map_err(|e| ("write", name.clone(), e))?;
    file.sync_data().map_err(|e| ("sync", name.clone(), e))?;
    // Only now does it get its name, and only after the name is durable does it get records: so a segment always has a valid
    // header, and no record with this segment's salt can hide in the pool.
    disk.rename(&name, &names::segment(header.number))
        .map_err(|e| ("rename", name.clone(), e))?;
    disk.sync_dir().map_err(|e| ("sync", disk.place(), e))?;
    Ok(file)
}

/// The empty segments.
pub(crate) struct Pool<'a> {
    pub disk: &'a dyn Disk,
    pub config: &'a Config,
    pub free: VecDeque<u64>,
    pub next_free: u64,
}

pub(crate) enum PoolError {
    /// No space; nothing is left behind.
    Full,
    Broken(Broken),
}

impl PoolError {
    pub(crate) fn harmless(self, place: &str, config: &Config) -> JournalError {
        match self {
            Self::Full => disk_full(place, config),
            Self::Broken(broken) => harmless(broken),
        }
    }
}

/// Fills a new file with zeros, or leaves none behind.
fn fill(disk: &dyn Disk, number: u64, bytes: u64) -> Result<(), PoolError> {
    let partial = names::partial(number);
    let made = disk
        .create(&partial)
        .and_then(|file| file.preallocate(bytes));
    made.map_err(|error| {
        // Whether this removal works is of no matter: the next open removes it again.
        drop(disk.remove(&partial));
        match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => PoolError::Full,
            _ => PoolError::Broken(("preallocate", partial, error)),
        }
    })
}

/// An order for a spare segment, to be carried out on any thread: see [`crate::Journal::request_spare`].
#[derive(Debug)]
pub struct SpareRequest {
    pub(crate) number: u64,
    pub(crate) config: Config,
}

/// A spare segment, filled and waiting for [`crate::Journal::add_spare`].
#[derive(Debug)]
pub struct Spare {
    pub(crate) number: u64,
}

impl SpareRequest {
    /// Writes the spare's zeros, through any handle of the journal's own directory. The journal goes on meanwhile.
    ///
    /// # Errors
    /// `DiskFull`, `Io`: nothing is left behind and the journal is as it was; ask it for another request later.
    pub fn make(self, disk: &dyn Disk) -> Result<Spare, JournalError> {
        fill(disk, self.number, self.config.segment_bytes)
            .map(|()| Spare {
                number: self.number,
            })
            .map_err(|e| e.harmless(&disk.place(), &self.config))
    }
}

impl Pool<'_> {
    /// Makes one more empty segment.
    pub(crate) fn make(&mut self) -> Result<(), PoolError> {
        let number = self.next_free;
        fill(self.disk, number, self.config.segment_bytes)?;
        self.next_free += 1;
        self.adopt(number)
    }

    /// Takes a filled file into the pool.
    pub(crate) fn adopt(&mut self, number: u64) -> Result<(), PoolError> {
        let partial = names::partial(number);
        self.disk
            .rename(&partial, &names::free(number))
            .map_err(|e| PoolError::Broken(("rename", partial, e)))?;
        self.free.push_back(number);
        Ok(())
    }

    /// Takes an empty segment, making one if there is none.
    pub(crate) fn take(&mut self) -> Result<Fresh, PoolError> {
        loop {
            if self.free.is_empty() {
                self.make()?;
            }
            let Some(number) = self.free.front().copied() else {
                continue;
            };
            let name = names::free(number);
            let broken = |action| {
                let name = name.clone();
                move |e| PoolError::Broken((action, name, e))
            };
            let file = self.disk.open(&name).map_err(broken("open"))?;
            let size = file.size().map_err(broken("read"))?;
            self.free.pop_front();
            if size == self.config.segment_bytes {
                return Ok(Fresh { name, file });
            }
            // Of another configuration's size.
            self.disk.remove(&name).map_err(broken("remove"))?;
        }
    }
}
