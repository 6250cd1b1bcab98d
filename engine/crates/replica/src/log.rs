//! The border to the replicated log: a market loop proposes batches and applies what comes out, in order.

use std::task::{Context, Poll};

use tokio::sync::oneshot;

use crate::{CheckpointMeta, LeaderEpoch, Output, ReplicaId};

/// Why nothing was proposed.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotProposed {
    /// As much is in flight as may be; propose again after the next commit.
    #[error("as much is in flight as may be; propose again after the next commit")]
    Full,
    /// This replica doesn't lead, or its leadership has not come out by [`Log::poll`] yet.
    #[error("this replica does not lead")]
    NotLeader,
    /// The log has stopped; nothing more will be committed here.
    #[error("the log has stopped")]
    Stopped,
}

/// Why leadership was not moved.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum TransferRefused {
    /// Only the leader can hand its leadership over.
    #[error("this replica does not lead; ask replica {}", .leader.map_or_else(|| String::from("that does (none is known)"), |id| id.to_string()))]
    NotLeader {
        /// Who leads, where known.
        leader: Option<ReplicaId>,
    },
    /// The target is not a voter of this group.
    #[error("replica {to} is not a voter of this group")]
    Unknown {
        /// The target asked for.
        to: ReplicaId,
    },
    /// The target already leads.
    #[error("replica {to} already leads")]
    AlreadyLeads {
        /// The target asked for.
        to: ReplicaId,
    },
    /// There is no other voter that answers.
    #[error("no other voter has answered within the election timeout")]
    NoTarget,
    /// The target does not answer.
    #[error("replica {to} has not answered within the election timeout")]
    Silent {
        /// The target.
        to: ReplicaId,
    },
    /// The target is too far behind to take over in a blink.
    #[error("replica {to} lags {lag} entries behind; try again when it has caught up")]
    Lagging {
        /// The target.
        to: ReplicaId,
        /// How many entries it lacks.
        lag: u64,
    },
    /// No other leader was seen in time; this replica may go on leading.
    #[error("replica {to} did not take over within {waited_ms} ms")]
    TimedOut {
        /// The target.
        to: ReplicaId,
        /// How long was waited.
        waited_ms: u64,
    },
    /// The log has stopped.
    #[error("the log has stopped")]
    Stopped,
}

/// This replica can't prove that it leads.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum NotLeader {
    /// It doesn't lead.
    #[error("this replica does not lead; ask replica {}", .leader.map_or_else(|| String::from("that does (none is known)"), |id| id.to_string()))]
    Follower {
        /// Who leads, where known.
        leader: Option<ReplicaId>,
    },
    /// A majority did not confirm it in time.
    #[error("no majority confirmed this replica's leadership in time")]
    NoMajority,
    /// The log has stopped.
    #[error("the log has stopped")]
    Stopped,
}

/// A market's replicated log, as the market loop holds it.
pub trait Log: Send {
    /// Offers a batch, on the condition that the leadership last given by [`crate::Role::Leader`] still holds when it is
    /// written. Batches are written in the order they were offered.
    ///
    /// # Errors
    /// The batch comes back unchanged with the reason.
    fn propose(&mut self, batch: Vec<u8>) -> Result<(), (Vec<u8>, NotProposed)>;

    /// What happened since the last call, in order, about 1 MiB at most; `None` once the log has stopped.
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<Output>>>;

    /// Says that the checkpoint `made` is durable (`CheckpointStore::latest` gives it or a newer one) and that no consumer
    /// needs entries below `keep_from`: what lies below both is purged.
    fn checkpointed(&mut self, made: &CheckpointMeta, keep_from: u64);

    /// Hands leadership over to voter `to`, or to the best other voter. Replies with the new leadership once it is seen.
    fn transfer(
        &mut self,
        to: Option<ReplicaId>,
        reply: oneshot::Sender<Result<LeaderEpoch, TransferRefused>>,
    );

    /// Asks a majority whether this replica still leads (a read index, never a lease). Replies with a position: a read of
    /// the state at it or beyond is linearizable.
    fn confirm_leadership(&mut self, reply: oneshot::Sender<Result<u64, NotLeader>>);

    /// How things stand.
    fn status(&self) -> GroupStatus;

    /// A reader of what is durable here, for recovery and consumers; it may hold entries that are not committed.
    ///
    /// # Errors
    /// The journal can't be opened for reading.
    fn history(&self) -> Result<Box<dyn History>, LogError>;
}

