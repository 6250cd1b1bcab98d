//! A running group, as its owner holds it.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use tokio::sync::{mpsc, oneshot};

use crate::driver::{Control, Proposal};
use crate::queue::{Item, Queue};
use crate::types::Batch;
use crate::{
    CheckpointMeta, Committed, CommittedPayload, GroupStatus, History, LeaderEpoch, Log, LogError,
    NotLeader, NotProposed, OpenHistory, Output, ReplicaId, Role, Serve, TransferRefused,
};

/// A replica of a group at work. Dropped, it stops; [`Group::stop`] waits for that.
pub struct Group {
    pub(crate) queue: Queue,
    pub(crate) proposals: mpsc::Sender<Proposal>,
    pub(crate) control: mpsc::UnboundedSender<Control>,
    pub(crate) status: Arc<dyn Fn() -> GroupStatus + Send + Sync>,
    pub(crate) history: OpenHistory,
    pub(crate) server: Arc<dyn Serve>,
    /// The leadership last given out.
    pub(crate) leading: Option<LeaderEpoch>,
    /// When each proposal in flight was made.
    pub(crate) proposed: VecDeque<Instant>,
    pub(crate) in_flight: usize,
}

impl std::fmt::Debug for Group {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Group")
            .field("leading", &self.leading)
            .finish_non_exhaustive()
    }
}

impl Group {
    /// What answers this replica's peers.
    pub fn server(&self) -> Arc<dyn Serve> {
        self.server.clone()
    }

    /// Stops the replica and waits until nothing of it runs. What came out of the log before may still be unread; it comes
    /// out again at the next start.
    pub async fn stop(self) {
        let (reply, stopped) = oneshot::channel();
        if self.control.send(Control::Stop { reply }).is_ok() {
            // An error means that it had stopped already.
            drop(stopped.await);
        }
    }

    fn take(&mut self, item: Item) -> Output {
        match item {
            Item::Committed {
                position,
                epoch,
                payload,
                at,
            } => {
                // In a leadership only its leader writes, and in the order it proposed.
                let own =
                    matches!(payload, CommittedPayload::Batch(_)) && self.leading == Some(epoch);
                let proposed = if own { self.proposed.pop_front() } else { None };
                Output::Committed(Committed {
                    position,
                    epoch,
                    payload,
                    proposed,
                    committed: at,
                })
            }
            Item::Role(role) => {
                self.leading = match role {
                    Role::Leader { epoch } => Some(epoch),
                    Role::Follower { .. } | Role::Learner { .. } => None,
                };
                self.proposed.clear();
                Output::Role(role)
            }
            Item::Install(install) => Output::Install(install),
        }
    }
}

impl Log for Group {
    fn propose(&mut self, batch: Vec<u8>) -> Result<(), (Vec<u8>, NotProposed)> {
        let Some(epoch) = self.leading else {
            let reason = if self.proposals.is_closed() {
                NotProposed::Stopped
            } else {
                NotProposed::NotLeader
            };
            return Err((batch, reason));
        };
        if self.proposed.len() >= self.in_flight {
            return Err((batch, NotProposed::Full));
        }
        match self.proposals.try_reserve() {
            Ok(permit) => {
                permit.send(Proposal {
                    epoch,
                    batch: Batch(Arc::new(batch)),
                });
                self.proposed.push_back(Instant::now());
                Ok(())
            }
            Err(mpsc::error::TrySendError::Full(())) => Err((batch, NotProposed::Full)),
            Err(mpsc::error::TrySendError::Closed(())) => Err((batch, NotProposed::Stopped)),
        }
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<Output>>> {
        match self.queue.poll(cx) {
            Poll::Ready(Some(items)) => Poll::Ready(Some(
                items.into_iter().map(|item| self.take(item)).collect(),
            )),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }

    fn checkpointed(&mut self, made: &CheckpointMeta, keep_from: u64) {
        if self
            .control
            .send(Control::Checkpointed {
                made: made.clone(),
                keep_from,
            })
            .is_err()
        {
            tracing::debug!(
                position = made.position,
                "a checkpoint came after the log's end"
            );
        }
    }

    fn transfer(
        &mut self,
        to: Option<ReplicaId>,
        reply: oneshot::Sender<Result<LeaderEpoch, TransferRefused>>,
    ) {
        if let Err(mpsc::error::SendError(Control::Transfer { reply, .. })) =
            self.control.send(Control::Transfer { to, reply })
        {
            drop(reply.send(Err(TransferRefused::Stopped)));
        }
    }

    fn confirm_leadership(&mut self, reply: oneshot::Sender<Result<u64, NotLeader>>) {
        if let Err(mpsc::error::SendError(Control::Confirm { reply })) =
            self.control.send(Control::Confirm { reply })
        {
            drop(reply.send(Err(NotLeader::Stopped)));
        }
    }

    fn status(&self) -> GroupStatus {
        GroupStatus {
            applied: self.queue.out(),
            in_flight: self.proposed.len(),
            queued_bytes: self.queue.bytes(),
            ..(self.status)()
        }
    }

    fn history(&self) -> Result<Box<dyn History>, LogError> {
        (self.history)()
    }
}
