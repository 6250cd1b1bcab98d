//! What a connection begins with. The hello: magic (8 bytes), version u16, purpose u8, incarnation u8, from u64, to u64, length of the group's name
//! u16, the name. Its answer: code u8 (0: welcome), the reason as text. Each is one frame; magic and version keep their place for ever.

use crate::ReplicaId;

const MAGIC: &[u8; 8] = b"RIALTREP";
/// The version of everything said on a replication connection.
pub(super) const VERSION: u16 = 1;
/// The longest hello or answer to one, in bytes.
pub(super) const LONGEST: usize = 1024;
/// The longest group name in a hello, in bytes.
const LONGEST_NAME: usize = 512;

/// What a connection is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Purpose {
    /// Requests and answers with numbers.
    Calls,
    /// One ordered stream of frames both ways.
    Stream,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hello {
    pub group: String,
    pub incarnation: u8,
    pub from: ReplicaId,
    pub to: ReplicaId,
    pub purpose: Purpose,
}

/// Why a connection is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Refusal {
    Protocol,
    Version,
    Malformed,
    Group,
    Incarnation,
    Target,
    Stranger,
    Unknown,
}

impl Refusal {
    const ALL: [Self; 7] = [
        Self::Protocol,
        Self::Version,
        Self::Malformed,
        Self::Group,
        Self::Incarnation,
        Self::Target,
        Self::Stranger,
    ];

    fn code(self) -> u8 {
        match self {
            Self::Protocol => 1,
            Self::Version => 2,
            Self::Malformed => 3,
            Self::Group => 4,
            Self::Incarnation => 5,
            Self::Target => 6,
            Self::Stranger => 7,
            Self::Unknown => u8::MAX,
        }
    }

    fn of(code: u8) -> Self {
        let known = Self::ALL.into_iter().find(|known| known.code() == code);
        known.unwrap_or(Self::Unknown)
    }
}

impl Hello {
    pub(super) fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.push(match self.purpose {
            Purpose::Calls => 1,
            Purpose::Stream => 2,
        });
        out.push(self.incarnation);
        out.extend_from_slice(&self.from.to_le_bytes());
        out.extend_from_slice(&self.to.to_le_bytes());
        let mut end = self.group.len().min(LONGEST_NAME);
        while !self.group.is_char_boundary(end) {
            end -= 1;
        }
        let name = &self.group.as_bytes()[..end];
        // At most LONGEST_NAME, which fits.
        out.extend_from_slice(&(name.len() as u16).to_le_bytes());
        out.extend_from_slice(name);
        out
    }

    pub(super) fn decode(bytes: &[u8]) -> Result<Self, Refusal> {
        let rest = bytes
            .strip_prefix(MAGIC.as_slice())
            .ok_or(Refusal::Protocol)?;
        let (version, rest) = rest.split_first_chunk::<2>().ok_or(Refusal::Protocol)?;
        if u16::from_le_bytes(*version) != VERSION {
            return Err(Refusal::Version);
        }
        Self::decode_body(rest).ok_or(Refusal::Malformed)
    }

    fn decode_body(rest: &[u8]) -> Option<Self> {
        let ([purpose, incarnation], rest) = rest.split_first_chunk::<2>()?;
        let (from, rest) = rest.split_first_chunk::<8>()?;
        let (to, rest) = rest.split_first_chunk::<8>()?;
        let (length, name) = rest.split_first_chunk::<2>()?;
        if name.len() != usize::from(u16::from_le_bytes(*length)) {
            return None;
        }
        Some(Self {
            group: String::from_utf8(name.to_vec()).ok()?,
            incarnation: *incarnation,
            from: u64::from_le_bytes(*from),
            to: u64::from_le_bytes(*to),
            purpose: match purpose {
                1 => Purpose::Calls,
                2 => Purpose::Stream,
                _ => return None,
            },
        })
    }
}

/// The answer to a hello.
pub(super) fn encode_answer(answer: Result<(), (Refusal, &str)>) -> Vec<u8> {
    match answer {
        Ok(()) => vec![0],
        Err((refusal, reason)) => {
            let mut out = vec![refusal.code()];
            out.extend(reason.bytes().take(LONGEST - 1));
            out
        }
    }
}

/// The reason is text of the peer's: shortened, without control characters.
pub(super) fn decode_answer(bytes: &[u8]) -> Result<(), (Refusal, String)> {
    match bytes {
        [0] => Ok(()),
        [] | [0, ..] => Err((
            Refusal::Malformed,
            String::from("its answer to the hello can't be understood"),
        )),
        [code, reason @ ..] => {
            let reason = String::from_utf8_lossy(reason);
            let plain = reason.chars().filter(|char| !char.is_control());
            Err((Refusal::of(*code), plain.take(300).collect()))
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_hello_is_understood_whole_and_refused_when_cut(group in "[a-z/é]{0,80}", incarnation: u8, from: u64, to: u64, stream: bool) {
            let purpose = if stream { Purpose::Stream } else { Purpose::Calls };
            let hello = Hello { group, incarnation, from, to, purpose };
            let bytes = hello.encode();
            prop_assert!(bytes.len() <= LONGEST);
            prop_assert_eq!(Hello::decode(&bytes), Ok(hello));
            for end in 0..bytes.len() {
                prop_assert!(Hello::decode(&bytes[..end]).is_err());
            }
        }

        #[test]
        fn any_bytes_are_taken_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            let _read = (Hello::decode(&bytes), decode_answer(&bytes));
            let mut with_magic = MAGIC.to_vec();
            with_magic.extend_from_slice(&VERSION.to_le_bytes());
            with_magic.extend_from_slice(&bytes);
            let _read = Hello::decode(&with_magic);
        }
    }

    #[test]
    fn another_version_is_told_from_another_protocol() {
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&(VERSION + 1).to_le_bytes());
        assert_eq!(Hello::decode(&bytes), Err(Refusal::Version));
        assert_eq!(Hello::decode(b"GET / HTTP/1.1\r\n"), Err(Refusal::Protocol));
    }

    #[test]
    fn a_very_long_name_still_makes_a_hello() {
        let hello = Hello {
            group: "é".repeat(2000),
            incarnation: 1,
            from: 1,
            to: 2,
            purpose: Purpose::Calls,
        };
        assert!(hello.encode().len() <= LONGEST);
        assert!(Hello::decode(&hello.encode()).is_ok());
    }

    #[test]
    fn every_refusal_arrives_with_its_reason() {
        for refusal in Refusal::ALL {
            let bytes = encode_answer(Err((refusal, "because\n")));
            assert_eq!(
                decode_answer(&bytes),
                Err((refusal, String::from("because")))
            );
        }
        assert_eq!(decode_answer(&encode_answer(Ok(()))), Ok(()));
    }
}
