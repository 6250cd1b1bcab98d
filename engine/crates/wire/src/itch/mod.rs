//! ITCH 5.0: market data.
//!
//! Source: "Nasdaq TotalView-ITCH 5.0", the specification's tables §4.1 to §4.9 with its later additions (Operational
//! Halt `h`, Direct Listing with Capital Raise `O`).
//!
//! Integers are big-endian. Every message begins with its type, the stock locate, a tracking number and a timestamp of
//! six bytes. Prices take four bytes in units of 1e-4 (`_e4`); only the decline levels take eight in units of 1e-8
//! (`_e8`).

mod codes;
mod messages;

pub use codes::*;
pub use messages::*;

use crate::field::Alpha;

/// A symbol: eight bytes.
pub type Stock = Alpha<8>;
/// A market participant's identifier: four bytes.
pub type Mpid = Alpha<4>;
