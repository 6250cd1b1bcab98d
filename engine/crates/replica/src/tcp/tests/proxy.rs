//! Through a proxy: what it says about the peer, and what becomes of it.

use std::net::SocketAddr;
use std::time::Duration;

use rialto_socks::{Reply, WELCOME, reply_bytes};
use tokio::io::{AsyncReadExt, AsyncWriteExt, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};

use super::{LONG, closed_port, config, listener, pair};
use crate::tcp::Tcp;
use crate::{CallError, GroupConfig, Network};

/// Puts the first voter, which calls, into a region of its own.
fn apart(mut config: GroupConfig) -> GroupConfig {
    config.voters[0].region = String::from("elsewhere");
    config
}

/// A proxy that reads greeting and request and then says `said`; with `passes`, it carries on to where it was asked.
async fn proxy(said: Vec<u8>, passes: bool) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        loop {
            let (mut client, _) = listener.accept().await.unwrap();
            let said = said.clone();
            tokio::spawn(async move {
                let (greeting, rest) = said.split_at(said.len().min(2));
                client.read_exact(&mut [0; 3]).await.unwrap();
                client.write_all(greeting).await.unwrap();
                let mut request = [0; 10];
                if client.read_exact(&mut request).await.is_err() {
                    return;
                }
                client.write_all(rest).await.unwrap();
                if passes {
                    let port = u16::from_be_bytes([request[8], request[9]]);
                    let mut target = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                    drop(copy_bidirectional(&mut client, &mut target).await);
                } else {
                    // Open until the client leaves.
                    drop(client.read(&mut [0]).await);
                }
            });
        }
    });
    address
}

fn told(reply: Reply) -> Vec<u8> {
    [&WELCOME[..], &reply_bytes(reply)].concat()
}

#[tokio::test]
async fn a_voter_of_another_region_is_reached_through_the_proxy() {
    let pair = pair();
    let proxy = proxy(told(Reply::Connected), true).await;
    let config = apart(config(1, &[closed_port(), pair.address.to_string()]));
    let caller = Tcp::through(&config, Some(proxy));
    let answer = caller.call(2, b"hello".to_vec(), LONG).await.unwrap();
    assert_eq!(answer, b"\x01hello");
    assert!(caller.open(2, Vec::new()).await.is_ok());
}

#[tokio::test]
async fn one_of_the_own_region_is_dialed_straight() {
    let pair = pair();
    let nowhere = closed_port().parse().unwrap();
    let config = config(1, &[closed_port(), pair.address.to_string()]);
    let caller = Tcp::through(&config, Some(nowhere));
    caller.call(2, b"hello".to_vec(), LONG).await.unwrap();
}

/// What a call through such a proxy ends with.
async fn called_through(proxy: SocketAddr) -> CallError {
    let (_listener, address) = listener();
    let config = apart(config(1, &[closed_port(), address]));
    let caller = Tcp::through(&config, Some(proxy));
    let opened = caller.open(2, Vec::new()).await;
    let called = caller.call(2, Vec::new(), LONG).await.unwrap_err();
    let opened = opened.err().unwrap();
    assert_eq!(opened.to_string(), called.to_string());
    called
}

#[tokio::test]
async fn a_peer_is_gone_only_if_the_proxy_says_that_it_refuses() {
    let error = called_through(proxy(told(Reply::Refused), false).await).await;
    assert!(matches!(error, CallError::Refused { to: 2 }), "{error}");
    for reply in [
        Reply::GeneralFailure,
        Reply::NotAllowed,
        Reply::NetworkUnreachable,
    ] {
        let error = called_through(proxy(told(reply), false).await).await;
        assert!(matches!(error, CallError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains(reply.text()), "{error}");
    }
}

#[tokio::test]
async fn a_proxy_that_is_gone_says_nothing_about_the_peer() {
    let proxy = closed_port();
    let error = called_through(proxy.parse().unwrap()).await;
    assert!(matches!(error, CallError::Unreachable { .. }), "{error}");
    assert!(error.to_string().contains(&proxy), "{error}");
}

#[tokio::test]
async fn nonsense_from_a_proxy_is_told() {
    for said in [
        &b"HTTP/1.1 400\r\n\r\n"[..],
        b"\x05\xff",
        b"\x05\x00\x04\x00\x00\x01\x00",
    ] {
        let error = called_through(proxy(said.to_vec(), false).await).await;
        assert!(matches!(error, CallError::Unreachable { .. }), "{error}");
        assert!(error.to_string().contains("no SOCKS5 proxy"), "{error}");
    }
}

#[tokio::test]
async fn a_silent_proxy_costs_the_time_of_a_connect() {
    let silent = proxy(WELCOME.to_vec(), false).await;
    let error = called_through(silent).await;
    let CallError::TimedOut { waited, .. } = error else {
        panic!("{error}");
    };
    assert_eq!(waited, Duration::from_millis(500));
}
