//! What all sessions of a flow share: orders, commands without an answer, and counts.

use super::Settings;
use super::gaps::Gaps;
use super::pattern::Pattern;
use super::summary::{Counts, Samples, Summary};
use crate::connection::Writer;
use crate::error::LoadError;
use crate::orders::{self, Report};
use crate::settings::Instrument;
use rialto_flow::generator::LiveCommand;
use serde_json::{Value, json};
use std::collections::{HashMap, VecDeque};
use std::time::{Duration, Instant};

/// An order as the venue names it.
#[derive(Clone, Copy)]
struct Order {
    session: usize,
    user_ref: u32,
    total: u32,
    instrument: usize,
}

/// What answers a command.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Awaits {
    Entered(u32),
    Replaced(u32),
    Canceled(u32),
}

struct Sent {
    awaits: Awaits,
    message: Vec<u8>,
    intended: Instant,
}

/// One order session.
#[derive(Default)]
struct Line {
    /// `None` while it is not logged in.
    writer: Option<Writer>,
    next_ref: u32,
    /// The order of each user reference number that may still be told of.
    ids: HashMap<u32, u64>,
    /// Commands without an answer, in the order they were made.
    outstanding: VecDeque<Sent>,
    /// How many of them, from the back, were not sent yet.
    unsent: usize,
    /// Since when what was sent is without an answer, or without the next one.
    waiting: Option<Instant>,
}

pub(super) struct State {
    pattern: Pattern,
    instruments: Vec<Instrument>,
    orders: HashMap<u64, Order>,
    lines: Vec<Line>,
    counts: Counts,
    gaps: Gaps,
    pub(super) failed: Option<LoadError>,
}

impl State {
    pub(super) fn new(pattern: Pattern, settings: &Settings) -> Self {
        Self {
            pattern,
            instruments: settings.instruments.clone(),
            orders: HashMap::new(),
            lines: settings.logins.iter().map(|_| Line::default()).collect(),
            counts: Counts::new(),
            gaps: Gaps::new(settings.logins.len()),
            failed: None,
        }
    }

    /// The flow begins: what came before does not count as a gap.
    pub(super) fn start(&mut self) {
        self.gaps = Gaps::new(self.lines.len());
    }

    /// How many commands are without an answer.
    pub(super) fn outstanding(&self) -> usize {
        self.lines.iter().map(|line| line.outstanding.len()).sum()
    }

    pub(super) fn writers(&self) -> Vec<Writer> {
        self.lines
            .iter()
            .filter_map(|line| line.writer.clone())
            .collect()
    }

    /// Makes the next command, which should have been sent at `intended`.
    pub(super) fn command(&mut self, intended: Instant) {
        let mut message = Vec::with_capacity(64);
        let (at, awaits) = match self.pattern.command() {
            LiveCommand::Enter {
                id,
                instrument,
                side,
                price,
                qty,
                ioc,
            } => {
                let at = (id % self.lines.len().max(1) as u64) as usize;
                let (Some(line), Some(listed)) =
                    (self.lines.get_mut(at), self.instruments.get(instrument))
                else {
                    return;
                };
                let user_ref = line.take_ref();
                line.ids.insert(user_ref, id);
                let order = Order {
                    session: at,
                    user_ref,
                    total: qty,
                    instrument,
                };
                self.orders.insert(id, order);
                orders::enter(&mut message, listed, user_ref, side, price, qty, ioc);
                self.counts.orders += 1;
                (at, Awaits::Entered(user_ref))
            }
            LiveCommand::Cancel { id } => {
                let Some(order) = self.orders.get(&id) else {
                    return;
                };
                orders::cancel(&mut message, order.user_ref, 0);
                self.counts.cancels += 1;
                (order.session, Awaits::Canceled(order.user_ref))
            }
            LiveCommand::Move { id, price } => {
                let Some(order) = self.orders.get(&id).copied() else {
                    return;
                };
                let (Some(line), Some(listed)) = (
                    self.lines.get_mut(order.session),
                    self.instruments.get(order.instrument),
                ) else {
                    return;
                };
                let user_ref = line.take_ref();
                line.ids.insert(user_ref, id);
                orders::replace(
                    &mut message,
                    listed,
                    order.user_ref,
                    user_ref,
                    price,
                    order.total,
                );
                self.counts.moves += 1;
                (order.session, Awaits::Replaced(user_ref))
            }
        };
        if let Some(line) = self.lines.get_mut(at) {
            line.unsent += 1;
            line.outstanding.push_back(Sent {
                awaits,
                message,
                intended,
            });
        }
    }

