//! Starts a group.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use openraft::{AsyncRuntime, Config, SnapshotPolicy};
use tokio::sync::mpsc;

use crate::blocking::Blocking;
use crate::client::Clients;
use crate::driver::Driver;
use crate::machine::Machine;
use crate::message::Envelope;
use crate::probe::Probe;
use crate::queue::Queue;
use crate::server::{Raft, Server};
use crate::ship::Arrivals;
use crate::store::{Store, lock};
use crate::suspicion::Accelerator;
use crate::types::{Member, StoredMembership, decode_stored, log_id};
use crate::{
    CheckpointStore, Group, GroupConfig, GroupStatus, JournalPort, Network, Parts, Peer,
    StartError, Timers, status, timers,
};

/// How many commands may wait for the applying task. It may be held up by its owner; were this to fill, raft itself would
/// stand still with it, heartbeats and all.
const APPLY_COMMANDS: u64 = 1 << 20;

/// How many entries go into one append request at most; bytes bound it too.
const APPEND_ENTRIES: u64 = 1024;

fn check(config: &GroupConfig) -> Result<(), StartError> {
    let fail = |reason: String| {
        Err(StartError::Config {
            group: config.group.clone(),
            reason,
        })
    };
    let ids: BTreeSet<_> = config.voters.iter().map(|peer| peer.id).collect();
    if ids.len() != config.voters.len() {
        return fail(String::from(
            "two voters have the same number; number them 1, 2, 3 ...",
        ));
    }
    if !ids.contains(&config.id) {
        return fail(format!(
            "replica {} is not among the voters {ids:?}",
            config.id
        ));
    }
    if config.in_flight == 0 {
        return fail(String::from(
            "in_flight is 0, so that nothing could ever be proposed; give at least 1",
        ));
    }
    if config.group.len() > 512 {
        return fail(String::from("its name has more than 512 bytes"));
    }
    Ok(())
}

/// openraft's settings; README.md says why each is as it is.
fn settings(config: &GroupConfig, timers: Timers) -> Result<Config, StartError> {
    let ms = |duration: Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let raft = Config {
        cluster_name: config.group.clone(),
        heartbeat_interval: ms(timers.heartbeat),
        election_timeout_min: ms(timers.election_min),
        election_timeout_max: ms(timers.election_max),
        max_payload_entries: APPEND_ENTRIES,
        replication_lag_threshold: u64::MAX / 2,
        snapshot_policy: SnapshotPolicy::Never,
        max_in_snapshot_log_to_keep: u64::MAX,
        state_machine_channel_size: Some(APPLY_COMMANDS),
        enable_pre_vote: Some(true),
        enable_leader_restore: Some(false),
        backoff: String::from("20ms 20ms 20ms"),
        ..Config::default()
    };
    raft.validate().map_err(|error| StartError::Config {
        group: config.group.clone(),
        reason: format!("its timers: {error}"),
    })
}

/// How long an empty replica waits for another one's entries before it founds the group itself. Founding is a candidacy
/// without a pre-vote: were all to found at once, the one with the highest number would depose whoever had just been
/// elected. So the first voter founds at once, and each further one only when all before it seem to be away.
fn founding_turn(config: &GroupConfig, timers: Timers) -> Duration {
    let before = config
        .voters
        .iter()
        .position(|peer| peer.id == config.id)
        .unwrap_or(0);
    let turn = (timers.election_max * 4).max(Duration::from_secs(1));
    turn * u32::try_from(before).unwrap_or(u32::MAX)
}

/// Founds the group with these voters, unless it is founded already.
async fn found<R: AsyncRuntime, S: CheckpointStore>(
    raft: Raft<R, S>,
    group: String,
    voters: Vec<Peer>,
) {
    let members: BTreeMap<u64, Member> = voters.iter().map(|peer| (peer.id, Member)).collect();
    if let Err(error) = raft.initialize(members).await {
        // Another voter's entries came first.
        tracing::info!(group, %error, "the group is founded already");
    }
}

