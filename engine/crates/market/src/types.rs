//! Identifiers and plain values that commands, events and state share.

use std::fmt;

pub use rialto_book::{Price, Qty, Side};

/// Nanoseconds since the epoch, UTC. Always stamped by the leader, never read from a clock in here.
pub type TimeNs = u64;

/// Units of 1e-4 of the currency: the price of OUCH 5.0 and ITCH 5.0.
pub type PriceE4 = u64;

/// OUCH's marker of a market order, "Price" of Enter Order (OUCH 5.0 §2.1): 214,748.3647.
pub const MARKET_PRICE_E4: PriceE4 = 0x7FFF_FFFF;

/// The largest price that fits ITCH's four bytes (ITCH 5.0, "Price (4)").
pub const MAX_PRICE_E4: PriceE4 = 0xFFFF_FFFF;

/// Quantities stay below this (OUCH 5.0, "Quantity": greater than zero, less than 1,000,000).
pub const QUANTITY_BOUND: u64 = 1_000_000;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
        pub struct $name(pub $inner);

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// An instrument of this market, from 1: ITCH's stock locate.
    InstrumentId(u16)
);
id!(
    /// An account: whose limits an order counts against.
    AccountId(u32)
);
id!(
    /// An order session: one login name with one numbered stream of reports a trading day.
    SessionId(u32)
);
id!(
    /// The order reference number: assigned by the market, ascending from 1, never used twice.
    OrderRef(u64)
);
id!(
    /// The match number of one execution, ascending from 1, never used twice.
    MatchNumber(u64)
);

/// The client's own number of an order: OUCH 5.0 `UserRefNum`, strictly increasing within a session's trading day.
pub type UserRef = u32;

/// An instrument's symbol: eight bytes, left-justified, blank padded (ITCH 5.0, "Stock").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(pub [u8; 8]);

impl Symbol {
    /// All blanks: in a mass cancel, every symbol.
    pub const ALL: Self = Self([b' '; 8]);

    /// The symbol without its padding, with anything that is not printable ASCII shown as `?`.
    pub fn text(&self) -> String {
        text(&self.0)
    }

    /// The blank-padded symbol of up to eight printable ASCII characters, or `None`.
    pub fn new(text: &str) -> Option<Self> {
        padded(text).map(Self)
    }
}

impl fmt::Debug for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Symbol({:?})", self.text())
    }
}

/// An order session's login name: six bytes, left-justified, blank padded (SoupBinTCP 3.00, "Username").
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Username(pub [u8; 6]);

impl Username {
    /// The name without its padding.
    pub fn text(&self) -> String {
        text(&self.0)
    }

    /// The blank-padded name of one to six printable ASCII characters, or `None`.
    pub fn new(text: &str) -> Option<Self> {
        padded(text).map(Self)
    }
}

impl fmt::Debug for Username {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Username({:?})", self.text())
    }
}

fn text(bytes: &[u8]) -> String {
    let end = bytes.iter().rposition(|b| *b != b' ').map_or(0, |i| i + 1);
    bytes[..end]
        .iter()
        .map(|b| {
            if b.is_ascii_graphic() || *b == b' ' {
                char::from(*b)
            } else {
                '?'
            }
        })
        .collect()
}

fn padded<const N: usize>(text: &str) -> Option<[u8; N]> {
    let bytes = text.as_bytes();
    if bytes.is_empty() || bytes.len() > N || !bytes.iter().all(u8::is_ascii_graphic) {
        return None;
    }
    let mut out = [b' '; N];
    out[..bytes.len()].copy_from_slice(bytes);
    Some(out)
}

/// How long an order may rest.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum TimeInForce {
    /// Until the trading day closes.
    Day = 0,
    /// Until cancelled; it outlives trading days.
    GoodTillCancel = 1,
    /// What does not match at once is cancelled.
    ImmediateOrCancel = 2,
    /// All of it at once, or nothing.
    FillOrKill = 3,
}

/// Whether an instrument trades.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash, Default)]
#[repr(u8)]
pub enum TradingState {
    /// No new order is accepted; cancels and reductions are.
    Halted = 0,
    /// Orders match.
    #[default]
    Trading = 1,
}

/// What a market knows of an instrument; upserted by [`crate::command::Action::DefineInstrument`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instrument {
    /// Its number in this market, from 1.
    pub id: InstrumentId,
    /// Its symbol.
    pub symbol: Symbol,
    /// The size of one tick, in units of 1e-4; greater than zero.
    pub tick_size_e4: u32,
    /// Quantities are multiples of this; greater than zero.
    pub lot_size: u32,
    /// Limit prices may be at most this many basis points away from the reference price; 0 means no collar.
    pub collar_bp: u32,
    /// The reference price until the first trade, in ticks; 0 means none (no collar until the first trade).
    pub reference_price: Price,
}

/// What an account may do; upserted by [`crate::command::Action::DefineAccount`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Account {
    /// Its number in this market.
    pub id: AccountId,
    /// The largest quantity of one order.
    pub max_order_quantity: u32,
    /// The largest value of one order: price in 1e-4 times quantity.
    pub max_order_value_e4: u64,
    /// The most orders resting at once.
    pub max_open_orders: u32,
    /// Whether the orders of a session of this account are cancelled when its client is gone
    /// ([`crate::command::Action::Disconnected`]).
    pub cancel_on_disconnect: bool,
}

/// A login; upserted by [`crate::command::Action::DefineSession`].
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct SessionDefinition {
    /// Its number in this market.
    pub id: SessionId,
    /// Its login name.
    pub username: Username,
    /// The account its orders count against.
    pub account: AccountId,
}

/// One opening of a trading day. A date may be opened more than once; each opening has stream names of its own.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct TradingDay {
    /// The date as yyyymmdd.
    pub date: u32,
    /// Which opening of that date, from 1.
    pub opening: u8,
    /// The market's lineage, from 1; a promotion founds a new one.
    pub incarnation: u8,
}

impl TradingDay {
    /// The SoupBinTCP session name of all streams of this trading day: `yymmddIIOO`, ten characters
    /// (incarnation and opening modulo 100).
    pub fn session_name(&self) -> [u8; 10] {
        let mut out = [b'0'; 10];
        let digits = format!(
            "{:06}{:02}{:02}",
            self.date % 1_000_000,
            self.incarnation % 100,
            self.opening % 100
        );
        for (to, from) in out.iter_mut().zip(digits.bytes()) {
            *to = from;
        }
        out
    }
}
