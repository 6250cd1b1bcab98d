//! What the replicated path carries without clients: three replicas of one market in this process, each on a thread of its
//! own with its journal thread and fdatasync, TCP over loopback between them; the leader numbers orders, encodes batches and
//! keeps a fixed count of them in flight, and all three apply what is committed and make its reports. The group's timers are
//! those of the example's far regions, so that busy threads on few cores begin no elections.
//! `cargo bench -p rialto-node --bench replicated -- [--orders N] [--batch COMMANDS,...] [--in-flight N]`

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a measurement that fails has nothing to say"
)]

use clap::Parser;
use rialto_market::Market;
use rialto_market::command::{Enter, EnterEcho, Request};
use rialto_market::types::{SessionId, Side, Symbol, TimeInForce};
use rialto_node::clock::{self, Clock};
use rialto_node::config::Config;
use rialto_node::definitions;
use rialto_node::group::{self, Running};
use rialto_node::journal_thread::{self, MarketJournal};
use rialto_node::market_loop::desk::{Bounds, Desk};
use rialto_node::metrics::{MarketMetrics, NodeMetrics};
use rialto_node::recovery::Places;
use rialto_node::replica::Replica;
use rialto_node::streams::{Counting, Extents};
use rialto_replica::{Log, Output};
use serde_json::Value;
use std::future::poll_fn;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::time::{Duration, Instant};
use tokio::sync::watch;

/// Order sessions of the example; each sends this many orders at a stretch, as a socket's reads bring them.
const SESSIONS: u64 = 2;
const STRETCH: u64 = 16;
/// Fewer orders than asked for where the batches are so small that it would take minutes.
const MOST_BATCHES: u64 = 20_000;
/// Before the first order: where all start at once, a first leader may not last.
const SETTLING: Duration = Duration::from_secs(2);
/// The middle of the book, in 1e-4.
const MIDDLE_E4: u64 = 1_000_000;
const TICK_E4: u64 = 100;

#[derive(Parser)]
struct Arguments {
    /// Orders a run.
    #[arg(long, default_value_t = 1_000_000)]
    orders: u64,
    /// Commands a batch; one run for each.
    #[arg(long, value_delimiter = ',', default_values_t = [1, 64, 512, 4096])]
    batch: Vec<u64>,
    /// Batches on their way at once.
    #[arg(long, default_value_t = 16)]
    in_flight: usize,
    /// Given by cargo.
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    println!(
        "commands    orders   orders/s     MB/s  batches/s     bytes    p50 us    p99 us  syncs/s  sync us  executed   CPU us"
    );
    for batch in arguments.batch {
        let work = Work {
            batch,
            orders: arguments.orders.min(batch * MOST_BATCHES),
            in_flight: arguments.in_flight,
        };
        let m = measure(work);
        let seconds = (m.to.at - m.from.at).as_secs_f64();
        let (orders, batches) = (work.orders as f64, m.waits.len() as f64);
        let bytes = m.to.bytes - m.from.bytes;
        let syncs = (m.to.syncs - m.from.syncs) as f64;
        let us = |share: f64| m.waits[(share * (batches - 1.0)) as usize].as_secs_f64() * 1e6;
        println!(
            "{batch:>8} {:>9} {:>10.0} {:>8.1} {:>10.0} {:>9.0} {:>9.0} {:>9.0} {:>8.0} {:>8.0} {:>9.2} {:>8.2}",
            work.orders,
            orders / seconds,
            bytes as f64 / 1e6 / seconds,
            batches / seconds,
            bytes as f64 / batches,
            us(0.5),
            us(0.99),
            syncs / seconds,
            (m.to.sync_s - m.from.sync_s) / syncs * 1e6,
            m.executions as f64 / orders,
            (m.to.cpu - m.from.cpu).as_secs_f64() * 1e6 / orders,
        );
    }
}

/// What a run does.
#[derive(Clone, Copy)]
struct Work {
    batch: u64,
    orders: u64,
    in_flight: usize,
}

/// What the leader saw.
struct Measured {
    /// At the first order pushed, and when the last one was applied.
    from: Mark,
    to: Mark,
    /// From the proposal of each batch to its commit, ascending.
    waits: Vec<Duration>,
    executions: u64,
    /// The log's position at the end.
    position: u64,
}

/// What was counted up to a moment.
struct Mark {
    at: Instant,
    /// Of the whole process, all replicas.
    cpu: Duration,
    /// Journaled by the leader.
    bytes: u64,
    sync_s: f64,
    syncs: u64,
}

impl Mark {
    fn now(metrics: &NodeMetrics) -> Self {
        let (sync_s, syncs, _) = metrics.journal_sync.read();
        Self {
            at: Instant::now(),
            cpu: cpu(),
            bytes: metrics.journal_bytes.get(),
            sync_s,
            syncs,
        }
    }
}

