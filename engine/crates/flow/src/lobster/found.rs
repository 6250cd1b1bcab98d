//! How many of one run of best prices are found in order in another.

use super::files::Level;

/// How far ahead of the last one found a state is looked for, in distinct states of the reference.
pub(super) const LOOK_AHEAD: usize = 40;

/// Best bid and ask with their quantities; `None` where a side is empty.
pub(super) type State = (Option<Level>, Option<Level>);

/// Looks states up in a reference, greedily.
#[derive(Clone, Debug)]
pub(super) struct Finder {
    reference: Vec<State>,
    /// Where to look on: behind the last one found.
    at: usize,
    last: Option<State>,
    states: u64,
    found: u64,
}

impl Finder {
    pub(super) fn new(reference: impl Iterator<Item = State>) -> Self {
        let mut reference: Vec<_> = reference.collect();
        reference.dedup();
        Self {
            reference,
            at: 0,
            last: None,
            states: 0,
            found: 0,
        }
    }

    /// The state after one more row; it counts only if it differs from the one before.
    pub(super) fn state(&mut self, state: State) {
        if self.last.replace(state) == Some(state) {
            return;
        }
        self.states += 1;
        let ahead = self.reference.iter().skip(self.at).take(LOOK_AHEAD);
        if let Some(steps) = ahead.clone().position(|row| *row == state) {
            self.found += 1;
            self.at += steps + 1;
        }
    }

    /// How many distinct states there were, and how many of them were found.
    pub(super) fn counts(&self) -> (u64, u64) {
        (self.states, self.found)
    }
}
