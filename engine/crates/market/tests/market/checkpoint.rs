//! Checkpoints: the restored market is the same ever after, equal states have equal hashes, damaged bytes are refused.

use crate::common::flow::{command, prelude, stamp, steps};
use crate::common::*;
use proptest::prelude::*;
use rialto_market::command::{Action, Command, Enter, Request, Target};
use rialto_market::event::{Event, Party};
use rialto_market::types::*;
use rialto_market::{Config, Market, RestoreError};

const CONFIG: Config = Config {
    incarnation: 3,
    max_orders: 50,
};

/// A market with orders of two days, executions, a halted instrument and keys in it.
fn busy() -> Bench {
    let mut bench = Bench::open();
    let gtc = |enter| Enter {
        time_in_force: TimeInForce::GoodTillCancel,
        ..enter
    };
    bench.enter(1, gtc(buy(1, 100, 99)));
    bench.enter(2, gtc(sell(1, 100, 101)));
    bench.enter(3, buy(1, 60, 101));
    bench.act(Action::CloseDay);
    bench.apply(Command::Operator {
        key: 77,
        action: Action::OpenDay { date: DATE + 1 },
    });
    bench.enter(1, buy(1, 10, 99));
    bench.enter(2, gtc(buy(4, 20, 98)));
    bench.enter(3, sell(9, 30, 103));
    bench.act(Action::Halt {
        instrument: Some(InstrumentId(2)),
    });
    bench.act(Action::DefineAccount(Account {
        cancel_on_disconnect: true,
        ..account(2)
    }));
    bench.act(Action::Connected {
        session: SessionId(3),
    });
    bench
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn a_restored_market_is_the_same_ever_after(
        flow in steps(1..400),
        cuts in proptest::collection::vec(any::<prop::sample::Index>(), 1..4),
    ) {
        let first = prelude();
        let cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(flow.len())).collect();
        let mut one = Market::new(CONFIG);
        let mut two = Market::new(CONFIG);
        let (mut events, mut again) = (Vec::new(), Vec::new());
        for nth in 0..first.len() + flow.len() {
            if nth >= first.len() && cuts.contains(&(nth - first.len())) {
                let bytes = two.checkpoint();
                prop_assert_eq!(&bytes, &one.checkpoint());
                two = Market::restore(&bytes).map_err(|error| TestCaseError::fail(error.to_string()))?;
                prop_assert_eq!(&two.checkpoint(), &bytes);
            }
            let next = match first.get(nth) {
                Some(first) => *first,
                None => command(&flow[nth - first.len()], &one),
            };
            events.clear();
            again.clear();
            one.apply(&next, stamp(nth), &mut events);
            two.apply(&next, stamp(nth), &mut again);
            prop_assert_eq!(&events, &again);
        }
        prop_assert_eq!(one.state_hash(), two.state_hash());
    }

    #[test]
    fn damaged_bytes_are_refused_or_are_another_markets(
        flow in steps(1..120),
        damage in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
        later in steps(1..40),
    ) {
        let mut market = Market::new(CONFIG);
        let mut events = Vec::new();
        for (nth, first) in prelude().iter().enumerate() {
            market.apply(first, stamp(nth), &mut events);
        }
        for (nth, step) in flow.iter().enumerate() {
            market.apply(&command(step, &market), stamp(nth), &mut events);
        }
        let mut bytes = market.checkpoint();
        let short = &bytes[..cut.index(bytes.len())];
        prop_assert!(Market::restore(short).is_err());
        for (at, value) in &damage {
            let at = at.index(bytes.len());
            bytes[at] = *value;
        }
        // What restores all the same is a state that a market can have: canonical, and it goes on.
        if let Ok(mut other) = Market::restore(&bytes) {
            prop_assert_eq!(other.checkpoint(), bytes);
            for step in &later {
                other.apply(&command(step, &other), 5, &mut events);
                prop_assert!(Market::restore(&other.checkpoint()).is_ok());
            }
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        prop_assert!(Market::restore(&bytes).is_err());
        let mut headed = Bench::closed().market.checkpoint();
        headed.truncate(12);
        headed.extend_from_slice(&bytes);
        if let Ok(market) = Market::restore(&headed) {
            prop_assert_eq!(market.checkpoint(), headed);
        }
    }

    #[test]
    fn two_runs_are_equal(flow in steps(1..300)) {
        let run = || {
            let mut market = Market::new(CONFIG);
            let mut events = Vec::new();
            for (nth, first) in prelude().iter().enumerate() {
                market.apply(first, stamp(nth), &mut events);
            }
            for (nth, step) in flow.iter().enumerate() {
                market.apply(&command(step, &market), stamp(nth), &mut events);
            }
            (events, market.state_hash())
        };
        prop_assert_eq!(run(), run());
    }
}

