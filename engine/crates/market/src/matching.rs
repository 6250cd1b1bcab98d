//! From an accepted order to the book, and from the book's fills to events.

use rialto_book::{Fill, FillSink, Incoming, Limit, Outcome, Slot};

use crate::directory::Directory;
use crate::event::{CancelReason, Event, Party};
use crate::market::Market;
use crate::orders::{Order, Orders};
use crate::types::{InstrumentId, MatchNumber, OrderRef, Price, PriceE4, Side};

/// An accepted order on its way into its book.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Arrival {
    pub(crate) order_ref: u64,
    pub(crate) side: Side,
    pub(crate) limit: Limit,
    /// What is left to execute.
    pub(crate) left: u32,
    pub(crate) min_quantity: u32,
    pub(crate) rests: bool,
    /// What is known of it if it rests.
    pub(crate) order: Order,
    /// Whether [`Event::Rested`] says that it rests, or its replacement did.
    pub(crate) announce: bool,
}

/// Turns fills into events, and keeps the makers' cold data true.
struct Matching<'a> {
    orders: &'a mut Orders,
    directory: &'a mut Directory,
    events: &'a mut Vec<Event>,
    last_match: &'a mut u64,
    instrument: InstrumentId,
    tick_size_e4: u32,
    taker: Party,
    taker_side: Side,
    last_price: Option<Price>,
    fills: u64,
}

impl FillSink for Matching<'_> {
    #[inline]
    fn fill(&mut self, fill: &Fill) {
        *self.last_match += 1;
        self.fills += 1;
        self.taker.left -= fill.qty;
        self.last_price = Some(fill.price);
        let slot = fill.maker;
        let maker = self.orders.get_mut(slot);
        maker.executed += fill.qty;
        let party = Party {
            session: self.directory.sessions[maker.session as usize]
                .definition
                .id,
            user_ref: maker.user_ref,
            order_ref: OrderRef(fill.maker_id),
            left: fill.maker_left,
        };
        if fill.maker_left == 0 {
            let session = maker.session;
            self.orders.remove(slot);
            self.directory.closed(session);
        }
        self.events.push(Event::Executed {
            match_number: MatchNumber(*self.last_match),
            instrument: self.instrument,
            price: fill.price,
            price_e4: price_e4(fill.price, self.tick_size_e4),
            quantity: fill.qty,
            maker: party,
            taker: self.taker,
            taker_side: self.taker_side,
        });
    }
}

/// A price in ticks in units of 1e-4. Prices in a market are positive and fit.
#[inline]
pub(crate) fn price_e4(price: Price, tick_size_e4: u32) -> PriceE4 {
    price.unsigned_abs().saturating_mul(u64::from(tick_size_e4))
}

impl Market {
    /// Matches an accepted order; what is left rests or is cancelled.
    pub(crate) fn place(&mut self, arrival: &Arrival, events: &mut Vec<Event>) {
        let order = arrival.order;
        let at = order.instrument as usize;
        let definition = self.directory.instruments[at].definition;
        let taker = Party {
            session: self.directory.sessions[order.session as usize]
                .definition
                .id,
            user_ref: order.user_ref,
            order_ref: OrderRef(arrival.order_ref),
            left: arrival.left,
        };
        let mut matching = Matching {
            orders: &mut self.orders,
            directory: &mut self.directory,
            events,
            last_match: &mut self.last_match,
            instrument: definition.id,
            tick_size_e4: definition.tick_size_e4,
            taker,
            taker_side: arrival.side,
            last_price: None,
            fills: 0,
        };
        let incoming = Incoming {
            id: arrival.order_ref,
            side: arrival.side,
            limit: arrival.limit,
            qty: arrival.left,
            min_qty: arrival.min_quantity,
            rests: arrival.rests,
            // Checked before the order was accepted.
            post_only: false,
        };
        let outcome = self.books[at].enter(&mut self.pool, &incoming, &mut matching);
        let (left, fills, last_price) = (matching.taker.left, matching.fills, matching.last_price);
        self.statistics.executions += fills;
        self.statistics.executed_quantity += u64::from(arrival.left - left);
        if let Some(price) = last_price {
            self.directory.instruments[at].last_trade = price;
        }
        match outcome {
            Ok(Outcome::Done { .. }) => {}
            Ok(Outcome::Rested { slot, .. }) => {
                let executed = order.executed + (arrival.left - left);
                self.orders.insert(slot, Order { executed, ..order });
                self.directory.opened(order.session);
                if arrival.announce
                    && let Limit::Price(price) = arrival.limit
                {
                    events.push(Event::Rested {
                        order_ref: OrderRef(arrival.order_ref),
                        instrument: definition.id,
                        side: arrival.side,
                        price_e4: price_e4(price, definition.tick_size_e4),
                        left,
                    });
                }
            }
            // The errors can't occur: the reference number is new, something is left, and room was checked. Were one
            // to occur all the same, the order ends here, and its owner is told.
            Ok(Outcome::Discarded { .. } | Outcome::NotEnough | Outcome::WouldCross) | Err(_) => {
                self.count_canceled(CancelReason::Immediate, left);
                events.push(Event::Canceled {
                    order: Party { left: 0, ..taker },
                    instrument: definition.id,
                    quantity: left,
                    reason: CancelReason::Immediate,
                    resting: false,
                });
            }
        }
    }

    /// Takes a resting order out, for a reason, and says so.
    pub(crate) fn take_out(&mut self, slot: Slot, reason: CancelReason, events: &mut Vec<Event>) {
        let order = *self.orders.get(slot);
        let removed = self.books[order.instrument as usize].cancel(&mut self.pool, slot);
        self.orders.remove(slot);
        self.directory.closed(order.session);
        self.count_canceled(reason, removed.qty);
        events.push(Event::Canceled {
            order: self.party(&order, removed.id, 0),
            instrument: self.directory.instruments[order.instrument as usize]
                .definition
                .id,
            quantity: removed.qty,
            reason,
            resting: true,
        });
    }

    pub(crate) fn party(&self, order: &Order, order_ref: u64, left: u32) -> Party {
        Party {
            session: self.directory.sessions[order.session as usize]
                .definition
                .id,
            user_ref: order.user_ref,
            order_ref: OrderRef(order_ref),
            left,
        }
    }

    fn count_canceled(&mut self, reason: CancelReason, quantity: u32) {
        self.statistics.canceled[reason as usize] += 1;
        self.statistics.canceled_quantity += u64::from(quantity);
    }
}
