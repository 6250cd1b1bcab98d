//! One run: a cluster, its clients, its faults, and what must hold in the end.

use crate::check::Reference;
use crate::client::{Client, Directory, Stream, feed, trade};
use crate::cluster::{Cluster, Shape};
use crate::disk::Mistake;
use crate::life;
use crate::lock;
use crate::mutation::Mutation;
use crate::nemesis::Nemesis;
use crate::net::{Host, Net};
use crate::node::{self, SESSIONS};
use crate::random::Random;
use crate::record::{Record, Violation, now_ns, ns};
use openraft_rt::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What decides a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The seed.
    pub seed: u64,
    /// How long the market runs, healing and checks apart.
    pub virtual_seconds: u64,
    /// Whether closed connections may start an election.
    pub accelerated: bool,
    /// What is wrong on purpose.
    pub mutation: Option<Mutation>,
    /// What the journal promised is not asked for after a crash.
    pub outcomes_only: bool,
    /// Print a line for each event of note.
    pub verbose: bool,
}

/// What a run gives.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Outcome {
    /// The seed.
    pub seed: u64,
    /// The mutation, if there was one.
    pub mutation: Option<String>,
    /// Whether the accelerator was on.
    pub accelerated: bool,
    /// Virtual time, in seconds.
    pub virtual_s: f64,
    /// Real time, in milliseconds.
    pub real_ms: u64,
    /// Voters.
    pub voters: u64,
    /// The slowest round trip between two of them, in microseconds.
    pub round_trip_us: u64,
    /// How often each kind of fault took effect.
    pub faults: BTreeMap<String, u64>,
    /// Client messages answered.
    pub answered: u64,
    /// Orders acknowledged.
    pub orders: u64,
    /// Leaderships.
    pub elections: u64,
    /// Reads confirmed by a majority.
    pub reads: u64,
    /// The log's last position.
    pub position: u64,
    /// A hash of all that happened.
    pub trace: String,
    /// Events in the trace.
    pub events: u64,
    /// What was broken.
    pub violations: Vec<Violation>,
    /// The command that runs it again, where something was broken.
    pub replay: Option<String>,
}

/// The first host of clients.
const CLIENTS: Host = 100;
/// The first host of feed readers.
const READERS: Host = 200;
/// Client messages that are still in the log behind everything.
const GRACE: Duration = Duration::from_millis(1500);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// The cluster that a seed gives.
fn shape(settings: &Settings, random: &mut Random) -> Shape {
    let mut count = if random.per_mille(80) { 1 } else { 3 };
    let (low, high) = match random.below(10) {
        0..=4 => (Duration::from_micros(100), ms(1)),
        5..=6 => (ms(1), ms(12)),
        7..=8 => (ms(12), ms(60)),
        _ => (ms(60), ms(120)),
    };
    let mutation = settings.mutation;
    let (low, high) = match mutation {
        Some(Mutation::TimerBelowRoundTrip) => (ms(100), ms(120)),
        // What a mutation does is not to be hidden by far links.
        Some(_) => (Duration::from_micros(100), ms(2)),
        None => (low, high),
    };
    if mutation.is_some() {
        count = 3;
    }
    let voters: Vec<u64> = (1..=count).collect();
    let mut round_trips = BTreeMap::new();
    for a in &voters {
        for b in voters.iter().filter(|b| *b > a) {
            let there = random.time(low, high) * 2;
            round_trips.insert((*a, *b), there);
            round_trips.insert((*b, *a), there);
        }
    }
    // What is declared is what the links do at their slowest: see the network's jitter.
    let slowest = round_trips.values().max().copied().unwrap_or_default();
    let declared = slowest + slowest / 4 + Duration::from_micros(40);
    Shape {
        voters,
        round_trips,
        declared: if mutation == Some(Mutation::TimerBelowRoundTrip) {
            Duration::ZERO
        } else {
            declared
        },
        accelerated: settings.accelerated,
        grace: GRACE,
        mistake: match mutation {
            Some(Mutation::AckBeforeSync) => Mistake::AckBeforeSync,
            Some(Mutation::VoteNotPersisted) => Mistake::VoteNotPersisted,
            _ => Mistake::None,
        },
        outcomes_only: settings.outcomes_only,
        without_streams: mutation == Some(Mutation::StreamNotInCheckpoint),
        numbers_unchecked: mutation == Some(Mutation::NumberNotChecked),
        retries: matches!(
            mutation,
            Some(Mutation::NumberNotChecked | Mutation::ProposedTwice)
        ),
    }
}

