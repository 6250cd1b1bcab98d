//! Accepting peers: hello checked, requests answered, streams handed to the group.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::StreamExt;
use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle, JoinSet};
use tokio::time::{sleep, timeout};

use super::calls::{NUMBER, UNDER_WAY, take_number, write_numbered};
use super::counters::{Counts, count};
use super::hello::{Hello, LONGEST, Purpose, Refusal, VERSION, encode_answer};
use super::{Identity, Options, frame, streams};
use crate::{MAX_FRAME, ReplicaId, Serve};

/// Connections that may be without a hello at a time; further ones are closed at once.
const STRANGERS: usize = 64;
/// Connections of calls, and streams, that a peer may have; the oldest goes when there is one more, since it is likely one the peer lost.
const CALL_CONNECTIONS: usize = 4;
const STREAMS: usize = 16;
/// KiB of requests that a connection may have under way, beside one frame being read.
const UNDER_WAY_KIB: usize = MAX_FRAME / 1024 + 1;
/// The pause after a failed accept.
const PAUSE: Duration = Duration::from_millis(20);

/// What every accepted connection is judged and served by.
pub(super) struct House {
    pub identity: Identity,
    pub members: BTreeSet<ReplicaId>,
    pub options: Options,
    pub greeting: Duration,
    pub counts: Arc<Counts>,
    pub group: Arc<dyn Serve>,
}

/// Peers being answered. Dropping it ends listener and connections at once, [`Server::stop`] waits until they are closed.
pub struct Server {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    task: JoinHandle<()>,
}

