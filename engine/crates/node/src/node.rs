//! The node from start to stop.

use crate::admin::{self, Admin, MarketHandle};
use crate::checkpointer::{self, Checkpointer};
use crate::clock::Clock;
use crate::config::{Config, ReplicationConfig};
use crate::credentials::Credentials;
use crate::exit;
use crate::journal_thread::{self, JournalThread};
use crate::listeners::{self, Listeners};
use crate::market_loop::Ask;
use crate::market_thread::{self, MarketThread, Seat};
use crate::metrics::{Gauge, MarketMetrics, NodeMetrics};
use crate::ready::Ready;
use crate::recovery::Places;
use crate::status::Board;
use rialto_process::ready;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::oneshot::{self, error::TryRecvError};

/// Why the node does not start: exit code and what to tell.
pub struct StartError(pub u8, pub String);

impl StartError {
    fn new(code: u8) -> impl Fn(&dyn std::fmt::Display) -> Self {
        move |error| Self(code, error.to_string())
    }
}

struct Market {
    name: String,
    thread: MarketThread,
    checkpointer: Checkpointer,
    board: Board,
    replication: ReplicationConfig,
}

/// Runs the node until it is told to stop.
///
/// # Errors
/// It can't start. Markets that could may have been served for a moment, but nobody was told that the node is ready.
pub fn run(config: Config) -> Result<(), StartError> {
    let started = Instant::now();
    let clock = Clock::new();
    let wrong_config = StartError::new(exit::CONFIG);
    let no_recovery = StartError::new(exit::RECOVERY);
    let internal = StartError::new(exit::INTERNAL);
    let credentials = Credentials::load(&config.credentials_file, &config.usernames())
        .map_err(|e| wrong_config(&e))?;
    std::fs::create_dir_all(&config.data_dir).map_err(|e| {
        wrong_config(&format!(
            "data_dir: {}: can't be made ({e})",
            config.data_dir.display()
        ))
    })?;
    let listeners = listeners::bind(&config).map_err(|e| StartError::new(exit::NETWORK)(&e))?;
    let metrics = Arc::new(node_metrics(&config, clock));
    let (journal, parts) = journal_thread::start(&config, &metrics).map_err(|e| no_recovery(&e))?;
    // The journal is ours now. A ready file left over from a crash would tell addresses that nobody listens on.
    ready::remove(&config.ready_file);
    let config = Arc::new(config);
    let Listeners {
        admin: admin_socket,
        admin_address,
        markets: sockets,
    } = listeners;
    let addresses: BTreeMap<_, _> = config
        .markets
        .iter()
        .zip(&sockets)
        .map(|(market, sockets)| (market.name.clone(), sockets.addresses))
        .collect();
    let credentials = Arc::new(credentials);
    let mut markets = Vec::new();
    let mut waits = Vec::new();
    for (((market, listeners), part), market_metrics) in config
        .markets
        .iter()
        .zip(sockets)
        .zip(parts)
        .zip(&metrics.markets)
    {
        let places = Places::new(&config.data_dir, &market.name).map_err(|e| no_recovery(&e))?;
        let history = (part.history)().map_err(|e| no_recovery(&e))?;
        let board = Board::default();
        let (sender, ready) = sync_channel(1);
        let seat = Seat {
            config: Arc::clone(&config),
            market: market.clone(),
            credentials: Arc::clone(&credentials),
            metrics: Arc::clone(market_metrics),
            node: Arc::clone(&metrics),
            clock,
            board: board.clone(),
            places: places.clone(),
            listeners,
            journal: part,
        };
        let thread = market_thread::start(seat, sender).map_err(|e| internal(&e))?;
        waits.push((market, places, history, board, thread, ready));
    }
    for ((market, places, history, board, thread, ready), market_metrics) in
        waits.into_iter().zip(&metrics.markets)
    {
        let at = |e: &dyn std::fmt::Display| no_recovery(&format!("market {}: {e}", market.name));
        match ready.recv() {
            Ok(Ok(())) => {}
            Ok(Err(why)) => return Err(at(&why)),
            Err(error) => return Err(at(&error)),
        }
        let checkpointer = checkpointer::start(
            &market.name,
            places,
            history,
            thread.asks.clone(),
            Arc::clone(market_metrics),
            board.clone(),
            clock,
            market.checkpoint_interval,
        )
        .map_err(|e| internal(&e))?;
        markets.push(Market {
            name: market.name.clone(),
            thread,
            checkpointer,
            board,
            replication: market.replication.clone(),
        });
    }
    let ready = Ready::new(admin_address, addresses).map_err(|e| internal(&e))?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| internal(&e))?;
    let admin = Admin {
        config: Arc::clone(&config),
        clock,
        metrics: Arc::clone(&metrics),
        markets: handles(&markets),
    };
    runtime.block_on(serve(
        admin,
        admin_socket,
        &ready,
        &config.ready_file,
        started,
    ))?;
    stop(markets, journal);
    ready::remove(&config.ready_file);
    tracing::info!(event = "stopped");
    Ok(())
}

