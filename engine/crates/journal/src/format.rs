//! The bytes of segments and records. `FORMAT.md` is the same in words.

use crate::LogId;
use crate::disk::Disk;
use crate::error::JournalError;

/// The version written into every segment header.
pub const FORMAT_VERSION: u32 = 2;
/// The largest payload of one record, in bytes.
pub const MAX_PAYLOAD_BYTES: usize = 16 << 20;
/// The most logs one journal can hold: what fits a segment header.
pub const MAX_LOGS: usize = 250;

/// The most bytes of a log's note.
pub const MAX_NOTE_BYTES: usize = 256;

pub(crate) const SEGMENT_HEADER: u64 = 4096;
pub(crate) const RECORD_HEADER: usize = 40;
pub(crate) const KIND_ENTRY: u32 = 1;
pub(crate) const KIND_SEAL: u32 = 2;
/// The log ends before the record's index.
pub(crate) const KIND_TRUNCATION: u32 = 3;
/// The log has no entries and goes on at the record's index.
pub(crate) const KIND_RESET: u32 = 4;
/// The payload is the log's note from here on.
pub(crate) const KIND_NOTE: u32 = 5;
/// The log number of records that belong to no log.
pub(crate) const NO_LOG: LogId = LogId(u32::MAX);

const MAGIC: [u8; 8] = *b"RIALTOJL";
const LOGS_AT: usize = 48;
const CRC_AT: usize = SEGMENT_HEADER as usize - 4;

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    let mut raw = [0; 4];
    if let Some(part) = bytes.get(at..at + 4) {
        raw.copy_from_slice(part);
    }
    u32::from_le_bytes(raw)
}

fn u64_at(bytes: &[u8], at: usize) -> u64 {
    let mut raw = [0; 8];
    if let Some(part) = bytes.get(at..at + 8) {
        raw.copy_from_slice(part);
    }
    u64::from_le_bytes(raw)
}

/// Why bytes are no header of this version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum HeaderFault {
    /// An intact header of this other version.
    Version(u32),
    /// What was expected instead.
    Damaged(String),
}

impl HeaderFault {
    /// The error for a directory in which the segment `file` begins so.
    pub(crate) fn refuse(self, disk: &dyn Disk, file: &str) -> JournalError {
        match self {
            Self::Version(found) => JournalError::Version {
                place: disk.place(),
                file: file.to_string(),
                found,
            },
            Self::Damaged(why) => JournalError::corrupt(file, 0, why),
        }
    }
}

/// The first 4,096 bytes of a segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SegmentHeader {
    /// The segment's number; numbers follow each other without a gap.
    pub number: u64,
    /// The journal position of the segment's first byte: where the previous segment validly ended.
    pub base: u64,
    /// The same as an offset in the previous segment's file; 0 in the first.
    pub previous_end: u64,
    /// Truncations and resets in the journal's whole life before this segment, modulo 2^32: a segment whose successor has the
    /// same number holds none, so that readers need not look.
    pub cuts: u32,
    /// For each known log the next index at the segment's begin, ascending by log.
    pub logs: Vec<(LogId, u64)>,
}

