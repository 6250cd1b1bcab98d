//! A market's checkpoints. The thread never touches the market that trades: it takes the last checkpoint, applies the log
//! after it to a market of its own, and writes that; so each checkpoint proves that recovery works.

use crate::checkpoint::{self, Written};
use crate::clock::{Clock, nanoseconds};
use crate::market_loop::{Ask, asks};
use crate::metrics::MarketMetrics;
use crate::recovery::{self, Places};
use crate::status::{Board, CheckpointStatus};
use crate::streams::{self, Day};
use rialto_process::files;
use rialto_replica::History;
use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::{mpsc, oneshot};

/// Niceness of the thread: what trades comes first.
const NICE: libc::c_int = 10;

/// What the checkpointer is asked.
pub enum Request {
    /// Make a checkpoint now.
    Make(oneshot::Sender<Result<CheckpointStatus, String>>),
    /// Make the last one where something happened, and end.
    Finish,
}

/// A market's checkpointer.
pub struct Checkpointer {
    /// Asks it.
    pub requests: SyncSender<Request>,
    /// Ends when it was asked to.
    pub thread: JoinHandle<()>,
}

struct Worker {
    name: String,
    places: Places,
    history: Box<dyn History>,
    asks: mpsc::Sender<Ask>,
    metrics: Arc<MarketMetrics>,
    board: Board,
    clock: Clock,
    last: u64,
    /// The trading days of the checkpoints made, by position; the last [`checkpoint::KEPT`] of them.
    days: BTreeMap<u64, Option<Day>>,
}

/// Starts the checkpointer of market `name`; `interval` zero makes checkpoints only when asked.
///
/// # Errors
/// The system gives no thread.
#[allow(clippy::too_many_arguments)]
pub fn start(
    name: &str,
    places: Places,
    history: Box<dyn History>,
    asks: mpsc::Sender<Ask>,
    metrics: Arc<MarketMetrics>,
    board: Board,
    clock: Clock,
    interval: Duration,
) -> io::Result<Checkpointer> {
    let (requests, receiver) = sync_channel(8);
    let mut worker = Worker {
        name: name.to_owned(),
        places,
        history,
        asks,
        last: metrics.checkpoint_position.get(),
        metrics,
        board,
        clock,
        days: BTreeMap::new(),
    };
    let thread = std::thread::Builder::new()
        .name(format!("checkpoint-{name}"))
        .spawn(move || {
            be_nice();
            worker.first();
            worker.run(&receiver, interval);
        })?;
    Ok(Checkpointer { requests, thread })
}

