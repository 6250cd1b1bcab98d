//! A plain book, obvious to read, and one step of an order flow to put to it and to the real one.

// Each test file uses its part.
#![allow(dead_code)]

use std::collections::BTreeMap;

use rialto_book::{
    Book, EnterError, Fill, Incoming, Limit, Outcome, Pool, Price, Qty, Resting, Side, Slot,
};

/// A resting order of the plain book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PlainOrder {
    pub id: u64,
    pub qty: Qty,
}

/// A fill without its slot.
pub type PlainFill = (u64, u64, Price, Qty, Qty);

/// An outcome without its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlainOutcome {
    Done(Qty),
    Rested(Qty, Qty),
    Discarded(Qty, Qty),
    WouldCross,
    NotEnough,
    Duplicate,
    Zero,
    NotHere,
    SideChanged,
}

impl From<Result<Outcome, EnterError>> for PlainOutcome {
    fn from(result: Result<Outcome, EnterError>) -> Self {
        match result {
            Ok(Outcome::Done { filled }) => Self::Done(filled),
            Ok(Outcome::Rested { filled, left, .. }) => Self::Rested(filled, left),
            Ok(Outcome::Discarded { filled, left }) => Self::Discarded(filled, left),
            Ok(Outcome::WouldCross) => Self::WouldCross,
            Ok(Outcome::NotEnough) => Self::NotEnough,
            Err(EnterError::DuplicateId) => Self::Duplicate,
            Err(EnterError::ZeroQty) => Self::Zero,
            Err(EnterError::NotHere) => Self::NotHere,
            Err(EnterError::SideChanged) => Self::SideChanged,
            Err(EnterError::PoolFull) => panic!("these tests fill no pool"),
        }
    }
}

/// Price to queue, by side. Everything is searched for.
#[derive(Default)]
pub struct PlainBook {
    pub bids: BTreeMap<Price, Vec<PlainOrder>>,
    pub asks: BTreeMap<Price, Vec<PlainOrder>>,
    pub fills: Vec<PlainFill>,
}

impl PlainBook {
    pub fn side(&mut self, side: Side) -> &mut BTreeMap<Price, Vec<PlainOrder>> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }

    pub fn find(&self, id: u64) -> Option<(Side, Price, usize)> {
        for (side, levels) in [(Side::Buy, &self.bids), (Side::Sell, &self.asks)] {
            for (price, queue) in levels {
                if let Some(at) = queue.iter().position(|order| order.id == id) {
                    return Some((side, *price, at));
                }
            }
        }
        None
    }

    fn within(side: Side, limit: Limit, price: Price) -> bool {
        match (limit, side) {
            (Limit::Market, _) => true,
            (Limit::Price(limit), Side::Buy) => price <= limit,
            (Limit::Price(limit), Side::Sell) => price >= limit,
        }
    }

    pub fn found(&self, side: Side, limit: Limit) -> u64 {
        let other = match side {
            Side::Buy => &self.asks,
            Side::Sell => &self.bids,
        };
        let reachable = other
            .iter()
            .filter(|(price, _)| Self::within(side, limit, **price));
        reachable
            .flat_map(|(_, queue)| queue)
            .map(|order| u64::from(order.qty))
            .sum()
    }

    fn refusal(&self, order: &Incoming) -> Option<PlainOutcome> {
        let found = self.found(order.side, order.limit);
        if order.post_only && found > 0 {
            Some(PlainOutcome::WouldCross)
        } else if found.min(u64::from(order.qty)) < u64::from(order.min_qty) {
            Some(PlainOutcome::NotEnough)
        } else {
            None
        }
    }

    pub fn enter(&mut self, order: &Incoming) -> PlainOutcome {
        if order.qty == 0 {
            return PlainOutcome::Zero;
        }
        if self.find(order.id).is_some() {
            return PlainOutcome::Duplicate;
        }
        if let Some(refusal) = self.refusal(order) {
            return refusal;
        }
        let mut left = order.qty;
        while left > 0 {
            let other = self.side(order.side.opposite());
            let best = match order.side {
                Side::Buy => other.keys().next().copied(),
                Side::Sell => other.keys().next_back().copied(),
            };
            let Some(price) = best.filter(|price| Self::within(order.side, order.limit, *price))
            else {
                break;
            };
            let queue = other.get_mut(&price).unwrap();
            let qty = left.min(queue[0].qty);
            left -= qty;
            queue[0].qty -= qty;
            let fill = (queue[0].id, order.id, price, qty, queue[0].qty);
            if queue[0].qty == 0 {
                queue.remove(0);
            }
            if queue.is_empty() {
                other.remove(&price);
            }
            self.fills.push(fill);
        }
        let filled = order.qty - left;
        match order.limit {
            _ if left == 0 => PlainOutcome::Done(filled),
            Limit::Price(price) if order.rests => {
                let queue = self.side(order.side).entry(price).or_default();
                queue.push(PlainOrder {
                    id: order.id,
                    qty: left,
                });
                PlainOutcome::Rested(filled, left)
            }
            _ => PlainOutcome::Discarded(filled, left),
        }
    }

    pub fn cancel(&mut self, id: u64) -> Option<(Side, Price, Qty)> {
        let (side, price, at) = self.find(id)?;
        let queue = self.side(side).get_mut(&price).unwrap();
        let order = queue.remove(at);
        if queue.is_empty() {
            self.side(side).remove(&price);
        }
        Some((side, price, order.qty))
    }

    pub fn reduce(&mut self, id: u64, left: Qty) {
        let (side, price, at) = self.find(id).unwrap();
        let order = &mut self.side(side).get_mut(&price).unwrap()[at];
        if left > 0 && left < order.qty {
            order.qty = left;
        }
    }

    pub fn replace(&mut self, id: u64, new: &Incoming) -> PlainOutcome {
        let Some((side, price, at)) = self.find(id) else {
            return PlainOutcome::NotHere;
        };
        if new.qty == 0 {
            return PlainOutcome::Zero;
        }
        if new.side != side {
            return PlainOutcome::SideChanged;
        }
        if new.id != id && self.find(new.id).is_some() {
            return PlainOutcome::Duplicate;
        }
        if let Some(refusal) = self.refusal(new) {
            return refusal;
        }
        let order = &mut self.side(side).get_mut(&price).unwrap()[at];
        if new.limit == Limit::Price(price) && new.rests && new.qty <= order.qty {
            *order = PlainOrder {
                id: new.id,
                qty: new.qty,
            };
            return PlainOutcome::Rested(0, new.qty);
        }
        self.cancel(id);
        self.enter(new)
    }
}

