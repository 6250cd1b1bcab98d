//! Counts of what a market did since it was made or restored. They decide nothing and are not part of its state.

use crate::event::{CancelReason, IgnoreReason, RefuseReason, RejectReason};

/// Counters, each from 0 at the making or restoring of the market.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Statistics {
    /// Commands applied, of any kind and with any result.
    pub commands: u64,
    /// Orders accepted.
    pub accepted: u64,
    /// Orders replaced.
    pub replaced: u64,
    /// Orders modified.
    pub modified: u64,
    /// Executions; each has a maker and a taker.
    pub executions: u64,
    /// Quantity executed, once an execution.
    pub executed_quantity: u64,
    /// Cancels by [`CancelReason`], partial ones too.
    pub canceled: [u64; CancelReason::ALL.len()],
    /// Quantity cancelled, by any reason, modifications too.
    pub canceled_quantity: u64,
    /// Rejected Enter and Replace by [`RejectReason`].
    pub rejected: [u64; RejectReason::ALL.len()],
    /// Cancels and modifies that named no order or could not be carried out.
    pub cancel_rejected: u64,
    /// Ignored messages by [`IgnoreReason`].
    pub ignored: [u64; IgnoreReason::ALL.len()],
    /// Refused operators' commands by [`RefuseReason`].
    pub refused: [u64; RefuseReason::ALL.len()],
}
