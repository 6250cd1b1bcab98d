//! What clients ask.

use rialto_book::{Limit, Slot};

use crate::command::{Enter, Replace, Request, Target};
use crate::event::{CancelReason, Event, IgnoreReason, RejectReason};
use crate::limits::{Terms, check};
use crate::market::Market;
use crate::matching::Arrival;
use crate::orders::Order;
use crate::types::{OrderRef, SessionId, Side, Symbol, TimeInForce, UserRef};

impl Market {
    pub(crate) fn client(
        &mut self,
        session: SessionId,
        number: u64,
        request: &Request,
        events: &mut Vec<Event>,
    ) {
        let Some(at) = self.directory.session(session) else {
            return self.ignore(session, IgnoreReason::UnknownSession, events);
        };
        let state = &mut self.directory.sessions[at as usize];
        if number != state.next_number {
            return self.ignore(session, IgnoreReason::RepeatedNumber, events);
        }
        state.next_number = state.next_number.saturating_add(1);
        match request {
            Request::Enter(enter) => self.enter(at, session, enter, events),
            Request::Replace(replace) => self.replace(at, session, replace, events),
            Request::Cancel { target, quantity } => {
                if self.cancel(at, *target, *quantity, events).is_none() {
                    self.reject_cancel(session, *target, events);
                }
            }
            Request::Modify {
                target,
                side_code,
                quantity,
            } => {
                if self
                    .modify(at, *target, *side_code, *quantity, events)
                    .is_none()
                {
                    self.reject_cancel(session, *target, events);
                }
            }
            Request::MassCancel { user_ref, symbol } => {
                let orders = self.mass_cancel(at, *symbol, events);
                events.push(Event::MassCanceled {
                    session,
                    user_ref: *user_ref,
                    symbol: *symbol,
                    orders,
                });
            }
            Request::DisableOrderEntry { user_ref } => {
                self.order_entry(at, session, *user_ref, false, events);
            }
            Request::EnableOrderEntry { user_ref } => {
                self.order_entry(at, session, *user_ref, true, events);
            }
            Request::AccountQuery => {
                let last = self.directory.sessions[at as usize].last_user_ref;
                events.push(Event::NextUserRef {
                    session,
                    next: last.saturating_add(1),
                });
            }
        }
    }

    fn ignore(&mut self, session: SessionId, reason: IgnoreReason, events: &mut Vec<Event>) {
        self.statistics.ignored[reason as usize] += 1;
        events.push(Event::Ignored { session, reason });
    }

    fn reject_cancel(&mut self, session: SessionId, target: Target, events: &mut Vec<Event>) {
        self.statistics.cancel_rejected += 1;
        let user_ref = match target {
            Target::UserRef(user_ref) => user_ref,
            Target::OrderRef(_) => 0,
        };
        events.push(Event::CancelRejected { session, user_ref });
    }

    fn order_entry(
        &mut self,
        at: u32,
        session: SessionId,
        user_ref: UserRef,
        enabled: bool,
        events: &mut Vec<Event>,
    ) {
        self.directory.sessions[at as usize].order_entry = enabled;
        events.push(Event::OrderEntry {
            session,
            user_ref,
            enabled,
        });
    }

    /// Uses up a user reference number; `false` if it is not above the last one.
    fn use_user_ref(&mut self, at: u32, user_ref: UserRef) -> bool {
        let last = &mut self.directory.sessions[at as usize].last_user_ref;
        let ascends = user_ref > *last;
        if ascends {
            *last = user_ref;
        }
        ascends
    }

    fn enter(&mut self, at: u32, session: SessionId, enter: &Enter, events: &mut Vec<Event>) {
        if !self.use_user_ref(at, enter.user_ref) {
            return self.ignore(session, IgnoreReason::RepeatedUserRef, events);
        }
        match self.admit(at, enter) {
            Ok(mut arrival) => {
                self.last_order_ref += 1;
                arrival.order_ref = self.last_order_ref;
                self.statistics.accepted += 1;
                let instrument = self.directory.instruments[arrival.order.instrument as usize]
                    .definition
                    .id;
                events.push(Event::Accepted {
                    session,
                    order_ref: OrderRef(arrival.order_ref),
                    instrument,
                    order: *enter,
                });
                self.place(&arrival, events);
            }
            Err(reason) => {
                self.statistics.rejected[reason as usize] += 1;
                events.push(Event::Rejected {
                    session,
                    user_ref: enter.user_ref,
                    reason,
                    cl_ord_id: enter.cl_ord_id,
                });
            }
        }
    }

