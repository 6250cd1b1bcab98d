//! A recorded day into the market.

use super::STRIDE;
use super::venue::{Venue, VenueError};
use rialto_flow::lobster::{
    self, BookFile, Key, Level, Maker, Message, ReplayError, Score, Snapshot, Venue as LobsterVenue,
};
use rialto_market::command::{Request, Target};
use rialto_market::event::Event;
use rialto_market::types::{InstrumentId, OrderRef, Side};
use std::collections::{HashMap, VecDeque};
use std::time::Instant;

/// One cent: the tick of the recordings' instruments, in 1e-4.
const TICK_SIZE_E4: u32 = 100;
const INSTRUMENT: InstrumentId = InstrumentId(1);

struct InProcess {
    venue: Venue,
    known: HashMap<Key, (u32, OrderRef)>,
    keys: HashMap<OrderRef, Key>,
    marked: VecDeque<Snapshot>,
}

impl InProcess {
    fn send(
        &mut self,
        side: rialto_flow::Side,
        price_e4: i64,
        qty: u32,
        ioc: bool,
    ) -> Result<Sent, VenueError> {
        let side = match side {
            rialto_flow::Side::Buy => Side::Buy,
            rialto_flow::Side::Sell => Side::Sell,
        };
        let enter = self
            .venue
            .enter(0, side, u64::try_from(price_e4).unwrap_or(0), qty, ioc);
        let mut sent = Sent {
            user_ref: enter.user_ref,
            order_ref: OrderRef(0),
            makers: Vec::new(),
        };
        for event in self.venue.ask(Request::Enter(enter))? {
            match event {
                Event::Accepted { order_ref, .. } => sent.order_ref = *order_ref,
                Event::Executed {
                    maker, quantity, ..
                } => sent.makers.push(Maker {
                    key: self.keys.get(&maker.order_ref).copied(),
                    qty: *quantity,
                }),
                _ => {}
            }
        }
        Ok(sent)
    }

    fn set_total(
        &mut self,
        key: Key,
        total: impl FnOnce(u32, u32) -> u32,
    ) -> Result<(), VenueError> {
        if let Some((user_ref, order_ref)) = self.known.get(&key)
            && let Some(order) = self.venue.market().order(*order_ref)
        {
            let quantity = total(order.total, order.executed);
            let target = Target::UserRef(*user_ref);
            self.venue.ask(Request::Cancel { target, quantity })?;
        }
        Ok(())
    }
}

struct Sent {
    user_ref: u32,
    order_ref: OrderRef,
    makers: Vec<Maker>,
}

impl LobsterVenue for InProcess {
    type Error = VenueError;

    fn enter(
        &mut self,
        key: Key,
        side: rialto_flow::Side,
        price_e4: i64,
        qty: u32,
    ) -> Result<(), VenueError> {
        let sent = self.send(side, price_e4, qty, false)?;
        self.known.insert(key, (sent.user_ref, sent.order_ref));
        self.keys.insert(sent.order_ref, key);
        Ok(())
    }

    fn reduce(&mut self, key: Key, by: u32) -> Result<(), VenueError> {
        // A total of what was executed, or less, cancels the rest.
        self.set_total(key, |total, executed| {
            let wanted = total.saturating_sub(by);
            if wanted > executed { wanted } else { 0 }
        })
    }

    fn cancel(&mut self, key: Key) -> Result<(), VenueError> {
        self.set_total(key, |_, _| 0)
    }

    fn is_head(&mut self, key: Key) -> Result<bool, VenueError> {
        let Some((_, order_ref)) = self.known.get(&key) else {
            return Ok(false);
        };
        let head = |side| {
            self.venue
                .market()
                .head(INSTRUMENT, side)
                .map(|order| order.order_ref)
        };
        Ok(head(Side::Buy) == Some(*order_ref) || head(Side::Sell) == Some(*order_ref))
    }

    fn take(
        &mut self,
        side: rialto_flow::Side,
        price_e4: i64,
        qty: u32,
    ) -> Result<Vec<Maker>, VenueError> {
        self.send(side, price_e4, qty, true).map(|sent| sent.makers)
    }

    fn mark(&mut self, depth: usize) -> Result<(), VenueError> {
        let side = |side| {
            let levels = self.venue.market().levels(INSTRUMENT, side, depth);
            let in_e4 = |price: i64| price * i64::from(TICK_SIZE_E4);
            levels
                .map(|level| Level {
                    price_e4: in_e4(level.price),
                    qty: level.qty,
                })
                .collect()
        };
        let snapshot = Snapshot {
            bids: side(Side::Buy),
            asks: side(Side::Sell),
        };
        self.marked.push_back(snapshot);
        Ok(())
    }

    fn snapshots(&mut self, _: bool, out: &mut VecDeque<Snapshot>) -> Result<(), VenueError> {
        out.append(&mut self.marked);
        Ok(())
    }
}

/// Replays a day; `progress` is told how many events are done, and what it returns ends the replay's reports.
///
/// The outer error is the first one of `progress`, the inner one the replay's.
#[allow(
    clippy::type_complexity,
    reason = "two errors that Python raises differently"
)]
pub fn replay<E>(
    events: &[Message],
    seed: &BookFile,
    reference: &BookFile,
    mut progress: impl FnMut(usize) -> Result<(), E>,
) -> Result<Result<(Score, f64), ReplayError<VenueError>>, E> {
    let mut venue = InProcess {
        venue: Venue::new(1, TICK_SIZE_E4),
        known: HashMap::new(),
        keys: HashMap::new(),
        marked: VecDeque::new(),
    };
    let mut told = Ok(());
    let start = Instant::now();
    let score = lobster::replay(events, seed, reference, &mut venue, |row, _| {
        if row % STRIDE == 0 && told.is_ok() {
            told = progress(row);
        }
    });
    told?;
    progress(events.len())?;
    Ok(score.map(|score| (score, start.elapsed().as_secs_f64())))
}
