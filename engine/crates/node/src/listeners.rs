//! Addresses are taken before anything else happens, so that one in use is told at once.

use crate::config::Config;
use crate::ready::MarketAddresses;
use std::io;
use std::net::{SocketAddr, TcpListener};

/// An address that can't be listened on.
#[derive(Debug, thiserror::Error)]
#[error(
    "{at}: can't listen on {address} ({source}); end what uses it, or configure another address (port 0 takes a free one)"
)]
pub struct ListenError {
    at: String,
    address: SocketAddr,
    source: io::Error,
}

/// The sockets of one market.
pub struct MarketListeners {
    /// Orders.
    pub orders: TcpListener,
    /// Feed.
    pub feed: TcpListener,
    /// Snapshots.
    pub snapshot: TcpListener,
    /// Replication.
    pub replication: TcpListener,
    /// Where they listen.
    pub addresses: MarketAddresses,
}

/// Every socket the node listens on.
pub struct Listeners {
    /// The admin API.
    pub admin: TcpListener,
    /// Where it listens.
    pub admin_address: SocketAddr,
    /// The markets, in the order of the configuration.
    pub markets: Vec<MarketListeners>,
}

/// Takes every configured address.
///
/// # Errors
/// The first address that can't be had.
pub fn bind(config: &Config) -> Result<Listeners, ListenError> {
    let (admin, admin_address) = one("admin_listen".to_owned(), config.admin_listen)?;
    let mut markets = Vec::new();
    for (i, market) in config.markets.iter().enumerate() {
        let at = |key: &str| format!("markets[{i}].{key}");
        let (orders, orders_at) = one(at("orders_listen"), market.orders_listen)?;
        let (feed, feed_at) = one(at("feed_listen"), market.feed_listen)?;
        let (snapshot, snapshot_at) = one(at("snapshot_listen"), market.snapshot_listen)?;
        let (replication, replication_at) =
            one(at("replication.listen"), market.replication.listen)?;
        markets.push(MarketListeners {
            orders,
            feed,
            snapshot,
            replication,
            addresses: MarketAddresses {
                orders: orders_at,
                feed: feed_at,
                snapshot: snapshot_at,
                replication: replication_at,
            },
        });
    }
    Ok(Listeners {
        admin,
        admin_address,
        markets,
    })
}

fn one(at: String, address: SocketAddr) -> Result<(TcpListener, SocketAddr), ListenError> {
    let bound = TcpListener::bind(address).and_then(|listener| {
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        Ok((listener, address))
    });
    bound.map_err(|source| ListenError {
        at,
        address,
        source,
    })
}
