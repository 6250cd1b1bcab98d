//! A market as its market data shows it: price levels with their queues, trading states, last trades.
//!
//! Nothing here reads a clock or a socket: ITCH and GLIMPSE messages come in, values come out.
//!
//! - [`books`]: the books of some instruments or of all, and what each message changed.
//! - [`tape`]: the last trades of an instrument, with dates.
//! - [`view`]: both, of a whole market.

pub mod books;
pub mod tape;
pub mod view;

pub use books::{Books, Change, Execution, Level};
pub use rialto_wire::itch::{Side, TradingState};
pub use tape::{Tape, Trade};
pub use view::{View, ViewError};