struct World {
    cluster: Cluster,
    clients: Vec<Arc<Mutex<Client>>>,
    readers: Vec<Arc<Mutex<Stream>>>,
    record: Record,
    /// How long an election and what follows may take once all is well.
    patience: Duration,
}

impl World {
    fn new(settings: &Settings, root: &Random, record: &Record) -> (Self, Directory, Random) {
        let mut random = root.fork("shape", 0);
        let shape = shape(settings, &mut random);
        let net = Net::new(root.fork("net", 0), record.clone());
        for ((a, b), round_trip) in &shape.round_trips {
            if a < b {
                net.join(*a, *b, *round_trip / 2);
            }
        }
        let patience = ms(3500) + shape.slowest() * 10;
        let nodes = shape.voters.clone();
        let cluster = Cluster::new(shape, net.clone(), record.clone(), root);
        let sessions = random.between(8, u64::from(SESSIONS));
        let join = |host: Host, random: &mut Random| {
            for node in &nodes {
                let delay = random.time(Duration::from_micros(50), Duration::from_micros(400));
                net.join(host, *node, delay);
            }
        };
        let mut clients = Vec::new();
        for number in 1..=u32::try_from(sessions).unwrap_or(SESSIONS) {
            join(CLIENTS + u64::from(number), &mut random);
            clients.push(Arc::new(Mutex::new(Client::new(
                number,
                node::user(number),
                node::cancels_on_disconnect(number),
                root.fork("client", u64::from(number)),
            ))));
        }
        let mut readers = Vec::new();
        for number in 0..2 {
            join(READERS + number, &mut random);
            let reader = Stream::new(node::FEED_USER.to_owned());
            readers.push(Arc::new(Mutex::new(reader)));
        }
        let directory = Directory {
            net,
            record: record.clone(),
            nodes,
            pace: random.time(ms(40), ms(90)),
            leaves: None,
        };
        let world = Self {
            cluster,
            clients,
            readers,
            record: record.clone(),
            patience,
        };
        (world, directory, random)
    }

    fn begin(&self, root: &Random, directory: &Directory, random: &mut Random) {
        for id in self.cluster.voters() {
            self.cluster.start(*id);
        }
        for (number, client) in (1..).zip(&self.clients) {
            let directory = Directory {
                leaves: random.per_mille(500).then_some(ms(4000)),
                ..directory.clone()
            };
            let chance = root.fork("shell", number);
            life::spawn(trade(
                Arc::clone(client),
                CLIENTS + number,
                directory,
                chance,
            ));
        }
        for (number, reader) in (0..).zip(&self.readers) {
            let chance = root.fork("reader", number);
            let directory = directory.clone();
            life::spawn(feed(
                Arc::clone(reader),
                READERS + number,
                directory,
                chance,
            ));
        }
        let reads = Nemesis::read(self.cluster.clone(), root.fork("reads", 0));
        life::spawn(reads);
    }

    fn nemesis(&self, root: &Random) -> Nemesis {
        let sessions = self.clients.len() as u64;
        let hosts = (1..=sessions).map(|number| CLIENTS + number).collect();
        Nemesis::new(self.cluster.clone(), root.fork("nemesis", 0), hosts)
    }

    /// Waits until something holds; whether it did in time.
    async fn until(&self, patience: Duration, holds: impl Fn(&Self) -> bool) -> bool {
        let until = now_ns() + ns(patience);
        while !holds(self) {
            if now_ns() >= until {
                return false;
            }
            SimRuntime::sleep(ms(5)).await;
        }
        true
    }

