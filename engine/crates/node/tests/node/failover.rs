//! Leaders that die, freeze, hand over or stop: clients carry on, with every report exactly once.

use crate::client::{Client, Packet, enter, packet};
use crate::cluster::{NODES, Trader, Trio};
use serde_json::json;
use std::thread::sleep;
use std::time::Duration;

#[test]
fn a_client_has_every_report_once_however_often_the_leader_is_killed() {
    let trio = Trio::new();
    let mut nodes = trio.start();
    let mut trader = Trader::new();
    for _ in 0..3 {
        for _ in 0..10 {
            trader.send(&nodes, 50);
        }
        for _ in 0..200 {
            trader.read();
        }
        let leader = nodes.leader();
        nodes.kill(leader);
        trader.trade(&nodes, 50);
        nodes.start(leader);
    }
    trader.settle(&nodes);
    trader.check(&nodes);
    nodes.agree();
}

#[test]
fn all_three_killed_and_restarted_have_lost_nothing() {
    let trio = Trio::new();
    let mut nodes = trio.start();
    let mut trader = Trader::new();
    trader.trade(&nodes, 2_000);
    nodes.checkpoint(nodes.follower());
    trader.send(&nodes, 500);
    for _ in 0..100 {
        trader.read();
    }
    for i in 0..3 {
        nodes.kill(i);
    }
    for i in 0..3 {
        nodes.start(i);
    }
    trader.settle(&nodes);
    trader.check(&nodes);
    nodes.agree();
}

#[test]
fn a_frozen_leader_that_wakes_says_nothing_stale() {
    let trio = Trio::new();
    let nodes = trio.start();
    let mut trader = Trader::new();
    trader.trade(&nodes, 100);
    let old = nodes.leader();
    let mut stuck = nodes.login("BOB", 0);
    let next = stuck.next;
    nodes.running[&old].signal(libc::SIGSTOP);
    let others: Vec<usize> = (0..3).filter(|i| *i != old).collect();
    let new = nodes.leader_among(&others);
    // An order to the frozen one, and a login of the other client at the new one.
    stuck.write(&packet(b'U', &enter(1, b'B', 1, "ACME", 100, &[])));
    let mut alice = nodes.running[&new].login("orders", "ALICE", 0);
    alice.user_ref = 100;
    for _ in 0..50 {
        alice.enter(b'B', 1, "ACME", 100);
    }
    alice.messages(50);
    let now = nodes.running[&new].json("GET", "/v1/markets/eq/state?read=leader", "");
    assert_eq!(now.0, 200, "{}", now.1);
    nodes.running[&old].signal(libc::SIGCONT);
    let (code, state) = nodes.running[&old].json("GET", "/v1/markets/eq/state?read=leader", "");
    assert_eq!(code, 503, "{state}");
    // The order to the frozen one has no answer there.
    loop {
        match stuck.packet() {
            Packet::Message(message) => panic!("answered: {message:?}"),
            Packet::Closed => break,
            _ => {}
        }
    }
    nodes.running[&old].until("follows", |m| m["role"] == "follower");
    let mut refused = nodes.running[&old].connect("orders");
    assert_eq!(refused.login("BOB", "secret-b", "", 0), Err(b'S'));
    nodes.agree();
    let bob = nodes.login("BOB", 0);
    assert_eq!(bob.next, next, "nothing of it was carried out");
}

#[test]
fn leadership_goes_where_it_is_sent() {
    let trio = Trio::new();
    let nodes = trio.start();
    let mut trader = Trader::new();
    for round in 0..6 {
        trader.send(&nodes, 200);
        trader.read();
        let to = (nodes.leader() + 1 + round % 2) % 3;
        nodes.transfer(to);
    }
    trader.settle(&nodes);
    trader.check(&nodes);
    nodes.settle();
    let (leader, follower) = (nodes.leader(), nodes.follower());
    for (i, body, status) in [
        (leader, r#"{"to": "mars-1"}"#, 404),
        (leader, r#"{"too": null}"#, 422),
        (follower, "", 503),
    ] {
        let (code, error) = nodes.running[&i].json("POST", "/v1/markets/eq/transfer", body);
        assert_eq!(code, status, "{error}");
        if status == 503 {
            let next = error["next"].as_str().unwrap();
            assert!(next.contains(NODES[leader]), "{next}");
        }
    }
    nodes.running[&leader].until("all have answered", |m| {
        let voters = m["replication"]["voters"].as_array().unwrap();
        voters.iter().all(|voter| voter["lag"] == 0)
    });
    let (code, moved) = nodes.running[&leader].json("POST", "/v1/markets/eq/transfer", "{}");
    assert_eq!(code, 200, "{moved}");
    assert_ne!(moved["leader"], NODES[leader]);
    nodes.agree();
}

#[test]
fn a_leader_that_is_stopped_hands_over_first() {
    let trio = Trio::new();
    let mut nodes = trio.start();
    let mut trader = Trader::new();
    trader.send(&nodes, 300);
    let leader = nodes.leader();
    assert_eq!(nodes.take(leader).stop().code(), Some(0));
    assert_eq!(trio.places[leader].events("leadership_handed_on").len(), 1);
    trader.settle(&nodes);
    trader.check(&nodes);
    nodes.start(leader);
    nodes.agree();
}

/// Resting orders of the market, as its leader says.
fn resting(nodes: &crate::cluster::Nodes<'_>) -> u64 {
    let leader = nodes.leader();
    nodes.running[&leader].market()["orders_resting"]
        .as_u64()
        .unwrap()
}

#[test]
fn a_client_that_goes_loses_its_orders_and_a_leader_that_goes_does_not_cost_them() {
    let mut trio = Trio::new();
    for place in &mut trio.places {
        place.config["markets"][0]["accounts"][0]["cancel_on_disconnect"] = json!(true);
        place.config["limits"]["reconnect_grace_ms"] = json!(1_500);
    }
    let mut nodes = trio.start();
    let enter_one = |client: &mut Client| {
        client.enter(b'B', 1, "ACME", 100);
        assert_eq!(client.message_of(b'A')[0], b'A');
    };
    let mut alice = nodes.login("ALICE", 0);
    enter_one(&mut alice);
    let killed = nodes.leader();
    nodes.kill(killed);
    let mut again = nodes.login("ALICE", 0);
    sleep(Duration::from_millis(2_000));
    assert_eq!(resting(&nodes), 1, "it came back in time");
    again.user_ref = 1;
    enter_one(&mut again);
    drop(again);
    let mut later = nodes.login("ALICE", 0);
    later.user_ref = 2;
    enter_one(&mut later);
    let leader = nodes.leader();
    nodes.running[&leader].until("cancelled", |m| m["orders_resting"] == 1);
    // A client that does not come back after a failover has gone too.
    nodes.start(killed);
    nodes.agree();
    nodes.kill(nodes.leader());
    let leader = nodes.leader();
    nodes.running[&leader].until("gone", |m| m["orders_resting"] == 0);
    let mut reports = nodes.login("ALICE", 1);
    let end = nodes.login("ALICE", 0).next;
    let cancels: Vec<Vec<u8>> = reports
        .messages(end - 1)
        .into_iter()
        .filter(|message| message[0] == b'C')
        .collect();
    assert_eq!(cancels.len(), 3);
    // OUCH 5.0 §2.3.3: the reason stands behind UserRefNum and the quantity.
    assert!(cancels.iter().all(|message| message[17] == b'S'));
    drop(alice);
}
