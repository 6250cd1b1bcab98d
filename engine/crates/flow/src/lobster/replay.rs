//! Replaying a recorded day into a venue.
//!
//! The book is seeded from the first row with the first event undone: one synthetic order a level, first in its queue. An
//! event on an order never added belongs to its level's synthetic order. An execution is sent as an immediate-or-cancel
//! order of the other side when its order stands at the head of the best level; otherwise it counts as a miss, and the
//! order is reduced instead.
//!
//! With a reference of one row for each event, rows are compared with it, and levels that come into its view are put right
//! after their row was compared: what rests there and was never shown arriving is seeded at the back of its level, and
//! what went while it was out of view is taken out. With any other reference only best prices are compared, in order.

use super::files::{BookFile, BookRow, Kind, Level, Message};
use super::score::{DEPTHS, Score, Scorer};
use crate::Side;
use std::collections::{BTreeMap, HashMap, VecDeque};

/// An order's name here: the recording's number, or for synthetic orders a number from 2^63.
pub type Key = u64;

/// The first synthetic order's name.
const SYNTHETIC: Key = 1 << 63;

/// A resting order that an incoming one met.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Maker {
    /// Its name; `None` if it is not one of the replay's.
    pub key: Option<Key>,
    /// How much of it was executed.
    pub qty: u32,
}

/// The best levels of a venue's book at one moment.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Snapshot {
    /// The bids, best first.
    pub bids: Vec<Level>,
    /// The asks, best first.
    pub asks: Vec<Level>,
}

/// One instrument of a venue. Commands are carried out in the order they are given, but may be carried out later:
/// only [`Self::is_head`] and [`Self::take`] wait for what was given before. Prices are in units of 1e-4.
pub trait Venue {
    /// Why the venue can't go on.
    type Error;

    /// A new order that rests; it may match first.
    ///
    /// # Errors
    /// The venue can't go on.
    fn enter(&mut self, key: Key, side: Side, price_e4: i64, qty: u32) -> Result<(), Self::Error>;

    /// Takes `by` off an order, which keeps its place; nothing if it is gone, all if there is less left.
    ///
    /// # Errors
    /// The venue can't go on.
    fn reduce(&mut self, key: Key, by: u32) -> Result<(), Self::Error>;

    /// Ends an order; nothing if it is gone.
    ///
    /// # Errors
    /// The venue can't go on.
    fn cancel(&mut self, key: Key) -> Result<(), Self::Error>;

    /// Whether an order is the first of the best level of its side.
    ///
    /// # Errors
    /// The venue can't go on.
    fn is_head(&mut self, key: Key) -> Result<bool, Self::Error>;

    /// An immediate-or-cancel order, and whom it met, in match order.
    ///
    /// # Errors
    /// The venue can't go on.
    fn take(&mut self, side: Side, price_e4: i64, qty: u32) -> Result<Vec<Maker>, Self::Error>;

    /// Notes the best `depth` levels of both sides as they are after everything given before.
    ///
    /// # Errors
    /// The venue can't go on.
    fn mark(&mut self, depth: usize) -> Result<(), Self::Error>;

    /// Appends the marked levels that are known by now, in order and each once; all of them with `wait`.
    ///
    /// # Errors
    /// The venue can't go on.
    fn snapshots(&mut self, wait: bool, out: &mut VecDeque<Snapshot>) -> Result<(), Self::Error>;
}

/// Why a replay ended early.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum ReplayError<E> {
    /// The venue can't go on.
    #[error("event {row}: {error}")]
    Venue {
        /// The event's position, from 0.
        row: usize,
        /// Why.
        error: E,
    },
    /// There is nothing to seed the book from.
    #[error("the seed has no rows; give a book file of the same day and instrument")]
    NoSeed,
}

