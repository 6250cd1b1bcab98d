//! A workload through the gateway: one session, file order, a bounded number of commands in flight. Fills are paired by
//! their match numbers; the books come from the feed alone.

use crate::error::LoadError;
use crate::gateway::{Gateway, Place};
use crate::orders::{self, Report};
use crate::progress::Progress;
use rialto_flow::Side;
use rialto_flow::hash::{TradeHash, book_hash};
use rialto_flow::workload::{Op, Record, Workload};
use serde_json::{Value, json};
use std::time::Instant;

/// What the client knows of the workload's orders.
struct Orders {
    /// By order id: its user reference number now, its total size, its tick size.
    known: Vec<(u32, u32, u64)>,
    /// By user reference number less the first: the order id.
    ids: Vec<u64>,
    first_ref: u32,
    /// The maker of the execution whose taker comes next: match number, id, quantity, price in 1e-4.
    maker: Option<(u64, u64, u32, u64)>,
    trades: TradeHash,
}

/// Replays it; the figures as a JSON object.
///
/// # Errors
/// The venue refuses a command, or does not answer.
pub(crate) fn replay(
    workload: &Workload,
    place: Place<'_>,
    window: u64,
    progress: &mut Progress,
) -> Result<Value, LoadError> {
    let symbols = workload.symbols as usize;
    if place.instruments.len() != symbols {
        return Err(LoadError::new(
            format!(
                "the workload has {symbols} symbols and {} instruments are given",
                place.instruments.len()
            ),
            "give one --instrument for each symbol",
        ));
    }
    let mut gateway = Gateway::open(place)?;
    let mut orders = Orders {
        known: vec![(0, 0, 1)],
        ids: Vec::with_capacity(workload.records.len()),
        first_ref: gateway.next_ref(),
        maker: None,
        trades: TradeHash::new(),
    };
    let mut began = Instant::now();
    for (at, record) in workload.records.iter().enumerate() {
        if at == workload.prefill as usize {
            gateway.sync(|report| orders.report(report), |_| {})?;
            orders.trades = TradeHash::new();
            began = Instant::now();
        }
        orders.send(&mut gateway, record)?;
        while gateway.outstanding() >= window {
            gateway.pump(|report| orders.report(report), |_| {})?;
            gateway.feed.apply_all()?;
            progress.show(at, workload.records.len());
        }
    }
    gateway.sync(|report| orders.report(report), |_| {})?;
    let seconds = began.elapsed().as_secs_f64();
    gateway.feed.apply_to(gateway.changes(), true)?;
    let mut books = Vec::with_capacity(symbols);
    for symbol in 0..symbols {
        let tick_e4 = gateway.instrument(symbol)?.tick_e4.max(1).cast_signed();
        let levels = |side| -> Vec<(i64, u64)> {
            let levels = gateway.feed.levels(symbol, side);
            levels
                .map(|(price_e4, qty)| (price_e4 / tick_e4, qty))
                .collect()
        };
        books.push((levels(Side::Buy), levels(Side::Sell)));
    }
    let books = book_hash(books);
    let reconnects = gateway.reconnects();
    gateway.clear()?;
    gateway.close();
    progress.show(workload.records.len(), workload.records.len());
    Ok(json!({
        "commands": workload.timed().len(),
        "fills": orders.trades.fills(),
        "volume": orders.trades.volume(),
        "trade_hash": orders.trades.to_string(),
        "book_hash": books.to_string(),
        "seconds": seconds,
        "reconnects": reconnects,
    }))
}

impl Orders {
    fn send(&mut self, gateway: &mut Gateway, record: &Record) -> Result<(), LoadError> {
        let instrument = gateway.instrument(record.symbol as usize)?;
        let id = record.order_id as usize;
        match record.op {
            Op::Add => {
                let user_ref = gateway.take_ref();
                self.ids.push(record.order_id);
                self.known.push((user_ref, record.qty, instrument.tick_e4));
                gateway.command(|out| {
                    orders::enter(
                        out,
                        &instrument,
                        user_ref,
                        record.side,
                        record.price,
                        record.qty,
                        record.ioc,
                    );
                })
            }
            Op::Cancel => {
                let (user_ref, ..) = self.known.get(id).copied().unwrap_or_default();
                gateway.command(|out| orders::cancel(out, user_ref, 0))
            }
            Op::Move => {
                let user_ref = gateway.take_ref();
                self.ids.push(record.order_id);
                let (mut orig, mut total) = (0, 0);
                if let Some((now, size, _)) = self.known.get_mut(id) {
                    (orig, total) = (*now, *size);
                    *now = user_ref;
                }
                gateway.command(|out| {
                    orders::replace(out, &instrument, orig, user_ref, record.price, total)
                })
            }
        }
    }

    fn id(&self, user_ref: u32) -> Option<u64> {
        let at = user_ref.checked_sub(self.first_ref)?;
        self.ids.get(at as usize).copied()
    }

    fn report(&mut self, report: &Report) -> Result<(), LoadError> {
        let refused = |user_ref: u32, what: String| {
            let id = self.id(user_ref).unwrap_or(0);
            Err(LoadError::new(
                format!("the venue refuses a command on order {id} of the workload: {what}"),
                "use instruments with the workload's ticks and lots, without a collar, and an account whose limits allow it",
            ))
        };
        match *report {
            Report::Rejected { user_ref, reason } => refused(user_ref, format!("{reason:?}")),
            Report::CancelRejected { user_ref } => {
                refused(user_ref, "a cancel names no live order".to_owned())
            }
            Report::Executed {
                user_ref,
                qty,
                price_e4,
                added,
                match_number,
            } => {
                let id = self.id(user_ref).unwrap_or(0);
                if added {
                    self.maker = Some((match_number, id, qty, price_e4));
                    return Ok(());
                }
                match self.maker.take() {
                    Some((number, maker, maker_qty, maker_price))
                        if number == match_number
                            && maker_qty == qty
                            && maker_price == price_e4 =>
                    {
                        let tick_e4 = self.known.get(id as usize).map_or(1, |(_, _, tick)| *tick);
                        let ticks = i64::try_from(price_e4 / tick_e4).unwrap_or(i64::MAX);
                        self.trades.fill(maker, id, ticks, qty);
                        Ok(())
                    }
                    _ => Err(LoadError::new(
                        format!(
                            "match {match_number} has a taker's report on order {id} without its maker's before it"
                        ),
                        "another session has traded the instrument, or the venue's reports are wrong",
                    )),
                }
            }
            _ => Ok(()),
        }
    }
}
