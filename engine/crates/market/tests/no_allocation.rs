//! In steady state no command allocates.

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use rialto_market::command::{Action, Command, Enter, EnterEcho, Replace, Request, Target};
use rialto_market::types::*;
use rialto_market::{Config, Market};

struct Counting;

static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

// SAFETY: every call is passed to the system's allocator unchanged; the counter is not part of the answer.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are handed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller's promises are handed on.
        unsafe { System.realloc(at, layout, size) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: the caller's promises are handed on.
        unsafe { System.dealloc(at, layout) }
    }
}

#[global_allocator]
static COUNTING: Counting = Counting;

const SESSIONS: usize = 4;
const SYMBOLS: [Symbol; 3] = [
    Symbol(*b"AAA     "),
    Symbol(*b"BBB     "),
    Symbol(*b"CCC     "),
];
const LIVE: usize = 10_000;
const WARM_UP: u32 = 300_000;
const MEASURED: u32 = 300_000;

struct Flow {
    market: Market,
    random: u64,
    numbers: [u64; SESSIONS],
    user_refs: [u32; SESSIONS],
}

impl Flow {
    fn draw(&mut self, below: u64) -> u64 {
        self.random = self
            .random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 33) % below
    }

    fn client(&mut self, session: usize, request: Request) -> Command {
        self.numbers[session] += 1;
        Command::Client {
            session: SessionId(session as u32),
            number: self.numbers[session],
            request,
        }
    }

    /// Mostly new orders while there are few, mostly cancels while there are many; now and then all of a session's.
    fn next(&mut self) -> Command {
        let session = self.draw(SESSIONS as u64) as usize;
        let buys = self.draw(2) == 0;
        let ticks = if buys { 950 } else { 995 } + self.draw(52);
        let recent = self.user_refs[session].saturating_sub(self.draw(12_000) as u32);
        let target = Target::UserRef(recent);
        let enters = if self.market.open_orders() < LIVE {
            7
        } else {
            2
        };
        let kind = self.draw(10);
        let quantity = 1 + self.draw(100) as u32;
        let request = if self.draw(20_000) == 0 {
            Request::MassCancel {
                user_ref: 1,
                symbol: Symbol::ALL,
            }
        } else if kind < enters {
            self.user_refs[session] += 1;
            Request::Enter(Enter {
                user_ref: self.user_refs[session],
                side: if buys { Side::Buy } else { Side::Sell },
                side_code: if buys { b'B' } else { b'S' },
                quantity,
                symbol: SYMBOLS[self.draw(3) as usize],
                price_e4: ticks * 100,
                time_in_force: match self.draw(4) {
                    0 => TimeInForce::GoodTillCancel,
                    1 => TimeInForce::ImmediateOrCancel,
                    _ => TimeInForce::Day,
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
            })
        } else if kind == 9 {
            self.user_refs[session] += 1;
            Request::Replace(Replace {
                target,
                user_ref: self.user_refs[session],
                quantity,
                price_e4: ticks * 100,
                time_in_force: TimeInForce::Day,
                post_only: false,
                display: b'Y',
                intermarket_sweep: b'N',
                cl_ord_id: [b' '; 14],
            })
        } else {
            Request::Cancel {
                target,
                quantity: self.draw(3) as u32 * 20,
            }
        };
        self.client(session, request)
    }
}

fn definitions() -> Vec<Action> {
    let mut actions = Vec::new();
    for (nth, symbol) in SYMBOLS.into_iter().enumerate() {
        actions.push(Action::DefineInstrument(Instrument {
            id: InstrumentId(nth as u16 + 1),
            symbol,
            tick_size_e4: 100,
            lot_size: 1,
            collar_bp: 5_000,
            reference_price: 1_000,
        }));
    }
    actions.push(Action::DefineAccount(Account {
        id: AccountId(1),
        max_order_quantity: 1_000,
        max_order_value_e4: u64::MAX,
        max_open_orders: u32::MAX,
        cancel_on_disconnect: false,
    }));
    for nth in 0..SESSIONS {
        actions.push(Action::DefineSession(SessionDefinition {
            id: SessionId(nth as u32),
            username: Username([b'U', b'0' + nth as u8, b' ', b' ', b' ', b' ']),
            account: AccountId(1),
        }));
    }
    actions.push(Action::OpenDay { date: 20_261_121 });
    actions
}

#[test]
fn in_steady_state_no_command_allocates() {
    let mut flow = Flow {
        market: Market::new(Config::default()),
        random: 7,
        numbers: [0; SESSIONS],
        user_refs: [0; SESSIONS],
    };
    let mut events = Vec::with_capacity(2 * LIVE);
    for action in definitions() {
        let command = Command::Operator { key: 0, action };
        flow.market.apply(&command, 1, &mut events);
    }
    for _ in 0..WARM_UP {
        let command = flow.next();
        events.clear();
        flow.market.apply(&command, 1, &mut events);
    }
    let before = ALLOCATIONS.load(Ordering::Relaxed);
    let started = Instant::now();
    for _ in 0..MEASURED {
        let command = flow.next();
        events.clear();
        flow.market.apply(&command, 1, &mut events);
    }
    let took = started.elapsed();
    let allocated = ALLOCATIONS.load(Ordering::Relaxed) - before;
    println!(
        "{} ns a command, {} orders rest, {:?}",
        took.as_nanos() / u128::from(MEASURED),
        flow.market.open_orders(),
        flow.market.statistics()
    );
    assert_eq!(allocated, 0);
    assert!(flow.market.statistics().executions > 25_000);
    assert!(flow.market.open_orders() > LIVE / 4);
}
