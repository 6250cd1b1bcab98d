//! ITCH's field tables.

use super::codes::{
    Authenticity, BreachedLevel, CrossType, EventCode, FinancialStatus, ImbalanceCrossType,
    ImbalanceDirection, InterestFlag, IpoReleaseQualifier, LuldTier, MarketCategory, MarketCode,
    MarketMakerMode, OperationalHaltAction, ParticipantState, PriceVariation, RegShoAction, Side,
    TradingState, YesNo, YesNoBlank,
};
use super::{Mpid, Stock};
use crate::field::{Alpha, Reserved, Time48};
use crate::message::{encode_plain, messages};

messages! {
    protocol "ITCH 5.0";

    /// A market data message.
    pub enum Message;

    /// An event of the whole market.
    SystemEvent, SystemEventView = b'S' "System Event" "ITCH 5.0 §4.1" tail None [] {
        /// Always 0.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// What happened.
        11 1 event_code: EventCode = "Event Code";
    }

    /// An instrument.
    StockDirectory, StockDirectoryView = b'R' "Stock Directory" "ITCH 5.0 §4.2.1" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Symbol.
        11 8 stock: Stock = "Stock";
        /// Where it is listed.
        19 1 market_category: MarketCategory = "Market Category";
        /// Its issuer's state.
        20 1 financial_status: FinancialStatus = "Financial Status Indicator";
        /// The round lot.
        21 4 round_lot_size: u32 = "Round Lot Size";
        /// Whether only round lots trade.
        25 1 round_lots_only: YesNo = "Round Lots Only";
        /// Its class, a letter of the specification's appendix.
        26 1 issue_classification: Alpha<1> = "Issue Classification";
        /// Its sub-type, one or two letters of the specification's appendix.
        27 2 issue_sub_type: Alpha<2> = "Issue Sub-Type";
        /// Live or test.
        29 1 authenticity: Authenticity = "Authenticity";
        /// Whether short sales are restricted.
        30 1 short_sale_threshold: YesNoBlank = "Short Sale Threshold Indicator";
        /// Whether it is a new issue.
        31 1 ipo_flag: YesNoBlank = "IPO Flag";
        /// Its tier of price bands.
        32 1 luld_tier: LuldTier = "LULD Reference Price Tier";
        /// Whether it is an exchange traded product.
        33 1 etp_flag: YesNoBlank = "ETP Flag";
        /// The product's leverage.
        34 4 etp_leverage_factor: u32 = "ETP Leverage Factor";
        /// Whether the product is inverse.
        38 1 inverse_indicator: YesNo = "Inverse Indicator";
    }

    /// An instrument's trading state.
    StockTradingAction, StockTradingActionView = b'H' "Stock Trading Action" "ITCH 5.0 §4.2.2" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Symbol.
        11 8 stock: Stock = "Stock";
        /// Its state.
        19 1 trading_state: TradingState = "Trading State";
        /// Reserved.
        20 1 reserved: Reserved = "Reserved";
        /// Why, a code of the specification's appendix.
        21 4 reason: Alpha<4> = "Reason";
    }

    /// An instrument's short sale restriction.
    RegShoRestriction, RegShoRestrictionView = b'Y' "Reg SHO Short Sale Price Test Restricted Indicator"
    "ITCH 5.0 §4.2.3" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Locate Code";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Symbol.
        11 8 stock: Stock = "Stock";
        /// The restriction.
        19 1 reg_sho_action: RegShoAction = "Reg SHO Action";
    }

    /// A market participant's state in an instrument.
    MarketParticipantPosition, MarketParticipantPositionView = b'L' "Market Participant Position"
    "ITCH 5.0 §4.2.4" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The participant.
        11 4 mpid: Mpid = "MPID";
        /// Symbol.
        15 8 stock: Stock = "Stock";
        /// Whether it is a primary market maker.
        23 1 primary_market_maker: YesNo = "Primary Market Maker";
        /// Its mode.
        24 1 market_maker_mode: MarketMakerMode = "Market Maker Mode";
        /// Its state.
        25 1 participant_state: ParticipantState = "Market Participant State";
    }

    /// The day's decline levels of the market-wide circuit breaker.
    MwcbDeclineLevel, MwcbDeclineLevelView = b'V' "MWCB Decline Level" "ITCH 5.0 §4.2.5.1" tail None [] {
        /// Always 0.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Level 1 in units of 1e-8.
        11 8 level1_e8: u64 = "Level 1";
        /// Level 2 in units of 1e-8.
        19 8 level2_e8: u64 = "Level 2";
        /// Level 3 in units of 1e-8.
        27 8 level3_e8: u64 = "Level 3";
    }

    /// A decline level was breached.
    MwcbStatus, MwcbStatusView = b'W' "MWCB Status" "ITCH 5.0 §4.2.5.2" tail None [] {
        /// Always 0.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Which one.
        11 1 breached_level: BreachedLevel = "Breached Level";
    }

    /// When a new issue will be released.
    IpoQuotingPeriod, IpoQuotingPeriodView = b'K' "IPO Quoting Period Update" "ITCH 5.0 §4.2.6" tail None [] {
        /// Always 0 in the specification.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Symbol.
        11 8 stock: Stock = "Stock";
        /// Seconds since midnight.
        19 4 release_time_s: u32 = "IPO Quotation Release Time";
        /// Anticipated or cancelled.
        23 1 release_qualifier: IpoReleaseQualifier = "IPO Quotation Release Qualifier";
        /// Price in units of 1e-4.
        24 4 ipo_price_e4: u32 = "IPO Price";
    }

    /// The auction collars of a paused instrument.
    LuldAuctionCollar, LuldAuctionCollarView = b'J' "LULD Auction Collar" "ITCH 5.0 §4.2.7" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Symbol.
        11 8 stock: Stock = "Stock";
        /// Reference price in units of 1e-4.
        19 4 reference_price_e4: u32 = "Auction Collar Reference Price";
        /// Upper collar in units of 1e-4.
        23 4 upper_price_e4: u32 = "Upper Auction Collar Price";
        /// Lower collar in units of 1e-4.
        27 4 lower_price_e4: u32 = "Lower Auction Collar Price";
        /// How many extensions there were.
        31 4 extension: u32 = "Auction Collar Extension";
    }

    /// An interruption at one market.
    OperationalHalt, OperationalHaltView = b'h' "Operational Halt" "ITCH 5.0 §4.2.8" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Symbol.
        11 8 stock: Stock = "Stock";
        /// Which market.
        19 1 market_code: MarketCode = "Market Code";
        /// Halted or trading.
        20 1 action: OperationalHaltAction = "Operational Halt Action";
    }

    /// An order rests.
    AddOrder, AddOrderView = b'A' "Add Order - No MPID Attribution" "ITCH 5.0 §4.3.1" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The order's number.
        11 8 order_reference_number: u64 = "Order Reference Number";
        /// Buy or sell.
        19 1 side: Side = "Buy/Sell Indicator";
        /// Quantity.
        20 4 shares: u32 = "Shares";
        /// Symbol.
        24 8 stock: Stock = "Stock";
        /// Price in units of 1e-4.
        32 4 price_e4: u32 = "Price";
    }

    /// An order of a named participant rests.
    AddOrderMpid, AddOrderMpidView = b'F' "Add Order with MPID Attribution" "ITCH 5.0 §4.3.2" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The order's number.
        11 8 order_reference_number: u64 = "Order Reference Number";
        /// Buy or sell.
        19 1 side: Side = "Buy/Sell Indicator";
        /// Quantity.
        20 4 shares: u32 = "Shares";
        /// Symbol.
        24 8 stock: Stock = "Stock";
        /// Price in units of 1e-4.
        32 4 price_e4: u32 = "Price";
        /// The participant.
        36 4 attribution: Mpid = "Attribution";
    }

    /// A resting order was executed at its price.
    OrderExecuted, OrderExecutedView = b'E' "Order Executed" "ITCH 5.0 §4.4.1" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The order's number.
        11 8 order_reference_number: u64 = "Order Reference Number";
        /// How much was executed now.
        19 4 executed_shares: u32 = "Executed Shares";
        /// The trade's number.
        23 8 match_number: u64 = "Match Number";
    }

    /// A resting order was executed at another price.
    OrderExecutedWithPrice, OrderExecutedWithPriceView = b'C' "Order Executed With Price"
    "ITCH 5.0 §4.4.2" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The order's number.
        11 8 order_reference_number: u64 = "Order Reference Number";
        /// How much was executed now.
        19 4 executed_shares: u32 = "Executed Shares";
        /// The trade's number.
        23 8 match_number: u64 = "Match Number";
        /// Whether it counts in time and sales.
        31 1 printable: YesNo = "Printable";
        /// Price in units of 1e-4.
        32 4 execution_price_e4: u32 = "Execution Price";
    }

    /// A resting order was reduced.
    OrderCancel, OrderCancelView = b'X' "Order Cancel" "ITCH 5.0 §4.4.3" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The order's number.
        11 8 order_reference_number: u64 = "Order Reference Number";
        /// How much was taken off.
        19 4 canceled_shares: u32 = "Canceled Shares";
    }

    /// A resting order is gone.
    OrderDelete, OrderDeleteView = b'D' "Order Delete" "ITCH 5.0 §4.4.4" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The order's number.
        11 8 order_reference_number: u64 = "Order Reference Number";
    }

    /// A resting order gave way to a new one of the same side.
    OrderReplace, OrderReplaceView = b'U' "Order Replace" "ITCH 5.0 §4.4.5" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The old order's number.
        11 8 original_order_reference_number: u64 = "Original Order Reference Number";
        /// The new order's number.
        19 8 new_order_reference_number: u64 = "New Order Reference Number";
        /// The new quantity.
        27 4 shares: u32 = "Shares";
        /// The new price in units of 1e-4.
        31 4 price_e4: u32 = "Price";
    }

    /// A trade of an order that was not shown.
    Trade, TradeView = b'P' "Trade (Non-Cross)" "ITCH 5.0 §4.5.1" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The order's number; 0 in later editions.
        11 8 order_reference_number: u64 = "Order Reference Number";
        /// The resting order's side; always `B` in later editions.
        19 1 side: Side = "Buy/Sell Indicator";
        /// Quantity.
        20 4 shares: u32 = "Shares";
        /// Symbol.
        24 8 stock: Stock = "Stock";
        /// Price in units of 1e-4.
        32 4 price_e4: u32 = "Price";
        /// The trade's number.
        36 8 match_number: u64 = "Match Number";
    }

    /// A cross.
    CrossTrade, CrossTradeView = b'Q' "Cross Trade" "ITCH 5.0 §4.5.2" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// How much was matched.
        11 8 shares: u64 = "Shares";
        /// Symbol.
        19 8 stock: Stock = "Stock";
        /// Price in units of 1e-4.
        27 4 cross_price_e4: u32 = "Cross Price";
        /// The trade's number.
        31 8 match_number: u64 = "Match Number";
        /// Which cross.
        39 1 cross_type: CrossType = "Cross Type";
    }

    /// A trade was broken.
    BrokenTrade, BrokenTradeView = b'B' "Broken Trade / Order Execution" "ITCH 5.0 §4.5.3" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// The trade's number.
        11 8 match_number: u64 = "Match Number";
    }

    /// What a cross would be now.
    Noii, NoiiView = b'I' "Net Order Imbalance Indicator" "ITCH 5.0 §4.6" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// What would match at the reference price.
        11 8 paired_shares: u64 = "Paired Shares";
        /// What would not.
        19 8 imbalance_shares: u64 = "Imbalance Shares";
        /// On which side.
        27 1 imbalance_direction: ImbalanceDirection = "Imbalance Direction";
        /// Symbol.
        28 8 stock: Stock = "Stock";
        /// The price of crossing orders alone, in units of 1e-4.
        36 4 far_price_e4: u32 = "Far Price";
        /// The price of all orders, in units of 1e-4.
        40 4 near_price_e4: u32 = "Near Price";
        /// The reference price in units of 1e-4.
        44 4 reference_price_e4: u32 = "Current Reference Price";
        /// Which cross.
        48 1 cross_type: ImbalanceCrossType = "Cross Type";
        /// How far the near price is from the reference.
        49 1 price_variation: PriceVariation = "Price Variation Indicator";
    }

    /// Whether there is retail interest.
    RetailInterest, RetailInterestView = b'N' "Retail Price Improvement Indicator" "ITCH 5.0 §4.7" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Symbol.
        11 8 stock: Stock = "Stock";
        /// On which side.
        19 1 interest_flag: InterestFlag = "Interest Flag";
    }

    /// A direct listing with capital raise.
    DirectListing, DirectListingView = b'O' "Direct Listing with Capital Raise Price Discovery"
    "ITCH 5.0 §4.8" tail None [] {
        /// The instrument's number today.
        1 2 stock_locate: u16 = "Stock Locate";
        /// The venue's own number.
        3 2 tracking_number: u16 = "Tracking Number";
        /// Since midnight.
        5 6 timestamp: Time48 = "Timestamp";
        /// Symbol.
        11 8 stock: Stock = "Stock";
        /// Whether it may be released for trading.
        19 1 open_eligibility: YesNo = "Open Eligibility Status";
        /// In units of 1e-4.
        20 4 minimum_price_e4: u32 = "Minimum Allowable Price";
        /// In units of 1e-4.
        24 4 maximum_price_e4: u32 = "Maximum Allowable Price";
        /// In units of 1e-4.
        28 4 near_execution_price_e4: u32 = "Near Execution Price";
        /// When that price was set, in nanoseconds since midnight.
        32 8 near_execution_time_ns: u64 = "Near Execution Time";
        /// In units of 1e-4.
        40 4 lower_collar_e4: u32 = "Lower Price Range Collar";
        /// In units of 1e-4.
        44 4 upper_collar_e4: u32 = "Upper Price Range Collar";
    }
}

encode_plain! {
    SystemEvent StockDirectory StockTradingAction RegShoRestriction MarketParticipantPosition MwcbDeclineLevel
    MwcbStatus IpoQuotingPeriod LuldAuctionCollar OperationalHalt AddOrder AddOrderMpid OrderExecuted
    OrderExecutedWithPrice OrderCancel OrderDelete OrderReplace Trade CrossTrade BrokenTrade Noii RetailInterest
    DirectListing
}
