//! Binds the [`Machine`] to a group: carries out what it decides, and brings it what happened.

use std::future::Future;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use openraft_rt::{AsyncRuntime, Instant};

use super::counters::SuspicionCounters;
use super::machine::{Action, Evidence, LogPoint, Machine, ProbeAnswer, Rules, Stance};
use super::message::{Question, decode_evidence, decode_leads, encode_evidence, encode_leads};
use crate::{CallError, GroupConfig, LeaderEpoch, ReplicaId, timers};

/// The least time a question may take; more where the declared round trip asks for it.
const PATIENCE: Duration = Duration::from_millis(50);
/// How often a probe is repeated whose connection broke before an answer, and the first pause before that; each is twice the one before.
const PROBE_TRIES: u32 = 6;
const PROBE_PAUSE: Duration = Duration::from_millis(1);
/// Probes in one election timeout.
const PROBES: usize = 8;
/// How often, and how soon again at the least, a suspicion is told to the other voters.
const ASKS: u32 = 4;
const ASK_AGAIN: Duration = Duration::from_millis(10);

/// What the accelerator needs of its group.
pub trait Port: Clone + Send + Sync + 'static {
    /// Brings `message` to [`Accelerator::serve`] of replica `to` and its answer back.
    fn call(
        &self,
        to: ReplicaId,
        message: Vec<u8>,
        timeout: Duration,
    ) -> impl Future<Output = Result<Vec<u8>, CallError>> + Send;

    /// Whether this replica leads under exactly this epoch.
    fn leads(&self, epoch: LeaderEpoch) -> impl Future<Output = bool> + Send;

    /// The end of this replica's log, while the last vote it gave or took over is that of the established leader of `epoch`; `None` once it has
    /// moved on, and when the group has stopped.
    fn log_under(&self, epoch: LeaderEpoch) -> impl Future<Output = Option<LogPoint>> + Send;

    /// Starts an election of this replica in place of the leader of `epoch`, once its log up to `last` is durable.
    fn elect(&self, epoch: LeaderEpoch, last: LogPoint) -> impl Future<Output = ()> + Send;
}

struct Inner<R: AsyncRuntime, P> {
    enabled: bool,
    me: ReplicaId,
    /// The voters and how long each may take to answer.
    peers: Vec<(ReplicaId, Duration)>,
    machine: Mutex<Machine>,
    started: R::Instant,
    port: P,
}

/// The accelerated failover of one replica.
pub struct Accelerator<R: AsyncRuntime, P> {
    inner: Arc<Inner<R, P>>,
}

impl<R: AsyncRuntime, P> Clone for Accelerator<R, P> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<R: AsyncRuntime, P: Port> Accelerator<R, P> {
    /// An accelerator that knows of no leader yet. Switched off (`accelerated_failover`), it answers others truthfully and does nothing of its own.
    #[must_use]
    pub fn new(config: &GroupConfig, port: P) -> Self {
        let window = timers(config.slowest_round_trip).election_max;
        let slowest = config.voters.iter().map(|peer| peer.round_trip).max();
        let rules = Rules {
            me: config.id,
            voters: config.voters.iter().map(|peer| peer.id).collect(),
            window,
            probes: PROBES,
            ask_again: slowest.unwrap_or_default().max(ASK_AGAIN),
            asks: ASKS,
        };
        let peers = config
            .voters
            .iter()
            .filter(|peer| peer.id != config.id)
            .map(|peer| (peer.id, PATIENCE.max(peer.round_trip * 2)))
            .collect();
        Self {
            inner: Arc::new(Inner {
                enabled: config.accelerated_failover,
                me: config.id,
                peers,
                machine: Mutex::new(Machine::new(rules)),
                started: R::Instant::now(),
                port,
            }),
        }
    }

    /// How often what has happened.
    #[must_use]
    pub fn counters(&self) -> SuspicionCounters {
        self.machine().counters()
    }

    /// Something came from the established leader of `epoch`, or this replica became it. To be called for each append request; cheap.
    pub fn leader_seen(&self, epoch: LeaderEpoch) {
        if !self.inner.enabled {
            return;
        }
        let now = self.now();
        let action = self.machine().leader_seen(now, epoch);
        self.perform(action);
    }

    /// A stream of appends accepted from replica `from` ended, and everything it carried was handed on.
    pub fn stream_ended(&self, from: ReplicaId) {
        if !self.inner.enabled {
            return;
        }
        let now = self.now();
        let action = {
            let mut machine = self.machine();
            match machine.epoch() {
                Some(epoch) if epoch.node == from => machine.stream_ended(now, epoch),
                _ => None,
            }
        };
        self.perform(action);
    }

    /// Answers what [`Port::call`] of another replica brought; empty when it can't be understood.
    pub async fn serve(&self, from: ReplicaId, message: &[u8]) -> Vec<u8> {
        match Question::decode(message) {
            None => Vec::new(),
            Some(Question::Probe(epoch)) => {
                let leads = epoch.node == self.inner.me && self.inner.port.leads(epoch).await;
                encode_leads(leads)
            }
            Some(Question::Evidence(said)) => {
                let own = if self.inner.enabled {
                    self.inner.port.log_under(said.epoch).await
                } else {
                    None
                };
                let Some(own) = own else {
                    return encode_evidence(&Evidence {
                        epoch: said.epoch,
                        stance: Stance::None,
                        last: LogPoint::EMPTY,
                    });
                };
                let now = self.now();
                let (action, answer) = {
                    let mut machine = self.machine();
                    let action = machine.evidence(now, from, said, own);
                    (action, machine.stance(now, said.epoch, own))
                };
                self.perform(action);
                encode_evidence(&answer)
            }
        }
    }

