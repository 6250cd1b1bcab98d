//! A node's disk and the process's part that writes the journal on it: the product's journal over a disk in memory, with
//! syncs that take their time, and what was promised to be durable kept aside, to be asked for after a crash.

use crate::life::Life;
use crate::lock;
use crate::random::{Random, hash};
use crate::record::{Fault, Record, now_ns, ns};
use openraft_rt::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use rialto_journal::{Config, Journal, JournalError, LogId, Loss, MemDisk, Reader, Until};
use rialto_replica::{Done, History, JournalOp, JournalPort, JournalState, LogError};
use std::collections::{BTreeMap, VecDeque};
use std::io::Error;
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::Notify;

/// The market's log in the journal.
const LOG: LogId = LogId(1);
/// Segments are small, so that they are turned over and recycled often.
pub const SEGMENT: u64 = 16 << 10;
/// How long a full disk is let be before an append is tried again.
const FULL_WAIT: Duration = Duration::from_millis(20);

/// What a mistake does to the journal: to be found by the checks.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum Mistake {
    /// None.
    #[default]
    None,
    /// Says that entries are durable before they are synced.
    AckBeforeSync,
    /// Says that a vote is durable and does not write it, the first one apart.
    VoteNotPersisted,
}

/// What is to go wrong with a disk.
#[derive(Clone, Copy, Debug, Default)]
struct Trouble {
    slow_until_ns: u64,
    torn: bool,
    failing: bool,
}

/// What was promised to be there after a crash.
#[derive(Default)]
struct Promises {
    /// Hashes of entries by position.
    entries: BTreeMap<u64, u64>,
    /// The note that was made durable last, and those asked for since.
    notes: Vec<Vec<u8>>,
}

/// A node's disk. It outlives the node's processes. Clones are the same disk.
#[derive(Clone)]
pub struct NodeDisk {
    node: u64,
    memory: MemDisk,
    trouble: Arc<Mutex<Trouble>>,
    promises: Arc<Mutex<Promises>>,
    random: Arc<Mutex<Random>>,
    record: Record,
    mistake: Mistake,
    /// What was promised is not asked for: a mistake is to be found by what comes of it.
    outcomes_only: bool,
}

/// How a process ended, as its disk sees it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Crash {
    /// The process died; the machine's cache keeps what was written.
    Process,
    /// The power went: what was not synced is gone, or arrived in part.
    Power,
}

impl NodeDisk {
    /// An empty disk.
    pub fn new(
        node: u64,
        mut random: Random,
        record: Record,
        mistake: Mistake,
        outcomes_only: bool,
    ) -> Self {
        Self {
            node,
            memory: MemDisk::new(random.bits()),
            trouble: Arc::default(),
            promises: Arc::default(),
            random: Arc::new(Mutex::new(random)),
            record,
            mistake,
            outcomes_only,
        }
    }

    /// Syncs take many times their usual time for so long.
    pub fn slow_down(&self, lasting: Duration) {
        lock(&self.trouble).slow_until_ns = now_ns() + ns(lasting);
    }

    /// The power goes in the middle of the next write.
    pub fn tear_next(&self) {
        lock(&self.trouble).torn = true;
    }

    /// The next sync fails.
    pub fn fail_next_sync(&self) {
        lock(&self.trouble).failing = true;
    }

    /// Nothing more fits than what is there.
    pub fn fill(&self) {
        self.memory.set_capacity(Some(1));
    }

    /// There is room again.
    pub fn make_room(&self) {
        self.memory.set_capacity(None);
    }

    /// No more trouble is to come.
    pub fn heal(&self) {
        *lock(&self.trouble) = Trouble::default();
        self.make_room();
    }

    /// The process that used it ended.
    pub fn crash(&self, how: Crash) {
        lock(&self.trouble).torn = false;
        lock(&self.trouble).failing = false;
        let loss = match how {
            Crash::Process => Loss::Process,
            Crash::Power if lock(&self.random).per_mille(300) => Loss::All,
            Crash::Power => Loss::Random,
        };
        self.memory.crash(loss);
    }

