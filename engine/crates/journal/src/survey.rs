//! What a directory holds, as a reader sees it.

use std::collections::BTreeMap;

use crate::LogId;
use crate::error::JournalError;
use crate::format::{
    KIND_ENTRY, KIND_NOTE, KIND_RESET, KIND_TRUNCATION, SEGMENT_HEADER, SegmentHeader,
};
use crate::reader::Reader;
use crate::recover::LogRange;
use crate::scan::Record;

#[derive(Default)]
struct Survey {
    logs: BTreeMap<LogId, (u64, u64)>,
    notes: BTreeMap<LogId, Vec<u8>>,
}

impl Survey {
    fn take(&mut self, record: &Record<'_>) {
        let (log, index) = (record.head.log, record.head.index);
        match record.head.kind {
            KIND_ENTRY => self.logs.entry(log).or_insert((index, index)).1 = index + 1,
            KIND_TRUNCATION => {
                let (first, next) = self.logs.entry(log).or_insert((index, index));
                (*first, *next) = (index.min(*first), index);
            }
            KIND_RESET => {
                self.logs.insert(log, (index, index));
            }
            KIND_NOTE => {
                self.notes.insert(log, record.payload().to_vec());
            }
            _ => {}
        }
    }
}

impl Reader {
    /// The logs and what is in them up to [`end`](Self::end), ascending. Reads the whole journal.
    ///
    /// # Errors
    /// `Corruption`, `Io`; `NoSuchSegment` when one is recycled meanwhile: ask again.
    pub fn logs(&mut self) -> Result<Vec<LogRange>, JournalError> {
        let logs = self.survey()?.logs.into_iter();
        Ok(logs
            .map(|(log, (first, next))| LogRange {
                log,
                first: Some(first),
                next,
            })
            .collect())
    }

    /// The logs' notes as they stand at [`end`](Self::end), ascending. Reads the whole journal.
    ///
    /// # Errors
    /// As with [`logs`](Self::logs).
    pub fn notes(&mut self) -> Result<Vec<(LogId, Vec<u8>)>, JournalError> {
        Ok(self.survey()?.notes.into_iter().collect())
    }

    /// The first index of a log that can be read here, or the one it goes on with if there is none; `None` for a log that is not
    /// there. What the owner gave up shows until its segment is recycled. Cheap, except for a log that begins in a segment that
    /// is still here.
    ///
    /// # Errors
    /// As with [`logs`](Self::logs).
    pub fn first_index(&mut self, log: LogId) -> Result<Option<u64>, JournalError> {
        let limit = self.end().0;
        self.refresh()?;
        self.learn_cuts(limit)?;
        if let Some(first) = self.known_first(log) {
            return Ok(Some(first));
        }
        Ok(self.survey()?.logs.get(&log).map(|&(first, _)| first))
    }

    fn survey(&mut self) -> Result<Survey, JournalError> {
        let limit = self.end().0;
        self.refresh()?;
        let mut survey = Survey::default();
        let spans: Vec<(SegmentHeader, u64)> = self.spans(limit).collect();
        if let Some((oldest, _)) = spans.first() {
            let begins = oldest.logs.iter().map(|&(log, next)| (log, (next, next)));
            survey.logs.extend(begins);
        }
        for (header, end) in &spans {
            self.each_record(header, header.base + SEGMENT_HEADER, *end, &mut |record| {
                survey.take(record);
                Ok(())
            })?;
        }
        Ok(survey)
    }
}
