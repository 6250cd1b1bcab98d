//! The virtual network: hosts, links between them, calls and connections over the links.
//!
//! A link has a delay with some jitter, and may be cut in either direction. Calls that meet a cut are lost; connections
//! stand still until it heals, as TCP does. A process that dies closes its connections, a machine that loses its power
//! goes silent until it is back.

mod calls;
mod connection;

pub use calls::NodeNetwork;
pub use connection::{Connection, End};

use crate::life::Life;
use crate::lock;
use crate::random::Random;
use crate::record::{Fault, Record, now_ns, ns};
use openraft_rt::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use rialto_replica::Serve;
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, Weak};
use std::task::Waker;
use std::time::Duration;
use tokio::sync::Notify;

/// A host: nodes are numbered as their replicas, clients from 100 on.
pub type Host = u64;

/// The port of a node that a client connects to.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub enum Port {
    /// Orders.
    Orders,
    /// Market data.
    Feed,
}

#[derive(Clone, Copy, Debug)]
struct Link {
    delay_ns: u64,
    cut: bool,
    /// Until when messages take many times their way.
    slow_until_ns: u64,
    /// When the last call so far will arrive.
    last_ns: u64,
    /// Until when calls in this direction are refused though the process lives, and as which fault that counts.
    refused: Option<(u64, Fault)>,
}

/// What listens on a node.
struct Listening {
    life: Life,
    serve: Option<Arc<dyn Serve>>,
    /// Connections that wait to be accepted.
    accepted: VecDeque<(Port, End)>,
    waker: Option<Waker>,
}

struct Inner {
    random: Random,
    links: BTreeMap<(Host, Host), Link>,
    nodes: BTreeMap<Host, Listening>,
    /// Machines without power.
    dark: BTreeMap<Host, bool>,
    connections: Vec<Weak<Connection>>,
    /// How many of a thousand calls, and of ten thousand frames, are lost.
    loss: u64,
}

/// The network. Clones are the same one.
#[derive(Clone)]
pub struct Net {
    inner: Arc<Mutex<Inner>>,
    healed: Arc<Notify>,
    record: Record,
}

/// How a message fares on its way.
enum Way {
    Arrives(u64),
    Lost,
}

impl Net {
    /// A network without links.
    pub fn new(random: Random, record: Record) -> Self {
        Self {
            inner: Arc::new(Mutex::new(Inner {
                random,
                links: BTreeMap::new(),
                nodes: BTreeMap::new(),
                dark: BTreeMap::new(),
                connections: Vec::new(),
                loss: 0,
            })),
            healed: Arc::default(),
            record,
        }
    }

    /// Joins two hosts by a link with a delay each way.
    pub fn join(&self, a: Host, b: Host, delay: Duration) {
        let link = Link {
            delay_ns: ns(delay),
            cut: false,
            slow_until_ns: 0,
            last_ns: 0,
            refused: None,
        };
        let links = &mut lock(&self.inner).links;
        links.insert((a, b), link);
        links.insert((b, a), link);
    }

    /// Cuts one direction.
    pub fn cut(&self, from: Host, to: Host) {
        if let Some(link) = lock(&self.inner).links.get_mut(&(from, to)) {
            link.cut = true;
        }
    }

    /// Heals one direction.
    pub fn heal(&self, from: Host, to: Host) {
        if let Some(link) = lock(&self.inner).links.get_mut(&(from, to)) {
            link.cut = false;
        }
        self.healed.notify_waiters();
    }

    /// Heals everything: cuts, loss, delays.
    pub fn heal_all(&self) {
        let mut inner = lock(&self.inner);
        inner.loss = 0;
        for link in inner.links.values_mut() {
            link.cut = false;
            link.slow_until_ns = 0;
            link.refused = None;
        }
        drop(inner);
        self.healed.notify_waiters();
    }

    /// How many of a thousand calls, and of ten thousand frames of a stream between nodes, are lost.
    pub fn set_loss(&self, per_mille: u64) {
        lock(&self.inner).loss = per_mille;
    }

    /// Messages of a direction take many times their way for so long.
    pub fn slow_down(&self, from: Host, to: Host, lasting: Duration) {
        if let Some(link) = lock(&self.inner).links.get_mut(&(from, to)) {
            link.slow_until_ns = now_ns() + ns(lasting);
        }
    }

    /// Calls of a direction are refused for so long as if no process listened there; each counts as `fault`.
    pub fn refuse(&self, from: Host, to: Host, lasting: Duration, fault: Fault) {
        if let Some(link) = lock(&self.inner).links.get_mut(&(from, to)) {
            link.refused = Some((now_ns() + ns(lasting), fault));
        }
    }

    /// Whether a call is refused though the process lives.
    fn is_refused(&self, from: Host, to: Host) -> bool {
        let inner = lock(&self.inner);
        match inner.links.get(&(from, to)).and_then(|link| link.refused) {
            Some((until_ns, fault)) if until_ns > now_ns() => {
                self.record.fault(fault);
                true
            }
            _ => false,
        }
    }

    /// A process begins to listen; its group's part comes with [`Net::serve`].
    pub fn listen(&self, node: Host, life: &Life) {
        let listening = Listening {
            life: life.clone(),
            serve: None,
            accepted: VecDeque::new(),
            waker: None,
        };
        let before = lock(&self.inner).nodes.insert(node, listening);
        drop(before);
    }

