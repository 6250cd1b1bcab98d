//! OUCH 5.0: order entry.
//!
//! Source: "OUCH 5.0 Order Entry Specification", Nasdaq. Field tables and sections §2.x, §3.x and the appendices follow
//! the edition of April 2023 where it has the message, and revision 1.05 of October 2025 for what came later: Mass
//! Cancel, Disable and Enable Order Entry with their responses, the tags 26 to 30, and an optional appendage behind the
//! short messages. Messages of both editions have the same fields at the same offsets. Sections are numbered as in
//! revision 1.05.
//!
//! Integers are big-endian; prices are in units of 1e-4; timestamps are nanoseconds since midnight (here: UTC).

pub(crate) mod appendage;
mod codes;
pub mod inbound;
pub mod outbound;
mod reject;

use crate::field::Alpha;

pub use appendage::{Appendage, Appendages, Options, OptionsIter, Tag};
pub use codes::*;
pub use reject::RejectReason;

/// A symbol: eight bytes.
pub type Symbol = Alpha<8>;
/// The client's own text for an order, echoed: fourteen bytes.
pub type ClOrdId = Alpha<14>;
/// A firm's identifier: four bytes; blank for the account's own.
pub type Firm = Alpha<4>;

/// The price that marks a market order: 214,748.3647 (§1.2, "Data Types").
pub const MARKET_PRICE_E4: u64 = 0x7FFF_FFFF;

/// The quantity of an order is below this (§2.1, "Quantity").
pub const QUANTITY_BOUND: u32 = 1_000_000;

/// `encode` of messages that carry appendages.
macro_rules! encode_tailed {
    ($($name:ident)*) => {$(
        impl $name {
            /// Appends the message's bytes, without appendages.
            pub fn encode(&self, out: &mut Vec<u8>) {
                self.encode_with(out, &$crate::ouch::Options::NONE);
            }

            /// Appends the message's bytes and the appendages. They must be tags of the message's table: others make
            /// a message that a decoder refuses.
            pub fn encode_with(&self, out: &mut Vec<u8>, options: &$crate::ouch::Options) {
                self.write_fields(out);
                $crate::ouch::appendage::write_options(out, options, &Self::LAYOUT);
            }

            /// Appends the message's bytes and appendages as they were received.
            pub fn encode_raw(&self, out: &mut Vec<u8>, appendages: $crate::ouch::Appendages<'_>) {
                self.write_fields(out);
                $crate::ouch::appendage::write_raw(out, appendages, &Self::LAYOUT);
            }
        }
    )*};
}
pub(crate) use encode_tailed;
