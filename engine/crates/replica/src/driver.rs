//! The tasks that drive a group: one writes proposals in order, one watches roles and failures, one carries out what the
//! owner asks for.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openraft::async_runtime::watch::WatchReceiver;
use openraft::errors::{LinearizableReadError, RaftError};
use openraft::{AsyncRuntime, Instant as _, RaftMetrics, ReadPolicy, ServerState};
use tokio::sync::{mpsc, oneshot};

use crate::machine::Newest;
use crate::queue::Queue;
use crate::server::Raft;
use crate::status::leading;
use crate::store::{State, lock};
use crate::types::{Batch, Reply, TypeConfig, epoch_of, leader_id, position, position_of};
use crate::{
    CheckpointMeta, CheckpointStore, GroupConfig, LeaderEpoch, NotLeader, OnFatal, ReplicaId, Role,
    Timers, TransferRefused,
};

/// A batch on its way to raft, on the condition that this leadership holds.
pub(crate) struct Proposal {
    pub(crate) epoch: LeaderEpoch,
    pub(crate) batch: Batch,
}

/// What the owner asks for.
pub(crate) enum Control {
    Checkpointed {
        made: CheckpointMeta,
        keep_from: u64,
    },
    Transfer {
        to: Option<ReplicaId>,
        reply: oneshot::Sender<Result<LeaderEpoch, TransferRefused>>,
    },
    Confirm {
        reply: oneshot::Sender<Result<u64, NotLeader>>,
    },
    Stop {
        reply: oneshot::Sender<()>,
    },
}

/// How many proposals are handed over at once. Fewer than what a task may do in one go, so that nothing comes between.
const GROUP: usize = 16;

/// How soon a refused proposal is offered again while leadership lasts.
const AGAIN: Duration = Duration::from_millis(5);

/// How many entries the next leader may lack.
const MAX_LAG: u64 = 1024;

/// How long a checkpoint may take to become known to raft before the log is not purged on its account.
const CHECKPOINT_WAIT: Duration = Duration::from_secs(5);

/// What the tasks share.
pub(crate) struct Driver<R: AsyncRuntime, S: CheckpointStore> {
    pub(crate) config: Arc<GroupConfig>,
    pub(crate) timers: Timers,
    pub(crate) raft: Raft<R, S>,
    pub(crate) queue: Queue,
    pub(crate) log: Arc<Mutex<State>>,
    pub(crate) newest: Newest,
    pub(crate) on_fatal: OnFatal,
    pub(crate) stopping: Arc<AtomicBool>,
}

impl<R: AsyncRuntime, S: CheckpointStore> Clone for Driver<R, S> {
    fn clone(&self) -> Self {
        Driver {
            config: self.config.clone(),
            timers: self.timers,
            raft: self.raft.clone(),
            queue: self.queue.clone(),
            log: self.log.clone(),
            newest: self.newest.clone(),
            on_fatal: self.on_fatal.clone(),
            stopping: self.stopping.clone(),
        }
    }
}

impl<R: AsyncRuntime, S: CheckpointStore> Driver<R, S> {
    /// Writes proposals in the order they come. A leader whose lease ran out (it was paused, or cut off) refuses writes
    /// until a majority answers again, and one that hands over refuses them until the end; so the next ones wait until it
    /// is known that the last ones were taken, and refused ones are offered again while the leadership lasts. They also wait
    /// while the own journal lags far behind: the others are a majority without it, and it must not collect without end.
    pub(crate) async fn write(self, mut proposals: mpsc::Receiver<Proposal>) {
        let mut pending: Option<Proposal> = None;
        loop {
            let first = match pending.take() {
                Some(proposal) => proposal,
                None => match proposals.recv().await {
                    Some(proposal) => proposal,
                    None => return,
                },
            };
            let epoch = first.epoch;
            let mut group = vec![first.batch];
            while group.len() < GROUP {
                match proposals.try_recv() {
                    Ok(proposal) if proposal.epoch == epoch => group.push(proposal.batch),
                    Ok(proposal) => {
                        pending = Some(proposal);
                        break;
                    }
                    Err(_) => break,
                }
            }
            while !group.is_empty() && self.queue.leads(epoch) {
                if lock(&self.log).cache.is_overfull() {
                    R::sleep(AGAIN).await;
                    continue;
                }
                match self.offer(epoch, &group).await {
                    None => return,
                    Some(taken) if taken == group.len() => break,
                    Some(taken) => {
                        group.drain(..taken);
                        R::sleep(AGAIN).await;
                    }
                }
            }
        }
    }

