//! The program behind a SOCKS5 proxy.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod common;

use common::{last_json, start};
use rialto_socks::{Reply, WELCOME, reply_bytes};
use std::io::{Read, Write, copy};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A proxy that reaches every port of this machine but those that answer `reply`; how many it let through.
fn proxy(reply: Reply) -> (String, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let passed = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&passed);
    std::thread::spawn(move || {
        for client in listener.incoming() {
            let (mut client, counted) = (client.unwrap(), Arc::clone(&counted));
            std::thread::spawn(move || {
                client.read_exact(&mut [0; 3]).unwrap();
                client.write_all(&WELCOME).unwrap();
                let mut request = [0; 10];
                client.read_exact(&mut request).unwrap();
                client.write_all(&reply_bytes(reply)).unwrap();
                if reply != Reply::Connected {
                    return;
                }
                counted.fetch_add(1, Ordering::SeqCst);
                let port = u16::from_be_bytes([request[8], request[9]]);
                let mut target = TcpStream::connect(("127.0.0.1", port)).unwrap();
                let (mut from, mut to) = (client.try_clone().unwrap(), target.try_clone().unwrap());
                std::thread::spawn(move || {
                    drop(copy(&mut from, &mut to));
                    drop(to.shutdown(Shutdown::Write));
                });
                drop(copy(&mut target, &mut client));
                drop(client.shutdown(Shutdown::Write));
            });
        }
    });
    (address, passed)
}

#[test]
fn a_flow_goes_through_the_proxy_that_its_address_names() {
    let mut run = start(1, None);
    let (proxy, passed) = proxy(Reply::Connected);
    run.addresses[0] = format!("socks5://{proxy}/{}", run.addresses[0]);
    let flow = ["--username", "FLOW01", "--rate", "200", "--seconds", "1"];
    let output = run.flow(&flow).output().unwrap();
    let end = last_json(&output);
    assert!(output.status.success());
    assert_eq!(end["accepted"], run.venue.lock().unwrap().entered.len());
    assert_eq!(passed.load(Ordering::SeqCst), 1);
}

#[test]
fn an_address_that_is_none_is_told() {
    let mut run = start(1, None);
    for (address, said) in [
        ("socks5://127.0.0.1:1", "socks5://PROXY_HOST:PORT/HOST:PORT"),
        ("http://127.0.0.1:1/127.0.0.1:2", "it is none"),
    ] {
        run.addresses = vec![String::from(address)];
        let output = run.flow(&["--username", "FLOW01"]).output().unwrap();
        assert!(!output.status.success());
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(error.contains(said), "{error}");
    }
}
