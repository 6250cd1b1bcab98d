//! What is asked for next, whoever carries it out.

use super::crowd::Crowd;
use super::random::{Law, MAX_DISTANCE, Random};
use crate::Side;

/// An instrument's room: prices in ticks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terrain {
    /// Where the walk begins.
    pub(crate) start: i64,
    /// How far it may walk from there.
    pub(crate) walk: i64,
    /// How far passive orders lie from it at most.
    pub(crate) reach: i64,
    /// Quantities are multiples of it.
    pub(crate) lot: u32,
}

/// A live order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Live {
    pub(crate) symbol: u32,
    pub(crate) side: Side,
    pub(crate) price: i64,
    pub(crate) left: u32,
}

/// What deciding needs to see.
pub(crate) trait View {
    fn best(&self, symbol: u32, side: Side) -> Option<i64>;
    fn order(&self, id: u64) -> Option<Live>;
    fn crowd(&self) -> &Crowd;
}

/// What is asked for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Intent {
    Add {
        symbol: u32,
        side: Side,
        price: i64,
        qty: u32,
        ioc: bool,
        crossing: bool,
    },
    Cancel {
        id: u64,
    },
    Move {
        id: u64,
        price: i64,
        crossing: bool,
    },
}

/// Of 1000 commands, how many take; the others than these and the moves add or cancel.
const TAKES: u64 = 80;
/// Of 1000 commands, how many move.
const MOVES: u64 = 45;

#[derive(Clone, Debug)]
pub(crate) struct Mind {
    random: Random,
    symbols: Law,
    distances: Law,
    terrains: Vec<Terrain>,
    /// The walking price of each symbol.
    fair: Vec<i64>,
    target: usize,
}

impl Mind {
    pub(crate) fn new(terrains: Vec<Terrain>, target: usize, seed: u64) -> Self {
        Self {
            random: Random::new(seed),
            symbols: Law::zipf(u32::try_from(terrains.len()).unwrap_or(u32::MAX)),
            distances: Law::distances(),
            fair: terrains.iter().map(|terrain| terrain.start).collect(),
            terrains,
            target: target.max(1),
        }
    }

    pub(crate) fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    /// A passive order of any symbol; nothing walks.
    pub(crate) fn fill(&mut self, view: &impl View) -> Intent {
        let symbol = self.symbol();
        self.passive(symbol, view)
    }

    /// The next command.
    pub(crate) fn next(&mut self, view: &impl View) -> Intent {
        let symbol = self.symbol();
        self.walk(symbol);
        let live = view.crowd().len();
        let dice = self.random.below(1000);
        if dice < TAKES {
            if let Some(take) = self.take(symbol, view) {
                return take;
            }
        } else if dice < TAKES + MOVES {
            if let Some(moved) = self.moved(view) {
                return moved;
            }
        } else {
            // Even at the target; an eighth off it, adds or cancels win three to one.
            let target = self.target as u64;
            let swing = target / 4 + 1;
            let lean =
                (live as u64).clamp(target.saturating_sub(swing), target + swing) + swing - target;
            if self.random.below(2 * swing) < lean {
                let young = self.random.chance(3, 5);
                let crowd = view.crowd();
                let id = if young {
                    crowd.young(&mut self.random)
                } else {
                    crowd.any(&mut self.random)
                };
                if let Some(id) = id {
                    return Intent::Cancel { id };
                }
            }
        }
        self.passive(symbol, view)
    }

    fn symbol(&mut self) -> u32 {
        // Fewer than 2^32 symbols.
        self.symbols.draw(&mut self.random) as u32
    }

    fn terrain(&self, symbol: u32) -> (Terrain, i64) {
        let nowhere = Terrain {
            start: 1,
            walk: 0,
            reach: 1,
            lot: 1,
        };
        let at = symbol as usize;
        let terrain = self.terrains.get(at).copied().unwrap_or(nowhere);
        (terrain, self.fair.get(at).copied().unwrap_or(terrain.start))
    }

