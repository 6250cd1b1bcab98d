//! Progress, as lines of JSON or not at all.

use serde_json::{Value, json};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How often it is told.
const EVERY: Duration = Duration::from_millis(250);

/// Tells how far a replay is.
pub(crate) struct Progress {
    shown: bool,
    last: Option<Instant>,
    began: Instant,
}

impl Progress {
    pub(crate) fn new(shown: bool) -> Self {
        Self {
            shown,
            last: None,
            began: Instant::now(),
        }
    }

    /// `done` of `total` are through: told now and then, and at the end.
    pub(crate) fn show(&mut self, done: usize, total: usize) {
        let due = done == total || self.last.is_none_or(|last| last.elapsed() >= EVERY);
        if self.shown && due {
            self.last = Some(Instant::now());
            print_line(&json!({
                "progress": {"done": done, "total": total, "seconds": self.began.elapsed().as_secs_f64()},
            }));
        }
    }
}

/// Prints one line. Nobody may be reading it: that is not worth ending for.
pub(crate) fn print_line(value: &Value) {
    let mut out = std::io::stdout().lock();
    drop(writeln!(out, "{value}").and_then(|()| out.flush()));
}

/// Writes a status file in one step.
///
/// # Errors
/// The file can't be written.
pub(crate) fn write_status(path: &Path, value: &Value) -> std::io::Result<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(".tmp");
    let temporary = PathBuf::from(name);
    std::fs::write(&temporary, format!("{value}\n"))?;
    std::fs::rename(&temporary, path)
}