    /// Whether a vote request this replica sends for `term` on the strength of a leadership transfer is in truth an accelerated one, and in place
    /// of whom; it must then be marked so in its envelope.
    #[must_use]
    pub fn mark(&self, term: u64) -> Option<LeaderEpoch> {
        self.machine()
            .elected()
            .filter(|gone| gone.term.checked_add(1) == Some(term))
    }

    /// Whether this replica's lease may be overlooked for a vote request marked with `gone`, of a candidate whose log ends at `last`. If not, the
    /// request is to be treated as an ordinary one.
    pub async fn accepts(&self, candidate: ReplicaId, gone: LeaderEpoch, last: LogPoint) -> bool {
        if !self.inner.enabled {
            return false;
        }
        let Some(own) = self.inner.port.log_under(gone).await else {
            return false;
        };
        let now = self.now();
        self.machine().vote_asked(now, candidate, gone, last, own)
    }

    fn machine(&self) -> MutexGuard<'_, Machine> {
        self.inner
            .machine
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    fn now(&self) -> Duration {
        R::Instant::now().saturating_duration_since(self.inner.started)
    }

    fn perform(&self, action: Option<Action>) {
        match action {
            None => {}
            Some(Action::Probe { epoch, number }) => self.spawn(self.clone().probe(epoch, number)),
            Some(Action::Ask(evidence)) => {
                tracing::info!(
                    term = evidence.epoch.term,
                    leader = evidence.epoch.node,
                    "the leader's port is closed; asking the other voters"
                );
                for &(to, patience) in &self.inner.peers {
                    if to != evidence.epoch.node {
                        self.spawn(self.clone().ask(to, patience, evidence));
                    }
                }
                if let Some(at) = self.machine().wake_at() {
                    self.spawn(self.clone().wake(at, evidence.epoch));
                }
            }
            Some(Action::Elect { epoch, last }) => {
                tracing::warn!(
                    term = epoch.term,
                    leader = epoch.node,
                    position = last.position,
                    "a majority found the leader gone; electing this replica"
                );
                let port = self.inner.port.clone();
                self.spawn(async move { port.elect(epoch, last).await });
            }
        }
    }

    fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        // A task ends by itself within its time-out; nobody waits for it.
        drop(R::spawn(task));
    }

    async fn probe(self, epoch: LeaderEpoch, number: u64) {
        let answer = self.ask_leader(epoch).await;
        tracing::info!(
            term = epoch.term,
            leader = epoch.node,
            ?answer,
            "the leader's stream ended; its port was probed"
        );
        let answer_and_log = match self.inner.port.log_under(epoch).await {
            Some(own) => (answer, own),
            // This replica has moved on: whatever was learnt of that leader decides nothing any more.
            None => (ProbeAnswer::Unclear, LogPoint::EMPTY),
        };
        let now = self.now();
        let action = self
            .machine()
            .probe_answered(now, number, answer_and_log.0, answer_and_log.1);
        self.perform(action);
    }

    async fn ask_leader(&self, epoch: LeaderEpoch) -> ProbeAnswer {
        let Some(&(to, patience)) = self.inner.peers.iter().find(|(id, _)| *id == epoch.node)
        else {
            return ProbeAnswer::Unclear;
        };
        let question = Question::Probe(epoch).encode();
        let mut pause = PROBE_PAUSE;
        for _ in 0..PROBE_TRIES {
            match self.inner.port.call(to, question.clone(), patience).await {
                Ok(answer) => {
                    return match decode_leads(&answer) {
                        Some(true) => ProbeAnswer::Leading,
                        Some(false) => ProbeAnswer::NotLeading,
                        None => ProbeAnswer::Unclear,
                    };
                }
                Err(CallError::Refused { .. }) => return ProbeAnswer::Refused,
                Err(CallError::TimedOut { .. }) => return ProbeAnswer::Unclear,
                // The connection broke: a process that is ending may take a moment to close its port.
                Err(CallError::Unreachable { .. }) => R::sleep(pause).await,
            }
            pause *= 2;
        }
        ProbeAnswer::Unclear
    }

    async fn ask(self, to: ReplicaId, patience: Duration, evidence: Evidence) {
        let question = Question::Evidence(evidence).encode();
        let Ok(answer) = self.inner.port.call(to, question, patience).await else {
            return;
        };
        let Some(said) = decode_evidence(&answer) else {
            return;
        };
        let Some(own) = self.inner.port.log_under(evidence.epoch).await else {
            return;
        };
        let now = self.now();
        let action = self.machine().evidence(now, to, said, own);
        self.perform(action);
    }

    async fn wake(self, at: Duration, epoch: LeaderEpoch) {
        R::sleep(at.saturating_sub(self.now())).await;
        let Some(own) = self.inner.port.log_under(epoch).await else {
            return;
        };
        let now = self.now();
        let action = self.machine().tick(now, own);
        self.perform(action);
    }
}
