//! The market data feed, read by a thread of its own so that it never falls behind.

use crate::connection::{Lost, Reader, Writer};
use crate::error::LoadError;
use crate::finder::{Finder, Wanted};
use crate::settings::Login;
use rialto_depth::{Books, Change};
use rialto_flow::Side;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::time::{Duration, Instant};

/// How many batches wait between the reading thread and its consumer at most.
const WAITING: usize = 8_192;
/// How long a message that must come may take.
const PATIENCE: Duration = Duration::from_secs(20);

/// A server that says nothing for this long, not even its heartbeat of every second, is not there any more.
const SILENT: Duration = Duration::from_secs(3);

/// Messages as they came in one read.
struct Batch {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

/// Where the feed and its snapshot are, and who reads them.
pub(crate) struct Source<'a> {
    /// One address or more, of one replica each: any will do.
    pub(crate) feed: &'a [String],
    /// Likewise; none if there is no snapshot to take.
    pub(crate) snapshot: &'a [String],
    pub(crate) login: Login,
}

/// The feed, with books that take its messages when it is told to.
pub(crate) struct Feed {
    batches: Receiver<Result<Batch, Lost>>,
    batch: Batch,
    /// Position of the next message in the batch.
    at: usize,
    pub(crate) books: Books,
    /// How many messages about the books were applied.
    changes: u64,
}

impl Feed {
    /// Starts reading: from the snapshot if there is one, else from the day's first message.
    ///
    /// # Errors
    /// A login fails, or the snapshot ends too early.
    pub(crate) fn open(source: &Source<'_>, mut books: Books) -> Result<Self, LoadError> {
        let mut next = 1;
        if !source.snapshot.is_empty() {
            next = take_snapshot(source.snapshot, &source.login, &mut books)?;
        }
        let finder = Finder::new(source.feed, source.login)?;
        let never = AtomicBool::new(false);
        let found = finder.search(Wanted::current(next), PATIENCE, &never)?;
        let (sender, batches) = sync_channel(WAITING);
        std::thread::spawn(move || {
            // Ends with the consumer: then nobody takes the batches.
            forward(&finder, found, &sender);
        });
        let batch = Batch {
            bytes: Vec::new(),
            ends: Vec::new(),
        };
        Ok(Self {
            batches,
            batch,
            at: 0,
            books,
            changes: 0,
        })
    }

