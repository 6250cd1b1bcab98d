//! What concerns a market's replicas: who leads, and what each of them holds.

use super::input::{Body, Market};
use super::verbs::{elsewhere, find, stopping};
use super::{ErrorBody, Failure, State};
use crate::market_loop::Ask;
use axum::Json;
use axum::extract;
use axum::http::{StatusCode, Uri};
use rialto_replica::{NotLeader, TransferRefused};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Instant;
use tokio::sync::oneshot;
use utoipa::ToSchema;

/// To whom leadership goes.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    /// A node; null or absent for the voter that is best placed.
    #[serde(default)]
    to: Option<String>,
}

/// Leadership moved.
#[derive(Debug, Serialize, ToSchema)]
pub struct Transferred {
    /// The node that leads now.
    leader: String,
    /// Its leadership.
    epoch: crate::status::EpochStatus,
    /// How long it took, in milliseconds.
    took_ms: f64,
}

/// The state of a replica.
#[derive(Debug, Serialize, ToSchema)]
pub struct ReplicaState {
    /// The last position applied.
    position: u64,
    /// BLAKE3 of the state there, in hex: the same on every replica.
    state_hash: String,
    /// Now, nanoseconds since the epoch.
    time_ns: u64,
    /// How old the state may be: milliseconds since the leader was heard; 0 at the leader, null where none was heard.
    age_ms: Option<f64>,
    /// What the replica is.
    role: String,
}

/// Hand leadership to another voter. Clients log in there; nothing acknowledged is lost.
#[utoipa::path(post, path = "/v1/markets/{market}/transfer", params(("market" = String, Path)), request_body = TransferBody,
    responses((status = 200, body = Transferred), (status = 404, body = ErrorBody), (status = 409, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn transfer(
    extract::State(state): extract::State<Arc<State>>,
    Market(market): Market,
    Body(body): Body<TransferBody>,
) -> Result<Json<Transferred>, Failure> {
    let handle = find(&state, &market)?;
    let place = format!("market {market}");
    let to = match &body.to {
        None => None,
        Some(node) => Some(handle.replication.voter_on(node).ok_or_else(|| {
            let nodes: Vec<&str> = handle
                .replication
                .voters
                .iter()
                .map(|voter| voter.node.as_str())
                .collect();
            Failure::new(
                StatusCode::NOT_FOUND,
                format!("node {node:?} has no voter of this market"),
                &place,
                format!("name one of: {}", nodes.join(", ")),
            )
        })?),
    };
    let started = Instant::now();
    let (reply, answer) = oneshot::channel();
    if handle.asks.send(Ask::Transfer { to, reply }).await.is_err() {
        return Err(stopping(place));
    }
    let epoch = match answer.await {
        Ok(Ok(epoch)) => epoch,
        Ok(Err(TransferRefused::NotLeader { leader })) => {
            let why = "this replica does not lead the market";
            return Err(elsewhere(handle, leader, why, place));
        }
        Ok(Err(why)) => {
            let next = "see the voters in /v1/status";
            return Err(Failure::new(
                StatusCode::CONFLICT,
                why.to_string(),
                place,
                next,
            ));
        }
        Err(_) => return Err(stopping(place)),
    };
    let node = handle.replication.node_of(epoch.node);
    Ok(Json(Transferred {
        leader: node.map_or_else(|| epoch.node.to_string(), str::to_owned),
        epoch: crate::status::EpochStatus {
            term: epoch.term,
            node: epoch.node,
        },
        took_ms: started.elapsed().as_secs_f64() * 1e3,
    }))
}

/// The hash of the state. Making it takes a moment in which the market waits: 0.3 s for a million resting orders.
#[utoipa::path(get, path = "/v1/markets/{market}/state", params(("market" = String, Path),
        ("read" = Option<String>, Query, description = "`leader`: only if this replica surely leads, so that nothing acknowledged is missing; `local`, also where absent: this replica's own, with its position and age")),
    responses((status = 200, body = ReplicaState), (status = 404, body = ErrorBody), (status = 422, body = ErrorBody), (status = 503, body = ErrorBody)))]
pub async fn state(
    extract::State(state): extract::State<Arc<State>>,
    Market(market): Market,
    uri: Uri,
) -> Result<Json<ReplicaState>, Failure> {
    let handle = find(&state, &market)?;
    let place = format!("market {market}");
    let leader = match uri.query() {
        Some("read=leader") => true,
        Some("read=local" | "") | None => false,
        Some(other) => return Err(bad_read(format!("{other:?} is no way to read"))),
    };
    let (reply, answer) = oneshot::channel();
    if handle
        .asks
        .send(Ask::State { leader, reply })
        .await
        .is_err()
    {
        return Err(stopping(place));
    }
    let report = match answer.await {
        Ok(Ok(report)) => report,
        Ok(Err(NotLeader::Stopped)) | Err(_) => return Err(stopping(place)),
        Ok(Err(why)) => {
            let leader = match why {
                NotLeader::Follower { leader } => leader,
                _ => None,
            };
            return Err(elsewhere(handle, leader, &why.to_string(), place));
        }
    };
    #[allow(clippy::cast_precision_loss)]
    let age_ms = report.age_ns.map(|ns| ns as f64 / 1e6);
    Ok(Json(ReplicaState {
        position: report.position,
        state_hash: blake3::Hash::from(report.state_hash).to_hex().to_string(),
        time_ns: state.admin.clock.wall_ns(),
        age_ms,
        role: report.role.to_owned(),
    }))
}

fn bad_read(why: String) -> Failure {
    Failure::new(
        StatusCode::UNPROCESSABLE_ENTITY,
        why,
        "read",
        "say read=leader or read=local",
    )
}
