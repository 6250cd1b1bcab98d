//! The single-node log: one journal for all markets of the node, owned by one thread. It takes everything that waits,
//! appends it, syncs once, and tells each market what is durable; while a sync runs the next batches collect.

use crate::config::Config;
use crate::exit;
use crate::log::{Committed, History, Log, LogError, NotProposed};
use crate::metrics::NodeMetrics;
use rialto_journal::{FileDisk, Journal, JournalError, LogId, Reader, Spare, Until};
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::sync::mpsc::{
    Receiver, RecvTimeoutError, SyncSender, TryRecvError, TrySendError, sync_channel,
};
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::mpsc;

/// Payload appended before a sync; what waits beyond it is synced next.
const BYTES_A_SYNC: usize = 4 << 20;
/// How long it waits for something to do, for room on a full disk, and before it tries again to make a spare segment.
const IDLE: Duration = Duration::from_millis(50);

enum Request {
    Append {
        market: usize,
        payload: Vec<u8>,
        proposed: Instant,
    },
    Purge {
        market: usize,
        up_to: u64,
    },
    Stop,
}

/// One market's end of the journal.
struct MarketEnd {
    log: LogId,
    next: u64,
    committed: mpsc::Sender<Vec<Committed>>,
    fresh: Vec<Committed>,
    /// Up to where it may be purged. Each log is purged on its own; the oldest segment is recycled once all logs gave it up.
    purge: Option<u64>,
}

/// The journal's thread and the markets' ends of it.
pub struct JournalThread {
    requests: SyncSender<Request>,
    thread: JoinHandle<()>,
}

/// A market's log over the node's journal.
pub struct JournalLog {
    market: usize,
    log: LogId,
    dir: PathBuf,
    durable: Arc<AtomicU64>,
    next: u64,
    requests: SyncSender<Request>,
    committed: mpsc::Receiver<Vec<Committed>>,
    in_flight: usize,
    bound: usize,
    metrics: Arc<NodeMetrics>,
}

/// The journal's directory below the data directory.
pub fn directory(data_dir: &Path) -> PathBuf {
    data_dir.join("journal")
}

/// Opens the journal below the data directory and starts its thread; one log for each configured market, in order.
///
/// # Errors
/// The journal is damaged, locked by another process, or the disk refuses.
pub fn start(
    config: &Config,
    metrics: &Arc<NodeMetrics>,
) -> Result<(JournalThread, Vec<JournalLog>), LogError> {
    let dir = directory(&config.data_dir);
    let disk = FileDisk::new(&dir).map_err(|e| LogError(format!("{}: {e}", dir.display())))?;
    let journal_config = rialto_journal::Config::with_segment_bytes(config.segment_bytes);
    let (journal, recovery) =
        Journal::open(disk, journal_config).map_err(|e| LogError(e.to_string()))?;
    tracing::info!(
        event = "journal_opened",
        dir = %dir.display(),
        durable = recovery.durable.0,
        torn_bytes = recovery.torn_bytes,
        clean = recovery.clean,
        created = recovery.created,
    );
    let in_flight = config.limits.batches_in_flight;
    // Room for every batch of every market, a purge of each and the stop: a send never waits.
    let (requests, receiver) = sync_channel(config.markets.len() * (in_flight + 4) + 4);
    let mut ends = Vec::new();
    let mut logs = Vec::new();
    for (market, m) in config.markets.iter().enumerate() {
        let log = LogId(m.id);
        let (sender, committed) = mpsc::channel(in_flight + 1);
        let next = journal.next_index(log).unwrap_or(1);
        ends.push(MarketEnd {
            log,
            next,
            committed: sender,
            fresh: Vec::new(),
            purge: None,
        });
        logs.push(JournalLog {
            market,
            log,
            dir: dir.clone(),
            durable: journal.durable_handle(),
            next,
            requests: requests.clone(),
            committed,
            in_flight: 0,
            bound: in_flight,
            metrics: Arc::clone(metrics),
        });
    }
    let mut worker = Worker {
        journal,
        requests: receiver,
        ends,
        metrics: Arc::clone(metrics),
        data_dir: config.data_dir.clone(),
        dir,
        making: None,
        tried: Instant::now(),
        full: false,
        held: VecDeque::new(),
        stopping: false,
    };
    worker.gauges();
    let thread = std::thread::Builder::new()
        .name("journal".to_owned())
        .spawn(move || worker.run())
        .map_err(|e| LogError(format!("the journal's thread can't start: {e}")))?;
    Ok((JournalThread { requests, thread }, logs))
}

