//! Peers that say what they should not, or nothing.

use std::sync::atomic::Ordering;
use std::time::Duration;

use proptest::prelude::*;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{LONG, Pair, pair, until};
use crate::tcp::counters::Counts;
use crate::tcp::frame;
use crate::tcp::hello::{Hello, Purpose};
use crate::{MAX_FRAME, Network};

fn framed(payload: &[u8]) -> Vec<u8> {
    let mut bytes = frame::header(&[payload], MAX_FRAME).unwrap().to_vec();
    bytes.extend_from_slice(payload);
    bytes
}

fn hello(purpose: Purpose) -> Vec<u8> {
    let hello = Hello {
        group: String::from("test/market"),
        incarnation: 1,
        from: 1,
        to: 2,
        purpose,
    };
    framed(&hello.encode())
}

/// A connection that said hello and was welcomed.
async fn welcomed(pair: &Pair, purpose: Purpose) -> TcpStream {
    let mut stream = TcpStream::connect(pair.address).await.unwrap();
    stream.write_all(&hello(purpose)).await.unwrap();
    let answer = frame::read(&mut stream, 1024, &Counts::default()).await;
    assert_eq!(answer.unwrap(), Some(vec![0]));
    stream
}

async fn ends(mut stream: TcpStream) {
    let mut rest = Vec::new();
    let read = tokio::time::timeout(LONG, stream.read_to_end(&mut rest)).await;
    assert!(read.is_ok(), "the connection is still open");
}

async fn still_serves(pair: &Pair) {
    let answer = pair.caller.call(2, b"well?".to_vec(), LONG).await.unwrap();
    assert_eq!(answer, b"\x01well?");
}

#[tokio::test]
async fn nonsense_silence_and_half_a_hello_cost_nothing_but_their_connection() {
    let pair = pair();
    for said in [
        &b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"[..],
        &[0xff; 64],
        b"",
        &hello(Purpose::Calls)[..20],
    ] {
        let mut stream = TcpStream::connect(pair.address).await.unwrap();
        stream.write_all(said).await.unwrap();
        ends(stream).await;
    }
    until("all are counted", || pair.tcp.counters().refused == 4).await;
    still_serves(&pair).await;
}

#[tokio::test]
async fn a_crowd_that_says_no_hello_is_cut_off_at_a_limit() {
    let pair = pair();
    let mut crowd = Vec::new();
    for _ in 0..100 {
        crowd.push(TcpStream::connect(pair.address).await.unwrap());
    }
    until("those beyond the limit are gone at once", || {
        pair.tcp.counters().refused >= 36
    })
    .await;
    until("the rest when their time is over", || {
        pair.tcp.counters().refused == 100
    })
    .await;
    still_serves(&pair).await;
}

#[tokio::test]
async fn frames_that_are_too_long_or_damaged_end_their_connection() {
    let pair = pair();
    for purpose in [Purpose::Calls, Purpose::Stream] {
        let mut long = welcomed(&pair, purpose).await;
        long.write_all(&u32::MAX.to_le_bytes()).await.unwrap();
        long.write_all(&[0; 100]).await.unwrap();
        ends(long).await;
        let mut damaged = welcomed(&pair, purpose).await;
        let mut bytes = framed(b"0123456789");
        bytes[12] ^= 1;
        damaged.write_all(&bytes).await.unwrap();
        ends(damaged).await;
        let mut short = welcomed(&pair, purpose).await;
        short.write_all(&framed(b"12345")[..9]).await.unwrap();
        short.shutdown().await.unwrap();
        ends(short).await;
    }
    until("damage is counted", || {
        pair.tcp.counters().broken_frames == 4
    })
    .await;
    assert_eq!(pair.echo.served.load(Ordering::SeqCst), 0);
    still_serves(&pair).await;
}

#[tokio::test]
async fn requests_whose_answers_nobody_reads_stop_being_read() {
    let pair = pair();
    let mut stream = welcomed(&pair, Purpose::Calls).await;
    let mut request = 7_u64.to_le_bytes().to_vec();
    request.resize(64 << 10, 0);
    let bytes = framed(&request);
    let mut sent = 0_usize;
    // Far more than the kernel's buffers and the 64 that may be under way.
    while sent < 2000 {
        let written = tokio::time::timeout(Duration::from_millis(300), stream.write_all(&bytes));
        match written.await {
            Ok(written) => written.unwrap(),
            Err(_) => break,
        }
        sent += 1;
    }
    assert!(
        sent < 2000,
        "all requests were taken though no answer was read"
    );
    still_serves(&pair).await;
}

#[tokio::test]
async fn a_cut_off_frame_claims_no_memory_it_did_not_send() {
    let counts = Counts::default();
    let mut bytes = (MAX_FRAME as u32).to_le_bytes().to_vec();
    bytes.extend_from_slice(&[0; 16]);
    let read = frame::read(&mut bytes.as_slice(), MAX_FRAME, &counts).await;
    assert_eq!(read.unwrap_err().kind(), std::io::ErrorKind::UnexpectedEof);
}

proptest! {
    #[test]
    fn frames_come_back_and_no_flipped_bit_passes(payload in prop::collection::vec(any::<u8>(), 0..200), bit: prop::sample::Index) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let counts = Counts::default();
        let mut bytes = framed(&payload);
        let read = runtime.block_on(frame::read(&mut bytes.as_slice(), MAX_FRAME, &counts));
        prop_assert_eq!(read.unwrap(), Some(payload));
        let bit = bit.index(bytes.len() * 8);
        bytes[bit / 8] ^= 1 << (bit % 8);
        let read = runtime.block_on(frame::read(&mut bytes.as_slice(), MAX_FRAME, &counts));
        prop_assert!(read.is_err());
    }
}
