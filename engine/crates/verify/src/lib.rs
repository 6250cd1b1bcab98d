//! Checks what clients were told against the journals and streams of all replicas.

pub mod ledger;
