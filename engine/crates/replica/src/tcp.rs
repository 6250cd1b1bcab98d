//! The network of a group over TCP: [`Tcp`] calls the peers, [`Tcp::serve`] answers them.
//!
//! A connection begins with a hello (protocol and version, group, incarnation, from, to, purpose), which is answered before anything else is said;
//! what does not belong here is refused with the reason. After it, frames flow both ways: length (u32, at most [`crate::MAX_FRAME`]), CRC-32C over
//! length and bytes (u32), bytes; all numbers little-endian. Calls to one peer share one connection, each frame beginning with the call's number
//! (u64); a stream has a connection of its own, whose first frame is the caller's own hello.
//!
//! Addresses may be names; they are resolved anew at every connect. Nothing here trusts the kernel's keepalive: calls have time-outs, a
//! connection on which a call went unanswered is given up, and bytes that stay unacknowledged end their connection. Whatever a peer does or fails
//! to do costs bounded memory: frames, calls under way, connections a peer and connections that have not said hello are limited.
//!
//! Everything runs on the runtime it was called on, which may have one thread.

mod calls;
mod counters;
mod dial;
mod frame;
mod hello;
mod proxy;
mod server;
mod streams;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::io;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

use crate::{
    CallError, FrameSink, FrameStream, GroupConfig, Network, Peer, ReplicaId, Serve, timers,
};

pub use counters::TcpCounters;
pub use server::Server;

use calls::Calls;
use counters::Counts;
use dial::Dialer;
use hello::Purpose;

/// The least time a connect may take; three declared round trips where that is more.
const CONNECT: Duration = Duration::from_millis(50);
/// The least time a peer has to answer, or say, hello once it is connected.
const GREETING: Duration = Duration::from_millis(500);
/// The least time bytes may stay unacknowledged, or a peer may take nothing, before their connection is given up.
const UNACKNOWLEDGED: Duration = Duration::from_secs(5);

/// Who this replica is to its peers.
#[derive(Debug, Clone)]
struct Identity {
    group: String,
    incarnation: u8,
    id: ReplicaId,
}

/// Options every connection gets.
#[derive(Debug, Clone, Copy)]
struct Options {
    unacknowledged: Duration,
}

impl Options {
    fn set(self, stream: &tokio::net::TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        socket2::SockRef::from(stream).set_tcp_user_timeout(Some(self.unacknowledged))
    }
}

struct Inner {
    identity: Identity,
    options: Options,
    greeting: Duration,
    counts: Arc<Counts>,
    calls: BTreeMap<ReplicaId, Calls>,
}

/// The way to a group's other members; cheap to clone.
#[derive(Clone)]
pub struct Tcp {
    inner: Arc<Inner>,
}

impl Tcp {
    /// The network of the replica that `config` describes. Nothing is connected before it is needed.
    #[must_use]
    pub fn new(config: &GroupConfig) -> Self {
        Self::through(config, None)
    }

    /// As [`Tcp::new`], with voters of other regions than this replica's dialed through a SOCKS5 proxy, if there is one.
    #[must_use]
    pub fn through(config: &GroupConfig, proxy: Option<SocketAddr>) -> Self {
        let own = config.voters.iter().find(|voter| voter.id == config.id);
        let far = |peer: &Peer| own.is_none_or(|own| own.region != peer.region);
        let identity = Identity {
            group: config.group.clone(),
            incarnation: config.incarnation,
            id: config.id,
        };
        let options = Options {
            unacknowledged: UNACKNOWLEDGED.max(
                timers(config.slowest_round_trip)
                    .election_max
                    .saturating_mul(4),
            ),
        };
        let greeting = GREETING.max(config.slowest_round_trip.saturating_mul(4));
        let counts = Arc::new(Counts::default());
        let calls = config
            .voters
            .iter()
            .filter(|peer| peer.id != config.id)
            .map(|peer| {
                let proxy = proxy.filter(|_| far(peer));
                let dialer = Dialer::new(&identity, peer, proxy, options, Arc::clone(&counts));
                (peer.id, Calls::new(dialer))
            })
            .collect();
        Self {
            inner: Arc::new(Inner {
                identity,
                options,
                greeting,
                counts,
                calls,
            }),
        }
    }

    /// What was counted since the start.
    #[must_use]
    pub fn counters(&self) -> TcpCounters {
        self.inner.counts.read()
    }

    /// Answers peers at `listener` by `group` until the server is stopped or dropped. To be called on the group's runtime.
    ///
    /// # Errors
    /// The listener can't be handed to the runtime.
    pub fn serve(&self, listener: TcpListener, group: Arc<dyn Serve>) -> io::Result<Server> {
        listener.set_nonblocking(true)?;
        let listener = tokio::net::TcpListener::from_std(listener)?;
        let house = server::House {
            identity: self.inner.identity.clone(),
            members: self.inner.calls.keys().copied().collect(),
            options: self.inner.options,
            greeting: self.inner.greeting,
            counts: Arc::clone(&self.inner.counts),
            group,
        };
        Server::start(listener, house)
    }

    /// Closes the connections of calls; later calls make new ones. Streams belong to who opened them.
    pub async fn close(&self) {
        for calls in self.inner.calls.values() {
            calls.close().await;
        }
    }

    fn calls(&self, to: ReplicaId) -> Result<&Calls, CallError> {
        self.inner
            .calls
            .get(&to)
            .ok_or_else(|| CallError::Unreachable {
                to,
                reason: String::from("it is no other voter of this group's configuration"),
            })
    }
}

impl Network for Tcp {
    async fn call(
        &self,
        to: ReplicaId,
        request: Vec<u8>,
        timeout: Duration,
    ) -> Result<Vec<u8>, CallError> {
        self.calls(to)?.call(request, timeout).await
    }

    async fn open(
        &self,
        to: ReplicaId,
        hello: Vec<u8>,
    ) -> Result<(FrameSink, FrameStream), CallError> {
        let connection = self.calls(to)?.dialer().dial(Purpose::Stream).await?;
        streams::open(connection, hello, &self.inner.counts)
            .await
            .map_err(|error| CallError::Unreachable {
                to,
                reason: error.to_string(),
            })
    }
}