    /// Offers proposals to raft; gives how many it took, `None` when it has stopped.
    async fn offer(&self, epoch: LeaderEpoch, group: &[Batch]) -> Option<usize> {
        let mut outcomes = Vec::with_capacity(group.len());
        for batch in group {
            let (reply, outcome) = oneshot::channel();
            let write = self
                .raft
                .write(batch.clone())
                .with_leader(leader_id(epoch))
                .responder(Reply(reply));
            write.await.ok()?;
            outcomes.push(outcome);
        }
        // Raft works off what it is sent in order: when this is answered, refusals have been too.
        self.raft.with_raft_state(|_| ()).await.ok()?;
        let refused = outcomes
            .iter_mut()
            .position(|outcome| matches!(outcome.try_recv(), Ok(Err(_))));
        Some(refused.unwrap_or(group.len()))
    }

    /// Tells the owner what raft makes of this replica, and of failures.
    pub(crate) async fn watch(self, leads: impl Fn(LeaderEpoch) + Send + 'static) {
        let mut server = self.raft.server_metrics();
        let metrics = self.raft.metrics();
        let mut told = None;
        loop {
            let (leading, role) = {
                let server = server.borrow_and_update();
                let epoch = epoch_of(&server.vote.leader_id);
                let established = server.vote.committed;
                match server.state {
                    ServerState::Leader if established => (Some(epoch), Role::Leader { epoch }),
                    ServerState::Learner => (
                        None,
                        Role::Learner {
                            leader: server.current_leader,
                            epoch,
                        },
                    ),
                    _ => (
                        None,
                        Role::Follower {
                            leader: server.current_leader,
                            epoch,
                        },
                    ),
                }
            };
            if told != Some(role) {
                told = Some(role);
                if let Some(epoch) = leading {
                    leads(epoch);
                }
                self.queue.role(leading, role);
            }
            if server.changed().await.is_err() {
                break;
            }
        }
        let reason = match &metrics.borrow_watched().running_state {
            Ok(()) => String::from("its task ended"),
            Err(fatal) => fatal.to_string(),
        };
        if !self.stopping.load(Ordering::Acquire) {
            (self.on_fatal)(format!(
                "the log of {} can't go on: {reason}",
                self.config.group
            ));
        }
        self.queue.close();
    }

    /// Carries out what the owner asks for, until it asks to stop or has gone.
    pub(crate) async fn control(self, mut asked: mpsc::UnboundedReceiver<Control>) {
        let mut stopped = None;
        while let Some(control) = asked.recv().await {
            let driver = self.clone();
            match control {
                Control::Checkpointed { made, keep_from } => {
                    drop(R::spawn(driver.checkpointed(made, keep_from)));
                }
                Control::Transfer { to, reply } => {
                    drop(R::spawn(async move {
                        drop(reply.send(driver.transfer(to).await))
                    }));
                }
                Control::Confirm { reply } => {
                    drop(R::spawn(
                        async move { drop(reply.send(driver.confirm().await)) },
                    ));
                }
                Control::Stop { reply } => {
                    stopped = Some(reply);
                    break;
                }
            }
        }
        self.stopping.store(true, Ordering::Release);
        self.queue.close();
        if let Err(error) = self.raft.shutdown().await {
            tracing::warn!(group = self.config.group, %error, "the log did not end cleanly");
        }
        if let Some(reply) = stopped {
            reply.send(()).ok();
        }
    }

