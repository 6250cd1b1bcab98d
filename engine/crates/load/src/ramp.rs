//! The highest rate that is sustained: latency under its bound and no growing backlog.

use crate::error::LoadError;
use crate::flow::{self, Settings, Summary};
use serde_json::{Value, json};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// What counts as sustained.
#[derive(Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) p99: Duration,
    pub(crate) from: f64,
    pub(crate) to: f64,
}

/// Answered commands must come to this part of the intended rate.
const ANSWERED: f64 = 0.99;
/// How often a rate is tried before it counts as failed: on a shared machine others take the disk for a while too. Every
/// try is in the result.
const TRIES: usize = 2;
/// The search ends when the rates that hold and fail are this near.
const NEAR: f64 = 1.1;

/// Doubles the rate until it fails, then halves the gap in ratio; each step lasts the settings' time.
///
/// # Errors
/// The venue can't be reached, or refuses a login.
pub(crate) fn run(
    settings: &Settings,
    bounds: Bounds,
    stop: &Arc<AtomicBool>,
    mut each_step: impl FnMut(&Value),
) -> Result<Value, LoadError> {
    let mut steps = Vec::new();
    let (mut holds, mut fails) = (None::<f64>, None::<f64>);
    let mut rate = bounds.from;
    while !stop.load(Ordering::Relaxed) {
        let step = Settings {
            rate,
            ..settings.clone()
        };
        let mut held = false;
        for _ in 0..TRIES {
            let summary = flow::run(&step, stop, |_| {})?;
            held = sustained(&summary, rate, bounds.p99);
            let line = json!({"rate": rate, "sustained": held, "result": summary.value});
            each_step(&line);
            steps.push(line);
            if held || stop.load(Ordering::Relaxed) {
                break;
            }
        }
        if held {
            holds = Some(holds.map_or(rate, |best| best.max(rate)));
        } else {
            fails = Some(fails.map_or(rate, |least| least.min(rate)));
        }
        rate = match next(holds, fails, bounds) {
            Some(next) => next,
            None => break,
        };
    }
    Ok(
        json!({"sustained_rate": holds, "p99_bound_ns": bounds.p99.as_nanos() as u64, "steps": steps}),
    )
}

fn sustained(summary: &Summary, rate: f64, p99: Duration) -> bool {
    summary.accepted > 0
        && summary.p99 < p99
        && !summary.growing
        && summary.achieved >= rate * ANSWERED
}

/// The next rate to try.
fn next(holds: Option<f64>, fails: Option<f64>, bounds: Bounds) -> Option<f64> {
    match (holds, fails) {
        (Some(holds), Some(fails)) => {
            (fails / holds > NEAR).then(|| (holds * fails).sqrt().round())
        }
        (Some(holds), None) => (holds * 2.0 <= bounds.to).then_some(holds * 2.0),
        (None, Some(fails)) => (fails > 10.0).then(|| (fails / 4.0).round()),
        (None, None) => Some(bounds.from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_search_closes_in_on_the_rate() {
        let bounds = Bounds {
            p99: Duration::from_millis(10),
            from: 1000.0,
            to: 1e6,
        };
        for limit in [300.0, 1000.0, 7_300.0, 64_000.0] {
            let (mut holds, mut fails) = (None::<f64>, None::<f64>);
            let mut rate = bounds.from;
            for _ in 0..40 {
                if rate <= limit {
                    holds = Some(holds.map_or(rate, |best| best.max(rate)));
                } else {
                    fails = Some(fails.map_or(rate, |least| least.min(rate)));
                }
                match next(holds, fails, bounds) {
                    Some(next) => rate = next,
                    None => break,
                }
            }
            let found = holds.unwrap();
            assert!(found <= limit && found * 1.11 > limit, "{found} of {limit}");
        }
    }
}
