//! How a group stands, from raft's own figures.

use openraft::async_runtime::watch::WatchReceiver;
use openraft::{AsyncRuntime, Instant as _, RaftMetrics, ServerState};

use crate::server::Heard;
use crate::store::lock;
use crate::types::{TypeConfig, epoch_of, position, position_of};
use crate::{GroupConfig, GroupStatus, LeaderEpoch, RoleName, VoterStatus};

/// The leadership raft's figures say this replica holds.
pub(crate) fn leading<R: AsyncRuntime>(
    metrics: &RaftMetrics<TypeConfig<R>>,
) -> Option<LeaderEpoch> {
    let vote = &metrics.vote;
    (metrics.state == ServerState::Leader && vote.committed && vote.leader_id.node_id == metrics.id)
        .then(|| epoch_of(&vote.leader_id))
}

/// The status as raft's figures have it; what is counted elsewhere is left for the caller.
pub(crate) fn status<R: AsyncRuntime>(
    config: &GroupConfig,
    metrics: &impl WatchReceiver<R::Watch, RaftMetrics<TypeConfig<R>>>,
    heard: &Heard<R>,
) -> GroupStatus {
    let now = R::Instant::now();
    let ns_ago = |at: R::Instant| {
        u64::try_from(now.saturating_duration_since(at).as_nanos()).unwrap_or(u64::MAX)
    };
    let metrics = metrics.borrow_watched();
    let leads = metrics.state == ServerState::Leader;
    let role = match metrics.state {
        ServerState::Leader => RoleName::Leader,
        ServerState::Candidate => RoleName::Candidate,
        ServerState::Follower | ServerState::Shutdown => RoleName::Follower,
        ServerState::Learner => RoleName::Learner,
    };
    let voters = config.voters.iter().map(|peer| {
        let own = peer.id == config.id;
        let matched = match &metrics.replication {
            _ if !leads => None,
            _ if own => metrics.last_log_index.map(position_of),
            // Nothing matched yet is not known either: the peer has not answered in this leadership.
            Some(replication) => replication
                .get(&peer.id)
                .and_then(Option::as_ref)
                .map(|id| position(Some(id))),
            None => None,
        };
        let heard = match &metrics.heartbeat {
            _ if !leads => None,
            _ if own => Some(0),
            Some(heartbeat) => heartbeat
                .get(&peer.id)
                .copied()
                .flatten()
                .map(|at| ns_ago(*at)),
            None => None,
        };
        VoterStatus {
            id: peer.id,
            name: peer.name.clone(),
            region: peer.region.clone(),
            matched,
            heard_ns_ago: heard,
        }
    });
    GroupStatus {
        role,
        leader: metrics.current_leader,
        epoch: epoch_of(&metrics.vote.leader_id),
        last: metrics.last_log_index.map_or(0, position_of),
        committed: position(metrics.local_committed.as_ref()),
        applied: position(metrics.last_applied.as_ref()),
        purged: position(metrics.purged.as_ref()),
        checkpoint: position(metrics.snapshot.as_ref()),
        voters: voters.collect(),
        heard_from_leader_ns_ago: match *lock(heard) {
            Some((_, at)) if !leads => Some(ns_ago(at)),
            _ => None,
        },
        ..GroupStatus::default()
    }
}
