//! The writer.

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::disk::{Disk, DiskFile, DiskLock, LockMode, read_exact, write_all};
use crate::error::JournalError;
use crate::format::{
    KIND_ENTRY, KIND_SEAL, MAX_LOGS, MAX_PAYLOAD_BYTES, NO_LOG, RECORD_HEADER, RecordHead,
    SEGMENT_HEADER, SegmentHeader, record_size, salt, write_record,
};
use crate::recover::{Found, LogRange, LogState, Recovery, inspect};
use crate::segment::{SealedSegment, Stopped, Wanted, gather, sealed};
use crate::{Entry, LogId, Position, names};

/// What a journal may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Size of a new segment's file in bytes, a multiple of 4,096. Existing segments keep theirs.
    pub segment_bytes: u64,
    /// Empty segments that [`Journal::open`] and [`Journal::prepare`] keep ready, so that a full segment does not make a commit
    /// wait for a new file.
    pub spare_segments: usize,
    /// The most empty segments kept; purged ones beyond this are deleted, which some disks take half a second for.
    pub pool_segments: usize,
    /// The largest payload in bytes; at most 16 MiB and what fits one segment.
    pub max_payload_bytes: usize,
    /// The most bytes that may wait for a sync. A single record always fits.
    pub max_buffered_bytes: usize,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            segment_bytes: 64 << 20,
            spare_segments: 1,
            pool_segments: 8,
            max_payload_bytes: MAX_PAYLOAD_BYTES,
            max_buffered_bytes: 64 << 20,
        }
    }
}

impl Config {
    /// The defaults with another segment size; the payload bound is lowered to what fits.
    pub fn with_segment_bytes(segment_bytes: u64) -> Self {
        let fits = usize::try_from(room(segment_bytes)).unwrap_or(MAX_PAYLOAD_BYTES);
        Self {
            segment_bytes,
            max_payload_bytes: fits.min(MAX_PAYLOAD_BYTES),
            ..Self::default()
        }
    }

    fn check(&self) -> Result<(), JournalError> {
        let wrong = |why: String| Err(JournalError::Config(why));
        if !self.segment_bytes.is_multiple_of(4096) || self.segment_bytes < 8192 {
            return wrong(format!(
                "segment_bytes is {}, give a multiple of 4096 from 8192 on",
                self.segment_bytes
            ));
        }
        let most = room(self.segment_bytes).min(MAX_PAYLOAD_BYTES as u64);
        if self.max_payload_bytes as u64 > most {
            return wrong(format!(
                "max_payload_bytes is {}, segments of {} bytes take at most {most}",
                self.max_payload_bytes, self.segment_bytes
            ));
        }
        if self.pool_segments < self.spare_segments {
            return wrong(format!(
                "pool_segments ({}) is below spare_segments ({}), raise it",
                self.pool_segments, self.spare_segments
            ));
        }
        Ok(())
    }
}

/// The largest payload a segment of this size takes, leaving room for a seal.
fn room(segment_bytes: u64) -> u64 {
    segment_bytes.saturating_sub(SEGMENT_HEADER + 2 * RECORD_HEADER as u64) / 8 * 8
}

/// A file from the pool, about to become a segment.
struct Fresh {
    name: String,
    file: Box<dyn DiskFile>,
}

/// Bytes that wait for a sync, all for one segment.
struct Chunk {
    /// The segment to begin first, where this chunk is not for the newest one on the disk.
    begin: Option<(Fresh, SegmentHeader)>,
    number: u64,
    base: u64,
    /// Size of the segment's file.
    size: u64,
    /// Journal position of the first byte that waits.
    at: u64,
    bytes: Vec<u8>,
}

impl Chunk {
    fn end(&self) -> u64 {
        self.at + self.bytes.len() as u64
    }

    fn left(&self) -> u64 {
        (self.base + self.size).saturating_sub(self.end())
    }
}

