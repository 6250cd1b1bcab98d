//! What crosses the links, and when.

use crate::process::{LONG, Process, closed_port, is_silent, listener, read, shake, until};
use rialto_socks::Reply;
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

/// Bytes that tell a byte out of its place.
fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|at| (at * 7 + at / 251) as u8).collect()
}

#[test]
fn bytes_take_the_latency_of_their_route() {
    let ((near_target, near), (far_target, far)) = (listener(), listener());
    let process = Process::start(40_000, &[near], &[far]);
    // Never earlier than declared; how much later is the machine's affair, so the bound is generous.
    for (target, address, one_way_ms) in [(&near_target, near, 40), (&far_target, far, 80)] {
        let started = Instant::now();
        let (reply, mut client) = process.dial("us", address);
        let connected = started.elapsed();
        assert_eq!(reply, Reply::Connected);
        assert!(
            connected >= Duration::from_millis(2 * one_way_ms),
            "{connected:?}"
        );
        let (mut server, _) = target.accept().unwrap();
        for _ in 0..3 {
            let started = Instant::now();
            client.write_all(b"ping").unwrap();
            assert_eq!(read(&mut server, 4), b"ping");
            let there = started.elapsed();
            assert!(there >= Duration::from_millis(one_way_ms), "{there:?}");
            assert!(
                there < Duration::from_millis(one_way_ms + 1_000),
                "{there:?}"
            );
            server.write_all(b"pong").unwrap();
            assert_eq!(read(&mut client, 4), b"pong");
            let round = started.elapsed();
            assert!(round >= Duration::from_millis(2 * one_way_ms), "{round:?}");
        }
    }
    let within = process.dial("asia", near).0;
    assert_eq!(within, Reply::Connected, "a region reaches itself");
}

#[test]
fn large_transfers_arrive_whole_both_ways_at_once() {
    let (target, address) = listener();
    let process = Process::start(1_000, &[address], &[]);
    process.act(
        "PATCH",
        "us/asia",
        &json!({"jitter_us": 2_000, "loss_ppm": 3_000}),
    );
    let (near, far) = process.pair(&target);
    let bytes = pattern(8 << 20);
    let ways = [
        (near.try_clone().unwrap(), far.try_clone().unwrap()),
        (far, near),
    ];
    let ways = ways.map(|(mut from, mut to)| {
        let sent = bytes.clone();
        let writer = thread::spawn(move || {
            from.write_all(&sent).unwrap();
            from.shutdown(Shutdown::Write).unwrap();
        });
        let reader = thread::spawn(move || {
            let mut got = Vec::new();
            to.read_to_end(&mut got).unwrap();
            got
        });
        (writer, reader)
    });
    for (writer, reader) in ways {
        writer.join().unwrap();
        assert!(reader.join().unwrap() == bytes);
    }
    until("the connection is over", || {
        process.way("us", "asia")["connections"] == 0
    });
    for (from, to) in [("us", "asia"), ("asia", "us")] {
        let way = process.way(from, to);
        assert_eq!(
            (way["passed_bytes"].as_u64(), way["queued_bytes"].as_u64()),
            (Some(8 << 20), Some(0))
        );
        assert!(way["lost_segments"].as_u64() > Some(0));
    }
}

#[test]
fn a_cut_one_way_holds_that_way_alone() {
    let (target, address) = listener();
    let process = Process::start(0, &[address], &[]);
    let (mut near, mut far) = process.pair(&target);
    process.act("POST", "us/asia/cut", &json!({"one_way": true}));
    near.write_all(b"held").unwrap();
    near.shutdown(Shutdown::Write).unwrap();
    far.write_all(b"passes").unwrap();
    assert_eq!(read(&mut near, 6), b"passes");
    assert!(is_silent(&far));
    assert_eq!(process.way("us", "asia")["queued_bytes"], 4);
    process.act("POST", "asia/us/heal", &json!({}));
    let mut got = Vec::new();
    far.read_to_end(&mut got).unwrap();
    assert_eq!(got, b"held", "and then its end");
}

