//! Segments as the journal and its readers know them.

use crate::disk::{Disk, DiskFile, read_exact};
use crate::error::JournalError;
use crate::format::{HeaderFault, KIND_ENTRY, KIND_NOTE, SEGMENT_HEADER, SegmentHeader};
use crate::recover::LogRange;
use crate::scan::{Scan, Step};
use crate::{Entry, LogId, Position, names};

/// A segment that will never be written again (until it is purged and recycled): what backups ship.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSegment {
    /// Its number; numbers follow each other without a gap.
    pub number: u64,
    /// Its file in the journal's directory, and the name its copy must have.
    pub file: String,
    /// Journal position of its first byte.
    pub base: Position,
    /// Journal position after its last valid byte; a copy has `end - base` bytes.
    pub end: Position,
    /// The entries in it, for each log that has some. Where a log of the journal was truncated or reset within it, each log that
    /// there was, with where it stood at the segment's end and no first index: the headers cannot tell more.
    pub logs: Vec<LogRange>,
}

/// Reads and checks a segment's header; `Ok(Err(why))` says what was expected.
pub(crate) fn read_header(
    file: &dyn DiskFile,
    name: &str,
) -> Result<Result<SegmentHeader, HeaderFault>, JournalError> {
    let size = file
        .size()
        .map_err(|e| JournalError::io("read", name, &e))?;
    if size < SEGMENT_HEADER {
        return Ok(Err(HeaderFault::Damaged(format!(
            "expected a segment header of {SEGMENT_HEADER} bytes, the file has {size}"
        ))));
    }
    let mut bytes = vec![0; SEGMENT_HEADER as usize];
    read_exact(file, 0, &mut bytes).map_err(|e| JournalError::io("read", name, &e))?;
    Ok(SegmentHeader::decode(&bytes))
}

/// The segments of headers in order, except the last, with where each ends.
pub(crate) fn sealed<'a>(headers: impl Iterator<Item = &'a SegmentHeader>) -> Vec<SealedSegment> {
    let mut out = Vec::new();
    let mut before: Option<&SegmentHeader> = None;
    for header in headers {
        if let Some(previous) = before {
            out.push(SealedSegment {
                number: previous.number,
                file: names::segment(previous.number),
                base: Position(previous.base),
                end: Position(header.base),
                logs: header
                    .logs
                    .iter()
                    .filter_map(|&(log, next)| {
                        // A log that begins within the segment is not in its header; its first index is then not known here.
                        let first = previous
                            .next_of(log)
                            .filter(|_| previous.cuts == header.cuts);
                        (first != Some(next)).then_some(LogRange { log, first, next })
                    })
                    .collect(),
            });
        }
        before = Some(header);
    }
    out
}

/// Entries being gathered from one log.
pub(crate) struct Wanted {
    pub log: LogId,
    /// The next index to take.
    pub index: u64,
    pub max_bytes: usize,
    /// Entries end here; `u64::MAX` where the caller does not know.
    pub until_index: u64,
    pub bytes: usize,
    pub entries: Vec<Entry>,
}

impl Wanted {
    pub(crate) fn done(&self) -> bool {
        self.full() || self.index >= self.until_index
    }

    /// What was gathered so far, unless that is nothing.
    pub(crate) fn gathered(self) -> Option<Vec<Entry>> {
        (!self.entries.is_empty()).then_some(self.entries)
    }

    /// Whether as many bytes were gathered as are wanted.
    pub(crate) fn full(&self) -> bool {
        self.bytes >= self.max_bytes && !self.entries.is_empty()
    }
}

/// Why gathering stopped early.
pub(crate) enum Stopped {
    /// The bytes at this offset are not what they were when they became durable.
    Bad(u64, String),
    /// The log begins after the index asked for.
    Begins(u64),
}

/// Gathers from the segment between two journal positions. `dropped` says of an entry's record (position, index) whether a later
/// truncation or reset dropped it. Gives the position reached.
pub(crate) fn gather(
    disk: &dyn Disk,
    file: &dyn DiskFile,
    header: (u64, u64),
    from: u64,
    limit: u64,
    wanted: &mut Wanted,
    dropped: &dyn Fn(u64, u64) -> bool,
) -> Result<Result<u64, Stopped>, JournalError> {
    let (number, base) = header;
    let name = names::segment(number);
    let size = file
        .size()
        .map_err(|e| JournalError::io("read", name.as_str(), &e))?;
    if base + size < limit {
        let why = format!(
            "expected {} bytes in {}, the file has {size}",
            limit - base,
            disk.place()
        );
        return Ok(Err(Stopped::Bad(size, why)));
    }
    let mut scan = Scan::new(file, number, base, from, limit);
    while !wanted.done() {
        let offset = scan.offset();
        let record = match scan
            .step()
            .map_err(|e| JournalError::io("read", name.as_str(), &e))?
        {
            Step::End => break,
            Step::Bad(why) => return Ok(Err(Stopped::Bad(offset, why))),
            Step::Record(record) => record,
        };
        if let Some(why) = unknown_kind(record.head.kind) {
            return Ok(Err(Stopped::Bad(offset, why)));
        }
        if record.head.kind != KIND_ENTRY
            || record.head.log != wanted.log
            || record.head.index < wanted.index
            || dropped(record.start, record.head.index)
        {
            continue;
        }
        if record.head.index > wanted.index {
            return Ok(Err(if wanted.entries.is_empty() {
                Stopped::Begins(record.head.index)
            } else {
                let why = format!(
                    "expected index {} of log {}, found {}",
                    wanted.index, wanted.log.0, record.head.index
                );
                Stopped::Bad(offset, why)
            }));
        }
        wanted.entries.push(Entry {
            index: record.head.index,
            end: Position(record.end),
            payload: record.payload().to_vec(),
        });
        wanted.bytes += record.head.len as usize;
        wanted.index += 1;
    }
    Ok(Ok(scan.position()))
}

/// A record that is intact but of a kind this version does not know.
pub(crate) fn unknown_kind(kind: u32) -> Option<String> {
    (!(KIND_ENTRY..=KIND_NOTE).contains(&kind)).then(|| {
        format!(
            "expected a record of kind {KIND_ENTRY} to {KIND_NOTE}, found {kind}: a newer version wrote it"
        )
    })
}
