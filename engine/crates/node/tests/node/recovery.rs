//! Stops, kills and restarts: nothing acknowledged is lost, and every stream is the same bytes again.

use crate::client::{Packet, enter, packet, user_ref};
use crate::process::{Node, Place, newest};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread::sleep;
use std::time::Duration;

/// Every message of a stream so far.
fn stream(node: &Node<'_>, port: &str, user: &str) -> Vec<Vec<u8>> {
    let end = node.login(port, user, 0).next;
    let mut client = node.login(port, user, 1);
    client.messages(end - 1)
}

fn trade(node: &Node<'_>, from: u32, count: u32) {
    let mut alice = node.login("orders", "ALICE", 0);
    let mut bytes = Vec::new();
    for i in from..from + count {
        let side = if i % 3 == 0 { b'S' } else { b'B' };
        let price = 100 * u64::from(5_000 + i * 7919 % 50);
        bytes.extend(packet(
            b'U',
            &enter(i, side, 1 + i % 20, "ACME", price, &[]),
        ));
    }
    let mut writer = alice.split();
    let writing = std::thread::spawn(move || writer.write(&bytes));
    while user_ref(&alice.message_of(b'A')) != from + count - 1 {}
    writing.join().unwrap();
    // The status is a fifth of a second old at most: wait until it tells of the last message.
    let last = node.login("orders", "ALICE", 0).next - 1;
    node.until("told", |m| m["sessions"][0]["stream_messages"] == last);
}

fn hash(place: &Place, event: &str) -> Value {
    place.events(event).last().unwrap()["state_hash"].clone()
}

#[test]
fn a_clean_restart_goes_on_from_its_checkpoint() {
    let place = Place::new();
    let node = place.start();
    trade(&node, 1, 3_000);
    let (feed, alice) = (
        stream(&node, "feed", "FEED"),
        stream(&node, "orders", "ALICE"),
    );
    let before = node.market();
    assert!(before["counters"]["executions"].as_u64().unwrap() > 100);
    assert_eq!(node.stop().code(), Some(0));
    assert!(!place.path("ready.json").exists());
    let stopped = hash(&place, "market_stopped");
    assert_eq!(hash(&place, "checkpoint"), stopped);

    let node = place.start();
    let recovered = place.events("market_recovered").pop().unwrap();
    assert_eq!(recovered["state_hash"], stopped);
    assert_eq!(recovered["commands"], 0, "nothing had to be replayed");
    let after = node.until("known", |m| !m["checkpoint"].is_null());
    assert_eq!(after["checkpoint"]["state_hash"], stopped);
    for key in ["orders_resting", "instruments", "trading_day"] {
        assert_eq!(before[key], after[key], "{key}");
    }
    assert!(stream(&node, "feed", "FEED") == feed, "the feed changed");
    assert!(
        stream(&node, "orders", "ALICE") == alice,
        "the session's stream changed"
    );
    trade(&node, 3_001, 100);
}

#[test]
fn after_kill_9_under_load_every_acknowledged_order_is_there() {
    let place = Place::new();
    let mut acknowledged: Vec<Vec<u8>> = Vec::new();
    let mut fed: Vec<Vec<u8>> = Vec::new();
    for round in 0..4u32 {
        let node = place.start();
        if round > 0 {
            let now = stream(&node, "orders", "ALICE");
            assert!(
                now.starts_with(&acknowledged),
                "round {round}: an acknowledged message is gone or changed"
            );
            let now = stream(&node, "feed", "FEED");
            assert!(now.starts_with(&fed), "round {round}: market data changed");
        }
        let mut alice = node.login("orders", "ALICE", 1);
        let mut feed = node.login("feed", "FEED", 1);
        let mut writer = alice.split();
        let (stop, seen) = (AtomicBool::new(false), AtomicU32::new(0));
        let (mut answers, mut shown) = (Vec::new(), Vec::new());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for i in 1 + round * 10_000_000.. {
                    let side = if i % 3 == 0 { b'S' } else { b'B' };
                    let price = 100 * u64::from(5_000 + i % 97);
                    let order = enter(i, side, 1 + i % 20, "ACME", price, &[]);
                    if stop.load(Ordering::Relaxed) || !writer.try_write(&packet(b'U', &order)) {
                        return;
                    }
                }
            });
            scope.spawn(|| {
                while let Packet::Message(message) = alice.packet() {
                    answers.push(message);
                    seen.fetch_add(1, Ordering::Relaxed);
                }
            });
            scope.spawn(|| {
                while let Packet::Message(message) = feed.packet() {
                    shown.push(message);
                }
            });
            let least = u32::try_from(acknowledged.len()).unwrap() + 5_000;
            while seen.load(Ordering::Relaxed) < least {
                sleep(Duration::from_millis(5));
            }
            if round == 1 {
                assert_eq!(node.json("POST", "/v1/markets/eq/checkpoint", "").0, 200);
            }
            node.kill();
            stop.store(true, Ordering::Relaxed);
        });
        assert!(answers.starts_with(&acknowledged));
        (acknowledged, fed) = (answers, shown);
    }
    let node = place.start();
    assert!(stream(&node, "orders", "ALICE").starts_with(&acknowledged));
    assert!(stream(&node, "feed", "FEED").starts_with(&fed));
    let recovered = place.events("market_recovered").pop().unwrap();
    assert!(recovered["checkpoint"].as_u64().unwrap() > 0);
    assert!(
        recovered["commands"].as_u64().unwrap() > 0,
        "something was replayed"
    );
}

