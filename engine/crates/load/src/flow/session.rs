//! One order session of a flow: a thread that reads its reports, and logs in again, wherever the leader is, when its
//! connection is lost or its answers are overdue.

use super::{Settings, Shared, lock};
use crate::connection::{Lost, Reader, Writer};
use crate::error::LoadError;
use crate::finder::{Finder, Wanted};
use crate::ledger::{Ledger, now_ns};
use crate::orders::{self, Report};
use crate::settings::Login;
use rialto_wire::ouch::Symbol;
use rialto_wire::soup::Session;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, TryRecvError, sync_channel};
use std::thread::{JoinHandle, Thread};
use std::time::{Duration, Instant};

/// How long the venue may take to answer at the start.
const FIRST_LOGIN: Duration = Duration::from_secs(30);
/// How long it may take to end what an earlier flow left.
const CLEAN_UP: Duration = Duration::from_secs(30);
/// How long one search for the leader goes on before it is looked what else may be wrong.
const SEARCH: Duration = Duration::from_secs(2);
/// How long another leader is looked for while the connection still stands.
const LOOK_ELSEWHERE: Duration = Duration::from_secs(1);
/// The pause before it is looked again whether a new trading day has opened.
const DAY_PAUSE: Duration = Duration::from_millis(100);
/// A server that says nothing for this long, not even its heartbeat of every second, is not there any more.
const SILENT: Duration = Duration::from_secs(3);

/// Logs in, ends what the session left, and starts its thread. `sender` is woken when there is something to send again.
pub(super) fn start(
    at: usize,
    settings: &Settings,
    shared: &Shared,
    ended: &Arc<AtomicBool>,
    sender: &Thread,
) -> Result<JoinHandle<()>, LoadError> {
    let login = *settings
        .logins
        .get(at)
        .ok_or_else(|| LoadError::new("no login is given", "give --username"))?;
    let mut line = Line {
        at,
        finder: Arc::new(Finder::new(&settings.orders, login)?),
        login,
        shared: Arc::clone(shared),
        ended: Arc::clone(ended),
        sender: sender.clone(),
        overdue: settings.overdue,
        ledger: settings.ledger.clone(),
        day: Session::BLANK,
        next: 0,
    };
    let until = Instant::now() + FIRST_LOGIN;
    let reader = loop {
        match line.begin() {
            Ok(reader) => break reader,
            Err(Lost::Refused(error)) => return Err(error),
            Err(lost) if Instant::now() > until => {
                return Err(LoadError::new(
                    format!(
                        "the venue at {} does not let {} in: {lost}",
                        settings.orders.join(", "),
                        login.username
                    ),
                    "start the venue (make up), or see the node's log",
                ));
            }
            Err(_) => {}
        }
    };
    Ok(std::thread::spawn(move || line.read(reader)))
}

type Connection = (Reader, Writer);

struct Line {
    at: usize,
    finder: Arc<Finder>,
    login: Login,
    shared: Shared,
    ended: Arc<AtomicBool>,
    sender: Thread,
    overdue: Duration,
    ledger: Ledger,
    /// The trading day of the stream that is read, and the number of its next report: each is taken once.
    day: Session,
    next: u64,
}

impl Line {
    /// Logs in to the current trading day and ends all orders that rest there.
    fn begin(&mut self) -> Result<Reader, Lost> {
        let wanted = Wanted::current(0);
        let (mut reader, writer) = self.finder.search(wanted, SEARCH, &self.ended)?;
        self.begun(&reader, 0);
        (self.day, self.next) = (reader.session, reader.next);
        let mut messages = [Vec::new(), Vec::new()];
        orders::mass_cancel(&mut messages[0], 1, Symbol::BLANK);
        orders::query(&mut messages[1]);
        let mut batch = self.ledger.batch(self.at);
        for message in &messages {
            batch.sent(now_ns(), message);
        }
        self.ledger.append(&mut batch);
        writer.send(messages.iter().map(Vec::as_slice))?;
        let until = Instant::now() + CLEAN_UP;
        let mut next_ref = None;
        let mut reports = Vec::new();
        while next_ref.is_none() {
            reports.clear();
            let read = self.take(&mut reader, &mut reports);
            for report in &reports {
                if let Report::NextUserRef { next } = report {
                    next_ref = Some(*next);
                }
            }
            read?;
            if Instant::now() > until || self.ended.load(Ordering::Relaxed) {
                return Err(Lost::Closed(
                    "the venue does not answer an account query".to_owned(),
                ));
            }
            if reader.silent_for() > SILENT {
                return Err(Lost::Closed("the venue is silent".to_owned()));
            }
        }
        lock(&self.shared).began(self.at, writer, next_ref.unwrap_or(1));
        self.sender.unpark();
        Ok(reader)
    }

