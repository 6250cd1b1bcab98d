//! Who may log in, where a login starts reading, and what becomes of the connection that was there before.

use crate::publish::StreamState;
use rialto_wire::soup::{LoginRejectReason, LoginRequest};

/// Where an accepted login starts reading.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Start {
    /// The session logged in to, sent in Login Accepted.
    pub session: [u8; 10],
    /// The number of the next message the client gets, sent in Login Accepted.
    pub next: u64,
}

/// Why a login is refused (SoupBinTCP 3.00, "Login Rejected Packet").
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum LoginReject {
    /// `A`: name and password do not belong to a user of this port.
    #[error("not authorized: name or password is wrong, or the name is not a user of this port")]
    NotAuthorized,
    /// `S`: the session wanted is not the current one, its stream does not reach the number wanted, or no trading day
    /// has opened yet.
    #[error(
        "session not available: ask for the current session with a blank name and a number of at most the next one"
    )]
    SessionNotAvailable,
    /// `S` too: this replica does not lead the market, so it takes no orders. Given at once, before name and password are
    /// looked at, so that a client finds the leader in one round trip an address.
    #[error("this replica does not lead the market: log in at the market's other addresses")]
    NotLeading,
}

impl LoginReject {
    /// The reason code of the packet.
    pub const fn reason(self) -> LoginRejectReason {
        match self {
            Self::NotAuthorized => LoginRejectReason::NotAuthorized,
            Self::SessionNotAvailable | Self::NotLeading => LoginRejectReason::SessionNotAvailable,
        }
    }
}

/// Where a login starts, of the stream as it stands; authorisation comes before this.
///
/// A blank session name is the current trading day's, any other must be equal to it. Number 0 starts at the next message
/// to come, number n at n, which may be at most the next one. `stream` is `None` until the first trading day opens; a day
/// that has closed stays the current one, to be read to its end, until the next opens.
///
/// # Errors
/// [`LoginReject::SessionNotAvailable`] for another session or a number beyond the next one.
pub fn start(request: &LoginRequest, stream: Option<&StreamState>) -> Result<Start, LoginReject> {
    let stream = stream.ok_or(LoginReject::SessionNotAvailable)?;
    let wanted = request.requested_session.bytes();
    let wanted = wanted.trim_ascii();
    if !wanted.is_empty() && wanted != stream.session.trim_ascii() {
        return Err(LoginReject::SessionNotAvailable);
    }
    let next = match request.requested_sequence {
        0 => stream.next,
        n if n <= stream.next => n,
        _ => return Err(LoginReject::SessionNotAvailable),
    };
    Ok(Start {
        session: stream.session,
        next,
    })
}

/// Where a login for a snapshot starts: a snapshot is made for each login, so its messages always start at 1 and the
/// number wanted is not looked at.
///
/// # Errors
/// [`LoginReject::SessionNotAvailable`] for another session, or while no trading day has opened.
pub fn start_snapshot(
    request: &LoginRequest,
    feed: Option<&StreamState>,
) -> Result<Start, LoginReject> {
    let request = LoginRequest {
        requested_sequence: 1,
        ..*request
    };
    start(&request, feed)
}

/// What happens to the connections of one user at a new login.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Displaced {
    /// Close the older connection with [`crate::server::CloseReason::Displaced`], then go on with the newer.
    Older,
    /// Both stay.
    Nobody,
}

/// The rule of a second login: an order session has one connection and the newer login wins (the older one is often dead
/// already, and nobody has noticed); readers of the feed and of snapshots may log in as often as they like.
pub const fn second_login(role: crate::server::Role) -> Displaced {
    match role {
        crate::server::Role::Orders => Displaced::Older,
        crate::server::Role::Feed | crate::server::Role::Snapshot => Displaced::Nobody,
    }
}

/// The login name without padding, in capitals: names are case-insensitive (SoupBinTCP 3.00 §2.3.1).
pub fn user(request: &LoginRequest) -> String {
    request.username.text().trim().to_ascii_uppercase()
}

/// Whether the password sent is the one on file, padding and case aside (SoupBinTCP 3.00 §2.3.1), in a time that does
/// not depend on where they differ. An empty password on file, or one longer than the field, matches nothing.
pub fn password_matches(request: &LoginRequest, on_file: &str) -> bool {
    let sent = request.password.bytes();
    let mut expected = [b' '; 10];
    let bytes = on_file.as_bytes();
    let fits = !bytes.is_empty() && bytes.len() <= expected.len();
    for (to, from) in expected.iter_mut().zip(bytes) {
        *to = *from;
    }
    let difference = sent.iter().zip(&expected).fold(0, |difference, (a, b)| {
        difference | (a.to_ascii_uppercase() ^ b.to_ascii_uppercase())
    });
    fits && std::hint::black_box(difference) == 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::Role;
    use rialto_wire::Alpha;

    const STREAM: StreamState = StreamState {
        session: *b"2611210101",
        next: 8,
        ended: false,
    };

    fn request(session: &str, sequence: u64) -> LoginRequest {
        LoginRequest {
            username: Alpha::new("trade1").unwrap(),
            password: Alpha::new("secret").unwrap(),
            requested_session: Alpha::new(session).unwrap(),
            requested_sequence: sequence,
        }
    }

    #[test]
    fn a_login_starts_where_it_asks_within_the_stream() {
        let blank = "";
        let named = "2611210101";
        for (session, sequence, next) in [
            (blank, 0, Some(8)),
            (named, 0, Some(8)),
            (blank, 1, Some(1)),
            (named, 7, Some(7)),
            (blank, 8, Some(8)),
            (blank, 9, None),
            (blank, u64::MAX, None),
            ("2611210102", 1, None),
            ("   2611210", 1, None),
            ("2611210101", 8, Some(8)),
        ] {
            assert_eq!(
                start(&request(session, sequence), Some(&STREAM)).map(|s| s.next),
                next.ok_or(LoginReject::SessionNotAvailable),
                "{session:?} {sequence}"
            );
        }
        assert_eq!(
            start(&request(blank, 0), None),
            Err(LoginReject::SessionNotAvailable)
        );
        assert_eq!(
            start(&request(blank, 0), Some(&STREAM)).map(|s| s.session),
            Ok(STREAM.session)
        );
    }

    #[test]
    fn a_snapshot_starts_at_one() {
        let start = start_snapshot(&request("", 999), Some(&STREAM));
        assert_eq!(start.map(|s| s.next), Ok(1));
        assert!(start_snapshot(&request("2511210101", 1), Some(&STREAM)).is_err());
    }

    #[test]
    fn the_newer_login_wins_on_order_sessions_only() {
        assert_eq!(second_login(Role::Orders), Displaced::Older);
        assert_eq!(second_login(Role::Feed), Displaced::Nobody);
        assert_eq!(second_login(Role::Snapshot), Displaced::Nobody);
    }

    #[test]
    fn names_and_passwords_are_compared_whole_and_without_case() {
        let request = request("", 0);
        assert_eq!(user(&request), "TRADE1");
        assert!(password_matches(&request, "secret"));
        assert!(password_matches(&request, "SECRET"));
        assert!(!password_matches(&request, "secret1"));
        assert!(!password_matches(&request, "secre"));
        assert!(!password_matches(&request, ""));
        let whole = LoginRequest {
            password: Alpha::new("0123456789").unwrap(),
            ..request
        };
        assert!(password_matches(&whole, "0123456789"));
        assert!(!password_matches(&whole, "01234567890"));
        let blank = LoginRequest {
            password: Alpha::BLANK,
            ..request
        };
        assert!(!password_matches(&blank, ""));
    }
}
