//! A plain, obvious market: ordered maps, one list of orders, linear scans. It is the oracle of the real one.

mod operator;
mod trade;

use std::collections::BTreeMap;

use rialto_market::command::{Command, Enter, Replace, Request, Target};
use rialto_market::event::{CancelReason, Event, IgnoreReason, Party};
use rialto_market::types::*;

#[derive(Clone, Debug)]
pub struct PlainOrder {
    pub order_ref: u64,
    /// Lower goes first within a price.
    pub priority: u64,
    pub session: u32,
    pub user_ref: u32,
    pub of_today: bool,
    pub instrument: u16,
    pub side: Side,
    pub price_e4: u64,
    pub left: u32,
    pub executed: u32,
    pub time_in_force: TimeInForce,
    pub side_code: u8,
}

#[derive(Clone, Debug)]
pub struct PlainInstrument {
    pub definition: Instrument,
    pub halted: bool,
    pub last_trade: i64,
}

#[derive(Clone, Debug)]
pub struct PlainSession {
    pub definition: SessionDefinition,
    pub next_number: u64,
    pub last_user_ref: u32,
    pub order_entry: bool,
    pub connected: bool,
}

#[derive(Default)]
pub struct Plain {
    pub instruments: BTreeMap<u16, PlainInstrument>,
    pub accounts: BTreeMap<u32, Account>,
    pub sessions: BTreeMap<u32, PlainSession>,
    pub orders: Vec<PlainOrder>,
    pub day: Option<TradingDay>,
    pub open: bool,
    pub keys: Vec<u64>,
    pub order_refs: u64,
    pub priorities: u64,
    pub matches: u64,
    pub max_orders: usize,
}

impl Plain {
    pub fn apply(&mut self, command: &Command) -> Vec<Event> {
        let mut events = Vec::new();
        match command {
            Command::Operator { key, action } => self.operator(*key, action, &mut events),
            Command::Client {
                session,
                number,
                request,
            } => self.client(*session, *number, request, &mut events),
        }
        events
    }

    pub(super) fn client(
        &mut self,
        id: SessionId,
        number: u64,
        request: &Request,
        events: &mut Vec<Event>,
    ) {
        let ignored = |reason| Event::Ignored {
            session: id,
            reason,
        };
        let Some(session) = self.sessions.get_mut(&id.0) else {
            return events.push(ignored(IgnoreReason::UnknownSession));
        };
        if session.next_number != number {
            return events.push(ignored(IgnoreReason::RepeatedNumber));
        }
        session.next_number += 1;
        if let Request::Enter(Enter { user_ref, .. }) | Request::Replace(Replace { user_ref, .. }) =
            request
        {
            if *user_ref <= session.last_user_ref {
                return events.push(ignored(IgnoreReason::RepeatedUserRef));
            }
            session.last_user_ref = *user_ref;
        }
        match request {
            Request::Enter(enter) => {
                if let Err(reason) = self.enter(id, enter, events) {
                    events.push(Event::Rejected {
                        session: id,
                        user_ref: enter.user_ref,
                        reason,
                        cl_ord_id: enter.cl_ord_id,
                    });
                }
            }
            Request::Replace(replace) => {
                if let Err(reason) = self.replace(id, replace, events) {
                    events.push(Event::Rejected {
                        session: id,
                        user_ref: replace.user_ref,
                        reason,
                        cl_ord_id: replace.cl_ord_id,
                    });
                }
            }
            Request::Cancel { target, quantity } => {
                self.resize(id, *target, *quantity, None, events)
            }
            Request::Modify {
                target,
                side_code,
                quantity,
            } => self.resize(id, *target, *quantity, Some(*side_code), events),
            Request::MassCancel { user_ref, symbol } => {
                let mut doomed: Vec<(u16, u64)> = self
                    .orders
                    .iter()
                    .filter(|order| self.open && order.session == id.0)
                    .filter(|order| {
                        *symbol == Symbol::ALL
                            || self.instruments[&order.instrument].definition.symbol == *symbol
                    })
                    .map(|order| (order.instrument, order.order_ref))
                    .collect();
                doomed.sort();
                for (_, order_ref) in &doomed {
                    self.remove(*order_ref, CancelReason::MassCancel, events);
                }
                events.push(Event::MassCanceled {
                    session: id,
                    user_ref: *user_ref,
                    symbol: *symbol,
                    orders: doomed.len() as u32,
                });
            }
            Request::DisableOrderEntry { user_ref } | Request::EnableOrderEntry { user_ref } => {
                session.order_entry = matches!(request, Request::EnableOrderEntry { .. });
                events.push(Event::OrderEntry {
                    session: id,
                    user_ref: *user_ref,
                    enabled: session.order_entry,
                });
            }
            Request::AccountQuery => events.push(Event::NextUserRef {
                session: id,
                next: session.last_user_ref + 1,
            }),
        }
    }

