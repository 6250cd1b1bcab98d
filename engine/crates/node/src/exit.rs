//! Exit codes, and stopping at once where going on would be wrong.

use std::process;

/// Wrong configuration or credentials.
pub const CONFIG: u8 = 2;
/// Journal, checkpoints or streams can't be recovered.
pub const RECOVERY: u8 = 3;
/// An address can't be listened on.
pub const NETWORK: u8 = 4;
/// A write or sync of the journal failed while running: only a restart, which reads back what is there, goes on.
pub const JOURNAL: u8 = 70;
/// A stream file can't be written while running.
pub const STREAM: u8 = 71;
/// A part of the node ended that must not end.
pub const INTERNAL: u8 = 72;
/// The market's group can't go on: its log contradicts itself or can't be kept.
pub const REPLICATION: u8 = 73;

/// Logs why and ends the process at once, without answering anything that is not durable.
pub fn fail_stop(code: u8, why: &str) -> ! {
    tracing::error!(event = "fail_stop", code, why);
    process::exit(i32::from(code));
}
