//! A stopped node's journal, or a copy of one, for Python: read, never written.

use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rialto_journal::{FileDisk, LogId, Reader, Until};
use std::path::PathBuf;

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
    /// Opens a directory that no node writes; checks all of it first.
    #[new]
    fn new(directory: PathBuf) -> PyResult<Self> {
        if !directory.is_dir() {
            let text = format!(
                "{}: no such directory; name a node's journal directory",
                directory.display()
            );
            return Err(PyValueError::new_err(text));
        }
        let disk = FileDisk::existing(&directory).map_err(fail)?;
        Ok(Self {
            reader: Reader::open(disk, Until::ValidEnd).map_err(fail)?,
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

    /// Entries of a log from an index on as (index, payload), until `max_bytes` of payload are reached; at least one if
    /// there is one.
    fn read<'py>(
        &mut self,
        py: Python<'py>,
        log: u32,
        from_index: u64,
        max_bytes: usize,
    ) -> PyResult<Vec<(u64, Bound<'py, PyBytes>)>> {
        let entries = self
            .reader
            .read(LogId(log), from_index, max_bytes)
            .map_err(fail)?;
        Ok(entries
            .iter()
            .map(|entry| (entry.index, PyBytes::new(py, &entry.payload)))
            .collect())
    }
}
