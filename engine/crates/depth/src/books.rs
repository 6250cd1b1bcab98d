//! Books rebuilt from market data alone: levels, and the queue of each.

use rialto_wire::itch::{self, Side, Stock, TradingState, YesNo};
use rialto_wire::{DecodeError, glimpse};
use std::collections::{BTreeMap, HashMap};

/// What a message did. Instruments are told by their positions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Change {
    /// Orders of a book came, went or shrank.
    Orders {
        /// Which book.
        instrument: usize,
    },
    /// A resting order was executed, in part or in full.
    Executed(Execution),
    /// An instrument's trading state was told.
    TradingState {
        /// Which one's.
        instrument: usize,
    },
    /// A snapshot has ended; the feed goes on at this number.
    SnapshotEnd(u64),
    /// It can't be true of these books, and changed nothing: earlier messages were missed.
    Missed {
        /// The order that is not there, or is there already.
        order_ref: u64,
    },
    /// Nothing that is followed.
    Nothing,
}

impl Change {
    /// The book that it changed.
    pub const fn book(&self) -> Option<usize> {
        match *self {
            Self::Orders { instrument } | Self::Executed(Execution { instrument, .. }) => {
                Some(instrument)
            }
            _ => None,
        }
    }
}

/// An execution of a resting order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Execution {
    /// The position of its instrument.
    pub instrument: usize,
    /// Nanoseconds since midnight UTC.
    pub time_of_day_ns: u64,
    /// Price in units of 1e-4.
    pub price_e4: u32,
    /// How much was executed.
    pub quantity: u32,
    /// The side of the order that came in and took it: not the resting one's.
    pub aggressor: Side,
    /// The trade's number.
    pub match_number: u64,
    /// Whether it counts in time and sales.
    pub printable: bool,
}

/// One price of one side.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Level {
    /// Price in units of 1e-4.
    pub price_e4: u32,
    /// The quantity of all its orders.
    pub quantity: u64,
    /// How many orders rest there.
    pub orders: usize,
}

#[derive(Clone, Copy, Debug)]
struct Order {
    instrument: usize,
    side: Side,
    price_e4: u32,
    left: u32,
    /// Its place in time.
    arrival: u64,
}

#[derive(Default, Debug)]
struct Queue {
    /// Order reference numbers by arrival.
    orders: BTreeMap<u64, u64>,
    quantity: u64,
}

#[derive(Debug)]
struct Book {
    symbol: Stock,
    /// `None` until it is told.
    trading_state: Option<TradingState>,
    bids: BTreeMap<u32, Queue>,
    asks: BTreeMap<u32, Queue>,
}

impl Book {
    const fn new(symbol: Stock) -> Self {
        Self {
            symbol,
            trading_state: None,
            bids: BTreeMap::new(),
            asks: BTreeMap::new(),
        }
    }

    const fn side_mut(&mut self, side: Side) -> &mut BTreeMap<u32, Queue> {
        match side {
            Side::Buy => &mut self.bids,
            Side::Sell => &mut self.asks,
        }
    }
}

/// The books of some instruments or of all, by their positions.
#[derive(Debug)]
pub struct Books {
    books: Vec<Book>,
    positions: HashMap<Stock, usize>,
    /// Whether an instrument that the directory names and nobody asked for is followed as well.
    all: bool,
    /// The position of each stock locate that is followed.
    locates: HashMap<u16, usize>,
    orders: HashMap<u64, Order>,
    arrivals: u64,
}

impl Books {
    /// Of these instruments alone: their positions are those in `symbols`.
    pub fn of(symbols: &[Stock]) -> Self {
        let mut positions = HashMap::new();
        for (at, symbol) in symbols.iter().enumerate() {
            positions.entry(*symbol).or_insert(at);
        }
        Self {
            books: symbols.iter().map(|symbol| Book::new(*symbol)).collect(),
            positions,
            all: false,
            locates: HashMap::new(),
            orders: HashMap::new(),
            arrivals: 0,
        }
    }

    /// Of every instrument that the directory names: positions follow the order in which it does.
    pub fn all() -> Self {
        Self {
            all: true,
            ..Self::of(&[])
        }
    }

