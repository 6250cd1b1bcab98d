//! Reading from the writer's own journal.

use crate::error::JournalError;
use crate::format::SEGMENT_HEADER;
use crate::journal::Journal;
use crate::segment::{Stopped, Wanted, gather};
use crate::{Entry, LogId, names};

impl Journal {
    /// Reads durable entries of a log from `from_index` on, until `max_bytes` of payload are reached (at least one entry, if there
    /// is one). Nothing at or beyond the log's end, and nothing that was truncated or reset, durably or not yet.
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
            until_index: 0,
            bytes: 0,
            entries: Vec::new(),
        };
        let end_index = known.durable_next;
        let mut at = known.state.place_of(from_index).unwrap_or(0);
        loop {
            // Up to the next place before which dropped entries stand; there it goes on behind them.
            let jump = known
                .state
                .jump_after(wanted.index)
                .filter(|place| place.index < end_index);
            wanted.until_index = jump.map_or(end_index, |place| place.index);
            self.gather_from(at, &mut wanted)?;
            match jump {
                Some(place) if wanted.index == place.index && !wanted.full() => at = place.position,
                _ => return Ok(wanted.entries),
            }
        }
    }

    /// Gathers what is wanted from the position `at` on, over the segments' borders.
    fn gather_from(&self, mut at: u64, wanted: &mut Wanted) -> Result<(), JournalError> {
        let durable = self.durable().0;
        let (log, from_index) = (wanted.log, wanted.index);
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
                wanted,
                &|_, _| false,
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
        Ok(())
    }
}
