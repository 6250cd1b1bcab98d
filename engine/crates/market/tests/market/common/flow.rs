//! Random command flows: steps of plain numbers that shrink well, made into commands as the market stands.

use proptest::prelude::*;
use rialto_market::Market;
use rialto_market::command::{Action, Command, Enter, Replace, Request, Target};
use rialto_market::types::*;

use super::{DATE, account, instrument, order, replacement, session};

/// One step: what to do, and the numbers it is made of.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub kind: u8,
    pub session: u8,
    pub a: u16,
    pub b: u16,
    pub c: u8,
    pub odd: u8,
}

pub fn steps(count: std::ops::Range<usize>) -> impl Strategy<Value = Vec<Step>> {
    let step = (
        0_u8..100,
        0_u8..3,
        any::<u16>(),
        any::<u16>(),
        any::<u8>(),
        any::<u8>(),
    )
        .prop_map(|(kind, session, a, b, c, odd)| Step {
            kind,
            session,
            a,
            b,
            c,
            odd,
        });
    proptest::collection::vec(step, count)
}

/// What every flow begins with: two instruments, two accounts, three sessions, an open day.
pub fn prelude() -> Vec<Command> {
    let mut actions = vec![
        Action::DefineInstrument(instrument(7, "ABC")),
        Action::DefineInstrument(Instrument {
            lot_size: 5,
            collar_bp: 300,
            reference_price: 100,
            ..instrument(2, "XYZ")
        }),
        Action::DefineAccount(account(9)),
        Action::DefineAccount(Account {
            max_order_quantity: 90,
            max_order_value_e4: 80 * 100 * 100,
            max_open_orders: 8,
            cancel_on_disconnect: true,
            ..account(4)
        }),
    ];
    for (id, name, account) in [(1, "one", 9), (2, "two", 4), (3, "three", 9)] {
        actions.push(Action::DefineSession(session(id, name, account)));
    }
    actions.push(Action::OpenDay { date: DATE });
    actions
        .into_iter()
        .map(|action| Command::Operator { key: 0, action })
        .collect()
}

const TIMES: [TimeInForce; 8] = [
    TimeInForce::Day,
    TimeInForce::Day,
    TimeInForce::GoodTillCancel,
    TimeInForce::Day,
    TimeInForce::GoodTillCancel,
    TimeInForce::Day,
    TimeInForce::ImmediateOrCancel,
    TimeInForce::FillOrKill,
];

