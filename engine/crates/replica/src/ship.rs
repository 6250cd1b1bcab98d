//! Checkpoints on their way to another replica: every file in bounded frames, with its length and hash, then the answer.

use std::future::Future;
use std::io;
use std::path::Path;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use openraft::AsyncRuntime;
use openraft::async_runtime::Select2;
use tokio::sync::{Mutex, Notify, OwnedMutexGuard};

use crate::blocking::Blocking;
use crate::client::Clients;
use crate::machine::{Shipment, Snapshot};
use crate::message::{put_checkpoint, take_checkpoint};
use crate::types::{Vote, decode_stored, encode_stored, epoch_of, position};
use crate::wire::{Reader, Writer};
use crate::{
    CheckpointFile, CheckpointMeta, CheckpointStore, FrameSink, FrameStream, Network, ReplicaId,
    Staging,
};

/// How many bytes of a file go into one frame.
const FRAME_BYTES: usize = 256 << 10;

/// How long either side waits for the other before it gives up.
const PATIENCE: Duration = Duration::from_secs(20);

/// How often the receiver says that it is still installing.
const STILL: Duration = Duration::from_secs(1);

/// How many files a checkpoint may have.
const MAX_FILES: u32 = 1 << 20;

const FILE: u8 = 0;
const DATA: u8 = 1;
const FILE_END: u8 = 2;
const END: u8 = 3;

const WORKING: u8 = 0;
const INSTALLED: u8 = 1;
const REFUSED: u8 = 2;

type Failure = String;

fn text(error: impl ToString) -> Failure {
    error.to_string()
}

/// Waits for something of the other side, but not for ever.
async fn patiently<R: AsyncRuntime, T: Send>(
    what: &str,
    future: impl Future<Output = Result<T, Failure>> + Send,
) -> Result<T, Failure> {
    match R::timeout(PATIENCE, future).await {
        Ok(result) => result,
        Err(_) => Err(format!("{what} took more than {} s", PATIENCE.as_secs())),
    }
}

/// Sends a checkpoint to a peer and waits until it is installed there; gives the peer's vote.
pub(crate) async fn send<R: AsyncRuntime, N: Network>(
    with: &Clients<R, N>,
    to: ReplicaId,
    mut hello: Vec<u8>,
    vote: Vote,
    snapshot: Snapshot,
) -> Result<Vote, Failure> {
    let Shipment::Outgoing(files) = snapshot.snapshot else {
        return Err(String::from("its files are not at hand"));
    };
    let meta = CheckpointMeta {
        position: position(snapshot.meta.last_log_id.as_ref()),
        epoch: snapshot
            .meta
            .last_log_id
            .map(|id| epoch_of(&id.leader_id))
            .unwrap_or_default(),
        membership: encode_stored(&snapshot.meta.last_membership),
    };
    let mut out = Writer(&mut hello);
    out.vote(&vote);
    put_checkpoint(&mut out, &meta);
    out.u32(files.len() as u32);
    let opening = async { with.network.open(to, hello).await.map_err(text) };
    let (mut sink, mut frames) = patiently::<R, _>("opening a stream", opening).await?;
    let sent = send_files::<R>(with.blocking, &mut sink, files).await;
    loop {
        let frame = patiently::<R, _>("the answer", async { Ok(frames.next().await) }).await?;
        let frame = match (frame, &sent) {
            (Some(Ok(frame)), _) => frame,
            (_, Err(error)) => return Err(error.clone()),
            (Some(Err(error)), _) => return Err(text(error)),
            (None, _) => return Err(String::from("the stream ended without an answer")),
        };
        let mut reader = Reader(&frame);
        match reader.u8().map_err(text)? {
            WORKING => {}
            INSTALLED => return reader.vote().map_err(text),
            REFUSED => return Err(reader.text().unwrap_or_else(text)),
            other => return Err(format!("{other} is no answer to a checkpoint")),
        }
    }
}

