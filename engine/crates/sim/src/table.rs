//! Results of runs, for people and added up.

use crate::run::Outcome;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// The results of many runs, added up.
#[derive(Clone, Debug, Default)]
pub struct Table {
    runs: u64,
    failed: Vec<(u64, String, String)>,
    virtual_s: f64,
    real_ms: u64,
    slowest_ms: u64,
    answered: u64,
    orders: u64,
    elections: u64,
    reads: u64,
    faults: BTreeMap<String, u64>,
    /// Rules broken, by how many runs broke them.
    rules: BTreeMap<String, u64>,
}

/// Adds up every line of every file of a directory.
///
/// # Errors
/// The directory can't be read, or a line is no result: which one, and why.
pub fn of(directory: &Path) -> Result<Table, String> {
    let place = directory.display();
    let entries = std::fs::read_dir(directory)
        .map_err(|error| format!("{place}: {error}; name the directory of the results"))?;
    let mut paths = Vec::new();
    for entry in entries {
        paths.push(entry.map_err(|error| format!("{place}: {error}"))?.path());
    }
    paths.sort();
    let mut table = Table::default();
    for path in paths.iter().filter(|path| path.is_file()) {
        let text = std::fs::read_to_string(path)
            .map_err(|error| format!("{}: {error}", path.display()))?;
        for (at, line) in text.lines().enumerate() {
            let outcome: Outcome = serde_json::from_str(line).map_err(|error| {
                format!("{}, line {}: is no result: {error}", path.display(), at + 1)
            })?;
            table.add(&outcome);
        }
    }
    Ok(table)
}

impl Table {
    /// Adds one run.
    pub fn add(&mut self, outcome: &Outcome) {
        self.runs += 1;
        self.virtual_s += outcome.virtual_s;
        self.real_ms += outcome.real_ms;
        self.slowest_ms = self.slowest_ms.max(outcome.real_ms);
        self.answered += outcome.answered;
        self.orders += outcome.orders;
        self.elections += outcome.elections;
        self.reads += outcome.reads;
        for (name, count) in &outcome.faults {
            *self.faults.entry(name.clone()).or_default() += count;
        }
        let mut rules: Vec<&str> = outcome.violations.iter().map(|v| v.rule.as_str()).collect();
        rules.sort_unstable();
        rules.dedup();
        for rule in rules {
            *self.rules.entry(rule.to_owned()).or_default() += 1;
        }
        if let Some(first) = outcome.violations.first() {
            let replay = outcome.replay.clone().unwrap_or_default();
            let what = format!("{}: {}", first.rule, first.detail);
            self.failed.push((outcome.seed, what, replay));
        }
    }

    fn ratio(&self) -> f64 {
        self.virtual_s * 1000.0 / (self.real_ms.max(1) as f64)
    }

    /// As one line of JSON.
    pub fn json(&self) -> String {
        json!({
            "runs": self.runs,
            "failed": self.failed.iter().map(|(seed, what, replay)| {
                json!({"seed": seed, "violation": what, "replay": replay})
            }).collect::<Vec<_>>(),
            "virtual_s": self.virtual_s,
            "real_s": self.real_ms as f64 / 1000.0,
            "virtual_per_real": self.ratio(),
            "slowest_ms": self.slowest_ms,
            "answered": self.answered,
            "orders": self.orders,
            "elections": self.elections,
            "reads": self.reads,
            "faults": self.faults,
            "rules_broken": self.rules,
        })
        .to_string()
    }

    /// For people.
    pub fn text(&self) -> String {
        let mut out = format!(
            "{} runs, {} failed\n{:.0} virtual seconds in {:.1} real seconds ({:.0} to one; the slowest run took {} ms)\n\
             {} client messages answered, {} orders acknowledged, {} elections, {} reads confirmed\n",
            self.runs,
            self.failed.len(),
            self.virtual_s,
            self.real_ms as f64 / 1000.0,
            self.ratio(),
            self.slowest_ms,
            self.answered,
            self.orders,
            self.elections,
            self.reads,
        );
        push_counts(&mut out, "faults that took effect", &self.faults);
        push_counts(&mut out, "rules broken, in runs", &self.rules);
        for (seed, what, replay) in self.failed.iter().take(20) {
            out.push_str(&format!("\nseed {seed}: {what}\n  {replay}"));
        }
        out
    }
}

fn push_counts(out: &mut String, title: &str, counts: &BTreeMap<String, u64>) {
    if counts.is_empty() {
        return;
    }
    out.push_str(title);
    for (name, count) in counts {
        out.push_str(&format!("\n  {name:<24} {count:>8}"));
    }
    out.push('\n');
}

/// One run, for people.
pub fn one(outcome: &Outcome) -> String {
    let mut table = Table::default();
    table.add(outcome);
    let mut out = format!(
        "seed {}: {} voters, slowest round trip {} us, trace {} ({} events)\n{}",
        outcome.seed,
        outcome.voters,
        outcome.round_trip_us,
        outcome.trace,
        outcome.events,
        table.text()
    );
    for violation in &outcome.violations {
        out.push_str(&format!(
            "\n  at {} ms, {}: {}",
            violation.at_ms, violation.rule, violation.detail
        ));
    }
    out
}
