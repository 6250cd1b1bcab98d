//! Reading beside the writer, or without one.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::cuts::Cuts;
use crate::disk::{Disk, DiskFile, DiskLock, LockMode, read_exact};
use crate::error::JournalError;
use crate::format::{HeaderFault, SEGMENT_HEADER, SegmentHeader};
use crate::recover::{inspect, segment_numbers};
use crate::scan::{Record, Scan, Step};
use crate::segment::{SealedSegment, Stopped, Wanted, gather, read_header, sealed};
use crate::{Entry, LogId, Position, names};

/// How far a [`Reader`] may read.
#[derive(Clone, Debug)]
pub enum Until {
    /// The durable position of a writer in this process, as it moves ([`crate::Journal::durable_handle`]).
    Live(Arc<AtomicU64>),
    /// A durable position learned otherwise, such as from the node's admin interface: so another process reads a running node's
    /// journal, with no lock. What is below it never changes; [`Reader::advance`] takes a newer one.
    Position(Position),
    /// The valid end of a journal nobody writes, or of a copy: found as recovery finds it, without changing anything.
    ValidEnd,
}

/// Reads a journal's directory and never changes it. Several may read one journal while it is written.
pub struct Reader {
    disk: Box<dyn Disk>,
    until: Limit,
    segments: BTreeMap<u64, SegmentHeader>,
    /// Per log: the next index and a position at or before its record.
    cursors: BTreeMap<LogId, (u64, u64)>,
    cuts: Cuts,
    _lock: Option<Box<dyn DiskLock>>,
}

enum Limit {
    Live(Arc<AtomicU64>),
    Fixed(u64),
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader")
            .field("place", &self.disk.place())
            .field("end", &self.end())
            .finish_non_exhaustive()
    }
}

/// What became of a segment whose bytes did not check out.
enum Verdict {
    Recycled,
    Corrupt,
}

impl Reader {
    /// Opens a directory for reading.
    ///
    /// # Errors
    /// `Io`; with [`Until::ValidEnd`] also `Locked` when a writer has it open, and `Corruption`.
    pub fn open(disk: impl Disk + 'static, until: Until) -> Result<Self, JournalError> {
        let mut lock = None;
        let until = match until {
            Until::Live(handle) => Limit::Live(handle),
            Until::Position(position) => Limit::Fixed(position.0),
            Until::ValidEnd => {
                let place = disk.place();
                lock = match disk.lock(names::LOCK_FILE, LockMode::Shared) {
                    Ok(Ok(lock)) => Some(lock),
                    Ok(Err(pid)) => return Err(JournalError::Locked { place, pid }),
                    Err(e) => return Err(JournalError::io("lock", place, &e)),
                };
                Limit::Fixed(inspect(&disk)?.end)
            }
        };
        let mut reader = Self {
            disk: Box::new(disk),
            until,
            segments: BTreeMap::new(),
            cursors: BTreeMap::new(),
            cuts: Cuts::default(),
            _lock: lock,
        };
        reader.refresh()?;
        Ok(reader)
    }

    /// The position this reader reads up to at this moment.
    pub fn end(&self) -> Position {
        Position(match &self.until {
            Limit::Live(handle) => handle.load(Ordering::Acquire),
            Limit::Fixed(position) => *position,
        })
    }

    /// Reads up to this durable position from now on, unless it reads up to a later one or follows a writer of this process.
    pub fn advance(&mut self, durable: Position) {
        if let Limit::Fixed(position) = &mut self.until {
            *position = durable.0.max(*position);
        }
    }

    /// Reads durable entries of a log from `from_index` on, until `max_bytes` of payload are reached (at least one entry, if there
    /// is one): the log as it stands at [`end`](Self::end) when this is called, so nothing that was truncated or reset before
    /// then, and what was appended in its place. Nothing at or beyond the log's end, nor for a log that is not there. Going on
    /// where the last read ended costs no search; the first read looks through the newest segment, and those with truncations.
    ///
    /// # Errors
    /// `Purged` when the index is gone (also when its segment is recycled while it is being read), `Corruption`, `Io`.
    pub fn read(
        &mut self,
        log: LogId,
        from_index: u64,
        max_bytes: usize,
    ) -> Result<Vec<Entry>, JournalError> {
        loop {
            if let Some(entries) = self.try_read(log, from_index, max_bytes)? {
                return Ok(entries);
            }
            // Segments were recycled meanwhile: what is left says what is to be read, or that it is gone.
            self.cursors.remove(&log);
        }
    }

