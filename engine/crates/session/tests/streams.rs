//! What the streams promise, on random flows: they are enough to know the market, in any number of pieces.
#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

mod common;

use common::flow::{Op, ops, run};
use common::mirror::{Account, Book, Execution, Own};
use common::{Bench, Store};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use rialto_market::Market;
use rialto_market::event::{CancelReason, Event};
use rialto_market::types::{SessionId, TradingState};
use rialto_session::{Publisher, Snapshot, StreamId};
use std::collections::BTreeMap;

fn check_feed(bench: &Bench) {
    let book = Book::of(bench.store.feed());
    assert_eq!(book.orders(), bench.market.orders().collect::<Vec<_>>());
    let stocks: Vec<_> = bench
        .market
        .instruments()
        .map(|i| {
            let d = i.definition;
            let trading = i.state == TradingState::Trading;
            (d.id.0, (d.symbol.text(), d.lot_size, trading))
        })
        .collect();
    assert_eq!(book.stocks.into_iter().collect::<Vec<_>>(), stocks);
    let matches: Vec<_> = bench
        .events
        .iter()
        .filter_map(|event| match event {
            Event::Executed {
                match_number,
                quantity,
                ..
            } => Some((match_number.0, *quantity)),
            _ => None,
        })
        .collect();
    assert_eq!(book.matches, matches);
    assert_eq!(book.system, b"OSQ");
}

fn check_session(bench: &Bench, session: SessionId) {
    let stream = bench.store.session(session.0);
    let carried = bench.carried.get(&session).cloned().unwrap_or_default();
    let account = Account::of(stream, carried.clone());
    let mut live = BTreeMap::new();
    let mut earlier = BTreeMap::new();
    for order in bench.market.orders() {
        let detail = bench.market.order(order.order_ref).unwrap();
        if detail.session != session {
            continue;
        }
        if !carried.contains_key(&order.order_ref.0) {
            let own = Own {
                order_ref: order.order_ref.0,
                left: order.left,
            };
            live.insert(detail.user_ref, own);
        } else {
            earlier.insert(order.order_ref.0, order.left);
        }
    }
    assert_eq!(account.orders, live);
    assert_eq!(account.earlier, earlier);
    let mut executions = Vec::new();
    for event in &bench.events {
        if let Event::Executed {
            match_number,
            quantity,
            price_e4,
            maker,
            taker,
            ..
        } = *event
        {
            for (party, is_maker) in [(maker, true), (taker, false)] {
                if party.session == session {
                    executions.push(Execution {
                        match_number: match_number.0,
                        order_ref: party.order_ref.0,
                        quantity,
                        price_e4,
                        maker: is_maker,
                    });
                }
            }
        }
    }
    assert_eq!(account.executions, executions);
    if !stream.is_empty() {
        assert_eq!(account.system, b"S");
    }
}

/// The commands of a flow again, on a market and a publisher restored in the middle of it.
struct Half {
    market: Vec<u8>,
    positions: Vec<u8>,
    store: Store,
    now_ns: u64,
}

fn half(bench: &Bench) -> Half {
    let mut positions = Vec::new();
    bench.publisher.encode(&mut positions);
    Half {
        market: bench.market.checkpoint(),
        positions,
        store: bench.store.clone(),
        now_ns: bench.now_ns,
    }
}

fn restored(half: &Half) -> Bench {
    Bench {
        market: Market::restore(&half.market).unwrap(),
        publisher: Publisher::decode(&half.positions).unwrap(),
        store: half.store.clone(),
        now_ns: half.now_ns,
        events: Vec::new(),
        history: Vec::new(),
        carried: BTreeMap::new(),
    }
}

/// The kinds of events that matter to streams, as far as a flow brings them about.
fn kind(event: &Event) -> &'static str {
    match event {
        Event::Accepted { .. } => "accepted",
        Event::Replaced { crosses: true, .. } => "replaced, crossing",
        Event::Replaced {
            keeps_priority: true,
            ..
        } => "replaced, keeping its place",
        Event::Replaced { .. } => "replaced, losing its place",
        Event::Rested { .. } => "rested",
        Event::Executed { maker, .. } if maker.left > 0 => "executed in part",
        Event::Executed { .. } => "executed",
        Event::Canceled {
            reason: CancelReason::Supervisory,
            ..
        } => "disconnected",
        Event::Canceled { resting: false, .. } => "canceled at once",
        Event::Canceled { order, .. } if order.left > 0 => "reduced",
        Event::Canceled { .. } => "canceled",
        Event::Modified { .. } => "modified",
        Event::Rejected { .. } => "rejected",
        Event::CancelRejected { .. } => "cancel rejected",
        Event::MassCanceled { .. } => "mass canceled",
        Event::OrderEntry { .. } => "order entry",
        Event::NextUserRef { .. } => "query",
        Event::Ignored { .. } => "ignored",
        Event::Halted { .. } => "halted",
        _ => "other",
    }
}

