//! The metric catalogue as data. Each entry also says where its samples come from, so that what is exposed and what is
//! catalogued can't differ.

use super::exposition::Out;
use super::{MarketMetrics, NodeMetrics};
use serde::Serialize;
use std::fmt;

/// The kinds of metrics, as Prometheus names them.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Only grows.
    Counter,
    /// Goes up and down.
    Gauge,
    /// Durations in buckets.
    Histogram,
}

/// One metric.
#[derive(Serialize)]
pub struct Metric {
    /// Its full name, unit and `_total` included.
    pub name: &'static str,
    /// Its kind.
    #[serde(rename = "type")]
    pub kind: Kind,
    /// `seconds`, `bytes`, or empty for a plain number.
    pub unit: &'static str,
    /// What it says.
    pub help: &'static str,
    /// The names of its labels.
    pub labels: &'static [&'static str],
    /// Gives its samples.
    #[serde(skip)]
    pub read: Read,
}

/// Gives the samples of a metric.
pub type Read = fn(&NodeMetrics, &mut Out<'_, '_>) -> fmt::Result;

const fn metric(
    name: &'static str,
    kind: Kind,
    unit: &'static str,
    labels: &'static [&'static str],
    help: &'static str,
    read: Read,
) -> Metric {
    Metric {
        name,
        kind,
        unit,
        help,
        labels,
        read,
    }
}

const NODE: &[&str] = &[];
const MARKET: &[&str] = &["market"];

macro_rules! node {
    ($kind:ident, $name:literal, $unit:literal, $help:literal, $get:expr) => {
        metric($name, Kind::$kind, $unit, NODE, $help, |n, out| {
            let get: fn(&NodeMetrics) -> u64 = $get;
            out.value(&[], get(n))
        })
    };
}

macro_rules! market {
    ($kind:ident, $name:literal, $unit:literal, $help:literal, $get:expr) => {
        metric($name, Kind::$kind, $unit, MARKET, $help, |n, out| {
            let get: fn(&MarketMetrics) -> u64 = $get;
            each(n, |m| out.value(&[&m.name], get(m)))
        })
    };
}

mod market;
mod node;
mod replica;

fn each(n: &NodeMetrics, mut read: impl FnMut(&MarketMetrics) -> fmt::Result) -> fmt::Result {
    n.markets.iter().try_for_each(|m| read(m))
}

/// Every metric of the node, in the order they are exposed.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    node::METRICS
        .iter()
        .chain(market::METRICS)
        .chain(replica::METRICS)
}

/// The catalogue as JSON, one object a metric.
///
/// # Errors
/// Serialization fails, which only a broken build could make happen.
pub fn json() -> serde_json::Result<String> {
    serde_json::to_string_pretty(&all().collect::<Vec<_>>())
}

/// The catalogue as lines of text.
pub fn table() -> String {
    let lines: Vec<String> = all()
        .map(|m| {
            let kind = format!("{:?}", m.kind).to_lowercase();
            format!(
                "{:<44} {kind:<10} {:<20} {}",
                m.name,
                m.labels.join(","),
                m.help
            )
        })
        .collect();
    lines.join("\n")
}
