//! The way to one peer, as openraft uses it: calls for votes, heartbeats and transfers, a kept stream for appends, a stream
//! of its own for each checkpoint.

use std::future::Future;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use openraft::base::{BoxFuture, BoxStream};
use openraft::errors::{RPCError, ReplicationClosed, StreamingError, Timeout, Unreachable};
use openraft::network::{Backoff, RPCOption, stream_append_sequential};
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, SnapshotResponse, StreamAppendError,
    StreamAppendResult, TransferLeaderRequest, TransferLeaderResponse, VoteRequest, VoteResponse,
};
use openraft::{AsyncRuntime, OptionalSend, RPCTypes, RaftNetworkFactory, RaftNetworkV2};

use crate::blocking::Blocking;
use crate::machine::{Shipment, Snapshot};
use crate::message::{self, Envelope, Kind};
use crate::pipeline::{AppendStream, Pipeline};
use crate::ship;
use crate::store::State;
use crate::types::{Member, TypeConfig, Vote};
use crate::wire::{Malformed, Reader, Writer};
use crate::{CallError, LeaderEpoch, Network, ReplicaId, Timers};

/// How long a peer that can't be reached is left alone.
const BACKOFF: Duration = Duration::from_millis(20);

/// Whether a vote request for a term comes from a suspicion, and in place of which leadership.
pub(crate) type Mark = Arc<dyn Fn(u64) -> Option<LeaderEpoch> + Send + Sync>;

/// What is used to reach peers.
pub(crate) struct Clients<R, N> {
    pub(crate) envelope: Envelope,
    pub(crate) timers: Timers,
    pub(crate) network: N,
    pub(crate) blocking: Blocking<R>,
    pub(crate) mark: Mark,
    /// This replica's own log.
    pub(crate) log: Arc<Mutex<State>>,
}

impl<R, N: Clone> Clone for Clients<R, N> {
    fn clone(&self) -> Self {
        Clients {
            envelope: self.envelope.clone(),
            timers: self.timers,
            network: self.network.clone(),
            blocking: self.blocking,
            mark: self.mark.clone(),
            log: self.log.clone(),
        }
    }
}

/// The way to one peer.
pub(crate) struct Client<R, N> {
    with: Clients<R, N>,
    to: ReplicaId,
    heartbeats: bool,
    /// Locked by nobody: only what is borrowed exclusively is used. A mutex makes it shareable, as openraft wants it.
    stream: Mutex<Option<AppendStream>>,
    session: u32,
}

impl<R: AsyncRuntime, N: Network> RaftNetworkFactory<TypeConfig<R>> for Clients<R, N> {
    type Network = Client<R, N>;

    async fn new_client(&mut self, target: u64, _: &Member) -> Client<R, N> {
        Client {
            with: self.clone(),
            to: target,
            heartbeats: false,
            stream: Mutex::new(None),
            session: 0,
        }
    }

    async fn new_heartbeat_client(&mut self, target: u64, _: &Member) -> Client<R, N> {
        Client {
            with: self.clone(),
            to: target,
            heartbeats: true,
            stream: Mutex::new(None),
            session: 0,
        }
    }
}

fn unreachable<R: AsyncRuntime>(reason: impl ToString) -> RPCError<TypeConfig<R>> {
    RPCError::Unreachable(Unreachable::from_string(reason))
}

fn failed<R: AsyncRuntime>(
    id: u64,
    to: u64,
    action: RPCTypes,
    error: CallError,
) -> RPCError<TypeConfig<R>> {
    match error {
        CallError::TimedOut { waited, .. } => RPCError::Timeout(Timeout {
            action,
            id,
            target: to,
            timeout: waited,
        }),
        CallError::Unreachable { .. } | CallError::Refused { .. } => unreachable(error),
    }
}

impl<R: AsyncRuntime, N: Network> Client<R, N> {
    async fn call<T>(
        &self,
        action: RPCTypes,
        request: Vec<u8>,
        option: &RPCOption,
        take: impl FnOnce(&mut Reader<'_>) -> Result<T, Malformed>,
    ) -> Result<T, RPCError<TypeConfig<R>>> {
        let answer = self
            .with
            .network
            .call(self.to, request, option.hard_ttl())
            .await;
        let answer =
            answer.map_err(|error| failed(self.with.envelope.id, self.to, action, error))?;
        let mut reader = message::open_answer(&answer).map_err(|error| unreachable(error))?;
        take(&mut reader).map_err(|error| unreachable(error))
    }
}

impl<R: AsyncRuntime, N: Network> RaftNetworkV2<TypeConfig<R>> for Client<R, N> {
    type SnapshotData = Shipment;

    async fn append_entries(
        &mut self,
        rpc: AppendEntriesRequest<TypeConfig<R>>,
        option: RPCOption,
    ) -> Result<AppendEntriesResponse<TypeConfig<R>>, RPCError<TypeConfig<R>>> {
        let mut request = self.with.envelope.begin(Kind::Append, self.to);
        message::put_append(&mut Writer(&mut request), &rpc);
        let last = rpc
            .entries
            .last()
            .map(|entry| entry.log_id)
            .or(rpc.prev_log_id);
        let result = self
            .call(RPCTypes::AppendEntries, request, &option, |reader| {
                message::take_append_result::<R>(reader)
            })
            .await?;
        Ok(match result {
            Ok(matched) if matched == last => AppendEntriesResponse::Success,
            Ok(matched) => AppendEntriesResponse::PartialSuccess(matched),
            Err(StreamAppendError::Conflict(_)) => AppendEntriesResponse::Conflict,
            Err(StreamAppendError::HigherVote(vote)) => AppendEntriesResponse::HigherVote(vote),
        })
    }