    /// The symbols by position.
    pub fn symbols(&self) -> impl ExactSizeIterator<Item = Stock> + '_ {
        self.books.iter().map(|book| book.symbol)
    }

    /// The position of a symbol.
    pub fn position(&self, symbol: Stock) -> Option<usize> {
        self.positions.get(&symbol).copied()
    }

    /// Whether the directory has named the instrument of a position.
    pub fn lists(&self, instrument: usize) -> bool {
        self.locates.values().any(|at| *at == instrument)
    }

    /// How many orders rest in all books.
    pub fn resting(&self) -> usize {
        self.orders.len()
    }

    /// Whether an order rests.
    pub fn has(&self, order_ref: u64) -> bool {
        self.orders.contains_key(&order_ref)
    }

    /// Whether an order is the first of the best level of its side.
    pub fn is_head(&self, order_ref: u64) -> bool {
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
        let head = best.and_then(|(_, queue)| queue.orders.first_key_value());
        head.is_some_and(|(_, head)| *head == order_ref)
    }

    /// The levels of one side, best first; none for a position that is not there.
    pub fn levels(&self, instrument: usize, side: Side) -> impl Iterator<Item = Level> + '_ {
        let book = self.books.get(instrument);
        let bids = book
            .filter(|_| side == Side::Buy)
            .map(|book| book.bids.iter().rev());
        let asks = book
            .filter(|_| side == Side::Sell)
            .map(|book| book.asks.iter());
        let levels = bids.into_iter().flatten().chain(asks.into_iter().flatten());
        levels.map(|(price_e4, queue)| Level {
            price_e4: *price_e4,
            quantity: queue.quantity,
            orders: queue.orders.len(),
        })
    }

    /// The trading state of an instrument, if it was told.
    pub fn trading_state(&self, instrument: usize) -> Option<TradingState> {
        self.books.get(instrument)?.trading_state
    }

    /// Takes a message of the feed or of a snapshot.
    ///
    /// # Errors
    /// It is no ITCH message; the books are as before.
    pub fn apply(&mut self, bytes: &[u8]) -> Result<Change, DecodeError> {
        let message = match glimpse::Message::decode(bytes)? {
            glimpse::Message::Itch(message) => message,
            glimpse::Message::EndOfSnapshot(end) => {
                return Ok(Change::SnapshotEnd(end.sequence_number().0));
            }
        };
        Ok(match message {
            itch::Message::StockDirectory(m) => {
                self.list(m.stock(), m.stock_locate());
                Change::Nothing
            }
            itch::Message::StockTradingAction(m) => {
                self.set_state(m.stock_locate(), m.trading_state())
            }
            itch::Message::AddOrder(m) => self.add(
                m.stock_locate(),
                m.order_reference_number(),
                m.side(),
                m.price_e4(),
                m.shares(),
            ),
            itch::Message::AddOrderMpid(m) => self.add(
                m.stock_locate(),
                m.order_reference_number(),
                m.side(),
                m.price_e4(),
                m.shares(),
            ),
            itch::Message::OrderExecuted(m) => {
                let (locate, order_ref) = (m.stock_locate(), m.order_reference_number());
                self.reduce(locate, order_ref, m.executed_shares(), |order| {
                    Change::Executed(Execution {
                        instrument: order.instrument,
                        time_of_day_ns: m.timestamp().ns(),
                        price_e4: order.price_e4,
                        quantity: m.executed_shares(),
                        aggressor: opposite(order.side),
                        match_number: m.match_number(),
                        printable: true,
                    })
                })
            }
            itch::Message::OrderExecutedWithPrice(m) => {
                let (locate, order_ref) = (m.stock_locate(), m.order_reference_number());
                self.reduce(locate, order_ref, m.executed_shares(), |order| {
                    Change::Executed(Execution {
                        instrument: order.instrument,
                        time_of_day_ns: m.timestamp().ns(),
                        price_e4: m.execution_price_e4(),
                        quantity: m.executed_shares(),
                        aggressor: opposite(order.side),
                        match_number: m.match_number(),
                        printable: m.printable() == YesNo::Yes,
                    })
                })
            }
            itch::Message::OrderCancel(m) => self.reduce(
                m.stock_locate(),
                m.order_reference_number(),
                m.canceled_shares(),
                Order::changed,
            ),
            itch::Message::OrderDelete(m) => self.reduce(
                m.stock_locate(),
                m.order_reference_number(),
                u32::MAX,
                Order::changed,
            ),
            itch::Message::OrderReplace(m) => self.replace(
                m.stock_locate(),
                m.original_order_reference_number(),
                m.new_order_reference_number(),
                m.price_e4(),
                m.shares(),
            ),
            _ => Change::Nothing,
        })
    }

    fn list(&mut self, symbol: Stock, locate: u16) {
        let at = match self.positions.get(&symbol) {
            Some(at) => *at,
            None if self.all => {
                let at = self.books.len();
                self.books.push(Book::new(symbol));
                self.positions.insert(symbol, at);
                at
            }
            None => return,
        };
        self.locates.insert(locate, at);
    }

    fn set_state(&mut self, locate: u16, state: TradingState) -> Change {
        let Some(instrument) = self.locates.get(&locate).copied() else {
            return Change::Nothing;
        };
        if let Some(book) = self.books.get_mut(instrument) {
            book.trading_state = Some(state);
        }
        Change::TradingState { instrument }
    }

    /// What a message about an order that can't be is: of an instrument that nobody follows, or one too many.
    fn missed(&self, locate: u16, order_ref: u64) -> Change {
        if self.all || self.locates.contains_key(&locate) {
            Change::Missed { order_ref }
        } else {
            Change::Nothing
        }
    }

    fn add(
        &mut self,
        locate: u16,
        order_ref: u64,
        side: Side,
        price_e4: u32,
        quantity: u32,
    ) -> Change {
        let Some(instrument) = self.locates.get(&locate).copied() else {
            return self.missed(locate, order_ref);
        };
        if self.has(order_ref) {
            return Change::Missed { order_ref };
        }
        self.rest(instrument, order_ref, side, price_e4, quantity);
        Change::Orders { instrument }
    }

    /// Puts an order that is not there at the end of its level.
    fn rest(
        &mut self,
        instrument: usize,
        order_ref: u64,
        side: Side,
        price_e4: u32,
        quantity: u32,
    ) {
        let Some(book) = self.books.get_mut(instrument) else {
            return;
        };
        self.arrivals += 1;
        let queue = book.side_mut(side).entry(price_e4).or_default();
        queue.orders.insert(self.arrivals, order_ref);
        queue.quantity += u64::from(quantity);
        let order = Order {
            instrument,
            side,
            price_e4,
            left: quantity,
            arrival: self.arrivals,
        };
        self.orders.insert(order_ref, order);
    }

    /// Takes quantity off an order, all that is left at most; what that is, of the order as it was.
    fn reduce(
        &mut self,
        locate: u16,
        order_ref: u64,
        by: u32,
        change: impl FnOnce(&Order) -> Change,
    ) -> Change {
        let Some(order) = self.orders.get_mut(&order_ref) else {
            return self.missed(locate, order_ref);
        };
        let was = *order;
        let by = by.min(was.left);
        order.left -= by;
        let is_gone = order.left == 0;
        if is_gone {
            self.orders.remove(&order_ref);
        }
        if let Some(book) = self.books.get_mut(was.instrument) {
            let side = book.side_mut(was.side);
            if let Some(queue) = side.get_mut(&was.price_e4) {
                queue.quantity -= u64::from(by);
                if is_gone {
                    queue.orders.remove(&was.arrival);
                }
                if queue.orders.is_empty() {
                    side.remove(&was.price_e4);
                }
            }
        }
        change(&was)
    }

    /// Another order in place of one, at the end of its level (ITCH 5.0 §4.4.5): a replacement that keeps its place is
    /// shown as a reduction.
    fn replace(&mut self, locate: u16, old: u64, new: u64, price_e4: u32, quantity: u32) -> Change {
        if new != old && self.has(new) {
            return Change::Missed { order_ref: new };
        }
        let Some(side) = self.orders.get(&old).map(|order| order.side) else {
            return self.missed(locate, old);
        };
        let change = self.reduce(locate, old, u32::MAX, Order::changed);
        if let Change::Orders { instrument } = change {
            self.rest(instrument, new, side, price_e4, quantity);
        }
        change
    }
}

impl Order {
    const fn changed(&self) -> Change {
        Change::Orders {
            instrument: self.instrument,
        }
    }
}

const fn opposite(side: Side) -> Side {
    match side {
        Side::Buy => Side::Sell,
        Side::Sell => Side::Buy,
    }
}
