//! The shell around a client: finds a node that takes it, moves bytes, keeps times.

use super::{Came, Client, Lost, Stream};
use crate::lock;
use crate::net::{Host, Net, Port};
use crate::random::Random;
use crate::record::{Fault, Record, now_ns, ns};
use futures_util::{SinkExt, StreamExt};
use openraft_rt::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use rialto_replica::{FrameSink, FrameStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A client that has sent nothing for this long sends a heartbeat.
const HEARTBEAT: Duration = Duration::from_millis(150);
/// A server of which nothing came for this long is taken for dead.
const SILENCE: Duration = Duration::from_millis(1200);
/// How long a connection may take to be made.
const DIAL: Duration = Duration::from_millis(700);
/// Between two addresses.
const BETWEEN: Duration = Duration::from_millis(10);

/// What the shells of all clients share.
#[derive(Clone)]
pub struct Directory {
    /// The network.
    pub net: Net,
    /// The run's notes.
    pub record: Record,
    /// The nodes to be tried.
    pub nodes: Vec<Host>,
    /// The mean time between two requests of a client.
    pub pace: Duration,
    /// Between how many milliseconds a client leaves of itself, about; `None` for never.
    pub leaves: Option<Duration>,
}

/// Why a connection ended.
enum Ended {
    /// The node does not take it.
    Refused,
    /// It was lost.
    Lost,
    /// The client left of itself.
    Left,
}

async fn dial(
    directory: &Directory,
    own: Host,
    node: Host,
    port: Port,
) -> Option<(FrameSink, FrameStream)> {
    let dialed = SimRuntime::timeout(DIAL, directory.net.dial(own, node, port)).await;
    dialed.ok()?.ok().map(crate::net::End::halves)
}

fn after(own: Host, directory: &Directory, node: Host) -> Host {
    let nodes = &directory.nodes;
    let at = nodes.iter().position(|other| *other == node).unwrap_or(0);
    nodes
        .get((at + 1) % nodes.len().max(1))
        .copied()
        .unwrap_or(own)
}

/// Runs an order client for ever.
pub async fn trade(
    client: Arc<Mutex<Client>>,
    own: Host,
    directory: Directory,
    mut random: Random,
) {
    let mut node = random.pick(&directory.nodes).copied().unwrap_or(1);
    loop {
        if lock(&client).gone {
            return;
        }
        let connected = dial(&directory, own, node, Port::Orders).await;
        let ended = match connected {
            Some((sink, stream)) => {
                let ended = session(&client, own, &directory, &mut random, sink, stream).await;
                lock(&client).disconnected();
                ended
            }
            None => Ended::Refused,
        };
        match ended {
            Ended::Refused => {
                node = after(own, &directory, node);
                SimRuntime::sleep(BETWEEN).await;
            }
            Ended::Lost => {
                directory.record.fault(Fault::ClientGone);
                SimRuntime::sleep(BETWEEN).await;
            }
            Ended::Left => {
                directory.record.fault(Fault::ClientGone);
                let away = random.time(Duration::from_millis(5), Duration::from_millis(900));
                SimRuntime::sleep(away).await;
            }
        }
    }
}

async fn session(
    client: &Arc<Mutex<Client>>,
    own: Host,
    directory: &Directory,
    random: &mut Random,
    mut sink: FrameSink,
    mut stream: FrameStream,
) -> Ended {
    let mut out = Vec::new();
    lock(client).connected(&mut out);
    if sink.send(std::mem::take(&mut out)).await.is_err() {
        return Ended::Lost;
    }
    let pace = directory.pace;
    let (mut heard, mut spoke) = (now_ns(), now_ns());
    let mut acts = now_ns() + ns(random.about(pace));
    let mut leaves = directory
        .leaves
        .map_or(u64::MAX, |mean| now_ns() + ns(random.about(mean)));
    let mut welcome = false;
    loop {
        let now = now_ns();
        let next = acts
            .min(spoke + ns(HEARTBEAT))
            .min(heard + ns(SILENCE))
            .min(if welcome { leaves } else { u64::MAX });
        if next > now {
            let wait = Duration::from_nanos(next - now);
            match SimRuntime::timeout(wait, stream.next()).await {
                Ok(Some(Ok(bytes))) => {
                    heard = now_ns();
                    let mut client = lock(client);
                    let resent = client.resent;
                    let came = client.receive(&bytes, &mut out);
                    for _ in resent..client.resent {
                        directory.record.fault(Fault::Resent);
                    }
                    welcome |= client.is_in();
                    let session = client.session;
                    drop(client);
                    directory.record.event("client", own, &bytes);
                    match came {
                        Ok(()) => {}
                        Err(Lost::Refused) => return Ended::Refused,
                        Err(Lost::Broken(why)) => {
                            directory
                                .record
                                .violation("session_stream", format!("session {session}: {why}"));
                            return Ended::Lost;
                        }
                    }
                }
                Ok(Some(Err(_)) | None) if welcome => return Ended::Lost,
                Ok(Some(Err(_)) | None) => return Ended::Refused,
                Err(_) => {}
            }
        }
        let now = now_ns();
        if now >= heard + ns(SILENCE) {
            return if welcome { Ended::Lost } else { Ended::Refused };
        }
        if now >= leaves && lock(client).stays {
            leaves = u64::MAX;
        }
        if now >= leaves && welcome {
            if random.per_mille(500) {
                Client::log_out(&mut out);
                // It may be gone before the goodbye is.
                drop(sink.send(std::mem::take(&mut out)).await);
            }
            return Ended::Left;
        }
        if now >= acts {
            acts = now + ns(random.about(pace));
            let burst = if random.per_mille(60) {
                random.between(2, 8)
            } else {
                1
            };
            let mut client = lock(client);
            for _ in 0..burst {
                client.act(&mut out);
            }
            client.probe(&mut out);
            if client.gone {
                return Ended::Left;
            }
        }
        if out.is_empty() && now >= spoke + ns(HEARTBEAT) {
            Client::heartbeat(&mut out);
        }
        if !out.is_empty() {
            spoke = now;
            let sent = sink.send(std::mem::take(&mut out));
            // A window that stays shut for so long is as good as silence.
            match SimRuntime::timeout(SILENCE, sent).await {
                Ok(Ok(())) => {}
                _ => return Ended::Lost,
            }
        }
    }
}

/// Runs a reader of market data for ever: now at this node, now at that one.
pub async fn feed(reader: Arc<Mutex<Stream>>, own: Host, directory: Directory, mut random: Random) {
    loop {
        let node = random.pick(&directory.nodes).copied().unwrap_or(1);
        let stays = random.time(Duration::from_millis(300), Duration::from_secs(4));
        if let Some((sink, stream)) = dial(&directory, own, node, Port::Feed).await {
            read(&reader, own, &directory, now_ns() + ns(stays), sink, stream).await;
        }
        SimRuntime::sleep(BETWEEN).await;
    }
}

async fn read(
    reader: &Arc<Mutex<Stream>>,
    own: Host,
    directory: &Directory,
    until: u64,
    mut sink: FrameSink,
    mut stream: FrameStream,
) {
    let mut out = Vec::new();
    lock(reader).login(&mut out);
    let mut heard = now_ns();
    loop {
        if !out.is_empty() && sink.send(std::mem::take(&mut out)).await.is_err() {
            return;
        }
        match SimRuntime::timeout(HEARTBEAT, stream.next()).await {
            Ok(Some(Ok(bytes))) => {
                heard = now_ns();
                directory.record.event("reader", own, &bytes);
                match lock(reader).receive(&bytes) {
                    Ok(came) => {
                        // What came is kept; nothing is answered.
                        drop::<Vec<Came>>(came);
                    }
                    Err(Lost::Refused) => return,
                    Err(Lost::Broken(why)) => {
                        directory.record.violation("feed_stream", why);
                        return;
                    }
                }
            }
            Ok(_) => return,
            Err(_) => Client::heartbeat(&mut out),
        }
        let now = now_ns();
        if now >= until || now >= heard + ns(SILENCE) {
            return;
        }
    }
}