fn handles(markets: &[Market]) -> BTreeMap<String, MarketHandle> {
    markets
        .iter()
        .map(|market| {
            let handle = MarketHandle {
                asks: market.thread.asks.clone(),
                checkpoints: market.checkpointer.requests.clone(),
                board: market.board.clone(),
                replication: market.replication.clone(),
            };
            (market.name.clone(), handle)
        })
        .collect()
}

fn node_metrics(config: &Config, clock: Clock) -> NodeMetrics {
    let metrics = NodeMetrics {
        identity: [
            config.venue.clone(),
            config.node.clone(),
            config.region.clone(),
        ],
        markets: config
            .markets
            .iter()
            .map(|market| {
                Arc::new(MarketMetrics {
                    name: market.name.clone(),
                    lags: market
                        .replication
                        .voters
                        .iter()
                        .map(|voter| (voter.node.clone(), Gauge::default()))
                        .collect(),
                    ..MarketMetrics::default()
                })
            })
            .collect(),
        ..NodeMetrics::default()
    };
    metrics.start_time_s.set(clock.wall_ns() / 1_000_000_000);
    metrics
}

/// Says that the node is ready, serves the admin API, and returns when the node is told to stop.
async fn serve(
    admin: Admin,
    socket: std::net::TcpListener,
    ready: &Ready,
    ready_file: &Path,
    started: Instant,
) -> Result<(), StartError> {
    let internal = StartError::new(exit::INTERNAL);
    let mut term = signal(SignalKind::terminate()).map_err(|e| internal(&e))?;
    let mut int = signal(SignalKind::interrupt()).map_err(|e| internal(&e))?;
    let listener = tokio::net::TcpListener::from_std(socket).map_err(|e| internal(&e))?;
    let (stop, stopped) = oneshot::channel::<()>();
    let server = axum::serve(listener, admin::router(admin))
        .with_graceful_shutdown(async move { drop(stopped.await) })
        .into_future();
    let server = tokio::spawn(server);
    ready::write(ready_file, ready).map_err(|e| {
        StartError(
            exit::CONFIG,
            format!(
                "ready_file: {}: can't be written ({e})",
                ready_file.display()
            ),
        )
    })?;
    tracing::info!(
        event = "ready",
        admin = %ready.admin,
        markets = ready.markets.len(),
        took_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
    );
    let name = tokio::select! {
        _ = term.recv() => "SIGTERM",
        _ = int.recv() => "SIGINT",
    };
    tracing::info!(event = "stopping", signal = name);
    drop(stop);
    // Whoever keeps a connection of the admin API open does not hold up the stop.
    drop(tokio::time::timeout(Duration::from_millis(200), server).await);
    Ok(())
}

/// How long leadership may take to move away before a stop.
const LEAVE: Duration = Duration::from_secs(1);

/// Lets other replicas take over before this one stops, as far as they can in a moment.
fn leave(markets: &[Market]) {
    let deadline = Instant::now() + LEAVE;
    let mut leaving = Vec::new();
    for market in markets {
        let (reply, answer) = oneshot::channel();
        if market.thread.asks.blocking_send(Ask::Leave(reply)).is_ok() {
            leaving.push(answer);
        }
    }
    for mut answer in leaving {
        while matches!(answer.try_recv(), Err(TryRecvError::Empty)) && Instant::now() < deadline {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

/// Stops in order: leadership moves away, connections end after what was taken is answered, the last checkpoint, the threads, the journal's seal.
fn stop(markets: Vec<Market>, journal: JournalThread) {
    leave(&markets);
    let mut quiet = Vec::new();
    for market in &markets {
        let (reply, answer) = oneshot::channel();
        if market
            .thread
            .asks
            .blocking_send(Ask::Quiesce(reply))
            .is_ok()
        {
            quiet.push((market.name.clone(), answer));
        }
    }
    for (name, answer) in quiet {
        if answer.blocking_recv().is_err() {
            tracing::warn!(event = "market_not_quiet", market = name);
        }
    }
    for market in markets {
        let name = market.name;
        let finish = market
            .checkpointer
            .requests
            .send(checkpointer::Request::Finish);
        if finish.is_err() || market.checkpointer.thread.join().is_err() {
            tracing::warn!(event = "no_last_checkpoint", market = name);
        }
        let end = market.thread.asks.blocking_send(Ask::End);
        if end.is_err() || market.thread.thread.join().is_err() {
            exit::fail_stop(exit::INTERNAL, "a market's thread ended early");
        }
    }
    journal.stop();
}