    /// Heals everything, lets it settle, and checks that it makes progress.
    async fn settle(&self) {
        self.record.line(0, || "all is healed".to_owned());
        self.cluster.heal();
        let mut answered = Vec::new();
        for client in &self.clients {
            let mut client = lock(client);
            client.stays = true;
            answered.push(client.answered);
        }
        let progress = self
            .until(self.patience, |world| {
                let pairs = world.clients.iter().zip(&answered);
                pairs.into_iter().all(|(client, before)| {
                    let client = lock(client);
                    client.answered > *before && client.is_in()
                })
            })
            .await;
        if !progress {
            self.cluster.tell().await;
            let waiting: Vec<String> = self
                .clients
                .iter()
                .zip(&answered)
                .filter(|(client, before)| lock(client).answered <= **before)
                .map(|(client, _)| {
                    let client = lock(client);
                    format!("{} ({})", client.session, client.waits_for())
                })
                .collect();
            self.record.violation(
                "progress",
                format!(
                    "{} ms after everything was healed, sessions without any answer: {}; leader: {:?}",
                    self.patience.as_millis(),
                    waiting.join("; "),
                    self.cluster.leader()
                ),
            );
            return;
        }
        // Who was away with a newer term may still unseat the leader; after that nothing disturbs it, and it is to stay.
        SimRuntime::sleep(ms(1200) + self.cluster.shape().slowest() * 10).await;
        let before = self.cluster.ledger.leaderships();
        for client in &self.clients {
            let mut client = lock(client);
            client.quiet = true;
            // Some are gone for good: whose account wants it has no order left then.
            client.gone = client.session % 6 == 0;
        }
        let answered = self
            .until(self.patience, |world| {
                world.clients.iter().all(|client| {
                    let client = lock(client);
                    client.unanswered() == 0 || client.gone
                })
            })
            .await;
        if !answered {
            self.cluster.tell().await;
            for client in &self.clients {
                let client = lock(client);
                if client.unanswered() > 0 && !client.gone {
                    self.record.violation(
                        "unanswered",
                        format!(
                            "session {} still waits for {}",
                            client.session,
                            client.waits_for()
                        ),
                    );
                }
            }
        }
        SimRuntime::sleep(GRACE + ms(300)).await;
        self.probe().await;
        let after = self.cluster.ledger.leaderships();
        if after > before {
            self.record.violation(
                "churn",
                format!("{} elections while nothing was broken", after - before),
            );
        }
    }

    /// Each client enters one more order, and it is acknowledged.
    async fn probe(&self) {
        let mut asked = Vec::new();
        for client in &self.clients {
            let mut client = lock(client);
            if !client.gone {
                client.probes = 1;
                asked.push(client.answered);
            } else {
                asked.push(0);
            }
        }
        let acknowledged = self
            .until(self.patience, |world| {
                let pairs = world.clients.iter().zip(&asked);
                pairs.into_iter().all(|(client, before)| {
                    let client = lock(client);
                    client.gone || (client.answered > *before && client.unanswered() == 0)
                })
            })
            .await;
        if !acknowledged {
            self.cluster.tell().await;
            for (client, before) in self.clients.iter().zip(&asked) {
                let client = lock(client);
                if !client.gone && (client.answered == *before || client.unanswered() > 0) {
                    self.record.violation(
                        "progress",
                        format!(
                            "session {} entered an order in a healed cluster and waits for {:?}; logged in: {}, to be sent: {}",
                            client.session,
                            client.waits_for(),
                            client.is_in(),
                            client.probes
                        ),
                    );
                }
            }
        }
    }

