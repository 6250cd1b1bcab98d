//! The engine in process for Python: codecs, market and sessions, market data's books, journal, replay.

mod codecs;
mod depth;
mod journal;
mod market;
mod replay;
mod soup;

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

/// A value that is wrong, as Python raises it.
fn refuse(error: impl std::fmt::Display) -> PyErr {
    PyValueError::new_err(error.to_string())
}

/// The native part of `rialto_engine`; its types are in `rialto_engine/_engine.pyi`.
#[pymodule]
mod _engine {
    #[pymodule_export]
    use super::codecs::{
        account_query, cancel_order, decode_glimpse, decode_itch, decode_ouch_inbound,
        decode_ouch_outbound, enter_order, mass_cancel, modify_order, replace_order,
    };
    #[pymodule_export]
    use super::depth::{FeedBook, FeedError};
    #[pymodule_export]
    use super::journal::Journal;
    #[pymodule_export]
    use super::market::Market;
    #[pymodule_export]
    use super::replay::{replay_lobster, replay_workload};
    #[pymodule_export]
    use super::soup::{ServerFrames, soup_heartbeat, soup_login, soup_logout, soup_unsequenced};
}
