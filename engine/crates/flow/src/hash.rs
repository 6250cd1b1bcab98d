//! What an engine must produce, in 64 bits: the hash of its fills and the hash of its books.
//!
//! Both mix 64-bit words into one: `h = (h xor x) * 1099511628211 mod 2^64`, then `h = h xor (h >> 29)`, from
//! `h = 1469598103934665603`. They are printed as 16 hexadecimal digits.

use std::fmt;

/// The mix of both hashes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Mix(u64);

impl Mix {
    const START: Self = Self(1_469_598_103_934_665_603);

    #[inline]
    fn word(&mut self, word: u64) {
        self.0 = (self.0 ^ word).wrapping_mul(1_099_511_628_211);
        self.0 ^= self.0 >> 29;
    }
}

/// The hash of fills, in match order: of each its maker's id, its taker's id, its price in ticks and its quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct TradeHash {
    mix: Mix,
    fills: u64,
    volume: u64,
}

impl TradeHash {
    /// Of no fills.
    pub const fn new() -> Self {
        Self {
            mix: Mix::START,
            fills: 0,
            volume: 0,
        }
    }

    /// The next fill.
    #[inline]
    pub fn fill(&mut self, maker_id: u64, taker_id: u64, price: i64, qty: u32) {
        self.mix.word(maker_id);
        self.mix.word(taker_id);
        self.mix.word(price.cast_unsigned());
        self.mix.word(u64::from(qty));
        self.fills += 1;
        self.volume += u64::from(qty);
    }

    /// How many fills.
    pub const fn fills(&self) -> u64 {
        self.fills
    }

    /// The sum of their quantities.
    pub const fn volume(&self) -> u64 {
        self.volume
    }

    /// The hash.
    pub const fn value(&self) -> u64 {
        self.mix.0
    }
}

impl Default for TradeHash {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for TradeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.mix.0)
    }
}

/// The hash of books: of each level its price in ticks and its quantity. Symbols ascending; of each first the bids by
/// ascending price, then the asks by ascending price.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct BookHash {
    mix: Mix,
    levels: u64,
}

impl BookHash {
    /// Of no levels.
    pub const fn new() -> Self {
        Self {
            mix: Mix::START,
            levels: 0,
        }
    }

    /// The next level.
    #[inline]
    pub fn level(&mut self, price: i64, qty: u64) {
        self.mix.word(price.cast_unsigned());
        self.mix.word(qty);
        self.levels += 1;
    }

    /// One symbol's levels as books give them, best first on both sides.
    pub fn book(
        &mut self,
        bids: impl IntoIterator<Item = (i64, u64)>,
        asks: impl IntoIterator<Item = (i64, u64)>,
    ) {
        let mut bids: Vec<_> = bids.into_iter().collect();
        bids.reverse();
        for (price, qty) in bids.into_iter().chain(asks) {
            self.level(price, qty);
        }
    }

    /// How many levels.
    pub const fn levels(&self) -> u64 {
        self.levels
    }

    /// The hash.
    pub const fn value(&self) -> u64 {
        self.mix.0
    }
}

impl Default for BookHash {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Display for BookHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.mix.0)
    }
}

/// The book hash of one symbol after the other, each as its bids and its asks, best first.
pub fn book_hash<B, A>(symbols: impl IntoIterator<Item = (B, A)>) -> BookHash
where
    B: IntoIterator<Item = (i64, u64)>,
    A: IntoIterator<Item = (i64, u64)>,
{
    let mut hash = BookHash::new();
    for (bids, asks) in symbols {
        hash.book(bids, asks);
    }
    hash
}
