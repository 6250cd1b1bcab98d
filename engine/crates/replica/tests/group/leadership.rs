//! How leadership begins: who founds a group, and how a new leader finds what the others have.

use std::time::Duration;

use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime as Sim;

use crate::support::{Cluster, numbered, simulate};
use crate::{SEEDS, transfer};

#[test]
fn the_first_voter_founds_the_group_and_nobody_deposes_it() {
    for seed in SEEDS {
        simulate(seed, async {
            let cluster = Cluster::<Sim>::new(3).await;
            assert_eq!(cluster.wait_leader().await, 1);
            // Until every other one's turn to found it would have come.
            Sim::sleep(Duration::from_secs(4)).await;
            let (leader, epoch) = cluster.leader().unwrap();
            assert_eq!((leader, epoch.term), (1, 1));
            for id in 2..=3 {
                assert_eq!(cluster.status(id).unwrap().elections, 0, "replica {id}");
            }
        });
    }
}

#[test]
fn without_the_first_voter_the_next_one_founds_the_group() {
    for seed in SEEDS {
        simulate(seed, async {
            let mut cluster = Cluster::<Sim>::new(3).await;
            cluster.crash(1);
            assert_eq!(cluster.wait_leader_but(1).await, 2);
            let (_, epoch) = cluster.leader().unwrap();
            // Empty, or with what it wrote when it founded the group alone: it follows.
            cluster.start(1).await.unwrap();
            cluster.propose_all(2, numbered("a", 0..10)).await;
            cluster.wait_batches(1, 10).await;
            Sim::sleep(Duration::from_secs(4)).await;
            assert_eq!(cluster.leader(), Some((2, epoch)));
        });
    }
}

#[test]
fn a_new_leader_finds_the_end_of_a_long_log_at_once() {
    for seed in SEEDS {
        simulate(seed, async {
            let cluster = Cluster::<Sim>::new(3).await;
            let leader = cluster.wait_leader().await;
            cluster.propose_all(leader, numbered("a", 0..5000)).await;
            for id in 1..=3 {
                cluster.wait_batches(id, 5000).await;
            }
            let before = cluster.hub.frames();
            assert_eq!(transfer(&cluster, leader, Some(2)).await, Ok(2));
            cluster.wait_leader_but(leader).await;
            // To each of the two others a probe, the first entry and what is committed, and an answer to each; bisection alone
            // would take ten probes.
            let frames = cluster.hub.frames() - before;
            assert!(frames <= 16, "{frames} frames");
        });
    }
}

#[test]
fn a_new_leader_trusts_no_end_that_is_not_its_own() {
    for seed in SEEDS {
        simulate(seed, async {
            let mut cluster = Cluster::<Sim>::new(3).await;
            let first = cluster.wait_leader().await;
            cluster.propose_all(first, numbered("a", 0..100)).await;
            for id in 1..=3 {
                cluster.wait_batches(id, 100).await;
            }
            // What only the first leader has is never committed; its log is longer than the one that goes on without it.
            cluster.hub.isolate(first, true);
            for batch in numbered("lost", 0..50) {
                cluster.propose(first, &batch).unwrap();
            }
            let second = cluster.wait_leader_but(first).await;
            cluster.propose_all(second, numbered("b", 0..20)).await;
            cluster.wait_batches(second, 120).await;
            // The next leader meets it with the end that contradicts its own.
            let third = 6 - first - second;
            assert_eq!(transfer(&cluster, second, Some(third)).await, Ok(third));
            // The one that is cut off takes itself for a leader still.
            let leads =
                |cluster: &Cluster<Sim>| cluster.leader().is_some_and(|(id, _)| id == third);
            cluster.wait("the third one's leadership", leads).await;
            cluster.crash(first);
            cluster.hub.isolate(first, false);
            cluster.start(first).await.unwrap();
            cluster.propose_all(third, numbered("c", 0..10)).await;
            let expected: Vec<_> = [("a", 100), ("b", 20), ("c", 10)]
                .iter()
                .flat_map(|(prefix, count)| numbered(prefix, 0..*count))
                .collect();
            for id in 1..=3 {
                cluster.wait_batches(id, 130).await;
                assert_eq!(cluster.batches(id), expected, "replica {id}");
            }
        });
    }
}
