//! From disk to a market that may go on: the newest checkpoint that is whole, then the log after it.

use crate::checkpoint::{self, Header, Loaded};
use crate::files;
use crate::log::{History, LogError};
use crate::replica::{ReplayError, Replica};
use crate::streams::{Counting, Extents, Streams, Tails};
use rialto_market::{Config, Market};
use rialto_session::publish::Publisher;
use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

/// Where a market keeps its files.
#[derive(Clone, Debug)]
pub struct Places {
    /// Its checkpoints.
    pub checkpoints: PathBuf,
    /// Its streams.
    pub streams: PathBuf,
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
        };
        std::fs::create_dir_all(&places.checkpoints)?;
        std::fs::create_dir_all(&places.streams)?;
        // The journal forgets what a checkpoint covers, so the way to the checkpoint must outlive a power cut.
        for folder in dir.ancestors().take(3) {
            files::sync_entries(folder)?;
        }
        Ok(places)
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

/// A recovered market.
pub struct Recovered {
    /// The market, its streams open.
    pub replica: Replica<Streams>,
    /// The checkpoint it came from.
    pub checkpoint: Option<Header>,
}

/// Recovers market `name`.
///
/// # Errors
/// There is no whole checkpoint with a log that goes on from it, or the disk refuses.
pub fn recover(
    name: &str,
    places: &Places,
    tails: Tails,
    history: &mut dyn History,
) -> Result<Recovered, RecoveryError> {
    let found = start(name, places, history, |loaded| {
        Streams::open(&places.streams, tails, &loaded.header.extents)
    })?;
    let (mut replica, checkpoint) = match found {
        Some((loaded, streams)) => {
            let Loaded {
                header,
                market,
                publisher,
            } = loaded;
            let tape = header.tape.clone();
            let replica = Replica::new(market, publisher, streams, tape, header.position);
            (replica, Some(header))
        }
        None => {
            let streams = Streams::open(&places.streams, tails, &Extents::default());
            let streams = streams.map_err(|source| RecoveryError::Io {
                place: places.streams.display().to_string(),
                source,
            })?;
            (
                Replica::new(fresh(), Publisher::new(), streams, BTreeMap::new(), 0),
                None,
            )
        }
    };
    let commands = replica.replay(history, u64::MAX)?;
    tracing::info!(
        event = "market_recovered",
        market = name,
        checkpoint = checkpoint.as_ref().map_or(0, |header| header.position),
        position = replica.position,
        commands,
        orders = replica.market.open_orders(),
        state_hash = %blake3::Hash::from(replica.market.state_hash()).to_hex(),
    );
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
    let found = start(name, places, history, |_| Ok(()))?;
    Ok(match found {
        Some((loaded, ())) => Replica::new(
            loaded.market,
            loaded.publisher,
            Counting(loaded.header.extents),
            loaded.header.tape,
            loaded.header.position,
        ),
        None => Replica::new(
            fresh(),
            Publisher::new(),
            Counting::default(),
            BTreeMap::new(),
            0,
        ),
    })
}

fn fresh() -> Market {
    Market::new(Config::default())
}

/// The newest checkpoint that is whole, that `open` accepts, and from which the log goes on.
fn start<T>(
    name: &str,
    places: &Places,
    history: &mut dyn History,
    mut open: impl FnMut(&Loaded) -> io::Result<T>,
) -> Result<Option<(Loaded, T)>, RecoveryError> {
    let checkpoints =
        checkpoint::list(&places.checkpoints).map_err(|source| RecoveryError::Io {
            place: places.checkpoints.display().to_string(),
            source,
        })?;
    let first = history.first()?;
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
