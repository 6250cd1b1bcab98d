//! A market as GLIMPSE messages: the directory and the trading state of every instrument, every resting order in canonical
//! order (instruments ascending; bids, then asks; best level first; first in the queue first), and End of Snapshot with
//! the number at which the feed goes on.
//!
//! Messages are made one at a time from a market that stands still meanwhile, so a million orders need no buffer. The
//! market and the feed's number belong together: both as of the same command, such as a checkpoint's.

use crate::publish::{action_message, directory_message, order_message};
use rialto_market::types::{Symbol, TimeNs};
use rialto_market::{InstrumentState, Market, RestingOrder};
use rialto_wire::Digits;
use rialto_wire::glimpse::EndOfSnapshot;

/// The messages of one snapshot, to be pulled.
pub struct Snapshot<'a> {
    instruments: Box<dyn Iterator<Item = &'a InstrumentState> + Send + 'a>,
    /// The instrument whose directory entry was the last message.
    described: Option<&'a InstrumentState>,
    orders: Box<dyn Iterator<Item = (Symbol, RestingOrder)> + Send + 'a>,
    time_ns: TimeNs,
    feed_next: u64,
    ended: bool,
}

impl<'a> Snapshot<'a> {
    /// The snapshot of `market`, whose next feed message is `feed_next`. Its messages are stamped with the market's last
    /// command.
    pub fn new(market: &'a Market, feed_next: u64) -> Self {
        let orders = market.instruments().flat_map(move |state| {
            let definition = state.definition;
            market
                .orders_of(definition.id)
                .map(move |order| (definition.symbol, order))
        });
        Self {
            instruments: Box::new(market.instruments()),
            described: None,
            orders: Box::new(orders),
            time_ns: market.last_stamp_ns(),
            feed_next,
            ended: false,
        }
    }

    /// Puts the next message into `buffer`, whose content it replaces; `false` when there is none, after End of Snapshot.
    pub fn next_message(&mut self, buffer: &mut Vec<u8>) -> bool {
        buffer.clear();
        if let Some(described) = self.described.take() {
            let (id, symbol) = (described.definition.id, described.definition.symbol);
            action_message(id, symbol, described.state, self.time_ns, buffer);
        } else if let Some(next) = self.instruments.next() {
            self.described = Some(next);
            let definition = next.definition;
            directory_message(
                definition.id,
                definition.symbol,
                definition.lot_size,
                self.time_ns,
                buffer,
            );
        } else if let Some((symbol, order)) = self.orders.next() {
            order_message(&order, symbol, self.time_ns, buffer);
        } else if self.ended {
            return false;
        } else {
            self.ended = true;
            EndOfSnapshot {
                sequence_number: Digits(self.feed_next),
            }
            .encode(buffer);
        }
        true
    }
}

impl Iterator for Snapshot<'_> {
    type Item = Vec<u8>;

    fn next(&mut self) -> Option<Vec<u8>> {
        let mut buffer = Vec::new();
        self.next_message(&mut buffer).then_some(buffer)
    }
}

impl std::fmt::Debug for Snapshot<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Snapshot")
            .field("feed_next", &self.feed_next)
            .field("ended", &self.ended)
            .finish_non_exhaustive()
    }
}
