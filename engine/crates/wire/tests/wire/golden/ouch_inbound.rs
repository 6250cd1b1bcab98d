//! OUCH 5.0, client to venue: "OUCH 5.0 Order Entry Specification", tables of §2.

use super::goldens;
use rialto_wire::ouch::{
    AiqStrategy, Capacity, ClOrdId, CrossType, Display, Firm, IntermarketSweep, PostOnly,
    SharesLocated, Side, Symbol, TimeInForce, TimeInForceExtension,
};

goldens! {
    rialto_wire::ouch::inbound;

    // §2.1: 45 bytes of fields and an appendage length of two: 47 before any appendage.
    enter_order: EnterOrder of "§2.1", 47 bytes {
        "4F"
        "UserRefNum" user_ref_num "01020304" = 0x0102_0304;
        "Side" side "42" = Side::Buy;
        "Quantity" quantity "000F423F" = 999_999;
        "Symbol" symbol "4141504C 20202020" = Symbol::new("AAPL").unwrap();
        "Price" price_e4 "00000000 0016F0A8" = 1_503_400;
        "Time In Force" time_in_force "30" = TimeInForce::Day;
        "Display" display "59" = Display::Visible;
        "Capacity" capacity "41" = Capacity::Agency;
        "InterMarket Sweep Eligibility" intermarket_sweep "4E" = IntermarketSweep::NotEligible;
        "CrossType" cross_type "4F" = CrossType::Opening;
        "ClOrdID" cl_ord_id "434C4F5244312020 202020202020" = ClOrdId::new("CLORD1").unwrap();
        tail "0000" = { plain }
    }

    // A market order: §1.2 gives 7FFFFFFF as its price. Post-only, a minimum, a channel, and this venue's 0xF0.
    enter_order_with_appendages: EnterOrder of "§2.1", 62 bytes {
        "4F"
        "UserRefNum" user_ref_num "FFFFFFFF" = u32::MAX;
        "Side" side "45" = Side::SellShortExempt;
        "Quantity" quantity "00000001" = 1;
        "Symbol" symbol "42524B2041202020" = Symbol::new("BRK A").unwrap();
        "Price" price_e4 "00000000 7FFFFFFF" = 2_147_483_647;
        "Time In Force" time_in_force "33" = TimeInForce::ImmediateOrCancel;
        "Display" display "4E" = Display::Hidden;
        "Capacity" capacity "50" = Capacity::Principal;
        "InterMarket Sweep Eligibility" intermarket_sweep "59" = IntermarketSweep::Eligible;
        "CrossType" cross_type "4E" = CrossType::Continuous;
        "ClOrdID" cl_ord_id "2020202020202020 202020202020" = ClOrdId::BLANK;
        tail "000F 0503000000C8 020C50 021C05 02F034" = {
            min_qty: 200, post_only: PostOnly::PostOnly, user_ref_idx: 5,
            time_in_force: TimeInForceExtension::FillOrKill
        }
    }

    // §2.2: 38 bytes of fields and an appendage length of two.
    replace_order: ReplaceOrder of "§2.2", 40 bytes {
        "55"
        "OrigUserRefNum" orig_user_ref_num "00000001" = 1;
        "UserRefNum" user_ref_num "00000002" = 2;
        "Quantity" quantity "000001F4" = 500;
        "Price" price_e4 "00000000 0016F10C" = 1_503_500;
        "Time In Force" time_in_force "36" = TimeInForce::GoodTillTime;
        "Display" display "41" = Display::Attributable;
        "InterMarket Sweep Eligibility" intermarket_sweep "4E" = IntermarketSweep::NotEligible;
        "ClOrdID" cl_ord_id "5245504C2D322020 202020202020" = ClOrdId::new("REPL-2").unwrap();
        tail "0000" = { plain }
    }

    // This venue's 0xF1 names an order of an earlier trading day; OrigUserRefNum is then 0.
    replace_order_of_an_earlier_day: ReplaceOrder of "§2.2", 56 bytes {
        "55"
        "OrigUserRefNum" orig_user_ref_num "00000000" = 0;
        "UserRefNum" user_ref_num "00000003" = 3;
        "Quantity" quantity "00000064" = 100;
        "Price" price_e4 "00000000 00000001" = 1;
        "Time In Force" time_in_force "30" = TimeInForce::Day;
        "Display" display "59" = Display::Visible;
        "InterMarket Sweep Eligibility" intermarket_sweep "4E" = IntermarketSweep::NotEligible;
        "ClOrdID" cl_ord_id "2020202020202020 202020202020" = ClOrdId::BLANK;
        tail "0010 050F00000E10 09F10102030405060708" = {
            expire_time_s: 3600, order_reference_number: 0x0102_0304_0506_0708
        }
    }

    // §2.3: 9 bytes; the appendage length may be left out.
    cancel_order: CancelOrder of "§2.3", 9 bytes {
        "58"
        "UserRefNum" user_ref_num "0000004D" = 77;
        "Quantity" quantity "00000000" = 0;
        = { plain }
    }

    cancel_order_of_an_earlier_day: CancelOrder of "§2.3", 21 bytes {
        "58"
        "UserRefNum" user_ref_num "00000000" = 0;
        "Quantity" quantity "00000019" = 25;
        tail "000A 09F100000000000003E9" = { order_reference_number: 1001 }
    }

    // §2.4.
    modify_order: ModifyOrder of "§2.4", 10 bytes {
        "4D"
        "UserRefNum" user_ref_num "00000003" = 3;
        "Side" side "54" = Side::SellShort;
        "Quantity" quantity "00000032" = 50;
        = { plain }
    }

    modify_order_with_appendages: ModifyOrder of "§2.4", 21 bytes {
        "4D"
        "UserRefNum" user_ref_num "00000003" = 3;
        "Side" side "53" = Side::Sell;
        "Quantity" quantity "00000032" = 50;
        tail "0009 021959 051A4C435442" = {
            shares_located: SharesLocated::Yes, locate_broker: rialto_wire::Alpha::new("LCTB").unwrap()
        }
    }

    // Revision 1.05 §2.5: 17 bytes of fields and an appendage length of two. A blank symbol means all.
    mass_cancel: MassCancel of "§2.5", 26 bytes {
        "43"
        "UserRefNum" user_ref_num "0000000A" = 10;
        "Firm" firm "4649524D" = Firm::new("FIRM").unwrap();
        "Symbol" symbol "2020202020202020" = Symbol::BLANK;
        tail "0007 03180007 021B53" = { group_id: 7, side: Side::Sell }
    }

    // Revision 1.05 §2.6.
    disable_order_entry: DisableOrderEntry of "§2.6", 11 bytes {
        "44"
        "UserRefNum" user_ref_num "0000000B" = 11;
        "Firm" firm "46524D41" = Firm::new("FRMA").unwrap();
        tail "0000" = { plain }
    }

    // Revision 1.05 §2.7.
    enable_order_entry: EnableOrderEntry of "§2.7", 14 bytes {
        "45"
        "UserRefNum" user_ref_num "0000000C" = 12;
        "Firm" firm "46524D41" = Firm::new("FRMA").unwrap();
        tail "0003 021C01" = { user_ref_idx: 1 }
    }

    // §2.8: the type alone.
    account_query: AccountQuery of "§2.8", 1 bytes {
        "51"
        = { plain }
    }

    account_query_of_a_channel: AccountQuery of "§2.8", 6 bytes {
        "51"
        tail "0003 021C03" = { user_ref_idx: 3 }
    }

    // Self-match prevention of revision 1.05, tags 29 and 30.
    enter_order_with_self_match_prevention: EnterOrder of "§2.1", 54 bytes {
        "4F"
        "UserRefNum" user_ref_num "00000005" = 5;
        "Side" side "53" = Side::Sell;
        "Quantity" quantity "00000064" = 100;
        "Symbol" symbol "4D53465420202020" = Symbol::new("MSFT").unwrap();
        "Price" price_e4 "00000000 003D0900" = 4_000_000;
        "Time In Force" time_in_force "45" = TimeInForce::AfterHours;
        "Display" display "59" = Display::Visible;
        "Capacity" capacity "52" = Capacity::Riskless;
        "InterMarket Sweep Eligibility" intermarket_sweep "4E" = IntermarketSweep::NotEligible;
        "CrossType" cross_type "43" = CrossType::Closing;
        "ClOrdID" cl_ord_id "4142434445464748 494A4B4C4D4E" = ClOrdId::new("ABCDEFGHIJKLMN").unwrap();
        tail "0007 021D4F 031E4142" = {
            aiq_strategy: AiqStrategy::FirmCancelOldest, aiq_group_id: rialto_wire::Alpha::new("AB").unwrap()
        }
    }
}