    fn stream_append<'s, S>(
        &'s mut self,
        input: S,
        option: RPCOption,
    ) -> BoxFuture<
        's,
        Result<
            BoxStream<'s, Result<StreamAppendResult<TypeConfig<R>>, RPCError<TypeConfig<R>>>>,
            RPCError<TypeConfig<R>>,
        >,
    >
    where
        S: futures_util::Stream<Item = AppendEntriesRequest<TypeConfig<R>>>
            + OptionalSend
            + Unpin
            + 'static,
    {
        if self.heartbeats {
            return stream_append_sequential(self, input, option);
        }
        Box::pin(async move {
            let slot = self
                .stream
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            if slot.is_none() {
                let hello = self.with.envelope.begin(Kind::AppendStream, self.to);
                let wait = self.with.timers.election_max;
                let opened = R::timeout(wait, self.with.network.open(self.to, hello)).await;
                let opened = opened.unwrap_or(Err(CallError::TimedOut {
                    to: self.to,
                    waited: wait,
                }));
                let (sink, frames) = match opened {
                    Ok(stream) => stream,
                    Err(error) => {
                        // openraft's own back-off lies in the requests, which are not read here: without a pause it would
                        // try again at once, for as long as the peer's port refuses.
                        R::sleep(BACKOFF).await;
                        let (id, to) = (self.with.envelope.id, self.to);
                        return Err(failed(id, to, RPCTypes::AppendEntries, error));
                    }
                };
                *slot = Some(AppendStream { sink, frames });
            }
            self.session = self.session.wrapping_add(1);
            let idle = self.with.timers.election_max * 4;
            let log = self.with.log.clone();
            let pipeline = Pipeline::<R, S>::new(slot, log, self.session, input, idle);
            let stream: BoxStream<'s, _> = Box::pin(pipeline);
            Ok(stream)
        })
    }

    async fn vote(
        &mut self,
        rpc: VoteRequest<TypeConfig<R>>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig<R>>, RPCError<TypeConfig<R>>> {
        let accelerated = if rpc.leadership_transfer {
            (self.with.mark)(rpc.vote.leader_id.term)
        } else {
            None
        };
        let mut request = self.with.envelope.begin(Kind::Vote, self.to);
        message::put_vote(&mut Writer(&mut request), &rpc, accelerated);
        self.call(RPCTypes::Vote, request, &option, |reader| {
            message::take_vote_response::<R>(reader)
        })
        .await
    }

    async fn pre_vote(
        &mut self,
        rpc: VoteRequest<TypeConfig<R>>,
        option: RPCOption,
    ) -> Result<VoteResponse<TypeConfig<R>>, RPCError<TypeConfig<R>>> {
        let mut request = self.with.envelope.begin(Kind::PreVote, self.to);
        message::put_vote(&mut Writer(&mut request), &rpc, None);
        self.call(RPCTypes::Vote, request, &option, |reader| {
            message::take_vote_response::<R>(reader)
        })
        .await
    }

    async fn full_snapshot(
        &mut self,
        vote: Vote,
        snapshot: Snapshot,
        cancel: impl Future<Output = ReplicationClosed> + OptionalSend + 'static,
        _: RPCOption,
    ) -> Result<SnapshotResponse<TypeConfig<R>>, StreamingError<TypeConfig<R>>> {
        let hello = self.with.envelope.begin(Kind::CheckpointStream, self.to);
        let sending = ship::send::<R, N>(&self.with, self.to, hello, vote, snapshot);
        match R::select2(cancel, sending).await {
            openraft::async_runtime::Select2::First(closed) => Err(StreamingError::Closed(closed)),
            openraft::async_runtime::Select2::Second(Ok(vote)) => Ok(SnapshotResponse::new(vote)),
            openraft::async_runtime::Select2::Second(Err(error)) => {
                Err(StreamingError::Unreachable(Unreachable::from_string(
                    format!("the checkpoint did not reach replica {}: {error}", self.to),
                )))
            }
        }
    }

    async fn transfer_leader(
        &mut self,
        rpc: TransferLeaderRequest<TypeConfig<R>>,
        option: RPCOption,
    ) -> Result<TransferLeaderResponse<TypeConfig<R>>, RPCError<TypeConfig<R>>> {
        let mut request = self.with.envelope.begin(Kind::Transfer, self.to);
        message::put_transfer(&mut Writer(&mut request), &rpc);
        self.call(RPCTypes::TransferLeader, request, &option, |reader| {
            message::take_transfer_response::<R>(reader)
        })
        .await
    }

    fn backoff(&self) -> Option<Backoff> {
        Some(Backoff::new(std::iter::repeat(BACKOFF)))
    }
}
