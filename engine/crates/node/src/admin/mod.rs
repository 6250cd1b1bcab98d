//! The admin API: HTTP with JSON, described by OpenAPI. It shares no thread with a market.

mod api;
mod input;
mod replicas;
mod verbs;

use crate::checkpointer;
use crate::clock::Clock;
use crate::config::{Config, ReplicationConfig};
use crate::market_loop::Ask;
use crate::metrics::NodeMetrics;
use crate::metrics::exposition;
use crate::status::{Board, NodeStatus};
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};
use prometheus_client::registry::Registry;
use rialto_process::http::{BODY_BYTES, ErrorBody, Failure};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use tokio::sync::mpsc;
use utoipa::OpenApi;

/// Where it stands what the calls are.
const DESCRIBED: &str = "/openapi.json";

/// A market as the admin API reaches it.
pub struct MarketHandle {
    /// Its thread.
    pub asks: mpsc::Sender<Ask>,
    /// Its checkpointer.
    pub checkpoints: SyncSender<checkpointer::Request>,
    /// Its status.
    pub board: Board,
    /// Its replicas.
    pub replication: ReplicationConfig,
}

/// What the handlers share.
pub struct Admin {
    /// The node's configuration.
    pub config: Arc<Config>,
    /// Clocks.
    pub clock: Clock,
    /// What the node counts.
    pub metrics: Arc<NodeMetrics>,
    /// Its markets by name.
    pub markets: BTreeMap<String, MarketHandle>,
}

struct State {
    admin: Admin,
    registry: Registry,
}

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Rialto node",
        description = "Status and operation of one engine process. Prices are in units of 1e-4, times in nanoseconds since the epoch."
    ),
    paths(
        api::status,
        api::healthz,
        api::metrics,
        verbs::halt,
        verbs::resume,
        verbs::checkpoint,
        verbs::open_day,
        verbs::close_day,
        replicas::transfer,
        replicas::state
    ),
    components(schemas(NodeStatus, ErrorBody))
)]
struct Api;

/// The API's description as JSON.
///
/// # Errors
/// Serialization fails, which only a broken build could make happen.
pub fn openapi() -> serde_json::Result<String> {
    Api::openapi().to_pretty_json()
}

/// The API's routes.
pub fn router(admin: Admin) -> Router {
    let registry = exposition::registry(Arc::clone(&admin.metrics));
    let state = Arc::new(State { admin, registry });
    Router::new()
        .route("/v1/status", get(api::status))
        .route("/healthz", get(api::healthz))
        .route("/metrics", get(api::metrics))
        .route("/openapi.json", get(api::openapi))
        .route("/v1/markets/{market}/halt", post(verbs::halt))
        .route("/v1/markets/{market}/resume", post(verbs::resume))
        .route("/v1/markets/{market}/checkpoint", post(verbs::checkpoint))
        .route("/v1/markets/{market}/open-day", post(verbs::open_day))
        .route("/v1/markets/{market}/close-day", post(verbs::close_day))
        .route("/v1/markets/{market}/transfer", post(replicas::transfer))
        .route("/v1/markets/{market}/state", get(replicas::state))
        .fallback(api::unknown)
        .method_not_allowed_fallback(api::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(state)
}
