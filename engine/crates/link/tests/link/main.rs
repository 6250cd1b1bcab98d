//! The process with real sockets, all on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test may")]

mod admin;
mod crossing;
mod edges;
mod process;
mod start;
