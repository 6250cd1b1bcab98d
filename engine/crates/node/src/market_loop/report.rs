//! Status and metrics of a market, made from its state a few times a second.

use crate::market_loop::{Core, Shared};
use crate::metrics::MarketMetrics;
use crate::status::{
    CheckpointStatus, ConnectionStatus, Counters, EpochStatus, InstrumentStatus, JournalStatus,
    LeaderStatus, LevelStatus, MarketStatus, Quantiles, QueueStatus, ReplicationStatus,
    SessionStatus, TradingDayStatus, VoterReport,
};
use rialto_market::types::{InstrumentId, Side, TradingState};
use rialto_replica::{GroupStatus, RoleName, VoterStatus};
use rialto_session::StreamId;
use std::collections::VecDeque;

/// Seconds over which rates are taken.
const WINDOW_NS: u64 = 5_000_000_000;

/// What was counted when, to tell rates.
#[derive(Default)]
pub struct Rates(VecDeque<(u64, u64, u64)>);

impl Rates {
    /// (orders, messages) a second.
    fn note(&mut self, now_ns: u64, orders: u64, messages: u64) -> (f64, f64) {
        self.0.push_back((now_ns, orders, messages));
        while self.0.len() > 2
            && self
                .0
                .get(1)
                .is_some_and(|(then, _, _)| now_ns - then >= WINDOW_NS)
        {
            self.0.pop_front();
        }
        let Some((then, o, m)) = self.0.front() else {
            return (0.0, 0.0);
        };
        #[allow(clippy::cast_precision_loss)]
        let rate = |delta: u64| {
            let seconds = (now_ns - then) as f64 / 1e9;
            if seconds > 0.0 {
                delta as f64 / seconds
            } else {
                0.0
            }
        };
        (rate(orders - o), rate(messages - m))
    }
}

fn counters(core: &Core) -> Counters {
    let now = core.desk.replica.market.statistics();
    let then = &core.recovered;
    let sum = |counts: &[u64]| counts.iter().sum::<u64>();
    Counters {
        commands: now.commands - then.commands,
        orders: now.accepted + now.replaced - then.accepted - then.replaced,
        executions: now.executions - then.executions,
        executed_quantity: now.executed_quantity - then.executed_quantity,
        rejects: sum(&now.rejected) - sum(&then.rejected),
        cancels: sum(&now.canceled) + now.modified - sum(&then.canceled) - then.modified,
        ignored: sum(&now.ignored) - sum(&then.ignored),
    }
}

/// Brings the metrics up to date.
pub fn metrics(shared: &Shared, core: &Core, group: &GroupStatus) {
    let m = &shared.metrics;
    let replica = &core.desk.replica;
    let counted = counters(core);
    let (now, then) = (replica.market.statistics(), &core.recovered);
    m.commands.follow(counted.commands);
    m.accepted.follow(counted.orders);
    m.executions.follow(counted.executions);
    m.executed_quantity.follow(counted.executed_quantity);
    m.cancels.follow(counted.cancels);
    m.ignored.follow(counted.ignored);
    m.cancel_rejects
        .follow(now.cancel_rejected - then.cancel_rejected);
    for (counter, (now, then)) in m
        .rejects
        .iter()
        .zip(now.rejected.iter().zip(&then.rejected))
    {
        counter.follow(now - then);
    }
    let streams = replica.sink.counts();
    for kind in 0..2 {
        m.stream_messages[kind].follow(streams.messages[kind]);
        m.stream_bytes[kind].follow(streams.bytes[kind]);
    }
    m.stream_pending_bytes.set(replica.sink.pending());
    m.resting.set_len(replica.market.open_orders());
    m.inbound.set_len(core.desk.inbound_len());
    let (batches, bytes) = core.desk.in_flight();
    m.in_flight_batches.set_len(batches);
    m.in_flight_bytes.set(bytes);
    m.applied.set(replica.position());
    m.durable.set(group.last);
    replication(m, group, core.desk.is_serving());
    m.day_open.set(u64::from(replica.market.day().is_some()));
    let halted = replica
        .market
        .instruments()
        .filter(|i| i.state == TradingState::Halted);
    m.halted.set_len(halted.count());
}

/// What the replica is. It is the leader only while it takes logins.
pub fn role(core: &Core, group: &GroupStatus) -> &'static str {
    match group.role {
        _ if core.desk.is_serving() => "leader",
        RoleName::Leader => "candidate",
        role => role.as_str(),
    }
}

fn replication(m: &MarketMetrics, group: &GroupStatus, serving: bool) {
    m.leads.set(u64::from(serving));
    m.term.set(group.epoch.term);
    m.elections.follow(group.elections);
    m.suspicions.follow(group.suspicions);
    m.first.set(group.purged + 1);
    for (gauge, voter) in m.lags.iter().zip(&group.voters) {
        gauge.1.set(lag(group, voter).unwrap_or(0));
    }
    m.heard_from_leader_ns
        .set(group.heard_from_leader_ns_ago.unwrap_or(0));
}

/// Entries a voter lacks, as the leader knows.
fn lag(group: &GroupStatus, voter: &VoterStatus) -> Option<u64> {
    voter
        .matched
        .map(|matched| group.last.saturating_sub(matched))
}

