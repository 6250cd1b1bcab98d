//! The rules of the book, one small scene each.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::let_underscore_must_use
)]

mod common;

use rialto_book::{Book, EnterError, Fill, Incoming, Limit, Outcome, Pool, Price, Qty, Side, Slot};

struct Scene {
    pool: Pool,
    book: Book,
    fills: Vec<Fill>,
}

impl Scene {
    fn new() -> Self {
        Self {
            pool: Pool::with_capacity(16),
            book: Book::new(7),
            fills: Vec::new(),
        }
    }

    fn enter(&mut self, order: Incoming) -> Result<Outcome, EnterError> {
        self.book.enter(&mut self.pool, &order, &mut self.fills)
    }

    fn rest(&mut self, id: u64, side: Side, price: Price, qty: Qty) -> Slot {
        match self.enter(Incoming::limit(id, side, price, qty)) {
            Ok(Outcome::Rested {
                slot, filled: 0, ..
            }) => slot,
            other => panic!("{other:?} instead of resting"),
        }
    }

    fn replace(&mut self, slot: Slot, order: Incoming) -> Result<Outcome, EnterError> {
        self.book
            .replace(&mut self.pool, slot, &order, &mut self.fills)
    }

    fn queue(&self, side: Side) -> Vec<(u64, Price, Qty)> {
        let orders = self.book.orders(&self.pool, side);
        orders
            .map(|(_, order)| (order.id, order.price, order.qty))
            .collect()
    }

    fn traded(&mut self) -> Vec<(u64, Price, Qty)> {
        self.fills
            .drain(..)
            .map(|fill| (fill.maker_id, fill.price, fill.qty))
            .collect()
    }
}

#[test]
fn best_price_first_then_first_come() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Sell, 102, 10);
    scene.rest(2, Side::Sell, 101, 10);
    scene.rest(3, Side::Sell, 101, 10);
    let outcome = scene.enter(Incoming::limit(4, Side::Buy, 102, 25));
    assert_eq!(outcome, Ok(Outcome::Done { filled: 25 }));
    assert_eq!(scene.traded(), [(2, 101, 10), (3, 101, 10), (1, 102, 5)]);
    assert_eq!(scene.queue(Side::Sell), [(1, 102, 5)]);
}

#[test]
fn never_beyond_its_limit() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Sell, 101, 10);
    scene.rest(2, Side::Sell, 102, 10);
    let outcome = scene.enter(Incoming::limit(3, Side::Buy, 101, 15));
    assert!(matches!(
        outcome,
        Ok(Outcome::Rested {
            filled: 10,
            left: 5,
            ..
        })
    ));
    assert_eq!(scene.queue(Side::Buy), [(3, 101, 5)]);
    assert_eq!(scene.queue(Side::Sell), [(2, 102, 10)]);
}

#[test]
fn a_market_order_sweeps_and_never_rests() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Buy, Price::MIN, 10);
    let market = Incoming {
        limit: Limit::Market,
        ..Incoming::limit(2, Side::Sell, 0, 15)
    };
    assert_eq!(
        scene.enter(market),
        Ok(Outcome::Discarded {
            filled: 10,
            left: 5
        })
    );
    assert!(scene.pool.is_empty());
    assert_eq!(
        scene.enter(market),
        Ok(Outcome::Discarded {
            filled: 0,
            left: 15
        })
    );
}

#[test]
fn immediate_discards_what_it_cannot_fill() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Sell, 101, 10);
    let outcome = scene.enter(Incoming::limit(2, Side::Buy, 101, 15).immediate());
    assert_eq!(
        outcome,
        Ok(Outcome::Discarded {
            filled: 10,
            left: 5
        })
    );
    assert!(scene.pool.is_empty());
}

#[test]
fn fill_or_kill_looks_first() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Sell, 101, 10);
    scene.rest(2, Side::Sell, 102, 10);
    let kill = |qty, price| Incoming {
        min_qty: qty,
        ..Incoming::limit(3, Side::Buy, price, qty).immediate()
    };
    assert_eq!(scene.enter(kill(20, 101)), Ok(Outcome::NotEnough));
    assert_eq!(scene.enter(kill(21, 102)), Ok(Outcome::NotEnough));
    assert_eq!(scene.traded(), []);
    assert_eq!(scene.enter(kill(20, 102)), Ok(Outcome::Done { filled: 20 }));
}

