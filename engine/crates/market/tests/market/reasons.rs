//! Every reason to reject a message, each brought about once.

use crate::common::*;
use rialto_market::Config;
use rialto_market::command::{Action, Enter, Replace, Request, Target};
use rialto_market::event::{CancelReason, Event, RejectReason};
use rialto_market::types::*;

fn rejected(events: &[Event]) -> Option<RejectReason> {
    match events {
        [Event::Rejected { reason, .. }] => Some(*reason),
        _ => None,
    }
}

#[track_caller]
fn rejects(bench: &mut Bench, enter: Enter, reason: RejectReason) {
    let before = bench.market.statistics().rejected[reason as usize];
    let events = bench.enter(1, enter);
    assert_eq!(rejected(&events), Some(reason), "{events:?}");
    assert_eq!(
        bench.market.statistics().rejected[reason as usize],
        before + 1
    );
}

#[track_caller]
fn replace_rejects(bench: &mut Bench, replace: Replace, reason: RejectReason) {
    let resting: Vec<_> = bench.market.orders().collect();
    let events = bench.replace(1, replace);
    assert_eq!(rejected(&events), Some(reason), "{events:?}");
    assert_eq!(bench.market.orders().collect::<Vec<_>>(), resting);
}

#[test]
fn market_closed() {
    let mut bench = Bench::closed();
    rejects(&mut bench, buy(1, 10, 100), RejectReason::MarketClosed);
}

#[test]
fn halted() {
    let mut bench = Bench::open();
    bench.enter(1, buy(1, 10, 100));
    let halt = Action::Halt {
        instrument: Some(InstrumentId(1)),
    };
    assert_eq!(
        bench.act(halt),
        [Event::Halted {
            instrument: InstrumentId(1)
        }]
    );
    assert_eq!(bench.act(halt), [], "it is halted already");
    rejects(&mut bench, buy(2, 10, 100), RejectReason::Halted);
    replace_rejects(&mut bench, replacement(1, 3, 20, 100), RejectReason::Halted);
    let other = Enter {
        symbol: symbol("XYZ"),
        ..buy(4, 10, 100)
    };
    assert!(matches!(bench.enter(1, other)[0], Event::Accepted { .. }));
    assert!(matches!(
        bench.cancel(1, 1, 5)[..],
        [Event::Canceled { .. }]
    ));
    let resume = Action::Resume { instrument: None };
    assert_eq!(
        bench.act(resume),
        [Event::Resumed {
            instrument: InstrumentId(1)
        }]
    );
    assert!(matches!(
        bench.enter(1, buy(5, 10, 100))[0],
        Event::Accepted { .. }
    ));
}

#[test]
fn unknown_symbol() {
    let mut bench = Bench::open();
    let unknown = Enter {
        symbol: symbol("NONE"),
        ..buy(1, 10, 100)
    };
    rejects(&mut bench, unknown, RejectReason::UnknownSymbol);
    let blank = Enter {
        symbol: Symbol::ALL,
        ..buy(2, 10, 100)
    };
    rejects(&mut bench, blank, RejectReason::UnknownSymbol);
}

#[test]
fn invalid_quantity() {
    let mut bench = Bench::open();
    for (user_ref, quantity) in [(1, 0), (2, 1_000_000), (3, u32::MAX)] {
        rejects(
            &mut bench,
            buy(user_ref, quantity, 100),
            RejectReason::InvalidQuantity,
        );
    }
    assert!(matches!(
        bench.enter(1, buy(4, 999_999, 1))[0],
        Event::Accepted { .. }
    ));
}

#[test]
fn odd_lot() {
    let mut bench = Bench::open();
    bench.act(Action::DefineInstrument(Instrument {
        lot_size: 10,
        ..instrument(1, "ABC")
    }));
    rejects(&mut bench, buy(1, 15, 100), RejectReason::OddLot);
    bench.enter(1, buy(2, 30, 100));
    assert!(matches!(
        bench.cancel(1, 2, 15)[..],
        [Event::CancelRejected { user_ref: 2, .. }]
    ));
    assert!(matches!(
        bench.cancel(1, 2, 20)[..],
        [Event::Canceled { quantity: 10, .. }]
    ));
}

