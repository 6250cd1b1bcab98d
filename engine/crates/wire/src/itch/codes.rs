//! The values of ITCH's enumerated fields.

use crate::field::codes;

codes! {
    /// `Event Code` of System Event (§4.1).
    pub enum EventCode: u8 {
        /// The first message of a day.
        StartOfMessages = b'O',
        /// Open, and ready to accept orders.
        StartOfSystemHours = b'S',
        /// Orders of market hours can execute.
        StartOfMarketHours = b'Q',
        /// Orders of market hours can no longer execute.
        EndOfMarketHours = b'M',
        /// Closed; broken trades and deletes may still follow.
        EndOfSystemHours = b'E',
        /// The last message of a day.
        EndOfMessages = b'C',
    }

    /// `Buy/Sell Indicator` (§4.3.1).
    pub enum Side: u8 {
        /// Buy.
        Buy = b'B',
        /// Sell.
        Sell = b'S',
    }

    /// `Market Category` (§4.2.1).
    pub enum MarketCategory: u8 {
        /// Nasdaq Global Select Market.
        GlobalSelect = b'Q',
        /// Nasdaq Global Market.
        Global = b'G',
        /// Nasdaq Capital Market.
        Capital = b'S',
        /// New York Stock Exchange.
        Nyse = b'N',
        /// NYSE American.
        NyseAmerican = b'A',
        /// NYSE Arca.
        NyseArca = b'P',
        /// BATS Z.
        BatsZ = b'Z',
        /// Investors Exchange.
        InvestorsExchange = b'V',
        /// Not available.
        NotAvailable = b' ',
    }

    /// `Financial Status Indicator` (§4.2.1).
    pub enum FinancialStatus: u8 {
        /// Normal.
        Normal = b'N',
        /// Deficient.
        Deficient = b'D',
        /// Delinquent.
        Delinquent = b'E',
        /// Bankrupt.
        Bankrupt = b'Q',
        /// Suspended.
        Suspended = b'S',
        /// Deficient and bankrupt.
        DeficientBankrupt = b'G',
        /// Deficient and delinquent.
        DeficientDelinquent = b'H',
        /// Delinquent and bankrupt.
        DelinquentBankrupt = b'J',
        /// Deficient, delinquent and bankrupt.
        DeficientDelinquentBankrupt = b'K',
        /// Creations or redemptions suspended.
        CreationsSuspended = b'C',
        /// Not available.
        NotAvailable = b' ',
    }

    /// `Round Lots Only` (§4.2.1), and other fields that say yes or no.
    pub enum YesNo: u8 {
        /// Yes.
        Yes = b'Y',
        /// No.
        No = b'N',
    }

    /// Fields that say yes, no, or nothing (§4.2.1).
    pub enum YesNoBlank: u8 {
        /// Yes.
        Yes = b'Y',
        /// No.
        No = b'N',
        /// Not available.
        NotAvailable = b' ',
    }

    /// `Authenticity` (§4.2.1).
    pub enum Authenticity: u8 {
        /// Live.
        Production = b'P',
        /// Test.
        Test = b'T',
    }

    /// `LULD Reference Price Tier` (§4.2.1).
    pub enum LuldTier: u8 {
        /// Tier 1.
        Tier1 = b'1',
        /// Tier 2.
        Tier2 = b'2',
        /// Not available.
        NotAvailable = b' ',
    }

    /// `Trading State` (§4.2.2).
    pub enum TradingState: u8 {
        /// Halted.
        Halted = b'H',
        /// Paused.
        Paused = b'P',
        /// Quotation only.
        QuotationOnly = b'Q',
        /// Trading.
        Trading = b'T',
    }

    /// `Reg SHO Action` (§4.2.3).
    pub enum RegShoAction: u8 {
        /// No price test.
        None = b'0',
        /// In effect because of an intraday drop.
        Intraday = b'1',
        /// Remains in effect.
        Remains = b'2',
    }

    /// `Market Maker Mode` (§4.2.4).
    pub enum MarketMakerMode: u8 {
        /// Normal.
        Normal = b'N',
        /// Passive.
        Passive = b'P',
        /// Syndicate.
        Syndicate = b'S',
        /// Pre-syndicate.
        PreSyndicate = b'R',
        /// Penalty.
        Penalty = b'L',
    }

    /// `Market Participant State` (§4.2.4).
    pub enum ParticipantState: u8 {
        /// Active.
        Active = b'A',
        /// Excused.
        Excused = b'E',
        /// Withdrawn.
        Withdrawn = b'W',
        /// Suspended.
        Suspended = b'S',
        /// Deleted.
        Deleted = b'D',
    }

    /// `Breached Level` (§4.2.5.2).
    pub enum BreachedLevel: u8 {
        /// Level 1.
        Level1 = b'1',
        /// Level 2.
        Level2 = b'2',
        /// Level 3.
        Level3 = b'3',
    }

    /// `IPO Quotation Release Qualifier` (§4.2.6).
    pub enum IpoReleaseQualifier: u8 {
        /// Anticipated.
        Anticipated = b'A',
        /// Cancelled or postponed.
        Canceled = b'C',
    }

    /// `Market Code` of Operational Halt (§4.2.8).
    pub enum MarketCode: u8 {
        /// Nasdaq.
        Nasdaq = b'Q',
        /// BX.
        Bx = b'B',
        /// PSX.
        Psx = b'X',
    }

    /// `Operational Halt Action` (§4.2.8).
    pub enum OperationalHaltAction: u8 {
        /// Halted.
        Halted = b'H',
        /// Trading again.
        Trading = b'T',
    }

    /// `Cross Type` of a cross trade (§4.5.2).
    pub enum CrossType: u8 {
        /// Opening cross.
        Opening = b'O',
        /// Closing cross.
        Closing = b'C',
        /// Halted or IPO.
        HaltIpo = b'H',
        /// Intraday and post-close (older editions).
        Intraday = b'I',
    }

    /// `Cross Type` of the imbalance indicator (§4.6).
    pub enum ImbalanceCrossType: u8 {
        /// Opening cross.
        Opening = b'O',
        /// Closing cross.
        Closing = b'C',
        /// Halted or IPO.
        HaltIpo = b'H',
        /// Extended trading close.
        ExtendedClose = b'A',
    }

    /// `Imbalance Direction` (§4.6).
    pub enum ImbalanceDirection: u8 {
        /// More to buy.
        Buy = b'B',
        /// More to sell.
        Sell = b'S',
        /// None.
        None = b'N',
        /// Too few orders to calculate.
        InsufficientOrders = b'O',
        /// Paused.
        Paused = b'P',
    }

    /// `Price Variation Indicator` (§4.6): how far the near price is from the reference price.
    pub enum PriceVariation: u8 {
        /// Below 1 %.
        Below1 = b'L',
        /// 1 to 1.99 %.
        From1 = b'1',
        /// 2 to 2.99 %.
        From2 = b'2',
        /// 3 to 3.99 %.
        From3 = b'3',
        /// 4 to 4.99 %.
        From4 = b'4',
        /// 5 to 5.99 %.
        From5 = b'5',
        /// 6 to 6.99 %.
        From6 = b'6',
        /// 7 to 7.99 %.
        From7 = b'7',
        /// 8 to 8.99 %.
        From8 = b'8',
        /// 9 to 9.99 %.
        From9 = b'9',
        /// 10 to 19.99 %.
        From10 = b'A',
        /// 20 to 29.99 %.
        From20 = b'B',
        /// 30 % and more.
        From30 = b'C',
        /// Cannot be calculated.
        NotCalculated = b' ',
    }

    /// `Interest Flag` (§4.7).
    pub enum InterestFlag: u8 {
        /// On the buy side.
        Buy = b'B',
        /// On the sell side.
        Sell = b'S',
        /// On both sides.
        Both = b'A',
        /// None.
        None = b'N',
    }
}
