//! The node's parts: everything of the engine process but its command line. `rialto-node` is a thin shell around
//! [`node::run`]; the simulation drives [`market_loop::desk`], [`replica`] and [`checkpoint`] with its own clock and disks.

pub mod admin;
pub mod checkpoint;
pub mod checkpointer;
pub mod clock;
pub mod config;
pub mod credentials;
pub mod definitions;
pub mod disk;
pub mod exit;
pub mod gateway;
pub mod group;
pub mod install;
pub mod journal_thread;
pub mod listeners;
pub mod market_loop;
pub mod market_thread;
pub mod metrics;
pub mod node;
pub mod ready;
pub mod recovery;
pub mod replica;
pub mod shipping;
pub mod status;
pub mod streams;
