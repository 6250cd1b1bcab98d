//! The outputs of a group on their way to its owner: bounded in bytes for what is committed, so that a slow owner holds up
//! the applying task and nothing else.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::Instant;

use tokio::sync::Notify;

use crate::store::lock;
use crate::{CommittedPayload, Install, LeaderEpoch, ReplicaId, Role};

/// How many bytes of committed entries wait at most before the applying task does.
const LIMIT_BYTES: usize = 8 << 20;

/// About how much of them one call takes out.
const CHUNK_BYTES: usize = 1 << 20;

/// What an entry counts beside its batch.
const OVERHEAD: usize = 64;

/// An output before proposals are paired with it.
pub(crate) enum Item {
    Committed {
        position: u64,
        epoch: LeaderEpoch,
        payload: CommittedPayload,
        at: Instant,
    },
    Role(Role),
    Install(Install),
}

/// The queue's two ends share this.
#[derive(Clone)]
pub(crate) struct Queue {
    shared: Arc<Mutex<Shared>>,
    room: Arc<Notify>,
}

struct Shared {
    id: ReplicaId,
    items: VecDeque<Item>,
    bytes: usize,
    closed: bool,
    waker: Option<Waker>,
    /// The last position given out.
    out: u64,
    /// The leadership raft says this replica holds.
    leading: Option<LeaderEpoch>,
    /// The latest leadership of this replica whose blank entry was queued.
    ready: Option<LeaderEpoch>,
    /// The leadership announced to the owner, or about to be.
    announced: Option<LeaderEpoch>,
}

fn weight(payload: &CommittedPayload) -> usize {
    OVERHEAD
        + match payload {
            CommittedPayload::Batch(bytes) | CommittedPayload::Membership(bytes) => bytes.len(),
            CommittedPayload::Blank => 0,
        }
}

impl Queue {
    /// An empty queue of replica `id`, whose owner's state is at position `out`.
    pub(crate) fn new(id: ReplicaId, out: u64) -> Queue {
        let shared = Shared {
            id,
            items: VecDeque::new(),
            bytes: 0,
            closed: false,
            waker: None,
            out,
            leading: None,
            ready: None,
            announced: None,
        };
        Queue {
            shared: Arc::new(Mutex::new(shared)),
            room: Arc::new(Notify::new()),
        }
    }

    /// Adds a committed entry, once there is room. False when the queue was closed.
    pub(crate) async fn commit(
        &self,
        position: u64,
        epoch: LeaderEpoch,
        payload: CommittedPayload,
    ) -> bool {
        loop {
            let notified = self.room.notified();
            {
                let mut shared = lock(&self.shared);
                if shared.closed {
                    return false;
                }
                if shared.bytes < LIMIT_BYTES {
                    let own = epoch.node == shared.id;
                    let blank = matches!(payload, CommittedPayload::Blank);
                    shared.bytes += weight(&payload);
                    shared.items.push_back(Item::Committed {
                        position,
                        epoch,
                        payload,
                        at: Instant::now(),
                    });
                    if own && blank {
                        shared.ready = Some(epoch);
                        shared.announce();
                    }
                    shared.wake();
                    return true;
                }
            }
            notified.await;
        }
    }

    /// Adds a checkpoint to install. False when the queue was closed.
    pub(crate) fn install(&self, install: Install) -> bool {
        let mut shared = lock(&self.shared);
        if shared.closed {
            return false;
        }
        shared.items.push_back(Item::Install(install));
        shared.wake();
        true
    }

    /// Says what raft holds this replica to be. A lost leadership overtakes everything in the queue.
    pub(crate) fn role(&self, leading: Option<LeaderEpoch>, role: Role) {
        let mut shared = lock(&self.shared);
        let lost = shared.announced.is_some() && shared.announced != leading;
        shared.leading = leading;
        if lost {
            shared.announced = None;
            shared.items.retain(|item| !matches!(item, Item::Role(_)));
            if leading.is_some() {
                // Lost and won again: the loss is told first.
                let (Role::Leader { epoch }
                | Role::Follower { epoch, .. }
                | Role::Learner { epoch, .. }) = role;
                shared.items.push_front(Item::Role(Role::Follower {
                    leader: None,
                    epoch,
                }));
            } else {
                shared.items.push_front(Item::Role(role));
            }
        } else if leading.is_none() {
            // Of several changes nobody has taken yet the last one matters.
            if matches!(shared.items.back(), Some(Item::Role(_))) {
                shared.items.pop_back();
            }
            shared.items.push_back(Item::Role(role));
        }
        shared.announce();
        shared.wake();
    }

    /// Ends the queue: what is in it is still given out.
    pub(crate) fn close(&self) {
        let mut shared = lock(&self.shared);
        shared.closed = true;
        shared.wake();
        drop(shared);
        self.room.notify_waiters();
    }

    /// Takes the next items, about a chunk's worth.
    pub(crate) fn poll(&self, cx: &mut Context<'_>) -> Poll<Option<Vec<Item>>> {
        let mut shared = lock(&self.shared);
        if shared.items.is_empty() {
            if shared.closed {
                return Poll::Ready(None);
            }
            shared.waker = Some(cx.waker().clone());
            return Poll::Pending;
        }
        let mut taken = Vec::new();
        let mut bytes = 0;
        while bytes < CHUNK_BYTES {
            let Some(item) = shared.items.pop_front() else {
                break;
            };
            match &item {
                Item::Committed {
                    position, payload, ..
                } => {
                    bytes += weight(payload);
                    shared.out = *position;
                }
                Item::Install(install) => shared.out = install.meta.position,
                Item::Role(_) => {}
            }
            taken.push(item);
        }
        shared.bytes = shared.bytes.saturating_sub(bytes);
        drop(shared);
        self.room.notify_waiters();
        Poll::Ready(Some(taken))
    }

    /// The last position given out.
    pub(crate) fn out(&self) -> u64 {
        lock(&self.shared).out
    }

    /// How many bytes wait.
    pub(crate) fn bytes(&self) -> usize {
        lock(&self.shared).bytes
    }

    /// Whether raft says that this replica holds the leadership `epoch`.
    pub(crate) fn leads(&self, epoch: LeaderEpoch) -> bool {
        lock(&self.shared).leading == Some(epoch)
    }
}

impl Shared {
    /// Leadership is announced once raft says so and the blank entry is on its way out.
    fn announce(&mut self) {
        if let Some(epoch) = self.leading
            && self.ready == Some(epoch)
            && self.announced != Some(epoch)
        {
            self.announced = Some(epoch);
            self.items.push_back(Item::Role(Role::Leader { epoch }));
        }
    }

    fn wake(&mut self) {
        if let Some(waker) = self.waker.take() {
            waker.wake();
        }
    }
}
