//! OUCH: what the market answers to a session and tells it of its orders.
//!
//! A session's stream begins with System Event `S`, at the opening of the day or, for a session defined later, before its
//! first report, and ends with System Event `E`. Of a trade the maker's session hears first. A report of a
//! good-till-cancel order of an earlier trading day, whose user reference number may name another order today, has the
//! number 0 and carries the order reference number in tag 0xF1; a replacement that keeps its place keeps that name too.
//! Order State is always `L`: what is cancelled at once says so in an
//! Order Canceled of its own. The Firm of the answers for the whole session is blank: a session speaks for one firm.

use super::{StreamId, StreamSink};
use crate::reject::{cancel_code, reject_code};
use rialto_market::Market;
use rialto_market::event::{Event, Party};
use rialto_market::types::{self, OrderRef, PriceE4, Qty, SessionId, TimeInForce, TimeNs, UserRef};
use rialto_wire::ouch::outbound::{
    Accepted, AccountQueryResponse, CancelReject, Canceled, DisableOrderEntryResponse,
    EnableOrderEntryResponse, Executed, MassCancelResponse, Modified, Rejected, Replaced,
    SystemEvent,
};
use rialto_wire::ouch::{
    Capacity, CrossType, Display, EventCode, Firm, IntermarketSweep, LiquidityFlag, Options,
    OrderState, PostOnly, Side, TimeInForceExtension,
};
use rialto_wire::{Alpha, since_midnight};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// The sessions' streams, open for messages of one command.
pub(super) struct Reports<'a, S> {
    pub(super) next: &'a mut BTreeMap<SessionId, u64>,
    /// Order reference numbers up to this one are of earlier trading days.
    pub(super) earlier: OrderRef,
    pub(super) buffer: &'a mut Vec<u8>,
    pub(super) time_ns: TimeNs,
    pub(super) out: &'a mut S,
}

impl<S: StreamSink> Reports<'_, S> {
    /// Begins a session's stream, if it has not begun.
    pub(super) fn begin(&mut self, session: SessionId) {
        if let Entry::Vacant(entry) = self.next.entry(session) {
            entry.insert(1);
            self.system(session, EventCode::StartOfDay);
        }
    }

    /// Ends a session's stream.
    pub(super) fn end(&mut self, session: SessionId) {
        self.system(session, EventCode::EndOfDay);
    }

    fn system(&mut self, session: SessionId, event_code: EventCode) {
        let timestamp_ns = since_midnight(self.time_ns);
        self.send(session, |buffer| {
            SystemEvent {
                timestamp_ns,
                event_code,
            }
            .encode(buffer);
        });
    }

    fn send(&mut self, session: SessionId, encode: impl FnOnce(&mut Vec<u8>)) {
        self.begin(session);
        if let Some(next) = self.next.get_mut(&session) {
            self.buffer.clear();
            encode(self.buffer);
            self.out
                .append(StreamId::Session(session), *next, self.buffer);
            *next += 1;
        }
    }

    fn executed(
        &mut self,
        party: &Party,
        quantity: Qty,
        price_e4: PriceE4,
        match_number: u64,
        liquidity_flag: LiquidityFlag,
    ) {
        let timestamp_ns = since_midnight(self.time_ns);
        let (user_ref_num, options) = self.name(party.user_ref, party.order_ref);
        self.send(party.session, |buffer| {
            Executed {
                timestamp_ns,
                user_ref_num,
                quantity,
                price_e4,
                liquidity_flag,
                match_number,
            }
            .encode_with(buffer, &options);
        });
    }

    /// What an order is called: its user reference number, or 0 and its order reference number.
    fn name(&self, user_ref: UserRef, order_ref: OrderRef) -> (UserRef, Options) {
        if order_ref > self.earlier {
            return (user_ref, Options::NONE);
        }
        let options = Options {
            order_reference_number: Some(order_ref.0),
            ..Options::NONE
        };
        (0, options)
    }
}

