//! What calls bring along, read so that every refusal has the API's form.

use super::{DESCRIBED, Failure};
use crate::config::{ALL_PPM, LATENCY_US, LEAST_BPS, MOST_BPS};
use crate::links::Change;
use axum::extract::{FromRequest, FromRequestParts, Path, Request};
use axum::http::StatusCode;
use axum::http::request::Parts;
use rialto_process::http;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// The longest time a fault may be given, in milliseconds: a day.
const LEASE_MS: u64 = 86_400_000;

/// The regions that the path names.
pub struct Regions(pub String, pub String);

impl<S: Send + Sync> FromRequestParts<S> for Regions {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match Path::<(String, String)>::from_request_parts(parts, state).await {
            Ok(Path((from, to))) => Ok(Self(from, to)),
            Err(error) => Err(Failure::new(
                error.status(),
                error.body_text(),
                "the path",
                "name two regions, as /v1/links does",
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

/// Nothing: what a call that needs no body takes.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Which ways are cut, and for how long.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CutBody {
    #[serde(default)]
    one_way: bool,
    for_ms: Option<u64>,
}

/// Which conditions change, of which ways, and for how long.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ChangeBody {
    latency_us: Option<u64>,
    jitter_us: Option<u64>,
    bandwidth_bps: Option<u64>,
    loss_ppm: Option<u64>,
    #[serde(default)]
    one_way: bool,
    for_ms: Option<u64>,
}

/// What a fault concerns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// Only from the first named region to the second.
    pub one_way: bool,
    /// It ends by itself after so long.
    pub for_ns: Option<u64>,
}

fn within(key: &str, value: Option<u64>, low: u64, high: u64) -> Result<(), Failure> {
    match value {
        Some(value) if !(low..=high).contains(&value) => Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("{key} is {value}, not an integer from {low} to {high}"),
            key,
            "give a value within the bounds",
        )),
        _ => Ok(()),
    }
}

fn extent(one_way: bool, for_ms: Option<u64>) -> Result<Extent, Failure> {
    within("for_ms", for_ms, 1, LEASE_MS)?;
    Ok(Extent {
        one_way,
        for_ns: for_ms.map(|ms| ms * 1_000_000),
    })
}

impl CutBody {
    /// What it says, if that is within the bounds.
    pub fn read(self) -> Result<Extent, Failure> {
        extent(self.one_way, self.for_ms)
    }
}

impl ChangeBody {
    /// What it says, if that is within the bounds and something.
    pub fn read(self) -> Result<(Change, Extent), Failure> {
        within("latency_us", self.latency_us, 0, LATENCY_US)?;
        within("jitter_us", self.jitter_us, 0, LATENCY_US)?;
        within("loss_ppm", self.loss_ppm, 0, ALL_PPM)?;
        let limit = self.bandwidth_bps.filter(|bps| *bps > 0);
        within("bandwidth_bps", limit, LEAST_BPS, MOST_BPS)?;
        let change = Change {
            latency_us: self.latency_us,
            jitter_us: self.jitter_us,
            bandwidth_bps: self.bandwidth_bps,
            loss_ppm: self.loss_ppm.and_then(|ppm| u32::try_from(ppm).ok()),
        };
        if change == Change::default() {
            return Err(Failure::new(
                StatusCode::UNPROCESSABLE_ENTITY,
                "it changes nothing",
                "the body",
                "give one or more of latency_us, jitter_us, bandwidth_bps, loss_ppm",
            ));
        }
        Ok((change, extent(self.one_way, self.for_ms)?))
    }
}
