//! The form of every admin API: what went wrong, where, and what to do next; and bodies whose refusals have that form.

use axum::Json;
use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::{Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde::de::DeserializeOwned;
use utoipa::ToSchema;

/// The most bytes of a body.
pub const BODY_BYTES: usize = 64 << 10;

/// What went wrong, where, and what to do next.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorBody {
    /// What is wrong.
    pub error: String,
    /// Where.
    #[serde(rename = "where")]
    pub place: String,
    /// What to do next.
    pub next: String,
}

/// An error with its HTTP status.
#[derive(Debug)]
pub struct Failure(pub StatusCode, pub ErrorBody);

impl Failure {
    /// From its parts.
    pub fn new(
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

    /// A call by another method than it has; `described` is where the calls are.
    pub fn wrong_method(method: &Method, uri: &Uri, described: &str) -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            format!("this call has no method {method}"),
            uri.path(),
            format!("see {described} for the methods of each call"),
        )
    }

    /// A call that there is not; `described` is where the calls are.
    pub fn unknown_call(method: &Method, uri: &Uri, described: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "there is no such call",
            format!("{method} {}", uri.path()),
            format!("see {described} for the calls there are"),
        )
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        (self.0, Json(self.1)).into_response()
    }
}

/// A call's JSON body; an empty one asks for nothing in particular. `described` is where it stands what a body may hold.
///
/// # Errors
/// It can't be read, or holds something else.
pub async fn body<T: DeserializeOwned + Default, S: Send + Sync>(
    request: Request,
    state: &S,
    described: &str,
) -> Result<T, Failure> {
    let refused = |status, why: String| {
        let next = format!("see {described} for what it may hold");
        Failure::new(status, why, "the body", next)
    };
    let bytes = Bytes::from_request(request, state)
        .await
        .map_err(|error| refused(error.status(), error.body_text()))?;
    if bytes.trim_ascii().is_empty() {
        return Ok(T::default());
    }
    serde_json::from_slice(&bytes)
        .map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
}
