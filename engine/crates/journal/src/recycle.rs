//! Giving segments back: to the pool, or to the disk.

use crate::error::JournalError;
use crate::journal::Journal;
use crate::names;
use crate::pool::Broken;

impl Journal {
    /// Recycles the oldest segments as long as nothing that counts stands in them.
    pub(crate) fn recycle(&mut self) -> Result<(), JournalError> {
        if self.cut_waits {
            // What a truncation dropped comes back if it never becomes durable; the sync that makes it so recycles.
            return Ok(());
        }
        let mut moved = Vec::new();
        while let Some(next) = self.segments.get(1).map(|next| next.base)
            && self
                .logs
                .values()
                .all(|log| log.state.oldest().is_none_or(|oldest| oldest >= next))
            && self.notes.values().all(|note| note.durable_at >= next)
        {
            let Some(old) = self.segments.front().map(|s| names::segment(s.number)) else {
                break;
            };
            if let Err((action, file, error)) = self.retire(&old, &mut moved) {
                return Err(self.stop(action, file, &error));
            }
            self.segments.pop_front();
        }
        if !moved.is_empty() {
            // Before a file is written over, its old name must be gone for good.
            if let Err(error) = self.disk.sync_dir() {
                return Err(self.stop("sync", self.disk.place(), &error));
            }
            self.free.extend(moved);
        }
        Ok(())
    }

    fn retire(&mut self, old: &str, moved: &mut Vec<u64>) -> Result<(), Broken> {
        let size = self
            .disk
            .open(old)
            .and_then(|f| f.size())
            .map_err(|e| ("open", old.to_string(), e))?;
        if size == self.config.segment_bytes
            && self.free.len() + moved.len() < self.config.pool_segments
        {
            let number = self.next_free;
            self.next_free += 1;
            self.disk
                .rename(old, &names::free(number))
                .map_err(|e| ("rename", old.to_string(), e))?;
            moved.push(number);
            Ok(())
        } else {
            self.disk
                .remove(old)
                .map_err(|e| ("remove", old.to_string(), e))
        }
    }
}
