//! Groups of three replicas and of one, on the virtual clock: order, roles, failures, restarts.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod leadership;
mod storage;
#[path = "../support/mod.rs"]
mod support;

use std::time::Duration;

use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime as Sim;
use rialto_replica::{Log, NotLeader, NotProposed, Role, TransferRefused};
use support::{Cluster, Event, config, numbered, simulate};
use tokio::sync::oneshot;

const SEEDS: std::ops::Range<u64> = 0..6;

fn own(cluster: &Cluster<Sim>, id: u64) -> usize {
    cluster
        .events(id)
        .iter()
        .filter(|event| matches!(event, Event::Batch { own: true, .. }))
        .count()
}

async fn transfer(
    cluster: &Cluster<Sim>,
    from: u64,
    to: Option<u64>,
) -> Result<u64, TransferRefused> {
    let (reply, answer) = oneshot::channel();
    cluster
        .node(from)
        .group
        .lock()
        .unwrap()
        .as_mut()
        .unwrap()
        .transfer(to, reply);
    answer.await.unwrap().map(|epoch| epoch.node)
}

async fn confirm(cluster: &Cluster<Sim>, id: u64) -> Result<u64, NotLeader> {
    let (reply, answer) = oneshot::channel();
    cluster
        .node(id)
        .group
        .lock()
        .unwrap()
        .as_mut()
        .unwrap()
        .confirm_leadership(reply);
    answer.await.unwrap()
}

fn other_than(leader: u64) -> u64 {
    leader % 3 + 1
}

#[test]
fn what_is_proposed_comes_out_everywhere_in_order() {
    for seed in SEEDS {
        simulate(seed, async {
            let cluster = Cluster::<Sim>::new(3).await;
            let leader = cluster.wait_leader().await;
            cluster.propose_all(leader, numbered("a", 0..1000)).await;
            for id in 1..=3 {
                cluster.wait_batches(id, 1000).await;
                assert_eq!(cluster.batches(id), numbered("a", 0..1000));
                assert_eq!(own(&cluster, id), if id == leader { 1000 } else { 0 });
            }
            assert_eq!(
                cluster.propose(other_than(leader), b"x"),
                Err(NotProposed::NotLeader)
            );
        });
    }
}

#[test]
fn no_more_is_in_flight_than_may_be() {
    simulate(1, async {
        let cluster = Cluster::<Sim>::with(3, Duration::from_micros(200), |cluster| {
            cluster.in_flight = 4
        })
        .await;
        let leader = cluster.wait_leader().await;
        for _ in 0..4 {
            cluster.propose(leader, b"x").unwrap();
        }
        assert_eq!(cluster.propose(leader, b"x"), Err(NotProposed::Full));
        assert_eq!(cluster.status(leader).unwrap().in_flight, 4);
        cluster.wait_batches(leader, 4).await;
        assert_eq!(cluster.propose(leader, b"x"), Ok(()));
    });
}

#[test]
fn leadership_comes_after_everything_of_earlier_ones() {
    for seed in SEEDS {
        simulate(seed, async {
            let cluster = Cluster::<Sim>::new(3).await;
            let first = cluster.wait_leader().await;
            cluster.propose_all(first, numbered("a", 0..200)).await;
            cluster.wait_batches(first, 200).await;
            cluster.crash(first);
            let second = cluster.wait_leader_but(first).await;
            let events = cluster.events(second);
            let leads = events
                .iter()
                .rposition(|event| matches!(event, Event::Role(Role::Leader { .. })))
                .unwrap();
            let batches = events[..leads]
                .iter()
                .filter(|event| matches!(event, Event::Batch { .. }))
                .count();
            assert_eq!(
                batches, 200,
                "what was committed came out before leadership"
            );
            assert!(
                matches!(events[leads - 1], Event::Blank { .. }),
                "the own blank entry came just before"
            );
            cluster.propose_all(second, numbered("b", 0..10)).await;
            cluster.wait_batches(second, 210).await;
        });
    }
}

