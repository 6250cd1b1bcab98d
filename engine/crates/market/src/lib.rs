//! A market: instruments, accounts, order sessions and the trading day over the book. It knows no clock and no socket.

pub mod command;
pub mod event;
pub mod types;
