//! Order flow that can be repeated: recorded days, a seeded generator, and the hashes that say whether an engine did the
//! same with it.
//!
//! Nothing here reads a file, a clock or a socket: bytes come in, values come out.
//!
//! - [`workload`]: files of commands of 32 bytes; [`hash`]: what an engine must produce of them.
//! - [`generator`]: seeded flow, either as a workload with its answers or live, with a venue's answers coming back.
//! - [`lobster`]: recorded days in LOBSTER's format, how they are replayed into a venue, and how near it comes.
//! - [`plain`]: an obvious price-time book, the oracle of the others.

pub mod generator;
pub mod hash;
pub mod lobster;
pub mod plain;
pub mod workload;

/// Buy or sell.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Side {
    /// Buy: a bid.
    Buy,
    /// Sell: an ask.
    Sell,
}

impl Side {
    /// The other one.
    pub const fn opposite(self) -> Self {
        match self {
            Self::Buy => Self::Sell,
            Self::Sell => Self::Buy,
        }
    }

    /// Whether an order of this side may trade at `price` when its limit is `limit`.
    pub const fn accepts(self, limit: i64, price: i64) -> bool {
        match self {
            Self::Buy => price <= limit,
            Self::Sell => price >= limit,
        }
    }
}
