//! How near a venue's book came to the recorded one.

use super::files::{BookRow, Level};
use super::found::{Finder, State};
use super::replay::Snapshot;
use crate::Side;

/// Rows are compared on the best 1, 2, ... up to this many levels.
pub const DEPTHS: usize = 10;

/// The figures of a replay.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Score {
    /// Events replayed: one row each.
    pub rows: u64,
    /// At `[d]`: on how many rows the best d + 1 levels of both sides have the recorded prices and quantities. As many
    /// entries as the reference has levels, at most [`DEPTHS`]; none if it has no row for each event.
    pub rows_equal: Vec<u64>,
    /// How many distinct best-price states the venue went through: best bid and ask with their quantities, each counted
    /// when it differs from the one after the event before.
    pub states: u64,
    /// How many of them were found in order in the reference.
    pub states_found: u64,
    /// Executions of visible orders.
    pub executions: u64,
    /// How many of them the venue carried out on the recorded order, at the head of the best level.
    pub at_head: u64,
}

pub(super) struct Scorer {
    score: Score,
    finder: Finder,
}

impl Scorer {
    pub(super) fn new(reference: &[BookRow], depths: usize) -> Self {
        Self {
            score: Score {
                rows_equal: vec![0; depths.min(DEPTHS)],
                ..Score::default()
            },
            finder: Finder::new(reference.iter().map(|row| best(&row.bids, &row.asks))),
        }
    }

    /// The venue's book after the next event, and the recorded one if there is one.
    pub(super) fn row(&mut self, snapshot: &Snapshot, recorded: Option<&BookRow>) {
        self.score.rows += 1;
        self.finder.state(best(&snapshot.bids, &snapshot.asks));
        if let Some(recorded) = recorded {
            let equal = equal_levels(&snapshot.bids, recorded.side(Side::Buy))
                .min(equal_levels(&snapshot.asks, recorded.side(Side::Sell)));
            for rows in self.score.rows_equal.iter_mut().take(equal) {
                *rows += 1;
            }
        }
    }

    pub(super) fn execution(&mut self, at_head: bool) {
        self.score.executions += 1;
        self.score.at_head += u64::from(at_head);
    }

    pub(super) fn end(mut self) -> Score {
        (self.score.states, self.score.states_found) = self.finder.counts();
        self.score
    }
}

fn best(bids: &[Level], asks: &[Level]) -> State {
    (bids.first().copied(), asks.first().copied())
}

/// How many of the best levels are equal; a level that neither has is equal too.
fn equal_levels(ours: &[Level], theirs: &[Level]) -> usize {
    (0..DEPTHS)
        .take_while(|at| ours.get(*at) == theirs.get(*at))
        .count()
}
