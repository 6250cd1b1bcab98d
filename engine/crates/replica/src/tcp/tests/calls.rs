//! Requests and answers.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use futures_util::future::join_all;

use super::{Echo, LONG, closed_port, config, listener, pair, pair_with, until};
use crate::tcp::Tcp;
use crate::{CallError, MAX_FRAME, Network};

#[tokio::test]
async fn a_request_is_answered_with_who_asked() {
    let pair = pair();
    let answer = pair.caller.call(2, b"hello".to_vec(), LONG).await.unwrap();
    assert_eq!(answer, b"\x01hello");
    assert_eq!(
        pair.caller.call(2, Vec::new(), LONG).await.unwrap(),
        b"\x01"
    );
    pair.server.stop().await;
}

#[tokio::test]
async fn many_calls_share_one_connection_and_overtake_each_other() {
    let pair = pair();
    let calls = (0..300_u32).map(|number| {
        let caller = pair.caller.clone();
        async move {
            let request = if number % 10 == 0 {
                b"slow".to_vec()
            } else {
                number.to_le_bytes().to_vec()
            };
            let answer = caller.call(2, request.clone(), LONG).await.unwrap();
            assert_eq!(&answer[1..], request);
        }
    });
    join_all(calls).await;
    assert_eq!(pair.caller.counters().connected, 1);
}

#[tokio::test]
async fn a_call_that_is_not_answered_times_out_and_the_others_go_on() {
    let pair = pair();
    let never = pair
        .caller
        .call(2, b"never".to_vec(), Duration::from_millis(150));
    let slow = pair.caller.call(2, b"slow".to_vec(), LONG);
    let (never, slow) = tokio::join!(never, slow);
    assert!(
        matches!(never, Err(CallError::TimedOut { to: 2, .. })),
        "{never:?}"
    );
    assert_eq!(slow.unwrap(), b"\x01slow");
    pair.caller.call(2, b"again".to_vec(), LONG).await.unwrap();
    assert_eq!(
        pair.caller.counters().connected,
        1,
        "the connection answered meanwhile, so it was kept"
    );
    assert_eq!(pair.caller.counters().call_timeouts, 1);
}

#[tokio::test]
async fn a_connection_on_which_nothing_was_answered_is_given_up() {
    let pair = pair();
    let never = pair
        .caller
        .call(2, b"never".to_vec(), Duration::from_millis(50))
        .await;
    assert!(matches!(never, Err(CallError::TimedOut { .. })));
    pair.caller.call(2, b"again".to_vec(), LONG).await.unwrap();
    assert_eq!(pair.caller.counters().connected, 2);
}

#[tokio::test]
async fn a_port_nobody_listens_on_is_told_from_every_other_failure() {
    let caller = Tcp::new(&config(1, &[closed_port(), closed_port()]));
    let refused = caller.call(2, Vec::new(), LONG).await;
    assert!(
        matches!(refused, Err(CallError::Refused { to: 2 })),
        "{refused:?}"
    );
    let stranger = caller.call(9, Vec::new(), LONG).await;
    assert!(matches!(
        stranger,
        Err(CallError::Unreachable { to: 9, .. })
    ));
    let itself = caller.call(1, Vec::new(), LONG).await;
    assert!(matches!(itself, Err(CallError::Unreachable { to: 1, .. })));
}

#[tokio::test]
async fn a_peer_that_says_nothing_times_out() {
    let (silent, address) = listener();
    let caller = Tcp::new(&config(1, &[closed_port(), address]));
    let answer = caller.call(2, Vec::new(), Duration::from_millis(100)).await;
    assert!(
        matches!(answer, Err(CallError::TimedOut { .. })),
        "{answer:?}"
    );
    drop(silent);
}

