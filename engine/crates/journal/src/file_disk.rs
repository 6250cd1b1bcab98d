//! The real disk.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

use crate::disk::{Disk, DiskFile, DiskLock, LockMode};

/// A directory of real files.
#[derive(Clone, Debug)]
pub struct FileDisk {
    dir: PathBuf,
}

impl FileDisk {
    /// Takes the directory, creating it and its parents where they are missing.
    ///
    /// # Errors
    /// What the system says when it cannot be created.
    pub fn new(dir: impl AsRef<Path>) -> io::Result<Self> {
        let dir = dir.as_ref().to_path_buf();
        if !dir.is_dir() {
            fs::create_dir_all(&dir)?;
            // The new directory's own entry must outlive a power cut too.
            if let Some(parent) = dir.parent().filter(|p| !p.as_os_str().is_empty()) {
                File::open(parent)?.sync_all()?;
            }
        }
        Ok(Self { dir })
    }

    /// Takes a directory that must exist; nothing is created. For readers.
    ///
    /// # Errors
    /// `NotFound` when it is missing.
    pub fn existing(dir: impl AsRef<Path>) -> io::Result<Self> {
        let dir = dir.as_ref().to_path_buf();
        if !fs::metadata(&dir)?.is_dir() {
            return Err(io::Error::new(
                io::ErrorKind::NotADirectory,
                format!("{} is not a directory", dir.display()),
            ));
        }
        Ok(Self { dir })
    }
}

impl Disk for FileDisk {
    fn place(&self) -> String {
        self.dir.display().to_string()
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(self.dir.join(name))?;
        Ok(Box::new(RealFile(file)))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let path = self.dir.join(name);
        let file = match OpenOptions::new().read(true).write(true).open(&path) {
            // A backup may be mounted read-only; a writer's first write then says so.
            Err(e)
                if matches!(
                    e.kind(),
                    io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                ) =>
            {
                File::open(&path)?
            }
            other => other?,
        };
        Ok(Box::new(RealFile(file)))
    }

    fn list(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.dir)? {
            if let Ok(name) = entry?.file_name().into_string() {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.dir.join(from), self.dir.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.dir.join(name))
    }

    fn sync_dir(&self) -> io::Result<()> {
        File::open(&self.dir)?.sync_all()
    }

    fn lock(
        &self,
        name: &str,
        mode: LockMode,
    ) -> io::Result<Result<Box<dyn DiskLock>, Option<u32>>> {
        let path = self.dir.join(name);
        let opened = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(&path);
        let mut file = match opened {
            // On a read-only mount there can be no writer, and a shared lock needs no more than a readable file.
            Err(e)
                if mode == LockMode::Shared
                    && matches!(
                        e.kind(),
                        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem
                    ) =>
            {
                File::open(if path.exists() { &path } else { &self.dir })?
            }
            other => other?,
        };
        let taken = match mode {
            LockMode::Exclusive => file.try_lock(),
            LockMode::Shared => file.try_lock_shared(),
        };
        match taken {
            Ok(()) => {
                if mode == LockMode::Exclusive {
                    file.set_len(0)?;
                    file.seek(SeekFrom::Start(0))?;
                    writeln!(file, "{}", std::process::id())?;
                }
                Ok(Ok(Box::new(RealLock(file))))
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let pid = match file.read_to_string(&mut holder) {
                    Ok(_) => holder.trim().parse().ok(),
                    Err(_) => None,
                };
                Ok(Err(pid))
            }
            Err(TryLockError::Error(e)) => Err(e),
        }
    }
}

/// The lock goes when the file is closed, by the system too when the process dies.
struct RealLock(#[allow(dead_code, reason = "held for its lock")] File);

impl DiskLock for RealLock {}

struct RealFile(File);

impl DiskFile for RealFile {
    fn size(&self) -> io::Result<u64> {
        Ok(self.0.metadata()?.len())
    }

    fn read_at(&self, offset: u64, into: &mut [u8]) -> io::Result<usize> {
        self.0.read_at(into, offset)
    }

    fn write_at(&self, offset: u64, bytes: &[u8]) -> io::Result<usize> {
        self.0.write_at(bytes, offset)
    }

    fn preallocate(&self, bytes: u64) -> io::Result<()> {
        // Written zeros rather than fallocate: blocks that are merely reserved cost a metadata commit at their first sync. Synced in
        // steps, so that a commit to another segment never waits behind all of them.
        let zeros = vec![0u8; 1 << 20];
        let mut offset = 0;
        while offset < bytes {
            let n =
                usize::try_from(bytes - offset).map_or(zeros.len(), |left| left.min(zeros.len()));
            self.0.write_all_at(&zeros[..n], offset)?;
            offset += n as u64;
            if offset.is_multiple_of(4 << 20) {
                self.0.sync_data()?;
            }
        }
        self.0.sync_all()
    }

    fn sync_data(&self) -> io::Result<()> {
        self.0.sync_data()
    }
}
