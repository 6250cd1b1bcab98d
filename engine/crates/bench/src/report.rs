//! What was measured, as tables and as JSON.

use serde_json::{Value, json};

use crate::measure::{Latency, Run};

/// What an engine should have produced.
#[derive(Clone)]
pub(crate) struct Oracle {
    pub(crate) trade_hash: String,
    pub(crate) book_hash: String,
}

/// Everything about one engine (or one way to use it) on one workload.
pub(crate) struct Engine {
    pub(crate) name: &'static str,
    pub(crate) runs: Vec<Run>,
    pub(crate) latencies: Vec<Latency>,
    /// An operation, in the first and the second half.
    pub(crate) allocations: Option<[f64; 2]>,
}

/// Everything about one workload.
pub(crate) struct Shape {
    pub(crate) name: String,
    pub(crate) symbols: u32,
    pub(crate) prefill: u32,
    pub(crate) commands: usize,
    pub(crate) oracle: Option<Oracle>,
    /// Ours first; the last is the one to compare with.
    pub(crate) engines: Vec<Engine>,
}

/// Best and median.
fn summary(rates: impl Iterator<Item = f64>) -> Option<(f64, f64)> {
    let mut rates: Vec<f64> = rates.collect();
    rates.sort_by(f64::total_cmp);
    Some((*rates.last()?, rates[rates.len() / 2]))
}

impl Engine {
    fn wall(&self) -> Option<(f64, f64)> {
        summary(self.runs.iter().map(|run| run.wall))
    }

    fn processor(&self) -> Option<(f64, f64)> {
        summary(self.runs.iter().filter_map(|run| run.processor))
    }

    fn hashes(&self) -> Option<(String, String)> {
        let run = self.runs.first()?;
        Some((
            format!("{:016x}", run.trade_hash),
            format!("{:016x}", run.book_hash),
        ))
    }

    /// Whether both hashes of every run are those expected.
    fn agrees(&self, oracle: &Oracle) -> bool {
        self.runs.iter().all(|run| {
            format!("{:016x}", run.trade_hash) == oracle.trade_hash
                && format!("{:016x}", run.book_hash) == oracle.book_hash
        })
    }
}

fn pair(rates: Option<(f64, f64)>) -> String {
    rates.map_or_else(
        || format!("{:>8} {:>8}", "-", "-"),
        |(best, median)| format!("{best:>8.2} {median:>8.2}"),
    )
}

fn ratios(ours: Option<(f64, f64)>, theirs: Option<(f64, f64)>) -> Option<(f64, f64)> {
    let (ours, theirs) = (ours?, theirs?);
    Some((ours.0 / theirs.0, ours.1 / theirs.1))
}

impl Shape {
    /// Whether ours, plain and ahead, produced what was expected; true where nothing is known.
    pub(crate) fn correct(&self) -> bool {
        let ours = &self.engines[..self.engines.len() - 1];
        self.oracle
            .as_ref()
            .is_none_or(|oracle| ours.iter().all(|engine| engine.agrees(oracle)))
    }

    pub(crate) fn print(&self) {
        let (commands, symbols, prefill) = (self.commands, self.symbols, self.prefill);
        println!(
            "{}: {commands} commands, {symbols} symbols, {prefill} orders at the start",
            self.name
        );
        println!(
            "  {:<38} {:>17} {:>17}   hashes",
            "M commands/s", "wall best, median", "CPU best, median"
        );
        for engine in &self.engines {
            let hashes = match (&self.oracle, engine.hashes()) {
                (_, None) => String::new(),
                (None, Some((trades, books))) => {
                    format!("{trades} {books} (no oracle beside the file)")
                }
                (Some(oracle), Some(_)) if engine.agrees(oracle) => "as expected".to_owned(),
                (Some(_), Some((trades, books))) => {
                    let fills = engine.runs.first().map_or(0, |run| run.fills);
                    format!("differ: {trades} {books}, {fills} fills")
                }
            };
            println!(
                "  {:<38} {} {}   {hashes}",
                engine.name,
                pair(engine.wall()),
                pair(engine.processor())
            );
        }
        if let [ours @ .., theirs] = self.engines.as_slice() {
            for engine in ours {
                let name = format!("{} / {}", engine.name, theirs.name);
                let wall = ratios(engine.wall(), theirs.wall());
                let processor = ratios(engine.processor(), theirs.processor());
                println!("  {name:<38} {} {}", pair(wall), pair(processor));
            }
        }
        for engine in &self.engines {
            if let Some([first, second]) = engine.allocations {
                let name = engine.name;
                println!(
                    "  {name:<38} allocations an operation: {first:.6}, then {second:.6} in the second half"
                );
            }
            for latency in &engine.latencies {
                println!(
                    "  {:<38} {:<16} {:>8} times: p50 {:>5} p99 {:>5} p99.9 {:>6} ns",
                    engine.name,
                    latency.what,
                    latency.count,
                    latency.p50,
                    latency.p99,
                    latency.p999
                );
            }
        }
    }

    pub(crate) fn json(&self) -> Value {
        let rates = |rates: Option<(f64, f64)>| {
            rates.map(|(best, median)| json!({"best": best, "median": median}))
        };
        let latency = |latency: &Latency| {
            json!({
                "operation": latency.what, "count": latency.count,
                "p50_ns": latency.p50, "p99_ns": latency.p99, "p999_ns": latency.p999,
            })
        };
        let engine = |engine: &Engine| {
            json!({
                "name": engine.name,
                "wall_mops": rates(engine.wall()),
                "cpu_mops": rates(engine.processor()),
                "runs": engine.runs.len(),
                "trade_hash": engine.hashes().map(|hashes| hashes.0),
                "book_hash": engine.hashes().map(|hashes| hashes.1),
                "fills": engine.runs.first().map(|run| run.fills),
                "as_expected": self.oracle.as_ref().map(|oracle| engine.agrees(oracle)),
                "allocations_per_operation": engine.allocations,
                "latency_with_timer": engine.latencies.iter().map(latency).collect::<Vec<_>>(),
            })
        };
        let theirs = self.engines.last();
        let ratio = |engine: &Engine| {
            json!({
                "name": engine.name,
                "wall": rates(ratios(engine.wall(), theirs.and_then(Engine::wall))),
                "cpu": rates(ratios(engine.processor(), theirs.and_then(Engine::processor))),
            })
        };
        let ours = &self.engines[..self.engines.len() - 1];
        json!({
            "workload": self.name,
            "commands": self.commands,
            "symbols": self.symbols,
            "prefill": self.prefill,
            "expected": self.oracle.as_ref().map(|oracle| json!({
                "trade_hash": oracle.trade_hash, "book_hash": oracle.book_hash,
            })),
            "engines": self.engines.iter().map(engine).collect::<Vec<_>>(),
            "ratios": ours.iter().map(ratio).collect::<Vec<_>>(),
        })
    }
}
