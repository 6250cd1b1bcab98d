//! Why a connection ends.

use crate::inbound::InboundError;
use crate::login::LoginReject;
use rialto_wire::DecodeError;

/// Why a connection ends; shown in logs, and to the client in a debug packet where SoupBinTCP has no packet for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum CloseReason {
    /// The client logged out.
    #[error("the client logged out")]
    Logout,
    /// The client closed its side without logging out.
    #[error("the client closed the connection")]
    Disconnected,
    /// The stream ended and all of it was sent.
    #[error("the session ended")]
    EndOfSession,
    /// The login was refused.
    #[error("login refused: {0}")]
    LoginRejected(LoginReject),
    /// No login came in time.
    #[error("no Login Request came in time; send it first")]
    LoginTimeout,
    /// Nothing came for too long.
    #[error("nothing came for too long; send a heartbeat every second")]
    Silent,
    /// The client took none of its output for too long.
    #[error("the client took none of its output for too long; log in again with the next number")]
    Stalled,
    /// The bytes are not SoupBinTCP.
    #[error("{0}")]
    Malformed(DecodeError),
    /// A message is not OUCH, or asks for what the venue does not offer.
    #[error("{0}")]
    BadMessage(InboundError),
    /// A message came before the login.
    #[error("a message came before the login; send a Login Request first")]
    NotLoggedIn,
    /// A second login came on the same connection.
    #[error("a second Login Request came; make another connection for it")]
    SecondLogin,
    /// A message came on a connection for reading.
    #[error("a message came on a market data port; send orders to the order port")]
    ReadOnly,
    /// The same user logged in on another connection.
    #[error("the same user logged in on another connection")]
    Displaced,
    /// The server is going down.
    #[error("the server is shutting down; log in again later with the next number")]
    Shutdown,
    /// Another replica leads the market now. What the client sent and has no answer to may be lost here or may stand
    /// in the stream: it logs in at the new leader and sends it again under the same numbers.
    #[error(
        "leadership of the market moved; log in at the market's other addresses with the next number and send again what was not answered"
    )]
    LeadershipMoved,
}

impl CloseReason {
    /// Whether the client broke the protocol.
    pub const fn is_violation(&self) -> bool {
        matches!(
            self,
            Self::Malformed(_)
                | Self::BadMessage(_)
                | Self::NotLoggedIn
                | Self::SecondLogin
                | Self::ReadOnly
        )
    }

    /// A short name for metrics and logs.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Logout => "logout",
            Self::Disconnected => "disconnected",
            Self::EndOfSession => "end_of_session",
            Self::LoginRejected(_) => "login_rejected",
            Self::LoginTimeout => "login_timeout",
            Self::Silent => "silent",
            Self::Stalled => "stalled",
            Self::Malformed(_) => "malformed",
            Self::BadMessage(_) => "bad_message",
            Self::NotLoggedIn => "not_logged_in",
            Self::SecondLogin => "second_login",
            Self::ReadOnly => "read_only",
            Self::Displaced => "displaced",
            Self::Shutdown => "shutdown",
            Self::LeadershipMoved => "leadership_moved",
        }
    }
}
