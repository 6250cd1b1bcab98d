//! One SoupBinTCP connection as its server sees it, without socket and clock.
//!
//! The owner of the socket moves bytes and asks; the machine decides:
//!
//! 1. While [`Server::wants_read`], bytes from the socket go into [`Server::receive`].
//! 2. [`Server::poll`] gives what they mean, one [`Event`] at a time. Whoever has no room for more stops polling; the
//!    input buffer fills, `wants_read` turns false, and the sender's TCP window closes.
//! 3. A [`Event::Login`] is answered with [`Server::accept`] or [`Server::reject`].
//! 4. While [`Server::wanted`] names a number, that message of the stream goes into [`Server::push`] (messages are
//!    pulled, so a client that does not read costs one bounded buffer, whatever the stream does).
//! 5. [`Server::output`] goes to the socket, [`Server::sent`] says how much of it went.
//! 6. At [`Server::deadline`], [`Server::tick`] sends heartbeats and notices silence.
//! 7. After [`Event::Closed`], what is left of the output is sent if it can be, and the socket is closed.
//!
//! Nothing in here panics on any input, and how input is cut into pieces changes nothing.

mod buffer;
mod reason;

use crate::login::{LoginReject, Start};
use buffer::{Input, Output};
use rialto_wire::Alpha;
use rialto_wire::soup::{ClientDecoder, ClientPacket, LoginAccepted, LoginRequest, ServerPacket};

pub use reason::CloseReason;

/// What a connection is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
pub enum Role {
    /// Order entry: unsequenced data are OUCH messages.
    Orders,
    /// Market data: read only.
    Feed,
    /// A snapshot of the book: read only.
    Snapshot,
}

/// The bounds of a connection. Times are in nanoseconds, sizes in bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// A connection that has not sent its Login Request by then is closed.
    pub login_ns: u64,
    /// A server that has sent nothing for this long sends a heartbeat (SoupBinTCP 3.00 §2.2.4: 1 s).
    pub heartbeat_ns: u64,
    /// A client of which no whole packet came for this long is taken for dead (SoupBinTCP 3.00 §2.3.3: 15 s).
    pub silence_ns: u64,
    /// A client that takes none of the output waiting for it for this long is dropped.
    pub stall_ns: u64,
    /// The longest packet accepted, without its length field.
    pub packet: usize,
    /// The input buffer; raised to hold one longest packet.
    pub input: usize,
    /// No message is asked for while this much output waits. The buffer exceeds it by one message at most.
    pub output: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            login_ns: 10_000_000_000,
            heartbeat_ns: 1_000_000_000,
            silence_ns: 15_000_000_000,
            stall_ns: 15_000_000_000,
            packet: rialto_wire::soup::CLIENT_LIMIT,
            input: 16 * 1024,
            output: 64 * 1024,
        }
    }
}

/// What a client's bytes mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event<'a> {
    /// A login, to be answered with [`Server::accept`] or [`Server::reject`]; nothing else is given before that.
    Login(LoginRequest),
    /// The payload of one unsequenced data packet of an order session.
    Message(&'a [u8]),
    /// The connection is over; given once, and nothing after it.
    Closed(CloseReason),
}

/// Why a message was not taken by [`Server::push`].
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum PushError {
    /// [`Server::wanted`] named no number.
    #[error("the connection wants no message now: ask `wanted` first")]
    NotWanted,
    /// No packet holds it.
    #[error("a message of {len} bytes is longer than a SoupBinTCP packet")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum State {
    /// Connected, not logged in.
    New,
    /// The caller has the login.
    Login,
    /// Logged in.
    Open,
    /// Over; whether the caller was told.
    Closed(CloseReason, bool),
}

/// One connection.
#[derive(Debug)]
pub struct Server {
    role: Role,
    limits: Limits,
    decoder: ClientDecoder,
    state: State,
    input: Input,
    output: Output,
    /// The number of the next message of the stream.
    next: u64,
    /// When the connection was made, and since the login when the last whole packet came.
    heard_ns: u64,
    /// When the last packet was put into the output.
    spoke_ns: u64,
    /// When the output last began to wait or was partly taken.
    moved_ns: u64,
}

impl Server {
    /// A connection just made.
    pub fn new(role: Role, limits: Limits, now_ns: u64) -> Self {
        Self {
            role,
            limits,
            decoder: ClientDecoder::new(limits.packet),
            state: State::New,
            input: Input::new(limits.input.max(limits.packet.saturating_add(2))),
            output: Output::new(),
            next: 0,
            heard_ns: now_ns,
            spoke_ns: now_ns,
            moved_ns: now_ns,
        }
    }

