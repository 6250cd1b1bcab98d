//! What the accelerator asks of its group.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use openraft::raft::TransferLeaderRequest;
use openraft::{AsyncRuntime, RaftState, ServerState};

use crate::message::{self, Envelope, Kind};
use crate::server::Raft;
use crate::suspicion::{LogPoint, Port};
use crate::types::{LogId, TypeConfig, Vote, epoch_of, leader_id, log_id, position_of};
use crate::{CallError, CheckpointStore, LeaderEpoch, Network, ReplicaId};

/// A handle on the group for its accelerator. The group comes to be after it.
pub(crate) struct Probe<R: AsyncRuntime, N, S: CheckpointStore> {
    pub(crate) envelope: Envelope,
    pub(crate) network: N,
    pub(crate) raft: Arc<OnceLock<Raft<R, S>>>,
}

impl<R: AsyncRuntime, N: Clone, S: CheckpointStore> Clone for Probe<R, N, S> {
    fn clone(&self) -> Self {
        Probe {
            envelope: self.envelope.clone(),
            network: self.network.clone(),
            raft: self.raft.clone(),
        }
    }
}

/// The end of a log as the accelerator has it.
pub(crate) fn log_point(last: Option<&LogId>) -> LogPoint {
    last.map_or(LogPoint::EMPTY, |id| LogPoint {
        epoch: epoch_of(&id.leader_id),
        position: position_of(id.index),
    })
}

fn established(epoch: LeaderEpoch) -> Vote {
    Vote {
        leader_id: leader_id(epoch),
        committed: true,
    }
}

impl<R: AsyncRuntime, N: Network, S: CheckpointStore> Probe<R, N, S> {
    async fn ask<T: Send + 'static>(
        &self,
        f: impl FnOnce(&RaftState<TypeConfig<R>>) -> T + Send + 'static,
    ) -> Option<T> {
        self.raft.get()?.with_raft_state(f).await.ok()
    }
}

impl<R: AsyncRuntime, N: Network, S: CheckpointStore> Port for Probe<R, N, S> {
    async fn call(
        &self,
        to: ReplicaId,
        message: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, CallError> {
        let mut request = self.envelope.begin(Kind::Suspicion, to);
        request.extend_from_slice(&message);
        let answer = self.network.call(to, request, timeout).await?;
        match message::open_answer(&answer) {
            Ok(mut reader) => Ok(reader.rest().to_vec()),
            Err(refused) => Err(CallError::Unreachable {
                to,
                reason: refused.to_string(),
            }),
        }
    }

    async fn leads(&self, epoch: LeaderEpoch) -> bool {
        let vote = established(epoch);
        self.ask(move |state| {
            state.server_state == ServerState::Leader && *state.vote_ref() == vote
        })
        .await
        .unwrap_or(false)
    }

    async fn log_under(&self, epoch: LeaderEpoch) -> Option<LogPoint> {
        let vote = established(epoch);
        self.ask(move |state| (*state.vote_ref() == vote).then(|| log_point(state.log_ids.last())))
            .await?
    }

    async fn elect(&self, epoch: LeaderEpoch, last: LogPoint) {
        let Some(raft) = self.raft.get() else { return };
        let last = (last.position > 0).then(|| log_id(last.epoch, last.position));
        let request = TransferLeaderRequest::new(established(epoch), self.envelope.id, last);
        if let Err(error) = raft.handle_transfer_leader(request).await {
            tracing::debug!(%error, "no election: the group has stopped");
        }
    }
}
