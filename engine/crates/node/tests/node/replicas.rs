//! Three replicas hold the same: followers serve market data, say how old they are, and one that lost everything is given it.

use crate::cluster::{NODES, Trader, Trio};
use serde_json::Value;
use std::fs;

#[test]
fn three_nodes_hold_the_same_and_only_the_leader_takes_orders() {
    let trio = Trio::new();
    let nodes = trio.start();
    let mut trader = Trader::new();
    trader.trade(&nodes, 2_000);
    trader.check(&nodes);
    nodes.agree();
    let leader = nodes.leader();
    let end = nodes.running[&leader].login("feed", "FEED", 0).next;
    let feed = nodes.running[&leader]
        .login("feed", "FEED", 1)
        .messages(end - 1);
    for (i, node) in &nodes.running {
        let (code, read) = node.json("GET", "/v1/markets/eq/state?read=leader", "");
        let replication = node.market()["replication"].clone();
        assert_eq!(replication["leader"]["node"], NODES[leader]);
        assert_eq!(replication["voters"].as_array().unwrap().len(), 3);
        assert!(
            node.login("feed", "FEED", 1).messages(end - 1) == feed,
            "replica {i} serves another feed"
        );
        if *i == leader {
            assert_eq!(code, 200, "{read}");
            assert_eq!(replication["heard_from_leader_ms"], Value::Null);
            assert_eq!(node.metric("rialto_leader{market=\"eq\"}"), 1.0);
            node.until("all have all", |m| {
                let voters = m["replication"]["voters"].as_array().unwrap();
                voters.iter().all(|voter| voter["lag"] == 0)
            });
            drop(node.login("snapshot", "FEED", 1));
            continue;
        }
        assert_eq!(code, 503, "{read}");
        assert!(read["next"].as_str().unwrap().contains(NODES[leader]));
        assert_eq!(node.market()["role"], "follower");
        assert!(nodes.state(*i)["age_ms"].as_f64().unwrap() < 60_000.0);
        assert!(replication["heard_from_leader_ms"].as_f64().is_some());
        let mut refused = node.connect("orders");
        assert_eq!(refused.login("ALICE", "secret-a", "", 0), Err(b'S'));
        let (code, refused) = node.json("POST", "/v1/markets/eq/halt", "");
        assert_eq!(code, 503, "{refused}");
        assert!(refused["next"].as_str().unwrap().contains(NODES[leader]));
    }
    let (code, bad) = nodes.running[&0].json("GET", "/v1/markets/eq/state?read=maybe", "");
    assert_eq!(code, 422, "{bad}");
}

#[test]
fn a_replica_that_lost_everything_is_given_a_checkpoint_with_its_streams() {
    let trio = Trio::new();
    let mut nodes = trio.start();
    let mut trader = Trader::new();
    let lost = nodes.follower();
    let mut feed = nodes.running[&lost].login("feed", "FEED", 1);
    feed.message();
    nodes.kill(lost);
    fs::remove_dir_all(trio.places[lost].path("data")).unwrap();
    for _ in 0..3 {
        trader.trade(&nodes, 12_000);
        for i in nodes.running.keys() {
            nodes.checkpoint(*i);
        }
    }
    let leader = nodes.leader();
    nodes.running[&leader].until("purged", |m| m["journal"]["first"].as_u64() > Some(1));
    trader.trade(&nodes, 100);
    nodes.start(lost);
    nodes.agree();
    assert_eq!(trio.places[lost].events("checkpoint_installed").len(), 1);
    let shipped =
        |i: &usize| nodes.running[i].metric("rialto_checkpoints_shipped_total{market=\"eq\"}");
    assert!(nodes.running.keys().map(shipped).sum::<f64>() >= 1.0);
    // It can lead: every stream is there from the first message on.
    nodes.transfer(lost);
    trader.trade(&nodes, 100);
    trader.check(&nodes);
    nodes.agree();
    // And what it was given outlives a restart.
    nodes.kill(lost);
    nodes.start(lost);
    nodes.agree();
    trader.trade(&nodes, 100);
    trader.check(&nodes);
}

#[test]
fn followers_make_and_purge_by_checkpoints_of_their_own() {
    let trio = Trio::new();
    let mut nodes = trio.start();
    let mut trader = Trader::new();
    for _ in 0..3 {
        trader.trade(&nodes, 5_000);
        nodes.agree();
        for i in 0..3 {
            nodes.checkpoint(i);
        }
    }
    for node in nodes.running.values() {
        node.until("purged", |m| m["journal"]["first"].as_u64() > Some(1));
    }
    let follower = nodes.follower();
    let before = nodes.agree();
    assert_eq!(nodes.take(follower).stop().code(), Some(0));
    nodes.start(follower);
    assert_eq!(nodes.agree(), before);
    trader.check(&nodes);
}