    /// Opens the journal, holding what is there against what was promised.
    ///
    /// # Errors
    /// The journal refuses: it is damaged, which no crash may do.
    pub fn open(&self) -> Result<(Journal, JournalState), JournalError> {
        let config = Config {
            pool_segments: 3,
            ..Config::with_segment_bytes(SEGMENT)
        };
        let (journal, _) = Journal::open(self.memory.clone(), config)?;
        let next = journal.next_index(LOG).unwrap_or(1);
        let state = JournalState {
            first: journal.first_index(LOG).unwrap_or(next),
            next,
            note: journal.note(LOG).map(<[u8]>::to_vec),
        };
        self.hold_to_promises(&journal, &state);
        Ok((journal, state))
    }

    fn hold_to_promises(&self, journal: &Journal, state: &JournalState) {
        if self.outcomes_only {
            return;
        }
        let node = self.node;
        let mut promises = lock(&self.promises);
        let note = state.note.clone().unwrap_or_default();
        if !promises.notes.is_empty() && !promises.notes.contains(&note) {
            self.record.violation(
                "promise_broken",
                format!("node {node} was told that a vote is durable, and it is gone"),
            );
        }
        promises.notes = vec![note];
        let promised: Vec<(u64, u64)> = promises
            .entries
            .range(state.first..)
            .map(|(position, hash)| (*position, *hash))
            .collect();
        for (position, promised) in promised {
            let there = journal
                .read(LOG, position, 0)
                .ok()
                .and_then(|entries| entries.into_iter().next());
            if there.map(|entry| hash(&entry.payload)) != Some(promised) {
                self.record.violation(
                    "promise_broken",
                    format!(
                        "node {node} was told that the entry at {position} is durable, and it is not there \
                         (the log ends before {})",
                        state.next
                    ),
                );
                break;
            }
        }
        let first = state.first;
        promises.entries.retain(|position, _| *position >= first);
    }

    /// A reader of the journal while it is written.
    ///
    /// # Errors
    /// The journal can't be read.
    pub fn history(&self, durable: &Arc<AtomicU64>) -> Result<Box<dyn History>, LogError> {
        let until = Until::Live(Arc::clone(durable));
        let reader = Reader::open(self.memory.clone(), until);
        let reader = reader.map_err(|error| LogError(error.to_string()))?;
        Ok(Box::new(Past(reader)))
    }
}

struct Past(Reader);

impl History for Past {
    fn read(&mut self, position: u64, max_bytes: usize) -> Result<Vec<(u64, Vec<u8>)>, LogError> {
        let read = self.0.read(LOG, position, max_bytes);
        let entries = read.map_err(|error| LogError(error.to_string()))?;
        Ok(entries.into_iter().map(|e| (e.index, e.payload)).collect())
    }

    fn first(&mut self) -> Result<Option<u64>, LogError> {
        let logs = self.0.logs().map_err(|error| LogError(error.to_string()))?;
        let range = logs.into_iter().find(|range| range.log == LOG);
        Ok(range.and_then(|range| range.first.filter(|first| *first < range.next)))
    }
}

#[derive(Default)]
struct Queue {
    ops: VecDeque<JournalOp>,
    /// Writes taken from the queue whose sync has not ended.
    unsynced: usize,
}

/// A process's way to its journal. Clones are the same way.
#[derive(Clone, Default)]
pub struct Port {
    queue: Arc<Mutex<Queue>>,
    wake: Arc<Notify>,
}

impl JournalPort for Port {
    fn submit(&self, op: JournalOp) {
        lock(&self.queue).ops.push_back(op);
        self.wake.notify_one();
    }
}

impl Port {
    /// How many writes are not durable yet.
    pub fn unsynced(&self) -> usize {
        let queue = lock(&self.queue);
        queue.ops.len() + queue.unsynced
    }
}

fn promises(entries: &[(u64, Vec<u8>)]) -> impl Iterator<Item = (u64, u64)> {
    entries
        .iter()
        .map(|(position, payload)| (*position, hash(payload)))
}

/// What is called once a batch of writes is durable, with what it promises.
enum After {
    Entries(Vec<(u64, u64)>, Done<()>),
    Note(Vec<u8>, Done<()>),
    Other(Done<()>),
}

/// The process's part that owns the journal.
pub struct Writer {
    disk: NodeDisk,
    journal: Journal,
    port: Port,
    /// Taken from the queue while the disk was full; they come first.
    held: VecDeque<JournalOp>,
    after: Vec<After>,
    /// Of an append of which the rest waits for room.
    promised: Vec<(u64, u64)>,
    life: Life,
    /// Called with the reason when it can't go on.
    failed: Box<dyn Fn(String) + Send>,
}

