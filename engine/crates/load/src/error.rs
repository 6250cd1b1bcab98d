//! What went wrong, and what to do next.

/// An error that ends the program.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{what}; {next}")]
pub(crate) struct LoadError {
    /// What is wrong, and where.
    pub(crate) what: String,
    /// What to do.
    pub(crate) next: String,
}

impl LoadError {
    pub(crate) fn new(what: impl Into<String>, next: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            next: next.into(),
        }
    }
}
