//! The node's configuration: one JSON file. Every problem is reported at once, each with the path of its value.

mod market;
mod replication;

pub use market::{MarketConfig, SessionConfig};
pub use replication::{ReplicationConfig, VoterConfig};
pub use rialto_process::reader::{ConfigError, Problem, Problems};

use rialto_process::reader::{self, Object};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// When a trading day opens.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TradingDayPolicy {
    /// At start, where none is open: the UTC date of that moment.
    Auto,
    /// By the admin API alone.
    Manual,
}

/// Bounds of queues, buffers and waits. Every one has a default and a metric beside it.
#[derive(Clone, Debug)]
pub struct Limits {
    /// Client messages waiting to be sequenced, a market; at the bound the gateway stops reading.
    pub inbound_messages: usize,
    /// Commands in one batch.
    pub batch_commands: usize,
    /// Bytes of one batch.
    pub batch_bytes: usize,
    /// Batches on their way to durability, a market.
    pub batches_in_flight: usize,
    /// Bytes of a session's stream kept in memory; older ones are read from its file.
    pub session_tail_bytes: usize,
    /// Bytes of the feed kept in memory; a live reader that falls further behind is dropped.
    pub feed_tail_bytes: usize,
    /// A reader that takes no byte for so long, while there is something to send, is disconnected.
    pub stall_timeout: Duration,
    /// A connection that does not log in for so long is closed.
    pub login_timeout: Duration,
    /// A client that sends nothing, not even a heartbeat, for so long is disconnected (SoupBinTCP: 15 s).
    pub client_timeout: Duration,
    /// Connections of one listener at once.
    pub connections: usize,
    /// Below this much free space on the data directory's disk a leader halts its market.
    pub min_free_bytes: u64,
    /// How long a session that was connected to an earlier leader may take to log in before it counts as gone.
    pub reconnect_grace: Duration,
}

/// A valid configuration.
#[derive(Clone, Debug)]
pub struct Config {
    /// The venue's name.
    pub venue: String,
    /// This node's name.
    pub node: String,
    /// The region it stands in.
    pub region: String,
    /// Where journal, checkpoints and streams live.
    pub data_dir: PathBuf,
    /// Written when every market trades.
    pub ready_file: PathBuf,
    /// The passwords; mode 0600.
    pub credentials_file: PathBuf,
    /// Where the admin API listens.
    pub admin_listen: SocketAddr,
    /// The SOCKS5 proxy that voters of other regions are dialed through; none where the network itself leads there.
    pub proxy: Option<SocketAddr>,
    /// Where log lines go; standard error where absent.
    pub log_file: Option<PathBuf>,
    /// When a trading day opens.
    pub trading_day: TradingDayPolicy,
    /// The size of one journal segment.
    pub segment_bytes: u64,
    /// Bounds.
    pub limits: Limits,
    /// The markets it hosts.
    pub markets: Vec<MarketConfig>,
}

impl Config {
    /// Reads the file at `path`. Relative paths in it are relative to the file's folder.
    ///
    /// # Errors
    /// The file can't be read, is no JSON, or holds wrong values (all are reported).
    pub fn load(path: &Path) -> Result<Self, ConfigError> {
        reader::load(path, Self::from_value)
    }

