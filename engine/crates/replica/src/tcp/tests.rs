//! Over loopback, on a runtime of one thread.

mod calls;
mod hostile;
mod proxy;
mod streams;

use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};

use super::{Server, Tcp};
use crate::{FrameSink, FrameStream, GroupConfig, Peer, ReplicaId, Serve, Serving};

const LONG: Duration = Duration::from_secs(20);

/// Answers a request with who asked and what; `slow` for as long as it takes, `never` not at all. Echoes streams, the hello first.
#[derive(Default)]
struct Echo {
    served: Arc<AtomicU64>,
    ended: Arc<AtomicU64>,
}

struct Ends(Arc<AtomicU64>);

impl Drop for Ends {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

impl Serve for Echo {
    fn serve_call(&self, from: ReplicaId, request: Vec<u8>) -> Serving<Vec<u8>> {
        self.served.fetch_add(1, Ordering::SeqCst);
        Box::pin(async move {
            if request == b"never" {
                std::future::pending::<()>().await;
            }
            if request == b"slow" {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            let mut answer = vec![u8::try_from(from).unwrap()];
            answer.extend_from_slice(&request);
            answer
        })
    }

    fn serve_stream(
        &self,
        from: ReplicaId,
        hello: Vec<u8>,
        mut sink: FrameSink,
        mut stream: FrameStream,
    ) -> Serving<()> {
        let ends = Ends(Arc::clone(&self.ended));
        Box::pin(async move {
            let _ends = ends;
            let mut greeting = vec![u8::try_from(from).unwrap()];
            greeting.extend_from_slice(&hello);
            if sink.send(greeting).await.is_err() {
                return;
            }
            while let Some(Ok(frame)) = stream.next().await {
                if sink.send(frame).await.is_err() {
                    return;
                }
            }
        })
    }
}

fn config(id: ReplicaId, addresses: &[String]) -> GroupConfig {
    let voters = (1..).zip(addresses).map(|(id, address)| Peer {
        id,
        name: format!("node-{id}"),
        region: String::from("here"),
        address: address.clone(),
        round_trip: Duration::ZERO,
    });
    GroupConfig {
        group: String::from("test/market"),
        incarnation: 1,
        id,
        voters: voters.collect(),
        slowest_round_trip: Duration::ZERO,
        accelerated_failover: true,
        in_flight: 16,
    }
}

fn listener() -> (TcpListener, String) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    (listener, address)
}

/// A port nobody listens on.
fn closed_port() -> String {
    listener().1
}

struct Pair {
    /// Replica 1, which only calls.
    caller: Tcp,
    /// Replica 2, which answers.
    tcp: Tcp,
    server: Server,
    address: SocketAddr,
    echo: Arc<Echo>,
}

/// Two replicas; the second listens.
fn pair() -> Pair {
    pair_with(|_| {})
}

/// Two replicas, the first of which is mistaken about itself as `change` says.
fn pair_with(change: impl FnOnce(&mut GroupConfig)) -> Pair {
    let (listener, address) = listener();
    let addresses = [closed_port(), address];
    let mut mine = config(1, &addresses);
    change(&mut mine);
    let tcp = Tcp::new(&config(2, &addresses));
    let echo = Arc::new(Echo::default());
    let server = tcp.serve(listener, Arc::clone(&echo) as _).unwrap();
    Pair {
        caller: Tcp::new(&mine),
        address: server.address(),
        tcp,
        server,
        echo,
    }
}

/// Waits until something has come to pass; a test that hangs here has failed.
async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let waited = tokio::time::timeout(LONG, async {
        while !done() {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    });
    assert!(waited.await.is_ok(), "{what}");
}
