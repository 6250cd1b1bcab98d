//! Workload files: a header of 32 bytes, then commands of 32 bytes, little-endian.
//!
//! Header: magic `XWLOAD01`, u32 version 1, u32 symbols, u64 records, u32 prefill, u32 seed. Record: u8 op (1 add,
//! 2 cancel, 3 move), u8 side (1 buy, 2 sell), u8 time in force (0 rests, 1 immediate or cancel), u8 flags (bit 0:
//! generated to cross), u32 symbol, u64 order id, i64 price in ticks, u32 quantity, u32 account.
//!
//! The first `prefill` records are adds that rest. A move keeps the id and what is left, goes to the back of the queue at
//! its new price and may match. Every cancel and move names a live order; only a book can tell, so that is not checked
//! here.

use crate::Side;

/// The first eight bytes of a file.
pub const MAGIC: [u8; 8] = *b"XWLOAD01";
/// The one version there is.
pub const VERSION: u32 = 1;
/// The length of the header in bytes.
pub const HEADER_LEN: usize = 32;
/// The length of a record in bytes.
pub const RECORD_LEN: usize = 32;
/// Accounts are numbered from 1 to this.
pub const MAX_ACCOUNT: u32 = 1000;

/// What a record asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Op {
    /// A new order.
    Add,
    /// The end of an order.
    Cancel,
    /// A new price for an order.
    Move,
}

/// One command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Record {
    /// What is asked for.
    pub op: Op,
    /// The order's side.
    pub side: Side,
    /// Whether what does not match at once is cancelled; false on cancels and moves.
    pub ioc: bool,
    /// Whether it was generated to cross.
    pub crossing: bool,
    /// The symbol's number, from 0.
    pub symbol: u32,
    /// Dense and ascending from 1 over the adds; the target of a cancel or a move.
    pub order_id: u64,
    /// Limit of an add, new price of a move, in ticks; 0 on a cancel.
    pub price: i64,
    /// Quantity of an add; what is left of the order at a cancel or a move.
    pub qty: u32,
    /// The owner, from 1 to [`MAX_ACCOUNT`].
    pub account: u32,
}

/// A workload in memory.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Workload {
    /// How many symbols.
    pub symbols: u32,
    /// How many records at the beginning fill the books, untimed.
    pub prefill: u32,
    /// The seed it was generated with.
    pub seed: u32,
    /// The commands, prefill included.
    pub records: Vec<Record>,
}

/// What is wrong with a workload file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum WorkloadError {
    /// Shorter than its header.
    #[error(
        "a workload file begins with {HEADER_LEN} bytes of header and this one has {len}; is it complete?"
    )]
    NoHeader {
        /// Its length in bytes.
        len: usize,
    },
    /// The first bytes are not the magic.
    #[error("this is no workload file: it begins with {found:02x?} instead of XWLOAD01")]
    Magic {
        /// The first bytes.
        found: [u8; 8],
    },
    /// A header field is impossible.
    #[error("the header's {field} is {found}; {expected}")]
    Header {
        /// Its name.
        field: &'static str,
        /// Its value.
        found: u64,
        /// What it must be.
        expected: &'static str,
    },
    /// The length is not that of the records the header tells of.
    #[error(
        "the header tells of {records} records, which with it take {expected} bytes, and the file has {found}; is it complete?"
    )]
    Length {
        /// How many records the header tells of.
        records: u64,
        /// The length that follows.
        expected: u128,
        /// The length found.
        found: usize,
    },
    /// A record's field is impossible.
    #[error("record {at} (byte {offset}): {field} is {found}; {expected}")]
    Record {
        /// The record's position, from 0.
        at: usize,
        /// Where the field begins in the file, in bytes.
        offset: usize,
        /// Its name.
        field: &'static str,
        /// Its value.
        found: i128,
        /// What it must be.
        expected: &'static str,
    },
}

impl Workload {
    /// Reads a whole file.
    ///
    /// # Errors
    /// The first thing that is wrong, with its place.
    pub fn parse(bytes: &[u8]) -> Result<Self, WorkloadError> {
        let (header, body) = bytes
            .split_at_checked(HEADER_LEN)
            .ok_or(WorkloadError::NoHeader { len: bytes.len() })?;
        let found: [u8; 8] = take(header, 0);
        if found != MAGIC {
            return Err(WorkloadError::Magic { found });
        }
        let version = u32::from_le_bytes(take(header, 8));
        let symbols = u32::from_le_bytes(take(header, 12));
        let records = u64::from_le_bytes(take(header, 16));
        let prefill = u32::from_le_bytes(take(header, 24));
        let seed = u32::from_le_bytes(take(header, 28));
        let header = |field, found: u64, expected| {
            Err(WorkloadError::Header {
                field,
                found,
                expected,
            })
        };
        if version != VERSION {
            return header("version", u64::from(version), "only version 1 is known");
        }
        if symbols == 0 {
            return header("number of symbols", 0, "there is at least one");
        }
        if u64::from(prefill) > records {
            return header(
                "prefill",
                u64::from(prefill),
                "it is at most the number of records",
            );
        }
        let expected = u128::from(records) * RECORD_LEN as u128 + HEADER_LEN as u128;
        if expected != bytes.len() as u128 {
            return Err(WorkloadError::Length {
                records,
                expected,
                found: bytes.len(),
            });
        }
        let mut last_id = 0;
        let records = body
            .chunks_exact(RECORD_LEN)
            .enumerate()
            .map(|(at, bytes)| {
                let record = read(at, bytes, symbols, last_id)?;
                if record.op == Op::Add {
                    last_id = record.order_id;
                }
                if at < prefill as usize && (record.op != Op::Add || record.ioc) {
                    return Err(wrong(
                        at,
                        0,
                        "op",
                        i128::from(bytes[0]),
                        "the records of the prefill are adds that rest",
                    ));
                }
                Ok(record)
            })
            .collect::<Result<_, _>>()?;
        Ok(Self {
            symbols,
            prefill,
            seed,
            records,
        })
    }

