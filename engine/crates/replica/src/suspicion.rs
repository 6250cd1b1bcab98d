//! The accelerator: a leader whose process died is noticed by its closed connections, without waiting for the election timers.
//!
//! [`Machine`] decides, [`Accelerator`] carries out. Off or on, an election remains Raft's, and so does who may win it.

mod counters;
mod machine;
mod message;
mod shell;

#[cfg(test)]
mod tests;

pub use counters::SuspicionCounters;
pub use machine::{Action, Evidence, LogPoint, Machine, ProbeAnswer, Rules, Stance};
pub use shell::{Accelerator, Port};