#[tokio::test]
async fn a_server_that_came_back_is_called_again_at_once() {
    let (first, address) = listener();
    let addresses = [closed_port(), address.clone()];
    let caller = Tcp::new(&config(1, &addresses));
    let tcp = Tcp::new(&config(2, &addresses));
    let server = tcp.serve(first, Arc::new(Echo::default())).unwrap();
    caller.call(2, b"one".to_vec(), LONG).await.unwrap();
    server.stop().await;
    let gone = loop {
        match caller.call(2, b"two".to_vec(), LONG).await {
            // The connection's end may reach the caller just after the call was written.
            Err(CallError::Unreachable { .. }) => {}
            other => break other,
        }
    };
    assert!(matches!(gone, Err(CallError::Refused { .. })), "{gone:?}");
    let second = std::net::TcpListener::bind(&address).unwrap();
    let server = tcp.serve(second, Arc::new(Echo::default())).unwrap();
    assert_eq!(
        caller.call(2, b"three".to_vec(), LONG).await.unwrap(),
        b"\x01three"
    );
    server.stop().await;
}

#[tokio::test]
async fn a_name_is_resolved_and_one_that_is_none_is_unreachable() {
    let (listener, address) = listener();
    let port = address.rsplit_once(':').unwrap().1;
    let addresses = [closed_port(), format!("localhost:{port}")];
    let caller = Tcp::new(&config(1, &addresses));
    let tcp = Tcp::new(&config(2, &addresses));
    let server = tcp.serve(listener, Arc::new(Echo::default())).unwrap();
    assert_eq!(
        caller.call(2, b"name".to_vec(), LONG).await.unwrap(),
        b"\x01name"
    );
    server.stop().await;
    let lost = Tcp::new(&config(1, &[closed_port(), String::from("no such host:7")]));
    let answer = lost.call(2, Vec::new(), LONG).await;
    assert!(
        matches!(
            answer,
            Err(CallError::Unreachable { .. } | CallError::TimedOut { .. })
        ),
        "{answer:?}"
    );
}

#[tokio::test]
async fn another_group_incarnation_or_replica_is_refused_with_the_reason() {
    type Change = fn(&mut crate::GroupConfig);
    let changes: [(Change, &str); 4] = [
        (
            |config| config.group = String::from("other/market"),
            "this is group test/market, not other/market",
        ),
        (
            |config| config.incarnation = 2,
            "this is incarnation 1 of test/market, not 2",
        ),
        (|config| config.voters.swap(0, 1), "replica"),
        (|config| config.id = 7, "replica 7 is no other voter"),
    ];
    for (index, (change, expected)) in changes.into_iter().enumerate() {
        let pair = pair_with(|config| {
            change(config);
            if index == 2 {
                // It takes the address of replica 2 for that of replica 3.
                let address = config.voters[0].address.clone();
                for voter in &mut config.voters {
                    voter.id = if voter.address == address { 3 } else { 1 };
                }
            }
        });
        let to = if index == 2 { 3 } else { 2 };
        for _ in 0..3 {
            let answer = pair.caller.call(to, b"secret".to_vec(), LONG).await;
            let Err(CallError::Unreachable { reason, .. }) = answer else {
                panic!("{answer:?}")
            };
            assert!(reason.contains(expected), "{reason}");
        }
        assert!(pair.caller.open(to, Vec::new()).await.is_err());
        assert_eq!(
            pair.echo.served.load(Ordering::SeqCst),
            0,
            "nothing of it was served"
        );
        until("every refusal is counted", || {
            pair.tcp.counters().refused == 4
        })
        .await;
        assert_eq!(pair.caller.counters().refused_by_peer, 4);
    }
}

#[tokio::test]
async fn large_requests_arrive_and_too_large_ones_are_not_sent() {
    let pair = pair();
    let large = vec![7; MAX_FRAME - 1];
    let answer = pair.caller.call(2, large.clone(), LONG).await.unwrap();
    assert!(answer[1..] == large);
    let answer = pair.caller.call(2, vec![0; MAX_FRAME + 1], LONG).await;
    assert!(matches!(answer, Err(CallError::Unreachable { .. })));
    pair.caller
        .call(2, b"still here".to_vec(), LONG)
        .await
        .unwrap();
    assert_eq!(pair.caller.counters().connected, 1);
}
