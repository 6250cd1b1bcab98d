//! OUCH 5.0, client to venue (§2).

use super::{
    Capacity, ClOrdId, CrossType, Display, Firm, IntermarketSweep, RejectReason, Side, Symbol,
    TimeInForce, encode_tailed,
};
use crate::error::DecodeError;
use crate::field::{Wire, array};
use crate::message::messages;

messages! {
    protocol "OUCH 5.0 inbound";

    /// A message from a client.
    pub enum Message;

    /// A new order. 47 bytes with an appendage length of zero.
    EnterOrder, EnterOrderView = b'O' "Enter Order" "OUCH 5.0 §2.1"
    tail Required [
        Firm MinQty CustomerType MaxFloor PriceType PegOffset DiscretionPrice DiscretionPriceType DiscretionPegOffset
        PostOnly RandomReserves Route ExpireTime TradeNow HandleInst GroupId SharesLocated LocateBroker UserRefIdx
        AiqStrategy AiqGroupId TimeInForceExtension
    ] {
        /// The client's number: unique and strictly increasing in a session's trading day.
        1 4 user_ref_num: u32 = "UserRefNum";
        /// Buy or a kind of sell.
        5 1 side: Side = "Side";
        /// Quantity; above zero, below 1,000,000.
        6 4 quantity: u32 = "Quantity";
        /// Symbol.
        10 8 symbol: Symbol = "Symbol";
        /// Limit price in units of 1e-4, or [`super::MARKET_PRICE_E4`].
        18 8 price_e4: u64 = "Price";
        /// How long it may rest.
        26 1 time_in_force: TimeInForce = "Time In Force";
        /// Whether it is shown.
        27 1 display: Display = "Display" only [Visible Hidden Attributable];
        /// In what capacity it is entered.
        28 1 capacity: Capacity = "Capacity";
        /// Inter-market sweep eligibility.
        29 1 intermarket_sweep: IntermarketSweep = "InterMarket Sweep Eligibility";
        /// The cross it takes part in.
        30 1 cross_type: CrossType = "CrossType";
        /// The client's own text, echoed.
        31 14 cl_ord_id: ClOrdId = "ClOrdID";
    }

    /// Replaces an order. 40 bytes with an appendage length of zero.
    ReplaceOrder, ReplaceOrderView = b'U' "Replace Order Request" "OUCH 5.0 §2.2"
    tail Required [
        MinQty CustomerType MaxFloor PriceType PegOffset DiscretionPrice DiscretionPriceType DiscretionPegOffset
        PostOnly RandomReserves ExpireTime TradeNow HandleInst GroupId SharesLocated LocateBroker Side UserRefIdx
        AiqStrategy AiqGroupId TimeInForceExtension OrderReferenceNumber
    ] {
        /// The number of the order to replace; 0 with this venue's tag `OrderReferenceNumber`.
        1 4 orig_user_ref_num: u32 = "OrigUserRefNum";
        /// The new order's number.
        5 4 user_ref_num: u32 = "UserRefNum";
        /// The total size of the whole chain, executions included.
        9 4 quantity: u32 = "Quantity";
        /// The new limit price in units of 1e-4.
        13 8 price_e4: u64 = "Price";
        /// How long the new order may rest.
        21 1 time_in_force: TimeInForce = "Time In Force"
            only [Day ImmediateOrCancel ExtendedHours GoodTillTime];
        /// Whether it is shown.
        22 1 display: Display = "Display" only [Visible Hidden Attributable];
        /// Inter-market sweep eligibility.
        23 1 intermarket_sweep: IntermarketSweep = "InterMarket Sweep Eligibility";
        /// The client's own text for the new order, echoed.
        24 14 cl_ord_id: ClOrdId = "ClOrdID";
    }

    /// Cancels an order or reduces it. 9 bytes without appendages, 11 with an appendage length of zero.
    CancelOrder, CancelOrderView = b'X' "Cancel Order Request" "OUCH 5.0 §2.3"
    tail Optional [UserRefIdx OrderReferenceNumber] {
        /// The order's number; 0 with this venue's tag `OrderReferenceNumber`.
        1 4 user_ref_num: u32 = "UserRefNum";
        /// The intended total size, executions included; 0 cancels all that is left.
        5 4 quantity: u32 = "Quantity";
    }

    /// Changes what keeps an order's priority: the kind of sell, and a smaller size.
    ModifyOrder, ModifyOrderView = b'M' "Modify Order Request" "OUCH 5.0 §2.4"
    tail Optional [SharesLocated LocateBroker UserRefIdx OrderReferenceNumber] {
        /// The order's number; 0 with this venue's tag `OrderReferenceNumber`.
        1 4 user_ref_num: u32 = "UserRefNum";
        /// The new kind of sell; only between `S`, `T` and `E`.
        5 1 side: Side = "Side";
        /// The intended total size, executions included; 0 cancels all that is left.
        6 4 quantity: u32 = "Quantity";
    }

    /// Cancels all orders, or those of a symbol.
    MassCancel, MassCancelView = b'C' "Mass Cancel Request" "OUCH 5.0 rev. 1.05 §2.5"
    tail Required [GroupId Side UserRefIdx] {
        /// The request's own number.
        1 4 user_ref_num: u32 = "UserRefNum";
        /// The firm whose orders end.
        5 4 firm: Firm = "Firm";
        /// One symbol, or blank for all.
        9 8 symbol: Symbol = "Symbol";
    }

    /// Refuses new orders until order entry is enabled again.
    DisableOrderEntry, DisableOrderEntryView = b'D' "Disable Order Entry Request" "OUCH 5.0 rev. 1.05 §2.6"
    tail Required [UserRefIdx] {
        /// The request's own number.
        1 4 user_ref_num: u32 = "UserRefNum";
        /// The firm whose order entry is disabled.
        5 4 firm: Firm = "Firm";
    }

    /// Accepts new orders again.
    EnableOrderEntry, EnableOrderEntryView = b'E' "Enable Order Entry Request" "OUCH 5.0 rev. 1.05 §2.7"
    tail Required [UserRefIdx] {
        /// The request's own number.
        1 4 user_ref_num: u32 = "UserRefNum";
        /// The firm whose order entry is enabled.
        5 4 firm: Firm = "Firm";
    }

    /// Asks for the next user reference number.
    AccountQuery, AccountQueryView = b'Q' "Account Query Request" "OUCH 5.0 §2.8 (2.5 in 2023)"
    tail Optional [UserRefIdx] {
    }
}

