//! OUCH: what a client asks, in few words, and what it is told.

use crate::settings::Instrument;
use rialto_flow::Side;
use rialto_wire::ouch::inbound::{AccountQuery, CancelOrder, EnterOrder, MassCancel, ReplaceOrder};
use rialto_wire::ouch::outbound::Message;
use rialto_wire::ouch::{
    self, CancelReason, Capacity, ClOrdId, CrossType, Display, Firm, IntermarketSweep,
    LiquidityFlag, OrderState, RejectReason, Symbol, TimeInForce,
};

const fn time_in_force(ioc: bool) -> TimeInForce {
    if ioc {
        TimeInForce::ImmediateOrCancel
    } else {
        TimeInForce::Day
    }
}

/// An Enter Order; the price in ticks.
pub(crate) fn enter(
    out: &mut Vec<u8>,
    instrument: &Instrument,
    user_ref: u32,
    side: Side,
    price: i64,
    qty: u32,
    ioc: bool,
) {
    EnterOrder {
        user_ref_num: user_ref,
        side: match side {
            Side::Buy => ouch::Side::Buy,
            Side::Sell => ouch::Side::Sell,
        },
        quantity: qty,
        symbol: instrument.symbol,
        price_e4: price_e4(instrument, price),
        time_in_force: time_in_force(ioc),
        display: Display::Visible,
        capacity: Capacity::Principal,
        intermarket_sweep: IntermarketSweep::NotEligible,
        cross_type: CrossType::Continuous,
        cl_ord_id: ClOrdId::BLANK,
    }
    .encode(out);
}

/// A Replace Order that keeps the order's total size.
pub(crate) fn replace(
    out: &mut Vec<u8>,
    instrument: &Instrument,
    orig: u32,
    user_ref: u32,
    price: i64,
    total: u32,
) {
    ReplaceOrder {
        orig_user_ref_num: orig,
        user_ref_num: user_ref,
        quantity: total,
        price_e4: price_e4(instrument, price),
        time_in_force: TimeInForce::Day,
        display: Display::Visible,
        intermarket_sweep: IntermarketSweep::NotEligible,
        cl_ord_id: ClOrdId::BLANK,
    }
    .encode(out);
}

/// A price on the wire. A negative one, or one too large, becomes one that the venue refuses with its reason.
fn price_e4(instrument: &Instrument, ticks: i64) -> u64 {
    u64::try_from(ticks)
        .unwrap_or(0)
        .saturating_mul(instrument.tick_e4)
}

/// A Cancel Order down to this total size, executions included; 0 ends it.
pub(crate) fn cancel(out: &mut Vec<u8>, user_ref: u32, total: u32) {
    CancelOrder {
        user_ref_num: user_ref,
        quantity: total,
    }
    .encode(out);
}

/// A Mass Cancel of one symbol, or of all with a blank one.
pub(crate) fn mass_cancel(out: &mut Vec<u8>, user_ref: u32, symbol: Symbol) {
    MassCancel {
        user_ref_num: user_ref,
        firm: Firm::BLANK,
        symbol,
    }
    .encode(out);
}

/// An Account Query: asks for the next user reference number.
pub(crate) fn query(out: &mut Vec<u8>) {
    AccountQuery {}.encode(out);
}

/// What the venue says, as far as it matters here.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Report {
    Accepted {
        user_ref: u32,
        order_ref: u64,
        qty: u32,
        ioc: bool,
        dead: bool,
    },
    Replaced {
        orig: u32,
        user_ref: u32,
        order_ref: u64,
        left: u32,
        price_e4: u64,
        dead: bool,
    },
    Executed {
        user_ref: u32,
        qty: u32,
        price_e4: u64,
        added: bool,
        match_number: u64,
    },
    Canceled {
        user_ref: u32,
        qty: u32,
        /// Whether it answers a request, of one order or of all.
        asked: bool,
    },
    Rejected {
        user_ref: u32,
        reason: RejectReason,
    },
    CancelRejected {
        user_ref: u32,
    },
    MassCanceled,
    NextUserRef {
        next: u32,
    },
    Other,
}

impl Report {
    /// Reads a message.
    ///
    /// # Errors
    /// It is no OUCH message.
    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, rialto_wire::DecodeError> {
        Ok(match Message::decode(bytes)? {
            Message::Accepted(m) => Self::Accepted {
                user_ref: m.user_ref_num(),
                order_ref: m.order_reference_number(),
                qty: m.quantity(),
                ioc: m.time_in_force() == TimeInForce::ImmediateOrCancel,
                dead: m.order_state() == OrderState::Dead,
            },
            Message::Replaced(m) => Self::Replaced {
                orig: m.orig_user_ref_num(),
                user_ref: m.user_ref_num(),
                order_ref: m.order_reference_number(),
                left: m.quantity(),
                price_e4: m.price_e4(),
                dead: m.order_state() == OrderState::Dead,
            },
            Message::Executed(m) => Self::Executed {
                user_ref: m.user_ref_num(),
                qty: m.quantity(),
                price_e4: m.price_e4(),
                added: m.liquidity_flag() == LiquidityFlag::Added,
                match_number: m.match_number(),
            },
            Message::Canceled(m) => Self::Canceled {
                user_ref: m.user_ref_num(),
                qty: m.quantity(),
                asked: m.reason() == CancelReason::User,
            },
            Message::Rejected(m) => Self::Rejected {
                user_ref: m.user_ref_num(),
                reason: m.reason(),
            },
            Message::CancelReject(m) => Self::CancelRejected {
                user_ref: m.user_ref_num(),
            },
            Message::MassCancelResponse(_) => Self::MassCanceled,
            Message::AccountQueryResponse(m) => Self::NextUserRef {
                next: m.next_user_ref_num(),
            },
            _ => Self::Other,
        })
    }
}
