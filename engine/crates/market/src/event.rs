//! What a market says. Events are the only output of `apply`; reports to sessions and market data are made of them.

use crate::command::{Action, Enter, Replace};
use crate::types::{
    InstrumentId, MatchNumber, OrderRef, Price, PriceE4, Qty, SessionId, Side, Symbol, TradingDay,
    UserRef,
};

/// Whose order it is and how it is named.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Party {
    /// The session that owns the order.
    pub session: SessionId,
    /// The client's number of it.
    pub user_ref: UserRef,
    /// The market's number of it.
    pub order_ref: OrderRef,
    /// What is left of it after the event.
    pub left: Qty,
}

/// One thing that happened. All events of one command carry that command's stamp.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Event {
    /// A trading day opened; every stream starts anew under its session name.
    DayOpened(TradingDay),
    /// The trading day closed; every stream of it ends.
    DayClosed(TradingDay),
    /// An instrument is known from here on. Told when a trading day opens, and while one is open for a definition that is
    /// new or changed.
    InstrumentDefined {
        /// Its number.
        instrument: InstrumentId,
        /// Its symbol.
        symbol: Symbol,
        /// Its lot size.
        lot_size: u32,
        /// Its tick size in 1e-4.
        tick_size_e4: u32,
    },
    /// An instrument does not trade: told of each such one when a trading day opens, and when it changes while one is open.
    Halted {
        /// Which.
        instrument: InstrumentId,
    },
    /// An instrument trades: told of each such one when a trading day opens, and when it changes while one is open.
    Resumed {
        /// Which.
        instrument: InstrumentId,
    },
    /// An order was accepted. What it does at once follows: executions, then [`Event::Rested`] or a cancel of the rest.
    Accepted {
        /// The session.
        session: SessionId,
        /// The market's number of the order.
        order_ref: OrderRef,
        /// The order's instrument.
        instrument: InstrumentId,
        /// What was asked, for the fields that the report repeats.
        order: Enter,
    },
    /// An order was replaced. What the new one does at once follows.
    Replaced {
        /// The session.
        session: SessionId,
        /// The replaced order's own number of its day.
        orig_user_ref: UserRef,
        /// The replaced order's reference number.
        old_order_ref: OrderRef,
        /// The new order's reference number: the old one's if it keeps its place.
        order_ref: OrderRef,
        /// The instrument.
        instrument: InstrumentId,
        /// Buy or sell.
        side: Side,
        /// The wire's side indicator.
        side_code: u8,
        /// What is left to execute of the new order, before it matches.
        left: Qty,
        /// What was asked.
        replace: Replace,
        /// The old order's limit price in ticks.
        old_price: Price,
        /// What was left of the old order.
        old_left: Qty,
        /// Whether the new order keeps the old one's place in the queue, and with it the reference number.
        keeps_priority: bool,
        /// Whether the new order matches at once or can't rest: then market data shows the old one deleted, and no
        /// replacement.
        crosses: bool,
    },
    /// An order now rests, shown in market data. After a replacement that does not cross this is not emitted: the
    /// replacement itself says it.
    Rested {
        /// The order.
        order_ref: OrderRef,
        /// The instrument.
        instrument: InstrumentId,
        /// Its side.
        side: Side,
        /// Its price in 1e-4.
        price_e4: PriceE4,
        /// What rests.
        left: Qty,
    },
    /// Two orders matched at the maker's price.
    Executed {
        /// The execution's number.
        match_number: MatchNumber,
        /// The instrument.
        instrument: InstrumentId,
        /// Price in ticks.
        price: Price,
        /// Price in 1e-4.
        price_e4: PriceE4,
        /// Quantity.
        quantity: Qty,
        /// The resting order.
        maker: Party,
        /// The incoming order.
        taker: Party,
        /// The incoming order's side.
        taker_side: Side,
    },
    /// An order lost quantity without an execution; with `order.left` 0 it is gone.
    Canceled {
        /// The order, after the event.
        order: Party,
        /// The instrument.
        instrument: InstrumentId,
        /// How much was taken off.
        quantity: Qty,
        /// Why.
        reason: CancelReason,
        /// Whether the order was resting (and so is known to market data).
        resting: bool,
    },
    /// A modify was carried out and something is left; a [`Event::Canceled`] is not emitted for it. (A modify to a size
    /// that leaves nothing is a cancel, and is told as one.)
    Modified {
        /// The order, after the event.
        order: Party,
        /// The instrument.
        instrument: InstrumentId,
        /// The wire's side indicator, as asked.
        side_code: u8,
        /// The order's total size after the event, executed part included.
        total: u32,
        /// How much was taken off; 0 if only the side indicator was set.
        quantity: Qty,
    },
    /// An Enter or Replace was refused; nothing else happened.
    Rejected {
        /// The session.
        session: SessionId,
        /// The refused message's number.
        user_ref: UserRef,
        /// Why.
        reason: RejectReason,
        /// The client's free text number.
        cl_ord_id: [u8; 14],
    },
    /// A Cancel or Modify named no live order, or one that can't be changed so (nothing would be taken off, an odd lot
    /// would be left, the side indicator is not one of its side): counted, and answered where OUCH has an answer
    /// (Cancel Reject).
    CancelRejected {
        /// The session.
        session: SessionId,
        /// The number that was named; 0 if the order was named by its reference number.
        user_ref: UserRef,
    },
    /// A mass cancel was carried out (after its cancels).
    MassCanceled {
        /// The session.
        session: SessionId,
        /// The request's number.
        user_ref: UserRef,
        /// The symbol asked for, or blanks.
        symbol: Symbol,
        /// How many orders ended.
        orders: u32,
    },
    /// Order entry of the session is off or on.
    OrderEntry {
        /// The session.
        session: SessionId,
        /// The request's number.
        user_ref: UserRef,
        /// Whether new orders are accepted.
        enabled: bool,
    },
    /// The answer to an account query.
    NextUserRef {
        /// The session.
        session: SessionId,
        /// The next number that will be accepted.
        next: UserRef,
    },
    /// A message that changes nothing and is answered by nothing.
    Ignored {
        /// The session.
        session: SessionId,
        /// Why.
        reason: IgnoreReason,
    },
    /// An operator's command was refused.
    ActionRefused {
        /// Its key.
        key: u64,
        /// What was asked.
        action: Action,
        /// Why.
        reason: RefuseReason,
    },
}

