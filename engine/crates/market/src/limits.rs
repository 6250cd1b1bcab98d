//! What an order must satisfy before it may match: the instrument's bounds, the collar, the account's limits.

use rialto_book::{Book, Limit};

use crate::directory::{AccountState, InstrumentState, max_price};
use crate::event::RejectReason;
use crate::types::{
    MARKET_PRICE_E4, MAX_PRICE_E4, Price, PriceE4, QUANTITY_BOUND, Side, TimeInForce, TradingState,
};

/// The terms of an order that are checked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Terms {
    pub(crate) side: Side,
    /// The intended total size.
    pub(crate) quantity: u32,
    pub(crate) price_e4: PriceE4,
    pub(crate) time_in_force: TimeInForce,
    pub(crate) min_quantity: u32,
    pub(crate) post_only: bool,
}

impl Terms {
    /// Whether a remainder rests.
    pub(crate) fn rests(&self) -> bool {
        matches!(
            self.time_in_force,
            TimeInForce::Day | TimeInForce::GoodTillCancel
        )
    }
}

/// How far an order that passed may go: its price, or for a market order the collar's edge.
///
/// The first check that fails is the reason, in the order written here.
///
/// # Errors
/// Why it is refused.
pub(crate) fn check(
    terms: &Terms,
    instrument: &InstrumentState,
    account: &AccountState,
    book: &Book,
) -> Result<Limit, RejectReason> {
    let definition = &instrument.definition;
    if instrument.state == TradingState::Halted {
        return Err(RejectReason::Halted);
    }
    if terms.quantity == 0 || u64::from(terms.quantity) >= QUANTITY_BOUND {
        return Err(RejectReason::InvalidQuantity);
    }
    if !terms.quantity.is_multiple_of(definition.lot_size) {
        return Err(RejectReason::OddLot);
    }
    let market = terms.price_e4 == MARKET_PRICE_E4;
    if terms.price_e4 == 0 || terms.price_e4 > MAX_PRICE_E4 {
        return Err(RejectReason::InvalidPrice);
    }
    let tick = u64::from(definition.tick_size_e4);
    if !market && !terms.price_e4.is_multiple_of(tick) {
        return Err(RejectReason::OffTick);
    }
    if (market && terms.rests()) || (terms.post_only && (market || !terms.rests())) {
        return Err(RejectReason::InvalidTimeInForce);
    }
    let min_fits = match terms.time_in_force {
        TimeInForce::Day | TimeInForce::GoodTillCancel => terms.min_quantity == 0,
        TimeInForce::ImmediateOrCancel => terms.min_quantity <= terms.quantity,
        TimeInForce::FillOrKill => terms.min_quantity == 0 || terms.min_quantity == terms.quantity,
    };
    if !min_fits {
        return Err(RejectReason::InvalidMinQuantity);
    }
    let account = &account.definition;
    if terms.quantity > account.max_order_quantity {
        return Err(RejectReason::MaxOrderQuantity);
    }
    let collar = collar(instrument);
    let limit = if market {
        match collar {
            Some((low, high)) => Limit::Price(match terms.side {
                Side::Buy => high,
                Side::Sell => low,
            }),
            None => Limit::Market,
        }
    } else {
        let price = (terms.price_e4 / tick) as Price;
        if collar.is_some_and(|(low, high)| price < low || price > high) {
            return Err(RejectReason::Collar);
        }
        Limit::Price(price)
    };
    let valued_at = match limit {
        Limit::Price(price) => price,
        Limit::Market => book
            .best(terms.side.opposite())
            .map_or(0, |(price, _)| price),
    };
    let value = (valued_at.unsigned_abs() * tick).saturating_mul(u64::from(terms.quantity));
    if value > account.max_order_value_e4 {
        return Err(RejectReason::MaxOrderValue);
    }
    Ok(limit)
}

/// The lowest and the highest price in ticks that the collar allows, if there is one and a price to measure it from.
pub(crate) fn collar(instrument: &InstrumentState) -> Option<(Price, Price)> {
    let reference = instrument.reference();
    let definition = &instrument.definition;
    if definition.collar_bp == 0 || reference <= 0 {
        return None;
    }
    // Rounded inwards: neither edge is farther away than asked. At most 2^32 times 2^32: fits.
    let width = i128::from(reference) * i128::from(definition.collar_bp) / 10_000;
    let reference = i128::from(reference);
    let highest = i128::from(max_price(definition.tick_size_e4));
    let low = (reference - width).max(1);
    let high = (reference + width).min(highest);
    Some((low as Price, high as Price))
}