/// The flows of the properties below are not empty ones: a few of them bring about every kind of event.
#[test]
fn flows_bring_about_every_kind_of_event() {
    let mut runner = TestRunner::deterministic();
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    let mut earlier = 0;
    for _ in 0..50 {
        let flow = ops(300).new_tree(&mut runner).unwrap().current();
        let mut bench = Bench::open();
        run(&mut bench, &flow);
        for event in &bench.history {
            *kinds.entry(kind(event)).or_default() += 1;
        }
        let bytes = bench.store.streams.values().flatten();
        earlier += bytes
            .filter_map(|m| rialto_wire::ouch::outbound::Message::decode(m).ok())
            .filter(|m| match m {
                rialto_wire::ouch::outbound::Message::Executed(m) => m.user_ref_num() == 0,
                _ => false,
            })
            .count();
    }
    assert_eq!(kinds.len(), 20, "{kinds:?}");
    assert!(kinds.values().all(|count| *count >= 10), "{kinds:?}");
    assert!(
        kinds["executed"] > 500 && earlier > 10,
        "{kinds:?} {earlier}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// The feed alone gives the market's book, its instruments, their states and every execution.
    #[test]
    fn the_feed_is_the_market(ops in ops(300)) {
        let mut bench = Bench::open();
        run(&mut bench, &ops);
        check_feed(&bench);
    }

    /// A session's stream alone gives its live orders and its executions.
    #[test]
    fn a_session_stream_is_the_session(ops in ops(300)) {
        let mut bench = Bench::open();
        run(&mut bench, &ops);
        for session in 1..=3 {
            check_session(&bench, SessionId(session));
        }
    }

    /// A snapshot and the feed from its number give what the feed from 1 gives.
    #[test]
    fn a_snapshot_stands_for_the_feed_before_it(first in ops(120), second in ops(80)) {
        let second: Vec<Op> = second.into_iter().filter(|op| !matches!(op, Op::NextDay)).collect();
        let mut bench = Bench::open();
        run(&mut bench, &first);
        let next = bench.publisher.stream(StreamId::Feed).unwrap().next;
        let snapshot: Vec<Vec<u8>> = Snapshot::new(&bench.market, next).collect();
        prop_assert_eq!(snapshot.len(), 2 * bench.market.instruments().len() + bench.market.open_orders() + 1);
        run(&mut bench, &second);
        let mut book = Book::of(&snapshot);
        prop_assert_eq!(book.feed_next, Some(next));
        for message in &bench.store.feed()[next as usize - 1..] {
            book.apply(message);
        }
        let whole = Book::of(bench.store.feed());
        prop_assert_eq!(book.orders(), whole.orders());
        prop_assert_eq!(book.stocks, whole.stocks);
    }

    /// The same commands give the same streams, also from a checkpoint in the middle; positions have one form.
    #[test]
    fn streams_are_decided_by_the_commands(first in ops(100), second in ops(100)) {
        let mut bench = Bench::open();
        run(&mut bench, &first);
        let middle = half(&bench);
        run(&mut bench, &second);

        let mut again = Bench::open();
        run(&mut again, &first);
        run(&mut again, &second);
        prop_assert_eq!(&again.store, &bench.store);

        let mut resumed = restored(&middle);
        let mut bytes = Vec::new();
        resumed.publisher.encode(&mut bytes);
        prop_assert_eq!(&bytes, &middle.positions);
        run(&mut resumed, &second);
        prop_assert_eq!(&resumed.store, &bench.store);
        prop_assert_eq!(&resumed.publisher, &bench.publisher);
    }

    /// Positions are what the streams' lengths say.
    #[test]
    fn positions_follow_the_streams(ops in ops(60)) {
        let mut bench = Bench::open();
        run(&mut bench, &ops);
        let day = bench.market.day().unwrap();
        for (stream, messages) in &bench.store.streams {
            let state = bench.publisher.stream(*stream).unwrap();
            prop_assert_eq!(state.next, messages.len() as u64 + 1);
            prop_assert_eq!(state.session, day.session_name());
            prop_assert!(!state.ended);
        }
        let listed: Vec<StreamId> = bench.publisher.streams().map(|(id, _)| id).collect();
        prop_assert_eq!(listed, bench.store.streams.keys().copied().collect::<Vec<_>>());
    }

    /// Any bytes are positions in their one form, or an error.
    #[test]
    fn any_bytes_are_positions_or_an_error(
        state in 0..4u8,
        count in 0..3u32,
        rest in prop::collection::vec(prop_oneof![Just(0u8), Just(1u8), any::<u8>()], 0..60),
    ) {
        let mut bytes = vec![1, state];
        bytes.extend(&rest);
        if let Some(at) = bytes.get_mut(24..28) {
            at.copy_from_slice(&count.to_le_bytes());
        }
        bytes.truncate(28 + 12 * count as usize);
        if let Ok(publisher) = Publisher::decode(&bytes) {
            let mut again = Vec::new();
            publisher.encode(&mut again);
            prop_assert_eq!(again, bytes);
        }
    }
}
