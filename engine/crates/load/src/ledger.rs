//! The file that keeps what was sent and what was told, for `rialto-load verify`.

use crate::error::LoadError;
use crate::settings::Login;
use rialto_verify::ledger::{Event, Record, Writer, encode};
use rialto_wire::soup::Session;
use std::fs::File;
use std::io::BufWriter;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Records wait in memory up to this many bytes, and at most a second.
const BUFFER: usize = 1 << 18;

/// Nanoseconds since the epoch.
pub(crate) fn now_ns() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
    })
}

/// A ledger that is written, or none. Clones write to the same one.
#[derive(Clone, Default)]
pub(crate) struct Ledger(Option<Arc<Open>>);

struct Open {
    path: PathBuf,
    inner: Mutex<(Writer<BufWriter<File>>, Option<std::io::Error>)>,
}

/// Records of one session, to be appended together.
pub(crate) struct Batch {
    session: u16,
    bytes: Vec<u8>,
    on: bool,
}

impl Batch {
    fn add(&mut self, time_ns: u64, event: Event<'_>) {
        if self.on {
            let record = Record {
                session: self.session,
                time_ns,
                event,
            };
            encode(&record, &mut self.bytes);
        }
    }

    /// A message is about to be sent.
    pub(crate) fn sent(&mut self, time_ns: u64, message: &[u8]) {
        self.add(time_ns, Event::Sent(message));
    }

    /// A report came in.
    pub(crate) fn received(&mut self, time_ns: u64, number: u64, message: &[u8]) {
        self.add(time_ns, Event::Received { number, message });
    }
}

impl Ledger {
    /// Begins the ledger at `path`, if there is to be one.
    ///
    /// # Errors
    /// The file can't be made.
    pub(crate) fn create(path: Option<&Path>) -> Result<Self, LoadError> {
        let Some(path) = path else {
            return Ok(Self(None));
        };
        let made = File::create(path)
            .and_then(|file| Writer::new(BufWriter::with_capacity(BUFFER, file)))
            .map_err(|error| wrong(path, &error))?;
        Ok(Self(Some(Arc::new(Open {
            path: path.to_owned(),
            inner: Mutex::new((made, None)),
        }))))
    }

    /// An empty batch of a session.
    pub(crate) fn batch(&self, session: usize) -> Batch {
        Batch {
            // Sessions are named on the command line; there are not that many.
            session: u16::try_from(session).unwrap_or(u16::MAX),
            bytes: Vec::new(),
            on: self.0.is_some(),
        }
    }

    /// Appends a batch and empties it. A failure is kept for [`Ledger::flush`].
    pub(crate) fn append(&self, batch: &mut Batch) {
        if let Some(open) = &self.0
            && !batch.bytes.is_empty()
        {
            let mut inner = open.inner.lock().unwrap_or_else(PoisonError::into_inner);
            let (writer, failed) = &mut *inner;
            if let Err(error) = writer.append(&batch.bytes) {
                failed.get_or_insert(error);
            }
            batch.bytes.clear();
        }
    }

    /// A connection of a session is logged in: what was asked for and what was given.
    pub(crate) fn begun(&self, session: usize, login: &Login, day: Session, asked: u64, next: u64) {
        let mut batch = self.batch(session);
        let time_ns = now_ns();
        let username = login.username.bytes();
        batch.add(time_ns, Event::Login { username });
        let day = day.bytes();
        batch.add(time_ns, Event::Begun { day, asked, next });
        self.append(&mut batch);
    }

    /// Gives everything to the file.
    ///
    /// # Errors
    /// It could not be written, now or since the last call.
    pub(crate) fn flush(&self) -> Result<(), LoadError> {
        let Some(open) = &self.0 else {
            return Ok(());
        };
        let mut inner = open.inner.lock().unwrap_or_else(PoisonError::into_inner);
        let (writer, failed) = &mut *inner;
        match failed.take() {
            Some(error) => Err(error),
            None => writer.flush(),
        }
        .map_err(|error| wrong(&open.path, &error))
    }

    /// Ends it in order.
    ///
    /// # Errors
    /// As [`Ledger::flush`].
    pub(crate) fn end(&self) -> Result<(), LoadError> {
        let mut batch = self.batch(0);
        batch.add(now_ns(), Event::Ended);
        self.append(&mut batch);
        self.flush()
    }
}

fn wrong(path: &Path, error: &std::io::Error) -> LoadError {
    LoadError::new(
        format!("verify file {}: {error}", path.display()),
        "give a file on a disk with room",
    )
}