/// What a step does; the orders it is about are chosen among those that rest.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    Enter(Incoming),
    Cancel {
        pick: usize,
    },
    Reduce {
        pick: usize,
        left: Qty,
    },
    Replace {
        pick: usize,
        order: Incoming,
        keep_id: bool,
        keep_price: bool,
    },
}

/// The real book and the plain one, side by side.
pub struct Pair {
    pub pool: Pool,
    pub book: Book,
    pub plain: PlainBook,
    pub live: Vec<u64>,
    fills: Vec<Fill>,
}

impl Pair {
    pub fn new(number: u32, capacity: usize) -> Self {
        Self {
            pool: Pool::with_capacity(capacity),
            book: Book::new(number),
            plain: PlainBook::default(),
            live: Vec::new(),
            fills: Vec::new(),
        }
    }

    /// Puts a step to both and compares what they say; [`Pair::compare`] compares what they have become.
    pub fn step(&mut self, step: &Step) {
        self.fills.clear();
        self.plain.fills.clear();
        let pick = |live: &[u64], pick: usize| live.get(pick % live.len().max(1)).copied();
        self.prefetch(step);
        match *step {
            Step::Enter(order) => {
                let found = self.plain.found(order.side, order.limit);
                assert_eq!(self.book.crosses(order.side, order.limit), found > 0);
                assert_eq!(
                    self.book.available(order.side, order.limit, u64::MAX),
                    found
                );
                let plain = self.plain.enter(&order);
                let real = self.book.enter(&mut self.pool, &order, &mut self.fills);
                self.settle(order.id, None, plain, real);
            }
            Step::Cancel { pick: at } => {
                let Some(id) = pick(&self.live, at) else {
                    return;
                };
                let slot = self.pool.slot(id).expect("a resting order has a slot");
                let (side, price, qty) = self.plain.cancel(id).expect("it rests in the plain book");
                let book = self.book.number();
                let gone = self.book.cancel(&mut self.pool, slot);
                assert_eq!(
                    gone,
                    Resting {
                        id,
                        side,
                        price,
                        qty,
                        book
                    }
                );
                assert_eq!(self.pool.slot(id), None);
                assert_eq!(self.book.get(&self.pool, slot).qty, 0);
                self.live.retain(|live| *live != id);
            }
            Step::Reduce { pick: at, left } => {
                let Some(id) = pick(&self.live, at) else {
                    return;
                };
                let slot = self.pool.slot(id).expect("a resting order has a slot");
                self.plain.reduce(id, left);
                let after = self.book.reduce(&mut self.pool, slot, left);
                let (side, price, at) = self.plain.find(id).unwrap();
                let expected = self.plain.side(side)[&price][at].qty;
                assert_eq!(
                    (after.id, after.side, after.price, after.qty),
                    (id, side, price, expected)
                );
            }
            Step::Replace {
                pick: at,
                mut order,
                keep_id,
                keep_price,
            } => {
                let Some(id) = pick(&self.live, at) else {
                    return;
                };
                let slot = self.pool.slot(id).expect("a resting order has a slot");
                let (_, price, _) = self.plain.find(id).unwrap();
                if keep_id {
                    order.id = id;
                }
                if keep_price {
                    order.limit = Limit::Price(price);
                }
                let plain = self.plain.replace(id, &order);
                let real = self
                    .book
                    .replace(&mut self.pool, slot, &order, &mut self.fills);
                if let Ok(Outcome::Rested { slot: kept, .. }) = real {
                    assert_eq!(kept, slot, "a replaced order keeps its slot");
                }
                self.settle(order.id, Some(id), plain, real);
            }
        }
    }