/// Reads a log from its past up to what is durable.
pub trait History: Send {
    /// Durable entries from `position` on, as (position, entry as `rialto_journal::entry` encodes it); at least one if there
    /// is one, about `max_bytes` in all; empty at the end.
    ///
    /// # Errors
    /// The position was given up, or the log is damaged or unreadable.
    fn read(&mut self, position: u64, max_bytes: usize) -> Result<Vec<(u64, Vec<u8>)>, LogError>;

    /// The first position that can be read; `None` while there is none.
    ///
    /// # Errors
    /// The log is unreadable.
    fn first(&mut self) -> Result<Option<u64>, LogError>;
}

/// What a log reports.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct LogError(pub String);

/// What a replica is at the moment, in a word.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub enum RoleName {
    /// It leads.
    Leader,
    /// It follows a leader or waits for one.
    #[default]
    Follower,
    /// It asks for votes.
    Candidate,
    /// It follows without a vote.
    Learner,
}

impl RoleName {
    /// `leader`, `follower`, `candidate` or `learner`.
    pub fn as_str(self) -> &'static str {
        match self {
            RoleName::Leader => "leader",
            RoleName::Follower => "follower",
            RoleName::Candidate => "candidate",
            RoleName::Learner => "learner",
        }
    }
}

/// How a group stands, as one replica sees it. Positions are 0 where there is nothing yet.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct GroupStatus {
    /// What this replica is.
    pub role: RoleName,
    /// Who leads, where known.
    pub leader: Option<ReplicaId>,
    /// The highest leadership heard of.
    pub epoch: LeaderEpoch,
    /// The last position in this replica's log.
    pub last: u64,
    /// The last position known to be committed.
    pub committed: u64,
    /// The last position given out.
    pub applied: u64,
    /// The last position purged.
    pub purged: u64,
    /// The position of the newest checkpoint the log knows.
    pub checkpoint: u64,
    /// Every voter, in the order of the configuration.
    pub voters: Vec<VoterStatus>,
    /// How long ago the leader was heard, in ns; `None` on the leader and while none was heard.
    pub heard_from_leader_ns_ago: Option<u64>,
    /// Elections this replica began since it started.
    pub elections: u64,
    /// Times this replica suspected a leader of having died since it started.
    pub suspicions: u64,
    /// Proposals that have not come out yet.
    pub in_flight: usize,
    /// Bytes of committed entries that wait to be taken by [`Log::poll`].
    pub queued_bytes: usize,
}

impl GroupStatus {
    /// How long ago a majority of the voters, this replica among them, last answered it, in ns; `None` unless it leads and
    /// a majority has answered. A leader that was paused or cut off learns of its age here before it learns of its successor.
    pub fn majority_heard_ns_ago(&self) -> Option<u64> {
        let mut heard: Vec<u64> = self
            .voters
            .iter()
            .map(|voter| voter.heard_ns_ago.unwrap_or(u64::MAX))
            .collect();
        heard.sort_unstable();
        heard
            .get(self.voters.len() / 2)
            .copied()
            .filter(|ns| *ns < u64::MAX)
    }
}

/// A voter, as this replica sees it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct VoterStatus {
    /// Its number.
    pub id: ReplicaId,
    /// The name of its node.
    pub name: String,
    /// The region of its node.
    pub region: String,
    /// Up to where it holds the leader's log; known to the leader only.
    pub matched: Option<u64>,
    /// How long ago it answered, in ns; known to the leader only.
    pub heard_ns_ago: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_leader_is_as_old_as_its_majority() {
        let age = |heard: &[Option<u64>]| {
            let voters = heard.iter().map(|ns| VoterStatus {
                heard_ns_ago: *ns,
                ..VoterStatus::default()
            });
            GroupStatus {
                voters: voters.collect(),
                ..GroupStatus::default()
            }
            .majority_heard_ns_ago()
        };
        assert_eq!(age(&[Some(0)]), Some(0));
        assert_eq!(age(&[Some(0), Some(9), Some(4)]), Some(4));
        assert_eq!(age(&[Some(0), None, Some(9)]), Some(9));
        assert_eq!(age(&[Some(0), None, None]), None);
        assert_eq!(age(&[None, None, None]), None);
        assert_eq!(age(&[]), None);
    }
}
