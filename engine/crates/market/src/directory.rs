//! What a market knows by name: instruments, accounts and order sessions, each with what it counts.

use crate::event::RefuseReason;
use crate::table::Table;
use crate::types::{
    Account, AccountId, Instrument, InstrumentId, MAX_PRICE_E4, Price, QUANTITY_BOUND,
    SessionDefinition, SessionId, Symbol, TradingState, UserRef, Username,
};

/// An instrument with its trading state.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct InstrumentState {
    /// Its definition.
    pub definition: Instrument,
    /// Whether it trades.
    pub state: TradingState,
    /// The price of its last trade in ticks; 0 before the first one. It outlives trading days.
    pub last_trade: Price,
}

impl InstrumentState {
    /// What the collar is measured from, in ticks: the last trade's price, else the defined reference; 0 is none.
    pub fn reference(&self) -> Price {
        if self.last_trade > 0 {
            self.last_trade
        } else {
            self.definition.reference_price
        }
    }
}

/// An account with its count of resting orders.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct AccountState {
    /// Its definition.
    pub definition: Account,
    /// How many of its orders rest.
    pub open_orders: u32,
}

/// A session with its numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionState {
    /// Its definition.
    pub definition: SessionDefinition,
    /// The number its next client message must have.
    pub next_number: u64,
    /// The last user reference number used in the current trading day; 0 before the first.
    pub last_user_ref: UserRef,
    /// Whether new orders are accepted from it.
    pub order_entry: bool,
    /// How many of its orders rest.
    pub open_orders: u32,
    /// Whether its client is logged in, as far as the journal says; always `false` if its account does not cancel on
    /// disconnect.
    pub connected: bool,
    /// Position of its account.
    pub(crate) account: u32,
}

/// Everything known by name. Positions are the order of definition; what is shown to others is ordered by number.
#[derive(Debug)]
pub(crate) struct Directory {
    pub(crate) instruments: Vec<InstrumentState>,
    pub(crate) accounts: Vec<AccountState>,
    pub(crate) sessions: Vec<SessionState>,
    /// Positions, ascending by number.
    instrument_order: Vec<u32>,
    account_order: Vec<u32>,
    session_order: Vec<u32>,
    by_instrument: Table,
    by_symbol: Table,
    by_account: Table,
    by_session: Table,
    by_username: Table,
}

/// What a definition did.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Defined {
    /// It is new.
    New,
    /// It was there and something changed.
    Changed,
    /// It was there just so.
    Same,
}

impl Directory {
    pub(crate) fn new() -> Self {
        Self {
            instruments: Vec::new(),
            accounts: Vec::new(),
            sessions: Vec::new(),
            instrument_order: Vec::new(),
            account_order: Vec::new(),
            session_order: Vec::new(),
            by_instrument: Table::with_capacity(0),
            by_symbol: Table::with_capacity(0),
            by_account: Table::with_capacity(0),
            by_session: Table::with_capacity(0),
            by_username: Table::with_capacity(0),
        }
    }

    #[inline]
    pub(crate) fn instrument(&self, id: InstrumentId) -> Option<u32> {
        self.by_instrument.get(u64::from(id.0))
    }

    #[inline]
    pub(crate) fn symbol(&self, symbol: Symbol) -> Option<u32> {
        self.by_symbol.get(symbol_key(symbol))
    }

    #[inline]
    pub(crate) fn account(&self, id: AccountId) -> Option<u32> {
        self.by_account.get(u64::from(id.0))
    }

    #[inline]
    pub(crate) fn session(&self, id: SessionId) -> Option<u32> {
        self.by_session.get(u64::from(id.0))
    }

    pub(crate) fn username(&self, username: Username) -> Option<u32> {
        self.by_username.get(username_key(username))
    }

    /// Positions of the instruments, ascending by number.
    pub(crate) fn instrument_order(&self) -> &[u32] {
        &self.instrument_order
    }

    /// Positions of the accounts, ascending by number.
    pub(crate) fn account_order(&self) -> &[u32] {
        &self.account_order
    }

    /// Positions of the sessions, ascending by number.
    pub(crate) fn session_order(&self) -> &[u32] {
        &self.session_order
    }

    /// Adds or changes an instrument; `resting` says whether orders rest in the one of that number.
    pub(crate) fn define_instrument(
        &mut self,
        new: Instrument,
        resting: impl Fn(u32) -> bool,
    ) -> Result<Defined, RefuseReason> {
        if !valid_instrument(&new) {
            return Err(RefuseReason::InvalidDefinition);
        }
        let at = self.instrument(new.id);
        let holder = self.symbol(new.symbol);
        if holder.is_some() && holder != at {
            return Err(RefuseReason::InvalidDefinition);
        }
        let Some(at) = at else {
            let at = self.instruments.len() as u32;
            self.instruments.push(InstrumentState {
                definition: new,
                state: TradingState::Trading,
                last_trade: 0,
            });
            self.by_instrument.insert(u64::from(new.id.0), at);
            self.by_symbol.insert(symbol_key(new.symbol), at);
            let instruments = &self.instruments;
            let place = self
                .instrument_order
                .partition_point(|p| instruments[*p as usize].definition.id < new.id);
            self.instrument_order.insert(place, at);
            return Ok(Defined::New);
        };
        let old = self.instruments[at as usize].definition;
        if old == new {
            return Ok(Defined::Same);
        }
        let renamed = old.symbol != new.symbol;
        let scaled = old.tick_size_e4 != new.tick_size_e4;
        if (renamed || scaled) && resting(at) {
            return Err(RefuseReason::OrdersResting);
        }
        if renamed {
            self.by_symbol.remove(symbol_key(old.symbol));
            self.by_symbol.insert(symbol_key(new.symbol), at);
        }
        let state = &mut self.instruments[at as usize];
        if scaled {
            // A price in the old ticks means nothing in the new ones.
            state.last_trade = 0;
        }
        state.definition = new;
        Ok(Defined::Changed)
    }

