//! The log and the vote on the journal, as openraft stores them.
//!
//! Writes are handed to the journal in order and reported as flushed only when it calls back. The vote and the purged log id
//! go into the log's note. What is committed is not saved: after a restart the owner's state comes from its checkpoint, and
//! entries come out again once a leader tells how far they are committed.

use std::fmt::Debug;
use std::io;
use std::ops::{Bound, RangeBounds};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::Stream;
use openraft::entry::RaftEntry;
use openraft::storage::{IOFlushed, LogState, RaftLogStorage};
use openraft::{AsyncRuntime, OptionalSend, RaftLogReader};
use tokio::sync::oneshot;

use crate::cache::Cache;
use crate::note::Note;
use crate::types::{Entry, LogId, TypeConfig, Vote, decode_entry, encode_entry, position_of};
use crate::{Done, JournalOp, JournalPort};

/// How many bytes of entries are kept in memory.
pub(crate) const CACHE_BYTES: usize = 32 << 20;

/// How many bytes of entries are read or sent at once.
pub(crate) const CHUNK_BYTES: usize = 1 << 20;

/// What the store knows of the log; indexes are openraft's.
pub(crate) struct State {
    pub(crate) note: Note,
    pub(crate) last: Option<LogId>,
    pub(crate) cache: Cache,
    /// Entries below this index are durable.
    pub(crate) durable: u64,
    /// Counts truncations, so that flushes from before one say nothing about what came after.
    pub(crate) generation: u64,
    /// While openraft starts: the indexes of memberships among the entries that may not have been applied. It looks for
    /// them by reading all of those, backwards; they were read once already.
    pub(crate) memberships: Option<Vec<u64>>,
    /// Elections this replica began.
    pub(crate) elections: u64,
}

impl State {
    fn first(&self) -> u64 {
        self.note.purged.map_or(0, |id| id.index + 1)
    }

    fn end(&self) -> u64 {
        self.last.map_or(0, |id| id.index + 1)
    }

    /// The last durable entry of this log, provided that it follows the leader `vote` stands for: then no other leader of a
    /// lower vote can take it away any more. `None` too where that entry is not in memory.
    pub(crate) fn durable_under(&self, vote: &Vote) -> Option<LogId> {
        if self.note.vote.as_ref() != Some(vote) {
            return None;
        }
        if self.durable == self.end() {
            return self.last;
        }
        self.cache.log_id(self.durable.checked_sub(1)?)
    }

    /// Whether this very entry is in the log's part in memory; so is everything before it, in either log that has it.
    pub(crate) fn holds(&self, id: &LogId) -> bool {
        self.cache.log_id(id.index).as_ref() == Some(id)
    }
}

/// The log of one group.
pub(crate) struct Store<J> {
    pub(crate) id: u64,
    pub(crate) port: J,
    pub(crate) state: Arc<Mutex<State>>,
}

impl<J: Clone> Clone for Store<J> {
    fn clone(&self) -> Self {
        Store {
            id: self.id,
            port: self.port.clone(),
            state: self.state.clone(),
        }
    }
}

/// The guard of a mutex whose holders never panic half-way.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn gone() -> io::Error {
    io::Error::other("the journal dropped an operation without an answer")
}

impl<J: JournalPort> Store<J> {
    /// Submits the note as it stands and waits until it is durable.
    pub(crate) async fn put_note(&self) -> io::Result<()> {
        let (sender, receiver) = oneshot::channel();
        self.submit_note(Box::new(move |result| drop(sender.send(result))));
        receiver.await.map_err(|_| gone())?
    }

    fn submit_note(&self, done: Done<()>) {
        let bytes = lock(&self.state).note.encode();
        self.port.submit(JournalOp::Note { bytes, done });
    }

    /// Lets the log go on at `next` (an index), with nothing before it.
    pub(crate) async fn reset(&self, next: u64) -> io::Result<()> {
        let (sender, receiver) = oneshot::channel();
        let next = position_of(next);
        self.port.submit(JournalOp::Reset {
            next,
            done: Box::new(move |result| drop(sender.send(result))),
        });
        receiver.await.map_err(|_| gone())?
    }