encode_tailed! {
    EnterOrder ReplaceOrder CancelOrder ModifyOrder MassCancel DisableOrderEntry EnableOrderEntry AccountQuery
}

/// What answers an order that is well framed but has a wrong value: the content of a Rejected message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Refusal {
    /// The order's number.
    pub user_ref_num: u32,
    /// Why.
    pub reason: RejectReason,
    /// The client's own text, with `?` for what is not printable.
    pub cl_ord_id: ClOrdId,
}

impl Refusal {
    /// Of an Enter or Replace that [`Message::decode`] refused for one of its values; `None` for every other message
    /// and for bytes whose lengths are wrong: OUCH has no answer to those.
    pub fn of(bytes: &[u8], error: &DecodeError) -> Option<Self> {
        if !error.is_value() {
            return None;
        }
        let (number, text) = match *bytes.first()? {
            EnterOrder::CODE => (1, 31),
            ReplaceOrder::CODE => (5, 24),
            _ => return None,
        };
        Some(Self {
            user_ref_num: u32::read(bytes.get(number..number + 4)?).ok()?,
            reason: reason(error),
            cl_ord_id: ClOrdId::clean(array(bytes.get(text..text + 14)?).ok()?),
        })
    }
}

/// The reject reason of a field with a wrong value.
fn reason(error: &DecodeError) -> RejectReason {
    match error.field {
        "Side" => RejectReason::InvalidSide,
        "Display" => RejectReason::InvalidDisplay,
        "CrossType" => RejectReason::InvalidCrossOrder,
        "Symbol" => RejectReason::InvalidSymbol,
        "Time In Force" | "TimeInForceExtension" => RejectReason::InvalidTimeInForce,
        "PriceType" | "DiscretionPriceType" => RejectReason::InvalidPegType,
        "AIQ Strategy" => RejectReason::InvalidAiq,
        "Optional Appendage" => RejectReason::Unsupported,
        _ => RejectReason::Other,
    }
}
