//! The machines of the cluster and their supervisor: processes start on what their disks hold, end in several ways, and
//! start again.

use crate::checkpoints::Store;
use crate::disk::{Crash, Mistake, NodeDisk, Port, Writer};
use crate::ledger::Ledger;
use crate::life::{self, Life, NodeRuntime};
use crate::lock;
use crate::net::{Net, NodeNetwork};
use crate::node::{Ask, Final, Node, NodeClock, Pool, Retrying, Shared, View, recover};
use crate::random::Random;
use crate::record::{Fault, Record};
use openraft_rt::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use rialto_journal::JournalError;
use rialto_replica::{GroupConfig, Parts, Peer, ReplicaId, start};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};

/// How a process ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum End {
    /// Killed: the machine lives.
    Killed,
    /// The power went.
    Power,
    /// It stopped itself.
    Itself,
}

/// What does not change while a cluster runs.
#[derive(Clone, Debug)]
pub struct Shape {
    /// The replicas.
    pub voters: Vec<ReplicaId>,
    /// The round trip between two of them.
    pub round_trips: BTreeMap<(ReplicaId, ReplicaId), Duration>,
    /// The slowest round trip that is declared to the groups.
    pub declared: Duration,
    /// Whether closed connections may start an election.
    pub accelerated: bool,
    /// How long a session that was connected to an earlier leader may take to come back.
    pub grace: Duration,
    /// What is wrong with journals on purpose.
    pub mistake: Mistake,
    /// Mistakes of the journal are to be found by what comes of them.
    pub outcomes_only: bool,
    /// Checkpoints are shipped without their streams, on purpose.
    pub without_streams: bool,
    /// The market takes a client's message under any number, on purpose.
    pub numbers_unchecked: bool,
    /// What a leader has lost is proposed again by the next one.
    pub retries: bool,
}

impl Shape {
    /// The slowest round trip there is.
    pub fn slowest(&self) -> Duration {
        self.round_trips.values().max().copied().unwrap_or_default()
    }
}

struct Running {
    life: Life,
    port: Port,
    view: Arc<Mutex<View>>,
    asks: mpsc::UnboundedSender<Ask>,
}

/// A machine: what outlives its processes.
struct Machine {
    disk: NodeDisk,
    store: Store,
    clock: NodeClock,
    running: Option<Running>,
    runs: u64,
    random: Random,
}

struct Inner {
    machines: BTreeMap<ReplicaId, Machine>,
    /// From here on processes start again at once.
    healed: bool,
}

/// The cluster. Clones are the same one.
#[derive(Clone)]
pub struct Cluster {
    inner: Arc<Mutex<Inner>>,
    shape: Arc<Shape>,
    /// What leaders lost, where it is to be proposed again.
    lost: Option<Pool>,
    /// The network.
    pub net: Net,
    /// The run's notes.
    pub record: Record,
    /// What the replicas agreed on.
    pub ledger: Ledger,
}

impl Cluster {
    /// Machines with empty disks; nothing runs.
    pub fn new(shape: Shape, net: Net, record: Record, random: &Random) -> Self {
        let machines = shape
            .voters
            .iter()
            .map(|id| {
                let disk = NodeDisk::new(
                    *id,
                    random.fork("disk", *id),
                    record.clone(),
                    shape.mistake,
                    shape.outcomes_only,
                );
                let machine = Machine {
                    disk,
                    store: Store::new(shape.without_streams),
                    clock: NodeClock::default(),
                    running: None,
                    runs: 0,
                    random: random.fork("machine", *id),
                };
                (*id, machine)
            })
            .collect();
        Self {
            inner: Arc::new(Mutex::new(Inner {
                machines,
                healed: false,
            })),
            lost: shape.retries.then(Pool::default),
            shape: Arc::new(shape),
            net,
            ledger: Ledger::new(record.clone()),
            record,
        }
    }

    /// The replicas.
    pub fn voters(&self) -> &[ReplicaId] {
        &self.shape.voters
    }

    /// What does not change.
    pub fn shape(&self) -> &Shape {
        &self.shape
    }

    fn config(&self, id: ReplicaId) -> GroupConfig {
        let peer = |other: &ReplicaId| Peer {
            id: *other,
            name: format!("node-{other}"),
            region: format!("region-{other}"),
            address: format!("node-{other}:1"),
            round_trip: self
                .shape
                .round_trips
                .get(&(id, *other))
                .copied()
                .unwrap_or_default(),
        };
        GroupConfig {
            group: "simulated/market".to_owned(),
            incarnation: 1,
            id,
            voters: self.shape.voters.iter().map(peer).collect(),
            slowest_round_trip: self.shape.declared,
            accelerated_failover: self.shape.accelerated,
            in_flight: 32,
        }
    }

