//! Machines bound to a group that is only pretended, on a virtual clock: what they ask of each other, and what comes of it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use openraft_rt::{AsyncRuntime, Instant};
use openraft_rt_sim::{SimInstant, SimRuntime};

use super::super::{Accelerator, LogPoint, Port};
use super::{epoch, log, ms};
use crate::{CallError, GroupConfig, LeaderEpoch, Peer, ReplicaId};

const OLD: LeaderEpoch = LeaderEpoch { term: 1, node: 1 };

/// How the port of the old leader behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Leader {
    Leads,
    Deposed,
    Dead,
    /// Its connections break a few times before its port is closed.
    Dying(u32),
    Frozen,
}

struct World {
    leader: Leader,
    /// The ends of the logs; a replica that is missing has moved on to another epoch.
    logs: BTreeMap<ReplicaId, LogPoint>,
    replicas: BTreeMap<ReplicaId, Accelerator<SimRuntime, Fake>>,
    elections: Vec<(ReplicaId, Duration)>,
    votes: u32,
    /// Messages between these are lost.
    cut: Vec<(ReplicaId, ReplicaId)>,
    calls: u32,
    began: SimInstant,
}

#[derive(Clone)]
struct Fake {
    me: ReplicaId,
    world: Arc<Mutex<World>>,
}

impl Fake {
    fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }
}