#[test]
fn invalid_price() {
    let mut bench = Bench::open();
    for (user_ref, price_e4) in [(1, 0), (2, MAX_PRICE_E4 + 1), (3, u64::MAX)] {
        let enter = Enter {
            price_e4,
            ..buy(user_ref, 10, 0)
        };
        rejects(&mut bench, enter, RejectReason::InvalidPrice);
    }
}

#[test]
fn off_tick() {
    let mut bench = Bench::open();
    let enter = Enter {
        price_e4: 10_050,
        ..buy(1, 10, 0)
    };
    rejects(&mut bench, enter, RejectReason::OffTick);
}

#[test]
fn collar() {
    let mut bench = Bench::open();
    let collared = Instrument {
        collar_bp: 500,
        reference_price: 1_000,
        ..instrument(1, "ABC")
    };
    bench.act(Action::DefineInstrument(collared));
    rejects(&mut bench, buy(1, 10, 949), RejectReason::Collar);
    rejects(&mut bench, sell(2, 10, 1_051), RejectReason::Collar);
    // From the first trade on, the last trade is what the collar is measured from.
    bench.enter(1, sell(3, 10, 1_050));
    bench.enter(2, buy(1, 10, 1_050));
    rejects(&mut bench, buy(4, 10, 997), RejectReason::Collar);
    assert!(matches!(
        bench.enter(1, buy(5, 10, 998))[0],
        Event::Accepted { .. }
    ));
    replace_rejects(&mut bench, replacement(5, 6, 10, 900), RejectReason::Collar);
}

#[test]
fn a_market_order_sweeps_to_the_collars_edge() {
    let mut bench = Bench::open();
    for (user_ref, ticks) in [(1, 1_000), (2, 1_050), (3, 1_051)] {
        bench.enter(1, sell(user_ref, 10, ticks));
    }
    bench.act(Action::DefineInstrument(Instrument {
        collar_bp: 500,
        reference_price: 1_000,
        ..instrument(1, "ABC")
    }));
    let market = Enter {
        price_e4: MARKET_PRICE_E4,
        time_in_force: TimeInForce::ImmediateOrCancel,
        ..buy(1, 100, 0)
    };
    let events = bench.enter(2, market);
    let filled: Vec<_> = events
        .iter()
        .filter_map(|event| match event {
            Event::Executed { price, .. } => Some(*price),
            _ => None,
        })
        .collect();
    assert_eq!(filled, [1_000, 1_050]);
    assert!(matches!(
        events.last(),
        Some(Event::Canceled {
            quantity: 80,
            reason: CancelReason::Immediate,
            resting: false,
            ..
        })
    ));
}

#[test]
fn account_limits() {
    let mut bench = Bench::open();
    bench.act(Action::DefineAccount(Account {
        max_order_quantity: 50,
        max_order_value_e4: 40 * 100 * 100,
        max_open_orders: 2,
        cancel_on_disconnect: false,
        ..account(1)
    }));
    rejects(&mut bench, buy(1, 51, 1), RejectReason::MaxOrderQuantity);
    rejects(&mut bench, buy(2, 41, 100), RejectReason::MaxOrderValue);
    bench.enter(1, buy(3, 40, 100));
    bench.enter(2, buy(1, 40, 100));
    rejects(&mut bench, buy(4, 1, 1), RejectReason::MaxOpenOrders);
    let immediate = Enter {
        time_in_force: TimeInForce::ImmediateOrCancel,
        ..buy(5, 1, 1)
    };
    assert!(
        matches!(bench.enter(1, immediate)[0], Event::Accepted { .. }),
        "what can't rest is not counted"
    );
    replace_rejects(
        &mut bench,
        replacement(3, 6, 51, 1),
        RejectReason::MaxOrderQuantity,
    );
    replace_rejects(
        &mut bench,
        replacement(3, 7, 41, 100),
        RejectReason::MaxOrderValue,
    );
    bench.cancel(1, 3, 0);
    assert!(matches!(
        bench.enter(1, buy(8, 1, 1))[0],
        Event::Accepted { .. }
    ));
    // A market order is valued at the best price it would meet.
    bench.enter(3, sell(1, 50, 102));
    let market = Enter {
        price_e4: MARKET_PRICE_E4,
        time_in_force: TimeInForce::FillOrKill,
        ..buy(9, 40, 0)
    };
    rejects(&mut bench, market, RejectReason::MaxOrderValue);
}