    fn try_read(
        &mut self,
        log: LogId,
        from_index: u64,
        max_bytes: usize,
    ) -> Result<Option<Vec<Entry>>, JournalError> {
        let limit = self.refreshed(log, from_index)?;
        self.learn_cuts(limit)?;
        let mut at = self.place_of(log, from_index, limit)?;
        let mut wanted = Wanted {
            log,
            index: from_index,
            max_bytes,
            until_index: u64::MAX,
            bytes: 0,
            entries: Vec::new(),
        };
        while at < limit && !wanted.done() {
            let Some((header, end)) = self.segment_at(at, limit) else {
                break;
            };
            let name = names::segment(header.number);
            let from = at.max(header.base + SEGMENT_HEADER);
            let file = match self.disk.open(&name) {
                Ok(file) => file,
                Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(wanted.gathered()),
                Err(e) => return Err(JournalError::io("open", name, &e)),
            };
            match gather(
                self.disk.as_ref(),
                file.as_ref(),
                (header.number, header.base),
                from,
                end,
                &mut wanted,
                &|start, index| self.cuts.dropped(log, start, index),
            )? {
                Ok(reached) => at = reached,
                Err(Stopped::Begins(first)) => {
                    return Err(JournalError::Purged {
                        log: log.0,
                        asked: from_index,
                        first,
                    });
                }
                Err(Stopped::Bad(offset, why)) => {
                    return match self.verdict(file.as_ref(), header.number)? {
                        Verdict::Recycled => Ok(wanted.gathered()),
                        Verdict::Corrupt => Err(JournalError::corrupt(name, offset, why)),
                    };
                }
            }
        }
        self.cursors.insert(log, (wanted.index, at));
        Ok(Some(wanted.entries))
    }

    /// Knows the segments as they are and gives the limit that goes with them.
    fn refreshed(&mut self, log: LogId, index: u64) -> Result<u64, JournalError> {
        let mut before = None;
        loop {
            // The limit first: every segment that holds something below it has its name by then.
            let limit = self.end().0;
            self.refresh()?;
            let oldest = self.segments.values().next().map_or(0, |s| s.base);
            if oldest == 0 || oldest < limit {
                return Ok(limit);
            }
            // Everything below the limit was recycled. A writer has moved its durable position on before that; a fixed one, or that
            // of a writer that is no more, stays.
            if before.replace(limit) == Some(limit) {
                return Err(JournalError::Purged {
                    log: log.0,
                    asked: index,
                    first: self.known_first(log).unwrap_or(index + 1).max(index + 1),
                });
            }
        }
    }

    /// The sealed segments, oldest first.
    ///
    /// # Errors
    /// `Corruption`, `Io`.
    pub fn sealed(&mut self) -> Result<Vec<SealedSegment>, JournalError> {
        let limit = self.end().0;
        self.refresh()?;
        let mut out = sealed(self.segments.values());
        out.retain(|s| s.end.0 < limit);
        Ok(out)
    }

    /// Writes the valid bytes of a sealed segment to `out`, every record checked on the way, and gives their number. A directory
    /// of such files under their own names can be opened as a journal.
    ///
    /// # Errors
    /// `NoSuchSegment` when it is not sealed, or was recycled before or while it was copied (throw the copy away), `Corruption`,
    /// `Io` (also for `out`).
    pub fn copy_sealed(&mut self, number: u64, out: &mut dyn Write) -> Result<u64, JournalError> {
        let limit = self.end().0;
        self.refresh()?;
        let gone = JournalError::NoSuchSegment { number };
        let Some((header, end)) = self.spans(limit).find(|(h, _)| h.number == number) else {
            return Err(gone);
        };
        if !self.segments.contains_key(&(number + 1)) || end >= limit {
            return Err(gone);
        }
        let failed = |e: io::Error| JournalError::io("copy", names::segment(number), &e);
        out.write_all(&header.encode()).map_err(failed)?;
        self.each_record(&header, header.base + SEGMENT_HEADER, end, &mut |record| {
            out.write_all(record.raw).map_err(failed)
        })?;
        Ok(end - header.base)
    }

