//! What one node says to another: calls, and the opening of streams.

use super::{Connection, End, Host, Net, Way, sleep_until};
use crate::life::{self, Life};
use crate::lock;
use openraft_rt::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use rialto_replica::{CallError, FrameSink, FrameStream, Network, ReplicaId, Serve};
use std::future::pending;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::oneshot;

/// How long a node waits for a stream to open.
const OPEN_WAIT: Duration = Duration::from_secs(1);

/// The network as one node sees it.
#[derive(Clone)]
pub struct NodeNetwork {
    net: Net,
    own: Host,
}

impl NodeNetwork {
    /// The network of `own`.
    pub const fn new(net: Net, own: Host) -> Self {
        Self { net, own }
    }
}

const fn refused(to: ReplicaId) -> CallError {
    CallError::Refused { to }
}

impl Net {
    /// What a node's process answers with, while it runs and has a group.
    fn server(&self, node: Host) -> Option<(Life, Arc<dyn Serve>)> {
        let inner = lock(&self.inner);
        let listening = inner.nodes.get(&node)?;
        Some((listening.life.clone(), listening.serve.clone()?))
    }

    /// Carries a request there and the answer back; nothing comes back where either is lost.
    async fn carry(
        self,
        from: Host,
        to: Host,
        request: Vec<u8>,
        answer: oneshot::Sender<Result<Vec<u8>, CallError>>,
    ) {
        let Way::Arrives(at) = self.call_way(from, to) else {
            return pending().await;
        };
        sleep_until(at).await;
        if self.is_dark(to) {
            return pending().await;
        }
        self.record.event("call", from * 1000 + to, &request);
        let outcome = match self.server(to) {
            Some(_) if self.is_refused(from, to) => Err(refused(to)),
            None => Err(refused(to)),
            Some((life, serve)) => {
                let (done, served) = oneshot::channel();
                life.spawn(async move {
                    let bytes = serve.serve_call(from, request).await;
                    // Whoever asked may be gone.
                    drop(done.send(bytes));
                });
                match served.await {
                    Ok(bytes) => Ok(bytes),
                    // The process died before it answered: its machine says so, if it has power.
                    Err(_) if self.is_dark(to) => return pending().await,
                    Err(_) => Err(CallError::Unreachable {
                        to,
                        reason: "the connection was closed".to_owned(),
                    }),
                }
            }
        };
        let Way::Arrives(at) = self.call_way(to, from) else {
            return pending().await;
        };
        sleep_until(at).await;
        if let Ok(bytes) = &outcome {
            self.record.event("answer", to * 1000 + from, bytes);
        }
        drop(answer.send(outcome));
    }

    /// Opens a connection to a node's replication port.
    async fn connect(
        self,
        from: Host,
        to: Host,
        hello: Vec<u8>,
        opened: oneshot::Sender<Result<End, CallError>>,
    ) {
        let Way::Arrives(at) = self.call_way(from, to) else {
            return pending().await;
        };
        sleep_until(at).await;
        if self.is_dark(to) {
            return pending().await;
        }
        let outcome = match self.server(to) {
            Some(_) if self.is_refused(from, to) => Err(refused(to)),
            None => Err(refused(to)),
            Some((life, serve)) => {
                let (near, far) = Connection::open(&self, from, to);
                let (sink, stream) = far.halves();
                life.spawn(async move {
                    serve.serve_stream(from, hello, sink, stream).await;
                });
                Ok(near)
            }
        };
        let Way::Arrives(at) = self.call_way(to, from) else {
            // Nobody holds this end: the other one is told, as soon as it can be.
            drop(outcome);
            return pending().await;
        };
        sleep_until(at).await;
        drop(opened.send(outcome));
    }
}

/// Waits for an answer; where the question was lost, for ever.
async fn wait<T>(receiver: oneshot::Receiver<T>) -> T {
    match receiver.await {
        Ok(value) => value,
        Err(_) => pending().await,
    }
}

impl Network for NodeNetwork {
    async fn call(
        &self,
        to: ReplicaId,
        request: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, CallError> {
        let (answer, answered) = oneshot::channel();
        life::spawn(self.net.clone().carry(self.own, to, request, answer));
        match SimRuntime::timeout(timeout, wait(answered)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(CallError::TimedOut {
                to,
                waited: timeout,
            }),
        }
    }

    async fn open(
        &self,
        to: ReplicaId,
        hello: Vec<u8>,
    ) -> Result<(FrameSink, FrameStream), CallError> {
        let (opened, answered) = oneshot::channel();
        life::spawn(self.net.clone().connect(self.own, to, hello, opened));
        match SimRuntime::timeout(OPEN_WAIT, wait(answered)).await {
            Ok(outcome) => outcome.map(End::halves),
            Err(_) => Err(CallError::TimedOut {
                to,
                waited: OPEN_WAIT,
            }),
        }
    }
}
