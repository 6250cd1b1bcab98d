//! GLIMPSE 5.0: the snapshot of a market. ITCH messages, then one End of Snapshot that says where the feed goes on.
//!
//! Source: "NASDAQ GLIMPSE 5.0", §4 (Message Formats); the message types other than End of Snapshot are ITCH's own.

use crate::error::DecodeError;
use crate::field::Digits;
use crate::itch;
use crate::message::{encode_plain, messages};

/// A snapshot message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Message<'a> {
    /// A message as the feed has it.
    Itch(itch::Message<'a>),
    /// The snapshot is complete.
    EndOfSnapshot(EndOfSnapshotView<'a>),
}

impl<'a> Message<'a> {
    /// Reads one whole message: all of `bytes`, no more and no fewer.
    ///
    /// # Errors
    /// The first thing that is wrong.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, DecodeError> {
        if bytes.first() == Some(&EndOfSnapshot::CODE) {
            return EndOfSnapshotView::decode(bytes).map(Self::EndOfSnapshot);
        }
        itch::Message::decode(bytes).map(Self::Itch)
    }

    /// The message's bytes.
    pub const fn as_bytes(&self) -> &'a [u8] {
        match self {
            Self::Itch(message) => message.as_bytes(),
            Self::EndOfSnapshot(view) => view.as_bytes(),
        }
    }
}

messages! {
    protocol "GLIMPSE 5.0";

    /// GLIMPSE's own messages.
    pub enum Own;

    /// The snapshot is complete; process the feed from this number on.
    EndOfSnapshot, EndOfSnapshotView = b'G' "Snapshot" "GLIMPSE 5.0 §4, Snapshot Message" tail None [] {
        /// The feed's next sequence number, in ASCII.
        1 20 sequence_number: Digits<20> = "Sequence Number";
    }
}

encode_plain! { EndOfSnapshot }
