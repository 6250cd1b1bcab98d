//! The admin API: HTTP with JSON. It runs on a thread of its own, so that no answer holds up what crosses the links.

mod input;
mod verbs;

pub use verbs::log;

use crate::config::Config;
use crate::shared::Shared;
use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, patch, post};
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;

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

/// What went wrong, where, and what to do next: the form of the node's API.
#[derive(Debug, Serialize)]
pub struct ErrorBody {
    error: String,
    #[serde(rename = "where")]
    place: String,
    next: String,
}

/// An error with its HTTP status.
pub struct Failure(StatusCode, ErrorBody);

impl Failure {
    fn new(
        status: StatusCode,
        error: impl Into<String>,
        place: impl Into<String>,
        next: impl Into<String>,
    ) -> Self {
        let body = ErrorBody {
            error: error.into(),
            place: place.into(),
            next: next.into(),
        };
        Self(status, body)
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
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
        .layer(DefaultBodyLimit::max(input::BODY_BYTES))
        .with_state(Arc::new(admin))
}
