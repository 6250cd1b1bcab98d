//! The market's reasons in OUCH's codes: the specification's own code where it has one, this venue's range (0xF001 and
//! up) where it has none.

use rialto_market::event::{CancelReason, RejectReason};
use rialto_wire::ouch;

/// The table of reject reasons (OUCH 5.0, Rejected, "Reason").
pub const fn reject_code(reason: RejectReason) -> ouch::RejectReason {
    use ouch::RejectReason as Code;
    match reason {
        RejectReason::MarketClosed => Code::DestinationClosed,
        RejectReason::Halted => Code::Halted,
        RejectReason::UnknownSymbol => Code::InvalidSymbol,
        RejectReason::InvalidQuantity => Code::InvalidQuantity,
        RejectReason::OddLot => Code::OddLot,
        RejectReason::InvalidPrice => Code::InvalidPrice,
        RejectReason::OffTick => Code::OffTick,
        RejectReason::Collar => Code::PriceCollar,
        RejectReason::MaxOrderQuantity => Code::RiskMaxQuantity,
        RejectReason::MaxOrderValue => Code::RiskSingleOrderNotional,
        RejectReason::MaxOpenOrders => Code::MaxOpenOrders,
        RejectReason::PostOnlyWouldMatch => Code::PostOnlyWouldMatch,
        RejectReason::InvalidMinQuantity => Code::InvalidMinQuantity,
        RejectReason::InvalidTimeInForce => Code::InvalidTimeInForce,
        RejectReason::OrderEntryDisabled => Code::OrderEntryDisabled,
        RejectReason::OrderNotFound => Code::OrderNotFound,
        RejectReason::NothingLeft => Code::NothingLeft,
        RejectReason::MarketFull => Code::MarketFull,
    }
}

/// The table of cancel reasons (OUCH 5.0, Order Canceled, "Reason").
pub const fn cancel_code(reason: CancelReason) -> ouch::CancelReason {
    use ouch::CancelReason as Code;
    match reason {
        // Both were asked for by the client.
        CancelReason::User | CancelReason::MassCancel => Code::User,
        CancelReason::Immediate => Code::ImmediateOrCancel,
        CancelReason::DayClosed => Code::Timeout,
        CancelReason::Supervisory => Code::Supervisory,
    }
}
