//! The machine alone, step by step, and many of them with everything that can go wrong between them.

mod bound;
mod chance;
mod steps;

use std::time::Duration;

use super::machine::{LogPoint, Machine, Rules};
use crate::{LeaderEpoch, ReplicaId};

const WINDOW: Duration = Duration::from_millis(150);

fn rules(me: ReplicaId, voters: u64) -> Rules {
    Rules {
        me,
        voters: (1..=voters).collect(),
        window: WINDOW,
        probes: 4,
        ask_again: Duration::from_millis(10),
        asks: 3,
    }
}

fn epoch(term: u64, node: u64) -> LeaderEpoch {
    LeaderEpoch { term, node }
}

fn log(position: u64) -> LogPoint {
    LogPoint {
        epoch: epoch(1, 1),
        position,
    }
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn follower(me: ReplicaId, voters: u64) -> Machine {
    let mut machine = Machine::new(rules(me, voters));
    assert_eq!(machine.leader_seen(ms(0), epoch(1, 1)), None);
    machine
}
