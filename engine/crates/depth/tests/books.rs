//! Books and views against an obvious model, and what each message changes.
#![allow(clippy::unwrap_used, reason = "a test that fails here has failed")]

use proptest::prelude::*;
use rialto_depth::{Books, Change, Execution, Level, Side, Trade, TradingState, View, ViewError};
use rialto_wire::glimpse::EndOfSnapshot;
use rialto_wire::itch::{
    AddOrder, AddOrderMpid, OrderCancel, OrderDelete, OrderExecuted, OrderExecutedWithPrice,
    OrderReplace, Stock, StockTradingAction, YesNo,
};
use rialto_wire::{Alpha, Digits, Time48};

const TIME: Time48 = match Time48::new(7) {
    Some(time) => time,
    None => unreachable!(),
};
/// 2026-11-21T00:00:00.000000009Z.
const NOW_NS: u64 = 1_795_219_200_000_000_009;
const ABC: u16 = 7;
const XYZ: u16 = 3;

/// A message's bytes.
macro_rules! message {
    ($message:expr) => {{
        let mut bytes = Vec::new();
        $message.encode(&mut bytes);
        bytes
    }};
}

fn stock(symbol: &str) -> Stock {
    Stock::new(symbol).unwrap()
}

fn directory(stock_locate: u16, symbol: &str) -> Vec<u8> {
    use rialto_wire::itch::*;
    message!(StockDirectory {
        stock_locate,
        tracking_number: 0,
        timestamp: TIME,
        stock: stock(symbol),
        market_category: MarketCategory::NotAvailable,
        financial_status: FinancialStatus::NotAvailable,
        round_lot_size: 1,
        round_lots_only: YesNo::Yes,
        issue_classification: Alpha::new("C").unwrap(),
        issue_sub_type: Alpha::new("Z").unwrap(),
        authenticity: Authenticity::Production,
        short_sale_threshold: YesNoBlank::NotAvailable,
        ipo_flag: YesNoBlank::NotAvailable,
        luld_tier: LuldTier::NotAvailable,
        etp_flag: YesNoBlank::NotAvailable,
        etp_leverage_factor: 0,
        inverse_indicator: YesNo::No,
    })
}

fn action(stock_locate: u16, trading_state: TradingState) -> Vec<u8> {
    message!(StockTradingAction {
        stock_locate,
        tracking_number: 0,
        timestamp: TIME,
        stock: stock("ABC"),
        trading_state,
        reserved: Default::default(),
        reason: Alpha::BLANK,
    })
}

fn add(stock_locate: u16, order_ref: u64, side: Side, shares: u32, price_e4: u32) -> Vec<u8> {
    message!(AddOrder {
        stock_locate,
        tracking_number: 0,
        timestamp: TIME,
        order_reference_number: order_ref,
        side,
        shares,
        stock: stock("ABC"),
        price_e4,
    })
}

fn execute(stock_locate: u16, order_ref: u64, executed_shares: u32) -> Vec<u8> {
    message!(OrderExecuted {
        stock_locate,
        tracking_number: 0,
        timestamp: TIME,
        order_reference_number: order_ref,
        executed_shares,
        match_number: 1,
    })
}

fn execute_at(order_ref: u64, executed_shares: u32, price_e4: u32, printable: YesNo) -> Vec<u8> {
    message!(OrderExecutedWithPrice {
        stock_locate: ABC,
        tracking_number: 0,
        timestamp: TIME,
        order_reference_number: order_ref,
        executed_shares,
        match_number: 2,
        printable,
        execution_price_e4: price_e4,
    })
}

fn cancel(stock_locate: u16, order_ref: u64, canceled_shares: u32) -> Vec<u8> {
    message!(OrderCancel {
        stock_locate,
        tracking_number: 0,
        timestamp: TIME,
        order_reference_number: order_ref,
        canceled_shares,
    })
}

fn delete(stock_locate: u16, order_ref: u64) -> Vec<u8> {
    message!(OrderDelete {
        stock_locate,
        tracking_number: 0,
        timestamp: TIME,
        order_reference_number: order_ref,
    })
}