/// What a replica holds at the end: the state's hash, and how far its streams have come.
type Held = ([u8; 32], Extents);

/// One replica's.
struct Seat {
    config: Config,
    listener: TcpListener,
    work: Work,
    applied: Arc<AtomicU64>,
    finished: Sender<Measured>,
    stop: watch::Receiver<bool>,
}

fn measure(work: Work) -> Measured {
    let place = std::env::var_os("TMPDIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_TARGET_TMPDIR")), PathBuf::from);
    let root = tempfile::tempdir_in(place).unwrap();
    let listeners = [(); 3].map(|()| TcpListener::bind("127.0.0.1:0").unwrap());
    let addresses = listeners
        .each_ref()
        .map(|l| l.local_addr().unwrap().to_string());
    let (finished, measured) = channel();
    let (stop, stopped) = watch::channel(false);
    let mut replicas = Vec::new();
    for (id, listener) in (1..).zip(listeners) {
        let applied = Arc::new(AtomicU64::new(0));
        let seat = Seat {
            config: config(id, &addresses, root.path(), work.in_flight),
            listener,
            work,
            applied: Arc::clone(&applied),
            finished: finished.clone(),
            stop: stopped.clone(),
        };
        let name = format!("replica-{id}");
        let thread = std::thread::Builder::new().name(name);
        replicas.push((applied, thread.spawn(|| replicate(seat)).unwrap()));
    }
    drop(finished);
    let mut measured = measured.recv().expect("the leader finishes");
    measured.waits.sort_unstable();
    while replicas
        .iter()
        .any(|(applied, _)| applied.load(Ordering::Acquire) < measured.position)
    {
        std::thread::sleep(Duration::from_millis(1));
    }
    stop.send(true).unwrap();
    let held: Vec<Held> = replicas
        .into_iter()
        .map(|(_, thread)| thread.join().unwrap())
        .collect();
    assert!(
        held.windows(2).all(|pair| pair[0] == pair[1]),
        "the replicas differ: {held:?}"
    );
    measured
}

/// The example's configuration, for the node of voter `id`.
fn config(id: usize, addresses: &[String], root: &Path, in_flight: usize) -> Config {
    let mut node: Value = serde_json::from_str(include_str!("../config.example.json")).unwrap();
    node["data_dir"] = format!("data-{id}").into();
    node["limits"]["batches_in_flight"] = in_flight.into();
    let replication = &mut node["markets"][0]["replication"];
    replication["id"] = id.into();
    replication["listen"] = addresses[id - 1].clone().into();
    for (voter, address) in addresses.iter().enumerate() {
        replication["voters"][voter]["address"] = address.clone().into();
    }
    let own = replication["voters"][id - 1].clone();
    node["node"] = own["node"].clone();
    node["region"] = own["region"].clone();
    Config::from_value(&node, root).unwrap_or_else(|problems| panic!("{problems:?}"))
}

/// A replica's thread.
fn replicate(seat: Seat) -> Held {
    let metrics = Arc::new(NodeMetrics::default());
    let (journal, mut markets) = journal_thread::start(&seat.config, &metrics).unwrap();
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().build().unwrap();
    let held = runtime.block_on(serve(seat, markets.remove(0), &metrics));
    // Before the journal ends, so that nothing of the group is left that would miss it.
    drop(runtime);
    journal.stop();
    held
}

async fn serve(mut seat: Seat, journal: MarketJournal, metrics: &NodeMetrics) -> Held {
    let (config, listener) = (&seat.config, seat.listener);
    let market = &config.markets[0];
    let places = Places::new(&config.data_dir, &market.name).unwrap();
    let counted = Arc::new(MarketMetrics::default());
    let running = group::start(config, market, journal, &places, None, listener, &counted).await;
    let Running {
        mut log,
        server: _server,
    } = running.unwrap();
    let empty = Market::new(rialto_market::Config::default());
    let mut desk = Desk::new(Replica::empty(empty, Counting::default()), 0);
    let mut feed = Feed {
        work: seat.work,
        metrics,
        clock: Clock::new(),
        settled: false,
        orders: Orders::default(),
        pushed: 0,
        applied: 0,
        from: None,
        waits: Vec::new(),
    };
    let mut settling = pin!(tokio::time::sleep(SETTLING));
    loop {
        let outputs = tokio::select! {
            outputs = poll_fn(|cx| log.poll(cx)) => outputs.expect("the log goes on"),
            () = &mut settling, if !feed.settled => {
                feed.settled = true;
                feed.fill(&mut desk, &mut *log);
                continue;
            }
            _ = seat.stop.changed() => break,
        };
        for output in outputs {
            match output {
                Output::Committed(entry) => {
                    let position = entry.position;
                    let wait = entry.proposed.map(|at| entry.committed - at);
                    if let (Some(flight), Some(wait)) = (desk.apply(entry).unwrap(), wait) {
                        let commands = flight.runs.iter().map(|run| u64::from(run.count)).sum();
                        if feed.applied(commands, wait, &desk.replica.market) {
                            let measured = Measured {
                                from: feed.from.take().unwrap(),
                                to: Mark::now(metrics),
                                waits: std::mem::take(&mut feed.waits),
                                executions: desk.replica.market.statistics().executions,
                                position,
                            };
                            seat.finished.send(measured).unwrap();
                        }
                    }
                    seat.applied.store(position, Ordering::Release);
                    feed.fill(&mut desk, &mut *log);
                    // As in the sequencer.
                    tokio::task::yield_now().await;
                }
                Output::Role(role) => {
                    if feed.from.is_some() {
                        eprintln!(
                            "leadership moved ({role:?}): measure again on a machine that is less busy"
                        );
                        std::process::exit(1);
                    }
                    let now = feed.clock.now();
                    desk.take_role(role, now, |known| {
                        let today = clock::date(now.wall_ns);
                        definitions::missing(known, market, config.trading_day, today)
                    });
                    feed.fill(&mut desk, &mut *log);
                }
                Output::Install(_) => panic!("no replica falls behind the log"),
            }
        }
    }
    (desk.replica.market.state_hash(), desk.replica.sink.0)
}

