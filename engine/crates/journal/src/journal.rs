//! The writer.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::change::Note;
use crate::config::reserve;
use crate::disk::{Disk, DiskFile, DiskLock, write_all};
use crate::error::JournalError;
use crate::format::{
    KIND_ENTRY, KIND_NOTE, KIND_SEAL, MAX_LOGS, NO_LOG, RECORD_HEADER, RecordHead, SEGMENT_HEADER,
    SegmentHeader, record_size, salt, write_record,
};
use crate::log_state::LogState;
use crate::pool::{Broken, Fresh, Pool, PoolError, Spare, SpareRequest, begin_segment, disk_full};
use crate::recover::LogRange;
use crate::segment::{SealedSegment, sealed};
use crate::{Config, LogId, Position, names};

/// Bytes that wait for a sync, all for one segment.
pub(crate) struct Chunk {
    /// The segment to begin first, where this chunk is not for the newest one on the disk.
    pub(crate) begin: Option<(Fresh, SegmentHeader)>,
    pub(crate) number: u64,
    pub(crate) base: u64,
    /// Size of the segment's file.
    pub(crate) size: u64,
    /// Journal position of the first byte that waits.
    pub(crate) at: u64,
    pub(crate) bytes: Vec<u8>,
}

impl Chunk {
    fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }

    fn left(&self) -> u64 {
        (self.base + self.size).saturating_sub(self.end())
    }

    /// Puts a record at the end and gives where it begins.
    fn put(&mut self, kind: u32, log: LogId, index: u64, payload: &[u8], durable: u64) -> u64 {
        let start = self.end();
        let head = RecordHead {
            crc: 0,
            len: payload.len() as u32,
            salt: salt(self.number),
            kind,
            log,
            index,
            durable,
        };
        write_record(&mut self.bytes, &head, payload, start);
        start
    }
}

/// The one writer of a journal's directory.
///
/// Built for one thread that owns it: drain what waits, [`append`](Self::append) each, [`sync`](Self::sync) once, answer all; while
/// a sync runs, the next batch collects outside. The rule for errors: an `Err` that is not [`JournalError::Poisoned`] changed
/// nothing. A failed write, sync or rename poisons; a full disk is met only where a record is taken and in `prepare`, before
/// anything is written, since every record that was taken has its place in a preallocated segment.
pub struct Journal {
    pub(crate) disk: Box<dyn Disk>,
    pub(crate) config: Config,
    /// Segments on the disk, oldest first; the last one is being written.
    pub(crate) segments: VecDeque<SegmentHeader>,
    pub(crate) active: Box<dyn DiskFile>,
    /// Numbers of the pool's files, the next to use first.
    pub(crate) free: VecDeque<u64>,
    pub(crate) next_free: u64,
    pub(crate) logs: BTreeMap<LogId, Log>,
    pub(crate) notes: BTreeMap<LogId, Note>,
    /// Truncations and resets in the journal's whole life, modulo 2^32.
    pub(crate) cuts: u32,
    /// Whether one of them waits for a sync.
    pub(crate) cut_waits: bool,
    pub(crate) waiting: VecDeque<Chunk>,
    pub(crate) durable: Arc<AtomicU64>,
    pub(crate) poison: Option<JournalError>,
    pub(crate) _lock: Box<dyn DiskLock>,
}

pub(crate) struct Log {
    pub(crate) state: LogState,
    /// The index after the last durable one.
    pub(crate) durable_next: u64,
}

impl std::fmt::Debug for Journal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Journal")
            .field("place", &self.disk.place())
            .field("durable", &self.durable())
            .field("buffered", &self.buffered_bytes())
            .finish_non_exhaustive()
    }
}

