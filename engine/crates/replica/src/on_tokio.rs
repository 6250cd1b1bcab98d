//! A group on tokio and TCP, compiled here once: the parts that a process brings along are passed as trait objects, so that
//! who uses it does not compile raft again.

use std::io;
use std::sync::Arc;

use openraft_rt_tokio::TokioRuntime;

use crate::tcp::Tcp;
use crate::{
    Checkpoint, CheckpointMeta, CheckpointStore, Group, JournalOp, JournalPort, Parts, Serving,
    Staging, StartError,
};

/// A journal behind a function.
#[derive(Clone)]
pub struct SharedJournal(pub Arc<dyn Fn(JournalOp) + Send + Sync>);

impl JournalPort for SharedJournal {
    fn submit(&self, op: JournalOp) {
        (self.0)(op);
    }
}

/// What [`CheckpointStore`] asks for, of an object.
pub trait Checkpoints: Send + Sync {
    /// As [`CheckpointStore::latest`].
    ///
    /// # Errors
    /// As [`CheckpointStore::latest`].
    fn latest(&self) -> io::Result<Option<Checkpoint>>;

    /// As [`CheckpointStore::stage`].
    ///
    /// # Errors
    /// As [`CheckpointStore::stage`].
    fn stage(&self, meta: &CheckpointMeta) -> io::Result<Box<dyn Staging>>;
}

impl<S: CheckpointStore> Checkpoints for S {
    fn latest(&self) -> io::Result<Option<Checkpoint>> {
        CheckpointStore::latest(self)
    }

    fn stage(&self, meta: &CheckpointMeta) -> io::Result<Box<dyn Staging>> {
        CheckpointStore::stage(self, meta)
    }
}

/// Checkpoints behind an object.
#[derive(Clone)]
pub struct SharedCheckpoints(Arc<dyn Checkpoints>);

impl SharedCheckpoints {
    /// Shares a store.
    pub fn new(store: impl CheckpointStore) -> Self {
        Self(Arc::new(store))
    }
}

impl CheckpointStore for SharedCheckpoints {
    fn latest(&self) -> io::Result<Option<Checkpoint>> {
        self.0.latest()
    }

    fn stage(&self, meta: &CheckpointMeta) -> io::Result<Box<dyn Staging>> {
        self.0.stage(meta)
    }
}

/// [`crate::start`] on the tokio runtime it is called in.
pub fn start_on_tokio(
    parts: Parts<SharedJournal, Tcp, SharedCheckpoints>,
) -> Serving<Result<Group, StartError>> {
    Box::pin(crate::start::<TokioRuntime, _, _, _>(parts))
}
