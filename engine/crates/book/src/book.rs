//! The book: entering, taking out and changing orders.

use crate::ladder::Ladder;
use crate::pool::{NIL, Order, Pool, side_of};
use crate::types::{
    EnterError, Fill, FillSink, Incoming, Limit, Outcome, Price, Qty, Resting, Side, Slot,
};

/// Levels that a side has room for if nothing else is said.
const FIRST_LEVELS: usize = 16;

/// The orders of one instrument, matched by price, then by time.
///
/// Every call takes the [`Pool`] that holds the orders. A book belongs to one pool for life, and the numbers of
/// the books in a pool differ. A slot that names no order of this book changes nothing and is answered with a
/// [`Resting`] of quantity 0 (or [`EnterError::NotHere`]).
pub struct Book {
    pub(crate) number: u32,
    /// By [`Side::index`].
    pub(crate) sides: [Ladder; 2],
}

impl Book {
    /// An empty book. The number tells the books of a pool apart and comes back in [`Resting::book`].
    pub fn new(number: u32) -> Self {
        Self::with_room(number, FIRST_LEVELS)
    }

    /// An empty book with room for that many levels on each side, wherever their prices lie (16 times as many
    /// where they lie side by side), before it has to grow. 256 bytes a level are set aside, and not touched
    /// before they are needed.
    pub fn with_room(number: u32, levels: usize) -> Self {
        Self {
            number,
            sides: [Ladder::new(true, levels), Ladder::new(false, levels)],
        }
    }

    /// The number it was made with.
    pub fn number(&self) -> u32 {
        self.number
    }

    /// Matches an order against the other side, best price first and first come first served within a price;
    /// what is left rests if the order says so.
    ///
    /// # Errors
    /// [`EnterError::ZeroQty`], [`EnterError::DuplicateId`] (also for an order that would not rest),
    /// [`EnterError::PoolFull`]; then nothing has happened.
    #[inline]
    pub fn enter(
        &mut self,
        pool: &mut Pool,
        order: &Incoming,
        sink: &mut impl FillSink,
    ) -> Result<Outcome, EnterError> {
        if order.qty == 0 {
            return Err(EnterError::ZeroQty);
        }
        if pool.slot(order.id).is_some() {
            return Err(EnterError::DuplicateId);
        }
        if order.rests && pool.is_full() {
            return Err(EnterError::PoolFull);
        }
        if let Some(refusal) = self.refusal(order) {
            return Ok(refusal);
        }
        let left = self.take(pool, order, sink);
        let filled = order.qty - left;
        if left == 0 {
            return Ok(Outcome::Done { filled });
        }
        match order.limit {
            Limit::Price(price) if order.rests => {
                let own = &mut self.sides[order.side.index()];
                let level = own.occupy(own.key(price));
                let slot = pool.take(Order {
                    id: order.id,
                    level,
                    qty: left,
                    prev: NIL,
                    next: NIL,
                    book: self.number,
                    side: order.side as u32,
                });
                append(own, pool, level, slot, left);
                Ok(Outcome::Rested {
                    slot: Slot(slot),
                    filled,
                    left,
                })
            }
            _ => Ok(Outcome::Discarded { filled, left }),
        }
    }

    /// Takes an order out; returns it as it was.
    #[inline]
    pub fn cancel(&mut self, pool: &mut Pool, slot: Slot) -> Resting {
        let order = match self.own(pool, slot) {
            Some(order) => *order,
            None => return self.nothing(),
        };
        let ladder = &mut self.sides[(order.side & 1) as usize];
        let price = ladder.price(ladder.key_of(order.level));
        unlink(ladder, pool, &order);
        pool.release(slot.0);
        Resting {
            id: order.id,
            side: side_of(&order),
            price,
            qty: order.qty,
            book: order.book,
        }
    }

    /// Lowers what is left of an order, which keeps its place in the queue; returns it as it is after. A `left`
    /// that is 0 or not below the quantity changes nothing.
    #[inline]
    pub fn reduce(&mut self, pool: &mut Pool, slot: Slot, left: Qty) -> Resting {
        if let Some(order) = self.own(pool, slot).copied()
            && left > 0
            && left < order.qty
        {
            pool.orders[slot.index()].qty = left;
            let ladder = &mut self.sides[(order.side & 1) as usize];
            ladder.queue_mut(order.level).qty -= u64::from(order.qty - left);
        }
        self.get(pool, slot)
    }

