//! Three nodes of one market, and a client that carries on wherever the leader is.

use crate::client::{Client, Packet, enter, packet, user_ref};
use crate::process::{Node, PATIENCE, Place};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::TcpListener;
use std::thread::sleep;
use std::time::{Duration, Instant};

pub const NODES: [&str; 3] = ["us-1", "asia-1", "europe-1"];

/// Three folders with configurations that know each other.
pub struct Trio {
    pub places: Vec<Place>,
}

impl Trio {
    pub fn new() -> Self {
        // Taken together, so that they differ; free again before the nodes start.
        let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
        let ports = listeners.map(|listener| listener.local_addr().unwrap().port());
        let places = (0..3).map(|i| Place::of_three(i, NODES, ports)).collect();
        Self { places }
    }

    pub fn start(&self) -> Nodes<'_> {
        let mut nodes = Nodes {
            running: BTreeMap::new(),
            trio: self,
        };
        for i in 0..3 {
            nodes.start(i);
        }
        nodes.settle();
        nodes
    }
}

/// The nodes that run.
pub struct Nodes<'a> {
    pub running: BTreeMap<usize, Node<'a>>,
    trio: &'a Trio,
}

impl<'a> Nodes<'a> {
    pub fn start(&mut self, i: usize) {
        self.running.insert(i, self.trio.places[i].start());
    }

    pub fn take(&mut self, i: usize) -> Node<'a> {
        self.running.remove(&i).unwrap()
    }

    pub fn kill(&mut self, i: usize) {
        self.take(i).kill();
    }

    /// Who leads and takes orders, once somebody does.
    pub fn leader(&self) -> usize {
        self.leader_among(&self.running.keys().copied().collect::<Vec<_>>())
    }

    pub fn leader_among(&self, among: &[usize]) -> usize {
        let deadline = Instant::now() + PATIENCE;
        loop {
            for i in among {
                if self.running[i].market()["role"] == "leader" {
                    return *i;
                }
            }
            assert!(Instant::now() < deadline, "nobody leads");
            sleep(Duration::from_millis(10));
        }
    }

    /// Waits until all say that the same one leads, and that one takes orders.
    pub fn settle(&self) {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let leader = NODES[self.leader()];
            let same = |node: &Node<'_>| node.market()["replication"]["leader"]["node"] == leader;
            if self.running.values().all(same) {
                return;
            }
            assert!(Instant::now() < deadline, "they don't agree who leads");
            sleep(Duration::from_millis(10));
        }
    }

    pub fn follower(&self) -> usize {
        let leader = self.leader();
        *self.running.keys().find(|i| **i != leader).unwrap()
    }

    /// Logs in wherever the leader is.
    pub fn login(&self, user: &str, next: u64) -> Client {
        let deadline = Instant::now() + PATIENCE;
        let password = format!("secret-{}", user[..1].to_lowercase());
        loop {
            for node in self.running.values() {
                let Some(mut client) = Client::try_connect(&node.address("orders")) else {
                    continue;
                };
                match client.try_login(user, &password, "", next) {
                    Some(Ok(())) => return client,
                    Some(Err(reason)) => assert_eq!(reason, b'S'),
                    None => {}
                }
            }
            assert!(Instant::now() < deadline, "no login anywhere");
            sleep(Duration::from_millis(5));
        }
    }

    pub fn state(&self, i: usize) -> Value {
        let (code, state) = self.running[&i].json("GET", "/v1/markets/eq/state?read=local", "");
        assert_eq!(code, 200, "{state}");
        state
    }

    /// Waits until all have the same position, and checks that they have the same state there.
    pub fn agree(&self) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let states: Vec<Value> = self.running.keys().map(|i| self.state(*i)).collect();
            if states
                .windows(2)
                .all(|w| w[0]["position"] == w[1]["position"])
            {
                for pair in states.windows(2) {
                    assert_eq!(pair[0]["state_hash"], pair[1]["state_hash"], "{states:?}");
                }
                return states[0]["state_hash"].clone();
            }
            assert!(Instant::now() < deadline, "they don't agree: {states:?}");
            sleep(Duration::from_millis(20));
        }
    }

    pub fn transfer(&self, to: usize) {
        let body = format!(r#"{{"to": "{}"}}"#, NODES[to]);
        let deadline = Instant::now() + PATIENCE;
        let moved = loop {
            let from = self.leader();
            let (code, said) = self.running[&from].json("POST", "/v1/markets/eq/transfer", &body);
            if code == 200 {
                break said;
            }
            // A leader of a moment ago has not heard of all others yet.
            assert_eq!(code, 409, "{said}");
            assert!(Instant::now() < deadline, "{said}");
            sleep(Duration::from_millis(20));
        };
        assert_eq!(moved["leader"], NODES[to]);
        assert_eq!(self.leader_among(&[to]), to);
    }

    pub fn checkpoint(&self, i: usize) {
        let (code, made) = self.running[&i].json("POST", "/v1/markets/eq/checkpoint", "");
        assert_eq!(code, 200, "{made}");
    }
}

