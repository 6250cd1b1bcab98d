//! The figures of a flow.

use super::Settings;
use super::state::State;
use hdrhistogram::Histogram;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::time::Duration;

/// Latencies from one nanosecond to an hour with three digits.
fn histogram() -> Histogram<u64> {
    let widest = Histogram::new_with_bounds(1, 3_600_000_000_000, 3);
    // These bounds are valid; a histogram that grows is the same with more memory.
    widest.unwrap_or_else(|_| histogram_that_grows())
}

fn histogram_that_grows() -> Histogram<u64> {
    match Histogram::new(3) {
        Ok(histogram) => histogram,
        Err(_) => unreachable!("three digits are allowed"),
    }
}

/// A histogram's figures in nanoseconds.
fn latency(histogram: &Histogram<u64>) -> Value {
    json!({
        "count": histogram.len(),
        "p50": histogram.value_at_quantile(0.5),
        "p90": histogram.value_at_quantile(0.9),
        "p99": histogram.value_at_quantile(0.99),
        "p99_9": histogram.value_at_quantile(0.999),
        "max": histogram.max(),
    })
}

/// A histogram that keeps latencies in nanoseconds.
pub(crate) struct Latencies(Histogram<u64>);

impl Latencies {
    pub(crate) fn new() -> Self {
        Self(histogram())
    }

    pub(crate) fn record(&mut self, latency: Duration) {
        self.0
            .saturating_record(u64::try_from(latency.as_nanos()).unwrap_or(u64::MAX).max(1));
    }

    pub(crate) fn figures(&self) -> Value {
        latency(&self.0)
    }

    pub(crate) fn p99(&self) -> Duration {
        Duration::from_nanos(self.0.value_at_quantile(0.99))
    }

    fn reset(&mut self) {
        self.0.reset();
    }
}

/// What is counted while the flow runs.
pub(super) struct Counts {
    pub(super) orders: u64,
    pub(super) cancels: u64,
    pub(super) moves: u64,
    pub(super) accepted: u64,
    pub(super) answered: u64,
    pub(super) executions: u64,
    pub(super) canceled: u64,
    pub(super) cancels_refused: u64,
    pub(super) reconnects: u64,
    /// By reason.
    pub(super) rejected: BTreeMap<String, u64>,
    whole: Latencies,
    second: Latencies,
}

impl Counts {
    pub(super) fn new() -> Self {
        Self {
            orders: 0,
            cancels: 0,
            moves: 0,
            accepted: 0,
            answered: 0,
            executions: 0,
            canceled: 0,
            cancels_refused: 0,
            reconnects: 0,
            rejected: BTreeMap::new(),
            whole: Latencies::new(),
            second: Latencies::new(),
        }
    }

    pub(super) fn latency(&mut self, latency: Duration) {
        self.whole.record(latency);
        self.second.record(latency);
    }

    pub(super) fn rejected_total(&self) -> u64 {
        self.rejected.values().sum()
    }

    /// The latencies since the last call.
    pub(super) fn take_second(&mut self) -> Value {
        let figures = self.second.figures();
        self.second.reset();
        figures
    }

    pub(super) fn summary(
        &self,
        settings: &Settings,
        elapsed: Duration,
        samples: &Samples,
        unanswered: usize,
        resting: usize,
        (longest_gap_ms, gaps): (f64, Value),
    ) -> Summary {
        let seconds = elapsed.as_secs_f64().max(1e-9);
        let commands = self.orders + self.cancels + self.moves;
        let growing = samples.growing();
        let p99 = self.whole.p99();
        Summary {
            p99,
            growing,
            achieved: self.answered as f64 / seconds,
            accepted: self.accepted,
            value: json!({
                "seconds": seconds,
                "commands": commands,
                "orders": self.orders,
                "cancels": self.cancels,
                "moves": self.moves,
                "accepted": self.accepted,
                "rejected": self.rejected,
                "executions": self.executions,
                "canceled": self.canceled,
                "cancels_refused": self.cancels_refused,
                "resting": resting,
                "unanswered": unanswered,
                "reconnects": self.reconnects,
                "longest_gap_ms": longest_gap_ms,
                "gaps": gaps,
                "latency_ns": self.whole.figures(),
                "rate": {
                    "intended": settings.rate,
                    "commands": commands as f64 / seconds,
                    "orders": self.orders as f64 / seconds,
                    "answered": self.answered as f64 / seconds,
                },
                "backlog": samples.figures(),
            }),
        }
    }
}