fn replace(stock_locate: u16, old: u64, new: u64, shares: u32, price_e4: u32) -> Vec<u8> {
    message!(OrderReplace {
        stock_locate,
        tracking_number: 0,
        timestamp: TIME,
        original_order_reference_number: old,
        new_order_reference_number: new,
        shares,
        price_e4,
    })
}

fn levels(books: &Books, instrument: usize, side: Side) -> Vec<(u32, u64, usize)> {
    let levels = books.levels(instrument, side);
    levels
        .map(|level| (level.price_e4, level.quantity, level.orders))
        .collect()
}

#[test]
fn only_what_was_asked_for_is_followed() {
    let mut books = Books::of(&[stock("QQQ"), stock("ABC")]);
    assert!(!books.lists(1));
    for message in [directory(ABC, "ABC"), directory(XYZ, "XYZ")] {
        assert_eq!(books.apply(&message), Ok(Change::Nothing));
    }
    assert!(books.lists(1) && !books.lists(0));
    let mine = Change::Orders { instrument: 1 };
    assert_eq!(books.apply(&add(ABC, 1, Side::Buy, 10, 100)), Ok(mine));
    for message in [
        add(XYZ, 9, Side::Buy, 10, 100),
        execute(XYZ, 9, 10),
        delete(XYZ, 9),
        replace(XYZ, 9, 10, 1, 1),
        action(XYZ, TradingState::Halted),
    ] {
        assert_eq!(books.apply(&message), Ok(Change::Nothing));
    }
    assert_eq!(books.resting(), 1);
    assert_eq!(levels(&books, 1, Side::Buy), [(100, 10, 1)]);
    assert_eq!(
        books.levels(1, Side::Buy).next(),
        Some(Level {
            price_e4: 100,
            quantity: 10,
            orders: 1
        })
    );
    assert_eq!(books.levels(9, Side::Buy).count(), 0);
}

#[test]
fn all_follows_whatever_the_directory_names() {
    let mut books = Books::all();
    for (locate, symbol) in [(ABC, "ABC"), (XYZ, "XYZ"), (ABC, "ABC")] {
        books.apply(&directory(locate, symbol)).unwrap();
    }
    let symbols: Vec<String> = books.symbols().map(|s| s.text().to_owned()).collect();
    assert_eq!(symbols, ["ABC", "XYZ"]);
    assert_eq!(books.position(stock("XYZ")), Some(1));
    assert_eq!(books.position(stock("NONE")), None);
    assert_eq!(books.trading_state(1), None);
    let told = Change::TradingState { instrument: 1 };
    let halted = action(XYZ, TradingState::Halted);
    assert_eq!(books.apply(&halted), Ok(told));
    assert_eq!(books.trading_state(1), Some(TradingState::Halted));
    assert_eq!(books.trading_state(0), None);
}

#[test]
fn queues_follow_arrival() {
    let mut books = Books::all();
    books.apply(&directory(ABC, "ABC")).unwrap();
    for (order_ref, price_e4) in [(1, 100), (2, 100), (3, 99)] {
        books
            .apply(&add(ABC, order_ref, Side::Buy, 10, price_e4))
            .unwrap();
    }
    assert!(books.is_head(1) && !books.is_head(2) && !books.is_head(3));
    books.apply(&cancel(ABC, 1, 4)).unwrap();
    assert!(books.is_head(1), "a reduction keeps the place");
    books.apply(&replace(ABC, 1, 11, 3, 100)).unwrap();
    assert!(books.is_head(2), "a replacement goes to the back");
    assert_eq!(levels(&books, 0, Side::Buy), [(100, 13, 2), (99, 10, 1)]);
    books.apply(&execute(ABC, 2, 10)).unwrap();
    assert!(books.is_head(11) && !books.has(2));
    books.apply(&delete(ABC, 11)).unwrap();
    assert!(books.is_head(3));
    assert_eq!(levels(&books, 0, Side::Buy), [(99, 10, 1)]);
}

