//! The market's three ports: listeners and one task a connection.

mod connection;
mod reader;

pub use connection::INPUT;

use crate::market_loop::Shared;
use crate::metrics::{FULL, Port};
use std::rc::Rc;
use std::time::Duration;
use tokio::net::TcpListener;

/// Accepts connections of a port until the node stops.
pub async fn listen(shared: Rc<Shared>, listener: TcpListener, port: Port) {
    loop {
        if shared.stopping.get() {
            return;
        }
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = shared.heed.notified() => continue,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                // Out of descriptors, most likely: it passes when connections end.
                tracing::warn!(event = "accept_failed", port = port.name(), error = %error);
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let gauge = &shared.metrics.connections[port as usize];
        if gauge.get() >= shared.limits.connections as u64 {
            tracing::warn!(event = "connection_refused", port = port.name(), peer = %peer, why = "too many connections");
            shared.metrics.connection_ended(port, FULL);
            continue;
        }
        gauge.up();
        let shared = Rc::clone(&shared);
        tokio::task::spawn_local(async move {
            connection::serve(&shared, stream, peer, port).await;
            shared.metrics.connections[port as usize].down();
        });
    }
}
