//! The live orders as a set to choose from.

use super::random::Random;
use std::collections::{HashMap, VecDeque};

/// How many of the youngest orders are remembered.
const RECENT: usize = 2048;

/// Ids to choose from at random, in constant time.
#[derive(Clone, Default, Debug)]
pub(crate) struct Crowd {
    ids: Vec<u64>,
    /// Where each id stands in `ids`. Never iterated, so its order decides nothing.
    at: HashMap<u64, usize>,
    recent: VecDeque<u64>,
}

impl Crowd {
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    /// Adds an id that is not there; it counts as young.
    pub(crate) fn insert(&mut self, id: u64) {
        if self.at.contains_key(&id) {
            return;
        }
        self.at.insert(id, self.ids.len());
        self.ids.push(id);
        if self.recent.len() == RECENT {
            self.recent.pop_front();
        }
        self.recent.push_back(id);
    }

    /// Removes an id, if it is there.
    pub(crate) fn remove(&mut self, id: u64) {
        let Some(at) = self.at.remove(&id) else {
            return;
        };
        self.ids.swap_remove(at);
        if let Some(moved) = self.ids.get(at) {
            self.at.insert(*moved, at);
        }
    }

    /// Any id.
    pub(crate) fn any(&self, random: &mut Random) -> Option<u64> {
        let nth = random.below(self.ids.len() as u64);
        self.ids.get(nth as usize).copied()
    }

    /// One of the youngest that is still there, or any.
    pub(crate) fn young(&self, random: &mut Random) -> Option<u64> {
        for _ in 0..4 {
            let nth = random.below(self.recent.len() as u64);
            if let Some(id) = self
                .recent
                .get(nth as usize)
                .filter(|id| self.at.contains_key(id))
            {
                return Some(*id);
            }
        }
        self.any(random)
    }
}
