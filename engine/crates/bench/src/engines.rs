//! The engines that are measured, behind the same few calls.

use matchcore::{
    AmendCmd, AmendPatch, CancelCmd, Command, CommandKind, CommandMeta, CommandOutcome,
    CommandReport, LimitOrder, LimitOrderPatch, NewOrder, OrderBook, OrderFlags, OrderId,
    OrderKind, Price, Quantity, QuantityPolicy, SequenceNumber, Side as TheirSide, SubmitCmd,
    TimeInForce, Timestamp,
};
use rialto_book::{Book, Fill, FillSink, Incoming, Pool, Side};
use rialto_flow::Side as FlowSide;
use rialto_flow::hash::{BookHash, TradeHash, book_hash};
use rialto_flow::workload::{Op, Record, Workload};

/// Something that takes the commands of a workload one after the other.
pub(crate) trait Engine {
    /// An empty engine for a workload.
    fn new(workload: &Workload) -> Self;
    /// Applies the record at a position; every record is given once, in order.
    fn apply(&mut self, at: usize, record: &Record);
    /// Prepares for a record that comes later; stages 1 to 4 are called as it comes nearer.
    fn ahead(&self, _stage: u8, _record: &Record) {}
    /// Forgets the fills so far: they were before the measured part.
    fn forget_fills(&mut self);
    /// The hash of the fills since then.
    fn trades(&self) -> TradeHash;
    /// The hash of all levels.
    fn books(&self) -> BookHash;
}

/// Levels on a side that our books have room for; the flow lies within about 100 chunks of 16 levels.
const ROOM: usize = 256;

/// Our book.
pub(crate) struct Rialto {
    pool: Pool,
    books: Vec<Book>,
    fills: Fills,
}

struct Fills(TradeHash);

impl FillSink for Fills {
    #[inline]
    fn fill(&mut self, fill: &Fill) {
        self.0
            .fill(fill.maker_id, fill.taker_id, fill.price, fill.qty);
    }
}

fn our_side(side: FlowSide) -> Side {
    match side {
        FlowSide::Buy => Side::Buy,
        FlowSide::Sell => Side::Sell,
    }
}

impl Engine for Rialto {
    fn new(workload: &Workload) -> Self {
        // The flow keeps about as many orders as the prefill; a quarter more is room to breathe.
        let orders = workload.prefill as usize;
        Self {
            pool: Pool::with_capacity(orders + orders / 4),
            books: (0..workload.symbols)
                .map(|symbol| Book::with_room(symbol, ROOM))
                .collect(),
            fills: Fills(TradeHash::new()),
        }
    }

    #[inline]
    fn apply(&mut self, _: usize, record: &Record) {
        let Some(book) = self.books.get_mut(record.symbol as usize) else {
            return;
        };
        let side = our_side(record.side);
        let mut order = Incoming::limit(record.order_id, side, record.price, record.qty);
        match record.op {
            Op::Add => {
                order.rests = !record.ioc;
                // What became of it shows in the hashes.
                let _outcome = book.enter(&mut self.pool, &order, &mut self.fills);
            }
            Op::Cancel => {
                if let Some(slot) = self.pool.slot(record.order_id) {
                    book.cancel(&mut self.pool, slot);
                }
            }
            Op::Move => {
                if let Some(slot) = self.pool.slot(record.order_id) {
                    let _outcome = book.replace(&mut self.pool, slot, &order, &mut self.fills);
                }
            }
        }
    }

    #[inline]
    fn ahead(&self, stage: u8, record: &Record) {
        let Some(book) = self.books.get(record.symbol as usize) else {
            return;
        };
        let side = our_side(record.side);
        match (stage, record.op) {
            (1, _) => {
                book.prefetch(side);
                self.pool.prefetch(record.order_id);
            }
            (2, Op::Add) => book.prefetch_price(side, record.price),
            (2, _) => self.pool.prefetch_order(record.order_id),
            (3, Op::Add) => book.prefetch_level(side, record.price),
            (3, _) => book.prefetch_around(&self.pool, record.order_id),
            (_, Op::Add) => book.prefetch_back(&self.pool, side, record.price),
            _ => {}
        }
    }

