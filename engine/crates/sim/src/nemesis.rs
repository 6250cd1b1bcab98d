//! Who breaks things, by the seed: what, where, when and for how long.

use crate::cluster::{Cluster, End};
use crate::life;
use crate::node::Ask;
use crate::random::Random;
use crate::record::{Fault, now_ns, ns};
use openraft_rt::AsyncRuntime;
use openraft_rt_sim::SimRuntime;
use rialto_replica::ReplicaId;
use std::time::Duration;

/// How long it waits for a moment in which something is not durable yet.
const MOMENT: Duration = Duration::from_millis(60);

const fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

/// What it may do, and how often of a hundred.
#[derive(Clone, Copy, Debug)]
enum Deed {
    KillLeader,
    KillOne,
    PowerOff,
    PowerOffAll,
    Tear,
    FailSync,
    SlowSync,
    FillDisk,
    CutBoth,
    CutOne,
    Isolate,
    SlowLink,
    BreakStreams,
    ClockAhead,
    ClockBack,
    Freeze,
    Transfer,
    Checkpoint,
    FallBehind,
    ForgetVote,
    ForgeSuspicion,
    SuspectAlone,
    SuspectLate,
}

/// What it does to every cluster.
const DEEDS: [(Deed, u64); 20] = [
    (Deed::KillLeader, 8),
    (Deed::KillOne, 4),
    (Deed::PowerOff, 9),
    (Deed::PowerOffAll, 4),
    (Deed::Tear, 7),
    (Deed::FailSync, 5),
    (Deed::SlowSync, 6),
    (Deed::FillDisk, 8),
    (Deed::CutBoth, 4),
    (Deed::CutOne, 6),
    (Deed::Isolate, 5),
    (Deed::SlowLink, 5),
    (Deed::BreakStreams, 4),
    (Deed::ClockAhead, 5),
    (Deed::ClockBack, 6),
    (Deed::Freeze, 5),
    (Deed::Transfer, 12),
    (Deed::Checkpoint, 10),
    (Deed::FallBehind, 12),
    (Deed::ForgetVote, 4),
];

/// What it does beside that where closed connections may start an election.
const SUSPICIONS: [(Deed, u64); 3] = [
    (Deed::ForgeSuspicion, 18),
    (Deed::SuspectAlone, 18),
    (Deed::SuspectLate, 18),
];

/// Who breaks things.
pub struct Nemesis {
    cluster: Cluster,
    random: Random,
    /// The hosts of clients.
    hosts: Vec<u64>,
}

impl Nemesis {
    /// Of a cluster and its clients' hosts.
    pub fn new(cluster: Cluster, random: Random, hosts: Vec<u64>) -> Self {
        Self {
            cluster,
            random,
            hosts,
        }
    }

    /// Breaks things until a virtual time, about every `pace`.
    pub async fn run(mut self, until_ns: u64, pace: Duration) {
        loop {
            SimRuntime::sleep(self.random.about(pace)).await;
            if now_ns() >= until_ns {
                return;
            }
            let mut deeds = DEEDS.to_vec();
            if self.cluster.shape().accelerated {
                deeds.extend(SUSPICIONS);
            }
            let total: u64 = deeds.iter().map(|(_, weight)| weight).sum();
            let mut at = self.random.below(total);
            let deed = deeds.iter().find(|(_, weight)| {
                let found = at < *weight;
                at = at.saturating_sub(*weight);
                found
            });
            let Some((deed, _)) = deed else { continue };
            self.cluster.record.line(0, || format!("{deed:?}"));
            self.act(*deed).await;
        }
    }

    fn any(&mut self) -> ReplicaId {
        let voters = self.cluster.voters().to_vec();
        self.random.pick(&voters).copied().unwrap_or(1)
    }

    /// The leader, or anyone where there is none; now and then anyone.
    fn one(&mut self) -> ReplicaId {
        match self.cluster.leader() {
            Some(leader) if self.random.per_mille(600) => leader,
            _ => self.any(),
        }
    }

    fn pair(&mut self) -> (ReplicaId, ReplicaId) {
        let a = self.one();
        let others: Vec<_> = self
            .cluster
            .voters()
            .iter()
            .filter(|id| **id != a)
            .collect();
        let b = self.random.pick(&others).map_or(a, |id| **id);
        (a, b)
    }

