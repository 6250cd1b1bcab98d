//! Whole groups in one thread: journals, network and checkpoints in memory, on the runtime the test chooses.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "a test fails by panicking"
)]

pub mod journal;
pub mod network;

use std::collections::BTreeMap;
use std::io::{self, Cursor, Read};
use std::marker::PhantomData;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use openraft::AsyncRuntime;
use rialto_replica::{
    Checkpoint, CheckpointFile, CheckpointMeta, CheckpointStore, CommittedPayload, Group,
    GroupConfig, GroupStatus, LeaderEpoch, Log, LogError, NotProposed, Output, Parts, Peer,
    ReplicaId, Role, Staging, StartError, start,
};

use self::journal::SharedDisk;
use self::network::{Hub, Net};

/// What came out, as the tests compare it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Event {
    Batch {
        position: u64,
        bytes: Vec<u8>,
        own: bool,
    },
    Blank {
        position: u64,
    },
    Membership {
        position: u64,
    },
    Role(Role),
    Installed {
        position: u64,
    },
}

/// An owner's state: all batches so far, by position.
#[derive(Clone, Default, Debug)]
pub struct Owned {
    pub batches: BTreeMap<u64, Vec<u8>>,
    pub position: u64,
    pub epoch: LeaderEpoch,
    pub membership: Vec<u8>,
    pub events: Vec<Event>,
    pub role: Option<Role>,
}

impl Owned {
    pub fn meta(&self) -> CheckpointMeta {
        CheckpointMeta {
            position: self.position,
            epoch: self.epoch,
            membership: self.membership.clone(),
        }
    }

    fn image(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for (position, batch) in &self.batches {
            bytes.extend_from_slice(&position.to_le_bytes());
            bytes.extend_from_slice(&(batch.len() as u32).to_le_bytes());
            bytes.extend_from_slice(batch);
        }
        bytes
    }

    fn restore(&mut self, meta: &CheckpointMeta, mut image: &[u8]) {
        self.batches.clear();
        while let Some((position, rest)) = image.split_first_chunk::<8>() {
            let (length, rest) = rest.split_first_chunk::<4>().unwrap();
            let (batch, rest) = rest.split_at(u32::from_le_bytes(*length) as usize);
            self.batches
                .insert(u64::from_le_bytes(*position), batch.to_vec());
            image = rest;
        }
        self.position = meta.position;
        self.epoch = meta.epoch;
        self.membership = meta.membership.clone();
    }
}

type Kept = Arc<Mutex<Option<(CheckpointMeta, Vec<u8>)>>>;
type Staged = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

#[derive(Clone, Default)]
pub struct Checkpoints {
    pub kept: Kept,
    pub staged: Staged,
    /// A checkpoint was staged in full and is not installed yet.
    pub complete: Arc<AtomicBool>,
    /// How many began to be staged.
    pub begun: Arc<AtomicU64>,
}

/// Splits the image in two files, so that there is more than one.
impl CheckpointStore for Checkpoints {
    fn latest(&self) -> io::Result<Option<Checkpoint>> {
        let kept = self.kept.lock().unwrap().clone();
        Ok(kept.map(|(meta, image)| {
            let (a, b) = image.split_at(image.len() / 2);
            let file = |name: &str, bytes: Vec<u8>| CheckpointFile {
                name: name.into(),
                length: bytes.len() as u64,
                open: Box::new(move || Ok(Box::new(Cursor::new(bytes)) as Box<dyn Read + Send>)),
            };
            Checkpoint {
                meta,
                files: vec![
                    file("a", a.to_vec()),
                    file("streams/b", b.to_vec()),
                    file("none", vec![]),
                ],
            }
        }))
    }

    fn stage(&self, _: &CheckpointMeta) -> io::Result<Box<dyn Staging>> {
        self.staged.lock().unwrap().clear();
        self.complete.store(false, Ordering::Release);
        self.begun.fetch_add(1, Ordering::AcqRel);
        Ok(Box::new(Incoming {
            staged: self.staged.clone(),
            complete: self.complete.clone(),
            name: String::new(),
        }))
    }
}