    async fn check(&self) -> Reference {
        let voters = self.cluster.voters().to_vec();
        let all_there = |world: &Self| {
            let last = world.cluster.ledger.last();
            let mut views = voters.iter().map(|id| world.cluster.view(*id));
            views.all(|view| view.is_some_and(|view| view.position == last))
        };
        if !self.until(self.patience, all_there).await {
            self.cluster.tell().await;
        }
        // The last messages reach whoever reads them.
        SimRuntime::sleep(ms(400)).await;
        let record = &self.record;
        let reference = Reference::of(&self.cluster.ledger, record);
        for id in &voters {
            match self.cluster.state(*id).await {
                Some(last) => reference.holds(*id, &last, record),
                None => record.violation("progress", format!("node {id} does not answer")),
            }
        }
        for client in &self.clients {
            let client = lock(client);
            reference.told(&client, record);
            if client.gone && client.cancel_on_disconnect {
                let open = reference.open_orders(client.session);
                if open > 0 {
                    record.violation(
                        "cancel_on_disconnect",
                        format!("session {} is gone and has {open} orders", client.session),
                    );
                }
            }
        }
        for reader in &self.readers {
            reference.read(rialto_session::StreamId::Feed, &lock(reader), record);
        }
        reference.conserved(record);
        reference
    }
}

/// Runs a seed to its end.
pub fn run(settings: &Settings) -> Outcome {
    let began = std::time::Instant::now();
    let record = Record::new(settings.verbose);
    let panicked = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&panicked);
    std::panic::set_hook(Box::new(move |info| {
        lock(&noted).push(info.to_string().replace('\n', " "));
    }));
    let mut outcome = Outcome {
        seed: settings.seed,
        mutation: settings.mutation.map(|m| m.name().to_owned()),
        accelerated: settings.accelerated,
        ..Outcome::default()
    };
    let mut runtime = SimRuntime::with_seed(settings.seed);
    let inner = record.clone();
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
        runtime.block_on(story(settings, &inner, &mut outcome));
    }));
    for panic in lock(&panicked).iter() {
        record.violation("panic", panic.clone());
    }
    if ended.is_err() && lock(&panicked).is_empty() {
        record.violation("panic", "the simulation itself ended early");
    }
    drop(std::panic::take_hook());
    let (trace, events) = record.trace();
    outcome.trace = format!("{trace:016x}");
    outcome.events = events;
    outcome.violations = record.violations();
    outcome.faults = record
        .faults()
        .into_iter()
        .map(|(name, count)| (name.to_owned(), count))
        .collect();
    if !outcome.violations.is_empty() {
        outcome.replay = Some(replay(settings));
    }
    outcome.real_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    outcome
}

/// The command that runs a seed again.
pub fn replay(settings: &Settings) -> String {
    let mut command = format!(
        "cd engine && cargo run --release -p rialto-sim -- --seed {} --virtual-seconds {}",
        settings.seed, settings.virtual_seconds
    );
    if settings.accelerated {
        command.push_str(" --accelerated");
    }
    if let Some(mutation) = settings.mutation {
        command.push_str(" --mutation ");
        command.push_str(mutation.name());
    }
    if settings.outcomes_only {
        command.push_str(" --outcomes-only");
    }
    command.push_str(" --verbose");
    command
}

async fn story(settings: &Settings, record: &Record, outcome: &mut Outcome) {
    let root = Random::new(settings.seed);
    let (world, directory, mut random) = World::new(settings, &root, record);
    world.begin(&root, &directory, &mut random);
    let declared = world.cluster.shape().slowest();
    outcome.voters = world.cluster.voters().len() as u64;
    outcome.round_trip_us = u64::try_from(declared.as_micros()).unwrap_or(u64::MAX);
    let faults_end = settings.virtual_seconds.saturating_sub(5).max(1) * 1_000_000_000;
    SimRuntime::sleep(ms(400) + declared * 3).await;
    world
        .cluster
        .net
        .set_loss(*random.pick(&[0, 2, 5, 15]).unwrap_or(&0));
    let pace = random.time(ms(250), ms(800));
    world.nemesis(&root).run(faults_end, pace).await;
    world.settle().await;
    let reference = world.check().await;
    outcome.virtual_s = now_ns() as f64 / 1e9;
    outcome.answered = world.clients.iter().map(|c| lock(c).answered).sum();
    outcome.orders = reference.orders;
    outcome.position = reference.position();
    outcome.elections = world.cluster.ledger.leaderships();
    outcome.reads = world.cluster.ledger.reads();
}
