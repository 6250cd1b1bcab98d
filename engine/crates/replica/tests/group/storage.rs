//! What stands on the disk: restarts, checkpoints, journals that are slow, full or broken.

use std::sync::atomic::Ordering;
use std::time::Duration;

use openraft::AsyncRuntime;
use openraft_rt_sim::SimRuntime as Sim;
use rialto_replica::{NotProposed, TransferRefused};

use crate::support::{Cluster, Event, numbered, simulate};
use crate::{SEEDS, confirm, other_than, own, transfer};

#[test]
fn all_restart_from_their_journals_and_checkpoints() {
    for seed in SEEDS {
        simulate(seed, async {
            let mut cluster = Cluster::<Sim>::new(3).await;
            let leader = cluster.wait_leader().await;
            cluster.propose_all(leader, numbered("a", 0..300)).await;
            for id in 1..=3 {
                cluster.wait_batches(id, 300).await;
            }
            // One keeps no checkpoint, one keeps one, one purges its log besides.
            cluster.checkpoint(1, Some(1));
            cluster.checkpoint(2, None);
            cluster
                .wait("a purge", |c| c.status(2).unwrap().purged > 290)
                .await;
            cluster.propose_all(leader, numbered("a", 300..400)).await;
            cluster.wait_batches(leader, 400).await;
            for id in 1..=3 {
                cluster.crash(id);
            }
            for id in 1..=3 {
                cluster.start(id).await.unwrap();
            }
            let leader = cluster.wait_leader().await;
            cluster.propose_all(leader, numbered("a", 400..410)).await;
            for id in 1..=3 {
                cluster.wait_batches(id, 410).await;
                assert_eq!(cluster.batches(id), numbered("a", 0..410));
            }
        });
    }
}

#[test]
fn a_replica_behind_the_purged_log_gets_a_checkpoint() {
    for seed in SEEDS {
        simulate(seed, async {
            let mut cluster = Cluster::<Sim>::new(3).await;
            let leader = cluster.wait_leader().await;
            let behind = other_than(leader);
            cluster.propose_all(leader, numbered("a", 0..10)).await;
            cluster.wait_batches(behind, 10).await;
            cluster.crash(behind);
            // Some files of the checkpoint take several frames.
            let big: Vec<Vec<u8>> = (0..60).map(|n| vec![n as u8; 20_000]).collect();
            cluster.propose_all(leader, big.clone()).await;
            cluster.wait_batches(leader, 70).await;
            let made = cluster.checkpoint(leader, None);
            cluster
                .wait("a purge", |c| {
                    c.status(leader).unwrap().purged == made.position
                })
                .await;
            cluster.propose_all(leader, numbered("b", 0..10)).await;
            cluster.start(behind).await.unwrap();
            cluster.wait_batches(behind, 80).await;
            assert_eq!(cluster.batches(behind), cluster.batches(leader));
            assert!(
                cluster
                    .events(behind)
                    .iter()
                    .any(|event| matches!(event, Event::Installed { .. }))
            );
            // From there on it restarts on its own.
            cluster.crash(behind);
            cluster.start(behind).await.unwrap();
            cluster.propose_all(leader, numbered("c", 0..10)).await;
            cluster.wait_batches(behind, 90).await;
            assert_eq!(cluster.batches(behind), cluster.batches(leader));
        });
    }
}

#[test]
fn one_voter_works_alone_and_at_once() {
    simulate(4, async {
        let mut cluster = Cluster::<Sim>::new(1).await;
        cluster.wait_leader().await;
        cluster.propose_all(1, numbered("a", 0..100)).await;
        cluster.wait_batches(1, 100).await;
        assert_eq!(own(&cluster, 1), 100);
        let status = cluster.status(1).unwrap();
        assert_eq!((status.role.as_str(), status.leader), ("leader", Some(1)));
        assert!(confirm(&cluster, 1).await.is_ok());
        assert_eq!(
            transfer(&cluster, 1, None).await,
            Err(TransferRefused::NoTarget)
        );
        cluster.checkpoint(1, None);
        cluster
            .wait("a purge", |c| c.status(1).unwrap().purged > 0)
            .await;
        cluster.crash(1);
        cluster.start(1).await.unwrap();
        cluster.wait_leader().await;
        cluster.propose_all(1, numbered("a", 100..200)).await;
        cluster.wait_batches(1, 200).await;
        assert_eq!(cluster.batches(1), numbered("a", 0..200));
    });
}

