//! The ready file: written in one step when a process serves, removed at the end. Whoever starts processes waits for it.

use crate::files;
use serde::Serialize;
use std::io;
use std::path::Path;

/// Writes what a process says of itself to `path`, as JSON.
///
/// # Errors
/// The file can't be written.
pub fn write(path: &Path, ready: &impl Serialize) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut text = serde_json::to_vec_pretty(ready)?;
    text.push(b'\n');
    files::replace(path, &text)
}

/// Removes the ready file, if there is one; one that stays is logged.
pub fn remove(path: &Path) {
    match std::fs::remove_file(path) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => {
            tracing::warn!(event = "ready_file_stays", path = %path.display(), %error);
        }
    }
}