#[test]
fn a_cut_both_ways_loses_nothing_and_flows_on_in_order() {
    let (target, address) = listener();
    let process = Process::start(0, &[address], &[]);
    let (mut near, mut far) = process.pair(&target);
    let bytes = pattern(3 << 20);
    let (first, second) = bytes.split_at(1 << 20);
    near.write_all(first).unwrap();
    assert!(read(&mut far, first.len()) == first);
    process.act("POST", "us/asia/cut", &json!({}));
    let mut writer = near.try_clone().unwrap();
    let rest = second.to_vec();
    let writing = thread::spawn(move || writer.write_all(&rest).unwrap());
    far.write_all(b"back").unwrap();
    assert!(is_silent(&far) && is_silent(&near));
    process.act("POST", "us/asia/heal", &json!({}));
    assert!(read(&mut far, second.len()) == second);
    assert_eq!(read(&mut near, 4), b"back");
    writing.join().unwrap();
}

#[test]
fn while_the_way_back_is_cut_a_window_passes() {
    let (target, address) = listener();
    let process = Process::start(0, &[address], &[]);
    let (near, mut far) = process.pair(&target);
    process.act("POST", "asia/us/cut", &json!({"one_way": true}));
    let bytes = pattern(1 << 20);
    let (mut writer, sent) = (near.try_clone().unwrap(), bytes.clone());
    let writing = thread::spawn(move || writer.write_all(&sent).unwrap());
    let window = 64 << 10;
    assert!(read(&mut far, window) == bytes[..window]);
    assert!(is_silent(&far));
    process.act("POST", "asia/us/heal", &json!({}));
    assert!(read(&mut far, bytes.len() - window) == bytes[window..]);
    writing.join().unwrap();
}

#[test]
fn a_fault_ends_by_itself() {
    let (target, address) = listener();
    let process = Process::start(0, &[address], &[]);
    let (mut near, mut far) = process.pair(&target);
    let started = Instant::now();
    let link = process.act("POST", "us/asia/cut", &json!({"for_ms": 300}));
    let there = &link["directions"][0];
    let lease_ns = there["heals_at_ns"].as_u64().unwrap() - there["cut_since_ns"].as_u64().unwrap();
    assert_eq!(lease_ns, 300_000_000);
    near.write_all(b"held").unwrap();
    assert_eq!(read(&mut far, 4), b"held");
    assert!(started.elapsed() >= Duration::from_millis(300));
    let there = process.way("us", "asia");
    assert_eq!(
        (&there["cut"], &there["heals_at_ns"]),
        (&json!(false), &json!(null))
    );
    process.act("PATCH", "us/asia", &json!({"latency_us": 7, "for_ms": 100}));
    assert_eq!(process.way("asia", "us")["as_declared"], false);
    until("it is as declared", || {
        process.way("asia", "us")["as_declared"] == true
    });
    let log = std::fs::read_to_string(process.path("log")).unwrap();
    let events = ["ready", "link_cut", "fault_ended", "link_changed"];
    for event in events {
        assert!(
            log.contains(&format!("\"event\":\"{event}\"")),
            "{event} in {log}"
        );
    }
}

#[test]
fn connecting_waits_for_a_cut_to_heal() {
    let (target, address) = listener();
    let process = Process::start(0, &[address], &[]);
    for way in ["us/asia", "asia/us"] {
        process.act("POST", &format!("{way}/cut"), &json!({"one_way": true}));
        let edge = process.edge("us");
        let dialing = thread::spawn(move || {
            let mut stream = TcpStream::connect(edge).unwrap();
            (shake(&mut stream, address).unwrap(), stream)
        });
        let refused = closed_port();
        assert_eq!(
            process.dial("us", refused).0,
            Reply::NotAllowed,
            "that needs no link"
        );
        // A client that leaves meanwhile leaves nothing behind.
        let mut leaving = TcpStream::connect(edge).unwrap();
        leaving.write_all(&[5, 1, 0]).unwrap();
        assert_eq!(read(&mut leaving, 2), [5, 0]);
        leaving.write_all(&rialto_socks::request(address)).unwrap();
        until("both wait", || {
            process.way("us", "asia")["connections"] == 2
        });
        drop(leaving);
        until("one has left", || {
            process.way("us", "asia")["connections"] == 1
        });
        target.set_nonblocking(true).unwrap();
        let early = target.accept().unwrap_err();
        assert_eq!(
            early.kind(),
            ErrorKind::WouldBlock,
            "nobody came to the target"
        );
        target.set_nonblocking(false).unwrap();
        assert!(!dialing.is_finished());
        process.act("POST", &format!("{way}/heal"), &json!({}));
        let (reply, client) = dialing.join().unwrap();
        assert_eq!(reply, Reply::Connected);
        drop((client, target.accept().unwrap()));
        until("it is over", || {
            process.way("us", "asia")["connections"] == 0
        });
    }
}

