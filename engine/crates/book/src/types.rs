//! What goes into a book and what comes out of it.

use std::fmt;

/// A price in ticks. Every `i64` is a legal price; spreads and negative prices need no special case.
pub type Price = i64;

/// A quantity in the instrument's smallest unit.
pub type Qty = u32;

/// The side an order is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum Side {
    /// Wants to buy; the highest price is the best.
    Buy = 0,
    /// Wants to sell; the lowest price is the best.
    Sell = 1,
}

impl Side {
    /// The side this one trades against.
    #[inline]
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    #[inline]
    pub(crate) const fn index(self) -> usize {
        self as usize & 1
    }
}

/// Names a resting order in its [`Pool`](crate::Pool), for as long as it rests.
///
/// Slots are small and dense, and the one freed last is used again first, so a caller can keep what the book
/// does not (accounts, references) in an array of its own at [`Slot::index`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Slot(pub(crate) u32);

impl Slot {
    /// The position in a parallel array; at most the largest number of orders that ever rested at once.
    #[inline]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A resting order as it stands, or as it stood when it was removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Resting {
    /// The caller's id of the order.
    pub id: u64,
    /// The side it rests on.
    pub side: Side,
    /// The price it rests at, in ticks.
    pub price: Price,
    /// What is left of it; 0 only where a slot named no order of this book.
    pub qty: Qty,
    /// The number of its book.
    pub book: u32,
}

/// How far an order may go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// Up to and including this price.
    Price(Price),
    /// To any price. What a market order cannot fill is discarded: it never rests.
    Market,
}

/// An order on its way in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Incoming {
    /// The caller's id, unique among the resting orders of the pool; any `u64`.
    pub id: u64,
    /// Buy or sell.
    pub side: Side,
    /// How far it may go.
    pub limit: Limit,
    /// Quantity, above 0.
    pub qty: Qty,
    /// The least that must be filled at once, else nothing happens; 0 for none, `qty` for fill-or-kill.
    pub min_qty: Qty,
    /// Whether a remainder rests. `false` is immediate-or-cancel.
    pub rests: bool,
    /// Whether the order is refused when it would take liquidity.
    pub post_only: bool,
}

impl Incoming {
    /// A plain limit order: fills what it can, rests with what is left.
    #[inline]
    pub const fn limit(id: u64, side: Side, price: Price, qty: Qty) -> Self {
        Self {
            id,
            side,
            limit: Limit::Price(price),
            qty,
            min_qty: 0,
            rests: true,
            post_only: false,
        }
    }

    /// The same order as immediate-or-cancel.
    #[inline]
    pub const fn immediate(mut self) -> Self {
        self.rests = false;
        self
    }
}

/// One match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fill {
    /// The slot of the resting order. If `maker_left` is 0 the slot is free once [`FillSink::fill`] returns.
    pub maker: Slot,
    /// The id of the resting order.
    pub maker_id: u64,
    /// The id of the incoming order.
    pub taker_id: u64,
    /// The maker's price, in ticks.
    pub price: Price,
    /// The quantity that traded, above 0.
    pub qty: Qty,
    /// What is left of the maker after this fill; 0 when it is gone.
    pub maker_left: Qty,
}

/// Receives the fills of an order, in the order they happen.
pub trait FillSink {
    /// Takes one fill.
    fn fill(&mut self, fill: &Fill);
}

impl FillSink for Vec<Fill> {
    #[inline]
    fn fill(&mut self, fill: &Fill) {
        self.push(*fill);
    }
}

impl<F: FnMut(&Fill)> FillSink for F {
    #[inline]
    fn fill(&mut self, fill: &Fill) {
        self(fill);
    }
}

/// What became of an order that was entered or replaced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Outcome {
    /// Filled completely.
    Done {
        /// The quantity filled.
        filled: Qty,
    },
    /// Rests with what is left.
    Rested {
        /// Where it rests.
        slot: Slot,
        /// The quantity filled before it rested.
        filled: Qty,
        /// The quantity that rests, above 0.
        left: Qty,
    },
    /// An immediate or market order whose remainder was discarded.
    Discarded {
        /// The quantity filled.
        filled: Qty,
        /// The quantity discarded, above 0.
        left: Qty,
    },
    /// Post-only and it would have taken liquidity: nothing happened.
    WouldCross,
    /// Less than `min_qty` could be filled at once: nothing happened.
    NotEnough,
}

/// Why an order could not be entered. Nothing has changed where one of these is returned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EnterError {
    /// An order with this id rests in the pool.
    DuplicateId,
    /// The quantity is 0.
    ZeroQty,
    /// The pool holds as many orders as a slot can name.
    PoolFull,
    /// The slot to be replaced names no order of this book.
    NotHere,
    /// A replace may not change the side.
    SideChanged,
}

impl fmt::Display for EnterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DuplicateId => {
                "an order with this id rests already: use an id that no resting order has"
            }
            Self::ZeroQty => "the quantity is 0: an order needs at least 1",
            Self::PoolFull => "no slot is free for another resting order: cancel some first",
            Self::NotHere => "the slot names no order of this book: look it up by its id again",
            Self::SideChanged => "a replace cannot change the side: cancel and enter a new order",
        })
    }
}

impl std::error::Error for EnterError {}

/// One price of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// The price in ticks.
    pub price: Price,
    /// The sum of what is left of the orders at this price.
    pub qty: u64,
}
