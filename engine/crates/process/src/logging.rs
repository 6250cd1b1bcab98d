//! Structured logs: one JSON object a line, one line a lifecycle event, none for an order.

use std::fs::OpenOptions;
use std::io;
use std::path::Path;
use std::sync::Mutex;
use tracing_subscriber::EnvFilter;

/// Starts logging to `file`, or to standard error. `RUST_LOG` filters, and `filter` where that is not set.
///
/// # Errors
/// The file can't be opened, or the filter is not one.
pub fn start(file: Option<&Path>, filter: &str) -> io::Result<()> {
    let filter = match std::env::var("RUST_LOG") {
        Ok(text) => EnvFilter::try_new(text).map_err(io::Error::other)?,
        Err(_) => EnvFilter::new(filter),
    };
    let builder = tracing_subscriber::fmt()
        .json()
        .flatten_event(true)
        .with_current_span(false)
        .with_span_list(false)
        .with_target(false)
        .with_thread_names(true)
        .with_env_filter(filter);
    match file {
        None => builder.with_writer(io::stderr).try_init(),
        Some(path) => {
            let file = OpenOptions::new().create(true).append(true).open(path)?;
            builder.with_writer(Mutex::new(file)).try_init()
        }
    }
    .map_err(io::Error::other)
}
