//! The values of OUCH's enumerated fields.

use crate::field::codes;

codes! {
    /// `Side` (§2.1).
    pub enum Side: u8 {
        /// Buy.
        Buy = b'B',
        /// Sell.
        Sell = b'S',
        /// Sell short.
        SellShort = b'T',
        /// Sell short, exempt.
        SellShortExempt = b'E',
    }

    /// `Time In Force` (§2.1): FIX tag 59. What it lacks is in [`crate::ouch::Tag::TimeInForceExtension`].
    pub enum TimeInForce: u8 {
        /// The trading day's market hours.
        Day = b'0',
        /// Immediate or cancel.
        ImmediateOrCancel = b'3',
        /// Extended hours.
        ExtendedHours = b'5',
        /// Until the time of tag 15, `ExpireTime`.
        GoodTillTime = b'6',
        /// After hours.
        AfterHours = b'E',
    }

    /// This venue's tag 0xF0: the values of FIX tag 59 that `Time In Force` lacks.
    pub enum TimeInForceExtension: u8 {
        /// Until cancelled, beyond the trading day; with `Time In Force` `0`.
        GoodTillCancel = b'1',
        /// All at once or nothing; with `Time In Force` `3`.
        FillOrKill = b'4',
    }

    /// `Display` (§2.1, §3.2).
    pub enum Display: u8 {
        /// Visible.
        Visible = b'Y',
        /// Hidden.
        Hidden = b'N',
        /// Visible, with the firm's name.
        Attributable = b'A',
        /// Conformant; from the venue only.
        Conformant = b'Z',
    }

    /// `Capacity` (§2.1).
    pub enum Capacity: u8 {
        /// Agency.
        Agency = b'A',
        /// Principal.
        Principal = b'P',
        /// Riskless principal.
        Riskless = b'R',
        /// Other.
        Other = b'O',
    }

    /// `InterMarket Sweep Eligibility` (§2.1).
    pub enum IntermarketSweep: u8 {
        /// Eligible.
        Eligible = b'Y',
        /// Not eligible.
        NotEligible = b'N',
    }

    /// `CrossType` (§2.1).
    pub enum CrossType: u8 {
        /// The continuous market.
        Continuous = b'N',
        /// The opening cross.
        Opening = b'O',
        /// The closing cross.
        Closing = b'C',
        /// Halt or IPO.
        HaltIpo = b'H',
        /// Supplemental.
        Supplemental = b'S',
        /// Retail.
        Retail = b'R',
        /// Extended life.
        ExtendedLife = b'E',
        /// The close after hours.
        AfterHoursClose = b'A',
    }

    /// `Event Code` (§3.1).
    pub enum EventCode: u8 {
        /// Open, and ready to accept orders.
        StartOfDay = b'S',
        /// Closed; breaks and cancels may still follow.
        EndOfDay = b'E',
    }

    /// `Order State` (§3.2).
    pub enum OrderState: u8 {
        /// Live.
        Live = b'L',
        /// Accepted and at once cancelled; nothing more comes for it.
        Dead = b'D',
    }

    /// `Reason` of Canceled (Appendix B; C in 2023).
    pub enum CancelReason: u8 {
        /// A regulatory restriction.
        Regulatory = b'D',
        /// A day order after the closing cross.
        Closed = b'E',
        /// Post-only, and it would have been priced away from its limit for other markets.
        PostOnlyNms = b'F',
        /// Post-only, and it would have met a displayed order of the other side.
        PostOnlyContra = b'G',
        /// Halted.
        Halted = b'H',
        /// The rest of an immediate-or-cancel order.
        ImmediateOrCancel = b'I',
        /// Market collars.
        MarketCollars = b'K',
        /// It would have matched an order of the same firm.
        SelfMatchPrevention = b'Q',
        /// By the venue's operators.
        Supervisory = b'S',
        /// Its time in force ended.
        Timeout = b'T',
        /// Asked for.
        User = b'U',
        /// Opening price protection.
        OpenProtection = b'X',
        /// By the venue's system.
        System = b'Z',
        /// More than a direct listing's shares.
        DirectListing = b'e',
    }

    /// `Reason` of Broken Trade (§3.7).
    pub enum BrokenTradeReason: u8 {
        /// Clearly erroneous.
        Erroneous = b'E',
        /// Both parties agreed.
        Consent = b'C',
        /// By the venue's operators.
        Supervisory = b'S',
        /// By a third party.
        External = b'X',
    }

    /// `Reason` of Order Restated (§3.13).
    pub enum RestatedReason: u8 {
        /// The displayed part was refreshed.
        Refresh = b'R',
        /// The displayed price changed.
        DisplayPrice = b'P',
    }

    /// `Liquidity Flag` (Appendix D; E in 2023).
    pub enum LiquidityFlag: u8 {
        /// Added: this was the resting order.
        Added = b'A',
        /// Removed: this was the incoming order.
        Removed = b'R',
        /// The closing cross.
        ClosingCross = b'C',
        /// Retail, added displayed.
        RetailAdded = b'e',
        /// Halt or IPO cross.
        HaltIpoCross = b'H',
        /// The closing cross after hours.
        AfterHoursClosingCross = b'i',
        /// Added, not displayed.
        NonDisplayedAdded = b'J',
        /// Retail price improving, added.
        RetailPriceImprovingAdded = b'j',
        /// Added at the midpoint.
        MidpointAdded = b'k',
        /// Halt cross.
        HaltCross = b'K',
        /// Closing cross, imbalance only.
        ClosingImbalanceOnly = b'L',
        /// Opening cross, imbalance only.
        OpeningImbalanceOnly = b'M',
        /// Removed at the midpoint.
        MidpointRemoved = b'm',
        /// Passive midpoint.
        PassiveMidpoint = b'N',
        /// Midpoint extended life.
        MidpointExtendedLife = b'n',
        /// The opening cross.
        OpeningCross = b'O',
        /// Removed price-improving non-displayed liquidity.
        RemovedPriceImproving = b'p',
        /// Retail, removed midpoint liquidity.
        RetailRemovedMidpoint = b'q',
        /// Retail, removed retail-price-improving liquidity.
        RetailRemovedPriceImproving = b'r',
        /// Retail, removed other price-improving liquidity.
        RetailRemovedOther = b't',
        /// A reserve order's hidden part, added.
        ReserveAdded = b'u',
        /// Supplemental.
        Supplemental = b'0',
        /// Retail price improving, added, no indicator.
        RetailPriceImprovingNoIndicator = b'1',
        /// Added before the market opened.
        PreMarketAdded = b'2',
        /// Removed before the market opened.
        PreMarketRemoved = b'3',
        /// Displayed, bettered the national best before the market opened.
        PreMarketImprovesBest = b'5',
        /// Displayed, bettered the national best.
        ImprovesBest = b'7',
        /// Displayed, set the venue's best while joining the national one.
        SetsBest = b'8',
        /// Added before the market opened, not displayed.
        PreMarketNonDisplayedAdded = b'9',
    }

    /// Tag 4, `CustomerType`.
    pub enum CustomerType: u8 {
        /// Retail designated.
        Retail = b'R',
        /// Not retail designated.
        NotRetail = b'N',
        /// The port's default.
        PortDefault = b' ',
    }

    /// Tag 6, `PriceType`.
    pub enum PriceType: u8 {
        /// Limit.
        Limit = b'L',
        /// Market peg.
        MarketPeg = b'P',
        /// Midpoint peg.
        MidpointPeg = b'M',
        /// Primary peg.
        PrimaryPeg = b'R',
        /// Market maker peg.
        MarketMakerPeg = b'Q',
        /// Midpoint.
        Midpoint = b'm',
    }

    /// Tag 10, `DiscretionPriceType`.
    pub enum DiscretionPriceType: u8 {
        /// Limit.
        Limit = b'L',
        /// Market peg.
        MarketPeg = b'P',
        /// Midpoint peg.
        MidpointPeg = b'M',
        /// Primary peg.
        PrimaryPeg = b'R',
    }

    /// Tag 12, `PostOnly`.
    pub enum PostOnly: u8 {
        /// Never take.
        PostOnly = b'P',
        /// No.
        No = b'N',
    }

    /// Tag 16, `TradeNow`.
    pub enum TradeNow: u8 {
        /// Yes.
        Yes = b'Y',
        /// No.
        No = b'N',
        /// The port's default.
        PortDefault = b' ',
    }

    /// Tag 17, `HandleInst`.
    pub enum HandleInst: u8 {
        /// Imbalance only.
        ImbalanceOnly = b'I',
        /// Retail order type 1.
        RetailType1 = b'O',
        /// Retail order type 2.
        RetailType2 = b'T',
        /// Retail price improvement.
        RetailPriceImprovement = b'Q',
        /// Extended life and continuous.
        ExtendedLifeContinuous = b'B',
        /// Direct listing with capital raise.
        DirectListing = b'D',
        /// Retail price improvement with a hidden indicator (edition of 2023 only).
        RetailPriceImprovementHidden = b'R',
        /// No instructions.
        None = b' ',
    }

    /// Tag 18, `BBO Weight Indicator`.
    pub enum BboWeight: u8 {
        /// 0 to 0.2 %.
        UpTo0_2 = b'0',
        /// 0.2 to 1 %.
        UpTo1 = b'1',
        /// 1 to 2 %.
        UpTo2 = b'2',
        /// Above 2 %.
        Above2 = b'3',
        /// Unspecified.
        Unspecified = b' ',
        /// Sets the venue's best while joining the national one.
        SetsBest = b'S',
        /// Betters the national best.
        ImprovesBest = b'N',
    }

    /// Tag 25, `SharesLocated`.
    pub enum SharesLocated: u8 {
        /// Yes.
        Yes = b'Y',
        /// No.
        No = b'N',
    }

    /// Tag 29 and AIQ Canceled, `AIQ Strategy`: what happens when two orders of the same owner would match. The owner
    /// is a firm, an organisation, a group of affiliates, or any order of the account.
    pub enum AiqStrategy: u8 {
        /// The port's default.
        PortDefault = b'*',
        /// Off.
        Disabled = b'N',
        /// Firm: reduce both, no details.
        FirmReduceBothQuietly = b'Y',
        /// Firm: reduce both.
        FirmReduceBoth = b'D',
        /// Firm: cancel the older.
        FirmCancelOldest = b'O',
        /// Firm: cancel the newer.
        FirmCancelNewest = b'W',
        /// Firm: as the incoming order says.
        FirmUseRemover = b'R',
        /// Organisation: reduce both, no details.
        OrganisationReduceBothQuietly = b'y',
        /// Organisation: reduce both.
        OrganisationReduceBoth = b'd',
        /// Organisation: cancel the older.
        OrganisationCancelOldest = b'o',
        /// Organisation: cancel the newer.
        OrganisationCancelNewest = b'w',
        /// Organisation: as the incoming order says.
        OrganisationUseRemover = b'r',
        /// Affiliates: reduce both, no details.
        AffiliateReduceBothQuietly = b'Z',
        /// Affiliates: reduce both.
        AffiliateReduceBoth = b'E',
        /// Affiliates: cancel the older.
        AffiliateCancelOldest = b'P',
        /// Affiliates: cancel the newer.
        AffiliateCancelNewest = b'X',
        /// Affiliates: as the incoming order says.
        AffiliateUseRemover = b'S',
        /// Any: reduce both, no details.
        AnyReduceBothQuietly = b'0',
        /// Any: reduce both.
        AnyReduceBoth = b'1',
        /// Any: cancel the older.
        AnyCancelOldest = b'2',
        /// Any: cancel the newer.
        AnyCancelNewest = b'4',
        /// Any: as the incoming order says.
        AnyUseRemover = b'5',
    }
}
