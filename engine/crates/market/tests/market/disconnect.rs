//! Cancel on disconnect: who is marked as connected, what goes with a client that is gone, and what stays.

use crate::common::*;
use rialto_market::Market;
use rialto_market::command::{Action, Enter};
use rialto_market::event::{CancelReason, Event, Party};
use rialto_market::types::*;

fn flagged(id: u32) -> Action {
    Action::DefineAccount(Account {
        cancel_on_disconnect: true,
        ..account(id)
    })
}

fn connected(session: u32) -> Action {
    let session = SessionId(session);
    Action::Connected { session }
}

fn disconnected(session: u32) -> Action {
    let session = SessionId(session);
    Action::Disconnected { session }
}

fn marked(market: &Market) -> Vec<u32> {
    market.connected_sessions().map(|id| id.0).collect()
}

/// Account 1, of sessions 1 and 2, cancels on disconnect; account 2, of session 3, does not.
fn bench() -> Bench {
    let mut bench = Bench::open();
    assert_eq!(bench.act(flagged(1)), []);
    bench
}

fn lasting(enter: Enter) -> Enter {
    Enter {
        time_in_force: TimeInForce::GoodTillCancel,
        ..enter
    }
}

#[test]
fn a_client_that_is_gone_takes_its_orders_along_by_order_reference() {
    let mut bench = bench();
    assert_eq!(bench.act(connected(1)), []);
    assert_eq!(bench.act(connected(2)), []);
    // In two instruments by turns, of two kinds, one partly executed, one moved to the back; and two of others.
    bench.enter(1, order(1, Side::Buy, 10, "XYZ", 90));
    bench.enter(1, lasting(buy(2, 10, 95)));
    bench.enter(2, buy(1, 7, 95));
    bench.enter(1, order(3, Side::Sell, 10, "XYZ", 99));
    bench.enter(1, buy(4, 10, 96));
    bench.enter(3, sell(1, 4, 96));
    bench.enter(3, buy(2, 9, 90));
    bench.replace(1, replacement(1, 5, 12, 91));
    bench.act(Action::Halt { instrument: None });
    let before = bench.market.open_orders();
    let events = bench.act(disconnected(1));
    let gone = |user_ref, order_ref, instrument, quantity| Event::Canceled {
        order: Party {
            session: SessionId(1),
            user_ref,
            order_ref: OrderRef(order_ref),
            left: 0,
        },
        instrument: InstrumentId(instrument),
        quantity,
        reason: CancelReason::Supervisory,
        resting: true,
    };
    assert_eq!(
        events,
        [
            gone(2, 2, 1, 10),
            gone(3, 4, 2, 10),
            gone(4, 5, 1, 6),
            gone(5, 8, 2, 12),
        ]
    );
    assert_eq!(bench.market.open_orders(), before - 4);
    assert_eq!(bench.market.open_orders_of(SessionId(1)), 0);
    assert_eq!(bench.market.open_orders_of(SessionId(2)), 1);
    assert_eq!(marked(&bench.market), [2]);
    let statistics = bench.market.statistics();
    assert_eq!(
        statistics.canceled[CancelReason::Supervisory as usize],
        4,
        "counted as such"
    );
    assert_eq!(statistics.refused.iter().sum::<u64>(), 0);
    assert_eq!(bench.act(disconnected(1)), [], "a repeat finds nothing");
}

#[test]
fn only_accounts_that_chose_it_are_marked_and_cancelled() {
    let mut bench = bench();
    bench.enter(3, buy(1, 10, 90));
    let hash = |bench: &Bench| {
        let mut bytes = bench.market.checkpoint();
        // The stamp of the last command is state, and the one thing that moves here.
        bytes[17..25].fill(0);
        bytes
    };
    let before = hash(&bench);
    assert_eq!(bench.act(connected(3)), []);
    assert_eq!(bench.act(disconnected(3)), []);
    assert_eq!(hash(&bench), before);
    assert!(!bench.market.cancels_on_disconnect(SessionId(3)));
    assert!(bench.market.cancels_on_disconnect(SessionId(2)));
    assert!(!bench.market.cancels_on_disconnect(SessionId(99)));
    assert_eq!(bench.market.open_orders(), 1);
    // The mark is state, and so is the flag.
    bench.act(connected(2));
    assert_eq!(marked(&bench.market), [2]);
    assert_ne!(hash(&bench), before);
    let marked_once = hash(&bench);
    bench.act(connected(2));
    assert_eq!(hash(&bench), marked_once, "a repeat changes nothing");
    bench.act(disconnected(2));
    assert_eq!(hash(&bench), before);
    bench.act(Action::DefineAccount(account(1)));
    assert_ne!(hash(&bench), before);
}

#[test]
fn who_no_longer_chooses_it_is_no_longer_marked() {
    let mut bench = bench();
    for session in [1, 2] {
        bench.act(connected(session));
        bench.enter(session, buy(1, 10, 90));
    }
    bench.cancel(2, 1, 0);
    bench.act(Action::DefineSession(session(2, "two", 2)));
    assert_eq!(marked(&bench.market), [1]);
    bench.act(Action::DefineAccount(account(1)));
    assert_eq!(marked(&bench.market), [0_u32; 0]);
    assert_eq!(bench.act(disconnected(1)), []);
    assert_eq!(bench.market.open_orders(), 1);
    // And who chooses it after the login is cancelled all the same.
    bench.act(flagged(1));
    assert_eq!(marked(&bench.market), [0_u32; 0]);
    assert_eq!(bench.act(disconnected(1)).len(), 1);
}

#[test]
fn between_days_nothing_is_cancelled() {
    let mut bench = bench();
    bench.act(connected(1));
    bench.enter(1, lasting(buy(1, 10, 90)));
    bench.act(Action::CloseDay);
    assert_eq!(bench.act(disconnected(1)), []);
    assert_eq!(marked(&bench.market), [0_u32; 0]);
    assert_eq!(bench.market.open_orders(), 1);
    bench.act(Action::OpenDay { date: DATE + 1 });
    assert_eq!(bench.market.open_orders(), 1);
    bench.act(connected(1));
    assert_eq!(bench.act(disconnected(1)).len(), 1);
}

#[test]
fn the_marks_come_back_with_a_checkpoint() {
    let mut bench = bench();
    for session in [1, 2, 3] {
        bench.act(connected(session));
        bench.enter(session, lasting(buy(1, 10, 90)));
    }
    bench.act(disconnected(2));
    bench.act(connected(2));
    let bytes = bench.market.checkpoint();
    let mut again = Market::restore(&bytes).expect("a checkpoint");
    assert_eq!(marked(&again), [1, 2]);
    assert_eq!(again.checkpoint(), bytes);
    let mut events = Vec::new();
    let command = rialto_market::command::Command::Operator {
        key: 0,
        action: disconnected(1),
    };
    again.apply(&command, 9, &mut events);
    assert_eq!(events, bench.act(disconnected(1)));
    assert_eq!(events.len(), 1);

    // A mark without the flag is no state of a market: session 3's is the byte before the count of keys and of orders.
    let mut damaged = bytes.clone();
    let orders = 2 * (8 + 8 + 4 + 4 + 4 + 4 + 1 + 1 + 1 + 14);
    let at = bytes.len() - orders - 4 * 4 - 4 - 1;
    assert_eq!(damaged[at], 0);
    damaged[at] = 1;
    let error = Market::restore(&damaged).err().map(|e| e.to_string());
    assert!(
        error
            .as_deref()
            .is_some_and(|e| e.contains("marked as connected")),
        "{error:?}"
    );
}
