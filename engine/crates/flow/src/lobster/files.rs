//! The two files of a recorded day.

use crate::Side;

/// What a message tells of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// 1: a new limit order.
    Add,
    /// 2: a part of an order was cancelled.
    Reduce,
    /// 3: an order was cancelled.
    Delete,
    /// 4: a visible order was executed.
    Execute,
    /// 5: a hidden order was executed.
    Hidden,
    /// 6: a cross trade.
    Cross,
    /// 7: a trading halt began or ended.
    Halt,
}

/// One event. Prices are in units of 1e-4.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Message {
    /// Nanoseconds since midnight.
    pub time_ns: u64,
    /// What happened.
    pub kind: Kind,
    /// The order's number; 0 for hidden ones and halts.
    pub order_id: u64,
    /// How much.
    pub size: u32,
    /// At what price; of a halt a code of -1, 0 or 1.
    pub price_e4: i64,
    /// The side of the resting order.
    pub side: Side,
}

/// A level of a row.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Level {
    /// Its price in units of 1e-4.
    pub price_e4: i64,
    /// Its quantity, above 0.
    pub qty: u64,
}

/// One row of a book file: levels best first, without the padding.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BookRow {
    /// The bids.
    pub bids: Vec<Level>,
    /// The asks.
    pub asks: Vec<Level>,
}

impl BookRow {
    /// One side's levels.
    pub fn side(&self, side: Side) -> &[Level] {
        match side {
            Side::Buy => &self.bids,
            Side::Sell => &self.asks,
        }
    }
}

/// A book file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct BookFile {
    /// How many levels a side the file shows.
    pub depth: usize,
    /// Its rows.
    pub rows: Vec<BookRow>,
}

/// What is wrong with a file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {what}; {next}")]
pub struct LobsterError {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong, with the text found.
    pub what: String,
    /// What it must be.
    pub next: &'static str,
}

fn wrong(line: usize, what: impl Into<String>, next: &'static str) -> LobsterError {
    LobsterError {
        line,
        what: what.into(),
        next,
    }
}

/// What stands for a level that is not there, on the ask side; on the bid side it is negative.
const EMPTY_E4: i64 = 9_999_999_999;

/// Reads a message file.
///
/// # Errors
/// The first line that is wrong: the number of columns, a value that is none, or a time before that of the line before.
pub fn parse_messages(bytes: &[u8]) -> Result<Vec<Message>, LobsterError> {
    let mut last = 0;
    lines(bytes)
        .map(|(line, text)| {
            let message = message(line, text?)?;
            if message.time_ns < last {
                return Err(wrong(
                    line,
                    "its time lies before that of the line before",
                    "a message file is in order of time",
                ));
            }
            last = message.time_ns;
            Ok(message)
        })
        .collect()
}

