//! The venue's interconnects, emulated in user space on one machine: latency, jitter, bandwidth, loss and cuts, each way of
//! its own, changed while connections run.
//!
//! The decisions are functions of state, time and chance: [`direction`] shapes what crosses one way of a link, [`flow`]
//! carries one way of a connection over the links of its route, [`route`] finds that route. Around them is a thin shell of
//! sockets: [`edge`] takes connections, [`connection`] moves their bytes, [`admin`] changes the links.

pub mod admin;
pub mod config;
pub mod connection;
pub mod direction;
pub mod edge;
pub mod flow;
pub mod links;
pub mod random;
pub mod ready;
pub mod route;
pub mod run;
pub mod shared;
pub mod timer;
