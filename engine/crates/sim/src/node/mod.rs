//! A node of the simulation: the product's replica, desk, market and session machines, wired as the node wires them, with
//! this crate's clock, disk and network.

mod connections;
mod parts;
mod retry;
pub mod streams;

pub use parts::{FEED_USER, SESSIONS, cancels_on_disconnect, definitions, user};

use crate::checkpoints::{Files, Store};
use crate::ledger::{Hashed, Ledger};
use crate::life::Life;
use crate::lock;
use crate::net::{Net, Port};
use crate::random::{Hash, Random};
use crate::record::{Fault, Record, now_ns, ns};
use connections::{Connection, Wants};
use openraft_rt::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use parts::Clock;
use rialto_market::Market;
use rialto_market::types::SessionId;
use rialto_node::market_loop::desk::{Bounds, Desk, Now, Standing};
use rialto_node::replica::{Replica, Tape};
use rialto_replica::{CheckpointMeta, Install, LeaderEpoch, Log, Output, ReplicaId, Role};
use rialto_session::StreamId;
use rialto_session::login::LoginReject;
use rialto_session::publish::Publisher;
use rialto_session::server::CloseReason;
use rialto_wire::soup::LoginRequest;
use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use streams::Streams;
use tokio::sync::{mpsc, oneshot};

pub use parts::Clock as NodeClock;
pub use retry::{Pool, Retrying};

const TICK: Duration = Duration::from_millis(25);
const BOUNDS: Bounds = Bounds {
    commands: 40,
    bytes: 4_000,
};
/// Messages waiting to be sequenced at which connections are not read.
const INBOUND: usize = 400;
/// Turns of the loop before others have theirs.
const TURNS: usize = 64;

/// What the harness asks of a node.
pub enum Ask {
    /// Make a checkpoint and give up the log behind it.
    Checkpoint,
    /// Hand leadership over.
    Transfer(Option<ReplicaId>),
    /// Confirm leadership for a read; so much was committed before.
    Read {
        /// The last position known to be committed.
        floor: u64,
    },
    /// A checkpoint is durable.
    Durable(CheckpointMeta),
    /// Say how things stand, for people.
    Status(oneshot::Sender<String>),
    /// Give the state as it stands.
    State(oneshot::Sender<Final>),
}

/// What others may see of a node without asking it.
#[derive(Clone, Debug, Default)]
pub struct View {
    /// The leadership it serves under.
    pub serving: Option<LeaderEpoch>,
    /// The leadership it has, serving or not.
    pub leads: Option<LeaderEpoch>,
    /// Who it thinks leads.
    pub leader: Option<ReplicaId>,
    /// The last position applied.
    pub position: u64,
}

/// A node's state at the end.
#[derive(Clone)]
pub struct Final {
    /// The last position applied.
    pub position: u64,
    /// The market's state hash.
    pub state_hash: [u8; 32],
    /// Its streams.
    pub streams: Streams,
}

/// What the node's process and the harness share.
#[derive(Clone)]
pub struct Shared {
    /// The replica's number.
    pub id: ReplicaId,
    /// Which run of the node this is.
    pub run: u64,
    /// Its process.
    pub life: Life,
    /// Its clock.
    pub clock: Clock,
    /// Its checkpoints.
    pub store: Store,
    /// The network.
    pub net: Net,
    /// The run's notes.
    pub record: Record,
    /// What the cluster agreed on.
    pub ledger: Ledger,
    /// What others see of it.
    pub view: Arc<Mutex<View>>,
    /// The market takes a client's message under any number: a mistake to be found.
    pub numbers_unchecked: bool,
    /// Ends the process.
    pub die: Arc<dyn Fn(String) + Send + Sync>,
}

/// The state a node starts from: its newest checkpoint's, or an empty one.
///
/// # Errors
/// The checkpoint can't be restored.
pub fn recover(store: &Store) -> Result<Replica<Streams>, String> {
    match store.newest() {
        None => Ok(Replica::empty(
            Market::new(rialto_market::Config::default()),
            Streams::default(),
        )),
        Some((meta, files)) => restore(meta, &files),
    }
}

