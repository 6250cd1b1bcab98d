//! From a checkpoint's bytes, which nobody vouches for, to a market.

use rialto_book::{Book, FillSink, Incoming, Outcome, Slot};

use crate::bytes::{Reader, Short};
use crate::checkpoint::{MAGIC, ORDER_BYTES, VERSION};
use crate::codec::{CodecError, read_account, read_instrument, read_session};
use crate::day::{Day, MAX_OPENINGS, is_date};
use crate::directory::{Defined, max_price};
use crate::event::RefuseReason;
use crate::keys::REMEMBERED_KEYS;
use crate::market::{Config, MAX_ORDERS_BOUND, Market};
use crate::orders::Order;
use crate::types::{Price, QUANTITY_BOUND, SessionId, Side, TimeInForce, TradingDay, TradingState};

/// Reference and match numbers stay below this: what a checkpoint states leaves room to count on for ever.
const NUMBER_BOUND: u64 = 1 << 62;

/// Why bytes are no checkpoint of a market.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RestoreError {
    /// The bytes end inside a value.
    #[error(
        "the checkpoint ends inside the value at byte {at}: it is cut off; use the one before it and the journal after that"
    )]
    Short {
        /// Offset of the value.
        at: usize,
    },
    /// It does not begin as a checkpoint does.
    #[error("these bytes do not begin as a market's checkpoint does: is it the right file?")]
    NotACheckpoint,
    /// A layout this version does not know.
    #[error(
        "the checkpoint's layout is version {found}, this engine reads version {VERSION}: use the engine that wrote it"
    )]
    Version {
        /// The version found.
        found: u32,
    },
    /// A value that no market's state can have.
    #[error(
        "at byte {at}: {what}; the checkpoint is damaged, use the one before it and the journal after that"
    )]
    Invalid {
        /// What is wrong.
        what: String,
        /// Offset after the value.
        at: usize,
    },
}

impl From<Short> for RestoreError {
    fn from(short: Short) -> Self {
        Self::Short { at: short.at }
    }
}

/// Nothing may match while orders are put back.
struct Matched(bool);

impl FillSink for Matched {
    fn fill(&mut self, _: &rialto_book::Fill) {
        self.0 = true;
    }
}

/// An order put back into its book and not yet into the lists, which are in the order of references.
struct Placed {
    order_ref: u64,
    slot: Slot,
    order: Order,
}

impl Market {
    /// The market whose canonical bytes these are; its statistics begin at 0.
    ///
    /// # Errors
    /// [`RestoreError`]: what is wrong, at which byte. Bytes that restore are canonical: the restored market's
    /// checkpoint is equal to them.
    pub fn restore(bytes: &[u8]) -> Result<Self, RestoreError> {
        let mut reader = Reader::new(bytes);
        let mut market = read_market(&mut reader)?;
        read_instruments(&mut reader, &mut market)?;
        read_accounts(&mut reader, &mut market)?;
        read_sessions(&mut reader, &mut market)?;
        read_keys(&mut reader, &mut market)?;
        read_orders(&mut reader, &mut market)?;
        if reader.left() > 0 {
            return invalid(
                &reader,
                format!("{} bytes follow the last order", reader.left()),
            );
        }
        Ok(market)
    }
}

fn invalid<T>(reader: &Reader<'_>, what: impl Into<String>) -> Result<T, RestoreError> {
    Err(RestoreError::Invalid {
        what: what.into(),
        at: reader.at(),
    })
}

fn ensure(holds: bool, reader: &Reader<'_>, what: &str) -> Result<(), RestoreError> {
    if holds { Ok(()) } else { invalid(reader, what) }
}

fn flag(reader: &mut Reader<'_>) -> Result<bool, RestoreError> {
    match reader.u8()? {
        0 => Ok(false),
        1 => Ok(true),
        other => invalid(reader, format!("a flag can't be {other}")),
    }
}