#[test]
fn every_single_byte_counts() {
    let bytes = busy().market.checkpoint();
    let hash = blake3::hash(&bytes);
    for at in 0..bytes.len() {
        for flip in [1, 0x80] {
            let mut other = bytes.clone();
            other[at] ^= flip;
            if let Ok(market) = Market::restore(&other) {
                assert_eq!(market.checkpoint(), other, "byte {at}");
                assert_ne!(market.state_hash(), *hash.as_bytes(), "byte {at}");
            }
        }
    }
}

#[test]
fn an_equal_state_reached_by_another_way_has_the_same_hash() {
    // Two sessions' messages in another order: the slots of the pool are handed out and taken back differently.
    let run = |late_cancel: bool| {
        let mut bench = Bench::open();
        let cancel = |bench: &mut Bench| bench.cancel(1, 1, 0);
        bench.enter(1, buy(1, 10, 90));
        if !late_cancel {
            cancel(&mut bench);
        }
        bench.enter(2, buy(1, 20, 91));
        bench.enter(2, buy(2, 30, 91));
        if late_cancel {
            cancel(&mut bench);
        }
        bench.enter(3, sell(1, 5, 95));
        bench.market
    };
    let (early, late) = (run(false), run(true));
    assert_eq!(early.checkpoint(), late.checkpoint());
    assert_eq!(early.state_hash(), late.state_hash());

    // Definitions in another order, and one that was changed and changed back.
    let define = |actions: &[Action]| {
        let mut market = Market::new(CONFIG);
        for action in actions {
            let command = Command::Operator {
                key: 0,
                action: *action,
            };
            let mut events = Vec::new();
            market.apply(&command, 5, &mut events);
            assert_eq!(events, []);
        }
        market.state_hash()
    };
    let (abc, xyz) = (instrument(1, "ABC"), instrument(2, "XYZ"));
    let (nine, one) = (account(9), session(4, "one", 9));
    let (eight, two) = (account(8), session(2, "two", 8));
    let hash = define(&[
        Action::DefineInstrument(abc),
        Action::DefineInstrument(xyz),
        Action::DefineAccount(nine),
        Action::DefineAccount(eight),
        Action::DefineSession(one),
        Action::DefineSession(two),
    ]);
    let other_way = define(&[
        Action::DefineAccount(eight),
        Action::DefineSession(two),
        Action::DefineInstrument(instrument(2, "OLD")),
        Action::DefineAccount(nine),
        Action::DefineSession(one),
        Action::DefineInstrument(xyz),
        Action::DefineInstrument(abc),
    ]);
    assert_eq!(hash, other_way);
    assert_ne!(hash, define(&[Action::DefineInstrument(abc)]));
}

