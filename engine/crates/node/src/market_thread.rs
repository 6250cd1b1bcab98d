//! A market's thread: recovery, then its runtime with sequencer and connections.

use crate::checkpoint;
use crate::clock::Clock;
use crate::config::{Config, MarketConfig};
use crate::credentials::Credentials;
use crate::gateway;
use crate::group::{self, Running};
use crate::journal_thread::MarketJournal;
use crate::listeners::MarketListeners;
use crate::market_loop::{self, Ask, Core, Desk, Sequencer, Shared};
use crate::metrics::{MarketMetrics, NodeMetrics, Port};
use crate::recovery::{self, Places};
use crate::status::{Board, CheckpointStatus};
use crate::streams::Tails;
use rialto_replica::Log;
use rialto_replica::tcp::Server;
use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::mpsc::SyncSender;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::sync::{Notify, mpsc, oneshot};
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
    /// Its part of the journal.
    pub journal: MarketJournal,
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
    let Prepared {
        shared,
        log,
        listeners,
        server,
    } = match prepare(seat).await {
        Ok(prepared) => prepared,
        Err(why) => return report(ready, Err(why)),
    };
    let (refuse, mut refused) = oneshot::channel();
    let sequencer = Sequencer::new(Rc::clone(&shared), log, Some(refuse));
    let running = tokio::task::spawn_local(market_loop::run(sequencer, asks));
    let alone = shared.config.replication.voters.len() == 1;
    // A market of one voter trades before anybody may connect; one of several may have to wait for a majority.
    while alone && !shared.core.borrow().desk.is_serving() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    if alone {
        // The sequencer looks at the sessions right after it begins to serve.
        tokio::task::yield_now().await;
        if let Ok(Some(why)) = refused.try_recv().map(Some) {
            return report(ready, Err(why));
        }
    }
    drop(refused);
    for (listener, port) in listeners {
        tokio::task::spawn_local(gateway::listen(Rc::clone(&shared), listener, port));
    }
    report(ready, Ok(()));
    let ended = running.await;
    // Other voters are answered to the end.
    drop(server);
    if ended.is_err() {
        crate::exit::fail_stop(crate::exit::INTERNAL, "the sequencer ended early");
    }
}

struct Prepared {
    shared: Rc<Shared>,
    log: Box<dyn Log>,
    listeners: Vec<(TcpListener, Port)>,
    server: Server,
}

async fn prepare(seat: Seat) -> Result<Prepared, String> {
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
        journal,
    } = seat;
    let limits = config.limits.clone();
    let tails = Tails {
        feed: limits.feed_tail_bytes,
        session: limits.session_tail_bytes,
    };
    let state = &journal.state;
    let first = (state.first < state.next).then_some(state.first);
    let recovered =
        recovery::recover(&market.name, &places, tails, first).map_err(|e| e.to_string())?;
    let applied = recovered.replica.meta().cloned();
    let (position, last) = (recovered.replica.position(), state.next - 1);
    // A journal that was lost has lost this voter's votes too. After an installed checkpoint the journal may be behind it,
    // but then it is there.
    if last < position && (state.note.is_none() || market.replication.voters.len() == 1) {
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
    let MarketListeners {
        orders,
        feed,
        snapshot,
        replication,
        ..
    } = listeners;
    let mut sockets = Vec::new();
    for (listener, port) in [
        (orders, Port::Orders),
        (feed, Port::Feed),
        (snapshot, Port::Snapshot),
    ] {
        let listener = TcpListener::from_std(listener).map_err(|e| e.to_string())?;
        sockets.push((listener, port));
    }
    let Running { mut log, server } = group::start(
        &config,
        &market,
        journal,
        &places,
        applied,
        replication,
        &metrics,
    )
    .await?;
    if let Some(made) = recovered.replica.meta() {
        let kept = checkpoint::covered(&places.checkpoints).map_err(|e| e.to_string())?;
        log.checkpointed(made, kept + 1);
    }
    let desk = Desk::new(
        recovered.replica,
        crate::clock::nanoseconds(limits.reconnect_grace),
    );
    let shared = Shared {
        trading_day: config.trading_day,
        config: market,
        limits,
        credentials,
        metrics,
        node,
        clock,
        board,
        places,
        core: RefCell::new(Core::new(desk, clock)),
        waiting: Notify::new(),
        room: Notify::new(),
        stopping: Cell::new(false),
        replaced: Cell::new(0),
        heed: Notify::new(),
        confirms: RefCell::new(Vec::new()),
        scratch: RefCell::new(vec![0; gateway::INPUT]),
    };
    Ok(Prepared {
        shared: Rc::new(shared),
        log,
        listeners: sockets,
        server,
    })
}

fn report(ready: &SyncSender<Result<(), String>>, result: Result<(), String>) {
    if ready.send(result).is_err() {
        tracing::debug!(event = "start_abandoned");
    }
}
