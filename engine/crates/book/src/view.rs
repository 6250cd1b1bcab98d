//! Walks over a book.

use crate::book::Book;
use crate::ladder::Ladder;
use crate::pool::{NIL, Pool};
use crate::types::{Level, Resting, Side, Slot};

/// The levels of a side, best first. Made by [`Book::levels`].
pub struct Levels<'book> {
    ladder: &'book Ladder,
    /// Key and handle of the next level.
    next: Option<(u64, u32)>,
}

impl Iterator for Levels<'_> {
    type Item = Level;

    fn next(&mut self) -> Option<Level> {
        let (key, level) = self.next?;
        self.next = self.ladder.after(key);
        Some(Level {
            price: self.ladder.price(key),
            qty: self.ladder.queue(level).qty,
        })
    }
}

/// The orders of a side, best level first, each level in the order of its queue. Made by [`Book::orders`].
pub struct Orders<'book> {
    book: &'book Book,
    pool: &'book Pool,
    ladder: &'book Ladder,
    /// Key and handle of the next level.
    level: Option<(u64, u32)>,
    /// The next order of the level before that.
    slot: u32,
}

impl Iterator for Orders<'_> {
    type Item = (Slot, Resting);

    fn next(&mut self) -> Option<Self::Item> {
        if self.slot == NIL {
            let (key, level) = self.level?;
            self.slot = self.ladder.queue(level).head;
            self.level = self.ladder.after(key);
        }
        let slot = self.slot;
        let order = self.pool.orders.get(slot as usize)?;
        self.slot = order.next;
        Some((Slot(slot), self.book.resting(order)))
    }
}

impl Book {
    /// The levels of a side, best first.
    pub fn levels(&self, side: Side) -> Levels<'_> {
        let ladder = &self.sides[side.index()];
        Levels {
            ladder,
            next: ladder.best(),
        }
    }

    /// The orders of a side, best level first, each level in the order of its queue.
    pub fn orders<'book>(&'book self, pool: &'book Pool, side: Side) -> Orders<'book> {
        let ladder = &self.sides[side.index()];
        Orders {
            book: self,
            pool,
            ladder,
            level: ladder.best(),
            slot: NIL,
        }
    }
}
