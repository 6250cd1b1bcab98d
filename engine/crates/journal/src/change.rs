//! What changes a log other than appending to it: truncation, reset, note.

use crate::config::{RESERVED_FOR_CHANGES, note_room, reserve};
use crate::error::JournalError;
use crate::format::{
    KIND_NOTE, KIND_RESET, KIND_TRUNCATION, MAX_NOTE_BYTES, RECORD_HEADER, record_size,
};
use crate::journal::{Journal, Log};
use crate::log_state::LogState;
use crate::{LogId, Position};

/// A log's note.
pub(crate) struct Note {
    pub(crate) bytes: Vec<u8>,
    /// Journal position of its latest record.
    pub(crate) at: u64,
    /// Of the latest durable one; `u64::MAX` while there is none.
    pub(crate) durable_at: u64,
}

impl Journal {
    /// Drops the entries of a log from `from` on; later appends go on at `from`. As with [`append`](Self::append) it is durable
    /// once [`sync`](Self::sync) has given a position that is not below the one given here; this journal shows the dropped entries
    /// no more from now on. Where `from` is the log's next index there is nothing to drop; where it lies below the first index,
    /// nothing is left. A full disk is no obstacle while the segment's reserve lasts (see `FORMAT.md`).
    ///
    /// # Errors
    /// `UnknownLog`, `TruncateBeyondEnd`, `DiskFull` (the reserve is used up): each leaves the journal as it was. `Poisoned`.
    pub fn truncate(&mut self, log: LogId, from: u64) -> Result<Position, JournalError> {
        self.alive()?;
        let Some(known) = self.logs.get(&log) else {
            return Err(JournalError::UnknownLog { log: log.0 });
        };
        let next = known.state.next;
        if from > next {
            return Err(JournalError::TruncateBeyondEnd {
                log: log.0,
                next,
                asked: from,
            });
        }
        if from == next {
            return Ok(Position(self.end()));
        }
        self.put_change(KIND_TRUNCATION, log, from, &[], RECORD_HEADER as u64)?;
        if let Some(known) = self.logs.get_mut(&log) {
            known.state.truncate(from);
            known.durable_next = known.durable_next.min(from);
        }
        self.cut();
        Ok(Position(self.end()))
    }

    /// Forgets all entries of a log, which goes on at `next`, before or after where it stood: what was installed from elsewhere
    /// takes their place. A log the journal has not seen begins there. Durable and shown as with [`truncate`](Self::truncate).
    ///
    /// # Errors
    /// `BadLog`, `OutOfOrder` for `u64::MAX`, `DiskFull` (the reserve is used up): each leaves the journal as it was. `Poisoned`.
    pub fn reset(&mut self, log: LogId, next: u64) -> Result<Position, JournalError> {
        self.alive()?;
        if next == u64::MAX {
            return Err(JournalError::OutOfOrder {
                log: log.0,
                expected: 0,
                got: next,
            });
        }
        self.admit(log)?;
        self.put_change(KIND_RESET, log, next, &[], RECORD_HEADER as u64)?;
        self.logs.insert(
            log,
            Log {
                state: LogState::starting_at(next),
                durable_next: next,
            },
        );
        self.cut();
        Ok(Position(self.end()))
    }

    /// Puts a log's one note in place of the one before; the log need not have entries. It outlives the recycling of segments and
    /// is known again after opening. Durable as with [`append`](Self::append). The same note again writes nothing. A full disk is
    /// no obstacle while the segment's reserve lasts (see `FORMAT.md`).
    ///
    /// # Errors
    /// `PayloadTooLarge` above [`MAX_NOTE_BYTES`], `BadLog` (also where the notes of all logs together would no longer fit the head
    /// of a segment), `DiskFull` (the reserve is used up): each leaves the journal as it was. `Poisoned`.
    pub fn put_note(&mut self, log: LogId, bytes: &[u8]) -> Result<Position, JournalError> {
        self.alive()?;
        if bytes.len() > MAX_NOTE_BYTES {
            return Err(JournalError::PayloadTooLarge {
                bytes: bytes.len(),
                max: MAX_NOTE_BYTES,
            });
        }
        self.admit(log)?;
        if self.note(log) == Some(bytes) {
            return Ok(Position(self.end()));
        }
        let others = self.notes.iter().filter(|(other, _)| **other != log);
        let taken: u64 = others.map(|(_, note)| record_size(note.bytes.len())).sum();
        if taken + record_size(bytes.len()) > note_room(self.config.segment_bytes) {
            return Err(JournalError::BadLog {
                log: log.0,
                reason: "the notes of all logs no longer fit the head of a segment: configure larger segments",
            });
        }
        let at = self.put_change(KIND_NOTE, log, 0, bytes, RESERVED_FOR_CHANGES)?;
        let durable_at = self
            .notes
            .get(&log)
            .map_or(u64::MAX, |note| note.durable_at);
        self.notes.insert(
            log,
            Note {
                bytes: bytes.to_vec(),
                at,
                durable_at,
            },
        );
        Ok(Position(self.end()))
    }

    /// The log's note as last put, durable or not yet.
    pub fn note(&self, log: LogId) -> Option<&[u8]> {
        self.notes.get(&log).map(|note| note.bytes.as_slice())
    }

    /// Puts a small record, into the segment's reserve where there is no next segment at hand; there it leaves `keep` bytes. Gives
    /// where it begins.
    pub(crate) fn put_change(
        &mut self,
        kind: u32,
        log: LogId,
        index: u64,
        payload: &[u8],
        keep: u64,
    ) -> Result<u64, JournalError> {
        let size = record_size(payload.len());
        let fits_reserve = self.left() >= size + keep;
        // Filling a new file takes long, and a vote must not wait for a disk that has no room anyway.
        if fits_reserve && self.free.is_empty() {
            return self.put(kind, log, index, payload, size);
        }
        let need = size + reserve(self.config.segment_bytes);
        match self.put(kind, log, index, payload, need) {
            Err(JournalError::DiskFull { .. }) if fits_reserve => {
                self.put(kind, log, index, payload, size)
            }
            put => put,
        }
    }

    /// Until the next sync the dropped entries are what a crash would leave, so their segments must stay.
    fn cut(&mut self) {
        self.cuts = self.cuts.wrapping_add(1);
        self.cut_waits = true;
    }
}