/// What failed on which file.
type Broken = (&'static str, String, io::Error);

/// The one writer of a journal's directory.
///
/// Built for one thread that owns it: drain what waits, [`append`](Self::append) each, [`sync`](Self::sync) once, answer all; while
/// a sync runs, the next batch collects outside. The rule for errors: an `Err` that is not [`JournalError::Poisoned`] changed
/// nothing. A failed write, sync or rename poisons; a full disk is met only in `append` and `prepare`, before anything is
/// written, since every record that `append` took has its place in a preallocated segment.
pub struct Journal {
    disk: Box<dyn Disk>,
    config: Config,
    /// Segments on the disk, oldest first; the last one is being written.
    segments: VecDeque<SegmentHeader>,
    active: Box<dyn DiskFile>,
    /// Numbers of the pool's files, the next to use first.
    free: VecDeque<u64>,
    next_free: u64,
    logs: BTreeMap<LogId, Log>,
    waiting: VecDeque<Chunk>,
    durable: Arc<AtomicU64>,
    poison: Option<JournalError>,
    _lock: Box<dyn DiskLock>,
}

struct Log {
    state: LogState,
    /// The index after the last durable one.
    durable_next: u64,
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
        let recovery = Recovery {
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
        let mut journal = Self {
            active,
            config,
            segments,
            free,
            next_free,
            logs: logs.collect(),
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
        journal.recycle()?;
        while journal.prepare()? {}
        Ok((journal, recovery))
    }

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
        if !self.logs.contains_key(&log) {
            let reason = match () {
                () if log == NO_LOG => Some("this number is reserved"),
                () if self.logs.len() >= MAX_LOGS => {
                    Some("the journal holds as many logs as it can")
                }
                () => None,
            };
            if let Some(reason) = reason {
                return Err(JournalError::BadLog { log: log.0, reason });
            }
        }
        let buffered = self.buffered_bytes();
        let size = record_size(payload.len());
        if buffered > 0 && buffered as u64 + size > self.config.max_buffered_bytes as u64 {
            return Err(JournalError::BufferFull {
                buffered,
                max: self.config.max_buffered_bytes,
            });
        }
        let start = self.put(KIND_ENTRY, log, index, payload, size + RECORD_HEADER as u64)?;
        self.logs
            .entry(log)
            .or_insert_with(|| Log {
                state: LogState::starting_at(index),
                durable_next: index,
            })
            .state
            .push(start);
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
        self.durable.store(end, Ordering::Release);
        Ok(Position(end))
    }

    /// Reads durable entries of a log from `from_index` on, until `max_bytes` of payload are reached (at least one entry, if there
    /// is one). Nothing at or beyond the log's end.
    ///
    /// # Errors
    /// `UnknownLog`, `Purged`, `Corruption`, `Io`; `Poisoned`.
    pub fn read(
        &self,
        log: LogId,
        from_index: u64,
        max_bytes: usize,
    ) -> Result<Vec<Entry>, JournalError> {
        self.alive()?;
        let Some(known) = self.logs.get(&log) else {
            return Err(JournalError::UnknownLog { log: log.0 });
        };
        if from_index < known.state.first {
            let first = known.state.first;
            return Err(JournalError::Purged {
                log: log.0,
                asked: from_index,
                first,
            });
        }
        if from_index >= known.durable_next {
            return Ok(Vec::new());
        }
        let mut wanted = Wanted {
            log,
            index: from_index,
            max_bytes,
            until_index: known.durable_next,
            bytes: 0,
            entries: Vec::new(),
        };
        let durable = self.durable().0;
        let mut at = known.state.place_of(from_index).unwrap_or(0);
        let mut segment = self
            .segments
            .partition_point(|s| s.base <= at)
            .saturating_sub(1);
        while let Some(header) = self.segments.get(segment)
            && !wanted.done()
        {
            let name = names::segment(header.number);
            let end = self
                .segments
                .get(segment + 1)
                .map_or(durable, |next| next.base);
            let file = self
                .disk
                .open(&name)
                .map_err(|e| JournalError::io("open", name.as_str(), &e))?;
            at = at.max(header.base + SEGMENT_HEADER);
            match gather(
                self.disk.as_ref(),
                file.as_ref(),
                (header.number, header.base),
                at,
                end,
                &mut wanted,
            )? {
                Ok(reached) => at = reached,
                Err(Stopped::Bad(offset, why)) => {
                    return Err(JournalError::corrupt(name, offset, why));
                }
                Err(Stopped::Begins(index)) => {
                    let why = format!(
                        "expected index {from_index} of log {}, found {index}",
                        log.0
                    );
                    return Err(JournalError::corrupt(name, at - header.base, why));
                }
            }
            segment += 1;
        }
        if !wanted.done() {
            let last = self.segments.back().map_or(0, |s| s.number);
            let why = format!(
                "expected index {} of log {} before position {durable}",
                wanted.index, log.0
            );
            return Err(JournalError::corrupt(names::segment(last), 0, why));
        }
        Ok(wanted.entries)
    }

    /// Gives up the entries of a log up to and with `up_to_index`. Segments of which every entry of every log is given up go to
    /// the pool, the oldest first. A purge is not written down: after a restart, given-up entries show again until their segment
    /// is recycled. Giving up less than before does nothing.
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

    /// Prepares one spare segment if there are fewer than configured; `true` if it made one. Call it when nothing waits: it writes
    /// a whole segment of zeros.
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

    /// Syncs, marks the journal as cleanly shut down and closes it. After that, recovery takes any damage for corruption.
    ///
    /// # Errors
    /// `Poisoned`; `DiskFull` when the mark itself has no room (all entries are durable then).
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

    /// The logs with what is durable in them, ascending.
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

    fn alive(&self) -> Result<(), JournalError> {
        self.poison.clone().map_or(Ok(()), Err)
    }

    fn stop(&mut self, action: &'static str, file: String, error: &io::Error) -> JournalError {
        let error = JournalError::poison(action, file, error);
        self.poison = Some(error.clone());
        error
    }

    /// Puts a record into the last chunk, or into a new segment's where `need` bytes do not fit. Gives where it begins.
    fn put(
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
        let start = chunk.end();
        let head = RecordHead {
            crc: 0,
            len: payload.len() as u32,
            salt: salt(chunk.number),
            kind,
            log,
            index,
            durable,
        };
        write_record(&mut chunk.bytes, &head, payload, start);
        Ok(start)
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
            logs: self
                .logs
                .iter()
                .map(|(log, l)| (*log, l.state.next))
                .collect(),
        };
        self.waiting.push_back(Chunk {
            begin: Some((fresh, header)),
            number: number + 1,
            base,
            size: self.config.segment_bytes,
            at: base + SEGMENT_HEADER,
            bytes: Vec::new(),
        });
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

    fn recycle(&mut self) -> Result<(), JournalError> {
        let mut moved = Vec::new();
        while let Some(next) = self.segments.get(1)
            && next
                .logs
                .iter()
                .all(|(log, next)| self.logs.get(log).is_none_or(|l| *next <= l.state.first))
        {
            let Some(old) = self.segments.front().map(|s| names::segment(s.number)) else {
                break;
            };
            if let Err((action, file, error)) = self.retire(&old, &mut moved) {
                return Err(self.stop(action, file, &error));
            }
            self.segments.pop_front();
        }
        if !moved.is_empty() {
            // Before a file is written over, its old name must be gone for good.
            if let Err(error) = self.disk.sync_dir() {
                return Err(self.stop("sync", self.disk.place(), &error));
            }
            self.free.extend(moved);
        }
        Ok(())
    }

    fn retire(&mut self, old: &str, moved: &mut Vec<u64>) -> Result<(), Broken> {
        let size = self
            .disk
            .open(old)
            .and_then(|f| f.size())
            .map_err(|e| ("open", old.to_string(), e))?;
        if size == self.config.segment_bytes
            && self.free.len() + moved.len() < self.config.pool_segments
        {
            let number = self.next_free;
            self.next_free += 1;
            self.disk
                .rename(old, &names::free(number))
                .map_err(|e| ("rename", old.to_string(), e))?;
            moved.push(number);
            Ok(())
        } else {
            self.disk
                .remove(old)
                .map_err(|e| ("remove", old.to_string(), e))
        }
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

fn ranges(logs: impl Iterator<Item = (LogId, u64, u64)>) -> Vec<LogRange> {
    logs.map(|(log, first, next)| LogRange {
        log,
        first: Some(first),
        next,
    })
    .collect()
}

fn disk_full(place: &str, config: &Config) -> JournalError {
    JournalError::DiskFull {
        place: place.to_string(),
        bytes: config.segment_bytes,
    }
}

/// While a journal is being opened there is nothing to poison yet: the caller has none.
fn harmless((action, file, error): Broken) -> JournalError {
    JournalError::io(action, file, &error)
}

/// Makes a pool file the segment of this header.
fn begin_segment(
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

/// The empty segments.
struct Pool<'a> {
    disk: &'a dyn Disk,
    config: &'a Config,
    free: VecDeque<u64>,
    next_free: u64,
}

enum PoolError {
    /// No space; nothing is left behind.
    Full,
    Broken(Broken),
}

impl PoolError {
    fn harmless(self, place: &str, config: &Config) -> JournalError {
        match self {
            Self::Full => disk_full(place, config),
            Self::Broken(broken) => harmless(broken),
        }
    }
}

impl Pool<'_> {
    /// Makes one more empty segment.
    fn make(&mut self) -> Result<(), PoolError> {
        let number = self.next_free;
        let (partial, ready) = (names::partial(number), names::free(number));
        let made = self
            .disk
            .create(&partial)
            .and_then(|file| file.preallocate(self.config.segment_bytes));
        if let Err(error) = made {
            // Whether this removal works is of no matter: the next open removes it again.
            drop(self.disk.remove(&partial));
            return Err(match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => PoolError::Full,
                _ => PoolError::Broken(("preallocate", partial, error)),
            });
        }
        self.disk
            .rename(&partial, &ready)
            .map_err(|e| PoolError::Broken(("rename", partial, e)))?;
        self.next_free += 1;
        self.free.push_back(number);
        Ok(())
    }

    /// Takes an empty segment, making one if there is none.
    fn take(&mut self) -> Result<Fresh, PoolError> {
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
