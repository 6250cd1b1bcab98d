//! SoupBinTCP 3.00: the frames that carry everything else over TCP.
//!
//! Source: "SoupBinTCP Version 3.00", Nasdaq, §2. A packet is a two-byte big-endian length of what follows it, a type
//! byte and a payload. Version 4.00 only adds unsequenced data from the server, which this venue does not send.
//!
//! The specification calls user name and password case-insensitive; comparing them is the session's job. Login Accepted
//! pads the session name on the left, Login Request on the right; names of this venue fill all ten bytes, and
//! [`trimmed`] compares any.

use crate::error::{DecodeError, Fault};
use crate::field::{Alpha, Digits, Wire, codes};
use std::fmt;

/// A login name: six bytes.
pub type Username = Alpha<6>;
/// A password: ten bytes.
pub type Password = Alpha<10>;
/// A session's name: ten bytes.
pub type Session = Alpha<10>;

/// The length field's and the type's bytes.
pub const HEADER_LEN: usize = 3;
/// The longest packet a client may send by default, without its length field.
pub const CLIENT_LIMIT: usize = 1024;
/// The longest packet a server may send by default, without its length field.
pub const SERVER_LIMIT: usize = 4096;
/// The longest payload that the two-byte length allows.
pub const MAX_PAYLOAD: usize = u16::MAX as usize - 1;

codes! {
    /// `Reject Reason Code` of Login Rejected (§2.2.2).
    pub enum LoginRejectReason: u8 {
        /// Unknown user name or wrong password.
        NotAuthorized = b'A',
        /// The session asked for is not available.
        SessionNotAvailable = b'S',
    }
}

/// Login Request (§2.3.1).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct LoginRequest {
    /// `Username`: offset 3, length 6.
    pub username: Username,
    /// `Password`: offset 9, length 10. Not shown by `Debug`.
    pub password: Password,
    /// `Requested Session`: offset 19, length 10; blank for the current one.
    pub requested_session: Session,
    /// `Requested Sequence Number`: offset 29, length 20; the next message wanted, or 0 for the most recent ones only.
    pub requested_sequence: u64,
}

impl fmt::Debug for LoginRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRequest")
            .field("username", &self.username)
            .field("requested_session", &self.requested_session)
            .field("requested_sequence", &self.requested_sequence)
            .finish_non_exhaustive()
    }
}

/// Login Accepted (§2.2.1).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct LoginAccepted {
    /// `Session`: offset 3, length 10.
    pub session: Session,
    /// `Sequence Number`: offset 13, length 20; the number of the next message that is sent.
    pub sequence: u64,
}

/// A packet from a client (§2.1, §2.3).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ClientPacket<'a> {
    /// `+`: text for people; ignored.
    Debug(&'a [u8]),
    /// `L`.
    LoginRequest(LoginRequest),
    /// `U`: one message, without a number.
    UnsequencedData(&'a [u8]),
    /// `R`.
    Heartbeat,
    /// `O`.
    LogoutRequest,
}

/// A packet from a server (§2.1, §2.2).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ServerPacket<'a> {
    /// `+`: text for people; ignored.
    Debug(&'a [u8]),
    /// `A`.
    LoginAccepted(LoginAccepted),
    /// `J`.
    LoginRejected(LoginRejectReason),
    /// `S`: one message; both sides count its number.
    SequencedData(&'a [u8]),
    /// `H`.
    Heartbeat,
    /// `Z`: no more messages in this session.
    EndOfSession,
}

/// A payload is longer than a packet can carry.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct PayloadTooLong {
    /// Its length in bytes.
    pub len: usize,
}

impl fmt::Display for PayloadTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "a SoupBinTCP payload of {} bytes; send at most {MAX_PAYLOAD}",
            self.len
        )
    }
}

impl std::error::Error for PayloadTooLong {}

/// A text's bytes without blanks on either side.
pub fn trimmed<const N: usize>(text: &Alpha<N>) -> &str {
    text.text().trim_start_matches(' ')
}

impl ClientPacket<'_> {
    /// Appends the packet.
    ///
    /// # Errors
    /// The payload is longer than [`MAX_PAYLOAD`]; nothing is appended.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), PayloadTooLong> {
        match self {
            Self::Debug(text) => put(out, b'+', text),
            Self::LoginRequest(login) => {
                put_header(out, b'L', LOGIN_REQUEST_LEN);
                login.username.write(out);
                login.password.write(out);
                login.requested_session.write(out);
                Digits::<20>(login.requested_sequence).write(out);
                Ok(())
            }
            Self::UnsequencedData(message) => put(out, b'U', message),
            Self::Heartbeat => put(out, b'R', &[]),
            Self::LogoutRequest => put(out, b'O', &[]),
        }
    }
}

