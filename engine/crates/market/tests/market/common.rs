//! What the market's tests share: commands in few words.
pub mod flow;
pub mod plain;

use rialto_market::command::{Action, Command, Enter, EnterEcho, Replace, Request, Target};
use rialto_market::event::Event;
use rialto_market::types::*;
use rialto_market::{Config, Market};

pub const DATE: u32 = 20_261_121;

pub fn symbol(text: &str) -> Symbol {
    Symbol::new(text).expect("a symbol")
}

/// Tick 0.01, lot 1, no collar, no reference.
pub fn instrument(id: u16, text: &str) -> Instrument {
    Instrument {
        id: InstrumentId(id),
        symbol: symbol(text),
        tick_size_e4: 100,
        lot_size: 1,
        collar_bp: 0,
        reference_price: 0,
    }
}

pub fn account(id: u32) -> Account {
    Account {
        id: AccountId(id),
        max_order_quantity: 999_999,
        max_order_value_e4: u64::MAX,
        max_open_orders: u32::MAX,
        cancel_on_disconnect: false,
    }
}

pub fn session(id: u32, name: &str, account: u32) -> SessionDefinition {
    SessionDefinition {
        id: SessionId(id),
        username: Username::new(name).expect("a name"),
        account: AccountId(account),
    }
}

/// A limit DAY order.
pub fn order(user_ref: u32, side: Side, quantity: u32, text: &str, ticks: u64) -> Enter {
    Enter {
        user_ref,
        side,
        side_code: if side == Side::Buy { b'B' } else { b'S' },
        quantity,
        symbol: symbol(text),
        price_e4: ticks * 100,
        time_in_force: TimeInForce::Day,
        min_quantity: 0,
        post_only: false,
        echo: EnterEcho {
            display: b'Y',
            capacity: b'P',
            intermarket_sweep: b'N',
            cross_type: b'N',
        },
        cl_ord_id: *b"an order      ",
    }
}

pub fn buy(user_ref: u32, quantity: u32, ticks: u64) -> Enter {
    order(user_ref, Side::Buy, quantity, "ABC", ticks)
}

pub fn sell(user_ref: u32, quantity: u32, ticks: u64) -> Enter {
    order(user_ref, Side::Sell, quantity, "ABC", ticks)
}

pub fn replacement(target: u32, user_ref: u32, quantity: u32, ticks: u64) -> Replace {
    Replace {
        target: Target::UserRef(target),
        user_ref,
        quantity,
        price_e4: ticks * 100,
        time_in_force: TimeInForce::Day,
        post_only: false,
        display: b'Y',
        intermarket_sweep: b'N',
        cl_ord_id: *b"a replacement ",
    }
}

/// A market with a gateway's bookkeeping in front: it numbers messages and stamps commands.
pub struct Bench {
    pub market: Market,
    pub now_ns: u64,
}

impl Bench {
    /// Two instruments (ABC, XYZ), two accounts, sessions 1 and 2 of account 1 and 3 of account 2; no day open.
    pub fn closed() -> Self {
        Self::with(Config::default())
    }

    pub fn with(config: Config) -> Self {
        let mut bench = Self {
            market: Market::new(config),
            now_ns: 1_000,
        };
        for action in [
            Action::DefineInstrument(instrument(1, "ABC")),
            Action::DefineInstrument(instrument(2, "XYZ")),
            Action::DefineAccount(account(1)),
            Action::DefineAccount(account(2)),
            Action::DefineSession(session(1, "one", 1)),
            Action::DefineSession(session(2, "two", 1)),
            Action::DefineSession(session(3, "three", 2)),
        ] {
            assert_eq!(bench.act(action), []);
        }
        bench
    }

    /// The same with a day open.
    pub fn open() -> Self {
        let mut bench = Self::closed();
        bench.act(Action::OpenDay { date: DATE });
        bench
    }

    pub fn apply(&mut self, command: Command) -> Vec<Event> {
        self.now_ns += 1;
        let mut events = Vec::new();
        self.market.apply(&command, self.now_ns, &mut events);
        events
    }

    pub fn act(&mut self, action: Action) -> Vec<Event> {
        self.apply(Command::Operator { key: 0, action })
    }

    pub fn ask(&mut self, session: u32, request: Request) -> Vec<Event> {
        let session = SessionId(session);
        let number = self.market.next_number(session).unwrap_or(1);
        self.apply(Command::Client {
            session,
            number,
            request,
        })
    }

    pub fn enter(&mut self, session: u32, enter: Enter) -> Vec<Event> {
        self.ask(session, Request::Enter(enter))
    }

    pub fn replace(&mut self, session: u32, replace: Replace) -> Vec<Event> {
        self.ask(session, Request::Replace(replace))
    }

    pub fn cancel(&mut self, session: u32, user_ref: u32, quantity: u32) -> Vec<Event> {
        self.ask(
            session,
            Request::Cancel {
                target: Target::UserRef(user_ref),
                quantity,
            },
        )
    }
}