impl Port for Fake {
    async fn call(
        &self,
        to: ReplicaId,
        message: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, CallError> {
        SimRuntime::sleep(Duration::from_micros(200)).await;
        let (peer, cut) = {
            let mut world = self.world();
            world.calls += 1;
            if to == 1 {
                match world.leader {
                    Leader::Dead => return Err(CallError::Refused { to }),
                    Leader::Dying(0) => {
                        world.leader = Leader::Dead;
                        return Err(CallError::Unreachable {
                            to,
                            reason: String::from("it broke"),
                        });
                    }
                    Leader::Dying(left) => {
                        world.leader = Leader::Dying(left - 1);
                        return Err(CallError::Unreachable {
                            to,
                            reason: String::from("it broke"),
                        });
                    }
                    Leader::Leads | Leader::Deposed | Leader::Frozen => {}
                }
            }
            let cut =
                world.cut.contains(&(self.me, to)) || (to == 1 && world.leader == Leader::Frozen);
            (world.replicas[&to].clone(), cut)
        };
        if cut {
            SimRuntime::sleep(timeout).await;
            return Err(CallError::TimedOut {
                to,
                waited: timeout,
            });
        }
        let answer = peer.serve(self.me, &message).await;
        SimRuntime::sleep(Duration::from_micros(200)).await;
        Ok(answer)
    }

    async fn leads(&self, epoch: LeaderEpoch) -> bool {
        self.me == 1 && epoch == OLD && self.world().leader == Leader::Leads
    }

    async fn log_under(&self, epoch: LeaderEpoch) -> Option<LogPoint> {
        if epoch == OLD {
            self.world().logs.get(&self.me).copied()
        } else {
            None
        }
    }

    async fn elect(&self, gone: LeaderEpoch, last: LogPoint) {
        let voters = {
            let mut world = self.world();
            let at = SimInstant::now() - world.began;
            world.elections.push((self.me, at));
            let me = self.me;
            assert_eq!(
                world.replicas[&me].mark(gone.term + 1),
                Some(gone),
                "the vote requests are told apart"
            );
            assert_eq!(world.replicas[&me].mark(gone.term + 2), None);
            world
                .replicas
                .iter()
                .filter(|(id, _)| **id != me && **id != 1)
                .map(|(_, voter)| voter.clone())
                .collect::<Vec<_>>()
        };
        for voter in voters {
            if voter.accepts(self.me, gone, last).await {
                self.world().votes += 1;
            }
        }
    }
}

/// Runs three replicas whose logs end at `two` and `three`; the leader's stream to each in `ended` ends at once.
fn run(
    leader: Leader,
    logs: [u64; 2],
    ended: &[ReplicaId],
    change: impl FnOnce(&mut World, &mut GroupConfig),
) -> Arc<Mutex<World>> {
    let mut runtime = SimRuntime::with_seed(7);
    runtime.block_on(async {
        let world = Arc::new(Mutex::new(World {
            leader,
            logs: (2..).zip(logs.map(log)).collect(),
            replicas: BTreeMap::new(),
            elections: Vec::new(),
            votes: 0,
            cut: Vec::new(),
            calls: 0,
            began: SimInstant::now(),
        }));
        let mut config = GroupConfig {
            group: String::from("test/market"),
            incarnation: 1,
            id: 0,
            voters: (1..=3)
                .map(|id| Peer {
                    id,
                    name: format!("node-{id}"),
                    region: String::new(),
                    address: String::new(),
                    round_trip: Duration::ZERO,
                })
                .collect(),
            slowest_round_trip: Duration::ZERO,
            accelerated_failover: true,
            in_flight: 1,
        };
        change(&mut world.lock().unwrap(), &mut config);
        for me in 1..=3 {
            config.id = me;
            let accelerator = Accelerator::new(
                &config,
                Fake {
                    me,
                    world: Arc::clone(&world),
                },
            );
            accelerator.leader_seen(OLD);
            world.lock().unwrap().replicas.insert(me, accelerator);
        }
        let replicas: Vec<_> = ended
            .iter()
            .map(|id| world.lock().unwrap().replicas[id].clone())
            .collect();
        for replica in replicas {
            replica.stream_ended(OLD.node);
        }
        SimRuntime::sleep(Duration::from_secs(1)).await;
        // The replicas hold the world; this breaks the circle.
        let replicas = std::mem::take(&mut world.lock().unwrap().replicas);
        let counters = replicas[&2].counters();
        assert!(
            counters.probes <= 8 && counters.elections <= 1,
            "{counters:?}"
        );
        world
    })
}

#[test]
fn a_dead_leader_is_replaced_by_the_best_log_in_a_few_messages() {
    for (logs, expected) in [([5, 5], 2), ([5, 6], 3), ([6, 5], 2)] {
        for leader in [Leader::Dead, Leader::Deposed, Leader::Dying(3)] {
            let world = run(leader, logs, &[2, 3], |_, _| {});
            let world = world.lock().unwrap();
            let [(who, when)] = world.elections[..] else {
                panic!("{leader:?}: {:?}", world.elections)
            };
            assert_eq!((who, world.votes), (expected, 1), "{leader:?}");
            assert!(when < ms(40), "{leader:?}: {when:?}");
        }
    }
}

#[test]
fn a_leader_that_leads_or_is_silent_is_left_alone() {
    for leader in [Leader::Leads, Leader::Frozen, Leader::Dying(100)] {
        let world = run(leader, [5, 5], &[2, 3], |_, _| {});
        assert!(world.lock().unwrap().elections.is_empty(), "{leader:?}");
    }
}

#[test]
fn one_that_alone_lost_its_stream_elects_nobody() {
    let world = run(Leader::Dead, [5, 5], &[2], |_, _| {});
    assert!(world.lock().unwrap().elections.is_empty());
}

#[test]
fn voters_that_cannot_hear_each_other_elect_nobody() {
    let world = run(Leader::Dead, [5, 5], &[2, 3], |world, _| {
        world.cut = vec![(2, 3), (3, 2)]
    });
    assert!(world.lock().unwrap().elections.is_empty());
}

#[test]
fn a_message_lost_one_way_is_made_up_for() {
    for cut in [(2, 3), (3, 2)] {
        let world = run(Leader::Dead, [5, 5], &[2, 3], |world, _| {
            world.cut = vec![cut]
        });
        assert_eq!(world.lock().unwrap().elections.len(), 1, "{cut:?}");
    }
}

#[test]
fn a_replica_that_moved_on_has_no_say() {
    let world = run(Leader::Dead, [5, 5], &[2, 3], |world, _| {
        world.logs.remove(&3);
    });
    assert!(world.lock().unwrap().elections.is_empty());
}

#[test]
fn switched_off_it_asks_nobody_anything() {
    let world = run(Leader::Dead, [5, 5], &[2, 3], |_, config| {
        config.accelerated_failover = false
    });
    let world = world.lock().unwrap();
    assert!(world.elections.is_empty());
    assert_eq!(world.calls, 0);
}

#[test]
fn what_makes_no_sense_is_answered_with_nothing() {
    let mut runtime = SimRuntime::with_seed(1);
    let world = run(Leader::Leads, [5, 5], &[], |_, _| {});
    runtime.block_on(async {
        let config = GroupConfig {
            group: String::new(),
            incarnation: 1,
            id: 2,
            voters: Vec::new(),
            slowest_round_trip: Duration::ZERO,
            accelerated_failover: true,
            in_flight: 1,
        };
        let replica = Accelerator::<SimRuntime, _>::new(&config, Fake { me: 2, world });
        assert!(replica.serve(3, b"").await.is_empty());
        assert!(replica.serve(3, &[9; 40]).await.is_empty());
        assert!(
            !replica.accepts(3, epoch(1, 1), log(9)).await,
            "it knows of no leader at all"
        );
        replica.stream_ended(1);
        assert_eq!(replica.counters().streams_ended, 0);
    });
}