fn restore(meta: CheckpointMeta, files: &Files) -> Result<Replica<Streams>, String> {
    let file = |name: &str| {
        files
            .get(name)
            .ok_or_else(|| format!("the checkpoint has no file {name}"))
    };
    let market = Market::restore(file("market")?).map_err(|error| error.to_string())?;
    let publisher = Publisher::decode(file("positions")?).map_err(|error| error.to_string())?;
    let streams = Streams::restore(&publisher, files)?;
    Ok(Replica::new(
        market,
        publisher,
        streams,
        Tape::new(),
        Some(meta),
    ))
}

/// A running node.
pub struct Node {
    shared: Shared,
    desk: Desk<Streams>,
    group: Retrying,
    asks: mpsc::UnboundedReceiver<Ask>,
    sender: mpsc::UnboundedSender<Ask>,
    connections: BTreeMap<u64, Connection>,
    next_connection: u64,
    tick: Pin<Box<<SimRuntime as AsyncRuntime>::Sleep>>,
    install: Option<(u64, Install)>,
    leads: Option<LeaderEpoch>,
    random: Random,
}

impl Node {
    /// A node over a started group.
    pub fn new(
        shared: Shared,
        replica: Replica<Streams>,
        group: Retrying,
        (sender, asks): (mpsc::UnboundedSender<Ask>, mpsc::UnboundedReceiver<Ask>),
        grace: Duration,
        random: Random,
    ) -> Self {
        Self {
            shared,
            desk: Desk::new(replica, ns(grace)),
            group,
            asks,
            sender,
            connections: BTreeMap::new(),
            next_connection: 0,
            tick: Box::pin(SimRuntime::sleep(TICK)),
            install: None,
            leads: None,
            random,
        }
    }

    /// Runs until its process ends.
    pub async fn run(mut self) {
        std::future::poll_fn(|cx| self.turn(cx)).await
    }

    fn now(&self) -> Now {
        Now {
            mono_ns: now_ns(),
            wall_ns: self.shared.clock.wall_ns(),
        }
    }

    fn die(&self, why: String) {
        (self.shared.die)(why);
    }

    fn turn(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        for _ in 0..TURNS {
            let mut moved = self.asked(cx);
            moved |= self.outputs(cx);
            moved |= self.accept(cx);
            moved |= self.ticked(cx);
            moved |= self.serve(cx);
            self.propose();
            self.show();
            if self.shared.life.is_dead() || !moved {
                return Poll::Pending;
            }
        }
        cx.waker().wake_by_ref();
        Poll::Pending
    }

    fn show(&self) {
        let mut view = lock(&self.shared.view);
        view.serving = match self.desk.standing() {
            Standing::Serving(epoch) => Some(epoch),
            _ => None,
        };
        view.leads = self.leads;
        view.leader = self.desk.leader();
        view.position = self.desk.replica.position();
    }

    fn propose(&mut self) {
        let now = self.now();
        if self.desk.inbound_len() > 0 {
            self.shared.clock.stamped(
                &self.shared.record,
                self.desk.replica.market.last_stamp_ns(),
            );
        }
        if self.desk.propose(&mut self.group, BOUNDS, now, |_| {}) && !self.shared.life.is_dead() {
            self.die("the log stopped while orders came".to_owned());
        }
    }

    fn outputs(&mut self, cx: &mut Context<'_>) -> bool {
        if self.install.is_some() {
            return false;
        }
        match self.group.poll(cx) {
            Poll::Pending => false,
            Poll::Ready(None) => {
                self.die("the log stopped".to_owned());
                false
            }
            Poll::Ready(Some(outputs)) => {
                for output in outputs {
                    self.output(output);
                }
                true
            }
        }
    }

    fn output(&mut self, output: Output) {
        let id = self.shared.id;
        match output {
            Output::Committed(mut entry) => {
                self.shared.ledger.applied(id, &entry, self.leads);
                if self.shared.numbers_unchecked {
                    let market = &self.desk.replica.market;
                    let payload = retry::renumbered(&entry.payload, market);
                    entry.payload = payload.unwrap_or(entry.payload);
                }
                if let Err(error) = self.desk.apply(entry) {
                    self.shared
                        .record
                        .violation("apply", format!("node {id}: {error}"));
                    self.die(error.to_string());
                }
            }
            Output::Role(role) => self.role(role),
            Output::Install(install) => {
                let takes = self
                    .random
                    .time(Duration::from_millis(1), Duration::from_millis(20));
                self.install = Some((now_ns() + ns(takes), install));
            }
        }
    }