#[allow(clippy::cast_precision_loss)]
fn replication_status(shared: &Shared, group: &GroupStatus) -> ReplicationStatus {
    let config = &shared.config.replication;
    let ms = |ns: u64| ns as f64 / 1e6;
    let declared = |id| config.voters.iter().find(|voter| voter.id == id);
    ReplicationStatus {
        id: config.id,
        incarnation: config.incarnation,
        epoch: EpochStatus {
            term: group.epoch.term,
            node: group.epoch.node,
        },
        leader: group.leader.map(|id| LeaderStatus {
            id,
            node: declared(id).map_or_else(String::new, |voter| voter.node.clone()),
            region: declared(id).map_or_else(String::new, |voter| voter.region.clone()),
        }),
        voters: config
            .voters
            .iter()
            .map(|voter| {
                let known = group.voters.iter().find(|known| known.id == voter.id);
                VoterReport {
                    id: voter.id,
                    node: voter.node.clone(),
                    region: voter.region.clone(),
                    address: voter.address.clone(),
                    matched: known.and_then(|known| known.matched),
                    lag: known.and_then(|known| lag(group, known)),
                    heard_ms: known.and_then(|known| known.heard_ns_ago).map(ms),
                }
            })
            .collect(),
        last: group.last,
        committed: group.committed,
        applied: group.applied,
        heard_from_leader_ms: group.heard_from_leader_ns_ago.map(ms),
        elections: group.elections,
        suspicions: group.suspicions,
    }
}

/// The market's part of the status.
pub fn status(
    shared: &Shared,
    core: &Core,
    group: &GroupStatus,
    rates: &mut Rates,
) -> MarketStatus {
    let m = &shared.metrics;
    let time_ns = shared.clock.wall_ns();
    let counters = counters(core);
    let (orders_per_second, messages_per_second) =
        rates.note(shared.clock.mono_ns(), counters.orders, counters.commands);
    let market = &core.desk.replica.market;
    let (batches, bytes) = core.desk.in_flight();
    let queue = |name: &str, depth: usize, bound: usize| QueueStatus {
        name: name.to_owned(),
        depth: depth as u64,
        bound: bound as u64,
    };
    let limits = &shared.limits;
    MarketStatus {
        role: role(core, group).to_owned(),
        replication: replication_status(shared, group),
        durability: shared.config.durability.clone(),
        time_ns,
        trading_day: market.last_day().map(|day| TradingDayStatus {
            date: day.date,
            opening: day.opening,
            incarnation: day.incarnation,
            session: String::from_utf8_lossy(&day.session_name()).into_owned(),
            open: market.day().is_some(),
        }),
        journal: JournalStatus {
            applied: core.desk.replica.position(),
            durable: group.last,
            first: group.purged + 1,
        },
        checkpoint: None::<CheckpointStatus>,
        connections: ConnectionStatus {
            orders: m.connections[0].get(),
            feed: m.connections[1].get(),
            snapshot: m.connections[2].get(),
        },
        sessions: market
            .sessions()
            .map(|s| SessionStatus {
                username: s.definition.username.text(),
                id: s.definition.id.0,
                connected: core.is_connected(s.definition.id),
                orders_resting: u64::from(s.open_orders),
                stream_messages: core
                    .desk
                    .replica
                    .publisher
                    .stream(StreamId::Session(s.definition.id))
                    .map_or(0, |stream| stream.next.saturating_sub(1)),
            })
            .collect(),
        orders_resting: market.open_orders() as u64,
        counters,
        orders_per_second,
        messages_per_second,
        acknowledge: core
            .recent
            .quantiles([0.5, 0.99])
            .map(|[p50_ns, p99_ns]| Quantiles { p50_ns, p99_ns }),
        instruments: market
            .instruments()
            .map(|i| instrument(core, i.definition.id, i))
            .collect(),
        queues: vec![
            queue(
                "inbound_messages",
                core.desk.inbound_len(),
                limits.inbound_messages,
            ),
            queue("in_flight_batches", batches, limits.batches_in_flight),
            queue(
                "in_flight_bytes",
                usize::try_from(bytes).unwrap_or(usize::MAX),
                limits.batches_in_flight * limits.batch_bytes,
            ),
        ],
    }
}

fn instrument(
    core: &Core,
    id: InstrumentId,
    state: &rialto_market::InstrumentState,
) -> InstrumentStatus {
    let tick = u64::from(state.definition.tick_size_e4);
    let e4 = |ticks: i64| u64::try_from(ticks).unwrap_or(0) * tick;
    let best = |side| {
        core.desk
            .replica
            .market
            .best(id, side)
            .map(|(price, quantity)| LevelStatus {
                price_e4: e4(price),
                quantity,
            })
    };
    let traded = core
        .desk
        .replica
        .tape
        .get(&id.0)
        .copied()
        .unwrap_or_default();
    InstrumentStatus {
        symbol: state.definition.symbol.text(),
        id: id.0,
        state: match state.state {
            TradingState::Trading => "trading",
            TradingState::Halted => "halted",
        }
        .to_owned(),
        bid: best(Side::Buy),
        ask: best(Side::Sell),
        last_price_e4: (state.last_trade > 0).then(|| e4(state.last_trade)),
        volume: traded.volume,
        trades: traded.trades,
    }
}
