//! Of the node as a whole.

use super::{Kind, Metric, NODE, metric};
use crate::metrics::NodeMetrics;

/// These metrics, in the order they are exposed.
pub static METRICS: &[Metric] = &[
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
];

/// proc(5), /proc/pid/statm: the second field counts resident pages of 4,096 bytes on the machines this runs on.
fn resident_bytes() -> u64 {
    std::fs::read_to_string("/proc/self/statm")
        .ok()
        .and_then(|text| text.split_whitespace().nth(1)?.parse::<u64>().ok())
        .map_or(0, |pages| pages * 4_096)
}
