//! Why an order was rejected.

use crate::field::codes;

codes! {
    /// `Reason` of Rejected (§3.8): the specification's list (Appendix C of revision 1.05, D in 2023), and this venue's
    /// own reasons from 0xF001 on, a range that the specification leaves unused. Where the editions differ (0x0024 was
    /// "Risk: Order Type Restricted") the name is the newer one.
    pub enum RejectReason: u16 {
        /// Quote unavailable.
        QuoteUnavailable = 0x0001,
        /// Destination closed: no trading day is open.
        DestinationClosed = 0x0002,
        /// Invalid display.
        InvalidDisplay = 0x0003,
        /// Invalid max floor.
        InvalidMaxFloor = 0x0004,
        /// Invalid peg type.
        InvalidPegType = 0x0005,
        /// Fat finger.
        FatFinger = 0x0006,
        /// Halted.
        Halted = 0x0007,
        /// Inter-market sweep not allowed.
        IsoNotAllowed = 0x0008,
        /// Invalid side.
        InvalidSide = 0x0009,
        /// Processing error.
        ProcessingError = 0x000A,
        /// Cancel pending.
        CancelPending = 0x000B,
        /// Firm not authorized.
        FirmNotAuthorized = 0x000C,
        /// Invalid minimum quantity.
        InvalidMinQuantity = 0x000D,
        /// No closing reference price.
        NoClosingReferencePrice = 0x000E,
        /// Other.
        Other = 0x000F,
        /// Cancel not allowed.
        CancelNotAllowed = 0x0010,
        /// Pegging not allowed.
        PeggingNotAllowed = 0x0011,
        /// Crossed market.
        CrossedMarket = 0x0012,
        /// Invalid quantity.
        InvalidQuantity = 0x0013,
        /// Invalid cross order.
        InvalidCrossOrder = 0x0014,
        /// Replace not allowed.
        ReplaceNotAllowed = 0x0015,
        /// Routing not allowed.
        RoutingNotAllowed = 0x0016,
        /// Invalid symbol.
        InvalidSymbol = 0x0017,
        /// Test.
        Test = 0x0018,
        /// Late limit-on-close too aggressive.
        LateLocTooAggressive = 0x0019,
        /// Retail not allowed.
        RetailNotAllowed = 0x001A,
        /// Invalid midpoint post-only price.
        InvalidMidpointPostOnlyPrice = 0x001B,
        /// Invalid destination.
        InvalidDestination = 0x001C,
        /// Invalid price.
        InvalidPrice = 0x001D,
        /// Shares exceed threshold.
        SharesExceedThreshold = 0x001E,
        /// Exceeds the maximum allowed notional value.
        ExceedsMaximumNotional = 0x001F,
        /// Risk: aggregate exposure exceeded.
        RiskAggregateExposure = 0x0020,
        /// Risk: market impact.
        RiskMarketImpact = 0x0021,
        /// Risk: restricted stock.
        RiskRestrictedStock = 0x0022,
        /// Risk: short sell restricted.
        RiskShortSellRestricted = 0x0023,
        /// Risk: inter-market sweep not allowed.
        RiskIsoNotAllowed = 0x0024,
        /// Risk: exceeds a limit of the average daily volume.
        RiskExceedsAdvLimit = 0x0025,
        /// Risk: fat finger.
        RiskFatFinger = 0x0026,
        /// Risk: locate required.
        RiskLocateRequired = 0x0027,
        /// Risk: a symbol's message rate.
        RiskSymbolMessageRate = 0x0028,
        /// Risk: the port's message rate.
        RiskPortMessageRate = 0x0029,
        /// Risk: the rate of duplicate messages.
        RiskDuplicateMessageRate = 0x002A,
        /// Risk: short sell not allowed.
        RiskShortSellNotAllowed = 0x002B,
        /// Risk: market order not allowed.
        RiskMarketOrderNotAllowed = 0x002C,
        /// Risk: before the market opens, not allowed.
        RiskPreMarketNotAllowed = 0x002D,
        /// Risk: after the market closed, not allowed.
        RiskPostMarketNotAllowed = 0x002E,
        /// Risk: short sell exempt not allowed.
        RiskShortSellExemptNotAllowed = 0x002F,
        /// Risk: the value of a single order.
        RiskSingleOrderNotional = 0x0030,
        /// Risk: the quantity of a single order.
        RiskMaxQuantity = 0x0031,
        /// The short sale state is not available.
        RegShoStateNotAvailable = 0x0032,
        /// Risk: market buy in an IPO not allowed.
        RiskIpoMarketBuyNotAllowed = 0x0033,
        /// Invalid strategy against matching one's own orders.
        InvalidAiq = 0x0040,

        /// This venue: the quantity is not a multiple of the lot size.
        OddLot = 0xF001,
        /// This venue: the price is not a multiple of the tick size.
        OffTick = 0xF002,
        /// This venue: the price is outside the instrument's collar.
        PriceCollar = 0xF003,
        /// This venue: as many orders rest as the account may have.
        MaxOpenOrders = 0xF004,
        /// This venue: post-only, and it would match.
        PostOnlyWouldMatch = 0xF005,
        /// This venue: the time in force does not fit the order.
        InvalidTimeInForce = 0xF006,
        /// This venue: order entry of this session is off.
        OrderEntryDisabled = 0xF007,
        /// This venue: the order to replace is not live.
        OrderNotFound = 0xF008,
        /// This venue: the intended total size is not above what was executed.
        NothingLeft = 0xF009,
        /// This venue: the market holds as many orders as it has room for.
        MarketFull = 0xF00A,
        /// This venue: it can't make the order durable now; nothing happened, send it again later under a new number.
        NotDurable = 0xF00B,
        /// This venue: the message asks for something that the venue does not offer.
        Unsupported = 0xF00C,
    }
}

impl RejectReason {
    /// Where this venue's own reasons begin.
    pub const PRIVATE_FROM: u16 = 0xF000;

    /// Whether the reason is one of this venue's own.
    pub const fn is_private(self) -> bool {
        self.code() >= Self::PRIVATE_FROM
    }
}
