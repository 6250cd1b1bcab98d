//! An obvious price-time book: ordered maps, no cleverness. It answers what others are compared with.

use crate::Side;
use std::collections::{BTreeMap, HashMap};

/// Two orders matched at the maker's price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Fill {
    /// The resting order.
    pub maker_id: u64,
    /// The incoming order.
    pub taker_id: u64,
    /// The maker's price.
    pub price: i64,
    /// How much.
    pub qty: u32,
}

/// An order in the book.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Resting {
    /// Its side.
    pub side: Side,
    /// Its price.
    pub price: i64,
    /// What is left of it.
    pub left: u32,
    /// Its place in time: the larger, the later it came to its level.
    arrival: u64,
}

#[derive(Clone, Default, Debug)]
struct Level {
    /// Ids by arrival.
    queue: BTreeMap<u64, u64>,
    qty: u64,
}

/// One instrument's book.
#[derive(Clone, Default, Debug)]
pub struct PlainBook {
    orders: HashMap<u64, Resting>,
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
    arrivals: u64,
}

impl PlainBook {
    /// An empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many orders rest.
    pub fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether no order rests.
    pub fn is_empty(&self) -> bool {
        self.orders.is_empty()
    }

    /// The order of an id, if it rests here.
    pub fn get(&self, id: u64) -> Option<Resting> {
        self.orders.get(&id).copied()
    }

    /// Matches an order against the other side, appending its fills, and rests what is left if `rests`. Returns what is
    /// left. The id must not rest already: an order that does is removed first, which is what a move is.
    pub fn enter(
        &mut self,
        id: u64,
        side: Side,
        price: i64,
        qty: u32,
        rests: bool,
        fills: &mut Vec<Fill>,
    ) -> u32 {
        self.remove(id);
        let mut left = qty;
        while left > 0 {
            let Some((maker_id, at)) = self.head(side.opposite()) else {
                break;
            };
            if !side.accepts(price, at) {
                break;
            }
            let maker_left = self.orders.get(&maker_id).map_or(0, |maker| maker.left);
            let qty = maker_left.min(left);
            self.reduce(maker_id, qty);
            left -= qty;
            fills.push(Fill {
                maker_id,
                taker_id: id,
                price: at,
                qty,
            });
        }
        if left > 0 && rests {
            self.arrivals += 1;
            let order = Resting {
                side,
                price,
                left,
                arrival: self.arrivals,
            };
            self.orders.insert(id, order);
            let level = self.side_mut(side).entry(price).or_default();
            level.queue.insert(order.arrival, id);
            level.qty += u64::from(left);
        }
        left
    }

    /// Takes an order out; `None` if it does not rest here.
    pub fn remove(&mut self, id: u64) -> Option<Resting> {
        let order = self.orders.remove(&id)?;
        let side = self.side_mut(order.side);
        if let Some(level) = side.get_mut(&order.price) {
            level.queue.remove(&order.arrival);
            level.qty -= u64::from(order.left);
            if level.queue.is_empty() {
                side.remove(&order.price);
            }
        }
        Some(order)
    }

    /// Takes `by` off an order, which keeps its place; all of it takes the order out. Returns what is left, `None` if
    /// the order does not rest here.
    pub fn reduce(&mut self, id: u64, by: u32) -> Option<u32> {
        let order = self.orders.get_mut(&id)?;
        if by >= order.left {
            self.remove(id);
            return Some(0);
        }
        order.left -= by;
        let Resting {
            side, price, left, ..
        } = *order;
        if let Some(level) = self.side_mut(side).get_mut(&price) {
            level.qty -= u64::from(by);
        }
        Some(left)
    }

    /// The first order of the best level: its id and its price.
    pub fn head(&self, side: Side) -> Option<(u64, i64)> {
        let (price, level) = match side {
            Side::Buy => self.bids.last_key_value()?,
            Side::Sell => self.asks.first_key_value()?,
        };
        let (_, id) = level.queue.first_key_value()?;
        Some((*id, *price))
    }

    /// The best price of a side.
    pub fn best(&self, side: Side) -> Option<i64> {
        match side {
            Side::Buy => self.bids.last_key_value().map(|(price, _)| *price),
            Side::Sell => self.asks.first_key_value().map(|(price, _)| *price),
        }
    }

    /// Prices and quantities of a side, best first.
    pub fn levels(&self, side: Side) -> Levels<'_> {
        Levels {
            side,
            inner: match side {
                Side::Buy => self.bids.iter(),
                Side::Sell => self.asks.iter(),
            },
        }
    }

    fn side_mut(&mut self, side: Side) -> &mut BTreeMap<i64, Level> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

/// Prices and quantities of a side, best first.
#[derive(Clone, Debug)]
pub struct Levels<'a> {
    side: Side,
    inner: std::collections::btree_map::Iter<'a, i64, Level>,
}

impl Iterator for Levels<'_> {
    type Item = (i64, u64);

    fn next(&mut self) -> Option<(i64, u64)> {
        let (price, level) = match self.side {
            Side::Buy => self.inner.next_back()?,
            Side::Sell => self.inner.next()?,
        };
        Some((*price, level.qty))
    }
}