    /// Every stage of prefetching, which must change nothing, for ids that rest and ids that do not.
    fn prefetch(&self, step: &Step) {
        let (Step::Enter(order) | Step::Replace { order, .. }) = *step else {
            return;
        };
        let ids = [order.id, self.live.last().copied().unwrap_or(0)];
        for id in ids {
            self.pool.prefetch(id);
            self.pool.prefetch_order(id);
            self.book.prefetch_around(&self.pool, id);
        }
        if let Limit::Price(price) = order.limit {
            self.book.prefetch(order.side);
            self.book.prefetch_price(order.side, price);
            self.book.prefetch_level(order.side, price);
            self.book.prefetch_back(&self.pool, order.side, price);
        }
    }

    fn settle(
        &mut self,
        id: u64,
        replaced: Option<u64>,
        plain: PlainOutcome,
        real: Result<Outcome, EnterError>,
    ) {
        assert_eq!(PlainOutcome::from(real), plain);
        let fills: Vec<PlainFill> = (self.fills.iter())
            .map(|fill| {
                (
                    fill.maker_id,
                    fill.taker_id,
                    fill.price,
                    fill.qty,
                    fill.maker_left,
                )
            })
            .collect();
        assert_eq!(fills, self.plain.fills);
        let filled: u64 = fills.iter().map(|fill| u64::from(fill.3)).sum();
        match plain {
            PlainOutcome::Done(qty)
            | PlainOutcome::Rested(qty, _)
            | PlainOutcome::Discarded(qty, _) => {
                assert_eq!(filled, u64::from(qty));
                self.live.retain(|live| Some(*live) != replaced);
            }
            _ => assert!(fills.is_empty()),
        }
        for fill in fills.iter().filter(|fill| fill.4 == 0) {
            self.live.retain(|live| *live != fill.0);
        }
        if let Ok(Outcome::Rested { slot, left, .. }) = real {
            self.live.push(id);
            let rests = self.book.get(&self.pool, slot);
            assert_eq!((rests.id, rests.qty), (id, left));
            assert_eq!(self.pool.slot(id), Some(slot));
        }
    }

    /// Compares the whole books and asks the real one whether all its parts agree.
    pub fn compare(&self) {
        if let Err(wrong) = self.book.check(&self.pool) {
            panic!("{wrong}");
        }
        assert_eq!(self.pool.len(), self.live.len());
        for side in [Side::Buy, Side::Sell] {
            let mut levels: Vec<(Price, &Vec<PlainOrder>)> = match side {
                Side::Buy => self
                    .plain
                    .bids
                    .iter()
                    .rev()
                    .map(|(price, queue)| (*price, queue))
                    .collect(),
                Side::Sell => self
                    .plain
                    .asks
                    .iter()
                    .map(|(price, queue)| (*price, queue))
                    .collect(),
            };
            let sum = |queue: &Vec<PlainOrder>| {
                queue.iter().map(|order| u64::from(order.qty)).sum::<u64>()
            };
            let sums: Vec<(Price, u64)> = levels
                .iter()
                .map(|(price, queue)| (*price, sum(queue)))
                .collect();
            assert_eq!(self.book.best(side), sums.first().copied());
            let real: Vec<(Price, u64)> = self
                .book
                .levels(side)
                .map(|level| (level.price, level.qty))
                .collect();
            assert_eq!(real, sums);
            let mut orders = self.book.orders(&self.pool, side);
            for (price, queue) in levels.drain(..) {
                for (place, order) in queue.iter().enumerate() {
                    let (slot, real) = orders.next().expect("as many orders as in the plain book");
                    assert_eq!(
                        (real.id, real.side, real.price, real.qty),
                        (order.id, side, price, order.qty)
                    );
                    assert_eq!(self.book.is_head(&self.pool, slot), place == 0);
                    assert_eq!(self.pool.id(slot), Some(order.id));
                }
            }
            assert_eq!(orders.next(), None);
        }
    }
}

/// A slot of another pool, for calls that must change nothing.
pub fn foreign_slot() -> Slot {
    let mut pool = Pool::with_capacity(64);
    let mut book = Book::new(900);
    for id in 0..50 {
        let _ = book.enter(
            &mut pool,
            &Incoming::limit(id, Side::Buy, 1, 1),
            &mut Vec::new(),
        );
    }
    pool.slot(49).unwrap()
}
