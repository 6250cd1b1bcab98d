//! Timing an engine on a workload.

use std::time::Instant;

use rialto_flow::workload::{Op, Record, Workload};

use crate::allocations;
use crate::engines::Engine;

/// How many records apart the stages of preparation are.
const AHEAD: usize = 2;

/// One run: how fast, and what came out.
pub(crate) struct Run {
    /// Millions of commands a second on the wall's clock.
    pub(crate) wall: f64,
    /// The same by the processor time of this thread, which other programs disturb less; absent where the system
    /// does not tell it.
    pub(crate) processor: Option<f64>,
    pub(crate) trade_hash: u64,
    pub(crate) book_hash: u64,
    pub(crate) fills: u64,
}

/// The processor time of this thread so far in nanoseconds.
fn processor_ns() -> Option<u64> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: `time` is a timespec of ours that lives through the call, and that is all the call writes to.
    let answer = unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) };
    if answer != 0 {
        return None;
    }
    Some(u64::try_from(time.tv_sec).ok()? * 1_000_000_000 + u64::try_from(time.tv_nsec).ok()?)
}

fn filled<E: Engine>(workload: &Workload) -> E {
    let mut engine = E::new(workload);
    let prefill = workload.records.len() - workload.timed().len();
    for (at, record) in workload.records[..prefill].iter().enumerate() {
        engine.apply(at, record);
    }
    engine.forget_fills();
    engine
}

/// One command after the other, as fast as they go.
pub(crate) fn throughput<E: Engine>(workload: &Workload) -> Run {
    run::<E>(workload, |engine, from, records| {
        for (at, record) in records.iter().enumerate() {
            engine.apply(from + at, record);
        }
    })
}

/// The same commands with those that follow being prepared, as a caller can that has them in a batch.
pub(crate) fn throughput_ahead<E: Engine>(workload: &Workload) -> Run {
    run::<E>(workload, |engine, from, records| {
        for (at, record) in records.iter().enumerate() {
            for stage in 1..=4_u8 {
                if let Some(later) = records.get(at + (5 - usize::from(stage)) * AHEAD) {
                    engine.ahead(stage, later);
                }
            }
            engine.apply(from + at, record);
        }
    })
}

#[inline]
fn run<E: Engine>(workload: &Workload, each: impl FnOnce(&mut E, usize, &[Record])) -> Run {
    let mut engine: E = filled(workload);
    let records = workload.timed();
    let processor = processor_ns();
    let wall = Instant::now();
    each(&mut engine, workload.records.len() - records.len(), records);
    let wall = wall.elapsed();
    let processor = processor_ns()
        .zip(processor)
        .map(|(after, before)| after - before);
    let rate = |seconds: f64| records.len() as f64 / seconds / 1e6;
    let trades = engine.trades();
    Run {
        wall: rate(wall.as_secs_f64()),
        processor: processor
            .filter(|&ns| ns > 0)
            .map(|ns| rate(ns as f64 / 1e9)),
        trade_hash: trades.value(),
        book_hash: engine.books().value(),
        fills: trades.fills(),
    }
}

/// Nanoseconds of single operations: the count and the 50th, 99th and 99.9th of a hundred.
pub(crate) struct Latency {
    pub(crate) what: &'static str,
    pub(crate) count: usize,
    pub(crate) p50: u32,
    pub(crate) p99: u32,
    pub(crate) p999: u32,
}

fn percentiles(what: &'static str, mut times: Vec<u32>) -> Latency {
    times.sort_unstable();
    let at = |part: f64| {
        let place = (part * times.len() as f64) as usize;
        times
            .get(place.min(times.len().saturating_sub(1)))
            .copied()
            .unwrap_or(0)
    };
    Latency {
        what,
        count: times.len(),
        p50: at(0.5),
        p99: at(0.99),
        p999: at(0.999),
    }
}

fn nanoseconds(since: Instant) -> u32 {
    u32::try_from(since.elapsed().as_nanos()).unwrap_or(u32::MAX)
}

