//! OUCH 5.0, venue to client (§3). Every message begins with its timestamp.

use super::{
    AiqStrategy, BrokenTradeReason, CancelReason, Capacity, ClOrdId, CrossType, Display, EventCode,
    Firm, IntermarketSweep, LiquidityFlag, OrderState, RejectReason, RestatedReason, Side, Symbol,
    TimeInForce, encode_tailed,
};
use crate::message::{encode_plain, messages};

messages! {
    protocol "OUCH 5.0 outbound";

    /// A message from the venue.
    pub enum Message;

    /// An event of the whole venue.
    SystemEvent, SystemEventView = b'S' "System Event" "OUCH 5.0 §3.1"
    tail None [] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// What happened.
        9 1 event_code: EventCode = "Event Code";
    }

    /// An Enter Order was accepted.
    Accepted, AcceptedView = b'A' "Order Accepted" "OUCH 5.0 §3.2"
    tail Required [
        Firm MinQty CustomerType MaxFloor PriceType PegOffset DiscretionPrice DiscretionPriceType DiscretionPegOffset
        PostOnly RandomReserves Route ExpireTime TradeNow HandleInst BboWeightIndicator GroupId SharesLocated
        UserRefIdx AiqStrategy AiqGroupId TimeInForceExtension
    ] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number as entered.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// As entered.
        13 1 side: Side = "Side";
        /// The quantity accepted.
        14 4 quantity: u32 = "Quantity";
        /// As entered.
        18 8 symbol: Symbol = "Symbol";
        /// The accepted price in units of 1e-4.
        26 8 price_e4: u64 = "Price";
        /// The accepted time in force.
        34 1 time_in_force: TimeInForce = "Time In Force";
        /// The accepted display.
        35 1 display: Display = "Display";
        /// The venue's number of the order.
        36 8 order_reference_number: u64 = "Order Reference Number";
        /// As entered.
        44 1 capacity: Capacity = "Capacity";
        /// As entered.
        45 1 intermarket_sweep: IntermarketSweep = "InterMarket Sweep Eligibility";
        /// As entered.
        46 1 cross_type: CrossType = "CrossType";
        /// Live, or accepted and at once cancelled.
        47 1 order_state: OrderState = "Order State";
        /// As entered.
        48 14 cl_ord_id: ClOrdId = "ClOrdID";
    }

    /// A Replace Order was accepted.
    Replaced, ReplacedView = b'U' "Order Replaced" "OUCH 5.0 §3.3"
    tail Required [
        Firm MinQty CustomerType MaxFloor PriceType PegOffset DiscretionPrice DiscretionPriceType DiscretionPegOffset
        PostOnly RandomReserves ExpireTime TradeNow HandleInst BboWeightIndicator GroupId SharesLocated UserRefIdx
        AiqStrategy AiqGroupId TimeInForceExtension OrderReferenceNumber
    ] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The replaced order's number.
        9 4 orig_user_ref_num: u32 = "OrigUserRefNum";
        /// The new order's number.
        13 4 user_ref_num: u32 = "UserRefNum";
        /// As entered on the first order of the chain.
        17 1 side: Side = "Side";
        /// What is left to execute.
        18 4 quantity: u32 = "Quantity";
        /// As entered.
        22 8 symbol: Symbol = "Symbol";
        /// The accepted price in units of 1e-4.
        30 8 price_e4: u64 = "Price";
        /// The accepted time in force.
        38 1 time_in_force: TimeInForce = "Time In Force";
        /// The accepted display.
        39 1 display: Display = "Display";
        /// The venue's number of the new order.
        40 8 order_reference_number: u64 = "Order Reference Number";
        /// As entered on the first order of the chain.
        48 1 capacity: Capacity = "Capacity";
        /// As entered.
        49 1 intermarket_sweep: IntermarketSweep = "InterMarket Sweep Eligibility";
        /// As entered on the first order of the chain.
        50 1 cross_type: CrossType = "CrossType";
        /// Live, or accepted and at once cancelled.
        51 1 order_state: OrderState = "Order State";
        /// As entered.
        52 14 cl_ord_id: ClOrdId = "ClOrdID";
    }

    /// An order was cancelled or reduced.
    Canceled, CanceledView = b'C' "Order Canceled" "OUCH 5.0 §3.4"
    tail Optional [UserRefIdx OrderReferenceNumber] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// How much was taken off now.
        13 4 quantity: u32 = "Quantity";
        /// Why.
        17 1 reason: CancelReason = "Reason";
    }

    /// An order was cancelled or reduced instead of matching one of its owner's.
    AiqCanceled, AiqCanceledView = b'D' "AIQ Canceled" "OUCH 5.0 §3.5"
    tail Optional [UserRefIdx OrderReferenceNumber] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// How much was taken off now.
        13 4 decrement_shares: u32 = "Decrement Shares";
        /// Always `Q`.
        17 1 reason: CancelReason = "Reason" only [SelfMatchPrevention];
        /// What would have been executed.
        18 4 quantity_prevented: u32 = "Quantity prevented from trading";
        /// At what price, in units of 1e-4.
        22 8 execution_price_e4: u64 = "Execution Price";
        /// The liquidity flag it would have had.
        30 1 liquidity_flag: LiquidityFlag = "Liquidity Flag";
        /// The strategy of the order.
        31 1 aiq_strategy: AiqStrategy = "AIQ Strategy";
    }

    /// An order was executed, wholly or in part.
    Executed, ExecutedView = b'E' "Order Executed" "OUCH 5.0 §3.6"
    tail Required [UserRefIdx OrderReferenceNumber] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// How much was executed now.
        13 4 quantity: u32 = "Quantity";
        /// At what price, in units of 1e-4.
        17 8 price_e4: u64 = "Price";
        /// Whether the order was resting or incoming.
        25 1 liquidity_flag: LiquidityFlag = "Liquidity Flag";
        /// The trade's number, the same for both sides.
        26 8 match_number: u64 = "Match Number";
    }

    /// An execution was broken.
    BrokenTrade, BrokenTradeView = b'B' "Broken Trade" "OUCH 5.0 §3.7"
    tail Optional [UserRefIdx OrderReferenceNumber] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// The trade's number.
        13 8 match_number: u64 = "Match Number";
        /// Why.
        21 1 reason: BrokenTradeReason = "Reason";
        /// The client's own text.
        22 14 cl_ord_id: ClOrdId = "ClOrdID";
    }

    /// An Enter or Replace was rejected.
    Rejected, RejectedView = b'J' "Rejected" "OUCH 5.0 §3.8"
    tail Optional [UserRefIdx] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The rejected order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// Why.
        13 2 reason: RejectReason = "Reason";
        /// The client's own text.
        15 14 cl_ord_id: ClOrdId = "ClOrdID";
    }

    /// A cancel waits for the end of a cross.
    CancelPending, CancelPendingView = b'P' "Cancel Pending" "OUCH 5.0 §3.9"
    tail Optional [UserRefIdx OrderReferenceNumber] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
    }

    /// A cancel was refused.
    CancelReject, CancelRejectView = b'I' "Cancel Reject" "OUCH 5.0 §3.10"
    tail Optional [UserRefIdx OrderReferenceNumber] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
    }

    /// The venue changed an order's priority.
    OrderPriorityUpdate, OrderPriorityUpdateView = b'T' "Order Priority Update" "OUCH 5.0 §3.11"
    tail Optional [UserRefIdx] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// The limit price in units of 1e-4.
        13 8 price_e4: u64 = "Price";
        /// The new display.
        21 1 display: Display = "Display";
        /// The venue's new number of the order.
        22 8 order_reference_number: u64 = "Order Reference Number";
    }

    /// A Modify was carried out.
    Modified, ModifiedView = b'M' "Order Modified" "OUCH 5.0 §3.12"
    tail Optional [SharesLocated LocateBroker UserRefIdx OrderReferenceNumber] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// The kind of sell as asked.
        13 1 side: Side = "Side";
        /// The quantity outstanding.
        14 4 quantity: u32 = "Quantity";
    }

    /// The venue changed an order.
    Restated, RestatedView = b'R' "Order Restated" "OUCH 5.0 §3.13"
    tail Required [SecondaryOrdRefNum DisplayQuantity DisplayPrice UserRefIdx] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The order's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// Why.
        13 1 reason: RestatedReason = "Reason";
    }

    /// A Mass Cancel was taken.
    MassCancelResponse, MassCancelResponseView = b'X' "Mass Cancel Response" "OUCH 5.0 rev. 1.05 §3.14"
    tail Required [GroupId Side UserRefIdx] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The request's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// As asked.
        13 4 firm: Firm = "Firm";
        /// As asked.
        17 8 symbol: Symbol = "Symbol";
    }

    /// Order entry is disabled.
    DisableOrderEntryResponse, DisableOrderEntryResponseView = b'G' "Disable Order Entry Response"
    "OUCH 5.0 rev. 1.05 §3.15"
    tail Required [UserRefIdx] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The request's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// As asked.
        13 4 firm: Firm = "Firm";
    }

    /// Order entry is enabled.
    EnableOrderEntryResponse, EnableOrderEntryResponseView = b'K' "Enable Order Entry Response"
    "OUCH 5.0 rev. 1.05 §3.16"
    tail Required [UserRefIdx] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The request's number.
        9 4 user_ref_num: u32 = "UserRefNum";
        /// As asked.
        13 4 firm: Firm = "Firm";
    }

    /// The answer to an Account Query.
    AccountQueryResponse, AccountQueryResponseView = b'Q' "Account Query Response"
    "OUCH 5.0 §3.17 (3.14 in 2023)"
    tail Optional [UserRefIdx] {
        /// Nanoseconds since midnight.
        1 8 timestamp_ns: u64 = "Timestamp";
        /// The next number that will be accepted.
        9 4 next_user_ref_num: u32 = "NextUserRefNum";
    }
}

encode_plain! { SystemEvent }

encode_tailed! {
    Accepted Replaced Canceled AiqCanceled Executed BrokenTrade Rejected CancelPending CancelReject
    OrderPriorityUpdate Modified Restated MassCancelResponse DisableOrderEntryResponse EnableOrderEntryResponse
    AccountQueryResponse
}
