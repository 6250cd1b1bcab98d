//! What every node of the cluster is configured with, and its clock.

use crate::client::SYMBOLS;
use crate::lock;
use crate::record::{Fault, Record, now_ns};
use rialto_market::Market;
use rialto_market::command::Action;
use rialto_market::types::{
    Account, AccountId, Instrument, InstrumentId, SessionDefinition, SessionId, Symbol, Username,
};
use std::sync::{Arc, Mutex};

/// The user of the market data port.
pub const FEED_USER: &str = "FEED";
/// Accounts: the first keeps its orders, the second has them cancelled when its client is gone.
pub const ACCOUNTS: [AccountId; 2] = [AccountId(1), AccountId(2)];
/// The most order sessions of a run.
pub const SESSIONS: u32 = 16;
/// 2026-11-21 12:00:00 UTC.
const NOON_NS: u64 = 1_795_262_400_000_000_000;
const DATE: u32 = 20_261_121;

/// The user name of an order session.
pub fn user(session: u32) -> String {
    format!("T{session:05}")
}

/// The session of a user name.
pub fn session_of(user: &str) -> Option<SessionId> {
    let number = user.strip_prefix('T')?.parse().ok()?;
    (1..=SESSIONS)
        .contains(&number)
        .then_some(SessionId(number))
}

/// Whether a session's account has its orders cancelled when its client is gone.
pub const fn cancels_on_disconnect(session: u32) -> bool {
    session.is_multiple_of(3)
}

/// What a market lacks of what is configured.
pub fn definitions(market: &Market) -> Vec<Action> {
    let mut actions = Vec::new();
    for (number, text) in (1..).zip(SYMBOLS) {
        let id = InstrumentId(number);
        if let (None, Some(symbol)) = (market.instrument(id), Symbol::new(text)) {
            actions.push(Action::DefineInstrument(Instrument {
                id,
                symbol,
                tick_size_e4: 100,
                lot_size: 1,
                collar_bp: 0,
                reference_price: 0,
            }));
        }
    }
    for id in ACCOUNTS {
        if market.account(id).is_none() {
            actions.push(Action::DefineAccount(Account {
                id,
                max_order_quantity: 100_000,
                max_order_value_e4: u64::MAX,
                max_open_orders: 100_000,
                cancel_on_disconnect: id == ACCOUNTS[1],
            }));
        }
    }
    for number in 1..=SESSIONS {
        let id = SessionId(number);
        if let (None, Some(username)) = (market.session(id), Username::new(&user(number))) {
            actions.push(Action::DefineSession(SessionDefinition {
                id,
                username,
                account: ACCOUNTS[usize::from(cancels_on_disconnect(number))],
            }));
        }
    }
    if market.day().is_none() {
        actions.push(Action::OpenDay { date: DATE });
    }
    actions
}

#[derive(Default)]
struct Offset {
    nanos: i64,
    /// Jumps that no stamp has seen yet.
    forward: bool,
    back: bool,
}

/// A node's wall clock. It outlives the node's processes. Clones are the same clock.
#[derive(Clone, Default)]
pub struct Clock(Arc<Mutex<Offset>>);

impl Clock {
    /// Nanoseconds since the epoch.
    pub fn wall_ns(&self) -> u64 {
        (NOON_NS + now_ns()).saturating_add_signed(lock(&self.0).nanos)
    }

    /// Sets the clock ahead or back.
    pub fn jump(&self, nanos: i64) {
        let mut offset = lock(&self.0);
        offset.nanos += nanos;
        offset.forward |= nanos > 0;
        offset.back |= nanos < 0;
    }

    /// Something was stamped, after a stamp of `last_ns`: jumps that showed in it are counted.
    pub fn stamped(&self, record: &Record, last_ns: u64) {
        let wall_ns = self.wall_ns();
        let mut offset = lock(&self.0);
        if std::mem::take(&mut offset.forward) {
            record.fault(Fault::ClockForward);
        }
        if offset.back && wall_ns < last_ns {
            offset.back = false;
            record.fault(Fault::ClockBack);
        }
    }
}