#[test]
fn a_minimum_may_rest_with_what_is_left() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Sell, 101, 10);
    let order = Incoming {
        min_qty: 10,
        ..Incoming::limit(2, Side::Buy, 101, 15)
    };
    assert!(matches!(
        scene.enter(order),
        Ok(Outcome::Rested {
            filled: 10,
            left: 5,
            ..
        })
    ));
    let more_than_it_is = Incoming {
        min_qty: 16,
        ..Incoming::limit(3, Side::Sell, 101, 5)
    };
    assert_eq!(scene.enter(more_than_it_is), Ok(Outcome::NotEnough));
}

#[test]
fn post_only_rests_or_is_refused() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Sell, 101, 10);
    let order = |price| Incoming {
        post_only: true,
        ..Incoming::limit(2, Side::Buy, price, 5)
    };
    assert_eq!(scene.enter(order(101)), Ok(Outcome::WouldCross));
    assert!(matches!(
        scene.enter(order(100)),
        Ok(Outcome::Rested {
            filled: 0,
            left: 5,
            ..
        })
    ));
}

#[test]
fn reduce_keeps_the_place() {
    let mut scene = Scene::new();
    let slot = scene.rest(1, Side::Buy, 100, 10);
    scene.rest(2, Side::Buy, 100, 10);
    assert_eq!(scene.book.reduce(&mut scene.pool, slot, 4).qty, 4);
    for no_reduction in [0, 4, 5] {
        assert_eq!(
            scene.book.reduce(&mut scene.pool, slot, no_reduction).qty,
            4
        );
    }
    assert_eq!(scene.queue(Side::Buy), [(1, 100, 4), (2, 100, 10)]);
    assert_eq!(scene.book.best(Side::Buy), Some((100, 14)));
}

#[test]
fn replace_keeps_its_place_only_at_the_same_price_and_not_larger() {
    for (new, queue) in [
        (
            Incoming::limit(9, Side::Buy, 100, 10),
            vec![(9, 100, 10), (2, 100, 10)],
        ),
        (
            Incoming::limit(1, Side::Buy, 100, 3),
            vec![(1, 100, 3), (2, 100, 10)],
        ),
        (
            Incoming::limit(1, Side::Buy, 100, 11),
            vec![(2, 100, 10), (1, 100, 11)],
        ),
        (
            Incoming::limit(9, Side::Buy, 101, 5),
            vec![(9, 101, 5), (2, 100, 10)],
        ),
        (
            Incoming::limit(9, Side::Buy, 99, 5),
            vec![(2, 100, 10), (9, 99, 5)],
        ),
    ] {
        let mut scene = Scene::new();
        let slot = scene.rest(1, Side::Buy, 100, 10);
        scene.rest(2, Side::Buy, 100, 10);
        let left = new.qty;
        assert_eq!(
            scene.replace(slot, new),
            Ok(Outcome::Rested {
                slot,
                filled: 0,
                left
            })
        );
        assert_eq!(scene.queue(Side::Buy), queue);
        assert_eq!(scene.pool.slot(new.id), Some(slot));
        assert_eq!(scene.book.check(&scene.pool), Ok(()));
    }
}

#[test]
fn replace_may_cross() {
    let mut scene = Scene::new();
    let slot = scene.rest(1, Side::Buy, 100, 10);
    scene.rest(2, Side::Sell, 102, 4);
    let outcome = scene.replace(slot, Incoming::limit(3, Side::Buy, 102, 10));
    assert_eq!(
        outcome,
        Ok(Outcome::Rested {
            slot,
            filled: 4,
            left: 6
        })
    );
    assert_eq!(scene.traded(), [(2, 102, 4)]);
    assert_eq!(scene.queue(Side::Buy), [(3, 102, 6)]);
    scene.rest(4, Side::Sell, 103, 6);
    let outcome = scene.replace(slot, Incoming::limit(3, Side::Buy, 103, 6));
    assert_eq!(outcome, Ok(Outcome::Done { filled: 6 }));
    assert!(scene.pool.is_empty());
}