#[test]
fn a_broken_disk_is_fatal() {
    simulate(7, async {
        let cluster = Cluster::<Sim>::new(3).await;
        let leader = cluster.wait_leader().await;
        let follower = other_than(leader);
        cluster
            .node(follower)
            .failing
            .store(true, std::sync::atomic::Ordering::Release);
        cluster.propose_all(leader, numbered("a", 0..10)).await;
        cluster
            .wait("the end", |c| {
                c.node(follower).fatal.lock().unwrap().is_some()
            })
            .await;
        let reason = cluster
            .node(follower)
            .fatal
            .lock()
            .unwrap()
            .clone()
            .unwrap();
        assert!(reason.contains("the disk is broken"), "{reason}");
        cluster.wait_batches(leader, 10).await;
    });
}

#[test]
fn a_slow_owner_holds_up_nobody_else() {
    simulate(8, async {
        let cluster = Cluster::<Sim>::new(3).await;
        let leader = cluster.wait_leader().await;
        let epoch = cluster.leader();
        let slow = other_than(leader);
        cluster
            .node(slow)
            .paused
            .store(true, std::sync::atomic::Ordering::Release);
        let big: Vec<Vec<u8>> = (0..1500_u32)
            .map(|n| n.to_le_bytes().repeat(4096))
            .collect();
        cluster.propose_all(leader, big).await;
        cluster.wait_batches(leader, 1500).await;
        Sim::sleep(Duration::from_secs(2)).await;
        assert!(cluster.status(slow).unwrap().queued_bytes < 9 << 20);
        assert_eq!(cluster.leader(), epoch, "its timers went on");
        cluster
            .node(slow)
            .paused
            .store(false, std::sync::atomic::Ordering::Release);
        cluster.wait_batches(slow, 1500).await;
        assert_eq!(cluster.batches(slow), cluster.batches(leader));
    });
}

/// The checkpoint waits for its owner when its sender loses the connection and sends it again: that waits for its turn.
#[test]
fn a_checkpoint_being_installed_is_not_disturbed_by_the_next() {
    for seed in SEEDS {
        simulate(seed, async {
            let mut cluster = Cluster::<Sim>::new(3).await;
            let leader = cluster.wait_leader().await;
            let behind = other_than(leader);
            cluster.crash(behind);
            cluster.propose_all(leader, numbered("a", 0..50)).await;
            cluster.wait_batches(leader, 50).await;
            let made = cluster.checkpoint(leader, None);
            cluster
                .wait("a purge", |c| {
                    c.status(leader).unwrap().purged == made.position
                })
                .await;
            cluster.node(behind).paused.store(true, Ordering::Release);
            cluster.start(behind).await.unwrap();
            let checkpoints = cluster.node(behind).checkpoints.clone();
            cluster
                .wait("a checkpoint", |_| {
                    checkpoints.complete.load(Ordering::Acquire)
                })
                .await;
            // Longer than the sender waits for an answer.
            cluster.hub.isolate(behind, true);
            Sim::sleep(Duration::from_secs(25)).await;
            cluster.hub.isolate(behind, false);
            Sim::sleep(Duration::from_secs(5)).await;
            assert!(checkpoints.complete.load(Ordering::Acquire));
            assert_eq!(checkpoints.begun.load(Ordering::Acquire), 1);
            cluster.node(behind).paused.store(false, Ordering::Release);
            cluster.propose_all(leader, numbered("b", 0..10)).await;
            cluster.wait_batches(behind, 60).await;
            assert_eq!(cluster.batches(behind), cluster.batches(leader));
            assert_eq!(*cluster.node(behind).fatal.lock().unwrap(), None);
        });
    }
}