    fn begun(&self, reader: &Reader, asked: u64) {
        self.ledger
            .begun(self.at, &self.login, reader.session, asked, reader.next);
    }

    /// Takes the reports that are there, each number once.
    fn take(&mut self, reader: &mut Reader, reports: &mut Vec<Report>) -> Result<usize, Lost> {
        let mut batch = self.ledger.batch(self.at);
        let mut time_ns = 0;
        let next = &mut self.next;
        let read = reader.messages(|number, message| {
            if number < *next {
                return;
            }
            *next = number + 1;
            if time_ns == 0 {
                time_ns = now_ns();
            }
            batch.received(time_ns, number, message);
            // A message that is no OUCH says nothing; the numbers go on.
            reports.push(Report::decode(message).unwrap_or(Report::Other));
        });
        self.ledger.append(&mut batch);
        read
    }

    /// Reads until the flow has ended.
    fn read(&mut self, mut reader: Reader) {
        let mut reports = Vec::new();
        let mut elsewhere: Option<Receiver<Result<Connection, Lost>>> = None;
        while !self.ended.load(Ordering::Relaxed) {
            reports.clear();
            let read = self.take(&mut reader, &mut reports);
            let now = Instant::now();
            let overdue = {
                let mut state = lock(&self.shared);
                for report in &reports {
                    state.report(self.at, report, now);
                }
                state.overdue(self.at, self.overdue)
            };
            if let Err(lost) = read {
                elsewhere = None;
                match self.again(lost) {
                    Some(found) => reader = found,
                    None => return,
                }
                continue;
            }
            match &elsewhere {
                None if overdue => elsewhere = self.look_elsewhere(&reader),
                None => {}
                Some(search) => match search.try_recv() {
                    Err(TryRecvError::Empty) => {}
                    Err(TryRecvError::Disconnected) | Ok(Err(_)) => elsewhere = None,
                    Ok(Ok(found)) => {
                        elsewhere = None;
                        reader = self.switch(found);
                    }
                },
            }
        }
    }

    /// Looks for a leader at the other addresses, in a thread of its own: the connection that is there is read on, and
    /// ends when the newer login wins.
    fn look_elsewhere(&self, reader: &Reader) -> Option<Receiver<Result<Connection, Lost>>> {
        let silent = reader.silent_for() > SILENT;
        if self.finder.places() < 2 && !silent {
            return None;
        }
        let (give, take) = sync_channel(1);
        let (finder, ended) = (Arc::clone(&self.finder), Arc::clone(&self.ended));
        let wanted = Wanted {
            session: self.day,
            sequence: self.next,
            except: (!silent).then_some(reader.place),
        };
        std::thread::spawn(move || {
            // Without a taker the connection ends with it.
            drop(give.send(finder.search(wanted, LOOK_ELSEWHERE, &ended)));
        });
        Some(take)
    }

    /// Goes on with another connection to the same trading day.
    fn switch(&self, (reader, writer): Connection) -> Reader {
        self.begun(&reader, self.next);
        lock(&self.shared).resumed(self.at, writer);
        self.sender.unpark();
        reader
    }

    /// Logs in again, however long it takes; `None` when the flow has ended or logging in is of no use.
    fn again(&mut self, lost: Lost) -> Option<Reader> {
        if self.ended.load(Ordering::Relaxed) {
            return None;
        }
        let mut day_over = matches!(lost, Lost::EndOfSession);
        let mut refused = false;
        lock(&self.shared).lost(self.at, None);
        while !self.ended.load(Ordering::Relaxed) {
            let found = if day_over {
                self.begin()
            } else {
                self.resume(refused)
            };
            match found {
                Ok(reader) => return Some(reader),
                Err(Lost::Refused(error)) => {
                    lock(&self.shared).failed.get_or_insert(error);
                    return None;
                }
                Err(Lost::EndOfSession) => {
                    // Until the next day opens, the last one is all there is.
                    std::thread::sleep(DAY_PAUSE);
                    day_over = true;
                }
                // Whoever does not lead says so too.
                Err(Lost::SessionNotAvailable) => refused = true,
                Err(Lost::Closed(_)) => {}
            }
        }
        None
    }

    /// Logs in where the stream was left. Once that was refused for a while, asks for the current trading day's stream: is
    /// it another, then the day is over.
    fn resume(&self, refused: bool) -> Result<Reader, Lost> {
        let wanted = if refused {
            Wanted::current(1)
        } else {
            Wanted {
                session: self.day,
                sequence: self.next,
                except: None,
            }
        };
        let (reader, writer) = self.finder.search(wanted, SEARCH, &self.ended)?;
        if reader.session != self.day {
            writer.close();
            return Err(Lost::EndOfSession);
        }
        Ok(self.switch((reader, writer)))
    }
}
