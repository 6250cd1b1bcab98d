//! ITCH 5.0: "Nasdaq TotalView-ITCH 5.0", tables of §4. Every message begins with type (0/1), stock locate (1/2),
//! tracking number (3/2) and timestamp (5/6); the timestamp is 34,200,000,000,123 nanoseconds since midnight.

use super::goldens;
use rialto_wire::itch::{
    Authenticity, BreachedLevel, CrossType, EventCode, FinancialStatus, ImbalanceCrossType,
    ImbalanceDirection, InterestFlag, IpoReleaseQualifier, LuldTier, MarketCategory, MarketCode,
    MarketMakerMode, Mpid, OperationalHaltAction, ParticipantState, PriceVariation, RegShoAction,
    Side, Stock, TradingState, YesNo, YesNoBlank,
};
use rialto_wire::{Alpha, Reserved, Time48};

fn time() -> Time48 {
    Time48::new(34_200_000_000_123).unwrap()
}

goldens! {
    rialto_wire::itch;

    // §4.1.
    system_event: SystemEvent of "§4.1", 12 bytes {
        "53"
        "Stock Locate" stock_locate "0000" = 0;
        "Tracking Number" tracking_number "0001" = 1;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Event Code" event_code "51" = EventCode::StartOfMarketHours;
        = { plain }
    }

    // §4.2.1.
    stock_directory: StockDirectory of "§4.2.1", 39 bytes {
        "52"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0102" = 0x0102;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Market Category" market_category "51" = MarketCategory::GlobalSelect;
        "Financial Status Indicator" financial_status "4E" = FinancialStatus::Normal;
        "Round Lot Size" round_lot_size "00000064" = 100;
        "Round Lots Only" round_lots_only "4E" = YesNo::No;
        "Issue Classification" issue_classification "43" = Alpha::new("C").unwrap();
        "Issue Sub-Type" issue_sub_type "5A20" = Alpha::new("Z").unwrap();
        "Authenticity" authenticity "50" = Authenticity::Production;
        "Short Sale Threshold Indicator" short_sale_threshold "4E" = YesNoBlank::No;
        "IPO Flag" ipo_flag "20" = YesNoBlank::NotAvailable;
        "LULD Reference Price Tier" luld_tier "31" = LuldTier::Tier1;
        "ETP Flag" etp_flag "59" = YesNoBlank::Yes;
        "ETP Leverage Factor" etp_leverage_factor "00000003" = 3;
        "Inverse Indicator" inverse_indicator "59" = YesNo::Yes;
        = { plain }
    }

    // §4.2.2.
    stock_trading_action: StockTradingAction of "§4.2.2", 25 bytes {
        "48"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Trading State" trading_state "48" = TradingState::Halted;
        "Reserved" reserved "20" = Reserved(b' ');
        "Reason" reason "54312020" = Alpha::new("T1").unwrap();
        = { plain }
    }

    // §4.2.3; the specification calls the second field Locate Code here.
    reg_sho_restriction: RegShoRestriction of "§4.2.3", 20 bytes {
        "59"
        "Locate Code" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Reg SHO Action" reg_sho_action "31" = RegShoAction::Intraday;
        = { plain }
    }

    // §4.2.4.
    market_participant_position: MarketParticipantPosition of "§4.2.4", 26 bytes {
        "4C"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "MPID" mpid "41424344" = Mpid::new("ABCD").unwrap();
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Primary Market Maker" primary_market_maker "59" = YesNo::Yes;
        "Market Maker Mode" market_maker_mode "4E" = MarketMakerMode::Normal;
        "Market Participant State" participant_state "57" = ParticipantState::Withdrawn;
        = { plain }
    }

    // §4.2.5.1: prices of eight bytes in units of 1e-8.
    mwcb_decline_level: MwcbDeclineLevel of "§4.2.5.1", 35 bytes {
        "56"
        "Stock Locate" stock_locate "0000" = 0;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Level 1" level1_e8 "0000000000000001" = 1;
        "Level 2" level2_e8 "0102030405060708" = 0x0102_0304_0506_0708;
        "Level 3" level3_e8 "FFFFFFFFFFFFFFFF" = u64::MAX;
        = { plain }
    }

    // §4.2.5.2.
    mwcb_status: MwcbStatus of "§4.2.5.2", 12 bytes {
        "57"
        "Stock Locate" stock_locate "0000" = 0;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Breached Level" breached_level "32" = BreachedLevel::Level2;
        = { plain }
    }

    // §4.2.6.
    ipo_quoting_period: IpoQuotingPeriod of "§4.2.6", 28 bytes {
        "4B"
        "Stock Locate" stock_locate "0000" = 0;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "IPO Quotation Release Time" release_time_s "00008598" = 34_200;
        "IPO Quotation Release Qualifier" release_qualifier "41" = IpoReleaseQualifier::Anticipated;
        "IPO Price" ipo_price_e4 "0016F0A8" = 1_503_400;
        = { plain }
    }

    // §4.2.7.
    luld_auction_collar: LuldAuctionCollar of "§4.2.7", 35 bytes {
        "4A"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Auction Collar Reference Price" reference_price_e4 "0016F0A8" = 1_503_400;
        "Upper Auction Collar Price" upper_price_e4 "0016F10C" = 1_503_500;
        "Lower Auction Collar Price" lower_price_e4 "0016F044" = 1_503_300;
        "Auction Collar Extension" extension "00000001" = 1;
        = { plain }
    }

    // §4.2.8: a lower-case type.
    operational_halt: OperationalHalt of "§4.2.8", 21 bytes {
        "68"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Market Code" market_code "42" = MarketCode::Bx;
        "Operational Halt Action" action "54" = OperationalHaltAction::Trading;
        = { plain }
    }

    // §4.3.1.
    add_order: AddOrder of "§4.3.1", 36 bytes {
        "41"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Order Reference Number" order_reference_number "00000000075BCD15" = 123_456_789;
        "Buy/Sell Indicator" side "42" = Side::Buy;
        "Shares" shares "00000064" = 100;
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Price" price_e4 "0016F0A8" = 1_503_400;
        = { plain }
    }

    // §4.3.2.
    add_order_mpid: AddOrderMpid of "§4.3.2", 40 bytes {
        "46"
        "Stock Locate" stock_locate "FFFF" = 65_535;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Order Reference Number" order_reference_number "00000000075BCD15" = 123_456_789;
        "Buy/Sell Indicator" side "53" = Side::Sell;
        "Shares" shares "000F423F" = 999_999;
        "Stock" stock "4142434445464748" = Stock::new("ABCDEFGH").unwrap();
        "Price" price_e4 "FFFFFFFF" = u32::MAX;
        "Attribution" attribution "41424344" = Mpid::new("ABCD").unwrap();
        = { plain }
    }

    // §4.4.1.
    order_executed: OrderExecuted of "§4.4.1", 31 bytes {
        "45"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Order Reference Number" order_reference_number "00000000075BCD15" = 123_456_789;
        "Executed Shares" executed_shares "00000032" = 50;
        "Match Number" match_number "000000003ADE68B1" = 987_654_321;
        = { plain }
    }

    // §4.4.2.
    order_executed_with_price: OrderExecutedWithPrice of "§4.4.2", 36 bytes {
        "43"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Order Reference Number" order_reference_number "00000000075BCD15" = 123_456_789;
        "Executed Shares" executed_shares "00000032" = 50;
        "Match Number" match_number "000000003ADE68B1" = 987_654_321;
        "Printable" printable "59" = YesNo::Yes;
        "Execution Price" execution_price_e4 "0016F044" = 1_503_300;
        = { plain }
    }

    // §4.4.3.
    order_cancel: OrderCancel of "§4.4.3", 23 bytes {
        "58"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Order Reference Number" order_reference_number "00000000075BCD15" = 123_456_789;
        "Canceled Shares" canceled_shares "00000019" = 25;
        = { plain }
    }

    // §4.4.4.
    order_delete: OrderDelete of "§4.4.4", 19 bytes {
        "44"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Order Reference Number" order_reference_number "00000000075BCD15" = 123_456_789;
        = { plain }
    }

    // §4.4.5.
    order_replace: OrderReplace of "§4.4.5", 35 bytes {
        "55"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Original Order Reference Number" original_order_reference_number "00000000075BCD15" = 123_456_789;
        "New Order Reference Number" new_order_reference_number "00000000075BCD16" = 123_456_790;
        "Shares" shares "0000004B" = 75;
        "Price" price_e4 "0016F10C" = 1_503_500;
        = { plain }
    }

    // §4.5.1.
    trade: Trade of "§4.5.1", 44 bytes {
        "50"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Order Reference Number" order_reference_number "0000000000000000" = 0;
        "Buy/Sell Indicator" side "42" = Side::Buy;
        "Shares" shares "00000064" = 100;
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Price" price_e4 "0016F0A8" = 1_503_400;
        "Match Number" match_number "000000003ADE68B1" = 987_654_321;
        = { plain }
    }

    // §4.5.2: a quantity of eight bytes.
    cross_trade: CrossTrade of "§4.5.2", 40 bytes {
        "51"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Shares" shares "0000000100000000" = 4_294_967_296;
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Cross Price" cross_price_e4 "0016F0A8" = 1_503_400;
        "Match Number" match_number "000000003ADE68B1" = 987_654_321;
        "Cross Type" cross_type "43" = CrossType::Closing;
        = { plain }
    }

    // §4.5.3.
    broken_trade: BrokenTrade of "§4.5.3", 19 bytes {
        "42"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Match Number" match_number "000000003ADE68B1" = 987_654_321;
        = { plain }
    }

    // §4.6.
    noii: Noii of "§4.6", 50 bytes {
        "49"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Paired Shares" paired_shares "0000000000002710" = 10_000;
        "Imbalance Shares" imbalance_shares "00000000000003E8" = 1_000;
        "Imbalance Direction" imbalance_direction "4F" = ImbalanceDirection::InsufficientOrders;
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Far Price" far_price_e4 "0016F0A8" = 1_503_400;
        "Near Price" near_price_e4 "0016F10C" = 1_503_500;
        "Current Reference Price" reference_price_e4 "0016F044" = 1_503_300;
        "Cross Type" cross_type "4F" = ImbalanceCrossType::Opening;
        "Price Variation Indicator" price_variation "4C" = PriceVariation::Below1;
        = { plain }
    }

    // §4.7.
    retail_interest: RetailInterest of "§4.7", 20 bytes {
        "4E"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Interest Flag" interest_flag "41" = InterestFlag::Both;
        = { plain }
    }

    // §4.8.
    direct_listing: DirectListing of "§4.8", 48 bytes {
        "4F"
        "Stock Locate" stock_locate "000D" = 13;
        "Tracking Number" tracking_number "0000" = 0;
        "Timestamp" timestamp "1F1ACED9F07B" = time();
        "Stock" stock "4141504C20202020" = Stock::new("AAPL").unwrap();
        "Open Eligibility Status" open_eligibility "59" = YesNo::Yes;
        "Minimum Allowable Price" minimum_price_e4 "0016F044" = 1_503_300;
        "Maximum Allowable Price" maximum_price_e4 "0016F10C" = 1_503_500;
        "Near Execution Price" near_execution_price_e4 "0016F0A8" = 1_503_400;
        "Near Execution Time" near_execution_time_ns "00001F1ACED9F07B" = 34_200_000_000_123;
        "Lower Price Range Collar" lower_collar_e4 "00000001" = 1;
        "Upper Price Range Collar" upper_collar_e4 "00000002" = 2;
        = { plain }
    }
}
