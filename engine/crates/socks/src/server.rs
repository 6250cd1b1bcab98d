//! The proxy's side: greeting and request in, reply out.

use crate::{CONNECT, IPV4, IPV6, NAME, NO_AUTHENTICATION, VERSION};
use std::net::{IpAddr, SocketAddr};

/// The answer to a greeting that offers to go without authentication.
pub const WELCOME: [u8; 2] = [VERSION, NO_AUTHENTICATION];
/// The answer to any other greeting: no method is acceptable (§3).
pub const NO_METHOD: [u8; 2] = [VERSION, 0xff];

/// Bytes that are not SOCKS5. Nothing is answered to them.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Malformed;

/// What a proxy answers a request (§6), with the numbers of the protocol.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Reply {
    /// The target is connected; its bytes follow.
    Connected = 0,
    /// Something else went wrong.
    GeneralFailure = 1,
    /// The proxy's rules don't allow the target.
    NotAllowed = 2,
    /// No way leads to the target's network.
    NetworkUnreachable = 3,
    /// No way leads to the target.
    HostUnreachable = 4,
    /// Nobody listens at the target.
    Refused = 5,
    /// The command is not CONNECT.
    CommandNotSupported = 7,
    /// The target is written as no IPv4 or IPv6 address.
    AddressNotSupported = 8,
}

impl Reply {
    /// The reply of a number of the protocol; those that Rialto never sends count as a general failure.
    #[must_use]
    pub const fn of(number: u8) -> Self {
        match number {
            0 => Self::Connected,
            2 => Self::NotAllowed,
            3 => Self::NetworkUnreachable,
            4 => Self::HostUnreachable,
            5 => Self::Refused,
            7 => Self::CommandNotSupported,
            8 => Self::AddressNotSupported,
            _ => Self::GeneralFailure,
        }
    }

    /// In words.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::Connected => "connected",
            Self::GeneralFailure => "the proxy failed",
            Self::NotAllowed => "the proxy does not know the target",
            Self::NetworkUnreachable => "no link leads to the target",
            Self::HostUnreachable => "the target can't be reached",
            Self::Refused => "the target refuses connections",
            Self::CommandNotSupported => "the proxy does not know the command",
            Self::AddressNotSupported => "the proxy does not know that kind of address",
        }
    }
}

/// A well-formed request.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// Connect to this address.
    Connect(SocketAddr),
    /// Something that is not served: this is the reply.
    Unsupported(Reply),
}

/// A client's greeting.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Greeting {
    /// It offers to go without authentication: answer [`WELCOME`].
    Open,
    /// It does not: answer [`NO_METHOD`] and close.
    NoMethod,
}

/// What the bytes read so far say.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Decoded<T> {
    /// The message, which ends with the last of them.
    Whole(T),
    /// Nothing yet; at least so many bytes more belong to the message.
    More(usize),
}

/// Reads a client's greeting (§3): version, count, that many methods. Give it no byte beyond what it asks for.
///
/// # Errors
/// It is not SOCKS5.
pub fn greeting(bytes: &[u8]) -> Result<Decoded<Greeting>, Malformed> {
    match *bytes {
        [] | [VERSION] => Ok(Decoded::More(2 - bytes.len())),
        [VERSION, 0, ..] => Err(Malformed),
        [VERSION, count, ref methods @ ..] => {
            Ok(match usize::from(count).saturating_sub(methods.len()) {
                0 if methods.contains(&NO_AUTHENTICATION) => Decoded::Whole(Greeting::Open),
                0 => Decoded::Whole(Greeting::NoMethod),
                more => Decoded::More(more),
            })
        }
        _ => Err(Malformed),
    }
}

/// The shortest request: a name of no character.
const SHORTEST: usize = 7;

/// Reads a client's request (§4): version, command, zero, kind of address, address, port. Give it no byte beyond what it
/// asks for.
///
/// # Errors
/// It is not SOCKS5.
pub fn request_in(bytes: &[u8]) -> Result<Decoded<Request>, Malformed> {
    let wrong = |at: usize, right: &[u8]| bytes.get(at).is_some_and(|byte| !right.contains(byte));
    if wrong(0, &[VERSION]) || wrong(2, &[0]) || wrong(3, &[IPV4, NAME, IPV6]) {
        return Err(Malformed);
    }
    let Some((&[_, command, _, kind, first], rest)) = bytes.split_first_chunk::<5>() else {
        return Ok(Decoded::More(SHORTEST - bytes.len()));
    };
    let length = match kind {
        IPV4 => 10,
        IPV6 => 22,
        _ => SHORTEST + usize::from(first),
    };
    if bytes.len() < length {
        return Ok(Decoded::More(length - bytes.len()));
    }
    let address = match *rest {
        [b, c, d, high, low] if kind == IPV4 => Some((
            IpAddr::from([first, b, c, d]),
            u16::from_be_bytes([high, low]),
        )),
        [ref ip @ .., high, low] if kind == IPV6 => <[u8; 15]>::try_from(ip).ok().map(|ip| {
            let mut octets = [first; 16];
            octets[1..].copy_from_slice(&ip);
            (IpAddr::from(octets), u16::from_be_bytes([high, low]))
        }),
        _ => None,
    };
    Ok(Decoded::Whole(match (command, address) {
        (CONNECT, Some((ip, port))) => Request::Connect(SocketAddr::new(ip, port)),
        (CONNECT, None) => Request::Unsupported(Reply::AddressNotSupported),
        _ => Request::Unsupported(Reply::CommandNotSupported),
    }))
}