/// Why an order lost quantity.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum CancelReason {
    /// Asked for by its session.
    User = 0,
    /// The rest of an immediate-or-cancel, fill-or-kill or market order.
    Immediate = 1,
    /// The trading day closed.
    DayClosed = 2,
    /// A mass cancel.
    MassCancel = 3,
    /// The venue's decision: the client of an account that cancels on disconnect is gone.
    Supervisory = 4,
}

impl CancelReason {
    /// Every one, at its own number.
    pub const ALL: [Self; 5] = [
        Self::User,
        Self::Immediate,
        Self::DayClosed,
        Self::MassCancel,
        Self::Supervisory,
    ];

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::Immediate => "immediate",
            Self::DayClosed => "day_closed",
            Self::MassCancel => "mass_cancel",
            Self::Supervisory => "supervisory",
        }
    }
}

/// Why an Enter or Replace was refused: the closed list.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum RejectReason {
    /// No trading day is open.
    MarketClosed = 0,
    /// The instrument does not trade now.
    Halted = 1,
    /// No such symbol.
    UnknownSymbol = 2,
    /// Zero, or 1,000,000 and more.
    InvalidQuantity = 3,
    /// Not a multiple of the lot size.
    OddLot = 4,
    /// Zero, or more than four bytes hold.
    InvalidPrice = 5,
    /// Not a multiple of the tick size.
    OffTick = 6,
    /// Outside the price collar.
    Collar = 7,
    /// More than the account's largest order quantity.
    MaxOrderQuantity = 8,
    /// More than the account's largest order value.
    MaxOrderValue = 9,
    /// As many orders rest as the account may have.
    MaxOpenOrders = 10,
    /// Post-only, and it would match.
    PostOnlyWouldMatch = 11,
    /// The minimum quantity does not fit its time in force or its size.
    InvalidMinQuantity = 12,
    /// A market order that could rest, or a post-only order that could not.
    InvalidTimeInForce = 13,
    /// Order entry of this session is off.
    OrderEntryDisabled = 14,
    /// The replaced order is not live.
    OrderNotFound = 15,
    /// The intended total size is not above what was executed.
    NothingLeft = 16,
    /// The market holds as many orders as it has room for.
    MarketFull = 17,
}

