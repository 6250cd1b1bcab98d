//! What a replicated market keeps in an entry of its log: the leadership that made it, and what it says. The journal itself never
//! looks inside; replication, verification and readers share these bytes. `FORMAT.md` is the same in words.

/// Bytes before an entry's own: term, node, kind.
pub const ENTRY_HEADER: usize = 17;

const BLANK: u8 = 0;
const BATCH: u8 = 1;
const MEMBERSHIP: u8 = 2;

/// One leadership: compared by term, then by node. The term alone is no fence, since two nodes may hold one term one after the other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LeaderEpoch {
    /// The election's term.
    pub term: u64,
    /// The leader's number in its group.
    pub node: u64,
}

/// What an entry says; the bytes are borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payload<'a> {
    /// Nothing: a new leader's first entry.
    Blank,
    /// A batch of commands, as the market encodes them.
    Batch(&'a [u8]),
    /// The group's membership, as replication encodes it.
    Membership(&'a [u8]),
}

/// One entry; the bytes are borrowed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LogEntry<'a> {
    /// The leadership that made it.
    pub epoch: LeaderEpoch,
    /// What it says.
    pub payload: Payload<'a>,
}

/// [`Payload`] with its own bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OwnedPayload {
    /// Nothing: a new leader's first entry.
    Blank,
    /// A batch of commands, as the market encodes them.
    Batch(Vec<u8>),
    /// The group's membership, as replication encodes it.
    Membership(Vec<u8>),
}

/// [`LogEntry`] with its own bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnedEntry {
    /// The leadership that made it.
    pub epoch: LeaderEpoch,
    /// What it says.
    pub payload: OwnedPayload,
}

/// Bytes that are no entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EntryError {
    /// Fewer than [`ENTRY_HEADER`] bytes.
    #[error(
        "a log entry has at least {ENTRY_HEADER} bytes, these are {bytes}: not written by a replicated market"
    )]
    TooShort {
        /// How many there are.
        bytes: usize,
    },
    /// A kind that is none of this version's.
    #[error(
        "a log entry of kind {kind}, this version knows 0 (blank), 1 (batch) and 2 (membership): a newer version wrote it"
    )]
    UnknownKind {
        /// The kind.
        kind: u8,
    },
    /// A blank entry with something behind it.
    #[error("a blank log entry ends after {ENTRY_HEADER} bytes, this one has {bytes}")]
    BlankWithBytes {
        /// How many there are.
        bytes: usize,
    },
}

impl<'a> Payload<'a> {
    /// The bytes it carries; none for a blank one.
    pub fn bytes(&self) -> &'a [u8] {
        match self {
            Self::Blank => &[],
            Self::Batch(bytes) | Self::Membership(bytes) => bytes,
        }
    }

    /// A copy with its own bytes.
    pub fn to_owned(&self) -> OwnedPayload {
        match self {
            Self::Blank => OwnedPayload::Blank,
            Self::Batch(bytes) => OwnedPayload::Batch(bytes.to_vec()),
            Self::Membership(bytes) => OwnedPayload::Membership(bytes.to_vec()),
        }
    }
}

impl LogEntry<'_> {
    /// A copy with its own bytes.
    pub fn to_owned(&self) -> OwnedEntry {
        OwnedEntry {
            epoch: self.epoch,
            payload: self.payload.to_owned(),
        }
    }
}

impl OwnedPayload {
    /// The same with borrowed bytes.
    pub fn borrow(&self) -> Payload<'_> {
        match self {
            Self::Blank => Payload::Blank,
            Self::Batch(bytes) => Payload::Batch(bytes),
            Self::Membership(bytes) => Payload::Membership(bytes),
        }
    }
}

impl OwnedEntry {
    /// The same with borrowed bytes.
    pub fn borrow(&self) -> LogEntry<'_> {
        LogEntry {
            epoch: self.epoch,
            payload: self.payload.borrow(),
        }
    }
}

/// Appends the entry's bytes to `out`.
pub fn encode(entry: &LogEntry<'_>, out: &mut Vec<u8>) {
    let kind = match entry.payload {
        Payload::Blank => BLANK,
        Payload::Batch(_) => BATCH,
        Payload::Membership(_) => MEMBERSHIP,
    };
    let bytes = entry.payload.bytes();
    out.reserve(ENTRY_HEADER + bytes.len());
    out.extend_from_slice(&entry.epoch.term.to_le_bytes());
    out.extend_from_slice(&entry.epoch.node.to_le_bytes());
    out.push(kind);
    out.extend_from_slice(bytes);
}

/// Reads an entry's bytes.
///
/// # Errors
/// [`EntryError`] when they are none.
pub fn decode(bytes: &[u8]) -> Result<LogEntry<'_>, EntryError> {
    let short = EntryError::TooShort { bytes: bytes.len() };
    let (term, rest) = bytes.split_first_chunk::<8>().ok_or(short)?;
    let (node, rest) = rest.split_first_chunk::<8>().ok_or(short)?;
    let (&kind, rest) = rest.split_first().ok_or(short)?;
    let payload = match kind {
        BLANK if rest.is_empty() => Payload::Blank,
        BLANK => return Err(EntryError::BlankWithBytes { bytes: bytes.len() }),
        BATCH => Payload::Batch(rest),
        MEMBERSHIP => Payload::Membership(rest),
        kind => return Err(EntryError::UnknownKind { kind }),
    };
    Ok(LogEntry {
        epoch: LeaderEpoch {
            term: u64::from_le_bytes(*term),
            node: u64::from_le_bytes(*node),
        },
        payload,
    })
}