    async fn act(&mut self, deed: Deed) {
        match deed {
            Deed::KillLeader => {
                if let Some(leader) = self.cluster.leader() {
                    self.cluster.end(leader, End::Killed);
                }
            }
            Deed::KillOne => {
                let id = self.any();
                self.cluster.end(id, End::Killed);
            }
            Deed::PowerOff => {
                let id = self.one();
                self.wait_for_unsynced(id).await;
                self.cluster.end(id, End::Power);
            }
            Deed::PowerOffAll => self.power_off_all().await,
            Deed::Tear => {
                let id = self.one();
                if let Some(disk) = self.cluster.disk(id) {
                    disk.tear_next();
                }
            }
            Deed::FailSync => {
                let id = self.one();
                if let Some(disk) = self.cluster.disk(id) {
                    disk.fail_next_sync();
                }
            }
            Deed::SlowSync => {
                let id = self.one();
                let lasting = self.random.time(ms(100), ms(2500));
                if let Some(disk) = self.cluster.disk(id) {
                    disk.slow_down(lasting);
                }
            }
            Deed::FillDisk => {
                let id = self.one();
                let lasting = self.random.time(ms(1000), ms(4000));
                if let Some(disk) = self.cluster.disk(id) {
                    disk.fill();
                    self.later(lasting, move |_| disk.make_room());
                }
            }
            Deed::CutBoth => {
                let (a, b) = self.pair();
                self.cut(&[(a, b), (b, a)]);
            }
            Deed::CutOne => self.cut_one(),
            Deed::Isolate => {
                let a = self.one();
                let others = self.cluster.voters().to_vec();
                let mut links = Vec::new();
                for other in others.into_iter().filter(|id| *id != a) {
                    links.extend([(a, other), (other, a)]);
                }
                // Its clients still reach it, or they don't either.
                if self.random.per_mille(500) {
                    for host in &self.hosts {
                        links.extend([(a, *host), (*host, a)]);
                    }
                }
                self.cut(&links);
            }
            Deed::SlowLink => {
                let (a, b) = self.pair();
                let lasting = self.random.time(ms(50), ms(1500));
                self.cluster.net.slow_down(a, b, lasting);
                if self.random.per_mille(500) {
                    self.cluster.net.slow_down(b, a, lasting);
                }
            }
            Deed::BreakStreams => self.break_streams(),
            Deed::ClockAhead => self.jump(1),
            Deed::ClockBack => self.jump(-1),
            Deed::Freeze => {
                let id = self.one();
                let lasting = self.random.time(ms(20), ms(2000));
                if let Some(life) = self.cluster.life(id) {
                    self.cluster.record.fault(Fault::Frozen);
                    life.freeze();
                    self.later(lasting, move |_| life.thaw());
                }
            }
            Deed::Transfer => {
                if let Some(leader) = self.cluster.leader() {
                    let to = self.random.per_mille(500).then(|| self.any());
                    self.cluster.ask(leader, Ask::Transfer(to));
                }
            }
            Deed::Checkpoint => {
                for id in self.cluster.voters().to_vec() {
                    if self.random.per_mille(700) {
                        self.cluster.ask(id, Ask::Checkpoint);
                    }
                }
            }
            Deed::FallBehind => self.fall_behind(),
            Deed::ForgetVote => self.forget_vote().await,
            Deed::ForgeSuspicion => self.suspect(Fault::SuspicionForged),
            Deed::SuspectAlone => self.suspect(Fault::SuspicionOneSided),
            Deed::SuspectLate => self.suspect(Fault::SuspicionDelayed),
        }
    }

    fn later(&self, after: Duration, what: impl FnOnce(&Cluster) + Send + 'static) {
        let cluster = self.cluster.clone();
        life::spawn(async move {
            SimRuntime::sleep(after).await;
            what(&cluster);
        });
    }

    fn cut(&mut self, links: &[(u64, u64)]) {
        let lasting = self.random.time(ms(30), ms(3000));
        for (from, to) in links {
            self.cluster.net.cut(*from, *to);
        }
        let links = links.to_vec();
        self.later(lasting, move |cluster| {
            for (from, to) in links {
                cluster.net.heal(from, to);
            }
        });
    }

    fn cut_one(&mut self) {
        let (a, b) = self.pair();
        let others: Vec<u64> = self
            .cluster
            .voters()
            .iter()
            .copied()
            .filter(|id| *id != a)
            .collect();
        match self.random.below(4) {
            // Nothing it says is heard, or it hears nothing.
            0 => self.cut(&others.iter().map(|id| (a, *id)).collect::<Vec<_>>()),
            1 => self.cut(&others.iter().map(|id| (*id, a)).collect::<Vec<_>>()),
            2 => self.cut(&[(a, b)]),
            _ => self.cut(&[(b, a)]),
        }
    }

    fn break_streams(&mut self) {
        let (a, b) = self.pair();
        let mut broken = self.cluster.net.break_connections(a, b);
        let host = self.random.pick(&self.hosts).copied();
        if let Some(host) = host {
            for id in self.cluster.voters().to_vec() {
                broken += self.cluster.net.break_connections(host, id);
            }
        }
        for _ in 0..broken {
            self.cluster.record.fault(Fault::StreamBroken);
        }
    }

    fn jump(&mut self, sign: i64) {
        let id = self.one();
        let nanos = self.random.time(ms(1), ms(30_000)).as_nanos();
        let nanos = i64::try_from(nanos).unwrap_or(0);
        if let Some(clock) = self.cluster.clock(id) {
            clock.jump(sign * nanos);
        }
    }

