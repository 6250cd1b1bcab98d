//! Orders in, answers and market data out.

use crate::client::{Packet, kinds, number, user_ref};
use crate::process::{PATIENCE, Place};
use std::collections::BTreeMap;
use std::time::Duration;

#[test]
fn an_order_is_accepted_executed_and_shown() {
    let place = Place::new();
    let node = place.start();
    let mut feed = node.login("feed", "FEED", 1);
    let mut alice = node.login("orders", "ALICE", 1);
    let mut bob = node.login("orders", "BOB", 1);
    assert_eq!(alice.session, feed.session);
    assert_eq!(
        alice.message()[0],
        b'S',
        "the stream begins with the start of the day"
    );
    assert_eq!(bob.message()[0], b'S');

    let sell = alice.enter(b'S', 100, "ACME", 1_000_000);
    let accepted = alice.message();
    assert_eq!((accepted[0], accepted.len()), (b'A', 64));
    assert_eq!(user_ref(&accepted), sell);
    let order = number(&accepted, 36, 8);

    bob.enter(b'B', 60, "ACME", 1_000_100);
    let answers = bob.messages(2);
    assert_eq!(kinds(&answers), "AE");
    let executed = alice.message();
    assert_eq!(executed[0], b'E');
    assert_eq!(number(&executed, 13, 4), 60, "quantity");
    assert_eq!(number(&executed, 17, 8), 1_000_000, "the maker's price");
    assert_eq!(
        (executed[25], answers[1][25]),
        (b'A', b'R'),
        "liquidity flags"
    );
    assert_eq!(
        number(&executed, 26, 8),
        number(&answers[1], 26, 8),
        "one match number"
    );

    alice.cancel(sell);
    let canceled = alice.message();
    assert_eq!((canceled[0], number(&canceled, 13, 4)), (b'C', 40));

    // The feed: the order is added, executed and deleted, under its reference number.
    let shown = [
        feed.message_of(b'A'),
        feed.message_of(b'E'),
        feed.message_of(b'D'),
    ];
    for message in &shown {
        assert_eq!(number(message, 11, 8), order);
    }
    assert_eq!(number(&shown[1], 19, 4), 60);

    let market = node.until("traded", |m| m["instruments"][0]["volume"] == 60);
    assert_eq!(market["instruments"][0]["last_price_e4"], 1_000_000);
    assert_eq!(market["instruments"][0]["trades"], 1);
    assert_eq!(market["counters"]["orders"], 2);
    assert_eq!(market["connections"]["orders"], 2);
    assert!(market["acknowledge"]["p99_ns"].as_u64().unwrap() > 0);
}

#[test]
fn a_refused_order_has_its_reason_in_the_stream() {
    let place = Place::new();
    let node = place.start();
    let mut alice = node.login("orders", "ALICE", 0);
    alice.enter(b'B', 10, "NOPE", 1_000_000);
    alice.enter(b'B', 10, "ZINC", 2_000_000);
    alice.enter(b'B', 10, "ZINC", 1_000_050);
    alice.enter(b'B', 10, "ZINC", 1_000_000);
    let answers = alice.messages(4);
    assert_eq!(kinds(&answers), "JJJA");
    let reasons: Vec<u64> = answers[..3].iter().map(|m| number(m, 13, 2)).collect();
    assert!(
        reasons[0] != reasons[1] && reasons[1] != reasons[2],
        "{reasons:?}"
    );
}

/// Books by order reference number: (side, price, quantity).
type Book = BTreeMap<u64, (u8, u64, u64)>;

fn show(book: &mut Book, message: &[u8]) {
    let order = || number(message, 11, 8);
    let reduce = |book: &mut Book, by: u64| {
        let entry = book.get_mut(&order()).expect("an order that was added");
        entry.2 -= by;
        if entry.2 == 0 {
            book.remove(&order());
        }
    };
    match message[0] {
        b'A' => {
            let entry = (message[19], number(message, 32, 4), number(message, 20, 4));
            assert_eq!(book.insert(order(), entry), None);
        }
        b'E' | b'X' => reduce(book, number(message, 19, 4)),
        b'D' => assert!(book.remove(&order()).is_some()),
        _ => {}
    }
}

