//! What comes out of a group, in one order: committed entries, changes of role, checkpoints to install.

use std::path::PathBuf;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use crate::{Done, LeaderEpoch, ReplicaId};

/// The next thing that happened.
#[derive(Debug)]
pub enum Output {
    /// An entry is committed.
    Committed(Committed),
    /// The replica's role changed.
    Role(Role),
    /// The state is to be replaced by a checkpoint.
    Install(Install),
}

/// An entry that a majority holds durably: every replica sees the same ones in the same order.
#[derive(Debug)]
pub struct Committed {
    /// Its position in the log, without a gap, except over an [`Install`].
    pub position: u64,
    /// The leadership it was written in.
    pub epoch: LeaderEpoch,
    /// What it holds.
    pub payload: CommittedPayload,
    /// When it was proposed; only for what this replica proposed in its present leadership, in the order proposed.
    pub proposed: Option<Instant>,
    /// When it was known to be committed here.
    pub committed: Instant,
}

/// What a committed entry holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum CommittedPayload {
    /// A batch of the market.
    Batch(Vec<u8>),
    /// Nothing: a new leader's first entry.
    Blank,
    /// The group's members from here on; opaque, with its own log id in it. The latest one seen (or that of the checkpoint
    /// installed or started from) belongs in the next [`CheckpointMeta::membership`].
    Membership(Vec<u8>),
}

/// What this replica is to its group.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// It leads. Every entry of earlier leaderships and its own first, blank entry came out before.
    Leader {
        /// Its leadership.
        epoch: LeaderEpoch,
    },
    /// It follows. Given at once when leadership is lost: what was proposed and has not come out with `proposed: Some` by
    /// then never will; it may still come out as another's, with `proposed: None`.
    Follower {
        /// Who leads, where known.
        leader: Option<ReplicaId>,
        /// The highest leadership heard of.
        epoch: LeaderEpoch,
    },
    /// It follows and has no vote.
    Learner {
        /// Who leads, where known.
        leader: Option<ReplicaId>,
        /// The highest leadership heard of.
        epoch: LeaderEpoch,
    },
}

/// Another replica's checkpoint that is to take the place of the state. The owner installs it, away from the runtime where
/// that takes long, and then calls `done`: `Ok` once the checkpoint is durable here and `CheckpointStore::latest` gives it.
/// Entries come out again from the position after `meta.position`.
pub struct Install {
    /// Whose state it is.
    pub meta: CheckpointMeta,
    /// The folder of the staged files, as [`crate::Staging::finish`] gave it.
    pub dir: PathBuf,
    /// To be called once.
    pub done: Done<()>,
}

impl std::fmt::Debug for Install {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Install")
            .field("meta", &self.meta)
            .field("dir", &self.dir)
            .finish_non_exhaustive()
    }
}

/// What a checkpoint is a checkpoint of; stands in its header.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct CheckpointMeta {
    /// The position of the last entry in it.
    pub position: u64,
    /// The leadership that entry was written in.
    #[serde(with = "EpochFields")]
    pub epoch: LeaderEpoch,
    /// The latest membership up to there, as [`CommittedPayload::Membership`] gave it.
    pub membership: Vec<u8>,
}

/// How a leadership stands in a checkpoint's header.
#[derive(Serialize, Deserialize)]
#[serde(remote = "LeaderEpoch")]
struct EpochFields {
    term: u64,
    node: u64,
}
