//! Workload files, the generator that makes them, and their hashes.

#![allow(clippy::unwrap_used, reason = "a test may")]

use proptest::prelude::*;
use rialto_flow::Side;
use rialto_flow::generator::{Generated, Shape, generate};
use rialto_flow::hash::{TradeHash, book_hash};
use rialto_flow::plain::{Fill, PlainBook};
use rialto_flow::workload::{Op, Workload, WorkloadError};
use std::path::{Path, PathBuf};
use std::process::Command;

/// What a plain book makes of a workload: the hashes of its timed part, and the records that named an order that was gone.
fn run(workload: &Workload) -> (TradeHash, String, usize) {
    let mut books = vec![PlainBook::new(); workload.symbols as usize];
    let mut trades = TradeHash::new();
    let mut dead = 0;
    let mut fills: Vec<Fill> = Vec::new();
    for (at, record) in workload.records.iter().enumerate() {
        if at == workload.prefill as usize {
            trades = TradeHash::new();
        }
        let book = &mut books[record.symbol as usize];
        let named = book.get(record.order_id);
        if record.op != Op::Add
            && named.is_none_or(|order| order.left != record.qty || order.side != record.side)
        {
            dead += 1;
        }
        fills.clear();
        match record.op {
            Op::Cancel => {
                book.remove(record.order_id);
            }
            Op::Add | Op::Move => {
                book.enter(
                    record.order_id,
                    record.side,
                    record.price,
                    record.qty,
                    !record.ioc,
                    &mut fills,
                );
            }
        }
        for fill in &fills {
            trades.fill(fill.maker_id, fill.taker_id, fill.price, fill.qty);
        }
    }
    let books = book_hash(
        books
            .iter()
            .map(|book| (book.levels(Side::Buy), book.levels(Side::Sell))),
    );
    (trades, books.to_string(), dead)
}

const SMALL: Shape = Shape {
    symbols: 3,
    live: 300,
};

#[test]
fn a_generated_workload_has_the_answers_that_a_plain_book_gives() {
    for (shape, seed) in [
        (Shape::W1SMALL, 1),
        (SMALL, 2),
        (
            Shape {
                symbols: 50,
                live: 1000,
            },
            3,
        ),
    ] {
        let made: Generated = generate(shape, seed, 20_000);
        let (trades, books, dead) = run(&made.workload);
        assert_eq!(dead, 0);
        assert_eq!(trades, made.trades);
        assert_eq!(books, made.books.to_string());
        assert!(trades.fills() > 500, "{} fills", trades.fills());
    }
}

#[test]
fn the_same_seed_gives_the_same_flow_and_another_seed_another() {
    let first = generate(SMALL, 7, 5_000);
    assert_eq!(first, generate(SMALL, 7, 5_000));
    assert_ne!(first.trades, generate(SMALL, 8, 5_000).trades);
    // The flow itself is part of what is promised: it is the same on every machine and in every version.
    assert_eq!(first.trades.to_string(), "2080cc48beb65505");
    assert_eq!(first.books.to_string(), "1aaf2f1cfe7dfb55");
}

#[test]
fn the_flow_is_of_the_promised_kind() {
    let made = generate(
        Shape {
            symbols: 10,
            live: 1000,
        },
        5,
        100_000,
    );
    let timed = made.workload.timed();
    let count = |op, ioc| {
        timed
            .iter()
            .filter(|record| record.op == op && record.ioc == ioc)
            .count()
    };
    let (adds, cancels) = (count(Op::Add, false), count(Op::Cancel, false));
    let (moves, iocs) = (count(Op::Move, false), count(Op::Add, true));
    assert_eq!(adds + cancels + moves + iocs, 100_000);
    assert!(
        cancels * 10 > adds * 7 && cancels * 10 < adds * 13,
        "{adds} adds, {cancels} cancels"
    );
    assert!(
        moves > 2_000 && iocs > 3_000,
        "{moves} moves, {iocs} immediate"
    );
    assert!(made.live > 700 && made.live < 1300, "{} live", made.live);
    let mut by_symbol = [0_usize; 10];
    for record in &made.workload.records {
        by_symbol[record.symbol as usize] += 1;
    }
    assert!(
        by_symbol[0] > 3 * by_symbol[4] && by_symbol[9] > 0,
        "{by_symbol:?}"
    );
}

#[test]
fn the_stated_part_of_the_commands_are_new_orders() {
    let generated = generate(Shape::W1SMALL, 9, 200_000);
    let timed = generated.workload.timed();
    let orders = timed.iter().filter(|record| record.op == Op::Add).count();
    let part = orders as f64 / timed.len() as f64;
    let stated = rialto_flow::generator::ORDERS_PER_COMMAND;
    assert!((part - stated).abs() < 0.02 * stated, "{part} of {stated}");
}

#[test]
fn a_workload_survives_its_bytes() {
    let made = generate(SMALL, 9, 2_000).workload;
    assert_eq!(Workload::parse(&made.to_bytes()), Ok(made));
}

