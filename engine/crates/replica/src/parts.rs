//! What a group is started from.

use std::sync::Arc;

use crate::{
    CheckpointMeta, CheckpointStore, GroupConfig, History, JournalPort, JournalState, LogError,
    Network,
};

/// Opens a reader of the group's log.
pub type OpenHistory = Arc<dyn Fn() -> Result<Box<dyn History>, LogError> + Send + Sync>;

/// Called once, with the reason, when the group can't go on: its storage failed or its invariants broke. The owner must
/// fail-stop the process.
pub type OnFatal = Arc<dyn Fn(String) + Send + Sync>;

/// Everything a group is started from.
pub struct Parts<J: JournalPort, N: Network, S: CheckpointStore> {
    /// The group and this replica's place in it.
    pub config: GroupConfig,
    /// What the journal holds.
    pub state: JournalState,
    /// The checkpoint the owner's state was restored from; entries come out from the position after it. `None`: the state is
    /// fresh, and they come out from position 1.
    pub applied: Option<CheckpointMeta>,
    /// The journal.
    pub journal: J,
    /// The way to the other voters.
    pub network: N,
    /// The checkpoints.
    pub checkpoints: S,
    /// Opens readers for [`crate::Log::history`].
    pub history: OpenHistory,
    /// What to do when the group can't go on.
    pub on_fatal: OnFatal,
    /// Whether calls of `checkpoints` go to another thread: true in a process, false in a simulation of one thread.
    pub blocking_threads: bool,
}

/// A group could not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The configuration contradicts itself.
    #[error("the group {group} can't start: {reason}")]
    Config {
        /// The group.
        group: String,
        /// What is wrong and what to do.
        reason: String,
    },
    /// The journal and the checkpoint don't fit each other or can't be read.
    #[error("the group {group} can't start from its journal: {reason}")]
    Storage {
        /// The group.
        group: String,
        /// What is wrong.
        reason: String,
    },
}
