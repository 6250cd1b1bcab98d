//! Walking the records of one segment, each checked before it is shown.

use std::io;

use crate::disk::{DiskFile, read_exact};
use crate::format::{MAX_PAYLOAD_BYTES, RECORD_HEADER, RecordHead, checksum, record_size, salt};
use crate::segment::unknown_kind;

const WINDOW: u64 = 256 << 10;

/// A record that passed its checksum.
pub(crate) struct Record<'w> {
    pub head: RecordHead,
    /// Journal position of its first byte.
    pub start: u64,
    /// Journal position after its last byte.
    pub end: u64,
    /// Head, payload and padding.
    pub raw: &'w [u8],
}

impl Record<'_> {
    pub(crate) fn payload(&self) -> &[u8] {
        self.raw
            .get(RECORD_HEADER..RECORD_HEADER + self.head.len as usize)
            .unwrap_or_default()
    }
}

/// What stands at the scan's place.
pub(crate) enum Step<'w> {
    Record(Record<'w>),
    /// The limit was reached exactly.
    End,
    /// No valid record of this segment, for this reason.
    Bad(String),
}

/// A walk over one segment's file.
pub(crate) struct Scan<'f> {
    file: &'f dyn DiskFile,
    number: u64,
    base: u64,
    /// Offset of the next record.
    at: u64,
    /// Offset the walk must not pass.
    limit: u64,
    window: Vec<u8>,
    window_at: u64,
}

impl<'f> Scan<'f> {
    /// Begins at the journal position `from` of segment `number` and ends at the position `limit`.
    pub(crate) fn new(
        file: &'f dyn DiskFile,
        number: u64,
        base: u64,
        from: u64,
        limit: u64,
    ) -> Self {
        Self {
            file,
            number,
            base,
            at: from.saturating_sub(base),
            limit: limit.saturating_sub(base),
            window: Vec::new(),
            window_at: 0,
        }
    }

    /// The offset in the file where the walk stands.
    pub(crate) fn offset(&self) -> u64 {
        self.at
    }

    /// The journal position where the walk stands.
    pub(crate) fn position(&self) -> u64 {
        self.base + self.at
    }

    /// Checks the next record and steps over it.
    pub(crate) fn step(&mut self) -> io::Result<Step<'_>> {
        let room = self.limit.saturating_sub(self.at);
        if room == 0 {
            return Ok(Step::End);
        }
        if room < RECORD_HEADER as u64 {
            return Ok(Step::Bad(format!(
                "expected a record, found only {room} bytes"
            )));
        }
        self.fill(RECORD_HEADER as u64)?;
        let start = self.position();
        let Some(head) = RecordHead::read(self.bytes(RECORD_HEADER)) else {
            return Ok(Step::Bad("expected a record head".into()));
        };
        if head.salt != salt(self.number) {
            return Ok(Step::Bad(format!(
                "expected a record of segment {}, found the mark {}",
                self.number, head.salt
            )));
        }
        if head.len as usize > MAX_PAYLOAD_BYTES || head.size() > room {
            return Ok(Step::Bad(format!(
                "expected a record of at most {room} bytes, found a length of {}",
                head.len
            )));
        }
        let size = head.size();
        self.fill(size)?;
        let computed = checksum(self.bytes(size as usize), start);
        if computed != head.crc {
            return Ok(Step::Bad(format!(
                "expected a record with checksum {computed:08x}, found {:08x}",
                head.crc
            )));
        }
        let from = (self.at - self.window_at) as usize;
        self.at += size;
        Ok(Step::Record(Record {
            head,
            start,
            end: start + size,
            raw: self
                .window
                .get(from..from + size as usize)
                .unwrap_or_default(),
        }))
    }

    fn bytes(&self, len: usize) -> &[u8] {
        let from = (self.at - self.window_at) as usize;
        self.window.get(from..from + len).unwrap_or_default()
    }

    /// Makes the window hold `need` bytes from the walk's place on; the caller keeps within the limit.
    fn fill(&mut self, need: u64) -> io::Result<()> {
        let held = self.window_at + self.window.len() as u64;
        if self.at >= self.window_at && self.at + need <= held {
            return Ok(());
        }
        let len = need.max(WINDOW).min(self.limit - self.at);
        self.window.resize(len as usize, 0);
        self.window_at = self.at;
        let read = read_exact(self.file, self.at, &mut self.window);
        if read.is_err() {
            self.window.clear();
        }
        read
    }
}

/// What stands behind the last valid record of a segment.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tail {
    /// The highest durable position an intact record there knows of.
    pub proven: u64,
    /// Bytes up to the end of the last thing that carries this segment's salt.
    pub torn: u64,
}

/// Looks at every place a record could begin from the offset `from` to the file's end at `limit`: after a crash, later sectors may
/// be on the disk though earlier ones are not.
pub(crate) fn tail(
    file: &dyn DiskFile,
    number: u64,
    base: u64,
    from: u64,
    limit: u64,
) -> io::Result<Tail> {
    let mut found = Tail::default();
    let mark = salt(number).to_le_bytes();
    let mut window = vec![0; WINDOW as usize];
    let mut at = from;
    while at + (RECORD_HEADER as u64) <= limit {
        let len = WINDOW.min(limit - at);
        window.truncate(len as usize);
        read_exact(file, at, &mut window)?;
        // Heads that reach over the window's end are met again: the next window overlaps this one.
        let starts = (window.len() - RECORD_HEADER) / 8 + 1;
        for i in 0..starts {
            let here = &window[i * 8..];
            if here.get(8..12) != Some(&mark) {
                continue;
            }
            let Some(head) = RecordHead::read(here) else {
                continue;
            };
            let offset = at + i as u64 * 8;
            // What no writer would write is not worth a checksum, which may run over megabytes.
            if unknown_kind(head.kind).is_some() || head.durable > base + offset {
                continue;
            }
            if head.len as usize > MAX_PAYLOAD_BYTES || offset + head.size() > limit {
                found.torn = found.torn.max(offset + RECORD_HEADER as u64 - from);
                continue;
            }
            found.torn = found.torn.max(offset + head.size() - from);
            let mut record = vec![0; record_size(head.len as usize) as usize];
            read_exact(file, offset, &mut record)?;
            if checksum(&record, base + offset) == head.crc {
                found.proven = found.proven.max(head.durable);
            }
        }
        at += starts as u64 * 8;
    }
    Ok(found)
}
