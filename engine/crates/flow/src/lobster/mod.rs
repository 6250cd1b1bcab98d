//! Recorded days in LOBSTER's format (the limit order book system's "Output Structure", 2013): a message file of events
//! and a book file of levels, row by row the state after each event.
//!
//! [`parse_messages`] and [`parse_book`] read them strictly; [`replay`] drives a [`Venue`] with a recording and scores how
//! near the venue's book comes to the recorded one.

mod files;
mod found;
mod plain_venue;
mod replay;
mod score;

pub use files::{
    BookFile, BookRow, Kind, Level, LobsterError, Message, parse_book, parse_messages,
};
pub use plain_venue::PlainVenue;
pub use replay::{Key, Maker, ReplayError, Snapshot, Venue, replay};
pub use score::{DEPTHS, Score};
