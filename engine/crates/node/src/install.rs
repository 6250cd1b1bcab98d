//! Another replica's checkpoint takes the place of the state. It is verified before anything is changed, and after a crash at
//! any point either the old or the new checkpoint is whole: a trading day's streams are the same on every replica, only
//! longer, so the new files serve the old checkpoint too.

use crate::checkpoint::{self, Header};
use crate::recovery::Places;
use crate::replica::Replica;
use crate::shipping::{CHECKPOINT, STREAMS, remove};
use crate::streams::{self, Opened, Streams, Tails};
use rialto_market::Market;
use rialto_process::files;
use rialto_replica::CheckpointMeta;
use rialto_session::publish::Publisher;
use std::io;
use std::path::Path;

/// A checkpoint that has taken its place on the disk, read back.
pub struct Installed {
    /// What it says of itself.
    pub header: Header,
    market: Market,
    publisher: Publisher,
    streams: Opened,
}

impl Installed {
    /// The replica, for the thread that calls it.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn take(self) -> io::Result<Replica<Streams>> {
        let Header { tape, log, .. } = self.header;
        let streams = self.streams.take()?;
        Ok(Replica::new(
            self.market,
            self.publisher,
            streams,
            tape,
            Some(log),
        ))
    }
}

/// Verifies the checkpoint of market `name` staged in `dir` and puts it in the place of what is at `places`. May take long.
///
/// # Errors
/// It is not whole, not the one that was announced, or the disk refuses. What was there still stands.
pub fn install(
    name: &str,
    places: &Places,
    tails: Tails,
    meta: &CheckpointMeta,
    dir: &Path,
) -> io::Result<Installed> {
    let _held = places.hold();
    let staged = dir.join(CHECKPOINT);
    let loaded = checkpoint::load(&staged, name).map_err(io::Error::other)?;
    if loaded.header.log != *meta {
        return Err(io::Error::other(format!(
            "{}: is of position {}, not {}",
            staged.display(),
            loaded.header.position,
            meta.position
        )));
    }
    let extents = &loaded.header.extents;
    if let Some(day) = extents.day {
        let folder = streams::folder(&places.streams, day);
        std::fs::create_dir_all(&folder)?;
        for (file, extent) in streams::files(extents) {
            let from = dir.join(STREAMS).join(&file);
            // Walks the whole file, so that a damaged one takes no place.
            streams::Stream::open(&from, extent, tails.session)?;
            std::fs::rename(from, folder.join(file))?;
        }
        files::sync_entries(&folder)?;
        files::sync_folder(&folder)?;
    }
    let streams = Opened::open(&places.streams, tails, extents)?;
    let place = checkpoint::file(&places.checkpoints, meta.position);
    std::fs::rename(&staged, &place)?;
    files::sync_folder(&place)?;
    // Checkpoints after this one are of entries that were never committed: there are none, or they are damaged.
    for (position, path) in checkpoint::list(&places.checkpoints)? {
        if position > meta.position {
            std::fs::remove_file(path)?;
        }
    }
    remove(dir)?;
    Ok(Installed {
        header: loaded.header,
        market: loaded.market,
        publisher: loaded.publisher,
        streams,
    })
}