#[test]
fn a_snapshot_and_the_feed_behind_it_give_the_same_book_as_the_whole_feed() {
    let place = Place::new();
    let node = place.start();
    let mut alice = node.login("orders", "ALICE", 0);
    let step = |client: &mut crate::client::Client, from: u32| {
        for i in from..from + 200 {
            let side = if i % 2 == 0 { b'B' } else { b'S' };
            let away = u64::from(i * 7 % 40) * 100;
            let price = if side == b'B' {
                1_000_000 - away
            } else {
                999_000 + away
            };
            client.enter(side, 1 + i % 9, "ACME", price);
            if i % 5 == 0 {
                client.cancel(i);
            }
        }
        client.enter(b'B', 1, "ACME", 100);
        let last = client.user_ref;
        while user_ref(&client.message_of(b'A')) != last {}
    };
    step(&mut alice, 0);
    let mut glimpse = node.login("snapshot", "FEED", 1);
    let mut book = Book::new();
    let next = loop {
        let message = glimpse.message();
        if message[0] == b'G' {
            break String::from_utf8(message[1..].to_vec())
                .unwrap()
                .trim()
                .parse()
                .unwrap();
        }
        show(&mut book, &message);
    };
    assert_eq!(glimpse.packet(), Packet::End);
    assert!(!book.is_empty());
    step(&mut alice, 200);

    let mut behind = node.login("feed", "FEED", next);
    let mut whole = node.login("feed", "FEED", 1);
    let mut full = Book::new();
    let last = node.until("quiet", |m| m["connections"]["feed"] == 2)["instruments"][0].clone();
    assert_eq!(last["symbol"], "ACME");
    let end = {
        let mut probe = node.login("feed", "FEED", 0);
        let end = probe.next;
        assert_eq!(probe.packet(), Packet::Heartbeat, "nothing is left to send");
        end
    };
    while whole.next < end {
        show(&mut full, &whole.message());
    }
    while behind.next < end {
        show(&mut book, &behind.message());
    }
    assert_eq!(book, full);
    let best = full
        .values()
        .filter(|(side, _, _)| *side == b'B')
        .map(|(_, price, _)| *price)
        .max();
    assert_eq!(last["bid"]["price_e4"].as_u64(), best);
}

#[test]
fn a_session_is_read_again_by_number_and_the_newer_login_wins() {
    let place = Place::new();
    let node = place.start();
    let mut first = node.login("orders", "ALICE", 1);
    for _ in 0..20 {
        first.enter(b'B', 5, "ACME", 500_000);
    }
    let messages = first.messages(21);
    let mut second = node.login("orders", "ALICE", 10);
    assert_eq!(second.next, 10);
    assert_eq!(
        second.messages(12),
        messages[9..],
        "the same messages under the same numbers"
    );
    let (rest, said) = first.rest();
    assert!(rest.is_empty());
    assert!(
        matches!(&said[..], [Packet::Debug(text)] if text.contains("another connection")),
        "{said:?}"
    );
    // The newer connection trades; numbers beyond the end and other sessions are refused.
    second.user_ref = 20;
    second.enter(b'B', 5, "ACME", 500_000);
    assert_eq!(second.message()[0], b'A');
    assert_eq!(
        node.connect("orders").login("ALICE", "secret-a", "", 99),
        Err(b'S')
    );
    assert_eq!(
        node.connect("orders")
            .login("ALICE", "secret-a", "2001010101", 1),
        Err(b'S')
    );
    assert_eq!(
        node.connect("orders").login("ALICE", "secret-b", "", 1),
        Err(b'A')
    );
    assert_eq!(
        node.connect("orders").login("FEED", "secret-f", "", 1),
        Err(b'A')
    );
    assert_eq!(
        node.connect("feed").login("ALICE", "secret-a", "", 1),
        Err(b'A')
    );
    // None of those disturbed the session.
    second.enter(b'B', 5, "ACME", 500_000);
    assert_eq!(second.message()[0], b'A');
    assert_eq!(
        node.metric(
            "rialto_connections_ended_total{market=\"eq\",port=\"orders\",cause=\"displaced\"}"
        ),
        1.0
    );
    assert!(!place.log().contains("secret"), "a password is in the log");
}

#[test]
fn an_idle_connection_gets_heartbeats_and_a_silent_client_is_dropped() {
    let mut place = Place::new();
    place.config["limits"]["client_timeout_ms"] = 2500.into();
    let node = place.start();
    let mut feed = node.login("feed", "FEED", 0);
    assert_eq!(feed.packet(), Packet::Heartbeat);
    let (_, said) = feed.rest();
    assert!(
        matches!(&said[..], [Packet::Debug(text)] if text.contains("heartbeat")),
        "{said:?}"
    );
    let market = node.until("dropped", |m| m["connections"]["feed"] == 0);
    assert_eq!(market["connections"]["feed"], 0);
}

#[test]
fn a_windowed_client_gets_every_answer_in_order() {
    let place = Place::new();
    let node = place.start();
    let mut alice = node.login("orders", "ALICE", 0);
    alice.set_write_timeout(PATIENCE);
    let (mut sent, mut answered, total) = (0u32, 0u32, 50_000u32);
    while answered < total {
        let mut bytes = Vec::new();
        while sent < total && sent - answered < 2_000 {
            sent += 1;
            let order =
                crate::client::enter(sent, b'B', 1, "ACME", 100 * u64::from(1 + sent % 500), &[]);
            bytes.extend(crate::client::packet(b'U', &order));
        }
        alice.write(&bytes);
        let message = alice.message();
        assert_eq!(message[0], b'A');
        answered += 1;
        assert_eq!(user_ref(&message), answered);
    }
    let market = node.until("counted", |m| m["orders_resting"] == total);
    assert_eq!(market["counters"]["orders"], total);
    assert_eq!(market["journal"]["applied"], market["journal"]["durable"]);
    std::thread::sleep(Duration::from_millis(1));
}