#[test]
fn a_crashed_leader_loses_nothing_and_rejoins() {
    for seed in SEEDS {
        simulate(seed, async {
            let mut cluster = Cluster::<Sim>::new(3).await;
            let mut total = Vec::new();
            for round in 0..4 {
                let leader = cluster.wait_leader().await;
                let batches = numbered(&format!("round-{round}"), 0..50);
                cluster.propose_all(leader, batches.clone()).await;
                total.extend(batches);
                cluster.wait_batches(leader, total.len()).await;
                cluster.crash(leader);
                let next = cluster.wait_leader_but(leader).await;
                assert_eq!(cluster.batches(next), total);
                cluster.start(leader).await.unwrap();
                cluster.wait_batches(leader, total.len()).await;
                assert_eq!(cluster.batches(leader), total);
            }
        });
    }
}

/// A leader that is cut off with proposals in flight: none of them is ever its own again, none slips into a later
/// leadership of its own, and the tail of its log gives way.
#[test]
fn proposals_of_a_lost_leadership_stay_lost() {
    for seed in SEEDS {
        simulate(seed, async {
            let cluster = Cluster::<Sim>::new(3).await;
            let old = cluster.wait_leader().await;
            cluster.propose_all(old, numbered("kept", 0..20)).await;
            cluster.wait_batches(old, 20).await;
            cluster.hub.isolate(old, true);
            // Some are written to its own log, the rest is held back once its lease has run out.
            for batch in numbered("lost", 0..40) {
                cluster.propose(old, &batch).unwrap();
                Sim::sleep(Duration::from_millis(5)).await;
            }
            let new = cluster.wait_leader_but(old).await;
            cluster.propose_all(new, numbered("new", 0..20)).await;
            cluster.wait_batches(new, 40).await;
            assert!(
                cluster.status(old).unwrap().last > 22,
                "its log has a tail of its own"
            );
            cluster.hub.isolate(old, false);
            cluster.wait_batches(old, 40).await;
            cluster
                .wait("the loss", |c| {
                    !matches!(
                        c.node(old).owned.lock().unwrap().role,
                        Some(Role::Leader { .. })
                    )
                })
                .await;
            assert_eq!(cluster.propose(old, b"late"), Err(NotProposed::NotLeader));
            // And back: what was held back must not come with the new leadership.
            loop {
                let leader = cluster.leader().unwrap().0;
                if transfer(&cluster, leader, Some(old)).await == Ok(old) {
                    break;
                }
                Sim::sleep(Duration::from_millis(20)).await;
            }
            cluster
                .wait("leading again", |c| {
                    c.leader().is_some_and(|(id, _)| id == old)
                })
                .await;
            cluster.propose_all(old, numbered("again", 0..20)).await;
            let mut expected = numbered("kept", 0..20);
            expected.extend(numbered("new", 0..20));
            expected.extend(numbered("again", 0..20));
            for id in 1..=3 {
                cluster.wait_batches(id, 60).await;
                assert_eq!(cluster.batches(id), expected);
            }
            assert_eq!(own(&cluster, old), 40);
        });
    }
}

/// Cut off for longer than its lease, but not long enough for an election: it refuses to write for a while, and what was
/// proposed meanwhile comes out later, in order.
#[test]
fn a_short_pause_keeps_the_order() {
    for seed in SEEDS {
        simulate(seed, async {
            let cluster = Cluster::<Sim>::new(3).await;
            let leader = cluster.wait_leader().await;
            let epoch = cluster.leader();
            cluster.propose_all(leader, numbered("a", 0..20)).await;
            cluster.hub.isolate(leader, true);
            for batch in numbered("a", 20..62) {
                cluster.propose(leader, &batch).unwrap();
                Sim::sleep(Duration::from_millis(5)).await;
            }
            cluster.hub.isolate(leader, false);
            cluster.propose_all(leader, numbered("a", 62..80)).await;
            cluster
                .wait("a decision", |c| {
                    c.leader() != epoch || c.batches(leader).len() == 80
                })
                .await;
            if cluster.leader() == epoch {
                assert_eq!(cluster.batches(leader), numbered("a", 0..80));
                assert_eq!(own(&cluster, leader), 80);
            }
        });
    }
}