    /// Waits for a moment in which a node has something that is not durable.
    async fn wait_for_unsynced(&self, id: ReplicaId) {
        let until = now_ns() + ns(MOMENT);
        while self.cluster.unsynced(id) == 0 && now_ns() < until {
            SimRuntime::sleep(Duration::from_micros(37)).await;
        }
    }

    async fn power_off_all(&mut self) {
        let leader = self.one();
        self.wait_for_unsynced(leader).await;
        self.cluster.record.fault(Fault::AllKilled);
        let how = if self.random.per_mille(800) {
            End::Power
        } else {
            End::Killed
        };
        for id in self.cluster.voters().to_vec() {
            self.cluster.end(id, how);
        }
    }

    /// Keeps a replica away while the others go on and give up what it lacks: it needs a checkpoint then.
    fn fall_behind(&mut self) {
        let leader = self.cluster.leader();
        let voters = self.cluster.voters().to_vec();
        if voters.len() < 3 {
            return;
        }
        let followers: Vec<_> = voters
            .iter()
            .copied()
            .filter(|id| Some(*id) != leader)
            .collect();
        let behind = self.random.pick(&followers).copied().unwrap_or(1);
        let mut links = Vec::new();
        for other in voters.iter().copied().filter(|id| *id != behind) {
            links.extend([(behind, other), (other, behind)]);
        }
        for (from, to) in &links {
            self.cluster.net.cut(*from, *to);
        }
        let lasting = self.random.time(ms(600), ms(1600));
        self.later(lasting, move |cluster| {
            for id in voters.iter().copied().filter(|id| *id != behind) {
                cluster.ask(id, Ask::Checkpoint);
            }
        });
        self.later(lasting + ms(60), move |cluster| {
            for (from, to) in links {
                cluster.net.heal(from, to);
            }
        });
    }

    /// The connections to the living leader break, and its port seems closed: to all others, to one alone, or to all while
    /// what they say to each other is late.
    fn suspect(&mut self, fault: Fault) {
        let Some(leader) = self.cluster.leader() else {
            return;
        };
        let net = self.cluster.net.clone();
        let mut others: Vec<u64> = self
            .cluster
            .voters()
            .iter()
            .copied()
            .filter(|id| *id != leader)
            .collect();
        if fault == Fault::SuspicionOneSided && self.random.per_mille(500) {
            others.reverse();
        }
        let lasting = self.random.time(ms(5), ms(300));
        if fault == Fault::SuspicionDelayed {
            for from in &others {
                for to in others.iter().filter(|to| *to != from) {
                    net.slow_down(*from, *to, lasting);
                }
            }
        }
        let alone = if fault == Fault::SuspicionOneSided {
            1
        } else {
            others.len()
        };
        for other in others.into_iter().take(alone) {
            net.refuse(other, leader, lasting, fault);
            net.break_connections(other, leader);
        }
    }

    /// The situation in which a forgotten vote does harm: the leader is cut off from one voter, that one is elected by the
    /// third, which at once loses its power and comes back to hear only the old leader.
    async fn forget_vote(&mut self) {
        let Some(old) = self.cluster.leader() else {
            return;
        };
        let others: Vec<u64> = self
            .cluster
            .voters()
            .iter()
            .copied()
            .filter(|id| *id != old)
            .collect();
        let [a, b] = others[..] else { return };
        let (new, third) = if self.random.per_mille(500) {
            (a, b)
        } else {
            (b, a)
        };
        let net = self.cluster.net.clone();
        for (from, to) in [(old, new), (new, old), (old, third), (third, old)] {
            net.cut(from, to);
        }
        let until = now_ns() + 2_000_000_000;
        let mut elected = false;
        while now_ns() < until && !elected {
            SimRuntime::sleep(Duration::from_micros(200)).await;
            elected = self
                .cluster
                .view(new)
                .is_some_and(|view| view.leads.is_some());
        }
        if elected {
            net.cut(new, third);
            net.cut(third, new);
            self.cluster.end(third, End::Power);
            net.heal(old, third);
            net.heal(third, old);
            SimRuntime::sleep(self.random.time(ms(200), ms(2500))).await;
        }
        for (from, to) in [
            (old, new),
            (new, old),
            (old, third),
            (third, old),
            (new, third),
            (third, new),
        ] {
            net.heal(from, to);
        }
    }

    /// Reads from nodes now and then, each sure of its leader or refused.
    pub async fn read(cluster: Cluster, mut random: Random) {
        loop {
            SimRuntime::sleep(random.about(ms(60))).await;
            let floor = cluster.ledger.last();
            let voters = cluster.voters().to_vec();
            // Whoever thinks that it leads is asked first of all: it may be wrong.
            let leaders: Vec<_> = voters
                .iter()
                .copied()
                .filter(|id| cluster.view(*id).is_some_and(|view| view.leads.is_some()))
                .collect();
            let asked = random
                .pick(&leaders)
                .or(random.clone().pick(&voters))
                .copied();
            if let Some(id) = asked {
                cluster.ask(id, Ask::Read { floor });
            }
        }
    }
}