impl Writer {
    /// A writer over an opened journal.
    pub fn new(
        disk: NodeDisk,
        journal: Journal,
        port: Port,
        life: Life,
        failed: Box<dyn Fn(String) + Send>,
    ) -> Self {
        Self {
            disk,
            journal,
            port,
            held: VecDeque::new(),
            after: Vec::new(),
            promised: Vec::new(),
            life,
            failed,
        }
    }

    /// The durable position as it moves.
    pub fn durable(&self) -> Arc<AtomicU64> {
        self.journal.durable_handle()
    }

    /// Carries out what is asked until the process ends.
    pub async fn run(mut self) {
        if let Err(error) = self.serve().await {
            if !self.life.is_dead() {
                (self.failed)(error.to_string());
            }
            std::future::pending::<()>().await;
        }
    }

    async fn serve(&mut self) -> Result<(), JournalError> {
        loop {
            while let Some(op) = self.next() {
                self.take(op)?;
            }
            self.sync().await?;
            self.retry()?;
            self.sync().await?;
            match self.journal.prepare() {
                Ok(_) | Err(JournalError::DiskFull { .. }) => {}
                Err(error) => return Err(error),
            }
            if !lock(&self.port.queue).ops.is_empty() {
                continue;
            }
            let woken = self.port.wake.notified();
            if self.held.is_empty() {
                woken.await;
            } else {
                // Either way it goes on with what waits and with what came.
                SimRuntime::timeout(FULL_WAIT, woken).await.unwrap_or(());
            }
        }
    }

    fn next(&mut self) -> Option<JournalOp> {
        lock(&self.port.queue).ops.pop_front()
    }

    /// Carries an operation out, or holds it where the disk has no room, by the rules of the node's journal thread: a note
    /// and a purge go ahead of what waits.
    fn take(&mut self, op: JournalOp) -> Result<(), JournalError> {
        let waits = match &op {
            JournalOp::Note { .. } | JournalOp::Purge { .. } => false,
            _ => !self.held.is_empty(),
        };
        if waits {
            self.held.push_back(op);
        } else if let Some(op) = self.carry_out(op)? {
            self.disk.record.fault(Fault::DiskFull);
            self.held.push_back(op);
        }
        Ok(())
    }

    /// Tries again what was held.
    fn retry(&mut self) -> Result<(), JournalError> {
        while let Some(op) = self.held.pop_front() {
            if let Some(op) = self.carry_out(op)? {
                self.held.push_front(op);
                break;
            }
        }
        Ok(())
    }

    /// Whether there was room for a write.
    fn write<T>(
        &mut self,
        write: impl Fn(&mut Journal) -> Result<T, JournalError>,
    ) -> Result<bool, JournalError> {
        loop {
            match write(&mut self.journal) {
                Ok(_) => return Ok(true),
                Err(JournalError::BufferFull { .. }) => self.journal.sync().map(|_| ())?,
                Err(JournalError::DiskFull { .. }) => return Ok(false),
                Err(error) => return Err(error),
            }
        }
    }

    /// What is asked to be dropped is promised no more, nor what of it waits for its sync.
    fn forget_from(&mut self, from: u64) {
        lock(&self.disk.promises).entries.split_off(&from);
        for after in &mut self.after {
            if let After::Entries(promised, _) = after {
                promised.retain(|(position, _)| *position < from);
            }
        }
    }