/// A client with orders that never match, so that each has exactly one report.
pub struct Trader {
    client: Option<Client>,
    next: u64,
    last: u32,
    unanswered: BTreeMap<u32, Vec<u8>>,
    pub reports: Vec<Vec<u8>>,
}

impl Trader {
    pub fn new() -> Self {
        Self {
            client: None,
            next: 1,
            last: 0,
            unanswered: BTreeMap::new(),
            reports: Vec::new(),
        }
    }

    /// Sends `count` orders; those that are not answered are sent again by [`Trader::settle`].
    pub fn send(&mut self, nodes: &Nodes<'_>, count: u32) {
        for _ in 0..count {
            self.last += 1;
            let price = 100 * u64::from(1 + self.last % 50);
            let order = enter(self.last, b'B', 1, "ACME", price, &[]);
            self.unanswered.insert(self.last, packet(b'U', &order));
        }
        let new: Vec<u8> = self
            .unanswered
            .range(self.last + 1 - count..)
            .flat_map(|(_, order)| order.clone())
            .collect();
        self.login(nodes);
        if let Some(client) = &mut self.client
            && !client.try_write(&new)
        {
            self.client = None;
        }
    }

    /// Sends `count` orders and reads all their answers, a thousand at a time.
    pub fn trade(&mut self, nodes: &Nodes<'_>, count: u32) {
        for from in (0..count).step_by(1_000) {
            self.send(nodes, (count - from).min(1_000));
            self.settle(nodes);
        }
    }

    /// Logs in where it is not, and sends again what has no answer.
    fn login(&mut self, nodes: &Nodes<'_>) {
        if self.client.is_some() {
            return;
        }
        let mut client = nodes.login("ALICE", self.next);
        let again: Vec<u8> = self.unanswered.values().flatten().copied().collect();
        if client.try_write(&again) {
            self.client = Some(client);
        }
    }

    /// Reads until everything sent is answered, wherever that is.
    pub fn settle(&mut self, nodes: &Nodes<'_>) {
        while !self.unanswered.is_empty() {
            self.login(nodes);
            self.read();
        }
    }

    /// Reads one packet of the connection, if there is one.
    pub fn read(&mut self) {
        let Some(client) = &mut self.client else {
            return;
        };
        match client.packet() {
            Packet::Message(message) => {
                self.next = client.next;
                if message[0] == b'A' {
                    self.unanswered.remove(&user_ref(&message));
                }
                self.reports.push(message);
            }
            Packet::Closed | Packet::End => self.client = None,
            Packet::Heartbeat | Packet::Debug(_) => {}
        }
    }

    /// Checks that every order has exactly one report, in order, and that the stream anywhere says the same.
    pub fn check(&self, nodes: &Nodes<'_>) {
        let accepted: Vec<u32> = self
            .reports
            .iter()
            .filter(|message| message[0] == b'A')
            .map(|message| user_ref(message))
            .collect();
        assert_eq!(accepted.len(), self.last as usize, "one report an order");
        let mut sorted = accepted.clone();
        sorted.sort_unstable();
        assert!(sorted.iter().copied().eq(1..=self.last), "{sorted:?}");
        let end = nodes.login("ALICE", 0).next;
        let stream = nodes.login("ALICE", 1).messages(end - 1);
        assert!(stream == self.reports, "the stream is not what was read");
    }
}