/// Each operation timed by itself, the timer's own time included; the first line is of the timer alone.
pub(crate) fn latencies<E: Engine>(workload: &Workload) -> Vec<Latency> {
    let timer = (0..200_000).map(|_| nanoseconds(Instant::now())).collect();
    let mut engine: E = filled(workload);
    let records = workload.timed();
    let from = workload.records.len() - records.len();
    let mut times = Vec::with_capacity(records.len());
    for (at, record) in records.iter().enumerate() {
        let start = Instant::now();
        engine.apply(from + at, record);
        times.push(nanoseconds(start));
    }
    let kind = |what, is: fn(&Record) -> bool| {
        let those = records.iter().zip(&times).filter(|(record, _)| is(record));
        percentiles(what, those.map(|(_, time)| *time).collect())
    };
    vec![
        percentiles("timer alone", timer),
        kind("all", |_| true),
        kind("enter, passive", |record| {
            record.op == Op::Add && !record.crossing
        }),
        kind("enter, crossing", |record| {
            record.op == Op::Add && record.crossing
        }),
        kind("cancel", |record| record.op == Op::Cancel),
        kind("move", |record| record.op == Op::Move),
    ]
}

/// Allocations an operation: over the first half of the measured commands, in which arrays may still grow to the size
/// the flow needs, and over the second half.
pub(crate) fn allocations<E: Engine>(workload: &Workload) -> [f64; 2] {
    let mut engine: E = filled(workload);
    let records = workload.timed();
    let from = workload.records.len() - records.len();
    let middle = records.len() / 2;
    let before = allocations::so_far();
    for (at, record) in records[..middle].iter().enumerate() {
        engine.apply(from + at, record);
    }
    let between = allocations::so_far();
    for (at, record) in records[middle..].iter().enumerate() {
        engine.apply(from + middle + at, record);
    }
    let after = allocations::so_far();
    let a_command = |count: u64, commands: usize| count as f64 / commands.max(1) as f64;
    [
        a_command(between - before, middle),
        a_command(after - between, records.len() - middle),
    ]
}

#[cfg(test)]
mod tests {
    use super::{allocations, latencies, throughput, throughput_ahead};
    use crate::engines::{Matchcore, Rialto};
    use rialto_flow::generator::{Shape, generate};

    const SHAPES: [Shape; 2] = [
        Shape {
            symbols: 1,
            live: 500,
        },
        Shape {
            symbols: 40,
            live: 3_000,
        },
    ];

    #[test]
    fn both_ways_to_use_the_book_give_what_the_generator_says() {
        for shape in SHAPES {
            let made = generate(shape, 5, 30_000);
            for run in [
                throughput::<Rialto>(&made.workload),
                throughput_ahead::<Rialto>(&made.workload),
            ] {
                assert_eq!(run.trade_hash, made.trades.value());
                assert_eq!(run.book_hash, made.books.value());
                assert_eq!(run.fills, made.trades.fills());
            }
        }
    }

    #[test]
    fn matchcore_takes_the_same_flow() {
        for shape in SHAPES {
            let made = generate(shape, 5, 30_000);
            let (fills, expected) = (
                throughput::<Matchcore>(&made.workload).fills,
                made.trades.fills(),
            );
            // It sweeps through its own limit, so it trades more or less, but it trades.
            assert!(
                fills > expected / 2 && fills < expected * 2,
                "{fills} fills, {expected} expected"
            );
        }
    }

    #[test]
    fn a_book_with_room_does_not_allocate() {
        for shape in SHAPES {
            let made = generate(shape, 6, 30_000);
            assert_eq!(allocations::<Rialto>(&made.workload), [0.0, 0.0]);
        }
    }

    #[test]
    fn every_operation_is_timed() {
        let made = generate(SHAPES[0], 7, 5_000);
        let lines = latencies::<Rialto>(&made.workload);
        assert_eq!(lines[1].count, 5_000);
        assert_eq!(
            lines[2..].iter().map(|line| line.count).sum::<usize>(),
            5_000
        );
        assert!(
            lines
                .iter()
                .all(|line| line.p50 <= line.p99 && line.p99 <= line.p999)
        );
    }
}
