//! One market of the configuration: addresses, instruments, accounts, sessions, feed users.

use super::replication::{self, ReplicationConfig};
use rialto_market::types::{Account, AccountId, QUANTITY_BOUND, SessionId, Symbol, Username};
use rialto_process::reader::{Object, Problems};
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

/// An instrument as configured; its number is the market's own matter.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstrumentConfig {
    /// Its symbol.
    pub symbol: Symbol,
    /// The size of one tick, in 1e-4.
    pub tick_size_e4: u32,
    /// Quantities are multiples of this.
    pub lot_size: u32,
    /// The price collar in basis points; 0 for none.
    pub collar_bp: u32,
    /// The reference price in ticks; 0 for none.
    pub reference_ticks: i64,
}

/// A login as configured.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SessionConfig {
    /// Its login name.
    pub username: Username,
    /// Its number.
    pub id: SessionId,
    /// Its account's number.
    pub account: AccountId,
}

/// A market as configured.
#[derive(Clone, Debug)]
pub struct MarketConfig {
    /// Its name.
    pub name: String,
    /// Its number on this node: the journal's log number.
    pub id: u32,
    /// `zone` or `region`.
    pub durability: String,
    /// Where orders are taken.
    pub orders_listen: SocketAddr,
    /// Where market data is served.
    pub feed_listen: SocketAddr,
    /// Where snapshots are served.
    pub snapshot_listen: SocketAddr,
    /// How often a checkpoint is made where something happened; zero: only when asked.
    pub checkpoint_interval: Duration,
    /// Its instruments.
    pub instruments: Vec<InstrumentConfig>,
    /// Its accounts, with their names.
    pub accounts: Vec<(String, Account)>,
    /// Its order sessions.
    pub sessions: Vec<SessionConfig>,
    /// Who may read market data.
    pub feed_users: Vec<Username>,
    /// The replicas of its log.
    pub replication: ReplicationConfig,
}

/// Reads the market at `path`, of a node with this name and region.
pub fn read(
    path: &str,
    value: &Value,
    (node, region): (&str, &str),
    p: &mut Problems,
) -> MarketConfig {
    let mut o = Object::new(path, value, p);
    let name = o.string("name", p);
    if !name.is_empty()
        && !name
            .bytes()
            .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        p.add(
            &o.path("name"),
            format!("{name:?} is not made of lower-case letters, digits and dashes"),
        );
    }
    let id = narrow(o.integer("id", 1, u64::from(u32::MAX), p));
    let durability = o.string("durability", p);
    if !matches!(durability.as_str(), "zone" | "region" | "") {
        p.add(
            &o.path("durability"),
            format!("is {durability:?}, not \"zone\" or \"region\""),
        );
    }
    let market = MarketConfig {
        name,
        id,
        durability,
        orders_listen: o.address("orders_listen", p),
        feed_listen: o.address("feed_listen", p),
        snapshot_listen: o.address("snapshot_listen", p),
        checkpoint_interval: Duration::from_secs(o.integer("checkpoint_interval_s", 0, 86_400, p)),
        instruments: each(&mut o, "instruments", p, instrument),
        accounts: each(&mut o, "accounts", p, account),
        sessions: each(&mut o, "sessions", p, session),
        feed_users: feed_users(&mut o, p),
        replication: match o.object("replication") {
            Some((path, value)) => replication::read(&path, value, node, p),
            None => ReplicationConfig::alone(node, region),
        },
    };
    check(path, &market, p);
    o.finish(p);
    market
}

fn each<T>(
    o: &mut Object<'_>,
    key: &'static str,
    p: &mut Problems,
    read: fn(&str, &Value, &mut Problems) -> T,
) -> Vec<T> {
    o.list(key, true, p)
        .into_iter()
        .map(|(path, value)| read(&path, value, p))
        .collect()
}

fn instrument(path: &str, value: &Value, p: &mut Problems) -> InstrumentConfig {
    let mut o = Object::new(path, value, p);
    let text = o.string("symbol", p);
    let symbol = Symbol::new(&text).unwrap_or_else(|| {
        if !text.is_empty() {
            p.add(
                &o.path("symbol"),
                format!("{text:?} is not one to eight printable characters"),
            );
        }
        Symbol([b' '; 8])
    });
    let tick = o.integer("tick_size_e4", 1, 1_000_000_000, p);
    let lot_size = narrow(o.integer("lot_size", 1, QUANTITY_BOUND - 1, p));
    let collar_bp = match o.optional_number("collar_percent", p) {
        None => 0,
        Some(percent) => basis_points(percent).unwrap_or_else(|| {
            p.add(
                &o.path("collar_percent"),
                format!("is {percent}, not a number from 0.01 to 10000 in steps of 0.01, or null"),
            );
            0
        }),
    };
    let reference = o.integer_or("reference_price_e4", 0, 1, u64::from(u32::MAX), p);
    if !reference.is_multiple_of(tick) {
        p.add(
            &o.path("reference_price_e4"),
            format!("{reference} is not a multiple of the tick size {tick}"),
        );
    }
    o.finish(p);
    InstrumentConfig {
        symbol,
        tick_size_e4: narrow(tick),
        lot_size,
        collar_bp,
        reference_ticks: i64::try_from(reference / tick).unwrap_or(0),
    }
}