/// Feeds the desk of the replica that leads, and measures.
struct Feed<'a> {
    work: Work,
    metrics: &'a NodeMetrics,
    clock: Clock,
    /// Whether the first elections are over.
    settled: bool,
    orders: Orders,
    pushed: u64,
    applied: u64,
    from: Option<Mark>,
    waits: Vec<Duration>,
}

impl Feed<'_> {
    /// Proposes what waits and, while it leads, batch after batch until enough are on their way.
    fn fill(&mut self, desk: &mut Desk<Counting>, log: &mut dyn Log) {
        let (commands, bytes) = (self.work.batch as usize, usize::MAX);
        loop {
            let now = self.clock.now();
            assert!(
                !desk.propose(log, Bounds { commands, bytes }, now, |_| {}),
                "the log stopped"
            );
            let (batches, _) = desk.in_flight();
            let full = batches >= self.work.in_flight || desk.inbound_len() > 0;
            if full || !self.settled || !desk.is_serving() || self.pushed == self.work.orders {
                return;
            }
            self.from.get_or_insert_with(|| Mark::now(self.metrics));
            for _ in 0..self.work.batch.min(self.work.orders - self.pushed) {
                let (session, request) = self.orders.next();
                desk.push(session, request, now.mono_ns, now.wall_ns);
                self.pushed += 1;
            }
        }
    }

    /// Counts a batch that was committed after `wait`; whether it was the last one.
    fn applied(&mut self, commands: u64, wait: Duration, market: &Market) -> bool {
        if self.from.is_none() {
            return false;
        }
        self.applied += commands;
        self.waits.push(wait);
        assert_eq!(market.statistics().accepted, self.applied);
        self.applied == self.work.orders
    }
}

/// CPU time of this process: fields 14 and 15 of its `stat`, in hundredths of a second (proc(5)).
fn cpu() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let (_, fields) = stat.rsplit_once(')').unwrap();
    let ticks = fields.split_whitespace().skip(11).take(2);
    let ticks: u64 = ticks.map(|field| field.parse::<u64>().unwrap()).sum();
    Duration::from_millis(ticks * 10)
}

/// New orders of all sessions in turn. Half rest beside the middle, half cross it, so that the book stays small and about
/// half of them execute at once.
#[derive(Default)]
struct Orders {
    count: u64,
}

impl Orders {
    fn next(&mut self) -> (SessionId, Request) {
        // splitmix64's mixing of a counter.
        let mut bits = self.count.wrapping_mul(0x9E37_79B9_7F4A_7C15);
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        bits ^= bits >> 31;
        let turn = self.count / STRETCH;
        self.count += 1;
        let (side, side_code) = match bits & 1 {
            0 => (Side::Buy, b'B'),
            _ => (Side::Sell, b'S'),
        };
        let away = (1 + (bits >> 8) % 5) * TICK_E4;
        let crosses = bits & 2 != 0;
        let enter = Enter {
            user_ref: u32::try_from(self.count).unwrap(),
            side,
            side_code,
            quantity: 1 + (bits >> 16) as u32 % 100,
            symbol: Symbol::new("ACME").unwrap(),
            price_e4: match (side == Side::Buy) == crosses {
                true => MIDDLE_E4 + away,
                false => MIDDLE_E4 - away,
            },
            time_in_force: TimeInForce::Day,
            min_quantity: 0,
            post_only: false,
            echo: EnterEcho {
                display: b'Y',
                capacity: b'P',
                intermarket_sweep: b'N',
                cross_type: b'N',
            },
            cl_ord_id: [b' '; 14],
        };
        let session = SessionId(1 + (turn % SESSIONS) as u32);
        (session, Request::Enter(enter))
    }
}