/// Replays `messages` into a venue whose book is empty, seeded from `seed`'s first row, and scores it against `reference`.
/// `before` is told of each event before it is replayed: for pace and progress.
///
/// # Errors
/// See [`ReplayError`].
pub fn replay<V: Venue>(
    messages: &[Message],
    seed: &BookFile,
    reference: &BookFile,
    venue: &mut V,
    mut before: impl FnMut(usize, &Message),
) -> Result<Score, ReplayError<V::Error>> {
    let by_row = reference.rows.len() == messages.len();
    let first = seed.rows.first().ok_or(ReplayError::NoSeed)?;
    let mut scorer = Scorer::new(
        &reference.rows,
        if by_row {
            reference.depth.min(DEPTHS)
        } else {
            0
        },
    );
    let mut driver = Driver {
        venue,
        added: BTreeMap::new(),
        synthetic: HashMap::new(),
        next_synthetic: SYNTHETIC,
    };
    let mut snapshots = VecDeque::new();
    let at = |row| move |error| ReplayError::Venue { row, error };
    if let Some(message) = messages.first() {
        driver.seed_first(first, message).map_err(at(0))?;
    }
    for (row, message) in messages.iter().enumerate() {
        before(row, message);
        if let Some(at_head) = driver.event(message).map_err(at(row))? {
            scorer.execution(at_head);
        }
        if by_row {
            driver.venue.mark(usize::MAX).map_err(at(row))?;
            driver
                .venue
                .snapshots(true, &mut snapshots)
                .map_err(at(row))?;
            let Some(recorded) = reference.rows.get(row) else {
                continue;
            };
            for snapshot in snapshots.drain(..) {
                scorer.row(&snapshot, Some(recorded));
                if let Some(before) = row
                    .checked_sub(1)
                    .and_then(|before| reference.rows.get(before))
                {
                    driver
                        .seed_later(before, recorded, reference.depth, &snapshot)
                        .map_err(at(row))?;
                }
            }
        } else {
            driver.venue.mark(1).map_err(at(row))?;
            driver
                .venue
                .snapshots(false, &mut snapshots)
                .map_err(at(row))?;
            for snapshot in snapshots.drain(..) {
                scorer.row(&snapshot, None);
            }
        }
    }
    driver
        .venue
        .snapshots(true, &mut snapshots)
        .map_err(at(messages.len()))?;
    for snapshot in snapshots.drain(..) {
        scorer.row(&snapshot, None);
    }
    Ok(scorer.end())
}

/// A synthetic order and what should be left of it.
#[derive(Clone, Copy, Debug)]
struct Synthetic {
    key: Key,
    left: u32,
}

/// An order of the recording, and what should be left of it.
#[derive(Clone, Copy, Debug)]
struct Added {
    side: Side,
    price_e4: i64,
    left: u32,
}

struct Driver<'a, V> {
    venue: &'a mut V,
    /// The recording's orders that were added, gone or not.
    added: BTreeMap<Key, Added>,
    /// The synthetic orders of a level, first in the queue first.
    synthetic: HashMap<(Side, i64), VecDeque<Synthetic>>,
    next_synthetic: Key,
}

