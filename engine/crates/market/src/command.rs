//! What a market is told. Commands come only from the journal; everything that decides anything is in them.

use crate::types::{
    Account, Instrument, InstrumentId, PriceE4, SessionDefinition, SessionId, Side, Symbol,
    TimeInForce, UserRef,
};

/// One journaled command.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Command {
    /// A client's message, as the gateway read it.
    Client {
        /// Whose message.
        session: SessionId,
        /// The gateway's number of the message in its session, from 1, never reset. The market accepts only the next
        /// one, so that a proposal retried after a failover is applied once.
        number: u64,
        /// What is asked.
        request: Request,
    },
    /// An operator's or the node's own command.
    Operator {
        /// The idempotency key: a key seen before is ignored. 0 means none is wanted.
        key: u64,
        /// What is done.
        action: Action,
    },
}

/// How a request names an order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Target {
    /// By the client's number of the current trading day.
    UserRef(UserRef),
    /// By the order reference number, which also names good-till-cancel orders of earlier trading days. It must be an
    /// order of the same session.
    OrderRef(u64),
}

/// What a client asks, in the terms of OUCH 5.0 but free of its bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Request {
    /// Enter Order.
    Enter(Enter),
    /// Replace Order Request.
    Replace(Replace),
    /// Cancel Order Request: `quantity` is the intended total size, 0 cancels all that is left.
    Cancel {
        /// Which order.
        target: Target,
        /// The intended total size, executed part included.
        quantity: u32,
    },
    /// Modify Order Request: like a cancel to a size, with a changed side indicator of a sell (kept as given).
    Modify {
        /// Which order.
        target: Target,
        /// The wire's side indicator.
        side_code: u8,
        /// The intended total size, executed part included.
        quantity: u32,
    },
    /// Mass Cancel Request: every order of the session, or of one symbol.
    MassCancel {
        /// The request's own number.
        user_ref: UserRef,
        /// One symbol, or all blanks for every symbol.
        symbol: Symbol,
    },
    /// Disable Order Entry Request: cancels nothing, refuses new orders of this session until enabled again.
    DisableOrderEntry {
        /// The request's own number.
        user_ref: UserRef,
    },
    /// Enable Order Entry Request.
    EnableOrderEntry {
        /// The request's own number.
        user_ref: UserRef,
    },
    /// Account Query Request: answered with the next user reference number the market will accept.
    AccountQuery,
}

/// A new order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Enter {
    /// The client's number.
    pub user_ref: UserRef,
    /// Buy or sell.
    pub side: Side,
    /// The wire's side indicator (`B`, `S`, `T` sell short, `E` sell short exempt), echoed.
    pub side_code: u8,
    /// Quantity.
    pub quantity: u32,
    /// Symbol.
    pub symbol: Symbol,
    /// Limit price in 1e-4, or [`crate::types::MARKET_PRICE_E4`].
    pub price_e4: PriceE4,
    /// How long it may rest.
    pub time_in_force: TimeInForce,
    /// At least this much must match at once, else nothing does; 0 means no minimum. Only with immediate-or-cancel.
    pub min_quantity: u32,
    /// Never take: rejected if it would match at once.
    pub post_only: bool,
    /// The wire's display, capacity, inter-market sweep and cross type indicators, echoed.
    pub echo: EnterEcho,
    /// The client's free text number, echoed.
    pub cl_ord_id: [u8; 14],
}

/// Fields of Enter Order that a market of this kind does not act on but its answer repeats.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct EnterEcho {
    /// Display: `Y`, `N`, `A`.
    pub display: u8,
    /// Capacity: `A`, `P`, `R`, `O`.
    pub capacity: u8,
    /// Inter-market sweep eligibility: `Y`, `N`.
    pub intermarket_sweep: u8,
    /// Cross type: `N` for the continuous market.
    pub cross_type: u8,
}

/// A replacement. It keeps its place in the queue, and its reference number, only if price and time in force are unchanged
/// and the quantity left does not grow; any other goes to the back of its new level, may cross, and has a new number.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Replace {
    /// The order to replace.
    pub target: Target,
    /// The new order's number.
    pub user_ref: UserRef,
    /// The intended total size, executed part of the replaced order included.
    pub quantity: u32,
    /// The new limit price in 1e-4.
    pub price_e4: PriceE4,
    /// How long the new order may rest.
    pub time_in_force: TimeInForce,
    /// Never take: rejected if it would match at once.
    pub post_only: bool,
    /// Display and inter-market sweep eligibility, echoed.
    pub display: u8,
    /// Inter-market sweep eligibility, echoed.
    pub intermarket_sweep: u8,
    /// The client's free text number, echoed.
    pub cl_ord_id: [u8; 14],
}

/// What an operator, or the node at its start, does to a market.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Action {
    /// Adds an instrument, or changes one of the same number (its symbol and tick size only while no order rests).
    DefineInstrument(Instrument),
    /// Adds an account or changes its limits.
    DefineAccount(Account),
    /// Adds a session, or changes its account while it has no order resting.
    DefineSession(SessionDefinition),
    /// Opens a trading day: orders are accepted, user reference numbers start anew, streams get new names.
    OpenDay {
        /// The date as yyyymmdd; not before the last one opened.
        date: u32,
    },
    /// Closes the trading day: DAY orders end, GTC orders stay.
    CloseDay,
    /// Stops trading of one instrument, or of all.
    Halt {
        /// Which one; `None` for all.
        instrument: Option<InstrumentId>,
    },
    /// Starts trading of one instrument, or of all.
    Resume {
        /// Which one; `None` for all.
        instrument: Option<InstrumentId>,
    },
    /// A client of this session has logged in; journaled by the leader before the first message of that connection.
    /// Without effect unless the session's account cancels on disconnect.
    Connected {
        /// Whose.
        session: SessionId,
    },
    /// This session's client is gone; journaled by the leader behind the last message it took of that connection, never
    /// when a leader itself goes. If the session's account cancels on disconnect and a trading day is open, every order
    /// of the session that rests is cancelled, ascending by order reference. Else it only takes back `Connected`, if
    /// anything.
    Disconnected {
        /// Whose.
        session: SessionId,
    },
}
