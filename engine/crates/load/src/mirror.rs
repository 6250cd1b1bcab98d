//! Books rebuilt from market data alone: levels, and the queue of each.

use rialto_flow::Side;
use rialto_wire::ouch::Symbol;
use rialto_wire::{glimpse, itch};
use std::collections::{BTreeMap, HashMap};

/// What a message did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Change {
    /// It was about one of the mirrored books: the position of its instrument.
    Book(usize),
    /// A snapshot has ended; the feed goes on at this number.
    SnapshotEnd(u64),
    /// Nothing that is mirrored.
    Nothing,
}

#[derive(Clone, Copy, Debug)]
struct Order {
    instrument: usize,
    side: Side,
    price_e4: i64,
    left: u32,
    /// Its place in time.
    arrival: u64,
}

#[derive(Default, Debug)]
struct Level {
    /// Order reference numbers by arrival.
    queue: BTreeMap<u64, u64>,
    qty: u64,
}

#[derive(Default, Debug)]
struct Sides {
    bids: BTreeMap<i64, Level>,
    asks: BTreeMap<i64, Level>,
}

/// The books of some instruments, by their positions.
#[derive(Debug)]
pub(crate) struct Mirror {
    symbols: Vec<Symbol>,
    /// The position of each stock locate that is mirrored.
    locates: HashMap<u16, usize>,
    orders: HashMap<u64, Order>,
    books: Vec<Sides>,
    arrivals: u64,
}

impl Mirror {
    pub(crate) fn new(symbols: Vec<Symbol>) -> Self {
        Self {
            books: symbols.iter().map(|_| Sides::default()).collect(),
            symbols,
            locates: HashMap::new(),
            orders: HashMap::new(),
            arrivals: 0,
        }
    }

    /// Whether the venue lists the instrument of a position.
    pub(crate) fn lists(&self, instrument: usize) -> bool {
        self.locates.values().any(|at| *at == instrument)
    }

    /// How many orders rest in all mirrored books.
    pub(crate) fn len(&self) -> usize {
        self.orders.len()
    }

    /// Whether an order rests.
    pub(crate) fn has(&self, order_ref: u64) -> bool {
        self.orders.contains_key(&order_ref)
    }

    /// Whether an order is the first of the best level of its side.
    pub(crate) fn is_head(&self, order_ref: u64) -> bool {
        let Some(order) = self.orders.get(&order_ref) else {
            return false;
        };
        let Some(book) = self.books.get(order.instrument) else {
            return false;
        };
        let best = match order.side {
            Side::Buy => book.bids.last_key_value(),
            Side::Sell => book.asks.first_key_value(),
        };
        let head = best.and_then(|(_, level)| level.queue.first_key_value());
        head.is_some_and(|(_, head)| *head == order_ref)
    }

    /// Prices in units of 1e-4 and quantities, best first.
    pub(crate) fn levels(&self, instrument: usize, side: Side) -> impl Iterator<Item = (i64, u64)> {
        let book = self.books.get(instrument);
        let bids = book
            .filter(|_| side == Side::Buy)
            .map(|book| book.bids.iter().rev());
        let asks = book
            .filter(|_| side == Side::Sell)
            .map(|book| book.asks.iter());
        let levels = bids.into_iter().flatten().chain(asks.into_iter().flatten());
        levels.map(|(price, level)| (*price, level.qty))
    }

    /// Takes a message of the feed or of a snapshot.
    ///
    /// # Errors
    /// It is no ITCH message.
    pub(crate) fn apply(&mut self, bytes: &[u8]) -> Result<Change, rialto_wire::DecodeError> {
        let message = match glimpse::Message::decode(bytes)? {
            glimpse::Message::Itch(message) => message,
            glimpse::Message::EndOfSnapshot(end) => {
                return Ok(Change::SnapshotEnd(end.sequence_number().0));
            }
        };
        let changed = match message {
            itch::Message::StockDirectory(m) => {
                if let Some(at) = self.symbols.iter().position(|symbol| *symbol == m.stock()) {
                    self.locates.insert(m.stock_locate(), at);
                }
                None
            }
            itch::Message::AddOrder(m) => {
                let at = self.locates.get(&m.stock_locate()).copied();
                at.inspect(|at| {
                    self.add(
                        *at,
                        m.order_reference_number(),
                        side(m.side()),
                        m.price_e4(),
                        m.shares(),
                    );
                })
            }
            itch::Message::AddOrderMpid(m) => {
                let at = self.locates.get(&m.stock_locate()).copied();
                at.inspect(|at| {
                    self.add(
                        *at,
                        m.order_reference_number(),
                        side(m.side()),
                        m.price_e4(),
                        m.shares(),
                    );
                })
            }
            itch::Message::OrderExecuted(m) => {
                self.reduce(m.order_reference_number(), m.executed_shares())
            }
            itch::Message::OrderExecutedWithPrice(m) => {
                self.reduce(m.order_reference_number(), m.executed_shares())
            }
            itch::Message::OrderCancel(m) => {
                self.reduce(m.order_reference_number(), m.canceled_shares())
            }
            itch::Message::OrderDelete(m) => self.reduce(m.order_reference_number(), u32::MAX),
            itch::Message::OrderReplace(m) => self.replace(
                m.original_order_reference_number(),
                m.new_order_reference_number(),
                m.price_e4(),
                m.shares(),
            ),
            _ => None,
        };
        Ok(changed.map_or(Change::Nothing, Change::Book))
    }

    fn side_mut(&mut self, instrument: usize, side: Side) -> Option<&mut BTreeMap<i64, Level>> {
        let book = self.books.get_mut(instrument)?;
        Some(match side {
            Side::Buy => &mut book.bids,
            Side::Sell => &mut book.asks,
        })
    }