    /// The file's bytes.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(HEADER_LEN + self.records.len() * RECORD_LEN);
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&self.symbols.to_le_bytes());
        out.extend_from_slice(&(self.records.len() as u64).to_le_bytes());
        out.extend_from_slice(&self.prefill.to_le_bytes());
        out.extend_from_slice(&self.seed.to_le_bytes());
        for record in &self.records {
            out.push(match record.op {
                Op::Add => 1,
                Op::Cancel => 2,
                Op::Move => 3,
            });
            out.push(match record.side {
                Side::Buy => 1,
                Side::Sell => 2,
            });
            out.push(u8::from(record.ioc));
            out.push(u8::from(record.crossing));
            out.extend_from_slice(&record.symbol.to_le_bytes());
            out.extend_from_slice(&record.order_id.to_le_bytes());
            out.extend_from_slice(&record.price.to_le_bytes());
            out.extend_from_slice(&record.qty.to_le_bytes());
            out.extend_from_slice(&record.account.to_le_bytes());
        }
        out
    }

    /// The records that are timed: those behind the prefill.
    pub fn timed(&self) -> &[Record] {
        self.records.get(self.prefill as usize..).unwrap_or(&[])
    }
}

fn read(at: usize, bytes: &[u8], symbols: u32, last_id: u64) -> Result<Record, WorkloadError> {
    let bad = |offset, field, found: i128, expected| Err(wrong(at, offset, field, found, expected));
    let op = match bytes[0] {
        1 => Op::Add,
        2 => Op::Cancel,
        3 => Op::Move,
        found => {
            return bad(
                0,
                "op",
                found.into(),
                "it is 1 (add), 2 (cancel) or 3 (move)",
            );
        }
    };
    let side = match bytes[1] {
        1 => Side::Buy,
        2 => Side::Sell,
        found => return bad(1, "side", found.into(), "it is 1 (buy) or 2 (sell)"),
    };
    let ioc = match bytes[2] {
        0 => false,
        1 if op == Op::Add => true,
        1 => return bad(2, "time in force", 1, "on a cancel or a move it is 0"),
        found => {
            return bad(
                2,
                "time in force",
                found.into(),
                "it is 0 (rests) or 1 (immediate or cancel)",
            );
        }
    };
    let crossing = match bytes[3] {
        0 => false,
        1 => true,
        found => return bad(3, "flags", found.into(), "only bit 0 is known"),
    };
    let record = Record {
        op,
        side,
        ioc,
        crossing,
        symbol: u32::from_le_bytes(take(bytes, 4)),
        order_id: u64::from_le_bytes(take(bytes, 8)),
        price: i64::from_le_bytes(take(bytes, 16)),
        qty: u32::from_le_bytes(take(bytes, 24)),
        account: u32::from_le_bytes(take(bytes, 28)),
    };
    if record.symbol >= symbols {
        return bad(
            4,
            "symbol",
            record.symbol.into(),
            "it is below the header's number of symbols",
        );
    }
    let id = i128::from(record.order_id);
    match op {
        Op::Add if last_id.checked_add(1) != Some(record.order_id) => {
            return bad(8, "order id", id, "adds are numbered from 1 without gaps");
        }
        Op::Cancel | Op::Move if record.order_id == 0 || record.order_id > last_id => {
            return bad(
                8,
                "order id",
                id,
                "a cancel or a move names an order added before",
            );
        }
        _ => {}
    }
    match op {
        Op::Cancel if record.price != 0 => {
            return bad(16, "price", record.price.into(), "on a cancel it is 0");
        }
        Op::Add | Op::Move if record.price <= 0 => {
            return bad(16, "price", record.price.into(), "it is above 0");
        }
        _ => {}
    }
    if record.qty == 0 {
        return bad(24, "quantity", 0, "it is above 0");
    }
    if record.account == 0 || record.account > MAX_ACCOUNT {
        return bad(
            28,
            "account",
            record.account.into(),
            "it is one of 1 to 1000",
        );
    }
    Ok(record)
}

fn wrong(
    at: usize,
    offset: usize,
    field: &'static str,
    found: i128,
    expected: &'static str,
) -> WorkloadError {
    WorkloadError::Record {
        at,
        offset: HEADER_LEN + at * RECORD_LEN + offset,
        field,
        found,
        expected,
    }
}

/// The `N` bytes at `at`; zeros where there are none, which callers rule out by lengths.
fn take<const N: usize>(bytes: &[u8], at: usize) -> [u8; N] {
    let mut out = [0; N];
    if let Some(found) = bytes.get(at..at + N) {
        out.copy_from_slice(found);
    }
    out
}