    /// Puts `new` in the place of a resting order. A replace keeps its place in the queue only if the price is
    /// unchanged and the quantity does not grow (and the id may change); any other replace goes to the back of
    /// its new level and may match.
    ///
    /// `new.qty` is what shall be left, not a total with what was filled before. An order that rests afterwards
    /// has the slot it had before. An order that no longer rests (immediate, market) gives up its place before
    /// it matches.
    ///
    /// # Errors
    /// [`EnterError::NotHere`], [`EnterError::ZeroQty`], [`EnterError::SideChanged`],
    /// [`EnterError::DuplicateId`] if another resting order has the new id. Then, and where the outcome is
    /// [`Outcome::WouldCross`] or [`Outcome::NotEnough`], the old order stays as it was.
    #[inline]
    pub fn replace(
        &mut self,
        pool: &mut Pool,
        slot: Slot,
        new: &Incoming,
        sink: &mut impl FillSink,
    ) -> Result<Outcome, EnterError> {
        let old = *self.own(pool, slot).ok_or(EnterError::NotHere)?;
        if new.qty == 0 {
            return Err(EnterError::ZeroQty);
        }
        if new.side != side_of(&old) {
            return Err(EnterError::SideChanged);
        }
        if new.id != old.id && pool.slot(new.id).is_some() {
            return Err(EnterError::DuplicateId);
        }
        if let Some(refusal) = self.refusal(new) {
            return Ok(refusal);
        }
        let side = new.side.index();
        let price = match new.limit {
            Limit::Price(price) if new.rests => Some(price),
            _ => None,
        };
        if let Some(price) = price
            && new.qty <= old.qty
            && self.sides[side].key(price) == self.sides[side].key_of(old.level)
        {
            self.sides[side].queue_mut(old.level).qty -= u64::from(old.qty - new.qty);
            pool.orders[slot.index()].qty = new.qty;
            if new.id != old.id {
                pool.rename(slot.0, new.id);
            }
            return Ok(Outcome::Rested {
                slot,
                filled: 0,
                left: new.qty,
            });
        }
        unlink(&mut self.sides[side], pool, &old);
        let left = self.take(pool, new, sink);
        let filled = new.qty - left;
        match price {
            Some(price) if left > 0 => {
                let own = &mut self.sides[side];
                let level = own.occupy(own.key(price));
                if new.id != old.id {
                    pool.rename(slot.0, new.id);
                }
                append(own, pool, level, slot.0, left);
                Ok(Outcome::Rested { slot, filled, left })
            }
            _ => {
                pool.release(slot.0);
                Ok(if left == 0 {
                    Outcome::Done { filled }
                } else {
                    Outcome::Discarded { filled, left }
                })
            }
        }
    }

    /// The best price of a side and the quantity there.
    #[inline]
    pub fn best(&self, side: Side) -> Option<(Price, u64)> {
        let ladder = &self.sides[side.index()];
        ladder
            .best()
            .map(|(key, level)| (ladder.price(key), ladder.queue(level).qty))
    }

    /// Whether an order of this side with this limit would trade at once.
    #[inline]
    pub fn crosses(&self, side: Side, limit: Limit) -> bool {
        let other = &self.sides[side.opposite().index()];
        other.best_within(limit_key(other, limit)).is_some()
    }

    /// How much an order of this side with this limit would find, counted up to `up_to` and no further.
    pub fn available(&self, side: Side, limit: Limit, up_to: u64) -> u64 {
        let other = &self.sides[side.opposite().index()];
        let limit = limit_key(other, limit);
        let mut found: u64 = 0;
        let mut at = other.best_within(limit);
        while let Some((key, level)) = at
            && found < up_to
        {
            found = found.saturating_add(other.queue(level).qty);
            at = other.after(key).filter(|&(key, _)| key <= limit);
        }
        found.min(up_to)
    }

    /// The order at `slot`, its price resolved through this book's ladder.
    #[inline]
    pub fn get(&self, pool: &Pool, slot: Slot) -> Resting {
        match self.own(pool, slot) {
            Some(order) => self.resting(order),
            None => self.nothing(),
        }
    }

