//! A recorded day through the gateway. Commands are pipelined; only an execution waits, since what it becomes depends on
//! the book as the feed shows it.

use crate::error::LoadError;
use crate::gateway::{Gateway, Place};
use crate::orders::{self, Report};
use crate::progress::Progress;
use rialto_flow::Side;
use rialto_flow::lobster::{
    BookFile, Key, Level, Maker, Message, Snapshot, Venue, replay as drive,
};
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// An order that was entered.
#[derive(Clone, Copy)]
struct Order {
    user_ref: u32,
    /// Its intended total size, executions included.
    total: u32,
    order_ref: Option<u64>,
}

/// A note of the levels to take.
struct Mark {
    /// After this many commands.
    commands: u64,
    depth: usize,
}

/// The gateway as a recorded day's venue.
struct Remote {
    gateway: Gateway,
    window: u64,
    /// Whether events have times to keep: then nothing waits to be sent.
    paced: bool,
    book: Book,
    marks: VecDeque<Mark>,
    /// Marks whose place on the feed is known: changes and depth.
    placed: VecDeque<(u64, usize)>,
    taken: VecDeque<Snapshot>,
    /// How many commands are over, and how many changes the feed shows after them.
    over: (u64, u64),
}

#[derive(Default)]
struct Book {
    orders: HashMap<Key, Order>,
    keys: HashMap<u32, Key>,
    makers: Vec<Maker>,
    refused: u64,
}

impl Book {
    fn report(&mut self, report: &Report) {
        match *report {
            Report::Accepted {
                user_ref,
                order_ref,
                ..
            } => {
                if let Some(order) = self
                    .keys
                    .get(&user_ref)
                    .and_then(|key| self.orders.get_mut(key))
                {
                    order.order_ref = Some(order_ref);
                }
            }
            Report::Executed {
                user_ref,
                qty,
                added: true,
                ..
            } => {
                let key = self.keys.get(&user_ref).copied();
                self.makers.push(Maker { key, qty });
            }
            Report::Rejected { .. } => self.refused += 1,
            _ => {}
        }
    }
}

impl Remote {
    fn tick_e4(&self) -> Result<i64, LoadError> {
        Ok(self.gateway.instrument(0)?.tick_e4.cast_signed())
    }

    fn ticks(&self, price_e4: i64) -> Result<i64, LoadError> {
        let tick_e4 = self.tick_e4()?;
        if price_e4 % tick_e4 != 0 {
            return Err(LoadError::new(
                format!(
                    "the recording has a price of {price_e4} in 1e-4, which is no multiple of the instrument's tick of {tick_e4}"
                ),
                "replay into an instrument whose tick size divides the recorded prices",
            ));
        }
        Ok(price_e4 / tick_e4)
    }

    /// Takes reports; waits for all commands to be over if `all`.
    fn pump(&mut self, all: bool) -> Result<(), LoadError> {
        let Self {
            gateway,
            book,
            marks,
            placed,
            over,
            ..
        } = self;
        let mut each = |report: &Report| {
            book.report(report);
            Ok(())
        };
        let mut ended = |changes: u64| {
            place(marks, placed, over.0, over.1);
            *over = (over.0 + 1, changes);
            place(marks, placed, over.0, over.1);
        };
        if all {
            gateway.sync(&mut each, &mut ended)?;
        } else {
            gateway.pump(&mut each, &mut ended)?;
        }
        place(marks, placed, over.0, over.1);
        if book.refused > 0 {
            return Err(LoadError::new(
                "the venue refuses an order of the recording",
                "use an instrument without a collar and an account whose limits allow it",
            ));
        }
        Ok(())
    }

    /// Takes the marked levels that the feed has reached; all of those placed with `wait`.
    fn take_marks(&mut self, wait: bool) -> Result<(), LoadError> {
        while let Some(&(changes, depth)) = self.placed.front() {
            if !self.gateway.feed.apply_to(changes, wait)? {
                break;
            }
            self.placed.pop_front();
            let feed = &self.gateway.feed;
            let side = |side| {
                let levels = feed.levels(0, side).take(depth);
                levels
                    .map(|(price_e4, qty)| Level { price_e4, qty })
                    .collect()
            };
            self.taken.push_back(Snapshot {
                bids: side(Side::Buy),
                asks: side(Side::Sell),
            });
        }
        Ok(())
    }

    /// Waits until the feed shows everything given so far.
    fn settle(&mut self) -> Result<(), LoadError> {
        if self.gateway.outstanding() > 0 || !self.marks.is_empty() {
            self.pump(true)?;
        }
        self.take_marks(true)?;
        self.gateway.feed.apply_to(self.gateway.changes(), true)?;
        Ok(())
    }

    fn limit(&mut self) -> Result<(), LoadError> {
        while self.gateway.outstanding() >= self.window {
            self.pump(false)?;
            self.take_marks(false)?;
        }
        Ok(())
    }

