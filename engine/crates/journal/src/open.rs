//! Opening a directory to write.

use std::collections::VecDeque;
use std::io;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use crate::change::Note;
use crate::config::{RESERVED_FOR_CHANGES, note_room};
use crate::disk::{Disk, DiskFile, LockMode, read_exact, write_all};
use crate::error::JournalError;
use crate::format::{KIND_NOTE, SEGMENT_HEADER, SegmentHeader, record_size};
use crate::journal::{Chunk, Journal, Log, ranges};
use crate::pool::{Pool, PoolError, begin_segment, harmless};
use crate::recover::{Found, Recovery, inspect};
use crate::{Config, LogId, Position, names};

impl Journal {
    /// Opens the directory, or begins a journal in an empty one. Every record is read and checked. A torn tail is dropped, what
    /// was recovered is made durable, and spare segments are prepared.
    ///
    /// # Errors
    /// [`JournalError::Locked`] when somebody else has it open, [`JournalError::Corruption`] when durable data is damaged (the
    /// directory is then left as it was), `Config`, `DiskFull`, `Io`.
    pub fn open(
        disk: impl Disk + 'static,
        config: Config,
    ) -> Result<(Self, Recovery), JournalError> {
        Self::open_boxed(Box::new(disk), config)
    }

    fn open_boxed(disk: Box<dyn Disk>, config: Config) -> Result<(Self, Recovery), JournalError> {
        config.check()?;
        let place = disk.place();
        let lock = match disk.lock(names::LOCK_FILE, LockMode::Exclusive) {
            Ok(Ok(lock)) => lock,
            Ok(Err(pid)) => return Err(JournalError::Locked { place, pid }),
            Err(e) => return Err(JournalError::io("lock", place, &e)),
        };
        let found = inspect(disk.as_ref())?;
        let noted = found.notes.values().map(|n| record_size(n.bytes.len()));
        if noted.sum::<u64>() > note_room(config.segment_bytes) {
            let why = "segment_bytes is too small for the notes of the logs that are there";
            return Err(JournalError::Config(why.into()));
        }
        for name in &found.partial {
            disk.remove(name)
                .map_err(|e| JournalError::io("remove", name.as_str(), &e))?;
        }
        let next_free = found.free.iter().max().map_or(1, |n| n + 1);
        let mut pool = Pool {
            disk: disk.as_ref(),
            config: &config,
            free: found.free.iter().copied().collect(),
            next_free,
        };
        let created = found.headers.is_empty();
        let (active, header, size) = if created {
            let header = SegmentHeader {
                number: 1,
                base: 0,
                previous_end: 0,
                cuts: 0,
                logs: Vec::new(),
            };
            let fresh = pool.take().map_err(|e| e.harmless(&place, &config))?;
            let file = begin_segment(disk.as_ref(), fresh, &header).map_err(harmless)?;
            (file, header, config.segment_bytes)
        } else {
            settle(disk.as_ref(), &found, &mut pool).map_err(|e| e.harmless(&place, &config))?
        };
        let (free, next_free) = (pool.free, pool.next_free);
        let mut segments: VecDeque<SegmentHeader> = found.headers.into();
        if segments
            .back()
            .is_none_or(|last| last.number != header.number)
        {
            segments.push_back(header.clone());
        }
        let end = found.end.max(header.base + SEGMENT_HEADER);
        let mut recovery = Recovery {
            logs: ranges(
                found
                    .logs
                    .iter()
                    .map(|(log, state)| (*log, state.first, state.next)),
            ),
            durable: Position(end),
            torn_bytes: found.torn,
            clean: found.clean && found.torn == 0,
            created,
        };
        let logs = found.logs.into_iter().map(|(log, state)| {
            let durable_next = state.next;
            (
                log,
                Log {
                    state,
                    durable_next,
                },
            )
        });
        let notes = found.notes.into_iter().map(|(log, note)| {
            (
                log,
                Note {
                    bytes: note.bytes,
                    at: note.at,
                    durable_at: note.at,
                },
            )
        });
        let mut journal = Self {
            active,
            config,
            segments,
            free,
            next_free,
            logs: logs.collect(),
            notes: notes.collect(),
            cuts: found.cuts,
            cut_waits: false,
            waiting: VecDeque::from([Chunk {
                begin: None,
                number: header.number,
                base: header.base,
                size,
                at: end,
                bytes: Vec::new(),
            }]),
            durable: Arc::new(AtomicU64::new(end)),
            poison: None,
            disk,
            _lock: lock,
        };
        journal.renew_notes(header.base)?;
        recovery.durable = journal.durable();
        journal.recycle()?;
        loop {
            match journal.prepare() {
                Ok(true) => {}
                // A spare is a convenience: what is there can be read, and appended to while there is room.
                Ok(false) | Err(JournalError::DiskFull { .. }) => break,
                Err(e) => return Err(e),
            }
        }
        Ok((journal, recovery))
    }