#[test]
fn post_only_would_match() {
    let mut bench = Bench::open();
    bench.enter(1, sell(1, 10, 101));
    let post = Enter {
        post_only: true,
        ..buy(2, 10, 101)
    };
    rejects(&mut bench, post, RejectReason::PostOnlyWouldMatch);
    bench.enter(1, buy(3, 10, 100));
    let replace = Replace {
        post_only: true,
        ..replacement(3, 4, 10, 101)
    };
    replace_rejects(&mut bench, replace, RejectReason::PostOnlyWouldMatch);
}

#[test]
fn invalid_min_quantity() {
    let mut bench = Bench::open();
    for (user_ref, time_in_force, min_quantity) in [
        (1, TimeInForce::Day, 5),
        (2, TimeInForce::GoodTillCancel, 5),
        (3, TimeInForce::ImmediateOrCancel, 11),
        (4, TimeInForce::FillOrKill, 5),
    ] {
        let enter = Enter {
            time_in_force,
            min_quantity,
            ..buy(user_ref, 10, 100)
        };
        rejects(&mut bench, enter, RejectReason::InvalidMinQuantity);
    }
}

#[test]
fn invalid_time_in_force() {
    let mut bench = Bench::open();
    let market = Enter {
        price_e4: MARKET_PRICE_E4,
        ..buy(1, 10, 0)
    };
    rejects(&mut bench, market, RejectReason::InvalidTimeInForce);
    for (user_ref, price_e4) in [(2, 10_000), (3, MARKET_PRICE_E4)] {
        let post = Enter {
            price_e4,
            post_only: true,
            time_in_force: TimeInForce::ImmediateOrCancel,
            ..buy(user_ref, 10, 0)
        };
        rejects(&mut bench, post, RejectReason::InvalidTimeInForce);
    }
}

#[test]
fn order_entry_disabled() {
    let mut bench = Bench::open();
    bench.enter(1, buy(1, 10, 100));
    let session = SessionId(1);
    assert_eq!(
        bench.ask(1, Request::DisableOrderEntry { user_ref: 7 }),
        [Event::OrderEntry {
            session,
            user_ref: 7,
            enabled: false
        }]
    );
    rejects(
        &mut bench,
        buy(2, 10, 100),
        RejectReason::OrderEntryDisabled,
    );
    replace_rejects(
        &mut bench,
        replacement(1, 3, 9, 100),
        RejectReason::OrderEntryDisabled,
    );
    assert!(matches!(
        bench.enter(2, buy(1, 10, 100))[0],
        Event::Accepted { .. }
    ));
    assert!(matches!(
        bench.cancel(1, 1, 5)[..],
        [Event::Canceled { .. }]
    ));
    bench.ask(1, Request::EnableOrderEntry { user_ref: 8 });
    assert!(matches!(
        bench.enter(1, buy(4, 10, 100))[0],
        Event::Accepted { .. }
    ));
}

#[test]
fn order_not_found_and_nothing_left() {
    let mut bench = Bench::open();
    replace_rejects(
        &mut bench,
        replacement(9, 1, 10, 100),
        RejectReason::OrderNotFound,
    );
    bench.enter(2, buy(1, 10, 100));
    replace_rejects(
        &mut bench,
        replacement(1, 2, 10, 100),
        RejectReason::OrderNotFound,
    );
    let foreign = Replace {
        target: Target::OrderRef(1),
        ..replacement(0, 3, 10, 100)
    };
    replace_rejects(&mut bench, foreign, RejectReason::OrderNotFound);
    bench.enter(1, sell(4, 10, 200));
    bench.enter(2, buy(2, 4, 200));
    replace_rejects(
        &mut bench,
        replacement(4, 5, 4, 200),
        RejectReason::NothingLeft,
    );
}

#[test]
fn market_full() {
    let mut bench = Bench::with(Config {
        incarnation: 1,
        max_orders: 1,
    });
    bench.act(Action::OpenDay { date: DATE });
    bench.enter(1, buy(1, 10, 100));
    rejects(&mut bench, buy(2, 10, 100), RejectReason::MarketFull);
    let events = bench.replace(1, replacement(1, 3, 20, 101));
    assert!(matches!(events[..], [Event::Replaced { .. }]), "{events:?}");
    bench.cancel(1, 3, 0);
    assert!(matches!(
        bench.enter(1, buy(4, 10, 100))[0],
        Event::Accepted { .. }
    ));
}