impl Journal {
    /// Puts an entry at the end of a log, in memory. A log the journal has not seen begins at whatever index comes first. Gives the
    /// position after the record: it is durable once [`sync`](Self::sync) has given a position that is not below.
    ///
    /// # Errors
    /// `OutOfOrder`, `PayloadTooLarge`, `BadLog`, `BufferFull` (sync, then append again), `DiskFull` (the next segment cannot be
    /// prepared; try again when there is room); each leaves the journal as it was. `Poisoned`.
    pub fn append(
        &mut self,
        log: LogId,
        index: u64,
        payload: &[u8],
    ) -> Result<Position, JournalError> {
        self.alive()?;
        let expected = self.logs.get(&log).map_or(index, |l| l.state.next);
        if index != expected || index == u64::MAX {
            return Err(JournalError::OutOfOrder {
                log: log.0,
                expected,
                got: index,
            });
        }
        if payload.len() > self.config.max_payload_bytes {
            return Err(JournalError::PayloadTooLarge {
                bytes: payload.len(),
                max: self.config.max_payload_bytes,
            });
        }
        self.admit(log)?;
        let buffered = self.buffered_bytes();
        let size = record_size(payload.len());
        if buffered > 0 && buffered as u64 + size > self.config.max_buffered_bytes as u64 {
            return Err(JournalError::BufferFull {
                buffered,
                max: self.config.max_buffered_bytes,
            });
        }
        let need = size + reserve(self.config.segment_bytes);
        let start = self.put(KIND_ENTRY, log, index, payload, need)?;
        let base = self.waiting.back().map_or(0, |chunk| chunk.base);
        self.logs
            .entry(log)
            .or_insert_with(|| Log {
                state: LogState::starting_at(index),
                durable_next: index,
            })
            .state
            .push(start, base);
        Ok(Position(start + size))
    }

    /// Makes everything appended durable: one write and one `fdatasync` for all logs (one more of each at a segment's border).
    /// Gives the durable position. Without appends it does nothing.
    ///
    /// # Errors
    /// `Poisoned` when the disk fails. The sync is never repeated: after a failed one the system may have thrown the data away and
    /// report success the next time.
    pub fn sync(&mut self) -> Result<Position, JournalError> {
        self.alive()?;
        if self.buffered_bytes() == 0 && self.waiting.len() <= 1 {
            return Ok(self.durable());
        }
        if let Err((action, file, error)) = self.write_waiting() {
            return Err(self.stop(action, file, &error));
        }
        let end = self.waiting.back().map_or(0, Chunk::end);
        for log in self.logs.values_mut() {
            log.durable_next = log.state.next;
        }
        for note in self.notes.values_mut() {
            note.durable_at = note.at;
        }
        self.durable.store(end, Ordering::Release);
        if std::mem::take(&mut self.cut_waits) {
            self.recycle()?;
        }
        Ok(Position(end))
    }

    /// Gives up the entries of a log up to and with `up_to_index`. Segments of which every entry of every log is given up go to
    /// the pool, the oldest first (with the next sync, while a truncation or reset waits for it). A purge is not written down:
    /// after a restart, given-up entries show again until their segment is recycled, so purge again after opening. Giving up less
    /// than before, or what is no longer there, does nothing.
    ///
    /// # Errors
    /// `UnknownLog`, `PurgeBeyondEnd`; `Poisoned`.
    pub fn purge(&mut self, log: LogId, up_to_index: u64) -> Result<(), JournalError> {
        self.alive()?;
        let Some(known) = self.logs.get_mut(&log) else {
            return Err(JournalError::UnknownLog { log: log.0 });
        };
        if up_to_index >= known.durable_next {
            return Err(JournalError::PurgeBeyondEnd {
                log: log.0,
                last: known.durable_next.saturating_sub(1),
                asked: up_to_index,
            });
        }
        known.state.purge(up_to_index + 1);
        self.recycle()
    }

    /// Prepares one spare segment if there are fewer than configured; `true` if it made one. It writes a whole segment of zeros, so
    /// call it when nothing waits, or let another thread do that work: [`request_spare`](Self::request_spare).
    ///
    /// # Errors
    /// `DiskFull`, which leaves the journal as it was; `Poisoned`.
    pub fn prepare(&mut self) -> Result<bool, JournalError> {
        self.alive()?;
        if self.free.len() >= self.config.spare_segments {
            return Ok(false);
        }
        self.with_pool(|pool| pool.make())?;
        Ok(true)
    }