#[test]
fn an_execution_says_who_came_in() {
    let mut view = View::new(2);
    view.apply(&directory(ABC, "ABC"), NOW_NS).unwrap();
    view.apply(&add(ABC, 1, Side::Buy, 10, 100), NOW_NS)
        .unwrap();
    view.apply(&add(ABC, 2, Side::Sell, 10, 102), NOW_NS)
        .unwrap();
    assert_eq!(
        view.apply(&execute(ABC, 1, 4), NOW_NS),
        Ok(Change::Executed(Execution {
            instrument: 0,
            time_of_day_ns: 7,
            price_e4: 100,
            quantity: 4,
            aggressor: Side::Sell,
            match_number: 1,
            printable: true,
        }))
    );
    view.apply(&execute_at(2, 3, 101, YesNo::Yes), NOW_NS)
        .unwrap();
    view.apply(&execute_at(2, 2, 101, YesNo::No), NOW_NS)
        .unwrap();
    let trade = |price_e4, quantity, aggressor| Trade {
        time_ns: NOW_NS - 2,
        price_e4,
        quantity,
        aggressor,
    };
    let trades: Vec<Trade> = view.trades(0).copied().collect();
    assert_eq!(
        trades,
        [trade(101, 3, Side::Buy), trade(100, 4, Side::Sell)]
    );
    assert_eq!(levels(view.books(), 0, Side::Buy), [(100, 6, 1)]);
    assert_eq!(levels(view.books(), 0, Side::Sell), [(102, 5, 1)]);
    assert_eq!(view.trades(1).count(), 0);
}

#[test]
fn a_snapshot_says_where_the_feed_goes_on() {
    let mut view = View::new(1);
    assert_eq!(view.continues_at(), None);
    let end = message!(EndOfSnapshot {
        sequence_number: Digits(42)
    });
    assert_eq!(view.apply(&end, NOW_NS), Ok(Change::SnapshotEnd(42)));
    assert_eq!(view.continues_at(), Some(42));
}

#[test]
fn what_was_missed_is_told_and_changes_nothing() {
    let mut view = View::new(1);
    view.apply(&directory(ABC, "ABC"), NOW_NS).unwrap();
    view.apply(&add(ABC, 1, Side::Buy, 10, 100), NOW_NS)
        .unwrap();
    view.apply(&add(ABC, 2, Side::Buy, 10, 100), NOW_NS)
        .unwrap();
    for (message, order_ref) in [
        (execute(ABC, 5, 1), 5),
        (cancel(ABC, 5, 1), 5),
        (delete(ABC, 5), 5),
        (replace(ABC, 5, 6, 1, 1), 5),
        (replace(ABC, 1, 2, 1, 1), 2),
        (add(ABC, 1, Side::Sell, 1, 1), 1),
        (add(XYZ, 9, Side::Sell, 1, 1), 9),
    ] {
        let missed = Err(ViewError::Missed { order_ref });
        assert_eq!(view.apply(&message, NOW_NS), missed);
    }
    let malformed = view.apply(b"A", NOW_NS);
    assert!(matches!(malformed, Err(ViewError::Malformed(_))));
    assert_eq!(levels(view.books(), 0, Side::Buy), [(100, 20, 2)]);
    assert_eq!(view.books().resting(), 2);
}

/// Orders in the order of their arrival, and nothing else.
#[derive(Clone, Debug)]
struct Plain {
    order_ref: u64,
    instrument: usize,
    side: Side,
    left: u32,
    price_e4: u32,
}

fn plain_levels(orders: &[Plain], instrument: usize, side: Side) -> Vec<(u32, u64, usize)> {
    let mut prices: Vec<u32> = orders
        .iter()
        .filter(|order| order.instrument == instrument && order.side == side)
        .map(|order| order.price_e4)
        .collect();
    prices.sort_unstable();
    prices.dedup();
    if side == Side::Buy {
        prices.reverse();
    }
    let of = |price_e4: u32| {
        let at = orders.iter().filter(|order| {
            order.instrument == instrument && order.side == side && order.price_e4 == price_e4
        });
        let quantities: Vec<u64> = at.map(|order| u64::from(order.left)).collect();
        (price_e4, quantities.iter().sum(), quantities.len())
    };
    prices.into_iter().map(of).collect()
}

