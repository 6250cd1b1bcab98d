//! How long nothing was acknowledged: over all sessions together, and of each.

use serde_json::{Value, json};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// Gaps longer than this are listed.
const LISTED: Duration = Duration::from_millis(1);
/// How many are listed at most; of more the longest.
const MOST: usize = 200;

#[derive(Clone, Copy)]
struct Gap {
    length: Duration,
    end: Instant,
}

/// The time between acknowledgements.
pub(super) struct Gaps {
    began: Instant,
    began_ns: u64,
    last: Option<Instant>,
    longest: Option<Gap>,
    listed: Vec<Gap>,
    /// How many were longer than [`LISTED`].
    count: u64,
    sessions: Vec<(Option<Instant>, Option<Gap>)>,
}

impl Gaps {
    pub(super) fn new(sessions: usize) -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        Self {
            began: Instant::now(),
            began_ns: since.map_or(0, |s| u64::try_from(s.as_nanos()).unwrap_or(u64::MAX)),
            last: None,
            longest: None,
            listed: Vec::new(),
            count: 0,
            sessions: vec![(None, None); sessions],
        }
    }

    /// A session's command was acknowledged at `now`.
    pub(super) fn acknowledged(&mut self, session: usize, now: Instant) {
        if let Some(gap) = since(&mut self.last, now) {
            keep(&mut self.longest, gap);
            if gap.length > LISTED {
                self.count += 1;
                self.listed.push(gap);
                if self.listed.len() >= 2 * MOST {
                    self.shorten();
                }
            }
        }
        if let Some((last, longest)) = self.sessions.get_mut(session)
            && let Some(gap) = since(last, now)
        {
            keep(longest, gap);
        }
    }

    fn shorten(&mut self) {
        self.listed.sort_by_key(|gap| std::cmp::Reverse(gap.length));
        self.listed.truncate(MOST);
    }

    pub(super) fn figures(&mut self, names: &[String]) -> Value {
        self.shorten();
        self.listed.sort_by_key(|gap| gap.end);
        let sessions = names.iter().zip(&self.sessions);
        let worst = sessions
            .filter_map(|(name, (_, longest))| longest.map(|gap| (name, gap)))
            .max_by_key(|(_, gap)| gap.length);
        json!({
            "longest": self.longest.map(|gap| self.figure(gap)),
            "longest_of_a_session": worst.map(|(name, gap)| {
                let mut figure = self.figure(gap);
                if let Some(figure) = figure.as_object_mut() {
                    figure.insert("session".to_owned(), json!(name));
                }
                figure
            }),
            "above_1_ms": {
                "count": self.count,
                "gaps": self.listed.iter().map(|gap| self.figure(*gap)).collect::<Vec<_>>(),
            },
        })
    }

    /// The longest over all sessions, in milliseconds.
    pub(super) fn longest_ms(&self) -> f64 {
        self.longest.map_or(0.0, |gap| milliseconds(gap.length))
    }

    /// A gap: how long it was, and when its end was, in seconds of the flow and in nanoseconds since the epoch.
    fn figure(&self, gap: Gap) -> Value {
        let at = gap.end.saturating_duration_since(self.began);
        let at_ns = u64::try_from(at.as_nanos()).unwrap_or(u64::MAX);
        json!({
            "ms": milliseconds(gap.length),
            "end_s": at.as_secs_f64(),
            "end_ns": self.began_ns.saturating_add(at_ns),
        })
    }
}

fn milliseconds(length: Duration) -> f64 {
    length.as_secs_f64() * 1e3
}

fn since(last: &mut Option<Instant>, now: Instant) -> Option<Gap> {
    let before = last.map_or(now, |last| last.max(now));
    let gap = last.map(|last| Gap {
        length: now.saturating_duration_since(last),
        end: now,
    });
    *last = Some(before);
    gap
}

fn keep(longest: &mut Option<Gap>, gap: Gap) {
    if longest.is_none_or(|longest| gap.length > longest.length) {
        *longest = Some(gap);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_longest_gap_is_found_over_all_and_of_each_session() {
        let mut gaps = Gaps::new(2);
        let began = gaps.began;
        let names = ["A".to_owned(), "B".to_owned()];
        for (session, ms) in [(0, 10), (1, 15), (1, 60), (0, 65), (0, 64), (1, 70)] {
            gaps.acknowledged(session, began + Duration::from_millis(ms));
        }
        let figures = gaps.figures(&names);
        assert_eq!(figures["longest"]["ms"], 45.0);
        assert_eq!(figures["longest"]["end_s"], 0.06);
        assert_eq!(figures["longest_of_a_session"]["ms"], 55.0);
        assert_eq!(figures["longest_of_a_session"]["session"], "A");
        assert_eq!(figures["above_1_ms"]["count"], 4);
        let listed = figures["above_1_ms"]["gaps"].as_array().unwrap();
        let lengths: Vec<_> = listed
            .iter()
            .map(|gap| gap["ms"].as_f64().unwrap())
            .collect();
        assert_eq!(lengths, [5.0, 45.0, 5.0, 5.0]);
    }

    #[test]
    fn no_more_than_the_longest_are_listed() {
        let mut gaps = Gaps::new(1);
        let mut at = gaps.began;
        for nth in 0..5_000 {
            at += Duration::from_millis(30 + nth % 100);
            gaps.acknowledged(0, at);
        }
        let figures = gaps.figures(&[]);
        assert_eq!(figures["above_1_ms"]["count"], 4_999);
        let listed = figures["above_1_ms"]["gaps"].as_array().unwrap();
        assert_eq!(listed.len(), MOST);
        assert!(listed.iter().all(|gap| gap["ms"].as_f64().unwrap() > 100.0));
    }
}