async fn send_frame<R: AsyncRuntime>(sink: &mut FrameSink, frame: Vec<u8>) -> Result<(), Failure> {
    patiently::<R, _>("sending", async { sink.send(frame).await.map_err(text) }).await
}

async fn send_files<R: AsyncRuntime>(
    blocking: Blocking<R>,
    sink: &mut FrameSink,
    files: Vec<CheckpointFile>,
) -> Result<(), Failure> {
    for CheckpointFile { name, length, open } in files {
        let mut frame = vec![FILE];
        Writer(&mut frame).u64(length);
        Writer(&mut frame).bytes(name.as_bytes());
        send_frame::<R>(sink, frame).await?;
        let mut reader = blocking
            .run(open)
            .await
            .map_err(|error| format!("{name}: {error}"))?;
        let mut hasher = blake3::Hasher::new();
        let mut left = length;
        while left > 0 {
            let want = left.min(FRAME_BYTES as u64) as usize;
            let read = move || {
                let mut frame = vec![DATA; 1 + want];
                if let Some(data) = frame.get_mut(1..) {
                    reader.read_exact(data)?;
                    hasher.update(data);
                }
                Ok((reader, hasher, frame))
            };
            let frame;
            (reader, hasher, frame) = blocking
                .run(read)
                .await
                .map_err(|error| format!("{name}: {error}"))?;
            send_frame::<R>(sink, frame).await?;
            left -= want as u64;
        }
        let mut frame = vec![FILE_END];
        frame.extend_from_slice(hasher.finalize().as_bytes());
        send_frame::<R>(sink, frame).await?;
    }
    send_frame::<R>(sink, vec![END]).await
}

/// What a received checkpoint is, and whose it is said to be.
pub(crate) struct Arrived {
    pub(crate) vote: Vote,
    pub(crate) meta: CheckpointMeta,
    pub(crate) snapshot: Snapshot,
}

/// A plain name inside the folder: no way out, nothing special.
fn plain(name: &str) -> bool {
    !name.is_empty()
        && !name.contains(['\\', '\0'])
        && name
            .split('/')
            .all(|part| !part.is_empty() && part != "." && part != "..")
        && Path::new(name).is_relative()
}

/// Checkpoints that come in. A newer one takes over from one that is still on its way, but the staging folder belongs to one
/// alone, until that is installed or given up: another leader may send its own while the first is being installed.
#[derive(Clone, Default)]
pub(crate) struct Arrivals {
    attempts: Arc<AtomicU64>,
    /// Told of each attempt, so that an older one whose sender fell silent gives its place up at once.
    newer: Arc<Notify>,
    place: Arc<Mutex<()>>,
}

/// The staging folder is taken as long as this lives.
pub(crate) type Place = OwnedMutexGuard<()>;

/// What is being staged, and its place, which is given up last.
struct Held {
    staging: Box<dyn Staging>,
    place: Place,
}

