//! Calls to one peer: requests and answers with numbers on one connection, made anew when it broke.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::AbortHandle;
use tokio::time::timeout;

use super::counters::{Counts, add, count};
use super::dial::Dialer;
use super::frame::{self, HEADER};
use super::hello::Purpose;
use super::streams;
use crate::{CallError, MAX_FRAME};

/// Calls under way to one peer; further ones wait within their time-outs.
pub(super) const UNDER_WAY: usize = 64;
/// Bytes of a call's number.
pub(super) const NUMBER: usize = 8;

type Waiting = BTreeMap<u64, oneshot::Sender<Vec<u8>>>;

/// What the tasks of a connection share with its callers.
#[derive(Default)]
struct Shared {
    waiting: Mutex<Waiting>,
    broken: AtomicBool,
    answers: AtomicU64,
}

impl Shared {
    fn waiting(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Nobody will be answered any more; whoever waits learns it.
    fn end(&self) {
        let mut waiting = self.waiting();
        self.broken.store(true, Ordering::Release);
        waiting.clear();
    }
}

struct Connection {
    shared: Arc<Shared>,
    requests: mpsc::Sender<(u64, Vec<u8>)>,
    tasks: [AbortHandle; 2],
}

impl Connection {
    fn start(stream: BufReader<TcpStream>, counts: &Arc<Counts>) -> Self {
        let shared = Arc::new(Shared::default());
        let (requests, mut queue) = mpsc::channel::<(u64, Vec<u8>)>(UNDER_WAY);
        let (mut reader, mut writer) = streams::parts(stream);
        let (of_writer, of_reader) = (Arc::clone(&shared), Arc::clone(&shared));
        let (sent, received) = (Arc::clone(counts), Arc::clone(counts));
        let writing = tokio::spawn(async move {
            while let Some((number, request)) = queue.recv().await {
                if write_numbered(&mut writer, number, &request, &sent)
                    .await
                    .is_err()
                {
                    break;
                }
            }
            of_writer.end();
        });
        let reading = tokio::spawn(async move {
            while let Ok(Some(mut answer)) =
                frame::read(&mut reader, MAX_FRAME + NUMBER, &received).await
            {
                let Some(number) = take_number(&mut answer) else {
                    break;
                };
                of_reader.answers.fetch_add(1, Ordering::Relaxed);
                if let Some(waiting) = of_reader.waiting().remove(&number) {
                    // A caller that gave up is no longer interested.
                    drop(waiting.send(answer));
                }
            }
            of_reader.end();
        });
        Self {
            shared,
            requests,
            tasks: [writing.abort_handle(), reading.abort_handle()],
        }
    }

    fn is_broken(&self) -> bool {
        self.shared.broken.load(Ordering::Acquire)
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        for task in &self.tasks {
            task.abort();
        }
        self.shared.end();
    }
}

/// Takes a call's number off the front of its bytes.
pub(super) fn take_number(bytes: &mut Vec<u8>) -> Option<u64> {
    let number = u64::from_le_bytes(*bytes.first_chunk::<NUMBER>()?);
    bytes.drain(..NUMBER);
    Some(number)
}

pub(super) async fn write_numbered(
    writer: &mut (impl tokio::io::AsyncWrite + Unpin),
    number: u64,
    bytes: &[u8],
    counts: &Counts,
) -> std::io::Result<()> {
    let number = number.to_le_bytes();
    let head = frame::header(&[&number, bytes], MAX_FRAME + NUMBER)?;
    let mut frame = Vec::with_capacity(HEADER + NUMBER + bytes.len());
    frame.extend_from_slice(&head);
    frame.extend_from_slice(&number);
    frame.extend_from_slice(bytes);
    add(&counts.bytes_sent, frame.len());
    writer.write_all(&frame).await
}

/// Takes a call's place back when its caller goes away, answered or not.
struct Place<'a> {
    shared: &'a Shared,
    number: u64,
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.shared.waiting().remove(&self.number);
    }
}

/// The calls to one peer.
pub(super) struct Calls {
    dialer: Dialer,
    places: Semaphore,
    number: AtomicU64,
    connection: tokio::sync::Mutex<Option<Arc<Connection>>>,
}

impl Calls {
    pub(super) fn new(dialer: Dialer) -> Self {
        Self {
            dialer,
            places: Semaphore::new(UNDER_WAY),
            number: AtomicU64::new(0),
            connection: tokio::sync::Mutex::new(None),
        }
    }

    pub(super) fn dialer(&self) -> &Dialer {
        &self.dialer
    }

    pub(super) async fn close(&self) {
        *self.connection.lock().await = None;
    }

    pub(super) async fn call(
        &self,
        request: Vec<u8>,
        patience: Duration,
    ) -> Result<Vec<u8>, CallError> {
        if request.len() > MAX_FRAME {
            return Err(self.unreachable(&format!(
                "a request of {} bytes is longer than {MAX_FRAME}, the most that is sent",
                request.len()
            )));
        }
        let mut used = None;
        match timeout(patience, self.answered(request, &mut used)).await {
            Ok(answered) => answered,
            Err(_) => {
                count(&self.dialer.counts().call_timeouts);
                if let Some((connection, answers)) = used {
                    self.doubt(&connection, answers).await;
                }
                Err(CallError::TimedOut {
                    to: self.dialer.to(),
                    waited: patience,
                })
            }
        }
    }

    /// Gives up a connection on which nothing at all was answered while a call waited: the path may be cut, and the kernel would take long to notice.
    async fn doubt(&self, connection: &Arc<Connection>, answers: u64) {
        if connection.shared.answers.load(Ordering::Relaxed) != answers {
            return;
        }
        // Whoever holds the lock is making a new connection already.
        if let Ok(mut current) = self.connection.try_lock()
            && current
                .as_ref()
                .is_some_and(|held| Arc::ptr_eq(held, connection))
        {
            *current = None;
        }
    }

    async fn answered(
        &self,
        request: Vec<u8>,
        used: &mut Option<(Arc<Connection>, u64)>,
    ) -> Result<Vec<u8>, CallError> {
        let broke = || self.unreachable("the connection broke before an answer came");
        let _place = self.places.acquire().await.map_err(|_| broke())?;
        let connection = self.connection().await?;
        let shared = Arc::clone(&connection.shared);
        *used = Some((
            Arc::clone(&connection),
            shared.answers.load(Ordering::Relaxed),
        ));
        let number = self.number.fetch_add(1, Ordering::Relaxed);
        let (answer, answered) = oneshot::channel();
        {
            let mut waiting = shared.waiting();
            if shared.broken.load(Ordering::Acquire) {
                return Err(broke());
            }
            waiting.insert(number, answer);
        }
        let _place = Place {
            shared: &shared,
            number,
        };
        connection
            .requests
            .send((number, request))
            .await
            .map_err(|_| broke())?;
        answered.await.map_err(|_| broke())
    }

    /// The connection, made if there is none that works.
    async fn connection(&self) -> Result<Arc<Connection>, CallError> {
        let mut current = self.connection.lock().await;
        if let Some(connection) = current.as_ref().filter(|held| !held.is_broken()) {
            return Ok(Arc::clone(connection));
        }
        *current = None;
        let stream = self.dialer.dial(Purpose::Calls).await?;
        let made = Arc::new(Connection::start(stream, self.dialer.counts()));
        *current = Some(Arc::clone(&made));
        Ok(made)
    }

    fn unreachable(&self, reason: &str) -> CallError {
        CallError::Unreachable {
            to: self.dialer.to(),
            reason: reason.to_owned(),
        }
    }
}
