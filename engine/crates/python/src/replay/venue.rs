//! A market with one account and one session in it, told requests one after the other.

use rialto_market::command::{Action, Command, Enter, EnterEcho, Request};
use rialto_market::event::Event;
use rialto_market::types::{
    Account, AccountId, Instrument, InstrumentId, SessionDefinition, SessionId, Side, Symbol,
    TimeInForce, Username,
};
use rialto_market::{Config, Market};

/// The one session.
const SESSION: SessionId = SessionId(1);
/// Any date will do: nothing of the flow depends on it.
const DATE: u32 = 20_000_103;

/// Why a request could not be carried out as the recording has it.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum VenueError {
    /// The market refused what the recording's venue accepted.
    #[error("the market refused {what}: {reason}")]
    Refused {
        /// What was asked.
        what: String,
        /// Its reason.
        reason: String,
    },
}

/// The market, and the numbers of its one session.
pub struct Venue {
    market: Market,
    symbols: Vec<Symbol>,
    number: u64,
    user_ref: u32,
    events: Vec<Event>,
}

impl Venue {
    /// A market of `instruments` instruments with the given tick, without a collar, whose limits are as wide as they go.
    pub fn new(instruments: u16, tick_size_e4: u32) -> Self {
        let mut made = Self {
            market: Market::new(Config::default()),
            symbols: Vec::new(),
            number: 0,
            user_ref: 0,
            events: Vec::new(),
        };
        for number in 1..=instruments {
            let symbol = symbol(number);
            made.symbols.push(symbol);
            made.act(Action::DefineInstrument(Instrument {
                id: InstrumentId(number),
                symbol,
                tick_size_e4,
                lot_size: 1,
                collar_bp: 0,
                reference_price: 0,
            }));
        }
        made.act(Action::DefineAccount(Account {
            id: AccountId(1),
            max_order_quantity: u32::MAX,
            max_order_value_e4: u64::MAX,
            max_open_orders: u32::MAX,
            cancel_on_disconnect: false,
        }));
        made.act(Action::DefineSession(SessionDefinition {
            id: SESSION,
            username: Username(*b"REPLAY"),
            account: AccountId(1),
        }));
        made.act(Action::OpenDay { date: DATE });
        made
    }

    /// The market.
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// The next order's number.
    pub fn next_user_ref(&mut self) -> u32 {
        self.user_ref += 1;
        self.user_ref
    }

    /// What a new order asks, of an instrument by its position from 0.
    pub fn enter(
        &mut self,
        instrument: usize,
        side: Side,
        price_e4: u64,
        quantity: u32,
        ioc: bool,
    ) -> Enter {
        Enter {
            user_ref: self.next_user_ref(),
            side,
            side_code: if side == Side::Buy { b'B' } else { b'S' },
            quantity,
            symbol: self
                .symbols
                .get(instrument)
                .copied()
                .unwrap_or(Symbol([b' '; 8])),
            price_e4,
            time_in_force: if ioc {
                TimeInForce::ImmediateOrCancel
            } else {
                TimeInForce::GoodTillCancel
            },
            min_quantity: 0,
            post_only: false,
            echo: EnterEcho {
                display: b'Y',
                capacity: b'P',
                intermarket_sweep: b'N',
                cross_type: b'N',
            },
            cl_ord_id: [b' '; 14],
        }
    }

    /// Carries a request out and returns what happened.
    pub fn ask(&mut self, request: Request) -> Result<&[Event], VenueError> {
        self.number += 1;
        self.events.clear();
        let command = Command::Client {
            session: SESSION,
            number: self.number,
            request,
        };
        self.market.apply(&command, self.number, &mut self.events);
        let reason = match self.events.first() {
            Some(Event::Rejected { reason, .. }) => format!("{reason:?}"),
            Some(Event::Ignored { reason, .. }) => format!("{reason:?}"),
            _ => return Ok(&self.events),
        };
        Err(VenueError::Refused {
            what: format!("{request:?}"),
            reason,
        })
    }

    fn act(&mut self, action: Action) {
        self.events.clear();
        self.market
            .apply(&Command::Operator { key: 0, action }, 1, &mut self.events);
    }
}

/// The symbol of an instrument's number: `S00001` and so on.
fn symbol(number: u16) -> Symbol {
    let mut bytes = [b' '; 8];
    for (to, from) in bytes.iter_mut().zip(format!("S{number:05}").bytes()) {
        *to = from;
    }
    Symbol(bytes)
}
