//! The thread that owns the journal.

use super::Request;
use crate::exit;
use crate::metrics::NodeMetrics;
use rialto_journal::{FileDisk, Journal, JournalError, LogId, Spare};
use rialto_replica::{Done, JournalOp};
use std::collections::VecDeque;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, TryRecvError, sync_channel};
use std::time::{Duration, Instant};

/// Payload appended before a sync; what waits beyond it is synced next.
const BYTES_A_SYNC: usize = 4 << 20;
/// How long it waits for something to do, for room on a full disk, and before it tries again to make a spare segment.
const IDLE: Duration = Duration::from_millis(50);

/// One market's log.
struct End {
    log: LogId,
    /// The position behind the last durable entry.
    durable_next: u64,
}

pub struct Worker {
    journal: Journal,
    requests: Receiver<Request>,
    ends: Vec<End>,
    metrics: Arc<NodeMetrics>,
    data_dir: PathBuf,
    dir: PathBuf,
    /// Whom to tell once what was written is durable.
    written: Vec<Done<()>>,
    /// What has to wait for room on a full disk, in order; the first was refused.
    held: VecDeque<(usize, JournalOp)>,
    /// The spare segment that is being made.
    making: Option<Receiver<Result<Spare, JournalError>>>,
    /// When the last one was begun.
    tried: Instant,
    no_spare: bool,
}

impl Worker {
    pub fn new(
        journal: Journal,
        requests: Receiver<Request>,
        logs: Vec<(LogId, u64)>,
        metrics: Arc<NodeMetrics>,
        data_dir: PathBuf,
        dir: PathBuf,
    ) -> Self {
        let ends = logs
            .into_iter()
            .map(|(log, durable_next)| End { log, durable_next })
            .collect();
        let worker = Self {
            journal,
            requests,
            ends,
            metrics,
            data_dir,
            dir,
            written: Vec::new(),
            held: VecDeque::new(),
            making: None,
            tried: Instant::now(),
            no_spare: false,
        };
        worker.gauges();
        worker
    }

