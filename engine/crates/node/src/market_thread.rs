//! A market's thread: recovery, then its runtime with sequencer and connections.

use crate::clock::{self, Clock};
use crate::config::{Config, MarketConfig};
use crate::credentials::Credentials;
use crate::definitions;
use crate::gateway;
use crate::listeners::MarketListeners;
use crate::log::Log;
use crate::market_loop::{self, Ask, Core, Shared, report};
use crate::metrics::{MarketMetrics, NodeMetrics, Port};
use crate::recovery::{self, Places};
use crate::status::{Board, CheckpointStatus};
use crate::streams::Tails;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc};
use tokio::task::LocalSet;

/// Requests waiting for a market's thread.
const ASKS: usize = 64;

/// What a market's thread is made of.
pub struct Seat {
    /// The node's configuration.
    pub config: Arc<Config>,
    /// The market's own.
    pub market: MarketConfig,
    /// Passwords.
    pub credentials: Arc<Credentials>,
    /// What it counts.
    pub metrics: Arc<MarketMetrics>,
    /// What the node counts.
    pub node: Arc<NodeMetrics>,
    /// Clocks.
    pub clock: Clock,
    /// Where its status is left.
    pub board: Board,
    /// Where its files are.
    pub places: Places,
    /// Its sockets.
    pub listeners: MarketListeners,
    /// Its log.
    pub log: Box<dyn Log + Send>,
}

/// A market's running thread.
pub struct MarketThread {
    /// Asks it.
    pub asks: mpsc::Sender<Ask>,
    /// Ends when it was asked to.
    pub thread: JoinHandle<()>,
}

/// Starts the thread; `ready` gets a message when the market trades, or why it can't.
///
/// # Errors
/// The system gives no thread.
pub fn start(seat: Seat, ready: SyncSender<Result<(), String>>) -> std::io::Result<MarketThread> {
    let (asks, receiver) = mpsc::channel(ASKS);
    let thread = std::thread::Builder::new()
        .name(format!("market-{}", seat.market.name))
        .spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_io()
                .enable_time()
                .max_blocking_threads(4)
                .build();
            match runtime {
                Ok(runtime) => {
                    let local = LocalSet::new();
                    local.block_on(&runtime, serve(seat, receiver, &ready));
                    // What is still open is dropped with the runtime.
                    runtime.shutdown_timeout(Duration::from_millis(100));
                }
                Err(error) => report(&ready, Err(error.to_string())),
            }
        })?;
    Ok(MarketThread { asks, thread })
}

async fn serve(seat: Seat, asks: mpsc::Receiver<Ask>, ready: &SyncSender<Result<(), String>>) {
    match prepare(seat) {
        Err(why) => report(ready, Err(why)),
        Ok((shared, log, listeners)) => {
            let running = tokio::task::spawn_local(market_loop::run(Rc::clone(&shared), log, asks));
            shared.waiting.notify_one();
            // Definitions and the trading day are durable and applied before anybody may connect.
            while !shared.core.borrow().is_idle() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
            if let Err(why) = sessions_are_as_configured(&shared) {
                return report(ready, Err(why));
            }
            let status = report::status(
                &shared,
                &shared.core.borrow(),
                &mut report::Rates::default(),
            );
            shared.board.put(status);
            for (listener, port) in listeners {
                tokio::task::spawn_local(gateway::listen(Rc::clone(&shared), listener, port));
            }
            report(ready, Ok(()));
            if running.await.is_err() {
                crate::exit::fail_stop(crate::exit::INTERNAL, "the sequencer ended early");
            }
        }
    }
}

/// A login is for the session of the configured number: it must not be somebody else's, or nobody's.
fn sessions_are_as_configured(shared: &Shared) -> Result<(), String> {
    let core = shared.core.borrow();
    for wanted in &shared.config.sessions {
        let known = core.replica.market.session(wanted.id);
        let same = |state: &rialto_market::SessionState| {
            let known = state.definition;
            (known.username, known.account) == (wanted.username, wanted.account)
        };
        if !known.is_some_and(same) {
            return Err(format!(
                "the market refused session {} with the number {}: the number or the name is another's, or its \
                 orders rest in another account; give it back what it had, or a number and a name that were never used",
                wanted.username.text(),
                wanted.id.0,
            ));
        }
    }
    Ok(())
}

type Prepared = (Rc<Shared>, Box<dyn Log>, Vec<(TcpListener, Port)>);

fn prepare(seat: Seat) -> Result<Prepared, String> {
    let Seat {
        config,
        market,
        credentials,
        metrics,
        node,
        clock,
        board,
        places,
        listeners,
        log,
    } = seat;
    let limits = config.limits.clone();
    let tails = Tails {
        feed: limits.feed_tail_bytes,
        session: limits.session_tail_bytes,
    };
    let mut history = log.history().map_err(|e| e.to_string())?;
    let recovered = recovery::recover(&market.name, &places, tails, &mut *history)
        .map_err(|e| e.to_string())?;
    drop(history);
    let (position, last) = (recovered.replica.position, log.next().saturating_sub(1));
    if position != last {
        return Err(format!(
            "the journal ends at position {last}, the checkpoint is of position {position}; \
             restore the journal that belongs to it from a backup"
        ));
    }
    if let Some(header) = &recovered.checkpoint {
        metrics.checkpoint_position.set(header.position);
        metrics
            .checkpoint_time_s
            .set(header.made_ns / 1_000_000_000);
        board.put_checkpoint(CheckpointStatus {
            position: header.position,
            state_hash: header.state_hash.clone(),
            time_ns: header.made_ns,
            age_s: 0.0,
            bytes: 0,
        });
    }
    let wall_ns = clock.wall_ns();
    let actions = definitions::missing(
        &recovered.replica.market,
        &market,
        config.trading_day,
        clock::date(wall_ns),
    );
    let mut core = Core::new(recovered.replica);
    for action in actions {
        core.operate(0, action, wall_ns, None);
    }
    let mut sockets = Vec::new();
    for (listener, port) in [
        (listeners.orders, Port::Orders),
        (listeners.feed, Port::Feed),
        (listeners.snapshot, Port::Snapshot),
    ] {
        let listener = TcpListener::from_std(listener).map_err(|e| e.to_string())?;
        sockets.push((listener, port));
    }
    let shared = Shared {
        config: market,
        limits,
        credentials,
        metrics,
        node,
        clock,
        board,
        core: RefCell::new(core),
        waiting: Notify::new(),
        room: Notify::new(),
        stopping: Cell::new(false),
        stop: Notify::new(),
        scratch: RefCell::new(vec![0; gateway::INPUT]),
    };
    Ok((Rc::new(shared), log, sockets))
}

fn report(ready: &SyncSender<Result<(), String>>, result: Result<(), String>) {
    if ready.send(result).is_err() {
        tracing::debug!(event = "start_abandoned");
    }
}