impl Server {
    pub(super) fn start(listener: TcpListener, house: House) -> io::Result<Self> {
        let address = listener.local_addr()?;
        let (stop, stopped) = oneshot::channel();
        let task = tokio::spawn(accept(listener, Arc::new(house), stopped));
        Ok(Self {
            address,
            stop: Some(stop),
            task,
        })
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Closes the listener and every connection, and returns when it is done.
    pub async fn stop(mut self) {
        drop(self.stop.take());
        // It ends by itself now; that it was cancelled along with its runtime comes to the same.
        drop((&mut self.task).await);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// The connections that each peer has, oldest first.
#[derive(Default)]
struct Guests {
    held: Mutex<BTreeMap<(ReplicaId, Purpose), VecDeque<AbortHandle>>>,
}

impl Guests {
    fn admit(&self, from: ReplicaId, purpose: Purpose, task: AbortHandle, counts: &Counts) {
        let limit = match purpose {
            Purpose::Calls => CALL_CONNECTIONS,
            Purpose::Stream => STREAMS,
        };
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let held = held.entry((from, purpose)).or_default();
        held.retain(|task| !task.is_finished());
        held.push_back(task);
        while held.len() > limit {
            if let Some(oldest) = held.pop_front() {
                oldest.abort();
                count(&counts.displaced);
            }
        }
    }
}

async fn accept(listener: TcpListener, house: Arc<House>, mut stop: oneshot::Receiver<()>) {
    let strangers = Arc::new(Semaphore::new(STRANGERS));
    let guests = Arc::new(Guests::default());
    let mut connections = JoinSet::new();
    let mut failing = false;
    loop {
        let accepted = tokio::select! {
            _ = &mut stop => break,
            // Ended connections are forgotten as they end.
            Some(_) = connections.join_next() => continue,
            accepted = listener.accept() => accepted,
        };
        match accepted {
            Ok((stream, _)) => {
                failing = false;
                count(&house.counts.accepted);
                let Ok(place) = Arc::clone(&strangers).try_acquire_owned() else {
                    count(&house.counts.refused);
                    continue;
                };
                let (house, guests) = (Arc::clone(&house), Arc::clone(&guests));
                // The connection learns its own handle, so that it can be closed for a newer one.
                let (tell, told) = oneshot::channel();
                let task = connections.spawn(async move {
                    let Ok(task) = told.await else { return };
                    let Some((hello, stream)) = greet(stream, &house).await else {
                        count(&house.counts.refused);
                        return;
                    };
                    drop(place);
                    guests.admit(hello.from, hello.purpose, task, &house.counts);
                    match hello.purpose {
                        Purpose::Calls => calls(hello.from, stream, &house).await,
                        Purpose::Stream => stream_of(hello.from, stream, &house).await,
                    }
                });
                drop(tell.send(task));
            }
            Err(error) => {
                count(&house.counts.accept_failures);
                if !failing {
                    failing = true;
                    tracing::warn!(%error, "a peer's connection could not be accepted; the listener goes on");
                }
                sleep(PAUSE).await;
            }
        }
    }
    drop(listener);
    connections.shutdown().await;
}

/// Reads the hello and answers it; `None` if the connection has no business here.
async fn greet(stream: TcpStream, house: &House) -> Option<(Hello, BufReader<TcpStream>)> {
    let address = stream.peer_addr().ok()?;
    house.options.set(&stream).ok()?;
    let mut stream = BufReader::with_capacity(64 << 10, stream);
    let greeted = timeout(house.greeting, async {
        let bytes = frame::read(&mut stream, LONGEST, &house.counts)
            .await
            .ok()??;
        let judged = judge(&bytes, house);
        let answer = match &judged {
            Ok(_) => encode_answer(Ok(())),
            Err((_, refusal, reason)) => encode_answer(Err((*refusal, reason))),
        };
        let mut frame = frame::header(&[&answer], LONGEST).ok()?.to_vec();
        frame.extend_from_slice(&answer);
        stream.get_mut().write_all(&frame).await.ok()?;
        Some(judged)
    });
    match greeted.await {
        Ok(Some(Ok(hello))) => Some((hello, stream)),
        Ok(Some(Err((from, refusal, reason)))) => {
            if house.counts.first(false, from, refusal) {
                tracing::warn!(%address, from, reason, "a replication connection was refused");
            }
            None
        }
        Ok(None) | Err(_) => None,
    }
}

/// Whether a hello is of a peer that belongs here; else who it says it is (0: it did not come so far) and why not.
fn judge(bytes: &[u8], house: &House) -> Result<Hello, (ReplicaId, Refusal, String)> {
    let own = &house.identity;
    let hello = Hello::decode(bytes).map_err(|refusal| {
        let reason = match refusal {
            Refusal::Version => format!("this replica speaks version {VERSION} of the replication protocol; run the same release on all nodes"),
            Refusal::Protocol => String::from("this port is for replication between nodes only"),
            _ => String::from("the hello can't be understood"),
        };
        (0, refusal, reason)
    })?;
    let (refusal, reason) = if hello.group != own.group {
        (
            Refusal::Group,
            format!(
                "this is group {}, not {}; check the address in the configuration",
                own.group, hello.group
            ),
        )
    } else if hello.incarnation != own.incarnation {
        (
            Refusal::Incarnation,
            format!(
                "this is incarnation {} of {}, not {}",
                own.incarnation, own.group, hello.incarnation
            ),
        )
    } else if hello.to != own.id {
        (
            Refusal::Target,
            format!(
                "this is replica {}, not {}; check the address in the configuration",
                own.id, hello.to
            ),
        )
    } else if !house.members.contains(&hello.from) {
        (
            Refusal::Stranger,
            format!("replica {} is no other voter of {}", hello.from, own.group),
        )
    } else {
        return Ok(hello);
    };
    Err((hello.from, refusal, reason))
}

async fn stream_of(from: ReplicaId, stream: BufReader<TcpStream>, house: &House) {
    let (sink, mut frames) = streams::split(stream, &house.counts);
    let first = timeout(house.greeting, frames.next());
    let Ok(Some(Ok(hello))) = first.await else {
        return;
    };
    house.group.serve_stream(from, hello, sink, frames).await;
}

/// Answers the requests of a connection, as many at a time as the limits allow, until it ends.
async fn calls(from: ReplicaId, stream: BufReader<TcpStream>, house: &House) {
    let (mut reader, mut writer) = streams::parts(stream);
    let (answers, mut queue) = mpsc::channel::<(u64, Vec<u8>)>(1);
    let places = Arc::new(Semaphore::new(UNDER_WAY));
    let room = Arc::new(Semaphore::new(UNDER_WAY_KIB));
    let counts = Arc::clone(&house.counts);
    let mut tasks = JoinSet::new();
    let mut writing = tokio::spawn(async move {
        while let Some((number, answer)) = queue.recv().await {
            if write_numbered(&mut writer, number, &answer, &counts)
                .await
                .is_err()
            {
                return;
            }
        }
    });
    let writer = Abort(writing.abort_handle());
    loop {
        let read = tokio::select! {
            _ = &mut writing => break,
            read = frame::read(&mut reader, MAX_FRAME + NUMBER, &house.counts) => read,
        };
        let Ok(Some(mut request)) = read else { break };
        let size = u32::try_from(request.len() / 1024 + 1).unwrap_or(u32::MAX);
        let Some(number) = take_number(&mut request) else {
            break;
        };
        let admitted = tokio::select! {
            _ = &mut writing => break,
            admitted = async {
                let place = Arc::clone(&places).acquire_owned().await;
                let room = Arc::clone(&room).acquire_many_owned(size).await;
                place.ok().zip(room.ok())
            } => admitted,
        };
        let Some(admitted) = admitted else { break };
        let serving = house.group.serve_call(from, request);
        let answers = answers.clone();
        tasks.spawn(async move {
            let answer = serving.await;
            // Fails only when the connection ended meanwhile.
            drop(answers.send((number, answer)).await);
            drop(admitted);
        });
        while tasks.try_join_next().is_some() {}
    }
    drop(writer);
}

/// Ends a task along with what it belongs to.
struct Abort(AbortHandle);

impl Drop for Abort {
    fn drop(&mut self) {
        self.0.abort();
    }
}
