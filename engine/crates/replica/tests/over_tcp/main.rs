//! Whole groups over loopback TCP: the accelerated failover as it is when a process dies.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod cluster;
mod proxy;

use std::time::Duration;

use cluster::{Cluster, PATIENCE};

/// Timers so slow that no election comes from them while a test runs.
const NEVER: Duration = Duration::from_secs(20);
/// Far below the shortest election timeout that follows from [`NEVER`].
const SOON: Duration = Duration::from_secs(15);

#[test]
fn a_leader_that_dies_is_replaced_long_before_its_timers_run_out() {
    let mut cluster = Cluster::start(NEVER, true);
    assert!(rialto_replica::timers(NEVER).election_min > 2 * SOON);
    cluster.commit(b"first", PATIENCE);
    let (first, before) = cluster.leader().unwrap();
    cluster.kill(first);
    let second = cluster.commit(b"second", SOON);
    let (_, after) = cluster.leader().unwrap();
    assert!(second != first && after.term > before.term);
    assert!(
        cluster.has(second, b"first"),
        "what was acknowledged before is still there"
    );
    let suspicions: u64 = (1..=3)
        .filter(|id| *id != first)
        .map(|id| cluster.status(id).suspicions)
        .sum();
    assert!(suspicions >= 2, "a majority suspected");

    cluster.restart(first);
    cluster.wait("the old leader's catching up", SOON, |cluster| {
        cluster.has(first, b"second").then_some(())
    });
    assert_eq!(cluster.batches(first), cluster.batches(second));
    assert_eq!(
        cluster.leader().unwrap(),
        (second, after),
        "coming back disturbs nobody"
    );
}

#[test]
fn with_the_switch_off_only_the_timers_replace_a_leader() {
    let mut cluster = Cluster::start(NEVER, false);
    cluster.commit(b"first", PATIENCE);
    let (first, _) = cluster.leader().unwrap();
    let elections = |cluster: &Cluster| -> u64 {
        (1..=3)
            .filter(|id| *id != first)
            .map(|id| cluster.status(id).elections)
            .sum()
    };
    let before = elections(&cluster);
    cluster.kill(first);
    std::thread::sleep(Duration::from_secs(2));
    assert_eq!(cluster.leader(), None);
    assert_eq!(elections(&cluster), before);
    for id in (1..=3).filter(|id| *id != first) {
        assert_eq!(cluster.status(id).suspicions, 0);
    }
}

#[test]
fn a_follower_that_dies_disturbs_nobody() {
    let mut cluster = Cluster::start(NEVER, true);
    cluster.commit(b"first", PATIENCE);
    let (leader, epoch) = cluster.leader().unwrap();
    let follower = (1..=3).find(|id| *id != leader).unwrap();
    cluster.kill(follower);
    assert_eq!(cluster.commit(b"second", SOON), leader);
    cluster.restart(follower);
    cluster.wait("the follower's catching up", SOON, |cluster| {
        cluster.has(follower, b"second").then_some(())
    });
    assert_eq!(cluster.leader().unwrap(), (leader, epoch));
}

#[test]
fn each_of_several_leaders_in_turn_is_replaced() {
    // Timers as near 0 ms: the limit of one accelerated election in a timeout must not keep a later death waiting for ever.
    let mut cluster = Cluster::start(Duration::ZERO, true);
    let mut expected = Vec::new();
    for round in 0..5_u8 {
        let batch = vec![round; 3];
        let leader = cluster.commit(&batch, PATIENCE);
        expected.push(batch);
        cluster.kill(leader);
        let batch = vec![round, 99];
        cluster.commit(&batch, PATIENCE);
        expected.push(batch);
        cluster.restart(leader);
        cluster.wait("the dead one's catching up", PATIENCE, |cluster| {
            cluster.has(leader, expected.last().unwrap()).then_some(())
        });
    }
    for id in 1..=3 {
        cluster.wait("everybody's catching up", PATIENCE, |cluster| {
            cluster.has(id, expected.last().unwrap()).then_some(())
        });
        let mut batches = cluster.batches(id);
        // What was proposed again under a new leadership may stand there twice.
        batches.dedup();
        assert_eq!(batches, expected, "replica {id}");
    }
}

#[test]
fn a_leader_whose_streams_end_and_which_says_that_it_leads_goes_on_leading() {
    let cluster = Cluster::start_through_proxies(NEVER, true);
    cluster.commit(b"first", PATIENCE);
    let (leader, epoch) = cluster.leader().unwrap();
    for round in 0..10_u8 {
        for follower in (1..=3).filter(|id| *id != leader) {
            cluster.proxies[&(leader, follower)].cut();
        }
        assert_eq!(cluster.commit(&[round], SOON), leader);
    }
    assert_eq!(cluster.leader().unwrap(), (leader, epoch));
    for id in 1..=3 {
        assert_eq!(cluster.status(id).suspicions, 0, "replica {id}");
    }
}

#[test]
fn a_leader_that_seems_gone_to_one_voter_alone_goes_on_leading() {
    let cluster = Cluster::start_through_proxies(NEVER, true);
    cluster.commit(b"first", PATIENCE);
    let (leader, epoch) = cluster.leader().unwrap();
    let follower = (1..=3).find(|id| *id != leader).unwrap();
    cluster.wait("the entry at the follower", SOON, |cluster| {
        cluster.has(follower, b"first").then_some(())
    });
    cluster.proxies[&(follower, leader)].refuse();
    cluster.proxies[&(leader, follower)].refuse();
    cluster.wait("a suspicion", SOON, |cluster| {
        (cluster.status(follower).suspicions > 0).then_some(())
    });
    for round in 0..10_u8 {
        assert_eq!(cluster.commit(&[round], SOON), leader);
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(cluster.leader().unwrap(), (leader, epoch));
    let third = (1..=3).find(|id| *id != leader && *id != follower).unwrap();
    assert_eq!(cluster.status(third).suspicions, 0);
}
