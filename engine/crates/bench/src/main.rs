//! The book measured beside others.
//!
//! `rialto-bench book FILE...` replays workload files through our book and through matchcore as published, by
//! turns, and prints how many millions of commands a second each took. Without a file it makes the three usual
//! shapes itself. Fills and final books are checked against the oracle: a line of JSON in `FILE.json`, or what
//! the generator says.

mod allocations;
mod engines;
mod measure;
mod report;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};
use rialto_flow::generator::{Shape as FlowShape, generate};
use rialto_flow::workload::Workload;
use serde_json::Value;

use crate::engines::{Matchcore, Rialto};
use crate::report::{Engine, Oracle, Shape};

#[derive(Parser)]
#[command(about = "Measures the engine's parts beside others")]
struct Cli {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// The book beside matchcore 0.4
    Book(BookArgs),
}

#[derive(Args)]
struct BookArgs {
    /// Workload files; none: the three usual shapes are generated
    files: Vec<PathBuf>,
    /// How often each engine runs, by turns
    #[arg(long, default_value_t = 5, value_parser = clap::value_parser!(u16).range(1..))]
    runs: u16,
    /// Also the time of each operation by itself, and allocations
    #[arg(long)]
    latency: bool,
    /// Seed of generated shapes
    #[arg(long, default_value_t = 1)]
    seed: u32,
    /// Measured commands of generated shapes
    #[arg(long, default_value_t = 3_000_000)]
    commands: u64,
    /// One JSON object instead of tables
    #[arg(long)]
    json: bool,
}

fn main() -> ExitCode {
    let What::Book(args) = Cli::parse().what;
    match book(&args) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!(
                "the book's hashes are not those expected: it has a fault, or the oracle is of another file"
            );
            ExitCode::FAILURE
        }
        Err(wrong) => {
            eprintln!("{wrong}");
            ExitCode::from(2)
        }
    }
}

/// Measures and prints; whether all hashes were right.
fn book(args: &BookArgs) -> Result<bool, String> {
    let mut correct = true;
    let mut shapes = Vec::new();
    let mut done = |shape: Shape| {
        correct &= shape.correct();
        if args.json {
            shapes.push(shape.json());
        } else {
            shape.print();
        }
    };
    if args.files.is_empty() {
        let usual = [
            ("w1small", FlowShape::W1SMALL),
            ("w1", FlowShape::W1),
            ("w1000", FlowShape::W1000),
        ];
        for (name, shape) in usual {
            let made = generate(shape, args.seed, args.commands);
            let oracle = Oracle {
                trade_hash: made.trades.to_string(),
                book_hash: made.books.to_string(),
            };
            done(measure(name.to_owned(), &made.workload, Some(oracle), args));
        }
    }
    for file in &args.files {
        let bytes = std::fs::read(file)
            .map_err(|error| format!("{}: {error}; give a workload file", file.display()))?;
        let workload =
            Workload::parse(&bytes).map_err(|error| format!("{}: {error}", file.display()))?;
        check_ids(&workload).map_err(|wrong| format!("{}: {wrong}", file.display()))?;
        done(measure(
            file.display().to_string(),
            &workload,
            oracle_beside(file)?,
            args,
        ));
    }
    if args.json {
        println!("{}", serde_json::json!({ "book": shapes }));
    }
    Ok(correct)
}

/// matchcore's side is prepared in an array by id.
fn check_ids(workload: &Workload) -> Result<(), String> {
    let count = workload.records.len();
    match workload
        .records
        .iter()
        .position(|record| record.order_id > count as u64)
    {
        Some(at) => {
            let id = workload.records[at].order_id;
            Err(format!(
                "record {at}: order id {id} in a file of {count} records; ids must be dense from 1"
            ))
        }
        None => Ok(()),
    }
}

/// The oracle's line in `FILE.json`, if there is such a file.
fn oracle_beside(file: &Path) -> Result<Option<Oracle>, String> {
    let mut name = file.as_os_str().to_owned();
    name.push(".json");
    let path = PathBuf::from(name);
    if !path.exists() {
        return Ok(None);
    }
    let wrong = |what: String| {
        format!(
            "{}: {what}; it should be what the generator printed",
            path.display()
        )
    };
    let text = std::fs::read_to_string(&path).map_err(|error| wrong(error.to_string()))?;
    let oracle: Value = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    let field = |name: &str| {
        let value = oracle.get(name).and_then(Value::as_str);
        value
            .map(str::to_owned)
            .ok_or_else(|| wrong(format!("no string {name:?}")))
    };
    Ok(Some(Oracle {
        trade_hash: field("trade_hash")?,
        book_hash: field("book_hash")?,
    }))
}

fn measure(name: String, workload: &Workload, oracle: Option<Oracle>, args: &BookArgs) -> Shape {
    let engine = |name| Engine {
        name,
        runs: Vec::new(),
        latencies: Vec::new(),
        allocations: None,
    };
    let mut ours = engine("rialto-book");
    let mut ahead = engine("rialto-book in batches");
    let mut theirs = engine("matchcore 0.4");
    for _ in 0..args.runs {
        ours.runs.push(measure::throughput::<Rialto>(workload));
        theirs.runs.push(measure::throughput::<Matchcore>(workload));
        ahead
            .runs
            .push(measure::throughput_ahead::<Rialto>(workload));
    }
    if args.latency {
        ours.latencies = measure::latencies::<Rialto>(workload);
        theirs.latencies = measure::latencies::<Matchcore>(workload);
        ours.allocations = Some(measure::allocations::<Rialto>(workload));
        theirs.allocations = Some(measure::allocations::<Matchcore>(workload));
    }
    Shape {
        name,
        symbols: workload.symbols,
        prefill: workload.prefill,
        commands: workload.timed().len(),
        oracle,
        engines: vec![ours, ahead, theirs],
    }
}