    /// Reads entries from the journal, about `max_bytes`; at least one if there is one.
    pub(crate) async fn read_journal(
        &self,
        start: u64,
        end: u64,
        max_bytes: usize,
    ) -> io::Result<Vec<Entry>> {
        let (sender, receiver) = oneshot::channel();
        self.port.submit(JournalOp::Read {
            from: position_of(start),
            to: position_of(end),
            max_bytes,
            done: Box::new(move |result| drop(sender.send(result))),
        });
        let entries = receiver.await.map_err(|_| gone())??;
        entries
            .iter()
            .map(|(position, bytes)| {
                decode_entry(*position, bytes).map_err(|error| {
                    io::Error::other(format!("the journal's entry {position}: {error}"))
                })
            })
            .collect()
    }

    /// Entries from `start` on to before `end`, about `max_bytes`; at least one if the log holds the first. From memory, else
    /// from the journal.
    async fn read(&self, start: u64, end: u64, max_bytes: usize) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        let disk_end = {
            let state = lock(&self.state);
            let end = end.min(state.end());
            if start >= end || start < state.first() {
                return Ok(entries);
            }
            state.cache.read(start, end, max_bytes, &mut entries);
            if !entries.is_empty() {
                return Ok(entries);
            }
            state.cache.first().map_or(end, |first| first.min(end))
        };
        let entries = self.read_journal(start, disk_end, max_bytes).await?;
        for (entry, index) in entries.iter().zip(start..) {
            if entry.log_id.index != index {
                return Err(io::Error::other(format!(
                    "the journal gave entry {} where {} was asked for",
                    position_of(entry.log_id.index),
                    position_of(index)
                )));
            }
        }
        Ok(entries)
    }
}

fn bounds(range: &impl RangeBounds<u64>) -> (u64, u64) {
    let start = match range.start_bound() {
        Bound::Included(start) => *start,
        Bound::Excluded(start) => start + 1,
        Bound::Unbounded => 0,
    };
    let end = match range.end_bound() {
        Bound::Included(end) => end + 1,
        Bound::Excluded(end) => *end,
        Bound::Unbounded => u64::MAX,
    };
    (start, end)
}

impl<R: AsyncRuntime, J: JournalPort> RaftLogReader<TypeConfig<R>> for Store<J> {
    async fn try_get_log_entries<RB: RangeBounds<u64> + Clone + Debug + OptionalSend>(
        &mut self,
        range: RB,
    ) -> Result<Vec<Entry>, io::Error> {
        let (start, end) = bounds(&range);
        let (mut next, end) = {
            let state = lock(&self.state);
            let (start, end) = (start.max(state.first()), end.min(state.end()));
            // Reads of single entries are meant; wider ones at the start only look for memberships.
            if let Some(memberships) = &state.memberships
                && end > start + 1
                && !memberships.iter().any(|index| (start..end).contains(index))
            {
                return Ok(Vec::new());
            }
            (start, end)
        };
        let mut entries = Vec::new();
        while next < end {
            let chunk = self.read(next, end, CHUNK_BYTES).await?;
            if chunk.is_empty() {
                break;
            }
            next += chunk.len() as u64;
            entries.extend(chunk);
        }
        Ok(entries)
    }

    async fn read_vote(&mut self) -> Result<Option<Vote>, io::Error> {
        Ok(lock(&self.state).note.vote)
    }

    async fn limited_get_log_entries(
        &mut self,
        start: u64,
        end: u64,
    ) -> Result<Vec<Entry>, io::Error> {
        self.read(start, end, CHUNK_BYTES).await
    }

    /// Read only as far as they are taken: whoever applies them may have to wait.
    async fn entries_stream<RB>(
        &mut self,
        range: RB,
    ) -> impl Stream<Item = Result<Entry, io::Error>> + OptionalSend
    where
        RB: RangeBounds<u64> + Clone + Debug + OptionalSend,
    {
        let (start, end) = bounds(&range);
        let reading = (self.clone(), start, end, Vec::new().into_iter());
        futures_util::stream::try_unfold(reading, |(store, next, end, mut chunk)| async move {
            if let Some(entry) = chunk.next() {
                return Ok(Some((entry, (store, next, end, chunk))));
            }
            if next >= end {
                return Ok(None);
            }
            let entries: Vec<Entry> = store.read(next, end, CHUNK_BYTES).await?;
            let next = next + entries.len() as u64;
            let mut chunk = entries.into_iter();
            match chunk.next() {
                Some(entry) => Ok(Some((entry, (store, next, end, chunk)))),
                None => Err(io::Error::other(format!(
                    "committed entry {} is missing",
                    position_of(next)
                ))),
            }
        })
    }
}