    fn walk(&mut self, symbol: u32) {
        if !self.random.chance(1, 20) {
            return;
        }
        let step = self.random.either(1, -1);
        let (terrain, _) = self.terrain(symbol);
        let (low, high) = (terrain.start - terrain.walk, terrain.start + terrain.walk);
        if let Some(fair) = self.fair.get_mut(symbol as usize) {
            *fair = (*fair + step).clamp(low, high);
        }
    }

    fn qty(&mut self, lot: u32) -> u32 {
        let lots = match self.random.below(10) {
            0..4 => 100,
            4..8 => 1 + self.random.below(100),
            _ => 1 + self.random.below(500),
        };
        // At most 500 lots.
        (lots as u32).saturating_mul(lot)
    }

    /// A price at a drawn distance from the walking one that does not cross.
    fn passive_price(&mut self, symbol: u32, side: Side, view: &impl View) -> i64 {
        let (terrain, fair) = self.terrain(symbol);
        let drawn = self.distances.draw(&mut self.random) as i64;
        let distance = 1 + drawn % terrain.reach.clamp(1, MAX_DISTANCE as i64);
        let other = view.best(symbol, side.opposite());
        let price = match side {
            Side::Buy => other.map_or(fair - distance, |ask| (fair - distance).min(ask - 1)),
            Side::Sell => other.map_or(fair + distance, |bid| (fair + distance).max(bid + 1)),
        };
        price.max(1)
    }

    fn passive(&mut self, symbol: u32, view: &impl View) -> Intent {
        let side = self.random.either(Side::Buy, Side::Sell);
        let price = self.passive_price(symbol, side, view);
        let (terrain, _) = self.terrain(symbol);
        Intent::Add {
            symbol,
            side,
            price,
            qty: self.qty(terrain.lot),
            ioc: false,
            crossing: false,
        }
    }

    /// An order that takes, `None` if there is nothing to take.
    fn take(&mut self, symbol: u32, view: &impl View) -> Option<Intent> {
        let (terrain, fair) = self.terrain(symbol);
        let bid = view.best(symbol, Side::Buy);
        let ask = view.best(symbol, Side::Sell);
        let leans = match (bid, ask) {
            (Some(bid), Some(ask)) if bid + ask < 2 * fair => Some(Side::Buy),
            (Some(bid), Some(ask)) if bid + ask > 2 * fair => Some(Side::Sell),
            _ => None,
        };
        let side = match leans {
            Some(side) if self.random.chance(4, 5) => side,
            _ => self.random.either(Side::Buy, Side::Sell),
        };
        let ioc = self.random.chance(3, 4);
        // An order that may rest goes no deeper than one level, or it would rest far through the other side.
        let deeper = self.random.below(if ioc { 8 } else { 2 }) as i64;
        let price = match side {
            Side::Buy => ask? + deeper,
            Side::Sell => (bid? - deeper).max(1),
        };
        Some(Intent::Add {
            symbol,
            side,
            price,
            qty: self.qty(terrain.lot),
            ioc,
            crossing: true,
        })
    }

    /// A move of any order to another price, one in twenty of them to where it crosses.
    fn moved(&mut self, view: &impl View) -> Option<Intent> {
        let id = view.crowd().any(&mut self.random)?;
        let order = view.order(id)?;
        let other = view.best(order.symbol, order.side.opposite());
        let (price, crossing) = match other {
            Some(other) if self.random.chance(1, 20) => (other, true),
            _ => (self.passive_price(order.symbol, order.side, view), false),
        };
        let price = match order.side {
            _ if price != order.price => price,
            // Away from the other side, so that it stays passive.
            Side::Buy if price > 1 => price - 1,
            Side::Buy => return None,
            Side::Sell => price + 1,
        };
        Some(Intent::Move {
            id,
            price,
            crossing,
        })
    }
}