impl SegmentHeader {
    pub(crate) fn encode(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(SEGMENT_HEADER as usize);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&(SEGMENT_HEADER as u32).to_le_bytes());
        out.extend_from_slice(&self.number.to_le_bytes());
        out.extend_from_slice(&self.base.to_le_bytes());
        out.extend_from_slice(&self.previous_end.to_le_bytes());
        out.extend_from_slice(&(self.logs.len().min(MAX_LOGS) as u32).to_le_bytes());
        out.extend_from_slice(&self.cuts.to_le_bytes());
        for (log, next) in self.logs.iter().take(MAX_LOGS) {
            out.extend_from_slice(&log.0.to_le_bytes());
            out.extend_from_slice(&[0; 4]);
            out.extend_from_slice(&next.to_le_bytes());
        }
        out.resize(CRC_AT, 0);
        let crc = crc32c::crc32c(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Reads a header, or says what was expected instead.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, HeaderFault> {
        if bytes.len() < SEGMENT_HEADER as usize {
            return Err(HeaderFault::Damaged(format!(
                "expected a segment header of {SEGMENT_HEADER} bytes, found {}",
                bytes.len()
            )));
        }
        if bytes[..8] != MAGIC {
            return Err(HeaderFault::Damaged(
                "expected a segment header, found other bytes".into(),
            ));
        }
        // The magic and the checksum's place are every version's: so a damaged header is told from another version's.
        let (stored, computed) = (u32_at(bytes, CRC_AT), crc32c::crc32c(&bytes[..CRC_AT]));
        if stored != computed {
            return Err(HeaderFault::Damaged(format!(
                "expected a segment header with checksum {computed:08x}, found {stored:08x}"
            )));
        }
        let version = u32_at(bytes, 8);
        if version != FORMAT_VERSION {
            return Err(HeaderFault::Version(version));
        }
        let count = u32_at(bytes, 40) as usize;
        if count > MAX_LOGS || u64::from(u32_at(bytes, 12)) != SEGMENT_HEADER {
            return Err(HeaderFault::Damaged(format!(
                "expected a header of {SEGMENT_HEADER} bytes with at most {MAX_LOGS} logs"
            )));
        }
        let logs = (0..count)
            .map(|i| LOGS_AT + i * 16)
            .map(|at| (LogId(u32_at(bytes, at)), u64_at(bytes, at + 8)))
            .collect();
        Ok(Self {
            number: u64_at(bytes, 16),
            base: u64_at(bytes, 24),
            previous_end: u64_at(bytes, 32),
            cuts: u32_at(bytes, 44),
            logs,
        })
    }

    /// The next index of `log` at the segment's begin, if the log existed then.
    pub(crate) fn next_of(&self, log: LogId) -> Option<u64> {
        self.logs
            .binary_search_by_key(&log, |(l, _)| *l)
            .ok()
            .map(|i| self.logs[i].1)
    }
}

/// What a record of segment `number` carries so that no stale record of a recycled file passes for one of its own. Spread over all
/// bits, since small numbers are common in payloads and would make a search for records find too much.
pub(crate) fn salt(number: u64) -> u32 {
    ((number & u64::from(u32::MAX)) as u32).wrapping_mul(0x9E37_79B1)
}

/// The fixed 40 bytes before a payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordHead {
    pub crc: u32,
    pub len: u32,
    pub salt: u32,
    pub kind: u32,
    pub log: LogId,
    pub index: u64,
    /// The position that was durable when the record was written.
    pub durable: u64,
}

impl RecordHead {
    /// Reads the head at the begin of `bytes`; its checksum is not looked at.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.get(..RECORD_HEADER)?;
        Some(Self {
            crc: u32_at(bytes, 0),
            len: u32_at(bytes, 4),
            salt: u32_at(bytes, 8),
            kind: u32_at(bytes, 12),
            log: LogId(u32_at(bytes, 16)),
            index: u64_at(bytes, 24),
            durable: u64_at(bytes, 32),
        })
    }

    /// The bytes of the whole record with its padding.
    pub(crate) fn size(&self) -> u64 {
        record_size(self.len as usize)
    }
}

/// The bytes a payload of `len` takes with its head and its padding to a multiple of 8.
pub(crate) fn record_size(len: usize) -> u64 {
    RECORD_HEADER as u64 + (len as u64).next_multiple_of(8)
}

/// The checksum of a whole record (head, payload, padding) that begins at `position`. The position is not stored, only summed, so
/// that a record is valid at its own place alone.
pub(crate) fn checksum(record: &[u8], position: u64) -> u32 {
    crc32c::crc32c_append(
        crc32c::crc32c(&position.to_le_bytes()),
        record.get(4..).unwrap_or_default(),
    )
}

/// Appends a whole record to `out`; `head.crc` and `head.len` are computed.
pub(crate) fn write_record(out: &mut Vec<u8>, head: &RecordHead, payload: &[u8], position: u64) {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&(payload.len() as u32).to_le_bytes());
    out.extend_from_slice(&head.salt.to_le_bytes());
    out.extend_from_slice(&head.kind.to_le_bytes());
    out.extend_from_slice(&head.log.0.to_le_bytes());
    out.extend_from_slice(&[0; 4]);
    out.extend_from_slice(&head.index.to_le_bytes());
    out.extend_from_slice(&head.durable.to_le_bytes());
    out.extend_from_slice(payload);
    out.resize(start + record_size(payload.len()) as usize, 0);
    let crc = checksum(&out[start..], position);
    out[start..start + 4].copy_from_slice(&crc.to_le_bytes());
}
