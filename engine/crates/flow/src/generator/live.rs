//! Flow for a venue whose answers come back.

use super::crowd::Crowd;
use super::mind::{Intent, Live, Mind, Terrain, View};
use super::random::MAX_DISTANCE;
use crate::Side;
use std::collections::{BTreeMap, HashMap};

/// An instrument that the flow trades.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LiveInstrument {
    /// The price the walk begins at, in ticks.
    pub reference: i64,
    /// How far from it any order may lie, in ticks; the walk takes a third of it, distances another.
    pub room: i64,
    /// Quantities are multiples of it.
    pub lot: u32,
}

/// What to send. Orders have ids of the generator's own, ascending from 1.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum LiveCommand {
    /// A new order.
    Enter {
        /// Its id.
        id: u64,
        /// The instrument's position.
        instrument: usize,
        /// Its side.
        side: Side,
        /// Its limit in ticks.
        price: i64,
        /// Its quantity.
        qty: u32,
        /// Whether what does not match at once is cancelled.
        ioc: bool,
    },
    /// The end of an order.
    Cancel {
        /// Its id.
        id: u64,
    },
    /// A new price for what is left of an order, under the same id here.
    Move {
        /// Its id.
        id: u64,
        /// The new limit in ticks.
        price: i64,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Pending {
    /// An enter waits for its answer.
    New,
    /// Nothing waits.
    None,
    /// A cancel or a move waits for its answer.
    Change,
}

#[derive(Clone, Copy, Debug)]
struct Order {
    live: Live,
    rests: bool,
    pending: Pending,
}

/// The generator, with what it knows of its own orders. It knows no others': a passive order may meet one and match.
///
/// The venue's answers go in through [`Self::accepted`], [`Self::moved`], [`Self::rejected`], [`Self::executed`] and
/// [`Self::canceled`]; answers on orders that are gone are ignored. Deterministic: the same seed and the same answers
/// between the same commands give the same commands.
#[derive(Clone, Debug)]
pub struct LiveFlow {
    mind: Mind,
    book: Own,
    next_id: u64,
}

#[derive(Clone, Debug)]
struct Own {
    /// Never iterated, so its order decides nothing.
    orders: HashMap<u64, Order>,
    /// Orders that may be named: live, with nothing pending.
    crowd: Crowd,
    /// Of each instrument and side, how many live orders at each price.
    levels: Vec<[BTreeMap<i64, u32>; 2]>,
}

impl View for Own {
    fn best(&self, symbol: u32, side: Side) -> Option<i64> {
        let sides = self.levels.get(symbol as usize)?;
        match side {
            Side::Buy => sides[0].last_key_value().map(|(price, _)| *price),
            Side::Sell => sides[1].first_key_value().map(|(price, _)| *price),
        }
    }

    fn order(&self, id: u64) -> Option<Live> {
        self.orders.get(&id).map(|order| order.live)
    }

    fn crowd(&self) -> &Crowd {
        &self.crowd
    }
}

impl Own {
    /// Counts a live order at its price, or no longer.
    fn count(&mut self, live: Live, here: bool) {
        let Some(sides) = self.levels.get_mut(live.symbol as usize) else {
            return;
        };
        let side = match live.side {
            Side::Buy => &mut sides[0],
            Side::Sell => &mut sides[1],
        };
        let orders = side.entry(live.price).or_default();
        *orders = if here {
            *orders + 1
        } else {
            orders.saturating_sub(1)
        };
        if *orders == 0 {
            side.remove(&live.price);
        }
    }

    /// Forgets an order.
    fn drop(&mut self, id: u64) {
        self.crowd.remove(id);
        if let Some(order) = self.orders.remove(&id)
            && order.pending != Pending::New
        {
            self.count(order.live, false);
        }
    }

    /// Takes quantity off an order.
    fn take(&mut self, id: u64, qty: u32) {
        if let Some(order) = self.orders.get_mut(&id) {
            order.live.left = order.live.left.saturating_sub(qty);
            if order.live.left == 0 {
                self.drop(id);
            }
        }
    }
}

impl LiveFlow {
    /// A flow over these instruments, at least one, that keeps about `resting` orders resting.
    pub fn new(instruments: &[LiveInstrument], resting: usize, seed: u64) -> Self {
        let terrains = instruments
            .iter()
            .map(|instrument| {
                let third = (instrument.room / 3).max(1);
                Terrain {
                    start: instrument.reference.max(1),
                    walk: third.min((instrument.reference - 1).max(0)),
                    reach: third.min(MAX_DISTANCE as i64),
                    lot: instrument.lot.max(1),
                }
            })
            .collect();
        Self {
            mind: Mind::new(terrains, resting, seed),
            book: Own {
                orders: HashMap::new(),
                crowd: Crowd::default(),
                levels: vec![<[BTreeMap<i64, u32>; 2]>::default(); instruments.len()],
            },
            next_id: 1,
        }
    }

    /// What to send next.
    pub fn command(&mut self) -> LiveCommand {
        match self.mind.next(&self.book) {
            Intent::Add {
                symbol,
                side,
                price,
                qty,
                ioc,
                ..
            } => {
                let id = self.next_id;
                self.next_id += 1;
                let live = Live {
                    symbol,
                    side,
                    price,
                    left: qty,
                };
                self.book.orders.insert(
                    id,
                    Order {
                        live,
                        rests: !ioc,
                        pending: Pending::New,
                    },
                );
                LiveCommand::Enter {
                    id,
                    instrument: symbol as usize,
                    side,
                    price,
                    qty,
                    ioc,
                }
            }
            Intent::Cancel { id } => {
                self.pend(id);
                LiveCommand::Cancel { id }
            }
            Intent::Move { id, price, .. } => {
                self.pend(id);
                LiveCommand::Move { id, price }
            }
        }
    }

    /// How many orders may be named now.
    pub fn resting(&self) -> usize {
        self.book.crowd.len()
    }

    /// Whether an order is known and not known to be gone.
    pub fn knows(&self, id: u64) -> bool {
        self.book.orders.contains_key(&id)
    }

    /// What is left of an order as far as is known.
    pub fn left(&self, id: u64) -> Option<u32> {
        self.book.orders.get(&id).map(|order| order.live.left)
    }

    fn pend(&mut self, id: u64) {
        self.book.crowd.remove(id);
        if let Some(order) = self.book.orders.get_mut(&id) {
            order.pending = Pending::Change;
        }
    }

    /// The venue accepted a new order; its executions, and the cancel of what an immediate one did not match, follow.
    pub fn accepted(&mut self, id: u64) {
        let Some(order) = self
            .book
            .orders
            .get_mut(&id)
            .filter(|order| order.pending == Pending::New)
        else {
            return;
        };
        order.pending = Pending::None;
        let Order { live, rests, .. } = *order;
        self.book.count(live, true);
        if rests {
            self.book.crowd.insert(id);
        }
    }

    /// The venue moved an order: what is left of it is now at `price`. Executions of it follow.
    pub fn moved(&mut self, id: u64, price: i64, left: u32) {
        let Some(order) = self.book.orders.get_mut(&id) else {
            return;
        };
        let before = order.live;
        order.live.price = price;
        order.live.left = left;
        order.pending = Pending::None;
        let after = order.live;
        self.book.count(before, false);
        self.book.count(after, true);
        self.book.crowd.insert(id);
    }

    /// The venue refused a command: a new order is gone, any other stays as it was unless told otherwise.
    pub fn rejected(&mut self, id: u64) {
        let Some(order) = self.book.orders.get_mut(&id) else {
            return;
        };
        match order.pending {
            Pending::New => self.book.drop(id),
            Pending::Change => {
                order.pending = Pending::None;
                self.book.crowd.insert(id);
            }
            Pending::None => {}
        }
    }

    /// An execution of an order.
    pub fn executed(&mut self, id: u64, qty: u32) {
        self.book.take(id, qty);
    }

    /// The venue cancelled this much of an order, asked for or not.
    pub fn canceled(&mut self, id: u64, qty: u32) {
        self.book.take(id, qty);
    }

    /// All orders are gone, pending ones too.
    pub fn forget_all(&mut self) {
        self.book.orders.clear();
        self.book.crowd = Crowd::default();
        for sides in &mut self.book.levels {
            *sides = Default::default();
        }
    }
}
