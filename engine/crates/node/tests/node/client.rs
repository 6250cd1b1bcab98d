//! A client made from the specifications alone: SoupBinTCP 3.00, OUCH 5.0, ITCH 5.0. None of the engine's own codecs.

use crate::process::PATIENCE;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// One packet from the server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Packet {
    /// Sequenced data.
    Message(Vec<u8>),
    /// Heartbeat.
    Heartbeat,
    /// Debug text.
    Debug(String),
    /// End of session.
    End,
    /// The connection was closed.
    Closed,
}

/// A connection.
pub struct Client {
    stream: TcpStream,
    buffer: Vec<u8>,
    at: usize,
    /// The session name it is logged in to.
    pub session: String,
    /// The number of the next message.
    pub next: u64,
    /// The last user reference number used.
    pub user_ref: u32,
}

impl Client {
    pub fn connect(address: &str) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    /// A connection to where somebody may listen or not.
    pub fn try_connect(address: &str) -> Option<Self> {
        TcpStream::connect(address).ok().map(Self::over)
    }

    fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        Self {
            stream,
            buffer: Vec::new(),
            at: 0,
            session: String::new(),
            next: 0,
            user_ref: 0,
        }
    }

    pub fn write(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).unwrap();
    }

    /// Writes, whether or not the other side is still there.
    pub fn try_write(&mut self, bytes: &[u8]) -> bool {
        self.stream.write_all(bytes).is_ok()
    }

    pub fn set_write_timeout(&mut self, timeout: Duration) {
        self.stream.set_write_timeout(Some(timeout)).unwrap();
    }

    pub fn send(&mut self, kind: u8, payload: &[u8]) {
        let packet = packet(kind, payload);
        self.write(&packet);
    }

    /// Login Request; the reject reason code where it is refused.
    pub fn login(
        &mut self,
        user: &str,
        password: &str,
        session: &str,
        next: u64,
    ) -> Result<(), u8> {
        self.try_login(user, password, session, next)
            .expect("an answer to the login")
    }

    /// Login Request to somebody who may die meanwhile.
    pub fn try_login(
        &mut self,
        user: &str,
        password: &str,
        session: &str,
        next: u64,
    ) -> Option<Result<(), u8>> {
        let request = format!("{user:<6}{password:<10}{session:>10}{next:>20}");
        if !self.try_write(&packet(b'L', request.as_bytes())) {
            return None;
        }
        let (kind, payload) = self.raw()?;
        Some(self.logged_in(kind, &payload))
    }

    fn logged_in(&mut self, kind: u8, payload: &[u8]) -> Result<(), u8> {
        match kind {
            b'A' => {
                let text = String::from_utf8(payload.to_vec()).unwrap();
                self.session = text[..10].trim().to_owned();
                self.next = text[10..].trim().parse().unwrap();
                Ok(())
            }
            b'J' => Err(payload[0]),
            other => panic!("{} answers a login", char::from(other)),
        }
    }

    fn raw(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some([high, low]) = self.buffer.get(self.at..).and_then(|b| b.first_chunk()) {
                let length = usize::from(u16::from_be_bytes([*high, *low]));
                if self.buffer.len() - self.at >= length + 2 {
                    let packet = &self.buffer[self.at + 2..self.at + 2 + length];
                    let result = (packet[0], packet[1..].to_vec());
                    self.at += length + 2;
                    return Some(result);
                }
            }
            self.buffer.drain(..self.at);
            self.at = 0;
            let mut chunk = [0; 1 << 16];
            match self.stream.read(&mut chunk) {
                Ok(0) => return None,
                Ok(count) => self.buffer.extend_from_slice(&chunk[..count]),
                Err(e)
                    if matches!(e.kind(), ErrorKind::ConnectionReset | ErrorKind::BrokenPipe) =>
                {
                    return None;
                }
                Err(e) => panic!("nothing came: {e}"),
            }
        }
    }

    /// The next packet.
    pub fn packet(&mut self) -> Packet {
        match self.raw() {
            None => Packet::Closed,
            Some((b'S', payload)) => {
                self.next += 1;
                Packet::Message(payload)
            }
            Some((b'H', _)) => Packet::Heartbeat,
            Some((b'+', text)) => Packet::Debug(String::from_utf8(text).unwrap()),
            Some((b'Z', _)) => Packet::End,
            Some((kind, _)) => panic!("packet {} from the server", char::from(kind)),
        }
    }

    /// The next sequenced message.
    pub fn message(&mut self) -> Vec<u8> {
        loop {
            match self.packet() {
                Packet::Message(message) => return message,
                Packet::Heartbeat => {}
                other => panic!("{other:?} instead of a message"),
            }
        }
    }

    /// The next message of this type, passing others by.
    pub fn message_of(&mut self, kind: u8) -> Vec<u8> {
        loop {
            let message = self.message();
            if message[0] == kind {
                return message;
            }
        }
    }

    /// `count` messages, end to end.
    pub fn messages(&mut self, count: u64) -> Vec<Vec<u8>> {
        (0..count).map(|_| self.message()).collect()
    }

    /// Everything until the connection ends: (messages, what was said at the end).
    pub fn rest(&mut self) -> (Vec<Vec<u8>>, Vec<Packet>) {
        let (mut messages, mut others) = (Vec::new(), Vec::new());
        loop {
            match self.packet() {
                Packet::Message(message) => messages.push(message),
                Packet::Heartbeat => {}
                Packet::Closed => return (messages, others),
                other => others.push(other),
            }
        }
    }

    /// An Enter Order with the next number, time in force DAY; returns the number.
    pub fn enter(&mut self, side: u8, quantity: u32, symbol: &str, price_e4: u64) -> u32 {
        self.user_ref += 1;
        let packet = packet(
            b'U',
            &enter(self.user_ref, side, quantity, symbol, price_e4, &[]),
        );
        self.write(&packet);
        self.user_ref
    }

    /// A good-till-cancel Enter Order.
    pub fn enter_gtc(&mut self, side: u8, quantity: u32, symbol: &str, price_e4: u64) -> u32 {
        self.user_ref += 1;
        let tail = [2, 0xF0, b'1'];
        let packet = packet(
            b'U',
            &enter(self.user_ref, side, quantity, symbol, price_e4, &tail),
        );
        self.write(&packet);
        self.user_ref
    }

    /// A Cancel Order Request of all that is left.
    pub fn cancel(&mut self, user_ref: u32) {
        let mut message = vec![b'X'];
        message.extend_from_slice(&user_ref.to_be_bytes());
        message.extend_from_slice(&0u32.to_be_bytes());
        self.send(b'U', &message);
    }
}