    fn role(&mut self, role: Role) {
        let id = self.shared.id;
        self.shared.record.line(id, || format!("{role:?}"));
        self.leads = match role {
            Role::Leader { epoch } => {
                self.shared.ledger.leads(id, self.shared.run, epoch);
                Some(epoch)
            }
            _ => None,
        };
        let now = self.now();
        self.desk.take_role(role, now, definitions);
        if self.leads.is_none() {
            for connection in self.connections.values_mut() {
                if connection.port == Port::Orders {
                    connection.close(CloseReason::LeadershipMoved, now.mono_ns);
                }
            }
        }
    }

    fn asked(&mut self, cx: &mut Context<'_>) -> bool {
        let Poll::Ready(Some(ask)) = self.asks.poll_recv(cx) else {
            return false;
        };
        match ask {
            Ask::Checkpoint => self.checkpoint(),
            Ask::Durable(meta) => {
                self.shared.record.fault(Fault::Checkpointed);
                let back = self.random.below(40);
                let keep = (meta.position + 1).saturating_sub(back).max(1);
                self.group.checkpointed(&meta, keep);
            }
            Ask::Transfer(to) => {
                let (reply, answer) = oneshot::channel();
                self.group.transfer(to, reply);
                let record = self.shared.record.clone();
                self.shared.life.spawn(async move {
                    if let Ok(Ok(_)) = answer.await {
                        record.fault(Fault::Transferred);
                    }
                });
            }
            Ask::Status(reply) => {
                let desk = &self.desk;
                let text = format!(
                    "{:?}, {} waiting, {:?} in flight; {:?}",
                    desk.standing(),
                    desk.inbound_len(),
                    desk.in_flight(),
                    self.group.status()
                );
                drop(reply.send(text));
            }
            // Whoever asked may have given up.
            Ask::State(reply) => drop(reply.send(self.state())),
            Ask::Read { floor } => {
                let (reply, answer) = oneshot::channel();
                self.group.confirm_leadership(reply);
                let (ledger, id) = (self.shared.ledger.clone(), self.shared.id);
                self.shared.life.spawn(async move {
                    if let Ok(Ok(position)) = answer.await {
                        ledger.confirmed(id, position, floor);
                    }
                });
            }
        }
        true
    }

    fn checkpoint(&mut self) {
        let Some(meta) = self.desk.replica.meta().cloned() else {
            return;
        };
        let mut files = self.desk.replica.sink.files();
        let market = self.desk.replica.market.checkpoint();
        let hash = (rialto_market::checkpoint_hash(&market), hash_of(&files));
        let mut positions = Vec::new();
        self.desk.replica.publisher.encode(&mut positions);
        files.insert("market".to_owned(), Arc::new(market));
        files.insert("positions".to_owned(), Arc::new(positions));
        self.shared.ledger.hashed(Hashed {
            position: meta.position,
            hash,
            node: self.shared.id,
            occasion: "a checkpoint",
        });
        let takes = self
            .random
            .time(Duration::from_millis(1), Duration::from_millis(40));
        let (store, sender) = (self.shared.store.clone(), self.sender.clone());
        self.shared.life.spawn(async move {
            SimRuntime::sleep(takes).await;
            store.put(meta.clone(), files);
            // The node that asks itself is there as long as this task is.
            drop(sender.send(Ask::Durable(meta)));
        });
    }

    /// Another replica's checkpoint takes the place of the state.
    fn install(&mut self, install: Install) {
        let id = self.shared.id;
        let Some(files) = self.shared.store.take_staged(&install.dir) else {
            return self.die("a checkpoint to install was not staged".to_owned());
        };
        match restore(install.meta.clone(), &files) {
            Ok(replica) => {
                self.shared.record.fault(Fault::Shipped);
                self.shared
                    .record
                    .line(id, || format!("installs {}", install.meta.position));
                self.shared.store.put(install.meta, files);
                self.desk.install(replica);
                (install.done)(Ok(()));
            }
            Err(error) => {
                self.shared
                    .record
                    .violation("install", format!("node {id}: {error}"));
                (install.done)(Err(std::io::Error::other(error.clone())));
                self.die(error);
            }
        }
    }

