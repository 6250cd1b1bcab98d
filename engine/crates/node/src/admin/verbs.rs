//! What can be done to a market. Every verb is a journaled command and answers once it is durable.

use super::input::{Body, Market};
use super::{ErrorBody, Failure, MarketHandle, State};
use crate::checkpointer;
use crate::market_loop::{Ask, Refusal, Verb};
use crate::status::CheckpointStatus;
use axum::Json;
use axum::extract;
use axum::http::StatusCode;
use rialto_market::event::RefuseReason;
use rialto_market::types::Symbol;
use rialto_replica::ReplicaId;
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use tokio::sync::oneshot;
use utoipa::ToSchema;

/// Which instrument.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InstrumentBody {
    /// A symbol; null or absent for every instrument.
    #[serde(default)]
    instrument: Option<String>,
    /// An idempotency key: a second call with it changes nothing.
    #[serde(default)]
    key: Option<u64>,
}

/// Which trading day.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DayBody {
    /// yyyymmdd; null or absent for today, UTC.
    #[serde(default)]
    date: Option<u32>,
    /// An idempotency key: a second call with it changes nothing.
    #[serde(default)]
    key: Option<u64>,
}

/// An idempotency key alone.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct KeyBody {
    /// A second call with it changes nothing.
    #[serde(default)]
    key: Option<u64>,
}

/// A verb was carried out.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// The market.
    market: String,
    /// The position in its journal.
    position: u64,
}

/// Stop trading: orders are refused, cancels are not.
#[utoipa::path(post, path = "/v1/markets/{market}/halt", params(("market" = String, Path)), request_body = InstrumentBody,
    responses((status = 200, body = Done), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn halt(
    extract::State(state): extract::State<Arc<State>>,
    Market(market): Market,
    Body(body): Body<InstrumentBody>,
) -> Result<Json<Done>, Failure> {
    let symbol = symbol(body.instrument.as_deref())?;
    operate(&state, &market, Verb::Halt(symbol), body.key).await
}

/// Start trading again.
#[utoipa::path(post, path = "/v1/markets/{market}/resume", params(("market" = String, Path)), request_body = InstrumentBody,
    responses((status = 200, body = Done), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn resume(
    extract::State(state): extract::State<Arc<State>>,
    Market(market): Market,
    Body(body): Body<InstrumentBody>,
) -> Result<Json<Done>, Failure> {
    let symbol = symbol(body.instrument.as_deref())?;
    operate(&state, &market, Verb::Resume(symbol), body.key).await
}

/// Open a trading day: streams begin anew under its session name.
#[utoipa::path(post, path = "/v1/markets/{market}/open-day", params(("market" = String, Path)), request_body = DayBody,
    responses((status = 200, body = Done), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn open_day(
    extract::State(state): extract::State<Arc<State>>,
    Market(market): Market,
    Body(body): Body<DayBody>,
) -> Result<Json<Done>, Failure> {
    operate(&state, &market, Verb::OpenDay(body.date), body.key).await
}

/// Close the trading day: DAY orders end, every stream ends.
#[utoipa::path(post, path = "/v1/markets/{market}/close-day", params(("market" = String, Path)), request_body = KeyBody,
    responses((status = 200, body = Done), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 422, body = ErrorBody)))]
pub async fn close_day(
    extract::State(state): extract::State<Arc<State>>,
    Market(market): Market,
    Body(body): Body<KeyBody>,
) -> Result<Json<Done>, Failure> {
    operate(&state, &market, Verb::CloseDay, body.key).await
}

/// Make a checkpoint now.
#[utoipa::path(post, path = "/v1/markets/{market}/checkpoint", params(("market" = String, Path)),
    responses((status = 200, body = CheckpointStatus), (status = 404, body = ErrorBody), (status = 500, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn checkpoint(
    extract::State(state): extract::State<Arc<State>>,
    Market(market): Market,
) -> Result<Json<CheckpointStatus>, Failure> {
    let handle = find(&state, &market)?;
    let (reply, answer) = oneshot::channel();
    let place = format!("market {market}");
    handle
        .checkpoints
        .try_send(checkpointer::Request::Make(reply))
        .map_err(|_| {
            Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "as many checkpoints wait as may",
                &place,
                "wait for them, then ask again",
            )
        })?;
    match answer.await {
        Ok(Ok(status)) => Ok(Json(status)),
        Ok(Err(error)) => Err(Failure::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            error,
            place,
            "see the node's log; the checkpoints before still stand",
        )),
        Err(_) => Err(stopping(place)),
    }
}