#[test]
fn one_changed_order_changes_the_hash() {
    let hash = |change: &dyn Fn(&mut Enter)| {
        let mut bench = Bench::open();
        bench.enter(1, buy(1, 10, 90));
        let mut second = buy(2, 20, 91);
        change(&mut second);
        bench.enter(1, second);
        assert_eq!(bench.market.open_orders(), 2);
        bench.market.state_hash()
    };
    let mut hashes = vec![
        hash(&|_| {}),
        hash(&|order| order.quantity = 21),
        hash(&|order| order.price_e4 += 100),
        hash(&|order| order.time_in_force = TimeInForce::GoodTillCancel),
        hash(&|order| order.cl_ord_id[0] = b'x'),
        hash(&|order| order.user_ref = 3),
        hash(&|order| order.symbol = symbol("XYZ")),
        hash(&|order| (order.side, order.side_code) = (Side::Sell, b'S')),
        hash(&|order| (order.side, order.side_code) = (Side::Sell, b'T')),
    ];
    let count = hashes.len();
    hashes.sort();
    hashes.dedup();
    assert_eq!(hashes.len(), count);
}

#[test]
fn the_order_of_a_queue_is_state() {
    let hash = |first: u32, second: u32| {
        let mut bench = Bench::open();
        bench.enter(first, buy(1, 10, 90));
        bench.enter(second, buy(1, 10, 90));
        bench.market.state_hash()
    };
    assert_ne!(hash(1, 2), hash(2, 1));
}

#[test]
fn what_is_wrong_is_said() {
    let bytes = busy().market.checkpoint();
    let error = |bytes: &[u8]| match Market::restore(bytes) {
        Ok(_) => panic!("it restored"),
        Err(error) => error,
    };
    assert_eq!(error(b"something else"), RestoreError::NotACheckpoint);
    assert_eq!(error(&bytes[..5]), RestoreError::Short { at: 0 });
    let mut newer = bytes.clone();
    for found in [1, 3] {
        newer[8] = found;
        let found = u32::from(found);
        assert_eq!(error(&newer), RestoreError::Version { found });
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert!(
        error(&longer)
            .to_string()
            .contains("1 bytes follow the last order")
    );
    let text = error(&bytes[..bytes.len() - 1]).to_string();
    assert!(text.contains("byte"), "{text}");
}

/// Each rule that an order in a checkpoint must satisfy, broken by itself.
#[test]
fn impossible_orders_are_refused() {
    // The last order of a checkpoint is its last 49 bytes; here a sell of instrument 2.
    let mut bench = Bench::open();
    let sell = Enter {
        symbol: symbol("XYZ"),
        ..sell(1, 10, 100)
    };
    bench.enter(1, sell);
    bench.enter(
        1,
        Enter {
            user_ref: 2,
            ..sell
        },
    );
    let bytes = bench.market.checkpoint();
    assert!(Market::restore(&bytes).is_ok());
    let at = bytes.len() - 49;
    let patched = |offset: usize, with: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[at + offset..at + offset + with.len()].copy_from_slice(with);
        match Market::restore(&bytes) {
            Ok(_) => panic!("restored with {with:?} at {offset}"),
            Err(error) => error.to_string(),
        }
    };
    for (offset, with, says) in [
        (0, &0_u64.to_le_bytes()[..], "never given"),
        (0, &3_u64.to_le_bytes()[..], "never given"),
        (0, &1_u64.to_le_bytes()[..], "id"),
        (8, &0_i64.to_le_bytes()[..], "price"),
        (8, &i64::MAX.to_le_bytes()[..], "price"),
        (8, &99_i64.to_le_bytes()[..], "best first"),
        (16, &0_u32.to_le_bytes()[..], "quantity"),
        (16, &1_000_000_u32.to_le_bytes()[..], "quantity"),
        (20, &9_u32.to_le_bytes()[..], "session"),
        (24, &0_u32.to_le_bytes()[..], "user reference"),
        (24, &3_u32.to_le_bytes()[..], "user reference"),
        (
            24,
            &1_u32.to_le_bytes()[..],
            "same session and user reference",
        ),
        (28, &999_990_u32.to_le_bytes()[..], "quantity"),
        (32, &[2][..], "time in force"),
        (34, &[0][..], "outlived"),
        (34, &[2][..], "flag"),
    ] {
        let error = patched(offset, with);
        assert!(error.contains(says), "offset {offset}, {with:?}: {error}");
    }
}

