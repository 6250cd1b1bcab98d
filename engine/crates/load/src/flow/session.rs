//! One order session of a flow: a thread that reads its reports, and logs in again when its connection is lost.

use super::state::State;
use super::{Settings, Shared, lock};
use crate::connection::{self, Lost, Reader, Writer};
use crate::error::LoadError;
use crate::orders::{self, Report};
use crate::settings::Login;
use rialto_wire::ouch::Symbol;
use rialto_wire::soup::Session;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How long the venue may take to answer at the start.
const FIRST_LOGIN: Duration = Duration::from_secs(10);
/// How long it may take to end what an earlier flow left.
const CLEAN_UP: Duration = Duration::from_secs(30);
/// The first pause before another login, and the longest.
const PAUSE: (Duration, Duration) = (Duration::from_millis(50), Duration::from_secs(2));

/// Logs in, ends what the session left, and starts its thread.
pub(super) fn start(
    at: usize,
    settings: &Settings,
    shared: &Shared,
    ended: &Arc<AtomicBool>,
) -> Result<JoinHandle<()>, LoadError> {
    let mut line = Line {
        at,
        address: settings.orders.clone(),
        login: *settings
            .logins
            .get(at)
            .ok_or_else(|| LoadError::new("no login is given", "give --username"))?,
        shared: Arc::clone(shared),
        ended: Arc::clone(ended),
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
                        line.address, line.login.username
                    ),
                    "start the venue (make up), or see the node's log",
                ));
            }
            Err(_) => std::thread::sleep(PAUSE.0),
        }
    };
    Ok(std::thread::spawn(move || line.read(reader)))
}

struct Line {
    at: usize,
    address: String,
    login: Login,
    shared: Shared,
    ended: Arc<AtomicBool>,
}

impl Line {
    /// Logs in to the current trading day and ends all orders that rest there.
    fn begin(&mut self) -> Result<Reader, Lost> {
        let (mut reader, writer) =
            connection::connect(&self.address, &self.login, Session::BLANK, 0)?;
        let mut messages = [Vec::new(), Vec::new()];
        orders::mass_cancel(&mut messages[0], 1, Symbol::BLANK);
        orders::query(&mut messages[1]);
        writer.send(messages.iter().map(Vec::as_slice))?;
        let until = Instant::now() + CLEAN_UP;
        let mut next_ref = None;
        while next_ref.is_none() {
            reader.messages(|_, message| {
                if let Ok(Report::NextUserRef { next }) = Report::decode(message) {
                    next_ref = Some(next);
                }
            })?;
            if Instant::now() > until || self.ended.load(Ordering::Relaxed) {
                return Err(Lost::Closed(
                    "the venue does not answer an account query".to_owned(),
                ));
            }
        }
        lock(&self.shared).began(self.at, writer, next_ref.unwrap_or(1));
        Ok(reader)
    }

    /// Logs in again where the stream was left.
    fn resume(&self, session: Session, next: u64) -> Result<(Reader, Writer), Lost> {
        connection::connect(&self.address, &self.login, session, next)
    }

    /// Reads until the flow has ended.
    fn read(&mut self, mut reader: Reader) {
        let mut reports = Vec::new();
        while !self.ended.load(Ordering::Relaxed) {
            reports.clear();
            let read = reader.messages(|_, message| {
                // A message that is no OUCH says nothing; the numbers go on.
                reports.push(Report::decode(message).unwrap_or(Report::Other));
            });
            let now = Instant::now();
            if !reports.is_empty() {
                let mut state = lock(&self.shared);
                for report in &reports {
                    state.report(self.at, report, now);
                }
            }
            if let Err(lost) = read {
                match self.again(reader.session, reader.next, lost) {
                    Some(found) => reader = found,
                    None => return,
                }
            }
        }
    }

    /// Logs in again, however long it takes; `None` when the flow has ended or logging in is of no use.
    fn again(&mut self, session: Session, next: u64, lost: Lost) -> Option<Reader> {
        if self.ended.load(Ordering::Relaxed) {
            return None;
        }
        lock(&self.shared).lost(self.at);
        let mut day_over = matches!(lost, Lost::EndOfSession);
        let mut pause = PAUSE.0;
        loop {
            std::thread::sleep(pause);
            pause = (pause * 2).min(PAUSE.1);
            if self.ended.load(Ordering::Relaxed) {
                return None;
            }
            let found = if day_over {
                self.begin()
            } else {
                self.resume(session, next).map(|(reader, writer)| {
                    lock(&self.shared).resumed(self.at, writer);
                    reader
                })
            };
            match found {
                Ok(reader) => return Some(reader),
                Err(Lost::Refused(error)) => {
                    fail(&mut lock(&self.shared), error);
                    return None;
                }
                Err(Lost::SessionNotAvailable | Lost::EndOfSession) => day_over = true,
                Err(Lost::Closed(_)) => {}
            }
        }
    }
}

fn fail(state: &mut State, error: LoadError) {
    state.failed.get_or_insert(error);
}