    /// Prices in units of 1e-4 and quantities of one side of an instrument's book, best first.
    pub(crate) fn levels(
        &self,
        instrument: usize,
        side: Side,
    ) -> impl Iterator<Item = (i64, u64)> + '_ {
        let side = match side {
            Side::Buy => rialto_depth::Side::Buy,
            Side::Sell => rialto_depth::Side::Sell,
        };
        let levels = self.books.levels(instrument, side);
        levels.map(|level| (i64::from(level.price_e4), level.quantity))
    }

    /// Starts counting anew.
    pub(crate) fn restart_count(&mut self) {
        self.changes = 0;
    }

    /// Applies messages until `count` about the books were applied; waits for them if `wait`. Says whether it
    /// got that far.
    pub(crate) fn apply_to(&mut self, count: u64, wait: bool) -> Result<bool, LoadError> {
        let until = wait.then(|| Instant::now() + PATIENCE);
        while self.changes < count {
            if !self.step(until)? {
                if wait {
                    return Err(LoadError::new(
                        format!(
                            "the feed has shown {} of {count} changes of the instruments and no more came for {} s",
                            self.changes,
                            PATIENCE.as_secs()
                        ),
                        "see the node's log; is somebody else trading these instruments?",
                    ));
                }
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Applies all that is there.
    pub(crate) fn apply_all(&mut self) -> Result<(), LoadError> {
        while self.step(None)? {}
        Ok(())
    }

    /// Applies messages until `done` holds; an error if that takes too long.
    pub(crate) fn apply_until(&mut self, done: impl Fn(&Books) -> bool) -> Result<bool, LoadError> {
        let until = Instant::now() + PATIENCE;
        while !done(&self.books) {
            if !self.step(Some(until))? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Applies the next message, if there is one or comes in time.
    fn step(&mut self, until: Option<Instant>) -> Result<bool, LoadError> {
        while self.at == self.batch.ends.len() {
            let batch = match until {
                None => self.batches.try_recv().ok(),
                Some(until) => {
                    let wait = until.saturating_duration_since(Instant::now());
                    match self.batches.recv_timeout(wait) {
                        Ok(batch) => Some(batch),
                        Err(RecvTimeoutError::Timeout) => None,
                        Err(RecvTimeoutError::Disconnected) => {
                            Some(Err(Lost::Closed("its thread has ended".to_owned())))
                        }
                    }
                }
            };
            match batch {
                Some(batch) => self.batch = batch?,
                None => return Ok(false),
            }
            self.at = 0;
        }
        let start = self
            .at
            .checked_sub(1)
            .and_then(|before| self.batch.ends.get(before))
            .copied()
            .unwrap_or(0);
        let end = self.batch.ends.get(self.at).copied().unwrap_or(start);
        self.at += 1;
        let bytes = self.batch.bytes.get(start..end).unwrap_or_default();
        if apply(&mut self.books, bytes)?.book().is_some() {
            self.changes += 1;
        }
        Ok(true)
    }
}

fn apply(books: &mut Books, bytes: &[u8]) -> Result<Change, LoadError> {
    books.apply(bytes).map_err(|error| {
        LoadError::new(
            format!("market data: {error}"),
            "is this the feed of a Rialto venue, of the same version?",
        )
    })
}

/// Reads on, at another replica when the connection is lost: each message once.
fn forward(
    finder: &Finder,
    (mut reader, mut writer): (Reader, Writer),
    to: &SyncSender<Result<Batch, Lost>>,
) {
    let (day, mut next) = (reader.session, reader.next);
    loop {
        let mut batch = Batch {
            bytes: Vec::new(),
            ends: Vec::new(),
        };
        let mut read = reader.messages(|number, message| {
            if number == next {
                batch.bytes.extend_from_slice(message);
                batch.ends.push(batch.bytes.len());
                next += 1;
            }
        });
        // A batch without messages is how an idle thread learns that nobody listens any more.
        if to.send(Ok(batch)).is_err() {
            writer.close();
            return;
        }
        if read.is_ok() && reader.silent_for() > SILENT {
            read = Err(Lost::Closed("the feed is silent".to_owned()));
        }
        let lost = match read {
            Ok(_) => continue,
            Err(Lost::Closed(_)) => {
                let wanted = Wanted {
                    session: day,
                    sequence: next,
                    except: None,
                };
                writer.cut();
                match finder.search(wanted, PATIENCE, &AtomicBool::new(false)) {
                    Ok(found) => {
                        (reader, writer) = found;
                        continue;
                    }
                    Err(lost) => lost,
                }
            }
            Err(lost) => lost,
        };
        drop(to.send(Err(lost)));
        return;
    }
}

/// Takes a snapshot; where the feed goes on.
fn take_snapshot(addresses: &[String], login: &Login, books: &mut Books) -> Result<u64, LoadError> {
    let finder = Finder::new(addresses, *login)?;
    let never = AtomicBool::new(false);
    let (mut reader, writer) = finder.search(Wanted::current(1), PATIENCE, &never)?;
    let began = Instant::now();
    let mut end = None;
    while end.is_none() {
        let mut failed = None;
        let read = reader.messages(|_, message| match apply(books, message) {
            Ok(Change::SnapshotEnd(next)) => end = Some(next),
            Ok(_) => {}
            Err(error) => failed = Some(error),
        });
        if let Some(error) = failed {
            return Err(error);
        }
        if end.is_none() {
            read?;
            if began.elapsed() > PATIENCE * 6 {
                return Err(LoadError::new(
                    format!("the snapshot at {} does not end", addresses.join(", ")),
                    "see the node's log",
                ));
            }
        }
    }
    writer.close();
    Ok(end.unwrap_or(1))
}
