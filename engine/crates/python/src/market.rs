//! A market with its order sessions in this process: what a node runs, without its sockets, threads and disks.

use crate::refuse;
use pyo3::exceptions::{PyRuntimeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::PyBytes;
use rialto_market::codec::decode_batch;
use rialto_market::command::{Action, Command};
use rialto_market::event::Event;
use rialto_market::types::{
    Account, AccountId, Instrument, InstrumentId, SessionDefinition, SessionId, Side, Symbol,
    TradingDay, Username,
};
use rialto_session::{Publisher, Snapshot, StreamId, StreamSink, inbound};

/// Messages that no one has taken yet; the feed is stream 0, a session's stream has its number.
#[derive(Default)]
struct Untaken {
    messages: Vec<(u32, u64, Vec<u8>)>,
}

impl StreamSink for Untaken {
    fn opened(&mut self, _: &TradingDay) {}

    fn append(&mut self, stream: StreamId, number: u64, message: &[u8]) {
        let stream = match stream {
            StreamId::Feed => 0,
            StreamId::Session(session) => session.0,
        };
        self.messages.push((stream, number, message.to_vec()));
    }

    fn closed(&mut self, _: &TradingDay) {}
}

/// A market, its publisher and the messages they make.
#[pyclass(module = "rialto_engine._engine", unsendable)]
pub struct Market {
    market: rialto_market::Market,
    publisher: Publisher,
    untaken: Untaken,
    events: Vec<Event>,
}

impl Market {
    /// Applies a command and publishes what happened, which stays in `events`.
    fn apply(&mut self, command: &Command, time_ns: u64) {
        self.events.clear();
        self.market.apply(command, time_ns, &mut self.events);
        let stamp_ns = self.market.last_stamp_ns();
        self.publisher
            .publish(&self.events, stamp_ns, &self.market, &mut self.untaken);
    }

    fn act(&mut self, action: Action, time_ns: u64) -> PyResult<()> {
        self.apply(&Command::Operator { key: 0, action }, time_ns);
        match self.events.first() {
            Some(Event::ActionRefused { reason, .. }) => {
                Err(PyValueError::new_err(format!("refused: {reason:?}")))
            }
            _ => Ok(()),
        }
    }
}

#[pymethods]
impl Market {
    #[new]
    fn new(incarnation: u8, max_orders: u32) -> Self {
        Self {
            market: rialto_market::Market::new(rialto_market::Config {
                incarnation,
                max_orders,
            }),
            publisher: Publisher::new(),
            untaken: Untaken::default(),
            events: Vec::new(),
        }
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the definition's fields, by name on the Python side"
    )]
    fn define_instrument(
        &mut self,
        number: u16,
        symbol: &str,
        tick_size_e4: u32,
        lot_size: u32,
        collar_bp: u32,
        reference_price: i64,
        time_ns: u64,
    ) -> PyResult<()> {
        let symbol = Symbol::new(symbol).ok_or_else(|| {
            PyValueError::new_err(format!(
                "symbol {symbol:?}: not one to eight printable characters"
            ))
        })?;
        let id = InstrumentId(number);
        let instrument = Instrument {
            id,
            symbol,
            tick_size_e4,
            lot_size,
            collar_bp,
            reference_price,
        };
        self.act(Action::DefineInstrument(instrument), time_ns)
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "the definition's fields, by name on the Python side"
    )]
    #[pyo3(signature = (number, max_order_quantity, max_order_value_e4, max_open_orders, time_ns, cancel_on_disconnect=false))]
    fn define_account(
        &mut self,
        number: u32,
        max_order_quantity: u32,
        max_order_value_e4: u64,
        max_open_orders: u32,
        time_ns: u64,
        cancel_on_disconnect: bool,
    ) -> PyResult<()> {
        let id = AccountId(number);
        let account = Account {
            id,
            max_order_quantity,
            max_order_value_e4,
            max_open_orders,
            cancel_on_disconnect,
        };
        self.act(Action::DefineAccount(account), time_ns)
    }

    fn define_session(
        &mut self,
        number: u32,
        username: &str,
        account: u32,
        time_ns: u64,
    ) -> PyResult<()> {
        let username = Username::new(username).ok_or_else(|| {
            PyValueError::new_err(format!(
                "user name {username:?}: not one to six printable characters"
            ))
        })?;
        let session = SessionDefinition {
            id: SessionId(number),
            username,
            account: AccountId(account),
        };
        self.act(Action::DefineSession(session), time_ns)
    }

    fn open_day(&mut self, date: u32, time_ns: u64) -> PyResult<()> {
        self.act(Action::OpenDay { date }, time_ns)
    }

    fn close_day(&mut self, time_ns: u64) -> PyResult<()> {
        self.act(Action::CloseDay, time_ns)
    }

    fn halt(&mut self, instrument: Option<u16>, time_ns: u64) -> PyResult<()> {
        self.act(
            Action::Halt {
                instrument: instrument.map(InstrumentId),
            },
            time_ns,
        )
    }

    fn resume(&mut self, instrument: Option<u16>, time_ns: u64) -> PyResult<()> {
        self.act(
            Action::Resume {
                instrument: instrument.map(InstrumentId),
            },
            time_ns,
        )
    }

    /// A session's client has logged in: without effect unless its account cancels on disconnect.
    fn connected(&mut self, session: u32, time_ns: u64) -> PyResult<()> {
        let session = SessionId(session);
        self.act(Action::Connected { session }, time_ns)
    }

    /// A session's client is gone: cancels what rests of it if its account wants that.
    fn disconnected(&mut self, session: u32, time_ns: u64) -> PyResult<()> {
        let session = SessionId(session);
        self.act(Action::Disconnected { session }, time_ns)
    }

    /// The sessions that are marked as connected, ascending.
    #[getter]
    fn connected_sessions(&self) -> Vec<u32> {
        self.market.connected_sessions().map(|id| id.0).collect()
    }

    /// A client's OUCH message, with the number its session's next message has.
    fn client(&mut self, session: u32, payload: &[u8], time_ns: u64) -> PyResult<()> {
        let session = SessionId(session);
        let number = self.market.next_number(session).ok_or_else(|| {
            PyValueError::new_err(format!("no session {session}; define it first"))
        })?;
        let request = inbound::decode(payload).map_err(refuse)?;
        self.apply(
            &Command::Client {
                session,
                number,
                request,
            },
            time_ns,
        );
        Ok(())
    }

    /// One entry of a journal: a batch of stamped commands. Returns how many. Refusals are part of history, so they
    /// are not errors here.
    fn apply_batch(&mut self, payload: &[u8]) -> PyResult<usize> {
        let batch = decode_batch(payload).map_err(refuse)?;
        for stamped in &batch {
            self.apply(&stamped.command, stamped.stamp_ns);
        }
        Ok(batch.len())
    }

    /// The messages made since the last call, as (stream, number, payload): stream 0 is the feed.
    fn take_messages<'py>(&mut self, py: Python<'py>) -> Vec<(u32, u64, Bound<'py, PyBytes>)> {
        self.untaken
            .messages
            .drain(..)
            .map(|(stream, number, payload)| (stream, number, PyBytes::new(py, &payload)))
            .collect()
    }

    /// A snapshot: the GLIMPSE messages, of which the last says where the feed goes on.
    fn snapshot<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyBytes>>> {
        let feed = self.publisher.stream(StreamId::Feed).ok_or_else(|| {
            PyValueError::new_err("no trading day has opened, so there is no feed: open one first")
        })?;
        Ok(Snapshot::new(&self.market, feed.next)
            .map(|message| PyBytes::new(py, &message))
            .collect())
    }

    /// The price levels of a side as (price in ticks, quantity), best first.
    fn levels(&self, instrument: u16, side: char, count: usize) -> PyResult<Vec<(i64, u64)>> {
        let side = match side {
            'B' => Side::Buy,
            'S' => Side::Sell,
            other => return Err(PyValueError::new_err(format!("side {other:?}: B or S"))),
        };
        let levels = self.market.levels(InstrumentId(instrument), side, count);
        Ok(levels.map(|level| (level.price, level.qty)).collect())
    }

    #[getter]
    fn open_orders(&self) -> usize {
        self.market.open_orders()
    }

    #[getter]
    fn last_match(&self) -> u64 {
        self.market.last_match().0
    }

    #[getter]
    fn session_name(&self) -> Option<String> {
        self.market
            .day()
            .map(|day| String::from_utf8_lossy(&day.session_name()).into_owned())
    }

    /// The canonical bytes of the market's state.
    fn checkpoint<'py>(&self, py: Python<'py>) -> Bound<'py, PyBytes> {
        PyBytes::new(py, &self.market.checkpoint())
    }

    /// The BLAKE3 hash of the canonical bytes, 64 hex digits.
    fn state_hash(&self) -> String {
        let hash = self.market.state_hash();
        hash.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// A market from its canonical bytes. Its streams go on where `positions` says (a checkpoint's second part); without
    /// them they begin anew with the next trading day.
    #[staticmethod]
    #[pyo3(signature = (state, positions=None))]
    fn restore(state: &[u8], positions: Option<&[u8]>) -> PyResult<Self> {
        let publisher = match positions {
            Some(bytes) => Publisher::decode(bytes)
                .map_err(|error| PyRuntimeError::new_err(error.to_string()))?,
            None => Publisher::new(),
        };
        Ok(Self {
            market: rialto_market::Market::restore(state).map_err(refuse)?,
            publisher,
            untaken: Untaken::default(),
            events: Vec::new(),
        })
    }
}
