//! The openraft types of a group, and how positions, leaderships and memberships stand in them.

use std::cmp::Ordering;
use std::collections::BTreeSet;
use std::fmt;
use std::marker::PhantomData;
use std::sync::Arc;

use openraft::impls::leader_id_adv;
use openraft::raft::responder::Responder;
use openraft::{AsyncRuntime, EntryPayload, RaftTypeConfig};
use rialto_journal::entry::{self, LogEntry, Payload};

use tokio::sync::oneshot;

use crate::wire::{Malformed, Reader, Writer};
use crate::{LeaderEpoch, ReplicaId};

/// A proposed batch; shared between the cache, the journal's queue and the replication streams.
#[derive(Clone, Debug)]
pub(crate) struct Batch(pub(crate) Arc<Vec<u8>>);

impl fmt::Display for Batch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} bytes", self.0.len())
    }
}

/// A member as the membership knows it: its number alone. Names, regions and addresses come from the configuration.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub(crate) struct Member;

impl fmt::Display for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("member")
    }
}

/// Brings raft's answer to a write back, if anyone still wants it.
pub(crate) struct Reply<T>(pub(crate) oneshot::Sender<T>);

impl<C: RaftTypeConfig, T: Send + 'static> Responder<C, T> for Reply<T> {
    fn on_complete(self, result: T) {
        drop(self.0.send(result));
    }
}

/// openraft's types for a group on runtime `R`.
pub(crate) struct TypeConfig<R>(PhantomData<fn() -> R>);

impl<R> fmt::Debug for TypeConfig<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TypeConfig")
    }
}
impl<R> Clone for TypeConfig<R> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<R> Copy for TypeConfig<R> {}
impl<R> Default for TypeConfig<R> {
    fn default() -> Self {
        TypeConfig(PhantomData)
    }
}
impl<R> PartialEq for TypeConfig<R> {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}
impl<R> Eq for TypeConfig<R> {}
impl<R> PartialOrd for TypeConfig<R> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl<R> Ord for TypeConfig<R> {
    fn cmp(&self, _: &Self) -> Ordering {
        Ordering::Equal
    }
}

pub(crate) type LeaderId = leader_id_adv::LeaderId<u64, u64>;
pub(crate) type LogId = openraft::LogId<LeaderId>;
pub(crate) type Vote = openraft::impls::Vote<LeaderId>;
pub(crate) type EntryBody = EntryPayload<Batch, u64, Member>;
pub(crate) type Entry = openraft::impls::Entry<LeaderId, EntryBody>;
pub(crate) type Membership = openraft::Membership<u64, Member>;
pub(crate) type StoredMembership = openraft::StoredMembership<LeaderId, u64, Member>;

impl<R: AsyncRuntime> RaftTypeConfig for TypeConfig<R> {
    type D = Batch;
    type R = ();
    type NodeId = ReplicaId;
    type Node = Member;
    type Term = u64;
    type LeaderId = LeaderId;
    type Vote = Vote;
    type Payload = EntryBody;
    type Entry = Entry;
    type AsyncRuntime = R;
    type Responder<T>
        = Reply<T>
    where
        T: openraft::OptionalSend + 'static;
    type Batch<T>
        = openraft::impls::InlineBatch<T>
    where
        T: openraft::OptionalSend + 'static;
    type ErrorSource = openraft::impls::BoxedErrorSource;
}

/// The leadership a leader id stands for.
pub(crate) fn epoch_of(id: &LeaderId) -> LeaderEpoch {
    LeaderEpoch {
        term: id.term,
        node: id.node_id,
    }
}

/// The leader id of a leadership.
pub(crate) fn leader_id(epoch: LeaderEpoch) -> LeaderId {
    LeaderId {
        term: epoch.term,
        node_id: epoch.node,
    }
}

/// The log id of what stands at `position`, which is at least 1.
pub(crate) fn log_id(epoch: LeaderEpoch, position: u64) -> LogId {
    LogId::new(leader_id(epoch), position.saturating_sub(1))
}

/// The position an openraft index stands for.
pub(crate) fn position_of(index: u64) -> u64 {
    index + 1
}

/// The position of a log id, 0 for none.
pub(crate) fn position(id: Option<&LogId>) -> u64 {
    id.map_or(0, |id| position_of(id.index))
}

/// An entry as the journal keeps it.
pub(crate) fn encode_entry(entry: &Entry, out: &mut Vec<u8>) {
    let epoch = epoch_of(&entry.log_id.leader_id);
    match &entry.payload {
        EntryPayload::Blank => entry::encode(
            &LogEntry {
                epoch,
                payload: Payload::Blank,
            },
            out,
        ),
        EntryPayload::Normal(batch) => entry::encode(
            &LogEntry {
                epoch,
                payload: Payload::Batch(&batch.0),
            },
            out,
        ),
        EntryPayload::Membership(membership) => {
            let mut bytes = Vec::new();
            put_membership(&mut Writer(&mut bytes), membership);
            entry::encode(
                &LogEntry {
                    epoch,
                    payload: Payload::Membership(&bytes),
                },
                out,
            );
        }
    }
}

/// The entry at `position`, from the bytes the journal keeps.
pub(crate) fn decode_entry(position: u64, bytes: &[u8]) -> Result<Entry, Malformed> {
    let entry = entry::decode(bytes).map_err(|error| Malformed(error.to_string()))?;
    let payload = match entry.payload {
        Payload::Blank => EntryPayload::Blank,
        Payload::Batch(bytes) => EntryPayload::Normal(Batch(Arc::new(bytes.to_vec()))),
        Payload::Membership(bytes) => {
            let mut reader = Reader(bytes);
            let membership = take_membership(&mut reader)?;
            reader.end()?;
            EntryPayload::Membership(membership)
        }
    };
    Ok(Entry {
        log_id: log_id(entry.epoch, position),
        payload,
    })
}

pub(crate) fn put_membership(out: &mut Writer<'_>, membership: &Membership) {
    let configs = membership.get_joint_config();
    out.u8(configs.len() as u8);
    for config in configs {
        out.u16(config.len() as u16);
        for id in config {
            out.u64(*id);
        }
    }
    let nodes: Vec<u64> = membership.nodes().map(|(id, _)| *id).collect();
    out.u16(nodes.len() as u16);
    for id in nodes {
        out.u64(id);
    }
}

pub(crate) fn take_membership(reader: &mut Reader<'_>) -> Result<Membership, Malformed> {
    let mut configs = Vec::new();
    for _ in 0..reader.u8()? {
        let mut config = BTreeSet::new();
        for _ in 0..reader.u16()? {
            config.insert(reader.u64()?);
        }
        configs.push(config);
    }
    let mut nodes = BTreeSet::new();
    for _ in 0..reader.u16()? {
        nodes.insert(reader.u64()?);
    }
    let nodes: std::collections::BTreeMap<u64, Member> =
        nodes.into_iter().map(|id| (id, Member)).collect();
    Membership::new(configs, nodes).map_err(|error| Malformed(format!("membership: {error}")))
}

/// A membership with its log id, as checkpoints carry it.
pub(crate) fn encode_stored(stored: &StoredMembership) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut out = Writer(&mut bytes);
    out.log_id(stored.log_id().as_ref());
    put_membership(&mut out, stored.membership());
    bytes
}

/// The reverse of [`encode_stored`].
pub(crate) fn decode_stored(bytes: &[u8]) -> Result<StoredMembership, Malformed> {
    let mut reader = Reader(bytes);
    let log_id = reader.log_id()?;
    let membership = take_membership(&mut reader)?;
    reader.end()?;
    Ok(StoredMembership::new(log_id, membership))
}
