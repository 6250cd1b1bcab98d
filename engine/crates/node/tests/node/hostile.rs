//! Clients that break the protocol, do not read, or read slowly cost themselves the connection and nobody else anything.

use crate::client::{Packet, enter, packet};
use crate::process::{Node, Place};
use std::thread::sleep;
use std::time::{Duration, Instant};

fn still_trades(node: &Node<'_>) {
    let mut bob = node.login("orders", "BOB", 0);
    bob.user_ref = u32::try_from(bob.next).unwrap() * 10;
    bob.enter(b'B', 1, "ACME", 100);
    assert_eq!(bob.message_of(b'A')[0], b'A');
}

#[test]
fn a_malformed_packet_costs_its_sender_the_connection() {
    let place = Place::new();
    let node = place.start();
    let mut bob = node.login("orders", "BOB", 0);
    let good = enter(1, b'B', 1, "ACME", 100, &[]);
    let wrong: Vec<(&str, Vec<u8>)> = vec![
        ("a length of zero", vec![0, 0]),
        ("an unknown packet type", packet(b'?', b"")),
        ("a packet longer than any", vec![0xFF, 0xFF, b'U']),
        ("an unknown message", packet(b'U', b"?")),
        ("a short order", packet(b'U', &good[..46])),
        (
            "an order with bytes behind it",
            packet(b'U', &[&good[..], b"x"].concat()),
        ),
        (
            "a side that is none",
            packet(b'U', &[&good[..5], b"?", &good[6..]].concat()),
        ),
        (
            "an appendage beyond its message",
            packet(b'U', &[&good[..45], &[0, 9, 200][..]].concat()),
        ),
        (
            "a second login",
            packet(
                b'L',
                format!("{:<6}{:<10}{:>10}{:>20}", "ALICE", "secret-a", "", 1).as_bytes(),
            ),
        ),
    ];
    for (what, bytes) in &wrong {
        let mut alice = node.login("orders", "ALICE", 0);
        alice.write(bytes);
        let (messages, said) = alice.rest();
        assert!(messages.is_empty(), "{what} was answered with {messages:?}");
        assert!(matches!(&said[..], [Packet::Debug(_)]), "{what}: {said:?}");
        bob.enter(b'B', 1, "ACME", 100);
        assert_eq!(
            bob.message()[0],
            b'A',
            "{what} cost another client something"
        );
    }
    for port in ["orders", "feed", "snapshot"] {
        let mut nobody = node.connect(port);
        nobody.write(b"GET / HTTP/1.1\r\n\r\n");
        assert!(nobody.rest().0.is_empty());
    }
    // What is no order never reaches the journal.
    let market = node.until("told", |m| m["counters"]["orders"] == wrong.len());
    assert_eq!(market["sessions"][0]["stream_messages"], 1);
    let ended = node.metric(
        "rialto_connections_ended_total{market=\"eq\",port=\"orders\",cause=\"bad_message\"}",
    );
    assert_eq!(ended, 5.0);
}

#[test]
fn random_bytes_never_hurt() {
    let place = Place::new();
    let node = place.start();
    let mut seed = 0x9E37_79B9_7F4A_7C15_u64;
    let mut random = move || {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        seed
    };
    for round in 0..200 {
        let port = ["orders", "feed", "snapshot"][round % 3];
        let mut client = if round % 2 == 0 {
            node.login(port, if port == "orders" { "ALICE" } else { "FEED" }, 0)
        } else {
            node.connect(port)
        };
        let length = usize::try_from(random() % 300).unwrap();
        let mut bytes: Vec<u8> = (0..length).map(|_| random().to_le_bytes()[3]).collect();
        if round % 4 == 0 {
            // A whole packet of the right type, so that the payload is looked at.
            bytes = packet(b'U', &bytes);
        }
        client.try_write(&bytes);
    }
    still_trades(&node);
}

/// Sends orders without reading answers until the node takes no more; how many bytes it took.
fn flood(node: &Node<'_>) -> (crate::client::Client, usize) {
    let mut alice = node.login("orders", "ALICE", 0);
    alice.set_write_timeout(Duration::from_millis(500));
    let mut took = 0;
    for block in 0..10_000u32 {
        let mut bytes = Vec::new();
        for i in 0..500 {
            bytes.extend(packet(
                b'U',
                &enter(1 + block * 500 + i, b'B', 1, "ACME", 100, &[]),
            ));
        }
        if !alice.try_write(&bytes) {
            return (alice, took);
        }
        took += bytes.len();
    }
    panic!("the node took {took} bytes from a client that reads nothing");
}

