//! The network as a group sees it, and the group as its network sees it.

use std::future::Future;
use std::io;
use std::pin::Pin;
use std::time::Duration;

use futures_util::{Sink, Stream};

use crate::ReplicaId;

/// The sending half of an ordered stream of frames. `feed` may gather frames, `flush` sends them off. Frames have at most
/// [`MAX_FRAME`] bytes; closing it ends the other side's [`FrameStream`].
pub type FrameSink = Pin<Box<dyn Sink<Vec<u8>, Error = io::Error> + Send>>;

/// The receiving half: whole frames in the order they were sent, then its end. An error is the last item.
pub type FrameStream = Pin<Box<dyn Stream<Item = io::Result<Vec<u8>>> + Send>>;

/// The largest frame, request or answer that a group sends, in bytes. A network refuses larger ones.
pub const MAX_FRAME: usize = 32 << 20;

/// Why a peer gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// There is no connection to it.
    #[error("replica {to} can't be reached: {reason}")]
    Unreachable {
        /// The peer.
        to: ReplicaId,
        /// What happened.
        reason: String,
    },
    /// Nobody listens at its address: whatever was there has ended. Said only when the connection was refused, never for a
    /// time-out, a name that can't be resolved or a connection that broke.
    #[error("replica {to} is not there: its port refuses connections")]
    Refused {
        /// The peer.
        to: ReplicaId,
    },
    /// It did not answer in time.
    #[error("replica {to} did not answer within {} ms", .waited.as_millis())]
    TimedOut {
        /// The peer.
        to: ReplicaId,
        /// How long was waited.
        waited: Duration,
    },
}

/// Carries messages to the other members of one group.
pub trait Network: Clone + Send + Sync + 'static {
    /// Sends one request and waits for its answer. Calls to one peer may overtake each other.
    fn call(
        &self,
        to: ReplicaId,
        request: Vec<u8>,
        timeout: Duration,
    ) -> impl Future<Output = Result<Vec<u8>, CallError>> + Send;

    /// Opens an ordered stream of frames both ways. `hello` is given to the other side before any frame.
    fn open(
        &self,
        to: ReplicaId,
        hello: Vec<u8>,
    ) -> impl Future<Output = Result<(FrameSink, FrameStream), CallError>> + Send;
}

/// A future of the serving side.
pub type Serving<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// What a group answers its peers; [`crate::Group::server`] gives one. Whoever accepts connections calls it, on the group's
/// own runtime. `from` is what the peer says it is. Bytes of another group or incarnation, or broken ones, are refused
/// with an answer that says so; nothing a peer sends makes it panic.
pub trait Serve: Send + Sync + 'static {
    /// Answers one request.
    fn serve_call(&self, from: ReplicaId, request: Vec<u8>) -> Serving<Vec<u8>>;

    /// Serves a stream until it ends.
    fn serve_stream(
        &self,
        from: ReplicaId,
        hello: Vec<u8>,
        sink: FrameSink,
        stream: FrameStream,
    ) -> Serving<()>;
}