impl JournalThread {
    /// Makes what waits durable, seals the journal and ends the thread.
    pub fn stop(self) {
        if self.requests.send(Request::Stop).is_err() || self.thread.join().is_err() {
            exit::fail_stop(exit::JOURNAL, "the journal's thread ended early");
        }
    }
}

impl Log for JournalLog {
    fn propose(&mut self, batch: Vec<u8>) -> Result<(), (Vec<u8>, NotProposed)> {
        if self.in_flight >= self.bound {
            return Err((batch, NotProposed::Full));
        }
        let request = Request::Append {
            market: self.market,
            payload: batch,
            proposed: Instant::now(),
        };
        // Counted before it is sent: the thread may have taken it before this one goes on.
        self.metrics.journal_queue.up();
        let sent = self.requests.try_send(request);
        if sent.is_err() {
            self.metrics.journal_queue.down();
        }
        match sent {
            Ok(()) => {
                self.in_flight += 1;
                Ok(())
            }
            Err(TrySendError::Full(Request::Append { payload, .. })) => {
                Err((payload, NotProposed::Full))
            }
            Err(TrySendError::Disconnected(Request::Append { payload, .. })) => {
                Err((payload, NotProposed::Stopped))
            }
            Err(_) => Err((Vec::new(), NotProposed::Stopped)),
        }
    }

    fn poll_committed(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<Committed>>> {
        let polled = self.committed.poll_recv(cx);
        if let Poll::Ready(Some(batches)) = &polled {
            self.in_flight = self.in_flight.saturating_sub(batches.len());
        }
        polled
    }

    fn next(&self) -> u64 {
        self.next
    }

    fn covered(&mut self, position: u64) {
        let purge = Request::Purge {
            market: self.market,
            up_to: position,
        };
        // Where it does not fit, the next checkpoint says it again.
        self.metrics.journal_queue.up();
        if self.requests.try_send(purge).is_err() {
            self.metrics.journal_queue.down();
        }
    }

    fn history(&self) -> Result<Box<dyn History>, LogError> {
        let error = |e: String| LogError(format!("{}: {e}", self.dir.display()));
        let disk = FileDisk::existing(&self.dir).map_err(|e| error(e.to_string()))?;
        let until = Until::Live(Arc::clone(&self.durable));
        let reader = Reader::open(disk, until).map_err(|e| error(e.to_string()))?;
        Ok(Box::new(JournalHistory {
            log: self.log,
            reader,
        }))
    }
}

struct JournalHistory {
    log: LogId,
    reader: Reader,
}

impl History for JournalHistory {
    fn read(&mut self, position: u64, max_bytes: usize) -> Result<Vec<(u64, Vec<u8>)>, LogError> {
        let entries = self
            .reader
            .read(self.log, position, max_bytes)
            .map_err(|e| LogError(e.to_string()))?;
        Ok(entries.into_iter().map(|e| (e.index, e.payload)).collect())
    }

    fn first(&mut self) -> Result<Option<u64>, LogError> {
        let logs = loop {
            match self.reader.logs() {
                // A segment was recycled meanwhile, for what any market's checkpoint covers: there are only so many.
                Err(JournalError::NoSuchSegment { .. }) => {}
                logs => break logs.map_err(|e| LogError(e.to_string()))?,
            }
        };
        Ok(logs
            .into_iter()
            .find(|range| range.log == self.log)
            .and_then(|range| range.first.filter(|first| *first < range.next)))
    }
}

struct Worker {
    journal: Journal,
    requests: Receiver<Request>,
    ends: Vec<MarketEnd>,
    metrics: Arc<NodeMetrics>,
    data_dir: PathBuf,
    dir: PathBuf,
    /// The spare segment that is being made.
    making: Option<Receiver<Result<Spare, JournalError>>>,
    /// When the last one was begun.
    tried: Instant,
    full: bool,
    /// Taken from the requests while the disk was full; they come first.
    held: VecDeque<Request>,
    /// Told to stop while the disk was full.
    stopping: bool,
}

impl Worker {
    fn run(mut self) {
        let mut gauges = Instant::now();
        loop {
            let next = match self.held.pop_front() {
                Some(request) => Ok(request),
                None => self.requests.recv_timeout(IDLE),
            };
            let stop = match next {
                Ok(request) => self.collect(request),
                Err(RecvTimeoutError::Timeout) => false,
                Err(RecvTimeoutError::Disconnected) => true,
            };
            self.commit();
            self.purge();
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
            self.metrics.journal_queue.down();
            match request {
                Request::Append {
                    market,
                    payload,
                    proposed,
                } => {
                    bytes += payload.len();
                    self.append(market, payload, proposed);
                    if self.stopping {
                        return true;
                    }
                }
                Request::Purge { market, up_to } => {
                    if let Some(end) = self.ends.get_mut(market) {
                        end.purge = Some(up_to);
                    }
                }
                Request::Stop => {
                    self.metrics.journal_queue.up();
                    return true;
                }
            }
            if bytes >= BYTES_A_SYNC {
                return false;
            }
            next = self
                .held
                .pop_front()
                .or_else(|| self.requests.try_recv().ok());
        }
        false
    }