/// Percent to basis points, where it is a whole number of them.
fn basis_points(percent: f64) -> Option<u32> {
    let points = (percent * 100.0).round();
    let whole = (percent * 100.0 - points).abs() < 1e-6;
    if !whole || !(1.0..=1_000_000.0).contains(&points) {
        return None;
    }
    // In range by the check above, so the cast is exact.
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    let points = points as u32;
    Some(points)
}

fn account(path: &str, value: &Value, p: &mut Problems) -> (String, Account) {
    let mut o = Object::new(path, value, p);
    let name = o.string("name", p);
    let account = Account {
        id: AccountId(narrow(o.integer("id", 1, u64::from(u32::MAX), p))),
        max_order_quantity: narrow(o.integer("max_order_quantity", 1, QUANTITY_BOUND - 1, p)),
        max_order_value_e4: o.integer("max_order_value_e4", 1, u64::MAX, p),
        max_open_orders: narrow(o.integer("max_open_orders", 1, u64::from(u32::MAX), p)),
        cancel_on_disconnect: o.flag_or("cancel_on_disconnect", false, p),
    };
    o.finish(p);
    (name, account)
}

fn session(path: &str, value: &Value, p: &mut Problems) -> SessionConfig {
    let mut o = Object::new(path, value, p);
    let text = o.string("username", p);
    let session = SessionConfig {
        username: username(&o.path("username"), &text, p),
        id: SessionId(narrow(o.integer("id", 1, u64::from(u32::MAX), p))),
        account: AccountId(narrow(o.integer("account", 1, u64::from(u32::MAX), p))),
    };
    o.finish(p);
    session
}

fn username(path: &str, text: &str, p: &mut Problems) -> Username {
    Username::new(text).unwrap_or_else(|| {
        if !text.is_empty() {
            p.add(
                path,
                format!("{text:?} is not one to six printable characters"),
            );
        }
        Username([b' '; 6])
    })
}

fn feed_users(o: &mut Object<'_>, p: &mut Problems) -> Vec<Username> {
    let mut users = Vec::new();
    for (path, value) in o.list("feed_users", true, p) {
        match value.as_str() {
            Some(text) if !text.is_empty() => users.push(username(&path, text, p)),
            _ => p.add(&path, format!("is {value}, not a user name")),
        }
    }
    users
}

/// What must hold within one market.
fn check(path: &str, market: &MarketConfig, p: &mut Problems) {
    unique(
        p,
        market
            .instruments
            .iter()
            .enumerate()
            .map(|(i, x)| (format!("{path}.instruments[{i}].symbol"), x.symbol.text())),
    );
    unique(
        p,
        market
            .accounts
            .iter()
            .enumerate()
            .map(|(i, (_, x))| (format!("{path}.accounts[{i}].id"), x.id.to_string())),
    );
    unique(
        p,
        market
            .sessions
            .iter()
            .enumerate()
            .map(|(i, x)| (format!("{path}.sessions[{i}].id"), x.id.to_string())),
    );
    let sessions = market
        .sessions
        .iter()
        .enumerate()
        .map(|(i, x)| (format!("{path}.sessions[{i}].username"), x.username.text()));
    let readers = market
        .feed_users
        .iter()
        .enumerate()
        .map(|(i, x)| (format!("{path}.feed_users[{i}]"), x.text()));
    unique(p, sessions.chain(readers));
    for (i, session) in market.sessions.iter().enumerate() {
        if !market
            .accounts
            .iter()
            .any(|(_, account)| account.id == session.account)
        {
            p.add(
                &format!("{path}.sessions[{i}].account"),
                format!(
                    "{} is not the id of an account of this market",
                    session.account
                ),
            );
        }
    }
}

/// What must hold across markets.
pub fn check_across(markets: &[MarketConfig], p: &mut Problems) {
    unique(
        p,
        markets
            .iter()
            .enumerate()
            .map(|(i, m)| (format!("markets[{i}].name"), m.name.clone())),
    );
    unique(
        p,
        markets
            .iter()
            .enumerate()
            .map(|(i, m)| (format!("markets[{i}].id"), m.id.to_string())),
    );
}

pub(super) fn unique(p: &mut Problems, values: impl Iterator<Item = (String, String)>) {
    let mut first: BTreeMap<String, String> = BTreeMap::new();
    for (path, value) in values {
        if value.is_empty() {
            continue;
        }
        match first.get(&value) {
            Some(other) => p.add(&path, format!("{value:?} is used twice, first by {other}")),
            None => {
                first.insert(value, path);
            }
        }
    }
}

/// A value that was checked to fit.
fn narrow(value: u64) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
