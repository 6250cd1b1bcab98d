//! A market: instruments, accounts, order sessions and the trading day over the book. It knows no clock and no socket.
//!
//! [`Market::apply`] carries out one journaled [`command::Command`] and says what happened as [`event::Event`]s. It never
//! fails and never panics: every refusal is an event. Its state is decided by the commands and their stamps alone, so
//! every replica that applied the same journal has the same state hash.

mod bytes;
mod checkpoint;
mod client;
pub mod codec;
pub mod command;
mod day;
mod directory;
pub mod event;
mod keys;
mod limits;
mod market;
mod matching;
mod operator;
mod orders;
mod restore;
mod statistics;
mod table;
pub mod types;

pub use checkpoint::checkpoint_hash;
pub use directory::{AccountState, InstrumentState, SessionState};
pub use keys::REMEMBERED_KEYS;
pub use market::{Config, MAX_ORDERS_BOUND, Market, OrderDetail, RestingOrder};
pub use restore::RestoreError;
pub use statistics::Statistics;
