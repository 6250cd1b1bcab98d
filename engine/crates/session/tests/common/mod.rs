//! A market behind its session layer, driven by OUCH bytes alone, with streams kept in memory.
#![allow(dead_code, reason = "each test binary uses its part")]

pub mod flow;
pub mod mirror;

use rialto_market::command::{Action, Command};
use rialto_market::event::Event;
use rialto_market::types::{
    Account, AccountId, Instrument, InstrumentId, SessionDefinition, SessionId, Symbol, TradingDay,
    Username,
};
use rialto_market::{Config, Market};
use rialto_session::{Publisher, StreamId, StreamSink, inbound};
use std::collections::BTreeMap;

pub const DATE: u32 = 20_261_121;
/// 2026-11-21T10:00:00Z.
pub const TEN_NS: u64 = 1_795_255_200_000_000_000;
pub const HOUR_NS: u64 = 3_600_000_000_000;

/// The messages of each stream.
pub type Streams = BTreeMap<StreamId, Vec<Vec<u8>>>;

/// Streams in memory that check what a sink is promised.
#[derive(Clone, Default, PartialEq, Eq, Debug)]
pub struct Store {
    pub streams: Streams,
    pub open: Option<TradingDay>,
    /// Complete streams of closed days, by session name.
    pub closed: Vec<([u8; 10], Streams)>,
}

impl StreamSink for Store {
    fn opened(&mut self, day: &TradingDay) {
        assert!(self.open.is_none(), "two days open");
        self.open = Some(*day);
        self.streams.clear();
    }

    fn append(&mut self, stream: StreamId, number: u64, message: &[u8]) {
        assert!(
            self.open.is_some(),
            "{stream:?} {number} while no day is open"
        );
        assert!(!message.is_empty());
        let messages = self.streams.entry(stream).or_default();
        assert_eq!(number, messages.len() as u64 + 1, "{stream:?}");
        messages.push(message.to_vec());
    }

    fn closed(&mut self, day: &TradingDay) {
        assert_eq!(self.open.take(), Some(*day));
        self.closed.push((day.session_name(), self.streams.clone()));
    }
}

impl Store {
    pub fn feed(&self) -> &[Vec<u8>] {
        self.streams.get(&StreamId::Feed).map_or(&[], Vec::as_slice)
    }

    pub fn session(&self, id: u32) -> &[Vec<u8>] {
        self.streams
            .get(&StreamId::Session(SessionId(id)))
            .map_or(&[], Vec::as_slice)
    }
}

pub struct Bench {
    pub market: Market,
    pub publisher: Publisher,
    pub store: Store,
    pub now_ns: u64,
    /// All events since the last opening.
    pub events: Vec<Event>,
    /// All events ever.
    pub history: Vec<Event>,
    /// What was left then of each session's good-till-cancel orders, by order reference number.
    pub carried: BTreeMap<SessionId, BTreeMap<u64, u32>>,
}

pub fn instrument(id: u16, text: &str, tick_size_e4: u32, lot_size: u32) -> Action {
    Action::DefineInstrument(Instrument {
        id: InstrumentId(id),
        symbol: Symbol::new(text).unwrap(),
        tick_size_e4,
        lot_size,
        collar_bp: 0,
        reference_price: 0,
    })
}

pub fn session(id: u32, name: &str) -> Action {
    Action::DefineSession(SessionDefinition {
        id: SessionId(id),
        username: Username::new(name).unwrap(),
        account: AccountId(1),
    })
}

impl Bench {
    /// Instruments ABC (tick 0.01, lot 1) and XYZ (tick 0.05, lot 10); sessions 1 to 3; no day open.
    pub fn closed() -> Self {
        let mut bench = Self {
            market: Market::new(Config::default()),
            publisher: Publisher::new(),
            store: Store::default(),
            now_ns: TEN_NS,
            events: Vec::new(),
            history: Vec::new(),
            carried: BTreeMap::new(),
        };
        let account = Account {
            id: AccountId(1),
            max_order_quantity: 500_000,
            max_order_value_e4: u64::MAX,
            max_open_orders: 10_000,
            cancel_on_disconnect: true,
        };
        for action in [
            instrument(1, "ABC", 100, 1),
            instrument(2, "XYZ", 500, 10),
            Action::DefineAccount(account),
            session(1, "ONE"),
            session(2, "TWO"),
            session(3, "THREE"),
        ] {
            bench.act(action);
        }
        assert!(bench.store.streams.is_empty());
        bench
    }

    pub fn open() -> Self {
        let mut bench = Self::closed();
        bench.act(Action::OpenDay { date: DATE });
        bench
    }

    pub fn apply(&mut self, command: &Command) {
        self.now_ns += 1;
        let mut events = Vec::new();
        self.market.apply(command, self.now_ns, &mut events);
        if let Some(Event::DayOpened(_)) = events.first() {
            self.events.clear();
            self.carried.clear();
            for order in self.market.orders() {
                let session = self.market.order(order.order_ref).unwrap().session;
                let own = self.carried.entry(session).or_default();
                own.insert(order.order_ref.0, order.left);
            }
        }
        self.events.extend_from_slice(&events);
        self.history.extend_from_slice(&events);
        self.publisher
            .publish(&events, self.now_ns, &self.market, &mut self.store);
    }

    pub fn act(&mut self, action: Action) {
        self.apply(&Command::Operator { key: 0, action });
    }

    /// An OUCH message of a session.
    pub fn send(&mut self, id: u32, message: &[u8]) {
        let session = SessionId(id);
        let request = inbound::decode(message).unwrap();
        let number = self.market.next_number(session).unwrap_or(1);
        self.apply(&Command::Client {
            session,
            number,
            request,
        });
    }
}
