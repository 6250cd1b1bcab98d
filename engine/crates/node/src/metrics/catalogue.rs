//! The metric catalogue as data. Each entry also says where its samples come from, so that what is exposed and what is
//! catalogued can't differ.

use super::exposition::Out;
use super::{ENDED, MarketMetrics, NodeMetrics, PORTS, REJECTS, STAGES};
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

fn each(n: &NodeMetrics, mut read: impl FnMut(&MarketMetrics) -> fmt::Result) -> fmt::Result {
    n.markets.iter().try_for_each(|m| read(m))
}

/// Every metric of the node, in the order they are exposed.
pub static CATALOGUE: &[Metric] = &[
    metric(
        "rialto_node_info",
        Kind::Gauge,
        "",
        &["venue", "node", "region", "version"],
        "Always 1; the labels name the node",
        |n, out| {
            let [venue, node, region] = &n.identity;
            out.value(&[venue, node, region, env!("CARGO_PKG_VERSION")], 1)
        },
    ),
    node!(
        Gauge,
        "rialto_node_start_time_seconds",
        "seconds",
        "Start of the process, since the epoch",
        |n| n.start_time_s.get()
    ),
    node!(
        Gauge,
        "rialto_node_resident_memory_bytes",
        "bytes",
        "Resident memory of the process",
        |_| resident_bytes()
    ),
    node!(
        Gauge,
        "rialto_node_disk_free_bytes",
        "bytes",
        "Free space of the data directory's disk",
        |n| n.disk_free_bytes.get()
    ),
    metric(
        "rialto_journal_sync_duration_seconds",
        Kind::Histogram,
        "seconds",
        NODE,
        "Writing and syncing what waits for the journal",
        |n, out| out.histogram(&[], &n.journal_sync),
    ),
    node!(
        Counter,
        "rialto_journal_appended_bytes_total",
        "bytes",
        "Payload appended to the journal",
        |n| n.journal_bytes.get()
    ),
    node!(
        Counter,
        "rialto_journal_records_total",
        "",
        "Records appended to the journal",
        |n| n.journal_records.get()
    ),
    node!(
        Gauge,
        "rialto_journal_segments",
        "",
        "Segments in use",
        |n| n.journal_segments.get()
    ),
    node!(
        Gauge,
        "rialto_journal_spare_segments",
        "",
        "Empty segments kept ready",
        |n| n.journal_spares.get()
    ),
    node!(
        Gauge,
        "rialto_journal_queue_requests",
        "",
        "Requests waiting for the journal thread",
        |n| n.journal_queue.get()
    ),
    node!(
        Counter,
        "rialto_journal_disk_full_total",
        "",
        "Appends that found no room on the disk and waited",
        |n| n.journal_disk_full.get()
    ),
    node!(
        Gauge,
        "rialto_journal_held_requests",
        "",
        "Requests held because the disk has no room for them",
        |n| n.journal_held.get()
    ),
    market!(
        Counter,
        "rialto_commands_total",
        "",
        "Commands applied",
        |m| m.commands.get()
    ),
    market!(
        Counter,
        "rialto_batches_total",
        "",
        "Batches proposed to the journal",
        |m| m.batches.get()
    ),
    market!(
        Counter,
        "rialto_orders_accepted_total",
        "",
        "Orders accepted, replacements included",
        |m| m.accepted.get()
    ),
    market!(Counter, "rialto_executions_total", "", "Executions", |m| m
        .executions
        .get()),
    market!(
        Counter,
        "rialto_executed_quantity_total",
        "",
        "Executed quantity",
        |m| m.executed_quantity.get()
    ),
    market!(
        Counter,
        "rialto_cancels_total",
        "",
        "Cancels and reductions carried out",
        |m| m.cancels.get()
    ),
    metric(
        "rialto_rejects_total",
        Kind::Counter,
        "",
        &["market", "reason"],
        "Orders refused by the market",
        |n, out| {
            each(n, |m| {
                REJECTS
                    .iter()
                    .zip(&m.rejects)
                    .try_for_each(|(reason, c)| out.value(&[&m.name, reason], c.get()))
            })
        },
    ),
    market!(
        Counter,
        "rialto_cancel_rejects_total",
        "",
        "Cancels and modifies that named nothing that could be changed",
        |m| m.cancel_rejects.get()
    ),
    market!(
        Counter,
        "rialto_messages_ignored_total",
        "",
        "Messages with a repeated number, which change nothing",
        |m| m.ignored.get()
    ),
    market!(
        Gauge,
        "rialto_orders_resting",
        "",
        "Orders resting in the books",
        |m| m.resting.get()
    ),
    market!(
        Gauge,
        "rialto_inbound_queue_messages",
        "",
        "Client messages waiting to be sequenced",
        |m| m.inbound.get()
    ),
    market!(
        Counter,
        "rialto_inbound_queue_full_total",
        "",
        "Times a session's socket was not read because the inbound queue was full",
        |m| m.inbound_full.get()
    ),
    market!(
        Gauge,
        "rialto_in_flight_batches",
        "",
        "Batches on their way to durability",
        |m| m.in_flight_batches.get()
    ),
    market!(
        Gauge,
        "rialto_in_flight_bytes",
        "bytes",
        "Bytes on their way to durability",
        |m| m.in_flight_bytes.get()
    ),
    metric(
        "rialto_stage_latency_seconds",
        Kind::Histogram,
        "seconds",
        &["market", "stage"],
        "From arrival to sequence, to durable, to apply, to send, each from the stage before",
        |n, out| {
            each(n, |m| {
                STAGES
                    .iter()
                    .zip(&m.stages)
                    .try_for_each(|(stage, h)| out.histogram(&[&m.name, stage], h))
            })
        },
    ),
    metric(
        "rialto_acknowledge_latency_seconds",
        Kind::Histogram,
        "seconds",
        MARKET,
        "From a message's arrival until its answer is handed to the socket",
        |n, out| each(n, |m| out.histogram(&[&m.name], &m.acknowledge)),
    ),
    metric(
        "rialto_connections",
        Kind::Gauge,
        "",
        &["market", "port"],
        "Open connections",
        |n, out| {
            each(n, |m| {
                PORTS
                    .iter()
                    .zip(&m.connections)
                    .try_for_each(|(port, g)| out.value(&[&m.name, port], g.get()))
            })
        },
    ),
    metric(
        "rialto_logins_total",
        Kind::Counter,
        "",
        &["market", "port"],
        "Logins accepted",
        |n, out| {
            each(n, |m| {
                PORTS
                    .iter()
                    .zip(&m.logins)
                    .try_for_each(|(port, c)| out.value(&[&m.name, port], c.get()))
            })
        },
    ),
    metric(
        "rialto_connections_ended_total",
        Kind::Counter,
        "",
        &["market", "port", "cause"],
        "Connections that ended, by cause",
        |n, out| {
            each(n, |m| {
                PORTS.iter().zip(&m.ended).try_for_each(|(port, causes)| {
                    ENDED
                        .iter()
                        .zip(causes)
                        .try_for_each(|(cause, c)| out.value(&[&m.name, port, cause], c.get()))
                })
            })
        },
    ),
    market!(
        Counter,
        "rialto_received_bytes_total",
        "bytes",
        "Bytes received from clients",
        |m| m.received_bytes.get()
    ),
    market!(
        Counter,
        "rialto_sent_bytes_total",
        "bytes",
        "Bytes sent to clients",
        |m| m.sent_bytes.get()
    ),
    metric(
        "rialto_stream_messages_total",
        Kind::Counter,
        "",
        &["market", "stream"],
        "Messages appended to numbered streams",
        |n, out| {
            each(n, |m| {
                ["feed", "sessions"]
                    .iter()
                    .zip(&m.stream_messages)
                    .try_for_each(|(s, c)| out.value(&[&m.name, s], c.get()))
            })
        },
    ),
    metric(
        "rialto_stream_appended_bytes_total",
        Kind::Counter,
        "bytes",
        &["market", "stream"],
        "Bytes appended to numbered streams",
        |n, out| {
            each(n, |m| {
                ["feed", "sessions"]
                    .iter()
                    .zip(&m.stream_bytes)
                    .try_for_each(|(s, c)| out.value(&[&m.name, s], c.get()))
            })
        },
    ),
    market!(
        Gauge,
        "rialto_stream_pending_bytes",
        "bytes",
        "Bytes of streams that are not in their files yet",
        |m| m.stream_pending_bytes.get()
    ),
    metric(
        "rialto_journal_position",
        Kind::Gauge,
        "",
        &["market", "kind"],
        "Journal positions: applied, durable, and the first one kept",
        |n, out| {
            each(n, |m| {
                out.value(&[&m.name, "applied"], m.applied.get())?;
                out.value(&[&m.name, "durable"], m.durable.get())?;
                out.value(&[&m.name, "first"], m.first.get())
            })
        },
    ),
    market!(
        Gauge,
        "rialto_leader",
        "",
        "1 while this replica leads the market and takes orders",
        |m| m.leads.get()
    ),
    market!(
        Counter,
        "rialto_leaderships_total",
        "",
        "Leaderships this replica gained",
        |m| m.led.get()
    ),
    market!(
        Gauge,
        "rialto_leadership_term",
        "",
        "The number of the highest leadership heard of",
        |m| m.term.get()
    ),
    market!(
        Counter,
        "rialto_elections_total",
        "",
        "Elections this replica began",
        |m| m.elections.get()
    ),
    market!(
        Counter,
        "rialto_suspicions_total",
        "",
        "Leaders this replica suspected of having died",
        |m| m.suspicions.get()
    ),
    metric(
        "rialto_replica_lag_entries",
        Kind::Gauge,
        "",
        &["market", "voter"],
        "Log entries a voter lacks; the leader alone knows, others say 0",
        |n, out| {
            each(n, |m| {
                m.lags
                    .iter()
                    .try_for_each(|(node, lag)| out.value(&[&m.name, node], lag.get()))
            })
        },
    ),
    market!(
        Gauge,
        "rialto_leader_silence_milliseconds",
        "",
        "Since the leader was heard, in milliseconds; 0 at the leader",
        |m| m.heard_from_leader_ns.get() / 1_000_000
    ),
    market!(
        Counter,
        "rialto_checkpoints_shipped_total",
        "",
        "Checkpoints that set out to another replica",
        |m| m.checkpoints_shipped.get()
    ),
    market!(
        Counter,
        "rialto_checkpoints_installed_total",
        "",
        "Checkpoints of another replica that took the state's place",
        |m| m.checkpoints_installed.get()
    ),
    market!(
        Gauge,
        "rialto_checkpoint_position",
        "",
        "Journal position of the last checkpoint",
        |m| m.checkpoint_position.get()
    ),
    market!(
        Gauge,
        "rialto_checkpoint_time_seconds",
        "seconds",
        "When the last checkpoint was made, since the epoch; 0 for never",
        |m| m.checkpoint_time_s.get()
    ),
    market!(
        Gauge,
        "rialto_checkpoint_bytes",
        "bytes",
        "Size of the last checkpoint",
        |m| m.checkpoint_bytes.get()
    ),
    market!(
        Counter,
        "rialto_checkpoints_total",
        "",
        "Checkpoints made",
        |m| m.checkpoints.get()
    ),
    market!(
        Counter,
        "rialto_checkpoint_failures_total",
        "",
        "Checkpoints that failed",
        |m| m.checkpoint_failures.get()
    ),
    metric(
        "rialto_checkpoint_duration_seconds",
        Kind::Histogram,
        "seconds",
        MARKET,
        "Making a checkpoint",
        |n, out| each(n, |m| out.histogram(&[&m.name], &m.checkpoint_duration)),
    ),
    market!(
        Gauge,
        "rialto_trading_day_open",
        "",
        "1 while a trading day is open",
        |m| m.day_open.get()
    ),
    market!(
        Gauge,
        "rialto_instruments_halted",
        "",
        "Instruments that do not trade",
        |m| m.halted.get()
    ),
];

/// The catalogue as JSON, one object a metric.
///
/// # Errors
/// Serialization fails, which only a broken build could make happen.
pub fn json() -> serde_json::Result<String> {
    serde_json::to_string_pretty(CATALOGUE)
}

/// The catalogue as lines of text.
pub fn table() -> String {
    let lines: Vec<String> = CATALOGUE
        .iter()
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

/// proc(5), /proc/pid/statm: the second field counts resident pages of 4,096 bytes on the machines this runs on.
fn resident_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok())
        .map_or(0, |pages| pages * 4_096)
}