impl RejectReason {
    /// Every one, at its own number.
    pub const ALL: [Self; 18] = [
        Self::MarketClosed,
        Self::Halted,
        Self::UnknownSymbol,
        Self::InvalidQuantity,
        Self::OddLot,
        Self::InvalidPrice,
        Self::OffTick,
        Self::Collar,
        Self::MaxOrderQuantity,
        Self::MaxOrderValue,
        Self::MaxOpenOrders,
        Self::PostOnlyWouldMatch,
        Self::InvalidMinQuantity,
        Self::InvalidTimeInForce,
        Self::OrderEntryDisabled,
        Self::OrderNotFound,
        Self::NothingLeft,
        Self::MarketFull,
    ];

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::MarketClosed => "market_closed",
            Self::Halted => "halted",
            Self::UnknownSymbol => "unknown_symbol",
            Self::InvalidQuantity => "invalid_quantity",
            Self::OddLot => "odd_lot",
            Self::InvalidPrice => "invalid_price",
            Self::OffTick => "off_tick",
            Self::Collar => "collar",
            Self::MaxOrderQuantity => "max_order_quantity",
            Self::MaxOrderValue => "max_order_value",
            Self::MaxOpenOrders => "max_open_orders",
            Self::PostOnlyWouldMatch => "post_only_would_match",
            Self::InvalidMinQuantity => "invalid_min_quantity",
            Self::InvalidTimeInForce => "invalid_time_in_force",
            Self::OrderEntryDisabled => "order_entry_disabled",
            Self::OrderNotFound => "order_not_found",
            Self::NothingLeft => "nothing_left",
            Self::MarketFull => "market_full",
        }
    }
}

/// Why a message was ignored.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum IgnoreReason {
    /// The gateway's number is not the next one: a proposal applied before.
    RepeatedNumber = 0,
    /// The user reference number is not above the last one: its answer already stands in the stream.
    RepeatedUserRef = 1,
    /// No such session.
    UnknownSession = 2,
}

impl IgnoreReason {
    /// Every one, at its own number.
    pub const ALL: [Self; 3] = [
        Self::RepeatedNumber,
        Self::RepeatedUserRef,
        Self::UnknownSession,
    ];

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RepeatedNumber => "repeated_number",
            Self::RepeatedUserRef => "repeated_user_ref",
            Self::UnknownSession => "unknown_session",
        }
    }
}

/// Why an operator's command was refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Hash)]
#[repr(u8)]
pub enum RefuseReason {
    /// The key was used before: it was carried out then.
    RepeatedKey = 0,
    /// A trading day is open already.
    DayIsOpen = 1,
    /// No trading day is open.
    DayIsClosed = 2,
    /// The date is not one of 2000 to 2099, lies before the last day opened, or was opened 99 times already.
    BadDate = 3,
    /// No such instrument.
    UnknownInstrument = 4,
    /// No such account.
    UnknownAccount = 5,
    /// A value is out of range, or in use elsewhere (a symbol or a login name of another).
    InvalidDefinition = 6,
    /// Orders rest, and the change would alter what they mean.
    OrdersResting = 7,
    /// No such session.
    UnknownSession = 8,
}

impl RefuseReason {
    /// Every one, at its own number.
    pub const ALL: [Self; 9] = [
        Self::RepeatedKey,
        Self::DayIsOpen,
        Self::DayIsClosed,
        Self::BadDate,
        Self::UnknownInstrument,
        Self::UnknownAccount,
        Self::InvalidDefinition,
        Self::OrdersResting,
        Self::UnknownSession,
    ];

    /// Its name in metrics and logs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::RepeatedKey => "repeated_key",
            Self::DayIsOpen => "day_is_open",
            Self::DayIsClosed => "day_is_closed",
            Self::BadDate => "bad_date",
            Self::UnknownInstrument => "unknown_instrument",
            Self::UnknownAccount => "unknown_account",
            Self::InvalidDefinition => "invalid_definition",
            Self::OrdersResting => "orders_resting",
            Self::UnknownSession => "unknown_session",
        }
    }
}