    /// Whether a new order may enter; the order reference number is still missing.
    fn admit(&self, at: u32, enter: &Enter) -> Result<Arrival, RejectReason> {
        self.may_enter(at)?;
        let instrument = self
            .directory
            .symbol(enter.symbol)
            .ok_or(RejectReason::UnknownSymbol)?;
        let terms = Terms {
            side: enter.side,
            quantity: enter.quantity,
            price_e4: enter.price_e4,
            time_in_force: enter.time_in_force,
            min_quantity: enter.min_quantity,
            post_only: enter.post_only,
        };
        let account = self.directory.sessions[at as usize].account;
        let account = &self.directory.accounts[account as usize];
        let book = &self.books[instrument as usize];
        let state = &self.directory.instruments[instrument as usize];
        let limit = check(&terms, state, account, book)?;
        if terms.rests() {
            if account.open_orders >= account.definition.max_open_orders {
                return Err(RejectReason::MaxOpenOrders);
            }
            if self.pool.len() >= self.config.max_orders as usize {
                return Err(RejectReason::MarketFull);
            }
        }
        if enter.post_only && book.crosses(enter.side, limit) {
            return Err(RejectReason::PostOnlyWouldMatch);
        }
        Ok(Arrival {
            order_ref: 0,
            side: enter.side,
            limit,
            left: enter.quantity,
            min_quantity: match enter.time_in_force {
                TimeInForce::FillOrKill => enter.quantity,
                _ => enter.min_quantity,
            },
            rests: terms.rests(),
            order: Order {
                session: at,
                user_ref: enter.user_ref,
                instrument,
                executed: 0,
                day: self.orders.today,
                time_in_force: enter.time_in_force,
                side_code: enter.side_code,
                cl_ord_id: enter.cl_ord_id,
            },
            announce: true,
        })
    }

    /// Whether a session may enter or replace orders now at all.
    fn may_enter(&self, at: u32) -> Result<(), RejectReason> {
        if !self.day.open {
            return Err(RejectReason::MarketClosed);
        }
        if !self.directory.sessions[at as usize].order_entry {
            return Err(RejectReason::OrderEntryDisabled);
        }
        Ok(())
    }

    /// The slot of the live order a session names, while a trading day is open.
    fn find(&self, at: u32, target: Target) -> Option<Slot> {
        if !self.day.open {
            return None;
        }
        match target {
            Target::UserRef(user_ref) => self.orders.find(at, user_ref),
            Target::OrderRef(order_ref) => {
                let slot = self.pool.slot(order_ref)?;
                (self.orders.get(slot).session == at).then_some(slot)
            }
        }
    }

    fn replace(&mut self, at: u32, session: SessionId, replace: &Replace, events: &mut Vec<Event>) {
        if !self.use_user_ref(at, replace.user_ref) {
            return self.ignore(session, IgnoreReason::RepeatedUserRef, events);
        }
        if let Err(reason) = self.try_replace(at, session, replace, events) {
            self.statistics.rejected[reason as usize] += 1;
            events.push(Event::Rejected {
                session,
                user_ref: replace.user_ref,
                reason,
                cl_ord_id: replace.cl_ord_id,
            });
        }
    }

