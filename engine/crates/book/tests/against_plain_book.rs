//! Random flows through the book and through a plain one: fills, outcomes, levels and queues stay equal.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::let_underscore_must_use
)]

mod common;

use common::{Pair, Step};
use proptest::prelude::*;
use rialto_book::{Incoming, Limit, Price, Qty, Side};

/// How ids follow each other.
#[derive(Clone, Copy, Debug)]
enum Ids {
    Dense,
    Descending,
    Shifted(u32),
    Scattered,
}

impl Ids {
    fn nth(self, n: u64) -> u64 {
        match self {
            Self::Dense => n,
            Self::Descending => u64::MAX - n,
            Self::Shifted(bits) => n << bits,
            // An odd multiplier and a rotation: no two are equal.
            Self::Scattered => n.wrapping_mul(0xD129_0D3A_4C8F_7B4D).rotate_left(23),
        }
    }
}

fn ids() -> impl Strategy<Value = Ids> {
    prop_oneof![
        Just(Ids::Dense),
        Just(Ids::Descending),
        (1..44_u32).prop_map(Ids::Shifted),
        Just(Ids::Scattered),
    ]
}

/// Where prices lie: packed, across the borders of chunks, words and blocks, or anywhere.
#[derive(Clone, Copy, Debug)]
enum Prices {
    Near(Price, Price),
    Borders,
    Anywhere,
}

fn prices() -> impl Strategy<Value = Prices> {
    prop_oneof![
        (any::<Price>(), 1..40_i64).prop_map(|(middle, spread)| Prices::Near(middle, spread)),
        (-9_000..9_000_i64, 1..6_000_i64).prop_map(|(middle, spread)| Prices::Near(middle, spread)),
        Just(Prices::Borders),
        Just(Prices::Anywhere),
    ]
}

fn price(prices: Prices, draw: u64) -> Price {
    const BORDERS: [Price; 16] = [
        Price::MIN,
        Price::MIN + 1,
        -4_097,
        -4_096,
        -65,
        -64,
        -1,
        0,
        1,
        15,
        16,
        63,
        64,
        4_095,
        4_096,
        Price::MAX,
    ];
    match prices {
        Prices::Near(middle, spread) => {
            middle.saturating_add((draw % (2 * spread as u64 + 1)) as Price - spread)
        }
        Prices::Borders => BORDERS[draw as usize % BORDERS.len()],
        Prices::Anywhere => [1, 20_000_000, -3, draw as Price][(draw >> 40) as usize % 4],
    }
}

/// What is drawn for one step; ids and prices are made of it by [`Ids`] and [`Prices`].
type Draw = (u8, u64, Qty, u8, usize, bool);

fn draw() -> impl Strategy<Value = Draw> {
    let qty = prop_oneof![8 => 1..50_u32, 1 => Just(0), 1 => Just(Qty::MAX)];
    (
        0..100_u8,
        any::<u64>(),
        qty,
        0..100_u8,
        any::<usize>(),
        any::<bool>(),
    )
}

fn step(ids: Ids, prices: Prices, nth: u64, draw: Draw) -> Step {
    let (what, at, qty, how, pick, flag) = draw;
    let side = if at & 1 == 0 { Side::Buy } else { Side::Sell };
    let mut order = Incoming::limit(ids.nth(nth), side, price(prices, at >> 1), qty);
    match how {
        0..55 => {}
        55..70 => order.rests = false,
        70..76 => order.limit = Limit::Market,
        76..82 => (order.rests, order.min_qty) = (false, qty),
        82..88 => order.min_qty = (at >> 30) as Qty % 60,
        88..95 => order.post_only = true,
        // An id that may rest already.
        _ => order.id = ids.nth(nth / 2),
    }
    match what {
        0..50 => Step::Enter(order),
        50..70 => Step::Cancel { pick },
        70..78 => Step::Reduce {
            pick,
            left: qty / 2,
        },
        _ => Step::Replace {
            pick,
            order,
            keep_id: flag,
            keep_price: at >> 50 & 1 == 0,
        },
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_after_every_step(
        ids in ids(),
        prices in prices(),
        capacity in prop_oneof![Just(0_usize), Just(1), 2..300_usize],
        number in any::<u32>(),
        draws in prop::collection::vec(draw(), 1..250),
    ) {
        let mut pair = Pair::new(number, capacity);
        for (nth, draw) in draws.into_iter().enumerate() {
            pair.step(&step(ids, prices, nth as u64, draw));
            pair.compare();
        }
    }
}

/// Longer flows than proptest draws, with more orders resting, each compared every few hundred steps.
#[test]
fn equal_on_long_flows() {
    let flows = [
        (Ids::Dense, Prices::Near(100_000, 300)),
        (Ids::Shifted(32), Prices::Near(-50, 3_000)),
        (Ids::Scattered, Prices::Near(Price::MAX - 100, 90)),
        (Ids::Descending, Prices::Anywhere),
    ];
    for (seed, (ids, prices)) in flows.into_iter().enumerate() {
        let mut state = seed as u64;
        let mut next = move || {
            state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
            let mixed = (state ^ state >> 30).wrapping_mul(0xBF58_476D_1CE4_E5B9);
            let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94D0_49BB_1331_11EB);
            mixed ^ mixed >> 31
        };
        let mut pair = Pair::new(seed as u32, 100);
        for nth in 0..6_000_u64 {
            let what = (next() % 100) as u8;
            // More entries than removals, until the draw of sides and crossing balances them.
            let what = if what >= 50 && next() % 3 == 0 {
                0
            } else {
                what
            };
            let draw = (
                what,
                next(),
                1 + next() as Qty % 50,
                (next() % 100) as u8,
                next() as usize,
                next() & 1 == 0,
            );
            pair.step(&step(ids, prices, nth, draw));
            if nth % 199 == 0 {
                pair.compare();
            }
        }
        pair.compare();
    }
}
