//! Canonical bytes of a market: equal states, however they were reached, have equal bytes, and only they.
//!
//! They hold what a client or an operator could ever see the effect of: no slots, no capacities, no counts that follow
//! from the rest, no statistics. Little-endian, in this order:
//!
//! | part | fields |
//! | --- | --- |
//! | header | `RLTOMKT` and a zero byte, version u32 (2) |
//! | market | incarnation u8, max_orders u32, last stamp u64, last order reference u64, last match number u64 |
//! | day | 0 (never opened), 1 (closed) or 2 (open) u8; unless 0: date u32, opening u8, incarnation u8 |
//! | instruments | count u32; ascending by number: definition as journaled, trading state u8, last trade price i64 (0 none) |
//! | accounts | count u32; ascending by number: definition as journaled |
//! | sessions | count u32; ascending by number: definition as journaled, next number u64, last user reference u32, order entry u8, connected u8 |
//! | keys | count u32; oldest first: u64 |
//! | orders | for each instrument, buys then sells: count u32; best level first, in the order of the queue: order reference u64, price i64 (ticks), left u32, session u32, user reference u32, executed u32, time in force u8, side indicator u8, of the current day u8, free text number 14 bytes |

use rialto_book::Book;

use crate::codec::{encode_account, encode_instrument, encode_session};
use crate::market::Market;
use crate::types::Side;

/// The first bytes of every checkpoint.
pub(crate) const MAGIC: [u8; 8] = *b"RLTOMKT\0";

/// The version of the layout.
pub(crate) const VERSION: u32 = 2;

/// The bytes of one order.
pub(crate) const ORDER_BYTES: usize = 8 + 8 + 4 + 4 + 4 + 4 + 1 + 1 + 1 + 14;

/// The state hash of the market whose canonical bytes these are: their BLAKE3.
pub fn checkpoint_hash(bytes: &[u8]) -> [u8; 32] {
    *blake3::hash(bytes).as_bytes()
}

impl Market {
    /// The canonical bytes of the state.
    pub fn checkpoint(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(1024 + self.pool.len() * ORDER_BYTES);
        self.encode_head(&mut out);
        for at in self.directory.instrument_order() {
            for side in [Side::Buy, Side::Sell] {
                self.encode_side(&self.books[*at as usize], side, &mut out);
            }
        }
        out
    }

    /// BLAKE3 of the canonical bytes.
    pub fn state_hash(&self) -> [u8; 32] {
        checkpoint_hash(&self.checkpoint())
    }

    fn encode_head(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.push(self.config.incarnation);
        out.extend_from_slice(&self.config.max_orders.to_le_bytes());
        out.extend_from_slice(&self.last_stamp_ns.to_le_bytes());
        out.extend_from_slice(&self.last_order_ref.to_le_bytes());
        out.extend_from_slice(&self.last_match.to_le_bytes());
        match self.day.last {
            None => out.push(0),
            Some(day) => {
                out.push(if self.day.open { 2 } else { 1 });
                out.extend_from_slice(&day.date.to_le_bytes());
                out.extend_from_slice(&[day.opening, day.incarnation]);
            }
        }
        encode_count(self.instruments().len(), out);
        for instrument in self.instruments() {
            encode_instrument(&instrument.definition, out);
            out.push(instrument.state as u8);
            out.extend_from_slice(&instrument.last_trade.to_le_bytes());
        }
        encode_count(self.accounts().len(), out);
        for account in self.accounts() {
            encode_account(&account.definition, out);
        }
        encode_count(self.sessions().len(), out);
        for session in self.sessions() {
            encode_session(&session.definition, out);
            out.extend_from_slice(&session.next_number.to_le_bytes());
            out.extend_from_slice(&session.last_user_ref.to_le_bytes());
            out.extend_from_slice(&[u8::from(session.order_entry), u8::from(session.connected)]);
        }
        encode_count(self.keys.iter().len(), out);
        for key in self.keys.iter() {
            out.extend_from_slice(&key.to_le_bytes());
        }
    }

    fn encode_side(&self, book: &Book, side: Side, out: &mut Vec<u8>) {
        let count_at = out.len();
        let mut count = 0_u32;
        out.extend_from_slice(&count.to_le_bytes());
        for (slot, resting) in book.orders(&self.pool, side) {
            let order = self.orders.get(slot);
            let session = self.directory.sessions[order.session as usize]
                .definition
                .id;
            count += 1;
            out.extend_from_slice(&resting.id.to_le_bytes());
            out.extend_from_slice(&resting.price.to_le_bytes());
            out.extend_from_slice(&resting.qty.to_le_bytes());
            out.extend_from_slice(&session.0.to_le_bytes());
            out.extend_from_slice(&order.user_ref.to_le_bytes());
            out.extend_from_slice(&order.executed.to_le_bytes());
            // Between days no user reference names anything, whichever day it was given in.
            let of_today = self.day.open && self.orders.is_of_today(order);
            out.extend_from_slice(&[
                order.time_in_force as u8,
                order.side_code,
                u8::from(of_today),
            ]);
            out.extend_from_slice(&order.cl_ord_id);
        }
        out[count_at..count_at + 4].copy_from_slice(&count.to_le_bytes());
    }
}

fn encode_count(count: usize, out: &mut Vec<u8>) {
    // Instruments, accounts and sessions are numbered by at most 32 bits, keys are at most 1,024.
    out.extend_from_slice(&(count as u32).to_le_bytes());
}
