//! What calls bring along, read so that every refusal has the API's form.

use super::{DESCRIBED, Failure};
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::request::Parts;
use rialto_process::http;
use serde::de::DeserializeOwned;

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
        http::body(request, state, DESCRIBED).await.map(Self)
    }
}