    /// What answers a node's peers.
    pub fn serve(&self, node: Host, serve: Arc<dyn Serve>) {
        if let Some(listening) = lock(&self.inner).nodes.get_mut(&node) {
            listening.serve = Some(serve);
        }
    }

    /// The process ended: its port refuses. Connections end with the tasks that hold them.
    pub fn close(&self, node: Host) {
        let listening = lock(&self.inner).nodes.remove(&node);
        drop(listening);
    }

    /// The power of a machine goes: nobody is told. To be called before its process is ended.
    pub fn power_off(&self, node: Host) {
        let connections = self.connections_of(node);
        for connection in connections {
            connection.silence(node);
        }
        let mut inner = lock(&self.inner);
        inner.dark.insert(node, true);
        let listening = inner.nodes.remove(&node);
        drop(inner);
        drop(listening);
    }

    /// The machine is back: who still talks to what was there is told that it is gone.
    pub fn power_on(&self, node: Host) {
        lock(&self.inner).dark.remove(&node);
        for connection in self.connections_of(node) {
            connection.refuse(node);
        }
    }

    /// Breaks the connections between two hosts, as a middle box that restarts does. Says how many.
    pub fn break_connections(&self, a: Host, b: Host) -> usize {
        let mut broken = 0;
        for connection in self.connections_of(a) {
            if connection.joins(a, b) && connection.break_now() {
                broken += 1;
            }
        }
        broken
    }

    fn connections_of(&self, host: Host) -> Vec<Arc<Connection>> {
        let mut inner = lock(&self.inner);
        inner.connections.retain(|c| c.strong_count() > 0);
        let all: Vec<_> = inner.connections.iter().filter_map(Weak::upgrade).collect();
        drop(inner);
        all.into_iter()
            .filter(|connection| connection.has(host))
            .collect()
    }

    fn is_dark(&self, host: Host) -> bool {
        lock(&self.inner).dark.contains_key(&host)
    }

    /// Whether a process listens on a node.
    fn listens(&self, node: Host) -> bool {
        lock(&self.inner).nodes.contains_key(&node)
    }

    /// When a frame of a connection arrives that leaves now: after the one before it, and late where the link is slow.
    fn frame_arrives(&self, from: Host, to: Host, before_ns: u64) -> u64 {
        let mut inner = lock(&self.inner);
        let Some(delay_ns) = inner.delay(from, to) else {
            return before_ns.max(now_ns());
        };
        let slow = inner.is_slow(from, to);
        drop(inner);
        if slow {
            self.record.fault(Fault::Delayed);
        }
        (now_ns() + delay_ns).max(before_ns)
    }

    /// Whether a frame on this link breaks its connection.
    fn frame_breaks(&self, from: Host, to: Host) -> bool {
        let mut inner = lock(&self.inner);
        let loss = inner.loss;
        // Clients' connections are broken by faults of their own.
        from < 100 && to < 100 && loss > 0 && inner.random.below(10_000) < loss
    }

    fn is_cut(&self, from: Host, to: Host) -> bool {
        let inner = lock(&self.inner);
        inner.links.get(&(from, to)).is_some_and(|link| link.cut)
    }

    fn count_cut(&self, from: Host, to: Host) {
        self.record.fault(if self.is_cut(to, from) {
            Fault::BothWayCut
        } else {
            Fault::OneWayCut
        });
    }

    /// How a call, or its answer, fares.
    fn call_way(&self, from: Host, to: Host) -> Way {
        if self.is_cut(from, to) {
            self.count_cut(from, to);
            return Way::Lost;
        }
        let mut inner = lock(&self.inner);
        let loss = inner.loss;
        if inner.random.per_mille(loss) {
            self.record.fault(Fault::CallLost);
            return Way::Lost;
        }
        let Some(delay_ns) = inner.delay(from, to) else {
            return Way::Lost;
        };
        let arrives = now_ns() + delay_ns;
        if inner.is_slow(from, to) {
            self.record.fault(Fault::Delayed);
        }
        if let Some(link) = inner.links.get_mut(&(from, to)) {
            if arrives < link.last_ns {
                self.record.fault(Fault::Reordered);
            }
            link.last_ns = link.last_ns.max(arrives);
        }
        Way::Arrives(arrives)
    }
}

impl Inner {
    fn is_slow(&self, from: Host, to: Host) -> bool {
        let link = self.links.get(&(from, to));
        link.is_some_and(|link| link.slow_until_ns > now_ns())
    }

    /// How long a message that leaves now is on its way; `None` where there is no link.
    fn delay(&mut self, from: Host, to: Host) -> Option<u64> {
        let link = *self.links.get(&(from, to))?;
        let jitter = self.random.below(link.delay_ns / 4 + 20_000);
        let slow = if link.slow_until_ns > now_ns() {
            self.random
                .between(4 * link.delay_ns, 20 * link.delay_ns + 20_000_000)
        } else {
            0
        };
        Some(link.delay_ns + jitter + slow)
    }
}

/// Waits until a virtual time.
pub(crate) async fn sleep_until(at_ns: u64) {
    let now = now_ns();
    if at_ns > now {
        SimRuntime::sleep(Duration::from_nanos(at_ns - now)).await;
    }
}