    /// Starts a node's process on what its disk holds.
    pub fn start(&self, id: ReplicaId) {
        let mut inner = lock(&self.inner);
        let Some(machine) = inner.machines.get_mut(&id) else {
            return;
        };
        if machine.running.is_some() {
            return;
        }
        let (journal, state) = match machine.disk.open() {
            Ok(opened) => opened,
            Err(JournalError::DiskFull { .. }) => {
                drop(inner);
                return self.start_later(id, Duration::from_millis(100));
            }
            Err(error) => {
                self.record.violation(
                    "journal_refuses",
                    format!("node {id} can't start after a crash: {error}"),
                );
                return;
            }
        };
        let replica = match recover(&machine.store) {
            Ok(replica) => replica,
            Err(error) => {
                self.record
                    .violation("checkpoint_refuses", format!("node {id}: {error}"));
                return;
            }
        };
        machine.runs += 1;
        if machine.runs > 1 {
            self.record.fault(Fault::Restarted);
        }
        let life = Life::new();
        let port = Port::default();
        let view = Arc::new(Mutex::new(View::default()));
        let (sender, asks) = mpsc::unbounded_channel();
        machine.running = Some(Running {
            life: life.clone(),
            port: port.clone(),
            view: Arc::clone(&view),
            asks: sender.clone(),
        });
        let cluster = self.clone();
        let own = life.clone();
        let die = move |why: String| {
            if !own.is_dead() {
                cluster.record.line(id, || format!("ends itself: {why}"));
                cluster.end(id, End::Itself);
            }
        };
        let die: Arc<dyn Fn(String) + Send + Sync> = Arc::new(die);
        let shared = Shared {
            id,
            run: machine.runs,
            life: life.clone(),
            clock: machine.clock.clone(),
            store: machine.store.clone(),
            net: self.net.clone(),
            record: self.record.clone(),
            ledger: self.ledger.clone(),
            view,
            numbers_unchecked: self.shape.numbers_unchecked,
            die: Arc::clone(&die),
        };
        let writer = {
            let die = Arc::clone(&die);
            let failed = Box::new(move |why| die(why));
            Writer::new(
                machine.disk.clone(),
                journal,
                port.clone(),
                life.clone(),
                failed,
            )
        };
        let (disk, durable) = (machine.disk.clone(), writer.durable());
        let fatal = {
            let (record, die) = (self.record.clone(), Arc::clone(&die));
            move |why: String| {
                record.violation("fatal", format!("node {id}: {why}"));
                die(why);
            }
        };
        let parts = Parts {
            config: self.config(id),
            state,
            applied: replica.meta().cloned(),
            journal: port,
            network: NodeNetwork::new(self.net.clone(), id),
            checkpoints: machine.store.clone(),
            history: Arc::new(move || disk.history(&durable)),
            on_fatal: Arc::new(fatal),
            blocking_threads: false,
        };
        let random = machine.random.fork("run", machine.runs);
        let grace = self.shape.grace;
        drop(inner);
        self.record.line(id, || "starts".to_owned());
        self.net.listen(id, &life);
        life.spawn(writer.run());
        let net = self.net.clone();
        let record = self.record.clone();
        let (ledger, lost) = (self.ledger.clone(), self.lost.clone());
        life.clone().spawn(async move {
            match start::<NodeRuntime, _, _, _>(parts).await {
                Ok(group) => {
                    net.serve(id, group.server());
                    let group = Retrying::new(group, ledger, lost);
                    let node = Node::new(shared, replica, group, (sender, asks), grace, random);
                    node.run().await;
                }
                Err(error) => {
                    record.violation("start", format!("node {id}: {error}"));
                    die(error.to_string());
                }
            }
        });
    }

    fn start_later(&self, id: ReplicaId, after: Duration) {
        let cluster = self.clone();
        life::spawn(async move {
            SimRuntime::sleep(after).await;
            cluster.start(id);
        });
    }