#[test]
fn leadership_moves_when_asked() {
    for seed in SEEDS {
        simulate(seed, async {
            let cluster = Cluster::<Sim>::new(3).await;
            let leader = cluster.wait_leader().await;
            cluster.propose_all(leader, numbered("a", 0..100)).await;
            cluster.wait_batches(leader, 100).await;
            let to = other_than(leader);
            assert_eq!(
                transfer(&cluster, to, None).await,
                Err(TransferRefused::NotLeader {
                    leader: Some(leader)
                })
            );
            assert_eq!(
                transfer(&cluster, leader, Some(leader)).await,
                Err(TransferRefused::AlreadyLeads { to: leader })
            );
            assert_eq!(
                transfer(&cluster, leader, Some(9)).await,
                Err(TransferRefused::Unknown { to: 9 })
            );
            cluster
                .wait("the followers' answers", |c| {
                    c.status(leader)
                        .unwrap()
                        .voters
                        .iter()
                        .all(|voter| voter.heard_ns_ago.is_some())
                })
                .await;
            assert_eq!(transfer(&cluster, leader, Some(to)).await, Ok(to));
            cluster
                .wait("the new leader", |c| {
                    c.leader().is_some_and(|(id, _)| id == to)
                })
                .await;
            cluster.propose_all(to, numbered("b", 0..100)).await;
            let third = transfer(&cluster, to, None).await.unwrap();
            assert_ne!(third, to);
            cluster
                .wait("the new leader", |c| {
                    c.leader().is_some_and(|(id, _)| id == third)
                })
                .await;
            // Nothing committed is lost, and no batch is there twice.
            let batches = cluster.batches(third);
            let distinct: std::collections::BTreeSet<_> = batches.iter().collect();
            assert_eq!(batches.len(), distinct.len());
            assert!(
                numbered("a", 0..100)
                    .iter()
                    .all(|batch| batches.contains(batch))
            );
        });
    }
}

#[test]
fn a_silent_voter_is_refused_as_next_leader() {
    simulate(3, async {
        let cluster = Cluster::<Sim>::new(3).await;
        let leader = cluster.wait_leader().await;
        let gone = other_than(leader);
        cluster.crash(gone);
        Sim::sleep(Duration::from_secs(1)).await;
        assert_eq!(
            transfer(&cluster, leader, Some(gone)).await,
            Err(TransferRefused::Silent { to: gone })
        );
        let third = 6 - leader - gone;
        assert_eq!(transfer(&cluster, leader, None).await, Ok(third));
    });
}

#[test]
fn leadership_is_confirmed_by_a_majority_or_not_at_all() {
    for seed in SEEDS {
        simulate(seed, async {
            let cluster = Cluster::<Sim>::new(3).await;
            let leader = cluster.wait_leader().await;
            cluster.propose_all(leader, numbered("a", 0..10)).await;
            cluster.wait_batches(leader, 10).await;
            let at = confirm(&cluster, leader).await.unwrap();
            assert!(at >= cluster.node(leader).owned.lock().unwrap().position);
            let follower = other_than(leader);
            assert_eq!(
                confirm(&cluster, follower).await,
                Err(NotLeader::Follower {
                    leader: Some(leader)
                })
            );
            // Cut off, it may think it leads; it must not say so, not even within its lease.
            cluster.hub.isolate(leader, true);
            assert_eq!(confirm(&cluster, leader).await, Err(NotLeader::NoMajority));
            cluster.wait_leader_but(leader).await;
            assert!(confirm(&cluster, leader).await.is_err());
        });
    }
}

