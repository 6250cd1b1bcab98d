//! The market: `apply` and what others may ask of it.

use rialto_book::{Book, Level, Pool};

use crate::command::Command;
use crate::day::Day;
use crate::directory::{AccountState, Directory, InstrumentState, SessionState};
use crate::event::Event;
use crate::keys::Keys;
use crate::matching::price_e4;
use crate::orders::Orders;
use crate::statistics::Statistics;
use crate::types::{
    AccountId, InstrumentId, MatchNumber, OrderRef, Price, PriceE4, Qty, SessionId, Side, Symbol,
    TimeInForce, TimeNs, TradingDay, UserRef, Username,
};

/// The most resting orders a market may have room for: what a checkpoint may ask for is bounded.
pub const MAX_ORDERS_BOUND: u32 = 1 << 28;

/// Resting orders there is room for from the start; beyond, the room grows as it is needed.
const FIRST_ROOM: usize = 1 << 12;

/// What a market is founded with. It decides things, so it is part of the state and of every checkpoint.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Config {
    /// The market's lineage, from 1: part of its streams' names.
    pub incarnation: u8,
    /// The most orders that may rest at once; an order that could rest is refused beyond. At most
    /// [`MAX_ORDERS_BOUND`]. Memory for them is taken as they come.
    pub max_orders: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            incarnation: 1,
            max_orders: 4_000_000,
        }
    }
}

/// A market: a state that only [`Market::apply`] changes, the same on every replica that applied the same commands.
pub struct Market {
    pub(crate) config: Config,
    pub(crate) pool: Pool,
    /// By position of instrument.
    pub(crate) books: Vec<Book>,
    pub(crate) directory: Directory,
    pub(crate) orders: Orders,
    pub(crate) day: Day,
    pub(crate) keys: Keys,
    pub(crate) last_stamp_ns: TimeNs,
    pub(crate) last_order_ref: u64,
    pub(crate) last_match: u64,
    pub(crate) statistics: Statistics,
}

/// A resting order, as a market data snapshot shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RestingOrder {
    /// The market's number of it.
    pub order_ref: OrderRef,
    /// Its instrument.
    pub instrument: InstrumentId,
    /// Its side.
    pub side: Side,
    /// Its limit price in 1e-4.
    pub price_e4: PriceE4,
    /// What is left of it.
    pub left: Qty,
}

/// All that a market knows of a live order.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct OrderDetail {
    /// What market data shows of it.
    pub resting: RestingOrder,
    /// Its session.
    pub session: SessionId,
    /// The client's number of it, in the trading day it was entered.
    pub user_ref: UserRef,
    /// Whether that number names it: it was entered in the current trading day.
    pub of_today: bool,
    /// The wire's side indicator.
    pub side_code: u8,
    /// How long it may rest.
    pub time_in_force: TimeInForce,
    /// What was executed of it and of the orders it replaced.
    pub executed: u32,
    /// Its intended total size: executed and left.
    pub total: u32,
    /// The client's free text number.
    pub cl_ord_id: [u8; 14],
}

impl Market {
    /// An empty market with no trading day open.
    pub fn new(config: Config) -> Self {
        let config = Config {
            max_orders: config.max_orders.min(MAX_ORDERS_BOUND),
            ..config
        };
        Self {
            config,
            pool: Pool::with_capacity(FIRST_ROOM.min(config.max_orders as usize)),
            books: Vec::new(),
            directory: Directory::new(),
            orders: Orders::new(),
            day: Day::default(),
            keys: Keys::new(),
            last_stamp_ns: 0,
            last_order_ref: 0,
            last_match: 0,
            statistics: Statistics::default(),
        }
    }

    /// Carries out one command, stamped `time_ns` (or the last stamp, if that is later), and appends what happened to
    /// `events`. Every command has a result; a refusal is an event.
    pub fn apply(&mut self, command: &Command, time_ns: TimeNs, events: &mut Vec<Event>) {
        self.last_stamp_ns = self.last_stamp_ns.max(time_ns);
        self.statistics.commands += 1;
        match command {
            Command::Client {
                session,
                number,
                request,
            } => self.client(*session, *number, request, events),
            Command::Operator { key, action } => self.operator(*key, action, events),
        }
    }

    /// What it was founded with.
    pub fn config(&self) -> Config {
        self.config
    }

    /// The open trading day.
    pub fn day(&self) -> Option<TradingDay> {
        self.day.current()
    }

    /// The trading day opened last, open or closed.
    pub fn last_day(&self) -> Option<TradingDay> {
        self.day.last
    }

    /// The stamp of the last command: events of it happened then.
    pub fn last_stamp_ns(&self) -> TimeNs {
        self.last_stamp_ns
    }

    /// The order reference number given last; 0 before the first.
    pub fn last_order_ref(&self) -> OrderRef {
        OrderRef(self.last_order_ref)
    }

    /// The match number given last; 0 before the first.
    pub fn last_match(&self) -> MatchNumber {
        MatchNumber(self.last_match)
    }

    /// Counts since the market was made or restored.
    pub fn statistics(&self) -> &Statistics {
        &self.statistics
    }

    /// The instruments, ascending by number.
    pub fn instruments(&self) -> impl ExactSizeIterator<Item = &InstrumentState> {
        let all = &self.directory.instruments;
        self.directory
            .instrument_order()
            .iter()
            .map(move |at| &all[*at as usize])
    }

    /// An instrument by its number.
    pub fn instrument(&self, id: InstrumentId) -> Option<&InstrumentState> {
        let at = self.directory.instrument(id)?;
        self.directory.instruments.get(at as usize)
    }

