//! The catalogue's samples in the OpenMetrics text format.

use super::catalogue::{Kind, Metric, all};
use super::{Histogram, NodeMetrics};
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, MetricEncoder};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::exemplar::Exemplar;
use prometheus_client::registry::{Registry, Unit};
use std::fmt;
use std::sync::Arc;

/// Where samples of one metric go.
pub struct Out<'a, 'b> {
    metric: &'a Metric,
    encoder: MetricEncoder<'b>,
}

impl Out<'_, '_> {
    fn labels<'l>(&self, values: &[&'l str]) -> Vec<(&'static str, &'l str)> {
        self.metric
            .labels
            .iter()
            .copied()
            .zip(values.iter().copied())
            .collect()
    }

    /// The value of a counter or gauge under these label values.
    ///
    /// # Errors
    /// The text can't be written.
    pub fn value(&mut self, labels: &[&str], value: u64) -> fmt::Result {
        let labels = self.labels(labels);
        let kind = self.metric.kind;
        if labels.is_empty() {
            sample(&mut self.encoder, kind, value)
        } else {
            sample(&mut self.encoder.encode_family(&labels)?, kind, value)
        }
    }

    /// A histogram under these label values.
    ///
    /// # Errors
    /// The text can't be written.
    pub fn histogram(&mut self, labels: &[&str], histogram: &Histogram) -> fmt::Result {
        let labels = self.labels(labels);
        let (sum, count, buckets) = histogram.read();
        if labels.is_empty() {
            return self
                .encoder
                .encode_histogram::<[(&str, &str); 0]>(sum, count, &buckets, None);
        }
        self.encoder
            .encode_family(&labels)?
            .encode_histogram::<[(&str, &str); 0]>(sum, count, &buckets, None)
    }
}

fn sample(encoder: &mut MetricEncoder<'_>, kind: Kind, value: u64) -> fmt::Result {
    match kind {
        Kind::Counter => encoder.encode_counter(&value, None::<&Exemplar<[(&str, &str); 0], u64>>),
        // Nothing that is counted here comes near 2^63.
        _ => encoder.encode_gauge(&i64::try_from(value).unwrap_or(i64::MAX)),
    }
}

#[derive(Debug)]
struct Exposed(Arc<NodeMetrics>);

impl Collector for Exposed {
    fn encode(&self, mut encoder: DescriptorEncoder) -> fmt::Result {
        for metric in all() {
            let unit = match metric.unit {
                "seconds" => Some(Unit::Seconds),
                "bytes" => Some(Unit::Bytes),
                _ => None,
            };
            let kind = match metric.kind {
                Kind::Counter => MetricType::Counter,
                Kind::Gauge => MetricType::Gauge,
                Kind::Histogram => MetricType::Histogram,
            };
            let name = metric.name.strip_suffix("_total").unwrap_or(metric.name);
            let name = match &unit {
                Some(unit) => name
                    .strip_suffix(unit.as_str())
                    .and_then(|n| n.strip_suffix('_'))
                    .unwrap_or(name),
                None => name,
            };
            let encoder = encoder.encode_descriptor(name, metric.help, unit.as_ref(), kind)?;
            (metric.read)(&self.0, &mut Out { metric, encoder })?;
        }
        Ok(())
    }
}

/// The registry that exposes `metrics`.
pub fn registry(metrics: Arc<NodeMetrics>) -> Registry {
    let mut registry = Registry::default();
    registry.register_collector(Box::new(Exposed(metrics)));
    registry
}