#[test]
fn a_client_that_does_not_read_is_no_longer_read_then_dropped_and_comes_back_by_number() {
    let mut place = Place::new();
    place.config["limits"]["stall_timeout_ms"] = 1500.into();
    place.config["limits"]["session_tail_bytes"] = 65_536.into();
    let node = place.start();
    let before = node.metric("rialto_node_resident_memory_bytes");
    let (alice, took) = flood(&node);
    still_trades(&node);
    let stalled = "rialto_connections_ended_total{market=\"eq\",port=\"orders\",cause=\"stalled\"}";
    let deadline = Instant::now() + Duration::from_secs(20);
    while node.metric(stalled) < 1.0 {
        assert!(
            Instant::now() < deadline,
            "it is never dropped: {}",
            place.log()
        );
        sleep(Duration::from_millis(50));
    }
    drop(alice);
    still_trades(&node);
    // Its answers are all there, far behind what is kept in memory.
    let market = node.until("quiet", |m| m["queues"][0]["depth"] == 0);
    let count = market["sessions"][0]["stream_messages"].as_u64().unwrap();
    assert!(count > 1_000, "{count}");
    // What the sockets of both sides hold, and no more: it was not read on while its answers only went to the file.
    assert!(count < 500_000, "{count}");
    let mut again = node.login("orders", "ALICE", 1);
    for (i, message) in again.messages(count).into_iter().enumerate().skip(1) {
        assert_eq!(crate::client::user_ref(&message) as usize, i);
    }
    let grown = node.metric("rialto_node_resident_memory_bytes") - before;
    // Orders rest, so some memory is theirs: a few hundred bytes each at most.
    let orders = market["orders_resting"].as_f64().unwrap();
    assert!(
        grown < 40e6 + orders * 600.0,
        "{grown} bytes more after {took} bytes, {orders} orders"
    );
}

#[test]
fn a_slow_feed_reader_is_dropped_and_comes_back_by_number() {
    let mut place = Place::new();
    place.config["limits"]["feed_tail_bytes"] = (1 << 20).into();
    place.config["limits"]["stall_timeout_ms"] = 1500.into();
    let node = place.start();
    let mut slow = node.login("feed", "FEED", 1);
    let mut fast = node.login("feed", "FEED", 1);
    let begin = fast.message();
    assert_eq!(slow.message(), begin);
    let mut alice = node.login("orders", "ALICE", 0);
    let dropped = "rialto_connections_ended_total{market=\"eq\",port=\"feed\",cause=\"stalled\"}";
    let mut sent = 0u32;
    let deadline = Instant::now() + Duration::from_secs(60);
    while node.metric(dropped) < 1.0 {
        assert!(Instant::now() < deadline, "it is never dropped");
        let mut bytes = Vec::new();
        for _ in 0..20_000 {
            sent += 1;
            bytes.extend(packet(b'U', &enter(sent, b'B', 1, "ACME", 100, &[])));
        }
        std::thread::scope(|scope| {
            let mut writer = alice.split();
            scope.spawn(move || writer.write(&bytes));
            for _ in 0..20_000 {
                alice.message_of(b'A');
            }
        });
        let until = sent;
        let mut seen = 0;
        while seen < 20_000 {
            if fast.message()[0] == b'A' {
                seen += 1;
            }
        }
        assert_eq!(until, sent);
    }
    // Who reads stays; who was dropped gets the rest by number.
    let (some, _) = slow.rest();
    let mut again = node.login("feed", "FEED", slow.next);
    assert_eq!(again.next, slow.next);
    assert!(some.len() < sent as usize);
    let (end, mut last) = (fast.next, Vec::new());
    while again.next < end {
        last = again.message();
    }
    assert_eq!(last[0], b'A');
    node.until("two read", |m| m["connections"]["feed"] == 2);
}

#[test]
fn a_full_inbound_queue_stops_reading_and_loses_nothing() {
    let mut place = Place::new();
    place.config["limits"]["inbound_messages"] = 16.into();
    place.config["limits"]["batch_commands"] = 8.into();
    place.config["limits"]["batches_in_flight"] = 1.into();
    let node = place.start();
    let mut clients = [
        node.login("orders", "ALICE", 0),
        node.login("orders", "BOB", 0),
    ];
    std::thread::scope(|scope| {
        for client in &mut clients {
            scope.spawn(move || {
                let mut writer = client.split();
                let writing = std::thread::spawn(move || {
                    for i in 1..=2_000 {
                        writer.write(&packet(b'U', &enter(i, b'B', 1, "ACME", 100, &[])));
                    }
                });
                for i in 1..=2_000 {
                    assert_eq!(crate::client::user_ref(&client.message_of(b'A')), i);
                }
                writing.join().unwrap();
            });
        }
    });
    assert!(node.metric("rialto_inbound_queue_full_total{market=\"eq\"}") > 0.0);
    node.until("all rest", |m| m["orders_resting"] == 4_000);
}
