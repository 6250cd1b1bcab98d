//! Reading a directory back: what is valid, what is torn, what is corrupt. Nothing is changed here.

use std::collections::BTreeMap;

use crate::disk::Disk;
use crate::error::JournalError;
use crate::format::{
    KIND_ENTRY, KIND_NOTE, KIND_RESET, KIND_SEAL, KIND_TRUNCATION, MAX_NOTE_BYTES, SEGMENT_HEADER,
    SegmentHeader,
};
use crate::log_state::LogState;
use crate::names::{self, Name};
use crate::scan::{self, Record, Scan, Step};
use crate::segment::{read_header, unknown_kind};
use crate::{LogId, Position};

/// Entries of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogRange {
    /// The log.
    pub log: LogId,
    /// Its first index here; `None` where the log begins within a sealed segment, whose header cannot tell.
    pub first: Option<u64>,
    /// The index after its last.
    pub next: u64,
}

impl LogRange {
    /// Its last index, if it has an entry before `next`.
    pub fn last(&self) -> Option<u64> {
        (self.first != Some(self.next)).then(|| self.next.saturating_sub(1))
    }
}

/// What opening a journal found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovery {
    /// Each log's entries, ascending by log. Purged entries show again until their segment is recycled.
    pub logs: Vec<LogRange>,
    /// The durable position.
    pub durable: Position,
    /// Bytes behind it that carry this journal's mark but were never acknowledged; they were dropped.
    pub torn_bytes: u64,
    /// Whether the last thing written was the seal of a clean shutdown.
    pub clean: bool,
    /// Whether the directory held no journal, and one was begun.
    pub created: bool,
}

/// A log's note as found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct NoteFound {
    pub bytes: Vec<u8>,
    /// Journal position of its latest record.
    pub at: u64,
}

/// A directory as found.
pub(crate) struct Found {
    pub headers: Vec<SegmentHeader>,
    pub logs: BTreeMap<LogId, LogState>,
    pub notes: BTreeMap<LogId, NoteFound>,
    /// Truncations and resets in the journal's whole life.
    pub cuts: u32,
    /// Position after the last valid record.
    pub end: u64,
    /// Highest position some record or header proves to have been durable.
    pub proven: u64,
    pub torn: u64,
    pub clean: bool,
    pub free: Vec<u64>,
    pub partial: Vec<String>,
}

/// (segments, pool files) by number, ascending, and the names of unfinished pool files.
type Files = (Vec<u64>, Vec<u64>, Vec<String>);

fn list(disk: &dyn Disk) -> Result<Files, JournalError> {
    let (mut segments, mut free, mut partial) = (Vec::new(), Vec::new(), Vec::new());
    for name in disk
        .list()
        .map_err(|e| JournalError::io("list", disk.place(), &e))?
    {
        match names::parse(&name) {
            Name::Segment(n) => segments.push(n),
            Name::Free(n) => free.push(n),
            Name::Partial(_) => partial.push(name),
            Name::Other => {}
        }
    }
    segments.sort_unstable();
    free.sort_unstable();
    Ok((segments, free, partial))
}

/// The numbers of all segment files, ascending.
pub(crate) fn segment_numbers(disk: &dyn Disk) -> Result<Vec<u64>, JournalError> {
    list(disk).map(|(segments, ..)| segments)
}

/// Reads the whole directory and checks every record in it.
pub(crate) fn inspect(disk: &dyn Disk) -> Result<Found, JournalError> {
    let (numbers, free, partial) = list(disk)?;
    let mut found = Found {
        headers: Vec::with_capacity(numbers.len()),
        logs: BTreeMap::new(),
        notes: BTreeMap::new(),
        cuts: 0,
        end: 0,
        proven: 0,
        torn: 0,
        clean: false,
        free,
        partial,
    };
    for &number in &numbers {
        let header = checked_header(disk, number, found.headers.last())?;
        found.headers.push(header);
    }
    for i in 0..found.headers.len() {
        let limit = found.headers.get(i + 1).map(|next| next.base);
        let header = found.headers[i].clone();
        walk(disk, &header, limit, &mut found)?;
    }
    Ok(found)
}

fn checked_header(
    disk: &dyn Disk,
    number: u64,
    previous: Option<&SegmentHeader>,
) -> Result<SegmentHeader, JournalError> {
    let name = names::segment(number);
    if let Some(previous) = previous
        && previous.number + 1 != number
    {
        let missing = names::segment(previous.number + 1);
        let why = format!(
            "expected this segment between {} and {name}, the file is missing",
            names::segment(previous.number)
        );
        return Err(JournalError::corrupt(missing, 0, why));
    }
    let file = disk
        .open(&name)
        .map_err(|e| JournalError::io("open", name.as_str(), &e))?;
    let header = read_header(file.as_ref(), &name)?.map_err(|fault| fault.refuse(disk, &name))?;
    if header.number != number {
        let why = format!(
            "expected the header of segment {number}, found that of {}",
            header.number
        );
        return Err(JournalError::corrupt(name, 16, why));
    }
    if let Some(previous) = previous
        && (header.base < previous.base + SEGMENT_HEADER
            || header.base - previous.base != header.previous_end)
    {
        let why = format!(
            "expected a begin after position {}, found {} with the previous segment ending at its byte {}",
            previous.base + SEGMENT_HEADER,
            header.base,
            header.previous_end
        );
        return Err(JournalError::corrupt(name, 24, why));
    }
    Ok(header)
}

