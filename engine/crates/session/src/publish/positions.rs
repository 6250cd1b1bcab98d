//! The publisher's positions as bytes, for a checkpoint.
//!
//! Little-endian: version u8 (1); state u8 (0 no day yet, 1 open, 2 closed); date u32, opening u8, incarnation u8; the
//! last order reference number of earlier days u64; the feed's next number u64; the count of sessions u32; for each, ascending: its number u32 and its next message's number
//! u64. Without a day everything after the state is zero. Equal positions have equal bytes and the other way round.

use super::Publisher;
use rialto_market::types::{OrderRef, SessionId, TradingDay};

const VERSION: u8 = 1;
const HEAD: usize = 28;
const SESSION: usize = 12;

/// Why bytes are no positions.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PositionsError {
    /// Another version wrote them, or they are something else.
    #[error(
        "stream positions of version {found}, this program reads version {VERSION}; use the program that wrote them"
    )]
    Version {
        /// The version found.
        found: u8,
    },
    /// Their length is not the one their count of sessions gives.
    #[error(
        "stream positions of {found} bytes where {expected} are expected; the checkpoint is damaged, use an older one"
    )]
    Length {
        /// The length they must have, in bytes.
        expected: usize,
        /// The length they have.
        found: usize,
    },
    /// They are not what the publisher writes.
    #[error("stream positions with {what}; the checkpoint is damaged, use an older one")]
    NotCanonical {
        /// What is wrong.
        what: &'static str,
    },
}

impl Publisher {
    /// Appends the positions.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let day = self.day.unwrap_or_default();
        out.push(VERSION);
        out.push(match (self.day, self.open) {
            (None, _) => 0,
            (Some(_), true) => 1,
            (Some(_), false) => 2,
        });
        out.extend_from_slice(&day.date.to_le_bytes());
        out.push(day.opening);
        out.push(day.incarnation);
        out.extend_from_slice(&self.earlier.0.to_le_bytes());
        out.extend_from_slice(&self.feed.to_le_bytes());
        // Sessions are counted by a four-byte number, so there are no more than it holds.
        let count = u32::try_from(self.sessions.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&count.to_le_bytes());
        for (session, next) in &self.sessions {
            out.extend_from_slice(&session.0.to_le_bytes());
            out.extend_from_slice(&next.to_le_bytes());
        }
    }

    /// The publisher with these positions: all of `bytes`, no more and no fewer.
    ///
    /// # Errors
    /// What is wrong with them; only bytes that [`Publisher::encode`] writes are accepted.
    pub fn decode(bytes: &[u8]) -> Result<Self, PositionsError> {
        match bytes.first() {
            Some(&VERSION) | None => {}
            Some(&found) => return Err(PositionsError::Version { found }),
        }
        let length = |expected| PositionsError::Length {
            expected,
            found: bytes.len(),
        };
        let (head, rest) = bytes
            .split_first_chunk::<HEAD>()
            .ok_or_else(|| length(HEAD))?;
        let mut head = head.iter().copied().skip(1);
        let mut number = |bytes: u32| {
            (0..bytes).fold(0, |value, at| {
                value | u64::from(head.next().unwrap_or_default()) << (8 * at)
            })
        };
        // The widths are those of the fields, so nothing is cut off.
        let (state, date) = (number(1) as u8, number(4) as u32);
        let (opening, incarnation) = (number(1) as u8, number(1) as u8);
        let (earlier, feed, count) = (number(8), number(8), number(4) as usize);
        if count.checked_mul(SESSION) != Some(rest.len()) {
            return Err(length(count.saturating_mul(SESSION).saturating_add(HEAD)));
        }
        let day = TradingDay {
            date,
            opening,
            incarnation,
        };
        let wrong = |what| Err(PositionsError::NotCanonical { what });
        let mut this = Self {
            day: Some(day),
            open: state == 1,
            earlier: OrderRef(earlier),
            feed,
            ..Self::new()
        };
        match state {
            0 if day == TradingDay::default() && (earlier, feed, count) == (0, 0, 0) => {
                return Ok(Self::new());
            }
            0 => return wrong("streams but no day"),
            1 | 2 if feed == 0 => return wrong("message number 0"),
            1 | 2 => {}
            _ => return wrong("an unknown state"),
        }
        for entry in rest.chunks_exact(SESSION) {
            let Some((session, next)) = entry.split_first_chunk::<4>() else {
                return Err(length(HEAD));
            };
            let session = SessionId(u32::from_le_bytes(*session));
            let next = next.try_into().map_or(0, u64::from_le_bytes);
            if next == 0 {
                return wrong("message number 0");
            }
            if this
                .sessions
                .last_key_value()
                .is_some_and(|(last, _)| *last >= session)
            {
                return wrong("sessions out of order");
            }
            this.sessions.insert(session, next);
        }
        Ok(this)
    }
}
