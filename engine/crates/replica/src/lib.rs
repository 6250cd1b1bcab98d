//! A market's replicated log: voters, learners, transfer, checkpoints.
//!
//! One market is one group. Its members agree on one order of entries by raft (openraft, none of whose types leave this
//! crate) over the node's journal and a network that is passed in. The owner proposes batches through [`Log`] and takes
//! [`Output`]s in one order: what is committed, who leads, which checkpoint to install.

mod blocking;
mod boot;
mod cache;
mod checkpoints;
mod client;
mod config;
mod driver;
mod group;
mod log;
mod machine;
mod message;
mod network;
mod note;
mod on_tokio;
mod output;
mod parts;
mod pipeline;
mod port;
mod probe;
mod queue;
mod server;
mod ship;
mod start;
mod status;
mod store;
pub mod suspicion;
pub mod tcp;
mod types;
mod wire;

pub use checkpoints::{Checkpoint, CheckpointFile, CheckpointStore, OpenFile, Staging};
pub use config::{GroupConfig, Peer, ReplicaId, Timers, timers};
pub use group::Group;
pub use log::{
    GroupStatus, History, Log, LogError, NotLeader, NotProposed, RoleName, TransferRefused,
    VoterStatus,
};
pub use network::{CallError, FrameSink, FrameStream, MAX_FRAME, Network, Serve, Serving};
pub use on_tokio::{SharedCheckpoints, SharedJournal, start_on_tokio};
pub use output::{CheckpointMeta, Committed, CommittedPayload, Install, Output, Role};
pub use parts::{OnFatal, OpenHistory, Parts, StartError};
pub use port::{Done, JournalOp, JournalPort, JournalState};
pub use rialto_journal::entry::LeaderEpoch;
pub use start::start;