    fn add(&mut self, instrument: usize, order_ref: u64, side: Side, price_e4: u32, qty: u32) {
        self.arrivals += 1;
        let order = Order {
            instrument,
            side,
            price_e4: i64::from(price_e4),
            left: qty,
            arrival: self.arrivals,
        };
        self.orders.insert(order_ref, order);
        if let Some(side) = self.side_mut(instrument, side) {
            let level = side.entry(order.price_e4).or_default();
            level.queue.insert(order.arrival, order_ref);
            level.qty += u64::from(qty);
        }
    }

    /// Takes quantity off an order, all that is left at most; its instrument.
    fn reduce(&mut self, order_ref: u64, by: u32) -> Option<usize> {
        let order = self.orders.get_mut(&order_ref)?;
        let by = by.min(order.left);
        order.left -= by;
        let order = *order;
        if order.left == 0 {
            self.orders.remove(&order_ref);
        }
        let side = self.side_mut(order.instrument, order.side)?;
        if let Some(level) = side.get_mut(&order.price_e4) {
            level.qty -= u64::from(by);
            if order.left == 0 {
                level.queue.remove(&order.arrival);
            }
            if level.queue.is_empty() {
                side.remove(&order.price_e4);
            }
        }
        Some(order.instrument)
    }

    /// A replacement keeps its place if the price is unchanged and the quantity does not grow.
    fn replace(&mut self, old: u64, new: u64, price_e4: u32, qty: u32) -> Option<usize> {
        let order = *self.orders.get(&old)?;
        let stays = order.price_e4 == i64::from(price_e4) && qty <= order.left;
        if stays {
            self.orders.remove(&old);
            self.orders.insert(new, Order { left: qty, ..order });
            if let Some(level) = self
                .side_mut(order.instrument, order.side)?
                .get_mut(&order.price_e4)
            {
                level.queue.insert(order.arrival, new);
                level.qty -= u64::from(order.left - qty);
            }
        } else {
            self.reduce(old, u32::MAX);
            self.add(order.instrument, new, order.side, price_e4, qty);
        }
        Some(order.instrument)
    }
}

const fn side(side: itch::Side) -> Side {
    match side {
        itch::Side::Buy => Side::Buy,
        itch::Side::Sell => Side::Sell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rialto_wire::Time48;
    use rialto_wire::itch::{AddOrder, OrderDelete, OrderExecuted, OrderReplace};

    const TIME: Time48 = match Time48::new(1) {
        Some(time) => time,
        None => unreachable!(),
    };

    fn mirror() -> Mirror {
        let mut mirror = Mirror::new(vec![Symbol::new("AAPL").unwrap()]);
        mirror.locates.insert(7, 0);
        mirror
    }

    fn add(mirror: &mut Mirror, order_ref: u64, locate: u16, price_e4: u32) -> Change {
        let mut bytes = Vec::new();
        AddOrder {
            stock_locate: locate,
            tracking_number: 0,
            timestamp: TIME,
            order_reference_number: order_ref,
            side: itch::Side::Buy,
            shares: 10,
            stock: Symbol::new("AAPL").unwrap(),
            price_e4,
        }
        .encode(&mut bytes);
        mirror.apply(&bytes).unwrap()
    }

    fn replace(mirror: &mut Mirror, old: u64, new: u64, shares: u32, price_e4: u32) {
        let mut bytes = Vec::new();
        OrderReplace {
            stock_locate: 7,
            tracking_number: 0,
            timestamp: TIME,
            original_order_reference_number: old,
            new_order_reference_number: new,
            shares,
            price_e4,
        }
        .encode(&mut bytes);
        assert_eq!(mirror.apply(&bytes), Ok(Change::Book(0)));
    }

    fn bids(mirror: &Mirror) -> Vec<(i64, u64)> {
        mirror.levels(0, Side::Buy).collect()
    }

    #[test]
    fn levels_and_queues_follow_the_feed() {
        let mut mirror = mirror();
        assert_eq!(add(&mut mirror, 1, 7, 100), Change::Book(0));
        assert_eq!(add(&mut mirror, 9, 8, 100), Change::Nothing);
        add(&mut mirror, 2, 7, 100);
        add(&mut mirror, 3, 7, 99);
        assert!(mirror.is_head(1) && !mirror.is_head(2) && !mirror.is_head(3));
        assert_eq!(bids(&mirror), [(100, 20), (99, 10)]);
        replace(&mut mirror, 1, 11, 6, 100);
        assert!(
            mirror.is_head(11),
            "a smaller one at its price keeps its place"
        );
        replace(&mut mirror, 11, 12, 8, 100);
        assert!(
            mirror.is_head(2) && mirror.has(12),
            "a larger one goes to the back"
        );
        let mut bytes = Vec::new();
        OrderExecuted {
            stock_locate: 7,
            tracking_number: 0,
            timestamp: TIME,
            order_reference_number: 2,
            executed_shares: 10,
            match_number: 1,
        }
        .encode(&mut bytes);
        mirror.apply(&bytes).unwrap();
        assert!(mirror.is_head(12));
        bytes.clear();
        OrderDelete {
            stock_locate: 7,
            tracking_number: 0,
            timestamp: TIME,
            order_reference_number: 12,
        }
        .encode(&mut bytes);
        mirror.apply(&bytes).unwrap();
        assert_eq!(bids(&mirror), [(99, 10)]);
        assert!(mirror.is_head(3));
        assert_eq!(mirror.len(), 1);
    }

    proptest! {
        #[test]
        fn no_bytes_make_it_panic(messages in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..50), 0..20)) {
            let mut mirror = mirror();
            for message in messages {
                let _changed = mirror.apply(&message);
            }
        }
    }
}