    pub(crate) fn each_record(
        &self,
        header: &SegmentHeader,
        from: u64,
        end: u64,
        visit: &mut dyn FnMut(&Record<'_>) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        let (number, name) = (header.number, names::segment(header.number));
        let file = match self.disk.open(&name) {
            Ok(file) => file,
            Err(e) if e.kind() == io::ErrorKind::NotFound => {
                return Err(JournalError::NoSuchSegment { number });
            }
            Err(e) => return Err(JournalError::io("open", name, &e)),
        };
        let mut scan = Scan::new(file.as_ref(), number, header.base, from, end);
        loop {
            let offset = scan.offset();
            let why = match scan.step() {
                Ok(Step::End) => return Ok(()),
                Ok(Step::Record(record)) => {
                    visit(&record)?;
                    continue;
                }
                Ok(Step::Bad(why)) => why,
                Err(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                    "expected more bytes, the file ends".to_string()
                }
                Err(e) => return Err(JournalError::io("read", name, &e)),
            };
            return Err(match self.verdict(file.as_ref(), number)? {
                Verdict::Recycled => JournalError::NoSuchSegment { number },
                Verdict::Corrupt => JournalError::corrupt(name, offset, why),
            });
        }
    }

    /// Learns of new segments and forgets recycled ones.
    pub(crate) fn refresh(&mut self) -> Result<(), JournalError> {
        let numbers = segment_numbers(self.disk.as_ref())?;
        self.segments
            .retain(|number, _| numbers.binary_search(number).is_ok());
        for number in numbers {
            if self.segments.contains_key(&number) {
                continue;
            }
            let name = names::segment(number);
            let file = match self.disk.open(&name) {
                Ok(file) => file,
                // Recycled since it was listed.
                Err(e) if e.kind() == io::ErrorKind::NotFound => continue,
                Err(e) => return Err(JournalError::io("open", name, &e)),
            };
            match read_header(file.as_ref(), &name)? {
                Ok(header) if header.number == number => {
                    self.segments.insert(number, header);
                }
                other => {
                    // A writer that recycled it has taken its name away first.
                    if segment_numbers(self.disk.as_ref())?
                        .binary_search(&number)
                        .is_ok()
                    {
                        let fault = other.err().unwrap_or_else(|| {
                            HeaderFault::Damaged(format!("expected the header of segment {number}"))
                        });
                        return Err(fault.refuse(self.disk.as_ref(), &name));
                    }
                }
            }
        }
        let oldest = self.segments.values().next().map_or(0, |s| s.base);
        self.cursors.retain(|_, (_, at)| *at >= oldest);
        self.cuts.forget_below(oldest);
        self.check_chain()
    }

    fn check_chain(&mut self) -> Result<(), JournalError> {
        let mut gap = None;
        let mut before: Option<u64> = None;
        for &number in self.segments.keys() {
            if let Some(previous) = before
                && previous + 1 != number
            {
                gap = Some(number);
            }
            before = Some(number);
        }
        let Some(after) = gap else { return Ok(()) };
        // Segments before the gap were listed and then recycled with those in it; if they are still there, one is missing.
        let numbers = segment_numbers(self.disk.as_ref())?;
        if let Some(left) = numbers.iter().rfind(|n| **n < after) {
            let why = format!(
                "expected this segment between {} and {}, it is missing",
                names::segment(*left),
                names::segment(after)
            );
            return Err(JournalError::corrupt(names::segment(after - 1), 0, why));
        }
        self.segments.retain(|number, _| *number >= after);
        Ok(())
    }

    /// Each segment with where it ends, as far as the limit.
    pub(crate) fn spans(&self, limit: u64) -> impl Iterator<Item = (SegmentHeader, u64)> + '_ {
        let next = self
            .segments
            .values()
            .skip(1)
            .map(|s| s.base)
            .chain([u64::MAX]);
        self.segments
            .values()
            .zip(next)
            .filter(move |(s, _)| s.base < limit)
            .map(move |(s, end)| (s.clone(), end.min(limit)))
    }