#[test]
fn every_impossible_field_is_named_with_its_place() {
    let good = generate(SMALL, 9, 50).workload;
    let bytes = good.to_bytes();
    let at = |record: usize, offset: usize| 32 + record * 32 + offset;
    let broken = |offset: usize, value: &[u8]| {
        let mut bytes = bytes.clone();
        bytes[offset..offset + value.len()].copy_from_slice(value);
        Workload::parse(&bytes).unwrap_err().to_string()
    };
    let last = good.records.len() - 1;
    let cancel = good
        .records
        .iter()
        .position(|record| record.op == Op::Cancel)
        .unwrap();
    for (offset, value, text) in [
        (0, &b"XWLOAD02"[..], "no workload file"),
        (8, &[2][..], "version is 2"),
        (12, &[0; 4][..], "number of symbols is 0"),
        (16, &[9][..], "records"),
        (24, &[255; 4][..], "prefill is 4294967295"),
        (24, &[0x5e, 1][..], "the prefill are adds that rest"),
        (at(0, 0), &[2][..], "record 0 (byte 40): order id is 1"),
        (at(last, 0), &[4][..], "op is 4"),
        (at(last, 1), &[3][..], "side is 3"),
        (at(last, 2), &[2][..], "time in force is 2"),
        (at(cancel, 2), &[1][..], "time in force is 1"),
        (at(last, 3), &[2][..], "flags is 2"),
        (at(last, 4), &[3, 0, 0, 0][..], "symbol is 3"),
        (
            at(last, 8),
            &[0xff; 8][..],
            "order id is 18446744073709551615",
        ),
        (at(1, 8), &[7][..], "order id is 7"),
        (at(0, 16), &[0; 8][..], "price is 0"),
        (at(0, 16), &[0xff; 8][..], "price is -1"),
        (at(cancel, 16), &[1][..], "price is 1"),
        (at(last, 24), &[0; 4][..], "quantity is 0"),
        (at(last, 28), &[0; 4][..], "account is 0"),
        (at(last, 28), &[0xe9, 3, 0, 0][..], "account is 1001"),
    ] {
        let error = broken(offset, value);
        assert!(error.contains(text), "{error:?} should say {text:?}");
    }
    assert_eq!(
        Workload::parse(&bytes[..31]),
        Err(WorkloadError::NoHeader { len: 31 })
    );
    assert!(matches!(
        Workload::parse(&bytes[..bytes.len() - 1]),
        Err(WorkloadError::Length { .. })
    ));
}

proptest! {
    #[test]
    fn no_bytes_make_the_parser_panic(bytes in proptest::collection::vec(any::<u8>(), 0..400), header in any::<bool>(), flips in proptest::collection::vec((0..672_usize, any::<u8>()), 0..6)) {
        let mut file = generate(Shape { symbols: 1, live: 5 }, 1, 15).workload.to_bytes();
        if header {
            file.truncate(32);
            file.extend_from_slice(&bytes);
        } else {
            for (at, value) in flips {
                if let Some(byte) = file.get_mut(at) {
                    *byte = value;
                }
            }
        }
        if let Ok(workload) = Workload::parse(&file) {
            prop_assert_eq!(workload.to_bytes(), file);
        }
        drop(Workload::parse(&bytes));
    }
}

/// The published generator of workloads with their answers, built into a folder of its own; `None` with a printed reason
/// where it or a C++ compiler is absent.
fn published_generator(folder: &Path) -> Option<PathBuf> {
    let beside = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../../shared/bench");
    let bench =
        std::env::var_os("RIALTO_BENCH").map_or_else(|| PathBuf::from(beside), PathBuf::from);
    let source = bench.join("gen.cpp");
    if !source.is_file() {
        println!(
            "skipped: no {}; set RIALTO_BENCH to the folder of the workload generator",
            source.display()
        );
        return None;
    }
    let binary = folder.join("gen");
    let build = Command::new("g++")
        .args(["-O2", "-std=c++20", "-o"])
        .arg(&binary)
        .arg(&source)
        .output();
    match build {
        Ok(output) if output.status.success() => Some(binary),
        Ok(output) => panic!("{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) => {
            println!("skipped: g++: {error}");
            None
        }
    }
}

#[test]
fn the_published_workloads_have_the_published_hashes() {
    let folder = tempfile::tempdir().unwrap();
    let Some(generator) = published_generator(folder.path()) else {
        return;
    };
    for (symbols, live, seed) in [
        ("1", "2000", "11"),
        ("1", "20000", "12"),
        ("40", "4000", "13"),
    ] {
        let file = folder.path().join("workload.bin");
        let output = Command::new(&generator)
            .arg(&file)
            .args([symbols, "30000", seed, live])
            .output()
            .unwrap();
        let answer = String::from_utf8(output.stdout).unwrap();
        let workload = Workload::parse(&std::fs::read(&file).unwrap()).unwrap();
        assert_eq!(workload.timed().len(), 30_000);
        let (trades, books, dead) = run(&workload);
        assert_eq!(dead, 0);
        for text in [
            format!("\"trades\":{},", trades.fills()),
            format!("\"volume\":{},", trades.volume()),
            format!("\"trade_hash\":\"{trades}\""),
            format!("\"book_hash\":\"{books}\""),
        ] {
            assert!(answer.contains(&text), "{answer} should have {text}");
        }
    }
}
