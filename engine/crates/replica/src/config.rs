//! What a group is told about itself at the start: its members, how far apart they are, its bounds.

use std::time::Duration;

/// The number of a replica in its market's group, from the configuration (1, 2, 3 ...).
pub type ReplicaId = u64;

/// A voter of the group, as the configuration declares it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Peer {
    /// Its number in the group.
    pub id: ReplicaId,
    /// The name of its node.
    pub name: String,
    /// The region of its node.
    pub region: String,
    /// Where its replication port listens, `host:port`.
    pub address: String,
    /// The declared round trip from this node; zero for itself.
    pub round_trip: Duration,
}

/// A group, as one of its members sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GroupConfig {
    /// The group's name, `venue/market`: messages of any other are refused.
    pub group: String,
    /// The market's lineage: messages of any other are refused.
    pub incarnation: u8,
    /// This replica's number.
    pub id: ReplicaId,
    /// All voters, this replica among them. The same on every replica.
    pub voters: Vec<Peer>,
    /// The slowest declared round trip between any two voters: the timers follow from it, so that they are the same everywhere.
    pub slowest_round_trip: Duration,
    /// Whether a leader's closed connections may start an election before the timers do.
    pub accelerated_failover: bool,
    /// How many proposals may be in flight.
    pub in_flight: usize,
}

/// The timers of a group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Timers {
    /// How often a leader says that it lives.
    pub heartbeat: Duration,
    /// The shortest wait before an election.
    pub election_min: Duration,
    /// The longest wait before an election; also the leader's lease as its followers keep it.
    pub election_max: Duration,
}

/// The timers for voters whose slowest declared round trip is `slowest_round_trip`: heartbeats one and a half of it apart, but
/// at least 30 ms; an election after three of it, but at least 100 ms, up to half as much again.
///
/// A leader waits for the answer to a heartbeat no longer than until the next one. With heartbeats closer together than a
/// round trip none would ever count as answered, so that an idle leader's lease would run out, and with it the right to
/// write and to confirm that it leads.
pub fn timers(slowest_round_trip: Duration) -> Timers {
    let heartbeat = (slowest_round_trip * 3 / 2).max(Duration::from_millis(30));
    let election_min = slowest_round_trip
        .saturating_mul(3)
        .max(Duration::from_millis(100));
    Timers {
        heartbeat,
        election_min,
        election_max: election_min + election_min / 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn timers_follow_the_round_trip_above_their_floors() {
        let near = timers(Duration::ZERO);
        assert_eq!(
            near,
            Timers {
                heartbeat: Duration::from_millis(30),
                election_min: Duration::from_millis(100),
                election_max: Duration::from_millis(150)
            }
        );
        let far = timers(Duration::from_millis(220));
        assert_eq!(
            far,
            Timers {
                heartbeat: Duration::from_millis(330),
                election_min: Duration::from_millis(660),
                election_max: Duration::from_millis(990)
            }
        );
    }
}
