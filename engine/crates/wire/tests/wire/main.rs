//! The wire formats against the specifications, against themselves, against other implementations, and against noise.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test ends at the first value that is not there"
)]

mod conversation;
mod errors;
mod fuzz;
mod golden;
mod independent_itch;
mod independent_ouch;
mod independent_soup;
mod properties;
mod random;
mod tables;