#[test]
fn distant_voters_stay_writable_after_a_rest() {
    simulate(5, async {
        // A round trip of 80 ms: a heartbeat that is not waited for that long is never answered.
        let cluster = Cluster::<Sim>::with(3, Duration::from_millis(40), |_| {}).await;
        let leader = cluster.wait_leader().await;
        let epoch = cluster.leader();
        Sim::sleep(Duration::from_secs(10)).await;
        assert_eq!(cluster.leader(), epoch);
        let confirmed = confirm(&cluster, leader).await;
        assert!(
            confirmed.is_ok(),
            "{confirmed:?} {:?}",
            cluster.status(leader)
        );
        cluster.propose_all(leader, numbered("a", 0..100)).await;
        cluster.wait_batches(leader, 100).await;
        assert_eq!(cluster.leader(), epoch);
    });
}

#[test]
fn another_group_or_lineage_is_refused() {
    type Change = fn(&mut rialto_replica::GroupConfig);
    let changes: [Change; 2] = [
        |config| config.incarnation = 2,
        |config| config.group = String::from("test/other"),
    ];
    for change in changes {
        simulate(6, async move {
            let mut cluster = Cluster::<Sim>::new(3).await;
            cluster.wait_leader().await;
            cluster.crash(3);
            let disk = support::journal::empty();
            cluster.nodes[2].disk = disk;
            let mut config = config(3, 3, false);
            change(&mut config);
            cluster.start_with(config).await.unwrap();
            let leader = cluster.wait_leader().await;
            cluster.propose_all(leader, numbered("a", 0..10)).await;
            cluster.wait_batches(leader, 10).await;
            Sim::sleep(Duration::from_secs(2)).await;
            assert!(cluster.batches(3).is_empty());
            assert_eq!(cluster.status(3).unwrap().committed, 0);
            assert_eq!(
                cluster.leader().unwrap().0,
                leader,
                "and it does not disturb the group"
            );
        });
    }
}

#[test]
fn a_dead_leader_is_noticed_by_its_streams() {
    for seed in SEEDS {
        simulate(seed, async {
            let cluster = Cluster::<Sim>::with(3, Duration::from_micros(200), |cluster| {
                cluster.accelerated = true
            })
            .await;
            let leader = cluster.wait_leader().await;
            cluster.propose_all(leader, numbered("a", 0..100)).await;
            for id in 1..=3 {
                cluster.wait_batches(id, 100).await;
            }
            cluster.crash(leader);
            let next = cluster.wait_leader_but(leader).await;
            let third = 6 - leader - next;
            let suspicions = [next, third].map(|id| cluster.status(id).unwrap().suspicions);
            assert!(suspicions.iter().sum::<u64>() > 0, "{suspicions:?}");
            cluster.propose_all(next, numbered("b", 0..10)).await;
            cluster.wait_batches(third, 110).await;
        });
    }
}

#[test]
fn a_stopped_group_says_so() {
    simulate(9, async {
        let cluster = Cluster::<Sim>::new(1).await;
        cluster.wait_leader().await;
        let group = cluster.node(1).group.lock().unwrap().take().unwrap();
        group.stop().await;
        assert!(cluster.node(1).fatal.lock().unwrap().is_none());
    });
}

#[test]
fn contradictory_configurations_are_refused() {
    type Change = fn(&mut rialto_replica::GroupConfig);
    let changes: [(Change, &str); 3] = [
        (|config| config.voters[0].id = 7, "not among the voters"),
        (|config| config.in_flight = 0, "in_flight"),
        (
            |config| config.voters.push(config.voters[0].clone()),
            "same number",
        ),
    ];
    for (change, said) in changes {
        simulate(10, async move {
            let mut cluster = Cluster::<Sim>::new(1).await;
            let mut config = config(1, 1, false);
            change(&mut config);
            let error = cluster.start_with(config).await.unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        });
    }
}