impl Worker {
    fn run(&mut self, requests: &Receiver<Request>, interval: Duration) {
        let interval = if interval.is_zero() {
            Duration::from_secs(86_400)
        } else {
            interval
        };
        loop {
            match requests.recv_timeout(interval) {
                Ok(Request::Make(reply)) => {
                    let made = self.make(true);
                    let status =
                        made.and_then(|status| status.ok_or_else(|| "nothing to do".to_owned()));
                    asks::reply(reply, status);
                }
                Err(RecvTimeoutError::Timeout) => self.note(false),
                Ok(Request::Finish) => return self.note(false),
                Err(RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn note(&mut self, always: bool) {
        // Counted and logged where it happens; the next interval tries again.
        drop(self.make(always));
    }

    /// Makes a checkpoint where something happened since the last, or in any case.
    fn make(&mut self, always: bool) -> Result<Option<CheckpointStatus>, String> {
        let started = Instant::now();
        let made = self.try_make(always);
        match &made {
            Ok(None) => {}
            Ok(Some(status)) => {
                self.metrics.checkpoints.add(1);
                let took = nanoseconds(started.elapsed());
                self.metrics.checkpoint_duration.observe(took, 1);
                tracing::info!(
                    event = "checkpoint",
                    market = self.name,
                    position = status.position,
                    state_hash = status.state_hash,
                    bytes = status.bytes,
                    took_ms = took / 1_000_000,
                );
            }
            Err(error) => {
                self.metrics.checkpoint_failures.add(1);
                tracing::error!(event = "checkpoint_failed", market = self.name, error);
            }
        }
        made
    }

    fn try_make(&mut self, always: bool) -> Result<Option<CheckpointStatus>, String> {
        let (sender, receiver) = oneshot::channel();
        let gone = || "the market has stopped, or its streams wait for room on the disk".to_owned();
        self.asks
            .blocking_send(Ask::Flush(sender))
            .map_err(|_| gone())?;
        let flushed = receiver.blocking_recv().map_err(|_| gone())?;
        let Some(meta) = &flushed.meta else {
            return Ok(None);
        };
        if !always && meta.position == self.last {
            return Ok(None);
        }
        // From here on no checkpoint of another replica may take the place of what is read.
        let places = self.places.clone();
        let _held = places.hold();
        for file in &flushed.files {
            file.sync_data()
                .map_err(|e| format!("a stream can't be synced: {e}"))?;
        }
        let mut replica = recovery::last_state(&self.name, &self.places, &mut *self.history)
            .map_err(|e| e.to_string())?;
        let base = replica.position();
        if base > meta.position {
            // Another replica's checkpoint has taken the state's place meanwhile.
            return Ok(None);
        }
        replica
            .replay(&mut *self.history, meta.position)
            .map_err(|e| e.to_string())?;
        if replica.position() != meta.position {
            return Err(format!(
                "the log ends at position {}, the market has applied {}",
                replica.position(),
                meta.position
            ));
        }
        if replica.sink.0 != flushed.extents {
            return Err(format!(
                "the log gives streams of {:?}, the market's are of {:?}: report it, and keep the journal",
                replica.sink.0, flushed.extents
            ));
        }
        if let Some(day) = flushed.extents.day {
            // The journal forgets what a checkpoint covers, so the streams' files must be found after a power cut.
            let folder = streams::folder(&self.places.streams, day);
            files::sync_entries(&folder)
                .and_then(|()| files::sync_folder(&folder))
                .map_err(|e| format!("{}: can't be synced: {e}", folder.display()))?;
        }
        let dir = &self.places.checkpoints;
        let made_ns = self.clock.wall_ns();
        let written = checkpoint::write(dir, &self.name, &replica, meta, base, made_ns)
            .map_err(|e| format!("{}: {e}", dir.display()))?;
        drop(replica);
        Ok(Some(self.publish(&written)))
    }

    fn publish(&mut self, written: &Written) -> CheckpointStatus {
        let header = &written.header;
        self.last = header.position;
        self.metrics.checkpoint_position.set(header.position);
        self.metrics
            .checkpoint_time_s
            .set(header.made_ns / 1_000_000_000);
        self.metrics.checkpoint_bytes.set(written.bytes);
        let made = Ask::Checkpointed {
            made: header.log.clone(),
            keep_from: written.covered + 1,
        };
        // Where the market has ended the next start says it again.
        drop(self.asks.blocking_send(made));
        self.first();
        self.days.insert(header.position, header.extents.day);
        if self.days.len() > checkpoint::KEPT {
            self.days.pop_first();
        }
        if self.days.len() == checkpoint::KEPT {
            let days: Vec<Day> = self.days.values().flatten().copied().collect();
            if let Err(error) = streams::remove_old(&self.places.streams, &days) {
                tracing::warn!(event = "streams_not_removed", market = self.name, error = %error);
            }
        }
        let status = CheckpointStatus {
            position: header.position,
            state_hash: header.state_hash.clone(),
            time_ns: header.made_ns,
            age_s: 0.0,
            bytes: written.bytes,
        };
        self.board.put_checkpoint(status.clone());
        status
    }

    /// Where the log begins now.
    fn first(&mut self) {
        match self.history.first() {
            Ok(first) => self.metrics.first.set(first.unwrap_or(0)),
            Err(error) => tracing::warn!(event = "log_unreadable", error = %error),
        }
    }
}

fn be_nice() {
    // SAFETY: the call takes three numbers and touches no memory of ours; on Linux 0 means the calling thread.
    let code = unsafe { libc::setpriority(libc::PRIO_PROCESS, 0, NICE) };
    if code != 0 {
        tracing::debug!(event = "priority_not_lowered");
    }
}
