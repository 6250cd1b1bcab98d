//! Bringing what a command will touch into the cache while commands before it are still being applied.
//!
//! One command waits for memory three or four times in a row: the id's bucket, the order it names, the order's
//! level and neighbours. A caller that holds a batch of commands can have those waits overlap: it calls stage 1
//! for a command some places ahead of the one it applies, stage 2 a few places later, then stage 3. Each stage
//! reads only what the one before has brought. Nothing changes by it, and a wrong guess costs a cache line.

use crate::book::Book;
use crate::pool::{NIL, Pool};
use crate::types::{Price, Side};

/// Asks for an element of a slice; nothing happens where there is none.
#[inline]
pub(crate) fn fetch<T>(slice: &[T], at: usize) {
    if let Some(place) = slice.get(at) {
        fetch_ref(place);
    }
}

#[inline]
pub(crate) fn fetch_ref<T>(place: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: a prefetch is a hint that neither faults nor changes anything, and the address is that of a
        // live reference besides.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(place).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = place;
}

impl Pool {
    /// Stage 1 for any command: where the id is, or would be, in the index.
    #[inline]
    pub fn prefetch(&self, id: u64) {
        self.index.prefetch(id);
    }

    /// Stage 2 for a command that names a resting order: the order.
    #[inline]
    pub fn prefetch_order(&self, id: u64) {
        fetch(&self.orders, self.index.guess(id) as usize);
    }
}

impl Book {
    /// Stage 1 for any command: the book itself.
    #[inline]
    pub fn prefetch(&self, side: Side) {
        self.sides[side.index()].prefetch();
    }

    /// Stage 3 for a command that names a resting order: its level and its neighbours in the queue.
    #[inline]
    pub fn prefetch_around(&self, pool: &Pool, id: u64) {
        let slot = pool.index.guess(id);
        if slot != NIL
            && let Some(order) = pool.orders.get(slot as usize)
        {
            self.sides[(order.side & 1) as usize].prefetch_queue(order.level);
            fetch(&pool.orders, order.prev as usize);
            fetch(&pool.orders, order.next as usize);
        }
    }

    /// Stage 2 for a command that may rest at a price: the way to its level.
    #[inline]
    pub fn prefetch_price(&self, side: Side, price: Price) {
        let ladder = &self.sides[side.index()];
        ladder.prefetch_way(ladder.key(price));
    }

    /// Stage 3 for a command that may rest at a price: its level.
    #[inline]
    pub fn prefetch_level(&self, side: Side, price: Price) {
        let ladder = &self.sides[side.index()];
        if let Some(level) = ladder.guess(ladder.key(price)) {
            ladder.prefetch_queue(level);
        }
    }

    /// Stage 4 for a command that may rest at a price: the order at the back of its level.
    #[inline]
    pub fn prefetch_back(&self, pool: &Pool, side: Side, price: Price) {
        let ladder = &self.sides[side.index()];
        if let Some(level) = ladder.guess(ladder.key(price)) {
            fetch(&pool.orders, ladder.queue(level).tail as usize);
        }
    }
}
