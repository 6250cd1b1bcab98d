//! The admin API: HTTP with JSON. It runs on a thread of its own, so that no answer holds up what crosses the links.

mod input;
mod verbs;

pub use verbs::log;

use crate::config::Config;
use crate::shared::Shared;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, patch, post};
use rialto_process::http::{BODY_BYTES, Failure};
use std::net::SocketAddr;
use std::sync::Arc;

/// Where it stands what the calls are.
const DESCRIBED: &str = "the README of rialto-link";

/// What the handlers share.
pub struct Admin {
    /// The configuration.
    pub config: Arc<Config>,
    /// The links.
    pub shared: Arc<Shared>,
    /// Where each edge listens, in the order of the regions.
    pub edges: Vec<SocketAddr>,
    /// When the process started, on the monotonic clock.
    pub started_ns: u64,
}

/// The API's routes.
pub fn router(admin: Admin) -> Router {
    Router::new()
        .route("/healthz", get(verbs::healthz))
        .route("/v1/status", get(verbs::status))
        .route("/v1/links", get(verbs::links))
        .route("/v1/links/{from}/{to}", patch(verbs::change))
        .route("/v1/links/{from}/{to}/cut", post(verbs::cut))
        .route("/v1/links/{from}/{to}/heal", post(verbs::heal))
        .fallback(verbs::unknown)
        .method_not_allowed_fallback(verbs::wrong_method)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(Arc::new(admin))
}
