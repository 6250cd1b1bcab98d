//! A SoupBinTCP client connection: login, numbered messages, heartbeats.

use crate::error::LoadError;
use crate::settings::Login;
use rialto_wire::soup::{
    ClientPacket, LoginRejectReason, LoginRequest, ServerDecoder, ServerPacket, Session,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream, ToSocketAddrs};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A client that has sent nothing for this long sends a heartbeat (SoupBinTCP 3.00 §2.3.4: one second).
const HEARTBEAT: Duration = Duration::from_millis(900);
/// A server that has sent nothing for this long is gone (§2.2.4: 15 seconds).
const SILENCE: Duration = Duration::from_secs(15);
/// How long a read waits for bytes.
const READ_WAIT: Duration = Duration::from_millis(100);
/// How long connecting and logging in may take.
const LOGIN_WAIT: Duration = Duration::from_secs(5);

/// Why a connection is no use any more.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Lost {
    /// The network, or the other side.
    #[error("{0}")]
    Closed(String),
    /// The trading day is over: the stream has ended.
    #[error("the trading day is over")]
    EndOfSession,
    /// The session asked for is not there any more.
    #[error("the session asked for is not available")]
    SessionNotAvailable,
    /// Trying again is of no use.
    #[error("{0}")]
    Refused(LoadError),
}

impl From<std::io::Error> for Lost {
    fn from(error: std::io::Error) -> Self {
        Self::Closed(error.to_string())
    }
}

impl From<Lost> for LoadError {
    fn from(lost: Lost) -> Self {
        match lost {
            Lost::Refused(error) => error,
            lost => Self::new(
                format!("the connection to the venue is lost: {lost}"),
                "see what the node's log says and start again",
            ),
        }
    }
}

/// The side that sends. Clones send over the same connection.
#[derive(Clone)]
pub(crate) struct Writer {
    inner: Arc<Mutex<Out>>,
}

struct Out {
    stream: TcpStream,
    packets: Vec<u8>,
    sent: Instant,
    closed: bool,
}

impl Writer {
    fn lock(&self) -> MutexGuard<'_, Out> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends these messages, each as unsequenced data.
    pub(crate) fn send<'a>(
        &self,
        messages: impl IntoIterator<Item = &'a [u8]>,
    ) -> Result<(), Lost> {
        let mut out = self.lock();
        let out = &mut *out;
        out.packets.clear();
        for message in messages {
            ClientPacket::UnsequencedData(message)
                .encode(&mut out.packets)
                .map_err(|error| Lost::Closed(error.to_string()))?;
        }
        out.stream.write_all(&out.packets)?;
        out.sent = Instant::now();
        Ok(())
    }

    fn control(&self, packet: &ClientPacket<'_>) -> Result<(), Lost> {
        let mut out = self.lock();
        let mut bytes = Vec::new();
        packet
            .encode(&mut bytes)
            .map_err(|error| Lost::Closed(error.to_string()))?;
        out.stream.write_all(&bytes)?;
        out.sent = Instant::now();
        Ok(())
    }

    /// Logs out and closes; whatever fails then does not matter any more.
    pub(crate) fn close(&self) {
        let logged_out = self.control(&ClientPacket::LogoutRequest);
        let mut out = self.lock();
        out.closed = true;
        let how = if logged_out.is_ok() {
            Shutdown::Write
        } else {
            Shutdown::Both
        };
        drop(out.stream.shutdown(how));
    }

    /// Sends heartbeats until the connection ends.
    fn keep_alive(&self) {
        let writer = Arc::downgrade(&self.inner);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(HEARTBEAT / 3);
                let Some(inner) = writer.upgrade() else {
                    return;
                };
                let writer = Self { inner };
                let (closed, due) = {
                    let out = writer.lock();
                    (out.closed, out.sent.elapsed() >= HEARTBEAT)
                };
                if closed || (due && writer.control(&ClientPacket::Heartbeat).is_err()) {
                    return;
                }
            }
        });
    }
}

/// The side that receives.
pub(crate) struct Reader {
    stream: TcpStream,
    decoder: ServerDecoder,
    bytes: Vec<u8>,
    heard: Instant,
    /// The session logged in to.
    pub(crate) session: Session,
    /// The number of the next message.
    pub(crate) next: u64,
}