/// Receives a checkpoint into a staging folder.
pub(crate) async fn receive<R: AsyncRuntime, S: CheckpointStore>(
    blocking: Blocking<R>,
    store: S,
    arrivals: &Arrivals,
    mut hello: Reader<'_>,
    frames: &mut FrameStream,
) -> Result<Arrived, Failure> {
    let vote = hello.vote().map_err(text)?;
    let meta = take_checkpoint(&mut hello).map_err(text)?;
    let files = hello.u32().map_err(text)?;
    hello.end().map_err(text)?;
    let last_membership = decode_stored(&meta.membership).map_err(text)?;
    if !vote.committed || meta.epoch > epoch_of(&vote.leader_id) || files > MAX_FILES {
        return Err(String::from("the checkpoint is none its sender can have"));
    }
    let attempt = arrivals.attempts.fetch_add(1, Ordering::AcqRel) + 1;
    arrivals.newer.notify_waiters();
    let place = arrivals.place.clone().lock_owned().await;
    let superseded = || arrivals.attempts.load(Ordering::Acquire) != attempt;
    let taken_over = || String::from("a newer attempt to send a checkpoint took over");
    if superseded() {
        return Err(taken_over());
    }
    let staged = meta.clone();
    let stage = move || {
        let staging = store.stage(&staged)?;
        Ok(Held { staging, place })
    };
    let mut held = blocking.run(stage).await.map_err(text)?;
    let mut next = async || -> Result<Vec<u8>, Failure> {
        // Listened to before the count is looked at, so that none is missed.
        let newer = arrivals.newer.notified();
        if superseded() {
            return Err(taken_over());
        }
        let frame = patiently::<R, _>("the next frame", async { Ok(frames.next().await) });
        let Select2::Second(frame) = R::select2(pin!(newer), pin!(frame)).await else {
            return Err(taken_over());
        };
        frame?
            .ok_or_else(|| String::from("the stream ended in the middle of a checkpoint"))?
            .map_err(text)
    };
    for _ in 0..files {
        let frame = next().await?;
        let mut reader = Reader(&frame);
        if reader.u8() != Ok(FILE) {
            return Err(String::from("a file was to begin"));
        }
        let length = reader.u64().map_err(text)?;
        let name = reader.text().map_err(text)?;
        if !plain(&name) {
            return Err(format!("{name:?} is no name of a file in a checkpoint"));
        }
        let begin = name.clone();
        let begin = move || {
            held.staging.begin(&begin, length)?;
            Ok(held)
        };
        held = blocking
            .run(begin)
            .await
            .map_err(|error| format!("{name}: {error}"))?;
        let mut hasher = blake3::Hasher::new();
        let mut left = length;
        loop {
            let frame = next().await?;
            let mut reader = Reader(&frame);
            match reader.u8() {
                Ok(DATA) if (reader.0.len() as u64) <= left && !reader.0.is_empty() => {
                    left -= reader.0.len() as u64;
                    let write = move || {
                        let data = frame.get(1..).unwrap_or_default();
                        hasher.update(data);
                        held.staging.write(data)?;
                        Ok((held, hasher))
                    };
                    (held, hasher) = blocking
                        .run(write)
                        .await
                        .map_err(|error| format!("{name}: {error}"))?;
                }
                Ok(FILE_END) if left == 0 => {
                    if reader.0 != hasher.finalize().as_bytes() {
                        return Err(format!(
                            "{name} arrived with another hash than it was sent with"
                        ));
                    }
                    break;
                }
                _ => {
                    return Err(format!(
                        "{name} arrived with another length than was announced"
                    ));
                }
            }
        }
    }
    if next().await?.as_slice() != [END] {
        return Err(String::from(
            "the checkpoint has more files than were announced",
        ));
    }
    let finish = move || {
        let Held { staging, place } = held;
        Ok((staging.finish()?, place))
    };
    let (dir, place) = blocking.run(finish).await.map_err(text)?;
    let snapshot = Snapshot {
        meta: crate::machine::SnapshotMeta {
            last_log_id: Some(crate::types::log_id(meta.epoch, meta.position)),
            last_membership,
        },
        snapshot: Shipment::Incoming(dir, place),
    };
    Ok(Arrived {
        vote,
        meta,
        snapshot,
    })
}

/// Tells the sender again and again that the checkpoint is being installed, then how that went.
pub(crate) async fn answer<R: AsyncRuntime>(
    sink: &mut FrameSink,
    installing: impl Future<Output = Result<Vote, Failure>> + Send,
) -> io::Result<()> {
    let mut installing = pin!(installing);
    let result = loop {
        match R::select2(installing.as_mut(), R::sleep(STILL)).await {
            Select2::First(result) => break result,
            Select2::Second(()) => sink.send(vec![WORKING]).await?,
        }
    };
    let mut frame = Vec::new();
    match result {
        Ok(vote) => {
            frame.push(INSTALLED);
            Writer(&mut frame).vote(&vote);
        }
        Err(reason) => {
            frame.push(REFUSED);
            Writer(&mut frame).bytes(reason.as_bytes());
        }
    }
    sink.send(frame).await?;
    sink.close().await
}

