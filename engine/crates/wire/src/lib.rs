//! SoupBinTCP 3.00, OUCH 5.0, ITCH 5.0 and GLIMPSE 5.0: bytes to messages and back, zero copy, no I/O.
//!
//! | module | protocol | decode |
//! | --- | --- | --- |
//! | [`soup`] | SoupBinTCP 3.00 | [`soup::ClientDecoder::frame`], [`soup::ServerDecoder::frame`] |
//! | [`ouch::inbound`] | OUCH 5.0, client to venue | [`ouch::inbound::Message::decode`] |
//! | [`ouch::outbound`] | OUCH 5.0, venue to client | [`ouch::outbound::Message::decode`] |
//! | [`itch`] | ITCH 5.0 | [`itch::Message::decode`] |
//! | [`glimpse`] | GLIMPSE 5.0 | [`glimpse::Message::decode`] |
//!
//! Every message is one field table (name, offset, length, type) from which a macro makes a struct of plain values
//! with `encode`, a view over the received bytes with one accessor a field, and a [`Layout`] that tools and tests read.
//! A decoder checks everything before it hands out a view: exact lengths, enumerated values, printable text, the
//! structure and the values of appendages. Whatever is wrong becomes a [`DecodeError`] that names the message, the
//! field, its offset and what was found; no input panics.
//!
//! Prices are integers in units of 1e-4 (`_e4`), quantities are integers, times are nanoseconds since midnight UTC.

mod error;
mod field;
pub mod glimpse;
pub mod itch;
mod message;
pub mod ouch;
pub mod soup;

pub use error::{DecodeError, Fault};
pub use field::{Alpha, DAY_NS, Digits, FieldKind, Reserved, Time48, Wire, since_midnight};
pub use message::{Field, Layout, Tail, Value};
