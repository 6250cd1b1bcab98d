//! SoupBinTCP and OUCH 5.0 to market requests, and market events to numbered OUCH and ITCH streams. Bytes in, bytes out:
//! no socket, no clock, no randomness, so that the node, the simulation and Python run the same code.
//!
//! | module | from | to |
//! | --- | --- | --- |
//! | [`server`] | a connection's bytes | logins and messages; heartbeats, time limits, the end |
//! | [`login`] | a Login Request and a stream's state | where reading starts, who is displaced |
//! | [`inbound`] | an OUCH message | [`rialto_market::command::Request`] |
//! | [`publish`] | [`rialto_market::event::Event`] | OUCH and ITCH messages in numbered streams |
//! | [`reject`] | the market's reasons | OUCH's codes |
//! | [`snapshot`] | a market | GLIMPSE messages, one at a time |

pub mod inbound;
pub mod login;
pub mod publish;
pub mod reject;
pub mod server;
pub mod snapshot;

pub use inbound::InboundError;
pub use login::{LoginReject, Start};
pub use publish::{Publisher, StreamId, StreamSink, StreamState};
pub use server::{CloseReason, Limits, Role, Server};
pub use snapshot::Snapshot;
