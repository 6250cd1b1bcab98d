//! A region's edge: the SOCKS5 port (RFC 1928, CONNECT without authentication) through which whoever is in the region dials.

use crate::config::Config;
use crate::connection::{Connection, Ended};
use crate::route::RegionId;
use crate::shared::{EdgeFigures, Shared};
use rialto_socks::{
    Decoded, Greeting, Malformed, NO_METHOD, Reply, Request, WELCOME, greeting, reply_bytes,
    request_in,
};
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::{sleep, timeout};

/// How long a client may take to say where it wants to go.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// The pause after a connection could not be taken.
const PAUSE: Duration = Duration::from_millis(100);

/// The edge of one region.
#[derive(Clone)]
pub struct Edge {
    /// The configuration.
    pub config: Arc<Config>,
    /// The links.
    pub shared: Arc<Shared>,
    /// Its region.
    pub region: RegionId,
}

/// A connection's place at its edge.
struct Seat {
    shared: Arc<Shared>,
    region: RegionId,
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.lock().edges[self.region].connections -= 1;
    }
}

/// Why a client got nowhere.
enum NoWay {
    /// It went away.
    Lost(io::Error),
    /// It spoke something else.
    Malformed,
    /// It was told why.
    Told(Reply),
    /// The machine gives no timer.
    Failed(io::Error),
}

impl From<io::Error> for NoWay {
    fn from(error: io::Error) -> Self {
        Self::Lost(error)
    }
}

impl From<Malformed> for NoWay {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

impl Edge {
    /// Takes connections for ever.
    pub async fn serve(self, listener: TcpListener) {
        loop {
            match listener.accept().await {
                Ok((client, _)) => self.take(client),
                Err(error) => {
                    let region = self.name();
                    tracing::warn!(event = "accept_failed", region, %error);
                    sleep(PAUSE).await;
                }
            }
        }
    }

    fn name(&self) -> &str {
        &self.config.regions[self.region].name
    }

    fn count(&self, count: impl FnOnce(&mut EdgeFigures)) {
        count(&mut self.shared.lock().edges[self.region]);
    }

    /// Gives a connection its place and its task, or closes it where there is none left.
    fn take(&self, client: TcpStream) {
        let limit = self.config.connections;
        let mut state = self.shared.lock();
        let figures = &mut state.edges[self.region];
        figures.accepted += 1;
        if figures.connections >= limit {
            figures.over_limit += 1;
            // One line when it begins, one whenever it has gone on for a while; the API has the count.
            if figures.over_limit.is_power_of_two() {
                let (region, closed) = (self.name(), figures.over_limit);
                tracing::warn!(event = "too_many_connections", region, limit, closed);
            }
            return;
        }
        figures.connections += 1;
        drop(state);
        let seat = Seat {
            shared: Arc::clone(&self.shared),
            region: self.region,
        };
        let edge = self.clone();
        tokio::spawn(async move {
            let ended = edge.client(client).await;
            edge.ended(ended);
            drop(seat);
        });
    }

    fn ended(&self, ended: Result<Ended, NoWay>) {
        let region = self.name();
        match ended {
            Ok(how) => {
                if matches!(how, Ended::NotConnected(_)) {
                    self.count(|figures| figures.failed_targets += 1);
                }
                tracing::debug!(event = "ended", region, ?how);
            }
            Err(NoWay::Lost(error)) => {
                tracing::debug!(event = "client_lost", region, %error);
            }
            Err(NoWay::Malformed) => self.count(|figures| figures.malformed += 1),
            Err(NoWay::Told(reply)) => self.count(|figures| match reply {
                Reply::NotAllowed => figures.unknown_targets += 1,
                Reply::NetworkUnreachable => figures.failed_targets += 1,
                _ => figures.malformed += 1,
            }),
            Err(NoWay::Failed(error)) => {
                tracing::error!(event = "connection_failed", region, %error);
            }
        }
    }

    /// Serves one connection from its first byte to its end.
    async fn client(&self, mut client: TcpStream) -> Result<Ended, NoWay> {
        client.set_nodelay(true)?;
        let target = timeout(HANDSHAKE, handshake(&mut client))
            .await
            .unwrap_or(Err(NoWay::Malformed))?;
        let Some(&there) = self.config.addresses.get(&target) else {
            return tell(&mut client, Reply::NotAllowed).await;
        };
        let connection = {
            let state = self.shared.lock();
            let out = state.links.path(self.region, there);
            let back = state.links.path(there, self.region);
            out.zip(back)
                .map(|(out, back)| (out.to_vec(), back.to_vec()))
        };
        let Some((out, back)) = connection else {
            return tell(&mut client, Reply::NetworkUnreachable).await;
        };
        let shared = Arc::clone(&self.shared);
        let connection = Connection::new(shared, client, target, (&out, &back));
        connection.run().await.map_err(NoWay::Failed)
    }
}

async fn tell(client: &mut TcpStream, reply: Reply) -> Result<Ended, NoWay> {
    client.write_all(&reply_bytes(reply)).await?;
    Err(NoWay::Told(reply))
}

/// Asks a client where it wants to go.
async fn handshake(client: &mut TcpStream) -> Result<SocketAddr, NoWay> {
    if read_message(client, greeting).await? == Greeting::NoMethod {
        client.write_all(&NO_METHOD).await?;
        return Err(NoWay::Malformed);
    }
    client.write_all(&WELCOME).await?;
    match read_message(client, request_in).await? {
        Request::Connect(target) => Ok(target),
        Request::Unsupported(reply) => {
            client.write_all(&reply_bytes(reply)).await?;
            Err(NoWay::Told(reply))
        }
    }
}

/// Reads a message, and no byte of what follows it.
async fn read_message<T>(
    client: &mut TcpStream,
    decode: fn(&[u8]) -> Result<Decoded<T>, Malformed>,
) -> Result<T, NoWay> {
    let mut bytes = Vec::new();
    loop {
        match decode(&bytes)? {
            Decoded::Whole(message) => return Ok(message),
            Decoded::More(more) => {
                let read = bytes.len();
                bytes.resize(read + more, 0);
                client.read_exact(&mut bytes[read..]).await?;
            }
        }
    }
}