    /// Checks a parsed configuration; relative paths are taken from `base`.
    ///
    /// # Errors
    /// Every problem found.
    pub fn from_value(value: &Value, base: &Path) -> Result<Self, Vec<Problem>> {
        let mut problems = Problems::default();
        let p = &mut problems;
        let mut object = Object::new("", value, p);
        let venue = object.string("venue", p);
        let node = object.string("node", p);
        let region = object.string("region", p);
        let config = Self {
            data_dir: base.join(object.string("data_dir", p)),
            ready_file: base.join(object.string("ready_file", p)),
            credentials_file: base.join(object.string("credentials_file", p)),
            admin_listen: object.address("admin_listen", p),
            proxy: object.optional_address("proxy", p),
            log_file: object.optional_string("log_file", p).map(|f| base.join(f)),
            trading_day: trading_day(&mut object, p),
            segment_bytes: object.integer_or("segment_bytes", 64 << 20, 1 << 20, 1 << 30, p),
            limits: limits(&mut object, p),
            markets: object
                .list("markets", true, p)
                .into_iter()
                .map(|(path, value)| market::read(&path, value, (&node, &region), p))
                .collect(),
            venue,
            node,
            region,
        };
        object.finish(p);
        // A batch is one record of the journal, and a record lies in one segment.
        if config.limits.batch_bytes as u64 > config.segment_bytes / 2 {
            p.add(
                "limits.batch_bytes",
                format!(
                    "is {}; give at most half of segment_bytes ({})",
                    config.limits.batch_bytes, config.segment_bytes
                ),
            );
        }
        if config.markets.is_empty() && value.get("markets").is_some_and(Value::is_array) {
            p.add("markets", "is empty; a node hosts at least one market");
        }
        market::check_across(&config.markets, p);
        if problems.0.is_empty() {
            Ok(config)
        } else {
            Err(problems.0)
        }
    }

    /// Every login name that needs a password, with the path that declares it.
    pub fn usernames(&self) -> Vec<(String, String)> {
        let mut names = Vec::new();
        for (m, market) in self.markets.iter().enumerate() {
            for (s, session) in market.sessions.iter().enumerate() {
                names.push((
                    format!("markets[{m}].sessions[{s}].username"),
                    session.username.text(),
                ));
            }
            for (u, user) in market.feed_users.iter().enumerate() {
                names.push((format!("markets[{m}].feed_users[{u}]"), user.text()));
            }
        }
        names
    }
}

fn trading_day(object: &mut Object<'_>, problems: &mut Problems) -> TradingDayPolicy {
    match object.optional_string("trading_day", problems).as_deref() {
        None | Some("auto" | "") => TradingDayPolicy::Auto,
        Some("manual") => TradingDayPolicy::Manual,
        Some(other) => {
            problems.add(
                &object.path("trading_day"),
                format!("is {other:?}, not \"auto\" or \"manual\""),
            );
            TradingDayPolicy::Manual
        }
    }
}

fn limits(object: &mut Object<'_>, problems: &mut Problems) -> Limits {
    let empty = Value::Object(serde_json::Map::new());
    let (path, value) = object
        .object("limits")
        .unwrap_or_else(|| ("limits".to_owned(), &empty));
    let mut o = Object::new(&path, value, problems);
    let p = problems;
    let size = |number: u64| usize::try_from(number).unwrap_or(usize::MAX);
    let limits = Limits {
        inbound_messages: size(o.integer_or("inbound_messages", 16_384, 16, 1 << 20, p)),
        batch_commands: size(o.integer_or("batch_commands", 4_096, 1, 1 << 16, p)),
        batch_bytes: size(o.integer_or("batch_bytes", 1 << 19, 1 << 10, 1 << 22, p)),
        batches_in_flight: size(o.integer_or("batches_in_flight", 16, 1, 256, p)),
        session_tail_bytes: size(o.integer_or("session_tail_bytes", 1 << 20, 1 << 12, 1 << 28, p)),
        feed_tail_bytes: size(o.integer_or("feed_tail_bytes", 8 << 20, 1 << 12, 1 << 30, p)),
        stall_timeout: Duration::from_millis(o.integer_or(
            "stall_timeout_ms",
            15_000,
            10,
            3_600_000,
            p,
        )),
        login_timeout: Duration::from_millis(o.integer_or(
            "login_timeout_ms",
            10_000,
            10,
            3_600_000,
            p,
        )),
        client_timeout: Duration::from_millis(o.integer_or(
            "client_timeout_ms",
            15_000,
            10,
            3_600_000,
            p,
        )),
        connections: size(o.integer_or("connections", 256, 1, 65_536, p)),
        min_free_bytes: o.integer_or("min_free_bytes", 256 << 20, 0, u64::MAX, p),
        reconnect_grace: Duration::from_millis(o.integer_or(
            "reconnect_grace_ms",
            10_000,
            0,
            3_600_000,
            p,
        )),
    };
    o.finish(p);
    limits
}
