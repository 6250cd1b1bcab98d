//! Of a market's place in its log: positions, replicas, checkpoints.

use super::{Kind, MARKET, Metric, each, metric};
use crate::metrics::MarketMetrics;

/// These metrics, in the order they are exposed.
pub static METRICS: &[Metric] = &[
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
