//! The real process, over its sockets and files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that fails says where"
)]

mod admin;
mod client;
mod cluster;
mod failover;
mod hostile;
mod process;
mod recovery;
mod refusals;
mod replicas;
mod trading;
