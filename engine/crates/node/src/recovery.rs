//! From disk to a market that may go on: the newest checkpoint that is whole, then the log after it.

use crate::checkpoint::{self, Header, Loaded};
use crate::replica::{ReplayError, Replica};
use crate::streams::{Counting, Extents, Streams, Tails};
use rialto_market::{Config, Market};
use rialto_process::files;
use rialto_replica::{History, LogError};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Where a market keeps its files.
#[derive(Clone, Debug)]
pub struct Places {
    /// Its checkpoints.
    pub checkpoints: PathBuf,
    /// Its streams.
    pub streams: PathBuf,
    /// Where a checkpoint of another replica is put together.
    pub incoming: PathBuf,
    lock: Arc<Mutex<()>>,
}

impl Places {
    /// The places of market `name` below the data directory; made where they are missing.
    ///
    /// # Errors
    /// They can't be made.
    pub fn new(data_dir: &Path, name: &str) -> io::Result<Self> {
        let dir = data_dir.join("markets").join(name);
        let places = Self {
            checkpoints: dir.join("checkpoints"),
            streams: dir.join("streams"),
            incoming: dir.join("incoming"),
            lock: Arc::default(),
        };
        std::fs::create_dir_all(&places.checkpoints)?;
        std::fs::create_dir_all(&places.streams)?;
        // The journal forgets what a checkpoint covers, so the way to the checkpoint must outlive a power cut.
        for folder in dir.ancestors().take(3) {
            files::sync_entries(folder)?;
        }
        Ok(places)
    }

    /// Keeps others from adding or removing checkpoints and streams until it is dropped.
    pub fn hold(&self) -> MutexGuard<'_, ()> {
        self.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why a market can't go on from what is on the disk.
#[derive(Debug, thiserror::Error)]
pub enum RecoveryError {
    /// A folder or file can't be used.
    #[error("{place}: {source}")]
    Io {
        /// Where.
        place: String,
        /// The cause.
        source: io::Error,
    },
    /// The log can't be read.
    #[error("{0}")]
    Log(#[from] LogError),
    /// The log can't be applied.
    #[error("{0}")]
    Replay(#[from] ReplayError),
    /// There is no way to the state.
    #[error(
        "market {market}: no checkpoint is whole ({tried} tried, see the log), and the journal begins at position {first}; \
         restore a checkpoint from a backup into {place}"
    )]
    NoWay {
        /// The market.
        market: String,
        /// Checkpoints that were tried.
        tried: usize,
        /// Where the log begins.
        first: u64,
        /// Where checkpoints live.
        place: String,
    },
}

/// A market as its newest usable checkpoint has it; what the log holds after it is applied once it is known to be committed.
pub struct Recovered {
    /// The market, its streams open.
    pub replica: Replica<Streams>,
    /// The checkpoint it came from.
    pub checkpoint: Option<Header>,
}

/// Recovers market `name` from its newest checkpoint; its log begins at `first` (`None`: it is empty).
///
/// # Errors
/// There is no whole checkpoint with a log that goes on from it, or the disk refuses.
pub fn recover(
    name: &str,
    places: &Places,
    tails: Tails,
    first: Option<u64>,
) -> Result<Recovered, RecoveryError> {
    let found = start(name, places, first, |loaded| {
        Streams::open(&places.streams, tails, &loaded.header.extents)
    })?;
    let (replica, checkpoint) = match found {
        Some((loaded, streams)) => {
            let header = loaded.header.clone();
            (loaded.into_replica(streams), Some(header))
        }
        None => {
            let streams = Streams::open(&places.streams, tails, &Extents::default());
            let streams = streams.map_err(|source| RecoveryError::Io {
                place: places.streams.display().to_string(),
                source,
            })?;
            (Replica::empty(fresh(), streams), None)
        }
    };
    Ok(Recovered {
        replica,
        checkpoint,
    })
}

/// The state of the newest whole checkpoint, or the empty one; no stream is touched.
///
/// # Errors
/// There is no way from any checkpoint along the log.
pub fn last_state(
    name: &str,
    places: &Places,
    history: &mut dyn History,
) -> Result<Replica<Counting>, RecoveryError> {
    let found = start(name, places, history.first()?, |_| Ok(()))?;
    Ok(match found {
        Some((loaded, ())) => {
            let counting = Counting(loaded.header.extents.clone());
            loaded.into_replica(counting)
        }
        None => Replica::empty(fresh(), Counting::default()),
    })
}

fn fresh() -> Market {
    Market::new(Config::default())
}

/// The newest checkpoint that is whole, that `open` accepts, and from which the log goes on.
fn start<T>(
    name: &str,
    places: &Places,
    first: Option<u64>,
    mut open: impl FnMut(&Loaded) -> io::Result<T>,
) -> Result<Option<(Loaded, T)>, RecoveryError> {
    let checkpoints =
        checkpoint::list(&places.checkpoints).map_err(|source| RecoveryError::Io {
            place: places.checkpoints.display().to_string(),
            source,
        })?;
    for (position, path) in &checkpoints {
        if first.is_some_and(|first| first > position + 1) {
            tracing::error!(event = "checkpoint_useless", market = name, position, first);
            continue;
        }
        let loaded = match checkpoint::load(path, name) {
            Ok(loaded) => loaded,
            Err(error) => {
                tracing::error!(event = "checkpoint_damaged", market = name, position, error = %error);
                continue;
            }
        };
        match open(&loaded) {
            Ok(opened) => return Ok(Some((loaded, opened))),
            Err(error) => {
                tracing::error!(event = "streams_damaged", market = name, position, error = %error);
            }
        }
    }
    if first.is_some_and(|first| first > 1) || (first.is_none() && !checkpoints.is_empty()) {
        return Err(RecoveryError::NoWay {
            market: name.to_owned(),
            tried: checkpoints.len(),
            first: first.unwrap_or(0),
            place: places.checkpoints.display().to_string(),
        });
    }
    Ok(None)
}