    /// Writes the notes again that do not stand in the segment at `base`: it was begun here, or in a run that ended before they
    /// were durable in it. They would hold the older segments up.
    fn renew_notes(&mut self, base: u64) -> Result<(), JournalError> {
        let stale: Vec<(LogId, Vec<u8>)> = self
            .notes
            .iter()
            .filter(|(_, note)| note.at < base)
            .map(|(log, note)| (*log, note.bytes.clone()))
            .collect();
        for (log, bytes) in stale {
            match self.put_change(KIND_NOTE, log, 0, &bytes, RESERVED_FOR_CHANGES) {
                Ok(at) => {
                    if let Some(note) = self.notes.get_mut(&log) {
                        note.at = at;
                    }
                }
                // The next segment has them again.
                Err(JournalError::DiskFull { .. }) => break,
                Err(e) => return Err(e),
            }
        }
        self.sync()?;
        Ok(())
    }
}

/// Makes what was recovered durable and says where writing goes on.
fn settle(
    disk: &dyn Disk,
    found: &Found,
    pool: &mut Pool<'_>,
) -> Result<(Box<dyn DiskFile>, SegmentHeader, u64), PoolError> {
    let Some(last) = found.headers.last() else {
        return Err(PoolError::Broken((
            "open",
            disk.place(),
            io::ErrorKind::NotFound.into(),
        )));
    };
    let name = names::segment(last.number);
    let at = |action| {
        let name = name.clone();
        move |e| PoolError::Broken((action, name, e))
    };
    let file = disk.open(&name).map_err(at("open"))?;
    if found.proven < found.end {
        // These records are intact as read, but perhaps only in the system's cache, perhaps after a sync that failed: a plain sync
        // could then report success without writing them. Writing them again makes it write.
        let length = usize::try_from(found.end - found.proven).unwrap_or(usize::MAX);
        let mut bytes = vec![0; length];
        read_exact(file.as_ref(), found.proven - last.base, &mut bytes).map_err(at("read"))?;
        write_all(file.as_ref(), found.proven - last.base, &bytes).map_err(at("write"))?;
        file.sync_data().map_err(at("sync"))?;
    }
    disk.sync_dir().map_err(at("sync"))?;
    if found.torn == 0 {
        let size = file.size().map_err(at("read"))?;
        return Ok((file, last.clone(), size));
    }
    // What was dropped may hold whole records with this segment's salt. New records written over the first of them could make the
    // next ones look valid again, so writing goes on in a new segment, whose header says where this one ended.
    let header = SegmentHeader {
        number: last.number + 1,
        base: found.end,
        previous_end: found.end - last.base,
        cuts: found.cuts,
        logs: found
            .logs
            .iter()
            .map(|(log, state)| (*log, state.next))
            .collect(),
    };
    let fresh = pool.take()?;
    let file = begin_segment(disk, fresh, &header).map_err(PoolError::Broken)?;
    Ok((file, header, pool.config.segment_bytes))
}