fn read_market(reader: &mut Reader<'_>) -> Result<Market, RestoreError> {
    if reader.array::<8>()? != MAGIC {
        return Err(RestoreError::NotACheckpoint);
    }
    let found = reader.u32()?;
    if found != VERSION {
        return Err(RestoreError::Version { found });
    }
    let config = Config {
        incarnation: reader.u8()?,
        max_orders: reader.u32()?,
    };
    ensure(
        config.max_orders <= MAX_ORDERS_BOUND,
        reader,
        "room for more orders than a market may have",
    )?;
    let mut market = Market::new(config);
    market.last_stamp_ns = reader.u64()?;
    market.last_order_ref = reader.u64()?;
    market.last_match = reader.u64()?;
    ensure(
        market.last_order_ref < NUMBER_BOUND && market.last_match < NUMBER_BOUND,
        reader,
        "an order reference or match number too large to have been counted to",
    )?;
    let phase = reader.u8()?;
    ensure(
        phase <= 2,
        reader,
        "a trading day is never opened, closed or open (0 to 2)",
    )?;
    if phase > 0 {
        let day = TradingDay {
            date: reader.u32()?,
            opening: reader.u8()?,
            incarnation: reader.u8()?,
        };
        ensure(is_date(day.date), reader, "the trading day's date is none")?;
        ensure(
            (1..=MAX_OPENINGS).contains(&day.opening),
            reader,
            "the trading day's opening is not one of 1 to 99",
        )?;
        market.day = Day {
            last: Some(day),
            open: phase == 2,
        };
        // The number of a day only tells today's orders from earlier ones; those are given 0.
        market.orders.new_day();
    }
    Ok(market)
}

fn read_instruments(reader: &mut Reader<'_>, market: &mut Market) -> Result<(), RestoreError> {
    let mut last = None;
    for _ in 0..reader.u32()? {
        let definition = read_instrument(reader)?;
        ensure(
            last < Some(definition.id),
            reader,
            "the instruments do not ascend by number",
        )?;
        last = Some(definition.id);
        match market.directory.define_instrument(definition, |_| false) {
            Ok(Defined::New) => {}
            _ => return invalid(reader, "an instrument's definition is not valid"),
        }
        market.books.push(Book::new(market.books.len() as u32));
        let state = match reader.u8()? {
            0 => TradingState::Halted,
            1 => TradingState::Trading,
            other => return invalid(reader, format!("a trading state can't be {other}")),
        };
        let last_trade = reader.i64()?;
        ensure(
            (0..=max_price(definition.tick_size_e4)).contains(&last_trade),
            reader,
            "an instrument's last trade price is out of range",
        )?;
        if let Some(instrument) = market.directory.instruments.last_mut() {
            instrument.state = state;
            instrument.last_trade = last_trade;
        }
    }
    Ok(())
}

fn read_accounts(reader: &mut Reader<'_>, market: &mut Market) -> Result<(), RestoreError> {
    let mut last = None;
    for _ in 0..reader.u32()? {
        let definition = match read_account(reader) {
            Ok(definition) => definition,
            Err(CodecError::Short { at }) => return Err(RestoreError::Short { at }),
            Err(_) => return invalid(reader, "whether an account cancels on disconnect is a flag"),
        };
        ensure(
            last < Some(definition.id),
            reader,
            "the accounts do not ascend by number",
        )?;
        last = Some(definition.id);
        market.directory.define_account(definition);
    }
    Ok(())
}

fn read_sessions(reader: &mut Reader<'_>, market: &mut Market) -> Result<(), RestoreError> {
    let mut last = None;
    for _ in 0..reader.u32()? {
        let definition = read_session(reader)?;
        ensure(
            last < Some(definition.id),
            reader,
            "the sessions do not ascend by number",
        )?;
        last = Some(definition.id);
        match market.directory.define_session(definition) {
            Ok(Defined::New) => {}
            Err(RefuseReason::UnknownAccount) => {
                return invalid(reader, "a session's account is not there");
            }
            _ => return invalid(reader, "a session's login name is not valid, or another's"),
        }
        let next_number = reader.u64()?;
        let last_user_ref = reader.u32()?;
        let order_entry = flag(reader)?;
        let connected = flag(reader)?;
        ensure(
            (1..NUMBER_BOUND).contains(&next_number),
            reader,
            "a session's next number is out of range",
        )?;
        if let Some(session) = market.directory.sessions.last_mut() {
            session.next_number = next_number;
            session.last_user_ref = last_user_ref;
            session.order_entry = order_entry;
            session.connected = connected;
        }
        let at = market.directory.sessions.len() as u32 - 1;
        ensure(
            !connected || market.directory.cancels_on_disconnect(at),
            reader,
            "a session is marked as connected and its account does not cancel on disconnect",
        )?;
    }
    Ok(())
}