/// The command of a step. `market` only helps to name what is there; the same flow gives the same commands.
pub fn command(step: &Step, market: &Market) -> Command {
    let Step {
        kind,
        session,
        a,
        b,
        c,
        odd,
    } = *step;
    if kind >= 89 {
        return operator(step, market);
    }
    let id = if odd == 255 {
        SessionId(99)
    } else {
        SessionId(u32::from(session) + 1)
    };
    let state = market.session(id);
    let next = state.map_or(1, |state| state.next_number);
    let last = state.map_or(0, |state| state.last_user_ref);
    let number = if odd == 254 {
        next.wrapping_sub(1)
    } else {
        next
    };
    let user_ref = match odd {
        250..=252 => last,
        200..=210 => last + 1 + u32::from(c),
        _ => last + 1,
    };
    let side = if a & 1 == 0 { Side::Buy } else { Side::Sell };
    // Near each other, so that they meet; a little better for the passive side, so that books grow.
    let ticks = match side {
        Side::Buy => 96 + u64::from(b % 8),
        Side::Sell => 99 + u64::from(b % 8),
    };
    let quantity = match odd {
        240 => 0,
        241 => 1_000_000,
        _ => (1 + u32::from(a >> 8) % 12) * 5 + u32::from(odd % 16 == 0),
    };
    let price_e4 = match odd {
        230 => 0,
        231 => 9_951,
        232 => 1 << 32,
        220..=229 => MARKET_PRICE_E4,
        _ => ticks * 100,
    };
    let time_in_force = TIMES[usize::from(c % 8)];
    let own: Vec<_> = market
        .orders()
        .filter_map(|resting| market.order(resting.order_ref))
        .filter(|order| order.session == id)
        .collect();
    let target = match (odd % 8, own.get(usize::from(b >> 8) % own.len().max(1))) {
        (0, _) | (1, None) => {
            Target::OrderRef(market.last_order_ref().0.saturating_sub(u64::from(b % 24)))
        }
        (1 | 2, Some(order)) => Target::OrderRef(order.resting.order_ref.0),
        (3..=6, Some(order)) => Target::UserRef(order.user_ref),
        _ => Target::UserRef(last.saturating_sub(u32::from(b >> 8) % 12)),
    };
    let request = match kind {
        0..=49 => Request::Enter(Enter {
            price_e4,
            time_in_force,
            min_quantity: if odd % 11 == 0 { u32::from(b % 40) } else { 0 },
            post_only: odd % 13 == 0,
            ..order(
                user_ref,
                side,
                quantity,
                match (a >> 1) % 16 {
                    0 => "NONE",
                    1..=5 => "XYZ",
                    _ => "ABC",
                },
                0,
            )
        }),
        50..=69 => Request::Replace(Replace {
            target,
            price_e4,
            time_in_force,
            post_only: odd % 13 == 0,
            ..replacement(0, user_ref, quantity, 0)
        }),
        70..=79 => Request::Cancel {
            target,
            quantity: if c < 60 { 0 } else { u32::from(c) % 40 },
        },
        80..=83 => Request::Modify {
            target,
            side_code: b"BSTE"[usize::from(a & 3)],
            quantity: u32::from(c) % 40,
        },
        84 => Request::MassCancel {
            user_ref: 5,
            symbol: match c % 3 {
                0 => Symbol::ALL,
                1 => Symbol(*b"ABC     "),
                _ => Symbol(*b"NONE    "),
            },
        },
        85 if c % 4 == 0 => Request::DisableOrderEntry { user_ref: 6 },
        86..=88 => Request::EnableOrderEntry { user_ref: 7 },
        _ => Request::AccountQuery,
    };
    Command::Client {
        session: id,
        number,
        request,
    }
}

fn operator(step: &Step, market: &Market) -> Command {
    let Step {
        kind,
        session: who,
        a,
        b,
        c,
        odd,
    } = *step;
    let scope = match c % 4 {
        0 => None,
        1 => Some(InstrumentId(2)),
        2 => Some(InstrumentId(7)),
        _ => Some(InstrumentId(1)),
    };
    let id = match odd {
        255 => SessionId(99),
        _ => SessionId(u32::from(who) + 1),
    };
    let action = match kind {
        89 if a % 3 == 0 => Action::Disconnected { session: id },
        89 => Action::Connected { session: id },
        90 => Action::Halt { instrument: scope },
        91 | 92 => Action::Resume { instrument: None },
        93 if a % 2 == 0 => Action::CloseDay,
        93..=96 => Action::OpenDay {
            date: match c % 8 {
                0 => DATE - 1,
                _ => market.last_day().map_or(DATE, |day| day.date) + u32::from(c % 2),
            }
            .min(20_261_130),
        },
        97 => Action::DefineInstrument(Instrument {
            id: InstrumentId(a % 4 + 1),
            tick_size_e4: if b % 4 == 0 { 50 } else { 100 },
            lot_size: u32::from(b % 3) * 5,
            collar_bp: u32::from(c % 4) * 200,
            reference_price: 100,
            ..instrument(1, ["XYZ", "NEW", "ABC", "OLD"][usize::from(b >> 8) % 4])
        }),
        98 => Action::DefineAccount(Account {
            max_order_quantity: 20 + u32::from(a % 80),
            max_order_value_e4: 400_000 + u64::from(b) * 30,
            max_open_orders: 3 + u32::from(c % 32),
            cancel_on_disconnect: c % 4 > 0,
            ..account(if a % 2 == 0 { 9 } else { 4 })
        }),
        _ => Action::DefineSession(session(
            u32::from(a % 4) + 1,
            ["one", "two", "three", "four"][usize::from(b % 4)],
            [9, 4, 5][usize::from(c % 3)],
        )),
    };
    Command::Operator {
        key: if kind == 89 { 0 } else { u64::from(a % 6) },
        action,
    }
}

/// The stamp of the nth command: mostly ascending, sometimes a clock that went back.
pub fn stamp(nth: usize) -> u64 {
    let nth = nth as u64;
    1_000_000 + nth * 10 - if nth % 7 == 0 { nth % 50 } else { 0 }
}
