//! The disk a journal stands on, passed in so that tests and simulation can break it.

use std::io;

/// How a directory is held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LockMode {
    /// The writer's: nobody else.
    Exclusive,
    /// A reader's of a stopped journal: other such readers, but no writer.
    Shared,
}

/// Holds a directory until it is dropped.
pub trait DiskLock: Send {}

/// One flat directory of files.
pub trait Disk: Send {
    /// Names the directory, for error messages.
    fn place(&self) -> String;
    /// Creates an empty file; an existing one is emptied.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// Opens an existing file for reading and writing (reading alone where that is all that is allowed).
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;
    /// The names of all files, in no particular order.
    fn list(&self) -> io::Result<Vec<String>>;
    /// Renames a file, replacing one that has the new name. Durable after [`Disk::sync_dir`].
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;
    /// Deletes a file.
    fn remove(&self, name: &str) -> io::Result<()>;
    /// Makes earlier creates, renames and removes durable.
    fn sync_dir(&self) -> io::Result<()>;
    /// Holds the directory through the file `name`. `Ok(Err(pid))` means somebody else does.
    fn lock(
        &self,
        name: &str,
        mode: LockMode,
    ) -> io::Result<Result<Box<dyn DiskLock>, Option<u32>>>;
}

/// One open file. A handle stays with its file when the file is renamed.
pub trait DiskFile: Send {
    /// The file's size in bytes.
    fn size(&self) -> io::Result<u64>;
    /// Reads some bytes at `offset`; 0 at the end.
    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize>;
    /// Writes some of the bytes at `offset`, and says how many.
    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize>;
    /// Gives the file `bytes` zeros with every block allocated and written, durably, so that no later sync has to change its size
    /// or its block map.
    fn preallocate(&self, bytes: u64) -> io::Result<()>;
    /// Makes everything written durable (`fdatasync`).
    fn sync_data(&self) -> io::Result<()>;
}

/// Writes all the bytes, however few the disk takes at a time.
pub(crate) fn write_all(file: &dyn DiskFile, mut offset: u64, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(offset, bytes) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::WriteZero,
                    "the disk took no bytes",
                ));
            }
            Ok(n) => {
                offset += n as u64;
                bytes = bytes.get(n..).unwrap_or_default();
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}

/// Reads until `into` is full.
pub(crate) fn read_exact(
    file: &dyn DiskFile,
    mut offset: u64,
    mut into: &mut [u8],
) -> io::Result<()> {
    while !into.is_empty() {
        match file.read_at(offset, into) {
            Ok(0) => {
                return Err(io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the file ends too early",
                ));
            }
            Ok(n) => {
                offset += n as u64;
                into = into.get_mut(n..).unwrap_or_default();
            }
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(())
}
