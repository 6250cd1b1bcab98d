//! What a replica answers its peers.

use std::collections::BTreeSet;
use std::future::pending;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures_util::future::FutureExt;
use futures_util::{SinkExt, StreamExt};
use openraft::async_runtime::Select2;
use openraft::errors::Fatal;
use openraft::raft::{
    AppendEntriesRequest, AppendEntriesResponse, StreamAppendError, StreamAppendResult,
};
use openraft::{AsyncRuntime, Instant as _};
use tokio::sync::mpsc;

use crate::blocking::Blocking;
use crate::machine::Machine;
use crate::message::{self, Envelope, Kind, Refused};
use crate::probe::{Probe, log_point};
use crate::ship::{self, Arrivals};
use crate::store::{State, lock};
use crate::suspicion::Accelerator;
use crate::types::{TypeConfig, epoch_of, position};
use crate::wire::{Reader, Writer};
use crate::{
    CheckpointStore, FrameSink, FrameStream, LeaderEpoch, Network, ReplicaId, Serve, Serving,
};

pub(crate) type Raft<R, S> = openraft::Raft<TypeConfig<R>, Machine<R, S>>;

/// How many requests of one append stream may wait for raft; the sender keeps to fewer.
const STREAM_REQUESTS: usize = 128;

/// How long the rest of an ended append stream may take to be worked off before its end is reported.
const DRAIN: Duration = Duration::from_millis(20);

/// When the leader was heard last, and as what.
pub(crate) type Heard<R> = Arc<Mutex<Option<(LeaderEpoch, <R as AsyncRuntime>::Instant)>>>;

/// The serving side of one group.
pub(crate) struct Server<R: AsyncRuntime, N: Network, S: CheckpointStore> {
    pub(crate) envelope: Envelope,
    pub(crate) peers: BTreeSet<ReplicaId>,
    pub(crate) raft: Raft<R, S>,
    pub(crate) store: S,
    pub(crate) blocking: Blocking<R>,
    pub(crate) accelerator: Accelerator<R, Probe<R, N, S>>,
    pub(crate) heard: Heard<R>,
    pub(crate) arrivals: Arrivals,
    /// This replica's own log.
    pub(crate) log: Arc<Mutex<State>>,
}

impl<R: AsyncRuntime, N: Network, S: CheckpointStore> Clone for Server<R, N, S> {
    fn clone(&self) -> Self {
        Server {
            envelope: self.envelope.clone(),
            peers: self.peers.clone(),
            raft: self.raft.clone(),
            store: self.store.clone(),
            blocking: self.blocking,
            accelerator: self.accelerator.clone(),
            heard: self.heard.clone(),
            arrivals: self.arrivals.clone(),
            log: self.log.clone(),
        }
    }
}

fn refused(error: impl ToString) -> Refused {
    Refused(error.to_string())
}

impl<R: AsyncRuntime, N: Network, S: CheckpointStore> Serve for Server<R, N, S> {
    fn serve_call(&self, from: ReplicaId, request: Vec<u8>) -> Serving<Vec<u8>> {
        let server = self.clone();
        Box::pin(async move { message::answer(server.call(from, &request).await) })
    }

    fn serve_stream(
        &self,
        from: ReplicaId,
        hello: Vec<u8>,
        mut sink: FrameSink,
        stream: FrameStream,
    ) -> Serving<()> {
        let server = self.clone();
        Box::pin(async move {
            match server.open(from, &hello) {
                Ok((Kind::AppendStream, _)) => {
                    server.appends(sink, stream).await;
                    server.accelerator.stream_ended(from);
                }
                Ok((Kind::CheckpointStream, reader)) => {
                    server.checkpoint(reader, sink, stream).await
                }
                Ok((kind, _)) => tracing::warn!(
                    group = server.envelope.group,
                    from,
                    ?kind,
                    "a call came as a stream"
                ),
                Err(error) => {
                    tracing::warn!(group = server.envelope.group, from, %error, "a peer's stream was refused");
                    if let Err(error) = sink.close().await {
                        tracing::debug!(from, %error, "closing a refused stream");
                    }
                }
            }
        })
    }
}

