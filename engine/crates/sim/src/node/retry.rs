//! A log whose lost proposals are proposed again by the next leader, as a gateway would that does not know what became of
//! them: only those that did arrive, so that each is there twice. What saves the market from them is the number that each
//! client message has.

use crate::ledger::Ledger;
use crate::lock;
use rialto_market::Market;
use rialto_market::codec::{decode_batch, encode_batch};
use rialto_market::command::Command;
use rialto_replica::{
    CheckpointMeta, CommittedPayload, Group, GroupStatus, History, LeaderEpoch, Log, LogError,
    NotLeader, NotProposed, Output, ReplicaId, Role, TransferRefused,
};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use tokio::sync::oneshot;

/// Batches whose fate a leader did not learn; the same for all nodes.
pub type Pool = Arc<Mutex<Vec<Vec<u8>>>>;

/// A group, with what it lost kept where a pool is given.
pub struct Retrying {
    group: Group,
    ledger: Ledger,
    pool: Option<Pool>,
    /// What was proposed and has not come out, with whether it was proposed before.
    waiting: VecDeque<(bool, Vec<u8>)>,
}

impl Retrying {
    /// A group that keeps what it loses in `pool`, or nothing.
    pub const fn new(group: Group, ledger: Ledger, pool: Option<Pool>) -> Self {
        Self {
            group,
            ledger,
            pool,
            waiting: VecDeque::new(),
        }
    }

    fn look(&mut self, output: &mut Output) {
        let Some(pool) = self.pool.clone() else {
            return;
        };
        match output {
            Output::Committed(entry) if entry.proposed.is_some() => {
                if let Some((true, _)) = self.waiting.pop_front() {
                    entry.proposed = None;
                }
            }
            Output::Role(Role::Leader { .. }) => self.again(&pool),
            Output::Role(_) => {
                let lost = self.waiting.drain(..).map(|(_, batch)| batch);
                lock(&pool).extend(lost);
            }
            _ => {}
        }
    }

    fn again(&mut self, pool: &Pool) {
        let batches = std::mem::take(&mut *lock(pool));
        for batch in batches {
            if self.ledger.has(&batch) && self.group.propose(batch.clone()).is_ok() {
                self.waiting.push_back((true, batch));
            }
        }
    }
}

impl Log for Retrying {
    fn propose(&mut self, batch: Vec<u8>) -> Result<(), (Vec<u8>, NotProposed)> {
        let copy = self.pool.is_some().then(|| batch.clone());
        self.group.propose(batch)?;
        if let Some(copy) = copy {
            self.waiting.push_back((false, copy));
        }
        Ok(())
    }

    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Vec<Output>>> {
        let mut polled = self.group.poll(cx);
        if let Poll::Ready(Some(outputs)) = &mut polled {
            for output in outputs {
                self.look(output);
            }
        }
        polled
    }

    fn checkpointed(&mut self, made: &CheckpointMeta, keep_from: u64) {
        self.group.checkpointed(made, keep_from);
    }

    fn transfer(
        &mut self,
        to: Option<ReplicaId>,
        reply: oneshot::Sender<Result<LeaderEpoch, TransferRefused>>,
    ) {
        self.group.transfer(to, reply);
    }

    fn confirm_leadership(&mut self, reply: oneshot::Sender<Result<u64, NotLeader>>) {
        self.group.confirm_leadership(reply);
    }

    fn status(&self) -> GroupStatus {
        self.group.status()
    }

    fn history(&self) -> Result<Box<dyn History>, LogError> {
        self.group.history()
    }
}

/// The batch with every client message's number made the one that `market` takes next: a market that checks no numbers.
pub fn renumbered(payload: &CommittedPayload, market: &Market) -> Option<CommittedPayload> {
    let CommittedPayload::Batch(bytes) = payload else {
        return None;
    };
    let mut commands = decode_batch(bytes).ok()?;
    let mut next = BTreeMap::new();
    for stamped in &mut commands {
        if let Command::Client {
            session, number, ..
        } = &mut stamped.command
        {
            let expected = next
                .entry(*session)
                .or_insert_with(|| market.next_number(*session).unwrap_or(1));
            *number = *expected;
            *expected += 1;
        }
    }
    let mut bytes = Vec::new();
    encode_batch(&commands, &mut bytes);
    Some(CommittedPayload::Batch(bytes))
}
