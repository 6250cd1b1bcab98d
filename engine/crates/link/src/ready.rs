//! The ready file: written in one step when every edge listens, removed at the end.

use rialto_process::files;
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::path::Path;

/// What the ready file says.
#[derive(Debug, Serialize)]
pub struct Ready {
    /// This process.
    pub pid: u32,
    /// The admin API.
    pub admin: SocketAddr,
    /// Each region's edge.
    pub regions: BTreeMap<String, SocketAddr>,
}

impl Ready {
    /// Writes it to `path`.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)?;
        }
        let mut text = serde_json::to_vec_pretty(self)?;
        text.push(b'\n');
        files::replace(path, &text)
    }
}

/// Removes a ready file; one that is not there is no error.
///
/// # Errors
/// It stays.
pub fn remove(path: &Path) -> io::Result<()> {
    match std::fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
