//! What a run notes of itself: which faults took effect, what went wrong, and a trace by which two runs are compared.

use crate::lock;
use crate::random::Hash;
use openraft_rt_sim::SimInstant;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A rule that was broken.
#[derive(Clone, PartialEq, Eq, Debug, serde::Serialize, serde::Deserialize)]
pub struct Violation {
    /// The rule, in a word.
    pub rule: String,
    /// What was seen.
    pub detail: String,
    /// When, in virtual milliseconds.
    pub at_ms: u64,
}

/// A kind of fault, counted each time one took effect.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Fault {
    /// A call that never arrived, or whose answer did not.
    CallLost,
    /// A stream that broke though both ends live.
    StreamBroken,
    /// A message that took many times its usual way.
    Delayed,
    /// A call that overtook an earlier one.
    Reordered,
    /// A message held or dropped by a cut in its direction alone.
    OneWayCut,
    /// A message held or dropped by a cut in both directions.
    BothWayCut,
    /// A stamp made by a clock that had jumped ahead.
    ClockForward,
    /// A stamp made by a clock that had been set back behind an earlier one.
    ClockBack,
    /// A process that died while the machine lived.
    ProcessKilled,
    /// The leader died.
    LeaderKilled,
    /// Every process died at once.
    AllKilled,
    /// A crash that took entries that were not synced.
    UnsyncedLost,
    /// A crash in the middle of a write: some sectors arrived, others did not.
    TornWrite,
    /// A sync that took many times its usual time.
    SlowSync,
    /// A sync that failed, and the process with it.
    FailedSync,
    /// An entry that found the disk full.
    DiskFull,
    /// A process that stood still for a while.
    Frozen,
    /// A leadership handed over.
    Transferred,
    /// A checkpoint made, with a purge behind it.
    Checkpointed,
    /// A checkpoint of another replica installed.
    Shipped,
    /// A process started again on what its disk held.
    Restarted,
    /// A client that left, or whose connection broke, while the market ran.
    ClientGone,
    /// A message sent again after a new login.
    Resent,
    /// A suspicion of a leader that lives.
    SuspicionForged,
    /// A suspicion that one voter alone had.
    SuspicionOneSided,
    /// A suspicion that came late.
    SuspicionDelayed,
}

impl Fault {
    /// Its name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Self::CallLost => "call_lost",
            Self::StreamBroken => "stream_broken",
            Self::Delayed => "delayed",
            Self::Reordered => "reordered",
            Self::OneWayCut => "one_way_cut",
            Self::BothWayCut => "both_way_cut",
            Self::ClockForward => "clock_forward",
            Self::ClockBack => "clock_back",
            Self::ProcessKilled => "process_killed",
            Self::LeaderKilled => "leader_killed",
            Self::AllKilled => "all_killed",
            Self::UnsyncedLost => "unsynced_lost",
            Self::TornWrite => "torn_write",
            Self::SlowSync => "slow_sync",
            Self::FailedSync => "failed_sync",
            Self::DiskFull => "disk_full",
            Self::Frozen => "frozen",
            Self::Transferred => "transferred",
            Self::Checkpointed => "checkpointed",
            Self::Shipped => "shipped",
            Self::Restarted => "restarted",
            Self::ClientGone => "client_gone",
            Self::Resent => "resent",
            Self::SuspicionForged => "suspicion_forged",
            Self::SuspicionOneSided => "suspicion_one_sided",
            Self::SuspicionDelayed => "suspicion_delayed",
        }
    }
}

#[derive(Default)]
struct Inner {
    faults: BTreeMap<&'static str, u64>,
    violations: Vec<Violation>,
    trace: Hash,
    events: u64,
    verbose: bool,
}

/// Violations kept; the first ones tell the most.
const VIOLATIONS: usize = 50;

/// The run's notes. Clones are the same notes.
#[derive(Clone, Default)]
pub struct Record(Arc<Mutex<Inner>>);

/// Virtual nanoseconds since the start; 0 outside the simulation.
pub fn now_ns() -> u64 {
    SimInstant::try_now().map_or(0, |now| {
        u64::try_from(now.elapsed_since_start().as_nanos()).unwrap_or(u64::MAX)
    })
}

/// A duration in nanoseconds.
pub fn ns(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

impl Record {
    /// Empty notes; `verbose` prints a line for each event of note to standard error.
    pub fn new(verbose: bool) -> Self {
        let this = Self::default();
        lock(&this.0).verbose = verbose;
        this
    }

    /// A fault took effect.
    pub fn fault(&self, fault: Fault) {
        *lock(&self.0).faults.entry(fault.name()).or_default() += 1;
    }

    /// A rule was broken.
    pub fn violation(&self, rule: &str, detail: impl Into<String>) {
        let detail = detail.into();
        let mut inner = lock(&self.0);
        if inner.verbose {
            eprintln!("{:>12} VIOLATION {rule}: {detail}", now_ns() / 1000);
        }
        if inner.violations.len() < VIOLATIONS {
            inner.violations.push(Violation {
                rule: rule.to_owned(),
                detail,
                at_ms: now_ns() / 1_000_000,
            });
        }
    }

    /// Something happened at a place: part of the trace.
    pub fn event(&self, what: &str, place: u64, data: &[u8]) {
        let mut inner = lock(&self.0);
        inner.events += 1;
        inner.trace.add(&now_ns().to_le_bytes());
        inner.trace.add(what.as_bytes());
        inner.trace.add(&place.to_le_bytes());
        inner.trace.add(data);
    }

    /// A line for people, where they want it; part of the trace in any case.
    pub fn line(&self, place: u64, text: impl FnOnce() -> String) {
        let text = text();
        self.event("line", place, text.as_bytes());
        if lock(&self.0).verbose {
            eprintln!("{:>12} {place} {text}", now_ns() / 1000);
        }
    }

    /// How often each kind of fault took effect.
    pub fn faults(&self) -> BTreeMap<&'static str, u64> {
        lock(&self.0).faults.clone()
    }

    /// What was broken so far.
    pub fn violations(&self) -> Vec<Violation> {
        lock(&self.0).violations.clone()
    }

    /// The trace's hash and how many events are in it.
    pub fn trace(&self) -> (u64, u64) {
        let inner = lock(&self.0);
        (inner.trace.value(), inner.events)
    }
}