    /// Ends a node's process; whether there was one. The supervisor starts it again after a while.
    pub fn end(&self, id: ReplicaId, how: End) -> bool {
        let mut inner = lock(&self.inner);
        let healed = inner.healed;
        let Some(machine) = inner.machines.get_mut(&id) else {
            return false;
        };
        let Some(running) = machine.running.take() else {
            return false;
        };
        let leads = lock(&running.view).leads.is_some();
        if how != End::Itself {
            self.record.fault(Fault::ProcessKilled);
            if leads {
                self.record.fault(Fault::LeaderKilled);
            }
        }
        if how == End::Power && running.port.unsynced() > 0 {
            self.record.fault(Fault::UnsyncedLost);
        }
        self.record
            .line(id, || format!("ends: {how:?}, leads: {leads}"));
        let (disk, store) = (machine.disk.clone(), machine.store.clone());
        let again = if healed {
            Duration::from_millis(20)
        } else {
            machine
                .random
                .time(Duration::from_millis(5), Duration::from_millis(1500))
        };
        drop(inner);
        let net = self.net.clone();
        if how == End::Power {
            net.power_off(id);
        } else {
            net.close(id);
        }
        running.life.end();
        // A process that stops itself has met a failed write, after which nobody knows what the cache holds.
        let crash = match how {
            End::Killed => Crash::Process,
            End::Power | End::Itself => Crash::Power,
        };
        disk.crash(crash);
        store.crash();
        let cluster = self.clone();
        life::spawn(async move {
            SimRuntime::sleep(again).await;
            cluster.net.power_on(id);
            cluster.start(id);
        });
        true
    }

    /// What others see of a running node.
    pub fn view(&self, id: ReplicaId) -> Option<View> {
        let inner = lock(&self.inner);
        let running = inner.machines.get(&id)?.running.as_ref()?;
        let view = lock(&running.view).clone();
        Some(view)
    }

    /// The node that serves orders, if exactly one says so; of several, the one of the highest leadership.
    pub fn leader(&self) -> Option<ReplicaId> {
        let serving = self.voters().iter().filter_map(|id| {
            let epoch = self.view(*id)?.serving?;
            Some((epoch, *id))
        });
        serving.max().map(|(_, id)| id)
    }

    /// Asks something of a running node.
    pub fn ask(&self, id: ReplicaId, ask: Ask) {
        let inner = lock(&self.inner);
        let running = inner.machines.get(&id).and_then(|m| m.running.as_ref());
        if let Some(running) = running {
            // A node that ends takes no more questions.
            drop(running.asks.send(ask));
        }
    }

    /// Notes how every node stands, for people.
    pub async fn tell(&self) {
        for id in self.voters() {
            let (reply, answer) = oneshot::channel();
            self.ask(*id, Ask::Status(reply));
            let answered = SimRuntime::timeout(Duration::from_millis(100), answer).await;
            let text = match answered {
                Ok(Ok(text)) => text,
                _ => "does not answer".to_owned(),
            };
            self.record.line(*id, || text);
        }
    }

    /// A running node's state.
    pub async fn state(&self, id: ReplicaId) -> Option<Final> {
        let (reply, answer) = oneshot::channel();
        self.ask(id, Ask::State(reply));
        let answered = SimRuntime::timeout(Duration::from_secs(1), answer).await;
        answered.ok()?.ok()
    }

    /// A node's disk.
    pub fn disk(&self, id: ReplicaId) -> Option<NodeDisk> {
        let inner = lock(&self.inner);
        inner.machines.get(&id).map(|machine| machine.disk.clone())
    }

    /// A node's clock.
    pub fn clock(&self, id: ReplicaId) -> Option<NodeClock> {
        let inner = lock(&self.inner);
        inner.machines.get(&id).map(|machine| machine.clock.clone())
    }

    /// How many writes of a node are not durable.
    pub fn unsynced(&self, id: ReplicaId) -> usize {
        let inner = lock(&self.inner);
        let running = inner.machines.get(&id).and_then(|m| m.running.as_ref());
        running.map_or(0, |running| running.port.unsynced())
    }

    /// The process of a running node.
    pub fn life(&self, id: ReplicaId) -> Option<Life> {
        let inner = lock(&self.inner);
        let running = inner.machines.get(&id)?.running.as_ref()?;
        Some(running.life.clone())
    }

    /// No more faults: everything is well again, and what is down starts.
    pub fn heal(&self) {
        let mut inner = lock(&self.inner);
        inner.healed = true;
        for machine in inner.machines.values() {
            machine.disk.heal();
            if let Some(running) = &machine.running {
                running.life.thaw();
            }
        }
        drop(inner);
        self.net.heal_all();
        for id in self.voters() {
            self.net.power_on(*id);
            self.start(*id);
        }
    }
}