/// What an event means for the sessions.
pub(super) fn of<S: StreamSink>(event: &Event, market: &Market, reports: &mut Reports<'_, S>) {
    let timestamp_ns = since_midnight(reports.time_ns);
    match *event {
        Event::Accepted {
            session,
            order_ref,
            order,
            ..
        } => {
            let (time_in_force, extension) = time_in_force(order.time_in_force);
            let options = Options {
                min_qty: (order.min_quantity > 0).then_some(order.min_quantity),
                post_only: order.post_only.then_some(PostOnly::PostOnly),
                time_in_force: extension,
                ..Options::NONE
            };
            reports.send(session, |buffer| {
                Accepted {
                    timestamp_ns,
                    user_ref_num: order.user_ref,
                    side: side(order.side_code, order.side),
                    quantity: order.quantity,
                    symbol: Alpha::clean(order.symbol.0),
                    price_e4: order.price_e4,
                    time_in_force,
                    display: display(order.echo.display),
                    order_reference_number: order_ref.0,
                    capacity: capacity(order.echo.capacity),
                    intermarket_sweep: sweep(order.echo.intermarket_sweep),
                    cross_type: cross(order.echo.cross_type),
                    order_state: OrderState::Live,
                    cl_ord_id: Alpha::clean(order.cl_ord_id),
                }
                .encode_with(buffer, &options);
            });
        }
        Event::Replaced {
            session,
            orig_user_ref,
            old_order_ref,
            order_ref,
            instrument,
            side: order_side,
            side_code,
            left,
            replace,
            ..
        } => {
            let (time_in_force, extension) = time_in_force(replace.time_in_force);
            let (orig_user_ref_num, named) = reports.name(orig_user_ref, old_order_ref);
            let options = Options {
                post_only: replace.post_only.then_some(PostOnly::PostOnly),
                time_in_force: extension,
                ..named
            };
            let symbol = market.instrument(instrument).map(|i| i.definition.symbol.0);
            reports.send(session, |buffer| {
                Replaced {
                    timestamp_ns,
                    orig_user_ref_num,
                    user_ref_num: replace.user_ref,
                    side: side(side_code, order_side),
                    quantity: left,
                    symbol: symbol.map_or(Alpha::BLANK, Alpha::clean),
                    price_e4: replace.price_e4,
                    time_in_force,
                    display: display(replace.display),
                    order_reference_number: order_ref.0,
                    // The market does not keep an order's capacity, and there is no cross but the continuous market.
                    capacity: Capacity::Other,
                    intermarket_sweep: sweep(replace.intermarket_sweep),
                    cross_type: CrossType::Continuous,
                    order_state: OrderState::Live,
                    cl_ord_id: Alpha::clean(replace.cl_ord_id),
                }
                .encode_with(buffer, &options);
            });
        }
        Event::Executed {
            match_number,
            price_e4,
            quantity,
            maker,
            taker,
            ..
        } => {
            let number = match_number.0;
            reports.executed(&maker, quantity, price_e4, number, LiquidityFlag::Added);
            reports.executed(&taker, quantity, price_e4, number, LiquidityFlag::Removed);
        }
        Event::Canceled {
            order,
            quantity,
            reason,
            ..
        } => {
            let (user_ref_num, options) = reports.name(order.user_ref, order.order_ref);
            reports.send(order.session, |buffer| {
                Canceled {
                    timestamp_ns,
                    user_ref_num,
                    quantity,
                    reason: cancel_code(reason),
                }
                .encode_with(buffer, &options);
            });
        }
        Event::Modified {
            order, side_code, ..
        } => {
            let (user_ref_num, options) = reports.name(order.user_ref, order.order_ref);
            reports.send(order.session, |buffer| {
                Modified {
                    timestamp_ns,
                    user_ref_num,
                    side: side(side_code, types::Side::Sell),
                    quantity: order.left,
                }
                .encode_with(buffer, &options);
            });
        }
        Event::Rejected {
            session,
            user_ref,
            reason,
            cl_ord_id,
        } => reports.send(session, |buffer| {
            Rejected {
                timestamp_ns,
                user_ref_num: user_ref,
                reason: reject_code(reason),
                cl_ord_id: Alpha::clean(cl_ord_id),
            }
            .encode(buffer);
        }),
        Event::CancelRejected { session, user_ref } => reports.send(session, |buffer| {
            CancelReject {
                timestamp_ns,
                user_ref_num: user_ref,
            }
            .encode(buffer);
        }),
        Event::MassCanceled {
            session,
            user_ref,
            symbol,
            ..
        } => reports.send(session, |buffer| {
            MassCancelResponse {
                timestamp_ns,
                user_ref_num: user_ref,
                firm: Firm::BLANK,
                symbol: Alpha::clean(symbol.0),
            }
            .encode(buffer);
        }),
        Event::OrderEntry {
            session,
            user_ref: user_ref_num,
            enabled,
        } => reports.send(session, |buffer| {
            let firm = Firm::BLANK;
            if enabled {
                EnableOrderEntryResponse {
                    timestamp_ns,
                    user_ref_num,
                    firm,
                }
                .encode(buffer);
            } else {
                DisableOrderEntryResponse {
                    timestamp_ns,
                    user_ref_num,
                    firm,
                }
                .encode(buffer);
            }
        }),
        Event::NextUserRef { session, next } => reports.send(session, |buffer| {
            AccountQueryResponse {
                timestamp_ns,
                next_user_ref_num: next,
            }
            .encode(buffer);
        }),
        // Opening and closing are the publisher's own; the others are market data, or have no answer.
        Event::DayOpened(_)
        | Event::DayClosed(_)
        | Event::InstrumentDefined { .. }
        | Event::Halted { .. }
        | Event::Resumed { .. }
        | Event::Rested { .. }
        | Event::Ignored { .. }
        | Event::ActionRefused { .. } => {}
    }
}

/// The time in force on the wire: its field and this venue's tag.
const fn time_in_force(
    value: TimeInForce,
) -> (rialto_wire::ouch::TimeInForce, Option<TimeInForceExtension>) {
    use rialto_wire::ouch::TimeInForce as Field;
    match value {
        TimeInForce::Day => (Field::Day, None),
        TimeInForce::GoodTillCancel => (Field::Day, Some(TimeInForceExtension::GoodTillCancel)),
        TimeInForce::ImmediateOrCancel => (Field::ImmediateOrCancel, None),
        TimeInForce::FillOrKill => (
            Field::ImmediateOrCancel,
            Some(TimeInForceExtension::FillOrKill),
        ),
    }
}

// The echoes were read by `inbound`, so each is a code of its list; the second value only stands in for a command that
// some other program wrote into the journal.

fn side(code: u8, side: types::Side) -> Side {
    Side::from_code(code).unwrap_or(match side {
        types::Side::Buy => Side::Buy,
        types::Side::Sell => Side::Sell,
    })
}

fn display(code: u8) -> Display {
    Display::from_code(code).unwrap_or(Display::Visible)
}

fn capacity(code: u8) -> Capacity {
    Capacity::from_code(code).unwrap_or(Capacity::Other)
}

fn sweep(code: u8) -> IntermarketSweep {
    IntermarketSweep::from_code(code).unwrap_or(IntermarketSweep::NotEligible)
}

fn cross(code: u8) -> CrossType {
    CrossType::from_code(code).unwrap_or(CrossType::Continuous)
}
