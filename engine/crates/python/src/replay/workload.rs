//! A workload into the market: one session, file order, prices of one unit of 1e-4 a tick.

use super::venue::{Venue, VenueError};
use rialto_flow::hash::{BookHash, TradeHash, book_hash};
use rialto_flow::workload::{Op, Record};
use rialto_market::command::{Replace, Request, Target};
use rialto_market::event::Event;
use rialto_market::types::{InstrumentId, OrderRef, Side, TimeInForce};
use std::collections::HashMap;
use std::time::Instant;

/// An order of the file as the market knows it.
#[derive(Clone, Copy)]
struct Known {
    user_ref: u32,
    order_ref: OrderRef,
}

/// A replay under way.
pub struct Replay {
    venue: Venue,
    symbols: u16,
    /// By the file's order id.
    known: HashMap<u64, Known>,
    /// The file's order id, by order reference number: the market's numbers ascend from 1.
    ids: Vec<u64>,
    trades: TradeHash,
}

impl Replay {
    /// Into an empty market of so many symbols.
    pub fn new(symbols: u16) -> Self {
        Self {
            venue: Venue::new(symbols, 1),
            symbols,
            known: HashMap::new(),
            ids: vec![0],
            trades: TradeHash::new(),
        }
    }

    /// Carries out records.
    pub fn run(&mut self, records: &[Record]) -> Result<(), VenueError> {
        for record in records {
            self.record(record)?;
        }
        Ok(())
    }

    /// Carries out records and returns how many seconds it took.
    pub fn timed(&mut self, records: &[Record]) -> Result<f64, VenueError> {
        let start = Instant::now();
        self.run(records)?;
        Ok(start.elapsed().as_secs_f64())
    }

    /// The hash of the fills so far, and how many.
    pub fn trades(&self) -> &TradeHash {
        &self.trades
    }

    /// The hash of the books as they are.
    pub fn book_hash(&self) -> BookHash {
        let market = self.venue.market();
        book_hash((1..=self.symbols).map(|number| {
            let side = |side| {
                let levels = market.levels(InstrumentId(number), side, usize::MAX);
                levels
                    .map(|level| (level.price, level.qty))
                    .collect::<Vec<_>>()
            };
            (side(Side::Buy), side(Side::Sell))
        }))
    }

    fn record(&mut self, record: &Record) -> Result<(), VenueError> {
        let price_e4 = u64::try_from(record.price).unwrap_or(0);
        let (request, user_ref) = match (record.op, self.known.get(&record.order_id).copied()) {
            (Op::Add, _) => {
                let side = match record.side {
                    rialto_flow::Side::Buy => Side::Buy,
                    rialto_flow::Side::Sell => Side::Sell,
                };
                let symbol = usize::try_from(record.symbol).unwrap_or(usize::MAX);
                let enter = self
                    .venue
                    .enter(symbol, side, price_e4, record.qty, record.ioc);
                (Request::Enter(enter), enter.user_ref)
            }
            (Op::Cancel, Some(known)) => {
                self.known.remove(&record.order_id);
                let target = Target::UserRef(known.user_ref);
                (
                    Request::Cancel {
                        target,
                        quantity: 0,
                    },
                    0,
                )
            }
            (Op::Move, Some(known)) => {
                let total = self
                    .venue
                    .market()
                    .order(known.order_ref)
                    .map_or(0, |order| order.total);
                let user_ref = self.venue.next_user_ref();
                let replace = Replace {
                    target: Target::UserRef(known.user_ref),
                    user_ref,
                    quantity: total,
                    price_e4,
                    time_in_force: TimeInForce::GoodTillCancel,
                    post_only: false,
                    display: b'Y',
                    intermarket_sweep: b'N',
                    cl_ord_id: [b' '; 14],
                };
                (Request::Replace(replace), user_ref)
            }
            (Op::Cancel | Op::Move, None) => return Err(not_live(record)),
        };
        for event in self.venue.ask(request)? {
            match event {
                Event::Accepted { order_ref, .. } | Event::Replaced { order_ref, .. } => {
                    self.known.insert(
                        record.order_id,
                        Known {
                            user_ref,
                            order_ref: *order_ref,
                        },
                    );
                    let at = usize::try_from(order_ref.0).unwrap_or(usize::MAX);
                    self.ids.resize(self.ids.len().max(at.saturating_add(1)), 0);
                    if let Some(id) = self.ids.get_mut(at) {
                        *id = record.order_id;
                    }
                }
                Event::Executed {
                    price,
                    quantity,
                    maker,
                    taker,
                    ..
                } => {
                    let id = |order_ref: OrderRef| {
                        let at = usize::try_from(order_ref.0).unwrap_or(usize::MAX);
                        self.ids.get(at).copied().unwrap_or(0)
                    };
                    let (maker_id, taker_id) = (id(maker.order_ref), id(taker.order_ref));
                    self.trades.fill(maker_id, taker_id, *price, *quantity);
                    for (id, left) in [(maker_id, maker.left), (taker_id, taker.left)] {
                        if left == 0 {
                            self.known.remove(&id);
                        }
                    }
                }
                Event::CancelRejected { .. } => return Err(not_live(record)),
                _ => {}
            }
        }
        Ok(())
    }
}

fn not_live(record: &Record) -> VenueError {
    VenueError::Refused {
        what: format!("{record:?}"),
        reason: "the order it names is not live".to_owned(),
    }
}