struct Incoming {
    staged: Staged,
    complete: Arc<AtomicBool>,
    name: String,
}

impl Staging for Incoming {
    fn begin(&mut self, name: &str, _: u64) -> io::Result<()> {
        self.name = name.into();
        self.staged.lock().unwrap().insert(name.into(), Vec::new());
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.staged
            .lock()
            .unwrap()
            .get_mut(&self.name)
            .unwrap()
            .extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<PathBuf> {
        self.complete.store(true, Ordering::Release);
        Ok(PathBuf::from("staged"))
    }
}

/// A replica with its owner.
pub struct Node<R> {
    pub id: ReplicaId,
    pub disk: SharedDisk,
    pub checkpoints: Checkpoints,
    pub group: Arc<Mutex<Option<Group>>>,
    pub owned: Arc<Mutex<Owned>>,
    pub crashed: Arc<AtomicBool>,
    pub failing: Arc<AtomicBool>,
    /// While set, its disk has no room for entries.
    pub full: Arc<AtomicBool>,
    pub fatal: Arc<Mutex<Option<String>>>,
    /// While set, the owner takes nothing out.
    pub paused: Arc<AtomicBool>,
    runtime: PhantomData<fn() -> R>,
}

pub struct Cluster<R> {
    pub hub: Hub,
    pub nodes: Vec<Node<R>>,
    pub voters: u64,
    pub delay: Duration,
    pub accelerated: bool,
    pub in_flight: usize,
}

pub fn config(id: ReplicaId, voters: u64, accelerated: bool) -> GroupConfig {
    GroupConfig {
        group: String::from("test/equities"),
        incarnation: 1,
        id,
        voters: (1..=voters)
            .map(|id| Peer {
                id,
                name: format!("node-{id}"),
                region: format!("region-{id}"),
                address: String::new(),
                round_trip: Duration::ZERO,
            })
            .collect(),
        slowest_round_trip: Duration::ZERO,
        accelerated_failover: accelerated,
        in_flight: 256,
    }
}

impl<R: AsyncRuntime> Cluster<R> {
    pub async fn new(voters: u64) -> Cluster<R> {
        Self::with(voters, Duration::from_micros(200), |_| {}).await
    }

    pub async fn with(
        voters: u64,
        delay: Duration,
        change: impl Fn(&mut Cluster<R>),
    ) -> Cluster<R> {
        let mut cluster = Cluster {
            hub: Hub::default(),
            nodes: Vec::new(),
            voters,
            delay,
            accelerated: false,
            in_flight: 256,
        };
        change(&mut cluster);
        for id in 1..=voters {
            cluster.nodes.push(Node {
                id,
                disk: journal::empty(),
                checkpoints: Checkpoints::default(),
                group: Arc::default(),
                owned: Arc::default(),
                crashed: Arc::default(),
                failing: Arc::default(),
                full: Arc::default(),
                fatal: Arc::default(),
                paused: Arc::default(),
                runtime: PhantomData,
            });
        }
        for id in 1..=voters {
            cluster.start(id).await.unwrap();
        }
        cluster
    }

    pub fn node(&self, id: ReplicaId) -> &Node<R> {
        &self.nodes[id as usize - 1]
    }

    /// Starts a replica from its disk and checkpoint.
    pub async fn start(&mut self, id: ReplicaId) -> Result<(), StartError> {
        let mut config = config(id, self.voters, self.accelerated);
        config.slowest_round_trip = self.delay * 2;
        config.in_flight = self.in_flight;
        self.start_with(config).await
    }

