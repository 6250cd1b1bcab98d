//! A node's checkpoint file, read for what verification starts from. The layout is the node's (its module `checkpoint`);
//! `README.md` says what of it is read.

use rialto_market::Market;
use rialto_session::Publisher;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

const MAGIC: &[u8; 8] = b"RIALTOC2";
const HASH: usize = 32;

/// How far a stream had come.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default, Deserialize)]
pub(crate) struct Extent {
    pub(crate) messages: u64,
    pub(crate) bytes: u64,
}

#[derive(Deserialize)]
struct Extents {
    feed: Extent,
    sessions: BTreeMap<u32, Extent>,
}

#[derive(Deserialize)]
struct Header {
    market: String,
    position: u64,
    state_hash: String,
    extents: Extents,
}

/// What a checkpoint holds.
pub(crate) struct Checkpoint {
    pub(crate) position: u64,
    pub(crate) market: Market,
    pub(crate) publisher: Publisher,
    pub(crate) feed: Extent,
    pub(crate) sessions: BTreeMap<u32, Extent>,
}

/// The checkpoint files in `dir` with their positions, the oldest first; none if there is no such folder.
pub(crate) fn list(dir: &Path) -> Vec<(u64, PathBuf)> {
    let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
    let mut found: Vec<(u64, PathBuf)> = entries
        .filter_map(|entry| {
            let path = entry.path();
            let name = path.file_name()?.to_str()?.strip_suffix(".checkpoint")?;
            Some((name.parse().ok()?, path))
        })
        .collect();
    found.sort_unstable();
    found
}

/// Reads one of the market's name, and checks its hashes.
pub(crate) fn load(path: &Path, market: &str) -> Result<Checkpoint, String> {
    let bytes = std::fs::read(path).map_err(|e| e.to_string())?;
    let checkpoint = parse(&bytes, market);
    checkpoint.map_err(|why| format!("{}: {why}", path.display()))
}

fn parse(bytes: &[u8], name: &str) -> Result<Checkpoint, String> {
    let cut = || "is cut off".to_owned();
    let (content, hash) = bytes.split_last_chunk::<HASH>().ok_or_else(cut)?;
    if blake3::hash(content).as_bytes() != hash {
        return Err("its hash does not fit its content".to_owned());
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
    if header.market != name {
        return Err(format!("is of market {:?}, not {name:?}", header.market));
    }
    let publisher = Publisher::decode(positions).map_err(|e| e.to_string())?;
    let market = Market::restore(state).map_err(|e| e.to_string())?;
    let hash = blake3::Hash::from(market.state_hash()).to_hex();
    if hash.as_str() != header.state_hash {
        return Err(format!(
            "the restored state has the hash {hash}, not {}",
            header.state_hash
        ));
    }
    Ok(Checkpoint {
        position: header.position,
        market,
        publisher,
        feed: header.extents.feed,
        sessions: header.extents.sessions,
    })
}

/// A part with its length in front.
fn part(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = bytes.split_first_chunk::<4>()?;
    rest.split_at_checked(u32::from_le_bytes(*length) as usize)
}