    /// Carries an operation out; gives back what found no room.
    fn carry_out(&mut self, op: JournalOp) -> Result<Option<JournalOp>, JournalError> {
        match op {
            JournalOp::Append { entries, done } => return self.append(entries, done),
            JournalOp::Truncate { from, done } => {
                self.forget_from(from);
                if !self.write(|journal| journal.truncate(LOG, from))? {
                    return Ok(Some(JournalOp::Truncate { from, done }));
                }
                self.after.push(After::Other(done));
            }
            JournalOp::Reset { next, done } => {
                self.forget_from(0);
                if !self.write(|journal| journal.reset(LOG, next))? {
                    return Ok(Some(JournalOp::Reset { next, done }));
                }
                self.after.push(After::Other(done));
            }
            JournalOp::Note { bytes, done } => {
                lock(&self.disk.promises).notes.push(bytes.clone());
                let forgotten = self.disk.mistake == Mistake::VoteNotPersisted
                    && self.journal.note(LOG).is_some();
                if !forgotten && !self.write(|journal| journal.put_note(LOG, &bytes))? {
                    return Ok(Some(JournalOp::Note { bytes, done }));
                }
                self.after.push(After::Note(bytes, done));
            }
            JournalOp::Purge { up_to } => {
                // What can't be given up yet is given up after the next checkpoint.
                if let Err(error @ JournalError::Poisoned { .. }) = self.journal.purge(LOG, up_to) {
                    return Err(error);
                }
            }
            JournalOp::Read {
                from,
                to,
                max_bytes,
                done,
            } => {
                // The journal reads what is durable; what waits here becomes so first.
                self.journal.sync()?;
                let read = match self.journal.read(LOG, from, max_bytes) {
                    Err(JournalError::UnknownLog { .. }) => Ok(Vec::new()),
                    read => read,
                };
                done(read.map_err(Error::other).map(|entries| {
                    let wanted = entries.into_iter().filter(|e| e.index < to);
                    wanted.map(|e| (e.index, e.payload)).collect()
                }));
            }
        }
        Ok(None)
    }

    fn append(
        &mut self,
        mut entries: Vec<(u64, Vec<u8>)>,
        done: Done<()>,
    ) -> Result<Option<JournalOp>, JournalError> {
        for (written, (position, payload)) in entries.iter().enumerate() {
            if !self.write(|journal| journal.append(LOG, *position, payload))? {
                // Half of an append may be there: the rest follows it when there is room, and then all of it is told.
                self.promised.extend(promises(&entries[..written]));
                let entries = entries.split_off(written);
                return Ok(Some(JournalOp::Append { entries, done }));
            }
        }
        self.promised.extend(promises(&entries));
        let promised = std::mem::take(&mut self.promised);
        self.after.push(After::Entries(promised, done));
        Ok(None)
    }

    async fn sync(&mut self) -> Result<(), JournalError> {
        if self.after.is_empty() {
            return Ok(());
        }
        let after = std::mem::take(&mut self.after);
        lock(&self.port.queue).unsynced = after.len();
        let mut late = Vec::new();
        for after in after {
            match after {
                After::Entries(promised, done) if self.disk.mistake == Mistake::AckBeforeSync => {
                    lock(&self.disk.promises).entries.extend(promised);
                    done(Ok(()));
                }
                after => late.push(after),
            }
        }
        SimRuntime::sleep(self.sync_time()).await;
        let trouble = *lock(&self.disk.trouble);
        if trouble.torn {
            // A write of several segments has more operations than one of a few entries.
            let operations = lock(&self.disk.random).between(1, 3);
            self.disk.memory.power_off_after(operations);
        } else if trouble.failing {
            self.disk.memory.fail_syncs(1);
        }
        if let Err(error) = self.journal.sync() {
            self.disk.record.fault(if trouble.torn {
                Fault::TornWrite
            } else {
                Fault::FailedSync
            });
            return Err(error);
        }
        SimRuntime::sleep(Duration::from_micros(10)).await;
        lock(&self.port.queue).unsynced = 0;
        for after in late {
            match after {
                After::Entries(promised, done) => {
                    lock(&self.disk.promises).entries.extend(promised);
                    done(Ok(()));
                }
                After::Note(bytes, done) => {
                    let notes = &mut lock(&self.disk.promises).notes;
                    if let Some(at) = notes.iter().rposition(|note| *note == bytes) {
                        notes.drain(..at);
                    }
                    done(Ok(()));
                }
                After::Other(done) => done(Ok(())),
            }
        }
        Ok(())
    }

    fn sync_time(&self) -> Duration {
        let slow = lock(&self.disk.trouble).slow_until_ns > now_ns();
        let mut random = lock(&self.disk.random);
        if slow {
            self.disk.record.fault(Fault::SlowSync);
            random.time(Duration::from_millis(30), Duration::from_millis(400))
        } else {
            random.time(Duration::from_micros(60), Duration::from_micros(400))
        }
    }
}