#[test]
fn a_refused_replace_leaves_the_order_alone() {
    let mut scene = Scene::new();
    let slot = scene.rest(1, Side::Buy, 100, 10);
    scene.rest(2, Side::Sell, 102, 4);
    let new = Incoming::limit(3, Side::Buy, 102, 10);
    for (order, answer) in [
        (
            Incoming {
                post_only: true,
                ..new
            },
            Ok(Outcome::WouldCross),
        ),
        (Incoming { min_qty: 5, ..new }, Ok(Outcome::NotEnough)),
        (Incoming { id: 2, ..new }, Err(EnterError::DuplicateId)),
        (Incoming { qty: 0, ..new }, Err(EnterError::ZeroQty)),
        (
            Incoming {
                side: Side::Sell,
                ..new
            },
            Err(EnterError::SideChanged),
        ),
    ] {
        assert_eq!(scene.replace(slot, order), answer);
        assert_eq!(scene.queue(Side::Buy), [(1, 100, 10)]);
        assert_eq!(scene.traded(), []);
    }
}

#[test]
fn entering_an_id_that_rests_or_nothing_is_refused() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Buy, 100, 10);
    let again = Incoming::limit(1, Side::Sell, 100, 10);
    assert_eq!(scene.enter(again), Err(EnterError::DuplicateId));
    assert_eq!(scene.enter(again.immediate()), Err(EnterError::DuplicateId));
    assert_eq!(
        scene.enter(Incoming::limit(2, Side::Buy, 1, 0)),
        Err(EnterError::ZeroQty)
    );
    assert_eq!(scene.queue(Side::Buy), [(1, 100, 10)]);
}

#[test]
fn a_slot_that_is_not_here_changes_nothing() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Buy, 100, 10);
    let mut other = Book::new(8);
    let there = match other.enter(
        &mut scene.pool,
        &Incoming::limit(2, Side::Buy, 5, 5),
        &mut scene.fills,
    ) {
        Ok(Outcome::Rested { slot, .. }) => slot,
        outcome => panic!("{outcome:?}"),
    };
    for slot in [there, common::foreign_slot()] {
        assert_eq!(scene.book.get(&scene.pool, slot).qty, 0);
        assert_eq!(scene.book.cancel(&mut scene.pool, slot).qty, 0);
        assert_eq!(scene.book.reduce(&mut scene.pool, slot, 1).qty, 0);
        assert!(!scene.book.is_head(&scene.pool, slot));
        let new = Incoming::limit(9, Side::Buy, 1, 1);
        assert_eq!(scene.replace(slot, new), Err(EnterError::NotHere));
    }
    assert_eq!(scene.pool.len(), 2);
    assert_eq!(scene.pool.book(there), Some((8, Side::Buy)));
    assert_eq!(other.check(&scene.pool), Ok(()));
    assert_eq!(scene.book.check(&scene.pool), Ok(()));
}

#[test]
fn slots_are_dense_and_the_last_freed_is_next() {
    let mut scene = Scene::new();
    let slots: Vec<Slot> = (1..=5)
        .map(|id| scene.rest(id, Side::Buy, 100, 1))
        .collect();
    assert!(slots.iter().all(|slot| slot.index() <= 5));
    scene.book.cancel(&mut scene.pool, slots[1]);
    scene.book.cancel(&mut scene.pool, slots[3]);
    assert_eq!(scene.rest(6, Side::Sell, 101, 1), slots[3]);
    assert_eq!(scene.rest(7, Side::Sell, 101, 1), slots[1]);
}

#[test]
fn stub_quotes_and_the_ends_of_the_range() {
    let mut scene = Scene::new();
    scene.rest(1, Side::Buy, 1, 1);
    scene.rest(2, Side::Sell, 20_000_000, 1);
    scene.rest(3, Side::Buy, Price::MIN, 1);
    scene.rest(4, Side::Sell, Price::MAX, 1);
    scene.rest(5, Side::Buy, -7, 1);
    let buys = scene.queue(Side::Buy);
    assert_eq!(buys, [(1, 1, 1), (5, -7, 1), (3, Price::MIN, 1)]);
    assert_eq!(
        scene.queue(Side::Sell),
        [(2, 20_000_000, 1), (4, Price::MAX, 1)]
    );
    assert!(scene.book.crosses(Side::Sell, Limit::Price(-7)));
    assert!(!scene.book.crosses(Side::Sell, Limit::Price(2)));
    assert_eq!(scene.book.available(Side::Sell, Limit::Price(-7), 100), 2);
    assert_eq!(scene.book.available(Side::Sell, Limit::Market, 2), 2);
    assert_eq!(scene.book.check(&scene.pool), Ok(()));
}