    pub async fn start_with(&mut self, config: GroupConfig) -> Result<(), StartError> {
        let id = config.id;
        let net: Net<R> = Net {
            hub: self.hub.clone(),
            id,
            delay: self.delay,
            runtime: PhantomData,
        };
        let node = &mut self.nodes[id as usize - 1];
        node.crashed = Arc::default();
        let port = journal::start::<R>(
            node.disk.clone(),
            Duration::from_micros(100),
            node.crashed.clone(),
            node.failing.clone(),
            node.full.clone(),
        );
        let mut owned = Owned::default();
        let kept = node.checkpoints.kept.lock().unwrap().clone();
        if let Some((meta, image)) = &kept {
            owned.restore(meta, image);
        }
        node.owned = Arc::new(Mutex::new(owned));
        let fatal = node.fatal.clone();
        let parts = Parts {
            config,
            state: journal::state(&node.disk),
            applied: kept.map(|(meta, _)| meta),
            journal: port,
            network: net,
            checkpoints: node.checkpoints.clone(),
            history: Arc::new(|| Err(LogError("no history here".into()))),
            on_fatal: Arc::new(move |reason| *fatal.lock().unwrap() = Some(reason)),
            blocking_threads: false,
        };
        let group = start::<R, _, _, _>(parts).await?;
        self.hub.serve(id, group.server());
        node.group = Arc::new(Mutex::new(Some(group)));
        drop(R::spawn(own::<R>(
            node.group.clone(),
            node.owned.clone(),
            node.checkpoints.clone(),
            node.paused.clone(),
        )));
        Ok(())
    }

    /// Ends a replica at once: what is not durable is lost.
    pub fn crash(&self, id: ReplicaId) {
        let node = self.node(id);
        node.crashed.store(true, Ordering::Release);
        self.hub.kill(id);
        drop(node.group.lock().unwrap().take());
    }

    pub async fn wait(&self, what: &str, condition: impl Fn(&Self) -> bool) {
        for _ in 0..4000 {
            if condition(self) {
                return;
            }
            R::sleep(Duration::from_millis(5)).await;
        }
        for node in &self.nodes {
            let owned = node.owned.lock().unwrap();
            eprintln!(
                "{}: role {:?}, position {}, status {:?}",
                node.id,
                owned.role,
                owned.position,
                self.status(node.id)
            );
        }
        panic!("{what} did not happen in 20 s");
    }

    pub fn status(&self, id: ReplicaId) -> Option<GroupStatus> {
        self.node(id)
            .group
            .lock()
            .unwrap()
            .as_ref()
            .map(|group| group.status())
    }

    /// The replica whose owner was told last that it leads, in the latest leadership.
    pub fn leader(&self) -> Option<(ReplicaId, LeaderEpoch)> {
        let leading = self
            .nodes
            .iter()
            .filter(|node| node.group.lock().unwrap().is_some());
        leading
            .filter_map(|node| match node.owned.lock().unwrap().role {
                Some(Role::Leader { epoch }) => Some((node.id, epoch)),
                _ => None,
            })
            .max_by_key(|(_, epoch)| *epoch)
    }

    pub async fn wait_leader(&self) -> ReplicaId {
        self.wait("an election", |cluster| cluster.leader().is_some())
            .await;
        self.leader().unwrap().0
    }

    /// Waits for a leader other than `not`.
    pub async fn wait_leader_but(&self, not: ReplicaId) -> ReplicaId {
        self.wait("an election", |cluster| {
            cluster.leader().is_some_and(|(id, _)| id != not)
        })
        .await;
        self.leader().unwrap().0
    }

    pub fn propose(&self, id: ReplicaId, bytes: &[u8]) -> Result<(), NotProposed> {
        let mut group = self.node(id).group.lock().unwrap();
        group
            .as_mut()
            .unwrap()
            .propose(bytes.to_vec())
            .map_err(|(_, reason)| reason)
    }

    /// Proposes, waiting for room.
    pub async fn propose_all(&self, id: ReplicaId, batches: impl IntoIterator<Item = Vec<u8>>) {
        for batch in batches {
            loop {
                match self.propose(id, &batch) {
                    Ok(()) => break,
                    Err(NotProposed::Full) => R::sleep(Duration::from_millis(1)).await,
                    Err(reason) => panic!("not proposed: {reason}"),
                }
            }
        }
    }

    pub fn batches(&self, id: ReplicaId) -> Vec<Vec<u8>> {
        self.node(id)
            .owned
            .lock()
            .unwrap()
            .batches
            .values()
            .cloned()
            .collect()
    }

