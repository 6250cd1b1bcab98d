//! Random flows, as OUCH bytes.

use super::Bench;
use proptest::prelude::*;
use rialto_market::command::Action;
use rialto_market::types::{InstrumentId, SessionId};
use rialto_wire::Alpha;
use rialto_wire::ouch::inbound::{
    AccountQuery, CancelOrder, DisableOrderEntry, EnableOrderEntry, EnterOrder, MassCancel,
    ModifyOrder, ReplaceOrder,
};
use rialto_wire::ouch::{
    Capacity, CrossType, Display, Firm, IntermarketSweep, MARKET_PRICE_E4, Options, PostOnly, Side,
    TimeInForce, TimeInForceExtension,
};

/// Which of a session's orders is meant: a live one of today, a number that was used lately, or the first order of an
/// earlier day.
#[derive(Clone, Copy, Debug)]
pub enum Which {
    Live(usize),
    Back(u32),
    Earlier,
}

#[derive(Clone, Copy, Debug)]
pub enum Life {
    Day,
    Gtc,
    Ioc(u32),
    Fok,
    Market,
}

#[derive(Clone, Debug)]
pub enum Op {
    Enter {
        session: u32,
        stock: u8,
        side: Side,
        ticks: u64,
        lots: u32,
        life: Life,
        post_only: bool,
    },
    Replace {
        session: u32,
        which: Which,
        ticks: u64,
        lots: u32,
        life: Life,
        post_only: bool,
    },
    Cancel {
        session: u32,
        which: Which,
        lots: u32,
    },
    Modify {
        session: u32,
        which: Which,
        lots: u32,
        side: Side,
    },
    MassCancel {
        session: u32,
        stock: Option<u8>,
    },
    Entry {
        session: u32,
        enabled: bool,
    },
    Query {
        session: u32,
    },
    Repeat {
        session: u32,
    },
    Gone {
        session: u32,
    },
    Halt(u16),
    Resume,
    NextDay,
    Define,
}

const STOCKS: [&str; 3] = ["ABC", "XYZ", "NONE"];

fn life() -> impl Strategy<Value = Life> {
    prop_oneof![
        8 => Just(Life::Day),
        5 => Just(Life::Gtc),
        2 => (0..40u32).prop_map(Life::Ioc),
        1 => Just(Life::Fok),
        1 => Just(Life::Market),
    ]
}

fn which() -> impl Strategy<Value = Which> {
    prop_oneof![
        10 => (0..100usize).prop_map(Which::Live),
        2 => (0..12u32).prop_map(Which::Back),
        2 => Just(Which::Earlier),
    ]
}

fn side() -> impl Strategy<Value = Side> {
    prop_oneof![
        4 => Just(Side::Buy),
        3 => Just(Side::Sell),
        1 => Just(Side::SellShort),
    ]
}

pub fn op() -> impl Strategy<Value = Op> {
    let who = || 1..=3u32;
    let lots = || prop_oneof![1 => Just(0u32), 20 => 1..9u32];
    let stock = || prop_oneof![20 => Just(0u8), 20 => Just(1u8), 1 => Just(2u8)];
    prop_oneof![
        400 => (who(), stock(), side(), 1..12u64, lots(), life(), prop::bool::weighted(0.1)).prop_map(
            |(session, stock, side, ticks, lots, life, post_only)| {
                Op::Enter { session, stock, side, ticks, lots, life, post_only }
            }
        ),
        250 => (who(), which(), 1..12u64, lots(), life(), prop::bool::weighted(0.1)).prop_map(
            |(session, which, ticks, lots, life, post_only)| {
                Op::Replace { session, which, ticks, lots, life, post_only }
            }
        ),
        100 => (who(), which(), 0..5u32).prop_map(|(session, which, lots)| Op::Cancel { session, which, lots }),
        60 => (who(), which(), 0..5u32, side())
            .prop_map(|(session, which, lots, side)| Op::Modify { session, which, lots, side }),
        10 => (who(), prop::option::of(stock())).prop_map(|(session, stock)| Op::MassCancel { session, stock }),
        6 => (who(), prop::bool::weighted(0.7)).prop_map(|(session, enabled)| Op::Entry { session, enabled }),
        10 => who().prop_map(|session| Op::Query { session }),
        10 => who().prop_map(|session| Op::Repeat { session }),
        4 => who().prop_map(|session| Op::Gone { session }),
        5 => (1..=2u16).prop_map(Op::Halt),
        40 => Just(Op::Resume),
        8 => Just(Op::NextDay),
        4 => Just(Op::Define),
    ]
}