    /// An order for one spare segment, if there are fewer than configured. Another thread carries it out with
    /// [`SpareRequest::make`] while this journal goes on, and hands the result back for [`add_spare`](Self::add_spare). The journal
    /// does not remember open orders: ask again only after the last one came back or failed.
    pub fn request_spare(&mut self) -> Option<SpareRequest> {
        if self.poison.is_some() || self.free.len() >= self.config.spare_segments {
            return None;
        }
        let number = self.next_free;
        self.next_free += 1;
        Some(SpareRequest {
            number,
            config: self.config.clone(),
        })
    }

    /// Takes a spare segment into the pool.
    ///
    /// # Errors
    /// `Poisoned`.
    pub fn add_spare(&mut self, spare: Spare) -> Result<(), JournalError> {
        self.alive()?;
        self.with_pool(|pool| pool.adopt(spare.number))
    }

    /// Syncs, marks the journal as cleanly shut down and closes it. After that, recovery takes any damage for corruption.
    ///
    /// # Errors
    /// `Poisoned`; `DiskFull` when the mark itself has no room (everything is durable then).
    pub fn seal(mut self) -> Result<Position, JournalError> {
        self.sync()?;
        self.put(KIND_SEAL, NO_LOG, 0, &[], RECORD_HEADER as u64)?;
        self.sync()
    }

    /// The durable position.
    pub fn durable(&self) -> Position {
        Position(self.durable.load(Ordering::Acquire))
    }

    /// The durable position as it moves, for [`crate::Until::Live`].
    pub fn durable_handle(&self) -> Arc<AtomicU64> {
        Arc::clone(&self.durable)
    }

    /// Bytes that wait for a sync.
    pub fn buffered_bytes(&self) -> usize {
        self.waiting.iter().map(|c| c.bytes.len()).sum()
    }

    /// The logs with what is durable in them and neither truncated nor reset since, ascending.
    pub fn logs(&self) -> Vec<LogRange> {
        ranges(
            self.logs
                .iter()
                .map(|(log, l)| (*log, l.state.first, l.durable_next)),
        )
    }

    /// The first index of a log that can be read; the next one if there is none; `None` for an unknown log.
    pub fn first_index(&self, log: LogId) -> Option<u64> {
        self.logs.get(&log).map(|l| l.state.first)
    }

    /// The index the next [`append`](Self::append) to this log must have; `None` for an unknown log, which takes any.
    pub fn next_index(&self, log: LogId) -> Option<u64> {
        self.logs.get(&log).map(|l| l.state.next)
    }

    /// The sealed segments, oldest first.
    pub fn sealed(&self) -> Vec<SealedSegment> {
        sealed(self.segments.iter())
    }

    /// (segments in use, empty ones in the pool): what a metric shows.
    pub fn segment_counts(&self) -> (usize, usize) {
        (self.segments.len(), self.free.len())
    }

    /// Whether there is room for one more log, where this is a new one.
    pub(crate) fn admit(&self, log: LogId) -> Result<(), JournalError> {
        let known = |log: &LogId| self.logs.contains_key(log) || self.notes.contains_key(log);
        let noted_alone = self.notes.keys().filter(|n| !self.logs.contains_key(n));
        let reason = match () {
            () if log == NO_LOG => "this number is reserved",
            () if known(&log) => return Ok(()),
            () if self.logs.len() + noted_alone.count() >= MAX_LOGS => {
                "the journal holds as many logs as it can"
            }
            () => return Ok(()),
        };
        Err(JournalError::BadLog { log: log.0, reason })
    }

    /// The position behind everything taken so far.
    pub(crate) fn end(&self) -> u64 {
        self.waiting.back().map_or(0, Chunk::end)
    }

    /// Bytes left in the newest segment.
    pub(crate) fn left(&self) -> u64 {
        self.waiting.back().map_or(0, Chunk::left)
    }

