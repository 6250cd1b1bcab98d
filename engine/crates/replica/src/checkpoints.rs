//! Where the checkpoints that are shipped to other replicas come from, and where received ones are put.

use std::io;
use std::path::PathBuf;

use crate::CheckpointMeta;

/// The owner's checkpoints. Its methods are called away from the runtime's thread where the runtime has others.
pub trait CheckpointStore: Clone + Send + Sync + 'static {
    /// The newest checkpoint with all files another replica needs beside it.
    ///
    /// # Errors
    /// It is there and can't be read.
    fn latest(&self) -> io::Result<Option<Checkpoint>>;

    /// Makes a fresh folder for a checkpoint that comes in; what an earlier attempt left there is discarded.
    ///
    /// # Errors
    /// The folder can't be made.
    fn stage(&self, meta: &CheckpointMeta) -> io::Result<Box<dyn Staging>>;
}

/// A checkpoint that can be shipped.
#[derive(Debug)]
pub struct Checkpoint {
    /// What it is a checkpoint of.
    pub meta: CheckpointMeta,
    /// Its files, in the order they are to be sent.
    pub files: Vec<CheckpointFile>,
}

/// Opens a file of a checkpoint.
pub type OpenFile = Box<dyn FnOnce() -> io::Result<Box<dyn io::Read + Send>> + Send>;

/// A file of a checkpoint.
pub struct CheckpointFile {
    /// Its name relative to the checkpoint: plain names joined by `/`.
    pub name: String,
    /// How many bytes of it belong to the checkpoint, from its beginning.
    pub length: u64,
    /// Opens it for reading.
    pub open: OpenFile,
}

impl std::fmt::Debug for CheckpointFile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CheckpointFile")
            .field("name", &self.name)
            .field("length", &self.length)
            .finish_non_exhaustive()
    }
}

/// A checkpoint that comes in, file after file. Dropped without [`Staging::finish`], what was written is discarded.
pub trait Staging: Send {
    /// Begins the next file. The group has checked that `name` stays inside the folder.
    ///
    /// # Errors
    /// It can't be made.
    fn begin(&mut self, name: &str, length: u64) -> io::Result<()>;

    /// Adds bytes to the file begun last.
    ///
    /// # Errors
    /// They can't be written.
    fn write(&mut self, bytes: &[u8]) -> io::Result<()>;

    /// Ends the checkpoint and makes it durable; gives the folder. Lengths and hashes were checked before.
    ///
    /// # Errors
    /// It can't be made durable.
    fn finish(self: Box<Self>) -> io::Result<PathBuf>;
}