pub fn ops(count: usize) -> impl Strategy<Value = Vec<Op>> {
    prop::collection::vec(op(), 0..count)
}

/// Carries a flow out.
pub fn run(bench: &mut Bench, ops: &[Op]) {
    for op in ops {
        step(bench, op);
    }
}

fn next(bench: &Bench, session: u32) -> u32 {
    bench
        .market
        .session(SessionId(session))
        .unwrap()
        .last_user_ref
        + 1
}

/// The user reference number and the tag that name the order, and its price, if it rests.
fn target(bench: &Bench, session: u32, which: Which) -> (u32, Option<u64>, Option<u64>) {
    let own = |of_today: bool| {
        let orders = bench.market.orders();
        let details = orders.filter_map(|order| bench.market.order(order.order_ref));
        details
            .filter(|order| order.session == SessionId(session) && order.of_today == of_today)
            .collect::<Vec<_>>()
    };
    match which {
        Which::Live(nth) => {
            let live = own(true);
            let order = live.get(nth % live.len().max(1));
            let user_ref = order.map_or(0, |order| order.user_ref);
            (user_ref, None, order.map(|order| order.resting.price_e4))
        }
        Which::Back(back) => (next(bench, session).saturating_sub(back + 1), None, None),
        Which::Earlier => {
            let earlier = own(false);
            let number = earlier.first().map_or(0, |o| o.resting.order_ref.0);
            let price_e4 = earlier.first().map(|o| o.resting.price_e4);
            (0, Some(number), price_e4)
        }
    }
}

fn terms(ticks: u64, stock: u8, life: Life, post_only: bool) -> (u64, TimeInForce, Options) {
    let tick_e4 = if stock == 1 { 500 } else { 100 };
    let price_e4 = match life {
        Life::Market => MARKET_PRICE_E4,
        _ => ticks * tick_e4,
    };
    let (time_in_force, min_qty, time) = match life {
        Life::Day => (TimeInForce::Day, None, None),
        Life::Gtc => (
            TimeInForce::Day,
            None,
            Some(TimeInForceExtension::GoodTillCancel),
        ),
        Life::Ioc(min) => (TimeInForce::ImmediateOrCancel, Some(min), None),
        Life::Fok => (
            TimeInForce::ImmediateOrCancel,
            None,
            Some(TimeInForceExtension::FillOrKill),
        ),
        Life::Market => (TimeInForce::ImmediateOrCancel, None, None),
    };
    let options = Options {
        min_qty,
        time_in_force: time,
        post_only: post_only.then_some(PostOnly::PostOnly),
        ..Options::NONE
    };
    (price_e4, time_in_force, options)
}