fn read_keys(reader: &mut Reader<'_>, market: &mut Market) -> Result<(), RestoreError> {
    let count = reader.u32()?;
    ensure(
        count as usize <= REMEMBERED_KEYS,
        reader,
        "more idempotency keys than are remembered",
    )?;
    for _ in 0..count {
        let key = reader.u64()?;
        ensure(
            key != 0 && !market.keys.contains(key),
            reader,
            "an idempotency key is 0 or there twice",
        )?;
        market.keys.insert(key);
    }
    Ok(())
}

fn read_orders(reader: &mut Reader<'_>, market: &mut Market) -> Result<(), RestoreError> {
    let mut placed = Vec::new();
    for nth in 0..market.directory.instrument_order().len() {
        let at = market.directory.instrument_order()[nth];
        for side in [Side::Buy, Side::Sell] {
            let count = reader.u32()?;
            ensure(
                count as usize <= reader.left() / ORDER_BYTES,
                reader,
                "more orders are announced than there are bytes for",
            )?;
            ensure(
                market.pool.len() + count as usize <= market.config.max_orders as usize,
                reader,
                "more orders than the market has room for",
            )?;
            let mut last = None;
            for _ in 0..count {
                placed.push(read_order(reader, market, at, side, &mut last)?);
            }
        }
    }
    placed.sort_unstable_by_key(|placed| placed.order_ref);
    for Placed { slot, order, .. } in placed {
        if market.orders.is_of_today(&order) {
            ensure(
                market.orders.find(order.session, order.user_ref).is_none(),
                reader,
                "two orders of today have the same session and user reference",
            )?;
        }
        market.orders.insert(slot, order);
        market.directory.opened(order.session);
    }
    Ok(())
}

fn read_order(
    reader: &mut Reader<'_>,
    market: &mut Market,
    at: u32,
    side: Side,
    last: &mut Option<Price>,
) -> Result<Placed, RestoreError> {
    let order_ref = reader.u64()?;
    let price = reader.i64()?;
    let left = reader.u32()?;
    let session = SessionId(reader.u32()?);
    let user_ref = reader.u32()?;
    let executed = reader.u32()?;
    let time_in_force = match reader.u8()? {
        0 => TimeInForce::Day,
        1 => TimeInForce::GoodTillCancel,
        other => {
            return invalid(
                reader,
                format!("time in force {other} is not one that rests"),
            );
        }
    };
    let side_code = reader.u8()?;
    let of_today = flag(reader)?;
    let cl_ord_id = reader.array()?;

    ensure(
        (1..=market.last_order_ref).contains(&order_ref),
        reader,
        "an order reference was never given",
    )?;
    let highest = max_price(
        market.directory.instruments[at as usize]
            .definition
            .tick_size_e4,
    );
    ensure(
        (1..=highest).contains(&price),
        reader,
        "an order's price is out of range",
    )?;
    let in_order = last.is_none_or(|last| match side {
        Side::Buy => price <= last,
        Side::Sell => price >= last,
    });
    ensure(in_order, reader, "the orders of a side are not best first")?;
    *last = Some(price);
    ensure(
        left > 0 && u64::from(left) + u64::from(executed) < QUANTITY_BOUND,
        reader,
        "an order's quantity is out of range",
    )?;
    let Some(session) = market.directory.session(session) else {
        return invalid(reader, "an order's session is not there");
    };
    ensure(
        user_ref > 0
            && (!of_today || user_ref <= market.directory.sessions[session as usize].last_user_ref),
        reader,
        "an order's user reference was never used",
    )?;
    ensure(
        if market.day.open {
            of_today || time_in_force == TimeInForce::GoodTillCancel
        } else {
            !of_today && time_in_force == TimeInForce::GoodTillCancel
        },
        reader,
        "an order outlived its trading day",
    )?;
    let incoming = Incoming::limit(order_ref, side, price, left);
    let mut matched = Matched(false);
    let outcome = market.books[at as usize].enter(&mut market.pool, &incoming, &mut matched);
    let slot = match outcome {
        Ok(Outcome::Rested { slot, .. }) if !matched.0 => slot,
        Ok(_) => return invalid(reader, "the book is crossed"),
        Err(error) => return invalid(reader, format!("order {order_ref}: {error}")),
    };
    Ok(Placed {
        order_ref,
        slot,
        order: Order {
            session,
            user_ref,
            instrument: at,
            executed,
            day: if of_today { market.orders.today } else { 0 },
            time_in_force,
            side_code,
            cl_ord_id,
        },
    })
}
