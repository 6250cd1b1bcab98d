//! The engine in process for Python.
