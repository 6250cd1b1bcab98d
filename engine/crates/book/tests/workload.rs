//! The order-flow workload and its oracle: fills and final books hash to what the generator prints.
//!
//! The generator is looked for in the folder `RIALTO_BENCH`, else in `shared/bench` beside the checkout, and is
//! compiled with `g++`. Where one of them is missing the test says so and does nothing.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::let_underscore_must_use
)]

use std::path::{Path, PathBuf};
use std::process::Command;

use rialto_book::{Book, Fill, FillSink, Incoming, Pool, Side};

const COMMANDS: &str = "200000";

/// The generator's checksum.
struct Sum(u64);

impl Sum {
    fn new() -> Self {
        Self(1_469_598_103_934_665_603)
    }

    fn mix(&mut self, value: u64) {
        self.0 = (self.0 ^ value).wrapping_mul(1_099_511_628_211);
        self.0 ^= self.0 >> 29;
    }
}

impl FillSink for Sum {
    fn fill(&mut self, fill: &Fill) {
        for value in [
            fill.maker_id,
            fill.taker_id,
            fill.price as u64,
            u64::from(fill.qty),
        ] {
            self.mix(value);
        }
    }
}

fn number<const BYTES: usize>(record: &[u8], at: usize) -> u64 {
    let bytes: [u8; BYTES] = record[at..at + BYTES].try_into().unwrap();
    bytes
        .iter()
        .rev()
        .fold(0, |number, byte| number << 8 | u64::from(*byte))
}

fn replay(bytes: &[u8]) -> (u64, u64) {
    assert_eq!(&bytes[..8], b"XWLOAD01");
    let (symbols, prefill) = (number::<4>(bytes, 12), number::<4>(bytes, 24) as usize);
    let mut pool = Pool::with_capacity(prefill);
    let mut books: Vec<Book> = (0..symbols as u32).map(Book::new).collect();
    let mut sum = Sum::new();
    for (at, record) in bytes[32..].chunks_exact(32).enumerate() {
        if at == prefill {
            sum = Sum::new();
        }
        let book = &mut books[number::<4>(record, 4) as usize];
        let side = if record[1] == 1 {
            Side::Buy
        } else {
            Side::Sell
        };
        let (id, price) = (number::<8>(record, 8), number::<8>(record, 16) as i64);
        let mut order = Incoming::limit(id, side, price, number::<4>(record, 24) as u32);
        order.rests = record[2] == 0;
        match record[0] {
            1 => assert!(book.enter(&mut pool, &order, &mut sum).is_ok()),
            2 => {
                let slot = pool.slot(id).expect("the order lives");
                assert_eq!(
                    book.cancel(&mut pool, slot).qty,
                    order.qty,
                    "what was left of order {id}"
                );
            }
            3 => {
                let slot = pool.slot(id).expect("the order lives");
                assert_eq!(pool.qty(slot), order.qty, "what is left of order {id}");
                assert!(book.replace(&mut pool, slot, &order, &mut sum).is_ok());
            }
            op => panic!("record {at}: no operation {op}"),
        }
    }
    let mut end = Sum::new();
    for book in &books {
        assert_eq!(book.check(&pool), Ok(()));
        let mut bids: Vec<_> = book.levels(Side::Buy).collect();
        bids.reverse();
        for level in bids.into_iter().chain(book.levels(Side::Sell)) {
            end.mix(level.price as u64);
            end.mix(level.qty);
        }
    }
    (sum.0, end.0)
}

fn generator_source() -> PathBuf {
    let folder = std::env::var_os("RIALTO_BENCH").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../../shared/bench"),
        PathBuf::from,
    );
    folder.join("gen.cpp")
}

/// The text of a string field of a line of JSON.
fn field<'line>(line: &'line str, name: &str) -> &'line str {
    let start = line
        .find(&format!("\"{name}\":\""))
        .expect("the oracle has the field")
        + name.len()
        + 4;
    line[start..].split('"').next().unwrap()
}

#[test]
fn both_hashes_equal_the_oracle() {
    let source = generator_source();
    if !source.is_file() {
        println!(
            "skipped: no {}; set RIALTO_BENCH to the folder that has gen.cpp",
            source.display()
        );
        return;
    }
    if Command::new("g++").arg("--version").output().is_err() {
        println!("skipped: no g++ to compile {}", source.display());
        return;
    }
    let folder = std::env::temp_dir().join(format!("rialto-book-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let program = folder.join("gen");
    let compiled = Command::new("g++")
        .args(["-O2", "-std=c++20"])
        .arg(&source)
        .arg("-o")
        .arg(&program)
        .status();
    assert!(compiled.unwrap().success(), "the generator compiles");
    for (symbols, live) in [("1", "2000"), ("1", "100000"), ("1000", "100000")] {
        for seed in ["3", "41"] {
            let file = folder.join("flow.bin");
            let run = Command::new(&program)
                .arg(&file)
                .args([symbols, COMMANDS, seed, live])
                .output()
                .unwrap();
            let oracle = String::from_utf8(run.stdout).unwrap();
            let (trades, books) = replay(&std::fs::read(&file).unwrap());
            let shape = format!("{symbols} symbols, {live} live, seed {seed}");
            assert_eq!(
                format!("{trades:016x}"),
                field(&oracle, "trade_hash"),
                "{shape}"
            );
            assert_eq!(
                format!("{books:016x}"),
                field(&oracle, "book_hash"),
                "{shape}"
            );
        }
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
