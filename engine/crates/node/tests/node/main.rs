//! The real process, over its sockets and files.

mod admin;
mod client;
mod hostile;
mod process;
mod recovery;
mod refusals;
mod trading;
