//! Checkpoints on their way to another replica and from one: the newest checkpoint file, and the files of its trading day's
//! streams as far as they had come. Stream files only grow, so their lengths from the checkpoint's header suffice.

use crate::checkpoint;
use crate::recovery::Places;
use crate::streams;
use rialto_process::files;
use rialto_replica::{Checkpoint, CheckpointFile, CheckpointMeta, CheckpointStore, Staging};
use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the checkpoint file is called on the way.
pub const CHECKPOINT: &str = "checkpoint";
/// The folder of the stream files on the way.
pub const STREAMS: &str = "streams";
/// How often the newest checkpoint is looked for again when it was removed in between.
const TRIES: usize = 3;

/// A market's checkpoints, for its group.
#[derive(Clone)]
pub struct Store {
    places: Arc<Places>,
    shipped: Arc<dyn Fn() + Send + Sync>,
}

impl Store {
    /// Of the market at `places`; `shipped` is called whenever one sets out.
    pub fn new(places: Places, shipped: Arc<dyn Fn() + Send + Sync>) -> Self {
        Self {
            places: Arc::new(places),
            shipped,
        }
    }

    fn newest(&self) -> io::Result<Option<Checkpoint>> {
        let Some((_, path)) = checkpoint::list(&self.places.checkpoints)?
            .into_iter()
            .next()
        else {
            return Ok(None);
        };
        let header = checkpoint::header(&path)?;
        let mut first = open(CHECKPOINT.to_owned(), &path, None)?;
        let (begin, shipped) = (first.open, Arc::clone(&self.shipped));
        first.open = Box::new(move || {
            shipped();
            begin()
        });
        let mut found = vec![first];
        if let Some(day) = header.extents.day {
            let folder = streams::folder(&self.places.streams, day);
            for (file, extent) in streams::files(&header.extents) {
                let name = format!("{STREAMS}/{file}");
                found.push(open(name, &folder.join(file), Some(extent.bytes))?);
            }
        }
        Ok(Some(Checkpoint {
            meta: header.log,
            files: found,
        }))
    }
}

/// Holds the file from now on, so that it stays whatever becomes of its name.
fn open(name: String, path: &Path, length: Option<u64>) -> io::Result<CheckpointFile> {
    let file = File::open(path)?;
    let length = match length {
        Some(length) => length,
        None => file.metadata()?.len(),
    };
    Ok(CheckpointFile {
        name,
        length,
        open: Box::new(move || Ok(Box::new(file.take(length)) as Box<dyn Read + Send>)),
    })
}

impl CheckpointStore for Store {
    fn latest(&self) -> io::Result<Option<Checkpoint>> {
        let mut result = self.newest();
        for _ in 1..TRIES {
            match &result {
                Err(error) if error.kind() == io::ErrorKind::NotFound => result = self.newest(),
                _ => break,
            }
        }
        result
    }

    fn stage(&self, _meta: &CheckpointMeta) -> io::Result<Box<dyn Staging>> {
        let dir = self.places.incoming.clone();
        remove(&dir)?;
        std::fs::create_dir_all(dir.join(STREAMS))?;
        Ok(Box::new(Incoming {
            dir,
            file: None,
            keep: false,
        }))
    }
}

/// Removes a folder that may not be there.
pub fn remove(dir: &Path) -> io::Result<()> {
    match std::fs::remove_dir_all(dir) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// A checkpoint that comes in.
struct Incoming {
    dir: PathBuf,
    file: Option<File>,
    keep: bool,
}

impl Incoming {
    fn end_file(&mut self) -> io::Result<()> {
        self.file.take().map_or(Ok(()), |file| file.sync_all())
    }
}

impl Staging for Incoming {
    fn begin(&mut self, name: &str, _length: u64) -> io::Result<()> {
        self.end_file()?;
        let plain = |name: &str| Path::new(name).file_name().is_some_and(|f| f == name);
        let known = name == CHECKPOINT
            || name
                .split_once('/')
                .is_some_and(|(folder, file)| folder == STREAMS && plain(file));
        if !known {
            return Err(io::Error::other(format!(
                "a checkpoint has no file {name:?} in this version"
            )));
        }
        self.file = Some(File::create(self.dir.join(name))?);
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.file {
            Some(file) => file.write_all(bytes),
            None => Err(io::Error::other("bytes came before their file")),
        }
    }

    fn finish(mut self: Box<Self>) -> io::Result<PathBuf> {
        self.end_file()?;
        files::sync_entries(&self.dir.join(STREAMS))?;
        files::sync_entries(&self.dir)?;
        self.keep = true;
        Ok(self.dir.clone())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.keep
            && let Err(error) = remove(&self.dir)
        {
            tracing::warn!(event = "incoming_not_removed", error = %error);
        }
    }
}
