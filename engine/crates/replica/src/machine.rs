//! openraft's state machine: hands committed entries and checkpoints to the owner in order.

use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use futures_util::{Stream, StreamExt};
use openraft::storage::{EntryResponder, RaftStateMachine};
use openraft::{AsyncRuntime, EntryPayload, OptionalSend, RaftSnapshotBuilder};
use tokio::sync::oneshot;

use crate::blocking::Blocking;
use crate::queue::Queue;
use crate::ship::Place;
use crate::store::lock;
use crate::types::{
    LogId, StoredMembership, TypeConfig, decode_stored, encode_stored, epoch_of, log_id, position,
    position_of,
};
use crate::{CheckpointFile, CheckpointMeta, CheckpointStore, CommittedPayload, Install};

pub(crate) type SnapshotMeta =
    openraft::SnapshotMeta<crate::types::LeaderId, u64, crate::types::Member>;
pub(crate) type Snapshot =
    openraft::Snapshot<crate::types::LeaderId, u64, crate::types::Member, Shipment>;

/// The files of a checkpoint: to be sent, or received.
#[derive(Debug)]
pub(crate) enum Shipment {
    /// Known, but without its files at hand.
    Known,
    /// To be sent.
    Outgoing(Vec<CheckpointFile>),
    /// Received and staged; no other checkpoint is staged there meanwhile.
    Incoming(PathBuf, Place),
}

/// The newest checkpoint this replica knows to be durable.
pub(crate) type Newest = Arc<Mutex<Option<CheckpointMeta>>>;

/// The applying side of one group.
pub(crate) struct Machine<R, S> {
    pub(crate) queue: Queue,
    pub(crate) applied: Option<LogId>,
    pub(crate) membership: StoredMembership,
    pub(crate) newest: Newest,
    pub(crate) store: S,
    pub(crate) blocking: Blocking<R>,
    /// Until openraft has started, checkpoints are not opened.
    pub(crate) started: Arc<std::sync::atomic::AtomicBool>,
}

fn stopped() -> io::Error {
    io::Error::other("the owner of the log has gone")
}

/// A checkpoint as openraft describes it.
pub(crate) fn snapshot_meta(meta: &CheckpointMeta) -> io::Result<SnapshotMeta> {
    let last_membership = decode_stored(&meta.membership).map_err(|error| {
        io::Error::other(format!(
            "the membership in the checkpoint at {}: {error}",
            meta.position
        ))
    })?;
    Ok(SnapshotMeta {
        last_log_id: Some(log_id(meta.epoch, meta.position)),
        last_membership,
    })
}

fn checkpoint_meta(meta: &SnapshotMeta) -> CheckpointMeta {
    CheckpointMeta {
        position: position(meta.last_log_id.as_ref()),
        epoch: meta
            .last_log_id
            .map(|id| epoch_of(&id.leader_id))
            .unwrap_or_default(),
        membership: encode_stored(&meta.last_membership),
    }
}

impl<R: AsyncRuntime, S: CheckpointStore> RaftStateMachine<TypeConfig<R>> for Machine<R, S> {
    type SnapshotData = Shipment;
    type SnapshotBuilder = Builder;

    async fn applied_state(&mut self) -> Result<(Option<LogId>, StoredMembership), io::Error> {
        Ok((self.applied, self.membership.clone()))
    }

    async fn apply<Strm>(&mut self, mut entries: Strm) -> Result<(), io::Error>
    where
        Strm:
            Stream<Item = Result<EntryResponder<TypeConfig<R>>, io::Error>> + Unpin + OptionalSend,
    {
        while let Some(item) = entries.next().await {
            let (entry, responder) = item?;
            // Nobody waits for a response but for a refusal; dropping it would do as well.
            if let Some(responder) = responder {
                responder.send(());
            }
            let log_id = entry.log_id;
            let payload = match entry.payload {
                EntryPayload::Blank => CommittedPayload::Blank,
                EntryPayload::Normal(batch) => CommittedPayload::Batch(
                    Arc::try_unwrap(batch.0).unwrap_or_else(|shared| shared.as_ref().clone()),
                ),
                EntryPayload::Membership(membership) => {
                    self.membership = StoredMembership::new(Some(log_id), membership);
                    CommittedPayload::Membership(encode_stored(&self.membership))
                }
            };
            if !self
                .queue
                .commit(
                    position_of(log_id.index),
                    epoch_of(&log_id.leader_id),
                    payload,
                )
                .await
            {
                return Err(stopped());
            }
            self.applied = Some(log_id);
        }
        Ok(())
    }

    async fn get_snapshot_builder(&mut self) -> Builder {
        Builder {
            newest: self.newest.clone(),
        }
    }

    async fn install_snapshot(
        &mut self,
        meta: &SnapshotMeta,
        snapshot: Shipment,
    ) -> Result<(), io::Error> {
        let Shipment::Incoming(dir, _place) = snapshot else {
            return Err(io::Error::other(
                "a checkpoint was to be installed that was not received",
            ));
        };
        let made = checkpoint_meta(meta);
        let (sender, receiver) = oneshot::channel();
        let done = Box::new(move |result| drop(sender.send(result)));
        if !self.queue.install(Install {
            meta: made.clone(),
            dir,
            done,
        }) {
            return Err(stopped());
        }
        receiver.await.map_err(|_| stopped())??;
        self.applied = meta.last_log_id;
        self.membership = meta.last_membership.clone();
        *lock(&self.newest) = Some(made);
        Ok(())
    }

    async fn get_current_snapshot(&mut self) -> Result<Option<Snapshot>, io::Error> {
        if !self.started.load(std::sync::atomic::Ordering::Acquire) {
            let newest = lock(&self.newest).clone();
            return newest
                .map(|meta| {
                    Ok(Snapshot {
                        meta: snapshot_meta(&meta)?,
                        snapshot: Shipment::Known,
                    })
                })
                .transpose();
        }
        let store = self.store.clone();
        let checkpoint = self.blocking.run(move || store.latest()).await?;
        checkpoint
            .map(|checkpoint| {
                Ok(Snapshot {
                    meta: snapshot_meta(&checkpoint.meta)?,
                    snapshot: Shipment::Outgoing(checkpoint.files),
                })
            })
            .transpose()
    }
}

/// Gives openraft the checkpoint the owner made.
pub(crate) struct Builder {
    newest: Newest,
}

impl<R: AsyncRuntime> RaftSnapshotBuilder<TypeConfig<R>> for Builder {
    type SnapshotData = Shipment;

    async fn build_snapshot(&mut self) -> Result<Snapshot, io::Error> {
        let newest = lock(&self.newest).clone();
        let meta = newest.ok_or_else(|| io::Error::other("there is no checkpoint yet"))?;
        Ok(Snapshot {
            meta: snapshot_meta(&meta)?,
            snapshot: Shipment::Known,
        })
    }
}