/// What came of a flow.
pub(crate) struct Summary {
    /// From a new order's intended time to its acceptance.
    pub(crate) p99: Duration,
    /// Whether commands piled up.
    pub(crate) growing: bool,
    /// Answered commands a second.
    pub(crate) achieved: f64,
    /// Accepted orders.
    pub(crate) accepted: u64,
    /// Everything.
    pub(crate) value: Value,
}

/// The figures of a measurement that has only latencies.
pub(crate) fn latency_only(
    latencies: &Latencies,
    sent: u64,
    answered: u64,
    rate: f64,
    elapsed: Duration,
) -> Summary {
    let seconds = elapsed.as_secs_f64().max(1e-9);
    Summary {
        p99: latencies.p99(),
        growing: false,
        achieved: answered as f64 / seconds,
        accepted: answered,
        value: json!({
            "seconds": seconds,
            "sent": sent,
            "answered": answered,
            "rate": {"intended": rate, "answered": answered as f64 / seconds},
            "latency_ns": latencies.figures(),
        }),
    }
}

/// The backlog once a second: commands that are due and without an answer.
pub(super) struct Samples {
    rate: f64,
    backlog: Vec<f64>,
}

impl Samples {
    pub(super) const fn new(rate: f64) -> Self {
        Self {
            rate,
            backlog: Vec::new(),
        }
    }

    /// Takes a sample; `late` commands are due and were not made yet.
    pub(super) fn second(&mut self, state: &State, late: f64) -> f64 {
        let backlog = state.outstanding() as f64 + late.max(0.0);
        self.backlog.push(backlog);
        backlog
    }

    fn thirds(&self) -> (f64, f64) {
        let third = (self.backlog.len() / 3).max(1);
        let mean = |samples: &[f64]| samples.iter().sum::<f64>() / samples.len().max(1) as f64;
        let first = self.backlog.get(..third).unwrap_or(&[]);
        let last = self
            .backlog
            .get(self.backlog.len().saturating_sub(third)..)
            .unwrap_or(&[]);
        (mean(first), mean(last))
    }

    /// Whether the last third's backlog is half as large again as the first's, and more than 10 ms of flow beyond it.
    pub(super) fn growing(&self) -> bool {
        let (first, last) = self.thirds();
        last > first * 1.5 && last - first > (self.rate * 0.01).max(10.0)
    }

    fn figures(&self) -> Value {
        let (first, last) = self.thirds();
        json!({
            "first_third": first,
            "last_third": last,
            "max": self.backlog.iter().copied().fold(0.0, f64::max),
            "growing": self.growing(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backlog_grows_when_its_end_is_above_its_beginning() {
        let growing = |backlog: &[f64]| {
            Samples {
                rate: 1000.0,
                backlog: backlog.to_vec(),
            }
            .growing()
        };
        assert!(!growing(&[]));
        assert!(!growing(&[3.0, 2.0, 4.0, 3.0, 5.0, 2.0]));
        assert!(!growing(&[0.0, 0.0, 900.0, 0.0, 0.0, 0.0]));
        assert!(growing(&[5.0, 10.0, 200.0, 400.0, 600.0, 900.0]));
        assert!(!growing(&[5000.0, 5100.0, 5000.0, 4900.0, 5100.0, 5200.0]));
    }

    #[test]
    fn latencies_are_kept_to_three_digits() {
        let mut latencies = Latencies::new();
        for micros in 1..=1000 {
            latencies.record(Duration::from_micros(micros));
        }
        let figures = latencies.figures();
        let p50 = figures["p50"].as_u64().unwrap();
        assert!((499_000..=501_000).contains(&p50), "{p50}");
        assert_eq!(figures["count"], 1000);
    }
}