    fn accept(&mut self, cx: &mut Context<'_>) -> bool {
        let Poll::Ready((port, end)) = self.shared.net.poll_accept(self.shared.id, cx) else {
            return false;
        };
        let connection = Connection::new(port, end.halves(), now_ns());
        self.connections.insert(self.next_connection, connection);
        self.next_connection += 1;
        true
    }

    fn ticked(&mut self, cx: &mut Context<'_>) -> bool {
        if self.tick.as_mut().poll(cx).is_pending() {
            return false;
        }
        self.tick = Box::pin(SimRuntime::sleep(TICK));
        let now = self.now();
        let full = self.desk.inbound_len() >= INBOUND;
        for connection in self.connections.values_mut() {
            connection.tick(now.mono_ns, full && connection.session.is_some());
        }
        self.desk.tick(now);
        if let Some((at, install)) = self.install.take() {
            if at <= now.mono_ns {
                self.install(install);
            } else {
                self.install = Some((at, install));
            }
        }
        true
    }

    /// Its state as it stands.
    fn state(&self) -> Final {
        Final {
            position: self.desk.replica.position(),
            state_hash: self.desk.replica.market.state_hash(),
            streams: self.desk.replica.sink.clone(),
        }
    }

    fn serve(&mut self, cx: &mut Context<'_>) -> bool {
        let mut moved = false;
        let mut displaced = BTreeSet::new();
        let numbers: Vec<u64> = self.connections.keys().copied().collect();
        for number in numbers {
            let Some(mut connection) = self.connections.remove(&number) else {
                continue;
            };
            moved |= connection.receive(cx);
            moved |= self.hear(number, &mut connection, &mut displaced);
            match connection.send(&self.desk.replica.sink, now_ns(), cx) {
                Ok(went) => moved |= went,
                Err(message) => {
                    let id = self.shared.id;
                    self.shared.record.violation(
                        "stream_missing",
                        format!("node {id} has no message {message} that a client wants"),
                    );
                    connection.over = true;
                }
            }
            if !connection.over {
                self.connections.insert(number, connection);
            }
        }
        moved
    }

    /// Carries out what a connection wants.
    fn hear(
        &mut self,
        number: u64,
        connection: &mut Connection,
        displaced: &mut BTreeSet<u64>,
    ) -> bool {
        let mut moved = false;
        let now = self.now();
        if displaced.remove(&number) {
            connection.close(CloseReason::Displaced, now.mono_ns);
        }
        while !(connection.session.is_some() && self.desk.inbound_len() >= INBOUND) {
            let Some(wants) = connection.wants(now.mono_ns) else {
                break;
            };
            moved = true;
            match wants {
                Wants::Login(request) => self.log_in(connection, &request, now),
                Wants::Message(session, request) => {
                    self.desk.push(session, request, now.mono_ns, now.wall_ns);
                }
                Wants::Over(Some(session), true) if !self.is_connected(session) => {
                    self.desk.disconnected(session, now);
                }
                Wants::Over(..) => {}
            }
        }
        moved
    }

    fn is_connected(&self, session: SessionId) -> bool {
        let mut all = self.connections.values();
        all.any(|connection| connection.session == Some(session) && !connection.over)
    }

    fn log_in(&mut self, connection: &mut Connection, request: &LoginRequest, now: Now) {
        let user = rialto_session::login::user(request);
        let id = match connection.port {
            Port::Orders if !self.desk.is_serving() => {
                return connection.refuse(LoginReject::NotLeading, now.mono_ns);
            }
            Port::Orders => parts::session_of(&user).map(StreamId::Session),
            Port::Feed => (user == FEED_USER).then_some(StreamId::Feed),
        };
        let Some(id) = id else {
            return connection.refuse(LoginReject::NotAuthorized, now.mono_ns);
        };
        if !connection.log_in(request, id, &self.desk.replica.publisher, now.mono_ns) {
            return;
        }
        if let StreamId::Session(session) = id {
            for older in self.connections.values_mut() {
                if older.session == Some(session) {
                    older.close(CloseReason::Displaced, now.mono_ns);
                }
            }
            self.desk.connected(session, now);
        }
    }
}

/// A hash of the files of all streams.
pub fn hash_of(files: &Files) -> u64 {
    let mut hash = Hash::default();
    for (name, bytes) in files {
        hash.add(name.as_bytes());
        hash.add(bytes);
    }
    hash.value()
}