/// The others are a majority without a leader whose disk has no room: what it could not write must not grow without end.
#[test]
fn a_leader_whose_disk_is_full_stops_collecting_entries() {
    simulate(1, async {
        let cluster = Cluster::<Sim>::new(3).await;
        let leader = cluster.wait_leader().await;
        cluster.node(leader).full.store(true, Ordering::Release);
        let durable = cluster.node(leader).disk.lock().unwrap().next;
        let mut taken = 0;
        for _ in 0..4_000 {
            match cluster.propose(leader, &vec![7; 1 << 20]) {
                Ok(()) => taken += 1,
                Err(NotProposed::Full) => Sim::sleep(Duration::from_millis(1)).await,
                Err(reason) => panic!("not proposed: {reason}"),
            }
            if taken > 400 {
                break;
            }
        }
        let last = cluster.status(leader).unwrap().last;
        assert!(
            last > durable + 20,
            "the others committed without it: {last}"
        );
        assert!(
            last < durable + 100,
            "{last} entries of 1 MiB while none of them was durable here"
        );
        // With room again all of it goes on.
        cluster.node(leader).full.store(false, Ordering::Release);
        cluster.wait_batches(leader, taken).await;
    });
}

/// Stopped between the two steps in which a restart gives its log up for a checkpoint, it starts all the same.
#[test]
fn a_log_given_up_for_a_checkpoint_may_stop_half_way() {
    for seed in SEEDS {
        simulate(seed, async {
            let mut cluster = Cluster::<Sim>::new(3).await;
            let leader = cluster.wait_leader().await;
            let other = other_than(leader);
            cluster.propose_all(leader, numbered("a", 0..50)).await;
            cluster.wait_batches(other, 50).await;
            // Nothing is purged on its account: the note says nothing of it.
            let made = cluster.checkpoint(other, Some(1));
            cluster.crash(other);
            {
                let mut disk = cluster.node(other).disk.lock().unwrap();
                disk.entries.clear();
                disk.first = made.position + 1;
                disk.next = made.position + 1;
            }
            cluster.start(other).await.unwrap();
            cluster
                .wait("a note", |c| {
                    c.status(other).unwrap().purged == made.position
                })
                .await;
            cluster.propose_all(leader, numbered("a", 50..60)).await;
            cluster.wait_batches(other, 60).await;
            assert_eq!(cluster.batches(other), cluster.batches(leader));
        });
    }
}

/// A checkpoint took the place of entries that another leader never committed: a restart gives those up.
#[test]
fn entries_a_checkpoint_contradicts_are_given_up() {
    for seed in SEEDS {
        simulate(seed, async {
            let mut cluster = Cluster::<Sim>::new(3).await;
            let old = cluster.wait_leader().await;
            cluster.propose_all(old, numbered("a", 0..10)).await;
            cluster.wait_batches(old, 10).await;
            // Cut off, it writes what never becomes a majority's.
            cluster.hub.isolate(old, true);
            cluster.propose_all(old, numbered("lost", 0..40)).await;
            Sim::sleep(Duration::from_millis(20)).await;
            let stale = cluster.node(old).disk.lock().unwrap().next;
            cluster.crash(old);
            cluster.hub.isolate(old, false);
            let leader = cluster.wait_leader_but(old).await;
            cluster.propose_all(leader, numbered("b", 0..20)).await;
            cluster.wait_batches(leader, 30).await;
            let made = cluster.checkpoint(leader, Some(1));
            assert!(
                made.position + 1 < stale,
                "the checkpoint lies among what was lost"
            );
            let checkpoint = cluster
                .node(leader)
                .checkpoints
                .kept
                .lock()
                .unwrap()
                .clone();
            *cluster.node(old).checkpoints.kept.lock().unwrap() = checkpoint;
            cluster.start(old).await.unwrap();
            let first = cluster.node(old).disk.lock().unwrap().first;
            assert_eq!(first, made.position + 1);
            cluster.propose_all(leader, numbered("b", 20..30)).await;
            cluster.wait_batches(old, 40).await;
            assert_eq!(cluster.batches(old), cluster.batches(leader));
        });
    }
}