#[test]
fn checkpoints_let_the_journal_forget_and_a_damaged_one_falls_back() {
    let place = Place::new();
    let node = place.start();
    let mut next = 1;
    for _ in 0..3 {
        trade(&node, next, 15_000);
        next += 15_000;
        let (code, made) = node.json("POST", "/v1/markets/eq/checkpoint", "");
        assert_eq!(code, 200, "{made}");
        assert_eq!(made["state_hash"].as_str().unwrap().len(), 64);
    }
    let market = node.until("purged", |m| {
        m["checkpoint"]["position"] == m["journal"]["applied"]
    });
    assert!(!place.events("journal_purged").is_empty());
    let kept: Vec<_> = fs::read_dir(place.path("data/markets/eq/checkpoints"))
        .unwrap()
        .collect();
    assert_eq!(kept.len(), 2);
    let alice = stream(&node, "orders", "ALICE");
    assert_eq!(node.stop().code(), Some(0));
    let stopped = hash(&place, "market_stopped");

    // One byte of the newest checkpoint turns: the one before and the journal give the same state.
    damage(&newest(
        &place.path("data/markets/eq/checkpoints"),
        ".checkpoint",
    ));
    let node = place.start();
    let damaged = place.events("checkpoint_damaged").pop().unwrap();
    assert!(
        damaged["error"].as_str().unwrap().contains("hash"),
        "{damaged}"
    );
    assert_eq!(hash(&place, "market_recovered"), stopped);
    let first = place.events("market_recovered").pop().unwrap();
    assert!(first["checkpoint"].as_u64() < market["checkpoint"]["position"].as_u64());
    assert!(stream(&node, "orders", "ALICE") == alice);
    trade(&node, next, 10);
}

#[test]
fn a_corrupt_journal_is_refused_with_its_place() {
    let place = Place::new();
    let node = place.start();
    trade(&node, 1, 2_000);
    assert_eq!(node.stop().code(), Some(0));
    for entry in fs::read_dir(place.path("data/markets/eq/checkpoints")).unwrap() {
        fs::remove_file(entry.unwrap().path()).unwrap();
    }
    let path = place.path("data/journal").join(format!("{:012}.seg", 0));
    let path = if path.exists() {
        path
    } else {
        place.path("data/journal").join(format!("{:012}.seg", 1))
    };
    let mut bytes = fs::read(&path).unwrap();
    bytes[9_000] ^= 0x40;
    fs::write(&path, bytes).unwrap();
    let (code, said) = place.fail();
    assert_eq!(code, Some(3), "{said}");
    assert!(
        said.contains("corrupt") && said.contains(".seg at byte"),
        "{said}"
    );
    assert!(!place.path("ready.json").exists());
}

#[test]
fn streams_that_are_gone_are_made_again() {
    let place = Place::new();
    let node = place.start();
    trade(&node, 1, 1_000);
    let feed = stream(&node, "feed", "FEED");
    node.kill();
    fs::remove_dir_all(place.path("data/markets/eq/streams")).unwrap();
    let node = place.start();
    assert!(stream(&node, "feed", "FEED") == feed);
}

/// Turns one byte in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(path, bytes).unwrap();
}

fn checkpoint(node: &Node<'_>) -> u64 {
    let (code, made) = node.json("POST", "/v1/markets/eq/checkpoint", "");
    assert_eq!(code, 200, "{made}");
    made["position"].as_u64().unwrap()
}

#[test]
fn a_checkpoint_made_twice_leaves_the_one_before_its_streams() {
    let place = Place::new();
    let node = place.start();
    trade(&node, 1, 15_000);
    checkpoint(&node);
    trade(&node, 15_001, 15_000);
    checkpoint(&node);
    assert_eq!(node.json("POST", "/v1/markets/eq/close-day", "").0, 200);
    assert_eq!(node.json("POST", "/v1/markets/eq/open-day", "").0, 200);
    // The same position twice: still only one checkpoint of the new day.
    assert_eq!(checkpoint(&node), checkpoint(&node));
    assert_eq!(node.stop().code(), Some(0));
    damage(&newest(
        &place.path("data/markets/eq/checkpoints"),
        ".checkpoint",
    ));
    let node = place.start();
    trade(&node, 1, 10);
}

#[test]
fn a_damaged_checkpoint_is_not_one_of_the_two_that_are_kept() {
    let place = Place::new();
    let node = place.start();
    for day in 0..3 {
        trade(&node, 1 + day * 10_000, 10_000);
        checkpoint(&node);
    }
    assert_eq!(node.stop().code(), Some(0));
    let dir = place.path("data/markets/eq/checkpoints");
    damage(&newest(&dir, ".checkpoint"));
    fs::write(dir.join("00000000000000000009.checkpoint.tmp"), "half").unwrap();
    let node = place.start();
    trade(&node, 30_001, 10_000);
    checkpoint(&node);
    let alice = stream(&node, "orders", "ALICE");
    assert_eq!(node.stop().code(), Some(0));
    // The newest is damaged again, and there still is another one.
    damage(&newest(&dir, ".checkpoint"));
    let node = place.start();
    assert!(stream(&node, "orders", "ALICE") == alice);
    assert!(!dir.join("00000000000000000009.checkpoint.tmp").exists());
}

#[test]
fn a_journal_that_ends_before_the_checkpoint_is_refused() {
    let place = Place::new();
    let node = place.start();
    trade(&node, 1, 100);
    checkpoint(&node);
    assert_eq!(node.stop().code(), Some(0));
    fs::remove_dir_all(place.path("data/journal")).unwrap();
    let (code, said) = place.fail();
    assert_eq!(code, Some(3), "{said}");
    assert!(said.contains("the journal ends at position 0"), "{said}");
}