    /// Adds an account or changes its limits.
    pub(crate) fn define_account(&mut self, new: Account) -> Defined {
        if let Some(at) = self.account(new.id) {
            let old = &mut self.accounts[at as usize].definition;
            let same = *old == new;
            *old = new;
            if !new.cancel_on_disconnect {
                for session in &mut self.sessions {
                    session.connected &= session.account != at;
                }
            }
            return if same {
                Defined::Same
            } else {
                Defined::Changed
            };
        }
        let at = self.accounts.len() as u32;
        self.accounts.push(AccountState {
            definition: new,
            open_orders: 0,
        });
        self.by_account.insert(u64::from(new.id.0), at);
        let accounts = &self.accounts;
        let place = self
            .account_order
            .partition_point(|p| accounts[*p as usize].definition.id < new.id);
        self.account_order.insert(place, at);
        Defined::New
    }

    /// Adds or changes a session.
    pub(crate) fn define_session(
        &mut self,
        new: SessionDefinition,
    ) -> Result<Defined, RefuseReason> {
        if !valid_name(&new.username.0) {
            return Err(RefuseReason::InvalidDefinition);
        }
        let account = self
            .account(new.account)
            .ok_or(RefuseReason::UnknownAccount)?;
        let at = self.session(new.id);
        let holder = self.username(new.username);
        if holder.is_some() && holder != at {
            return Err(RefuseReason::InvalidDefinition);
        }
        let Some(at) = at else {
            let at = self.sessions.len() as u32;
            self.sessions.push(SessionState {
                definition: new,
                next_number: 1,
                last_user_ref: 0,
                order_entry: true,
                open_orders: 0,
                connected: false,
                account,
            });
            self.by_session.insert(u64::from(new.id.0), at);
            self.by_username.insert(username_key(new.username), at);
            let sessions = &self.sessions;
            let place = self
                .session_order
                .partition_point(|p| sessions[*p as usize].definition.id < new.id);
            self.session_order.insert(place, at);
            return Ok(Defined::New);
        };
        let state = &mut self.sessions[at as usize];
        let old = state.definition;
        if old == new {
            return Ok(Defined::Same);
        }
        if old.account != new.account && state.open_orders > 0 {
            return Err(RefuseReason::OrdersResting);
        }
        state.definition = new;
        state.account = account;
        state.connected &= self.accounts[account as usize]
            .definition
            .cancel_on_disconnect;
        if old.username != new.username {
            self.by_username.remove(username_key(old.username));
            self.by_username.insert(username_key(new.username), at);
        }
        Ok(Defined::Changed)
    }

    /// Whether a session's account cancels on disconnect.
    pub(crate) fn cancels_on_disconnect(&self, session: u32) -> bool {
        let account = self.sessions[session as usize].account;
        self.accounts[account as usize]
            .definition
            .cancel_on_disconnect
    }

    /// One more order of a session rests.
    #[inline]
    pub(crate) fn opened(&mut self, session: u32) {
        let session = &mut self.sessions[session as usize];
        session.open_orders += 1;
        self.accounts[session.account as usize].open_orders += 1;
    }

    /// One order less of a session rests.
    #[inline]
    pub(crate) fn closed(&mut self, session: u32) {
        let session = &mut self.sessions[session as usize];
        session.open_orders -= 1;
        self.accounts[session.account as usize].open_orders -= 1;
    }
}

fn symbol_key(symbol: Symbol) -> u64 {
    u64::from_be_bytes(symbol.0)
}

fn username_key(username: Username) -> u64 {
    let [a, b, c, d, e, f] = username.0;
    u64::from_be_bytes([0, 0, a, b, c, d, e, f])
}

/// Whether a blank-padded name has at least one character, printable ASCII, and blanks only at its end.
fn valid_name(bytes: &[u8]) -> bool {
    let end = bytes.iter().position(|b| *b == b' ').unwrap_or(bytes.len());
    end > 0
        && bytes[..end].iter().all(u8::is_ascii_graphic)
        && bytes[end..].iter().all(|b| *b == b' ')
}

/// Whether a definition's values make sense together.
pub(crate) fn valid_instrument(new: &Instrument) -> bool {
    new.id.0 > 0
        && valid_name(&new.symbol.0)
        && new.tick_size_e4 > 0
        && new.lot_size > 0
        && u64::from(new.lot_size) < QUANTITY_BOUND
        && (0..=max_price(new.tick_size_e4)).contains(&new.reference_price)
}

/// The largest price in ticks that fits the wire's four bytes.
pub(crate) fn max_price(tick_size_e4: u32) -> Price {
    (MAX_PRICE_E4 / u64::from(tick_size_e4.max(1))) as Price
}
