//! The process with real sockets, all on loopback.

mod admin;
mod crossing;
mod edges;
mod process;
mod start;
