//! What a journal may use.

use crate::error::JournalError;
use crate::format::{
    MAX_LOGS, MAX_NOTE_BYTES, MAX_PAYLOAD_BYTES, RECORD_HEADER, SEGMENT_HEADER, record_size,
};

/// What a journal may use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Config {
    /// Size of a new segment's file in bytes, a multiple of 4,096. Existing segments keep theirs.
    pub segment_bytes: u64,
    /// Empty segments that [`crate::Journal::open`] and [`crate::Journal::prepare`] keep ready, so that a full segment does not make a commit
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

    pub(crate) fn check(&self) -> Result<(), JournalError> {
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

/// Bytes at a segment's end that entries leave free, so that notes, truncations, resets and a seal fit when there is no next
/// segment to be had.
pub(crate) fn reserve(segment_bytes: u64) -> u64 {
    (segment_bytes / 16).clamp(1024, 64 << 10) / 8 * 8
}

/// Of the reserve, the bytes that notes leave to a seal and four truncations or resets.
pub(crate) const RESERVED_FOR_CHANGES: u64 = 5 * RECORD_HEADER as u64;

/// The most bytes the notes of all logs may take together, since they stand at the head of every segment.
pub(crate) fn note_room(segment_bytes: u64) -> u64 {
    (segment_bytes / 8).min(MAX_LOGS as u64 * record_size(MAX_NOTE_BYTES)) / 8 * 8
}

/// The largest payload a segment of this size takes, leaving room for the notes at its head and for the reserve at its end.
fn room(segment_bytes: u64) -> u64 {
    let taken =
        SEGMENT_HEADER + note_room(segment_bytes) + reserve(segment_bytes) + RECORD_HEADER as u64;
    segment_bytes.saturating_sub(taken) / 8 * 8
}
