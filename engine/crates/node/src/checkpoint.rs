//! Checkpoint files: a market's state with its streams' positions at a position of its log.
//!
//! Little-endian: magic, length of the header u32, header (JSON), length of the publisher's positions u32, the positions,
//! length of the state u64, the state's canonical bytes, and BLAKE3 over everything before. The header carries the
//! state's own hash: the same on every replica that applied the same log.

use crate::replica::{Replica, Tape};
use crate::streams::{Counting, Extents, Sink};
use rialto_market::Market;
use rialto_process::files;
use rialto_replica::CheckpointMeta;
use rialto_session::publish::Publisher;
use serde::{Deserialize, Serialize};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"RIALTOC2";
const HASH: usize = 32;
/// How many are kept.
pub const KEPT: usize = 2;

/// What a checkpoint says of itself.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Header {
    /// The market's name.
    pub market: String,
    /// The last position applied.
    pub position: u64,
    /// What the log has to know to go on from it: the last entry's position and leadership, and the group's members there.
    pub log: CheckpointMeta,
    /// BLAKE3 of the state, in hex.
    pub state_hash: String,
    /// When it was made, nanoseconds since the epoch.
    pub made_ns: u64,
    /// How far the streams had come.
    pub extents: Extents,
    /// What traded in the day.
    pub tape: Tape,
}

/// A checkpoint read back.
pub struct Loaded {
    /// What it says of itself.
    pub header: Header,
    /// The market.
    pub market: Market,
    /// Where its streams stand.
    pub publisher: Publisher,
}

impl Loaded {
    /// The replica it holds, its streams going to `sink`.
    pub fn into_replica<S: Sink>(self, sink: S) -> Replica<S> {
        let Header { tape, log, .. } = self.header;
        Replica::new(self.market, self.publisher, sink, tape, Some(log))
    }
}

/// Why a checkpoint is of no use.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", path.display())]
pub struct Damaged {
    /// The file.
    pub path: PathBuf,
    /// What is wrong.
    pub why: String,
}

/// The checkpoint file of a position below `dir`.
pub fn file(dir: &Path, position: u64) -> PathBuf {
    dir.join(format!("{position:020}.checkpoint"))
}

/// Checkpoint files in `dir`, the newest first, with their positions.
///
/// # Errors
/// The folder can't be read.
pub fn list(dir: &Path) -> io::Result<Vec<(u64, PathBuf)>> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(dir)? {
        let path = entry?.path();
        let position = path
            .file_name()
            .and_then(|name| name.to_str()?.strip_suffix(".checkpoint")?.parse().ok());
        if let Some(position) = position {
            found.push((position, path));
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found)
}

/// A checkpoint that was written.
pub struct Written {
    /// What it says of itself.
    pub header: Header,
    /// Its size.
    pub bytes: u64,
    /// The oldest position kept: the log may forget what lies at or before it.
    pub covered: u64,
}

/// Writes the checkpoint of `replica`, which stands at `meta`, into `dir` and removes those beyond [`KEPT`]. The replica came from the checkpoint
/// at `base` (0: from none); what lies between the two could not be used, so it does not count as kept.
///
/// # Errors
/// Whatever the disk says; the checkpoints before still stand.
pub fn write(
    dir: &Path,
    market: &str,
    replica: &Replica<Counting>,
    meta: &CheckpointMeta,
    base: u64,
    made_ns: u64,
) -> io::Result<Written> {
    let state = replica.market.checkpoint();
    let header = Header {
        market: market.to_owned(),
        position: meta.position,
        log: meta.clone(),
        state_hash: blake3::hash(&state).to_hex().to_string(),
        made_ns,
        extents: replica.sink.0.clone(),
        tape: replica.tape.clone(),
    };
    let json = serde_json::to_vec(&header)?;
    let mut positions = Vec::new();
    replica.publisher.encode(&mut positions);
    let mut out = Vec::with_capacity(state.len() + json.len() + positions.len() + 64);
    out.extend_from_slice(MAGIC);
    for part in [&json, &positions] {
        let length = u32::try_from(part.len()).map_err(io::Error::other)?;
        out.extend_from_slice(&length.to_le_bytes());
        out.extend_from_slice(part);
    }
    out.extend_from_slice(&(state.len() as u64).to_le_bytes());
    out.extend_from_slice(&state);
    drop(state);
    let hash = blake3::hash(&out);
    out.extend_from_slice(hash.as_bytes());
    let path = file(dir, header.position);
    files::replace(&path, &out)?;
    files::remove_halves(dir)?;
    let mut all = list(dir)?;
    for (_, useless) in all.extract_if(.., |(p, _)| *p > base && *p != header.position) {
        std::fs::remove_file(useless)?;
    }
    for (_, old) in all.iter().skip(KEPT) {
        std::fs::remove_file(old)?;
    }
    Ok(Written {
        header,
        bytes: out.len() as u64,
        covered: covered(dir)?,
    })
}