    fn enter_order(
        &mut self,
        key: Option<Key>,
        side: Side,
        price_e4: i64,
        qty: u32,
    ) -> Result<(), LoadError> {
        let ticks = self.ticks(price_e4)?;
        let instrument = self.gateway.instrument(0)?;
        let user_ref = self.gateway.take_ref();
        if let Some(key) = key {
            let order = Order {
                user_ref,
                total: qty,
                order_ref: None,
            };
            self.book.orders.insert(key, order);
            self.book.keys.insert(user_ref, key);
        }
        self.gateway.command(|out| {
            orders::enter(out, &instrument, user_ref, side, ticks, qty, key.is_none())
        })?;
        self.limit()
    }
}

/// Places the marks that come after this many commands.
fn place(marks: &mut VecDeque<Mark>, placed: &mut VecDeque<(u64, usize)>, over: u64, changes: u64) {
    while let Some(mark) = marks.front().filter(|mark| mark.commands <= over) {
        placed.push_back((changes, mark.depth));
        marks.pop_front();
    }
}

impl Venue for Remote {
    type Error = LoadError;

    fn enter(&mut self, key: Key, side: Side, price_e4: i64, qty: u32) -> Result<(), LoadError> {
        self.enter_order(Some(key), side, price_e4, qty)
    }

    fn reduce(&mut self, key: Key, by: u32) -> Result<(), LoadError> {
        if let Some(order) = self
            .book
            .orders
            .get_mut(&key)
            .filter(|order| order.total > 0 && by > 0)
        {
            order.total = order.total.saturating_sub(by);
            let Order {
                user_ref, total, ..
            } = *order;
            self.gateway
                .command(|out| orders::cancel(out, user_ref, total))?;
        }
        self.limit()
    }

    fn cancel(&mut self, key: Key) -> Result<(), LoadError> {
        self.reduce(key, u32::MAX)
    }

    fn is_head(&mut self, key: Key) -> Result<bool, LoadError> {
        self.settle()?;
        let order_ref = self.book.orders.get(&key).and_then(|order| order.order_ref);
        Ok(order_ref.is_some_and(|order_ref| self.gateway.feed.books.is_head(order_ref)))
    }

    fn take(&mut self, side: Side, price_e4: i64, qty: u32) -> Result<Vec<Maker>, LoadError> {
        if self.gateway.outstanding() > 0 {
            self.pump(true)?;
        }
        self.book.makers.clear();
        self.enter_order(None, side, price_e4, qty)?;
        self.pump(true)?;
        Ok(std::mem::take(&mut self.book.makers))
    }

    fn mark(&mut self, depth: usize) -> Result<(), LoadError> {
        self.marks.push_back(Mark {
            commands: self.gateway.commands(),
            depth,
        });
        if self.paced {
            self.gateway.flush()
        } else {
            Ok(())
        }
    }

    fn snapshots(&mut self, wait: bool, out: &mut VecDeque<Snapshot>) -> Result<(), LoadError> {
        if wait {
            self.settle()?;
        }
        out.append(&mut self.taken);
        Ok(())
    }
}

/// What is replayed.
pub(crate) struct Recording {
    pub(crate) messages: Vec<Message>,
    pub(crate) seed: BookFile,
    pub(crate) reference: BookFile,
}

/// Replays it, `speed` times the recorded pace if given; the figures as a JSON object.
///
/// # Errors
/// The venue refuses an order, or does not answer.
pub(crate) fn replay(
    recording: &Recording,
    place: Place<'_>,
    window: u64,
    speed: Option<f64>,
    progress: &mut Progress,
) -> Result<Value, LoadError> {
    let mut remote = Remote {
        gateway: Gateway::open(place)?,
        window,
        paced: speed.is_some(),
        book: Book::default(),
        marks: VecDeque::new(),
        placed: VecDeque::new(),
        taken: VecDeque::new(),
        over: (0, 0),
    };
    let began = Instant::now();
    let first_ns = recording
        .messages
        .first()
        .map_or(0, |message| message.time_ns);
    let before = |row: usize, message: &Message| {
        progress.show(row, recording.messages.len());
        if let Some(speed) = speed {
            let due = Duration::from_nanos(message.time_ns.saturating_sub(first_ns)).div_f64(speed);
            std::thread::sleep(due.saturating_sub(began.elapsed()));
        }
    };
    let score = drive(
        &recording.messages,
        &recording.seed,
        &recording.reference,
        &mut remote,
        before,
    )
    .map_err(|error| match error {
        rialto_flow::lobster::ReplayError::Venue { row, error } => {
            LoadError::new(format!("event {row}: {}", error.what), error.next)
        }
        error => LoadError::new(error.to_string(), "see --help"),
    })?;
    let seconds = began.elapsed().as_secs_f64();
    let commands = remote.gateway.commands();
    let reconnects = remote.gateway.reconnects();
    remote.gateway.clear()?;
    remote.gateway.close();
    progress.show(recording.messages.len(), recording.messages.len());
    Ok(json!({
        "rows": score.rows,
        "rows_equal": score.rows_equal,
        "states": score.states,
        "states_found": score.states_found,
        "executions": score.executions,
        "at_head": score.at_head,
        "commands": commands,
        "seconds": seconds,
        "reconnects": reconnects,
    }))
}
