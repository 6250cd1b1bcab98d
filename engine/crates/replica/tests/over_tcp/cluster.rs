//! Replicas on threads of their own, as nodes run them: each with a runtime of one thread, a journal in memory, and sockets on loopback that close
//! when its thread ends abruptly.

use std::collections::BTreeMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, mpsc};
use std::time::{Duration, Instant};
use std::{future::poll_fn, io, thread};

use openraft_rt_tokio::TokioRuntime;
use rialto_replica::tcp::Tcp;
use rialto_replica::{
    Checkpoint, CheckpointMeta, CheckpointStore, CommittedPayload, GroupConfig, GroupStatus,
    JournalOp, JournalPort, JournalState, LeaderEpoch, Log, LogError, Output, Parts, Peer, Role,
    Staging, start,
};

use super::proxy::Proxy;

/// How long anything may take before a test has failed.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// What a journal holds; it outlives its replica.
#[derive(Debug, Default)]
struct Kept {
    entries: BTreeMap<u64, Vec<u8>>,
    next: u64,
    note: Option<Vec<u8>>,
}

impl Kept {
    fn carry_out(&mut self, op: JournalOp) {
        match op {
            JournalOp::Append { entries, done } => {
                for (position, entry) in entries {
                    self.entries.insert(position, entry);
                    self.next = position + 1;
                }
                done(Ok(()));
            }
            JournalOp::Truncate { from, done } => {
                drop(self.entries.split_off(&from));
                self.next = self.next.min(from);
                done(Ok(()));
            }
            JournalOp::Reset { next, done } => {
                self.entries.clear();
                self.next = next;
                done(Ok(()));
            }
            JournalOp::Purge { up_to } => self.entries = self.entries.split_off(&(up_to + 1)),
            JournalOp::Note { bytes, done } => {
                self.note = Some(bytes);
                done(Ok(()));
            }
            JournalOp::Read { from, to, done, .. } => {
                let found = self.entries.range(from..to);
                done(Ok(found
                    .map(|(position, entry)| (*position, entry.clone()))
                    .collect()));
            }
        }
    }

    fn state(&self) -> JournalState {
        let next = self.next.max(1);
        let first = self.entries.keys().next().copied().unwrap_or(next);
        JournalState {
            first,
            next,
            note: self.note.clone(),
        }
    }
}

/// Hands operations to the journal's thread.
#[derive(Clone)]
struct Port(Arc<Mutex<mpsc::Sender<JournalOp>>>);

impl JournalPort for Port {
    fn submit(&self, op: JournalOp) {
        // Fails when the thread has ended along with its replica.
        drop(self.0.lock().unwrap().send(op));
    }
}

/// No checkpoints at all.
#[derive(Clone)]
struct NoCheckpoints;

impl CheckpointStore for NoCheckpoints {
    fn latest(&self) -> io::Result<Option<Checkpoint>> {
        Ok(None)
    }

    fn stage(&self, _: &CheckpointMeta) -> io::Result<Box<dyn Staging>> {
        Err(io::Error::other("there are no checkpoints here"))
    }
}

enum Command {
    Propose(Vec<u8>),
    Status(mpsc::Sender<GroupStatus>),
}

/// What a replica let be seen.
#[derive(Debug, Default)]
pub struct Seen {
    pub leading: Option<LeaderEpoch>,
    /// Batches as they came out.
    pub batches: Vec<Vec<u8>>,
}

struct Running {
    commands: tokio::sync::mpsc::UnboundedSender<Command>,
    kill: tokio::sync::oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

struct Member {
    kept: Arc<Mutex<Kept>>,
    seen: Arc<Mutex<Seen>>,
    running: Option<Running>,
}

/// Three replicas of one group.
pub struct Cluster {
    peers: Vec<Peer>,
    slowest_round_trip: Duration,
    accelerated: bool,
    members: BTreeMap<u64, Member>,
    /// What stands between replicas, by (from, to), where something does.
    pub proxies: BTreeMap<(u64, u64), Proxy>,
}

impl Cluster {
    /// Starts three replicas. `slowest_round_trip` sets the timers, whatever the true one is.
    pub fn start(slowest_round_trip: Duration, accelerated: bool) -> Self {
        Self::build(slowest_round_trip, accelerated, false)
    }

