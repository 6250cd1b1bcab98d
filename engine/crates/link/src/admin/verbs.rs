//! The calls.

use super::input::{Body, ChangeBody, CutBody, Nothing, Regions};
use super::{Admin, DESCRIBED, Failure};
use crate::flow::{FLOW_BYTES, LINK_BYTES};
use crate::links::{LinkId, LinkView, Links};
use crate::shared::EdgeFigures;
use crate::timer;
use axum::Json;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri};
use serde::Serialize;
use std::net::SocketAddr;
use std::sync::Arc;

/// Every link.
#[derive(Serialize)]
pub struct LinksBody {
    time_ns: u64,
    links: Vec<LinkView>,
}

/// An edge.
#[derive(Serialize)]
pub struct EdgeBody {
    region: String,
    listen: SocketAddr,
    #[serde(flatten)]
    figures: EdgeFigures,
}

/// The bounds of what is held.
#[derive(Serialize)]
pub struct LimitsBody {
    edge_connections: usize,
    connection_bytes: usize,
    link_bytes: u64,
}

/// The process.
#[derive(Serialize)]
pub struct StatusBody {
    venue: String,
    version: &'static str,
    pid: u32,
    time_ns: u64,
    uptime_s: f64,
    edges: Vec<EdgeBody>,
    limits: LimitsBody,
}

/// Whether it serves.
pub async fn healthz() -> &'static str {
    "ok\n"
}

/// The process, its edges and bounds.
pub async fn status(State(admin): State<Arc<Admin>>) -> Json<StatusBody> {
    let now = timer::now();
    let figures = admin.shared.lock().edges.clone();
    let edges = admin.config.regions.iter().zip(&admin.edges).zip(figures);
    #[allow(clippy::cast_precision_loss)]
    let uptime_s = now.mono_ns.saturating_sub(admin.started_ns) as f64 / 1e9;
    Json(StatusBody {
        venue: admin.config.venue.clone(),
        version: env!("CARGO_PKG_VERSION"),
        pid: std::process::id(),
        time_ns: now.wall_ns,
        uptime_s,
        edges: edges
            .map(|((region, listen), figures)| EdgeBody {
                region: region.name.clone(),
                listen: *listen,
                figures,
            })
            .collect(),
        limits: LimitsBody {
            edge_connections: admin.config.connections,
            connection_bytes: FLOW_BYTES,
            link_bytes: LINK_BYTES,
        },
    })
}

/// Every link, both ways of each.
pub async fn links(State(admin): State<Arc<Admin>>) -> Json<LinksBody> {
    let links = admin.shared.lock().links.views();
    Json(LinksBody {
        time_ns: timer::now().wall_ns,
        links,
    })
}

/// Changes the conditions of a link.
pub async fn change(
    State(admin): State<Arc<Admin>>,
    regions: Regions,
    Body(body): Body<ChangeBody>,
) -> Result<Json<LinkView>, Failure> {
    let (change, extent) = body.read()?;
    act(&admin, &regions, "link_changed", |links, link| {
        links.change(link, extent.one_way, timer::now(), change, extent.for_ns);
    })
}

/// Cuts a link: what crosses is held until it is healed.
pub async fn cut(
    State(admin): State<Arc<Admin>>,
    regions: Regions,
    Body(body): Body<CutBody>,
) -> Result<Json<LinkView>, Failure> {
    let extent = body.read()?;
    act(&admin, &regions, "link_cut", |links, link| {
        links.cut(link, extent.one_way, timer::now(), extent.for_ns);
    })
}

/// Heals a link: both ways uncut and as declared.
pub async fn heal(
    State(admin): State<Arc<Admin>>,
    regions: Regions,
    Body(Nothing {}): Body<Nothing>,
) -> Result<Json<LinkView>, Failure> {
    act(&admin, &regions, "link_healed", |links, link| {
        links.heal(link, timer::now());
    })
}

/// Does something to a link, says so in the log, and shows it.
fn act(
    admin: &Admin,
    Regions(from, to): &Regions,
    event: &'static str,
    act: impl FnOnce(&mut Links, LinkId),
) -> Result<Json<LinkView>, Failure> {
    let link = admin.shared.lock().links.find(from, to);
    let link = link.map_err(|why| {
        let place = format!("link {from}/{to}");
        Failure::new(
            StatusCode::NOT_FOUND,
            why,
            place,
            "see /v1/links for the links there are",
        )
    })?;
    let view = admin.shared.change(|links| {
        act(links, link);
        links.view(link)
    });
    log(event, &view);
    Ok(Json(view))
}

/// Writes how a link is now, one line a way.
pub fn log(event: &'static str, view: &LinkView) {
    for way in &view.directions {
        let conditions = way.conditions;
        tracing::info!(
            event,
            from = way.from,
            to = way.to,
            cut = way.cut,
            latency_us = conditions.latency_us,
            jitter_us = conditions.jitter_us,
            bandwidth_bps = conditions.bandwidth_bps,
            loss_ppm = conditions.loss_ppm,
            heals_at_ns = way.heals_at_ns,
        );
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
