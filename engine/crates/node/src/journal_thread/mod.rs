//! One journal for all markets of the node, owned by one thread. It takes everything that waits, writes it, syncs once, and
//! tells each market's group what is durable; while a sync runs the next entries collect.

mod worker;

use crate::config::Config;
use crate::exit;
use crate::metrics::NodeMetrics;
use rialto_journal::{FileDisk, Journal, JournalError, LogId, Reader, Until};
use rialto_replica::{History, JournalOp, JournalPort, JournalState, LogError, OpenHistory};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread::JoinHandle;
use worker::Worker;

/// What the thread is asked.
enum Request {
    /// An operation on a market's log.
    Op { market: usize, op: JournalOp },
    /// Seal the journal and end.
    Stop,
}

/// The journal's thread.
pub struct JournalThread {
    requests: Sender<Request>,
    thread: JoinHandle<()>,
}

/// A market's part of the journal.
pub struct MarketJournal {
    /// The way to its log.
    pub port: Port,
    /// What the log held at the start.
    pub state: JournalState,
    /// Opens readers of the log.
    pub history: OpenHistory,
}

/// The way to one market's log. What waits in it is bounded by what its group has in flight.
#[derive(Clone)]
pub struct Port {
    market: usize,
    requests: Sender<Request>,
    metrics: Arc<NodeMetrics>,
}

impl JournalPort for Port {
    fn submit(&self, op: JournalOp) {
        // Counted before it is sent: the thread may have taken it before this one goes on.
        self.metrics.journal_queue.up();
        let market = self.market;
        if self.requests.send(Request::Op { market, op }).is_err() {
            // The journal was sealed: nothing more becomes durable, and nobody is told so.
            self.metrics.journal_queue.down();
            tracing::debug!(event = "journal_is_sealed");
        }
    }
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
) -> Result<(JournalThread, Vec<MarketJournal>), LogError> {
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
    let (requests, receiver) = channel();
    let mut logs = Vec::new();
    let mut markets = Vec::new();
    for (market, m) in config.markets.iter().enumerate() {
        let log = LogId(m.id);
        let next = journal.next_index(log).unwrap_or(1);
        let state = JournalState {
            first: journal.first_index(log).unwrap_or(next),
            next,
            note: journal.note(log).map(<[u8]>::to_vec),
        };
        let durable = journal.durable_handle();
        let folder = dir.clone();
        let history: OpenHistory = Arc::new(move || history(&folder, log, Arc::clone(&durable)));
        logs.push((log, next));
        let port = Port {
            market,
            requests: requests.clone(),
            metrics: Arc::clone(metrics),
        };
        markets.push(MarketJournal {
            port,
            state,
            history,
        });
    }
    let worker = Worker::new(
        journal,
        receiver,
        logs,
        Arc::clone(metrics),
        config.data_dir.clone(),
        dir,
    );
    let thread = std::thread::Builder::new()
        .name("journal".to_owned())
        .spawn(move || worker.run())
        .map_err(|e| LogError(format!("the journal's thread can't start: {e}")))?;
    Ok((JournalThread { requests, thread }, markets))
}

impl JournalThread {
    /// Makes what waits durable, seals the journal and ends the thread.
    pub fn stop(self) {
        if self.requests.send(Request::Stop).is_err() || self.thread.join().is_err() {
            exit::fail_stop(exit::JOURNAL, "the journal's thread ended early");
        }
    }
}

/// A reader of what is durable in a log.
fn history(
    dir: &Path,
    log: LogId,
    durable: Arc<std::sync::atomic::AtomicU64>,
) -> Result<Box<dyn History>, LogError> {
    let error = |e: String| LogError(format!("{}: {e}", dir.display()));
    let disk = FileDisk::existing(dir).map_err(|e| error(e.to_string()))?;
    let reader = Reader::open(disk, Until::Live(durable)).map_err(|e| error(e.to_string()))?;
    Ok(Box::new(JournalHistory { log, reader }))
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