    /// What is to be sent now, of each session that is logged in.
    pub(super) fn take_ready(&mut self, now: Instant) -> Vec<(usize, Writer, Vec<Vec<u8>>)> {
        let mut ready = Vec::new();
        for (at, line) in self.lines.iter_mut().enumerate() {
            if let Some(writer) = line.writer.clone()
                && line.unsent > 0
            {
                let from = line.outstanding.len() - line.unsent.min(line.outstanding.len());
                line.unsent = 0;
                line.waiting.get_or_insert(now);
                let messages = line
                    .outstanding
                    .range(from..)
                    .map(|sent| sent.message.clone())
                    .collect();
                ready.push((at, writer, messages));
            }
        }
        ready
    }

    /// A session's connection is gone, if it still is this one.
    pub(super) fn lost(&mut self, at: usize, writer: Option<&Writer>) {
        if let Some(line) = self.lines.get_mut(at)
            && let Some(current) = &line.writer
            && writer.is_none_or(|writer| writer.same(current))
        {
            current.cut();
            line.writer = None;
            line.waiting = None;
            self.counts.reconnects += 1;
        }
    }

    /// Whether a session has waited for an answer for longer than `bound`.
    pub(super) fn overdue(&self, at: usize, bound: Duration) -> bool {
        let waiting = self.lines.get(at).and_then(|line| line.waiting);
        waiting.is_some_and(|since| since.elapsed() > bound)
    }

    /// A session is logged in to the same trading day as before: what is without an answer is sent again. The venue
    /// ignores what it has, and the answers to that come from its stream.
    pub(super) fn resumed(&mut self, at: usize, writer: Writer) {
        self.lost(at, None);
        if let Some(line) = self.lines.get_mut(at) {
            line.unsent = line.outstanding.len();
            line.writer = Some(writer);
        }
    }

    /// A session is logged in to another trading day: nothing of it rests, and numbers begin at `next_ref`.
    pub(super) fn began(&mut self, at: usize, writer: Writer, next_ref: u32) {
        let orders = &self.orders;
        let stale = orders.values().any(|order| order.session == at);
        if stale {
            // The other sessions are in the same market, so their day is over as well.
            self.pattern.forget_all();
            self.orders.clear();
            for line in &mut self.lines {
                line.ids.clear();
            }
        }
        if let Some(line) = self.lines.get_mut(at) {
            line.outstanding.clear();
            line.unsent = 0;
            line.waiting = None;
            line.next_ref = next_ref;
            line.writer = Some(writer);
        }
    }

