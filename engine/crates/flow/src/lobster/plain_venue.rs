//! The plain book as a venue.

use super::files::Level;
use super::replay::{Key, Maker, Snapshot, Venue};
use crate::Side;
use crate::plain::{Fill, PlainBook};
use std::collections::VecDeque;
use std::convert::Infallible;

/// The plain book as a venue: the reconstruction that others are compared with.
#[derive(Clone, Default, Debug)]
pub struct PlainVenue {
    book: PlainBook,
    fills: Vec<Fill>,
    marked: VecDeque<Snapshot>,
}

impl PlainVenue {
    /// With an empty book.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its book.
    pub const fn book(&self) -> &PlainBook {
        &self.book
    }
}

/// The id of incoming orders that do not rest.
const TAKER: Key = 0;

impl Venue for PlainVenue {
    type Error = Infallible;

    fn enter(&mut self, key: Key, side: Side, price_e4: i64, qty: u32) -> Result<(), Infallible> {
        self.fills.clear();
        self.book
            .enter(key, side, price_e4, qty, true, &mut self.fills);
        Ok(())
    }

    fn reduce(&mut self, key: Key, by: u32) -> Result<(), Infallible> {
        self.book.reduce(key, by);
        Ok(())
    }

    fn cancel(&mut self, key: Key) -> Result<(), Infallible> {
        self.book.remove(key);
        Ok(())
    }

    fn is_head(&mut self, key: Key) -> Result<bool, Infallible> {
        let head = |side| self.book.head(side).is_some_and(|(head, _)| head == key);
        Ok(head(Side::Buy) || head(Side::Sell))
    }

    fn take(&mut self, side: Side, price_e4: i64, qty: u32) -> Result<Vec<Maker>, Infallible> {
        self.fills.clear();
        self.book
            .enter(TAKER, side, price_e4, qty, false, &mut self.fills);
        let maker = |fill: &Fill| Maker {
            key: Some(fill.maker_id),
            qty: fill.qty,
        };
        Ok(self.fills.iter().map(maker).collect())
    }

    fn mark(&mut self, depth: usize) -> Result<(), Infallible> {
        let side = |side| {
            let levels = self.book.levels(side).take(depth);
            levels
                .map(|(price_e4, qty)| Level { price_e4, qty })
                .collect()
        };
        self.marked.push_back(Snapshot {
            bids: side(Side::Buy),
            asks: side(Side::Sell),
        });
        Ok(())
    }

    fn snapshots(&mut self, _: bool, out: &mut VecDeque<Snapshot>) -> Result<(), Infallible> {
        out.append(&mut self.marked);
        Ok(())
    }
}
