//! One instrument's price-time book.
//!
//! A [`Book`] matches the orders of one instrument by price, then by time of arrival. The orders that rest
//! live in a [`Pool`] that all books of a market share; a [`Slot`] names a resting order in it. There is no
//! I/O, no clock and no randomness here, and in steady state nothing is allocated.
//!
//! ```
//! use rialto_book::{Book, Fill, Incoming, Limit, Outcome, Pool, Side};
//!
//! let mut pool = Pool::with_capacity(1_000);
//! let mut book = Book::new(0);
//! let mut fills: Vec<Fill> = Vec::new();
//! let sell = Incoming::limit(1, Side::Sell, 101, 300);
//! let slot = match book.enter(&mut pool, &sell, &mut fills)? {
//!     Outcome::Rested { slot, .. } => slot,
//!     other => panic!("nothing to match: {other:?}"),
//! };
//! let buy = Incoming::limit(2, Side::Buy, 101, 100);
//! assert_eq!(book.enter(&mut pool, &buy, &mut fills)?, Outcome::Done { filled: 100 });
//! assert_eq!((fills[0].maker, fills[0].price, fills[0].maker_left), (slot, 101, 200));
//! assert_eq!(book.best(Side::Sell), Some((101, 200)));
//! # Ok::<(), rialto_book::EnterError>(())
//! ```
//!
//! Reading a resting order: [`Book::get`] gives all of it, its price resolved through the book's ladder.
//! [`Pool::slot`], [`Pool::id`], [`Pool::qty`] and [`Pool::book`] need the pool alone.
//!
//! How it is laid out and why is told in `PERFORMANCE.md` beside this crate.

mod book;
mod check;
mod index;
mod ladder;
mod pool;
mod prefetch;
mod tree;
mod types;
mod view;

pub use book::Book;
pub use pool::Pool;
pub use types::{
    EnterError, Fill, FillSink, Incoming, Level, Limit, Outcome, Price, Qty, Resting, Side, Slot,
};
pub use view::{Levels, Orders};
