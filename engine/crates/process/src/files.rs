//! Small files written whole: a reader sees the old content or the new, never a half.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What the name of a file that is being written ends in.
const HALF: &str = ".tmp";

/// Replaces `path` by `content`: written beside it, synced, renamed, and the folder synced.
///
/// # Errors
/// Whatever the file system says; the old content then still stands.
pub fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let beside = beside(path);
    let mut file = File::create(&beside)?;
    file.write_all(content)?;
    file.sync_all()?;
    drop(file);
    std::fs::rename(&beside, path)?;
    sync_folder(path)
}

/// Makes the entry of `path` in its folder durable.
///
/// # Errors
/// Whatever the file system says.
pub fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
    sync_entries(folder.unwrap_or(Path::new(".")))
}

/// Makes the entries of `folder` durable.
///
/// # Errors
/// Whatever the file system says.
pub fn sync_entries(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Removes what [`replace`] left in `folder` when the process ended in the middle of it.
///
/// # Errors
/// Whatever the file system says.
pub fn remove_halves(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path
            .as_os_str()
            .as_encoded_bytes()
            .ends_with(HALF.as_bytes())
        {
            std::fs::remove_file(path)?;
        }
    }
    Ok(())
}

fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_owned();
    name.push(HALF);
    path.with_file_name(name)
}
