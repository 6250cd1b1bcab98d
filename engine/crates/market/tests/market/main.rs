//! The market's tests, in one binary.
#![allow(
    clippy::expect_used,
    clippy::manual_is_multiple_of,
    reason = "a test says what it expects, and the plain market is written as plainly as can be"
)]

mod checkpoint;
mod codec;
mod common;
mod disconnect;
mod oracle;
mod reasons;
mod refusals;