    /// An instrument by its symbol.
    pub fn instrument_by_symbol(&self, symbol: Symbol) -> Option<&InstrumentState> {
        let at = self.directory.symbol(symbol)?;
        self.directory.instruments.get(at as usize)
    }

    /// The accounts, ascending by number.
    pub fn accounts(&self) -> impl ExactSizeIterator<Item = &AccountState> {
        let all = &self.directory.accounts;
        self.directory
            .account_order()
            .iter()
            .map(move |at| &all[*at as usize])
    }

    /// An account by its number.
    pub fn account(&self, id: AccountId) -> Option<&AccountState> {
        let at = self.directory.account(id)?;
        self.directory.accounts.get(at as usize)
    }

    /// The sessions, ascending by number.
    pub fn sessions(&self) -> impl ExactSizeIterator<Item = &SessionState> {
        let all = &self.directory.sessions;
        self.directory
            .session_order()
            .iter()
            .map(move |at| &all[*at as usize])
    }

    /// A session by its number.
    pub fn session(&self, id: SessionId) -> Option<&SessionState> {
        let at = self.directory.session(id)?;
        self.directory.sessions.get(at as usize)
    }

    /// A session by its login name.
    pub fn session_by_username(&self, username: Username) -> Option<&SessionState> {
        let at = self.directory.username(username)?;
        self.directory.sessions.get(at as usize)
    }

    /// The sessions whose clients are logged in, as far as the journal says, ascending by number; only those whose
    /// account cancels on disconnect. A new leader gives each some time to log in again, and then journals
    /// [`crate::command::Action::Disconnected`].
    pub fn connected_sessions(&self) -> impl Iterator<Item = SessionId> + '_ {
        self.sessions()
            .filter(|session| session.connected)
            .map(|session| session.definition.id)
    }

    /// Whether the account of a session cancels on disconnect, so that its logins and its client's going are journaled;
    /// `false` for an unknown session.
    pub fn cancels_on_disconnect(&self, id: SessionId) -> bool {
        self.directory
            .session(id)
            .is_some_and(|at| self.directory.cancels_on_disconnect(at))
    }

    /// The number a session's next client message must have.
    pub fn next_number(&self, id: SessionId) -> Option<u64> {
        self.session(id).map(|session| session.next_number)
    }

    /// The best price of a side in ticks and the quantity there.
    pub fn best(&self, id: InstrumentId, side: Side) -> Option<(Price, u64)> {
        self.book(id)?.best(side)
    }

    /// The first `count` price levels of a side, best first, in ticks; none for an unknown instrument.
    pub fn levels(
        &self,
        id: InstrumentId,
        side: Side,
        count: usize,
    ) -> impl Iterator<Item = Level> {
        self.book(id)
            .into_iter()
            .flat_map(move |book| book.levels(side))
            .take(count)
    }

    /// The order that would match first on a side: the first in the queue of the best level.
    pub fn head(&self, id: InstrumentId, side: Side) -> Option<RestingOrder> {
        let at = self.directory.instrument(id)?;
        let (_, resting) = self
            .books
            .get(at as usize)?
            .orders(&self.pool, side)
            .next()?;
        Some(self.shown(at, resting))
    }

    /// How many orders rest in the market.
    pub fn open_orders(&self) -> usize {
        self.pool.len()
    }

    /// How many orders of a session rest; 0 for an unknown session.
    pub fn open_orders_of(&self, id: SessionId) -> usize {
        self.session(id)
            .map_or(0, |session| session.open_orders as usize)
    }

    /// Every resting order in canonical order: instruments by number, buys before sells, the best level first, order
    /// of the queue within a level.
    pub fn orders(&self) -> impl Iterator<Item = RestingOrder> {
        self.directory
            .instrument_order()
            .iter()
            .flat_map(|at| self.orders_at(*at))
    }

    /// The resting orders of one instrument in canonical order; none for an unknown instrument.
    pub fn orders_of(&self, id: InstrumentId) -> impl Iterator<Item = RestingOrder> {
        self.directory
            .instrument(id)
            .into_iter()
            .flat_map(|at| self.orders_at(at))
    }

    /// All that is known of a live order.
    pub fn order(&self, order_ref: OrderRef) -> Option<OrderDetail> {
        let slot = self.pool.slot(order_ref.0)?;
        let order = self.orders.get(slot);
        let resting = self.books[order.instrument as usize].get(&self.pool, slot);
        Some(OrderDetail {
            resting: self.shown(order.instrument, resting),
            session: self.directory.sessions[order.session as usize]
                .definition
                .id,
            user_ref: order.user_ref,
            of_today: self.day.open && self.orders.is_of_today(order),
            side_code: order.side_code,
            time_in_force: order.time_in_force,
            executed: order.executed,
            total: order.executed + resting.qty,
            cl_ord_id: order.cl_ord_id,
        })
    }

    fn book(&self, id: InstrumentId) -> Option<&Book> {
        self.books.get(self.directory.instrument(id)? as usize)
    }

    fn orders_at(&self, at: u32) -> impl Iterator<Item = RestingOrder> {
        let book = &self.books[at as usize];
        [Side::Buy, Side::Sell]
            .into_iter()
            .flat_map(move |side| book.orders(&self.pool, side))
            .map(move |(_, resting)| self.shown(at, resting))
    }

    fn shown(&self, at: u32, resting: rialto_book::Resting) -> RestingOrder {
        let definition = &self.directory.instruments[at as usize].definition;
        RestingOrder {
            order_ref: OrderRef(resting.id),
            instrument: definition.id,
            side: resting.side,
            price_e4: price_e4(resting.price, definition.tick_size_e4),
            left: resting.qty,
        }
    }
}
