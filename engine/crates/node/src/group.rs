//! A market's group in this process: its configuration, its network, its way to the journal and the checkpoints.

use crate::config::{Config, MarketConfig};
use crate::exit;
use crate::journal_thread::MarketJournal;
use crate::metrics::MarketMetrics;
use crate::recovery::Places;
use crate::shipping::Store;
use rialto_replica::tcp::{Server, Tcp};
use rialto_replica::{
    CheckpointMeta, GroupConfig, JournalPort, Log, Parts, Peer, SharedCheckpoints, SharedJournal,
};
use std::net::TcpListener;
use std::sync::Arc;

/// The group's configuration, of market `market` on the node of `config`.
pub fn config(config: &Config, market: &MarketConfig) -> GroupConfig {
    let replication = &market.replication;
    GroupConfig {
        group: format!("{}/{}", config.venue, market.name),
        incarnation: replication.incarnation,
        id: replication.id,
        voters: replication
            .voters
            .iter()
            .map(|voter| Peer {
                id: voter.id,
                name: voter.node.clone(),
                region: voter.region.clone(),
                address: voter.address.clone(),
                round_trip: voter.round_trip,
            })
            .collect(),
        slowest_round_trip: replication.slowest_round_trip,
        accelerated_failover: replication.accelerated_failover,
        in_flight: config.limits.batches_in_flight,
    }
}

/// A market's running group, as its thread holds it.
pub struct Running {
    /// Its log.
    pub log: Box<dyn Log>,
    /// Answers the other voters until it is dropped.
    pub server: Server,
}

/// Starts the group on the runtime it is called on; entries after `applied` come out of it.
///
/// # Errors
/// The journal and the checkpoint don't fit each other, or the socket can't be used.
pub async fn start(
    node: &Config,
    market: &MarketConfig,
    journal: MarketJournal,
    places: &Places,
    applied: Option<CheckpointMeta>,
    listener: TcpListener,
    metrics: &Arc<MarketMetrics>,
) -> Result<Running, String> {
    let config = config(node, market);
    let network = Tcp::through(&config, node.proxy);
    let counted = Arc::clone(metrics);
    let shipped = Arc::new(move || counted.checkpoints_shipped.add(1));
    let port = journal.port;
    let parts = Parts {
        config,
        state: journal.state,
        applied,
        journal: SharedJournal(Arc::new(move |op| port.submit(op))),
        network: network.clone(),
        checkpoints: SharedCheckpoints::new(Store::new(places.clone(), shipped)),
        history: journal.history,
        on_fatal: Arc::new(|why| exit::fail_stop(exit::REPLICATION, &why)),
        blocking_threads: true,
    };
    let group = rialto_replica::start_on_tokio(parts)
        .await
        .map_err(|e| e.to_string())?;
    let server = network
        .serve(listener, group.server())
        .map_err(|e| format!("replication: {e}"))?;
    Ok(Running {
        log: Box::new(group),
        server,
    })
}
