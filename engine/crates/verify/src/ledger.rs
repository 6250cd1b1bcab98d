//! A client's ledger: everything it sent and everything it was told, as it happened. `README.md` has the layout.
//!
//! Records are appended as they happen and flushed at least once a second, so a ledger cut off at its end is a ledger of
//! what came before. Nothing is kept in memory.

use std::io::{self, Read, Write};

/// The first bytes of every ledger.
pub const MAGIC: [u8; 8] = *b"RIALTOL1";
/// Kind, session, time, length of the body.
const HEAD: usize = 1 + 2 + 8 + 2;

const LOGIN: u8 = b'L';
const BEGUN: u8 = b'B';
const SENT: u8 = b'S';
const RECEIVED: u8 = b'R';
const ENDED: u8 = b'E';

/// What happened; the bytes are borrowed.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// The session is logged in under this name from here on.
    Login {
        /// The login name, blank padded.
        username: [u8; 6],
    },
    /// A connection of the session is logged in.
    Begun {
        /// The SoupBinTCP session name of the trading day.
        day: [u8; 10],
        /// The number of the report that was asked for; 0 for those to come.
        asked: u64,
        /// The number of the next report it gets.
        next: u64,
    },
    /// An OUCH message is about to be sent, for the first time or again.
    Sent(&'a [u8]),
    /// A report came in; each number of a trading day once, repeats by the connection left out.
    Received {
        /// Its number in the session's stream.
        number: u64,
        /// The OUCH message.
        message: &'a [u8],
    },
    /// The client ended in order; nothing follows.
    Ended,
}

/// One record.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record<'a> {
    /// Which of the ledger's sessions, from 0.
    pub session: u16,
    /// Nanoseconds since the epoch, UTC.
    pub time_ns: u64,
    /// What happened.
    pub event: Event<'a>,
}

/// Appends a record's bytes. A message longer than a record can hold is cut (OUCH's are below 200 bytes).
pub fn encode(record: &Record<'_>, out: &mut Vec<u8>) {
    let mut head = |kind: u8, length: usize| {
        out.push(kind);
        out.extend_from_slice(&record.session.to_le_bytes());
        out.extend_from_slice(&record.time_ns.to_le_bytes());
        out.extend_from_slice(&u16::try_from(length).unwrap_or(u16::MAX).to_le_bytes());
    };
    match record.event {
        Event::Login { username } => {
            head(LOGIN, username.len());
            out.extend_from_slice(&username);
        }
        Event::Begun { day, asked, next } => {
            head(BEGUN, day.len() + 16);
            out.extend_from_slice(&day);
            out.extend_from_slice(&asked.to_le_bytes());
            out.extend_from_slice(&next.to_le_bytes());
        }
        Event::Sent(message) => {
            let message = cut(message);
            head(SENT, message.len());
            out.extend_from_slice(message);
        }
        Event::Received { number, message } => {
            let message = cut(message);
            head(RECEIVED, 8 + message.len());
            out.extend_from_slice(&number.to_le_bytes());
            out.extend_from_slice(message);
        }
        Event::Ended => head(ENDED, 0),
    }
}

fn cut(message: &[u8]) -> &[u8] {
    message.get(..usize::from(u16::MAX) - 8).unwrap_or(message)
}

/// Why a ledger can't be read.
#[derive(Debug, thiserror::Error)]
pub enum LedgerError {
    /// It does not begin as one.
    #[error(
        "it does not begin with RIALTOL1, so it is no ledger of this version; give a file that --verify-file wrote"
    )]
    NoLedger,
    /// A record is none.
    #[error("the record at byte {at} is none ({what}); the ledger is damaged")]
    Damaged {
        /// Where.
        at: u64,
        /// What is wrong.
        what: &'static str,
    },
    /// It can't be read.
    #[error("it can't be read: {0}")]
    Io(#[from] io::Error),
}

/// Writes a ledger.
#[derive(Debug)]
pub struct Writer<W: Write> {
    out: W,
}

impl<W: Write> Writer<W> {
    /// Begins a ledger.
    ///
    /// # Errors
    /// Whatever `out` says.
    pub fn new(mut out: W) -> io::Result<Self> {
        out.write_all(&MAGIC)?;
        Ok(Self { out })
    }

    /// Appends records that [`encode`] made.
    ///
    /// # Errors
    /// Whatever `out` says.
    pub fn append(&mut self, records: &[u8]) -> io::Result<()> {
        self.out.write_all(records)
    }

    /// Flushes.
    ///
    /// # Errors
    /// Whatever `out` says.
    pub fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Reads a ledger from its beginning.
#[derive(Debug)]
pub struct Reader<R: Read> {
    input: R,
    at: u64,
    body: Vec<u8>,
    cut_off: bool,
}

impl<R: Read> Reader<R> {
    /// Opens a ledger.
    ///
    /// # Errors
    /// [`LedgerError::NoLedger`], [`LedgerError::Io`].
    pub fn new(mut input: R) -> Result<Self, LedgerError> {
        let mut magic = [0; MAGIC.len()];
        match input.read_exact(&mut magic) {
            Ok(()) if magic == MAGIC => Ok(Self {
                input,
                at: MAGIC.len() as u64,
                body: Vec::new(),
                cut_off: false,
            }),
            Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => Err(error.into()),
            _ => Err(LedgerError::NoLedger),
        }
    }