    /// The segment that holds the record at a position, with its end.
    fn segment_at(&self, at: u64, limit: u64) -> Option<(SegmentHeader, u64)> {
        self.spans(limit).find(|(_, end)| at < *end)
    }

    /// The log's first index, if the oldest segment's header or a reset tells it.
    pub(crate) fn known_first(&self, log: LogId) -> Option<u64> {
        let oldest = self.segments.values().next();
        self.cuts.first(log, oldest.and_then(|s| s.next_of(log)))
    }

    /// A position at or before the entry's record, with no dropped record of the same index behind it.
    fn place_of(&self, log: LogId, index: u64, limit: u64) -> Result<u64, JournalError> {
        let Some(oldest) = self.segments.values().next() else {
            return Ok(u64::MAX);
        };
        if let Some(first) = self.known_first(log)
            && index < first
        {
            return Err(JournalError::Purged {
                log: log.0,
                asked: index,
                first,
            });
        }
        let dropped = self.cuts.last_drop(log, index);
        if let Some(&(next, at)) = self.cursors.get(&log)
            && next == index
            && dropped.is_none_or(|dropped| dropped < at)
        {
            return Ok(at);
        }
        // Headers without the log come before those with it, and behind the last drop of an index the log's next one does not fall
        // back to it from header to header (up to the limit: a later truncation does not count yet).
        let begin = dropped.unwrap_or(oldest.base);
        let place = self
            .segments
            .values()
            .filter(|s| s.base >= begin && s.base < limit)
            .take_while(|s| s.next_of(log).is_none_or(|next| next <= index))
            .last();
        Ok(place.map_or(begin, |s| s.base))
    }

    /// Learns of the truncations and resets below `limit` that it does not know yet. A sealed segment whose header and the next
    /// one's count the same number of them holds none.
    pub(crate) fn learn_cuts(&mut self, limit: u64) -> Result<(), JournalError> {
        let mut cuts = std::mem::take(&mut self.cuts);
        let learned = self.look_for_cuts(limit, &mut cuts);
        self.cuts = cuts;
        learned
    }

    fn look_for_cuts(&self, limit: u64, cuts: &mut Cuts) -> Result<(), JournalError> {
        for (header, end) in self.spans(limit) {
            let next = self.segments.get(&(header.number + 1));
            if end > cuts.known_to && next.is_none_or(|next| next.cuts != header.cuts) {
                let from = cuts.known_to.max(header.base + SEGMENT_HEADER);
                let looked = self.each_record(&header, from, end, &mut |record| {
                    cuts.learn(&record.head, record.start);
                    Ok(())
                });
                match looked {
                    // Recycled: whatever it dropped is gone too.
                    Ok(()) | Err(JournalError::NoSuchSegment { .. }) => {}
                    Err(e) => return Err(e),
                }
            }
            cuts.known_to = cuts.known_to.max(end);
        }
        Ok(())
    }

    /// A file that does not check out is either damaged, or was recycled under the reader's hands: then its name is gone, or it
    /// is another segment's by now.
    fn verdict(&self, file: &dyn DiskFile, number: u64) -> Result<Verdict, JournalError> {
        let name = names::segment(number);
        if segment_numbers(self.disk.as_ref())?
            .binary_search(&number)
            .is_err()
        {
            return Ok(Verdict::Recycled);
        }
        let mut bytes = vec![0; SEGMENT_HEADER as usize];
        read_exact(file, 0, &mut bytes).map_err(|e| JournalError::io("read", name, &e))?;
        Ok(match SegmentHeader::decode(&bytes) {
            Ok(header) if header.number != number => Verdict::Recycled,
            _ => Verdict::Corrupt,
        })
    }
}
