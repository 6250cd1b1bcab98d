//! One order session and the feed together, for replays: nobody else may trade their instruments meanwhile.

use crate::connection::{self, Reader, Writer};
use crate::error::LoadError;
use crate::feed::{Feed, Source};
use crate::mirror::Mirror;
use crate::orders::{self, Report};
use crate::settings::{Instrument, Login};
use crate::tally::Tally;
use rialto_flow::Side;
use rialto_wire::soup::Session;
use std::time::{Duration, Instant};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Queued commands are sent at the latest when they take this many bytes.
const SEND_AT: usize = 16_384;

/// Where to replay.
pub(crate) struct Place<'a> {
    pub(crate) orders: &'a str,
    pub(crate) login: Login,
    pub(crate) source: Source<'a>,
    pub(crate) instruments: Vec<Instrument>,
}

/// The session and the feed.
pub(crate) struct Gateway {
    reader: Reader,
    writer: Writer,
    queued: Vec<u8>,
    ends: Vec<usize>,
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
        let (reader, writer) = connection::connect(place.orders, &place.login, Session::BLANK, 0)?;
        let symbols = place
            .instruments
            .iter()
            .map(|instrument| instrument.symbol)
            .collect();
        let feed = Feed::open(&place.source, Mirror::new(symbols))?;
        let mut gateway = Self {
            reader,
            writer,
            queued: Vec::new(),
            ends: Vec::new(),
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

    fn queue(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<(), LoadError> {
        encode(&mut self.queued);
        self.ends.push(self.queued.len());
        if self.queued.len() >= SEND_AT {
            self.flush()?;
        }
        Ok(())
    }

    /// Sends what is queued.
    pub(crate) fn flush(&mut self) -> Result<(), LoadError> {
        if self.ends.is_empty() {
            return Ok(());
        }
        let mut start = 0;
        let messages = self.ends.iter().map(|end| {
            let message = self.queued.get(start..*end).unwrap_or_default();
            start = *end;
            message
        });
        self.writer.send(messages)?;
        self.queued.clear();
        self.ends.clear();
        Ok(())
    }

    /// Takes the reports that are there, waiting a moment for the first; `over` is told, for each command that is over, how
    /// many changes the feed shows after it.
    pub(crate) fn pump(
        &mut self,
        mut each: impl FnMut(&Report) -> Result<(), LoadError>,
        mut over: impl FnMut(u64),
    ) -> Result<(), LoadError> {
        self.flush()?;
        let tally = &mut self.tally;
        let mut done = Ok(());
        self.reader.messages(|number, message| {
            if done.is_err() {
                return;
            }
            match Report::decode(message) {
                Ok(report) => {
                    tally.report(&report);
                    done = each(&report);
                }
                Err(error) => {
                    done = Err(LoadError::new(
                        format!("message {number} of the order session: {error}"),
                        "is this the order port of a Rialto venue, of the same version?",
                    ));
                }
            }
        })?;
        done?;
        while let Some(changes) = self.tally.next_over() {
            self.over += 1;
            self.changes = changes;
            over(changes);
        }
        Ok(())
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
            if !self.feed.apply_until(|mirror| mirror.has(order_ref))? {
                return Err(LoadError::new(
                    format!(
                        "the feed does not show an order of {symbol} that was accepted (listed there: {})",
                        self.feed.mirror.lists(at)
                    ),
                    "give the feed and the snapshot of the same market",
                ));
            }
            self.command(|out| orders::cancel(out, user_ref, 0))?;
            self.sync(|_| Ok(()), |_| {})?;
            if !self.feed.apply_until(|mirror| !mirror.has(order_ref))? {
                return Err(LoadError::new(
                    format!("the feed does not show the end of an order of {symbol}"),
                    "see the node's log",
                ));
            }
        }
        let others = self.feed.mirror.len();
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