/// The oldest position that is kept below `dir`: the log may forget what lies at or before it. With a single checkpoint the
/// log from its beginning is the other way to the state, so that is 0.
///
/// # Errors
/// The folder can't be read.
pub fn covered(dir: &Path) -> io::Result<u64> {
    let all = list(dir)?;
    Ok(match all.get(KEPT - 1) {
        Some((position, _)) => *position,
        None => 0,
    })
}

/// Reads and checks the checkpoint at `path` of the market named `market`.
///
/// # Errors
/// It can't be read, its hash or its state's hash is not right, or it is of another market.
pub fn load(path: &Path, market: &str) -> Result<Loaded, Damaged> {
    let damaged = |why: String| Damaged {
        path: path.to_owned(),
        why,
    };
    let bytes = std::fs::read(path).map_err(|e| damaged(format!("can't be read: {e}")))?;
    let parsed = parse(&bytes).map_err(damaged)?;
    if parsed.header.market != market {
        return Err(damaged(format!(
            "is of market {:?}, not {market:?}",
            parsed.header.market
        )));
    }
    Ok(parsed)
}

/// What the checkpoint at `path` says of itself; neither its hash nor its state is checked.
///
/// # Errors
/// It can't be read.
pub fn header(path: &Path) -> io::Result<Header> {
    let bad = || {
        io::Error::other(format!(
            "{}: is no checkpoint of this version",
            path.display()
        ))
    };
    let mut file = std::fs::File::open(path)?;
    let mut start = [0; 12];
    file.read_exact(&mut start)?;
    let length = start
        .strip_prefix(MAGIC)
        .and_then(|length| length.first_chunk::<4>())
        .ok_or_else(bad)?;
    let length = u32::from_le_bytes(*length);
    let mut json = Vec::new();
    file.take(u64::from(length)).read_to_end(&mut json)?;
    Ok(serde_json::from_slice(&json)?)
}

fn parse(bytes: &[u8]) -> Result<Loaded, String> {
    let cut = || "is cut off".to_owned();
    let (content, hash) = bytes.split_last_chunk::<HASH>().ok_or_else(cut)?;
    if blake3::hash(content).as_bytes() != hash {
        return Err("its hash does not fit its content, so it is damaged".to_owned());
    }
    let rest = content
        .strip_prefix(MAGIC)
        .ok_or("is no checkpoint of this version")?;
    let (json, rest) = part(rest).ok_or_else(cut)?;
    let (positions, rest) = part(rest).ok_or_else(cut)?;
    let (length, state) = rest.split_first_chunk::<8>().ok_or_else(cut)?;
    if u64::from_le_bytes(*length) != state.len() as u64 {
        return Err(cut());
    }
    let header: Header = serde_json::from_slice(json).map_err(|e| e.to_string())?;
    let publisher = Publisher::decode(positions).map_err(|e| e.to_string())?;
    let market = Market::restore(state).map_err(|e| e.to_string())?;
    if header.log.position != header.position {
        return Err("its position is not the log's".to_owned());
    }
    let hash = blake3::Hash::from(market.state_hash()).to_hex();
    if hash.as_str() != header.state_hash {
        return Err(format!(
            "the restored state has the hash {hash}, not {}",
            header.state_hash
        ));
    }
    Ok(Loaded {
        header,
        market,
        publisher,
    })
}

/// A part with its length in front.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}
