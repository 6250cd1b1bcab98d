//! What operators, and the node at its start, do.

use rialto_book::{Book, Slot};

use crate::command::Action;
use crate::directory::Defined;
use crate::event::{CancelReason, Event, RefuseReason};
use crate::market::Market;
use crate::matching::price_e4;
use crate::types::{InstrumentId, OrderRef, SessionId, Side, TradingState};

impl Market {
    pub(crate) fn operator(&mut self, key: u64, action: &Action, events: &mut Vec<Event>) {
        let done = if self.keys.contains(key) {
            Err(RefuseReason::RepeatedKey)
        } else {
            self.act(action, events)
        };
        match done {
            Ok(()) => self.keys.insert(key),
            Err(reason) => {
                self.statistics.refused[reason as usize] += 1;
                events.push(Event::ActionRefused {
                    key,
                    action: *action,
                    reason,
                });
            }
        }
    }

    fn act(&mut self, action: &Action, events: &mut Vec<Event>) -> Result<(), RefuseReason> {
        match action {
            Action::DefineInstrument(instrument) => {
                let books = &self.books;
                let resting = |at: u32| {
                    let book = &books[at as usize];
                    book.best(Side::Buy).is_some() || book.best(Side::Sell).is_some()
                };
                let defined = self.directory.define_instrument(*instrument, resting)?;
                if defined == Defined::New {
                    self.books.push(Book::new(self.books.len() as u32));
                }
                if let Some(at) = self.directory.instrument(instrument.id)
                    && defined != Defined::Same
                    && self.day.open
                {
                    self.tell_definition(at, events);
                    if defined == Defined::New {
                        self.tell_state(at, events);
                    }
                }
                Ok(())
            }
            Action::DefineAccount(account) => {
                self.directory.define_account(*account);
                Ok(())
            }
            Action::DefineSession(session) => {
                self.directory.define_session(*session)?;
                Ok(())
            }
            Action::OpenDay { date } => self.open_day(*date, events),
            Action::CloseDay => self.close_day(events),
            Action::Halt { instrument } => {
                self.set_state(*instrument, TradingState::Halted, events)
            }
            Action::Resume { instrument } => {
                self.set_state(*instrument, TradingState::Trading, events)
            }
            Action::Connected { session } => {
                let at = self.session_at(*session)?;
                self.directory.sessions[at as usize].connected =
                    self.directory.cancels_on_disconnect(at);
                Ok(())
            }
            Action::Disconnected { session } => {
                let at = self.session_at(*session)?;
                self.disconnected(at, events);
                Ok(())
            }
        }
    }

    fn session_at(&self, session: SessionId) -> Result<u32, RefuseReason> {
        self.directory
            .session(session)
            .ok_or(RefuseReason::UnknownSession)
    }

    /// Takes a session's mark back and, if its account wants it, cancels what rests of it, ascending by order reference.
    ///
    /// Marked or not: the mark is what a new leader goes by, and an account may have got the flag after the login.
    /// Between trading days there is nobody to tell, so nothing is cancelled then: at its close a day ends every
    /// connection, and good-till-cancel orders outlive it.
    fn disconnected(&mut self, at: u32, events: &mut Vec<Event>) {
        self.directory.sessions[at as usize].connected = false;
        if !self.day.open || !self.directory.cancels_on_disconnect(at) {
            return;
        }
        let mut doomed: Vec<(u64, Slot)> = (0..self.books.len() as u32)
            .flat_map(|instrument| self.orders.own(at, instrument))
            .map(|(instrument, slot)| {
                let resting = self.books[instrument as usize].get(&self.pool, slot);
                (resting.id, slot)
            })
            .collect();
        doomed.sort_unstable_by_key(|(order_ref, _)| *order_ref);
        for (_, slot) in doomed {
            self.take_out(slot, CancelReason::Supervisory, events);
        }
    }

    /// Opens a trading day and tells all that its streams need to stand on their own: instruments, their states, and
    /// the orders that rest from earlier days.
    fn open_day(&mut self, date: u32, events: &mut Vec<Event>) -> Result<(), RefuseReason> {
        let day = self.day.open(date, self.config.incarnation)?;
        self.orders.new_day();
        for session in &mut self.directory.sessions {
            session.last_user_ref = 0;
        }
        events.push(Event::DayOpened(day));
        for nth in 0..self.directory.instrument_order().len() {
            let at = self.directory.instrument_order()[nth];
            self.tell_definition(at, events);
            self.tell_state(at, events);
        }
        for at in self.directory.instrument_order() {
            let definition = self.directory.instruments[*at as usize].definition;
            for side in [Side::Buy, Side::Sell] {
                let orders = self.books[*at as usize].orders(&self.pool, side);
                events.extend(orders.map(|(_, resting)| Event::Rested {
                    order_ref: OrderRef(resting.id),
                    instrument: definition.id,
                    side,
                    price_e4: price_e4(resting.price, definition.tick_size_e4),
                    left: resting.qty,
                }));
            }
        }
        Ok(())
    }

    /// Closes the trading day: DAY orders are cancelled in ascending order of their order references.
    fn close_day(&mut self, events: &mut Vec<Event>) -> Result<(), RefuseReason> {
        let day = self.day.close()?;
        while let Some(slot) = self.orders.first_day() {
            self.take_out(slot, CancelReason::DayClosed, events);
        }
        events.push(Event::DayClosed(day));
        Ok(())
    }

    fn set_state(
        &mut self,
        instrument: Option<InstrumentId>,
        state: TradingState,
        events: &mut Vec<Event>,
    ) -> Result<(), RefuseReason> {
        match instrument {
            Some(id) => {
                let at = self
                    .directory
                    .instrument(id)
                    .ok_or(RefuseReason::UnknownInstrument)?;
                self.set_one(at, state, events);
            }
            None => {
                for nth in 0..self.directory.instrument_order().len() {
                    let at = self.directory.instrument_order()[nth];
                    self.set_one(at, state, events);
                }
            }
        }
        Ok(())
    }

    fn set_one(&mut self, at: u32, state: TradingState, events: &mut Vec<Event>) {
        let instrument = &mut self.directory.instruments[at as usize];
        if instrument.state == state {
            return;
        }
        instrument.state = state;
        if self.day.open {
            self.tell_state(at, events);
        }
    }

    fn tell_definition(&self, at: u32, events: &mut Vec<Event>) {
        let definition = self.directory.instruments[at as usize].definition;
        events.push(Event::InstrumentDefined {
            instrument: definition.id,
            symbol: definition.symbol,
            lot_size: definition.lot_size,
            tick_size_e4: definition.tick_size_e4,
        });
    }

    fn tell_state(&self, at: u32, events: &mut Vec<Event>) {
        let state = &self.directory.instruments[at as usize];
        let instrument = state.definition.id;
        events.push(match state.state {
            TradingState::Halted => Event::Halted { instrument },
            TradingState::Trading => Event::Resumed { instrument },
        });
    }
}