impl ServerPacket<'_> {
    /// Appends the packet.
    ///
    /// # Errors
    /// The payload is longer than [`MAX_PAYLOAD`]; nothing is appended.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), PayloadTooLong> {
        match self {
            Self::Debug(text) => put(out, b'+', text),
            Self::LoginAccepted(login) => {
                put_header(out, b'A', LOGIN_ACCEPTED_LEN);
                login.session.write(out);
                Digits::<20>(login.sequence).write(out);
                Ok(())
            }
            Self::LoginRejected(reason) => put(out, b'J', &[reason.code()]),
            Self::SequencedData(message) => put(out, b'S', message),
            Self::Heartbeat => put(out, b'H', &[]),
            Self::EndOfSession => put(out, b'Z', &[]),
        }
    }
}

/// The payload's length of a Login Request.
const LOGIN_REQUEST_LEN: u16 = 46;
/// The payload's length of a Login Accepted.
const LOGIN_ACCEPTED_LEN: u16 = 30;

fn put(out: &mut Vec<u8>, code: u8, payload: &[u8]) -> Result<(), PayloadTooLong> {
    let too_long = PayloadTooLong { len: payload.len() };
    if payload.len() > MAX_PAYLOAD {
        return Err(too_long);
    }
    let len = u16::try_from(payload.len()).map_err(|_| too_long)?;
    out.reserve(HEADER_LEN + payload.len());
    put_header(out, code, len);
    out.extend_from_slice(payload);
    Ok(())
}

/// Appends the length field and the type of a packet with a payload of `len` bytes, at most [`MAX_PAYLOAD`].
fn put_header(out: &mut Vec<u8>, code: u8, len: u16) {
    out.extend_from_slice(&(len + 1).to_be_bytes());
    out.push(code);
}

/// Finds the packets of a client in a buffer of received bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ClientDecoder {
    limit: usize,
}

impl ClientDecoder {
    /// A decoder that refuses packets longer than `limit` bytes, without their length field.
    pub const fn new(limit: usize) -> Self {
        Self { limit }
    }

    /// The first packet of `bytes` and how many bytes it takes; `None` if it is not all there yet. A packet that is
    /// too long, of an unknown type or of a wrong length is refused as soon as its header shows it.
    ///
    /// # Errors
    /// What is wrong with the packet. There is no way to go on in the same stream.
    pub fn frame<'a>(
        &self,
        bytes: &'a [u8],
    ) -> Result<Option<(ClientPacket<'a>, usize)>, DecodeError> {
        let Some((kind, payload, used)) = split(bytes, self.limit, "SoupBinTCP client", |code| {
            Some(match code {
                b'+' => ("Debug", None),
                b'L' => ("Login Request", Some(LOGIN_REQUEST_LEN)),
                b'U' => ("Unsequenced Data", None),
                b'R' => ("Client Heartbeat", Some(0)),
                b'O' => ("Logout Request", Some(0)),
                _ => return None,
            })
        })?
        else {
            return Ok(None);
        };
        let packet = match kind {
            b'+' => ClientPacket::Debug(payload),
            b'L' => {
                let field = Fields {
                    protocol: "SoupBinTCP client",
                    message: "Login Request",
                    payload,
                };
                ClientPacket::LoginRequest(LoginRequest {
                    username: field.read("Username", 0)?,
                    password: field.read("Password", 6)?,
                    requested_session: field.read("Requested Session", 16)?,
                    requested_sequence: field
                        .read::<Digits<20>>("Requested Sequence Number", 26)?
                        .0,
                })
            }
            b'U' => ClientPacket::UnsequencedData(payload),
            b'R' => ClientPacket::Heartbeat,
            // `split` lets only the types of its table through.
            _ => ClientPacket::LogoutRequest,
        };
        Ok(Some((packet, used)))
    }
}

impl Default for ClientDecoder {
    fn default() -> Self {
        Self::new(CLIENT_LIMIT)
    }
}

/// Finds the packets of a server in a buffer of received bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct ServerDecoder {
    limit: usize,
}