    /// Whether an order is the head of the queue of its level.
    #[inline]
    pub fn is_head(&self, pool: &Pool, slot: Slot) -> bool {
        self.own(pool, slot).is_some_and(|order| order.prev == NIL)
    }

    pub(crate) fn resting(&self, order: &Order) -> Resting {
        let ladder = &self.sides[(order.side & 1) as usize];
        let price = ladder.price(ladder.key_of(order.level));
        Resting {
            id: order.id,
            side: side_of(order),
            price,
            qty: order.qty,
            book: order.book,
        }
    }

    #[inline]
    fn own<'pool>(&self, pool: &'pool Pool, slot: Slot) -> Option<&'pool Order> {
        pool.resting(slot).filter(|order| order.book == self.number)
    }

    #[cold]
    fn nothing(&self) -> Resting {
        Resting {
            id: 0,
            side: Side::Buy,
            price: 0,
            qty: 0,
            book: self.number,
        }
    }

    /// Why an order does nothing at all, if so.
    #[inline]
    fn refusal(&self, order: &Incoming) -> Option<Outcome> {
        if order.post_only && self.crosses(order.side, order.limit) {
            return Some(Outcome::WouldCross);
        }
        if order.min_qty > 0 {
            let wanted = u64::from(order.min_qty);
            let found = self.available(order.side, order.limit, u64::from(order.qty).max(wanted));
            if found < wanted || order.min_qty > order.qty {
                return Some(Outcome::NotEnough);
            }
        }
        None
    }

    /// Matches an order against the other side; returns what is left of it.
    #[inline]
    fn take(&mut self, pool: &mut Pool, order: &Incoming, sink: &mut impl FillSink) -> Qty {
        let other = &mut self.sides[order.side.opposite().index()];
        let limit = limit_key(other, order.limit);
        let mut left = order.qty;
        while left > 0
            && let Some((key, level)) = other.best_within(limit)
        {
            let price = other.price(key);
            let queue = other.queue_mut(level);
            let mut head = queue.head;
            let before = left;
            while left > 0 && head != NIL {
                let maker = &mut pool.orders[head as usize];
                let qty = left.min(maker.qty);
                left -= qty;
                let maker_left = maker.qty - qty;
                let next = maker.next;
                maker.qty = maker_left;
                let fill = Fill {
                    maker: Slot(head),
                    maker_id: maker.id,
                    taker_id: order.id,
                    price,
                    qty,
                    maker_left,
                };
                sink.fill(&fill);
                if maker_left == 0 {
                    pool.release(head);
                    head = next;
                }
            }
            queue.qty -= u64::from(before - left);
            queue.head = head;
            if head == NIL {
                queue.tail = NIL;
                other.vacate(level);
            } else {
                pool.orders[head as usize].prev = NIL;
            }
        }
        left
    }
}

#[inline]
fn limit_key(ladder: &Ladder, limit: Limit) -> u64 {
    match limit {
        Limit::Price(price) => ladder.key(price),
        Limit::Market => u64::MAX,
    }
}

/// Puts an order at the back of a level's queue.
#[inline]
fn append(ladder: &mut Ladder, pool: &mut Pool, level: u32, slot: u32, qty: Qty) {
    let queue = ladder.queue_mut(level);
    let last = queue.tail;
    queue.tail = slot;
    queue.head = if last == NIL { slot } else { queue.head };
    queue.qty += u64::from(qty);
    // Where the queue was empty this writes to the slot nobody has, which is cheaper than to ask.
    pool.orders[last as usize].next = slot;
    let order = &mut pool.orders[slot as usize];
    order.prev = last;
    order.next = NIL;
    order.level = level;
    order.qty = qty;
}

/// Takes an order out of its level's queue, and the level out of use if it was the only one there.
#[inline]
fn unlink(ladder: &mut Ladder, pool: &mut Pool, order: &Order) {
    // At the ends of the queue these write to the slot nobody has.
    pool.orders[order.prev as usize].next = order.next;
    pool.orders[order.next as usize].prev = order.prev;
    let queue = ladder.queue_mut(order.level);
    queue.head = if order.prev == NIL {
        order.next
    } else {
        queue.head
    };
    queue.tail = if order.next == NIL {
        order.prev
    } else {
        queue.tail
    };
    queue.qty -= u64::from(order.qty);
    if queue.head == NIL {
        ladder.vacate(order.level);
    }
}