    fn append(&mut self, market: usize, payload: Vec<u8>, proposed: Instant) {
        let mut full = false;
        let end = loop {
            let Some(end) = self.ends.get_mut(market) else {
                return;
            };
            match self.journal.append(end.log, end.next, &payload) {
                Ok(_) => break end,
                Err(JournalError::BufferFull { .. }) => fatal_if(self.journal.sync()),
                Err(error @ JournalError::DiskFull { .. }) => {
                    // Nothing was written: what waits stays, the markets stop taking orders at their bounds, and it goes
                    // on when there is room.
                    if !full {
                        full = true;
                        self.metrics.journal_disk_full.add(1);
                        tracing::error!(event = "disk_full", error = %error);
                    }
                    self.wait_for_room();
                    if self.stopping {
                        // It was never durable and nobody was told of it.
                        return;
                    }
                }
                Err(error) => exit::fail_stop(exit::JOURNAL, &error.to_string()),
            }
        };
        if full {
            tracing::info!(event = "disk_has_room");
        }
        self.metrics.journal_records.add(1);
        self.metrics.journal_bytes.add(payload.len() as u64);
        end.fresh.push(Committed {
            position: end.next,
            payload,
            proposed: Some(proposed),
            durable: proposed,
        });
        end.next += 1;
    }

    /// Goes on with all that needs no room while a batch waits for it. A purge is what may make room, so it is not held.
    fn wait_for_room(&mut self) {
        self.commit();
        match self.requests.recv_timeout(IDLE) {
            Ok(Request::Purge { market, up_to }) => {
                self.metrics.journal_queue.down();
                if let Some(end) = self.ends.get_mut(market) {
                    end.purge = Some(up_to);
                }
                self.purge();
            }
            Ok(Request::Stop) | Err(RecvTimeoutError::Disconnected) => self.stopping = true,
            Ok(append) => self.held.push_back(append),
            Err(RecvTimeoutError::Timeout) => self.gauges(),
        }
    }

    /// Syncs and tells the markets.
    fn commit(&mut self) {
        if self.ends.iter().all(|end| end.fresh.is_empty()) {
            return;
        }
        let started = Instant::now();
        fatal_if(self.journal.sync());
        let durable = Instant::now();
        let took = u64::try_from((durable - started).as_nanos()).unwrap_or(u64::MAX);
        self.metrics.journal_sync.observe(took, 1);
        for end in &mut self.ends {
            if end.fresh.is_empty() {
                continue;
            }
            let mut fresh = std::mem::take(&mut end.fresh);
            for batch in &mut fresh {
                batch.durable = durable;
            }
            if end.committed.try_send(fresh).is_err() && !end.committed.is_closed() {
                exit::fail_stop(exit::INTERNAL, "a market's commit queue overflowed");
            }
        }
    }

    fn purge(&mut self) {
        for end in &mut self.ends {
            let Some(up_to) = end.purge.take() else {
                continue;
            };
            match self.journal.purge(end.log, up_to) {
                Ok(()) => tracing::info!(event = "journal_purged", log = end.log.0, up_to),
                Err(error @ JournalError::Poisoned { .. }) => {
                    exit::fail_stop(exit::JOURNAL, &error.to_string())
                }
                Err(error) => tracing::warn!(event = "journal_not_purged", error = %error),
            }
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
                self.full = false;
            }
            // The journal is as it was, so it is tried again; told once.
            Err(error) if !self.full => {
                self.full = true;
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

    fn gauges(&mut self) {
        let (used, spare) = self.journal.segment_counts();
        self.metrics.journal_segments.set_len(used);
        self.metrics.journal_spares.set_len(spare);
        match crate::disk::free_bytes(&self.data_dir) {
            Ok(bytes) => self.metrics.disk_free_bytes.set(bytes),
            Err(error) => tracing::warn!(event = "disk_free_unknown", error = %error),
        }
    }

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
