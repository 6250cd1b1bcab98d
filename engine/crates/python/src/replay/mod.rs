//! Recorded order flow straight into a market of this process.

mod lobster;
mod venue;
mod workload;

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::path::{Path, PathBuf};

/// How many commands go by between two reports of progress, which is also when Ctrl-C is seen.
const STRIDE: usize = 20_000;

fn read(path: &Path) -> PyResult<Vec<u8>> {
    std::fs::read(path).map_err(|error| PyErr::from(error_at(path, &error)))
}

fn error_at(path: &Path, error: &std::io::Error) -> std::io::Error {
    std::io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

fn wrong(path: &Path, error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(format!("{}: {error}", path.display()))
}

/// Reports progress to Python, and raises what it or a signal raised.
fn tell(py: Python<'_>, progress: Option<&Py<PyAny>>, done: usize, of: usize) -> PyResult<()> {
    py.check_signals()?;
    if let Some(progress) = progress {
        progress.call1(py, (done, of))?;
    }
    Ok(())
}

/// Replays a workload file; `progress` is called with commands done and commands in all.
#[pyfunction]
#[pyo3(signature = (path, progress=None))]
pub fn replay_workload<'py>(
    py: Python<'py>,
    path: PathBuf,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let bytes = read(&path)?;
    let file =
        rialto_flow::workload::Workload::parse(&bytes).map_err(|error| wrong(&path, error))?;
    drop(bytes);
    let symbols = u16::try_from(file.symbols)
        .map_err(|_| wrong(&path, "more than 65,535 symbols; ITCH numbers no more"))?;
    let mut replay = workload::Replay::new(symbols);
    let prefill = usize::try_from(file.prefill)
        .unwrap_or(usize::MAX)
        .min(file.records.len());
    let (untimed, timed) = file.records.split_at(prefill);
    replay.run(untimed).map_err(|error| wrong(&path, error))?;
    let mut seconds = 0.0;
    for (at, chunk) in timed.chunks(STRIDE).enumerate() {
        tell(py, progress.as_ref(), at * STRIDE, timed.len())?;
        seconds += py
            .detach(|| replay.timed(chunk))
            .map_err(|error| wrong(&path, error))?;
    }
    tell(py, progress.as_ref(), timed.len(), timed.len())?;
    let out = PyDict::new(py);
    out.set_item("commands", timed.len())?;
    out.set_item("fills", replay.trades().fills())?;
    out.set_item("volume", replay.trades().volume())?;
    out.set_item("trade_hash", replay.trades().to_string())?;
    out.set_item("book_hash", replay.book_hash().to_string())?;
    out.set_item("seconds", seconds)?;
    Ok(out)
}

/// Replays a recorded day in LOBSTER's format; `progress` is called with events done and events in all.
#[pyfunction]
#[pyo3(signature = (messages, seed_book, reference, progress=None))]
pub fn replay_lobster<'py>(
    py: Python<'py>,
    messages: PathBuf,
    seed_book: PathBuf,
    reference: PathBuf,
    progress: Option<Py<PyAny>>,
) -> PyResult<Bound<'py, PyDict>> {
    let events = rialto_flow::lobster::parse_messages(&read(&messages)?)
        .map_err(|error| wrong(&messages, error))?;
    let seed = rialto_flow::lobster::parse_book(&read(&seed_book)?)
        .map_err(|error| wrong(&seed_book, error))?;
    let compared = rialto_flow::lobster::parse_book(&read(&reference)?)
        .map_err(|error| wrong(&reference, error))?;
    let (score, seconds) = lobster::replay(&events, &seed, &compared, |done| {
        tell(py, progress.as_ref(), done, events.len())
    })?
    .map_err(|error| PyRuntimeError::new_err(format!("{}: {error}", messages.display())))?;
    let out = PyDict::new(py);
    out.set_item("rows", score.rows)?;
    out.set_item("rows_equal", score.rows_equal)?;
    out.set_item("states", score.states)?;
    out.set_item("states_found", score.states_found)?;
    out.set_item("executions", score.executions)?;
    out.set_item("at_head", score.at_head)?;
    out.set_item("seconds", seconds)?;
    Ok(out)
}
