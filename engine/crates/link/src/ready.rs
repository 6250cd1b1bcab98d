//! The ready file: written in one step when every edge listens, removed at the end.

use serde::Serialize;
use std::collections::BTreeMap;
use std::net::SocketAddr;

/// What the ready file says.
#[derive(Debug, Serialize)]
pub struct Ready {
    /// This process.
    pub pid: u32,
    /// The admin API.
    pub admin: SocketAddr,
    /// Each region's edge.
    pub regions: BTreeMap<String, SocketAddr>,
}