proptest! {
    #[test]
    fn books_are_the_orders_that_rest(
        steps in proptest::collection::vec((0..6u8, any::<bool>(), any::<bool>(), 1..20u32, 95..105u32, any::<prop::sample::Index>()), 0..120)
    ) {
        let locates = [ABC, XYZ];
        let mut view = View::new(10);
        view.apply(&directory(ABC, "ABC"), NOW_NS).unwrap();
        view.apply(&directory(XYZ, "XYZ"), NOW_NS).unwrap();
        let mut plain: Vec<Plain> = Vec::new();
        let mut last = 0;
        for (kind, second, buys, quantity, price_e4, which) in steps {
            let instrument = usize::from(second);
            let side = if buys { Side::Buy } else { Side::Sell };
            let message = if kind < 2 || plain.is_empty() {
                last += 1;
                plain.push(Plain { order_ref: last, instrument, side, left: quantity, price_e4 });
                if kind == 0 {
                    add(locates[instrument], last, side, quantity, price_e4)
                } else {
                    message!(AddOrderMpid {
                        stock_locate: locates[instrument],
                        tracking_number: 0,
                        timestamp: TIME,
                        order_reference_number: last,
                        side,
                        shares: quantity,
                        stock: stock("ABC"),
                        price_e4,
                        attribution: Alpha::BLANK,
                    })
                }
            } else {
                let at = which.index(plain.len());
                let order = plain[at].clone();
                let locate = locates[order.instrument];
                match kind {
                    2 | 3 => {
                        let by = quantity.min(order.left);
                        plain[at].left -= by;
                        if plain[at].left == 0 {
                            plain.remove(at);
                        }
                        if kind == 2 { execute(locate, order.order_ref, by) } else { cancel(locate, order.order_ref, by) }
                    }
                    4 => {
                        plain.remove(at);
                        delete(locate, order.order_ref)
                    }
                    _ => {
                        last += 1;
                        plain.remove(at);
                        plain.push(Plain { order_ref: last, left: quantity, price_e4, ..order });
                        replace(locate, order.order_ref, last, quantity, price_e4)
                    }
                }
            };
            view.apply(&message, NOW_NS).unwrap();
            let books = view.books();
            prop_assert_eq!(books.resting(), plain.len());
            for instrument in 0..2 {
                for side in [Side::Buy, Side::Sell] {
                    let expected = plain_levels(&plain, instrument, side);
                    prop_assert_eq!(levels(books, instrument, side), expected.clone());
                    let best = expected.first().map(|(price_e4, ..)| *price_e4);
                    let head = plain.iter().find(|order| {
                        order.instrument == instrument && order.side == side && Some(order.price_e4) == best
                    });
                    for order in plain.iter().filter(|order| order.instrument == instrument && order.side == side) {
                        let first = head.is_some_and(|head| head.order_ref == order.order_ref);
                        prop_assert_eq!(books.is_head(order.order_ref), first);
                    }
                }
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..20)) {
        let mut view = View::new(3);
        view.apply(&directory(ABC, "ABC"), NOW_NS).unwrap();
        for message in messages {
            let _result = view.apply(&message, NOW_NS);
        }
    }

    /// Well-formed messages about few orders, so that numbers repeat and contradict each other.
    #[test]
    fn no_messages_make_it_panic(
        steps in proptest::collection::vec((0..6u8, 0..2u8, 0..6u64, 0..6u64, any::<bool>(), 0..9u32, 98..101u32), 0..80)
    ) {
        let mut view = View::new(3);
        view.apply(&directory(ABC, "ABC"), NOW_NS).unwrap();
        for (kind, second, order_ref, other, buys, quantity, price_e4) in steps {
            let locate = if second == 0 { ABC } else { XYZ };
            let side = if buys { Side::Buy } else { Side::Sell };
            let message = match kind {
                0 => add(locate, order_ref, side, quantity, price_e4),
                1 => execute(locate, order_ref, quantity),
                2 => cancel(locate, order_ref, quantity),
                3 => delete(locate, order_ref),
                4 => execute_at(order_ref, quantity, price_e4, YesNo::Yes),
                _ => replace(locate, order_ref, other, quantity, price_e4),
            };
            let _result = view.apply(&message, NOW_NS);
            for side in [Side::Buy, Side::Sell] {
                prop_assert!(view.books().levels(0, side).all(|level| level.orders > 0));
                let orders: usize = view.books().levels(0, side).map(|level| level.orders).sum();
                prop_assert!(orders <= view.books().resting());
            }
        }
    }
}