/// Connects and logs in: to the current session if `session` is blank, from message `sequence` on, 0 for those to come.
pub(crate) fn connect(
    address: &str,
    login: &Login,
    session: Session,
    sequence: u64,
) -> Result<(Reader, Writer), Lost> {
    let no_address = |error: String| {
        Lost::Refused(LoadError::new(
            format!("address {address:?}: {error}"),
            "write it as HOST:PORT",
        ))
    };
    let mut addresses = address
        .to_socket_addrs()
        .map_err(|error| no_address(error.to_string()))?;
    let to = addresses
        .next()
        .ok_or_else(|| no_address("nothing is known of it".to_owned()))?;
    let stream = TcpStream::connect_timeout(&to, LOGIN_WAIT)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(READ_WAIT))?;
    let writer = Writer {
        inner: Arc::new(Mutex::new(Out {
            stream: stream.try_clone()?,
            packets: Vec::new(),
            sent: Instant::now(),
            closed: false,
        })),
    };
    writer.control(&ClientPacket::LoginRequest(LoginRequest {
        username: login.username,
        password: login.password,
        requested_session: session,
        requested_sequence: sequence,
    }))?;
    let mut reader = Reader {
        stream,
        decoder: ServerDecoder::default(),
        bytes: Vec::new(),
        heard: Instant::now(),
        session,
        next: 0,
    };
    let began = Instant::now();
    while !reader.log_in(login)? {
        if began.elapsed() > LOGIN_WAIT {
            return Err(Lost::Closed(
                "the venue does not answer the login".to_owned(),
            ));
        }
    }
    writer.keep_alive();
    Ok((reader, writer))
}

impl Reader {
    /// Reads what is there, at least the answer to a login; false if that is not there yet.
    fn log_in(&mut self, login: &Login) -> Result<bool, Lost> {
        self.receive()?;
        let (packet, used) = match self.decoder.frame(&self.bytes) {
            Ok(Some(found)) => found,
            Ok(None) => return Ok(false),
            Err(error) => return Err(Lost::Closed(error.to_string())),
        };
        match packet {
            ServerPacket::LoginAccepted(accepted) => {
                self.session = accepted.session;
                self.next = accepted.sequence;
            }
            ServerPacket::LoginRejected(LoginRejectReason::NotAuthorized) => {
                return Err(Lost::Refused(LoadError::new(
                    format!("the venue refuses the login of {}", login.username),
                    "use a login of this market and the credentials file of this venue",
                )));
            }
            ServerPacket::LoginRejected(LoginRejectReason::SessionNotAvailable) => {
                return Err(Lost::SessionNotAvailable);
            }
            other => {
                return Err(Lost::Closed(format!(
                    "the venue answers the login with {other:?}"
                )));
            }
        }
        self.bytes.drain(..used);
        Ok(true)
    }

    /// Waits a moment for bytes and takes them; false if none came.
    fn receive(&mut self) -> Result<bool, Lost> {
        let len = self.bytes.len();
        self.bytes.resize(len + 65_536, 0);
        let read = self.stream.read(&mut self.bytes[len..]);
        self.bytes.truncate(len + *read.as_ref().unwrap_or(&0));
        match read {
            Ok(0) => Err(Lost::Closed("the venue closed it".to_owned())),
            Ok(_) => {
                self.heard = Instant::now();
                Ok(true)
            }
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::WouldBlock | ErrorKind::TimedOut | ErrorKind::Interrupted
                ) =>
            {
                if self.heard.elapsed() > SILENCE {
                    return Err(Lost::Closed(format!(
                        "nothing came for {} s",
                        SILENCE.as_secs()
                    )));
                }
                Ok(false)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Hands the messages that are there, with their numbers, to `each`; if none is, waits a moment. Says how many.
    pub(crate) fn messages(&mut self, mut each: impl FnMut(u64, &[u8])) -> Result<usize, Lost> {
        let mut count = self.take(&mut each)?;
        if count == 0 && self.receive()? {
            count = self.take(&mut each)?;
        }
        Ok(count)
    }

    fn take(&mut self, each: &mut impl FnMut(u64, &[u8])) -> Result<usize, Lost> {
        let (mut at, mut count) = (0, 0);
        let mut ended = Ok(());
        while let Some(rest) = self.bytes.get(at..) {
            match self.decoder.frame(rest) {
                Ok(Some((packet, used))) => {
                    at += used;
                    match packet {
                        ServerPacket::SequencedData(message) => {
                            each(self.next, message);
                            self.next += 1;
                            count += 1;
                        }
                        ServerPacket::EndOfSession => {
                            ended = Err(Lost::EndOfSession);
                            break;
                        }
                        _ => {}
                    }
                }
                Ok(None) => break,
                Err(error) => {
                    ended = Err(Lost::Closed(format!(
                        "the venue sent what is no SoupBinTCP: {error}"
                    )));
                    break;
                }
            }
        }
        self.bytes.drain(..at);
        ended.map(|()| count)
    }
}