/// A SoupBinTCP packet.
pub fn packet(kind: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = u16::try_from(payload.len() + 1)
        .unwrap()
        .to_be_bytes()
        .to_vec();
    out.push(kind);
    out.extend_from_slice(payload);
    out
}

/// An Enter Order (OUCH 5.0 §2.1): 47 bytes and its appendages.
pub fn enter(
    user_ref: u32,
    side: u8,
    quantity: u32,
    symbol: &str,
    price_e4: u64,
    tail: &[u8],
) -> Vec<u8> {
    let mut out = vec![b'O'];
    out.extend_from_slice(&user_ref.to_be_bytes());
    out.push(side);
    out.extend_from_slice(&quantity.to_be_bytes());
    out.extend_from_slice(format!("{symbol:<8}").as_bytes());
    out.extend_from_slice(&price_e4.to_be_bytes());
    out.extend_from_slice(b"0YPNN");
    out.extend_from_slice(format!("{:<14}", format!("c{user_ref}")).as_bytes());
    out.extend_from_slice(&u16::try_from(tail.len()).unwrap().to_be_bytes());
    out.extend_from_slice(tail);
    assert_eq!(out.len(), 47 + tail.len());
    out
}

/// The big-endian number in `message` at `at`, as long as `length`.
pub fn number(message: &[u8], at: usize, length: usize) -> u64 {
    message[at..at + length]
        .iter()
        .fold(0, |n, b| n << 8 | u64::from(*b))
}

/// The types of messages, as text.
pub fn kinds(messages: &[Vec<u8>]) -> String {
    messages.iter().map(|m| char::from(m[0])).collect()
}

/// `UserRefNum` of an OUCH 5.0 answer to an order: offset 9, behind type and timestamp.
pub fn user_ref(message: &[u8]) -> u32 {
    u32::try_from(number(message, 9, 4)).unwrap()
}

/// The writing half of a connection.
pub struct Writer(TcpStream);

impl Writer {
    pub fn write(&mut self, bytes: &[u8]) {
        self.0.write_all(bytes).unwrap();
    }

    pub fn try_write(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).is_ok()
    }
}

impl Client {
    pub fn split(&self) -> Writer {
        Writer(self.stream.try_clone().unwrap())
    }
}
