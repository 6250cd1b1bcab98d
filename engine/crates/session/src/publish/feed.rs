//! ITCH: what the market shows to everyone.
//!
//! A resting order is added (`A`), executed (`E`, at its own price), reduced (`X`) and deleted (`D`). A replacement that
//! keeps its place keeps its number and is shown as a reduction, if it takes anything off; another one that rests without
//! matching replaces the order (`U`) and goes last in its level; any other deletes the old order, and what rests of the
//! new one is added. An execution that takes all that is left removes the order without a `D`. The incoming order is
//! never shown before it rests.

use super::{StreamId, StreamSink};
use rialto_market::event::Event;
use rialto_market::types::{self, InstrumentId, PriceE4, Symbol, TimeNs};
use rialto_market::{Market, RestingOrder};
use rialto_wire::itch::{
    AddOrder, Authenticity, EventCode, FinancialStatus, LuldTier, MarketCategory, OrderCancel,
    OrderDelete, OrderExecuted, OrderReplace, Side, StockDirectory, StockTradingAction,
    SystemEvent, TradingState, YesNo, YesNoBlank,
};
use rialto_wire::{Alpha, Time48};

/// The feed, open for messages.
pub(crate) struct Feed<'a, S> {
    pub(super) next: &'a mut u64,
    pub(super) buffer: &'a mut Vec<u8>,
    pub(super) out: &'a mut S,
}

impl<S: StreamSink> Feed<'_, S> {
    /// Takes one message.
    fn send(&mut self, encode: impl FnOnce(&mut Vec<u8>)) {
        self.buffer.clear();
        encode(self.buffer);
        self.out.append(StreamId::Feed, *self.next, self.buffer);
        *self.next += 1;
    }

    /// An event of the whole market.
    pub(super) fn system(&mut self, event_code: EventCode, time_ns: TimeNs) {
        self.send(|buffer| {
            SystemEvent {
                stock_locate: 0,
                tracking_number: 0,
                timestamp: Time48::of_epoch(time_ns),
                event_code,
            }
            .encode(buffer);
        });
    }
}

/// What an event means for the feed.
pub(super) fn of<S: StreamSink>(
    event: &Event,
    time_ns: TimeNs,
    market: &Market,
    feed: &mut Feed<'_, S>,
) {
    let timestamp = Time48::of_epoch(time_ns);
    match *event {
        Event::InstrumentDefined {
            instrument,
            symbol,
            lot_size,
            ..
        } => feed.send(|buffer| directory_message(instrument, symbol, lot_size, time_ns, buffer)),
        Event::Halted { instrument } => feed.send(|buffer| {
            let symbol = symbol(market, instrument);
            action_message(
                instrument,
                symbol,
                types::TradingState::Halted,
                time_ns,
                buffer,
            );
        }),
        Event::Resumed { instrument } => feed.send(|buffer| {
            let symbol = symbol(market, instrument);
            action_message(
                instrument,
                symbol,
                types::TradingState::Trading,
                time_ns,
                buffer,
            );
        }),
        Event::Rested {
            order_ref,
            instrument,
            side,
            price_e4,
            left,
        } => feed.send(|buffer| {
            let order = RestingOrder {
                order_ref,
                instrument,
                side,
                price_e4,
                left,
            };
            order_message(&order, symbol(market, instrument), time_ns, buffer);
        }),
        Event::Executed {
            match_number,
            instrument,
            quantity,
            maker,
            ..
        } => feed.send(|buffer| {
            OrderExecuted {
                stock_locate: instrument.0,
                tracking_number: 0,
                timestamp,
                order_reference_number: maker.order_ref.0,
                executed_shares: quantity,
                match_number: match_number.0,
            }
            .encode(buffer);
        }),
        Event::Replaced {
            instrument,
            old_order_ref,
            order_ref,
            left,
            replace,
            old_left,
            keeps_priority,
            crosses,
            ..
        } => {
            if keeps_priority {
                // ITCH's Order Replace goes to the back of the queue; an order that keeps its place only shrinks.
                if left < old_left {
                    feed.send(|buffer| {
                        reduction(instrument, old_order_ref.0, timestamp, old_left - left)
                            .encode(buffer);
                    });
                }
            } else if crosses {
                feed.send(|buffer| {
                    delete(instrument, old_order_ref.0, timestamp).encode(buffer);
                });
            } else {
                feed.send(|buffer| {
                    OrderReplace {
                        stock_locate: instrument.0,
                        tracking_number: 0,
                        timestamp,
                        original_order_reference_number: old_order_ref.0,
                        new_order_reference_number: order_ref.0,
                        shares: left,
                        price_e4: price(replace.price_e4),
                    }
                    .encode(buffer);
                });
            }
        }
        Event::Canceled {
            order,
            instrument,
            quantity,
            resting: true,
            ..
        }
        | Event::Modified {
            order,
            instrument,
            quantity,
            ..
        } => {
            if order.left == 0 {
                feed.send(|buffer| {
                    delete(instrument, order.order_ref.0, timestamp).encode(buffer);
                });
            } else if quantity > 0 {
                feed.send(|buffer| {
                    reduction(instrument, order.order_ref.0, timestamp, quantity).encode(buffer);
                });
            }
        }
        // Opening and closing are the publisher's own; the others are between one session and the market.
        Event::DayOpened(_)
        | Event::DayClosed(_)
        | Event::Accepted { .. }
        | Event::Canceled { resting: false, .. }
        | Event::Rejected { .. }
        | Event::CancelRejected { .. }
        | Event::MassCanceled { .. }
        | Event::OrderEntry { .. }
        | Event::NextUserRef { .. }
        | Event::Ignored { .. }
        | Event::ActionRefused { .. } => {}
    }
}

