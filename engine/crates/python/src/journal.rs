//! A node's journal, or a copy of one, for Python: read, never written.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rialto_journal::entry::{self, Payload};
use rialto_journal::{FileDisk, LogId, Position, Reader, Until};
use std::path::PathBuf;

/// (index, term, node, kind, payload).
type PyEntry<'py> = (u64, u64, u64, &'static str, Bound<'py, PyBytes>);

fn fail(error: impl std::fmt::Display) -> PyErr {
    PyRuntimeError::new_err(error.to_string())
}

/// Reads the journal in a directory.
#[pyclass(module = "rialto_engine._engine", unsendable)]
pub struct Journal {
    reader: Reader,
}

#[pymethods]
impl Journal {
    /// Opens a directory: without `durable` one that no node writes, all of which is checked first; with it, up to that durable
    /// position, also one that a node is writing.
    #[new]
    #[pyo3(signature = (directory, durable = None))]
    fn new(directory: PathBuf, durable: Option<u64>) -> PyResult<Self> {
        if !directory.is_dir() {
            let text = format!(
                "{}: no such directory; name a node's journal directory",
                directory.display()
            );
            return Err(PyValueError::new_err(text));
        }
        let disk = FileDisk::existing(&directory).map_err(fail)?;
        let until = durable.map_or(Until::ValidEnd, |at| Until::Position(Position(at)));
        Ok(Self {
            reader: Reader::open(disk, until).map_err(fail)?,
        })
    }

    /// The logs in it as (log, first index, next index): a log with equal ones has no entries, and a first index of None
    /// lies before what the directory holds.
    fn logs(&mut self) -> PyResult<Vec<(u32, Option<u64>, u64)>> {
        let logs = self.reader.logs().map_err(fail)?;
        Ok(logs
            .iter()
            .map(|range| (range.log.0, range.first, range.next))
            .collect())
    }

    /// The logs' notes as (log, bytes).
    fn notes<'py>(&mut self, py: Python<'py>) -> PyResult<Vec<(u32, Bound<'py, PyBytes>)>> {
        let notes = self.reader.notes().map_err(fail)?;
        Ok(notes
            .iter()
            .map(|(log, bytes)| (log.0, PyBytes::new(py, bytes)))
            .collect())
    }

    /// Entries of a log from an index on as (index, term, node, kind, payload), until `max_bytes` of payload are reached; at
    /// least one if there is one. What was truncated does not show.
    fn read<'py>(
        &mut self,
        py: Python<'py>,
        log: u32,
        from_index: u64,
        max_bytes: usize,
    ) -> PyResult<Vec<PyEntry<'py>>> {
        let entries = self
            .reader
            .read(LogId(log), from_index, max_bytes)
            .map_err(fail)?;
        let read = entries.iter().map(|found| {
            let entry = entry::decode(&found.payload)
                .map_err(|e| fail(format!("index {} of log {log}: {e}", found.index)))?;
            let kind = match entry.payload {
                Payload::Blank => "blank",
                Payload::Batch(_) => "batch",
                Payload::Membership(_) => "membership",
            };
            let payload = PyBytes::new(py, entry.payload.bytes());
            Ok((
                found.index,
                entry.epoch.term,
                entry.epoch.node,
                kind,
                payload,
            ))
        });
        read.collect()
    }
}
