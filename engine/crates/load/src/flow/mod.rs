//! Order flow into a venue at intended times: an open loop. A command's latency is measured from the time it should have
//! been sent, so that a stalled venue shows in it and not in a slower flow.

mod pattern;
mod session;
mod state;
mod summary;

pub(crate) use pattern::Kind;
pub(crate) use summary::{Latencies, Summary, latency_only};

use crate::error::LoadError;
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
    pub(crate) orders: String,
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
    let mut threads = Vec::new();
    for at in 0..settings.logins.len() {
        threads.push(session::start(at, settings, &shared, &ended)?);
    }
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
        }
        if now - began >= settings.duration {
            break;
        }
        let next = due_at(sent);
        if next > now {
            std::thread::sleep((next - now).min(next_second.saturating_duration_since(now)));
            continue;
        }
        let mut state = lock(&shared);
        fatal = state.failed.take();
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
        let ready = state.take_ready();
        drop(state);
        for (at, writer, messages) in ready {
            // A lost connection is found by its reader, which sends these again.
            if writer.send(messages.iter().map(Vec::as_slice)).is_err() {
                lock(&shared).lost(at);
            }
        }
        if !any {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    let elapsed = began.elapsed();
    let last = Instant::now();
    while fatal.is_none() && lock(&shared).outstanding() > 0 && last.elapsed() < LAST_ANSWERS {
        std::thread::sleep(Duration::from_millis(5));
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
    match fatal.or_else(|| lock(&shared).failed.take()) {
        Some(error) => Err(error),
        None => Ok(lock(&shared).summary(settings, elapsed, &samples)),
    }
}