/// Reads a book file: 4 columns a level, ask price, ask size, bid price, bid size.
///
/// # Errors
/// The first line that is wrong: the number of columns, a value that is none, levels that are not best first, or a level
/// behind an empty one.
pub fn parse_book(bytes: &[u8]) -> Result<BookFile, LobsterError> {
    let mut depth = None;
    let rows = lines(bytes)
        .map(|(line, text)| {
            let columns: Vec<&str> = text?.split(',').collect();
            let here = columns.len() / 4;
            let whole = here > 0 && columns.len().is_multiple_of(4);
            if !whole || *depth.get_or_insert(here) != here {
                return Err(wrong(
                    line,
                    format!("{} columns", columns.len()),
                    "every line has 4 columns a level and as many as the first",
                ));
            }
            let mut row = BookRow::default();
            for level in columns.chunks_exact(4) {
                push(line, Side::Sell, level, 0, &mut row.asks)?;
                push(line, Side::Buy, level, 2, &mut row.bids)?;
            }
            for (side, levels, padded) in [
                ("asks", row.asks.len(), &columns[..]),
                ("bids", row.bids.len(), &columns[2..]),
            ] {
                let behind = padded.chunks(4).skip(levels);
                if behind
                    .clone()
                    .any(|level| level.get(1).is_some_and(|size| *size != "0"))
                {
                    return Err(wrong(
                        line,
                        format!("a level of the {side} behind an empty one"),
                        "levels are best first",
                    ));
                }
            }
            if let (Some(bid), Some(ask)) = (row.bids.first(), row.asks.first())
                && bid.price_e4 >= ask.price_e4
            {
                return Err(wrong(
                    line,
                    format!(
                        "the best bid {} is not below the best ask {}",
                        bid.price_e4, ask.price_e4
                    ),
                    "a row is the book after its event, and that is never crossed",
                ));
            }
            Ok(row)
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(BookFile {
        depth: depth.unwrap_or(0),
        rows,
    })
}

/// The lines with their numbers; the last may or may not end.
fn lines(bytes: &[u8]) -> impl Iterator<Item = (usize, Result<&str, LobsterError>)> {
    let body = bytes.strip_suffix(b"\n").unwrap_or(bytes);
    let rows = (!body.is_empty()).then(|| body.split(|byte| *byte == b'\n'));
    rows.into_iter().flatten().enumerate().map(|(at, row)| {
        let row = row.strip_suffix(b"\r").unwrap_or(row);
        let text = std::str::from_utf8(row).map_err(|_| {
            wrong(
                at + 1,
                "bytes that are no text",
                "a file of comma-separated numbers is expected",
            )
        });
        (at + 1, text)
    })
}

fn message(line: usize, text: &str) -> Result<Message, LobsterError> {
    let columns: Vec<&str> = text.split(',').collect();
    let &[time, kind, order_id, size, price, direction] = columns.as_slice() else {
        return Err(wrong(
            line,
            format!("{} columns", columns.len()),
            "a message has 6: time, type, order id, size, price, direction",
        ));
    };
    let kind = match kind {
        "1" => Kind::Add,
        "2" => Kind::Reduce,
        "3" => Kind::Delete,
        "4" => Kind::Execute,
        "5" => Kind::Hidden,
        "6" => Kind::Cross,
        "7" => Kind::Halt,
        _ => return Err(wrong(line, format!("type {kind:?}"), "it is one of 1 to 7")),
    };
    let message = Message {
        time_ns: time_ns(line, time)?,
        kind,
        order_id: number(line, "order id", order_id)?,
        size: number(line, "size", size)?,
        price_e4: number(line, "price", price)?,
        side: match direction {
            "1" => Side::Buy,
            "-1" => Side::Sell,
            _ => {
                return Err(wrong(
                    line,
                    format!("direction {direction:?}"),
                    "it is 1 (buy) or -1 (sell)",
                ));
            }
        },
    };
    let in_book = matches!(
        kind,
        Kind::Add | Kind::Reduce | Kind::Delete | Kind::Execute
    );
    if in_book && message.order_id == 0 {
        return Err(wrong(
            line,
            "order id 0",
            "an event of the book names its order",
        ));
    }
    if in_book && message.size == 0 {
        return Err(wrong(line, "size 0", "an event of the book has a size"));
    }
    if in_book && message.price_e4 <= 0 {
        return Err(wrong(
            line,
            format!("price {price}"),
            "an event of the book has a price above 0",
        ));
    }
    Ok(message)
}

/// Seconds with decimals; those behind the ninth are noise of the recorder's floating point, and rounded away.
fn time_ns(line: usize, text: &str) -> Result<u64, LobsterError> {
    let error = || {
        wrong(
            line,
            format!("time {text:?}"),
            "it is seconds after midnight with at most 15 decimals",
        )
    };
    let (seconds, decimals) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(seconds) || !digits(decimals) || decimals.len() > 15 {
        return Err(error());
    }
    let seconds: u64 = seconds.parse().map_err(|_| error())?;
    let femtoseconds: u64 = format!("{decimals:0<15}").parse().map_err(|_| error())?;
    if seconds >= 86_400 {
        return Err(error());
    }
    Ok(seconds * 1_000_000_000 + (femtoseconds + 500_000) / 1_000_000)
}

fn number<T: std::str::FromStr>(line: usize, name: &str, text: &str) -> Result<T, LobsterError> {
    // `parse` alone would take a plus sign.
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
        && let Ok(number) = text.parse()
    {
        return Ok(number);
    }
    Err(wrong(
        line,
        format!("{name} {text:?}"),
        "it is a whole number that its field holds",
    ))
}

/// Appends a level unless it is padding.
fn push(
    line: usize,
    side: Side,
    columns: &[&str],
    at: usize,
    levels: &mut Vec<Level>,
) -> Result<(), LobsterError> {
    let (name, empty) = match side {
        Side::Buy => ("bid", -EMPTY_E4),
        Side::Sell => ("ask", EMPTY_E4),
    };
    let text = |at: usize| columns.get(at).copied().unwrap_or("");
    let price_e4: i64 = number(line, &format!("{name} price"), text(at))?;
    let qty: u64 = number(line, &format!("{name} size"), text(at + 1))?;
    if price_e4 == empty && qty == 0 {
        return Ok(());
    }
    if price_e4 <= 0 || price_e4 >= EMPTY_E4 || qty == 0 {
        return Err(wrong(
            line,
            format!("{name} {price_e4} with size {qty}"),
            "a level has a price and a size above 0, and an empty one has ±9999999999 and 0",
        ));
    }
    let behind = |last: &Level| match side {
        Side::Buy => price_e4 < last.price_e4,
        Side::Sell => price_e4 > last.price_e4,
    };
    if !levels.last().is_none_or(behind) {
        return Err(wrong(
            line,
            format!("{name} {price_e4} after a level that is not better"),
            "levels are best first",
        ));
    }
    levels.push(Level { price_e4, qty });
    Ok(())
}
