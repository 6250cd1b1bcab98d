//! Every resting order of a market.

use crate::index::Index;
use crate::types::{Qty, Side, Slot};

/// No order. Slot 0 is never given out: links to "no order" may be written through it without a branch.
pub(crate) const NIL: u32 = 0;

/// A resting order: half a cache line, never across two.
#[derive(Clone, Copy)]
#[repr(C, align(32))]
pub(crate) struct Order {
    pub(crate) id: u64,
    /// The handle of its level in its book's ladder.
    pub(crate) level: u32,
    /// 0 while the slot is free.
    pub(crate) qty: Qty,
    /// The one before it in the queue of its level, or [`NIL`].
    pub(crate) prev: u32,
    /// The one after it, or [`NIL`]; in a free slot, the next free one.
    pub(crate) next: u32,
    pub(crate) book: u32,
    pub(crate) side: u32,
}

const NOTHING: Order = Order {
    id: 0,
    level: 0,
    qty: 0,
    prev: NIL,
    next: NIL,
    book: 0,
    side: 0,
};

/// The resting orders of all books of a market, and the way from an id to a [`Slot`].
///
/// Orders are records in one array, linked into the queues of their levels by position. Freed slots are used
/// again, last freed first. Ids may be any `u64`s. Up to the capacity it was made with a pool does not
/// allocate; beyond, it grows by doubling.
pub struct Pool {
    pub(crate) orders: Vec<Order>,
    free: u32,
    pub(crate) index: Index,
}

impl Pool {
    /// A pool with room for that many resting orders before it has to grow.
    pub fn with_capacity(orders: usize) -> Self {
        let mut records = Vec::with_capacity(orders.saturating_add(1));
        records.push(NOTHING);
        Self {
            orders: records,
            free: NIL,
            index: Index::with_capacity(orders),
        }
    }

    /// How many orders rest.
    pub fn len(&self) -> usize {
        self.index.len()
    }

    /// Whether no order rests.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Where the order with this id rests.
    #[inline]
    pub fn slot(&self, id: u64) -> Option<Slot> {
        self.index.find(id, &self.orders).map(Slot)
    }

    /// The id of the order at `slot`; `None` where no order rests.
    #[inline]
    pub fn id(&self, slot: Slot) -> Option<u64> {
        self.resting(slot).map(|order| order.id)
    }

    /// What is left of the order at `slot`; 0 where no order rests.
    #[inline]
    pub fn qty(&self, slot: Slot) -> Qty {
        self.resting(slot).map_or(0, |order| order.qty)
    }

    /// The number of the book and the side where the order at `slot` rests; `None` where no order rests.
    #[inline]
    pub fn book(&self, slot: Slot) -> Option<(u32, Side)> {
        self.resting(slot).map(|order| (order.book, side_of(order)))
    }

    #[inline]
    pub(crate) fn resting(&self, slot: Slot) -> Option<&Order> {
        self.orders.get(slot.index()).filter(|order| order.qty > 0)
    }

    /// Whether no slot is left for another order.
    #[inline]
    pub(crate) fn is_full(&self) -> bool {
        self.free == NIL && self.orders.len() > u32::MAX as usize
    }

    /// Gives a slot to an order that is not in the index yet. The pool must not be full.
    #[inline]
    pub(crate) fn take(&mut self, order: Order) -> u32 {
        let slot = self.free;
        if slot == NIL {
            return self.take_new(order);
        }
        let record = &mut self.orders[slot as usize];
        self.free = record.next;
        *record = order;
        self.index.insert(order.id, slot, &self.orders);
        slot
    }

    #[inline(never)]
    fn take_new(&mut self, order: Order) -> u32 {
        let slot = self.orders.len() as u32;
        self.orders.push(order);
        self.index.insert(order.id, slot, &self.orders);
        slot
    }

    /// Takes a slot back and forgets its id. The order must be out of its queue.
    #[inline]
    pub(crate) fn release(&mut self, slot: u32) {
        let record = &mut self.orders[slot as usize];
        let id = record.id;
        record.qty = 0;
        record.next = self.free;
        self.free = slot;
        self.index.remove(id, slot);
    }

    /// Gives the order at `slot` another id, which must not be there.
    pub(crate) fn rename(&mut self, slot: u32, id: u64) {
        let record = &mut self.orders[slot as usize];
        let old = record.id;
        record.id = id;
        self.index.remove(old, slot);
        self.index.insert(id, slot, &self.orders);
    }
}

#[inline]
pub(crate) fn side_of(order: &Order) -> Side {
    if order.side == 0 {
        Side::Buy
    } else {
        Side::Sell
    }
}