    /// The same with a proxy on each way between two replicas. A killed replica's port doesn't seem closed then.
    pub fn start_through_proxies(slowest_round_trip: Duration, accelerated: bool) -> Self {
        Self::build(slowest_round_trip, accelerated, true)
    }

    fn build(slowest_round_trip: Duration, accelerated: bool, proxied: bool) -> Self {
        let listeners: Vec<_> = (0..3)
            .map(|_| TcpListener::bind("127.0.0.1:0").unwrap())
            .collect();
        let peers = (1..).zip(&listeners).map(|(id, listener)| Peer {
            id,
            name: format!("node-{id}"),
            region: String::from("here"),
            address: listener.local_addr().unwrap().to_string(),
            round_trip: Duration::ZERO,
        });
        let mut cluster = Self {
            peers: peers.collect(),
            slowest_round_trip,
            accelerated,
            members: BTreeMap::new(),
            proxies: BTreeMap::new(),
        };
        if proxied {
            for (from, to) in (1..=3).flat_map(|from| (1..=3).map(move |to| (from, to))) {
                let target = cluster.peers[to as usize - 1].address.parse().unwrap();
                cluster.proxies.insert((from, to), Proxy::to(target));
            }
        }
        for (id, listener) in (1..).zip(listeners) {
            cluster.run(id, listener);
        }
        cluster
    }

    /// Starts a killed replica again, on its old port.
    pub fn restart(&mut self, id: u64) {
        let address = &self.peers[id as usize - 1].address;
        let listener = TcpListener::bind(address).unwrap();
        self.run(id, listener);
    }

    fn peers_of(&self, id: u64) -> Vec<Peer> {
        let mut peers = self.peers.clone();
        for peer in &mut peers {
            if let Some(proxy) = self.proxies.get(&(id, peer.id)) {
                peer.address = proxy.address.to_string();
            }
        }
        peers
    }

