//! The SOCKS ports: targets, hostile bytes, bounds.

use crate::process::{LONG, Process, closed_port, listener, read, until};
use rialto_socks::Reply;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

fn figures(process: &Process) -> Value {
    process.call("GET", "/v1/status", "").1["edges"][0].clone()
}

#[test]
fn a_target_that_refuses_is_told_after_a_round_trip() {
    let closed = closed_port();
    let process = Process::start(20_000, &[closed], &[]);
    let started = Instant::now();
    assert_eq!(process.dial("us", closed).0, Reply::Refused);
    assert!(started.elapsed() >= Duration::from_millis(40));
    assert_eq!(process.dial("asia", closed).0, Reply::Refused);
    until("it is counted", || figures(&process)["failed_targets"] == 1);
}

#[test]
fn a_target_that_is_in_no_region_is_not_allowed() {
    let (_target, address) = listener();
    let process = Process::start(0, &[], &[]);
    assert_eq!(process.dial("us", address).0, Reply::NotAllowed);
    until("it is counted", || {
        figures(&process)["unknown_targets"] == 1
    });
}

#[test]
fn a_target_no_link_leads_to_is_unreachable() {
    let (_target, address) = listener();
    let process = Process::start_with(0, &[], &[address], |config| {
        config["links"].as_array_mut().unwrap().pop();
    });
    assert_eq!(process.dial("us", address).0, Reply::NetworkUnreachable);
    assert_eq!(process.dial("europe", address).0, Reply::Connected);
}

#[test]
fn an_ipv6_target_is_reached() {
    let Ok(target) = std::net::TcpListener::bind("[::1]:0") else {
        // The machine has no IPv6.
        return;
    };
    let address = target.local_addr().unwrap();
    let process = Process::start(0, &[address], &[]);
    assert_eq!(process.dial("us", address).0, Reply::Connected);
}

#[test]
fn hostile_bytes_cost_their_connection_alone() {
    let (target, address) = listener();
    let process = Process::start(0, &[address], &[]);
    let cases: [(&[u8], &[u8]); 8] = [
        (b"GET / HTTP/1.1\r\n\r\n", b""),
        (b"\x04\x01\x00\x50\x7f\x00\x00\x01\x00", b""),
        (b"\x05\x00", b""),
        (b"\x05\x01\x02", b"\x05\xff"),
        (
            b"\x05\x01\x00\x05\x01\x09\x01\x7f\x00\x00\x01\x00\x50",
            b"\x05\x00",
        ),
        (
            b"\x05\x01\x00\x05\x01\x00\x07\x7f\x00\x00\x01\x00\x50",
            b"\x05\x00",
        ),
        (
            b"\x05\x01\x00\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50",
            b"\x05\x00\x05\x07\x00\x01\x00\x00\x00\x00\x00\x00",
        ),
        (
            b"\x05\x01\x00\x05\x01\x00\x03\x02hi\x00\x50",
            b"\x05\x00\x05\x08\x00\x01\x00\x00\x00\x00\x00\x00",
        ),
    ];
    for (said, answered) in cases {
        let mut stream = TcpStream::connect(process.edge("us")).unwrap();
        stream.set_read_timeout(Some(LONG)).unwrap();
        stream.write_all(said).unwrap();
        let mut got = Vec::new();
        // What was not read is answered by a reset.
        let end = stream.read_to_end(&mut got);
        assert!(
            got == answered || (end.is_err() && answered.starts_with(&got)),
            "{said:?}: {got:?}"
        );
    }
    until("all are counted", || {
        figures(&process)["malformed"] == cases.len()
    });
    // One that says nothing and one that stops half-way don't hold up the others.
    let _silent = TcpStream::connect(process.edge("us")).unwrap();
    let mut half = TcpStream::connect(process.edge("us")).unwrap();
    half.write_all(b"\x05").unwrap();
    let (mut near, mut far) = process.pair(&target);
    near.write_all(b"still here").unwrap();
    assert_eq!(read(&mut far, 10), b"still here");
}

#[test]
fn connections_beyond_the_bound_are_closed_at_once() {
    let (target, address) = listener();
    let process = Process::start_with(0, &[address], &[], |config| {
        config["connections"] = json!(2);
    });
    let held = [process.pair(&target), process.pair(&target)];
    let mut third = TcpStream::connect(process.edge("us")).unwrap();
    third.set_read_timeout(Some(LONG)).unwrap();
    assert_eq!(third.read(&mut [0]).unwrap(), 0);
    let counted = figures(&process);
    assert_eq!(
        (&counted["connections"], &counted["over_limit"]),
        (&json!(2), &json!(1))
    );
    drop(held);
    until("there is room again", || {
        figures(&process)["connections"] == 0
    });
    process.pair(&target);
}
