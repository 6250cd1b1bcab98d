//! The client's side: a handshake fed with what the proxy says.

use crate::server::{Reply, WELCOME};
use crate::{CONNECT, IPV4, IPV6, NAME, NO_AUTHENTICATION, VERSION};
use std::net::{IpAddr, SocketAddr};

/// What a client says first: it can go without authentication (§3).
pub const GREETING: [u8; 3] = [VERSION, 1, NO_AUTHENTICATION];

/// The bytes that ask for a connection to `target` (§4).
#[must_use]
pub fn request(target: SocketAddr) -> Vec<u8> {
    let mut bytes = vec![VERSION, CONNECT, 0];
    match target.ip() {
        IpAddr::V4(ip) => {
            bytes.push(IPV4);
            bytes.extend_from_slice(&ip.octets());
        }
        IpAddr::V6(ip) => {
            bytes.push(IPV6);
            bytes.extend_from_slice(&ip.octets());
        }
    }
    bytes.extend_from_slice(&target.port().to_be_bytes());
    bytes
}

/// What answers is no SOCKS5 proxy that lets us in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct NoProxy;

impl std::fmt::Display for NoProxy {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("what answers there is no SOCKS5 proxy that goes without authentication")
    }
}

impl std::error::Error for NoProxy {}

/// What a client does next.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Answer {
    /// Read at most so many bytes more: what follows them is the target's.
    Read(usize),
    /// Send these bytes.
    Send(Vec<u8>),
    /// The handshake is over.
    Told(Reply),
}

/// A client's handshake: give it what was read, do what it says.
#[derive(Clone, Debug)]
pub struct Handshake {
    target: SocketAddr,
    asked: Asked,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Asked {
    Nothing,
    Greeting,
    Target,
}

impl Handshake {
    /// The handshake for a connection to `target`.
    #[must_use]
    pub const fn new(target: SocketAddr) -> Self {
        Self {
            target,
            asked: Asked::Nothing,
            bytes: Vec::new(),
        }
    }

    /// Takes what was read.
    pub fn read(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
    }

    /// What to do next.
    ///
    /// # Errors
    /// What was read is no proxy's.
    pub fn next_step(&mut self) -> Result<Answer, NoProxy> {
        match self.asked {
            Asked::Nothing => {
                self.asked = Asked::Greeting;
                Ok(Answer::Send(GREETING.to_vec()))
            }
            Asked::Greeting => {
                if !WELCOME.starts_with(&self.bytes) {
                    return Err(NoProxy);
                }
                if self.bytes.len() < WELCOME.len() {
                    return Ok(Answer::Read(WELCOME.len() - self.bytes.len()));
                }
                self.bytes.clear();
                self.asked = Asked::Target;
                Ok(Answer::Send(request(self.target)))
            }
            Asked::Target => self.reply(),
        }
    }

    fn reply(&self) -> Result<Answer, NoProxy> {
        let want = |length: usize| Answer::Read(length.saturating_sub(self.bytes.len()));
        if self.bytes.first().is_some_and(|first| *first != VERSION) {
            return Err(NoProxy);
        }
        let length = match (self.bytes.get(3), self.bytes.get(4)) {
            // The fifth byte is there in any reply, and may be a name's length.
            (None, _) | (_, None) => return Ok(want(5)),
            (Some(&IPV4), _) => 10,
            (Some(&IPV6), _) => 22,
            (Some(&NAME), Some(&length)) => usize::from(length) + 7,
            _ => return Err(NoProxy),
        };
        if self.bytes.len() < length {
            return Ok(want(length));
        }
        let number = self.bytes.get(1).copied().unwrap_or(1);
        Ok(Answer::Told(Reply::of(number)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::reply_bytes;
    use proptest::prelude::*;

    fn target() -> SocketAddr {
        "127.0.0.1:80".parse().unwrap()
    }

    /// Runs a handshake against what a proxy says, `step` bytes at a time; what is told, and how much of it was read.
    fn run(said: &[u8], step: usize) -> Result<(Reply, usize), NoProxy> {
        let mut handshake = Handshake::new(target());
        let mut at = 0;
        loop {
            match handshake.next_step()? {
                Answer::Send(_) => {}
                Answer::Read(most) => {
                    assert!(most > 0);
                    let end = (at + most.min(step)).min(said.len());
                    if end == at {
                        return Err(NoProxy);
                    }
                    handshake.read(&said[at..end]);
                    at = end;
                }
                Answer::Told(reply) => return Ok((reply, at)),
            }
        }
    }

    #[test]
    fn a_reply_is_read_to_its_last_byte_and_no_further() {
        let refused = reply_bytes(Reply::Refused);
        let long = [&[5, 0, 0, 4][..], &[1; 18]].concat();
        let name = [&[5, 2, 0, 3, 3][..], b"abc\x00\x50"].concat();
        for step in 1..30 {
            for (reply, told) in [
                (&refused[..], Reply::Refused),
                (&long, Reply::Connected),
                (&name, Reply::NotAllowed),
            ] {
                let said = [&WELCOME, reply, b"target's"].concat();
                assert_eq!(run(&said, step), Ok((told, WELCOME.len() + reply.len())));
            }
        }
    }

    #[test]
    fn what_is_no_proxy_is_found_out() {
        assert_eq!(run(b"\x05\xff", 9), Err(NoProxy));
        assert_eq!(run(b"\x05\x00\x04\x00\x00\x01\x00", 9), Err(NoProxy));
        assert_eq!(run(b"\x05\x00\x05\x00\x00\x09\x00", 9), Err(NoProxy));
        assert_eq!(run(b"HTTP/1.1 400 Bad Request", 9), Err(NoProxy));
    }

    proptest! {
        #[test]
        fn anything_ends_the_handshake_without_harm(said in any::<Vec<u8>>(), step in 1_usize..40) {
            let told = run(&said, step);
            prop_assert!(told.is_err() || told.is_ok_and(|(_, read)| read <= said.len()));
        }
    }
}