    fn run(&mut self, id: u64, listener: TcpListener) {
        let kept = self
            .members
            .get(&id)
            .map(|member| Arc::clone(&member.kept))
            .unwrap_or_default();
        let seen = Arc::new(Mutex::new(Seen::default()));
        let config = GroupConfig {
            group: String::from("test/market"),
            incarnation: 1,
            id,
            voters: self.peers_of(id),
            slowest_round_trip: self.slowest_round_trip,
            accelerated_failover: self.accelerated,
            in_flight: 64,
        };
        let (commands, received) = tokio::sync::mpsc::unbounded_channel();
        let (kill, killed) = tokio::sync::oneshot::channel();
        let (journal, shown) = (Arc::clone(&kept), Arc::clone(&seen));
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build()
                .unwrap();
            runtime.block_on(async {
                tokio::select! {
                    () = replicate(config, journal, listener, shown, received) => {}
                    _ = killed => {}
                }
            });
            // Everything of the replica is dropped where it stands; its sockets close as those of a killed process do.
            runtime.shutdown_background();
        });
        self.members.insert(
            id,
            Member {
                kept,
                seen,
                running: Some(Running {
                    commands,
                    kill,
                    thread,
                }),
            },
        );
    }

    /// Ends a replica's thread without any farewell.
    pub fn kill(&mut self, id: u64) {
        let running = self.members.get_mut(&id).unwrap().running.take().unwrap();
        drop(running.kill);
        running.thread.join().unwrap();
    }

    pub fn status(&self, id: u64) -> GroupStatus {
        let (reply, status) = mpsc::channel();
        let running = self.members[&id].running.as_ref().unwrap();
        assert!(running.commands.send(Command::Status(reply)).is_ok());
        status.recv_timeout(PATIENCE).unwrap()
    }

    pub fn propose(&self, id: u64, batch: &[u8]) {
        let running = self.members[&id].running.as_ref().unwrap();
        assert!(
            running
                .commands
                .send(Command::Propose(batch.to_vec()))
                .is_ok()
        );
    }

    /// The running replica with the highest leadership.
    pub fn leader(&self) -> Option<(u64, LeaderEpoch)> {
        let running = self
            .members
            .iter()
            .filter(|(_, member)| member.running.is_some());
        let leading =
            running.filter_map(|(id, member)| Some((*id, member.seen.lock().unwrap().leading?)));
        leading.max_by_key(|(_, epoch)| *epoch)
    }

    pub fn has(&self, id: u64, batch: &[u8]) -> bool {
        let seen = self.members[&id].seen.lock().unwrap();
        seen.batches.iter().any(|seen| seen == batch)
    }

    /// Every batch that came out of a replica, in order.
    pub fn batches(&self, id: u64) -> Vec<Vec<u8>> {
        self.members[&id].seen.lock().unwrap().batches.clone()
    }

    /// Waits until there is something, and says when that was.
    pub fn wait<T>(
        &self,
        what: &str,
        patience: Duration,
        mut found: impl FnMut(&Self) -> Option<T>,
    ) -> T {
        let began = Instant::now();
        loop {
            if let Some(found) = found(self) {
                return found;
            }
            assert!(
                began.elapsed() < patience,
                "{what} did not come to pass within {patience:?}"
            );
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Proposes to whoever leads until the batch came out there.
    pub fn commit(&self, batch: &[u8], patience: Duration) -> u64 {
        let mut proposed = None;
        self.wait("a commit", patience, |cluster| {
            let (id, epoch) = cluster.leader()?;
            if proposed != Some(epoch) {
                cluster.propose(id, batch);
                proposed = Some(epoch);
            }
            cluster.has(id, batch).then_some(id)
        })
    }
}

async fn replicate(
    config: GroupConfig,
    kept: Arc<Mutex<Kept>>,
    listener: TcpListener,
    seen: Arc<Mutex<Seen>>,
    mut commands: tokio::sync::mpsc::UnboundedReceiver<Command>,
) {
    let state = kept.lock().unwrap().state();
    let (sender, ops) = mpsc::channel::<JournalOp>();
    thread::spawn(move || {
        for op in ops {
            kept.lock().unwrap().carry_out(op);
        }
    });
    let tcp = Tcp::new(&config);
    let parts = Parts {
        config,
        state,
        applied: None,
        journal: Port(Arc::new(Mutex::new(sender))),
        network: tcp.clone(),
        checkpoints: NoCheckpoints,
        history: Arc::new(|| Err(LogError(String::from("there is no reader here")))),
        on_fatal: Arc::new(|why| eprintln!("a group can't go on: {why}")),
        blocking_threads: true,
    };
    let mut group = start::<TokioRuntime, _, _, _>(parts).await.unwrap();
    let _server = tcp.serve(listener, group.server()).unwrap();
    loop {
        tokio::select! {
            outputs = poll_fn(|cx| group.poll(cx)) => {
                let Some(outputs) = outputs else { return };
                let mut seen = seen.lock().unwrap();
                for output in outputs {
                    match output {
                        Output::Committed(committed) => {
                            if let CommittedPayload::Batch(batch) = committed.payload {
                                seen.batches.push(batch);
                            }
                        }
                        Output::Role(Role::Leader { epoch }) => seen.leading = Some(epoch),
                        Output::Role(_) => seen.leading = None,
                        Output::Install(_) => panic!("there are no checkpoints here"),
                    }
                }
            }
            command = commands.recv() => match command {
                // A proposal that isn't taken is missed by the test.
                Some(Command::Propose(batch)) => drop(group.propose(batch)),
                Some(Command::Status(reply)) => drop(reply.send(group.status())),
                None => return,
            },
        }
    }
}