fn delete(instrument: InstrumentId, order_reference_number: u64, timestamp: Time48) -> OrderDelete {
    OrderDelete {
        stock_locate: instrument.0,
        tracking_number: 0,
        timestamp,
        order_reference_number,
    }
}

fn reduction(
    instrument: InstrumentId,
    order_reference_number: u64,
    timestamp: Time48,
    canceled_shares: u32,
) -> OrderCancel {
    OrderCancel {
        stock_locate: instrument.0,
        tracking_number: 0,
        timestamp,
        order_reference_number,
        canceled_shares,
    }
}

/// A price in the wire's four bytes. The market lets no order rest at a price that does not fit; a bound, not a wrapped
/// number, would show if it ever did.
fn price(price_e4: PriceE4) -> u32 {
    u32::try_from(price_e4).unwrap_or(u32::MAX)
}

/// An instrument's symbol. Every instrument of an event is one of the market's.
fn symbol(market: &Market, instrument: InstrumentId) -> Symbol {
    market
        .instrument(instrument)
        .map_or(Symbol::ALL, |state| state.definition.symbol)
}

/// An instrument's directory entry.
pub(crate) fn directory_message(
    instrument: InstrumentId,
    symbol: Symbol,
    lot_size: u32,
    time_ns: TimeNs,
    buffer: &mut Vec<u8>,
) {
    StockDirectory {
        stock_locate: instrument.0,
        tracking_number: 0,
        timestamp: Time48::of_epoch(time_ns),
        stock: Alpha::clean(symbol.0),
        market_category: MarketCategory::NotAvailable,
        financial_status: FinancialStatus::NotAvailable,
        round_lot_size: lot_size,
        round_lots_only: YesNo::Yes,
        // Common stock, no sub-type: what the specification's tables call a plain instrument.
        issue_classification: Alpha::clean(*b"C"),
        issue_sub_type: Alpha::clean(*b"Z "),
        authenticity: Authenticity::Production,
        short_sale_threshold: YesNoBlank::NotAvailable,
        ipo_flag: YesNoBlank::NotAvailable,
        luld_tier: LuldTier::NotAvailable,
        etp_flag: YesNoBlank::NotAvailable,
        etp_leverage_factor: 0,
        inverse_indicator: YesNo::No,
    }
    .encode(buffer);
}

/// An instrument's trading state.
pub(crate) fn action_message(
    instrument: InstrumentId,
    symbol: Symbol,
    state: types::TradingState,
    time_ns: TimeNs,
    buffer: &mut Vec<u8>,
) {
    StockTradingAction {
        stock_locate: instrument.0,
        tracking_number: 0,
        timestamp: Time48::of_epoch(time_ns),
        stock: Alpha::clean(symbol.0),
        trading_state: match state {
            types::TradingState::Halted => TradingState::Halted,
            types::TradingState::Trading => TradingState::Trading,
        },
        reserved: Default::default(),
        reason: Alpha::BLANK,
    }
    .encode(buffer);
}

/// A resting order.
pub(crate) fn order_message(
    order: &RestingOrder,
    symbol: Symbol,
    time_ns: TimeNs,
    buffer: &mut Vec<u8>,
) {
    AddOrder {
        stock_locate: order.instrument.0,
        tracking_number: 0,
        timestamp: Time48::of_epoch(time_ns),
        order_reference_number: order.order_ref.0,
        side: match order.side {
            types::Side::Buy => Side::Buy,
            types::Side::Sell => Side::Sell,
        },
        shares: order.left,
        stock: Alpha::clean(symbol.0),
        price_e4: price(order.price_e4),
    }
    .encode(buffer);
}
