//! Flow as a workload, with its answers.

use super::crowd::Crowd;
use super::mind::{Intent, Live, Mind, Terrain, View};
use crate::Side;
use crate::hash::{BookHash, TradeHash};
use crate::plain::{Fill, PlainBook};
use crate::workload::{MAX_ACCOUNT, Op, Record, Workload};
use std::collections::HashMap;

/// What kind of flow.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Shape {
    /// How many symbols, at least one.
    pub symbols: u32,
    /// How many orders rest, about; at least one.
    pub live: u32,
}

impl Shape {
    /// One book of few orders: the hot path.
    pub const W1SMALL: Self = Self {
        symbols: 1,
        live: 2_000,
    };
    /// One book of many orders: deep queues.
    pub const W1: Self = Self {
        symbols: 1,
        live: 100_000,
    };
    /// Many books.
    pub const W1000: Self = Self {
        symbols: 1_000,
        live: 100_000,
    };
}

/// A workload and what an engine must make of its timed part.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Generated {
    /// The commands.
    pub workload: Workload,
    /// The fills.
    pub trades: TradeHash,
    /// The levels at the end.
    pub books: BookHash,
    /// How many orders rest at the end.
    pub live: u64,
}

/// Where every book begins, in ticks.
const START: i64 = 100_000;

/// A workload of `commands` timed commands behind a prefill that brings the books to the shape's number of orders.
pub fn generate(shape: Shape, seed: u32, commands: u64) -> Generated {
    let symbols = shape.symbols.max(1);
    let live = shape.live.max(1) as usize;
    let terrain = Terrain {
        start: START,
        walk: START / 2,
        reach: START,
        lot: 1,
    };
    let mut mind = Mind::new(vec![terrain; symbols as usize], live, u64::from(seed));
    let mut truth = Truth {
        books: vec![PlainBook::new(); symbols as usize],
        owners: HashMap::new(),
        crowd: Crowd::default(),
        trades: TradeHash::new(),
        next_id: 1,
        fills: Vec::new(),
    };
    let mut records = Vec::with_capacity(live + usize::try_from(commands).unwrap_or(0));
    while truth.crowd.len() < live {
        let intent = mind.fill(&truth);
        let account = 1 + mind.random().below(u64::from(MAX_ACCOUNT)) as u32;
        records.extend(truth.apply(intent, account));
    }
    let prefill = records.len() as u32;
    truth.trades = TradeHash::new();
    let end = u64::from(prefill) + commands;
    while (records.len() as u64) < end {
        let intent = mind.next(&truth);
        let account = 1 + mind.random().below(u64::from(MAX_ACCOUNT)) as u32;
        records.extend(truth.apply(intent, account));
    }
    let mut books = BookHash::new();
    for book in &truth.books {
        books.book(book.levels(Side::Buy), book.levels(Side::Sell));
    }
    Generated {
        workload: Workload {
            symbols,
            prefill,
            seed,
            records,
        },
        trades: truth.trades,
        books,
        live: truth.crowd.len() as u64,
    }
}

/// The books as they must be.
struct Truth {
    books: Vec<PlainBook>,
    /// Of each live order its symbol and its account. Never iterated.
    owners: HashMap<u64, (u32, u32)>,
    crowd: Crowd,
    trades: TradeHash,
    next_id: u64,
    fills: Vec<Fill>,
}

impl View for Truth {
    fn best(&self, symbol: u32, side: Side) -> Option<i64> {
        self.books.get(symbol as usize)?.best(side)
    }

    fn order(&self, id: u64) -> Option<Live> {
        let (symbol, _) = *self.owners.get(&id)?;
        let order = self.books.get(symbol as usize)?.get(id)?;
        Some(Live {
            symbol,
            side: order.side,
            price: order.price,
            left: order.left,
        })
    }

    fn crowd(&self) -> &Crowd {
        &self.crowd
    }
}

impl Truth {
    /// Carries an intent out; `None` if there is nothing to carry out.
    fn apply(&mut self, intent: Intent, account: u32) -> Option<Record> {
        match intent {
            Intent::Add {
                symbol,
                side,
                price,
                qty,
                ioc,
                crossing,
            } => {
                let id = self.next_id;
                self.next_id += 1;
                self.enter(id, symbol, side, price, qty, !ioc, account);
                Some(Record {
                    op: Op::Add,
                    side,
                    ioc,
                    crossing,
                    symbol,
                    order_id: id,
                    price,
                    qty,
                    account,
                })
            }
            Intent::Cancel { id } => {
                let (symbol, account) = self.owners.remove(&id)?;
                let order = self.books.get_mut(symbol as usize)?.remove(id)?;
                self.crowd.remove(id);
                Some(Record {
                    op: Op::Cancel,
                    side: order.side,
                    ioc: false,
                    crossing: false,
                    symbol,
                    order_id: id,
                    price: 0,
                    qty: order.left,
                    account,
                })
            }
            Intent::Move {
                id,
                price,
                crossing,
            } => {
                let (symbol, account) = *self.owners.get(&id)?;
                let order = self.books.get_mut(symbol as usize)?.remove(id)?;
                self.enter(id, symbol, order.side, price, order.left, true, account);
                Some(Record {
                    op: Op::Move,
                    side: order.side,
                    ioc: false,
                    crossing,
                    symbol,
                    order_id: id,
                    price,
                    qty: order.left,
                    account,
                })
            }
        }
    }

    #[allow(clippy::too_many_arguments, reason = "the fields of one order")]
    fn enter(
        &mut self,
        id: u64,
        symbol: u32,
        side: Side,
        price: i64,
        qty: u32,
        rests: bool,
        account: u32,
    ) {
        let Some(book) = self.books.get_mut(symbol as usize) else {
            return;
        };
        self.fills.clear();
        let left = book.enter(id, side, price, qty, rests, &mut self.fills);
        for fill in &self.fills {
            self.trades
                .fill(fill.maker_id, fill.taker_id, fill.price, fill.qty);
            if book.get(fill.maker_id).is_none() {
                self.crowd.remove(fill.maker_id);
                self.owners.remove(&fill.maker_id);
            }
        }
        if rests && left > 0 {
            self.owners.insert(id, (symbol, account));
            self.crowd.insert(id);
        } else {
            self.owners.remove(&id);
            self.crowd.remove(id);
        }
    }
}
