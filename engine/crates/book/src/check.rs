//! What must always hold of a book, for tests, simulations and checkpoints to ask.

use crate::book::Book;
use crate::pool::{NIL, Pool};
use crate::types::Side;

impl Book {
    /// Walks over everything and compares the parts with each other: queues with their levels, levels with
    /// their bits, the best levels kept with those found, ids with slots, and that the sides do not cross.
    ///
    /// # Errors
    /// What does not hold, in words.
    pub fn check(&self, pool: &Pool) -> Result<(), String> {
        for side in [Side::Buy, Side::Sell] {
            let ladder = &self.sides[side.index()];
            ladder.check()?;
            let mut at = ladder.best();
            let mut before = None;
            while let Some((key, level)) = at {
                if before.is_some_and(|before| before >= key) || ladder.key_of(level) != key {
                    return Err(format!(
                        "{side:?} levels are out of order at {}",
                        ladder.price(key)
                    ));
                }
                before = Some(key);
                let queue = ladder.queue(level);
                let (mut slot, mut last, mut sum) = (queue.head, NIL, 0);
                while slot != NIL {
                    let order = pool
                        .orders
                        .get(slot as usize)
                        .ok_or("a queue leads out of the pool")?;
                    if (order.prev, order.level) != (last, level) {
                        return Err(format!("order {} has a wrong place in its queue", order.id));
                    }
                    if (order.book, order.side) != (self.number, side as u32) || order.qty == 0 {
                        return Err(format!(
                            "order {} rests in a queue that is not its own",
                            order.id
                        ));
                    }
                    if pool.slot(order.id).map(|slot| slot.0) != Some(slot) {
                        return Err(format!("order {} is not found by its id", order.id));
                    }
                    sum += u64::from(order.qty);
                    (last, slot) = (slot, order.next);
                }
                if (queue.tail, queue.qty) != (last, sum) {
                    return Err(format!(
                        "the level at {} has a wrong sum or tail",
                        ladder.price(key)
                    ));
                }
                at = ladder.after(key);
            }
        }
        match (self.best(Side::Buy), self.best(Side::Sell)) {
            (Some((bid, _)), Some((ask, _))) if bid >= ask => {
                Err(format!("crossed: {bid} bid, {ask} offered"))
            }
            _ => Ok(()),
        }
    }
}