/// The bytes of a reply (§6). The bound address is given as zeros: it would say nothing to anybody.
#[must_use]
pub const fn reply_bytes(reply: Reply) -> [u8; 10] {
    [VERSION, reply as u8, 0, IPV4, 0, 0, 0, 0, 0, 0]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{GREETING, request};
    use proptest::prelude::*;

    /// Gives a decoder exactly what it asks for; what it found, and how many bytes that took.
    fn fed<T>(
        bytes: &[u8],
        decode: fn(&[u8]) -> Result<Decoded<T>, Malformed>,
    ) -> Result<Option<(T, usize)>, Malformed> {
        let mut read = 0;
        loop {
            match decode(&bytes[..read])? {
                Decoded::Whole(found) => return Ok(Some((found, read))),
                Decoded::More(0) => panic!("it asks for nothing"),
                Decoded::More(more) if read + more > bytes.len() => return Ok(None),
                Decoded::More(more) => read += more,
            }
        }
    }

    proptest! {
        #[test]
        fn a_request_is_read_as_it_was_written(ip in any::<IpAddr>(), port: u16, more in any::<Vec<u8>>()) {
            let target = SocketAddr::new(ip, port);
            let mut bytes = request(target);
            let length = bytes.len();
            for part in 0..length {
                prop_assert!(matches!(request_in(&bytes[..part]), Ok(Decoded::More(1..))));
            }
            bytes.extend_from_slice(&more);
            prop_assert_eq!(fed(&bytes, request_in), Ok(Some((Request::Connect(target), length))));
        }

        #[test]
        fn anything_is_read_without_harm(bytes in any::<Vec<u8>>()) {
            let _outcome = (fed(&bytes, greeting), fed(&bytes, request_in), greeting(&bytes), request_in(&bytes));
        }
    }

    #[test]
    fn a_greeting_must_offer_to_go_without_authentication() {
        assert_eq!(fed(&GREETING, greeting), Ok(Some((Greeting::Open, 3))));
        let several = [5, 2, 2, 0, 9];
        assert_eq!(fed(&several, greeting), Ok(Some((Greeting::Open, 4))));
        let password = [5, 1, 2];
        assert_eq!(fed(&password, greeting), Ok(Some((Greeting::NoMethod, 3))));
        assert_eq!(greeting(&[5, 2, 2]), Ok(Decoded::More(1)));
        assert_eq!(greeting(&[5, 0]), Err(Malformed), "it offers nothing");
        assert_eq!(greeting(b"GE"), Err(Malformed));
        assert_eq!(greeting(&[4, 1]), Err(Malformed));
    }

    #[test]
    fn what_is_not_served_is_told_apart_from_what_is_malformed() {
        let name = [5, 1, 0, 3, 2, b'h', b'i', 0, 80];
        let reply = Request::Unsupported(Reply::AddressNotSupported);
        assert_eq!(fed(&name, request_in), Ok(Some((reply, 9))));
        assert_eq!(request_in(&name[..8]), Ok(Decoded::More(1)));
        let bind = [5, 2, 0, 1, 127, 0, 0, 1, 0, 80];
        let reply = Request::Unsupported(Reply::CommandNotSupported);
        assert_eq!(fed(&bind, request_in), Ok(Some((reply, 10))));
        assert_eq!(request_in(&[5, 1, 0, 2]), Err(Malformed));
        assert_eq!(request_in(&[5, 1, 7]), Err(Malformed));
        assert_eq!(request_in(&[9]), Err(Malformed));
    }

    #[test]
    fn replies_have_the_numbers_of_the_protocol() {
        for number in [0, 1, 2, 3, 4, 5, 7, 8] {
            let reply = Reply::of(number);
            assert_eq!(reply_bytes(reply), [5, number, 0, 1, 0, 0, 0, 0, 0, 0]);
        }
        assert_eq!(Reply::of(6), Reply::GeneralFailure);
    }
}