    pub fn run(mut self) {
        let mut gauges = Instant::now();
        loop {
            let stop = match self.requests.recv_timeout(IDLE) {
                Ok(request) => self.collect(request),
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            self.commit();
            self.retry();
            self.prepare();
            if stop {
                return self.seal();
            }
            if gauges.elapsed() > IDLE * 5 {
                self.gauges();
                gauges = Instant::now();
            }
        }
    }

    /// Takes the first request and what else waits; whether to stop.
    fn collect(&mut self, first: Request) -> bool {
        let mut next = Some(first);
        let mut bytes = 0;
        while let Some(request) = next {
            let Request::Op { market, op } = request else {
                return true;
            };
            self.metrics.journal_queue.down();
            if let JournalOp::Append { entries, .. } = &op {
                bytes += entries.iter().map(|(_, e)| e.len()).sum::<usize>();
            }
            self.take(market, op);
            if bytes >= BYTES_A_SYNC {
                return false;
            }
            next = self.requests.try_recv().ok();
        }
        false
    }

    /// Carries an operation out, or holds it where the disk has no room. A note (a vote) goes ahead of what waits for room:
    /// a full disk must not silence a voter. A purge may be what makes room.
    fn take(&mut self, market: usize, op: JournalOp) {
        let waits = match &op {
            JournalOp::Note { .. } | JournalOp::Purge { .. } => false,
            // What waits is not there to be read yet.
            JournalOp::Read { .. } => self.held.iter().any(|(other, _)| *other == market),
            _ => !self.held.is_empty(),
        };
        if waits {
            self.held.push_back((market, op));
        } else if let Some(op) = self.carry_out(market, op) {
            self.metrics.journal_disk_full.add(1);
            tracing::error!(
                event = "disk_full",
                dir = %self.dir.display(),
                next = "free some space; the journal goes on by itself",
            );
            self.held.push_back((market, op));
        }
    }

    /// Tries again what was held.
    fn retry(&mut self) {
        let mut moved = false;
        while let Some((market, op)) = self.held.pop_front() {
            if let Some(op) = self.carry_out(market, op) {
                self.held.push_front((market, op));
                break;
            }
            moved = true;
        }
        self.commit();
        if moved && self.held.is_empty() {
            tracing::info!(event = "disk_has_room");
        }
    }

    /// Carries an operation out; gives back what found no room.
    fn carry_out(&mut self, market: usize, op: JournalOp) -> Option<JournalOp> {
        let log = self.ends.get(market)?.log;
        match op {
            JournalOp::Append { entries, done } => self.append(log, entries, done),
            JournalOp::Truncate { from, done } => {
                match self.write(|journal| journal.truncate(log, from)) {
                    true => self.written.push(done),
                    false => return Some(JournalOp::Truncate { from, done }),
                }
                None
            }
            JournalOp::Reset { next, done } => {
                match self.write(|journal| journal.reset(log, next)) {
                    true => self.written.push(done),
                    false => return Some(JournalOp::Reset { next, done }),
                }
                None
            }
            JournalOp::Note { bytes, done } => {
                match self.write(|journal| journal.put_note(log, &bytes)) {
                    true => self.written.push(done),
                    false => return Some(JournalOp::Note { bytes, done }),
                }
                None
            }
            JournalOp::Purge { up_to } => {
                self.purge(log, up_to);
                None
            }
            JournalOp::Read {
                from,
                to,
                max_bytes,
                done,
            } => {
                done(self.read(market, from, to, max_bytes));
                None
            }
        }
    }

    fn append(
        &mut self,
        log: LogId,
        entries: Vec<(u64, Vec<u8>)>,
        done: Done<()>,
    ) -> Option<JournalOp> {
        let mut entries = entries.into_iter();
        while let Some((position, entry)) = entries.next() {
            if !self.write(|journal| journal.append(log, position, &entry)) {
                // Half of an append may be there: the rest follows it when there is room, and then all of it is told.
                let rest = std::iter::once((position, entry)).chain(entries).collect();
                return Some(JournalOp::Append {
                    entries: rest,
                    done,
                });
            }
            self.metrics.journal_records.add(1);
            self.metrics.journal_bytes.add(entry.len() as u64);
        }
        self.written.push(done);
        None
    }

    /// Whether there was room for a write. Any other failure ends the process.
    fn write<T>(&mut self, write: impl Fn(&mut Journal) -> Result<T, JournalError>) -> bool {
        loop {
            match write(&mut self.journal) {
                Ok(_) => return true,
                Err(JournalError::BufferFull { .. }) => fatal_if(self.journal.sync()),
                Err(JournalError::DiskFull { .. }) => return false,
                Err(error) => exit::fail_stop(exit::JOURNAL, &error.to_string()),
            }
        }
    }

    fn read(
        &mut self,
        market: usize,
        from: u64,
        to: u64,
        max_bytes: usize,
    ) -> io::Result<Vec<(u64, Vec<u8>)>> {
        let end = |worker: &Self| worker.ends.get(market).map_or(0, |end| end.durable_next);
        if to > end(self) {
            self.commit();
        }
        let Some(End { log, .. }) = self.ends.get(market) else {
            return Ok(Vec::new());
        };
        let entries = match self.journal.read(*log, from, max_bytes) {
            Ok(entries) => entries,
            Err(JournalError::UnknownLog { .. }) => Vec::new(),
            Err(error) => return Err(io::Error::other(error.to_string())),
        };
        Ok(entries
            .into_iter()
            .take_while(|entry| entry.index < to)
            .map(|entry| (entry.index, entry.payload))
            .collect())
    }

    /// Syncs and tells the markets' groups.
    fn commit(&mut self) {
        if self.written.is_empty() {
            return;
        }
        let started = Instant::now();
        fatal_if(self.journal.sync());
        let took = u64::try_from(started.elapsed().as_nanos()).unwrap_or(u64::MAX);
        self.metrics.journal_sync.observe(took, 1);
        for end in &mut self.ends {
            end.durable_next = self.journal.next_index(end.log).unwrap_or(1);
        }
        for done in self.written.drain(..) {
            done(Ok(()));
        }
    }

    fn purge(&mut self, log: LogId, up_to: u64) {
        match self.journal.purge(log, up_to) {
            Ok(()) => tracing::info!(event = "journal_purged", log = log.0, up_to),
            Err(error @ JournalError::Poisoned { .. }) => {
                exit::fail_stop(exit::JOURNAL, &error.to_string())
            }
            Err(error) => tracing::warn!(event = "journal_not_purged", error = %error),
        }
    }

    /// Keeps a spare segment at hand. Another thread fills it: commits must not wait for a whole segment of zeros.
    fn prepare(&mut self) {
        let made = match &self.making {
            Some(making) => making.try_recv(),
            None if self.tried.elapsed() < IDLE => return,
            None => return self.make_spare(),
        };
        let made = match made {
            Ok(made) => made,
            Err(TryRecvError::Empty) => return,
            Err(TryRecvError::Disconnected) => {
                exit::fail_stop(exit::INTERNAL, "the thread that makes segments ended early")
            }
        };
        self.making = None;
        match made {
            Ok(spare) => {
                fatal_if(self.journal.add_spare(spare));
                self.no_spare = false;
            }
            // The journal is as it was, so it is tried again; told once.
            Err(error) if !self.no_spare => {
                self.no_spare = true;
                tracing::warn!(event = "no_spare_segment", error = %error);
            }
            Err(_) => {}
        }
    }

    fn make_spare(&mut self) {
        self.tried = Instant::now();
        let Some(request) = self.journal.request_spare() else {
            return;
        };
        let (sender, making) = sync_channel(1);
        let dir = self.dir.clone();
        let thread = std::thread::Builder::new().name("journal-spare".to_owned());
        let started = thread.spawn(move || {
            let made = FileDisk::existing(&dir)
                .map_err(|e| JournalError::Config(format!("{}: {e}", dir.display())))
                .and_then(|disk| request.make(&disk));
            // Where the journal's thread has ended, the next start removes what was made.
            drop(sender.send(made));
        });
        match started {
            Ok(_) => self.making = Some(making),
            // Without a spare the next full segment waits for a new one; the next try is soon.
            Err(error) => tracing::warn!(event = "no_thread_for_segments", error = %error),
        }
    }

    fn gauges(&self) {
        let (used, spare) = self.journal.segment_counts();
        self.metrics.journal_segments.set_len(used);
        self.metrics.journal_spares.set_len(spare);
        self.metrics.journal_held.set_len(self.held.len());
        match crate::disk::free_bytes(&self.data_dir) {
            Ok(bytes) => self.metrics.disk_free_bytes.set(bytes),
            Err(error) => tracing::warn!(event = "disk_free_unknown", error = %error),
        }
    }

    /// Ends the journal. What still waits for room was never durable, and nobody was told of it.
    fn seal(self) {
        match self.journal.seal() {
            Ok(position) => tracing::info!(event = "journal_sealed", durable = position.0),
            Err(error @ JournalError::DiskFull { .. }) => {
                tracing::warn!(event = "journal_not_sealed", error = %error);
            }
            Err(error) => exit::fail_stop(exit::JOURNAL, &error.to_string()),
        }
    }
}

/// A failed sync is never repeated: nobody knows what is on the disk.
fn fatal_if<T>(result: Result<T, JournalError>) {
    if let Err(error) = result {
        exit::fail_stop(exit::JOURNAL, &error.to_string());
    }
}

#[cfg(test)]
mod tests;
