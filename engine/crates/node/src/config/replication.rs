//! A market's place among its replicas.

use rialto_process::reader::{Object, Problems};
use serde_json::Value;
use std::net::SocketAddr;
use std::time::Duration;

/// Which voter this replica is, and who the others are.
#[derive(Clone, Debug)]
pub struct ReplicationConfig {
    /// This replica's number.
    pub id: u64,
    /// The market's lineage, from 1.
    pub incarnation: u8,
    /// Where the other voters reach it.
    pub listen: SocketAddr,
    /// Whether a leader's closed connections may start an election before the timers do.
    pub accelerated_failover: bool,
    /// The slowest declared round trip between any two voters: the timers follow from it.
    pub slowest_round_trip: Duration,
    /// Every voter, this one among them.
    pub voters: Vec<VoterConfig>,
}

/// A voter.
#[derive(Clone, Debug)]
pub struct VoterConfig {
    /// Its number.
    pub id: u64,
    /// Its node.
    pub node: String,
    /// Its node's region.
    pub region: String,
    /// Where it listens, `host:port`.
    pub address: String,
    /// The declared round trip from this node.
    pub round_trip: Duration,
}

/// The longest round trip that may be declared, in microseconds.
const FAR_US: u64 = 10_000_000;

impl ReplicationConfig {
    /// A market that this node has alone.
    pub(super) fn alone(node: &str, region: &str) -> Self {
        let listen = SocketAddr::from(([127, 0, 0, 1], 0));
        Self {
            id: 1,
            incarnation: 1,
            listen,
            accelerated_failover: true,
            slowest_round_trip: Duration::ZERO,
            voters: vec![VoterConfig {
                id: 1,
                node: node.to_owned(),
                region: region.to_owned(),
                address: listen.to_string(),
                round_trip: Duration::ZERO,
            }],
        }
    }

    /// The node of a voter.
    pub fn node_of(&self, id: u64) -> Option<&str> {
        let voter = self.voters.iter().find(|voter| voter.id == id);
        voter.map(|voter| voter.node.as_str())
    }

    /// The number of the voter on a node.
    pub fn voter_on(&self, node: &str) -> Option<u64> {
        let voter = self.voters.iter().find(|voter| voter.node == node);
        voter.map(|voter| voter.id)
    }
}

/// Reads the object at `path`, of node `node`.
pub(super) fn read(path: &str, value: &Value, node: &str, p: &mut Problems) -> ReplicationConfig {
    let mut o = Object::new(path, value, p);
    let config = ReplicationConfig {
        id: o.integer("id", 1, u64::from(u32::MAX), p),
        incarnation: u8::try_from(o.integer("incarnation", 1, 255, p)).unwrap_or(u8::MAX),
        listen: o.address("listen", p),
        accelerated_failover: o.flag_or("accelerated_failover", true, p),
        slowest_round_trip: micros(&mut o, "slowest_round_trip_us", p),
        voters: o
            .list("voters", true, p)
            .into_iter()
            .map(|(path, value)| voter(&path, value, p))
            .collect(),
    };
    o.finish(p);
    check(path, &config, node, p);
    config
}

fn micros(o: &mut Object<'_>, key: &'static str, p: &mut Problems) -> Duration {
    Duration::from_micros(o.integer_or(key, 0, 0, FAR_US, p))
}

fn voter(path: &str, value: &Value, p: &mut Problems) -> VoterConfig {
    let mut o = Object::new(path, value, p);
    let voter = VoterConfig {
        id: o.integer("id", 1, u64::from(u32::MAX), p),
        node: o.string("node", p),
        region: o.string("region", p),
        address: o.string("address", p),
        round_trip: micros(&mut o, "round_trip_us", p),
    };
    o.finish(p);
    voter
}

fn check(path: &str, config: &ReplicationConfig, node: &str, p: &mut Problems) {
    let voters = &config.voters;
    for (key, of) in [
        ("id", (|v| v.id.to_string()) as fn(&VoterConfig) -> String),
        ("node", |v| v.node.clone()),
    ] {
        let values = voters
            .iter()
            .enumerate()
            .map(|(i, voter)| (format!("{path}.voters[{i}].{key}"), of(voter)));
        super::market::unique(p, values);
    }
    match voters.iter().find(|voter| voter.id == config.id) {
        None => p.add(
            &format!("{path}.id"),
            format!("{} is not the id of one of the voters", config.id),
        ),
        Some(own) if own.node != node && !own.node.is_empty() => p.add(
            &format!("{path}.id"),
            format!(
                "{} is the voter on node {:?}, this is node {node:?}",
                config.id, own.node
            ),
        ),
        Some(_) => {}
    }
    for (i, voter) in voters.iter().enumerate() {
        let port = voter.address.rsplit_once(':').map(|(_, port)| port);
        let valid = match port.map(str::parse::<u16>) {
            Some(Ok(0)) => voters.len() == 1,
            Some(Ok(_)) => true,
            _ => voter.address.is_empty(),
        };
        if !valid {
            p.add(
                &format!("{path}.voters[{i}].address"),
                format!(
                    "{:?} is not a host and a port that the other voters can know",
                    voter.address
                ),
            );
        }
        if voter.round_trip > config.slowest_round_trip {
            p.add(
                &format!("{path}.voters[{i}].round_trip_us"),
                "is more than slowest_round_trip_us",
            );
        }
    }
}