    /// Takes a report that came in at `now`.
    pub(super) fn report(&mut self, at: usize, report: &Report, now: Instant) {
        match *report {
            Report::Accepted {
                user_ref,
                dead,
                qty,
                ..
            } => {
                self.counts.accepted += 1;
                if let Some(sent) = self.answered(at, Awaits::Entered(user_ref), now) {
                    self.counts
                        .latency(now.saturating_duration_since(sent.intended));
                }
                if let Some(id) = self.id(at, user_ref) {
                    self.pattern.accepted(id);
                    if dead {
                        self.pattern.took(id, qty);
                    }
                    self.forget_gone(at, user_ref, id);
                }
            }
            Report::Replaced {
                orig,
                user_ref,
                left,
                price_e4,
                ..
            } => {
                self.answered(at, Awaits::Replaced(user_ref), now);
                if let Some(id) = self.id(at, user_ref)
                    && let Some(order) = self.orders.get_mut(&id)
                {
                    order.user_ref = user_ref;
                    let tick = self
                        .instruments
                        .get(order.instrument)
                        .map_or(1, |listed| listed.tick_e4);
                    let ticks = i64::try_from(price_e4 / tick.max(1)).unwrap_or(i64::MAX);
                    self.pattern.moved(id, ticks, left);
                }
                if let Some(line) = self.lines.get_mut(at) {
                    line.ids.remove(&orig);
                }
            }
            Report::Executed { user_ref, qty, .. } => {
                self.counts.executions += 1;
                self.took(at, user_ref, qty);
            }
            Report::Canceled {
                user_ref,
                qty,
                asked,
            } => {
                if asked {
                    self.counts.canceled += 1;
                    self.answered(at, Awaits::Canceled(user_ref), now);
                }
                self.took(at, user_ref, qty);
            }
            Report::Rejected { user_ref, reason } => {
                *self
                    .counts
                    .rejected
                    .entry(format!("{reason:?}"))
                    .or_default() += 1;
                if self.answered(at, Awaits::Entered(user_ref), now).is_none() {
                    self.answered(at, Awaits::Replaced(user_ref), now);
                }
                if let Some(id) = self.id(at, user_ref) {
                    self.pattern.rejected(id);
                    if let Some(line) = self.lines.get_mut(at) {
                        line.ids.remove(&user_ref);
                    }
                    if !self.pattern.knows(id) {
                        self.orders.remove(&id);
                    }
                }
            }
            Report::CancelRejected { user_ref } => {
                self.counts.cancels_refused += 1;
                self.answered(at, Awaits::Canceled(user_ref), now);
                if let Some(id) = self.id(at, user_ref) {
                    self.pattern.rejected(id);
                }
            }
            Report::MassCanceled | Report::NextUserRef { .. } | Report::Other => {}
        }
    }

    fn id(&self, at: usize, user_ref: u32) -> Option<u64> {
        self.lines.get(at)?.ids.get(&user_ref).copied()
    }

    fn took(&mut self, at: usize, user_ref: u32, qty: u32) {
        if let Some(id) = self.id(at, user_ref) {
            self.pattern.took(id, qty);
            self.forget_gone(at, user_ref, id);
        }
    }

    /// Forgets an order of which nothing more is told.
    fn forget_gone(&mut self, at: usize, user_ref: u32, id: u64) {
        if !self.pattern.knows(id) {
            self.orders.remove(&id);
            if let Some(line) = self.lines.get_mut(at) {
                line.ids.remove(&user_ref);
            }
        }
    }

    /// Takes the command out that a report answers.
    fn answered(&mut self, at: usize, awaits: Awaits, now: Instant) -> Option<Sent> {
        let line = self.lines.get_mut(at)?;
        let nth = line
            .outstanding
            .iter()
            .position(|sent| sent.awaits == awaits)?;
        self.counts.answered += 1;
        self.gaps.acknowledged(at, now);
        let sent = line.outstanding.remove(nth);
        line.waiting = (line.outstanding.len() > line.unsent).then_some(now);
        sent
    }

    pub(super) fn progress(&mut self, elapsed: Duration, backlog: f64) -> Value {
        json!({
            "seconds": elapsed.as_secs(),
            "orders": self.counts.orders,
            "accepted": self.counts.accepted,
            "executions": self.counts.executions,
            "rejected": self.counts.rejected_total(),
            "resting": self.pattern.resting(),
            "backlog": backlog.round(),
            "reconnects": self.counts.reconnects,
            "longest_gap_ms": self.gaps.longest_ms(),
            "latency_ns": self.counts.take_second(),
        })
    }

    pub(super) fn summary(
        &mut self,
        settings: &Settings,
        elapsed: Duration,
        samples: &Samples,
    ) -> Summary {
        let names: Vec<String> = settings
            .logins
            .iter()
            .map(|login| login.username.text().to_owned())
            .collect();
        let gaps = (self.gaps.longest_ms(), self.gaps.figures(&names));
        self.counts.summary(
            settings,
            elapsed,
            samples,
            self.outstanding(),
            self.pattern.resting(),
            gaps,
        )
    }
}

impl Line {
    fn take_ref(&mut self) -> u32 {
        let user_ref = self.next_ref.max(1);
        self.next_ref = user_ref.saturating_add(1);
        user_ref
    }
}