    pub fn party(&self, order: &PlainOrder) -> Party {
        Party {
            session: SessionId(order.session),
            user_ref: order.user_ref,
            order_ref: OrderRef(order.order_ref),
            left: order.left,
        }
    }

    pub(super) fn find(&self, id: SessionId, target: Target) -> Option<usize> {
        self.orders.iter().position(|order| {
            self.open
                && order.session == id.0
                && match target {
                    Target::UserRef(user_ref) => order.of_today && order.user_ref == user_ref,
                    Target::OrderRef(order_ref) => order.order_ref == order_ref,
                }
        })
    }

    pub(super) fn remove(&mut self, order_ref: u64, reason: CancelReason, events: &mut Vec<Event>) {
        let at = self
            .orders
            .iter()
            .position(|order| order.order_ref == order_ref)
            .expect("a live order");
        let order = self.orders.remove(at);
        events.push(Event::Canceled {
            order: Party {
                left: 0,
                ..self.party(&order)
            },
            instrument: InstrumentId(order.instrument),
            quantity: order.left,
            reason,
            resting: true,
        });
    }

    pub(super) fn resize(
        &mut self,
        id: SessionId,
        target: Target,
        quantity: u32,
        modify: Option<u8>,
        events: &mut Vec<Event>,
    ) {
        let refused = Event::CancelRejected {
            session: id,
            user_ref: match target {
                Target::UserRef(user_ref) => user_ref,
                Target::OrderRef(_) => 0,
            },
        };
        let Some(at) = self.find(id, target) else {
            return events.push(refused);
        };
        let order = self.orders[at].clone();
        let codes: &[u8] = match order.side {
            Side::Buy => b"B",
            Side::Sell => b"STE",
        };
        if modify.is_some_and(|code| !codes.contains(&code)) {
            return events.push(refused);
        }
        if quantity <= order.executed {
            return self.remove(order.order_ref, CancelReason::User, events);
        }
        let total = order.executed + order.left;
        let lot = self.instruments[&order.instrument].definition.lot_size;
        let same = quantity == total;
        if quantity > total || (!same && quantity % lot != 0) || (same && modify.is_none()) {
            return events.push(refused);
        }
        let taken = total - quantity;
        self.orders[at].left -= taken;
        if let Some(code) = modify {
            self.orders[at].side_code = code;
        }
        let order = self.party(&self.orders[at]);
        let instrument = InstrumentId(self.orders[at].instrument);
        events.push(match modify {
            Some(side_code) => Event::Modified {
                order,
                instrument,
                side_code,
                total: quantity,
                quantity: taken,
            },
            None => Event::Canceled {
                order,
                instrument,
                quantity: taken,
                reason: CancelReason::User,
                resting: true,
            },
        });
    }

    /// The resting orders in canonical order.
    pub fn canonical(&self) -> Vec<&PlainOrder> {
        let mut orders: Vec<&PlainOrder> = self.orders.iter().collect();
        orders.sort_by_key(|order| {
            let price = order.price_e4 as i64;
            let (side, rank) = match order.side {
                Side::Buy => (0, -price),
                Side::Sell => (1, price),
            };
            (order.instrument, side, rank, order.priority)
        });
        orders
    }
}

pub fn rested(order: &PlainOrder) -> Event {
    Event::Rested {
        order_ref: OrderRef(order.order_ref),
        instrument: InstrumentId(order.instrument),
        side: order.side,
        price_e4: order.price_e4,
        left: order.left,
    }
}
