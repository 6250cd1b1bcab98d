//! One order session and the feed together, for replays: nobody else may trade their instruments meanwhile.
//!
//! When its connection is lost the session logs in at the leader there is now, with its next number. What of the commands
//! without an answer the venue has taken is then asked with a cancel of an order that never was: when that is refused,
//! every answer before it has come, and the commands still without one are sent again, each for the only time that counts.

use crate::connection::{Lost, Reader, Writer};
use crate::error::LoadError;
use crate::feed::{Feed, Source};
use crate::finder::{Finder, Wanted};
use crate::orders::{self, Report};
use crate::settings::{Instrument, Login};
use crate::tally::Tally;
use rialto_depth::Books;
use rialto_flow::Side;
use std::collections::VecDeque;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long another leader is looked for while the connection still stands.
const LOOK: Duration = Duration::from_millis(100);
/// A server that says nothing for this long, not even its heartbeat of every second, is not there any more.
const SILENT: Duration = Duration::from_secs(3);
/// User reference numbers this near the end name no order: they are the barriers'.
const BARRIERS: u32 = 1 << 16;
/// Queued commands are sent at the latest when they take this many bytes.
const SEND_AT: usize = 16_384;

/// Where to replay.
pub(crate) struct Place<'a> {
    /// One address or more, of one replica each.
    pub(crate) orders: &'a [String],
    pub(crate) login: Login,
    pub(crate) source: Source<'a>,
    pub(crate) instruments: Vec<Instrument>,
    /// Answers that are overdue by this make the session look for another leader.
    pub(crate) overdue: Duration,
}

/// The session and the feed.
pub(crate) struct Gateway {
    finder: Finder,
    reader: Reader,
    writer: Writer,
    overdue: Duration,
    /// The number of the next report: each is taken once.
    next_report: u64,
    /// Commands without an answer, in the order they were given. One report answers each.
    unanswered: VecDeque<Vec<u8>>,
    /// How many of them, from the back, were not sent yet.
    unsent: usize,
    unsent_bytes: usize,
    /// The cancel of an order that never was whose refusal is waited for; nothing else is sent meanwhile.
    barrier: Option<u32>,
    barriers: u32,
    /// When the last answer came.
    heard: Instant,
    reconnects: u64,
    instruments: Vec<Instrument>,
    next_ref: u32,
    queries: u64,
    tally: Tally,
    pub(crate) feed: Feed,
    /// How many commands were given.
    commands: u64,
    /// How many of them are over.
    over: u64,
    /// How many changes the feed shows after them.
    changes: u64,
}

impl Gateway {
    /// Logs in, ends what the session left in the instruments, and makes sure that their books are empty.
    ///
    /// # Errors
    /// A login fails, an instrument is not listed, or others' orders rest.
    pub(crate) fn open(place: Place<'_>) -> Result<Self, LoadError> {
        let finder = Finder::new(place.orders, place.login)?;
        let never = AtomicBool::new(false);
        let (reader, writer) = finder.search(Wanted::current(0), PATIENCE, &never)?;
        let symbols: Vec<_> = place
            .instruments
            .iter()
            .map(|instrument| instrument.symbol)
            .collect();
        let feed = Feed::open(&place.source, Books::of(&symbols))?;
        let mut gateway = Self {
            finder,
            next_report: reader.next,
            reader,
            writer,
            overdue: place.overdue,
            unanswered: VecDeque::new(),
            unsent: 0,
            unsent_bytes: 0,
            barrier: None,
            barriers: 0,
            heard: Instant::now(),
            reconnects: 0,
            instruments: place.instruments,
            next_ref: 1,
            queries: 0,
            tally: Tally::new(),
            feed,
            commands: 0,
            over: 0,
            changes: 0,
        };
        gateway.ask_next_ref()?;
        gateway.clear()?;
        gateway.probe()?;
        gateway.tally = Tally::new();
        gateway.queries = 0;
        gateway.commands = 0;
        gateway.over = 0;
        gateway.changes = 0;
        gateway.feed.restart_count();
        Ok(gateway)
    }

    /// The instrument of a position.
    ///
    /// # Errors
    /// There is none.
    pub(crate) fn instrument(&self, at: usize) -> Result<Instrument, LoadError> {
        self.instruments.get(at).copied().ok_or_else(|| {
            LoadError::new(
                format!(
                    "the recording has a symbol {at} and {} instruments are given",
                    self.instruments.len()
                ),
                "give one --instrument for each symbol",
            )
        })
    }

    /// How many commands were given and are not over.
    pub(crate) const fn outstanding(&self) -> u64 {
        self.commands.saturating_sub(self.over)
    }

    /// How many commands were given.
    pub(crate) const fn commands(&self) -> u64 {
        self.commands
    }

    /// How many changes the feed shows after the commands that are over.
    pub(crate) const fn changes(&self) -> u64 {
        self.changes
    }

    /// The next user reference number.
    pub(crate) fn take_ref(&mut self) -> u32 {
        self.next_ref += 1;
        self.next_ref - 1
    }