/// Starts this replica of a group on the runtime `R`, inside which it must be called. It is part of the group when this
/// returns, without waiting for any peer.
///
/// # Errors
/// The configuration contradicts itself, or journal and checkpoint don't fit each other.
pub async fn start<R, J, N, S>(parts: Parts<J, N, S>) -> Result<Group, StartError>
where
    R: AsyncRuntime,
    J: JournalPort,
    N: Network,
    S: CheckpointStore,
{
    let Parts {
        config,
        state,
        applied,
        journal,
        network,
        checkpoints,
        history,
        on_fatal,
        blocking_threads,
    } = parts;
    check(&config)?;
    let storage = |reason: String| StartError::Storage {
        group: config.group.clone(),
        reason,
    };
    let timers = timers(config.slowest_round_trip);
    let raft_config = Arc::new(settings(&config, timers)?);
    let membership = match &applied {
        Some(meta) => decode_stored(&meta.membership).map_err(|error| {
            storage(format!(
                "the membership in the checkpoint at {}: {error}",
                meta.position
            ))
        })?,
        None => StoredMembership::default(),
    };
    let store = Store::open(config.id, journal, &state, applied.as_ref())
        .await
        .map_err(storage)?;
    let fresh = applied.is_none() && lock(&store.state).last.is_none();
    let queue = Queue::new(config.id, applied.as_ref().map_or(0, |meta| meta.position));
    let newest = Arc::new(Mutex::new(applied.clone()));
    let blocking = Blocking::<R>::new(blocking_threads);
    let started = Arc::new(AtomicBool::new(false));
    let machine = Machine {
        queue: queue.clone(),
        applied: applied
            .as_ref()
            .map(|meta| log_id(meta.epoch, meta.position)),
        membership,
        newest: newest.clone(),
        store: checkpoints.clone(),
        blocking,
        started: started.clone(),
    };
    let envelope = Envelope {
        group: config.group.clone(),
        incarnation: config.incarnation,
        id: config.id,
    };
    let cell: Arc<OnceLock<Raft<R, S>>> = Arc::new(OnceLock::new());
    let probe = Probe {
        envelope: envelope.clone(),
        network: network.clone(),
        raft: cell.clone(),
    };
    let accelerator = Accelerator::<R, _>::new(&config, probe);
    let marks = accelerator.clone();
    let clients = Clients {
        envelope: envelope.clone(),
        timers,
        network,
        blocking,
        mark: Arc::new(move |term| marks.mark(term)),
        log: store.state.clone(),
    };
    let raft: Raft<R, S> =
        openraft::Raft::build(config.id, raft_config, clients, store.clone(), machine)
            .await
            .map_err(|error| storage(error.to_string()))?;
    store.started();
    started.store(true, Ordering::Release);
    drop(cell.set(raft.clone()));
    raft.run();

    if fresh {
        let founding = found::<R, S>(raft.clone(), config.group.clone(), config.voters.clone());
        let turn = founding_turn(&config, timers);
        if turn.is_zero() {
            founding.await;
        } else {
            drop(R::spawn(async move {
                R::sleep(turn).await;
                founding.await;
            }));
        }
    }
    if config.voters.len() == 1 && raft.trigger().elect(false).await.is_err() {
        return Err(storage(String::from("it ended while it started")));
    }

    let config = Arc::new(config);
    let driver = Driver {
        config: config.clone(),
        timers,
        raft: raft.clone(),
        queue: queue.clone(),
        log: store.state.clone(),
        newest,
        on_fatal,
        stopping: Arc::new(AtomicBool::new(false)),
    };
    let (proposals, proposed) = mpsc::channel(config.in_flight);
    let (control, controls) = mpsc::unbounded_channel();
    drop(R::spawn(driver.clone().write(proposed)));
    let seen = accelerator.clone();
    drop(R::spawn(
        driver.clone().watch(move |epoch| seen.leader_seen(epoch)),
    ));
    drop(R::spawn(driver.control(controls)));

    let heard = Arc::new(Mutex::new(None));
    let server = Server {
        envelope,
        peers: config
            .voters
            .iter()
            .map(|peer| peer.id)
            .filter(|id| *id != config.id)
            .collect(),
        raft: raft.clone(),
        store: checkpoints,
        blocking,
        accelerator: accelerator.clone(),
        heard: heard.clone(),
        arrivals: Arrivals::default(),
        log: store.state.clone(),
    };
    let metrics = raft.metrics();
    let told = config.clone();
    let status = Arc::new(move || GroupStatus {
        elections: lock(&store.state).elections,
        suspicions: accelerator.counters().suspicions,
        ..status::status::<R>(&told, &metrics, &heard)
    });
    Ok(Group {
        queue,
        proposals,
        control,
        status,
        history,
        server: Arc::new(server),
        leading: None,
        proposed: VecDeque::new(),
        in_flight: config.in_flight,
    })
}