    pub fn events(&self, id: ReplicaId) -> Vec<Event> {
        self.node(id).owned.lock().unwrap().events.clone()
    }

    /// Waits until the replica's owner holds `count` batches.
    pub async fn wait_batches(&self, id: ReplicaId, count: usize) {
        self.wait(&format!("batch {count} at replica {id}"), |cluster| {
            cluster.batches(id).len() >= count
        })
        .await;
    }

    /// Makes a checkpoint of the replica's state and tells its log.
    pub fn checkpoint(&self, id: ReplicaId, keep_from: Option<u64>) -> CheckpointMeta {
        let node = self.node(id);
        let (meta, image) = {
            let owned = node.owned.lock().unwrap();
            (owned.meta(), owned.image())
        };
        *node.checkpoints.kept.lock().unwrap() = Some((meta.clone(), image));
        let mut group = node.group.lock().unwrap();
        group
            .as_mut()
            .unwrap()
            .checkpointed(&meta, keep_from.unwrap_or(meta.position + 1));
        meta
    }
}

/// A replica's owner: takes out what comes and keeps it.
async fn own<R: AsyncRuntime>(
    group: Arc<Mutex<Option<Group>>>,
    owned: Arc<Mutex<Owned>>,
    checkpoints: Checkpoints,
    paused: Arc<AtomicBool>,
) {
    loop {
        while paused.load(Ordering::Acquire) {
            R::sleep(Duration::from_millis(1)).await;
        }
        let outputs = std::future::poll_fn(|cx| match group.lock().unwrap().as_mut() {
            Some(group) => group.poll(cx),
            None => std::task::Poll::Ready(None),
        });
        // A crash takes the group away without waking anyone.
        let Ok(outputs) = R::timeout(Duration::from_millis(20), outputs).await else {
            continue;
        };
        let Some(outputs) = outputs else { return };
        let mut owned = owned.lock().unwrap();
        for output in outputs {
            match output {
                Output::Committed(committed) => {
                    assert_eq!(
                        committed.position,
                        owned.position + 1,
                        "positions come without a gap"
                    );
                    assert!(committed.epoch >= owned.epoch);
                    owned.position = committed.position;
                    owned.epoch = committed.epoch;
                    let position = committed.position;
                    let own = committed.proposed.is_some();
                    let event = match committed.payload {
                        CommittedPayload::Batch(bytes) => {
                            owned.batches.insert(position, bytes.clone());
                            Event::Batch {
                                position,
                                bytes,
                                own,
                            }
                        }
                        CommittedPayload::Blank => Event::Blank { position },
                        CommittedPayload::Membership(bytes) => {
                            owned.membership = bytes;
                            Event::Membership { position }
                        }
                    };
                    owned.events.push(event);
                }
                Output::Role(role) => {
                    owned.role = Some(role);
                    owned.events.push(Event::Role(role));
                }
                Output::Install(install) => {
                    assert!(
                        checkpoints.complete.load(Ordering::Acquire),
                        "another checkpoint took its place"
                    );
                    let image: Vec<u8> = {
                        let staged = checkpoints.staged.lock().unwrap();
                        ["a", "streams/b", "none"]
                            .iter()
                            .flat_map(|name| staged[*name].clone())
                            .collect()
                    };
                    owned.restore(&install.meta, &image);
                    owned.events.push(Event::Installed {
                        position: install.meta.position,
                    });
                    *checkpoints.kept.lock().unwrap() = Some((install.meta, image));
                    (install.done)(Ok(()));
                }
            }
        }
    }
}

/// Runs a test on the virtual clock.
pub fn simulate<F: Future<Output = ()>>(seed: u64, test: F) {
    openraft_rt_sim::SimRuntime::with_seed(seed).block_on(test);
}

/// Batches `prefix-from .. prefix-to`.
pub fn numbered(prefix: &str, range: std::ops::Range<usize>) -> Vec<Vec<u8>> {
    range
        .map(|n| format!("{prefix}-{n}").into_bytes())
        .collect()
}