/// Walks one segment. `limit` is where it validly ended, unknown for the last one.
fn walk(
    disk: &dyn Disk,
    header: &SegmentHeader,
    limit: Option<u64>,
    found: &mut Found,
) -> Result<(), JournalError> {
    let name = names::segment(header.number);
    let reading = |e| JournalError::io("read", name.as_str(), &e);
    for &(log, next) in &header.logs {
        let state = found
            .logs
            .entry(log)
            .or_insert_with(|| LogState::starting_at(next));
        if state.next != next {
            let why = format!(
                "expected log {} to go on at index {}, found {next}",
                log.0, state.next
            );
            return Err(JournalError::corrupt(name, 48, why));
        }
    }
    if let Some((log, _)) = found
        .logs
        .iter()
        .find(|(log, _)| header.next_of(**log).is_none())
    {
        let why = format!("expected log {} among the header's logs", log.0);
        return Err(JournalError::corrupt(name, 48, why));
    }
    if found.headers.first().map(|oldest| oldest.number) == Some(header.number) {
        found.cuts = header.cuts;
    } else if found.cuts != header.cuts {
        let why = format!(
            "expected {} truncations and resets before this segment, found {}",
            found.cuts, header.cuts
        );
        return Err(JournalError::corrupt(name, 44, why));
    }
    let file = disk
        .open(&name)
        .map_err(|e| JournalError::io("open", name.as_str(), &e))?;
    let size = file.size().map_err(reading)?;
    let end = header.base + size;
    if let Some(limit) = limit
        && end < limit
    {
        let why = format!("expected {} bytes, the file ends here", limit - header.base);
        return Err(JournalError::corrupt(name, size, why));
    }
    let first = header.base + SEGMENT_HEADER;
    found.proven = found.proven.max(first);
    found.clean = false;
    let mut scan = Scan::new(
        file.as_ref(),
        header.number,
        header.base,
        first,
        limit.unwrap_or(end),
    );
    let why = loop {
        let offset = scan.offset();
        let record = match scan.step().map_err(reading)? {
            Step::End => break None,
            Step::Bad(why) => break Some(why),
            Step::Record(record) => record,
        };
        if let Some(why) = unknown_kind(record.head.kind) {
            return Err(JournalError::corrupt(name, offset, why));
        }
        found.proven = found.proven.max(record.head.durable);
        found.clean = record.head.kind == KIND_SEAL;
        replay(&record, header.base, found)
            .map_err(|why| JournalError::corrupt(name.as_str(), offset, why))?;
    };
    found.end = scan.position();
    let offset = scan.offset();
    match (why, limit) {
        (Some(why), Some(limit)) => {
            let why = format!(
                "{why}; this was durable, since the next segment begins at position {limit}"
            );
            Err(JournalError::corrupt(name, offset, why))
        }
        (Some(why), None) => {
            let tail = scan::tail(file.as_ref(), header.number, header.base, offset, size)
                .map_err(reading)?;
            found.proven = found.proven.max(tail.proven);
            if found.proven > found.end {
                let why = format!(
                    "{why}; this was durable, since a later record was written when position {} was",
                    found.proven
                );
                return Err(JournalError::corrupt(name, offset, why));
            }
            found.torn = tail.torn;
            Ok(())
        }
        (None, _) => Ok(()),
    }
}

/// Does what a record of the segment at `base` says, or says why it cannot stand there.
fn replay(record: &Record<'_>, base: u64, found: &mut Found) -> Result<(), String> {
    let (log, index) = (record.head.log, record.head.index);
    match record.head.kind {
        KIND_ENTRY => {
            let state = found
                .logs
                .entry(log)
                .or_insert_with(|| LogState::starting_at(index));
            if state.next != index {
                return Err(format!(
                    "expected index {} of log {}, found {index}",
                    state.next, log.0
                ));
            }
            state.push(record.start, base);
        }
        KIND_TRUNCATION => {
            let next = found.logs.get(&log).map(|state| state.next);
            match found.logs.get_mut(&log) {
                Some(state) if index <= state.next => state.truncate(index),
                _ => {
                    return Err(format!(
                        "expected a truncation of log {} at most at {next:?}, found {index}",
                        log.0
                    ));
                }
            }
            found.cuts = found.cuts.wrapping_add(1);
        }
        KIND_RESET => {
            found.logs.entry(log).or_default().reset(index);
            found.cuts = found.cuts.wrapping_add(1);
        }
        KIND_NOTE => {
            let bytes = record.payload().to_vec();
            if bytes.len() > MAX_NOTE_BYTES {
                return Err(format!(
                    "expected a note of at most {MAX_NOTE_BYTES} bytes, found {}",
                    bytes.len()
                ));
            }
            found.notes.insert(
                log,
                NoteFound {
                    bytes,
                    at: record.start,
                },
            );
        }
        _ => {}
    }
    Ok(())
}
