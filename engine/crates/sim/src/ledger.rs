//! What the whole cluster has agreed on, as it was seen: every replica's entries are held against it as they come out.

use crate::lock;
use crate::random::Hash;
use crate::record::Record;
use rialto_replica::{Committed, CommittedPayload, LeaderEpoch};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// An entry that some replica took for committed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Entry {
    /// The leadership it was written in.
    pub epoch: LeaderEpoch,
    /// What it holds.
    pub payload: CommittedPayload,
    /// Who saw it first.
    pub node: u64,
}

/// A replica's state hash at a position.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Hashed {
    /// The position.
    pub position: u64,
    /// The market's state hash, and a hash of all streams there.
    pub hash: ([u8; 32], u64),
    /// Whose.
    pub node: u64,
    /// What for.
    pub occasion: &'static str,
}

#[derive(Default)]
struct Inner {
    entries: BTreeMap<u64, Entry>,
    hashes: Vec<Hashed>,
    leaders: BTreeMap<LeaderEpoch, (u64, u64)>,
    confirmed: u64,
}

/// What was agreed on. Clones are the same ledger.
#[derive(Clone)]
pub struct Ledger {
    inner: Arc<Mutex<Inner>>,
    record: Record,
}

impl Ledger {
    /// An empty ledger.
    pub fn new(record: Record) -> Self {
        Self {
            inner: Arc::default(),
            record,
        }
    }

    /// A replica takes an entry for committed. `leads` is the leadership it has, if any.
    pub fn applied(&self, node: u64, entry: &Committed, leads: Option<LeaderEpoch>) {
        let mut inner = lock(&self.inner);
        let position = entry.position;
        let seen = Entry {
            epoch: entry.epoch,
            payload: entry.payload.clone(),
            node,
        };
        if entry.proposed.is_some() && leads != Some(entry.epoch) {
            self.record.violation(
                "proposed_by_another",
                format!(
                    "node {node}, leadership {leads:?}: the entry at {position} of {:?} came out as its own proposal",
                    entry.epoch
                ),
            );
        }
        match inner.entries.get(&position) {
            None => {
                let mut hash = Hash::default();
                if let CommittedPayload::Batch(bytes) = &entry.payload {
                    hash.add(bytes);
                }
                self.record
                    .event("committed", position, &hash.value().to_le_bytes());
                inner.entries.insert(position, seen);
            }
            Some(first) if (first.epoch, &first.payload) != (seen.epoch, &seen.payload) => {
                self.record.violation(
                    "agreement",
                    format!(
                        "position {position}: node {} applied an entry of {:?}, node {node} another one of {:?}",
                        first.node, first.epoch, seen.epoch
                    ),
                );
            }
            Some(_) => {}
        }
    }

    /// A replica says that it leads. `life` tells the runs of its process apart.
    pub fn leads(&self, node: u64, life: u64, epoch: LeaderEpoch) {
        let mut inner = lock(&self.inner);
        if epoch.node != node {
            self.record.violation(
                "leadership",
                format!("node {node} leads under another's leadership {epoch:?}"),
            );
        }
        let first = *inner.leaders.entry(epoch).or_insert((node, life));
        if first != (node, life) {
            self.record.violation(
                "leadership",
                format!("node {node}, process {life}, and node {}, process {}, both lead under {epoch:?}", first.0, first.1),
            );
        }
    }

    /// Whether a batch was committed.
    pub fn has(&self, batch: &[u8]) -> bool {
        let inner = lock(&self.inner);
        let mut entries = inner.entries.values().rev();
        entries.any(|entry| matches!(&entry.payload, CommittedPayload::Batch(b) if b == batch))
    }

    /// A replica's state.
    pub fn hashed(&self, hashed: Hashed) {
        lock(&self.inner).hashes.push(hashed);
    }

    /// The last position that any replica took for committed.
    pub fn last(&self) -> u64 {
        let inner = lock(&self.inner);
        inner.entries.last_key_value().map_or(0, |(last, _)| *last)
    }

    /// How many leaderships there were.
    pub fn leaderships(&self) -> u64 {
        lock(&self.inner).leaders.len() as u64
    }

    /// A leadership was confirmed for a read; `floor` was committed before it was asked.
    pub fn confirmed(&self, node: u64, position: u64, floor: u64) {
        lock(&self.inner).confirmed += 1;
        if position < floor {
            self.record.violation(
                "stale_read",
                format!("node {node} confirmed a read at {position}, {floor} was committed before it was asked"),
            );
        }
    }

    /// How many reads were confirmed.
    pub fn reads(&self) -> u64 {
        lock(&self.inner).confirmed
    }

    /// Everything agreed on, by position.
    pub fn entries(&self) -> BTreeMap<u64, Entry> {
        lock(&self.inner).entries.clone()
    }

    /// Every state hash that was noted.
    pub fn hashes(&self) -> Vec<Hashed> {
        lock(&self.inner).hashes.clone()
    }
}
