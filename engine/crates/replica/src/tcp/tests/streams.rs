//! Streams of frames.

use std::sync::atomic::Ordering;

use futures_util::{SinkExt, StreamExt};

use super::{closed_port, config, pair, until};
use crate::tcp::Tcp;
use crate::{CallError, MAX_FRAME, Network};

#[tokio::test]
async fn frames_come_in_order_and_whole_behind_the_hello() {
    let pair = pair();
    let (mut sink, mut stream) = pair.caller.open(2, b"from one".to_vec()).await.unwrap();
    let greeting = stream.next().await.unwrap().unwrap();
    assert_eq!(greeting, b"\x01from one");
    let frames: Vec<Vec<u8>> = (0..2000_usize)
        .map(|n| vec![n as u8; (n * 37) % 40_000])
        .collect();
    let sent = frames.clone();
    let sending = tokio::spawn(async move {
        for frame in sent {
            sink.feed(frame).await.unwrap();
        }
        sink.flush().await.unwrap();
        sink
    });
    for frame in frames {
        assert_eq!(stream.next().await.unwrap().unwrap(), frame);
    }
    let mut sink = sending.await.unwrap();
    sink.close().await.unwrap();
    assert!(
        stream.next().await.is_none(),
        "the other side ended along with this one"
    );
    until("the served stream is over", || {
        pair.echo.ended.load(Ordering::SeqCst) == 1
    })
    .await;
}

#[tokio::test]
async fn the_longest_frame_passes_and_a_longer_one_is_refused_at_home() {
    let pair = pair();
    let (mut sink, mut stream) = pair.caller.open(2, Vec::new()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    let longest = vec![9; MAX_FRAME];
    let sending = tokio::spawn(async move {
        sink.send(longest).await.unwrap();
        sink
    });
    assert!(stream.next().await.unwrap().unwrap() == vec![9; MAX_FRAME]);
    let mut sink = sending.await.unwrap();
    assert!(sink.send(vec![9; MAX_FRAME + 1]).await.is_err());
}

#[tokio::test]
async fn dropping_either_half_or_the_server_ends_a_stream() {
    let pair = pair();
    let (sink, mut stream) = pair.caller.open(2, Vec::new()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(sink);
    assert!(stream.next().await.is_none());
    until("one has ended", || {
        pair.echo.ended.load(Ordering::SeqCst) == 1
    })
    .await;

    let (mut sink, mut stream) = pair.caller.open(2, Vec::new()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    pair.server.stop().await;
    assert_eq!(
        pair.echo.ended.load(Ordering::SeqCst),
        2,
        "a stopped server has let go of every stream"
    );
    assert!(!matches!(stream.next().await, Some(Ok(_))));
    until("sending fails too", || sink_fails(&mut sink)).await;
    let refused = pair.caller.open(2, Vec::new()).await.err();
    assert!(
        matches!(refused, Some(CallError::Refused { .. })),
        "{refused:?}"
    );
}

fn sink_fails(sink: &mut crate::FrameSink) -> bool {
    use futures_util::FutureExt;
    matches!(sink.send(vec![0; 1000]).now_or_never(), Some(Err(_)))
}

#[tokio::test]
async fn a_reader_that_does_not_read_makes_the_sender_wait() {
    use futures_util::FutureExt;
    let pair = pair();
    let (mut sink, stream) = pair.caller.open(2, Vec::new()).await.unwrap();
    // The echo is stuck as soon as nobody reads here; then this side's sending must be as well.
    let mut taken = 0_usize;
    let mut stuck = 0;
    while stuck < 300 && taken < 60 << 20 {
        match sink.send(vec![0; 16 << 10]).now_or_never() {
            Some(sent) => {
                sent.unwrap();
                taken += 16 << 10;
            }
            None => {
                stuck += 1;
                tokio::time::sleep(std::time::Duration::from_millis(1)).await;
            }
        }
    }
    assert!(
        taken < 60 << 20,
        "{taken} bytes were taken though nobody reads"
    );
    drop(stream);
}

#[tokio::test]
async fn a_peer_beyond_its_number_of_streams_loses_the_oldest() {
    let pair = pair();
    let mut held = Vec::new();
    for _ in 0..20 {
        let (sink, mut stream) = pair.caller.open(2, Vec::new()).await.unwrap();
        stream.next().await.unwrap().unwrap();
        held.push((sink, stream));
    }
    until("four are displaced", || pair.tcp.counters().displaced == 4).await;
    assert!(!matches!(held[0].1.next().await, Some(Ok(_))));
    let (sink, stream) = &mut held[19];
    sink.send(b"newest".to_vec()).await.unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap(), b"newest");
}

#[tokio::test]
async fn a_stream_to_a_closed_port_is_refused() {
    let caller = Tcp::new(&config(1, &[closed_port(), closed_port()]));
    let refused = caller.open(2, Vec::new()).await.err();
    assert!(
        matches!(refused, Some(CallError::Refused { to: 2 })),
        "{refused:?}"
    );
}