    fn try_replace(
        &mut self,
        at: u32,
        session: SessionId,
        replace: &Replace,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectReason> {
        self.may_enter(at)?;
        let slot = self
            .find(at, replace.target)
            .ok_or(RejectReason::OrderNotFound)?;
        let old = *self.orders.get(slot);
        let instrument = old.instrument as usize;
        let resting = self.books[instrument].get(&self.pool, slot);
        let terms = Terms {
            side: resting.side,
            quantity: replace.quantity,
            price_e4: replace.price_e4,
            time_in_force: replace.time_in_force,
            min_quantity: 0,
            post_only: replace.post_only,
        };
        let account = self.directory.sessions[at as usize].account;
        let account = &self.directory.accounts[account as usize];
        let state = self.directory.instruments[instrument];
        let limit = check(&terms, &state, account, &self.books[instrument])?;
        if replace.quantity <= old.executed {
            return Err(RejectReason::NothingLeft);
        }
        let left = replace.quantity - old.executed;
        let matches = self.books[instrument].crosses(resting.side, limit);
        if replace.post_only && matches {
            return Err(RejectReason::PostOnlyWouldMatch);
        }
        // Nothing is refused from here on.
        let rests = terms.rests();
        let crosses = matches || !rests;
        let keeps_priority = rests
            && limit == Limit::Price(resting.price)
            && left <= resting.qty
            && replace.time_in_force == old.time_in_force;
        // An order that keeps its place keeps its number: market data has no other way to say so.
        let order_ref = if keeps_priority {
            resting.id
        } else {
            self.last_order_ref += 1;
            self.last_order_ref
        };
        self.statistics.replaced += 1;
        events.push(Event::Replaced {
            session,
            orig_user_ref: old.user_ref,
            old_order_ref: OrderRef(resting.id),
            order_ref: OrderRef(order_ref),
            instrument: state.definition.id,
            side: resting.side,
            side_code: old.side_code,
            left,
            replace: *replace,
            old_price: resting.price,
            old_left: resting.qty,
            keeps_priority,
            crosses,
        });
        let order = Order {
            user_ref: replace.user_ref,
            day: self.orders.today,
            time_in_force: replace.time_in_force,
            cl_ord_id: replace.cl_ord_id,
            ..old
        };
        if keeps_priority {
            if left < resting.qty {
                self.books[instrument].reduce(&mut self.pool, slot, left);
            }
            self.orders.rename(slot, order);
            return Ok(());
        }
        self.orders.remove(slot);
        self.books[instrument].cancel(&mut self.pool, slot);
        self.directory.closed(at);
        self.place(
            &Arrival {
                order_ref,
                side: resting.side,
                limit,
                left,
                min_quantity: match replace.time_in_force {
                    TimeInForce::FillOrKill => left,
                    _ => 0,
                },
                rests,
                order,
                announce: crosses,
            },
            events,
        );
        Ok(())
    }

    /// What is left of an order that is to have this intended total size: `None` if that would not take anything off
    /// or leave an odd lot, 0 if nothing is left.
    fn left_after(&self, order: &Order, left: u32, quantity: u32) -> Option<u32> {
        if quantity <= order.executed {
            return Some(0);
        }
        let lot_size = self.directory.instruments[order.instrument as usize]
            .definition
            .lot_size;
        let wanted = quantity - order.executed;
        (wanted <= left && (wanted == left || quantity.is_multiple_of(lot_size))).then_some(wanted)
    }

    fn cancel(
        &mut self,
        at: u32,
        target: Target,
        quantity: u32,
        events: &mut Vec<Event>,
    ) -> Option<()> {
        let slot = self.find(at, target)?;
        let order = *self.orders.get(slot);
        let book = &mut self.books[order.instrument as usize];
        let resting = book.get(&self.pool, slot);
        let left = self.left_after(&order, resting.qty, quantity)?;
        if left == 0 {
            self.take_out(slot, CancelReason::User, events);
            return Some(());
        }
        if left == resting.qty {
            return None;
        }
        self.books[order.instrument as usize].reduce(&mut self.pool, slot, left);
        let taken = resting.qty - left;
        self.statistics.canceled[CancelReason::User as usize] += 1;
        self.statistics.canceled_quantity += u64::from(taken);
        events.push(Event::Canceled {
            order: self.party(&order, resting.id, left),
            instrument: self.directory.instruments[order.instrument as usize]
                .definition
                .id,
            quantity: taken,
            reason: CancelReason::User,
            resting: true,
        });
        Some(())
    }

    fn modify(
        &mut self,
        at: u32,
        target: Target,
        side_code: u8,
        quantity: u32,
        events: &mut Vec<Event>,
    ) -> Option<()> {
        let slot = self.find(at, target)?;
        let order = *self.orders.get(slot);
        let resting = self.books[order.instrument as usize].get(&self.pool, slot);
        if !is_code_of(resting.side, side_code) {
            return None;
        }
        let left = self.left_after(&order, resting.qty, quantity)?;
        if left == 0 {
            self.take_out(slot, CancelReason::User, events);
            return Some(());
        }
        self.orders.get_mut(slot).side_code = side_code;
        self.books[order.instrument as usize].reduce(&mut self.pool, slot, left);
        let taken = resting.qty - left;
        self.statistics.modified += 1;
        self.statistics.canceled_quantity += u64::from(taken);
        events.push(Event::Modified {
            order: self.party(&order, resting.id, left),
            instrument: self.directory.instruments[order.instrument as usize]
                .definition
                .id,
            side_code,
            total: order.executed + left,
            quantity: taken,
        });
        Some(())
    }

    /// Cancels all of a session's orders, or those in one instrument: by number of the instrument, then by order
    /// reference. Returns how many. Between trading days there is nobody to tell, and nothing is cancelled.
    fn mass_cancel(&mut self, at: u32, symbol: Symbol, events: &mut Vec<Event>) -> u32 {
        if !self.day.open {
            return 0;
        }
        if symbol != Symbol::ALL {
            return match self.directory.symbol(symbol) {
                Some(instrument) => self.cancel_own(at, instrument, events),
                None => 0,
            };
        }
        let mut orders = 0;
        for nth in 0..self.directory.instrument_order().len() {
            let instrument = self.directory.instrument_order()[nth];
            orders += self.cancel_own(at, instrument, events);
        }
        orders
    }

    fn cancel_own(&mut self, at: u32, instrument: u32, events: &mut Vec<Event>) -> u32 {
        let mut orders = 0;
        while let Some(slot) = self.orders.first_own(at, instrument) {
            self.take_out(slot, CancelReason::MassCancel, events);
            orders += 1;
        }
        orders
    }
}

/// Whether the wire's side indicator names this side.
pub(crate) fn is_code_of(side: Side, code: u8) -> bool {
    match side {
        Side::Buy => code == b'B',
        Side::Sell => matches!(code, b'S' | b'T' | b'E'),
    }
}