impl<V: Venue> Driver<'_, V> {
    fn seed(&mut self, side: Side, price_e4: i64, qty: u64) -> Result<(), V::Error> {
        let mut left = qty;
        while left > 0 {
            // One order, unless its quantity is more than an order can have.
            let part = u32::try_from(left).unwrap_or(u32::MAX).min(MAX_SEED);
            let key = self.next_synthetic;
            self.next_synthetic += 1;
            self.venue.enter(key, side, price_e4, part)?;
            let level = self.synthetic.entry((side, price_e4)).or_default();
            level.push_back(Synthetic { key, left: part });
            left -= u64::from(part);
        }
        Ok(())
    }

    /// Seeds a row with its event undone.
    fn seed_first(&mut self, row: &BookRow, event: &Message) -> Result<(), V::Error> {
        let size = u64::from(event.size);
        for side in [Side::Buy, Side::Sell] {
            let mut undone = false;
            for level in row.side(side) {
                let here = side == event.side && level.price_e4 == event.price_e4;
                undone |= here;
                let qty = match event.kind {
                    Kind::Add if here => level.qty.saturating_sub(size),
                    Kind::Reduce | Kind::Delete | Kind::Execute if here => level.qty + size,
                    _ => level.qty,
                };
                self.seed(side, level.price_e4, qty)?;
            }
            let took_off = matches!(event.kind, Kind::Reduce | Kind::Delete | Kind::Execute);
            if side == event.side && took_off && !undone {
                self.seed(side, event.price_e4, size)?;
            }
        }
        Ok(())
    }

    /// Puts the levels right that came into view.
    fn seed_later(
        &mut self,
        before: &BookRow,
        now: &BookRow,
        depth: usize,
        venue: &Snapshot,
    ) -> Result<(), V::Error> {
        for side in [Side::Buy, Side::Sell] {
            let ours = match side {
                Side::Buy => &venue.bids,
                Side::Sell => &venue.asks,
            };
            let (before, now) = (before.side(side), now.side(side));
            // Whether a price is at most as good as the last one of a full row, or beyond what any row shows.
            let hidden = |row: &[Level], price_e4: i64| {
                let last = row.last().filter(|_| row.len() >= depth);
                last.is_some_and(|last| {
                    last.price_e4 != price_e4 && side.accepts(last.price_e4, price_e4)
                })
            };
            let came = |price_e4: i64| hidden(before, price_e4) && !hidden(now, price_e4);
            let qty = |levels: &[Level], price_e4: i64| {
                let level = levels.iter().find(|level| level.price_e4 == price_e4);
                level.map_or(0, |level| level.qty)
            };
            for level in now.iter().filter(|level| came(level.price_e4)) {
                let here = qty(ours, level.price_e4);
                self.seed(side, level.price_e4, level.qty.saturating_sub(here))?;
            }
            for level in ours.iter().filter(|level| came(level.price_e4)) {
                let recorded = qty(now, level.price_e4);
                self.take_out(side, level.price_e4, level.qty.saturating_sub(recorded))?;
            }
        }
        Ok(())
    }

    /// Takes quantity off a level's orders: of synthetic ones first, then of the recording's from the oldest.
    fn take_out(&mut self, side: Side, price_e4: i64, qty: u64) -> Result<(), V::Error> {
        let qty = u32::try_from(qty).unwrap_or(u32::MAX);
        let mut left = self.reduce_level(side, price_e4, qty)?;
        let here =
            |order: &&mut Added| order.side == side && order.price_e4 == price_e4 && order.left > 0;
        for (key, order) in self.added.iter_mut().filter(|(_, order)| here(order)) {
            if left == 0 {
                break;
            }
            let by = left.min(order.left);
            self.venue.reduce(*key, by)?;
            order.left -= by;
            left -= by;
        }
        Ok(())
    }

    /// Replays an event. Of an execution it says whether it was carried out on its order, at the head.
    fn event(&mut self, event: &Message) -> Result<Option<bool>, V::Error> {
        let known = self.added.contains_key(&event.order_id);
        match event.kind {
            Kind::Add => {
                let order = Added {
                    side: event.side,
                    price_e4: event.price_e4,
                    left: event.size,
                };
                self.added.insert(event.order_id, order);
                self.venue
                    .enter(event.order_id, event.side, event.price_e4, event.size)?;
            }
            Kind::Reduce if known => self.reduce_added(event)?,
            Kind::Delete if known => {
                self.venue.cancel(event.order_id)?;
                self.took(event, event.order_id, u32::MAX);
            }
            Kind::Reduce | Kind::Delete => {
                self.reduce_level(event.side, event.price_e4, event.size)?;
            }
            Kind::Execute => return self.execute(event, known).map(Some),
            Kind::Hidden | Kind::Cross | Kind::Halt => {}
        }
        Ok(None)
    }

    fn execute(&mut self, event: &Message, known: bool) -> Result<bool, V::Error> {
        let key = if known {
            Some(event.order_id)
        } else {
            self.first_synthetic(event)
        };
        if let Some(key) = key
            && self.venue.is_head(key)?
        {
            let makers = self
                .venue
                .take(event.side.opposite(), event.price_e4, event.size)?;
            for maker in &makers {
                if let Some(key) = maker.key {
                    self.took(event, key, maker.qty);
                }
            }
            return Ok(makers.first().is_some_and(|maker| maker.key == Some(key)));
        }
        if known {
            self.reduce_added(event)?;
        } else {
            self.reduce_level(event.side, event.price_e4, event.size)?;
        }
        Ok(false)
    }

    fn first_synthetic(&self, event: &Message) -> Option<Key> {
        let level = self.synthetic.get(&(event.side, event.price_e4))?;
        level.front().map(|order| order.key)
    }

    fn reduce_added(&mut self, event: &Message) -> Result<(), V::Error> {
        self.venue.reduce(event.order_id, event.size)?;
        self.took(event, event.order_id, event.size);
        Ok(())
    }

    /// Takes quantity off a level's synthetic orders; returns what they had not.
    fn reduce_level(&mut self, side: Side, price_e4: i64, qty: u32) -> Result<u32, V::Error> {
        let mut qty = qty;
        let Some(level) = self.synthetic.get_mut(&(side, price_e4)) else {
            return Ok(qty);
        };
        while qty > 0
            && let Some(order) = level.front_mut()
        {
            let by = qty.min(order.left);
            self.venue.reduce(order.key, by)?;
            order.left -= by;
            qty -= by;
            if order.left == 0 {
                level.pop_front();
            }
        }
        Ok(qty)
    }

    /// Counts what was taken off an order at an event.
    fn took(&mut self, event: &Message, key: Key, qty: u32) {
        if let Some(order) = self.added.get_mut(&key) {
            order.left = order.left.saturating_sub(qty);
        } else if let Some(level) = self.synthetic.get_mut(&(event.side, event.price_e4))
            && let Some(order) = level.iter_mut().find(|order| order.key == key)
        {
            order.left = order.left.saturating_sub(qty);
            level.retain(|order| order.left > 0);
        }
    }
}

/// The largest synthetic order: what OUCH's quantities allow.
const MAX_SEED: u32 = 999_999;
