//! Market events to numbered streams: one of OUCH reports for each order session, one ITCH feed.
//!
//! The publisher holds where each stream stands and nothing else; positions are part of a checkpoint, beside the
//! market's state. The same events from the same positions give the same messages under the same numbers, wherever and
//! however often they are published: that is what lets a client log in at another replica with its next number.

mod feed;
mod positions;
mod report;

use rialto_market::Market;
use rialto_market::event::Event;
use rialto_market::types::{OrderRef, SessionId, TimeNs, TradingDay};
use rialto_wire::itch;
use std::collections::BTreeMap;

use feed::Feed;
pub(crate) use feed::{action_message, directory_message, order_message};
pub use positions::PositionsError;

/// One of a market's numbered streams.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum StreamId {
    /// The market data of all instruments: ITCH.
    Feed,
    /// The reports to one order session: OUCH.
    Session(SessionId),
}

/// Where a stream stands.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct StreamState {
    /// The SoupBinTCP session name of its trading day.
    pub session: [u8; 10],
    /// The number of the next message.
    pub next: u64,
    /// Whether the day has closed: the message before `next` was the last one.
    pub ended: bool,
}

/// Who keeps the streams.
pub trait StreamSink {
    /// A trading day opened: every stream is empty and starts at 1 under the day's session name.
    fn opened(&mut self, day: &TradingDay);
    /// The next message of a stream. Numbers of a stream ascend from 1 without a gap.
    fn append(&mut self, stream: StreamId, number: u64, message: &[u8]);
    /// The trading day closed: every stream is complete, and its readers get End of Session behind its last message.
    fn closed(&mut self, day: &TradingDay);
}

/// Turns events into messages and numbers them.
#[derive(Debug, Default)]
pub struct Publisher {
    day: Option<TradingDay>,
    open: bool,
    /// The last order reference number of earlier trading days: the user reference numbers of the orders up to it name
    /// nothing today.
    earlier: OrderRef,
    /// The number of the feed's next message.
    feed: u64,
    /// The number of each session's next message; absent until its first.
    sessions: BTreeMap<SessionId, u64>,
    /// The message being made.
    buffer: Vec<u8>,
}

impl PartialEq for Publisher {
    fn eq(&self, other: &Self) -> bool {
        (self.day, self.open, self.earlier, self.feed, &self.sessions)
            == (
                other.day,
                other.open,
                other.earlier,
                other.feed,
                &other.sessions,
            )
    }
}

impl Eq for Publisher {}

impl Publisher {
    /// Before the first trading day: there are no streams.
    pub fn new() -> Self {
        Self::default()
    }

    /// Where a stream stands; `None` before the first trading day. Until the next day opens, a closed one stays.
    pub fn stream(&self, stream: StreamId) -> Option<StreamState> {
        let day = self.day?;
        Some(StreamState {
            session: day.session_name(),
            next: match stream {
                StreamId::Feed => self.feed,
                StreamId::Session(session) => self.sessions.get(&session).copied().unwrap_or(1),
            },
            ended: !self.open,
        })
    }

    /// The trading day whose streams these are, and whether it is open.
    pub const fn day(&self) -> Option<(TradingDay, bool)> {
        match self.day {
            Some(day) => Some((day, self.open)),
            None => None,
        }
    }

    /// The streams that have messages, the feed first, then sessions ascending.
    pub fn streams(&self) -> impl Iterator<Item = (StreamId, StreamState)> + '_ {
        std::iter::once(StreamId::Feed)
            .chain(self.sessions.keys().map(|id| StreamId::Session(*id)))
            .filter_map(|id| self.stream(id).map(|state| (id, state)))
    }

    /// Publishes the events of one command. `time_ns` is that command's stamp, `market` the state right after it and
    /// before the next.
    ///
    /// While no trading day is open there is no stream to publish on, and nothing is published.
    pub fn publish(
        &mut self,
        events: &[Event],
        time_ns: TimeNs,
        market: &Market,
        out: &mut impl StreamSink,
    ) {
        let mut opened = false;
        for event in events {
            match event {
                Event::DayOpened(day) => {
                    opened = true;
                    self.open(day, time_ns, market, out);
                }
                Event::DayClosed(day) => self.close(day, time_ns, out),
                _ if !self.open => {}
                _ => {
                    feed::of(event, time_ns, market, &mut self.feed(out));
                    report::of(event, market, &mut self.reports(time_ns, out));
                }
            }
        }
        if opened && self.open {
            // The opening's other events have shown the instruments, their states and what rests from earlier days.
            let mut feed = self.feed(out);
            feed.system(itch::EventCode::StartOfSystemHours, time_ns);
            feed.system(itch::EventCode::StartOfMarketHours, time_ns);
        }
    }

    fn open(
        &mut self,
        day: &TradingDay,
        time_ns: TimeNs,
        market: &Market,
        out: &mut impl StreamSink,
    ) {
        self.day = Some(*day);
        self.open = true;
        self.earlier = market.last_order_ref();
        self.feed = 1;
        self.sessions.clear();
        out.opened(day);
        self.feed(out)
            .system(itch::EventCode::StartOfMessages, time_ns);
        let mut reports = self.reports(time_ns, out);
        for session in market.sessions() {
            reports.begin(session.definition.id);
        }
    }

    fn close(&mut self, day: &TradingDay, time_ns: TimeNs, out: &mut impl StreamSink) {
        if !self.open {
            return;
        }
        let mut feed = self.feed(out);
        feed.system(itch::EventCode::EndOfMarketHours, time_ns);
        feed.system(itch::EventCode::EndOfSystemHours, time_ns);
        feed.system(itch::EventCode::EndOfMessages, time_ns);
        let sessions: Vec<SessionId> = self.sessions.keys().copied().collect();
        let mut reports = self.reports(time_ns, out);
        for session in sessions {
            reports.end(session);
        }
        self.open = false;
        out.closed(day);
    }

    fn feed<'a, S: StreamSink>(&'a mut self, out: &'a mut S) -> Feed<'a, S> {
        Feed {
            next: &mut self.feed,
            buffer: &mut self.buffer,
            out,
        }
    }

    fn reports<'a, S: StreamSink>(
        &'a mut self,
        time_ns: TimeNs,
        out: &'a mut S,
    ) -> report::Reports<'a, S> {
        report::Reports {
            next: &mut self.sessions,
            earlier: self.earlier,
            buffer: &mut self.buffer,
            time_ns,
            out,
        }
    }
}
