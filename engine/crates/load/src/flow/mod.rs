//! Order flow into a venue at intended times: an open loop. A command's latency is measured from the time it should have
//! been sent, so that a stalled venue shows in it and not in a slower flow.

mod gaps;
mod pattern;
mod session;
mod state;
mod summary;

pub(crate) use pattern::Kind;
pub(crate) use summary::{Latencies, Summary, latency_only};

use crate::connection::Writer;
use crate::error::LoadError;
use crate::ledger::{Ledger, now_ns};
use crate::settings::{Instrument, Login};
use pattern::Pattern;
use serde_json::Value;
use state::State;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use summary::Samples;

/// What to send, and where.
#[derive(Clone)]
pub(crate) struct Settings {
    /// The market's order ports, one a replica.
    pub(crate) orders: Vec<String>,
    pub(crate) logins: Vec<Login>,
    pub(crate) instruments: Vec<Instrument>,
    pub(crate) kind: Kind,
    /// Commands a second: orders, cancels and moves together.
    pub(crate) rate: f64,
    pub(crate) duration: Duration,
    pub(crate) seed: u64,
    /// How many orders rest, about.
    pub(crate) resting: usize,
    /// How many commands may be without an answer; beyond that sending waits, and their latency grows.
    pub(crate) bound: usize,
    /// A session whose answers are overdue by this looks for another leader.
    pub(crate) overdue: Duration,
    /// Where everything sent and received is kept.
    pub(crate) ledger: Ledger,
}

/// How long the answers to the last commands may take.
const LAST_ANSWERS: Duration = Duration::from_secs(5);
/// At most this many commands are sent in one go.
const BURST: usize = 512;

type Shared = Arc<Mutex<State>>;

fn lock(shared: &Shared) -> MutexGuard<'_, State> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends the flow until its time is over or `stop` is set; tells `each_second` of the progress.
///
/// # Errors
/// The venue can't be reached at the start, or refuses a login.
pub(crate) fn run(
    settings: &Settings,
    stop: &Arc<AtomicBool>,
    mut each_second: impl FnMut(&Value),
) -> Result<Summary, LoadError> {
    let pattern = Pattern::new(settings)?;
    let shared: Shared = Arc::new(Mutex::new(State::new(pattern, settings)));
    let ended = Arc::new(AtomicBool::new(false));
    let sender = std::thread::current();
    let mut threads = Vec::new();
    for at in 0..settings.logins.len() {
        threads.push(session::start(at, settings, &shared, &ended, &sender)?);
    }
    lock(&shared).start();
    let began = Instant::now();
    let mut samples = Samples::new(settings.rate);
    let mut sent = 0_u64;
    let due_at = |nth: u64| began + Duration::from_secs_f64(nth as f64 / settings.rate);
    let mut next_second = began + Duration::from_secs(1);
    let mut fatal = None;
    while fatal.is_none() && !stop.load(Ordering::Relaxed) {
        let now = Instant::now();
        if now >= next_second {
            next_second += Duration::from_secs(1);
            let due = (now - began).as_secs_f64() * settings.rate;
            let mut state = lock(&shared);
            let backlog = samples.second(&state, due - sent as f64);
            let line = state.progress(now - began, backlog);
            drop(state);
            each_second(&line);
            fatal = settings.ledger.flush().err();
        }
        if now - began >= settings.duration {
            break;
        }
        let next = due_at(sent);
        if next > now {
            // A session that is logged in again wakes this thread, so that what it has to send again does not wait.
            std::thread::park_timeout((next - now).min(next_second.saturating_duration_since(now)));
        }
        let now = Instant::now();
        let mut state = lock(&shared);
        fatal = fatal.or_else(|| state.failed.take());
        let mut room = settings
            .bound
            .saturating_sub(state.outstanding())
            .min(BURST);
        let mut any = false;
        while room > 0 && due_at(sent) <= now {
            state.command(due_at(sent));
            sent += 1;
            room -= 1;
            any = true;
        }
        let ready = state.take_ready(now);
        drop(state);
        send(settings, &shared, ready);
        if !any {
            std::thread::park_timeout(Duration::from_millis(1));
        }
    }
    let elapsed = began.elapsed();
    let last = Instant::now();
    while fatal.is_none() && lock(&shared).outstanding() > 0 && last.elapsed() < LAST_ANSWERS {
        let ready = lock(&shared).take_ready(Instant::now());
        send(settings, &shared, ready);
        std::thread::park_timeout(Duration::from_millis(5));
        if stop.load(Ordering::Relaxed) && last.elapsed() > LAST_ANSWERS / 5 {
            break;
        }
    }
    ended.store(true, Ordering::Relaxed);
    for writer in lock(&shared).writers() {
        writer.close();
    }
    for thread in threads {
        // A reader that panicked has lost its answers; the figures show that.
        drop(thread.join());
    }
    let ledger = settings.ledger.end().err();
    match fatal.or_else(|| lock(&shared).failed.take()).or(ledger) {
        Some(error) => Err(error),
        None => Ok(lock(&shared).summary(settings, elapsed, &samples)),
    }
}

fn send(settings: &Settings, shared: &Shared, ready: Vec<(usize, Writer, Vec<Vec<u8>>)>) {
    let sent_ns = now_ns();
    for (at, writer, messages) in ready {
        let mut batch = settings.ledger.batch(at);
        for message in &messages {
            batch.sent(sent_ns, message);
        }
        settings.ledger.append(&mut batch);
        // A lost connection is found by its reader, and these are sent again.
        if writer.send(messages.iter().map(Vec::as_slice)).is_err() {
            lock(shared).lost(at, Some(&writer));
        }
    }
}