    fn forget_fills(&mut self) {
        self.fills = Fills(TradeHash::new());
    }

    fn trades(&self) -> TradeHash {
        self.fills.0
    }

    fn books(&self) -> BookHash {
        let levels = |book: &Book, side| -> Vec<(i64, u64)> {
            book.levels(side)
                .map(|level| (level.price, level.qty))
                .collect()
        };
        book_hash(
            self.books
                .iter()
                .map(|book| (levels(book, Side::Buy), levels(book, Side::Sell))),
        )
    }
}

/// matchcore, as published. It names an order by the sequence number of its submission; which number each record's
/// order has is worked out before anything is timed, so that it pays for no table of ours. Its fills are hashed
/// with the same work as ours.
pub(crate) struct Matchcore {
    books: Vec<OrderBook>,
    /// By record: its sequence number in its book, and the name of the order it is about.
    names: Vec<(u64, u64)>,
    trades: TradeHash,
}

impl Engine for Matchcore {
    fn new(workload: &Workload) -> Self {
        let mut sequences = vec![0_u64; workload.symbols as usize];
        let mut orders = vec![0_u64; workload.records.len() + 1];
        let mut names = Vec::with_capacity(workload.records.len());
        for record in &workload.records {
            let sequence = &mut sequences[record.symbol as usize];
            // Ids are dense from 1, so there are no more of them than records.
            let order = &mut orders[record.order_id as usize];
            if record.op == Op::Add {
                *order = *sequence;
            }
            names.push((*sequence, *order));
            *sequence += 1;
        }
        let books = (0..workload.symbols)
            .map(|symbol| OrderBook::new(&symbol.to_string()))
            .collect();
        Self {
            books,
            names,
            trades: TradeHash::new(),
        }
    }

    #[inline]
    fn apply(&mut self, at: usize, record: &Record) {
        let (sequence, order) = self.names[at];
        let price = Price(record.price.cast_unsigned());
        let kind = match record.op {
            Op::Add => {
                let side = match record.side {
                    FlowSide::Buy => TheirSide::Buy,
                    FlowSide::Sell => TheirSide::Sell,
                };
                let lives = if record.ioc {
                    TimeInForce::Ioc
                } else {
                    TimeInForce::Gtc
                };
                let quantity = Quantity(u64::from(record.qty));
                CommandKind::Submit(SubmitCmd {
                    order: NewOrder::Limit(LimitOrder::new(
                        price,
                        QuantityPolicy::Standard { quantity },
                        OrderFlags::new(side, false, lives),
                    )),
                })
            }
            Op::Cancel => CommandKind::Cancel(CancelCmd {
                order_id: OrderId(order),
                order_kind: OrderKind::Limit,
            }),
            Op::Move => CommandKind::Amend(AmendCmd {
                order_id: OrderId(order),
                patch: AmendPatch::Limit(LimitOrderPatch::new().with_price(price)),
            }),
        };
        let meta = CommandMeta {
            sequence_number: SequenceNumber(sequence),
            timestamp: Timestamp(sequence),
        };
        let outcome = self.books[record.symbol as usize].execute(&Command { meta, kind });
        let (CommandOutcome::Applied(CommandReport::Submit(effects))
        | CommandOutcome::Applied(CommandReport::Amend(effects))) = &outcome
        else {
            return;
        };
        let Some(result) = effects.target_order().match_result() else {
            return;
        };
        for trade in result.trades() {
            let (OrderId(maker), Price(price)) = (trade.maker_order_id(), trade.price());
            self.trades
                .fill(maker, order, price.cast_signed(), trade.quantity().0 as u32);
        }
    }

    fn forget_fills(&mut self) {
        self.trades = TradeHash::new();
    }

    fn trades(&self) -> TradeHash {
        self.trades
    }

    fn books(&self) -> BookHash {
        let mut hash = BookHash::new();
        for book in &self.books {
            let limit = book.limit();
            for (price, level) in limit.bids().iter().chain(limit.asks()) {
                hash.level(
                    price.0.cast_signed(),
                    limit.levels()[*level].total_quantity().0,
                );
            }
        }
        hash
    }
}