impl ServerDecoder {
    /// A decoder that refuses packets longer than `limit` bytes, without their length field.
    pub const fn new(limit: usize) -> Self {
        Self { limit }
    }

    /// The first packet of `bytes` and how many bytes it takes; `None` if it is not all there yet. A packet that is
    /// too long, of an unknown type or of a wrong length is refused as soon as its header shows it.
    ///
    /// # Errors
    /// What is wrong with the packet. There is no way to go on in the same stream.
    pub fn frame<'a>(
        &self,
        bytes: &'a [u8],
    ) -> Result<Option<(ServerPacket<'a>, usize)>, DecodeError> {
        let Some((kind, payload, used)) = split(bytes, self.limit, "SoupBinTCP server", |code| {
            Some(match code {
                b'+' => ("Debug", None),
                b'A' => ("Login Accepted", Some(LOGIN_ACCEPTED_LEN)),
                b'J' => ("Login Rejected", Some(1)),
                b'S' => ("Sequenced Data", None),
                b'H' => ("Server Heartbeat", Some(0)),
                b'Z' => ("End of Session", Some(0)),
                _ => return None,
            })
        })?
        else {
            return Ok(None);
        };
        let packet = match kind {
            b'+' => ServerPacket::Debug(payload),
            b'A' => {
                let field = Fields {
                    protocol: "SoupBinTCP server",
                    message: "Login Accepted",
                    payload,
                };
                ServerPacket::LoginAccepted(LoginAccepted {
                    session: field.read("Session", 0)?,
                    sequence: field.read::<Digits<20>>("Sequence Number", 10)?.0,
                })
            }
            b'J' => {
                let field = Fields {
                    protocol: "SoupBinTCP server",
                    message: "Login Rejected",
                    payload,
                };
                ServerPacket::LoginRejected(field.read("Reject Reason Code", 0)?)
            }
            b'S' => ServerPacket::SequencedData(payload),
            b'H' => ServerPacket::Heartbeat,
            // `split` lets only the types of its table through.
            _ => ServerPacket::EndOfSession,
        };
        Ok(Some((packet, used)))
    }
}

impl Default for ServerDecoder {
    fn default() -> Self {
        Self::new(SERVER_LIMIT)
    }
}

/// A packet's type, its payload, and how many bytes it takes.
type Split<'a> = (u8, &'a [u8], usize);

/// Splits the first packet off. `table` knows a type's name and the length of its payload, if that is fixed.
fn split<'a>(
    bytes: &'a [u8],
    limit: usize,
    protocol: &'static str,
    table: impl Fn(u8) -> Option<(&'static str, Option<u16>)>,
) -> Result<Option<Split<'a>>, DecodeError> {
    let refuse = |message, field, offset, fault| {
        Err(DecodeError {
            protocol,
            message,
            field,
            offset,
            fault,
        })
    };
    let Some((head, rest)) = bytes.split_first_chunk::<2>() else {
        return Ok(None);
    };
    let len = usize::from(u16::from_be_bytes(*head));
    if len == 0 {
        let fault = Fault::WrongLength {
            expected: 1,
            found: 0,
        };
        return refuse("packet", "Packet Length", 0, fault);
    }
    if len > limit {
        let fault = Fault::TooLong { limit, found: len };
        return refuse("packet", "Packet Length", 0, fault);
    }
    let Some(&code) = rest.first() else {
        return Ok(None);
    };
    let Some((name, fixed)) = table(code) else {
        return refuse(
            "packet",
            "Packet Type",
            2,
            Fault::UnknownType { found: code },
        );
    };
    if let Some(fixed) = fixed
        && len != usize::from(fixed) + 1
    {
        let fault = Fault::WrongLength {
            expected: usize::from(fixed) + 1,
            found: len,
        };
        return refuse(name, "Packet Length", 0, fault);
    }
    Ok(rest.get(1..len).map(|payload| (code, payload, 2 + len)))
}

/// Reads the fields of a packet's payload, whose length is known to be right.
struct Fields<'a> {
    protocol: &'static str,
    message: &'static str,
    payload: &'a [u8],
}

impl Fields<'_> {
    fn read<T: Wire>(&self, field: &'static str, at: usize) -> Result<T, DecodeError> {
        let bytes = self.payload.get(at..at + T::LEN).unwrap_or_default();
        T::read(bytes).map_err(|fault| DecodeError {
            protocol: self.protocol,
            message: self.message,
            field,
            offset: HEADER_LEN + at,
            fault,
        })
    }
}