    /// The user reference number that [`Self::take_ref`] gives next.
    pub(crate) const fn next_ref(&self) -> u32 {
        self.next_ref
    }

    /// Queues a command.
    pub(crate) fn command(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<(), LoadError> {
        self.commands += 1;
        self.queue(encode)
    }

    /// How often the session has logged in again.
    pub(crate) const fn reconnects(&self) -> u64 {
        self.reconnects
    }

    fn queue(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<(), LoadError> {
        let mut message = Vec::with_capacity(64);
        encode(&mut message);
        self.unsent_bytes += message.len();
        self.unsent += 1;
        self.unanswered.push_back(message);
        if self.unsent_bytes >= SEND_AT {
            self.flush()?;
        }
        Ok(())
    }

    /// Sends what is queued.
    pub(crate) fn flush(&mut self) -> Result<(), LoadError> {
        if self.unsent == 0 || self.barrier.is_some() {
            return Ok(());
        }
        let from = self.unanswered.len().saturating_sub(self.unsent);
        if from == 0 {
            self.heard = Instant::now();
        }
        let messages = self.unanswered.range(from..).map(Vec::as_slice);
        let sent = self.writer.send(messages);
        (self.unsent, self.unsent_bytes) = (0, 0);
        match sent {
            Ok(()) => Ok(()),
            Err(lost) => self.again(lost),
        }
    }

    /// Takes the reports that are there, waiting a moment for the first; `over` is told, for each command that is over, how
    /// many changes the feed shows after it.
    pub(crate) fn pump(
        &mut self,
        mut each: impl FnMut(&Report) -> Result<(), LoadError>,
        mut over: impl FnMut(u64),
    ) -> Result<(), LoadError> {
        self.flush()?;
        let mut taken = Taken {
            tally: &mut self.tally,
            unanswered: &mut self.unanswered,
            barrier: &mut self.barrier,
            heard: &mut self.heard,
        };
        let next = &mut self.next_report;
        let mut done = Ok(());
        let read = self.reader.messages(|number, message| {
            if done.is_err() || number < *next {
                return;
            }
            *next = number + 1;
            match Report::decode(message) {
                Ok(report) => {
                    if taken.report(&report) {
                        done = each(&report);
                    }
                }
                Err(error) => {
                    done = Err(LoadError::new(
                        format!("message {number} of the order session: {error}"),
                        "is this the order port of a Rialto venue, of the same version?",
                    ));
                }
            }
        });
        done?;
        while let Some(changes) = self.tally.next_over() {
            self.over += 1;
            self.changes = changes;
            over(changes);
        }
        match read {
            Err(lost) => self.again(lost),
            Ok(_) => self.look_elsewhere(),
        }
    }

    /// Goes on at another leader where answers are overdue.
    fn look_elsewhere(&mut self) -> Result<(), LoadError> {
        let waits = self.barrier.is_some() || self.unanswered.len() > self.unsent;
        if !waits || self.heard.elapsed() < self.overdue || self.finder.places() < 2 {
            return Ok(());
        }
        let silent = self.reader.silent_for() > SILENT;
        let wanted = Wanted {
            session: self.reader.session,
            sequence: self.next_report,
            except: (!silent).then_some(self.reader.place),
        };
        match self.finder.search(wanted, LOOK, &AtomicBool::new(false)) {
            Ok(found) => self.go_on(found),
            Err(Lost::Refused(error)) => Err(error),
            Err(_) => Ok(()),
        }
    }

    /// Logs in again after the connection was lost.
    fn again(&mut self, lost: Lost) -> Result<(), LoadError> {
        if !matches!(lost, Lost::Closed(_)) {
            return Err(lost.into());
        }
        let wanted = Wanted {
            session: self.reader.session,
            sequence: self.next_report,
            except: None,
        };
        self.writer.cut();
        let never = AtomicBool::new(false);
        let found = self.finder.search(wanted, PATIENCE, &never)?;
        self.go_on(found)
    }

    fn go_on(&mut self, (reader, writer): (Reader, Writer)) -> Result<(), LoadError> {
        self.writer.cut();
        (self.reader, self.writer) = (reader, writer);
        self.reconnects += 1;
        // All that is still without an answer when the barrier is reached.
        self.unsent = self.unanswered.len();
        self.unsent_bytes = 0;
        self.heard = Instant::now();
        self.barriers += 1;
        let user_ref = u32::MAX - self.barriers % BARRIERS;
        self.barrier = Some(user_ref);
        let mut message = Vec::new();
        orders::cancel(&mut message, user_ref, 0);
        match self.writer.send([message.as_slice()]) {
            // Whoever reads finds a lost connection.
            Ok(()) | Err(Lost::Closed(_)) => Ok(()),
            Err(lost) => Err(lost.into()),
        }
    }

    /// Waits until every command given is over.
    pub(crate) fn sync(
        &mut self,
        mut each: impl FnMut(&Report) -> Result<(), LoadError>,
        mut over: impl FnMut(u64),
    ) -> Result<(), LoadError> {
        self.queries += 1;
        self.queue(orders::query)?;
        let mut last = self.over;
        let mut until_moved = Instant::now() + PATIENCE;
        while self.tally.queries() < self.queries {
            self.pump(&mut each, &mut over)?;
            if self.over != last {
                last = self.over;
                until_moved = Instant::now() + PATIENCE;
            }
            if Instant::now() > until_moved {
                return Err(LoadError::new(
                    format!(
                        "{} commands are without an answer and none came for {} s",
                        self.outstanding(),
                        PATIENCE.as_secs()
                    ),
                    "see the node's log and its metrics",
                ));
            }
        }
        Ok(())
    }

    fn ask_next_ref(&mut self) -> Result<(), LoadError> {
        let mut found = None;
        self.sync(
            |report| {
                if let Report::NextUserRef { next } = report {
                    found = Some(*next);
                }
                Ok(())
            },
            |_| {},
        )?;
        self.next_ref = found.unwrap_or(1).max(1);
        Ok(())
    }

    /// Ends all orders of the session in the instruments.
    ///
    /// # Errors
    /// The session is lost.
    pub(crate) fn clear(&mut self) -> Result<(), LoadError> {
        for at in 0..self.instruments.len() {
            let symbol = self.instrument(at)?.symbol;
            let user_ref = self.take_ref();
            self.queue(|out| orders::mass_cancel(out, user_ref, symbol))?;
        }
        self.sync(|_| Ok(()), |_| {})
    }

    /// Enters an order far away in each instrument and ends it again: when the feed has shown that, it shows all that was
    /// before, and the books must be empty.
    fn probe(&mut self) -> Result<(), LoadError> {
        for at in 0..self.instruments.len() {
            let instrument = self.instrument(at)?;
            let user_ref = self.take_ref();
            self.command(|out| {
                orders::enter(
                    out,
                    &instrument,
                    user_ref,
                    Side::Buy,
                    1,
                    instrument.lot,
                    false,
                )
            })?;
            let (mut order_ref, mut refused) = (None, None);
            self.sync(
                |report| {
                    match report {
                        Report::Accepted {
                            order_ref: found, ..
                        } => order_ref = Some(*found),
                        Report::Rejected { reason, .. } => refused = Some(*reason),
                        _ => {}
                    }
                    Ok(())
                },
                |_| {},
            )?;
            let symbol = instrument.symbol;
            if let Some(reason) = refused {
                return Err(LoadError::new(
                    format!(
                        "the venue refuses an order of one lot of {symbol} at one tick: {reason:?}"
                    ),
                    "use an instrument without a price collar, with the tick and lot size of the venue file, while it trades",
                ));
            }
            let order_ref = order_ref.unwrap_or(0);
            if !self.feed.apply_until(|books| books.has(order_ref))? {
                return Err(LoadError::new(
                    format!(
                        "the feed does not show an order of {symbol} that was accepted (listed there: {})",
                        self.feed.books.lists(at)
                    ),
                    "give the feed and the snapshot of the same market",
                ));
            }
            self.command(|out| orders::cancel(out, user_ref, 0))?;
            self.sync(|_| Ok(()), |_| {})?;
            if !self.feed.apply_until(|books| !books.has(order_ref))? {
                return Err(LoadError::new(
                    format!("the feed does not show the end of an order of {symbol}"),
                    "see the node's log",
                ));
            }
        }
        let others = self.feed.books.resting();
        if others > 0 {
            return Err(LoadError::new(
                format!("{others} orders of others rest in the instruments"),
                "replay into instruments that nobody else trades",
            ));
        }
        Ok(())
    }

    /// Logs out.
    pub(crate) fn close(self) {
        self.writer.close();
    }
}

/// Where a report is noted.
struct Taken<'a> {
    tally: &'a mut Tally,
    unanswered: &'a mut VecDeque<Vec<u8>>,
    barrier: &'a mut Option<u32>,
    heard: &'a mut Instant,
}

impl Taken<'_> {
    /// Notes a report; `false` if it is the barrier's own.
    fn report(&mut self, report: &Report) -> bool {
        *self.heard = Instant::now();
        if let Report::CancelRejected { user_ref } = report
            && *user_ref > u32::MAX - BARRIERS
        {
            // An older barrier's refusal says nothing about what was sent after it.
            if *self.barrier == Some(*user_ref) {
                *self.barrier = None;
            }
            return false;
        }
        self.tally.report(report);
        let answers = match report {
            Report::Accepted { .. }
            | Report::Replaced { .. }
            | Report::Rejected { .. }
            | Report::CancelRejected { .. }
            | Report::MassCanceled
            | Report::NextUserRef { .. } => true,
            Report::Canceled { asked, .. } => *asked,
            Report::Executed { .. } | Report::Other => false,
        };
        if answers {
            self.unanswered.pop_front();
        }
        true
    }
}