    pub(crate) fn alive(&self) -> Result<(), JournalError> {
        self.poison.clone().map_or(Ok(()), Err)
    }

    pub(crate) fn stop(
        &mut self,
        action: &'static str,
        file: String,
        error: &io::Error,
    ) -> JournalError {
        let error = JournalError::poison(action, file, error);
        self.poison = Some(error.clone());
        error
    }

    /// Puts a record into the last chunk, or into a new segment's where `need` bytes do not fit. Gives where it begins.
    pub(crate) fn put(
        &mut self,
        kind: u32,
        log: LogId,
        index: u64,
        payload: &[u8],
        need: u64,
    ) -> Result<u64, JournalError> {
        if self.waiting.back().is_none_or(|chunk| chunk.left() < need) {
            self.turn_over()?;
        }
        let durable = self.durable().0;
        let Some(chunk) = self.waiting.back_mut() else {
            return Err(JournalError::Config("no segment is open".into()));
        };
        Ok(chunk.put(kind, log, index, payload, durable))
    }

    /// Reserves the next segment and opens a chunk for it. Nothing is written into it before the next sync.
    fn turn_over(&mut self) -> Result<(), JournalError> {
        let fresh = self.with_pool(|pool| pool.take())?;
        let (number, base, previous) = self
            .waiting
            .back()
            .map_or((0, 0, 0), |c| (c.number, c.end(), c.base));
        let header = SegmentHeader {
            number: number + 1,
            base,
            previous_end: base - previous,
            cuts: self.cuts,
            logs: self
                .logs
                .iter()
                .map(|(log, l)| (*log, l.state.next))
                .collect(),
        };
        let mut chunk = Chunk {
            begin: Some((fresh, header)),
            number: number + 1,
            base,
            size: self.config.segment_bytes,
            at: base + SEGMENT_HEADER,
            bytes: Vec::new(),
        };
        // Every segment begins with the notes, so that none holds the older ones up.
        let durable = self.durable().0;
        for (log, note) in &mut self.notes {
            note.at = chunk.put(KIND_NOTE, *log, 0, &note.bytes, durable);
        }
        self.waiting.push_back(chunk);
        Ok(())
    }

    /// Writes and syncs the chunks in order and leaves an empty one at the end.
    fn write_waiting(&mut self) -> Result<(), Broken> {
        while let Some(mut chunk) = self.waiting.pop_front() {
            if let Some((fresh, header)) = chunk.begin.take() {
                // The segment before is complete and durable by now, so this header may say where it ended.
                self.active = begin_segment(self.disk.as_ref(), fresh, &header)?;
                self.segments.push_back(header);
            }
            if !chunk.bytes.is_empty() {
                let name = || names::segment(chunk.number);
                write_all(self.active.as_ref(), chunk.at - chunk.base, &chunk.bytes)
                    .map_err(|e| ("write", name(), e))?;
                self.active.sync_data().map_err(|e| ("sync", name(), e))?;
            }
            if self.waiting.is_empty() {
                chunk.at = chunk.end();
                chunk.bytes.clear();
                self.waiting.push_back(chunk);
                break;
            }
        }
        Ok(())
    }

    fn with_pool<T>(
        &mut self,
        work: impl FnOnce(&mut Pool<'_>) -> Result<T, PoolError>,
    ) -> Result<T, JournalError> {
        let mut pool = Pool {
            disk: self.disk.as_ref(),
            config: &self.config,
            free: std::mem::take(&mut self.free),
            next_free: self.next_free,
        };
        let done = work(&mut pool);
        (self.free, self.next_free) = (pool.free, pool.next_free);
        done.map_err(|error| match error {
            PoolError::Full => disk_full(&self.disk.place(), &self.config),
            PoolError::Broken((action, file, error)) => self.stop(action, file, &error),
        })
    }
}

pub(crate) fn ranges(logs: impl Iterator<Item = (LogId, u64, u64)>) -> Vec<LogRange> {
    logs.map(|(log, first, next)| LogRange {
        log,
        first: Some(first),
        next,
    })
    .collect()
}