async fn operate(
    state: &State,
    market: &str,
    verb: Verb,
    key: Option<u64>,
) -> Result<Json<Done>, Failure> {
    let handle = find(state, market)?;
    let place = format!("market {market}");
    let (reply, answer) = oneshot::channel();
    let key = key.unwrap_or_else(|| state.admin.clock.wall_ns());
    let ask = Ask::Operate { key, verb, reply };
    if handle.asks.send(ask).await.is_err() {
        return Err(stopping(place));
    }
    match answer.await {
        Ok(Ok(position)) => Ok(Json(Done {
            market: market.to_owned(),
            position,
        })),
        Ok(Err(refusal)) => Err(refused(refusal, place, handle)),
        Err(_) => Err(stopping(place)),
    }
}

/// That another replica leads, and which.
pub(super) fn elsewhere(
    handle: &MarketHandle,
    leader: Option<ReplicaId>,
    why: &str,
    place: String,
) -> Failure {
    let node = leader.and_then(|id| handle.replication.node_of(id));
    let next = match node {
        Some(node) => format!("ask node {node}, which leads the market"),
        None => "no leader is known; ask again in a moment".to_owned(),
    };
    Failure::new(StatusCode::SERVICE_UNAVAILABLE, why, place, next)
}

fn refused(refusal: Refusal, place: String, handle: &MarketHandle) -> Failure {
    let (status, next) = match refusal {
        Refusal::Stopping => return stopping(place),
        Refusal::Elsewhere { leader } => {
            return elsewhere(handle, leader, &refusal.to_string(), place);
        }
        Refusal::Moved { leader } => {
            let to = leader.and_then(|id| handle.replication.node_of(id));
            let to = to.unwrap_or("another node");
            return Failure::new(
                StatusCode::SERVICE_UNAVAILABLE,
                format!(
                    "leadership moved to {to} before this was durable: it may have been carried out or not"
                ),
                place,
                "see /v1/status there; send it again with the same key, which carries it out once",
            );
        }
        Refusal::UnknownInstrument | Refusal::Market(RefuseReason::UnknownInstrument) => (
            StatusCode::NOT_FOUND,
            "see /v1/status for the symbols there are",
        ),
        Refusal::Market(RefuseReason::BadDate) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            "send a date as yyyymmdd, not before the last one opened",
        ),
        Refusal::Market(_) => (
            StatusCode::CONFLICT,
            "see /v1/status for the market's state",
        ),
    };
    Failure::new(status, refusal.to_string(), place, next)
}

pub(super) fn stopping(place: String) -> Failure {
    Failure::new(
        StatusCode::SERVICE_UNAVAILABLE,
        "the node is stopping",
        place,
        "ask again when it is back",
    )
}

pub(super) fn find<'a>(state: &'a State, market: &str) -> Result<&'a MarketHandle, Failure> {
    state.admin.markets.get(market).ok_or_else(|| {
        let known: Vec<&str> = state.admin.markets.keys().map(String::as_str).collect();
        Failure::new(
            StatusCode::NOT_FOUND,
            format!("there is no market {market:?} on this node"),
            "the path",
            format!("name one of: {}", known.join(", ")),
        )
    })
}

fn symbol(text: Option<&str>) -> Result<Option<Symbol>, Failure> {
    let Some(text) = text else { return Ok(None) };
    match Symbol::new(text) {
        Some(symbol) => Ok(Some(symbol)),
        None => Err(Failure::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("{text:?} is not one to eight printable characters"),
            "instrument",
            "see /v1/status for the symbols there are",
        )),
    }
}