    /// Whether the ledger ended inside a record: its client was killed.
    pub fn cut_off(&self) -> bool {
        self.cut_off
    }

    /// The next record; `None` at the end, also where that is inside a record.
    ///
    /// # Errors
    /// [`LedgerError::Damaged`], [`LedgerError::Io`].
    pub fn next_record(&mut self) -> Result<Option<Record<'_>>, LedgerError> {
        let mut head = [0; HEAD];
        let got = fill(&mut self.input, &mut head)?;
        if got < HEAD {
            self.cut_off |= got > 0;
            return Ok(None);
        }
        let [kind, s0, s1, t0, t1, t2, t3, t4, t5, t6, t7, l0, l1] = head;
        let length = usize::from(u16::from_le_bytes([l0, l1]));
        self.body.resize(length, 0);
        if fill(&mut self.input, &mut self.body)? < length {
            self.cut_off = true;
            return Ok(None);
        }
        let at = self.at;
        self.at += (HEAD + length) as u64;
        let damaged = |what| LedgerError::Damaged { at, what };
        let body = self.body.as_slice();
        let event = match kind {
            LOGIN => Event::Login {
                username: body
                    .try_into()
                    .map_err(|_| damaged("its length is not a login's"))?,
            },
            BEGUN => {
                let wrong = || damaged("its length is not a connection's");
                let (day, rest) = body.split_first_chunk::<10>().ok_or_else(wrong)?;
                let (asked, next) = rest.split_first_chunk::<8>().ok_or_else(wrong)?;
                Event::Begun {
                    day: *day,
                    asked: u64::from_le_bytes(*asked),
                    next: u64::from_le_bytes(next.try_into().map_err(|_| wrong())?),
                }
            }
            SENT => Event::Sent(body),
            RECEIVED => {
                let (number, message) = body
                    .split_first_chunk::<8>()
                    .ok_or_else(|| damaged("its length is not a report's"))?;
                Event::Received {
                    number: u64::from_le_bytes(*number),
                    message,
                }
            }
            ENDED if body.is_empty() => Event::Ended,
            _ => return Err(damaged("its kind is unknown")),
        };
        Ok(Some(Record {
            session: u16::from_le_bytes([s0, s1]),
            time_ns: u64::from_le_bytes([t0, t1, t2, t3, t4, t5, t6, t7]),
            event,
        }))
    }
}

/// Reads until `to` is full or the input ends; how much was read.
fn fill(input: &mut impl Read, to: &mut [u8]) -> io::Result<usize> {
    let mut got = 0;
    while let Some(rest) = to.get_mut(got..).filter(|rest| !rest.is_empty()) {
        match input.read(rest) {
            Ok(0) => break,
            Ok(read) => got += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(got)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn records() -> Vec<Record<'static>> {
        let record = |session, time_ns, event| Record {
            session,
            time_ns,
            event,
        };
        vec![
            record(
                0,
                1,
                Event::Login {
                    username: *b"FLOW01",
                },
            ),
            record(
                0,
                2,
                Event::Begun {
                    day: *b"2611210101",
                    asked: 0,
                    next: 7,
                },
            ),
            record(0, 3, Event::Sent(b"O message")),
            record(
                65_535,
                u64::MAX,
                Event::Received {
                    number: 7,
                    message: b"A report",
                },
            ),
            record(0, 5, Event::Ended),
        ]
    }

    fn read(bytes: &[u8]) -> (usize, bool) {
        let mut reader = Reader::new(bytes).unwrap();
        let expected = records();
        let mut count = 0;
        while let Some(record) = reader.next_record().unwrap() {
            assert_eq!(record, expected[count]);
            count += 1;
        }
        (count, reader.cut_off())
    }

    #[test]
    fn what_is_written_is_read_and_a_cut_end_is_only_an_end() {
        let mut bytes = Vec::new();
        let mut writer = Writer::new(&mut bytes).unwrap();
        let mut ends = vec![MAGIC.len()];
        for record in records() {
            let mut out = Vec::new();
            encode(&record, &mut out);
            writer.append(&out).unwrap();
            ends.push(ends.last().unwrap() + out.len());
        }
        writer.flush().unwrap();
        for length in MAGIC.len()..=bytes.len() {
            let whole = ends.iter().filter(|end| **end <= length).count() - 1;
            assert_eq!(
                read(&bytes[..length]),
                (whole, !ends.contains(&length)),
                "{length}"
            );
        }
    }

    #[test]
    fn what_is_no_ledger_is_refused() {
        assert!(matches!(
            Reader::new(&b"RIALTOC1"[..]),
            Err(LedgerError::NoLedger)
        ));
        assert!(matches!(
            Reader::new(&b"RI"[..]),
            Err(LedgerError::NoLedger)
        ));
        let mut bytes = MAGIC.to_vec();
        bytes.extend_from_slice(&[b'?'; HEAD]);
        bytes.resize(70_000, 0);
        let mut reader = Reader::new(bytes.as_slice()).unwrap();
        assert!(matches!(
            reader.next_record(),
            Err(LedgerError::Damaged { at: 8, .. })
        ));
    }
}
