//! What can be read: status, health, metrics, the description.

use super::{DESCRIBED, ErrorBody, Failure, State};
use crate::status::NodeStatus;
use axum::Json;
use axum::extract;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The state of the node and its markets.
#[utoipa::path(get, path = "/v1/status", responses((status = 200, body = NodeStatus)))]
pub async fn status(extract::State(state): extract::State<Arc<State>>) -> Json<NodeStatus> {
    let admin = &state.admin;
    let now_ns = admin.clock.wall_ns();
    #[allow(clippy::cast_precision_loss)]
    let uptime_s = admin.clock.mono_ns() as f64 / 1e9;
    Json(NodeStatus {
        venue: admin.config.venue.clone(),
        node: admin.config.node.clone(),
        region: admin.config.region.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        pid: std::process::id(),
        time_ns: now_ns,
        uptime_s,
        disk_free_bytes: admin.metrics.disk_free_bytes.get(),
        markets: admin
            .markets
            .iter()
            .map(|(name, market)| (name.clone(), market.board.get(now_ns)))
            .collect(),
    })
}

/// Whether the node serves: every market's thread answers.
#[utoipa::path(get, path = "/healthz", responses((status = 200, body = String), (status = 503, body = ErrorBody)))]
pub async fn healthz(
    extract::State(state): extract::State<Arc<State>>,
) -> Result<&'static str, Failure> {
    // A market's thread leaves its status five times a second.
    const STALE_NS: u64 = 5_000_000_000;
    let now_ns = state.admin.clock.wall_ns();
    for (name, market) in &state.admin.markets {
        if now_ns.saturating_sub(market.board.get(now_ns).time_ns) > STALE_NS {
            return Err(Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "the market's thread has not answered for five seconds",
                format!("market {name}"),
                "look at the node's log and its machine; restart the node if it stays so",
            ));
        }
    }
    Ok("ok\n")
}

/// The metrics, in the OpenMetrics text format; `rialto-node metrics --json` prints their catalogue.
#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "application/openmetrics-text", body = String)))]
pub async fn metrics(extract::State(state): extract::State<Arc<State>>) -> Response {
    let mut text = String::new();
    match prometheus_client::encoding::text::encode(&mut text, &state.registry) {
        Ok(()) => {
            const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
            ([(header::CONTENT_TYPE, TYPE)], text).into_response()
        }
        Err(error) => Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the metrics can't be written: {error}"),
            "/metrics",
            "report it",
        )
        .into_response(),
    }
}

/// The description of this API.
pub async fn openapi() -> Response {
    match super::openapi() {
        Ok(text) => ([(header::CONTENT_TYPE, "application/json")], text).into_response(),
        Err(error) => Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            format!("the description can't be written: {error}"),
            "/openapi.json",
            "report it",
        )
        .into_response(),
    }
}

/// A call by another method than it has.
pub async fn wrong_method(method: Method, uri: Uri) -> Failure {
    Failure::wrong_method(&method, &uri, DESCRIBED)
}

/// Whatever else was asked for.
pub async fn unknown(method: Method, uri: Uri) -> Failure {
    Failure::unknown_call(&method, &uri, DESCRIBED)
}
