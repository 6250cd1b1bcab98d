//! What Rialto speaks of SOCKS5 (RFC 1928): CONNECT without authentication, by IPv4 or IPv6 address. Both sides' bytes, no I/O.
//!
//! Decoders take the bytes read so far and say how many more belong to the message, so that whoever reads no more than that
//! leaves what follows the handshake in the socket.

mod address;
mod client;
mod server;

pub use address::{Through, ThroughError};
pub use client::{Answer, GREETING, Handshake, NoProxy, request};
pub use server::{
    Decoded, Greeting, Malformed, NO_METHOD, Reply, Request, WELCOME, greeting, reply_bytes,
    request_in,
};

/// The protocol's version, the first byte of every message.
const VERSION: u8 = 5;
/// No authentication (RFC 1928 §3).
const NO_AUTHENTICATION: u8 = 0;
/// The one command served (§4).
const CONNECT: u8 = 1;
/// An IPv4 address (§5).
const IPV4: u8 = 1;
/// A name of one length byte and so many more (§5).
const NAME: u8 = 3;
/// An IPv6 address (§5).
const IPV6: u8 = 4;