#[test]
fn a_crossed_book_is_refused() {
    let mut bench = Bench::open();
    bench.enter(1, buy(1, 10, 99));
    bench.enter(1, sell(2, 10, 100));
    let mut bytes = bench.market.checkpoint();
    // The sell's price: before the two empty sides of instrument 2 (8 bytes) its order is the last 49.
    let at = bytes.len() - 8 - 49 + 8;
    assert_eq!(bytes[at..at + 8], 100_i64.to_le_bytes());
    bytes[at..at + 8].copy_from_slice(&99_i64.to_le_bytes());
    match Market::restore(&bytes) {
        Ok(_) => panic!("it restored"),
        Err(error) => assert!(error.to_string().contains("crossed"), "{error}"),
    }
}

#[test]
fn good_till_cancel_orders_cross_days_and_day_orders_do_not() {
    let mut bench = Bench::open();
    let gtc = |enter| Enter {
        time_in_force: TimeInForce::GoodTillCancel,
        ..enter
    };
    bench.enter(1, gtc(buy(1, 100, 99)));
    bench.enter(1, buy(2, 50, 99));
    bench.enter(2, gtc(sell(1, 100, 101)));
    bench.enter(2, buy(2, 70, 98));
    let closing = bench.act(Action::CloseDay);
    let ended: Vec<u64> = closing
        .iter()
        .filter_map(|event| match event {
            Event::Canceled { order, .. } => Some(order.order_ref.0),
            _ => None,
        })
        .collect();
    assert_eq!(
        ended,
        [2, 4],
        "day orders end, in the order of their references"
    );
    // Between days nothing can be changed.
    let refused = |events: &[Event]| matches!(events, [Event::CancelRejected { .. }]);
    assert!(refused(&bench.cancel(1, 1, 0)));
    let all = Request::MassCancel {
        user_ref: 9,
        symbol: Symbol::ALL,
    };
    assert!(matches!(
        bench.ask(1, all)[..],
        [Event::MassCanceled { orders: 0, .. }]
    ));

    let opening = bench.act(Action::OpenDay { date: DATE + 1 });
    let told: Vec<String> = opening
        .iter()
        .map(|event| format!("{event:?}"))
        .map(|text| text.split([' ', '(']).next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        told,
        [
            "DayOpened",
            "InstrumentDefined",
            "Resumed",
            "InstrumentDefined",
            "Resumed",
            "Rested",
            "Rested"
        ]
    );
    // Yesterday's number names nothing today; the order reference does, for its own session only.
    assert!(refused(&bench.cancel(1, 1, 0)));
    let by_ref = |order_ref| Request::Cancel {
        target: Target::OrderRef(order_ref),
        quantity: 30,
    };
    assert!(refused(&bench.ask(2, by_ref(1))));
    assert!(matches!(
        bench.ask(1, by_ref(1))[..],
        [Event::Canceled { quantity: 70, .. }]
    ));
    // The number is free again, and names the new order.
    bench.enter(1, buy(1, 10, 90));
    assert!(matches!(
        bench.cancel(1, 1, 0)[..],
        [Event::Canceled {
            order: Party {
                order_ref: OrderRef(5),
                ..
            },
            ..
        }]
    ));
    // A replaced one is an order of today.
    let replace = rialto_market::command::Replace {
        target: Target::OrderRef(1),
        ..replacement(0, 7, 40, 97)
    };
    assert!(matches!(
        bench.replace(1, replace)[..],
        [Event::Replaced {
            orig_user_ref: 1,
            ..
        }]
    ));
    assert!(matches!(
        bench.cancel(1, 7, 0)[..],
        [Event::Canceled { .. }]
    ));
}
