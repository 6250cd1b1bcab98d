//! Of a market's orders, streams and connections.

use super::{Kind, MARKET, Metric, each, metric};
use crate::metrics::MarketMetrics;
use crate::metrics::{ENDED, PORTS, REJECTS, STAGES};

/// These metrics, in the order they are exposed.
pub static METRICS: &[Metric] = &[
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
];
