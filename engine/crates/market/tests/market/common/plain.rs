//! A plain, obvious market: ordered maps, one list of orders, linear scans. It is the oracle of the real one.

use std::collections::BTreeMap;

use rialto_market::command::{Action, Command, Enter, Replace, Request, Target};
use rialto_market::event::{CancelReason, Event, IgnoreReason, Party, RefuseReason, RejectReason};
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

/// An order that wants to trade.
struct Taker {
    order: PlainOrder,
    /// Lowest and highest price it accepts.
    range: (u64, u64),
    min_quantity: u32,
    rests: bool,
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

    fn client(&mut self, id: SessionId, number: u64, request: &Request, events: &mut Vec<Event>) {
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

    fn find(&self, id: SessionId, target: Target) -> Option<usize> {
        self.orders.iter().position(|order| {
            self.open
                && order.session == id.0
                && match target {
                    Target::UserRef(user_ref) => order.of_today && order.user_ref == user_ref,
                    Target::OrderRef(order_ref) => order.order_ref == order_ref,
                }
        })
    }

    fn remove(&mut self, order_ref: u64, reason: CancelReason, events: &mut Vec<Event>) {
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

    fn resize(
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

    /// The range of prices an order accepts.
    #[allow(clippy::too_many_arguments, reason = "an order's terms, one by one")]
    fn check(
        &self,
        id: SessionId,
        instrument: u16,
        side: Side,
        quantity: u32,
        price_e4: u64,
        time_in_force: TimeInForce,
        min_quantity: u32,
        post_only: bool,
    ) -> Result<(u64, u64), RejectReason> {
        use TimeInForce::*;
        let state = &self.instruments[&instrument];
        let definition = state.definition;
        let tick = u64::from(definition.tick_size_e4);
        let market = price_e4 == 0x7FFF_FFFF;
        let rests = time_in_force == Day || time_in_force == GoodTillCancel;
        let account = self.accounts[&self.sessions[&id.0].definition.account.0];
        if state.halted {
            return Err(RejectReason::Halted);
        }
        if !(1..1_000_000).contains(&quantity) {
            return Err(RejectReason::InvalidQuantity);
        }
        if quantity % definition.lot_size != 0 {
            return Err(RejectReason::OddLot);
        }
        if !(1..=0xFFFF_FFFF).contains(&price_e4) {
            return Err(RejectReason::InvalidPrice);
        }
        if !market && price_e4 % tick != 0 {
            return Err(RejectReason::OffTick);
        }
        if market && rests || !rests && post_only {
            return Err(RejectReason::InvalidTimeInForce);
        }
        if min_quantity > 0
            && (rests
                || min_quantity > quantity
                || time_in_force == FillOrKill && min_quantity != quantity)
        {
            return Err(RejectReason::InvalidMinQuantity);
        }
        if quantity > account.max_order_quantity {
            return Err(RejectReason::MaxOrderQuantity);
        }
        let reference = if state.last_trade > 0 {
            state.last_trade
        } else {
            definition.reference_price
        } as u64;
        let mut allowed = (tick, u64::MAX / tick * tick);
        let collared = definition.collar_bp > 0 && reference > 0;
        if collared {
            let width = reference * u64::from(definition.collar_bp) / 10_000;
            allowed = (
                reference.saturating_sub(width).max(1) * tick,
                (reference + width).min(0xFFFF_FFFF / tick) * tick,
            );
        }
        let limit = if !market {
            price_e4
        } else if side == Side::Buy {
            allowed.1
        } else {
            allowed.0
        };
        if !(allowed.0..=allowed.1).contains(&limit) {
            return Err(RejectReason::Collar);
        }
        let valued_at = if market && !collared {
            self.makers(instrument, side)
                .first()
                .map_or(0, |at| self.orders[*at].price_e4)
        } else {
            limit
        };
        if u128::from(valued_at) * u128::from(quantity) > u128::from(account.max_order_value_e4) {
            return Err(RejectReason::MaxOrderValue);
        }
        Ok(match side {
            Side::Buy => (0, limit),
            Side::Sell => (limit, u64::MAX),
        })
    }

    /// Positions of the orders a taker of this side would meet, in the order it would meet them.
    fn makers(&self, instrument: u16, side: Side) -> Vec<usize> {
        let mut makers: Vec<usize> = (0..self.orders.len())
            .filter(|at| self.orders[*at].instrument == instrument && self.orders[*at].side != side)
            .collect();
        makers.sort_by_key(|at| {
            let order = &self.orders[*at];
            let price = order.price_e4 as i64;
            let rank = if side == Side::Buy { price } else { -price };
            (rank, order.priority)
        });
        makers
    }

    fn within(&self, instrument: u16, side: Side, range: (u64, u64)) -> Vec<u64> {
        self.makers(instrument, side)
            .into_iter()
            .map(|at| &self.orders[at])
            .filter(|order| (range.0..=range.1).contains(&order.price_e4))
            .map(|order| order.order_ref)
            .collect()
    }

    fn may_enter(&self, id: SessionId) -> Result<(), RejectReason> {
        if !self.open {
            return Err(RejectReason::MarketClosed);
        }
        if !self.sessions[&id.0].order_entry {
            return Err(RejectReason::OrderEntryDisabled);
        }
        Ok(())
    }

    fn enter(
        &mut self,
        id: SessionId,
        enter: &Enter,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectReason> {
        self.may_enter(id)?;
        let instrument = self
            .instruments
            .values()
            .find(|instrument| instrument.definition.symbol == enter.symbol)
            .map(|instrument| instrument.definition.id.0)
            .ok_or(RejectReason::UnknownSymbol)?;
        let range = self.check(
            id,
            instrument,
            enter.side,
            enter.quantity,
            enter.price_e4,
            enter.time_in_force,
            enter.min_quantity,
            enter.post_only,
        )?;
        let rests = matches!(
            enter.time_in_force,
            TimeInForce::Day | TimeInForce::GoodTillCancel
        );
        if rests {
            let account = self.sessions[&id.0].definition.account;
            let open = self
                .orders
                .iter()
                .filter(|order| self.sessions[&order.session].definition.account == account)
                .count();
            if open >= self.accounts[&account.0].max_open_orders as usize {
                return Err(RejectReason::MaxOpenOrders);
            }
            if self.orders.len() >= self.max_orders {
                return Err(RejectReason::MarketFull);
            }
        }
        if enter.post_only && !self.within(instrument, enter.side, range).is_empty() {
            return Err(RejectReason::PostOnlyWouldMatch);
        }
        self.order_refs += 1;
        self.priorities += 1;
        events.push(Event::Accepted {
            session: id,
            order_ref: OrderRef(self.order_refs),
            instrument: InstrumentId(instrument),
            order: *enter,
        });
        let taker = Taker {
            order: PlainOrder {
                order_ref: self.order_refs,
                priority: self.priorities,
                session: id.0,
                user_ref: enter.user_ref,
                of_today: true,
                instrument,
                side: enter.side,
                price_e4: enter.price_e4,
                left: enter.quantity,
                executed: 0,
                time_in_force: enter.time_in_force,
                side_code: enter.side_code,
            },
            range,
            min_quantity: if enter.time_in_force == TimeInForce::FillOrKill {
                enter.quantity
            } else {
                enter.min_quantity
            },
            rests,
        };
        self.trade(taker, true, events);
        Ok(())
    }

    fn replace(
        &mut self,
        id: SessionId,
        replace: &Replace,
        events: &mut Vec<Event>,
    ) -> Result<(), RejectReason> {
        self.may_enter(id)?;
        let at = self
            .find(id, replace.target)
            .ok_or(RejectReason::OrderNotFound)?;
        let old = self.orders[at].clone();
        let range = self.check(
            id,
            old.instrument,
            old.side,
            replace.quantity,
            replace.price_e4,
            replace.time_in_force,
            0,
            replace.post_only,
        )?;
        if replace.quantity <= old.executed {
            return Err(RejectReason::NothingLeft);
        }
        let matches = !self.within(old.instrument, old.side, range).is_empty();
        if replace.post_only && matches {
            return Err(RejectReason::PostOnlyWouldMatch);
        }
        let rests = matches!(
            replace.time_in_force,
            TimeInForce::Day | TimeInForce::GoodTillCancel
        );
        let left = replace.quantity - old.executed;
        let keeps_priority = rests && replace.price_e4 == old.price_e4 && left <= old.left;
        let tick = u64::from(self.instruments[&old.instrument].definition.tick_size_e4);
        self.order_refs += 1;
        self.priorities += 1;
        events.push(Event::Replaced {
            session: id,
            orig_user_ref: old.user_ref,
            old_order_ref: OrderRef(old.order_ref),
            order_ref: OrderRef(self.order_refs),
            instrument: InstrumentId(old.instrument),
            side: old.side,
            side_code: old.side_code,
            left,
            replace: *replace,
            old_price: (old.price_e4 / tick) as i64,
            old_left: old.left,
            keeps_priority,
            crosses: matches || !rests,
        });
        self.orders.remove(at);
        let taker = Taker {
            order: PlainOrder {
                order_ref: self.order_refs,
                priority: if keeps_priority {
                    old.priority
                } else {
                    self.priorities
                },
                user_ref: replace.user_ref,
                of_today: true,
                price_e4: replace.price_e4,
                left,
                time_in_force: replace.time_in_force,
                ..old
            },
            range,
            min_quantity: if replace.time_in_force == TimeInForce::FillOrKill {
                left
            } else {
                0
            },
            rests,
        };
        self.trade(taker, matches || !rests, events);
        Ok(())
    }

    fn trade(&mut self, taker: Taker, announce: bool, events: &mut Vec<Event>) {
        let Taker {
            mut order,
            range,
            min_quantity,
            rests,
        } = taker;
        let makers = self.within(order.instrument, order.side, range);
        let available: u64 = self
            .orders
            .iter()
            .filter(|maker| makers.contains(&maker.order_ref))
            .map(|maker| u64::from(maker.left))
            .sum();
        let definition = self.instruments[&order.instrument].definition;
        if available >= u64::from(min_quantity) {
            for maker in makers {
                if order.left == 0 {
                    break;
                }
                let at = self
                    .orders
                    .iter()
                    .position(|order| order.order_ref == maker)
                    .expect("a live maker");
                let quantity = order.left.min(self.orders[at].left);
                order.left -= quantity;
                order.executed += quantity;
                self.orders[at].left -= quantity;
                self.orders[at].executed += quantity;
                self.matches += 1;
                let price_e4 = self.orders[at].price_e4;
                let price = (price_e4 / u64::from(definition.tick_size_e4)) as i64;
                events.push(Event::Executed {
                    match_number: MatchNumber(self.matches),
                    instrument: definition.id,
                    price,
                    price_e4,
                    quantity,
                    maker: self.party(&self.orders[at]),
                    taker: self.party(&order),
                    taker_side: order.side,
                });
                if let Some(instrument) = self.instruments.get_mut(&order.instrument) {
                    instrument.last_trade = price;
                }
                if self.orders[at].left == 0 {
                    self.orders.remove(at);
                }
            }
        }
        if order.left == 0 {
            return;
        }
        if rests {
            if announce {
                events.push(rested(&order));
            }
            self.orders.push(order);
        } else {
            events.push(Event::Canceled {
                order: Party {
                    left: 0,
                    ..self.party(&order)
                },
                instrument: definition.id,
                quantity: order.left,
                reason: CancelReason::Immediate,
                resting: false,
            });
        }
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

    fn operator(&mut self, key: u64, action: &Action, events: &mut Vec<Event>) {
        // The last 1,024 keys carried out.
        let recent = &self.keys[self.keys.len().saturating_sub(1024)..];
        let done = if key != 0 && recent.contains(&key) {
            Err(RefuseReason::RepeatedKey)
        } else {
            self.act(action, events)
        };
        match done {
            Ok(()) if key != 0 => self.keys.push(key),
            Ok(()) => {}
            Err(reason) => events.push(Event::ActionRefused {
                key,
                action: *action,
                reason,
            }),
        }
    }

    fn tell(&self, id: u16, state: bool, definition: bool, events: &mut Vec<Event>) {
        if !self.open {
            return;
        }
        let instrument = &self.instruments[&id];
        if definition {
            events.push(Event::InstrumentDefined {
                instrument: instrument.definition.id,
                symbol: instrument.definition.symbol,
                lot_size: instrument.definition.lot_size,
                tick_size_e4: instrument.definition.tick_size_e4,
            });
        }
        if state {
            let instrument_id = instrument.definition.id;
            events.push(if instrument.halted {
                Event::Halted {
                    instrument: instrument_id,
                }
            } else {
                Event::Resumed {
                    instrument: instrument_id,
                }
            });
        }
    }

    fn act(&mut self, action: &Action, events: &mut Vec<Event>) -> Result<(), RefuseReason> {
        match action {
            // Names and dates are valid where this is used; the rules for bad ones have tests of their own.
            Action::DefineInstrument(new) => {
                if new.tick_size_e4 == 0 || new.lot_size == 0 || new.id.0 == 0 {
                    return Err(RefuseReason::InvalidDefinition);
                }
                if self.instruments.values().any(|other| {
                    other.definition.symbol == new.symbol && other.definition.id != new.id
                }) {
                    return Err(RefuseReason::InvalidDefinition);
                }
                let id = new.id.0;
                match self.instruments.get_mut(&id) {
                    None => {
                        self.instruments.insert(
                            id,
                            PlainInstrument {
                                definition: *new,
                                halted: false,
                                last_trade: 0,
                            },
                        );
                        self.tell(id, true, true, events);
                    }
                    Some(old) => {
                        let scaled = old.definition.tick_size_e4 != new.tick_size_e4;
                        let renamed = old.definition.symbol != new.symbol;
                        if (scaled || renamed)
                            && self.orders.iter().any(|order| order.instrument == id)
                        {
                            return Err(RefuseReason::OrdersResting);
                        }
                        if scaled {
                            old.last_trade = 0;
                        }
                        let changed = old.definition != *new;
                        old.definition = *new;
                        self.tell(id, false, changed, events);
                    }
                }
            }
            Action::DefineAccount(new) => {
                self.accounts.insert(new.id.0, *new);
            }
            Action::DefineSession(new) => {
                if !self.accounts.contains_key(&new.account.0) {
                    return Err(RefuseReason::UnknownAccount);
                }
                if self.sessions.values().any(|other| {
                    other.definition.username == new.username && other.definition.id != new.id
                }) {
                    return Err(RefuseReason::InvalidDefinition);
                }
                let resting = self.orders.iter().any(|order| order.session == new.id.0);
                match self.sessions.get_mut(&new.id.0) {
                    Some(old) => {
                        if old.definition.account != new.account && resting {
                            return Err(RefuseReason::OrdersResting);
                        }
                        old.definition = *new;
                    }
                    None => {
                        self.sessions.insert(
                            new.id.0,
                            PlainSession {
                                definition: *new,
                                next_number: 1,
                                last_user_ref: 0,
                                order_entry: true,
                            },
                        );
                    }
                }
            }
            Action::OpenDay { date } => {
                if self.open {
                    return Err(RefuseReason::DayIsOpen);
                }
                let last = self.day.unwrap_or_default();
                if *date < last.date {
                    return Err(RefuseReason::BadDate);
                }
                let day = TradingDay {
                    date: *date,
                    opening: if *date == last.date {
                        last.opening + 1
                    } else {
                        1
                    },
                    incarnation: 1,
                };
                self.day = Some(day);
                self.open = true;
                for session in self.sessions.values_mut() {
                    session.last_user_ref = 0;
                }
                for order in &mut self.orders {
                    order.of_today = false;
                }
                events.push(Event::DayOpened(day));
                for id in self.instruments.keys() {
                    self.tell(*id, true, true, events);
                }
                events.extend(self.canonical().into_iter().map(rested));
            }
            Action::CloseDay => {
                if !self.open {
                    return Err(RefuseReason::DayIsClosed);
                }
                let mut ending: Vec<u64> = self
                    .orders
                    .iter()
                    .filter(|order| order.time_in_force == TimeInForce::Day)
                    .map(|order| order.order_ref)
                    .collect();
                ending.sort();
                for order_ref in ending {
                    self.remove(order_ref, CancelReason::DayClosed, events);
                }
                self.open = false;
                events.push(Event::DayClosed(self.day.unwrap_or_default()));
            }
            Action::Halt { instrument } | Action::Resume { instrument } => {
                let halt = matches!(action, Action::Halt { .. });
                let ids: Vec<u16> = match instrument {
                    Some(id) if self.instruments.contains_key(&id.0) => vec![id.0],
                    Some(_) => return Err(RefuseReason::UnknownInstrument),
                    None => self.instruments.keys().copied().collect(),
                };
                for id in ids {
                    let changed = self
                        .instruments
                        .get_mut(&id)
                        .is_some_and(|one| std::mem::replace(&mut one.halted, halt) != halt);
                    self.tell(id, changed, false, events);
                }
            }
        }
        Ok(())
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
