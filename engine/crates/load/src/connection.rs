//! A SoupBinTCP client connection: login, numbered messages, heartbeats.

use crate::error::LoadError;
use crate::settings::Login;
use rialto_wire::soup::{
    ClientPacket, LoginRejectReason, LoginRequest, ServerDecoder, ServerPacket, Session,
};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// A client that has sent nothing for this long sends a heartbeat (SoupBinTCP 3.00 §2.3.4: one second).
const HEARTBEAT: Duration = Duration::from_millis(900);
/// A server that has sent nothing for this long is gone (§2.2.4: 15 seconds).
const SILENCE: Duration = Duration::from_secs(15);
/// How long a read waits for bytes: a session looks that often whether its answers are overdue.
const READ_WAIT: Duration = Duration::from_millis(20);

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
    /// The same socket, to cut it off while somebody waits to write.
    socket: Arc<TcpStream>,
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

    /// Cuts the connection off without a word; whoever waits to write to it gets an error.
    pub(crate) fn cut(&self) {
        drop(self.socket.shutdown(Shutdown::Both));
    }

    /// Whether both send over one connection.
    pub(crate) fn same(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.inner, &other.inner)
    }

    /// Sends heartbeats until the connection ends.
    fn keep_alive(&self) {
        let writer = Arc::downgrade(&self.inner);
        let socket = Arc::downgrade(&self.socket);
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(HEARTBEAT / 3);
                let (Some(inner), Some(socket)) = (writer.upgrade(), socket.upgrade()) else {
                    return;
                };
                let writer = Self { inner, socket };
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
    /// Which of the addresses it is connected to.
    pub(crate) place: usize,
}

/// What a Login Accepted says, and what came behind it.
pub(crate) struct Accepted {
    /// The session logged in to.
    pub(crate) session: Session,
    /// The number of the next message.
    pub(crate) next: u64,
    /// Bytes that came with the answer.
    pub(crate) bytes: Vec<u8>,
}

/// The bytes of a login request.
pub(crate) fn login_request(
    login: &Login,
    session: Session,
    sequence: u64,
) -> Result<Vec<u8>, Lost> {
    let mut bytes = Vec::new();
    ClientPacket::LoginRequest(LoginRequest {
        username: login.username,
        password: login.password,
        requested_session: session,
        requested_sequence: sequence,
    })
    .encode(&mut bytes)
    .map_err(|error| Lost::Closed(error.to_string()))?;
    Ok(bytes)
}

/// Reads the answer to a login; `None` if it is not there yet.
pub(crate) fn login_answer(login: &Login, bytes: &[u8]) -> Result<Option<Accepted>, Lost> {
    let (packet, used) = match ServerDecoder::default().frame(bytes) {
        Ok(Some(found)) => found,
        Ok(None) => return Ok(None),
        Err(error) => return Err(Lost::Closed(error.to_string())),
    };
    match packet {
        ServerPacket::LoginAccepted(accepted) => Ok(Some(Accepted {
            session: accepted.session,
            next: accepted.sequence,
            bytes: bytes.get(used..).unwrap_or_default().to_vec(),
        })),
        ServerPacket::LoginRejected(LoginRejectReason::NotAuthorized) => {
            Err(Lost::Refused(LoadError::new(
                format!("the venue refuses the login of {}", login.username),
                "use a login of this market and the credentials file of this venue",
            )))
        }
        ServerPacket::LoginRejected(LoginRejectReason::SessionNotAvailable) => {
            Err(Lost::SessionNotAvailable)
        }
        other => Err(Lost::Closed(format!(
            "the venue answers the login with {other:?}"
        ))),
    }
}

/// The two sides of a connection that is logged in, at the address of number `place`.
pub(crate) fn logged_in(
    stream: TcpStream,
    accepted: Accepted,
    place: usize,
) -> Result<(Reader, Writer), Lost> {
    stream.set_nonblocking(false)?;
    stream.set_nodelay(true)?;
    stream.set_read_timeout(Some(READ_WAIT))?;
    let writer = Writer {
        inner: Arc::new(Mutex::new(Out {
            stream: stream.try_clone()?,
            packets: Vec::new(),
            sent: Instant::now(),
            closed: false,
        })),
        socket: Arc::new(stream.try_clone()?),
    };
    writer.keep_alive();
    let reader = Reader {
        stream,
        decoder: ServerDecoder::default(),
        bytes: accepted.bytes,
        heard: Instant::now(),
        session: accepted.session,
        next: accepted.next,
        place,
    };
    Ok((reader, writer))
}

impl Reader {
    /// How long nothing has come, not even a heartbeat.
    pub(crate) fn silent_for(&self) -> Duration {
        self.heard.elapsed()
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