    /// What the connection is for.
    pub const fn role(&self) -> Role {
        self.role
    }

    /// Whether bytes should be read from the socket: there is room for them, and the client takes its output.
    pub fn wants_read(&self) -> bool {
        self.read_room() > 0
    }

    /// How many bytes [`Server::receive`] will take now.
    pub fn read_room(&self) -> usize {
        if self.is_closed() || self.output.len() >= self.limits.output {
            0
        } else {
            self.input.room()
        }
    }

    /// Takes bytes from the socket, at most [`Server::read_room`]; returns how many it took. The rest must be given again
    /// later. After the end it takes and forgets everything.
    pub fn receive(&mut self, bytes: &[u8]) -> usize {
        if self.is_closed() {
            return bytes.len();
        }
        let take = bytes.len().min(self.read_room());
        self.input.put(&bytes[..take])
    }

    /// The client has closed its side: a logout without the packet, once what it sent before has been polled.
    pub fn disconnected(&mut self) {
        self.input.end();
    }

    /// What came next, or `None` until more bytes come.
    pub fn poll(&mut self, now_ns: u64) -> Option<Event<'_>> {
        let len = loop {
            match self.state {
                State::New | State::Open => {}
                State::Login | State::Closed(_, true) => return None,
                State::Closed(reason, false) => {
                    self.state = State::Closed(reason, true);
                    return Some(Event::Closed(reason));
                }
            }
            let packet = match self.decoder.frame(self.input.bytes()) {
                Ok(Some((packet, used))) => Ok((packet, used)),
                Ok(None) if self.input.ended() => Err(CloseReason::Disconnected),
                Ok(None) => return None,
                Err(error) => Err(CloseReason::Malformed(error)),
            };
            let (packet, used) = match packet {
                Ok(packet) => packet,
                Err(reason) => {
                    self.close(reason, now_ns);
                    continue;
                }
            };
            let open = self.state == State::Open;
            if open {
                self.heard_ns = now_ns;
            }
            match packet {
                ClientPacket::Debug(_) | ClientPacket::Heartbeat => self.input.consume(used),
                ClientPacket::LogoutRequest => self.close(CloseReason::Logout, now_ns),
                ClientPacket::LoginRequest(_) if open => {
                    self.close(CloseReason::SecondLogin, now_ns);
                }
                ClientPacket::LoginRequest(request) => {
                    self.input.consume(used);
                    self.state = State::Login;
                    return Some(Event::Login(request));
                }
                ClientPacket::UnsequencedData(_) if !open => {
                    self.close(CloseReason::NotLoggedIn, now_ns);
                }
                ClientPacket::UnsequencedData(_) if self.role != Role::Orders => {
                    self.close(CloseReason::ReadOnly, now_ns);
                }
                ClientPacket::UnsequencedData(payload) => {
                    let len = payload.len();
                    self.input.consume(used);
                    break len;
                }
            }
        };
        Some(Event::Message(self.input.consumed(len)))
    }

    /// Logs the client in. Does nothing unless a login waits for its answer.
    pub fn accept(&mut self, start: Start, now_ns: u64) {
        if self.state == State::Login {
            self.state = State::Open;
            self.next = start.next;
            self.heard_ns = now_ns;
            self.send(
                &ServerPacket::LoginAccepted(LoginAccepted {
                    session: Alpha::clean(start.session),
                    sequence: start.next,
                }),
                now_ns,
            );
        }
    }

    /// Refuses the login and ends the connection. Does nothing unless a login waits for its answer.
    pub fn reject(&mut self, reject: LoginReject, now_ns: u64) {
        if self.state == State::Login {
            self.close(CloseReason::LoginRejected(reject), now_ns);
        }
    }

    /// The number of the message the client gets next; `None` while it is not logged in or enough output waits.
    pub fn wanted(&self) -> Option<u64> {
        (self.state == State::Open && self.output.len() < self.limits.output).then_some(self.next)
    }

    /// The number of the message the client gets next, however much output waits; 0 before the login.
    pub const fn next(&self) -> u64 {
        self.next
    }

    /// Takes the message of the number that [`Server::wanted`] names.
    ///
    /// # Errors
    /// [`PushError::NotWanted`] if it names none, [`PushError::TooLong`] for more than a packet holds.
    pub fn push(&mut self, message: &[u8], now_ns: u64) -> Result<(), PushError> {
        if self.wanted().is_none() {
            return Err(PushError::NotWanted);
        }
        if message.len() > rialto_wire::soup::MAX_PAYLOAD {
            return Err(PushError::TooLong { len: message.len() });
        }
        self.send(&ServerPacket::SequencedData(message), now_ns);
        self.next += 1;
        Ok(())
    }

    /// The stream has ended and the client has got all of it: says End of Session and ends the connection.
    pub fn end_of_session(&mut self, now_ns: u64) {
        if self.state == State::Open {
            self.close(CloseReason::EndOfSession, now_ns);
        }
    }

    /// Ends the connection. What the client did wrong, or why else it ends, is said in a debug packet; a refused login
    /// and the end of the session have packets of their own. The first reason stays.
    pub fn close(&mut self, reason: CloseReason, now_ns: u64) {
        if self.is_closed() {
            return;
        }
        self.input.clear();
        match reason {
            CloseReason::LoginRejected(reject) => {
                self.send(&ServerPacket::LoginRejected(reject.reason()), now_ns);
            }
            CloseReason::EndOfSession => self.send(&ServerPacket::EndOfSession, now_ns),
            CloseReason::Logout | CloseReason::Disconnected => {}
            // More output is no use to who takes none.
            CloseReason::Stalled => self.output.clear(),
            _ => self.send(&ServerPacket::Debug(reason.to_string().as_bytes()), now_ns),
        }
        self.state = State::Closed(reason, false);
    }

    /// Whether the connection is over; its output may still be sent.
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed(..))
    }

    /// The bytes waiting for the socket.
    pub fn output(&self) -> &[u8] {
        self.output.bytes()
    }

    /// The socket took the first `count` bytes of the output.
    pub fn sent(&mut self, count: usize, now_ns: u64) {
        if count > 0 {
            self.output.consume(count);
            self.moved_ns = now_ns;
        }
    }

    /// The caller itself held the client's bytes back until now (its own queue was full): the time until now is not the
    /// client's silence.
    pub fn excuse(&mut self, now_ns: u64) {
        self.heard_ns = self.heard_ns.max(now_ns);
    }

    /// When [`Server::tick`] has something to do unless something else happens before; `None` when it is over.
    pub fn deadline(&self) -> Option<u64> {
        let stall =
            (!self.output.is_empty()).then(|| self.moved_ns.saturating_add(self.limits.stall_ns));
        let silent = self.listens().then_some(self.heard_ns);
        let (silence, heartbeat) = match self.state {
            State::New => (
                silent.map(|ns| ns.saturating_add(self.limits.login_ns)),
                None,
            ),
            State::Login => (None, None),
            State::Open => (
                silent.map(|ns| ns.saturating_add(self.limits.silence_ns)),
                self.output
                    .is_empty()
                    .then(|| self.spoke_ns.saturating_add(self.limits.heartbeat_ns)),
            ),
            State::Closed(..) => return None,
        };
        [stall, silence, heartbeat].into_iter().flatten().min()
    }

    /// Sends a heartbeat if it is time, and ends the connection of a client that has been silent, has not logged in, or
    /// has taken nothing, for too long.
    pub fn tick(&mut self, now_ns: u64) {
        let since = |then_ns: u64| now_ns.saturating_sub(then_ns);
        if self.is_closed() {
            return;
        }
        if !self.output.is_empty() && since(self.moved_ns) >= self.limits.stall_ns {
            return self.close(CloseReason::Stalled, now_ns);
        }
        match self.state {
            State::New if self.listens() && since(self.heard_ns) >= self.limits.login_ns => {
                self.close(CloseReason::LoginTimeout, now_ns);
            }
            State::Open if self.listens() && since(self.heard_ns) >= self.limits.silence_ns => {
                self.close(CloseReason::Silent, now_ns);
            }
            State::Open
                if self.output.is_empty() && since(self.spoke_ns) >= self.limits.heartbeat_ns =>
            {
                self.send(&ServerPacket::Heartbeat, now_ns);
            }
            _ => {}
        }
    }

    /// Whether silence is the client's own: nothing of it waits here to be polled, and its bytes are being read.
    fn listens(&self) -> bool {
        self.wants_read()
            && !self.input.ended()
            && matches!(self.decoder.frame(self.input.bytes()), Ok(None))
    }

    fn send(&mut self, packet: &ServerPacket<'_>, now_ns: u64) {
        if self.output.is_empty() {
            self.moved_ns = now_ns;
        }
        self.spoke_ns = now_ns;
        // `push` has checked the length of a message, and no other packet comes near the bound.
        let fits = packet.encode(self.output.tail()).is_ok();
        debug_assert!(fits, "a packet longer than its length field allows");
    }
}

#[cfg(test)]
mod tests;