    async fn checkpointed(self, made: CheckpointMeta, keep_from: u64) {
        let reached = made.position;
        {
            let mut newest = lock(&self.newest);
            if newest
                .as_ref()
                .is_none_or(|newest| newest.position < reached)
            {
                *newest = Some(made);
            }
        }
        if self.raft.trigger().snapshot().await.is_err() {
            return;
        }
        let mut metrics = self.raft.metrics();
        let known = async {
            while position(metrics.borrow_and_update().snapshot.as_ref()) < reached {
                if metrics.changed().await.is_err() {
                    return false;
                }
            }
            true
        };
        if !R::timeout(CHECKPOINT_WAIT, known).await.unwrap_or(false) {
            tracing::warn!(
                group = self.config.group,
                position = reached,
                "the log does not know its checkpoint yet"
            );
            return;
        }
        let up_to = reached.min(keep_from.saturating_sub(1));
        if let Some(index) = up_to.checked_sub(1)
            && let Err(error) = self.raft.trigger().purge_log(index).await
        {
            tracing::debug!(group = self.config.group, %error, "nothing is purged: the log has stopped");
        }
    }

    async fn transfer(self, to: Option<ReplicaId>) -> Result<LeaderEpoch, TransferRefused> {
        let metrics = self.raft.metrics().borrow_watched().clone();
        let Some(own) = leading::<R>(&metrics) else {
            return Err(TransferRefused::NotLeader {
                leader: metrics.current_leader,
            });
        };
        let to = self.target(&metrics, to)?;
        let mut server = self.raft.server_metrics();
        if self.raft.trigger().transfer_leader(to).await.is_err() {
            return Err(TransferRefused::Stopped);
        }
        let wait = self.timers.election_max * 4;
        let moved = async {
            loop {
                {
                    let server = server.borrow_and_update();
                    let epoch = epoch_of(&server.vote.leader_id);
                    if server.vote.committed && epoch != own {
                        return Some(epoch);
                    }
                }
                if server.changed().await.is_err() {
                    return None;
                }
            }
        };
        match R::timeout(wait, moved).await {
            Ok(Some(epoch)) => Ok(epoch),
            Ok(None) => Err(TransferRefused::Stopped),
            Err(_) => Err(TransferRefused::TimedOut {
                to,
                waited_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
            }),
        }
    }

    /// Checks the voter asked for, or picks the one that lacks the least.
    fn target(
        &self,
        metrics: &RaftMetrics<TypeConfig<R>>,
        to: Option<ReplicaId>,
    ) -> Result<ReplicaId, TransferRefused> {
        let last = metrics.last_log_index.map_or(0, position_of);
        let now = R::Instant::now();
        let awake = |id: &ReplicaId| {
            let heard = metrics
                .heartbeat
                .as_ref()
                .and_then(|heard| heard.get(id).copied().flatten());
            heard.is_some_and(|at| now.saturating_duration_since(*at) <= self.timers.election_max)
        };
        let lag = |id: &ReplicaId| {
            let matched = metrics
                .replication
                .as_ref()
                .and_then(|matched| matched.get(id).copied().flatten());
            last.saturating_sub(position(matched.as_ref()))
        };
        let to = match to {
            Some(to) if to == self.config.id => return Err(TransferRefused::AlreadyLeads { to }),
            Some(to) if !metrics.membership_config.voter_ids().any(|id| id == to) => {
                return Err(TransferRefused::Unknown { to });
            }
            Some(to) if !awake(&to) => return Err(TransferRefused::Silent { to }),
            Some(to) => to,
            None => {
                let others = metrics
                    .membership_config
                    .voter_ids()
                    .filter(|id| *id != self.config.id && awake(id));
                others
                    .min_by_key(|id| (lag(id), *id))
                    .ok_or(TransferRefused::NoTarget)?
            }
        };
        match lag(&to) {
            lag if lag > MAX_LAG => Err(TransferRefused::Lagging { to, lag }),
            _ => Ok(to),
        }
    }

    async fn confirm(self) -> Result<u64, NotLeader> {
        let asked = self.raft.get_read_linearizer(ReadPolicy::ReadIndex);
        match R::timeout(self.timers.election_max * 2, asked).await {
            Ok(Ok(linearizer)) => Ok(position_of(linearizer.read_log_id().index())),
            Ok(Err(RaftError::APIError(LinearizableReadError::ForwardToLeader(forward)))) => {
                Err(NotLeader::Follower {
                    leader: forward.leader_id,
                })
            }
            Ok(Err(RaftError::APIError(LinearizableReadError::QuorumNotEnough(_)))) | Err(_) => {
                Err(NotLeader::NoMajority)
            }
            Ok(Err(RaftError::Fatal(_))) => Err(NotLeader::Stopped),
        }
    }
}