#[cfg(test)]
mod tests {
    use futures_util::future::{Either, join, select};
    use openraft::Instant;
    use openraft_rt_sim::{SimInstant, SimRuntime};
    use tokio::sync::mpsc;

    use super::*;
    use crate::Checkpoint;

    #[derive(Clone)]
    struct Anywhere;

    impl CheckpointStore for Anywhere {
        fn latest(&self) -> io::Result<Option<Checkpoint>> {
            Ok(None)
        }

        fn stage(&self, _: &CheckpointMeta) -> io::Result<Box<dyn Staging>> {
            Ok(Box::new(Nowhere))
        }
    }

    struct Nowhere;

    impl Staging for Nowhere {
        fn begin(&mut self, _: &str, _: u64) -> io::Result<()> {
            Ok(())
        }

        fn write(&mut self, _: &[u8]) -> io::Result<()> {
            Ok(())
        }

        fn finish(self: Box<Self>) -> io::Result<std::path::PathBuf> {
            Ok("staged".into())
        }
    }

    fn hello() -> Vec<u8> {
        let epoch = crate::LeaderEpoch { term: 1, node: 1 };
        let mut hello = Vec::new();
        let mut out = Writer(&mut hello);
        out.vote(&Vote {
            leader_id: crate::types::leader_id(epoch),
            committed: true,
        });
        let meta = CheckpointMeta {
            position: 1,
            epoch,
            membership: encode_stored(&crate::types::StoredMembership::default()),
        };
        put_checkpoint(&mut out, &meta);
        out.u32(0);
        hello
    }

    async fn take(arrivals: Arrivals, mut frames: FrameStream) -> Result<Arrived, Failure> {
        let hello = hello();
        let blocking = Blocking::<SimRuntime>::new(false);
        receive(blocking, Anywhere, &arrivals, Reader(&hello), &mut frames).await
    }

    /// The frames of a sender.
    fn frames() -> (mpsc::UnboundedSender<Vec<u8>>, FrameStream) {
        let (sender, mut frames) = mpsc::unbounded_channel();
        let frames = futures_util::stream::poll_fn(move |cx| frames.poll_recv(cx));
        (sender, Box::pin(frames.map(Ok)))
    }

    #[test]
    fn a_newer_attempt_does_not_wait_for_a_silent_sender() {
        SimRuntime::with_seed(1).block_on(async {
            let arrivals = Arrivals::default();
            // The first sender lost its power: it neither sends on nor closes.
            let (_silent, first) = frames();
            let (sender, second) = frames();
            sender.send(vec![END]).unwrap();
            let began = SimInstant::now();
            let both = join(take(arrivals.clone(), first), take(arrivals, second));
            let (first, second) = both.await;
            assert!(first.is_err());
            assert!(second.is_ok());
            assert_eq!(SimInstant::now() - began, Duration::ZERO);
        });
    }

    #[test]
    fn an_attempt_in_full_holds_its_place_until_it_is_installed() {
        SimRuntime::with_seed(1).block_on(async {
            let arrivals = Arrivals::default();
            let (sender, first) = frames();
            sender.send(vec![END]).unwrap();
            let first = take(arrivals.clone(), first).await.unwrap();
            let (sender, second) = frames();
            sender.send(vec![END]).unwrap();
            let second = pin!(take(arrivals, second));
            let long = pin!(SimRuntime::sleep(Duration::from_secs(30)));
            let Either::Right(((), second)) = select(second, long).await else {
                panic!("it took the place of one that is being installed");
            };
            drop(first);
            assert!(second.await.is_ok());
        });
    }
}
