//! What a decoder says of bytes it refuses.

use std::fmt;

/// Why bytes are not a message: which protocol, message and field, at which offset, and what was found there.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct DecodeError {
    /// The protocol and direction, such as `OUCH 5.0 inbound`.
    pub protocol: &'static str,
    /// The message's name in the specification; `message` when even the type is unknown.
    pub message: &'static str,
    /// The field's name in the specification.
    pub field: &'static str,
    /// Where the field starts, in bytes from the start of the message (of the packet, for SoupBinTCP).
    pub offset: usize,
    /// What is wrong with it.
    pub fault: Fault,
}

/// What is wrong with a field.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Fault {
    /// No bytes at all.
    Empty,
    /// No message of this protocol and direction has this type.
    UnknownType {
        /// The type byte found.
        found: u8,
    },
    /// The message's length is not the one its field table gives.
    WrongLength {
        /// The length it must have, in bytes.
        expected: usize,
        /// The length it has.
        found: usize,
    },
    /// A packet is longer than its receiver allows.
    TooLong {
        /// The bound, in bytes.
        limit: usize,
        /// The length announced.
        found: usize,
    },
    /// An announced length reaches past the end of the message.
    Overrun {
        /// The bytes announced.
        announced: usize,
        /// The bytes left.
        left: usize,
    },
    /// An appendage's length is not the one its tag has.
    TagLength {
        /// The tag.
        tag: u8,
        /// The length of the tag's value, in bytes.
        expected: usize,
        /// The length found.
        found: usize,
    },
    /// A value that the field's list does not have.
    BadCode {
        /// The value found.
        found: u16,
        /// The values allowed, each with a `|` behind it.
        expected: &'static str,
    },
    /// A byte of a text field that is not printable ASCII.
    NotText {
        /// The byte found.
        found: u8,
    },
    /// A field of ASCII digits that is no number below 2^64.
    NotANumber,
    /// A tag that neither the specification nor this venue has.
    UnknownTag {
        /// The tag found.
        tag: u8,
    },
    /// A tag that this message may not carry.
    TagNotAllowed {
        /// The tag found.
        tag: u8,
    },
    /// A tag that came before in the same message.
    RepeatedTag {
        /// The tag found.
        tag: u8,
    },
}

impl DecodeError {
    /// Whether the message is well framed (known type, right lengths) and only a value in it is wrong. Such a message
    /// can be answered; any other means that its sender and this decoder do not speak the same protocol.
    pub fn is_value(&self) -> bool {
        match self.fault {
            Fault::BadCode { .. }
            | Fault::NotText { .. }
            | Fault::NotANumber
            | Fault::UnknownTag { .. }
            | Fault::TagNotAllowed { .. }
            | Fault::RepeatedTag { .. } => true,
            Fault::Empty
            | Fault::UnknownType { .. }
            | Fault::WrongLength { .. }
            | Fault::TooLong { .. }
            | Fault::Overrun { .. }
            | Fault::TagLength { .. } => false,
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}: {} at offset {}: {}",
            self.protocol, self.message, self.field, self.offset, self.fault
        )
    }
}

impl std::error::Error for DecodeError {}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::Empty => write!(f, "no bytes; send at least the type byte"),
            Self::UnknownType { found } => {
                write!(
                    f,
                    "unknown type {}; check the protocol and the direction",
                    Byte(found)
                )
            }
            Self::WrongLength { expected, found } => {
                write!(f, "{found} bytes; send exactly {expected}")
            }
            Self::TooLong { limit, found } => {
                write!(f, "{found} bytes announced; send at most {limit}")
            }
            Self::Overrun { announced, left } => {
                write!(
                    f,
                    "{announced} bytes announced, {left} left; send as many as announced"
                )
            }
            Self::TagLength {
                tag,
                expected,
                found,
            } => write!(
                f,
                "tag {tag} has a value of {found} bytes; send exactly {expected}"
            ),
            Self::BadCode { found, expected } => match u8::try_from(found) {
                Ok(byte) => write!(f, "found {}; send one of {}", Byte(byte), List(expected)),
                Err(_) => write!(f, "found {found:#06x}; send one of {}", List(expected)),
            },
            Self::NotText { found } => {
                write!(
                    f,
                    "found {}; send printable ASCII, padded with blanks",
                    Byte(found)
                )
            }
            Self::NotANumber => write!(
                f,
                "not a number; send ASCII digits padded with blanks on the left"
            ),
            Self::UnknownTag { tag } => write!(f, "unknown tag {tag}; leave it out"),
            Self::TagNotAllowed { tag } => {
                write!(f, "tag {tag} does not belong to this message; leave it out")
            }
            Self::RepeatedTag { tag } => write!(f, "tag {tag} came before; send it once"),
        }
    }
}

/// A byte as a person reads it: the character if it is one, and its value.
struct Byte(u8);

impl fmt::Display for Byte {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_ascii_graphic() {
            write!(f, "'{}' ({:#04x})", char::from(self.0), self.0)
        } else {
            write!(f, "{:#04x}", self.0)
        }
    }
}

/// A list of values as a person reads it: `'B', 'S'`.
struct List(&'static str);

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.split_terminator('|').enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            // Values of one byte are listed as byte literals.
            write!(f, "{comma}{}", value.trim_start_matches('b'))?;
        }
        Ok(())
    }
}
