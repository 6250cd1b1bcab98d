//! Connecting to a peer: its name resolved, a connection made, through a proxy where there is one, hello said and answered.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio::time::timeout;

use super::counters::{Counts, count};
use super::hello::{Hello, LONGEST, Purpose, decode_answer};
use super::{CONNECT, GREETING, Identity, Options, frame, proxy};
use crate::{CallError, Peer, ReplicaId};

/// How long a name may take to be resolved while no address of it is known; otherwise the last ones are used after the time of a connect.
const RESOLVE: Duration = Duration::from_secs(2);

type Lookup = JoinHandle<io::Result<Vec<SocketAddr>>>;

/// Makes connections to one peer.
pub(super) struct Dialer {
    identity: Identity,
    to: ReplicaId,
    address: String,
    proxy: Option<SocketAddr>,
    connect: Duration,
    greeting: Duration,
    options: Options,
    counts: Arc<Counts>,
    /// A look-up under way. One at a time, so that a silent name server does not gather threads.
    lookup: tokio::sync::Mutex<Option<Lookup>>,
    last: Mutex<Vec<SocketAddr>>,
}

impl Dialer {
    pub(super) fn new(
        identity: &Identity,
        peer: &Peer,
        proxy: Option<SocketAddr>,
        options: Options,
        counts: Arc<Counts>,
    ) -> Self {
        // A host that is down never answers. A proxy's link that is cut does, once it is healed, and one that is slower than
        // declared takes its time.
        let least = if proxy.is_some() { GREETING } else { CONNECT };
        Self {
            identity: identity.clone(),
            to: peer.id,
            address: peer.address.clone(),
            proxy,
            connect: least.max(peer.round_trip.saturating_mul(3)),
            greeting: GREETING.max(peer.round_trip.saturating_mul(4)),
            options,
            counts,
            lookup: tokio::sync::Mutex::new(None),
            last: Mutex::new(Vec::new()),
        }
    }

    pub(super) fn to(&self) -> ReplicaId {
        self.to
    }

    pub(super) fn counts(&self) -> &Arc<Counts> {
        &self.counts
    }

    /// A connection on which hello was answered with welcome.
    pub(super) async fn dial(&self, purpose: Purpose) -> Result<BufReader<TcpStream>, CallError> {
        let result = self.connect(purpose).await;
        count(match result {
            Ok(_) => &self.counts.connected,
            Err(_) => &self.counts.connect_failures,
        });
        result
    }

    async fn connect(&self, purpose: Purpose) -> Result<BufReader<TcpStream>, CallError> {
        let addresses = self
            .resolve()
            .await
            .map_err(|error| self.unreachable(format!("{}: {error}", self.address)))?;
        let stream = self.reach(&addresses).await?;
        let told = timeout(self.greeting, self.greet(stream, purpose)).await;
        told.unwrap_or(Err(CallError::TimedOut {
            to: self.to,
            waited: self.greeting,
        }))
    }

    /// Tries the addresses in turn. Only when every one of them refuses is the peer surely not there; a proxy that refuses
    /// says nothing about it.
    async fn reach(&self, addresses: &[SocketAddr]) -> Result<TcpStream, CallError> {
        let mut worst = None;
        for address in addresses {
            let connecting = async {
                match self.proxy {
                    None => TcpStream::connect(address).await,
                    Some(proxy) => proxy::connect(proxy, *address).await,
                }
            };
            match timeout(self.connect, connecting).await {
                Ok(Ok(stream)) => return Ok(stream),
                Ok(Err(error)) if error.kind() == io::ErrorKind::ConnectionRefused => {}
                Ok(Err(error)) => worst = Some(self.unreachable(format!("{address}: {error}"))),
                Err(_) => {
                    worst = Some(CallError::TimedOut {
                        to: self.to,
                        waited: self.connect,
                    });
                }
            }
        }
        Err(match worst {
            Some(error) => error,
            None if addresses.is_empty() => {
                self.unreachable(format!("{} has no address", self.address))
            }
            None => CallError::Refused { to: self.to },
        })
    }

    async fn greet(
        &self,
        stream: TcpStream,
        purpose: Purpose,
    ) -> Result<BufReader<TcpStream>, CallError> {
        let hello = Hello {
            group: self.identity.group.clone(),
            incarnation: self.identity.incarnation,
            from: self.identity.id,
            to: self.to,
            purpose,
        };
        let mut stream = BufReader::with_capacity(64 << 10, stream);
        let answer = self
            .ask(&mut stream, &hello.encode())
            .await
            .map_err(|error| self.unreachable(format!("{}: {error}", self.address)))?;
        match decode_answer(&answer) {
            Ok(()) => Ok(stream),
            Err((refusal, reason)) => {
                count(&self.counts.refused_by_peer);
                if self.counts.first(true, self.to, refusal) {
                    tracing::warn!(
                        peer = self.to,
                        address = self.address,
                        reason,
                        "the peer refuses this replica's connections"
                    );
                }
                Err(self.unreachable(format!("it refuses this replica: {reason}")))
            }
        }
    }

    async fn ask(&self, stream: &mut BufReader<TcpStream>, hello: &[u8]) -> io::Result<Vec<u8>> {
        self.options.set(stream.get_ref())?;
        let mut bytes = frame::header(&[hello], LONGEST)?.to_vec();
        bytes.extend_from_slice(hello);
        stream.write_all(&bytes).await?;
        frame::read(stream, LONGEST, &self.counts)
            .await?
            .ok_or_else(|| {
                io::Error::new(
                    io::ErrorKind::UnexpectedEof,
                    "the connection ended before hello was answered",
                )
            })
    }

    /// The addresses of the peer's name now, or the last ones known if it can't be resolved in time.
    async fn resolve(&self) -> io::Result<Vec<SocketAddr>> {
        if let Ok(address) = self.address.parse() {
            return Ok(vec![address]);
        }
        let known = self
            .last
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        let patience = if known.is_empty() {
            RESOLVE
        } else {
            self.connect
        };
        let found = timeout(patience, async {
            let mut lookup = self.lookup.lock().await;
            let task = lookup.get_or_insert_with(|| {
                let address = self.address.clone();
                tokio::spawn(async move {
                    tokio::net::lookup_host(address)
                        .await
                        .map(|found| found.take(16).collect())
                })
            });
            let found = task.await;
            *lookup = None;
            found.unwrap_or_else(|error| Err(io::Error::other(error)))
        })
        .await;
        match found {
            Ok(Ok(found)) => {
                let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
                last.clone_from(&found);
                Ok(found)
            }
            _ if !known.is_empty() => Ok(known),
            Ok(Err(error)) => Err(error),
            Err(_) => Err(io::Error::new(
                io::ErrorKind::TimedOut,
                format!(
                    "the name was not resolved within {} ms",
                    patience.as_millis()
                ),
            )),
        }
    }

    fn unreachable(&self, reason: String) -> CallError {
        CallError::Unreachable {
            to: self.to,
            reason,
        }
    }
}
