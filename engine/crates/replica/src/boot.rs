//! Opens the store on what the journal holds at the start, and brings journal and checkpoint to agree.

use std::sync::{Arc, Mutex};

use openraft::EntryPayload;

use crate::cache::Cache;
use crate::note::Note;
use crate::store::{CACHE_BYTES, CHUNK_BYTES, State, Store, lock};
use crate::types::{LogId, log_id, position, position_of};
use crate::{CheckpointMeta, JournalPort, JournalState};

/// How many bytes the start reads at once.
const SCAN_BYTES: usize = 4 * CHUNK_BYTES;

impl<J: JournalPort> Store<J> {
    /// Opens the log. Interrupted purges and installed checkpoints that the journal does not know of yet are completed.
    ///
    /// # Errors
    /// What is wrong with journal and checkpoint, and what can be done.
    pub(crate) async fn open(
        id: u64,
        port: J,
        journal: &JournalState,
        applied: Option<&CheckpointMeta>,
    ) -> Result<Store<J>, String> {
        let mut note = match &journal.note {
            None => Note::default(),
            Some(bytes) => {
                Note::decode(bytes).map_err(|error| format!("the log's note: {error}"))?
            }
        };
        if journal.next == 1 && note.vote.is_some_and(|vote| vote.leader_id.term == 0) {
            // Stopped while it founded the group, before the first entry: it may do so again.
            note.vote = None;
        }
        let state = State {
            note,
            last: None,
            cache: Cache::new(CACHE_BYTES),
            durable: 0,
            generation: 0,
            memberships: Some(Vec::new()),
            elections: 0,
        };
        let store = Store {
            id,
            port,
            state: Arc::new(Mutex::new(state)),
        };
        store.check(journal, applied)?;
        let applied = applied.map(|meta| log_id(meta.epoch, meta.position));
        // The journal's range, as indexes.
        let (first, mut end) = (
            journal.first.saturating_sub(1),
            journal.next.saturating_sub(1),
        );

        let mut purged_end = note.purged.map_or(0, |id| id.index + 1);
        if let Some(applied) = applied
            && first == end
            && end == applied.index + 1
            && end > purged_end
        {
            // Stopped in `forget`, between its two steps.
            store.purged(applied).await?;
            purged_end = end;
        }
        if end < purged_end {
            // Stopped between the note that said so and the journal's own step.
            store
                .reset(purged_end)
                .await
                .map_err(|error| error.to_string())?;
            end = purged_end;
        }
        if let Some(applied) = applied
            && applied.index >= purged_end
            && applied.index < end
        {
            let found = store.epoch_at(applied.index.max(first)).await?;
            if found != applied {
                // A checkpoint was installed over entries that another leader never committed.
                store.forget(applied).await?;
                end = applied.index + 1;
            }
        }
        store.scan(end, applied).await?;
        Ok(store)
    }

    /// What can't be brought to agree.
    fn check(
        &self,
        journal: &JournalState,
        applied: Option<&CheckpointMeta>,
    ) -> Result<(), String> {
        let purged = position(lock(&self.state).note.purged.as_ref());
        let covered = applied.map_or(0, |meta| meta.position);
        if purged > covered {
            return Err(format!(
                "entries up to {purged} were purged, but the checkpoint covers only those up to {covered}; restore a newer \
                 checkpoint, or empty the data directory so that the state is fetched from another replica"
            ));
        }
        if journal.first > purged + 1 && journal.next > journal.first {
            return Err(format!(
                "the journal begins at {}, but entries were purged only up to {purged}; empty the data directory so that \
                 the state is fetched from another replica",
                journal.first
            ));
        }
        Ok(())
    }

    async fn epoch_at(&self, index: u64) -> Result<LogId, String> {
        let entries = self
            .read_journal(index, index + 1, 1)
            .await
            .map_err(|error| error.to_string())?;
        let entry = entries
            .first()
            .ok_or_else(|| format!("the journal lacks entry {}", position_of(index)))?;
        Ok(entry.log_id)
    }

    /// Drops the whole log in favour of the checkpoint at `applied`. The entries go first: were only the note there after a
    /// stop, what another leader never committed would follow the checkpoint.
    async fn forget(&self, applied: LogId) -> Result<(), String> {
        self.reset(applied.index + 1)
            .await
            .map_err(|error| error.to_string())?;
        self.purged(applied).await
    }

    /// Notes that everything up to `applied` is gone.
    async fn purged(&self, applied: LogId) -> Result<(), String> {
        lock(&self.state).note.purged = Some(applied);
        self.put_note().await.map_err(|error| error.to_string())
    }

    /// Reads what may have to be applied, remembers where memberships stand in it, and keeps the newest in memory.
    async fn scan(&self, end: u64, applied: Option<LogId>) -> Result<(), String> {
        let start = {
            let mut state = lock(&self.state);
            let purged_end = state.note.purged.map_or(0, |id| id.index + 1);
            state.durable = end;
            if end == purged_end {
                state.last = state.note.purged;
                return Ok(());
            }
            // The last entry is read in any case, for its log id.
            applied
                .map_or(0, |id| id.index + 1)
                .min(end - 1)
                .max(purged_end)
        };
        let mut next = start;
        while next < end {
            let entries = self
                .read_journal(next, end, SCAN_BYTES)
                .await
                .map_err(|error| error.to_string())?;
            if entries.is_empty() {
                return Err(format!("the journal lacks entry {}", position_of(next)));
            }
            let mut state = lock(&self.state);
            for entry in entries {
                if entry.log_id.index != next {
                    return Err(format!("the journal lacks entry {}", position_of(next)));
                }
                if let (EntryPayload::Membership(_), Some(memberships)) =
                    (&entry.payload, &mut state.memberships)
                {
                    memberships.push(next);
                }
                state.last = Some(entry.log_id);
                state.cache.push(entry);
                next += 1;
            }
            state.cache.shrink(end);
        }
        Ok(())
    }

    /// To be called once openraft has started: every read is answered in full from here on.
    pub(crate) fn started(&self) {
        lock(&self.state).memberships = None;
    }
}
