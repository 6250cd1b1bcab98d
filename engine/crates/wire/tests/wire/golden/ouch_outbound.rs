//! OUCH 5.0, venue to client: "OUCH 5.0 Order Entry Specification", tables of §3. The timestamp of all is 09:30 and 123
//! nanoseconds, 34,200,000,000,123 since midnight.

use super::goldens;
use rialto_wire::ouch::{
    AiqStrategy, BboWeight, BrokenTradeReason, CancelReason, Capacity, ClOrdId, CrossType, Display,
    EventCode, Firm, IntermarketSweep, LiquidityFlag, OrderState, PriceType, RejectReason,
    RestatedReason, SharesLocated, Side, Symbol, TimeInForce, TimeInForceExtension,
};

const NS: u64 = 34_200_000_000_123;

goldens! {
    rialto_wire::ouch::outbound;

    // §3.1.
    system_event: SystemEvent of "§3.1", 10 bytes {
        "53"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "Event Code" event_code "53" = EventCode::StartOfDay;
        = { plain }
    }

    // §3.2: 62 bytes of fields and an appendage length of two.
    accepted: Accepted of "§3.2", 64 bytes {
        "41"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000001" = 1;
        "Side" side "42" = Side::Buy;
        "Quantity" quantity "00000064" = 100;
        "Symbol" symbol "4141504C20202020" = Symbol::new("AAPL").unwrap();
        "Price" price_e4 "000000000016F0A8" = 1_503_400;
        "Time In Force" time_in_force "30" = TimeInForce::Day;
        "Display" display "5A" = Display::Conformant;
        "Order Reference Number" order_reference_number "00000000075BCD15" = 123_456_789;
        "Capacity" capacity "41" = Capacity::Agency;
        "InterMarket Sweep Eligibility" intermarket_sweep "4E" = IntermarketSweep::NotEligible;
        "CrossType" cross_type "43" = CrossType::Closing;
        "Order State" order_state "4C" = OrderState::Live;
        "ClOrdID" cl_ord_id "434C4F5244312020202020202020" = ClOrdId::new("CLORD1").unwrap();
        tail "0000" = { plain }
    }

    accepted_with_appendages: Accepted of "§3.2", 88 bytes {
        "41"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000001" = 1;
        "Side" side "54" = Side::SellShort;
        "Quantity" quantity "00000064" = 100;
        "Symbol" symbol "4141504C20202020" = Symbol::new("AAPL").unwrap();
        "Price" price_e4 "000000000016F0A8" = 1_503_400;
        "Time In Force" time_in_force "35" = TimeInForce::ExtendedHours;
        "Display" display "41" = Display::Attributable;
        "Order Reference Number" order_reference_number "FFFFFFFFFFFFFFFF" = u64::MAX;
        "Capacity" capacity "4F" = Capacity::Other;
        "InterMarket Sweep Eligibility" intermarket_sweep "59" = IntermarketSweep::Eligible;
        "CrossType" cross_type "41" = CrossType::AfterHoursClose;
        "Order State" order_state "44" = OrderState::Dead;
        "ClOrdID" cl_ord_id "2020202020202020202020202020" = ClOrdId::BLANK;
        tail "0018 05024649524D 02064C 050E52544531 021232 021C05 02F031" = {
            firm: Firm::new("FIRM").unwrap(), price_type: PriceType::Limit,
            route: rialto_wire::Alpha::new("RTE1").unwrap(), bbo_weight: BboWeight::UpTo2, user_ref_idx: 5,
            time_in_force: TimeInForceExtension::GoodTillCancel
        }
    }

    // §3.3: 66 bytes of fields and an appendage length of two.
    replaced: Replaced of "§3.3", 68 bytes {
        "55"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "OrigUserRefNum" orig_user_ref_num "00000001" = 1;
        "UserRefNum" user_ref_num "00000002" = 2;
        "Side" side "53" = Side::Sell;
        "Quantity" quantity "00000190" = 400;
        "Symbol" symbol "4D53465420202020" = Symbol::new("MSFT").unwrap();
        "Price" price_e4 "00000000003D0900" = 4_000_000;
        "Time In Force" time_in_force "33" = TimeInForce::ImmediateOrCancel;
        "Display" display "4E" = Display::Hidden;
        "Order Reference Number" order_reference_number "00000000075BCD16" = 123_456_790;
        "Capacity" capacity "50" = Capacity::Principal;
        "InterMarket Sweep Eligibility" intermarket_sweep "4E" = IntermarketSweep::NotEligible;
        "CrossType" cross_type "4E" = CrossType::Continuous;
        "Order State" order_state "44" = OrderState::Dead;
        "ClOrdID" cl_ord_id "434C4F5244322020202020202020" = ClOrdId::new("CLORD2").unwrap();
        tail "0000" = { plain }
    }

    // §3.4.
    canceled: Canceled of "§3.4", 18 bytes {
        "43"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000002" = 2;
        "Quantity" quantity "00000064" = 100;
        "Reason" reason "55" = CancelReason::User;
        = { plain }
    }

    canceled_with_appendages: Canceled of "§3.4", 33 bytes {
        "43"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000002" = 2;
        "Quantity" quantity "00000064" = 100;
        "Reason" reason "65" = CancelReason::DirectListing;
        tail "000D 021C05 09F1000000000000002A" = { user_ref_idx: 5, order_reference_number: 42 }
    }

    // §3.5: the reason is always 'Q'.
    aiq_canceled: AiqCanceled of "§3.5", 32 bytes {
        "44"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000004" = 4;
        "Decrement Shares" decrement_shares "00000064" = 100;
        "Reason" reason "51" = CancelReason::SelfMatchPrevention;
        "Quantity prevented from trading" quantity_prevented "0000003C" = 60;
        "Execution Price" execution_price_e4 "000000000016F0A8" = 1_503_400;
        "Liquidity Flag" liquidity_flag "52" = LiquidityFlag::Removed;
        "AIQ Strategy" aiq_strategy "4F" = AiqStrategy::FirmCancelOldest;
        = { plain }
    }

    // §3.6: 34 bytes of fields and an appendage length of two.
    executed: Executed of "§3.6", 36 bytes {
        "45"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000001" = 1;
        "Quantity" quantity "00000064" = 100;
        "Price" price_e4 "000000000016F0A8" = 1_503_400;
        "Liquidity Flag" liquidity_flag "41" = LiquidityFlag::Added;
        "Match Number" match_number "000000003ADE68B1" = 987_654_321;
        tail "0000" = { plain }
    }

    executed_of_an_earlier_day: Executed of "§3.6", 46 bytes {
        "45"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000001" = 1;
        "Quantity" quantity "00000064" = 100;
        "Price" price_e4 "000000000016F0A8" = 1_503_400;
        "Liquidity Flag" liquidity_flag "6D" = LiquidityFlag::MidpointRemoved;
        "Match Number" match_number "000000003ADE68B1" = 987_654_321;
        tail "000A 09F10000000000000007" = { order_reference_number: 7 }
    }

    // §3.7.
    broken_trade: BrokenTrade of "§3.7", 36 bytes {
        "42"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000001" = 1;
        "Match Number" match_number "000000003ADE68B1" = 987_654_321;
        "Reason" reason "58" = BrokenTradeReason::External;
        "ClOrdID" cl_ord_id "434C4F5244312020202020202020" = ClOrdId::new("CLORD1").unwrap();
        = { plain }
    }

    // §3.8: the reason is a number of two bytes.
    rejected: Rejected of "§3.8", 29 bytes {
        "4A"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000009" = 9;
        "Reason" reason "001D" = RejectReason::InvalidPrice;
        "ClOrdID" cl_ord_id "4241445058202020202020202020" = ClOrdId::new("BADPX").unwrap();
        = { plain }
    }

    rejected_for_a_reason_of_this_venue: Rejected of "§3.8", 34 bytes {
        "4A"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000009" = 9;
        "Reason" reason "F002" = RejectReason::OffTick;
        "ClOrdID" cl_ord_id "4241445058202020202020202020" = ClOrdId::new("BADPX").unwrap();
        tail "0003 021C02" = { user_ref_idx: 2 }
    }

    // §3.9.
    cancel_pending: CancelPending of "§3.9", 13 bytes {
        "50"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000005" = 5;
        = { plain }
    }

    // §3.10.
    cancel_reject: CancelReject of "§3.10", 13 bytes {
        "49"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000006" = 6;
        = { plain }
    }

    // §3.11.
    order_priority_update: OrderPriorityUpdate of "§3.11", 30 bytes {
        "54"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000007" = 7;
        "Price" price_e4 "000000000016F044" = 1_503_300;
        "Display" display "59" = Display::Visible;
        "Order Reference Number" order_reference_number "000000000000022B" = 555;
        = { plain }
    }

    // §3.12.
    modified: Modified of "§3.12", 18 bytes {
        "4D"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000003" = 3;
        "Side" side "45" = Side::SellShortExempt;
        "Quantity" quantity "00000032" = 50;
        = { plain }
    }

    modified_with_appendages: Modified of "§3.12", 26 bytes {
        "4D"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000003" = 3;
        "Side" side "45" = Side::SellShortExempt;
        "Quantity" quantity "00000032" = 50;
        tail "0006 02194E 021C04" = { shares_located: SharesLocated::No, user_ref_idx: 4 }
    }

    // §3.13: 14 bytes of fields and an appendage length of two.
    restated: Restated of "§3.13", 42 bytes {
        "52"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "00000008" = 8;
        "Reason" reason "52" = RestatedReason::Refresh;
        tail "001A 09010000000000000309 051600000064 0917000000000016F0A8" = {
            secondary_ord_ref_num: 777, display_quantity: 100, display_price_e4: 1_503_400
        }
    }

    // Revision 1.05 §3.14.
    mass_cancel_response: MassCancelResponse of "§3.14", 27 bytes {
        "58"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "0000000A" = 10;
        "Firm" firm "4649524D" = Firm::new("FIRM").unwrap();
        "Symbol" symbol "4D53465420202020" = Symbol::new("MSFT").unwrap();
        tail "0000" = { plain }
    }

    // Revision 1.05 §3.15.
    disable_order_entry_response: DisableOrderEntryResponse of "§3.15", 19 bytes {
        "47"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "0000000B" = 11;
        "Firm" firm "46524D41" = Firm::new("FRMA").unwrap();
        tail "0000" = { plain }
    }

    // Revision 1.05 §3.16.
    enable_order_entry_response: EnableOrderEntryResponse of "§3.16", 22 bytes {
        "4B"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "UserRefNum" user_ref_num "0000000C" = 12;
        "Firm" firm "46524D41" = Firm::new("FRMA").unwrap();
        tail "0003 021C01" = { user_ref_idx: 1 }
    }

    // §3.17 (§3.14 in the edition of 2023).
    account_query_response: AccountQueryResponse of "§3.17", 13 bytes {
        "51"
        "Timestamp" timestamp_ns "00001F1ACED9F07B" = NS;
        "NextUserRefNum" next_user_ref_num "0000000D" = 13;
        = { plain }
    }
}
