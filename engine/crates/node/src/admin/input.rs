//! What calls bring along, read so that every refusal has the API's form.

use super::Failure;
use axum::body::Bytes;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use serde::de::DeserializeOwned;

/// The most bytes of a body.
pub const BODY_BYTES: usize = 64 << 10;

/// The market that the path names; whether there is one is for the call to say.
pub struct Market(pub String);

impl<S: Send + Sync> FromRequestParts<S> for Market {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::from_request_parts(parts, state).await {
            Ok(Path(name)) => Ok(Self(name)),
            Err(error) => Err(Failure::new(
                error.status(),
                error.body_text(),
                "the path",
                "name a market of this node, as /v1/status does",
            )),
        }
    }
}

/// A JSON body; an empty one asks for nothing in particular.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T: DeserializeOwned + Default> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let refused = |status, why: String| {
            Failure::new(
                status,
                why,
                "the body",
                "see /openapi.json for what it may hold",
            )
        };
        let bytes = Bytes::from_request(request, state)
            .await
            .map_err(|error| refused(error.status(), error.body_text()))?;
        if bytes.trim_ascii().is_empty() {
            return Ok(Self(T::default()));
        }
        serde_json::from_slice(&bytes)
            .map(Self)
            .map_err(|error| refused(StatusCode::UNPROCESSABLE_ENTITY, error.to_string()))
    }
}