impl<R: AsyncRuntime, N: Network, S: CheckpointStore> Server<R, N, S> {
    fn open<'a>(&self, from: ReplicaId, message: &'a [u8]) -> Result<(Kind, Reader<'a>), Refused> {
        let (kind, id, reader) = self.envelope.open(message)?;
        if id != from || !self.peers.contains(&id) {
            return Err(Refused(format!(
                "replica {id} (on a connection of {from}) is no other voter of group {}",
                self.envelope.group
            )));
        }
        Ok((kind, reader))
    }

    async fn call(&self, from: ReplicaId, request: &[u8]) -> Result<Vec<u8>, Refused> {
        let (kind, mut reader) = self.open(from, request)?;
        let mut body = Vec::new();
        let mut out = Writer(&mut body);
        match kind {
            Kind::Append => {
                let request = message::take_append::<R>(&mut reader).map_err(refused)?;
                reader.end().map_err(refused)?;
                self.heard(&request);
                let (prev, last) = (
                    request.prev_log_id,
                    request
                        .entries
                        .last()
                        .map(|entry| entry.log_id)
                        .or(request.prev_log_id),
                );
                let response = self.raft.append_entries(request).await.map_err(refused)?;
                let result: StreamAppendResult<TypeConfig<R>> = match (response, prev) {
                    (AppendEntriesResponse::Success, _) => Ok(last),
                    (AppendEntriesResponse::PartialSuccess(matched), _) => Ok(matched),
                    (AppendEntriesResponse::HigherVote(vote), _) => {
                        Err(StreamAppendError::HigherVote(vote))
                    }
                    (AppendEntriesResponse::Conflict, Some(prev)) => {
                        Err(StreamAppendError::Conflict(prev))
                    }
                    (AppendEntriesResponse::Conflict, None) => {
                        return Err(Refused(String::from("a conflict before the first entry")));
                    }
                };
                message::put_append_result::<R>(&mut out, &result);
            }
            Kind::Vote => {
                let (mut request, accelerated) =
                    message::take_vote::<R>(&mut reader).map_err(refused)?;
                if let Some(gone) = accelerated {
                    let last = log_point(request.last_log_id.as_ref());
                    if !self.accelerator.accepts(from, gone, last).await {
                        request.leadership_transfer = false;
                    }
                }
                let response = self.raft.vote(request).await.map_err(refused)?;
                message::put_vote_response::<R>(&mut out, &response);
            }
            Kind::PreVote => {
                let (request, _) = message::take_vote::<R>(&mut reader).map_err(refused)?;
                let response = self.raft.pre_vote(request).await.map_err(refused)?;
                message::put_vote_response::<R>(&mut out, &response);
            }
            Kind::Transfer => {
                let request = message::take_transfer::<R>(&mut reader).map_err(refused)?;
                let response = self
                    .raft
                    .handle_transfer_leader(request)
                    .await
                    .map_err(refused)?;
                message::put_transfer_response::<R>(&mut out, &response);
            }
            Kind::Suspicion => body = self.accelerator.serve(from, reader.rest()).await,
            Kind::AppendStream | Kind::CheckpointStream => {
                return Err(Refused(String::from("a stream came as a call")));
            }
        }
        Ok(body)
    }

    /// Notes that an established leader spoke.
    fn heard(&self, request: &AppendEntriesRequest<TypeConfig<R>>) {
        if !request.vote.committed {
            return;
        }
        let epoch = epoch_of(&request.vote.leader_id);
        self.accelerator.leader_seen(epoch);
        let mut heard = lock(&self.heard);
        if heard.is_none_or(|(before, _)| before <= epoch) {
            *heard = Some((epoch, R::Instant::now()));
        }
    }

    /// Serves an append stream until it ends: requests go to raft as they come, answers back in their order. A request of a
    /// new session ends the one before.
    async fn appends(&self, mut sink: FrameSink, mut stream: FrameStream) {
        let mut session = None;
        let mut requests: Option<mpsc::Sender<AppendEntriesRequest<TypeConfig<R>>>> = None;
        let mut answers = None;
        // Whose entries the session's first answer may say more of: how far this log reaches under that vote.
        let mut asking = None;
        loop {
            let answer = async {
                match answers.as_mut() {
                    Some(answers) => next(answers).await,
                    None => pending().await,
                }
            };
            match R::select2(stream.next(), answer).await {
                Select2::First(Some(Ok(frame))) => {
                    let mut reader = Reader(&frame);
                    let parsed = (|| {
                        let session = reader.u32()?;
                        let request = message::take_append::<R>(&mut reader)?;
                        reader.end()?;
                        Ok::<_, crate::wire::Malformed>((session, request))
                    })();
                    let (of, request) = match parsed {
                        Ok(parsed) => parsed,
                        Err(error) => {
                            tracing::warn!(group = self.envelope.group, %error, "a peer's append stream is malformed");
                            return;
                        }
                    };
                    self.heard(&request);
                    if session != Some(of) {
                        session = Some(of);
                        asking = Some(request.vote);
                        let (sender, mut receiver) = mpsc::channel(STREAM_REQUESTS);
                        requests = Some(sender);
                        let input = futures_util::stream::poll_fn(move |cx| receiver.poll_recv(cx));
                        answers = Some(self.raft.stream_append(input).boxed());
                    }
                    if let Some(sender) = &requests
                        && let Err(mpsc::error::TrySendError::Full(_)) = sender.try_send(request)
                    {
                        tracing::warn!(
                            group = self.envelope.group,
                            "a peer sent more appends than it may"
                        );
                        return;
                    }
                }
                Select2::First(_) => {
                    drop(requests);
                    if let Some(answers) = answers {
                        let drained = R::timeout(DRAIN, answers.for_each(|_| async {})).await;
                        tracing::debug!(
                            group = self.envelope.group,
                            drained = drained.is_ok(),
                            "append stream ended"
                        );
                    }
                    return;
                }
                Select2::Second(first) => {
                    let mut answer = first;
                    let mut failed = false;
                    loop {
                        match answer {
                            Some(Ok(result)) => {
                                let mut frame = Vec::with_capacity(40);
                                let mut out = Writer(&mut frame);
                                out.u32(session.unwrap_or_default());
                                message::put_append_result::<R>(&mut out, &result);
                                let vote = asking.take().filter(|_| result.is_ok());
                                let durable =
                                    vote.and_then(|vote| lock(&self.log).durable_under(&vote));
                                out.log_id(durable.as_ref());
                                failed |= sink.feed(frame).await.is_err();
                            }
                            // Raft has stopped: so does the stream.
                            Some(Err(_)) => return,
                            None => {
                                answers = None;
                                requests = None;
                                break;
                            }
                        }
                        match answers.as_mut().map(|answers| next(answers).now_or_never()) {
                            Some(Some(next)) => answer = next,
                            _ => break,
                        }
                    }
                    if failed || sink.flush().await.is_err() {
                        return;
                    }
                }
            }
        }
    }

    async fn checkpoint(&self, hello: Reader<'_>, mut sink: FrameSink, mut frames: FrameStream) {
        let installing = async {
            let received = ship::receive(
                self.blocking,
                self.store.clone(),
                &self.arrivals,
                hello,
                &mut frames,
            )
            .await?;
            tracing::info!(
                group = self.envelope.group,
                position = received.meta.position,
                own = position(None),
                "a checkpoint arrived"
            );
            let response = self
                .raft
                .install_full_snapshot(received.vote, received.snapshot)
                .await;
            response
                .map(|response| response.vote)
                .map_err(|error| error.to_string())
        };
        if let Err(error) = ship::answer::<R>(&mut sink, installing).await {
            tracing::warn!(group = self.envelope.group, %error, "the sender of a checkpoint has gone");
        }
    }
}

type Answer<R> = Result<StreamAppendResult<TypeConfig<R>>, Fatal<TypeConfig<R>>>;

async fn next<R: AsyncRuntime>(
    answers: &mut (impl futures_util::Stream<Item = Answer<R>> + Unpin + Send),
) -> Option<Answer<R>> {
    answers.next().await
}
