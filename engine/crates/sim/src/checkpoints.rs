//! A node's checkpoints, kept in memory: the newest durable one, and those that come in.

use crate::lock;
use rialto_replica::{Checkpoint, CheckpointFile, CheckpointMeta, CheckpointStore, Staging};
use std::collections::BTreeMap;
use std::io::{self, Cursor, Error, ErrorKind};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// The files of a checkpoint by name.
pub type Files = BTreeMap<String, Arc<Vec<u8>>>;

/// The folder of streams in a checkpoint.
pub const STREAMS: &str = "streams/";

#[derive(Default)]
struct Inner {
    latest: Option<(CheckpointMeta, Files)>,
    staged: BTreeMap<PathBuf, Files>,
    attempts: u64,
    /// Ships no streams: a mistake to be found.
    without_streams: bool,
}

/// A node's store of checkpoints; it outlives the node's processes. Clones are the same store.
#[derive(Clone, Default)]
pub struct Store(Arc<Mutex<Inner>>);

impl Store {
    /// An empty store. `without_streams` ships checkpoints without their streams.
    pub fn new(without_streams: bool) -> Self {
        let store = Self::default();
        lock(&store.0).without_streams = without_streams;
        store
    }

    /// Makes a checkpoint the newest durable one, unless a newer one is there.
    pub fn put(&self, meta: CheckpointMeta, files: Files) {
        let mut inner = lock(&self.0);
        if inner
            .latest
            .as_ref()
            .is_none_or(|(latest, _)| latest.position < meta.position)
        {
            inner.latest = Some((meta, files));
        }
    }

    /// The newest durable one.
    pub fn newest(&self) -> Option<(CheckpointMeta, Files)> {
        lock(&self.0).latest.clone()
    }

    /// Takes what was staged in a folder.
    pub fn take_staged(&self, dir: &Path) -> Option<Files> {
        lock(&self.0).staged.remove(dir)
    }

    /// The process ended: what it had not installed is discarded.
    pub fn crash(&self) {
        lock(&self.0).staged.clear();
    }
}

impl CheckpointStore for Store {
    fn latest(&self) -> io::Result<Option<Checkpoint>> {
        let inner = lock(&self.0);
        let Some((meta, files)) = &inner.latest else {
            return Ok(None);
        };
        let shipped = files
            .iter()
            .filter(|(name, _)| !(inner.without_streams && name.starts_with(STREAMS)));
        let files = shipped
            .map(|(name, bytes)| {
                let bytes = Arc::clone(bytes);
                CheckpointFile {
                    name: name.clone(),
                    length: bytes.len() as u64,
                    open: Box::new(move || {
                        let reader = Cursor::new(bytes.as_ref().clone());
                        Ok(Box::new(reader) as Box<dyn io::Read + Send>)
                    }),
                }
            })
            .collect();
        Ok(Some(Checkpoint {
            meta: meta.clone(),
            files,
        }))
    }

    fn stage(&self, meta: &CheckpointMeta) -> io::Result<Box<dyn Staging>> {
        let mut inner = lock(&self.0);
        inner.attempts += 1;
        // One comes in at a time: what an earlier attempt left is discarded.
        inner.staged.clear();
        let dir = PathBuf::from(format!("staged-{}-{}", meta.position, inner.attempts));
        Ok(Box::new(Incoming {
            store: self.clone(),
            dir,
            files: BTreeMap::new(),
            name: None,
        }))
    }
}

/// A checkpoint that comes in.
struct Incoming {
    store: Store,
    dir: PathBuf,
    files: BTreeMap<String, Vec<u8>>,
    name: Option<String>,
}

impl Staging for Incoming {
    fn begin(&mut self, name: &str, _: u64) -> io::Result<()> {
        self.files.insert(name.to_owned(), Vec::new());
        self.name = Some(name.to_owned());
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        let file = self.name.as_ref().and_then(|name| self.files.get_mut(name));
        file.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "no file was begun"))?
            .extend_from_slice(bytes);
        Ok(())
    }

    fn finish(self: Box<Self>) -> io::Result<PathBuf> {
        let Self {
            store, dir, files, ..
        } = *self;
        let files = files
            .into_iter()
            .map(|(name, bytes)| (name, Arc::new(bytes)))
            .collect();
        lock(&store.0).staged.insert(dir.clone(), files);
        Ok(dir)
    }
}
