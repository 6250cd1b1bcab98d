//! The plain market: operators' commands.

use rialto_market::command::Action;
use rialto_market::event::{CancelReason, Event, RefuseReason};
use rialto_market::types::*;

use super::{Plain, PlainInstrument, PlainSession, rested};

impl Plain {
    pub(super) fn operator(&mut self, key: u64, action: &Action, events: &mut Vec<Event>) {
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

    pub(super) fn tell(&self, id: u16, state: bool, definition: bool, events: &mut Vec<Event>) {
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

    pub(super) fn act(
        &mut self,
        action: &Action,
        events: &mut Vec<Event>,
    ) -> Result<(), RefuseReason> {
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
                self.forget_unwanted_marks();
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
                        self.forget_unwanted_marks();
                    }
                    None => {
                        self.sessions.insert(
                            new.id.0,
                            PlainSession {
                                definition: *new,
                                next_number: 1,
                                last_user_ref: 0,
                                order_entry: true,
                                connected: false,
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
            Action::Connected { session } => {
                let session = self.sessions.get_mut(&session.0);
                session.ok_or(RefuseReason::UnknownSession)?.connected = true;
                self.forget_unwanted_marks();
            }
            Action::Disconnected { session: id } => {
                let session = self.sessions.get_mut(&id.0);
                let session = session.ok_or(RefuseReason::UnknownSession)?;
                session.connected = false;
                let account = session.definition.account.0;
                if self.open && self.accounts[&account].cancel_on_disconnect {
                    let mut doomed: Vec<u64> = self
                        .orders
                        .iter()
                        .filter(|order| order.session == id.0)
                        .map(|order| order.order_ref)
                        .collect();
                    doomed.sort();
                    for order_ref in doomed {
                        self.remove(order_ref, CancelReason::Supervisory, events);
                    }
                }
            }
        }
        Ok(())
    }

    /// Only sessions of accounts that cancel on disconnect are marked.
    fn forget_unwanted_marks(&mut self) {
        for session in self.sessions.values_mut() {
            let account = &self.accounts[&session.definition.account.0];
            session.connected = session.connected && account.cancel_on_disconnect;
        }
    }
}