#[test]
fn bandwidth_bounds_all_connections_together() {
    let (target, address) = listener();
    let process = Process::start(0, &[address], &[]);
    // A million bytes a second.
    process.act("PATCH", "us/asia", &json!({"bandwidth_bps": 8_000_000}));
    let started = Instant::now();
    let each = 150_000;
    let transfers: Vec<_> = (0..2)
        .map(|_| {
            let (mut near, mut far) = process.pair(&target);
            thread::spawn(move || {
                near.write_all(&pattern(each)).unwrap();
                assert!(read(&mut far, each) == pattern(each));
                Instant::now()
            })
        })
        .collect();
    let ends: Vec<Instant> = transfers
        .into_iter()
        .map(|one| one.join().unwrap())
        .collect();
    let took = *ends.iter().max().unwrap() - started;
    assert!(took >= Duration::from_millis(290), "{took:?}");
    assert!(took < LONG, "{took:?}");
}

#[test]
fn a_sender_is_read_no_more_when_its_share_is_full() {
    let (target, address) = listener();
    let process = Process::start(0, &[address], &[]);
    let (mut near, far) = process.pair(&target);
    process.act("POST", "us/asia/cut", &json!({}));
    near.set_write_timeout(Some(Duration::from_millis(500)))
        .unwrap();
    let block = vec![0; 1 << 20];
    let mut written = 0;
    let stopped = loop {
        match near.write(&block) {
            Ok(count) => written += count,
            Err(error) => break error,
        }
        assert!(written < 64 << 20, "it is read without an end");
    };
    assert_eq!(stopped.kind(), ErrorKind::WouldBlock);
    let held = process.way("us", "asia")["queued_bytes"].as_u64().unwrap();
    assert!((1..=4 << 20).contains(&held), "{held}");
    // Another one still has its place.
    let (mut other, mut other_far) = {
        process.act("POST", "us/asia/heal", &json!({}));
        process.pair(&target)
    };
    other.write_all(b"x").unwrap();
    assert_eq!(read(&mut other_far, 1), b"x");
    drop(far);
}

#[test]
fn a_reset_crosses_as_a_reset_behind_the_bytes_before_it() {
    let (target, address) = listener();
    let process = Process::start(0, &[address], &[]);
    let reset = |stream: TcpStream| {
        socket2::SockRef::from(&stream)
            .set_linger(Some(Duration::ZERO))
            .unwrap();
    };
    let (mut near, mut far) = process.pair(&target);
    near.write_all(b"last").unwrap();
    until("it has crossed", || {
        process.way("us", "asia")["passed_bytes"].as_u64() >= Some(4)
    });
    process.act("POST", "us/asia/cut", &json!({}));
    reset(near);
    assert_eq!(read(&mut far, 4), b"last");
    assert!(is_silent(&far), "the reset is held");
    process.act("POST", "us/asia/heal", &json!({}));
    assert_eq!(
        far.read(&mut [0]).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    // The same from the target's side, without a cut.
    let (mut near, far) = process.pair(&target);
    reset(far);
    assert_eq!(
        near.read(&mut [0]).unwrap_err().kind(),
        ErrorKind::ConnectionReset
    );
    until("both are over", || {
        process.way("us", "asia")["connections"] == 0
    });
}

#[test]
fn a_side_that_has_ended_still_hears_the_other() {
    let (target, address) = listener();
    let process = Process::start(1_000, &[address], &[]);
    let (mut near, mut far) = process.pair(&target);
    near.shutdown(Shutdown::Write).unwrap();
    assert_eq!(far.read(&mut [0]).unwrap(), 0);
    far.write_all(b"more").unwrap();
    drop(far);
    let mut got = Vec::new();
    near.read_to_end(&mut got).unwrap();
    assert_eq!(got, b"more");
}