impl<R: AsyncRuntime, J: JournalPort> RaftLogStorage<TypeConfig<R>> for Store<J> {
    type LogReader = Store<J>;

    async fn get_log_state(&mut self) -> Result<LogState<TypeConfig<R>>, io::Error> {
        let state = lock(&self.state);
        Ok(LogState {
            last_purged_log_id: state.note.purged,
            last_log_id: state.last.or(state.note.purged),
        })
    }

    async fn get_log_reader(&mut self) -> Store<J> {
        self.clone()
    }

    /// Waits until the vote is durable, but for one that differs from the last only in that its leader is known to have been
    /// elected. That binds nobody to anything new: a replica that forgets it in a crash still refuses every lower vote, and
    /// no replica leads again by what it kept. Raft stands still meanwhile, so a hand-over would pay for it twice.
    async fn save_vote(&mut self, vote: &Vote) -> Result<(), io::Error> {
        let known = {
            let mut state = lock(&self.state);
            if vote.leader_id.node_id == self.id && !vote.committed {
                state.elections += 1;
            }
            let before = state.note.vote.replace(*vote);
            vote.committed && before.is_some_and(|before| before.leader_id == vote.leader_id)
        };
        if !known {
            return self.put_note().await;
        }
        self.submit_note(Box::new(|result| {
            // The node ends with a journal that failed, and whatever is appended next fails too.
            if let Err(error) = result {
                tracing::error!(%error, "the leader's election is not noted");
            }
        }));
        Ok(())
    }

    async fn append<I>(
        &mut self,
        entries: I,
        callback: IOFlushed<TypeConfig<R>>,
    ) -> Result<(), io::Error>
    where
        I: IntoIterator<Item = Entry> + OptionalSend,
        I::IntoIter: OptionalSend,
    {
        let mut encoded = Vec::new();
        let (end, generation) = {
            let mut state = lock(&self.state);
            for entry in entries {
                let mut bytes = Vec::new();
                encode_entry(&entry, &mut bytes);
                encoded.push((position_of(entry.index()), bytes));
                state.last = Some(entry.log_id);
                state.cache.push(entry);
            }
            (state.end(), state.generation)
        };
        if encoded.is_empty() {
            callback.io_completed(Ok(()));
            return Ok(());
        }
        let shared = self.state.clone();
        let done = Box::new(move |result: io::Result<()>| {
            if result.is_ok() {
                let mut state = lock(&shared);
                if state.generation == generation {
                    state.durable = state.durable.max(end);
                    let durable = state.durable;
                    state.cache.shrink(durable);
                }
            }
            callback.io_completed(result);
        });
        self.port.submit(JournalOp::Append {
            entries: encoded,
            done,
        });
        Ok(())
    }

    async fn truncate_after(&mut self, last_log_id: Option<LogId>) -> Result<(), io::Error> {
        let from = last_log_id.map_or(0, |id| id.index + 1);
        {
            let mut state = lock(&self.state);
            if from >= state.end() {
                return Ok(());
            }
            state.cache.truncate(from);
            state.last = last_log_id;
            state.durable = state.durable.min(from);
            state.generation += 1;
        }
        let (sender, receiver) = oneshot::channel();
        self.port.submit(JournalOp::Truncate {
            from: position_of(from),
            done: Box::new(move |result| drop(sender.send(result))),
        });
        receiver.await.map_err(|_| gone())?
    }

    async fn purge(&mut self, log_id: LogId) -> Result<(), io::Error> {
        let beyond = {
            let mut state = lock(&self.state);
            if state
                .note
                .purged
                .is_some_and(|purged| purged.index >= log_id.index)
            {
                return Ok(());
            }
            state.note.purged = Some(log_id);
            state.cache.purge(log_id.index + 1);
            let beyond = log_id.index >= state.end();
            if beyond {
                state.last = Some(log_id);
                state.durable = log_id.index + 1;
                state.generation += 1;
            }
            beyond
        };
        self.put_note().await?;
        if beyond {
            self.reset(log_id.index + 1).await
        } else {
            self.port.submit(JournalOp::Purge {
                up_to: position_of(log_id.index),
            });
            Ok(())
        }
    }
}
