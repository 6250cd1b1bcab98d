//! The wire formats against the specifications, against themselves, against other implementations, and against noise.

mod conversation;
mod errors;
mod fuzz;
mod golden;
mod independent_ouch;
mod independent_soup;
mod properties;
mod random;
mod tables;