fn step(bench: &mut Bench, op: &Op) {
    let mut out = Vec::new();
    let session = match *op {
        Op::Enter {
            session,
            stock,
            side,
            ticks,
            lots,
            life,
            post_only,
        } => {
            let (price_e4, time_in_force, options) = terms(ticks, stock, life, post_only);
            EnterOrder {
                user_ref_num: next(bench, session) + lots % 2,
                side,
                quantity: lots * 10,
                symbol: Alpha::new(STOCKS[usize::from(stock)]).unwrap(),
                price_e4,
                time_in_force,
                display: Display::Visible,
                capacity: Capacity::Agency,
                intermarket_sweep: IntermarketSweep::NotEligible,
                cross_type: CrossType::Continuous,
                cl_ord_id: Alpha::new("flow").unwrap(),
            }
            .encode_with(&mut out, &options);
            session
        }
        Op::Replace {
            session,
            which,
            ticks,
            lots,
            life,
            post_only,
        } => {
            let (orig_user_ref_num, earlier, unchanged) = target(bench, session, which);
            // Prices fit the second stock: multiples of its tick are multiples of the first one's.
            let (price_e4, time_in_force, options) = terms(ticks, 1, life, post_only);
            let price_e4 = unchanged.filter(|_| ticks > 8).unwrap_or(price_e4);
            let options = Options {
                order_reference_number: earlier,
                min_qty: None,
                ..options
            };
            ReplaceOrder {
                orig_user_ref_num,
                user_ref_num: next(bench, session),
                quantity: lots * 10,
                price_e4,
                time_in_force,
                display: Display::Visible,
                intermarket_sweep: IntermarketSweep::NotEligible,
                cl_ord_id: Alpha::new("again").unwrap(),
            }
            .encode_with(&mut out, &options);
            session
        }
        Op::Cancel {
            session,
            which,
            lots,
        } => {
            let (user_ref_num, order_reference_number, _) = target(bench, session, which);
            let options = Options {
                order_reference_number,
                ..Options::NONE
            };
            let quantity = lots * 10;
            CancelOrder {
                user_ref_num,
                quantity,
            }
            .encode_with(&mut out, &options);
            session
        }
        Op::Modify {
            session,
            which,
            lots,
            side,
        } => {
            let (user_ref_num, order_reference_number, _) = target(bench, session, which);
            let options = Options {
                order_reference_number,
                ..Options::NONE
            };
            let quantity = lots * 10;
            ModifyOrder {
                user_ref_num,
                side,
                quantity,
            }
            .encode_with(&mut out, &options);
            session
        }
        Op::MassCancel { session, stock } => {
            MassCancel {
                user_ref_num: next(bench, session),
                firm: Firm::BLANK,
                symbol: stock.map_or(Alpha::BLANK, |at| {
                    Alpha::new(STOCKS[usize::from(at)]).unwrap()
                }),
            }
            .encode(&mut out);
            session
        }
        Op::Entry { session, enabled } => {
            let (user_ref_num, firm) = (next(bench, session), Firm::BLANK);
            if enabled {
                EnableOrderEntry { user_ref_num, firm }.encode(&mut out);
            } else {
                DisableOrderEntry { user_ref_num, firm }.encode(&mut out);
            }
            session
        }
        Op::Query { session } => {
            AccountQuery {}.encode(&mut out);
            session
        }
        Op::Repeat { session } => {
            let again = Op::Enter {
                session,
                stock: 0,
                side: Side::Buy,
                ticks: 5,
                lots: 2,
                life: Life::Day,
                post_only: false,
            };
            step(bench, &again);
            let last = next(bench, session) - 1;
            EnterOrder {
                user_ref_num: last,
                side: Side::Sell,
                quantity: 10,
                symbol: Alpha::new("ABC").unwrap(),
                price_e4: 100,
                time_in_force: TimeInForce::Day,
                display: Display::Visible,
                capacity: Capacity::Agency,
                intermarket_sweep: IntermarketSweep::NotEligible,
                cross_type: CrossType::Continuous,
                cl_ord_id: Alpha::BLANK,
            }
            .encode(&mut out);
            session
        }
        Op::Gone { session } => {
            let session = SessionId(session);
            return bench.act(Action::Disconnected { session });
        }
        Op::Halt(id) => {
            let instrument = Some(InstrumentId(id));
            return bench.act(Action::Halt { instrument });
        }
        Op::Resume => return bench.act(Action::Resume { instrument: None }),
        Op::NextDay => {
            bench.act(Action::CloseDay);
            // Between the days nothing has a stream.
            step(
                bench,
                &Op::Cancel {
                    session: 1,
                    which: Which::Back(0),
                    lots: 0,
                },
            );
            bench.now_ns += 24 * super::HOUR_NS;
            return bench.act(Action::OpenDay { date: super::DATE });
        }
        Op::Define => {
            bench.act(super::instrument(3, "NEW", 100, 1));
            return bench.act(super::session(4, "FOUR"));
        }
    };
    bench.send(session, &out);
}
